"""In: pushes of every form and invalid bytes; out: the codes to look up, or the reason for none; never an exception."""

import base64
import csv
import hmac
import json
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paradeiro.connectors.correios import CONNECTOR
from paradeiro.connectors.correios.codes import WRITE_OFFS, meaning_of
from paradeiro.connectors.correios.push import SIGNATURE, read_push
from paradeiro.connectors.correios.webhook import event_keys
from paradeiro.domain.words import Outcome
from paradeiro.sdk.conformance.mutations import GARBAGE
from paradeiro.sdk.conformance.subject import folder_of
from paradeiro.sdk.contract import HOOK_SECRET, Push, PushRead

PUBLISHED = list(csv.DictReader((folder_of(CONNECTOR) / "events.csv").read_text(encoding="utf-8").splitlines()))
SECRET = "um-segredo-ç"
SETTINGS = {HOOK_SECRET: SECRET}
CODE, OTHER = "AA123456785BR", "QQ850419295BR"
PLAIN = json.dumps({"codigoObjeto": CODE, "tipoEvento": "BDE-1"}).encode()


def mark(body: bytes, secret: str = SECRET) -> bytes:
    return hmac.new(secret.encode(), body, sha256).digest()


def read(body: bytes, signature: str | None = None) -> PushRead:
    """What is read of a body that is signed right, unless another signature is given."""
    given_ = mark(body).hex() if signature is None else signature
    return read_push(Push({SIGNATURE: given_}, body), SETTINGS)


FORMS = {
    "hex": lambda m: m.hex(),
    "HEX": lambda m: m.hex().upper(),
    "base64": lambda m: base64.b64encode(m).decode(),
    "base64 without padding": lambda m: base64.b64encode(m).decode().rstrip("="),
    "url-safe base64": lambda m: base64.urlsafe_b64encode(m).decode(),
}


@pytest.mark.parametrize("prefix", ["", "sha256=", "SHA256= "])
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_each_form_of_the_signature_is_taken(form: object, prefix: str) -> None:
    signature = f" {prefix}{form(mark(PLAIN))} "  # type: ignore[operator] # a function of the table above
    assert read(PLAIN, signature) == PushRead(Outcome.FOUND, (CODE,))


WRONG = {
    "none": "",
    "blank": "  ",
    "only a prefix": "sha256=",
    "another secret": mark(PLAIN, "outro").hex(),
    "of another body": mark(PLAIN + b" ").hex(),
    "half": mark(PLAIN).hex()[:32],
    "one more": mark(PLAIN).hex() + "0",
    "the secret itself": SECRET,
    "accents": "é" * 64,
    "a lone surrogate": "\udcff" * 64,
    "sha1": hmac.new(SECRET.encode(), PLAIN, "sha1").hexdigest(),
    "another algorithm named": "sha1=" + mark(PLAIN).hex(),
}


@pytest.mark.parametrize("signature", WRONG.values(), ids=WRONG)
def test_a_wrong_signature_is_refused_and_says_nothing_of_the_secret(signature: str) -> None:
    found = read(PLAIN, signature)
    assert found.outcome is Outcome.AUTH_FAILED
    assert found.about == ()
    assert found.message
    assert SECRET not in repr(found)
    assert mark(PLAIN).hex() not in repr(found)


def test_without_a_header_or_a_secret_nothing_is_taken() -> None:
    assert read_push(Push({}, PLAIN), SETTINGS).outcome is Outcome.AUTH_FAILED
    empty = Push({SIGNATURE: mark(PLAIN, "").hex()}, PLAIN)
    for settings in ({}, {HOOK_SECRET: ""}):
        assert read_push(empty, settings).outcome is Outcome.AUTH_FAILED, "an empty secret proves nothing"


@pytest.mark.parametrize("at", range(0, len(PLAIN), 7))
def test_a_tampered_body_is_refused(at: int) -> None:
    tampered = PLAIN[:at] + bytes([PLAIN[at] ^ 1]) + PLAIN[at + 1 :]
    assert read(tampered, mark(PLAIN).hex()).outcome is Outcome.AUTH_FAILED


SHAPES = {
    "codigoObjeto": {"codigoObjeto": CODE},
    "codObjeto": {"codObjeto": CODE},
    "objeto": {"objeto": CODE},
    "in other letters": {"CODIGOOBJETO": f" {CODE.lower()} "},
    "an object within": {"evento": {"objeto": {"codObjeto": CODE}}},
    "a list": [{"codObjeto": CODE}, {"codObjeto": CODE}],
    "a list of codes": {"objeto": [CODE]},
    "payload as text": {"payload": json.dumps({"codigoObjeto": CODE})},
    "payload as text, twice": {"payload": json.dumps({"payload": json.dumps([{"objeto": CODE}])})},
    "the whole body as text": json.dumps({"codigoObjeto": CODE}),
    "a name that nobody guessed": {"numero_etiqueta": CODE},
    "in a sentence": {"mensagem": f"Objeto {CODE} entregue ao destinatário\x00"},
    "a wrong check digit, as labels may have it": {"codigoObjeto": "AA123456789BR"},
}


@pytest.mark.parametrize("body", SHAPES.values(), ids=SHAPES)
def test_the_code_is_found_wherever_it_stands(body: object) -> None:
    expected = "AA123456789BR" if "AA123456789BR" in str(body) else CODE
    assert read(json.dumps(body).encode()) == PushRead(Outcome.FOUND, (expected,))


def test_several_codes_are_each_named_once_and_a_named_key_wins_over_a_text() -> None:
    both = {"eventos": [{"codObjeto": CODE}, {"objeto": OTHER}, {"codObjeto": CODE}]}
    assert set(read(json.dumps(both).encode()).about) == {CODE, OTHER}
    assert read(json.dumps({"codObjeto": CODE, "texto": f"não é {OTHER}"}).encode()).about == (CODE,)


@pytest.mark.parametrize(
    "body", [{}, [], None, 7, True, {"codObjeto": None}, {"codObjeto": "AA1"}, {"objeto": f"X{CODE}"}, {"teste": "ok"}]
)
def test_what_names_no_code_is_ours_and_hints_at_nothing(body: object) -> None:
    found = read(json.dumps(body).encode())
    assert (found.outcome, found.about) == (Outcome.NOT_FOUND, ())


def test_only_codes_of_the_postal_form_are_named() -> None:
    almost = ["AA123456785B", "AA1234567850BR", "A1123456785BR", "ＡＡ123456785BR", "AA٠23456785BR"]
    odd = [*almost, f"{CODE}\n' OR 1=1"]
    for code in odd:
        assert all(len(c) == 13 and c.isascii() for c in read(json.dumps({"codObjeto": code}).encode()).about)


@pytest.mark.parametrize("body", GARBAGE.values(), ids=GARBAGE)
def test_signed_rubbish_is_a_typed_outcome(body: bytes) -> None:
    assert read(body).outcome in {Outcome.MALFORMED, Outcome.NOT_FOUND}
    assert read(body).about == ()


def test_nesting_is_bounded() -> None:
    deep: object = {"codObjeto": CODE}
    for _ in range(5):
        deep = {"a": [deep]}
    assert read(json.dumps(deep).encode()).about == (CODE,)
    for _ in range(5):
        deep = {"a": [deep]}
    assert read(json.dumps(deep).encode()).outcome is Outcome.NOT_FOUND
    assert read(b'{"objeto":' * 6000).outcome is Outcome.MALFORMED
    assert read(b'{"objeto":"' + b"[" * 60_000 + b'"}').outcome is Outcome.NOT_FOUND


@given(st.binary(max_size=400))
def test_any_bytes_signed_or_not_give_an_outcome(body: bytes) -> None:
    assert read(body).outcome in {Outcome.FOUND, Outcome.NOT_FOUND, Outcome.MALFORMED}
    assert read(body, "0" * 64).outcome is Outcome.AUTH_FAILED


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(CODE),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.just("objeto"), inner, max_size=3),
    max_leaves=12,
)


@given(_JSON, st.integers(0, 2))
def test_any_json_gives_codes_or_nothing(told: object, wrapped: int) -> None:
    for _ in range(wrapped):
        told = {"payload": json.dumps(told)}
    found = read(json.dumps(told).encode())
    assert found.outcome is (Outcome.FOUND if found.about else Outcome.NOT_FOUND)
    assert set(found.about) <= {CODE}


@given(st.text(max_size=120))
def test_no_text_is_a_signature(text: str) -> None:
    assert read(PLAIN, text).outcome is Outcome.AUTH_FAILED


def test_neither_push_nor_reading_shows_what_it_holds() -> None:
    push = Push({SIGNATURE: "geheim", "authorization": "geheim"}, b"geheim")
    assert "geheim" not in repr(push)


def test_the_events_asked_for_are_all_that_we_know_without_padding() -> None:
    keys = event_keys()
    listed = {f"{row['type']}-{int(row['number'])}" for row in PUBLISHED if row["treatment"] == "mapped"}
    assert listed <= set(keys)
    assert {key.partition("-")[0] for key in set(keys) - listed} <= set(WRITE_OFFS), "the three share one table"
    assert {"BDE-1", "BDI-1", "OEC-1", "PO-1", "LDI-1", "BDE-20", "EST-1", "FC-82"} <= set(keys)
    assert len(keys) == len(set(keys))
    assert "PAR-29" not in keys, "the list itself gives it no meaning"
    for key in keys:
        kind, _, number = key.partition("-")
        assert number == str(int(number))
        assert meaning_of(kind, number.zfill(2)) is not None
