"""In: nothing; out: demo, drills and benches as they are, but for pauses that only real parties need."""

from tests.pauses import short_pauses

__all__ = ["short_pauses"]
