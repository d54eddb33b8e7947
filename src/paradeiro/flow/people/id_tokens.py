"""In: an ID token and the provider's keys; out: who its owner is there, or why it is not believed. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec
from joserfc import jwk, jws
from joserfc.errors import JoseError

# Only with a key pair: `none` proves nothing, and who has a public key can sign with it where a secret is expected.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
_KEY_TYPE = {"RS": "RSA", "PS": "RSA", "ES": "EC"}
_MOST_KEYS = 50
_LONGEST_SUBJECT = 255
# Clocks are a little off.
LEEWAY = timedelta(minutes=1)
_OLDEST = timedelta(minutes=10)


class NoKeyError(Exception):
    """None of the keys made this signature. To do: fetch the keys anew, once; a provider changes them."""


class BadTokenError(Exception):
    """The ID token is not to be believed. The message names no value of it."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What an ID token must say. `nonce`: that of this very sign-in."""

    issuer: str
    client_id: str
    nonce: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is at a provider. `email`: empty unless the provider has verified it."""

    issuer: str
    subject: str
    email: str = field(repr=False)


def read_keys(body: Mapping[str, Any]) -> tuple[jwk.Key, ...]:
    """The public keys of a key set. Those of kinds that we do not use are left out."""
    found = body.get("keys")
    keys = []
    for each in (found if isinstance(found, list) else [])[:_MOST_KEYS]:
        if isinstance(each, dict) and each.get("kty") in _KEY_TYPE.values():
            try:
                keys.append(jwk.import_key(each))
            except (JoseError, ValueError, TypeError, KeyError):
                continue  # one key that we cannot read does not make the others useless
    return tuple(keys)


def read_id_token(token: str, keys: Iterable[jwk.Key], expected: Expected, *, now: datetime) -> Identity:
    """Check signature and claims (OpenID Connect Core, 3.1.3.7). Raises `NoKeyError`, `BadTokenError`."""
    claims = _signed_claims(token, keys)
    problem = next((words for words, right in _checks(claims, expected, now) if not right), "")
    if problem:
        raise BadTokenError(problem)
    return identity_of(expected.issuer, claims)


def identity_of(issuer: str, claims: Mapping[str, Any]) -> Identity:
    """Who the claims speak of. An address counts only if the provider says in so many words that it is verified."""
    email = claims.get("email")
    # Small letters of others are letters of ours: the Kelvin sign becomes a k.
    usable = isinstance(email, str) and email.isascii() and email.isprintable()
    verified = usable and claims.get("email_verified") is True
    return Identity(issuer, str(claims.get("sub", "")), str(email) if verified else "")


def _signed_claims(token: str, keys: Iterable[jwk.Key]) -> dict[str, Any]:
    try:
        header = jws.extract_compact(token.encode("ascii")).headers()
    except (JoseError, ValueError, RecursionError) as error:
        raise BadTokenError("it is no signed token") from error
    algorithm, named = header.get("alg"), header.get("kid")
    if algorithm not in ALGORITHMS:
        raise BadTokenError("its algorithm is not one with a key pair")
    fitting = [each for each in keys if each.key_type == _KEY_TYPE[str(algorithm)[:2]]]
    for key in [each for each in fitting if named is None or each.get("kid") == named]:
        try:
            read = jws.deserialize_compact(token, key, algorithms=[str(algorithm)])
        except (JoseError, ValueError, TypeError):
            continue  # the next key may be the one
        return _object(read.payload)
    raise NoKeyError


def _object(payload: bytes | None) -> dict[str, Any]:
    try:
        claims = msgspec.json.decode(payload or b"")
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise BadTokenError("it holds no JSON") from error
    if not isinstance(claims, dict):
        raise BadTokenError("it holds no claims")
    return claims


def _checks(claims: Mapping[str, Any], expected: Expected, now: datetime) -> list[tuple[str, bool]]:
    """What must be so, with the words for when it is not."""
    audience = claims.get("aud")
    for_whom = [audience] if isinstance(audience, str) else audience if isinstance(audience, list) else []
    party = claims.get("azp", expected.client_id if len(for_whom) == 1 else None)
    at = now.timestamp()
    return [
        ("it is of another issuer", claims.get("iss") == expected.issuer),
        ("it is for another audience", expected.client_id in for_whom),
        ("it is for another party", party == expected.client_id),
        ("it has ended", _number(claims, "exp") > at - LEEWAY.total_seconds()),
        ("it is of the future", _number(claims, "iat", ahead=True) < at + LEEWAY.total_seconds()),
        ("it is old", _number(claims, "iat") > at - _OLDEST.total_seconds()),
        ("it is not valid yet", _number(claims, "nbf", absent=at) < at + LEEWAY.total_seconds()),
        ("it is of another sign-in", claims.get("nonce") == expected.nonce),
        ("it names nobody", _is_subject(claims.get("sub"))),
    ]


def _is_subject(subject: object) -> bool:
    return isinstance(subject, str) and 0 < len(subject) <= _LONGEST_SUBJECT and subject.isprintable()


def _number(claims: Mapping[str, Any], name: str, *, ahead: bool = False, absent: float | None = None) -> float:
    """An instant of the claims; what is none is far in the past, or `ahead`."""
    value = claims.get(name, absent)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    return float("inf") if ahead else float("-inf")
