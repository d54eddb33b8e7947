"""In: a label's state; out: what it means for the package. The label's states, not the carrier's events."""

from paradeiro.domain.words import Reason, Status

Meaning = tuple[Status | None, Reason | None]

UNKNOWN: Meaning = (Status.UNKNOWN, None)
DELIVERED, POSTED, CANCELED, EXPIRED = "delivered", "posted", "canceled", "expired"

STATES: dict[str, tuple[Meaning, str]] = {
    "created": ((Status.REGISTERED, None), "Etiqueta criada"),
    "pending": ((Status.REGISTERED, None), "Etiqueta aguardando pagamento"),
    "released": ((Status.REGISTERED, None), "Etiqueta paga"),
    "generated": ((Status.REGISTERED, None), "Etiqueta gerada"),
    "printed": ((Status.REGISTERED, None), "Etiqueta impressa"),
    # Handed in at a drop-off point: the carrier has not scanned it.
    "received": ((Status.REGISTERED, None), "Recebido no ponto de postagem"),
    POSTED: ((Status.ACCEPTED, None), "Postado"),
    DELIVERED: ((Status.DELIVERED, None), "Entregue"),
    CANCELED: ((Status.CANCELLED, None), "Etiqueta cancelada"),
    # Not posted in time: the label cannot be used any more.
    EXPIRED: ((Status.CANCELLED, None), "Etiqueta expirada"),
    # Given up by the carrier. A return is likely, which the word does not say.
    "undelivered": ((Status.EXCEPTION, Reason.OTHER), "Não entregue"),
    "paused": ((Status.EXCEPTION, Reason.ON_HOLD), "Pausado"),
    "suspended": ((Status.EXCEPTION, Reason.ON_HOLD), "Suspenso"),
}
_SPELLINGS = {"cancelled": CANCELED}

# In which field the instant of a state stands. A paid label is "released".
INSTANTS: dict[str, str] = {
    "created_at": "created",
    "paid_at": "released",
    "generated_at": "generated",
    "posted_at": POSTED,
    "delivered_at": DELIVERED,
    "canceled_at": CANCELED,
    "cancelled_at": CANCELED,
    "expired_at": EXPIRED,
}
_LONGEST = 60


def state_of(word: str) -> str:
    """A state in our spelling, from a status or the name of a push ("order.posted"); unknown ones as written."""
    plain = word.strip().lower().removeprefix("order.")
    return _SPELLINGS.get(plain, plain)[:_LONGEST]


def meaning_of(state: str) -> tuple[Meaning, str]:
    """The meaning of a state, and its description."""
    return STATES.get(state, (UNKNOWN, f"Etiqueta: {state}"))
