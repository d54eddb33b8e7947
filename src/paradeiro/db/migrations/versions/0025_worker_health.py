"""In: a schema that knows nothing of its workers; out: one that keeps their sign of life and the jobs that fail."""

from pathlib import Path

from alembic import op

revision = "0025"
down_revision = "0023"


def upgrade() -> None:
    """Run the plain SQL."""
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
