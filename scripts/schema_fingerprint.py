"""In: the migrations; out: src/paradeiro/db/schema.json, which databases are compared with after migrating.

    .venv/bin/python scripts/schema_fingerprint.py

Run it after adding a migration; tests/db/test_schema_check.py fails until then.
"""

import json
import tempfile
from pathlib import Path

import psycopg

from paradeiro.db.migrate import migrate
from paradeiro.db.schema_check import read_schema
from paradeiro.db.server.embedded import Embedded

TARGET = Path(__file__).parent.parent / "src" / "paradeiro" / "db" / "schema.json"


def main() -> None:
    """Migrate an empty database and write down what it is."""
    with tempfile.TemporaryDirectory(prefix="paradeiro-schema-") as folder, Embedded(Path(folder) / "pg") as server:
        url = server.fresh_url("fingerprint")
        migrate(url, compare=False)
        with psycopg.connect(url) as connection:
            found = read_schema(connection)
    TARGET.write_text(json.dumps(found, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{len(found)} tables are written down in {TARGET}")


if __name__ == "__main__":
    main()
