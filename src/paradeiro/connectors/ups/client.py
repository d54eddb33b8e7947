"""In: tracking numbers to look up with an app's credentials; out: one answer per number, as raw bytes. HTTP only."""

import base64
import uuid
from collections.abc import Sequence
from urllib.parse import quote

from paradeiro.connectors.ups.parse import parse
from paradeiro.connectors.ups.proofs import read_proof
from paradeiro.domain.words import Outcome, ProofKind
from paradeiro.sdk.carriers.asking import TokenCall, TokenClient, encoded_form, failure_answers
from paradeiro.sdk.carriers.proofs import failed_proof
from paradeiro.sdk.contract import AccountRef, Answer, Clock, ProofAnswer, ProofAsked
from paradeiro.sdk.http import HttpAnswer, HttpFailure, new_client
from paradeiro.sdk.tokens import NoTokens

PRODUCTION = "https://onlinetools.ups.com"
_PATH = "/api/track/v1/details/"
# Statuses whose body may be about the number: wrong (400), not known (404).
_ABOUT_THE_NUMBER = frozenset({400, 404})


class UpsSession:
    """One app's connection. The interface takes one number a request."""

    def __init__(self, account: AccountRef, clock: Clock) -> None:
        settings = account.settings
        known = f"{settings.get('client_id') or ''}:{settings.get('client_secret') or ''}"
        call = TokenCall(
            "/security/v1/oauth/token",
            {
                "Authorization": f"Basic {base64.b64encode(known.encode()).decode()}",
                "Content-Type": "application/x-www-form-urlencoded",
            },
            encoded_form(grant_type="client_credentials"),
        )
        client = new_client(settings.get("base_url") or PRODUCTION, {"Accept": "application/json"})
        self._client = TokenClient(client, account, clock, call)

    async def fetch(self, tracking_codes: Sequence[str]) -> list[Answer]:
        """One answer per code, in the given order."""
        return [await self._look_up(code) for code in tracking_codes]

    async def fetch_proofs(self, _: ProofKind, asked: Sequence[ProofAsked]) -> list[ProofAnswer]:
        """One answer per package, in the given order."""
        return [await self._prove(each.tracking_code) for each in asked]

    async def close(self) -> None:
        """Close the pool."""
        await self._client.close()

    async def _ask(self, code: str, *wanted: tuple[str, str]) -> HttpAnswer | HttpFailure | NoTokens:
        headers = {"transId": uuid.uuid4().hex, "transactionSrc": "paradeiro"}
        params = (("locale", "en_US"), *wanted)
        return await self._client.ask("GET", _PATH + quote(code, safe=""), headers=headers, params=params)

    async def _prove(self, code: str) -> ProofAnswer:
        told = await self._ask(code, ("returnSignature", "true"), ("returnPOD", "true"))
        if isinstance(told, HttpAnswer) and told.status in _ABOUT_THE_NUMBER and not told.is_html:
            return read_proof(code, told.body)
        failed = failed_proof(code, told)
        if failed is not None or not isinstance(told, HttpAnswer):
            return failed or ProofAnswer(code, Outcome.RETRY)
        return read_proof(code, told.body)

    async def _look_up(self, code: str) -> Answer:
        # Pictures and signatures would come in every answer: they are asked for once, after the delivery.
        told = await self._ask(code, ("returnSignature", "false"), ("returnMilestones", "false"))
        if isinstance(told, HttpAnswer) and (told.ok or told.status in _ABOUT_THE_NUMBER):
            parsed = parse(told.body)[0]
            if parsed.outcome in {Outcome.NOT_FOUND, Outcome.REFUSED}:
                return Answer(code, parsed.outcome, told.body, parsed.message, told.status)
        failures = failure_answers([code], told)
        if failures is not None or not isinstance(told, HttpAnswer):
            return (failures or [Answer(code, Outcome.RETRY)])[0]
        # An unreadable body is FOUND: recording then reports it with its bytes.
        return Answer(code, Outcome.FOUND, told.body, "", told.status)
