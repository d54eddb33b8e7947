"""In: the settings of an OpenID provider; out: where a browser is sent to, and who came back, as the provider says."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import quote_plus

import httpx
from joserfc import jwk

from paradeiro.domain.bounds import clean_text
from paradeiro.flow.people.id_tokens import BadTokenError, Expected, Identity, NoKeyError, identity_of, read_id_token
from paradeiro.flow.people.id_tokens import read_keys as keys_in
from paradeiro.sdk.http import HttpAnswer, HttpFailure, json_object, new_client, send_request

# A person waits before the page: seconds for each exchange as a whole.
LONGEST_SECONDS = 8.0
LARGEST_ANSWER = 512 * 1024
_KEPT = timedelta(hours=1)
# Whoever opens the address of the sign-in often makes us ask a provider that is down no more often.
_DOWN = timedelta(seconds=5)
_WELL_KNOWN = "/.well-known/openid-configuration"
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class ProviderDownError(Exception):
    """The provider does not answer as it should. The message is for the log and holds no secret."""


class ProviderRefusedError(Exception):
    """The provider, or what it said, does not sign anybody in. The message is for the log and holds no secret."""


@dataclass(frozen=True, slots=True)
class OpenIdClient:
    """What we are at the provider. `label`: its name on the button."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    label: str = ""


@dataclass(frozen=True, slots=True)
class SignInTry:
    """One sign-in: what a browser takes along (`state`, `nonce`), what it never sees (`verifier`, RFC 7636), and where
    it comes back to.
    """

    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    redirect_uri: str


@dataclass(frozen=True, slots=True)
class _Addresses:
    authorization: str
    token: str
    keys: str
    userinfo: str
    secret_in_body: bool


class OpenIdProvider:
    """A provider; what it publishes of itself is kept for an hour."""

    def __init__(self, client: OpenIdClient) -> None:
        self.client = client
        self._addresses: tuple[datetime, _Addresses] | None = None
        self._failed_at: datetime | None = None
        self._keys: tuple[datetime, tuple[jwk.Key, ...]] | None = None

    async def address_to_sign_in(self, at: SignInTry, *, now: datetime) -> str:
        """Where to send the browser. Raises `ProviderDownError`. `now`: the real time."""
        addresses = await self._published(now)
        asked = {
            "response_type": "code",
            "client_id": self.client.client_id,
            "redirect_uri": at.redirect_uri,
            "scope": "openid email",
            "state": at.state,
            "nonce": at.nonce,
            "code_challenge": _challenge_of(at.verifier),
            "code_challenge_method": "S256",
        }
        return str(httpx.URL(addresses.authorization).copy_merge_params(asked))

    async def identity(self, code: str, at: SignInTry, *, now: datetime) -> Identity:
        """Who came back with this code. Raises `ProviderDownError`, `ProviderRefusedError`."""
        said = await self._exchange(code, at, await self._published(now))
        token, expected = said.get("id_token"), Expected(self.client.issuer, self.client.client_id, at.nonce)
        if not isinstance(token, str):
            raise ProviderRefusedError("the answer has no ID token")
        try:
            found = await self._read(token, expected, now)
        except BadTokenError as error:
            raise ProviderRefusedError(f"the ID token is not believed: {error}") from error
        return found if found.email else await self._with_email(found, said.get("access_token"), now)

    async def _read(self, token: str, expected: Expected, now: datetime) -> Identity:
        """Once more with fresh keys if none fits: providers change them. Raises `BadTokenError`."""
        kept = self._keys
        if kept is not None and now - kept[0] < _KEPT:
            try:
                return read_id_token(token, kept[1], expected, now=now)
            except NoKeyError:
                self._keys = None
        try:
            return read_id_token(token, await self._fresh_keys(now), expected, now=now)
        except NoKeyError as error:
            raise BadTokenError("no key of the provider made its signature") from error

    async def _fresh_keys(self, now: datetime) -> tuple[jwk.Key, ...]:
        addresses = await self._published(now)
        keys = keys_in(_content(await self._send("GET", addresses.keys), "its keys"))
        self._keys = now, keys
        return keys

    async def _with_email(self, found: Identity, access_token: object, now: datetime) -> Identity:
        """Many providers tell the address only there (OpenID Connect Core, 5.4)."""
        address = (await self._published(now)).userinfo
        if not address or not isinstance(access_token, str) or not access_token.isascii():
            return found
        headers = {"Authorization": f"Bearer {access_token}"}
        claims = _content(await self._send("GET", address, headers=headers), "who it is")
        return identity_of(found.issuer, claims) if claims.get("sub") == found.subject else found

    async def _exchange(self, code: str, at: SignInTry, addresses: _Addresses) -> Mapping[str, Any]:
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": at.redirect_uri,
            "code_verifier": at.verifier,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        client = self.client
        if addresses.secret_in_body:
            fields |= {"client_id": client.client_id, "client_secret": client.client_secret}
        else:
            pair = f"{quote_plus(client.client_id)}:{quote_plus(client.client_secret)}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        body = str(httpx.QueryParams(fields)).encode()
        answer = await self._send("POST", addresses.token, headers=headers, body=body)
        if isinstance(answer, HttpAnswer) and answer.status == 400:
            error = json_object(answer.body).get("error")
            raise ProviderRefusedError(f"the code was refused: {clean_text(str(error), 60)}")
        return _content(answer, "a token for the code")

    async def _published(self, now: datetime) -> _Addresses:
        """What the provider publishes of itself (OpenID Connect Discovery, 4)."""
        if self._addresses is not None and now - self._addresses[0] < _KEPT:
            return self._addresses[1]
        if self._failed_at is not None and abs(now - self._failed_at) < _DOWN:
            raise ProviderDownError("it did not answer a moment ago")
        self._failed_at = now
        found = _content(await self._send("GET", f"{self.client.issuer.rstrip('/')}{_WELL_KNOWN}"), "its addresses")
        self._addresses, self._failed_at = (now, _addresses(found, self.client.issuer)), None
        return self._addresses[1]

    async def _send(
        self, method: str, address: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> HttpAnswer | HttpFailure:
        """One exchange, bounded in time and size; no redirect is followed."""
        async with new_client("", {"Accept": "application/json"}) as http:
            return await send_request(
                http, method, address, headers=headers, body=body, longest=LONGEST_SECONDS, largest=LARGEST_ANSWER
            )


def is_trustworthy(address: str) -> bool:
    """Whether secrets may be sent to an address: https, or this very machine."""
    try:
        url = httpx.URL(address)
    except (httpx.InvalidURL, UnicodeError, ValueError):
        return False
    if not url.host or url.userinfo or url.fragment:
        return False
    return url.scheme == "https" or (url.scheme == "http" and url.host in _LOOPBACK)


def _addresses(found: Mapping[str, Any], issuer: str) -> _Addresses:
    if found.get("issuer") != issuer:
        named = clean_text(str(found.get("issuer")), 200)
        raise ProviderDownError(f"the provider calls itself {named}: set PARADEIRO_OPENID_ISSUER to exactly that")
    names = ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint")
    authorization, token, keys, userinfo = (_usable(found.get(name), issuer) for name in names)
    if not (authorization and token and keys):
        raise ProviderDownError("the provider's addresses are missing, or are no https:// addresses")
    ways = found.get("token_endpoint_auth_methods_supported")
    in_body = isinstance(ways, Sequence) and "client_secret_post" in ways and "client_secret_basic" not in ways
    return _Addresses(authorization, token, keys, userinfo, in_body)


def _usable(address: object, issuer: str) -> str:
    """An address that the provider names; empty if it is none to send anything to."""
    if not isinstance(address, str) or not is_trustworthy(address):
        return ""
    # A provider elsewhere names nothing on this machine.
    inside = httpx.URL(address).scheme == "http" and httpx.URL(issuer).scheme == "https"
    return "" if inside else address


def _content(answer: HttpAnswer | HttpFailure, what: str) -> dict[str, Any]:
    """The JSON object of an answer. Raises `ProviderDownError`."""
    if isinstance(answer, HttpFailure):
        raise ProviderDownError(f"asked for {what}: {answer.message}")
    if answer.status != 200:
        error = json_object(answer.body).get("error", "")
        raise ProviderDownError(clean_text(f"asked for {what}: HTTP {answer.status} {error}", 200))
    found = json_object(answer.body)
    if not found:
        raise ProviderDownError(f"asked for {what}: no JSON")
    return found


def _challenge_of(verifier: str) -> str:
    return base64.urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("=")
