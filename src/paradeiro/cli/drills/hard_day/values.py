"""In: one bad value, order or recipient; out: whether the other orders of its store are handled normally."""

from paradeiro.cli.drills.hard_day.day import NEWS_HOURS, Case, CaseResult, Day, Place, open_day
from paradeiro.simulator.faults import Fault

_ODD_INSTANTS = (
    "0001-01-01T00:00:00Z",  # .NET's DateTime.MinValue
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-12:00",  # .NET's MaxValue, the year 10000 in UTC
    "9999-12-31T23:59:59Z",
    "1899-12-30T00:00:00Z",  # a spreadsheet's zero
)
_ODD_TEXTS = ("\u0000", "Ana\r\nBcc: x@example.com", "\u001b[31mAna", "A" * 100_000, "\u202eanA")
_LISTS = ("/api/v1/orders", "/api/v1/shipments", "/api/oms/pvt/orders")
_MANY = 6


async def odd_instants(place: Place) -> CaseResult:
    """Orders with dates that mean "none" in other systems come before a healthy one."""
    found, taken = CaseResult(tried=len(_ODD_INSTANTS)), list[str]()
    async with open_day(place, packages=14, connected=False) as day:
        codes = day.codes(len(_ODD_INSTANTS) + 1)
        for index, (instant, code) in enumerate(zip(_ODD_INSTANTS, codes, strict=False)):
            answer = await day.register(f"odd{index}", code, promised_at=instant)
            found.expect(answer.status_code in {201, 422}, f"promised_at {instant}: {answer.status_code}")
            if answer.status_code == 201:
                taken.append(f"odd{index}")
        await _healthy(found, day, codes[-1])
        for number in taken:
            _mailed(found, day, number)
    return found


async def odd_texts(place: Place) -> CaseResult:
    """Names that cannot be in a mail or a page."""
    found = CaseResult(tried=len(_ODD_TEXTS))
    async with open_day(place, packages=14, connected=False) as day:
        codes = day.codes(len(_ODD_TEXTS) + 1)
        for index, (text, code) in enumerate(zip(_ODD_TEXTS, codes, strict=False)):
            who = {"name": text, "email": f"odd{index}@example.com"}
            answer = await day.register(f"odd{index}", code, customer=who)
            found.expect(answer.status_code in {201, 422}, f"a name like {text[:20]!r}: {answer.status_code}")
        await _healthy(found, day, codes[-1])
        found.leaked += sum("x@example.com" in mail.to for mail in day.simulator.mail.mails)
    return found


async def _healthy(found: CaseResult, day: Day, code: str) -> None:
    """A healthy order that comes after: its mail is sent, and every list can be read."""
    answer = await day.register("healthy", code)
    found.expect(answer.status_code == 201, f"the healthy order: {answer.status_code}")
    await day.hours(NEWS_HOURS)
    if day.mails("healthy") == 0:
        found.stopped += 1
        found.misses.append("the healthy order's customer got no mail")
    for path, status in (await day.answers(*_LISTS, "/api/v1/orders/healthy")).items():
        if status != 200:
            found.stopped += 1
            found.misses.append(f"{path} answers {status}")


def _mailed(found: CaseResult, day: Day, number: str) -> None:
    mails = day.mails(number)
    found.lost += mails == 0
    found.expect(mails > 0, f"order {number} was taken, and its customer got no mail")


async def nul_at_the_order_system(place: Place) -> CaseResult:
    """One customer's name at the order system ends in NUL; another order's promise is in the year 10000."""
    found = CaseResult(tried=2)
    async with open_day(place, packages=20) as day:
        system = day.simulator.order_system
        shown = [i for i, at in system.invoiced_at.items() if at <= day.simulator.clock()]
        system.orders[shown[0]]["clientProfileData"]["firstName"] += "\u0000"
        system.orders[shown[1]]["shippingData"]["logisticsInfo"][0]["shippingEstimateDate"] = (
            "9999-12-31T23:59:59-03:00"
        )
        await day.hours(1)
        asked = system.calls.get("list", 0)
        await day.hours(1)
        more = system.calls.get("list", 0) - asked
        taken = {o["number"] for o in (await day.client.get("/api/v1/orders?limit=200")).json()["items"]}
        found.lost = sum(each not in taken for each in shown[:2])
        found.stopped = sum(each not in taken for each in shown[2:])
        found.expect(not found.lost or bool(await day.notices()), "orders were set aside and nobody was told")
        found.expect(found.stopped == 0, f"{found.stopped} of {len(shown)} orders were not taken")
        found.expect(more <= 20, f"the order system was asked for its list {more} times in an hour")
    return found


async def order_that_always_fails(place: Place) -> CaseResult:
    """The order system always answers 500 for three orders."""
    found = CaseResult(tried=3)
    async with open_day(place, packages=20) as day:
        bad = list(day.simulator.order_system.orders)[:3]
        for each in bad:
            day.simulator.faults.order(Fault("vtex", "status", status=500, path=f"/{each}/invoice"))
        before = len(day.simulator.order_system.told)
        states = set()
        for _ in range(18):
            await day.hours(2)
            states.add((await day.account("vtex")).state)
        found.expect(states == {"ok"}, f"the account was {', '.join(sorted(states))}: it is three orders' trouble")
        found.stopped = len(states - {"ok"})
        found.expect(len(day.simulator.order_system.told) > before, "nothing more was told to the order system")
        said = " ".join(n.message for n in await day.notices())
        met = {
            each for each in bad if any(f.path.startswith(f"/{each}/") and f.met for f in day.simulator.faults.active)
        }
        found.expect(bool(met), "nothing was to be told of the three orders: the case shows nothing")
        found.expect(all(each in said for each in met), "nobody was told which orders are refused")
        day.simulator.faults.clear()
        await day.hours(26)
        told = {t["order"] for t in day.simulator.order_system.told}
        found.lost = len(met - told)
    return found


async def greylisted(place: Place) -> CaseResult:
    """The mail servers of six customers refuse mails temporarily (greylisting)."""
    found = CaseResult(tried=_MANY)
    async with open_day(place, packages=14, connected=False) as day:
        codes = day.codes(_MANY + 1)
        grey = [f"grey{index}" for index in range(_MANY)]
        day.simulator.mail.greylists |= {f"{each}@example.com" for each in grey}
        for number, code in zip(grey, codes, strict=False):
            await day.register(number, code)
        await _healthy(found, day, codes[-1])
        account = await day.account("email")
        found.expect(account.state == "ok", f"the mail account is {account.state}")
        kept = " ".join([account.problem, *(n.message for n in await day.notices())])
        found.leaked = sum(f"{each}@example.com" in kept for each in grey)
        day.simulator.mail.greylists.clear()
        await day.hours(26)
        for number in grey:
            _mailed(found, day, number)
        found.told_twice = len(day.simulator.mail.duplicates())
    return found


CASES = (
    Case("odd-instants", 1, "dates that mean none: year 1, year 10000", odd_instants),
    Case("odd-texts", 1, "names with NUL, line ends, escapes, 100,000 letters", odd_texts),
    Case("nul-at-the-order-system", 1, "a NUL and a year 10000 in two of twenty orders", nul_at_the_order_system),
    Case("order-that-always-fails", 1, "500 about three orders for ever", order_that_always_fails),
    Case("greylisted", 1, "mailboxes that say: later", greylisted),
)
