"""In: the counts of all processes; out: Prometheus counters and histograms."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.core import Metric as Family
from prometheus_client.registry import Collector

from paradeiro.db.operations.metric_counts import Count
from paradeiro.domain.tally import ABOVE, BOUNDS, SUMS, Metric, bucket_label

_ACCOUNT = ("store", "connector", "account")
_COUNTERS = {
    Metric.QUESTIONS: ("outcome", "Packages asked about, by what was answered"),
    Metric.NEWS: ("", "New events of carriers, without history older than two days"),
    Metric.EFFECTS: ("outcome", "Tries to tell an order system, customer, marketplace or webhook, by how each ended"),
}
_HISTOGRAMS = {
    Metric.DETECTION: "From the carrier's instant of an event until it was recorded",
    Metric.RECORDING: "From an answer's arrival until it was recorded",
}


class CountCollector(Collector):
    """Counters and histograms out of rows."""

    def __init__(self, counts: Sequence[Count]) -> None:
        """`counts`: as read from the database."""
        self._by_metric: dict[str, list[Count]] = defaultdict(list)
        for each in counts:
            self._by_metric[each.metric].append(each)

    def collect(self) -> Iterator[Family]:
        """One family per metric, also where nothing was counted yet."""
        for metric, (label, words) in _COUNTERS.items():
            yield self._counter(metric, label, words)
        failed = CounterMetricFamily("paradeiro_jobs_failed", "Runs of jobs that failed", labels=["job"])
        for each in self._by_metric[Metric.JOBS_FAILED]:
            failed.add_metric([each.label], each.value)
        yield failed
        for metric, words in _HISTOGRAMS.items():
            yield self._histogram(metric, words)

    def _counter(self, metric: Metric, label: str, words: str) -> Family:
        labels = [*_ACCOUNT, label] if label else list(_ACCOUNT)
        family = CounterMetricFamily(f"paradeiro_{metric}", words, labels=labels)
        for each in self._by_metric[metric]:
            family.add_metric([*_labels(each), each.label] if label else _labels(each), each.value)
        return family

    def _histogram(self, metric: Metric, words: str) -> Family:
        family = HistogramMetricFamily(f"paradeiro_{metric}", words, labels=_ACCOUNT)
        sums = {tuple(_labels(each)): each.value for each in self._by_metric[SUMS[metric]]}
        found: dict[tuple[str, ...], dict[str, float]] = defaultdict(dict)
        for each in self._by_metric[metric]:
            found[tuple(_labels(each))][each.label] = each.value
        bounds = [*(bucket_label(bound) for bound in BOUNDS[metric]), ABOVE]
        shown = [str(float(bound)) if bound != ABOVE else bound for bound in bounds]
        for labels, by_bound in found.items():
            totals = accumulate(by_bound.get(bound, 0.0) for bound in bounds)
            family.add_metric(list(labels), list(zip(shown, totals, strict=True)), sums.get(labels, 0.0))
        return family


def _labels(count: Count) -> list[str]:
    return [str(count.store_id), count.connector, count.account]
