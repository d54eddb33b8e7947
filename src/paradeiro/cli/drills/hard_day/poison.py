"""In: one unreadable row of a store; out: whether its neighbours are followed, mailed and shown."""

from functools import partial

from paradeiro.cli.drills.hard_day.day import NEWS_HOURS, Case, CaseResult, Place, open_day
from paradeiro.db.measuring import drill_damage
from paradeiro.simulator.faults import Fault

_PAGES = ("/api/v1/orders", "/api/v1/shipments", "/api/oms/pvt/orders", "/api/v1/orders/healthy")


async def unreadable_row(place: Place, what: str) -> CaseResult:
    """A row is made unreadable before events of its package and of its neighbour come."""
    found = CaseResult(tried=1)
    async with open_day(place, packages=14, connected=False) as day:
        bad, good = day.codes(2)
        answer = await day.register("spoilt", bad)
        await day.register("healthy", good)
        if what.startswith("effect"):
            # While the mail server is down, its messages wait.
            day.simulator.faults.order(Fault("mail", "status", status=450))
            await day.hours(NEWS_HOURS)
            day.simulator.faults.clear()
        async with day.context.pool.connection() as connection:
            spoilt = await drill_damage.damage_shipment(connection, what, answer.json()["id"])
        found.expect(spoilt > 0, "nothing was spoilt: the case shows nothing")
        await day.hours(NEWS_HOURS)
        found.stopped = int(day.mails("healthy") == 0)
        for path, status in (await day.answers(*_PAGES)).items():
            found.stopped += status != 200
            found.expect(status == 200, f"{path} answers {status}")
        found.expect(day.mails("healthy") > 0, "the healthy order's customer got no mail")
        found.expect(bool(await day.notices()), "nobody was told of the row that cannot be read")
    return found


CASES = tuple(
    Case(what.replace(" ", "-"), 1, f"a {what} beside a healthy one", partial(unreadable_row, what=what))
    for what in drill_damage.DAMAGE
)
