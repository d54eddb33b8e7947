"""What a browser does to sign in and out, and persons to do it: it reads the form's token from the page."""

import re

import httpx

from paradeiro.app import real_clock
from paradeiro.db.people import operators
from paradeiro.db.pool import transaction
from paradeiro.domain.words import LinkPurpose, Role
from paradeiro.flow.context import Context
from paradeiro.flow.people.new_links import make_link
from paradeiro.flow.people.passwords import hash_password

PASSWORD = "quatro palavras bem juntas"


def token_in(html: str) -> str:
    """The form token of a page."""
    found = re.search(r'name="form" value="([^"]+)"', html)
    assert found is not None
    return found[1]


async def add_person(
    context: Context,
    store_id: int,
    name: str = "Bia",
    role: Role = Role.ADMINISTRATOR,
    *,
    email: str = "",
    password: str = "",
) -> int:
    """A person with a role in a store; the password costs a tenth of a second, so only where it is typed."""
    email = email or f"{name.lower()}@loja.example.com"
    hashed = await hash_password(password) if password else None
    async with transaction(context.pool) as connection:
        person = await operators.add_operator(connection, email, name, now=context.now())
        await operators.set_role(connection, store_id, person, role, now=context.now())
        if hashed:
            await operators.set_password(connection, person, hashed)
    return person


async def sign_in_link(context: Context, store_id: int, name: str = "Bia", role: Role = Role.ADMINISTRATOR) -> str:
    """The path of a link that signs a person in."""
    person = await add_person(context, store_id, name, role)
    async with transaction(context.pool) as connection:
        return await make_link(context, connection, person, LinkPurpose.SIGN_IN, now=real_clock())


async def enter(
    client: httpx.AsyncClient, context: Context, store_id: int, name: str = "Bia", role: Role = Role.ADMINISTRATOR
) -> None:
    """Sign a browser in as that person."""
    await client.get(await sign_in_link(context, store_id, name, role))


async def sign_in(client: httpx.AsyncClient, email: str, password: str = PASSWORD) -> httpx.Response:
    page = await client.get("/sign-in")
    data = {"email": email, "password": password, "form": token_in(page.text)}
    return await client.post("/sign-in", data=data)


async def sign_out(client: httpx.AsyncClient) -> httpx.Response:
    page = await client.get("/")
    return await client.post("/sign-out", data={"form": token_in(page.text)})
