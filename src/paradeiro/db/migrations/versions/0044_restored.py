"""In: stores; out: stores that know until when a lost instance told things, each with a salt."""

from pathlib import Path

from alembic import op

revision = "0044"
down_revision = "0043"


def upgrade() -> None:
    """Run the plain SQL."""
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
