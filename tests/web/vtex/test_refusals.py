"""What VTEX's paths answer without a key, to a wrong method, at an unknown address: VTEX's form, no redirect."""

import httpx
import pytest

_PATHS = (
    "/api/oms/pvt/orders",
    "/api/oms/pvt/orders/v1-01",
    "/api/oms/pvt/orders/v1-01/invoice",
    "/api/oms/pvt/orders/v1-01/invoice/NF-1",
    "/api/oms/pvt/orders/v1-01/invoice/NF-1/tracking",
    "/api/oms/none",
    "/pvt/orders/v1-01/invoice",
    "/pvt/orders/v1-01/invoice/NF-1",
    "/pvt/orders/v1-01/invoice/NF-1/tracking",
    "/pvt/none",
    "/shipping-network/app/v1/loja/master/tracking",
    "/shipping-network/app/v1/loja/master/notify",
    "/shipping-network/none",
)


@pytest.mark.parametrize("path", _PATHS)
async def test_an_anonymous_caller_is_refused_in_vtex_form_and_never_redirected(
    vtex: httpx.AsyncClient, path: str
) -> None:
    refused = 0
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        answer = await vtex.request(method, path, json={}, headers={"X-VTEX-API-AppToken": "pk_nobody"})
        assert answer.status_code in {401, 404, 405}, (method, answer.status_code, answer.text)
        assert set(answer.json()["error"]) == {"code", "message", "exception"}
        refused += answer.status_code == 401
    assert refused or path.endswith("none")


async def test_an_address_that_only_begins_alike_is_a_page(vtex: httpx.AsyncClient) -> None:
    answer = await vtex.get("/pvtx")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
