"""A backup's stream says itself whether it is whole."""

import io
import tarfile
from datetime import UTC, datetime

import pytest

from paradeiro.db.backup import archive
from paradeiro.db.backup.archive import About, ArchiveReader, ArchiveWriter
from paradeiro.db.backup.sealed_stream import BackupDamagedError, SealedWriter

ABOUT = About("0.2.0", "0040", "18.6", datetime(2026, 12, 1, tzinfo=UTC), True, "ab", {"public.store": 1})
DUMP = b"PGDMP" + bytes(range(256)) * 20


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_PART", 1000)


def packed(*, finish: bool = True, key: str | None = "k" * 44) -> bytes:
    out = io.BytesIO()
    writer = ArchiveWriter(out)
    writer.about(ABOUT, key)
    writer.database(io.BytesIO(DUMP))
    if finish:
        writer.finish()
    else:
        writer._tar.fileobj.close()
    return out.getvalue()


def read(data: bytes) -> tuple[ArchiveReader, bytes]:
    reader = ArchiveReader(io.BytesIO(data), lambda: "none")
    return reader, b"".join(reader.database())


def test_it_comes_back_as_it_was() -> None:
    reader, dump = read(packed())
    assert (reader.about, dump, reader.key) == (ABOUT, DUMP, "k" * 44)


def test_one_without_its_manifest_is_none() -> None:
    with pytest.raises(BackupDamagedError):
        read(packed(finish=False))


def test_one_cut_off_anywhere_is_none() -> None:
    whole = packed()
    manifest = whole.rindex(b"manifest.json")
    for end in range(0, manifest + 600, 211):
        with pytest.raises(BackupDamagedError):
            read(whole[:end])


def test_one_that_was_changed_names_the_file() -> None:
    whole = bytearray(packed())
    at = whole.index(b"PGDMP") + 700
    whole[at] ^= 1
    with pytest.raises(BackupDamagedError, match=r"database/00000\d differ"):
        read(bytes(whole))


def test_a_foreign_tar_is_none() -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("../../etc/passwd"))
    with pytest.raises(BackupDamagedError, match="no backup"):
        read(out.getvalue())


def test_inside_an_encrypted_stream_it_is_the_same() -> None:
    out = io.BytesIO()
    sealed = SealedWriter.begin(out, "correct horse battery", cost=4)
    sealed.write(packed())
    sealed.finish()
    reader = ArchiveReader(io.BytesIO(out.getvalue()), lambda: "correct horse battery")
    assert b"".join(reader.database()) == DUMP
    with pytest.raises(BackupDamagedError):
        tuple(ArchiveReader(io.BytesIO(out.getvalue()[:-1000]), lambda: "correct horse battery").database())
