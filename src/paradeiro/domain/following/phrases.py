"""In: a sentence about a package, from a caller without codes; out: the status that it names."""

import re
import unicodedata

from paradeiro.domain.words import Reason, Status

Meaning = tuple[Status, Reason | None]

# The first match counts. No sentence ends a timeline: a delivery is stated beside it, and the end of a return with a
# code.
_PHRASES: tuple[tuple[str, Meaning], ...] = (
    (r"extravi|\bperdid|\blost\b", (Status.EXCEPTION, Reason.LOST)),
    (r"\broub|\bfurt|\brobad|\bstolen\b", (Status.EXCEPTION, Reason.STOLEN)),
    (r"\bavari|danific|\bdamaged\b|\bdanad", (Status.EXCEPTION, Reason.DAMAGED)),
    (r"\bdevol|\breturn", (Status.RETURNING, None)),
    (r"\bausente|\babsent", (Status.ATTEMPT_FAILED, Reason.RECIPIENT_ABSENT)),
    (r"\brecusa|\brefused\b|\brechaza", (Status.ATTEMPT_FAILED, Reason.REFUSED)),
    (r"\bmudou-se|\bdestinatario mudou", (Status.ATTEMPT_FAILED, Reason.RECIPIENT_MOVED)),
    (r"\b(destinatario|cliente) (desconhecido|falecido)", (Status.ATTEMPT_FAILED, Reason.RECIPIENT_UNKNOWN)),
    (r"\bendereco (insuficiente|incorreto|errado|nao)", (Status.ATTEMPT_FAILED, Reason.ADDRESS_PROBLEM)),
    (r"\bnao (foi )?entregue|\binsucesso|\btentativa|\bnot delivered|\bno entregad",
     (Status.ATTEMPT_FAILED, Reason.OTHER)),
    (r"\b(aguardando|disponivel|pronto|available|ready|disponible)\b.*\b(retirada|pickup|pick up|retiro)\b",
     (Status.AVAILABLE_FOR_PICKUP, None)),
    (r"\bsaiu para (a )?entrega|\bem rota de entrega|\bout for delivery|\ben reparto", (Status.OUT_FOR_DELIVERY, None)),
    (r"\bpostad|\bcoletad|\bcolectad|\bcollected\b|\bpicked up\b|\bposted\b", (Status.ACCEPTED, None)),
    (r"\betiqueta|\blabel\b", (Status.REGISTERED, None)),
)  # fmt: skip
_COMPILED = tuple((re.compile(pattern), meaning) for pattern, meaning in _PHRASES)
_DELIVERED = re.compile(r"\bentregue|\bentregad|\bdelivered\b")


def normal_sentence(sentence: str) -> str:
    """The sentence in lower case, without accents, with single spaces."""
    bare = unicodedata.normalize("NFKD", sentence.casefold())
    return " ".join("".join(c for c in bare if not unicodedata.combining(c)).split())


def meaning_of(sentence: str) -> Meaning:
    """The status and reason named by a sentence; in transit if it names none."""
    text = normal_sentence(sentence)
    found = next((meaning for pattern, meaning in _COMPILED if pattern.search(text)), None)
    return found or (Status.IN_TRANSIT, None)


def says_delivered(sentence: str) -> bool:
    """Whether a sentence states the delivery, and not its failure."""
    return _DELIVERED.search(normal_sentence(sentence)) is not None and meaning_of(sentence) == (
        Status.IN_TRANSIT,
        None,
    )
