"""In: the terminal; out: who types, for the audit log."""

import getpass

from paradeiro.db.audit import By


def cli_author() -> By:
    """The machine's user."""
    return By(getpass.getuser(), "cli")
