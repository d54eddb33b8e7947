"""In: a name; out: a folder with a small working connector of that name that passes the conformance suite."""

import keyword
import re
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

_TEMPLATE = "example_carrier"
_NAME = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
_LONGEST = 40
# Names of code that would be misread as a party.
_TAKEN = frozenset({"utils", "common", "helpers", "models", "services", "managers", "template", "test", "connectors"})


class NewConnectorError(ValueError):
    """Why a connector cannot be made. The text is shown to the user."""


def new_connector(name: str, into: Path) -> list[Path]:
    """Make the folder `into/name` and give its files. Raises `NewConnectorError`, and then nothing was written."""
    problem = name_problem(name)
    if problem:
        raise NewConnectorError(problem)
    if not into.is_dir():
        raise NewConnectorError(f"{into} is not a folder")
    home = into / name
    if home.exists() or home.is_symlink():
        raise NewConnectorError(f"{home} exists already; nothing was changed")
    template = files("paradeiro.sdk.template") / _TEMPLATE
    try:
        return _copied(template, home, name)
    except OSError as error:
        raise NewConnectorError(f"cannot write {error.filename or home}: {error.strerror}") from error


def name_problem(name: str) -> str:
    """What is wrong with a connector's name; empty if nothing is."""
    if not _NAME.fullmatch(name) or len(name) > _LONGEST:
        return (
            f"'{name[:_LONGEST]}' cannot be a connector's name: lower-case letters, digits and single underscores, "
            f"a letter first, at most {_LONGEST} (for example 'jadlog' or 'total_express')"
        )
    if keyword.iskeyword(name) or keyword.issoftkeyword(name) or name in _TAKEN:
        return f"'{name}' is a word with a meaning of its own; name the party, for example '{name}_express'"
    return ""


def _copied(source: Traversable, target: Path, name: str) -> list[Path]:
    target.mkdir()
    made: list[Path] = []
    for entry in sorted(source.iterdir(), key=lambda e: e.name):
        if entry.name == "__pycache__":
            continue
        if entry.is_dir():
            made += _copied(entry, target / entry.name, name)
            continue
        path = target / entry.name
        path.write_text(_renamed(entry.read_text(encoding="utf-8"), name), encoding="utf-8")
        made.append(path)
    return made


def _renamed(text: str, name: str) -> str:
    title = " ".join(word.capitalize() for word in name.split("_"))
    text = text.replace(_TEMPLATE, name).replace("ExampleCarrier", title.replace(" ", ""))
    return text.replace("Example Carrier", title).replace("example carrier", title.casefold())
