"""In: a company's certificate (PFX) and trusted roots; out: a TLS context that presents it, or why there is none."""

import base64
import os
import secrets
import ssl
import tempfile

import httpx
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat, pkcs12

from paradeiro.connectors.nfe_cte.signature import NO_BUNDLE


class CertificateError(ValueError):
    """Why a certificate cannot be used; the text shows nothing of it."""


def tls_context(certificate: str, password: str, bundle: str) -> ssl.SSLContext:
    """A context for mutual TLS. Without a certificate (`none`) a gateway of the shop's presents it. The servers of the
    tax authority have certificates of ICP-Brasil, which no system trusts by itself: `bundle` has their roots.
    """
    context = httpx.create_ssl_context(trust_env=False)
    try:
        if bundle.strip().lower() not in NO_BUNDLE:
            context.load_verify_locations(cadata=bundle)
        if certificate.strip().lower() not in NO_BUNDLE:
            _present(context, certificate, password)
    except (ValueError, TypeError, ssl.SSLError) as error:
        message = f"the certificate, its password or ca_bundle cannot be used ({type(error).__name__})"
        raise CertificateError(message) from error
    return context


def _present(context: ssl.SSLContext, certificate: str, password: str) -> None:
    """Have the context present a certificate. Python takes it from a file only: one for this moment, readable by us
    alone, with the key encrypted under a password that is never written.
    """
    pfx = base64.b64decode("".join(certificate.split()), validate=True)
    key, own, others = pkcs12.load_key_and_certificates(pfx, password.encode() or None)
    if key is None or own is None:
        message = "no key"
        raise ValueError(message)
    once = secrets.token_hex(32)
    parts = [each.public_bytes(Encoding.PEM) for each in (own, *others)]
    parts.append(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(once.encode())))
    handle, path = tempfile.mkstemp()
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(b"".join(parts))
        context.load_cert_chain(path, password=once)
    finally:
        os.unlink(path)  # noqa: PTH108 - the path is a text that mkstemp gave
