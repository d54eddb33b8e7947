"""In: how a store mails its customers; out: the store's policy, what its mails are made of, and when each may go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from paradeiro.db import addresses, bounces, brands, effects, mailing, notices, stores
from paradeiro.db.addresses import Asked
from paradeiro.db.audit import By
from paradeiro.db.effects import Claimed
from paradeiro.db.notices import NoticeDraft
from paradeiro.db.pool import Connection, transaction
from paradeiro.db.stores import Account, Store
from paradeiro.domain.bounces import same_address
from paradeiro.domain.brand import Brand
from paradeiro.domain.mailing import OWED, Mailed, MailPolicy, OwnTemplates, mail_kind, may_go_at, reminds, wanted
from paradeiro.domain.records import AskedAddress, Telling
from paradeiro.domain.words import DeedKind, EffectKind, Mailer, MailKind, NoticeKind, PartyKind
from paradeiro.flow import deeds
from paradeiro.flow.errors import InvalidError
from paradeiro.flow.means import Means
from paradeiro.sdk.contract import Connector
from paradeiro.sdk.hard_cases import hard_cases
from paradeiro.sdk.speech.moments import zone_of

PARTS = ("html", "text")
_LANGUAGES = ("pt-BR", "en", "es")
_SUBJECT = "mail template"


async def set_mailer(means: Means, store_id: int, mailer: Mailer, by: By | None = None) -> None:
    """From now on this one mails. What Paradeiro planned to mail and did not begin is left to the order system then."""
    async with transaction(means.pool) as connection:
        policy = await stores.lock_policy(connection, store_id)
        await stores.set_policy(connection, store_id, replace(policy, mailer=mailer))
        await deeds.note(means, connection, store_id, by, DeedKind.SET_MAILER, mailer)
        if mailer is not Mailer.PARADEIRO:
            for kind in (EffectKind.CUSTOMER_MAIL, EffectKind.CUSTOMER_REMINDER):
                await effects.leave_out(connection, store_id, kind, now=means.now())


async def mailer_of(means: Means, store_id: int) -> Mailer:
    """Who mails this store's customers."""
    async with means.pool.connection() as connection:
        return (await stores.stores(connection, [store_id]))[store_id].policy.mailer


async def mail_policy(means: Means, store_id: int) -> MailPolicy:
    """Which mails go, and when."""
    async with means.pool.connection() as connection:
        return (await stores.stores(connection, [store_id]))[store_id].policy.mail


async def set_mail_policy(means: Means, store_id: int, wanted: MailPolicy, by: By | None = None) -> None:
    """From now on mails go so, those that wait too. Raises `InvalidError`."""
    owed = wanted.unsent & OWED
    if owed:
        words = "A correction is always sent: whoever was told of a delivery that was none must hear it."
        raise InvalidError("owed", words)
    async with transaction(means.pool) as connection:
        policy = await stores.lock_policy(connection, store_id)
        await stores.set_policy(connection, store_id, replace(policy, mail=wanted))
        await deeds.note(means, connection, store_id, by, DeedKind.SET_MAILS, "policy")


@dataclass(frozen=True, slots=True)
class Dress:
    """What the mails of one store are made of beside the facts."""

    brand: Brand
    policy: MailPolicy
    templates: OwnTemplates
    mailed: Mapping[int, Mailed]
    asked: Mapping[int, Asked]

    def on(self, telling: Telling) -> Telling:
        """The telling with all that its mail needs."""
        last = self.mailed.get(telling.shipment.id)
        asked = self.asked.get(telling.shipment.id) if telling.kind is EffectKind.CUSTOMER_ADDRESS else None
        link = f"{telling.tracking_link.rpartition('/')[0]}/confirm/{asked.code}" if asked else ""
        return replace(
            telling,
            brand=self.brand,
            mail=self.policy,
            templates=self.templates,
            mailed=last,
            asked=AskedAddress(asked.address, link) if asked else None,
        )


async def dress(connection: Connection, store: Store, claimed: Sequence[Claimed]) -> Dress:
    """Read it once for a batch."""
    asking = [c.order_id for c in claimed if c.kind == EffectKind.CUSTOMER_ADDRESS]
    asked = await addresses.asked(connection, asking) if asking else {}
    return Dress(
        await brands.brand_of(connection, store.id),
        store.policy.mail,
        await mailing.templates(connection, store.id),
        await mailing.mailed(connection, [c.shipment_id for c in claimed]),
        {c.shipment_id: asked[c.order_id] for c in claimed if c.order_id in asked},
    )


async def may_go(connection: Connection, claimed: Claimed, telling: Telling, *, now: datetime) -> bool:
    """Whether this mail goes now. If not it waits for its hour, or is given up because it would not be true."""
    snapshot, zone = telling.timeline.snapshot, zone_of(telling.store_zone)
    kind = mail_kind(telling.kind, snapshot.status, snapshot.reason)
    address = told_to(telling)
    dead = (await bounces.suppressed(connection, claimed.store_id, [address])).get(address)
    stale = kind is MailKind.PICKUP_REMINDER and not reminds(
        snapshot.status, snapshot.pickup_deadline, now.astimezone(zone).date()
    )
    # What waited for its hour while another label took this one's place is no news any more.
    stale = stale or (telling.shipment.replaced_by is not None and kind not in OWED | {MailKind.ADDRESS})
    unwanted = not wanted(kind, telling.order.customer.mails)
    if kind is MailKind.ADDRESS and telling.asked is None:
        await effects.leave(connection, claimed.id, message="the address was confirmed, or another asked for", now=now)
        return False
    if dead is not None:
        words = f"the address gets no more mail since {dead.since:%Y-%m-%d}: {dead.reason}"
        await effects.leave(connection, claimed.id, message=words, now=now)
        return False
    if stale or unwanted or kind in telling.mail.unsent:
        whose = "customer's choice" if unwanted else "store's policy"
        why = "it is not so any more" if stale else f"mails of the kind {kind} are left out by the {whose}"
        await effects.leave(connection, claimed.id, message=why, now=now)
        return False
    hour = may_go_at(kind, telling.mail, snapshot.status, telling.mailed, now=now, zone=zone)
    if hour > now:
        words = f"waits until {hour:%Y-%m-%d %H:%M} as the store's policy says"
        await effects.put_off(connection, claimed.id, until=hour, message=words, now=now)
    return hour <= now


def told_to(telling: Telling) -> str:
    """The address that a mail goes to, as addresses are compared."""
    return same_address(telling.asked.address if telling.asked else telling.order.customer.email or "")


async def complain(connection: Connection, account: Account, remark: str, *, now: datetime) -> None:
    """A mail could not be made as the store wants: somebody is told, once."""
    if not remark:
        return
    words = f"The mails go in the built-in layout, since the store's own failed: {remark}. Correct it and set it again."
    facts = {"why": remark, "account": account.name}
    draft = NoticeDraft(
        account.store_id, NoticeKind.TEMPLATE_FAILED, _SUBJECT, words, account_id=account.id, facts=facts
    )
    await notices.open_notices(connection, [draft], now=now)


async def own_templates(means: Means, store_id: int) -> OwnTemplates:
    """The store's own layout."""
    async with means.pool.connection() as connection:
        return await mailing.templates(connection, store_id)


def template_problem(connectors: Mapping[str, Connector], part: str, source: str) -> str:
    """What is wrong with a layout, tried on every hard case in every language; empty if nothing is."""
    if part not in PARTS:
        return f"'{part}' is no part of a mail: html or text."
    own = OwnTemplates(**{part: source})
    for connector in connectors.values():
        if PartyKind.MAIL in connector.kinds and connector.render is not None:
            for name, telling in _tried(connector):
                remark = connector.render(replace(telling, templates=own), {}).remark
                if remark:
                    return f"{remark} (tried on: {name})"
    return ""


def _tried(connector: Connector) -> Sequence[tuple[str, Telling]]:
    found = []
    for kind in sorted(connector.effects):
        for name, telling in hard_cases(kind):
            for language in _LANGUAGES:
                order = replace(telling.order, customer=replace(telling.order.customer, locale=language))
                found.append((f"{kind}, {name}, {language}", replace(telling, order=order)))
    return found


async def set_template(means: Means, store_id: int, part: str, source: str, by: By | None = None) -> None:
    """Keep a part of the store's own layout; nothing: the built-in one again. Raises `InvalidError`."""
    problem = template_problem(means.connectors, part, source) if source else ""
    if problem:
        raise InvalidError("template", problem)
    async with transaction(means.pool) as connection:
        await mailing.put_template(connection, store_id, part, source, now=means.now())
        await deeds.note(means, connection, store_id, by, DeedKind.SET_MAILS, f"layout, {part}")
        await notices.resolve_subject(connection, store_id, [NoticeKind.TEMPLATE_FAILED], _SUBJECT, now=means.now())
