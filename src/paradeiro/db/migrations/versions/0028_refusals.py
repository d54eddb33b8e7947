"""In: effects that were refused, each for itself; out: those that were refused for the same reason belong together."""

from pathlib import Path

from alembic import op

revision = "0028"
down_revision = "0025"


def upgrade() -> None:
    """Run the plain SQL."""
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
