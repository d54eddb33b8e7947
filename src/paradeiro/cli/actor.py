"""In: nothing; out: the actor of a command, for the audit log."""

import getpass

from paradeiro.db.operations.audit import Actor


def cli_actor() -> Actor:
    """The operating system's user."""
    return Actor(getpass.getuser(), "cli")
