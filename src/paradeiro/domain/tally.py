"""In: things that happened; out: how many since last taken, by metric, account and label. Memory only.

Counting costs one addition: no flow locks a row that others count in. A worker writes its counts every ten seconds.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Metric(StrEnum):
    """What is counted. The label is an outcome, a job's name, or the upper bound of a bucket in seconds."""

    QUESTIONS = "questions"
    NEWS = "news"
    EFFECTS = "effects_told"
    JOBS_FAILED = "jobs_failed"
    DETECTION = "detection_delay_seconds"
    RECORDING = "recording_delay_seconds"
    DETECTION_SUM = "detection_delay_seconds_sum"
    RECORDING_SUM = "recording_delay_seconds_sum"


SUMS: Mapping[Metric, Metric] = {
    Metric.DETECTION: Metric.DETECTION_SUM,
    Metric.RECORDING: Metric.RECORDING_SUM,
}
# In seconds: from a push that is recorded at once to news of two days ago.
BOUNDS: Mapping[Metric, tuple[float, ...]] = {
    Metric.DETECTION: (60, 300, 900, 1800, 3600, 7200, 14400, 28800, 86400, 172800),
    Metric.RECORDING: (0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 3600),
}
ABOVE = "+Inf"


@dataclass(frozen=True, slots=True)
class CountKey:
    """What one count is about. None: of no single store, of no single account."""

    metric: Metric
    store_id: int | None = None
    account_id: int | None = None
    label: str = ""


@dataclass(slots=True)
class Tally:
    """The counts of one process that are not written yet."""

    _counts: dict[CountKey, float] = field(default_factory=lambda: defaultdict(float))

    def add(self, metric: Metric, store_id: int | None, account_id: int | None, label: str = "", by: float = 1) -> None:
        """Count `by` more."""
        if by:
            self._counts[CountKey(metric, store_id, account_id, label)] += by

    def add_each(self, metric: Metric, store_id: int, account_id: int, labels: Iterable[str]) -> None:
        """Count one per label."""
        for label in labels:
            self.add(metric, store_id, account_id, label)

    def observe(self, metric: Metric, store_id: int, account_id: int, seconds: float) -> None:
        """Put a duration into its bucket. One below zero (a carrier's clock that is ahead) counts as zero."""
        length = max(seconds, 0.0)
        label = next((bucket_label(bound) for bound in BOUNDS[metric] if length <= bound), ABOVE)
        self.add(metric, store_id, account_id, label)
        self.add(SUMS[metric], store_id, account_id, by=length)

    def take(self) -> dict[CountKey, float]:
        """All counts; from now on it counts from zero."""
        taken, self._counts = self._counts, defaultdict(float)
        return dict(taken)

    def give_back(self, counts: Mapping[CountKey, float]) -> None:
        """Counts that could not be written are counted again."""
        for key, value in counts.items():
            self._counts[key] += value


def bucket_label(bound: float) -> str:
    """A bucket's upper bound as its label."""
    return f"{bound:g}"
