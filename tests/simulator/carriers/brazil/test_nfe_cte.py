"""In: fiscal events of delivery as files; out: proven by their signatures, read by the official numbers."""

import base64
import re
import xml.etree.ElementTree as ET
from datetime import datetime, timedelta
from hashlib import sha1

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from paradeiro.simulator.carriers.brazil.nfe_cte import PICTURE, NfeCte, with_check_digit
from paradeiro.simulator.carriers.simulated_carrier import WrittenFile
from tests.simulator.carriers.carrier_stories import (
    SHOP,
    SHOWN_AFTER,
    START,
    STEP,
    carrier,
    everything,
    key,
    package,
    true_words,
)

# The official events.
PUBLISHED = {
    "110180": "delivered",
    "110130": "delivered",
    "110190": "attempt_failed",
    "110192": "attempt_failed",
    "110181": "unknown",
    "110131": "unknown",
}
END = START + timedelta(days=9)
SPACES = {False: "http://www.portalfiscal.inf.br/cte", True: "http://www.portalfiscal.inf.br/nfe"}
LIFE = ("absent", "refused", "delivered", "taken_back", "delivered")


def proven(file: WrittenFile, space: str, authority: str) -> str:
    """The tax number in the certificate that signed the event; fails if anything was changed."""
    text = file.content.decode()
    inside = re.search(r"<infEvento Id=.*?</infEvento>", text)
    information = re.search(r"<SignedInfo>.*?</SignedInfo>", text)
    assert inside
    assert information
    canonical = ET.canonicalize(inside[0].replace("<infEvento ", f'<infEvento xmlns="{space}" ', 1))
    said = {name: re.findall(f"<{name}>([^<]*)</{name}>", text)[0] for name in ("DigestValue", "SignatureValue")}
    if base64.b64encode(sha1(canonical.encode()).digest()).decode() != said["DigestValue"]:
        raise InvalidSignature
    signed = information[0].replace("<SignedInfo>", '<SignedInfo xmlns="http://www.w3.org/2000/09/xmldsig#">')
    der = base64.b64decode(re.findall("<X509Certificate>([^<]*)<", text)[0])
    certificate = x509.load_der_x509_certificate(der)
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(authority.encode()))
    public = certificate.public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    mark = base64.b64decode(said["SignatureValue"])
    public.verify(mark, ET.canonicalize(signed).encode(), padding.PKCS1v15(), hashes.SHA1())
    (name,) = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(name.value).rsplit(":", 1)[1]


def part(file: WrittenFile, name: str) -> str:
    """The text of the first element with a name, of any space."""
    return ET.fromstring(file.content).findtext(f".//{{*}}{name}") or ""


@pytest.mark.parametrize("by_issuer", [False, True])
def test_the_truth_can_be_read_by_the_official_numbers_and_each_event_is_signed(by_issuer: bool) -> None:
    told = package(NfeCte, 10001, *LIFE)
    simulated, _ = carrier(NfeCte, told, by_issuer=by_issuer)
    files = list({file.name: file for file in simulated.files(START, END)}.values())
    assert [PUBLISHED[part(file, "tpEvento")] for file in files] == true_words(told, END)
    assert set(everything(NfeCte)) == set(LIFE)
    authority = simulated.settings("http://x")["ca_bundle"]
    author = SHOP if by_issuer else "11222333000181"
    assert {proven(file, SPACES[by_issuer], authority) for file in files} == {author}
    assert {part(file, "CNPJ") for file in files} == {author}
    assert {part(file, "cStat") for file in files} == {"135"}
    when = "dhEntrega" if by_issuer or part(files[2], "dhEntrega") else ""
    assert datetime.fromisoformat(part(files[2], when)) == START + 2 * STEP
    assert part(files[2], when).endswith("-03:00")


def test_an_event_of_a_carrier_lists_invoices_of_several_senders() -> None:
    told = package(NfeCte, 10001, "absent", "delivered")
    simulated, _ = carrier(NfeCte, told)
    absent, delivered = list({file.name: file for file in simulated.files(START, END)}.values())
    for file in (absent, delivered):
        keys = [each.text or "" for each in ET.fromstring(file.content).iterfind(".//{*}infEntrega/{*}chNFe")]
        assert (keys[0], len(keys[1]), keys[1][6:20]) == (told.code, 44, "55666777000188")
        assert part(file, "chCTe") == told.own_number
        event = ET.fromstring(file.content).find(".//{*}infEvento")
        assert event is not None
        assert event.attrib["Id"] == f"ID{part(file, 'tpEvento')}{told.own_number}001"
    assert part(absent, "tpMotivo") == "1"
    mark = sha1(told.own_number.encode() + base64.b64encode(PICTURE)).digest()
    assert base64.b64decode(part(delivered, "hashEntrega")) == mark
    assert (part(delivered, "xNome"), part(delivered, "descEvento")) == (
        "PESSOA EXEMPLO",
        "Comprovante de Entrega do CT-e",
    )


@pytest.mark.parametrize(("by_issuer", "name"), [(False, "nProtCE"), (True, "nProtEvento")])
def test_a_withdrawal_names_the_protocol_of_the_delivery(by_issuer: bool, name: str) -> None:
    simulated, _ = carrier(NfeCte, package(NfeCte, 10001, *LIFE), by_issuer=by_issuer)
    files = list({file.name: file for file in simulated.files(START, END)}.values())
    protocols = [each.text for file in files for each in [*ET.fromstring(file.content).iterfind(".//{*}nProt")][-1:]]
    assert len(set(protocols)) == 5
    assert part(files[3], name) == protocols[2]
    assert "chNFe>" not in files[3].content.decode() or by_issuer
    assert [part(file, "nSeqEvento") for file in files] == ["1", "2", "1", "1", "2"]


def test_a_forged_copy_is_not_proven() -> None:
    simulated, _ = carrier(NfeCte, package(NfeCte, 10001, *LIFE), forged=True)
    authority = simulated.settings("http://x")["ca_bundle"]
    files = simulated.files(START, END)
    forged = [file for file in files if file.name.startswith("copia-")]
    assert len(forged) == 5
    for file in forged:
        with pytest.raises(InvalidSignature):
            proven(file, SPACES[False], authority)
    another, _ = carrier(NfeCte)
    with pytest.raises(InvalidSignature):
        proven(files[0], SPACES[False], another.settings("http://x")["ca_bundle"])


def test_files_come_after_the_event_shows_in_the_order_of_time_and_some_twice() -> None:
    packages = [package(NfeCte, number, *LIFE) for number in range(1, 9)]
    simulated, _ = carrier(NfeCte, *packages)
    files = simulated.files(START, END)
    assert [file.at for file in files] == sorted(file.at for file in files)
    assert 40 == len({file.name for file in files}) < len(files)
    assert min(file.at for file in files) > START + SHOWN_AFTER
    for file in files:
        assert datetime.fromisoformat(part(file, "dhRegEvento")) < file.at
    assert simulated.files(START - STEP, START) == []
    again = [f for n in range(9) for f in simulated.files(START + timedelta(days=n), START + timedelta(days=n + 1))]
    assert sorted(again, key=lambda f: (f.at, f.name)) == sorted(files, key=lambda f: (f.at, f.name))


def test_check_digits() -> None:
    """Weights 2 to 9 from the right: the sum with the check digit is a multiple of 11, or the digit is 0."""
    for number in range(1, 60):
        full = with_check_digit(key(number)[:43])
        total = sum(int(c) * (2 + place % 8) for place, c in enumerate(reversed(full[:43])))
        assert full[:43] == key(number)[:43]
        assert (total + int(full[43])) % 11 == 0 or (full[43] == "0" and total % 11 < 2)
