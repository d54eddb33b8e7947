"""In: rows that every role reads; out: policies by which a role that is set to one store reads that one only."""

from pathlib import Path

from alembic import op

revision = "0043"
down_revision = "0042"


def upgrade() -> None:
    """Run the plain SQL."""
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
