"""In: figures of the moment; out: a table of counts that survive a restart, and each worker's pool."""

from pathlib import Path

from alembic import op

revision = "0046"
down_revision = "0044"


def upgrade() -> None:
    """Run the plain SQL."""
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
