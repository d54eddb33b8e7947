"""Migrations that were in a released version are never changed, and each revision comes after exactly one other.

After a release: cd src/paradeiro/db/migrations/versions && sha256sum 0*.py 0*.sql, into landed_migrations.txt.
"""

from hashlib import sha256
from itertools import pairwise
from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory

import paradeiro.db.migrations

_MIGRATIONS = Path(next(iter(paradeiro.db.migrations.__path__)))
_LANDED = Path(__file__).with_name("landed_migrations.txt")


def test_landed_migrations_are_unchanged() -> None:
    landed = [line.split() for line in _LANDED.read_text(encoding="utf-8").splitlines()]
    assert len(landed) >= 58
    changed = [
        name for digest, name in landed if sha256((_MIGRATIONS / "versions" / name).read_bytes()).hexdigest() != digest
    ]
    assert changed == []


def test_revisions_are_a_line_in_the_order_of_their_numbers() -> None:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    line = [(each.revision, each.down_revision) for each in ScriptDirectory.from_config(config).walk_revisions()][::-1]
    assert line[0] == ("0001", None)
    assert [(late[0], early[0]) for early, late in pairwise(line)] == line[1:]
    assert [revision for revision, _ in line] == sorted(revision for revision, _ in line)
