"""In: the documentation as it stands; out: every link, file, function and folder in it that is not there."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "paradeiro"
# Where a path in the text may begin, beside the folder of the page itself.
_BASES = (ROOT, SOURCE, SOURCE / "web", SOURCE / "web" / "track", SOURCE / "connectors")
_FLOORS = "cli|connectors|db|domain|flow|sdk|simulator|tests|web|worker"
_LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]+))?\)")
_FILE = re.compile(r"`([\w./-]+\.(?:py|sql|csv|toml|js|css|html|md))(?:: ([\w., ]+))?`")
_FOLDER = re.compile(rf"`((?:{_FLOORS})(?:/\w+)+)/?`")
# What is said to be elsewhere or to have been: history, and the folders beside this repository.
_ELSEWHERE = re.compile(
    r"^(facts/|tests/artifacts|paradeiro\.toml$|cli\.py$|finding\.py$|persons\.py$|sdk/(speech|rules)$)"
)


def pages() -> list[Path]:
    """The pages that are kept up to date; the connectors' own are among them."""
    found = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(SOURCE / "connectors").glob("*/README.md")]
    return sorted(found)


def _anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub names them."""
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in re.findall(r"(?m)^#+ (.+)$", text))
    return {heading.strip().replace(" ", "-") for heading in plain}


def dead_links(page: Path, text: str) -> Iterator[str]:
    """Links into this repository that lead nowhere."""
    for address, anchor in _LINK.findall(text):
        if ":" in address:
            continue
        target = page.parent / address if address else page
        if not target.exists():
            yield f"{page.name}: {address}"
        elif anchor and target.suffix == ".md" and anchor not in _anchors(target.read_text(encoding="utf-8")):
            yield f"{page.name}: {address}#{anchor}"


def _files(page: Path, name: str) -> list[Path]:
    """The files that a name in the text may mean: one that is named without its folder is any of that name."""
    exact = [base / name for base in (*_BASES, page.parent) if (base / name).is_file()]
    return exact or ([] if "/" in name else [*SOURCE.rglob(name)])


def _defines(file: Path, name: str) -> bool:
    last = name.rpartition(".")[2]
    return re.search(rf"(?m)\b(?:def|class) {last}\b|^\s*{last}\s*[:=]", file.read_text(encoding="utf-8")) is not None


def dead_names(page: Path, text: str) -> Iterator[str]:
    """Files and folders that are not there, and functions, classes and values that are not in their file."""
    for path, names in _FILE.findall(text):
        files = _files(page, path)
        if not files and not _ELSEWHERE.match(path):
            yield f"{page.name}: {path}"
        for name in re.findall(r"[\w.]+", names):
            if files and not any(_defines(file, name) for file in files):
                yield f"{page.name}: {path}: {name}"
    for folder in _FOLDER.findall(text):
        places = [base / end for base in (ROOT, SOURCE) for end in (folder, f"{folder}.py")]
        if not any(place.exists() for place in places) and not _ELSEWHERE.match(folder):
            yield f"{page.name}: {folder}/"


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_what_a_page_names_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    missing = [*dead_links(page, text), *dead_names(page, text)]
    assert not missing, "\n".join(missing)


def test_a_dead_link_is_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    (tmp_path / "other.md").write_text("# One heading, two\n", encoding="utf-8")
    text = "[a](nowhere.md) [b](other.md#one-heading-two) [c](other.md#two) [d](https://example.com/x) [e](#none)"
    page.write_text(text, encoding="utf-8")
    assert list(dead_links(page, text)) == ["page.md: nowhere.md", "page.md: other.md#two", "page.md: #none"]


def test_a_dead_name_is_seen(tmp_path: Path) -> None:
    text = (
        "`flow/record.py: record` `flow/record.py: no` `flow/nowhere.py` `db/nowhere/` `domain/words.py: Status.final`"
    )
    found = list(dead_names(tmp_path / "page.md", text))
    assert found == ["page.md: flow/record.py: no", "page.md: flow/nowhere.py", "page.md: db/nowhere/"]
