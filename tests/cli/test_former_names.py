"""In: commands, options and settings as they were called until 0.1; out: they work, with a warning."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from paradeiro.app import open_app
from paradeiro.cli.accounts.accounts import add_account
from paradeiro.cli.running.database import migrate_command
from paradeiro.settings import Settings


def run(database: str, folder: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own: what it writes to standard error counts."""
    named = {"PARADEIRO_DATABASE_URL": database, "PARADEIRO_DATA_DIR": str(folder)}
    command = [sys.executable, "-m", "paradeiro", *words]
    return subprocess.run(
        command, env=os.environ | named | env, cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )


def plain(text: str) -> str:
    return " ".join(text.split())


async def furnish(database: str, folder: Path) -> None:
    """A store with a carrier and an aggregator."""
    await migrate_command(database)
    async with open_app(Settings(data_dir=folder), database) as context:
        for name in ("correios", "seventeen_track"):
            connector = context.connectors[name]
            await add_account(context, "Loja", connector, name=connector.title, channel=None, values={})


@pytest.mark.slow
def test_stand_in_is_fallback(database: str, tmp_path: Path) -> None:
    asyncio.run(furnish(database, tmp_path))
    ended = run(database, tmp_path, "stand-in", "correios", "--account", "17TRACK", "--store", "Loja", "--rank", "2")
    assert ended.returncode == 0, ended.stderr
    assert "stand-in is now fallback; version 0.3 will not know stand-in." in plain(ended.stderr)
    assert "17TRACK is asked about packages of Correios" in plain(ended.stdout)
    ended = run(database, tmp_path, "fallback", "correios", "--account", "17TRACK", "--store", "Loja", "--remove")
    assert ended.returncode == 0, ended.stderr
    assert "is now" not in ended.stderr
    # The removal found what the former name had stored.
    assert "did not" not in ended.stdout


@pytest.mark.slow
def test_hears_is_topics(database: str, tmp_path: Path) -> None:
    asyncio.run(furnish(database, tmp_path))
    ended = run(database, tmp_path, "channel", "set", "MGZ", "--store", "Loja", "--hears", "number")
    assert ended.returncode == 0, ended.stderr
    assert "--hears is now --topics; version 0.3 will not know --hears." in plain(ended.stderr)
    assert "MGZ: topics: number" in ended.stdout
    ended = run(database, tmp_path, "channel", "set", "MGZ", "--store", "Loja", "--topics", "delivery")
    assert ended.returncode == 0, ended.stderr
    assert "is now" not in ended.stderr
    assert "MGZ: topics: delivery" in ended.stdout


@pytest.mark.slow
def test_the_bench_packing_is_compression(database: str, tmp_path: Path) -> None:
    ended = run(database, tmp_path, "bench", "packing", "--size", "100", "--json")
    assert ended.returncode == 0, ended.stderr
    assert "packing is now compression; version 0.3 will not know packing." in plain(ended.stderr)
    assert '"replies": 100' in ended.stdout


def test_settings_of_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in (("WORLD", "false"), ("WORLD_SPEED", "60"), ("WORLD_PACKAGES", "7")):
        monkeypatch.setenv(f"PARADEIRO_{name}", value)
    with pytest.warns(FutureWarning) as warned:
        settings = Settings()
    assert (settings.simulator, settings.simulator_speed, settings.simulator_packages) == (False, 60, 7)
    assert [str(each.message) for each in warned] == [
        "PARADEIRO_WORLD is now called PARADEIRO_SIMULATOR; 0.3 will not know it.",
        "PARADEIRO_WORLD_SPEED is now called PARADEIRO_SIMULATOR_SPEED; 0.3 will not know it.",
        "PARADEIRO_WORLD_PACKAGES is now called PARADEIRO_SIMULATOR_PACKAGES; 0.3 will not know it.",
    ]
    monkeypatch.setenv("PARADEIRO_SIMULATOR_SPEED", "90")
    with pytest.warns(FutureWarning):
        assert Settings().simulator_speed == 90, "today's name counts where both are set"


def test_settings_of_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "paradeiro.toml").write_text("world = false\nworld_speed = 60.0\nworld_packages = 7\n")
    with pytest.warns(FutureWarning) as warned:
        settings = Settings()
    assert (settings.simulator, settings.simulator_speed, settings.simulator_packages) == (False, 60, 7)
    assert [str(each.message) for each in warned] == [
        "world is now called simulator; 0.3 will not know it.",
        "world_speed is now called simulator_speed; 0.3 will not know it.",
        "world_packages is now called simulator_packages; 0.3 will not know it.",
    ]
