"""An OpenID provider on loopback, written from the specifications (OpenID Connect Core and Discovery 1.0, RFC 6749,
7515, 7517, 7636), not from our code. It imports nothing of ours. What it says wrongly is set by the test.
"""

import base64
import hmac
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote_plus, urlencode, urlsplit

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

CLIENT, SECRET = "paradeiro", "a secret: with ü, % and +"


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _number(value: int, length: int | None = None) -> str:
    return b64(value.to_bytes(length or (value.bit_length() + 7) // 8, "big"))


@dataclass(slots=True)
class SigningKey:
    kid: str
    key: Any

    def jwk(self) -> dict[str, Any]:
        public = self.key.public_key().public_numbers()
        of = {"kid": self.kid, "use": "sig"}
        if isinstance(self.key, rsa.RSAPrivateKey):
            return of | {"kty": "RSA", "alg": "RS256", "n": _number(public.n), "e": _number(public.e)}
        return of | {"kty": "EC", "crv": "P-256", "x": _number(public.x, 32), "y": _number(public.y, 32)}

    def sign(self, data: bytes) -> bytes:
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        r, s = decode_dss_signature(self.key.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def pem(self) -> bytes:
        kind = serialization.PublicFormat.SubjectPublicKeyInfo
        return self.key.public_key().public_bytes(serialization.Encoding.PEM, kind)


_MADE = {name: rsa.generate_private_key(65537, 2048) for name in ("one", "two")}


def signing_key(kid: str) -> SigningKey:
    return SigningKey(kid, _MADE[kid])


@dataclass(slots=True)
class Provider:
    """`now`: seconds. `person`: claims of who signs in. `claims`: in place of what the ID token says; None leaves one
    out. `down`: path -> status, or the bytes that come instead.
    """

    now: Any
    issuer: str = ""
    person: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    only_userinfo: bool = False
    userinfo: dict[str, Any] = field(default_factory=dict)
    published: dict[str, Any] = field(default_factory=dict)
    down: dict[str, int | bytes] = field(default_factory=dict)
    keys: list[SigningKey] = field(default_factory=lambda: [signing_key("one")])
    signs_with: SigningKey | None = None
    shown_keys: list[dict[str, Any]] | None = None
    header: dict[str, Any] = field(default_factory=dict)
    made_token: str = ""
    asked: list[str] = field(default_factory=list)
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)
    _access: dict[str, dict[str, Any]] = field(default_factory=dict)

    def authorize(self, address: str, **person: Any) -> str:
        """What the person's browser does here: it signs in and is sent back; the address that it is sent to."""
        asked = dict(parse_qsl(urlsplit(address).query, strict_parsing=True))
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT
        assert "openid" in asked["scope"].split()
        assert asked["code_challenge_method"] == "S256"
        assert len(asked["code_challenge"]) == 43
        assert asked["state"] != asked["nonce"]
        assert min(len(asked["state"]), len(asked["nonce"])) >= 22
        self.person = person or self.person
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state'], 'iss': self.issuer})}"

    def answer(self, method: str, path: str, headers: Any, body: str) -> tuple[int, bytes]:
        self.asked.append(path)
        if path in self.down:
            wrong = self.down[path]
            return (200, wrong) if isinstance(wrong, bytes) else (wrong, b'{"error": "server_error"}')
        match method, path:
            case "GET", "/realm/.well-known/openid-configuration":
                return 200, json.dumps(self._configuration()).encode()
            case "GET", "/keys":
                shown = [key.jwk() for key in self.keys] if self.shown_keys is None else self.shown_keys
                return 200, json.dumps({"keys": shown}).encode()
            case "POST", "/token":
                return self._token(headers, {name: values[0] for name, values in parse_qs(body).items()})
            case "GET", "/userinfo":
                claims = self._access.get(headers["Authorization"].removeprefix("Bearer "))
                return (401, b"{}") if claims is None else (200, json.dumps(claims | self.userinfo).encode())
        return 404, b"{}"

    def _configuration(self) -> dict[str, Any]:
        root = self.issuer.removesuffix("/realm")
        said = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{root}/authorize?tenant=1",
            "token_endpoint": f"{root}/token",
            "jwks_uri": f"{root}/keys",
            "userinfo_endpoint": f"{root}/userinfo",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }
        return said | self.published

    def _token(self, headers: Any, form: dict[str, str]) -> tuple[int, bytes]:
        if self.published.get("token_endpoint_auth_methods_supported") == ["client_secret_post"]:
            given = [form.get("client_id"), form.get("client_secret")]
        else:
            basic = headers.get("Authorization", "").removeprefix("Basic ")
            given = [unquote_plus(each) for each in base64.b64decode(basic).decode().split(":")]
        if given != [CLIENT, SECRET]:
            return 401, b'{"error": "invalid_client"}'
        asked = self._codes.pop(form.get("code", ""), None)
        proof = b64(sha256(form.get("code_verifier", "").encode()).digest())
        right = asked is not None and form.get("redirect_uri") == asked["redirect_uri"]
        if form.get("grant_type") != "authorization_code" or not right or asked is None:
            return 400, b'{"error": "invalid_grant"}'
        if proof != asked["code_challenge"]:
            return 400, b'{"error": "invalid_grant", "error_description": "PKCE"}'
        access = secrets.token_urlsafe(16)
        self._access[access] = self.person
        body = {"access_token": access, "token_type": "Bearer", "expires_in": 60, "id_token": self._id_token(asked)}
        return 200, json.dumps(body).encode()

    def _id_token(self, asked: dict[str, str]) -> str:
        now = int(self.now())
        said = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"]}
        person = {"sub": self.person["sub"]} if self.only_userinfo else self.person
        claims = {name: value for name, value in (said | person | self.claims).items() if value is not None}
        by = self.signs_with or self.keys[0]
        header = {"alg": "RS256" if isinstance(by.key, rsa.RSAPrivateKey) else "ES256", "kid": by.kid, "typ": "JWT"}
        header = {name: value for name, value in (header | self.header).items() if value is not None}
        data = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(claims).encode())}"
        match header.get("alg"):
            case "none":
                signature = b""
            case "HS256":  # with the public key, which everybody has
                signature = hmac.digest(by.pem(), data.encode(), "sha256")
            case _:
                signature = by.sign(data.encode())
        self.made_token = f"{data}.{b64(signature)}"
        return self.made_token


@contextmanager
def serve(provider: Provider) -> Iterator[Provider]:
    """The provider on a free port of loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._do("GET")

        def do_POST(self) -> None:
            self._do("POST")

        def _do(self, method: str) -> None:
            if self.path.startswith("/authorize?"):  # a person who is signed in there already
                self.send_response(302)
                self.send_header("Location", provider.authorize(self.path))
                self.end_headers()
                return
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            status, content = provider.answer(method, urlsplit(self.path).path, self.headers, body)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    provider.issuer = f"http://127.0.0.1:{server.server_port}/realm"
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
