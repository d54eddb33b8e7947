"""An encrypted stream is read back whole, or not at all."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paradeiro.db.backup.sealed_stream import (
    CHUNK,
    MAGIC,
    BackupDamagedError,
    SealedReader,
    SealedWriter,
    WrongPassphraseError,
)

PASSPHRASE = "correct horse battery"
_SEALED_CHUNK = CHUNK + 16


def sealed(data: bytes) -> bytes:
    out = io.BytesIO()
    writer = SealedWriter.begin(out, PASSPHRASE, cost=4)
    writer.write(data)
    writer.finish()
    return out.getvalue()


def opened(stream: bytes, passphrase: str = PASSPHRASE) -> bytes:
    source = io.BytesIO(stream)
    assert source.read(len(MAGIC)) == MAGIC
    return SealedReader.begin(source, passphrase).read()


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 5])
def test_what_goes_in_comes_out(size: int) -> None:
    data = bytes(i % 251 for i in range(256)) * (size // 256 + 1)
    assert opened(sealed(data[:size])) == data[:size]


def test_nothing_of_it_can_be_read_in_the_file() -> None:
    assert b"geheim" not in sealed(b"geheim" * 1000)


def test_one_that_is_cut_off_is_noticed() -> None:
    whole = sealed(b"x" * (3 * CHUNK))
    header = len(whole) - 3 * _SEALED_CHUNK
    # Also exactly between two chunks, where all that is there is right.
    for end in (header + _SEALED_CHUNK, header + 2 * _SEALED_CHUNK, len(whole) - 1, header + 2 * _SEALED_CHUNK + 20):
        with pytest.raises(BackupDamagedError):
            opened(whole[:end])
    with pytest.raises(BackupDamagedError):
        opened(whole + b"more")


def test_chunks_in_another_order_are_noticed() -> None:
    whole = sealed(b"x" * (4 * CHUNK))
    header = len(whole) - 4 * _SEALED_CHUNK
    chunks = [whole[header + n * _SEALED_CHUNK :][:_SEALED_CHUNK] for n in range(4)]
    for order in ((0, 2, 1, 3), (0, 1, 1, 3), (0, 1, 3)):
        with pytest.raises(BackupDamagedError):
            opened(whole[:header] + b"".join(chunks[n] for n in order))


@given(st.integers(min_value=len(MAGIC), max_value=400), st.integers(min_value=1, max_value=255))
def test_a_changed_byte_is_noticed(at: int, by: int) -> None:
    whole = bytearray(sealed(b"x" * 350))
    at = min(at, len(whole) - 1)
    whole[at] ^= by
    # The first byte after the magic is scrypt's cost: some values of it are only slow.
    if at == len(MAGIC):
        whole[at] = 200
    if len(MAGIC) < at <= len(MAGIC) + 8:
        return
    with pytest.raises((BackupDamagedError, WrongPassphraseError)):
        opened(bytes(whole))


def test_another_passphrase_does_not_open_it() -> None:
    with pytest.raises(WrongPassphraseError, match="does not open"):
        opened(sealed(b"x"), "correct horse batterz")


def test_a_foreign_file_asks_for_no_gigabytes() -> None:
    with pytest.raises(BackupDamagedError):
        opened(MAGIC + bytes([60]) + b"\xff" * 80)
