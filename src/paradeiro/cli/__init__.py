"""In: the words typed after `paradeiro`; out: the exit status and what is printed."""

import sys
from tomllib import TOMLDecodeError
from typing import NoReturn

from pydantic import ValidationError

from paradeiro.cli.commands import app
from paradeiro.cli.running.child_processes import watch_parent
from paradeiro.db.secrets import BadKeyError, WrongKeyError
from paradeiro.db.server.postgres_files import EmbeddedError
from paradeiro.db.server.start_check import UnusableDatabaseError
from paradeiro.settings import settings_problems


def main() -> None:
    """The command `paradeiro`. Wrong settings are reported by name, without a traceback."""
    watch_parent()
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
        _end(settings_problems(error))
    except TOMLDecodeError as error:
        _end([f"paradeiro.toml cannot be read: {error}."])


def _end(sentences: list[str]) -> NoReturn:
    """Print what is wrong on standard error, and exit with status 2."""
    for sentence in sentences:
        sys.stderr.write(f"{sentence}\n")
    raise SystemExit(2)
