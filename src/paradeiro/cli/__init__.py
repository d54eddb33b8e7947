"""In: the words typed after `paradeiro`; out: the exit status and what is printed."""

import sys

from pydantic import ValidationError

from paradeiro.cli.commands import app
from paradeiro.db.postgres_files import EmbeddedError
from paradeiro.db.secrets import BadKeyError, WrongKeyError
from paradeiro.db.start_check import UnusableDatabaseError


def main() -> None:
    """The command `paradeiro`. A setting that cannot be is said by its name, without a traceback."""
    try:
        app()
    except EmbeddedError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(2) from None
    except (UnusableDatabaseError, BadKeyError, WrongKeyError) as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(1) from None
    except ValidationError as error:
        if error.title != "Settings":
            raise
        for problem in error.errors():
            name = "_".join(str(part) for part in problem["loc"]).upper()
            # Not what it is: under a misspelt name that may be a secret.
            sys.stderr.write(f"PARADEIRO_{name}: {problem['msg']}\n")
        raise SystemExit(2) from None
