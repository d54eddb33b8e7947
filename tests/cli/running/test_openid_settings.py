"""The settings of an OpenID provider: all of them or none, an issuer that secrets may be sent to, nothing shown."""

import pytest
from pydantic import ValidationError

from paradeiro.app import openid_provider
from paradeiro.settings import Settings, settings_problems

ALL = {
    "PARADEIRO_OPENID_ISSUER": "https://sso.example.com/realm",
    "PARADEIRO_OPENID_CLIENT_ID": "paradeiro",
    "PARADEIRO_OPENID_CLIENT_SECRET": "geheim7x",
}


def test_without_them_there_is_no_provider_and_with_them_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert openid_provider(Settings()) is None
    for name, value in (ALL | {"PARADEIRO_OPENID_LABEL": "Loja SSO"}).items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    provider = openid_provider(settings)
    assert provider is not None
    assert provider.client.client_secret == "geheim7x"
    assert (provider.client.issuer, provider.client.label) == ("https://sso.example.com/realm", "Loja SSO")
    assert "geheim7x" not in f"{settings!r} {provider.client!r} {provider!r}"


@pytest.mark.parametrize("missing", ALL)
def test_one_that_is_missing_is_named(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ALL.keys() - {missing}:
        monkeypatch.setenv(name, ALL[name])
    with pytest.raises(ValidationError) as caught:
        Settings()
    (said,) = settings_problems(caught.value)
    assert missing in said
    assert "geheim7x" not in said


@pytest.mark.parametrize(
    "issuer",
    ["http://sso.example.com", "sso.example.com", "https://", "https://x?y=1", "https://x#y", "https://[", "ftp://x"],
)
def test_an_issuer_that_secrets_may_not_be_sent_to(issuer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (ALL | {"PARADEIRO_OPENID_ISSUER": issuer}).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError) as caught:
        Settings()
    (said,) = settings_problems(caught.value)
    assert "PARADEIRO_OPENID_ISSUER" in said
    assert "geheim7x" not in said


def test_a_provider_on_this_machine_may_speak_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (ALL | {"PARADEIRO_OPENID_ISSUER": "http://127.0.0.1:8180/realm"}).items():
        monkeypatch.setenv(name, value)
    assert openid_provider(Settings()) is not None
