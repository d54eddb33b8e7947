"""In: the environment (PARADEIRO_…) and paradeiro.toml; out: every setting, typed, read once by app and cli."""

import os
import warnings
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict
from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

_NO_ADDRESS = (
    "is no address of a PostgreSQL: postgresql://user:password@host:5432/name. In a password write %40 for @, %2F for "
    "/, %3A for :, %3F for ?, %23 for #, %25 for %"
)
# Settings whose values may be shown; all others, and misspelt ones, may hold a secret.
_SHOWN = frozenset(
    {
        "data_dir",
        "host",
        "port",
        "simulator",
        "simulator_speed",
        "simulator_packages",
        "reply_days",
        "backup_folder",
        "backup_hours",
        "backup_keep",
        "wal_folder",
        "log_level",
        "log_format",
    }
)

# Former names of settings (0.1): read for one more version, with a warning.
_FORMER = {
    "world": "simulator",
    "world_speed": "simulator_speed",
    "world_packages": "simulator_packages",
    "world_file": "simulator_file",
}


def _variable(name: str) -> str:
    """The environment variable of a setting."""
    return f"PARADEIRO_{name.upper()}"


def _warn(former: str, current: str) -> None:
    warnings.warn(f"{former} is now called {current}; 0.3 will not know it.", FutureWarning, stacklevel=3)


class _Toml(TomlConfigSettingsSource):
    """The file, which may use former names."""

    def __call__(self) -> dict[str, Any]:
        values = super().__call__()
        for name in values:
            if name in _FORMER:
                _warn(name, _FORMER[name])
        return {_FORMER.get(name, name): value for name, value in values.items()}


def _former_environment() -> dict[str, object]:
    """Settings given by former names in the environment, under their current names."""
    given = {former: os.environ[_variable(former)] for former in _FORMER if os.environ.get(_variable(former))}
    for former in given:
        _warn(_variable(former), _variable(_FORMER[former]))
    return {_FORMER[former]: value for former, value in given.items()}


class Settings(BaseSettings):
    """The environment wins over `paradeiro.toml` in the working directory. Unknown keys are errors."""

    model_config = SettingsConfigDict(
        env_prefix="PARADEIRO_", toml_file="paradeiro.toml", extra="forbid", env_ignore_empty=True
    )

    data_dir: Path = Field(Path(".paradeiro"), description="where the embedded database and the secret key live")
    database_url: str | None = Field(
        None, description="any PostgreSQL 15 or newer; without it one is embedded", repr=False
    )
    host: str = Field("127.0.0.1", description="where the API and the pages listen")
    port: int = Field(8080, ge=0, le=65535, description="0 takes a free one")
    public_url: str | None = Field(None, description="how customers reach this server, for links in mails")
    secret_key: SecretStr | None = Field(
        None, description="opens stored credentials; made on the first start; while it is changed: new,old"
    )
    secret_key_file: Path | None = Field(
        None, description="a file that holds it, instead of the one in the data folder"
    )
    secret_command: str | None = Field(None, description="a command that prints it, for vaults", repr=False)
    simulator: bool = Field(default=True, description="use the simulator while no real account is configured")
    simulator_speed: float = Field(1440.0, gt=0, le=100_000, description="simulated seconds per second")
    simulator_packages: int = Field(60, ge=1, le=100_000, description="packages that it begins with")
    simulator_file: Path | None = Field(None, description="set by `up` for its workers: where it says what it is")
    reply_days: int = Field(30, ge=1, description="days that raw replies are kept (not understood: until resolved)")
    webhook_hosts: str = Field("", description="our own network's hosts for webhooks: name or name:port, with commas")
    openid_issuer: str | None = Field(None, description="an OpenID provider by which people may sign in: https://…")
    openid_client_id: str | None = Field(None, description="what this server is called there")
    openid_client_secret: SecretStr | None = Field(
        None, validate_default=True, description="what it proves itself with there"
    )
    openid_label: str = Field("", max_length=40, description="the provider's name on the button: Sign in with …")
    max_connections: int = Field(1000, ge=10, le=100_000, description="at once, of each web process; 503 beyond")
    forwarded_allow_ips: str = Field(
        "", description="proxies whose X-Forwarded-For and -Proto are believed: addresses or networks, commas between"
    )
    backup_folder: Path | None = Field(None, description="where `up` puts a backup by itself; unset: it makes none")
    backup_hours: float = Field(24.0, ge=0.1, le=24 * 31, description="hours from one backup of `up` to the next")
    backup_keep: int = Field(7, ge=1, le=10_000, description="how many backups of `up` are kept")
    backup_passphrase: SecretStr | None = Field(None, description="opens and closes backups")
    backup_passphrase_file: Path | None = Field(None, description="a file that holds it")
    wal_folder: Path | None = Field(
        None, description="embedded database: where `up` keeps its WAL and base backups, to restore to any instant"
    )
    log_format: str = Field("text", pattern="^(text|json)$", description="of the lines on standard error")
    log_level: str = Field("info", pattern="^(debug|info|warning|error)$")

    @field_validator("database_url")
    @classmethod
    def _readable(cls, url: str | None) -> str | None:
        """Check that libpq can read the address; its own error message is not used: it quotes the password."""
        try:
            parts = conninfo_to_dict(url or "")
        except ProgrammingError:
            raise ValueError(_NO_ADDRESS) from None
        port, names = str(parts.get("port") or "0"), f"{parts.get('host')}{parts.get('dbname')}"
        # A password with an unescaped @ or : is read as host or port, which are shown in errors.
        if "@" in names or not port.replace(",", "").isdigit():
            raise ValueError(_NO_ADDRESS)
        return url

    @field_validator("openid_issuer")
    @classmethod
    def _reachable(cls, issuer: str | None) -> str | None:
        """Secrets go there: https, or this very machine."""
        parts = urlsplit(issuer or "https://example.com")
        local = parts.scheme == "http" and parts.hostname in {"127.0.0.1", "::1", "localhost"}
        if not parts.hostname or parts.query or parts.fragment or not (parts.scheme == "https" or local):
            raise ValueError("is no issuer: https://…, without ? and #")
        return issuer

    @field_validator("openid_client_secret")
    @classmethod
    def _all_or_none(cls, secret: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        """An OpenID provider takes all three settings."""
        names = ("openid_issuer", "openid_client_id")
        given = [bool(info.data[name]) for name in names if name in info.data] + [bool(secret)]
        if any(given) and not all(given):
            needed = ", ".join(map(_variable, (*names, "openid_client_secret")))
            raise ValueError(f"OpenID takes {needed}: all of them, or none")
        return secret

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library's signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment, then the file."""
        former = InitSettingsSource(settings_cls, _former_environment())
        return init_settings, env_settings, former, _Toml(settings_cls)


def settings_problems(error: ValidationError) -> list[str]:
    """The problems of the settings, a sentence each, without values that may be secret."""
    said = []
    for problem in error.errors():
        name = str(problem["loc"][0]) if problem["loc"] else ""
        called = f"PARADEIRO_{name.upper()}"
        if problem["type"] == "extra_forbidden":
            plain = name.lower().removeprefix("paradeiro_")
            near = get_close_matches(plain, Settings.model_fields, n=1)
            advice = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(Settings.model_fields)}."
            said.append(f"{called}: there is no such setting. {advice}")
        else:
            shown = f" (it is {problem['input']!r})" if name in _SHOWN else ""
            said.append(f"{called}: {problem['msg'].removeprefix('Value error, ')}{shown}")
    return said
