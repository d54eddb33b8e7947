"""In: the text of an error of Azul; out: what it means for the request. Never read for a package's status. Pure."""

from paradeiro.domain.bounds import clean_text
from paradeiro.domain.following.phrases import normal_sentence
from paradeiro.domain.words import Outcome

_LONGEST = 300
# In lower case without accents.
_NOT_RECEIVED_YET = "nao encontrad"
_OF_ANOTHER = "nao tem permissao para acessar"
_NO_PERMISSION = "nao possui acesso a funcionalidade"
_TOKEN = "token"  # noqa: S105 - a word of an error's text


def meaning_of_error(text: str | None) -> tuple[Outcome, str]:
    """The outcome of an error, and its words. "AWB não encontrada!" says that nothing has come yet."""
    said = clean_text(text or "an error without words", _LONGEST)
    plain = normal_sentence(said)
    if _NOT_RECEIVED_YET in plain:
        return Outcome.NOT_FOUND, said
    if lacks_permission(plain) or refuses_token(plain):
        return Outcome.AUTH_FAILED, said
    return Outcome.REFUSED, said


def lacks_permission(text: str) -> bool:
    """Whether the account may not use the interface: a new token does not help."""
    return _NO_PERMISSION in normal_sentence(text)


def refuses_token(text: str | None) -> bool:
    """Whether an error concerns the token."""
    return _TOKEN in normal_sentence(text or "")


def is_of_another(message: str) -> bool:
    """Whether the shipment belongs to another tax number of the company: asking again is in vain."""
    return _OF_ANOTHER in normal_sentence(message)
