"""deploy/ as it stands: queries name metrics that exist, alerts say what to do, what is called exists."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import typer
import yaml

from paradeiro.cli import app

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
CONTAINERFILE = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))


def _documented() -> set[str]:
    """Every name that a query may use: histograms by the names of their series."""
    names = set()
    text = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    for name, kind in re.findall(r"(?m)^\| `(\w+)` \| (\w+)", text):
        names |= {f"{name}_bucket", f"{name}_sum", f"{name}_count"} if kind == "histogram" else {name}
    return names


def _unknown(expression: str) -> set[str]:
    return set(re.findall(r"\bparadeiro_\w+", expression)) - _documented()


def _rules() -> list[dict[str, dict[str, str]]]:
    rules = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yaml").read_text(encoding="utf-8"))
    return [rule for group in rules["groups"] for rule in group["rules"]]


def test_alerts_name_metrics_that_exist_and_say_what_to_do() -> None:
    rules = _rules()
    assert len({str(rule["alert"]) for rule in rules}) == len(rules) > 8
    for rule in rules:
        expression = str(rule["expr"])
        assert not _unknown(expression), rule["alert"]
        assert expression.count("(") == expression.count(")")
        assert re.fullmatch(r"\d+[smh]", str(rule["for"]))
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"]["summary"]
        assert len(rule["annotations"]["action"]) > 20


def test_commands_in_alerts_exist() -> None:
    known = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    said = {name for rule in _rules() for name in re.findall(r"`paradeiro ([a-z-]+)", rule["annotations"]["action"])}
    assert said
    assert said <= known


def test_the_dashboard_names_metrics_that_exist() -> None:
    panels = json.loads((DEPLOY / "grafana" / "paradeiro.json").read_text(encoding="utf-8"))["panels"]
    expressions = [target["expr"] for panel in panels for target in panel["targets"]]
    assert len(expressions) > 15
    assert all("paradeiro_" in expression and not _unknown(expression) for expression in expressions)
    assert len({panel["id"] for panel in panels}) == len(panels)


def test_an_unknown_metric_is_seen() -> None:
    assert _unknown("rate(paradeiro_nonsense_total[5m]) > paradeiro_workers") == {"paradeiro_nonsense_total"}


def _takes(arguments: list[str]) -> None:
    """Fails if the command line does not take these arguments; nothing is run."""
    command = typer.main.get_command(app).commands[arguments[0]]  # type: ignore[attr-defined]
    command.make_context(arguments[0], list(arguments[1:]))


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_calls_what_exists_and_is_hardened(unit: Path) -> None:
    text = unit.read_text(encoding="utf-8")
    start = re.search(r"(?m)^ExecStart=/opt/paradeiro/\.venv/bin/paradeiro (.+)$", text)
    assert start is not None
    _takes(start[1].split())
    lines = set(text.splitlines())
    assert {"User=paradeiro", "NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet="} <= lines


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_rates_a_unit_as_safe(unit: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("no systemd-analyze on this machine")
    command = [analyze, "security", "--offline=yes", "--threshold=30", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stdout[-500:] + done.stderr


def test_the_image_is_small_pinned_and_not_run_as_root() -> None:
    bases = re.findall(r"(?m)^FROM (\S+)", CONTAINERFILE)
    assert len(bases) == 2, "build and run"
    assert all(":" in base and not base.endswith(":latest") for base in bases)
    assert re.search(r"(?m)^USER 10001", CONTAINERFILE)
    assert "HEALTHCHECK" in CONTAINERFILE
    pinned = re.search(r"UV_VERSION=(\S+)", (ROOT / "scripts" / "env.sh").read_text(encoding="utf-8"))
    assert pinned is not None
    assert f"uv=={pinned[1]}" in CONTAINERFILE
    for line in re.findall(r"(?m)^COPY (?!--from)(.+) \S+$", CONTAINERFILE):
        assert all((ROOT / name).exists() for name in line.split())
    _takes(json.loads(re.findall(r"(?m)^CMD (.+)$", CONTAINERFILE)[-1]))


def test_the_services_call_what_exists() -> None:
    ours = {name: each for name, each in COMPOSE["services"].items() if name != "database"}
    assert set(ours) == {"migrate", "web", "worker"}
    for each in ours.values():
        _takes(each["command"])
        assert (DEPLOY / each["build"]["context"] / each["build"]["dockerfile"]).is_file()
        assert each["cap_drop"] == ["ALL"]
        assert set(each["depends_on"]) <= set(COMPOSE["services"])
        assert set(each["secrets"]) <= set(COMPOSE["secrets"])
    assert ours["web"]["ports"] == ["127.0.0.1:8080:8080"], "a proxy with TLS stands in front"
