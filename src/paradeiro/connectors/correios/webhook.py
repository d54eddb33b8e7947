"""In: an address of ours and a secret; out: a subscription to `wh-rastro` at Correios, or why there is none."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from paradeiro.connectors.correios.codes import mapped_codes
from paradeiro.connectors.correios.gateway import Gateway
from paradeiro.connectors.correios.parse import parse
from paradeiro.connectors.correios.token import NoToken
from paradeiro.domain.words import Outcome
from paradeiro.sdk.http import HttpAnswer, HttpFailure, http_problem
from paradeiro.sdk.sessions import Subscribed

_SUBSCRIPTIONS: Final = "/webhook/v1/servicos/wh-rastro/assinaturas"
_NAME = "paradeiro"
_NOT_RELEASED = (
    "The contract needs the APIs 78 (Webhook) and 534 (Rastro async) beside 87 (Rastro): ask your contact at Correios "
    "to release them. Until then Paradeiro goes on asking as before."
)
_NO_CONTRACT = "Correios wants the contract's number: enter it with paradeiro account … --set contract=…"
_NO_CONTACT = "Correios wants an e-mail address of the shop with it: give --email."
_BY_HAND = "Remove it by hand at CWS (cws.correios.com.br)."


class Webhook:
    """A contract's push subscriptions. Shapes of answers are not confirmed, so they are parsed leniently."""

    def __init__(self, gateway: Gateway, settings: Mapping[str, str]) -> None:
        self._gateway = gateway
        self._settings = settings

    async def subscription(self, url: str) -> Subscribed:
        """Whether Correios pushes to this address."""
        answer = await self._ask("GET", _SUBSCRIPTIONS)
        if not isinstance(answer, HttpAnswer):
            return answer
        told = _json(answer)
        if told is None:
            return Subscribed(Outcome.MALFORMED, message="Correios answered a list that cannot be read.")
        ours = next(
            (
                _subscription_id(each)
                for each in _subscriptions(told)
                if url in set(_texts(each)) and _subscription_id(each)
            ),
            "",
        )
        return Subscribed(Outcome.FOUND if ours else Outcome.NOT_FOUND, ours)

    async def subscribe(self, url: str, secret: str, contact: str) -> Subscribed:
        """A subscription for this address, with the contract attached; an existing one is reused."""
        known = await self.subscription(url)
        if known.outcome not in {Outcome.FOUND, Outcome.NOT_FOUND}:
            return known
        # The token names the contract that the posting card belongs to; a ready-made key does not.
        contract = self._settings.get("contract") or self._gateway.tokens.contract
        if not contract:
            return Subscribed(Outcome.REFUSED, known.id, _NO_CONTRACT)
        if known.outcome is Outcome.FOUND:
            attached = await self._attach(known.id, contract)
            # It may have been attached earlier: a refusal now is a note for a person, not a failure.
            refused = attached.outcome is Outcome.REFUSED
            return Subscribed(Outcome.FOUND, known.id, notes=(attached.message,)) if refused else attached
        made = await self._make(url, secret, contact)
        return await self._attach(made.id, contract) if made.outcome is Outcome.FOUND else made

    async def _make(self, url: str, secret: str, contact: str) -> Subscribed:
        if not contact:
            return Subscribed(Outcome.REFUSED, message=_NO_CONTACT)
        made = await self._ask("POST", _SUBSCRIPTIONS, _subscription_body(url, secret, contact))
        if not isinstance(made, HttpAnswer):
            return made
        number = _subscription_id(_json(made)) or (await self.subscription(url)).id
        if number:
            return Subscribed(Outcome.FOUND, number)
        return Subscribed(Outcome.MALFORMED, message="Correios took the subscription but did not name it.")

    async def unsubscribe(self, url: str) -> Subscribed:
        """Try to end the subscription. No public document says how: DELETE is an assumption, its refusal is
        reported.
        """
        known = await self.subscription(url)
        if known.outcome is not Outcome.FOUND:
            return known
        gone = await self._ask("DELETE", f"{_SUBSCRIPTIONS}/{known.id}")
        if isinstance(gone, HttpAnswer):
            return Subscribed(Outcome.NOT_FOUND, known.id)
        words = f"Correios did not let the subscription {known.id} be removed ({gone.message}). {_BY_HAND}"
        return Subscribed(gone.outcome, known.id, words)

    async def try_out(self, url: str) -> Subscribed:
        """Have Correios send a test push to this address."""
        known = await self.subscription(url)
        if known.outcome is not Outcome.FOUND:
            return known
        sent = await self._ask("POST", f"{_SUBSCRIPTIONS}/{known.id}/teste")
        return known if isinstance(sent, HttpAnswer) else sent

    async def _attach(self, number: str, contract: str) -> Subscribed:
        """Attach the contract whose packages the subscription is for."""
        told = await self._ask("POST", f"{_SUBSCRIPTIONS}/{number}/contratos", {"numero": contract})
        if isinstance(told, HttpAnswer):
            return Subscribed(Outcome.FOUND, number)
        return Subscribed(told.outcome, number, f"The contract {contract} could not be attached: {told.message}")

    async def _ask(self, method: str, path: str, body: object = None) -> HttpAnswer | Subscribed:
        """One request, with a token that is renewed once; a failure becomes a `Subscribed` with a message."""
        content = msgspec.json.encode(body) if body is not None else None
        answer = await self._gateway.ask(method, path, body=content)
        match answer:
            case NoToken():
                return Subscribed(answer.outcome, message=answer.message)
            case HttpFailure():
                return Subscribed(Outcome.RETRY, message=answer.message)
            case HttpAnswer():
                return _checked(answer)


def event_keys() -> tuple[str, ...]:
    """The event types to subscribe to, as this API names them: without the leading zero of the tracking API (facts,
    30).
    """
    return tuple(f"{kind}-{int(number)}" for kind, number in mapped_codes())


def _subscription_body(url: str, secret: str, contact: str) -> dict[str, Any]:
    kinds = [{"tipo": key} for key in event_keys()]
    address = {"nome": _NAME, "url": url, "secret": secret, "tipoEventos": kinds}
    return {"descricao": _NAME, "email": contact, "language": "PT", "enderecos": [address]}


def _checked(answer: HttpAnswer) -> HttpAnswer | Subscribed:
    outcome = http_problem(answer)
    if outcome is None:
        # A web page with 200 means that the request was not carried out.
        return Subscribed(Outcome.MALFORMED, message="Correios answered a web page.") if answer.is_html else answer
    words = f"HTTP {answer.status}: {_error_text(answer)}"
    if answer.status == 403:
        return Subscribed(Outcome.REFUSED, message=f"{words}. {_NOT_RELEASED}")
    return Subscribed(outcome, message=words)


def _error_text(answer: HttpAnswer) -> str:
    """The message of an error body, in one line."""
    if not answer.body.strip():
        return "no words"
    return next((parsed.message for parsed in parse(answer.body) if parsed.message), "an answer we did not expect")


def _json(answer: HttpAnswer) -> object | None:
    try:
        found: object = msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return found


def _subscriptions(told: object) -> list[dict[str, Any]]:
    """The subscriptions in an answer: a list, or an object with a list in it."""
    if isinstance(told, dict):
        told = next((value for value in told.values() if isinstance(value, list)), [told])
    return [each for each in told if isinstance(each, dict)] if isinstance(told, list) else []


def _subscription_id(each: object) -> str:
    """A subscription's id, as text that is safe in a path; empty for none."""
    found = each.get("id", each.get("idAssinatura")) if isinstance(each, dict) else None
    text = str(found) if isinstance(found, int | str) and not isinstance(found, bool) else ""
    return text if text.isascii() and text.replace("-", "").isalnum() else ""


def _texts(value: object) -> Iterator[str]:
    level = [value]
    while level:
        below: list[object] = []
        for each in level:
            if isinstance(each, str):
                yield each
            elif isinstance(each, dict):
                below += each.values()
            elif isinstance(each, list):
                below += each
        level = below
