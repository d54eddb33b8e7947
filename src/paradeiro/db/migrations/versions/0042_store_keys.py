"""In: rows that point at each other by id; out: rows that can only point at those of their own store."""

from pathlib import Path

from alembic import op

revision = "0042"
down_revision = "0041"


def upgrade() -> None:
    """Run the plain SQL."""
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
