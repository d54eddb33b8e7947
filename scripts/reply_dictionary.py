"""In: a number, the connectors' fixtures; out: the dictionary of that number, which replies are packed with.

    .venv/bin/python scripts/reply_dictionary.py 2

A dictionary that replies were packed with must never change, so this refuses to write one that is there. After making
one, raise NEWEST in src/paradeiro/db/following/compression.py, and measure: paradeiro bench packing.
"""

import json
import sys
from pathlib import Path

SOURCE = Path(__file__).parent.parent / "src" / "paradeiro"


def as_sent(text: str) -> str:
    """A fixture as it comes over the wire: parties send JSON without the blanks that make it readable."""
    try:
        return json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":"))
    except ValueError:
        return text


def fixtures() -> list[Path]:
    """The answers in all connectors' folders, those that a dictionary finds most easily (at its end) last."""
    found = (SOURCE / "connectors").glob("*/fixtures/*.json")
    return sorted(path for path in found if not path.name.endswith(".expected.json"))


def main() -> None:
    """Write it, unless it is there."""
    target = SOURCE / "db" / f"replies_{int(sys.argv[1])}.dictionary"
    with target.open("xb") as file:
        file.write("\n".join(as_sent(path.read_text(encoding="utf-8")) for path in fixtures()).encode())


if __name__ == "__main__":
    main()
