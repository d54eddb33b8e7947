"""An authenticator and a browser of a person, in software: written from the WebAuthn specification (level 2, sections
5, 6 and 7) and RFC 9052, not from our code. It imports nothing of ours.
"""

import base64
import json
import secrets
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

UP, UV, AT = 0x01, 0x04, 0x40  # user present, user verified, attested credential data


def text_of(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def bytes_of(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _head(major: int, number: int) -> bytes:
    if number < 24:
        return bytes([major << 5 | number])
    return bytes([major << 5 | 24, number]) if number < 256 else bytes([major << 5 | 25]) + number.to_bytes(2, "big")


def cbor(value: Any) -> bytes:
    """RFC 8949, what CTAP2 needs of it."""
    match value:
        case int():
            return _head(0, value) if value >= 0 else _head(1, -1 - value)
        case bytes():
            return _head(2, len(value)) + value
        case str():
            return _head(3, len(value.encode())) + value.encode()
        case dict():
            return _head(5, len(value)) + b"".join(cbor(name) + cbor(each) for name, each in value.items())
    raise AssertionError(value)


@dataclass(slots=True)
class Credential:
    rp_id: str
    user_handle: bytes
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    count: int = 0

    def cose_key(self) -> bytes:
        """RFC 9053: EC2, ES256, P-256, x, y."""
        public = self.key.public_key().public_numbers()
        return cbor({1: 2, 3: -7, -1: 1, -2: public.x.to_bytes(32, "big"), -3: public.y.to_bytes(32, "big")})


@dataclass(slots=True)
class Authenticator:
    """`origin`: of the page that the browser shows. What is not as it should be is changed by the test."""

    origin: str
    flags: int = UP | UV
    counts: bool = True
    credentials: list[Credential] = field(default_factory=list)

    def create(self, options: dict[str, Any]) -> str:
        """navigator.credentials.create(): the answer as JSON."""
        made = Credential(options["rp"]["id"], bytes_of(options["user"]["id"]))
        self.credentials.append(made)
        attested = bytes(16) + len(made.id).to_bytes(2, "big") + made.id + made.cose_key()
        data = self._data(made, AT) + attested
        response = {"attestationObject": text_of(cbor({"fmt": "none", "attStmt": {}, "authData": data}))}
        return self._answer(made, "webauthn.create", options["challenge"], response)

    def get(self, options: dict[str, Any], **changed: Any) -> str:
        """navigator.credentials.get() with the newest credential: the answer as JSON."""
        used = self.credentials[-1]
        used.count += self.counts
        client = self._client_data("webauthn.get", options["challenge"])
        data = self._data(used)
        signature = used.key.sign(data + sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        response = {
            "authenticatorData": text_of(data),
            "signature": text_of(signature),
            "userHandle": text_of(used.user_handle),
        }
        return self._answer(used, "webauthn.get", options["challenge"], response | changed)

    def _data(self, of: Credential, more: int = 0) -> bytes:
        """Authenticator data (6.1): hash of the RP id, flags, count."""
        return sha256(of.rp_id.encode()).digest() + bytes([self.flags | more]) + of.count.to_bytes(4, "big")

    def _client_data(self, kind: str, challenge: str) -> bytes:
        """Collected client data (5.8.1), as the browser writes it."""
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(said, separators=(",", ":")).encode()

    def _answer(self, of: Credential, kind: str, challenge: str, response: dict[str, Any]) -> str:
        client = text_of(self._client_data(kind, challenge))
        whole = {"id": text_of(of.id), "rawId": text_of(of.id), "type": "public-key"}
        return json.dumps(whole | {"response": {"clientDataJSON": client} | response})
