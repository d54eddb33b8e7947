"""Where a carrier's files come from: settings of every account that reads files, secrets asked for when needed."""

import pytest

from paradeiro.cli.accounts.account_commands import fields
from paradeiro.cli.accounts.accounts import _field_values
from paradeiro.flow.errors import InvalidError
from tests.flow.following import filed
from tests.sdk.carrier import GOOD

SFTP = ["remote_url=sftp://shop@edi.example.com/out", "remote_host_key=ssh-ed25519 AAAA"]


def test_secrets_are_asked_for_only_where_files_are_fetched() -> None:
    asked: list[str] = []

    def ask(name: str) -> str:
        asked.append(name)
        return "s3cret" if name == "remote_password" else ""

    assert _field_values(filed.connector(), ["folder=/srv/edi"], ask) == {"folder": "/srv/edi"}
    assert asked == []
    values = _field_values(filed.connector(), SFTP, ask)
    assert (values["remote_password"], "remote_key" in values) == ("s3cret", False)
    assert asked == ["remote_password", "remote_key"]


def test_a_carrier_without_files_has_no_such_settings() -> None:
    with pytest.raises(InvalidError, match="'folder' is no field"):
        _field_values(GOOD, ["folder=/srv/edi"], lambda _: "")


def test_the_help_names_them() -> None:
    (line,) = [line for line in fields() if line.strip().startswith("ocoren:")]
    assert "remote_password+" in line
    assert "folder" in line
