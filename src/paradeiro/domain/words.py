"""In: nothing; out: the closed vocabulary of the house. A word that is not here is not said anywhere."""

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
    """Why, where the status needs one."""

    RECIPIENT_ABSENT = "recipient_absent"
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
    """What an event takes back when it is more than news."""

    PREVIOUS = "previous"  # the event just before it (Correios EST)
    DELIVERY = "delivery"  # any delivery stated before it (a corrective write-off, an operator's reopening)
    DISAPPEARANCE = "disappearance"  # our own note that a delivery was no longer shown: it is shown again


class EffectKind(StrEnum):
    """One thing to tell outside. What each supersedes is `SUPERSEDING` in plan.py."""

    TRACKING_NUMBER = "tracking_number"  # order system: the invoice learns its tracking number
    ORDER_OPENING = "order_opening"  # order system that mails: a first line, so that the next update is a second one
    ORDER_UPDATE = "order_update"  # order system: the whole history, delivered or not
    CUSTOMER_MAIL = "customer_mail"  # customer: the latest position
    CUSTOMER_CORRECTION = "customer_correction"  # customer: a delivery that we reported was not one
    CUSTOMER_REMINDER = "customer_reminder"  # customer: the days to pick it up run out
    CUSTOMER_ADDRESS = "customer_address"  # whoever has an address: shall the mails about an order go there?
    MARKETPLACE_INVOICE = "marketplace_invoice"
    MARKETPLACE_TRACKING_NUMBER = "marketplace_tracking_number"
    MARKETPLACE_OPENING = "marketplace_opening"  # that takes a delivery only after: it is shipped
    MARKETPLACE_UPDATE = "marketplace_update"
    WEBHOOK_EVENT = "webhook_event"  # an endpoint: one change, as it was when it came


class Wish(StrEnum):
    """What a channel wants to hear of a package."""

    INVOICE = "invoice"
    NUMBER = "number"  # its tracking number
    POSITION = "position"  # each change on the way
    DELIVERY = "delivery"  # that it is delivered, or is not after all


class Counted(StrEnum):
    """From when a channel counts the hours in which it must have a tracking number."""

    ORDERED = "ordered"
    INVOICED = "invoiced"


class Untold(StrEnum):
    """What a channel must be told by a time."""

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
    """Who mails a store's customers the news of their packages. Never both."""

    PARADEIRO = "paradeiro"
    ORDER_SYSTEM = "order_system"  # it does so when it is told the history (VTEX: at each different PUT)


class MailKind(StrEnum):
    """What a mail to a customer is about; a store's policy speaks of mails by these."""

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
    IMPORTANT = "important"  # what is about this very hour, needs them, or ends it
    NONE = "none"


class BounceKind(StrEnum):
    """Why a mail to a customer came back."""

    HARD = "hard"  # the address is none
    SOFT = "soft"  # this mail was not taken, the next one may be: the mailbox is full, the server took it for spam
    COMPLAINT = "complaint"  # the reader called it spam


def status_shown(word: str) -> Status:
    """A kept status for showing; a word of a newer version, which this one lacks, is unknown."""
    return Status(word) if word in set(Status) else Status.UNKNOWN


def reason_shown(word: str | None) -> Reason | None:
    """A kept reason for showing; a word of a newer version is another reason."""
    if not word:
        return None
    return Reason(word) if word in set(Reason) else Reason.OTHER


class NoticeKind(StrEnum):
    """Something only a human can answer."""

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


class Drift(StrEnum):
    """How a party's answers differ from what its connector expects of them."""

    UNREADABLE = "unreadable"  # answers that cannot be read
    FIELD_GONE = "field_gone"  # a field that nearly every answer had
    FIELD_NEW = "field_new"  # a field that nobody knows
    TYPE_CHANGED = "type_changed"  # a field of another type
    EVENTS_GONE = "events_gone"  # nothing is said any more of packages that had events
    SLOWER = "slower"  # answers take several times as long
    UNSTEADY = "unsteady"  # it fails and answers by turns

    @property
    def heals(self) -> bool:
        """Whether it is over when it no longer shows; else a person must look at what it left behind."""
        return self in _HEAL


_HEAL = frozenset({Drift.EVENTS_GONE, Drift.SLOWER, Drift.UNSTEADY})


class Outcome(StrEnum):
    """What asking about one tracking code gave. Anything but `FOUND` leaves the timeline as it is."""

    FOUND = "found"
    NOT_FOUND = "not_found"  # it answered; unknown yet
    RETRY = "retry"  # could not answer: ask again later
    AUTH_FAILED = "auth_failed"  # the account pauses until new credentials
    MALFORMED = "malformed"  # bytes kept, notice, this reply is not tried again
    REFUSED = "refused"  # it understood and said no (a code that is none, another contract)
    NOT_WRITTEN = "not_written"  # sinks: it said yes, and what it shows is as it was
    ENDED = "ended"  # sinks: the interface that we speak with was switched off; the account pauses


class ProofKind(StrEnum):
    """What proves a delivery."""

    IMAGE = "image"  # pictures that the carrier's person took: the front of the house, who received it, the package
    SIGNED = "signed"  # the acknowledgement of receipt that the recipient signed (Correios: AR), as a picture


class ProofState(StrEnum):
    """How far the search for one proof of a delivery is."""

    WANTED = "wanted"  # it is asked for, again if need be
    KEPT = "kept"  # the carrier gave it; it is not asked for again
    GIVEN_UP = "given_up"  # it was asked for often enough
    WITHDRAWN = "withdrawn"  # the delivery was taken back: what was kept of it is marked, nothing more is asked


class DeedKind(StrEnum):
    """What the audit log says that somebody did."""

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
    SET_BRAND = "set_brand"
    SET_MAILS = "set_mails"
    LIFT_SUPPRESSION = "lift_suppression"
    ADD_WEBHOOK = "add_webhook"
    CHANGE_WEBHOOK = "change_webhook"
    REMOVE_WEBHOOK = "remove_webhook"
    SET_ACCOUNT = "set_account"
    MAKE_KEY = "make_key"
    REVOKE_KEY = "revoke_key"


class Door(StrEnum):
    """Through which door somebody came who did something."""

    API = "api"
    PAGE = "page"
    CLI = "cli"


class SheetProblem(StrEnum):
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
