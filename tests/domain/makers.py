"""In: nothing; out: strategies for hypothesis: events as carriers send them, invalid, duplicate, late, unsorted."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import strategies as st

from paradeiro.domain.records import Place, Snapshot, TrackingEvent
from paradeiro.domain.words import Reason, Source, Status, Withdraws

NOW = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)
BEGIN = NOW - timedelta(days=18)
BRASILIA = timezone(timedelta(hours=-3))

places = st.sampled_from(
    [Place(), Place("Campinas", "SP", "BR"), Place("campinas ", "SP", "BR", "CTE"), Place("Ilhéus", "BA", "BR")]
)
# Few instants, so that several events happen in the same second.
instants = st.integers(0, 40).map(lambda hours: (BEGIN + timedelta(hours=9 * hours)).astimezone(BRASILIA))
statuses = st.sampled_from([*Status, None])


@st.composite
def events(draw: st.DrawFn, withdrawing: bool = True) -> TrackingEvent:
    withdraws = draw(st.sampled_from([None, None, None, *Withdraws])) if withdrawing else None
    return TrackingEvent(
        occurred_at=draw(instants),
        code=draw(st.sampled_from(["PO/01", "RO/01", "OEC/01", "BDE/01", "BDE/20", "EST/01"])),
        status=None if withdraws is Withdraws.PREVIOUS else draw(statuses),
        reason=draw(st.sampled_from([None, Reason.RECIPIENT_ABSENT, Reason.OTHER])),
        place=draw(places),
        description=draw(st.sampled_from(["", "Objeto postado", "Objeto entregue"])),
        source=draw(st.sampled_from([Source.CARRIER, Source.CARRIER, Source.OPERATOR])),
        withdraws=withdraws,
        destination=draw(st.sampled_from([None, Place("Natal", "RN")])),
    )


journeys = st.lists(events(), max_size=9)
plain_journeys = st.lists(events(withdrawing=False), max_size=9)


def event(status: Status | None, hours: float, code: str = "", **more: object) -> TrackingEvent:
    """An event so many hours after the beginning."""
    return TrackingEvent(BEGIN + timedelta(hours=hours), code or f"C-{status}", status, **more)  # type: ignore[arg-type] # by name


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    """Snapshots with any status and age up to 200 days."""
    since = NOW - timedelta(hours=draw(st.floats(0, 200 * 24)))
    status = draw(st.sampled_from(list(Status)))
    return Snapshot(
        status=status,
        since=draw(st.sampled_from([since, None])),
        news_at=draw(st.sampled_from([since, None])),
        delivered_at=since if status is Status.DELIVERED else None,
    )
