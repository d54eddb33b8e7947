"""In: bounce reports and refusals of mail servers; out: stored bounces, suppressed addresses, notices."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from paradeiro.db.accounts import hooks, stores
from paradeiro.db.accounts.hooks import Hook
from paradeiro.db.accounts.stores import Account
from paradeiro.db.customers import bounces
from paradeiro.db.customers.bounces import MailFigures, MailSent, Suppression
from paradeiro.db.operations import notices
from paradeiro.db.operations.audit import Actor
from paradeiro.db.operations.notices import NoticeDraft
from paradeiro.db.pool import Connection, transaction
from paradeiro.domain.bounds import clean_text
from paradeiro.domain.customers.bounces import SOFT_WITHIN, Bounce, enhanced_status, normal_address, suppresses
from paradeiro.domain.customers.mail_refusals import SenderFault, verdict_of
from paradeiro.domain.customers.personal_data import masked
from paradeiro.domain.redaction import redact
from paradeiro.domain.words import AuditAction, BounceKind, NoticeKind, Outcome, PartyKind
from paradeiro.flow.context import Context, log
from paradeiro.flow.errors import InvalidError, MissingError
from paradeiro.flow.operations import audit_log
from paradeiro.sdk.contract import Report, Sent


async def take_report(context: Context, account: Account, raw: bytes, hook: Hook | None = None) -> Report:
    """Take a bounce report posted to a mail account's webhook or passed by hand; committed on return.
    Raises `InvalidError` if the connector has no bounce reports.
    """
    read = context.connectors[account.connector].read_report
    if read is None:
        raise InvalidError("no_reports", f"{account.connector} sends no mails that could come back.")
    found, now = read(raw), context.now()
    async with transaction(context.pool) as connection:
        drafts = await _record_bounces(connection, account, found.bounces, now=now)
        ours = [b for b in found.blamed if await bounces.mail_sent(connection, account.store_id, account.id, b.mail)]
        drafts += sender_notices(account, [(blamed.fault, blamed.reason) for blamed in ours])
        if hook is not None and found.outcome is Outcome.MALFORMED:
            # Store the bytes: they show the provider's current format.
            await hooks.put_push(connection, hook, body=raw, outcome=found.outcome, about=(), now=now, again_before=now)
        await notices.open_notices(connection, [*drafts, *_report_notices(account, found)], now=now)
    return found


async def record_refusals(
    connection: Connection, account: Account, sent: Sequence[tuple[str, Sent]], *, now: datetime
) -> list[NoticeDraft]:
    """Record SMTP refusals by effect key: bounces of recipients, faults of the sender. Returns notices."""
    reported = [Bounce(key, each.bounced, each.message) for key, each in sent if each.bounced is not None]
    ours = [(fault, each.message) for _, each in sent if (fault := fault_of(account, each)) is not None]
    return [*await _record_bounces(connection, account, reported, now=now), *sender_notices(account, ours)]


def fault_of(account: Account, sent: Sent) -> SenderFault | None:
    """The sender's fault for which a mail server refused a mail; None if there is none."""
    if account.kind is not PartyKind.MAIL or sent.outcome is not Outcome.REFUSED or sent.bounced is not None:
        return None
    return verdict_of(enhanced_status(sent.message), sent.message).ours


def sender_notices(account: Account, reported: Sequence[tuple[SenderFault, str]]) -> list[NoticeDraft]:
    """One notice per fault of the sending account, however many mails it affects; recipients are not concerned."""
    drafts = []
    for fault, reason in sorted(dict(reported).items()):
        cleaned = redact(clean_text(reason))
        words = f"Mail servers refuse mails of {account.name}: {_FAULT_TEXTS[fault]} The last one said: {cleaned}. "
        words += "It is no fault of the readers; their addresses go on getting mail."
        facts = {"account": account.name, "why": cleaned, "variant": fault.value}
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


_FAULT_TEXTS = {
    SenderFault.AUTHENTICATION: "SPF, DKIM or DMARC of the sender's domain does not hold. Look at its DNS records.",
    SenderFault.BLOCKED: "the address that they come from is blocked or on a blocklist. Ask the mail provider.",
    SenderFault.CONTENT: "they are taken for spam or for dangerous. Look at the layout, links and sender's name.",
    SenderFault.POLICY: "a rule there does not let them in. Ask the mail provider.",
    SenderFault.RATE: "they come too fast or too many. Lower the account's `per_minute` or ask for a higher limit.",
    SenderFault.RELAY: "the server does not send for this sender. Look at `from_address` and the credentials.",
    SenderFault.REVERSE_DNS: "the sending server's name and address do not belong together (PTR record).",
    SenderFault.SIZE: "they are too big. Make the layout's pictures smaller.",
}


async def _record_bounces(
    connection: Connection, account: Account, reported: Sequence[Bounce], *, now: datetime
) -> list[NoticeDraft]:
    """Store bounces; returns notices. Bounces of mails that this account did not send are ignored."""
    drafts = []
    # A fixed order, so that two reports about the same addresses cannot deadlock.
    for reports in sorted(reported, key=lambda b: (b.mail, b.kind)):
        bounce = replace(reports, reason=clean_text(reports.reason))  # a server's own words
        mail = await bounces.mail_sent(connection, account.store_id, account.id, bounce.mail)
        if mail is None:
            log.info("something came back that this account did not send", account=account.name)
            continue
        cleaned = replace(bounce, reason=redact(bounce.reason))
        if await _suppress_if_due(connection, account.store_id, mail, cleaned, now=now):
            drafts.append(_bounced_notice(account, mail, cleaned.kind, cleaned.reason))
    # A spam complaint opens no notice: nobody should contact the customer about it.
    return [draft for draft in drafts if draft.facts["variant"] != BounceKind.COMPLAINT]


async def _suppress_if_due(
    connection: Connection, store_id: int, mail: MailSent, bounce: Bounce, *, now: datetime
) -> bool:
    """Store the bounce. Returns whether the address was suppressed by it."""
    if not await bounces.add_bounce(connection, store_id, mail, bounce.kind, bounce.reason, now=now):
        return False
    since = now - SOFT_WITHIN
    soft = await bounces.count_soft_bounces(connection, store_id, mail.address, mail.effect_id, since=since)
    if not suppresses(bounce.kind, soft):
        return False
    return await bounces.suppress_address(connection, store_id, mail.address, bounce.kind, bounce.reason, now=now)


async def lift_suppression(context: Context, store_id: int, address: str, by: Actor | None = None) -> None:
    """Mail to this address again. Raises `MissingError` if it is not suppressed."""
    plain = normal_address(address)
    async with transaction(context.pool) as connection:
        if "\0" in plain or not await bounces.lift_suppression(connection, store_id, plain):
            raise MissingError("not_suppressed", "This address gets mail: nothing keeps it back.")
        await audit_log.write_entry(context, connection, store_id, by, AuditAction.LIFT_SUPPRESSION, masked(plain))
        await _end_notices(connection, store_id, plain, now=context.now())


async def _end_notices(connection: Connection, store_id: int, address: str, *, now: datetime) -> None:
    """Resolve the bounce notices of an address."""
    for number in await bounces.orders_with_bounces(connection, store_id, address):
        await notices.resolve_subject(connection, store_id, [NoticeKind.MAIL_BOUNCED], f"order {number}", now=now)


async def suppressions(
    context: Context, store_id: int, *, before: int | None = None, limit: int = 100
) -> list[Suppression]:
    """A store's suppressed addresses, newest first."""
    async with context.pool.connection() as connection:
        return await bounces.suppressions(connection, store_id, before=before, limit=limit)


async def mail_account(context: Context, store_id: int, name: str = "") -> Account:
    """The store's only mail account, or the one of this name. Raises `MissingError`; `InvalidError` if ambiguous."""
    async with context.pool.connection() as connection:
        all_of_them = await stores.accounts(connection, context.secret_key, store_ids=[store_id])
    found = [a for a in all_of_them if a.kind is PartyKind.MAIL and name in {"", a.name}]
    if not found:
        raise MissingError("no_mail_account", f"There is no mail account{f' named {name!r}' if name else ''}.")
    if len(found) > 1:
        names = ", ".join(sorted(account.name for account in found))
        raise InvalidError("which_account", f"There are several mail accounts; name one: {names}.")
    return found[0]


def _report_notices(account: Account, found: Report) -> Sequence[NoticeDraft]:
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


async def open_bounce_webhook(context: Context, account: Account, public_url: str) -> str:
    """The secret webhook URL for a provider's bounce reports. Created once."""
    async with transaction(context.pool) as connection:
        hook = await hooks.put_hook(
            connection,
            account.store_id,
            account.id,
            token=context.new_token(),
            secret=context.new_token(),
            key=context.secret_key,
            now=context.now(),
        )
    return f"{public_url.rstrip('/')}/hooks/{account.connector}/{hook.token}"


async def close_bounce_webhook(context: Context, account: Account) -> None:
    """Remove the webhook URL; a later one differs."""
    async with transaction(context.pool) as connection:
        await hooks.remove_hook(connection, account.id)


async def mail_figures(context: Context, account: Account) -> MailFigures:
    """Delivery figures of the account's mails."""
    async with context.pool.connection() as connection:
        return await bounces.mail_figures(connection, account.store_id, account.id)
