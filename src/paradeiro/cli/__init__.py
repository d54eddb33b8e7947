"""In: the words typed after `paradeiro`; out: the exit status and what is printed."""

import sys
from tomllib import TOMLDecodeError
from typing import NoReturn

from pydantic import ValidationError

from paradeiro.cli.children import end_with_parent
from paradeiro.cli.commands import app
from paradeiro.db.postgres_files import EmbeddedError
from paradeiro.db.secrets import BadKeyError, WrongKeyError
from paradeiro.db.start_check import UnusableDatabaseError
from paradeiro.settings import wrong


def main() -> None:
    """The command `paradeiro`. A setting that cannot be is said by its name, without a traceback."""
    end_with_parent()
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
        _end(wrong(error))
    except TOMLDecodeError as error:
        _end([f"paradeiro.toml cannot be read: {error}."])


def _end(sentences: list[str]) -> NoReturn:
    """Say what is wrong, and end with status 2."""
    for sentence in sentences:
        sys.stderr.write(f"{sentence}\n")
    raise SystemExit(2)
