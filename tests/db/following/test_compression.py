"""A reply that is packed is opened again to the very same bytes, for as long as it is kept."""

import zlib
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paradeiro.db.following.compression import NEWEST, PLAIN, _dictionary, compress, decompress

ANSWER = (
    b'{"codObjeto":"QQ123456785BR","eventos":[{"codigo":"RO","tipo":"01","dtHrCriado":"2026-11-02T13:00:00",'
    b'"descricao":"Objeto em tr\xc3\xa2nsito - por favor aguarde","unidade":{"tipo":"Unidade de Tratamento",'
    b'"endereco":{"cidade":"SANTOS","uf":"SP"}}}]}'
)
# What a dictionary is may never change once it is in use: replies packed with it could not be read again.
DICTIONARIES = {1: "cb7ffdd36398e0e3da45a7efdb8219840335a8416d87f3e8929c7a22aec8624b"}


@pytest.mark.parametrize("compression", range(1, NEWEST + 1))
def test_no_dictionary_ever_changes(compression: int) -> None:
    assert sha256(_dictionary(compression)).hexdigest() == DICTIONARIES[compression]


@given(st.binary(max_size=4000) | st.text().map(str.encode))
def test_any_bytes_come_out_as_they_went_in(body: bytes) -> None:
    assert decompress(*compress(body)) == body


def test_an_answer_gets_small() -> None:
    compression, small = compress(ANSWER)
    assert compression == NEWEST
    assert len(small) < len(ANSWER) / 2.5
    assert len(small) < len(zlib.compress(ANSWER, 9)) * 0.7, "the dictionary is used"


def test_what_would_not_get_smaller_stays_as_it_is() -> None:
    assert compress(b"") == (PLAIN, b"")
    assert compress(b"x1") == (PLAIN, b"x1")
    assert decompress(PLAIN, ANSWER) == ANSWER


@pytest.mark.parametrize("spoilt", [compress(ANSWER)[1][:-5], compress(ANSWER)[1][:-4] + b"\0\0\0\0", b"no zlib"])
def test_spoilt_bytes_are_an_error_and_never_another_answer(spoilt: bytes) -> None:
    with pytest.raises(zlib.error):
        decompress(NEWEST, spoilt)
