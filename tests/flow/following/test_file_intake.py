"""A carrier's file: taken once however often and however it comes, gone on with after a crash, its faults told once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from email.message import EmailMessage
from io import BytesIO
from typing import Any, BinaryIO

import pytest

from paradeiro.db.accounts import stores
from paradeiro.db.carriers import received_files
from paradeiro.db.carriers.received_files import MOST_PROBLEMS
from paradeiro.db.following import contract_watches
from paradeiro.db.pool import transaction
from paradeiro.domain.records import Invoice, Order
from paradeiro.domain.words import PartyKind, Status
from paradeiro.flow.answers import file_intake
from paradeiro.flow.answers.file_intake import TakenFile, take_file, take_mail
from paradeiro.flow.context import Sessions
from paradeiro.flow.errors import InvalidError, MissingError
from paradeiro.flow.orders.intake import register
from paradeiro.flow.orders.package_registration import Registration
from paradeiro.sdk.ways_in import FilePart
from paradeiro.sdk.wording.notices import notice_sentence
from paradeiro.worker.maintenance import maintain
from tests.flow.conftest import ANA, Shop
from tests.flow.following import filed


@dataclass
class Desk:
    """A store with an account at a carrier that writes files."""

    shop: Shop
    account_id: int

    async def register(self, code: str, number: str = "1001") -> int:
        stated = Registration(Order(number, ANA), "filed", code, Invoice(f"NF-{number}", value=5000))
        return (await register(self.shop.context, self.shop.store_id, stated)).shipment_id

    async def take(self, content: str, name: str = "ocor.txt", source: str = "upload") -> TakenFile:
        return await take_file(self.shop.context, self.account_id, name, BytesIO(content.encode()), source)

    async def status(self, shipment_id: int) -> Status:
        return (await self.shop.shipment_row(shipment_id)).shipment.snapshot.status

    async def stored(self) -> int:
        async with self.shop.context.pool.connection() as connection:
            row = await (await connection.execute("SELECT count(*) FROM reply WHERE tracking_code = ''")).fetchone()
        assert row is not None
        return int(row[0])

    def line(self, code: str, what: str, minutes: int = -5) -> str:
        return filed.line(code, what, self.shop.clock() + timedelta(minutes=minutes)) + "\n"


async def open_desk(shop: Shop, settings: dict[str, str] | None = None, **more: Any) -> Desk:
    connectors = {**shop.context.connectors, "filed": filed.connector(**more)}
    context = replace(shop.context, connectors=connectors, sessions=Sessions(connectors, shop.clock))
    shop = replace(shop, context=context)
    async with transaction(context.pool) as connection:
        account_id = await stores.put_account(
            connection,
            shop.store_id,
            connector="filed",
            kind=PartyKind.CARRIER,
            name="filed",
            settings=settings or {},
            secrets={},
            key=context.secret_key,
            now=context.now(),
        )
    return Desk(shop, account_id)


@pytest.fixture
async def desk(shop: Shop) -> Desk:
    return await open_desk(shop)


async def test_a_file_moves_the_packages_that_it_names(desk: Desk) -> None:
    one, other = await desk.register("AA1"), await desk.register("AA2", "1002")
    taken = await desk.take(desk.line("AA1", "MOV") + desk.line("XX9", "MOV") + desk.line("AA2", "ENT"))
    assert (taken.known, taken.file.parts, taken.file.problems) == (False, 2, ())
    assert taken.file.read_at is not None
    await desk.shop.run()
    assert [await desk.status(each) for each in (one, other)] == [Status.IN_TRANSIT, Status.DELIVERED]
    assert await desk.shop.notices() == []


async def test_codes_that_nobody_knows_in_a_file_are_told_without_naming_a_package(desk: Desk) -> None:
    for code, number in (("AA1", "1001"), ("AA2", "1002")):
        await desk.register(code, number)
        await desk.take(desk.line(code, "91"))
    await desk.shop.run()
    (notice,) = await desk.shop.notices()
    assert "91 (em 2 pacotes). Os eventos" in notice_sentence(notice.kind, notice.facts, "")
    assert "91 (on 2 packages). The events" in notice.message


async def test_the_same_file_is_taken_once_whatever_it_is_called(desk: Desk) -> None:
    content = desk.line("AA1", "MOV")
    first = await desk.take(content)
    again = await desk.take(content, "folder/other.txt", "sftp")
    assert (first.known, again.known) == (False, True)
    assert (again.file.id, again.file.name) == (first.file.id, "ocor.txt")
    assert await desk.stored() == 1
    assert not (await desk.take(content + content)).known, "other bytes are another file"


async def test_a_crash_half_way_is_gone_on_with(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_intake, "_AT_ONCE", 2)
    shipment_id = await desk.register("AA5")
    lines = [desk.line(f"AA{n}", "MOV", -n) for n in range(1, 11)]
    enqueue, calls = file_intake.jobs.enqueue, 0

    async def dies(*given: Any) -> int:
        nonlocal calls
        calls += 1
        if calls == 2:
            message = "the process dies"
            raise ConnectionError(message)
        return await enqueue(*given)

    with monkeypatch.context() as patch:
        patch.setattr(file_intake.jobs, "enqueue", dies)
        with pytest.raises(ConnectionError):
            await desk.take("".join(lines))
    (half,) = await file_intake.files(desk.shop.context, desk.shop.store_id)
    assert (half.parts, half.read_at) == (2, None), "the first transaction stands, the second does not"
    assert await desk.stored() == 2
    taken = await desk.take("".join(lines))
    assert (taken.known, taken.file.id, taken.file.parts) == (False, half.id, 5)
    assert await desk.stored() == 5
    await desk.shop.run()
    assert await desk.status(shipment_id) is Status.IN_TRANSIT


async def test_two_that_read_one_file_store_it_once(desk: Desk) -> None:
    taken = await desk.take(desk.line("AA1", "MOV"))
    behind = replace(taken.file, parts=0, read_at=None)
    async with desk.shop.context.pool.connection() as connection:
        assert await received_files.advance(connection, behind, parts=1, problems=(), read_at=None) is None


async def test_what_cannot_be_read_is_told_once_with_its_lines(desk: Desk) -> None:
    shipment_id = await desk.register("AA1")
    wrong = "!cut off\n\n" + "!cut off too\n\n"
    taken = await desk.take(wrong + desk.line("AA1", "MOV"))
    assert [(p.line, p.text) for p in taken.file.problems] == [(1, "cut off"), (3, "cut off too")]
    await desk.shop.run()
    assert await desk.status(shipment_id) is Status.IN_TRANSIT, "the rest counts"
    (notice,) = await desk.shop.notices()
    assert notice.kind == "malformed_reply"
    assert "ocor.txt has 2 places that cannot be read: line 1: cut off; line 3: cut off too" in notice.message
    assert notice.reply_id is not None, "its bytes are kept"
    async with desk.shop.context.pool.connection() as connection:
        held = await (await connection.execute("SELECT count(*) FROM retention_hold")).fetchone()
    assert held == (2,)


async def test_of_very_many_problems_the_first_are_kept_and_the_others_counted(shop: Shop) -> None:
    def split(stream: BinaryIO, _: Mapping[str, str]) -> Iterator[FilePart]:
        yield from (FilePart(str(n).encode(), n, "cut") for n in range(1, MOST_PROBLEMS + 51))

    desk = await open_desk(shop, split_file=split)
    taken = await desk.take("x")
    assert len(taken.file.problems) == MOST_PROBLEMS + 1
    assert taken.file.problem_count == MOST_PROBLEMS + 50
    assert f"and {MOST_PROBLEMS + 45} more" in (await desk.shop.notices())[0].message


async def test_a_fault_of_the_splitter_loses_nothing_before_it(desk: Desk) -> None:
    shipment_id = await desk.register("AA1")
    taken = await desk.take(desk.line("AA1", "MOV") * 2 + "crash\n")
    assert [p.text for p in taken.file.problems] == [
        "nothing behind this could be read (RuntimeError): mend the connector"
    ]
    await desk.shop.run()
    assert await desk.status(shipment_id) is Status.IN_TRANSIT


async def test_what_is_no_file_is_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidError, match="empty"):
        await desk.take("")
    with pytest.raises(InvalidError, match="has no files"):
        await take_file(desk.shop.context, desk.shop.accounts["posta"], "a", BytesIO(b"x"), "upload")
    with pytest.raises(MissingError):
        await take_file(desk.shop.context, 987654, "a", BytesIO(b"x"), "upload")
    monkeypatch.setattr(file_intake, "LARGEST_FILE", 10)
    with pytest.raises(InvalidError, match="at most 0 MB"):
        await desk.take("more than ten bytes")
    assert await desk.stored() == 0


async def test_the_attachments_of_a_mail_are_taken(desk: Desk) -> None:
    shipment_id = await desk.register("AA1")
    mail = EmailMessage()
    mail["Subject"] = "OCOREN"
    mail.set_content("Segue o arquivo.")
    mail.add_attachment(desk.line("AA1", "ENT").encode(), "text", "plain", filename="OCOREN.TXT")
    mail.add_attachment(b"\x89PNG", "image", "png", filename="logo.png")
    (taken,) = await take_mail(desk.shop.context, desk.account_id, mail.as_bytes())
    assert (taken.file.name, taken.file.source) == ("OCOREN.TXT", "mail")
    await desk.shop.run()
    assert await desk.status(shipment_id) is Status.DELIVERED
    mail.clear_content()
    mail.set_content("Nada hoje.")
    with pytest.raises(InvalidError, match="no file attached"):
        await take_mail(desk.shop.context, desk.account_id, mail.as_bytes())


async def test_a_carrier_whose_files_stay_away_is_noticed(desk: Desk) -> None:
    shop = desk.shop
    await desk.register("AA1")
    async with transaction(shop.context.pool) as connection:
        for hours in range(1, 21 * 24):
            at = shop.clock() - timedelta(hours=hours)
            events = 20 if 11 <= at.hour < 21 else 0
            await contract_watches.count_hour(
                connection, shop.store_id, desk.account_id, now=at, answers=1, events=events
            )
        await connection.execute("UPDATE account_hour SET active = 1")
    await shop.run()
    assert await shop.notices() == []
    for _ in range(6):
        shop.clock.forward(hours=1)
        await shop.run()
    (notice,) = await shop.notices()
    assert (notice.kind, notice.facts["codes"]) == ("silence", "AA1")


async def test_a_files_line_goes_after_a_year(desk: Desk) -> None:
    await desk.take(desk.line("AA1", "MOV"))
    desk.shop.clock.forward(days=360)
    assert await maintain(desk.shop.context)
    assert len(await file_intake.files(desk.shop.context, desk.shop.store_id)) == 1
    desk.shop.clock.forward(days=6)
    assert await maintain(desk.shop.context)
    assert await file_intake.files(desk.shop.context, desk.shop.store_id) == []
