"""Texts of other parties lose personal addresses, numbers and names; diagnostic details stay."""

import time

import pytest

from paradeiro.domain.records import Customer
from paradeiro.domain.redaction import redact, redact_for_log, redact_receipt

MARIA = Customer("Maria d'Ávila Souza", "maria@example.com")


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("450 4.2.1 <maria@example.com>: greylisted", "450 4.2.1 <…>: greylisted"),
        ("550 5.1.1 maria.souza+loja@mail.example.com.br unknown", "550 5.1.1 … unknown"),
        ('"maria souza"', '"maria souza"'),
        ('to "m.s"@example.com refused', "to … refused"),
        ("bounce+maria=example.com@loja.example", "…"),
        ("GET /unsubscribe?to=maria%40example.com failed", "GET /unsubscribe?to=… failed"),
        ("joão@exemplo.com.br não existe", "… não existe"),
        ("user maria@localhost", "user …"),
        ("call +55 11 98765-4321 or (11) 3456-7890", "call … or …"),
        ("+5511987654321, 11 98765-4321, 11 98765 4321, 98765-4321, 11987654321", "…, …, …, …, …"),
        ("tel:+351 912 345 678, {cpf:52998224725}", "tel:…, {cpf:…}"),
        ("CPF 529.982.247-25 (52998224725)", "CPF … (…)"),
        ("CNPJ 11.222.333/0001-81 or 11222333000181 or 12.ABC.345/01DE-35", "CNPJ … or … or …"),
    ],
)
def test_people_are_taken_out(said: str, kept: str) -> None:
    assert redact(said) == kept


@pytest.mark.parametrize(
    "said",
    [
        "250 2.0.0 OK",
        "250 2.0.0 Ok: queued as 4F1B2C3D5E",
        "250 2.0.0 OK  1732672000 d2e1a72fcca58-724de47f2b1si1234567b3a.42 - gsmtp",
        "HTTP 503: try again at 2026-11-02T11:00:00+00:00",
        "Mon, 02 Nov 2026 11:00:00 +0000 (UTC) 10.0.0.1:8443",
        "SRO-020: AA123456785BR not found",
        "order v1000001xpto-01, MLB-1311491000035, invoice 000123456, effect 550e8400-e29b-41d4-a716-446655440000",
        "12345678901 has no right check digits",
        "CEP 01310-100, 1.234,56, 2026-11-02 08:00, 18.6.1",
        "NF-e 35261111222333000181550010000000011000000017",
    ],
)
def test_what_names_nobody_stays(said: str) -> None:
    assert redact(said) == said
    assert redact_receipt(said) == said


def test_known_names_go_too() -> None:
    assert redact("MARIA D'ÁVILA SOUZA moved; ask Souza, not Souzana", MARIA) == "… moved; ask …, not Souzana"
    assert redact_receipt("250 kept for Maria d'Ávila Souza <maria@example.com> 11987654321", MARIA) == (
        "250 kept for … <…> 11987654321"
    )
    assert redact("nobody is known", Customer()) == "nobody is known"


def test_an_address_of_a_server_loses_its_password() -> None:
    assert redact_for_log("cannot reach postgresql://shop:p4ss@db.example:5432/x") == (
        "cannot reach postgresql://…db.example:5432/x"
    )


@pytest.mark.parametrize("part", ["a", "a.", "1", "11 ", "+1", '"', "a@", "1.", "%40", "(11)"])
def test_long_words_take_no_time(part: str) -> None:
    began = time.perf_counter()
    redact(part * 50_000, MARIA)
    assert time.perf_counter() - began < 2
