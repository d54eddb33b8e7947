"""In: a mail that came back; out: it kept, its address given no more mail where that is due, a person told."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from paradeiro.db import bounces, hooks, notices, stores
from paradeiro.db.audit import By
from paradeiro.db.bounces import MailFigures, MailSent, Suppression
from paradeiro.db.hooks import Hook
from paradeiro.db.notices import NoticeDraft
from paradeiro.db.pool import Connection, transaction
from paradeiro.db.stores import Account
from paradeiro.domain.bounces import SOFT_WITHIN, Bounce, enhanced_status, same_address, suppresses
from paradeiro.domain.bounds import clean_text
from paradeiro.domain.mail_refusals import SenderFault, verdict_of
from paradeiro.domain.persons import masked
from paradeiro.domain.redaction import unnamed
from paradeiro.domain.words import BounceKind, DeedKind, NoticeKind, Outcome, PartyKind
from paradeiro.flow import deeds
from paradeiro.flow.errors import InvalidError, MissingError
from paradeiro.flow.means import Means, log
from paradeiro.sdk.contract import Report, Sent


async def take(means: Means, account: Account, raw: bytes, hook: Hook | None = None) -> Report:
    """Take what came to a mail account's door, or was handed to us: all that follows is committed when it returns.
    Raises `InvalidError` if nothing of this account's can come back.
    """
    read = means.connectors[account.connector].read_report
    if read is None:
        raise InvalidError("no_reports", f"{account.connector} sends no mails that could come back.")
    found, now = read(raw), means.now()
    async with transaction(means.pool) as connection:
        drafts = await _came_back(connection, account, found.bounces, now=now)
        ours = [b for b in found.blamed if await bounces.mail_sent(connection, account.store_id, account.id, b.mail)]
        drafts += about_us(account, [(blamed.fault, blamed.reason) for blamed in ours])
        if hook is not None and found.outcome is Outcome.MALFORMED:
            # The bytes are kept: they show how a provider writes now.
            await hooks.keep(connection, hook, body=raw, outcome=found.outcome, about=(), now=now, again_before=now)
        await notices.open_notices(connection, [*drafts, *_about_report(account, found)], now=now)
    return found


async def refused(
    connection: Connection, account: Account, sent: Sequence[tuple[str, Sent]], *, now: datetime
) -> list[NoticeDraft]:
    """What the server said at once of these mails, by their keys: of their addresses, and of us."""
    said = [Bounce(key, each.bounced, each.message) for key, each in sent if each.bounced is not None]
    ours = [(fault, each.message) for _, each in sent if (fault := fault_of(account, each)) is not None]
    return [*await _came_back(connection, account, said, now=now), *about_us(account, ours)]


def fault_of(account: Account, sent: Sent) -> SenderFault | None:
    """What is wrong with us, if a mail server refused a mail for that."""
    if account.kind is not PartyKind.MAIL or sent.outcome is not Outcome.REFUSED or sent.bounced is not None:
        return None
    return verdict_of(enhanced_status(sent.message), sent.message).ours


def about_us(account: Account, said: Sequence[tuple[SenderFault, str]]) -> list[NoticeDraft]:
    """One notice for each thing that is wrong with the account, however many mails came back for it: none of them says
    anything of its reader.
    """
    drafts = []
    for fault, reason in sorted(dict(said).items()):
        told = unnamed(clean_text(reason))
        words = (
            f"Mail servers refuse mails of {account.name}: {_WRONG[fault]} The last one said: {told}. It is no fault "
        )
        words += "of the readers; their addresses go on getting mail."
        facts = {"account": account.name, "why": told, "variant": fault.value}
        drafts.append(
            NoticeDraft(
                account.store_id,
                NoticeKind.SENDER_REFUSED,
                f"account {account.id} {fault}",
                words,
                account_id=account.id,
                facts=facts,
            )
        )
    return drafts


_WRONG = {
    SenderFault.AUTHENTICATION: "SPF, DKIM or DMARC of the sender's domain does not hold. Look at its DNS records.",
    SenderFault.BLOCKED: "the address that they come from is blocked or on a blocklist. Ask the mail provider.",
    SenderFault.CONTENT: "they are taken for spam or for dangerous. Look at the layout, links and sender's name.",
    SenderFault.POLICY: "a rule there does not let them in. Ask the mail provider.",
    SenderFault.RATE: "they come too fast or too many. Lower the account's `per_minute` or ask for a higher limit.",
    SenderFault.RELAY: "the server does not send for this sender. Look at `from_address` and the credentials.",
    SenderFault.REVERSE_DNS: "the sending server's name and address do not belong together (PTR record).",
    SenderFault.SIZE: "they are too big. Make the layout's pictures smaller.",
}


async def _came_back(
    connection: Connection, account: Account, said: Sequence[Bounce], *, now: datetime
) -> list[NoticeDraft]:
    """Keep it; what a person should hear. A mail that this account did not send is nobody's."""
    drafts = []
    # Always in the same order: two reports about the same addresses must not wait for each other.
    for heard in sorted(said, key=lambda b: (b.mail, b.kind)):
        bounce = replace(heard, reason=clean_text(heard.reason))  # a server's own words
        mail = await bounces.mail_sent(connection, account.store_id, account.id, bounce.mail)
        if mail is None:
            log.info("something came back that this account did not send", account=account.name)
            continue
        told = replace(bounce, reason=unnamed(bounce.reason))
        if await _ends_mails(connection, account.store_id, mail, told, now=now):
            drafts.append(_bounced_notice(account, mail, told.kind, told.reason))
    # Who calls it spam does not want to be asked about it by a person.
    return [draft for draft in drafts if draft.facts["variant"] != BounceKind.COMPLAINT]


async def _ends_mails(connection: Connection, store_id: int, mail: MailSent, bounce: Bounce, *, now: datetime) -> bool:
    """Whether from now on its address gets no more."""
    if not await bounces.add(connection, store_id, mail, bounce.kind, bounce.reason, now=now):
        return False
    since = now - SOFT_WITHIN
    soft = await bounces.soft_before(connection, store_id, mail.address, mail.effect_id, since=since)
    if not suppresses(bounce.kind, soft):
        return False
    return await bounces.suppress(connection, store_id, mail.address, bounce.kind, bounce.reason, now=now)


async def lift(means: Means, store_id: int, address: str, by: By | None = None) -> None:
    """Mail to this address again: somebody knows that it is good. Raises `MissingError` if it gets mail."""
    plain = same_address(address)
    async with transaction(means.pool) as connection:
        if "\0" in plain or not await bounces.lift(connection, store_id, plain):
            raise MissingError("not_suppressed", "This address gets mail: nothing keeps it back.")
        await deeds.note(means, connection, store_id, by, DeedKind.LIFT_SUPPRESSION, masked(plain))
        await _end_notices(connection, store_id, plain, now=means.now())


async def _end_notices(connection: Connection, store_id: int, address: str, *, now: datetime) -> None:
    """What was said of an address is settled."""
    for number in await bounces.orders_of(connection, store_id, address):
        await notices.resolve_subject(connection, store_id, [NoticeKind.MAIL_BOUNCED], f"order {number}", now=now)


async def suppressions(
    means: Means, store_id: int, *, before: int | None = None, limit: int = 100
) -> list[Suppression]:
    """A store's addresses that get no more mail, the newest first."""
    async with means.pool.connection() as connection:
        return await bounces.suppressions(connection, store_id, before=before, limit=limit)


async def mail_account(means: Means, store_id: int, name: str = "") -> Account:
    """The store's mail account, or the one of this name. Raises `MissingError`, or `InvalidError` if it is one of
    several.
    """
    async with means.pool.connection() as connection:
        all_of_them = await stores.accounts(connection, means.secret_key, store_ids=[store_id])
    found = [a for a in all_of_them if a.kind is PartyKind.MAIL and name in {"", a.name}]
    if not found:
        raise MissingError("no_mail_account", f"There is no mail account{f' named {name!r}' if name else ''}.")
    if len(found) > 1:
        names = ", ".join(sorted(account.name for account in found))
        raise InvalidError("which_account", f"There are several mail accounts; name one: {names}.")
    return found[0]


def _about_report(account: Account, found: Report) -> Sequence[NoticeDraft]:
    subject = f"account {account.id} reports"
    if found.confirm:
        words = f"{account.name}: the mail provider asks whether it may post here. Open {found.confirm} to say yes."
        facts = {"account": account.name, "url": found.confirm, "variant": "confirm"}
    elif found.outcome is Outcome.MALFORMED:
        words = (
            f"{account.name}: something came about mails that came back that we do not understand ({found.message}). "
            "It is kept. See at the mail provider what it posts to us."
        )
        facts = {"account": account.name, "why": found.message, "variant": "report"}
    else:
        return ()
    return (NoticeDraft(account.store_id, NoticeKind.PUSH_REFUSED, subject, words, account_id=account.id, facts=facts),)


def _bounced_notice(account: Account, mail: MailSent, kind: BounceKind, reason: str) -> NoticeDraft:
    why = "the address does not exist" if kind is BounceKind.HARD else "several mails in a row were not taken"
    words = (
        f"The customer of order {mail.order_number} gets no more mails: {why} ({reason}). Correct the address in the "
        "order system, or have mails sent again on the order's page if it is good."
    )
    return NoticeDraft(
        account.store_id,
        NoticeKind.MAIL_BOUNCED,
        f"order {mail.order_number}",
        words,
        account_id=account.id,
        shipment_id=mail.shipment_id,
        facts={"order": mail.order_number, "why": reason, "variant": kind.value},
    )


async def door(means: Means, account: Account, public_url: str) -> str:
    """The address at which a provider may tell what came back. Made once; only who knows it may post."""
    async with transaction(means.pool) as connection:
        hook = await hooks.make(
            connection,
            account.store_id,
            account.id,
            token=means.new_token(),
            secret=means.new_token(),
            key=means.secret_key,
            now=means.now(),
        )
    return f"{public_url.rstrip('/')}/hooks/{account.connector}/{hook.token}"


async def shut(means: Means, account: Account) -> None:
    """Nobody may post there any more; a later door has another address."""
    async with transaction(means.pool) as connection:
        await hooks.remove(connection, account.id)


async def fared(means: Means, account: Account) -> MailFigures:
    """How the account's mails fared."""
    async with means.pool.connection() as connection:
        return await bounces.figures(connection, account.store_id, account.id)
