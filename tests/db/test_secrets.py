"""Stored credentials: unreadable without the key, a key of its own for every purpose, and never in a repr."""

import msgspec
import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from paradeiro.db.secrets import (
    BadKeyError,
    Purpose,
    WrongKeyError,
    keys_of,
    new_key,
    purpose_key,
    reseal,
    reseal_bytes,
    seal,
    seal_bytes,
    unseal,
    unseal_bytes,
)
from tests.flow.conftest import Shop, shop

__all__ = ["shop"]
OLD, NEW = "A" * 43 + "=", "B" * 42 + "A="


def test_what_is_sealed_can_only_be_read_with_its_key() -> None:
    key = new_key()
    sealed = seal({"app_token": "geheim"}, key)
    assert b"geheim" not in sealed
    assert unseal(sealed, key) == {"app_token": "geheim"}
    with pytest.raises(WrongKeyError, match="PARADEIRO_SECRET_KEY"):
        unseal(sealed, new_key())


def test_what_0_1_saved_with_the_key_itself_is_read() -> None:
    former = Fernet(OLD).encrypt(msgspec.json.encode({"token": "x"}))
    assert unseal(former, OLD) == {"token": "x"}
    anew = reseal(former, OLD)
    assert anew is not None, "it is encrypted with the derived key from now on"
    assert reseal(anew, OLD) is None
    with pytest.raises(WrongKeyError):
        unseal_bytes(former, OLD, Purpose.PROOFS)


def test_of_several_keys_the_first_encrypts_and_all_decrypt() -> None:
    both = f"{NEW}, {OLD}"
    of_old = seal({"a": "1"}, OLD)
    assert unseal(of_old, both) == {"a": "1"}
    assert unseal(seal({"a": "2"}, both), NEW) == {"a": "2"}
    anew = reseal(of_old, both)
    assert anew is not None
    assert unseal(anew, NEW) == {"a": "1"}
    picture = seal_bytes(b"picture", OLD, Purpose.PROOFS)
    moved = reseal_bytes(picture, both, Purpose.PROOFS)
    assert moved is not None
    assert unseal_bytes(moved, NEW, Purpose.PROOFS) == b"picture"
    assert reseal_bytes(moved, both, Purpose.PROOFS) is None
    with pytest.raises(WrongKeyError):
        reseal(of_old, NEW)


def test_every_purpose_has_a_key_of_its_own() -> None:
    keys = {purpose_key(OLD, purpose) for purpose in Purpose}
    assert len(keys) == len(Purpose)
    assert all(len(key) == 32 for key in keys)
    assert purpose_key(OLD, Purpose.PROOFS) != purpose_key(NEW, Purpose.PROOFS)
    # As it was on the first day: another value would lose everything stored.
    assert purpose_key(OLD, Purpose.CREDENTIALS).hex()[:16] == "adf768a056de0bed"
    with pytest.raises(WrongKeyError):
        unseal_bytes(seal_bytes(b"x", OLD, Purpose.PROOFS), OLD, Purpose.CHECK)


@pytest.mark.parametrize("text", ["", " ", "geheim", OLD[:-1], OLD + "A", f"{OLD},geheim", "é" * 44])
def test_what_is_no_key_is_said_without_showing_it(text: str) -> None:
    with pytest.raises(BadKeyError) as caught:
        keys_of(text)
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize("between", [",", ", ", "\n", " ", "\n\n"])
def test_several_keys_may_stand_on_lines_or_between_commas(between: str) -> None:
    assert keys_of(f"{NEW}{between}{OLD}{between}{NEW}\n") == (NEW, OLD)


@given(st.binary(max_size=2000))
def test_any_bytes_come_back(content: bytes) -> None:
    sealed = seal_bytes(content, OLD, Purpose.PROOFS)
    assert unseal_bytes(sealed, OLD, Purpose.PROOFS) == content
    assert 57 <= len(sealed) - len(content) <= 73


async def test_an_account_shows_no_settings(shop: Shop) -> None:
    account = await shop.account("loja")
    assert "settings" not in repr(account)
