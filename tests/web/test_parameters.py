"""Unknown query parameters are refused, with the known ones in the answer."""

import httpx
import pytest

from tests.web.test_api import api  # noqa: F401 - a fixture


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/shipments?invoice=77"),
        ("GET", "/api/v1/shipments?stuck=1"),
        ("GET", "/api/v1/orders?search=x&invoice=77"),
        ("GET", "/api/v1/orders/1?full=1"),
        ("GET", "/api/v1/notices?x=1"),
        ("GET", "/api/v1/audit?x=1"),
        ("GET", "/api/v1/webhooks?x=1"),
        ("POST", "/api/v1/orders?dry_run=1"),
        ("POST", "/api/v1/orders/bulk?dry_run=1"),
        ("POST", "/api/v1/customers/export?x=1"),
    ],
)
async def test_an_unknown_one_is_refused(api: httpx.AsyncClient, method: str, path: str) -> None:  # noqa: F811 - the fixture
    answer = await api.request(method, path, headers={"Content-Type": "application/x-ndjson"} if "bulk" in path else {})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "unknown_parameter"), answer.text
    stranger = await api.request(method, path, headers={"X-API-Key": "pk_nobody"})
    assert stranger.status_code == 401, "nothing is told to strangers"


async def test_the_known_ones_are_named_and_taken(api: httpx.AsyncClient) -> None:  # noqa: F811 - the fixture
    said = (await api.get("/api/v1/orders?serch=1")).json()["error"]
    assert said["details"] == {"unknown": ["serch"], "known": ["cursor", "limit", "search", "status"]}
    assert "'serch'" in said["message"]
    assert (await api.get("/api/v1/orders?search=1&limit=5&cursor=")).status_code == 200
