"""In: keys and invoices; out: one answer each, as raw bytes with an outcome. HTTP only."""

import asyncio
from collections.abc import Iterable, Sequence

from paradeiro.connectors.brudam.document import (
    UnreadableError,
    entries_of,
    first_text,
    key_of,
    read_document,
    slices_of,
)
from paradeiro.connectors.brudam.login import Login
from paradeiro.connectors.brudam.parse import parse_with
from paradeiro.domain.orders.identifiers import IdentifierKind, identifier_of, of_invoice_key
from paradeiro.domain.words import Outcome
from paradeiro.sdk.contract import AccountRef, Answer, Clock
from paradeiro.sdk.http import (
    HttpAnswer,
    HttpFailure,
    error_text,
    http_problem,
    json_object,
    new_client,
    retry_after,
    send_request,
)
from paradeiro.sdk.tokens import NoTokens

MOST_KEYS = 50
_BY_KEY, _BY_INVOICE = "/api/v1/tracking/ocorrencias/nfe", "/api/v1/tracking/ocorrencias/cnpj/nf"
_AT_ONCE = 3
_NUMBER = ("nf_numero", "nfNumero", "numero_nf", "notafiscal")
Query = list[tuple[str, str]]


class BrudamSession:
    """An open connection to one tenant: a carrier's own address, with the shop's user there."""

    def __init__(self, account: AccountRef, clock: Clock) -> None:
        self._settings = account.settings
        self._client = new_client(account.settings.get("base_url") or "", {"Accept": "application/json"})
        self._login = Login(self._client, account, clock)
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def fetch(self, tracking_codes: Sequence[str]) -> list[Answer]:
        """One answer per code, in the given order: all keys in one question, invoices one by one."""
        kinds = {code: identifier_of(code).kind for code in tracking_codes}
        keys = [code for code, kind in kinds.items() if kind is IdentifierKind.INVOICE_KEY]
        invoices = [code for code, kind in kinds.items() if kind is IdentifierKind.INVOICE]
        why = "Brudam knows no tracking codes: give the invoice's key"
        found = {code: Answer(code, Outcome.REFUSED, message=why, unasked=True) for code in kinds}
        if keys:
            found |= await self._ask_keys(keys)
        answers = await asyncio.gather(*(self._ask_invoice(code) for code in invoices))
        found |= {answer.tracking_code: answer for answer in answers}
        return [found[code] for code in tracking_codes]

    async def close(self) -> None:
        """Close the pool."""
        await self._client.aclose()

    async def _ask_keys(self, keys: Sequence[str]) -> dict[str, Answer]:
        answer = await self._ask(_BY_KEY, [("chave", ",".join(keys)), ("comprovante", "0")])
        if isinstance(answer, NoTokens):
            return {key: Answer(key, answer.outcome, message=answer.message) for key in keys}
        problem = _problem(keys, answer)
        return problem if problem is not None else self._slice_batch(keys, answer)

    async def _ask_invoice(self, code: str) -> Answer:
        sender, _, number = code.split("/")
        async with self._turns:
            answer = await self._ask(_BY_INVOICE, [("documento", sender), ("numero", number)])
        if isinstance(answer, NoTokens):
            return Answer(code, answer.outcome, message=answer.message)
        problem = _problem([code], answer)
        if problem is not None:
            return problem[code]
        slices = [each for each in _slices(answer.body) if _may_be(each, code)]
        if len(slices) > 1:
            why = "several shipments have this invoice number: give the invoice's key"
            return Answer(code, Outcome.REFUSED, answer.body, why, answer.status)
        return self._answer(code, slices[0] if slices else b"", answer)

    async def _ask(self, path: str, query: Query) -> HttpAnswer | NoTokens:
        """Ask with the current key; a refused one is renewed once."""
        stale = ""
        for _ in range(2):
            tokens = await self._login.token(stale)
            if isinstance(tokens, NoTokens):
                return tokens
            headers = {"Authorization": f"Bearer {tokens.access}"}
            answer = await send_request(self._client, "GET", path, headers=headers, params=query)
            if isinstance(answer, HttpFailure):
                return NoTokens(Outcome.RETRY, answer.message)
            if answer.status != 401 and not _token_expired(answer):
                return answer
            stale = tokens.access
        return NoTokens(Outcome.AUTH_FAILED, "the carrier refuses the key that it has just given")

    def _slice_batch(self, keys: Sequence[str], answer: HttpAnswer) -> dict[str, Answer]:
        """Cut the batch answer into each invoice's own bytes. A key that is not in it is not known yet."""
        named: dict[str, list[bytes]] = {}
        for each in _slices(answer.body):
            named.setdefault(_key(each), []).append(each)
        if named and not any(key in named for key in keys):
            return _same(keys, Outcome.MALFORMED, "the answer is about other invoices", answer)
        return {key: self._answer(key, _joined(named.get(key, [])), answer) for key in keys}

    def _answer(self, code: str, body: bytes, answer: HttpAnswer) -> Answer:
        if not body:
            return Answer(code, Outcome.NOT_FOUND, b"", "not known yet", answer.status)
        parsed = parse_with(body, self._settings)
        outcomes = {each.outcome for each in parsed}
        # An unreadable part is FOUND: recording then reports it with its bytes.
        found = Outcome.NOT_FOUND if outcomes == {Outcome.NOT_FOUND} else Outcome.FOUND
        return Answer(code, found, body, parsed[0].message, answer.status)


def _joined(slices: Sequence[bytes]) -> bytes:
    """The documents of one invoice as one answer."""
    return slices[0] if len(slices) == 1 else b"[" + b",".join(slices) + b"]" if slices else b""


def _slices(body: bytes) -> list[bytes]:
    """The documents of an answer that `_problem` found readable."""
    return slices_of(body) or []


def _key(raw: bytes) -> str:
    try:
        return key_of(read_document(raw))
    except UnreadableError:
        return ""


def _may_be(raw: bytes, code: str) -> bool:
    """Whether a document is about the invoice asked: by its key, else by the number in its events; or names neither."""
    try:
        document = read_document(raw)
        named = of_invoice_key(key_of(document))
        number = first_text(_NUMBER, document, *entries_of(document))
    except UnreadableError:
        return True
    if named:
        return code in {each.text for each in named}
    return number.lstrip("0") in {"", code.rsplit("/", 1)[-1]}


def _token_expired(answer: HttpAnswer) -> bool:
    """Some tenants say it with 200 and words."""
    said = json_object(answer.body)
    return said.get("status") in (0, False) and "token" in str(said.get("message")).lower()


def _problem(codes: Iterable[str], answer: HttpAnswer) -> dict[str, Answer] | None:
    """The same outcome for all that were asked; None if there are documents to look at. A 404 that is no JSON comes
    from whatever stands before the interface.
    """
    problem = http_problem(answer)
    if answer.is_html and problem in {None, Outcome.REFUSED}:
        return _same(codes, Outcome.RETRY, f"HTTP {answer.status}: a web page came instead of an answer", answer)
    if answer.status == 404:
        outcome = Outcome.NOT_FOUND if json_object(answer.body) else Outcome.RETRY
        return _same(codes, outcome, error_text(answer), answer)
    if problem is not None:
        outcome = Outcome.MALFORMED if problem is Outcome.REFUSED else problem
        return _same(codes, outcome, error_text(answer), answer)
    try:
        readable = slices_of(answer.body) is not None
    except UnreadableError:
        readable = False
    return None if readable else _same(codes, Outcome.MALFORMED, f"no documents ({error_text(answer)})", answer)


def _same(codes: Iterable[str], outcome: Outcome, message: str, answer: HttpAnswer) -> dict[str, Answer]:
    return {c: Answer(c, outcome, answer.body, message, answer.status, retry_after(answer)) for c in codes}
