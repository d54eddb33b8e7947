"""In: nothing; out: the signed fixtures of `nfe_cte`, made anew with new certificates.

`python -m tests.connectors.nfe_cte_fixtures` writes them (not the expected files): a signed document cannot be edited.
"""

from pathlib import Path

from tests.connectors.nfe_cte_signing import (
    CARRIER,
    NFE_SPACE,
    SHOP,
    company,
    delivered_details,
    document,
    event_xml,
    failed_details,
    nfe_delivered_details,
    nfe_key,
    registered,
    sign,
    with_digit,
)

FOLDER = Path(__file__).parents[2] / "src" / "paradeiro" / "connectors" / "nfe_cte" / "fixtures"
_K1, _K2 = nfe_key(1001), nfe_key(1002)
_LETTERS = "12ABC34501DE35"
_XSI = ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
_PUSHED = b"Content-Type: application/xml\nX-Api-Key: canary-Zx81-secret\n\n"


def _cancelled(name: str, words: str, tag: str) -> str:
    return (
        f"<{name}><descEvento>{words}</descEvento><nProt>335260000000001</nProt><{tag}>335260000000002</{tag}></{name}>"
    )


def _cancelled_nfe(words: str) -> str:
    return (
        f"<descEvento>{words}</descEvento><cOrgaoAutor>35</cOrgaoAutor><tpAutor>1</tpAutor><verAplic>1.0</verAplic>"
        "<nProtEvento>135260000000002</nProtEvento>"
    )


def _stated() -> dict[str, bytes]:
    """What states something."""
    later = {"at": "2026-03-12T09:00:00-03:00"}
    failed = failed_details("2").removeprefix("<evIECTe>").removesuffix("</evIECTe>")
    letters = with_digit(f"352607{_LETTERS}5500100000000110000000" + "7")
    letters_cte = with_digit(f"352607{_LETTERS}5700100000000910000000" + "7")
    proof = delivered_details(_K1, _K2)
    return {
        "delivered.xml": document("110180", proof),
        "delivered_by_the_invoices_issuer.xml": document("110130", nfe_delivered_details()),
        "unknown_code.xml": document("110199", "<descEvento>Evento novo da NF-e</descEvento>"),
        "receiver_not_found.xml": document("110190", failed_details("1", _K1, _K2)),
        "refused.xml": document("110190", failed_details("2", _K1)),
        "no_such_address.xml": document("110190", failed_details("3", _K1)),
        "other_reason_in_words.xml": document("110190", failed_details("4", _K1, words="ENTREGUE AO VIZINHO")),
        "a_new_reason.xml": document("110190", failed_details("9", _K1)),
        "failed_by_the_invoices_issuer.xml": document("110192", failed.replace("CT-e", "NF-e")),
        "cancelled_proof_of_a_cte.xml": document(
            "110181", _cancelled("evCancCECTe", "Cancelamento do Comprovante de Entrega do CT-e", "nProtCE"), **later
        ),
        "cancelled_failure_of_a_cte.xml": document(
            "110191", _cancelled("evCancIECTe", "Cancelamento do Insucesso de Entrega do CT-e", "nProtIE"), **later
        ),
        "cancelled_proof_of_an_nfe.xml": document(
            "110131", _cancelled_nfe("Cancelamento do Comprovante de Entrega da NF-e"), **later
        ),
        "cancelled_failure_of_an_nfe.xml": document(
            "110193", _cancelled_nfe("Cancelamento Insucesso na Entrega da NF-e"), **later
        ),
        "proof_entered_days_later.xml": document(
            "110180", delivered_details(_K1, at="2026-03-11T23:50:00-04:00"), at="2026-03-16T08:00:00-03:00"
        ),
        "letters_in_keys.xml": document("110180", delivered_details(letters), author=_LETTERS, key=letters_cte),
        "one_wrong_key.xml": document("110180", delivered_details(_K1, f"{_K2[:-1]}{(int(_K2[-1]) + 1) % 10}")),
        "names_no_invoice.xml": document("110180", delivered_details()),
        "wrapped_with_another_namespace.xml": document("110180", proof, extra=_XSI),
        "sha_256.xml": document("110180", proof, algorithm="sha256"),
    }


def _not_stated(good: bytes) -> dict[str, bytes]:
    """What states nothing."""
    proof = delivered_details(_K1, _K2)
    event = event_xml("110180", proof)
    entity = b'?>\n<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>\n'
    return {
        "not_signed.xml": registered(event),
        "changed_after_signing.xml": good.replace(_K2.encode(), nfe_key(1003).encode()),
        "signed_by_another_company.xml": document("110180", proof, signer=SHOP),
        "author_did_not_issue_the_cte.xml": document("110180", proof, author=SHOP),
        "refused_by_the_tax_authority.xml": document("110180", proof, state="631"),
        "not_registered.xml": sign(event, company(CARRIER)).encode(),
        "registration_of_another_event.xml": document("110180", proof, tpEvento="110190"),
        "test_environment.xml": document("110180", proof, environment="2"),
        "no_offset.xml": document("110180", delivered_details(_K1, at="2026-03-11T14:05:00")),
        "before_it_happened.xml": document("110180", delivered_details(_K1, at="2026-03-12T14:05:00-03:00")),
        "entity.xml": good.replace(b"?>\n", entity, 1).replace(b"PESSOA EXEMPLO", b"&e;"),
        "an_invoice.xml": f'<nfeProc xmlns="{NFE_SPACE}"><NFe><infNFe Id="NFe{_K1}"/></NFe></nfeProc>'.encode(),
        "html.html": b"<!DOCTYPE html><html><body><h1>403 Forbidden</h1></body></html>",
        "empty_object.json": b"{}",
    }


def fixtures() -> dict[str, bytes]:
    """Each file by its path below the folder."""
    stated = _stated()
    rest = _not_stated(stated["delivered.xml"])
    pushes = {
        "found_proof_of_delivery": stated["delivered.xml"],
        "found_by_the_invoices_issuer": stated["delivered_by_the_invoices_issuer.xml"],
        "not_found_test_call": b"",
        "not_found_invoice": rest["an_invoice.xml"],
        "not_found_test_environment": rest["test_environment.xml"],
        "malformed_changed": rest["changed_after_signing.xml"],
        "malformed_not_signed": rest["not_signed.xml"],
    }
    return stated | rest | {f"pushes/{name}.http": _PUSHED + body for name, body in pushes.items()}


if __name__ == "__main__":
    for name, body in fixtures().items():
        (FOLDER / name).write_bytes(body)
