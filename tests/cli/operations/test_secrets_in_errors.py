"""Whatever is wrong with a setting, what is printed about it holds no secret."""

import io
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from paradeiro.cli import main
from paradeiro.settings import Settings
from tests.cli.running.test_bad_settings import _run

MARK = "geheim7x"
_URLS = [
    f"postgres//nobody:{MARK}@127.0.0.1/x",
    f"postgresql://nobody:{MARK}@127.0.0.1:1/x",
    f"postgresql://nobody:{MARK}@127.0.0.1:port/x",
    f"postgresql://nobody:a@{MARK}@127.0.0.1:1/x",
    f"postgresql://nobody:{MARK}/b@127.0.0.1:1/x",
    f"postgresql://nobody:a/{MARK}@127.0.0.1:1/x",
    f"postgresql://nobody:a?{MARK}@127.0.0.1:1/x",
    f"postgresql://nobody:a#{MARK}@127.0.0.1:1/x",
    f"postgresql://nobody:{MARK}%zz@127.0.0.1:1/x",
    f"postgresql://nobody@127.0.0.1:1/x?password={MARK}&nonsense=1",
    f"host=127.0.0.1 port=1 password={MARK}",
    f"host=127.0.0.1 port=1 password={MARK} and more",
    f"host=127.0.0.1 port=1 password '{MARK}'",
    MARK,
]
_FILES = [
    f'secret_kye = "{MARK}"',
    f'PARADEIRO_SECRET_KEY = "{MARK}"',
    f"{MARK} ",
    f'secret_key = "{MARK}',
    f'secret_key = ["{MARK}"]',
    f'secret_key = {{ value = "{MARK}" }}',
    f'database_url = ["{MARK}"]',
    f'database_ulr = "postgresql://nobody:{MARK}@127.0.0.1/x"',
    f'webhook_hosts = ["{MARK}"]',
    f'public_url = ["https://me:{MARK}@x"]',
    f'simulator_file = ["{MARK}"]',
]


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PARADEIRO_DATA_DIR", str(tmp_path / "data"))


def _ended(monkeypatch: pytest.MonkeyPatch, *words: str) -> tuple[object, str]:
    """The command, run as its process runs it: the status, and all that was printed."""
    monkeypatch.setattr("sys.argv", ["paradeiro", *words])
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said), pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code, said.getvalue()


@pytest.mark.parametrize("url", _URLS)
def test_of_an_address_of_a_database(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARADEIRO_DATABASE_URL", url)
    code, said = _ended(monkeypatch, "migrate")
    assert code in {1, 2}
    assert "PARADEIRO_DATABASE_URL" in said, "it says which setting to set"
    assert MARK not in said


@pytest.mark.parametrize("text", _FILES)
def test_of_a_setting_in_the_file(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("paradeiro.toml").write_text(text, encoding="utf-8")
    code, said = _ended(monkeypatch, "migrate")
    assert code == 2
    assert "PARADEIRO_" in said or "paradeiro.toml" in said
    assert MARK not in said


def test_a_misspelt_name_gets_a_suggestion_and_harmless_values_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("paradeiro.toml").write_text(f'secret_kye = "{MARK}"\nport = "abc"\n', encoding="utf-8")
    _, said = _ended(monkeypatch, "migrate")
    assert "PARADEIRO_SECRET_KYE: there is no such setting. Did you mean secret_key?" in said
    assert "it is 'abc'" in said


def test_settings_show_none_when_they_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARADEIRO_DATABASE_URL", f"postgresql://nobody:{MARK}@127.0.0.1:1/x")
    monkeypatch.setenv("PARADEIRO_SECRET_KEY", MARK)
    assert MARK not in repr(Settings()) + str(Settings())


@pytest.mark.slow
@pytest.mark.parametrize("words", [("key", "list"), ("work",)])
def test_no_command_ends_in_a_traceback_that_shows_one(words: tuple[str, ...]) -> None:
    env = {"PARADEIRO_DATABASE_URL": f"postgresql://nobody:{MARK}@127.0.0.1:1/x", "PARADEIRO_SECRET_KEY": MARK}
    said = _run(*words, **env)
    assert said.returncode != 0
    assert MARK not in said.stdout + said.stderr
