"""In: a sentence that somebody wrote of a package; out: the status it names. For those who know no codes."""

import re
import unicodedata

from paradeiro.domain.words import Reason, Status

Meaning = tuple[Status, Reason | None]

# The first that is found counts. No sentence ends a timeline: that a package was delivered is stated beside it, and a
# return is over when somebody says so with a code.
_PHRASES: tuple[tuple[str, Meaning], ...] = (
    (r"extravi|\bperdid|\blost\b", (Status.EXCEPTION, Reason.LOST)),
    (r"\broub|\bfurt|\brobad|\bstolen\b", (Status.EXCEPTION, Reason.STOLEN)),
    (r"\bavari|danific|\bdamaged\b|\bdanad", (Status.EXCEPTION, Reason.DAMAGED)),
    (r"\bdevol|\breturn", (Status.RETURNING, None)),
    (r"\bausente|\babsent", (Status.ATTEMPT_FAILED, Reason.RECIPIENT_ABSENT)),
    (r"\brecusa|\brefused\b|\brechaza", (Status.ATTEMPT_FAILED, Reason.REFUSED)),
    (r"\bendereco (insuficiente|incorreto|errado|nao)", (Status.ATTEMPT_FAILED, Reason.ADDRESS_PROBLEM)),
    (r"\bnao (foi )?entregue|\binsucesso|\btentativa|\bnot delivered|\bno entregad",
     (Status.ATTEMPT_FAILED, Reason.OTHER)),
    (r"\b(aguardando|disponivel|pronto|available|ready|disponible)\b.*\b(retirada|pickup|pick up|retiro)\b",
     (Status.AVAILABLE_FOR_PICKUP, None)),
    (r"\bsaiu para (a )?entrega|\bem rota de entrega|\bout for delivery|\ben reparto", (Status.OUT_FOR_DELIVERY, None)),
    (r"\bpostad|\bcoletad|\bcolectad|\bcollected\b|\bpicked up\b|\bposted\b", (Status.ACCEPTED, None)),
    (r"\betiqueta|\blabel\b", (Status.REGISTERED, None)),
)  # fmt: skip
_TOLD = tuple((re.compile(pattern), meaning) for pattern, meaning in _PHRASES)
_DELIVERED = re.compile(r"\bentregue|\bentregad|\bdelivered\b")


def plain(sentence: str) -> str:
    """Lower case, no accents, single spaces: how two spellings of one sentence are the same."""
    bare = unicodedata.normalize("NFKD", sentence.casefold())
    return " ".join("".join(c for c in bare if not unicodedata.combining(c)).split())


def meaning(sentence: str) -> Meaning:
    """What a sentence names. One that names nothing we know is said of a package that is on its way."""
    said = plain(sentence)
    found = next((means for pattern, means in _TOLD if pattern.search(said)), None)
    return found or (Status.IN_TRANSIT, None)


def says_delivered(sentence: str) -> bool:
    """Whether a sentence says that the package was handed over, rather than that it was not."""
    return _DELIVERED.search(plain(sentence)) is not None and meaning(sentence) == (Status.IN_TRANSIT, None)
