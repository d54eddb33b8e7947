"""In: the inside of a fiscal event, an author's tax number; out: its XML signature, by a certificate that is made up.

The text is written in its canonical form from the beginning, so what is written is what is signed.
"""

import base64
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha1

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

_SIGNATURES = "http://www.w3.org/2000/09/xmldsig#"
_CANONICAL = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
_TAX_NUMBER = x509.ObjectIdentifier("2.16.76.1.3.3")
_FROM, _TO = datetime(2020, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC)
_NAME = "AC Simulada"


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass(frozen=True, slots=True)
class Signer:
    """An author's certificate and its key."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey


@dataclass(slots=True)
class Authority:
    """Makes a certificate for each author, which names its tax number as the Brazilian ones do."""

    key: rsa.RSAPrivateKey = field(default_factory=_new_key, repr=False)
    signers: dict[str, Signer] = field(default_factory=dict)
    own: x509.Certificate | None = None

    @property
    def certificate(self) -> str:
        """Its own certificate, as PEM: whoever trusts it can prove the authors' ones."""
        if self.own is None:
            built = _builder(_NAME, self.key, self.key).add_extension(_usage(authority=True), critical=True)
            built = built.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            self.own = built.sign(self.key, hashes.SHA256())
        return self.own.public_bytes(Encoding.PEM).decode()

    def signer(self, tax_number: str) -> Signer:
        """The same one each time."""
        if tax_number not in self.signers:
            key = _new_key()
            number = x509.OtherName(_TAX_NUMBER, b"\x13\x0e" + tax_number.encode())
            built = _builder(f"EMPRESA EXEMPLO LTDA:{tax_number}", key, self.key)
            built = built.add_extension(_usage(authority=False), critical=True)
            built = built.add_extension(x509.SubjectAlternativeName([number]), critical=False)
            built = built.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            self.signers[tax_number] = Signer(built.sign(self.key, hashes.SHA256()), key)
        return self.signers[tax_number]


def _usage(*, authority: bool) -> x509.KeyUsage:
    """An authority signs certificates, an author signs documents."""
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _builder(name: str, key: rsa.RSAPrivateKey, authority: rsa.RSAPrivateKey) -> x509.CertificateBuilder:
    issuer, subject = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, each)]) for each in (_NAME, name))
    return (
        x509.CertificateBuilder()
        .issuer_name(issuer)
        .subject_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_FROM)
        .not_valid_after(_TO)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key()), critical=False)
    )


def signed(space: str, identity: str, inside: str, signer: Signer) -> tuple[str, str]:
    """The signature, and the `infEvento` that it signs."""
    canonical = f'<infEvento xmlns="{space}" Id="{identity}">{inside}</infEvento>'
    digest = base64.b64encode(sha1(canonical.encode()).digest()).decode()  # noqa: S324 - as the tax authority asks
    information = (
        f'<CanonicalizationMethod Algorithm="{_CANONICAL}"></CanonicalizationMethod>'
        f'<SignatureMethod Algorithm="{_SIGNATURES}rsa-sha1"></SignatureMethod>'
        f'<Reference URI="#{identity}"><Transforms>'
        f'<Transform Algorithm="{_SIGNATURES}enveloped-signature"></Transform>'
        f'<Transform Algorithm="{_CANONICAL}"></Transform></Transforms>'
        f'<DigestMethod Algorithm="{_SIGNATURES}sha1"></DigestMethod><DigestValue>{digest}</DigestValue></Reference>'
    )
    canonical_information = f'<SignedInfo xmlns="{_SIGNATURES}">{information}</SignedInfo>'
    mark = signer.key.sign(canonical_information.encode(), padding.PKCS1v15(), hashes.SHA1())  # noqa: S303 - as the tax authority asks
    certificate = base64.b64encode(signer.certificate.public_bytes(Encoding.DER)).decode()
    signature = (
        f'<Signature xmlns="{_SIGNATURES}"><SignedInfo>{information}</SignedInfo>'
        f"<SignatureValue>{base64.b64encode(mark).decode()}</SignatureValue>"
        f"<KeyInfo><X509Data><X509Certificate>{certificate}</X509Certificate></X509Data></KeyInfo></Signature>"
    )
    return signature, f'<infEvento Id="{identity}">{inside}</infEvento>'
