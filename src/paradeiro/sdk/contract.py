"""In: nothing; out: what a connector is and may say. The only protocols of the house are here."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol, runtime_checkable

from paradeiro.domain.bounces import Blamed, Bounce
from paradeiro.domain.drift import Expected
from paradeiro.domain.records import Order, Parsed, Telling
from paradeiro.domain.words import BounceKind, EffectKind, Outcome, PartyKind, ProofKind
from paradeiro.sdk.tokens import Keep

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class AccountField:
    """One field of an account's settings. Secret ones are stored encrypted and never shown."""

    name: str
    secret: bool = False
    required: bool = True
    help: str = ""


@dataclass(frozen=True, slots=True)
class AccountRef:
    """One set of credentials at one party, decrypted for use. Its repr shows no setting. `inner_hosts`: names in our
    own network that an address typed by somebody may lead to.
    """

    id: int
    store_id: int
    connector: str
    name: str
    settings: Mapping[str, str] = field(repr=False)
    channel: str | None = None
    inner_hosts: frozenset[str] = frozenset()
    # Leave for one request out of so many a minute, which all workers share: returns when it may be made.
    spend: Callable[[float], Awaitable[None]] | None = field(default=None, repr=False, compare=False)
    # Where tokens that its party gives are kept for all workers (None: only here).
    keep: Keep | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a party answered about one tracking code: `body` is the raw slice that belongs to it (bytes as received).

    For RETRY, AUTH_FAILED, MALFORMED of a whole batch, every code of the batch gets that outcome and the same body.
    `retry_after` in seconds, if the party named one. `in_vain`, with REFUSED: asking again will never help (the code is
    of another contract).
    """

    tracking_code: str
    outcome: Outcome
    body: bytes = b""
    message: str = ""
    http_status: int | None = None
    retry_after: float | None = None
    in_vain: bool = False


@dataclass(frozen=True, slots=True)
class ProofAsked:
    """A package whose proof of delivery is wanted. `ticket`: what an earlier answer gave to come back with."""

    tracking_code: str
    ticket: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of a proof, as the party took it: its bytes are whatever they are. Its repr shows nothing of it."""

    content: bytes = field(repr=False)
    comment: str = field(default="", repr=False)
    taken_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ProofAnswer:
    """What a party answered when asked for the proof of one delivery. FOUND: `pictures` are all there are. NOT_FOUND:
    not there yet, `ticket` may help the next time. MALFORMED: the answer, or one of its pictures, could not be read
    (`pictures` are those that could).
    """

    tracking_code: str
    outcome: Outcome
    pictures: tuple[Picture, ...] = field(default=(), repr=False)
    message: str = ""
    ticket: str = ""


@dataclass(frozen=True, slots=True)
class OrdersPage:
    """Orders that changed at the order system. `cursor` is opaque and handed back at the next call;
    `more` says that there is another page now. `problem` is RETRY or AUTH_FAILED, with `message`, else None. `total`:
    how many orders this look lists in all, as far as it is known.
    """

    orders: tuple[Order, ...] = ()
    cursor: str = ""
    more: bool = False
    problem: Outcome | None = None
    message: str = ""
    retry_after: float | None = None
    total: int = 0


@dataclass(frozen=True, slots=True)
class NamedOrders:
    """Orders read by their numbers: those that are there, those that are `missing`, those `unread` for a reason of
    their own (in `message`). With a `problem`, which is the party's, none was read.
    """

    orders: tuple[Order, ...] = ()
    missing: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    problem: Outcome | None = None
    message: str = ""
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class FeedPage:
    """What a queue at the order system holds for us: orders that something happened to, and the `handles` by which
    that is committed. With a `problem` nothing was taken; NOT_FOUND: there is no queue (any more).
    """

    about: tuple[str, ...] = ()
    handles: tuple[str, ...] = field(default=(), repr=False)
    problem: Outcome | None = None
    message: str = ""
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Right:
    """One right that a key must have at its party. `granted` None: it could not be found out. `remedy`: what to do."""

    name: str
    granted: bool | None
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """A rendered effect, ready to send. HTTP sinks use method, path (below the account's base address) and body;
    the mail sink puts the whole RFC 5322 message into body and the envelope into headers (`To`, `From`).
    `remark`: what of the store's own could not be used; a person is told. `unfit`: what it lacks: refused unsent.
    """

    method: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    remark: str = ""
    unfit: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """How telling ended. `outcome` is FOUND (accepted; receipt given), NOT_WRITTEN (accepted, and reading back shows
    nothing of it), RETRY, AUTH_FAILED, REFUSED, MALFORMED, or ENDED (the interface was switched off; `message` says
    what to do). A 401 or 403 about one order is REFUSED: AUTH_FAILED stops the account. FOUND without `http_status`:
    nothing had to be told, so it says nothing of whether telling works.

    `in_doubt` is true when the other side may have accepted before the connection broke, `gone` when it says that
    nobody listens there any more. `bounced`, with REFUSED: what that says of the address that it went to. `about_one`,
    with RETRY: the party answers, and says no for now to this recipient, order or message; others may go.
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
    """What a party sent us of its own accord: header names in lower case, the body as received."""

    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class PushRead:
    """What a push is worth. `outcome`: FOUND (it is the party's own, and names what to ask about now), NOT_FOUND (its
    own, names nothing), MALFORMED (its own, cannot be read: bytes kept, a notice), AUTH_FAILED (nothing proves that it
    is its own: nothing of it is kept). A push is a hint, never a fact: `about` are tracking codes to ask for, an order
    system's are numbers of orders. `identity`: two with the same are one push, whenever they come; empty: the bytes
    are the push, and later they may mean something new.
    """

    outcome: Outcome
    about: tuple[str, ...] = ()
    message: str = ""
    identity: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What came to a mail account's door. `outcome`: FOUND (`bounces` came back for their readers' reasons, `blamed`
    for ours), NOT_FOUND, MALFORMED (bytes kept, a notice). It is proven by the key of a mail of ours that it names.
    `confirm`: an address that a person has to open before the provider posts.
    """

    outcome: Outcome
    bounces: tuple[Bounce, ...] = ()
    blamed: tuple[Blamed, ...] = ()
    message: str = ""
    confirm: str = ""


# The setting under which `read_push` finds what the party signs with, beside the account's own.
HOOK_SECRET = "hook_secret"  # noqa: S105 - the setting's name


@dataclass(frozen=True, slots=True)
class Subscribed:
    """How a word with a party about its pushes ended. `outcome`: FOUND (it pushes, or was told to try), NOT_FOUND (it
    does not), else what went wrong, with `message` for a person. `notes`: what a person should know although it went
    well. `id` is the party's own name for the subscription.
    """

    outcome: Outcome
    id: str = ""
    message: str = ""
    notes: tuple[str, ...] = ()


@runtime_checkable
class Session(Protocol):
    """An open connection of one account: pools, tokens. Made by `Connector.open`, closed by the flow's owner."""

    async def close(self) -> None: ...


class CarrierSession(Session, Protocol):
    async def fetch(self, tracking_codes: Sequence[str]) -> list[Answer]:
        """One answer per code, in the order asked, for at most `batch_size` codes. Raises nothing for the outside's
        faults: each is an outcome.
        """
        ...


class LargeBatchSession(CarrierSession, Protocol):
    async def fetch_many(self, tracking_codes: Sequence[str]) -> list[Answer]:
        """Answers about those of up to `large_batch_size` codes that a slower way for many gave one about; about all
        others `fetch` is to be asked. It takes about a minute at most, raises nothing and blames nobody: what stands in
        the way of many need not stand in the way of few.
        """
        ...


class ProofSession(Session, Protocol):
    async def fetch_proofs(self, kind: ProofKind, asked: Sequence[ProofAsked]) -> list[ProofAnswer]:
        """One answer per code, in the order asked, for at most `proof_batch_size` codes that `kind` is wanted of.
        Raises nothing: what is not there yet is NOT_FOUND, a picture that cannot be read MALFORMED.
        """
        ...


class OrderSystemSession(Session, Protocol):
    async def orders(self, cursor: str, watch: Sequence[str]) -> OrdersPage:
        """Orders seen since `cursor` (empty at first), and the order numbers in `watch` read again."""
        ...


@runtime_checkable
class HintedSession(Session, Protocol):
    """An order system's session that reads orders by number, since pushes or a feed name them."""

    async def named(self, numbers: Sequence[str]) -> NamedOrders:
        """These orders, as they are now."""
        ...

    async def rights(self) -> list[Right]:
        """What the account's key may do there, of all that we need. Tried without changing anything."""
        ...

    def beginning(self, days: int) -> str:
        """The cursor of a look at the orders of so many days."""
        ...


@runtime_checkable
class FeedSession(Session, Protocol):
    """A session of an order system that keeps a queue for us."""

    async def feed(self) -> FeedPage:
        """Some of what is in it. It comes again, after a while, until it is committed."""
        ...

    async def commit(self, handles: Sequence[str]) -> Subscribed:
        """These need not come again. Only after what they said is kept."""
        ...

    async def start_feed(self) -> Subscribed:
        """Have the queue kept; one that is kept for us already is left as it is."""
        ...

    async def end_feed(self) -> Subscribed:
        """Have it kept no longer. NOT_FOUND when there is none."""
        ...


class SinkSession(Session, Protocol):
    async def send(self, request: Request, telling_id: str) -> Sent:
        """Carry one request out. `telling_id` travels as idempotency key."""

    async def already_done(self, request: Request, telling_id: str) -> bool | None:
        """After a doubt: whether the other side shows that this very request was carried out. False if that can never
        be known, None if it cannot be read now: then it is not sent again until it can.
        """
        ...


@runtime_checkable
class Endpoint(SinkSession, Protocol):
    """A sink whose address somebody typed. Like `send`, it raises nothing."""

    async def look(self) -> str:
        """Why its address may not be spoken with; empty if it may."""
        ...

    async def try_out(self, telling_id: str) -> Sent:
        """Send a message that speaks of no order."""
        ...


@runtime_checkable
class Subscriber(Session, Protocol):
    """A session that can register an address of ours for pushes. Like `fetch`, it raises nothing."""

    async def subscription(self, url: str) -> Subscribed:
        """Whether the party pushes to this address."""
        ...

    async def subscribe(self, url: str, secret: str, contact: str) -> Subscribed:
        """Have it push there, signed with `secret`; one that does so already is left as it is. `contact` is an e-mail
        address of the shop.
        """
        ...

    async def unsubscribe(self, url: str) -> Subscribed:
        """Have it stop. NOT_FOUND when it does not push there any more."""
        ...

    async def try_out(self, url: str) -> Subscribed:
        """Have it push something now."""
        ...


@dataclass(frozen=True, slots=True)
class Connector:
    """One outside party. `open` makes a session; `parse`, `render`, `read_push` and `read_report` are pure. What it
    cannot do is None or empty.

    `fields`: what each answer is expected to look like, watched for change. `whole_history`: an answer tells all that
    ever happened, so an event that is missing from a later one was taken back. `country`: whose public holidays its
    people keep (ISO 3166-1 alpha-2). `large_batch_size`: for how many codes its session has `fetch_many`; `proofs`:
    which proofs of delivery its session has `fetch_proofs` for. `pauses`: how long a telling waits after each try that
    failed; once they are used up its account is disabled until a person enables it (none: it is tried for ever).
    `pace`: how many tellings a minute an account with these settings takes (None: as many as there are).
    """

    name: str
    title: str
    kinds: frozenset[PartyKind]
    account_fields: tuple[AccountField, ...]
    open: Callable[[AccountRef, Clock], Any]
    time_zone: str = "America/Sao_Paulo"
    batch_size: int = 1
    requests_per_second: float = 5.0
    parse: Callable[[bytes], list[Parsed]] | None = None
    check_code: Callable[[str], Any] | None = None
    tracking_url: Callable[[str], str] | None = None
    recognises_courier: Callable[[str], bool] | None = None
    stands_in_for: frozenset[str] = frozenset()  # other carriers' connectors whose codes it can be asked about
    render: Callable[[Telling, Mapping[str, str]], Request] | None = None
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
    needs_invoice: bool = True  # of a package without an invoice's number a marketplace is told nothing
