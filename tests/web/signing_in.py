"""What a browser does to sign in and out: it reads the form's token from the page."""

import re

import httpx


def token_in(html: str) -> str:
    """The form token of a page."""
    found = re.search(r'name="form" value="([^"]+)"', html)
    assert found is not None
    return found[1]


async def sign_in(client: httpx.AsyncClient, key: str) -> httpx.Response:
    page = await client.get("/sign-in")
    return await client.post("/sign-in", data={"key": key, "form": token_in(page.text)})


async def sign_out(client: httpx.AsyncClient) -> httpx.Response:
    page = await client.get("/")
    return await client.post("/sign-out", data={"form": token_in(page.text)})
