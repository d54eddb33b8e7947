"""In: a schema where doubts last for ever; out: one that says when a doubted package is to be looked at again."""

from pathlib import Path

from alembic import op

revision = "0033"
down_revision = "0029"


def upgrade() -> None:
    """Run the plain SQL."""
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
