"""In: nothing; out: the enumerations of the domain: statuses, kinds, outcomes, actions."""

from enum import StrEnum


class Status(StrEnum):
    """Where a shipment stands. `RETURNED`, `DELIVERED` and `CANCELLED` are final."""

    REGISTERED = "registered"
    ACCEPTED = "accepted"
    IN_TRANSIT = "in_transit"
    OUT_FOR_DELIVERY = "out_for_delivery"
    AVAILABLE_FOR_PICKUP = "available_for_pickup"
    ATTEMPT_FAILED = "attempt_failed"
    EXCEPTION = "exception"
    RETURNING = "returning"
    RETURNED = "returned"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"

    @property
    def final(self) -> bool:
        return self in _FINAL


_FINAL = frozenset({Status.RETURNED, Status.DELIVERED, Status.CANCELLED})


class Reason(StrEnum):
    """The reason of a status, where it has one."""

    RECIPIENT_ABSENT = "recipient_absent"
    RECIPIENT_MOVED = "recipient_moved"
    RECIPIENT_UNKNOWN = "recipient_unknown"
    ADDRESS_PROBLEM = "address_problem"
    REFUSED = "refused"
    CUSTOMS_HOLD = "customs_hold"
    PAYMENT_DUE = "payment_due"
    CUSTOMS = "customs"
    ON_HOLD = "on_hold"
    RESTRICTED_AREA = "restricted_area"
    DAMAGED = "damaged"
    LOST = "lost"
    STOLEN = "stolen"
    SEIZED = "seized"
    DESTROYED = "destroyed"
    DELAYED = "delayed"
    MISROUTED = "misrouted"
    PICKUP_EXPIRED = "pickup_expired"
    NOT_FOUND = "not_found"
    OTHER = "other"


class Source(StrEnum):
    """Who stated a tracking event."""

    CARRIER = "carrier"
    API = "api"
    OPERATOR = "operator"


class Withdraws(StrEnum):
    """What an event withdraws."""

    PREVIOUS = "previous"  # the event just before it (Correios EST)
    DELIVERY = "delivery"  # any delivery stated before it (a corrective write-off, an operator's reopening)
    NAMED = "named"  # the event of the same source whose `reference` it names
    DISAPPEARANCE = "disappearance"  # our event that a delivery was no longer shown: it is shown again


class EffectKind(StrEnum):
    """The kind of an effect (a message to a sink). Which supersede others: `SUPERSEDING` in plan.py."""

    TRACKING_NUMBER = "tracking_number"  # order system: the tracking number of an invoice
    ORDER_OPENING = "order_opening"  # order system that mails: a first line, so that the next update is a second one
    ORDER_UPDATE = "order_update"  # order system: the whole history, delivered or not
    CUSTOMER_MAIL = "customer_mail"  # customer: the latest position
    CUSTOMER_CORRECTION = "customer_correction"  # customer: a delivery that we reported was not one
    CUSTOMER_REMINDER = "customer_reminder"  # customer: the pickup deadline is near
    CUSTOMER_ADDRESS = "customer_address"  # a new address: confirmation that the mails about an order shall go there
    MARKETPLACE_INVOICE = "marketplace_invoice"
    MARKETPLACE_TRACKING_NUMBER = "marketplace_tracking_number"
    MARKETPLACE_OPENING = "marketplace_opening"  # for channels that accept a delivery only after a shipped status
    MARKETPLACE_UPDATE = "marketplace_update"
    WEBHOOK_EVENT = "webhook_event"  # an endpoint: one change, with the facts of that time


class Topic(StrEnum):
    """What a channel subscribes to."""

    INVOICE = "invoice"
    NUMBER = "number"  # its tracking number
    POSITION = "position"  # each change on the way
    DELIVERY = "delivery"  # that it is delivered, or is not after all


class Way(StrEnum):
    """How a carrier tells its news."""

    ASKED = "asked"  # we ask about each shipment
    FEED = "feed"  # it lists what changed, of all shipments
    PUSH = "push"  # it sends facts to our webhook address
    FILE = "file"  # it writes files (EDI)


class DeadlineStart(StrEnum):
    """The start of the deadline for the tracking number."""

    ORDERED = "ordered"
    INVOICED = "invoiced"


class DeadlineKind(StrEnum):
    """What a channel must receive by a deadline."""

    NUMBER = "number"
    DELIVERY = "delivery"


class PartyKind(StrEnum):
    """What an account's party does for a store."""

    CARRIER = "carrier"
    ORDER_SYSTEM = "order_system"
    MARKETPLACE = "marketplace"
    MAIL = "mail"
    WEBHOOK = "webhook"


class Mailer(StrEnum):
    """Who mails a store's customers. Never both."""

    PARADEIRO = "paradeiro"
    ORDER_SYSTEM = "order_system"  # it mails when it gets a history (VTEX: at each different PUT)


class MailKind(StrEnum):
    """The kinds of customer mails, as used in a store's mail policy."""

    SHIPPED = "shipped"
    IN_TRANSIT = "in_transit"
    OUT_FOR_DELIVERY = "out_for_delivery"
    AVAILABLE_FOR_PICKUP = "available_for_pickup"
    PICKUP_REMINDER = "pickup_reminder"
    ATTEMPT_FAILED = "attempt_failed"
    PROBLEM = "problem"
    DELIVERED = "delivered"
    RETURNED = "returned"
    CORRECTION = "correction"
    ADDRESS = "address"


class MailChoice(StrEnum):
    """Which mails about an order its customer wants."""

    ALL = "all"
    IMPORTANT = "important"  # urgent, needs their action, or final
    NONE = "none"


class BounceKind(StrEnum):
    """The kind of a bounced customer mail."""

    HARD = "hard"  # the address does not exist
    SOFT = "soft"  # only this mail was not accepted: mailbox full, taken for spam
    COMPLAINT = "complaint"  # the recipient reported it as spam


def status_or_unknown(word: str) -> Status:
    """A stored status; a value of a newer version becomes `UNKNOWN`."""
    return Status(word) if word in set(Status) else Status.UNKNOWN


def reason_or_other(word: str | None) -> Reason | None:
    """A stored reason; a value of a newer version becomes `OTHER`."""
    if not word:
        return None
    return Reason(word) if word in set(Reason) else Reason.OTHER


class NoticeKind(StrEnum):
    """The kind of a notice: a problem that needs a person."""

    UNKNOWN_CODE = "unknown_code"
    MALFORMED_REPLY = "malformed_reply"
    CREDENTIALS_REFUSED = "credentials_refused"
    IMPLAUSIBLE_EVENT = "implausible_event"
    CONTRADICTED_DELIVERY = "contradicted_delivery"
    DELIVERY_WITHDRAWN = "delivery_withdrawn"
    EFFECT_REFUSED = "effect_refused"
    OUTAGE = "outage"
    WRONG_CODE = "wrong_code"
    NO_ACCOUNT = "no_account"
    NO_ADDRESS = "no_address"
    PUSH_REFUSED = "push_refused"
    CONTRACT_DRIFT = "contract_drift"
    INTERFACE_ENDED = "interface_ended"
    SILENCE = "silence"
    PROOF_UNREADABLE = "proof_unreadable"
    ENDPOINT_DISABLED = "endpoint_disabled"
    CARRIER_UNLISTED = "carrier_unlisted"
    NO_INVOICE = "no_invoice"
    NO_INVOICE_KEY = "no_invoice_key"
    ERASURE_ASKED = "erasure_asked"
    TEMPLATE_FAILED = "template_failed"
    MAIL_BOUNCED = "mail_bounced"
    SENDER_REFUSED = "sender_refused"
    ORDER_SET_ASIDE = "order_set_aside"
    SET_ASIDE = "set_aside"
    JOB_FAILING = "job_failing"
    AMBIGUOUS_SHIPMENT = "ambiguous_shipment"
    WRONG_CARRIER = "wrong_carrier"
    FEED_GAP = "feed_gap"
    QUOTA_USED = "quota_used"


class Drift(StrEnum):
    """How a party's answers deviate from what its connector expects."""

    UNREADABLE = "unreadable"  # answers that cannot be read
    FIELD_GONE = "field_gone"  # a field that nearly every answer had
    FIELD_NEW = "field_new"  # an undeclared field
    TYPE_CHANGED = "type_changed"  # a field of another type
    EVENTS_GONE = "events_gone"  # no events any more for packages that had some
    SLOWER = "slower"  # answers take several times as long
    UNSTEADY = "unsteady"  # it alternately fails and answers

    @property
    def heals(self) -> bool:
        """Whether its notice resolves by itself; else a person must check the consequences."""
        return self in _HEAL


_HEAL = frozenset({Drift.EVENTS_GONE, Drift.SLOWER, Drift.UNSTEADY})


class Outcome(StrEnum):
    """The outcome of a request. For carriers anything but `FOUND` leaves the timeline unchanged."""

    FOUND = "found"
    NOT_FOUND = "not_found"  # it answered; unknown yet
    RETRY = "retry"  # could not answer: ask again later
    AUTH_FAILED = "auth_failed"  # the account pauses until new credentials
    MALFORMED = "malformed"  # bytes kept, notice, this reply is not tried again
    REFUSED = "refused"  # it understood and refused (invalid code, another contract)
    NOT_WRITTEN = "not_written"  # sinks: accepted, but reading back shows no change
    ENDED = "ended"  # sinks: the interface was switched off; the account pauses


class ProofKind(StrEnum):
    """The kinds of proof of delivery."""

    IMAGE = "image"  # pictures taken by the courier: the front of the house, the recipient, the package
    SIGNED = "signed"  # the acknowledgement of receipt that the recipient signed (Correios: AR), as a picture


class ProofState(StrEnum):
    """The state of the search for one proof of delivery."""

    WANTED = "wanted"  # requested, with retries
    KEPT = "kept"  # stored
    GIVEN_UP = "given_up"  # no more retries
    WITHDRAWN = "withdrawn"  # the delivery was withdrawn: stored proofs are marked


class AuditAction(StrEnum):
    """The action of an audit entry."""

    ORDER = "order"
    REGISTER = "register"
    INVOICE = "invoice"
    EVENT = "event"
    CONFIRM_DELIVERY = "confirm_delivery"
    REOPEN = "reopen"
    REPLACE = "replace"
    RESTORE = "restore"
    EXPORT_CUSTOMER = "export_customer"
    ERASE_CUSTOMER = "erase_customer"
    KEEP_CUSTOMERS = "keep_customers"
    SHOW_PROOFS = "show_proofs"
    ASK_NOW = "ask_now"
    RESOLVE_NOTICE = "resolve_notice"
    RESEND = "resend"
    SET_MAILER = "set_mailer"
    SET_CHANNEL = "set_channel"
    SET_CARRIERS = "set_carriers"
    SET_COURIER = "set_courier"
    MOVE_SHIPMENT = "move_shipment"
    MAP_CODE = "map_code"
    TAKE_FILE = "take_file"
    SET_BRAND = "set_brand"
    SET_MAILS = "set_mails"
    LIFT_SUPPRESSION = "lift_suppression"
    ADD_WEBHOOK = "add_webhook"
    CHANGE_WEBHOOK = "change_webhook"
    REMOVE_WEBHOOK = "remove_webhook"
    SET_ACCOUNT = "set_account"
    PAUSE_ACCOUNT = "pause_account"
    RESUME_ACCOUNT = "resume_account"
    MAKE_KEY = "make_key"
    REVOKE_KEY = "revoke_key"
    USE_KEY = "use_key"
    REFUSE_KEY = "refuse_key"
    SIGN_IN = "sign_in"
    SIGN_OUT = "sign_out"
    REFUSE_SIGN_IN = "refuse_sign_in"
    END_SESSION = "end_session"
    ADD_OPERATOR = "add_operator"
    SET_ROLE = "set_role"
    END_OPERATOR = "end_operator"
    RESET_OPERATOR = "reset_operator"
    SET_PASSWORD = "set_password"  # noqa: S105 - the name of an action
    SET_SECOND_FACTOR = "set_second_factor"
    SET_PASSKEY = "set_passkey"
    LINK_IDENTITY = "link_identity"


class Role(StrEnum):
    """What a person may do in a store: see, do the daily work, or everything."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMINISTRATOR = "administrator"


class SignInMethod(StrEnum):
    """By what a session was begun. `link`: one that this machine printed."""

    PASSWORD = "password"  # noqa: S105 - a method's name
    PASSWORD_TOTP = "password_totp"  # noqa: S105 - the same, with a code of an app
    PASSKEY = "passkey"
    OPENID = "openid"
    LINK = "link"


class LinkPurpose(StrEnum):
    """What a one-time link does. `first`: makes the first administrator. `sign_in`: signs in, without a password."""

    FIRST = "first"
    INVITATION = "invitation"
    RESET = "reset"
    SIGN_IN = "sign_in"


class EntryPoint(StrEnum):
    """The entry point through which an actor came."""

    API = "api"
    PAGE = "page"
    CLI = "cli"


class TableProblem(StrEnum):
    """Why a table, or a line of one, cannot be taken."""

    EMPTY = "empty"
    ENCODING = "encoding"
    NO_COLUMN = "no_column"
    COLUMN_TWICE = "column_twice"
    QUOTES = "quotes"
    TOO_MANY = "too_many"
    TOO_WIDE = "too_wide"
    MISSING = "missing"
    TOO_LONG = "too_long"
    DATE = "date"
    AMOUNT = "amount"
    TEXT = "text"
    EMAIL = "email"
    CARRIER = "carrier"
    KEY = "key"
    KEY_SPOILT = "key_spoilt"
    CODE = "code"
    DIGIT = "digit"
    SEVERAL = "several"
