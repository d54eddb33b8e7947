"""In: every story folder; out: the product's results equal its files, which a person reviewed.

PARADEIRO_WRITE_EXPECTED=1 writes these files anew: read each as a person would before it is kept.
"""

import json
import os
import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from .runner import read, told

HERE = Path(__file__).parent
FOLDERS = sorted(path.parent for path in HERE.glob("*/story.md"))
EXPECTED = ("timeline.md", "outbox.json")


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda f: f.name)
async def test_story(folder: Path, database: str, secret_key: str) -> None:
    seen = await told(read(folder), database, secret_key)
    _says_nothing_twice(seen)
    if os.environ.get("PARADEIRO_WRITE_EXPECTED"):
        _write(folder, seen)
    assert sorted(seen) == sorted(_expected(folder))
    for name, text in seen.items():
        assert text == (folder / name).read_text(encoding="utf-8"), f"{folder.name}/{name} says something else"


def test_every_answer_of_a_story_is_served() -> None:
    for folder in FOLDERS:
        served = {step["answer"] for step in read(folder).plan["steps"] if "answer" in step}
        row = {p.name for p in folder.iterdir() if p.suffix in {".json", ".html"} and p.name != "outbox.json"}
        assert served == row, folder.name


def test_stories_begin_with_a_title_and_a_few_plain_sentences() -> None:
    for folder in FOLDERS:
        title, empty, text = (folder / "story.md").read_text(encoding="utf-8").split("\n", 2)
        assert title.startswith("# "), folder.name
        assert empty == "", folder.name
        assert 60 < len(text) < 700, folder.name


def _says_nothing_twice(seen: dict[str, str]) -> None:
    """Whatever the files say: nobody is told a thing twice in a row, and a delivery once, unless it was taken back."""
    mails = [text.partition("\n")[2] for name, text in sorted(seen.items()) if name.startswith("mail/")]
    assert all(one != other for one, other in pairwise(mails))
    messages: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for each in json.loads(seen["outbox.json"]):
        messages.setdefault((each["to"], each["invoice"], each["what"]), []).append(each["body"])
    for (_, _, what), bodies in messages.items():
        assert all(one != other for one, other in pairwise(bodies))
        if what == "tracking":
            finished = [body["isDelivered"] for body in bodies]
            assert all(not (one and other) for one, other in pairwise(finished))


def _expected(folder: Path) -> list[str]:
    mails = sorted((folder / "mail").glob("*.txt")) if (folder / "mail").exists() else []
    return [*(n for n in EXPECTED if (folder / n).exists()), *(f"mail/{m.name}" for m in mails)]


def _write(folder: Path, seen: dict[str, str]) -> None:
    shutil.rmtree(folder / "mail", ignore_errors=True)
    for name, text in seen.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
