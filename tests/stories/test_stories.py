"""In: every folder of a story; out: the product makes of it exactly what its files say, seen by a person beforehand.

PARADEIRO_WRITE_EXPECTED=1 writes these files anew: read each as a person would before it is kept.
"""

import json
import os
import shutil
from pathlib import Path

import pytest

from .runner import read, told

HERE = Path(__file__).parent
FOLDERS = sorted(path.parent for path in HERE.glob("*/story.md"))
EXPECTED = ("timeline.md", "outbox.json")


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda f: f.name)
async def test_story(folder: Path, database: str, secret_key: str) -> None:
    seen = await told(read(folder), database, secret_key)
    if os.environ.get("PARADEIRO_WRITE_EXPECTED"):
        _write(folder, seen)
    assert sorted(seen) == sorted(_expected(folder))
    for name, text in seen.items():
        assert text == (folder / name).read_text(encoding="utf-8"), f"{folder.name}/{name} says something else"


def test_every_answer_of_a_story_is_served() -> None:
    for folder in FOLDERS:
        served = {step["answer"] for step in read(folder).plan["steps"] if "answer" in step}
        kept = {p.name for p in folder.iterdir() if p.suffix in {".json", ".html"} and p.name != "outbox.json"}
        assert served == kept, folder.name


def test_stories_begin_with_a_title_and_a_few_plain_sentences() -> None:
    for folder in FOLDERS:
        title, empty, text = (folder / "story.md").read_text(encoding="utf-8").split("\n", 2)
        assert title.startswith("# "), folder.name
        assert empty == "", folder.name
        assert 60 < len(text) < 700, folder.name


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda f: f.name)
def test_no_story_tells_the_same_twice(folder: Path) -> None:
    """Whatever the files say: a delivery is told once to each side, no mail repeats the one before it."""
    mails = sorted((folder / "mail").glob("*.txt")) if (folder / "mail").exists() else []
    texts = [m.read_text(encoding="utf-8").partition("\n")[2] for m in mails]
    assert all(one != other for one, other in zip(texts, texts[1:], strict=False))
    sent = json.loads((folder / "outbox.json").read_text(encoding="utf-8"))
    for party in ("order system", "marketplace"):
        bodies = [(t["order"], t["invoice"], t["what"], t["body"]) for t in sent if t["to"] == party]
        assert all(one != other for one, other in zip(bodies, bodies[1:], strict=False))


def _expected(folder: Path) -> list[str]:
    mails = sorted((folder / "mail").glob("*.txt")) if (folder / "mail").exists() else []
    return [*(n for n in EXPECTED if (folder / n).exists()), *(f"mail/{m.name}" for m in mails)]


def _write(folder: Path, seen: dict[str, str]) -> None:
    shutil.rmtree(folder / "mail", ignore_errors=True)
    for name, text in seen.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
