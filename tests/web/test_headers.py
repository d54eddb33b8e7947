"""Every answer has its careful headers, errors and the API's documentation too."""

from dataclasses import replace

import httpx
import pytest

from paradeiro.app import real_clock
from paradeiro.web.server import create_app
from tests.flow.conftest import Shop
from tests.web.test_api import api  # noqa: F401 - a fixture

_NAMES = ("content-security-policy", "permissions-policy", "x-content-type-options", "referrer-policy")
_PATHS = (
    "/sign-in",
    "/docs",
    "/openapi.json",
    "/health",
    "/api/v1/orders",
    "/api/v1/none",
    "/nowhere",
    "/t/",
    "/t/none",
    "/api/oms/pvt/orders",
    "/pvt/none",
    "/import/take",
)


@pytest.mark.parametrize("path", _PATHS)
async def test_every_answer_has_them(api: httpx.AsyncClient, path: str) -> None:  # noqa: F811 - the fixture
    for headers in ({}, {"X-API-Key": ""}):
        answer = await api.get(path, headers=headers)
        assert [name for name in _NAMES if name not in answer.headers] == [], (path, answer.status_code)


async def test_a_fault_has_them_too_and_https_is_promised_where_it_is_public(shop: Shop) -> None:
    plain = httpx.ASGITransport(create_app(replace(shop.context, public_url="http://rastreio.example"), real_clock))
    async with httpx.AsyncClient(transport=plain, base_url="http://test") as client:
        assert "strict-transport-security" not in (await client.get("/sign-in")).headers
    app = create_app(replace(shop.context, public_url="https://rastreio.example"), real_clock)

    @app.get("/api/fault")
    async def fault() -> None:
        raise RuntimeError

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        for path, status in (("/api/fault", 500), ("/sign-in", 200), ("/api/v1/orders", 401)):
            answer = await client.get(path)
            assert answer.status_code == status
            assert "max-age=63072000" in answer.headers["strict-transport-security"]
            assert [name for name in _NAMES if name not in answer.headers] == []


async def test_nothing_runs_in_the_documentation(api: httpx.AsyncClient) -> None:  # noqa: F811 - the fixture
    answer = await api.get("/docs")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "script-src" not in answer.headers["content-security-policy"]
    assert "<script" not in answer.text
