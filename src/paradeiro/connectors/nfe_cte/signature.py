"""In: an event of the tax authority as bytes, trusted roots; out: what was really signed, and by whom. Pure.

Verified: the signature (XML-DSig) over the bytes of `infEvento`; that the certificate in it was valid when the event
says it was made; that the certificate's tax number is the author's. Whether the certificate is genuine is verified only
against roots that the account names (`ca_bundle`): without them anybody can make a certificate with any name.
"""

import base64
import re
from datetime import datetime

from cryptography import x509
from cryptography.x509.verification import Criticality, ExtensionPolicy, Policy, PolicyBuilder, Store, VerificationError
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.verifier import SignatureConfiguration, XMLVerifier

from paradeiro.connectors.nfe_cte.document import DocumentError, Element, Family

_DS = "{http://www.w3.org/2000/09/xmldsig#}"
_CERTIFICATE = f"{_DS}KeyInfo/{_DS}X509Data/{_DS}X509Certificate"
# The official schema fixes SHA-1 (xmldsig-core-schema_v1.01.xsd of NF-e and CT-e).
_METHODS = frozenset({SignatureMethod.RSA_SHA1, SignatureMethod.RSA_SHA256})
_DIGESTS = frozenset({DigestAlgorithm.SHA1, DigestAlgorithm.SHA256})
_MOST_TRANSFORMS = 2
# ICP-Brasil: the tax number of a company in the certificate's alternative names (DOC-ICP-04).
_COMPANY = x509.ObjectIdentifier("2.16.76.1.3.3")
_TAX_NUMBER = re.compile(r"[0-9A-Z]{12}[0-9]{2}", re.ASCII)
# The company of a tax number; what follows is the branch.
_ROOT = 8


class _Verifier(XMLVerifier):
    """lxml's canonical form of a part whose namespace is inherited without a prefix has `xmlns=""` where none is
    (signxml issue 275); official documents have no prefixes, and never an element without a namespace.
    """

    excise_empty_xmlns_declarations = True


def _check_use(_: Policy, __: x509.Certificate, usage: x509.KeyUsage | None) -> None:
    if usage is None or not usage.digital_signature:
        message = "it may not sign"
        raise ValueError(message)


# A company's certificate of ICP-Brasil is none of a web site: only its use is checked.
_SIGNER = ExtensionPolicy.permit_all().require_present(x509.KeyUsage, Criticality.AGNOSTIC, _check_use)
_ISSUER = ExtensionPolicy.webpki_defaults_ca()
NO_BUNDLE = frozenset({"", "none"})


def signed_element(body: bytes, root: Element, family: Family, at: datetime) -> tuple[Element, x509.Certificate]:
    """The `infEvento` that was signed, and the certificate. Only what is in this element was signed. `at`: when the
    event says it was made. Raises `DocumentError`.
    """
    signatures = root.findall(f"{family.tag(family.event)}/{_DS}Signature")
    if len(signatures) != 1:
        message = "the event is not signed" if not signatures else "the event has several signatures"
        raise DocumentError(message)
    _check_form(signatures[0])
    certificate = _certificate(signatures[0])
    config = SignatureConfiguration(
        location="./", signature_methods=_METHODS, digest_algorithms=_DIGESTS, verification_time=at
    )
    why = ""
    for data in _as_signed(body, root, family):
        try:
            found = _Verifier().verify(data, x509_cert=certificate, expect_config=config, id_attribute="Id")
        except Exception as error:  # noqa: BLE001 - whatever the library says of hostile bytes: they are not verified
            why = why or type(error).__name__
            continue
        signed = None if isinstance(found, list) else found.signed_xml
        if signed is not None and signed.tag == family.tag("infEvento"):
            return signed, certificate
        why = why or "another element"
    message = f"the signature does not fit the event, or its certificate was not valid then ({why})"
    raise DocumentError(message)


def _as_signed(body: bytes, root: Element, family: Family) -> list[bytes]:
    """The event as its author had it: alone, before the tax authority put it into a document whose names of namespaces
    would count in the canonical form; and as it stands in the document.
    """
    event = root.find(family.tag(family.event))
    inside = etree.tostring(event, with_tail=False) if event is not None else b""
    name = family.event.encode()
    alone = re.search(rb"<%b(\s[^>]*)?>.*</%b\s*>" % (name, name), body, re.DOTALL)
    if alone is None:
        return [inside]
    text = alone[0]
    if b"xmlns=" not in (alone[1] or b""):
        text = text.replace(b"<%b" % name, b'<%b xmlns="%b"' % (name, family.namespace.encode()), 1)
    return [text, inside]


def _check_form(signature: Element) -> None:
    """Whether the signature has the official form: each reference and transform more costs a pass over the document
    before anything is verified. Raises `DocumentError`.
    """
    references, transforms = (len(signature.findall(f".//{_DS}{name}")) for name in ("Reference", "Transform"))
    if references != 1 or transforms > _MOST_TRANSFORMS:
        message = "the signature has not the official form (one reference, two transforms)"
        raise DocumentError(message)


def _certificate(signature: Element) -> x509.Certificate:
    texts = [each.text or "" for each in signature.findall(_CERTIFICATE)]
    try:
        (text,) = texts
        return x509.load_der_x509_certificate(base64.b64decode("".join(text.split()), validate=True))
    except ValueError as error:
        message = "the signature has no certificate that can be read"
        raise DocumentError(message) from error


def tax_number_of(certificate: x509.Certificate) -> str:
    """The tax number of the company that a certificate is of; empty if it names none."""
    others: list[bytes] = []
    try:
        common = [str(each.value) for each in certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)]
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        others = [each.value for each in names.get_values_for_type(x509.OtherName) if each.type_id == _COMPANY]
    except x509.ExtensionNotFound:
        pass  # then its subject names it
    except ValueError:
        return ""
    # A text in DER: its kind, its length, its bytes. Else "NAME:TAX NUMBER".
    texts = [each[2:].decode("ascii", "replace") for each in others] + [each.rpartition(":")[2] for each in common]
    return next((text.strip() for text in texts if _TAX_NUMBER.fullmatch(text.strip())), "")


def check_author(certificate: x509.Certificate, author: str, key: str) -> None:
    """Whether the author signed it, and may state it: a branch of the company that issued the document. Raises
    `DocumentError`.
    """
    if not _TAX_NUMBER.fullmatch(author):
        message = "the event's author is no company"
        raise DocumentError(message)
    if tax_number_of(certificate)[:_ROOT] != author[:_ROOT]:
        message = "the event is signed with another company's certificate"
        raise DocumentError(message)
    if key[6:20][:_ROOT] != author[:_ROOT]:
        message = "the event's author did not issue the document that it is about"
        raise DocumentError(message)


def check_chain(certificate: x509.Certificate, bundle: str, at: datetime) -> None:
    """Whether the certificate was issued under one of the bundle's, as of `at`; nothing without a bundle. Raises
    `DocumentError`.
    """
    if bundle.strip().lower() in NO_BUNDLE:
        return
    try:
        trusted = Store(x509.load_pem_x509_certificates(bundle.encode()))
    except ValueError as error:
        message = "the account's ca_bundle cannot be read: it needs certificates in PEM"
        raise DocumentError(message) from error
    policy = PolicyBuilder().store(trusted).time(at).extension_policies(ee_policy=_SIGNER, ca_policy=_ISSUER)
    try:
        policy.build_client_verifier().verify(certificate, [])
    except (VerificationError, ValueError) as error:
        message = "the certificate was not issued under the account's ca_bundle"
        raise DocumentError(message) from error
