"""In: the type of a fiscal event, and the reason in it; out: what it means for the package.

`codes.csv` is the official list (schemas of CT-e 4.00 and of the NF-e events, README.md). A delivery is one by its type
alone: a proof of delivery has no other outcome.
"""

from dataclasses import dataclass

from paradeiro.domain.words import Reason, Status, Withdraws


@dataclass(frozen=True, slots=True)
class Meaning:
    """The meaning of an event. `time`: the element with its instant; empty: when it was stated."""

    status: Status | None
    words: str
    time: str = ""
    withdraws: Withdraws | None = None
    reasoned: bool = False  # its reason is in `tpMotivo`


_DELIVERED, _ATTEMPT = "dhEntrega", "dhTentativaEntrega"

TYPES = {
    "110130": Meaning(Status.DELIVERED, "Comprovante de Entrega da NF-e", _DELIVERED),
    "110180": Meaning(Status.DELIVERED, "Comprovante de Entrega do CT-e", _DELIVERED),
    "110192": Meaning(Status.ATTEMPT_FAILED, "Insucesso na Entrega da NF-e", _ATTEMPT, reasoned=True),
    "110190": Meaning(Status.ATTEMPT_FAILED, "Insucesso na Entrega do CT-e", _ATTEMPT, reasoned=True),
    # They name the event that they withdraw by its protocol.
    "110131": Meaning(None, "Cancelamento do Comprovante de Entrega da NF-e", withdraws=Withdraws.NAMED),
    "110181": Meaning(None, "Cancelamento do Comprovante de Entrega do CT-e", withdraws=Withdraws.NAMED),
    "110193": Meaning(None, "Cancelamento do Insucesso na Entrega da NF-e", withdraws=Withdraws.NAMED),
    "110191": Meaning(None, "Cancelamento do Insucesso na Entrega do CT-e", withdraws=Withdraws.NAMED),
}

# tpMotivo: 1 receiver not found, 2 refused, 3 no such address, 4 other (with words that are never read).
REASONS = {
    "1": (Reason.RECIPIENT_ABSENT, "destinatário não encontrado"),
    "2": (Reason.REFUSED, "recusa"),
    "3": (Reason.ADDRESS_PROBLEM, "endereço inexistente"),
    "4": (Reason.OTHER, "outro motivo"),
}


def meaning_of(kind: str, reason: str) -> tuple[str, Meaning, Reason | None]:
    """The event's code, its meaning and reason. A type or a reason that is not in the tables is unknown."""
    meaning = TYPES.get(kind)
    if meaning is None:
        return kind, Meaning(Status.UNKNOWN, f"Evento {kind}"), None
    if not meaning.reasoned:
        return kind, meaning, None
    why = REASONS.get(reason)
    if why is None:
        return f"{kind}/{reason}", Meaning(Status.UNKNOWN, meaning.words, meaning.time), None
    return f"{kind}/{reason}", Meaning(meaning.status, f"{meaning.words}: {why[1]}", meaning.time), why[0]
