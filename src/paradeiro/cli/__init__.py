"""In: the words typed after `paradeiro`; out: the exit status and what is printed."""

import sys

from pydantic import ValidationError

from paradeiro.cli.children import end_with_parent
from paradeiro.cli.commands import app
from paradeiro.db.postgres_files import EmbeddedError


def main() -> None:
    """The command `paradeiro`. A setting that cannot be is said by its name, without a traceback."""
    end_with_parent()
    try:
        app()
    except EmbeddedError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(2) from None
    except ValidationError as error:
        if error.title != "Settings":
            raise
        for problem in error.errors():
            name = "_".join(str(part) for part in problem["loc"]).upper()
            sys.stderr.write(f"PARADEIRO_{name}: {problem['msg']} (it is {problem['input']!r})\n")
        raise SystemExit(2) from None
