"""What we stand on: known weaknesses fail the check, a source that is away does not; what runs is listed."""

import json
import subprocess
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
UV = ROOT / ".uv/bin/uv"
pytestmark = pytest.mark.skipif(not UV.exists(), reason="uv is not in .uv here; `make env` puts it there")
_WEAKNESS = {
    "id": "GHSA-0000-test-0000",
    "modified": "2026-01-01T00:00:00Z",
    "published": "2026-01-01T00:00:00Z",
    "summary": "made up",
    "affected": [{"package": {"ecosystem": "PyPI", "name": "jinja2"}, "ranges": []}],
}


class _Advisories(BaseHTTPRequestHandler):
    """Answers as osv.dev's API is described: the first package asked about has one weakness, if `weak` says so."""

    weak = False

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
        results: list[dict[str, object]] = [{} for _ in asked]
        if self.weak:
            results[0] = {"vulns": [{"id": _WEAKNESS["id"], "modified": _WEAKNESS["modified"]}]}
        self._answer({"results": results})

    def do_GET(self) -> None:
        self._answer(_WEAKNESS)

    def _answer(self, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def advisories(*, weak: bool) -> Iterator[str]:
    handler = type("Handler", (_Advisories,), {"weak": weak})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def audit(url: str) -> subprocess.CompletedProcess[str]:
    command = ["sh", "scripts/audit.sh", "--service-url", url]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=90)


def test_a_known_weakness_fails_the_check() -> None:
    with advisories(weak=True) as url:
        done = audit(url)
    assert (done.returncode, "GHSA-0000-test-0000" in done.stdout) == (1, True), done.stdout


def test_none_is_none() -> None:
    with advisories(weak=False) as url:
        done = audit(url)
    assert (done.returncode, "not looked up" in done.stdout) == (0, False), done.stdout


def test_a_source_that_is_away_is_said_and_fails_nothing() -> None:
    done = audit("http://127.0.0.1:9")
    assert (done.returncode, "not looked up" in done.stdout) == (0, True), done.stdout


def test_the_bill_of_materials_has_every_package_that_runs_with_version_and_hash(tmp_path: Path) -> None:
    made = tmp_path / "sbom.json"
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").partition("\nsbom:")[2].splitlines()[1]
    command = recipe.strip().removeprefix("@").replace("sbom.json", str(made))
    subprocess.run(["sh", "-c", command], cwd=ROOT, check=True, timeout=60)
    bill = json.loads(made.read_text(encoding="utf-8"))
    assert bill["bomFormat"] == "CycloneDX"
    locked = {
        each["name"]: each["version"]
        for each in tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))["package"]
    }
    listed = {each["name"]: each["version"] for each in bill["components"]}
    assert listed.items() <= locked.items()
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    names = {each.split(">")[0].split("[")[0].split("<")[0].lower() for each in needed}
    assert names <= listed.keys()
    assert "pytest" not in listed
    assert all(reference["hashes"] for each in bill["components"] for reference in each["externalReferences"]), (
        "each with the hashes of what is installed"
    )
