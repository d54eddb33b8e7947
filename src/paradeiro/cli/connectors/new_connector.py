"""In: a name, a way of telling news; out: a folder with a small working connector that passes the conformance suite."""

import keyword
import re
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from paradeiro.domain.words import Way

# What all ways share is in the first template; the others have only what differs.
_FIRST = "example_carrier"
_TEMPLATES = {Way.FEED: "feed_carrier", Way.PUSH: "push_carrier", Way.FILE: "file_carrier"}
_SHARED = (
    *("codes.csv", "codes.py", "events.py", "names.py", "README.md", "quality.toml"),
    *("fixtures/html.html", "fixtures/html.expected.json"),
)
_README = "README.md"
_NAME = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
_LONGEST = 40
# Names of code that would be misread as a party.
_TAKEN = frozenset({"utils", "common", "helpers", "models", "services", "managers", "template", "test", "connectors"})
_TEMPLATE_IMPORT = re.compile(r"(?m)^from paradeiro\.sdk\.template\.\w+(\.\w+ import .+\n)")
_HOUSE_IMPORT = re.compile(r"(?m)^(?:from|import) \S.*\n")


class NewConnectorError(ValueError):
    """Why a connector cannot be made. The text is shown to the user."""


def new_connector(name: str, into: Path, way: Way = Way.ASKED) -> list[Path]:
    """Make the folder `into/name` and give its files. Raises `NewConnectorError`, and then nothing was written."""
    problem = name_problem(name)
    if problem:
        raise NewConnectorError(problem)
    if not into.is_dir():
        raise NewConnectorError(f"{into} is not a folder")
    home = into / name
    if home.exists() or home.is_symlink():
        raise NewConnectorError(f"{home} exists already; nothing was changed")
    try:
        return [_written(home, path, content, name) for path, content in sorted(contents(way).items())]
    except OSError as error:
        raise NewConnectorError(f"cannot write {error.filename or home}: {error.strerror}") from error


def way_named(text: str) -> Way:
    """The way of that name. Raises `NewConnectorError`, which lists them."""
    try:
        return Way(text.strip().lower())
    except ValueError as error:
        raise NewConnectorError(f"there is no way '{text}'; there are: {', '.join(Way)}") from error


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


def contents(way: Way) -> dict[str, bytes]:
    """The files of a way's connector, by their paths in its folder."""
    home = files("paradeiro.sdk.template")
    first = dict(_files(home / _FIRST))
    if way not in _TEMPLATES:
        return first
    own = dict(_files(home / _TEMPLATES[way]))
    readme = _with_sections(first[_README].decode(), own[_README].decode()).encode()
    return {path: first[path] for path in _SHARED} | own | {_README: readme}


def _files(folder: Traversable, path: str = "") -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        if entry.name == "__pycache__":
            continue
        if entry.is_dir():
            yield from _files(entry, f"{path}{entry.name}/")
        else:
            yield f"{path}{entry.name}", entry.read_bytes()


def _with_sections(page: str, own: str) -> str:
    """The page with its sections replaced by those of the same heading."""
    instead = {part.split("\n", 1)[0]: part for part in re.split(r"(?m)^(?=## )", own) if part}
    parts = re.split(r"(?m)^(?=## )", page)
    return "".join(f"{instead.get(part.split(chr(10), 1)[0], part).rstrip()}\n\n" for part in parts).rstrip() + "\n"


def _written(home: Path, path: str, content: bytes, name: str) -> Path:
    target = home / path
    target.parent.mkdir(parents=True, exist_ok=True)
    # Saved bodies stay as they are: some are signed, some are in another encoding.
    if not path.startswith("fixtures/"):
        content = _renamed(_own_imports(content.decode()), name).encode()
    target.write_bytes(content)
    return target


def _own_imports(source: str) -> str:
    """The source with what it imports from the templates imported from its own folder, after all other imports."""
    own = sorted(f"from {rest}" for rest in _TEMPLATE_IMPORT.findall(source))
    if not own:
        return source
    source = _TEMPLATE_IMPORT.sub("", source)
    last = max(found.end() for found in _HOUSE_IMPORT.finditer(source))
    return f"{source[:last]}\n{''.join(own)}{source[last:]}"


def _renamed(text: str, name: str) -> str:
    title = " ".join(word.capitalize() for word in name.split("_"))
    text = text.replace(_FIRST, name).replace("ExampleCarrier", title.replace(" ", ""))
    return text.replace("Example Carrier", title).replace("example carrier", title.casefold())
