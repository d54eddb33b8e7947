"""The machine of the database dies under load: nothing acknowledged is lost, nothing told twice."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from paradeiro.cli.commands import app
from paradeiro.cli.drills.failover import play_failover
from paradeiro.db.server.embedded import Embedded
from paradeiro.db.server.replica import two_host_url
from paradeiro.settings import Settings


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_nothing_is_lost_and_nothing_told_twice(tmp_path: Path) -> None:
    figures = play_failover(Settings(data_dir=tmp_path), packages=20)
    assert (figures.lost, figures.told_twice) == (0, 0)
    assert (figures.acknowledged, figures.mails > 0) == (20, True)
    assert figures.before_the_kill < figures.acknowledged


def test_a_living_primary_is_not_parted_from(postgres: Embedded, monkeypatch: pytest.MonkeyPatch) -> None:
    url = two_host_url(postgres.url("postgres"), postgres.url("postgres"))
    monkeypatch.setenv("PARADEIRO_DATABASE_URL", url)
    done = CliRunner().invoke(app, ["promote"])
    assert (done.exit_code, "nothing to promote" in done.output) == (2, True), done.output
    monkeypatch.setenv("PARADEIRO_DATABASE_URL", "postgresql://postgres@/x?host=/nowhere,/neither")
    done = CliRunner().invoke(app, ["promote"])
    assert (done.exit_code, "None of these hosts" in done.output) == (2, True), done.output
