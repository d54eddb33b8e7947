"""The secret key: where it comes from, and everything stored encrypted anew with another, also after a crash."""

import asyncio
import stat
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from paradeiro.app import check_can_start, open_app, secret_key
from paradeiro.cli.commands import app
from paradeiro.db.accounts import hooks, stores, tokens
from paradeiro.db.accounts.tokens import StoredTokens
from paradeiro.db.following import proofs
from paradeiro.db.following.proofs import NewProof
from paradeiro.db.operations import resealing
from paradeiro.db.people import operators
from paradeiro.db.pool import transaction
from paradeiro.db.secrets import BadKeyError, WrongKeyError, keys_of, new_key
from paradeiro.domain.records import Invoice, Order
from paradeiro.domain.words import PartyKind, ProofKind
from paradeiro.flow.context import Context
from paradeiro.flow.orders.intake import register
from paradeiro.flow.orders.package_registration import Registration
from paradeiro.flow.people import totp
from paradeiro.settings import Settings
from paradeiro.worker.maintenance import maintain
from tests.flow.conftest import ANA

PICTURE = b"\x89PNG\r\n\x1a\n-picture"


@pytest.fixture
def settings(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("PARADEIRO_DATABASE_URL", database)
    monkeypatch.setenv("PARADEIRO_DATA_DIR", str(tmp_path))
    return Settings()


async def _fill(settings: Settings) -> None:
    """A store with an account, tokens, an address for pushes and a picture, each encrypted."""
    async with open_app(settings, settings.database_url or "") as context, transaction(context.pool) as connection:
        store_id = await stores.add_store(connection, "Loja", now=context.now())
        account_id = await stores.put_account(
            connection,
            store_id,
            connector="correios",
            kind=PartyKind.CARRIER,
            name="correios",
            settings={"user": "u"},
            secrets={"access_code": "geheim"},
            key=context.secret_key,
            now=context.now(),
        )
        key, now = context.secret_key, context.now()
        await hooks.put_hook(connection, store_id, account_id, token="t", secret="s", key=key, now=now)
        await hooks.write_registration(connection, account_id, url="https://x.example", subscription="1", key=key)
        await tokens.lock_tokens(connection, store_id, account_id, typed="one", key=key)
        await tokens.put_tokens(connection, account_id, StoredTokens("a", "r", now), key=key)
        ana = await operators.add_operator(connection, "ana@loja.example.com", "Ana", now=now)
        await operators.set_totp(connection, ana, totp.seal_secret("JBSWY3DP", key))
    async with open_app(settings, settings.database_url or "") as context:
        stated = Registration(Order("1001", ANA), "correios", "AA123456785BR", Invoice("1"))
        shipment = (await register(context, store_id, stated)).shipment_id
        async with transaction(context.pool) as connection:
            found = NewProof(store_id, shipment, ProofKind.IMAGE, "image/png", PICTURE, "", None, None)
            await proofs.put_proofs(connection, [found], key=context.secret_key, now=context.now())


async def _read(context: Context) -> tuple[str, str, str, bytes]:
    """Each secret, as it is used."""
    async with context.pool.connection() as connection:
        (account,) = await stores.accounts(connection, context.secret_key)
        hook = await hooks.hook_of_account(connection, account.id, context.secret_key)
        kept = await tokens.lock_tokens(connection, account.store_id, account.id, typed="one", key=context.secret_key)
        row = await (await connection.execute("SELECT id, store_id, shipment_id FROM proof")).fetchone()
        assert row is not None
        image = await proofs.proof_image(connection, row[1], row[2], row[0], key=context.secret_key)
        ana = await operators.operator_by_email(connection, "ana@loja.example.com")
    assert ana is not None
    assert ana.totp_secret is not None
    assert totp.open_secret(ana.totp_secret, context.secret_key) == "JBSWY3DP"
    assert hook is not None
    assert kept is not None
    assert image is not None
    return account.settings["access_code"], hook.url, kept.access, image.content


async def _all_read(settings: Settings) -> None:
    async with open_app(settings, settings.database_url or "") as context:
        assert await _read(context) == ("geheim", "https://x.example", "a", PICTURE)


def test_a_key_is_changed_and_the_former_opens_nothing(settings: Settings) -> None:
    asyncio.run(_fill(settings))
    path = settings.data_dir / "secret.key"
    former = path.read_text(encoding="ascii")
    done = CliRunner().invoke(app, ["secret", "rotate"])
    assert done.exit_code == 0, done.output
    assert "account: 1 encrypted anew" in done.output
    now = path.read_text(encoding="ascii")
    assert keys_of(now) != keys_of(former)
    assert len(keys_of(now)) == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    asyncio.run(_all_read(settings))
    with pytest.raises(WrongKeyError):
        check_can_start(settings.model_copy(update={"secret_key": SecretStr(former)}), settings.database_url or "")
    again = CliRunner().invoke(app, ["secret", "rotate", "--json"])
    assert again.exit_code == 0
    assert former not in done.output + again.output
    assert now not in done.output + again.output


def test_one_that_broke_off_goes_on(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    asyncio.run(_fill(settings))
    path, real = settings.data_dir / "secret.key", resealing.reseal_page
    former, pages = path.read_text(encoding="ascii"), []

    async def breaks_off(*args: object, **more: object) -> resealing.Page:
        pages.append(args)
        if len(pages) == 4:
            raise KeyboardInterrupt
        return await real(*args, **more)  # type: ignore[arg-type]  # passed on as they come

    monkeypatch.setattr(resealing, "reseal_page", breaks_off)
    CliRunner().invoke(app, ["secret", "rotate"])
    kept = keys_of(path.read_text(encoding="ascii"))
    assert (len(kept), kept[1]) == (2, former), "the former key is kept until all is done"
    asyncio.run(_all_read(settings))
    monkeypatch.setattr(resealing, "reseal_page", real)
    assert CliRunner().invoke(app, ["secret", "rotate"]).exit_code == 0
    assert keys_of(path.read_text(encoding="ascii")) == kept[:1]
    asyncio.run(_all_read(settings))


def test_nothing_is_changed_while_others_work(settings: Settings) -> None:
    asyncio.run(_fill(settings))
    before = (settings.data_dir / "secret.key").read_text(encoding="ascii")
    with psycopg.connect(settings.database_url or "", application_name="paradeiro 1"):
        done = CliRunner().invoke(app, ["secret", "rotate"])
    assert done.exit_code == 1
    assert "Stop them" in done.output
    assert (settings.data_dir / "secret.key").read_text(encoding="ascii") == before


def test_a_key_from_elsewhere_is_put_before_the_one_in_use(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    former, new = new_key(), new_key()
    monkeypatch.setenv("PARADEIRO_SECRET_KEY", former)
    asyncio.run(_fill(Settings()))
    alone = CliRunner().invoke(app, ["secret", "rotate"])
    assert (alone.exit_code, "There is one key only" in alone.output) == (1, True)
    monkeypatch.setenv("PARADEIRO_SECRET_KEY", f"{new},{former}")
    done = CliRunner().invoke(app, ["secret", "rotate"])
    assert (done.exit_code, "remove the others" in done.output) == (0, True)
    monkeypatch.setenv("PARADEIRO_SECRET_KEY", new)
    asyncio.run(_all_read(Settings()))
    assert not (settings.data_dir / "secret.key").exists()


def test_what_no_key_opens_is_named_and_the_keys_stay(settings: Settings) -> None:
    asyncio.run(_fill(settings))
    with psycopg.connect(settings.database_url or "") as connection:
        connection.execute("UPDATE hook SET secrets = 'spoilt'")
    done = CliRunner().invoke(app, ["secret", "rotate"])
    assert done.exit_code == 1
    assert "hook 1: no key opens it" in done.output
    assert len(keys_of((settings.data_dir / "secret.key").read_text(encoding="ascii"))) == 2


def test_every_encrypted_column_is_encrypted_anew() -> None:
    """A column that is not in the list would be lost with the former key."""
    schema = (Path(resealing.__file__).parent.parent / "schema.sql").read_text(encoding="utf-8")
    assert {(each.table, each.column) for each in resealing.SEALED} == {
        ("account", "secrets"),
        ("account_token", "tokens"),
        ("hook", "secrets"),
        ("hook", "url"),
        ("proof", "image"),
        ("operator", "totp_secret"),
    }
    assert schema.count(" bytea") == 30, "a new column of bytes: if it is encrypted, name it in resealing.SEALED"


def test_pictures_from_before_are_encrypted_by_the_upkeep(settings: Settings) -> None:
    asyncio.run(_fill(settings))
    with psycopg.connect(settings.database_url or "") as connection:
        connection.execute("UPDATE proof SET image = %s, size = NULL, sealed = false", (PICTURE,))

    async def upkeep() -> None:
        async with open_app(settings, settings.database_url or "") as context:
            assert await _read(context) == ("geheim", "https://x.example", "a", PICTURE), "in clear it is shown as well"
            await maintain(context)

    asyncio.run(upkeep())
    with psycopg.connect(settings.database_url or "") as connection:
        row = connection.execute("SELECT image, size, sealed FROM proof").fetchone()
    assert row is not None
    assert (PICTURE in row[0], row[1:]) == (False, (len(PICTURE), True))
    asyncio.run(_all_read(settings))


def test_a_wrong_key_is_known_before_there_is_an_account(settings: Settings) -> None:
    check_can_start(settings, settings.database_url or "")
    other = settings.model_copy(update={"secret_key": SecretStr(new_key())})
    with pytest.raises(WrongKeyError, match="another secret key"):
        check_can_start(other, settings.database_url or "")
    check_can_start(settings, settings.database_url or "")


def test_a_command_or_a_file_gives_the_key(tmp_path: Path) -> None:
    key, file = new_key(), tmp_path / "elsewhere.key"
    file.write_text(f"{key}\n", encoding="ascii")
    assert secret_key(Settings(data_dir=tmp_path, secret_key_file=file)) == key
    assert secret_key(Settings(data_dir=tmp_path, secret_command=f"cat '{file}'")) == key
    assert not (tmp_path / "secret.key").exists()


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("false", "status 1"),
        ("echo geheim", "no key"),
        ("no-such-program --token geheim", "cannot be started"),
        ("sh -c 'echo geheim >&2; exit 3'", "status 3"),
        ("sh -c 'unfinished", "no key"),
    ],
)
def test_a_command_that_gives_none_says_why_and_shows_nothing(tmp_path: Path, command: str, why: str) -> None:
    with pytest.raises(BadKeyError, match=why) as caught:
        secret_key(Settings(data_dir=tmp_path, secret_command=command))
    assert "geheim" not in str(caught.value)


def test_a_key_given_twice_is_refused(tmp_path: Path) -> None:
    both = Settings(data_dir=tmp_path, secret_key=SecretStr(new_key()), secret_command="echo x")
    with pytest.raises(BadKeyError, match="more than once"):
        secret_key(both)


def test_a_new_key_is_printed_and_kept_nowhere(settings: Settings) -> None:
    done = CliRunner().invoke(app, ["secret", "new"])
    assert len(keys_of(done.output)) == 1
    assert not (settings.data_dir / "secret.key").exists()
