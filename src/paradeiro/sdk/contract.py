"""In: nothing; out: what a connector is and may say. All protocols of Paradeiro are here."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol, runtime_checkable

from paradeiro.domain.customers.bounces import Bounce, SenderBounce
from paradeiro.domain.following.contract_drift import Expected
from paradeiro.domain.following.tracking_codes import free_code_problem
from paradeiro.domain.orders.identifiers import IdentifierKind
from paradeiro.domain.records import Message, ParsedAnswer
from paradeiro.domain.words import BounceKind, EffectKind, Outcome, PartyKind, ProofKind, Way
from paradeiro.sdk.sessions import Session, Subscribed
from paradeiro.sdk.tokens import TokenStore
from paradeiro.sdk.ways_in import FileSplitter, ParserWithSettings

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class AccountField:
    """One field of an account's settings. Secret ones are stored encrypted and never shown."""

    name: str
    secret: bool = False
    required: bool = True
    help: str = ""
    example: str = ""  # a value that can be used, for fields that take only some


@dataclass(frozen=True, slots=True)
class AccountRef:
    """One set of credentials at one party, decrypted for use. Its repr shows no setting. `inner_hosts`: host names in
    our own network that a user-entered address may lead to.
    """

    id: int
    store_id: int
    connector: str
    name: str
    settings: Mapping[str, str] = field(repr=False)
    channel: str | None = None
    inner_hosts: frozenset[str] = frozenset()
    # Takes one request from the per-minute allowance that all workers share; returns when it may be made.
    spend: Callable[[float], Awaitable[None]] | None = field(default=None, repr=False, compare=False)
    # Stores the party's tokens for all workers (None: in this process only).
    keep: TokenStore | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a party answered about one tracking code: `body` is the raw slice that belongs to it (bytes as received).

    For RETRY, AUTH_FAILED, MALFORMED of a whole batch, every code of the batch gets that outcome and the same body.
    `retry_after` in seconds, if the party named one. `in_vain`, with REFUSED: asking again will never help (the code is
    of another contract). `unasked`: nothing was sent (it is remembered, or cannot be asked), so it says nothing of the
    party's health.
    """

    tracking_code: str
    outcome: Outcome
    body: bytes = b""
    message: str = ""
    http_status: int | None = None
    retry_after: float | None = None
    in_vain: bool = False
    unasked: bool = False


@dataclass(frozen=True, slots=True)
class ProofAsked:
    """A package whose proof of delivery is requested. `ticket`: from an earlier answer, to continue that request."""

    tracking_code: str
    ticket: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of a proof: the party's bytes, unchecked. Its repr shows nothing of it."""

    content: bytes = field(repr=False)
    comment: str = field(default="", repr=False)
    taken_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ProofAnswer:
    """A party's answer about the proof of one delivery. FOUND: `pictures` are all there are. NOT_FOUND: not available
    yet, `ticket` may help the next time. MALFORMED: the answer, or one of its pictures, could not be read (`pictures`
    are the readable ones).
    """

    tracking_code: str
    outcome: Outcome
    pictures: tuple[Picture, ...] = field(default=(), repr=False)
    message: str = ""
    ticket: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """A rendered effect, ready to send. HTTP sinks use method, path (below the account's base address) and body; the
    mail sink puts the whole RFC 5322 message into body and the envelope into headers (`To`, `From`). `remark`: which of
    the store's settings could not be used (opens a notice). `unfit`: what is missing, so that it is refused unsent.
    """

    method: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    remark: str = ""
    unfit: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """The result of sending a message. `outcome` is FOUND (accepted; receipt given), NOT_WRITTEN (accepted, but reading
    back shows nothing of it), RETRY, AUTH_FAILED, REFUSED, MALFORMED, or ENDED (the interface was switched off;
    `message` says what to do). A 401 or 403 about one order is REFUSED: AUTH_FAILED stops the account. FOUND without
    `http_status`: nothing had to be sent, so it does not show whether sending works.

    `in_doubt` is true when the party may have accepted before the connection broke, `gone` when it says that the
    endpoint no longer exists. `bounced`, with REFUSED: what that means for the recipient's address. `about_one`, with
    RETRY: the refusal concerns this recipient, order or message only; others may be sent.
    """

    outcome: Outcome
    receipt: str = ""
    message: str = ""
    http_status: int | None = None
    retry_after: float | None = None
    in_doubt: bool = False
    gone: bool = False
    bounced: BounceKind | None = None
    about_one: bool = False


@dataclass(frozen=True, slots=True)
class Push:
    """A request that a party sent to our webhook address: header names in lower case, the body as received."""

    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class PushRead:
    """The result of reading a push. `outcome`: FOUND (proven, names what to look up now), NOT_FOUND (proven, names
    nothing), MALFORMED (proven, unreadable: bytes stored, a notice), AUTH_FAILED (not proven: nothing is stored). A
    push is a hint: `about` are tracking codes or order numbers to look up. `states_facts`: its body is an answer, which
    `parse` reads; only for pushes that nobody but the party can have sent (signed, or with its key). `identity`: two
    with the same are one push, whenever they arrive; empty: the bytes identify it, and may mean something new later.
    """

    outcome: Outcome
    about: tuple[str, ...] = ()
    message: str = ""
    identity: str = ""
    states_facts: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """What was sent to a mail account's report address. `outcome`: FOUND (`bounces` concern the recipients, `blamed`
    the sender), NOT_FOUND, MALFORMED (bytes stored, a notice). It is proven by the key of a mail of ours that it names.
    `confirm`: an address that a person has to open before the provider posts.
    """

    outcome: Outcome
    bounces: tuple[Bounce, ...] = ()
    blamed: tuple[SenderBounce, ...] = ()
    message: str = ""
    confirm: str = ""


# The setting under which `read_push` finds what the party signs with, beside the account's own.
HOOK_SECRET = "hook_secret"  # noqa: S105 - the setting's name


class CarrierSession(Session, Protocol):
    async def fetch(self, tracking_codes: Sequence[str]) -> list[Answer]:
        """One answer per code, in the given order, for at most `batch_size` codes. Raises nothing: faults are
        outcomes.
        """
        ...


class LargeBatchSession(CarrierSession, Protocol):
    async def fetch_many(self, tracking_codes: Sequence[str]) -> list[Answer]:
        """Answers for those of up to `large_batch_size` codes that a bulk interface answered; `fetch` looks up all
        others. Takes about a minute at most and raises nothing; its failures say nothing about the account.
        """
        ...


class ProofSession(Session, Protocol):
    async def fetch_proofs(self, kind: ProofKind, asked: Sequence[ProofAsked]) -> list[ProofAnswer]:
        """One answer per code, in the given order, for at most `proof_batch_size` codes whose proof of this `kind` is
        requested. Raises nothing: not available yet is NOT_FOUND, an unreadable picture MALFORMED.
        """
        ...


class SinkSession(Session, Protocol):
    async def send(self, request: Request, telling_id: str) -> Sent:
        """Send one request. `telling_id` travels as idempotency key."""

    async def already_done(self, request: Request, telling_id: str) -> bool | None:
        """After a doubt: whether the party shows that this very request was carried out. False if that can never be
        known, None if it cannot be read now: then it is not sent again until it can.
        """
        ...


@runtime_checkable
class Endpoint(SinkSession, Protocol):
    """A sink whose address a user entered. Like `send`, it raises nothing."""

    async def look(self) -> str:
        """Why its address must not be contacted; empty if it may be."""
        ...

    async def try_out(self, telling_id: str) -> Sent:
        """Send a test message that concerns no order."""
        ...


@runtime_checkable
class Subscriber(Session, Protocol):
    """A session that can register an address of ours for pushes. Like `fetch`, it raises nothing."""

    async def subscription(self, url: str) -> Subscribed:
        """Whether the party pushes to this address."""
        ...

    async def subscribe(self, url: str, secret: str, contact: str) -> Subscribed:
        """Have it push there, signed with `secret`; an existing subscription is left as it is. `contact` is an e-mail
        address of the shop.
        """
        ...

    async def unsubscribe(self, url: str) -> Subscribed:
        """End the subscription. NOT_FOUND when there is none."""
        ...

    async def try_out(self, url: str) -> Subscribed:
        """Have it send a test push now."""
        ...


@dataclass(frozen=True, slots=True)
class Connector:
    """One outside party. `open` makes a session; `parse`, `render`, `read_push` and `read_report` are pure. What it
    cannot do is None or empty.

    `ways`: how it tells its news: with FEED its session is a `CarrierFeedSession` (read `feed_every`), with PUSH it has
    `read_push` of facts, with FILE `split_file`. `identifiers`: what it takes to find a shipment by, what it finds best
    first. `parse_with`: instead of `parse`, where reading depends on the account's settings.
    `fields`: the expected shape of each answer, watched for change. `whole_history`: an answer contains the complete
    history, so an event missing from a later one was withdrawn. `country`: whose public holidays apply (ISO 3166-1
    alpha-2). `large_batch_size`: for how many codes its session has `fetch_many`; `proofs`: which proofs of delivery
    its session has `fetch_proofs` for. `pauses`: how long a message waits after each failed attempt; after the last one
    its account is disabled until a person enables it (none: attempts never end). `pace`: how many messages a minute an
    account with these settings takes (None: no limit).
    """

    name: str
    title: str
    kinds: frozenset[PartyKind]
    account_fields: tuple[AccountField, ...]
    open: Callable[[AccountRef, Clock], Any]
    ways: frozenset[Way] = frozenset({Way.ASKED})
    identifiers: tuple[IdentifierKind, ...] = (IdentifierKind.TRACKING_CODE,)
    time_zone: str = "America/Sao_Paulo"
    batch_size: int = 1
    requests_per_second: float = 5.0
    parse: Callable[[bytes], list[ParsedAnswer]] | None = None
    parse_with: ParserWithSettings | None = None
    check_code: Callable[[str], Any] | None = None
    tracking_url: Callable[[str], str] | None = None
    recognises_courier: Callable[[str], bool] | None = None
    fallback_for: frozenset[str] = frozenset()  # other carriers' connectors whose codes it can look up
    render: Callable[[Message, Mapping[str, str]], Request] | None = None
    effects: frozenset[EffectKind] = frozenset()
    fields: Mapping[str, Expected] = field(default_factory=dict, repr=False)
    whole_history: bool = False
    country: str = "BR"
    read_push: Callable[[Push, Mapping[str, str]], PushRead] | None = None
    read_report: Callable[[bytes], Report] | None = None
    large_batch_size: int = 0
    proofs: frozenset[ProofKind] = frozenset()
    proof_batch_size: int = 1
    pauses: tuple[timedelta, ...] = ()
    pace: Callable[[Mapping[str, str]], float] | None = None
    needs_invoice: bool = True  # without an invoice number nothing about a package is sent to a marketplace
    feed_every: timedelta = timedelta(minutes=10)
    split_file: FileSplitter | None = None
    push_reply: bytes = b""  # what a push that was taken is answered with, as JSON, where the party insists

    def code_has_form(self, code: str) -> bool:
        """Whether this carrier's codes have a form of their own, and this (tidied) code is one."""
        check = self.check_code
        return check is not None and check is not free_code_problem and check(code) is None

    def parser_for(self, settings: Mapping[str, str]) -> Callable[[bytes], list[ParsedAnswer]] | None:
        """The parser of answers to an account with these settings; None if the connector reads no answers."""
        if self.parse_with is None:
            return self.parse
        parse_with = self.parse_with
        return lambda body: parse_with(body, settings)
