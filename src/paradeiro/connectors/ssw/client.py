"""In: keys, invoices or order numbers; out: one answer each, as raw bytes with an outcome. HTTP only."""

from collections.abc import Mapping, Sequence

import msgspec

from paradeiro.connectors.ssw.codes import plain
from paradeiro.connectors.ssw.document import UnreadableError, documents_of, number_of, read_answer
from paradeiro.connectors.ssw.parse import parse_with
from paradeiro.domain.orders.identifiers import Identifier, IdentifierKind, identifier_of
from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import AccountRef, Answer, Clock
from paradeiro.sdk.http import HttpAnswer, HttpFailure, http_problem, new_client, retry_after, send_request

PRODUCTION = "https://ssw.inf.br"
_BY_KEY = "/api/trackingdanfe"
_ENDPOINTS = {"payer": "/api/trackingpag", "sender": "/api/tracking"}
_WHOLE_TAX_NUMBER, _PERSON = 14, 11
Question = dict[str, str | int]


class SswSession:
    """An open connection. A key is asked about without credentials."""

    def __init__(self, account: AccountRef, _: Clock) -> None:
        self._settings = account.settings
        self._client = new_client(
            account.settings.get("base_url") or PRODUCTION,
            {"Accept": "application/json", "Content-Type": "application/json"},
        )

    async def fetch(self, tracking_codes: Sequence[str]) -> list[Answer]:
        """One answer per code, in the given order; SSW takes one document a call."""
        return [await self._ask(code) for code in tracking_codes]

    async def close(self) -> None:
        """Close the pool."""
        await self._client.aclose()

    async def _ask(self, code: str) -> Answer:
        asked = identifier_of(code)
        question = _question(asked, self._settings)
        if isinstance(question, str):
            return Answer(code, Outcome.REFUSED, message=question, unasked=True)
        path, fields = question
        answer = await send_request(self._client, "POST", path, body=msgspec.json.encode(fields))
        if isinstance(answer, HttpFailure):
            return Answer(code, Outcome.RETRY, message=answer.message)
        outcome, message = _outcome(answer, asked, self._settings)
        return Answer(code, outcome, answer.body, message, answer.status, retry_after(answer))


def _question(asked: Identifier, settings: Mapping[str, str]) -> tuple[str, Question] | str:
    """The path and the fields to ask with; a sentence if it cannot be asked."""
    if asked.kind is IdentifierKind.INVOICE_KEY:
        return _BY_KEY, {"chave_nfe": asked.value}
    endpoint = settings.get("endpoint", "").strip().lower()
    # Whoever sends is who issued the invoice; whoever pays is what the account says.
    by_payer = endpoint != "sender"
    own = settings.get("cnpj", "").strip()
    who: Question = {"senha": settings["password"]} if settings.get("password") else {}
    who |= {"sigla_emp": settings["company"]} if settings.get("company") else {}
    path = _ENDPOINTS["payer" if by_payer else "sender"]
    match asked.kind:
        case IdentifierKind.INVOICE if own:
            sender, _, number = asked.value.split("/")
            return path, {"cnpj": _padded(own if by_payer else sender), "nro_nf": int(number), **who}
        case IdentifierKind.ORDER if own:
            return path, {"cnpj": _padded(own), "pedido": asked.value, **who}
        case IdentifierKind.INVOICE | IdentifierKind.ORDER:
            return "without the invoice's key SSW needs the account's tax number (cnpj), and often its password"
        case _:
            return "SSW knows no tracking codes: give the invoice's key"


def _padded(tax_number: str) -> str:
    """A tax number with the zeros that a spreadsheet took; it may have letters."""
    plain_number = "".join(c for c in tax_number.upper() if c.isalnum())
    return plain_number.zfill(_WHOLE_TAX_NUMBER) if len(plain_number) > _PERSON else plain_number


def _outcome(answer: HttpAnswer, asked: Identifier, settings: Mapping[str, str]) -> tuple[Outcome, str]:
    """The outcome of an answer, with a message. A web page is an outage, whatever its status."""
    problem = http_problem(answer)
    if problem is not None and (problem is not Outcome.REFUSED or answer.is_html):
        return (Outcome.RETRY if problem is Outcome.REFUSED else problem), f"HTTP {answer.status}"
    if answer.is_html:
        return Outcome.RETRY, "a web page came instead of an answer"
    parsed = parse_with(answer.body, settings)[0]
    if parsed.outcome is Outcome.MALFORMED and _of_password(parsed.message, asked):
        return Outcome.AUTH_FAILED, parsed.message
    if problem is not None and parsed.outcome is not Outcome.NOT_FOUND:
        return Outcome.MALFORMED, f"HTTP {answer.status}: {parsed.message}"
    if parsed.outcome is Outcome.FOUND and not _is_about(answer.body, asked):
        return Outcome.MALFORMED, "the answer is about another invoice"
    return parsed.outcome, parsed.message


def _of_password(message: str, asked: Identifier) -> bool:
    """Whether a refusal concerns the password; a question by key has none."""
    return asked.kind is not IdentifierKind.INVOICE_KEY and "senha" in plain(message).split()


def _is_about(body: bytes, asked: Identifier) -> bool:
    """Whether the answer names the number that was asked, or none."""
    match asked.kind:
        case IdentifierKind.INVOICE_KEY:
            wanted = asked.value[25:34].lstrip("0")
        case IdentifierKind.INVOICE:
            wanted = asked.value.rsplit("/", 1)[-1]
        case _:
            return True
    try:
        return all(number_of(each) in {"", wanted} for each in documents_of(read_answer(body)))
    except UnreadableError:
        return False
