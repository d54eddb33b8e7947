"""In: what an event shall say; out: its XML, signed with a certificate made up here, as an author's system signs it.

The signature is made by hand (canonical form, SHA-1, RSA), not with the library that verifies it.
"""

import base64
import hashlib
import io
import ssl
import tempfile
from datetime import UTC, datetime
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import etree

CTE_SPACE, NFE_SPACE = "http://www.portalfiscal.inf.br/cte", "http://www.portalfiscal.inf.br/nfe"
DS = "http://www.w3.org/2000/09/xmldsig#"
C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
CARRIER, SHOP = "11222333000181", "99888777000100"
_COMPANY = x509.ObjectIdentifier("2.16.76.1.3.3")


def with_digit(body: str) -> str:
    """A key of 43 characters with its check digit: weights 2 to 9 from the right, a character is its ASCII less 48."""
    rest = sum((ord(c) - 48) * (2 + at % 8) for at, c in enumerate(reversed(body))) % 11
    return body + str(0 if rest < 2 else 11 - rest)


def nfe_key(number: int, sender: str = SHOP) -> str:
    return with_digit(f"352603{sender}55001{number:09}1{number:08}")


CTE_KEY = with_digit(f"352603{CARRIER}57001000012345100012345")


class Company:
    """A company with a key and a certificate."""

    def __init__(
        self, tax_number: str, issuer: "Company | None" = None, *, is_ca: bool = False, **more: object
    ) -> None:
        self.tax_number = tax_number
        self.key = rsa.generate_private_key(65537, 2048)
        name = x509.Name(
            [x509.NameAttribute(x509.NameOID.COMMON_NAME, str(more.get("name", f"EMPRESA EXEMPLO LTDA:{tax_number}")))]
        )
        self.name = name
        years = more.get("years", (2025, 2090))
        assert isinstance(years, tuple)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(issuer.name if issuer else name)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(datetime(years[0], 1, 1, tzinfo=UTC))
            .not_valid_after(datetime(years[1], 1, 1, tzinfo=UTC))
            .add_extension(x509.BasicConstraints(is_ca, None), critical=True)
            .add_extension(
                x509.KeyUsage(not is_ca, not is_ca, False, False, False, is_ca, is_ca, False, False), critical=True
            )
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key((issuer or self).key.public_key()), critical=False
            )
        )
        names: list[x509.GeneralName] = [x509.DNSName(str(more["dns"]))] if "dns" in more else []
        if not is_ca and more.get("named", True):
            names.append(x509.OtherName(_COMPANY, b"\x04" + bytes([len(tax_number)]) + tax_number.encode()))
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        self.certificate = builder.sign((issuer or self).key, hashes.SHA256())

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def serve(self, context: ssl.SSLContext) -> None:
        """Have a server present this certificate."""
        key = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        with tempfile.NamedTemporaryFile() as file:
            file.write(self.pem.encode() + key)
            file.flush()
            context.load_cert_chain(file.name)

    def pfx(self, password: str) -> bytes:
        return serialization.pkcs12.serialize_key_and_certificates(
            b"a1", self.key, self.certificate, None, serialization.BestAvailableEncryption(password.encode())
        )


@cache
def authority() -> Company:
    return Company("", is_ca=True, name="AC Exemplo")


@cache
def company(tax_number: str) -> Company:
    return Company(tax_number, authority())


def _canonical(element: etree._Element) -> bytes:
    held = io.BytesIO()
    etree.ElementTree(element).write_c14n(held)
    return held.getvalue()


def sign(event: str, signer: Company, algorithm: str = "sha1") -> str:
    """The event (`<evento…>…</evento>`, with its namespace) with its signature in it."""
    root = etree.fromstring(event)
    inner = root[0]
    digest = hashlib.new(algorithm, _canonical(etree.fromstring(_inherited(event)))).digest()
    method = f"{DS}rsa-sha1" if algorithm == "sha1" else "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
    digested = f"{DS}sha1" if algorithm == "sha1" else "http://www.w3.org/2001/04/xmlenc#sha256"
    signed_info = (
        f'<SignedInfo xmlns="{DS}"><CanonicalizationMethod Algorithm="{C14N}"/><SignatureMethod Algorithm="{method}"/>'
        f'<Reference URI="#{inner.get("Id")}"><Transforms><Transform Algorithm="{DS}enveloped-signature"/>'
        f'<Transform Algorithm="{C14N}"/></Transforms><DigestMethod Algorithm="{digested}"/>'
        f"<DigestValue>{base64.b64encode(digest).decode()}</DigestValue></Reference></SignedInfo>"
    )
    held = hashes.SHA1() if algorithm == "sha1" else hashes.SHA256()
    value = signer.key.sign(_canonical(etree.fromstring(signed_info)), padding.PKCS1v15(), held)
    der = signer.certificate.public_bytes(serialization.Encoding.DER)
    signature = (
        f'<Signature xmlns="{DS}">{signed_info.replace(f" xmlns={chr(34)}{DS}{chr(34)}", "")}'
        f"<SignatureValue>{base64.b64encode(value).decode()}</SignatureValue><KeyInfo><X509Data><X509Certificate>"
        f"{base64.b64encode(der).decode()}</X509Certificate></X509Data></KeyInfo></Signature>"
    )
    return event.replace(f"</{etree.QName(root).localname}>", f"{signature}</{etree.QName(root).localname}>")


def _inherited(event: str) -> str:
    """`infEvento` alone, with the namespace that it inherits."""
    root = etree.fromstring(event)
    start, end = event.index("<infEvento"), event.index("</infEvento>") + len("</infEvento>")
    space = etree.QName(root).namespace
    return event[start:end].replace("<infEvento", f'<infEvento xmlns="{space}"', 1)


def event_xml(kind: str, details: str, **more: str) -> str:
    """An event without signature. `details`: what stands in detEvento; a CT-e's type begins with 1101[89]."""
    is_cte = kind[:5] in {"11018", "11019"} and kind not in {"110192", "110193", "110199"}
    space, name = (CTE_SPACE, "eventoCTe") if is_cte else (NFE_SPACE, "evento")
    key = more.get("key", CTE_KEY if is_cte else nfe_key(1001))
    author = more.get("author", CARRIER if is_cte else SHOP)
    at = more.get("at", "2026-03-11T14:20:00-03:00")
    tag = "chCTe" if is_cte else "chNFe"
    version = '<detEvento versaoEvento="4.00">' if is_cte else '<detEvento versao="1.00">'
    return (
        f'<{name} xmlns="{space}" versao="{"4.00" if is_cte else "1.00"}"><infEvento Id="ID{kind}{key}001">'
        f"<cOrgao>35</cOrgao><tpAmb>{more.get('environment', '1')}</tpAmb><CNPJ>{author}</CNPJ><{tag}>{key}</{tag}>"
        f"<dhEvento>{at}</dhEvento><tpEvento>{kind}</tpEvento><nSeqEvento>{more.get('turn', '1')}</nSeqEvento>"
        f"{version}{details}</detEvento></infEvento></{name}>"
    )


def registered(event: str, **more: str) -> bytes:
    """The signed event in the tax authority's document, with its registration."""
    root = etree.fromstring(event)
    inner = root[0]
    space = etree.QName(root).namespace
    name = etree.QName(root).localname
    tail = "CTe" if name == "eventoCTe" else "NFe"
    ret = "retEventoCTe" if name == "eventoCTe" else "retEvento"
    tag = f"ch{tail}"
    values = {each: inner.findtext(f"{{{space}}}{each}") or "" for each in (tag, "tpEvento", "nSeqEvento", "tpAmb")}
    values |= {each: more[each] for each in more if each in values}
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<procEvento{tail} xmlns="{space}"{more.get("extra", "")} '
        f'versao="{root.get("versao")}">{event}<{ret} versao="{root.get("versao")}"><infEvento>'
        f"<tpAmb>{values['tpAmb']}</tpAmb><verAplic>SVRS</verAplic><cOrgao>35</cOrgao><cStat>{more.get('state', '135')}"
        f"</cStat><xMotivo>Evento registrado</xMotivo><{tag}>{values[tag]}</{tag}><tpEvento>{values['tpEvento']}"
        f"</tpEvento><nSeqEvento>{values['nSeqEvento']}</nSeqEvento><dhRegEvento>2026-03-11T14:20:05-03:00</dhRegEvento>"
        f"<nProt>{more.get('protocol', '335260000000002')}</nProt></infEvento></{ret}></procEvento{tail}>"
    ).encode()


def delivered_details(*keys: str, at: str = "2026-03-11T14:05:00-03:00") -> str:
    """A proof of delivery of a CT-e."""
    named = "".join(f"<infEntrega><chNFe>{key}</chNFe></infEntrega>" for key in keys)
    return (
        "<evCECTe><descEvento>Comprovante de Entrega do CT-e</descEvento><nProt>335260000000001</nProt>"
        f"<dhEntrega>{at}</dhEntrega><nDoc>000000000</nDoc><xNome>PESSOA EXEMPLO</xNome><latitude>-8.047600</latitude>"
        "<longitude>-34.877000</longitude><hashEntrega>dTlgA70+yLZYDZYw3/QEyxujevw=</hashEntrega>"
        f"<dhHashEntrega>{at}</dhHashEntrega>{named}</evCECTe>"
    )


def failed_details(reason: str, *keys: str, at: str = "2026-03-10T16:40:00-03:00", words: str = "") -> str:
    """A failed delivery of a CT-e."""
    named = "".join(f"<infEntrega><chNFe>{key}</chNFe></infEntrega>" for key in keys)
    return (
        "<evIECTe><descEvento>Insucesso na Entrega do CT-e</descEvento><nProt>335260000000001</nProt>"
        f"<dhTentativaEntrega>{at}</dhTentativaEntrega><nTentativa>001</nTentativa><tpMotivo>{reason}</tpMotivo>"
        f"{f'<xJustMotivo>{words}</xJustMotivo>' if words else ''}{named}</evIECTe>"
    )


def nfe_delivered_details(at: str = "2026-03-11T14:05:00-03:00") -> str:
    return (
        "<descEvento>Comprovante de Entrega da NF-e</descEvento><cOrgaoAutor>35</cOrgaoAutor><tpAutor>1</tpAutor>"
        f"<verAplic>1.0</verAplic><dhEntrega>{at}</dhEntrega><nDoc>000000000</nDoc><xNome>PESSOA EXEMPLO</xNome>"
        "<latGPS>-8.047600</latGPS><longGPS>-34.877000</longGPS><hashComprovante>dTlgA70+yLZYDZYw3/QEyxujevw="
        f"</hashComprovante><dhHashComprovante>{at}</dhHashComprovante>"
    )


def document(kind: str, details: str, **more: str) -> bytes:
    """A signed and registered event, by the company that it names as its author unless `signer` names another."""
    event = event_xml(kind, details, **more)
    author = more.get("signer", more.get("author", CARRIER if "<eventoCTe" in event else SHOP))
    return registered(sign(event, company(author), more.get("algorithm", "sha1")), **more)
