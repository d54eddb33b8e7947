"""In: what was typed after `paradeiro brand`; out: how a store looks, shown or changed."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import fields
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from paradeiro.cli import printing
from paradeiro.cli.printing import AsJson, CommandOutput

app = typer.Typer(name="brand", help="How a store's mails and tracking page look.", no_args_is_help=True)
_Store = Annotated[str, typer.Option(help="the store's name")]


@app.command()
def show(store: _Store, json: AsJson = False) -> None:
    """Show the store's brand."""
    _run(store, {}, None, no_logo=False, as_json=json)


@app.command(name="set")
def set_(
    store: _Store,
    accent: Annotated[str | None, typer.Option(help="a colour such as #0b6e6e, dark enough for white words")] = None,
    font: Annotated[str | None, typer.Option(help="a font stack; the reader's own system font if empty")] = None,
    footer: Annotated[str | None, typer.Option(help="the last lines: company, tax number, address")] = None,
    email: Annotated[str | None, typer.Option(help="where customers write to")] = None,
    phone: Annotated[str | None, typer.Option(help="where customers call")] = None,
    site: Annotated[str | None, typer.Option(help="the shop: https://…")] = None,
    host: Annotated[str | None, typer.Option(help="the tracking page's own name, e.g. rastreio.loja.com.br")] = None,
    logo: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="a PNG or JPEG")] = None,
    no_logo: Annotated[bool, typer.Option("--no-logo", help="the store's name instead")] = False,
) -> None:
    """Change what is named; the rest stays. An empty text takes a thing back."""
    given = {"font": font, "footer": footer, "email": email, "phone": phone, "site": site, "host": host}
    texts = {name: text for name, text in given.items() if text is not None}
    if accent is not None:
        from paradeiro.domain.customers.brand import DEFAULT_ACCENT

        texts["accent"] = accent or DEFAULT_ACCENT
    _run(store, texts, logo, no_logo=no_logo)


def _run(store: str, texts: dict[str, str], logo: Path | None, *, no_logo: bool, as_json: bool = False) -> None:
    from paradeiro.flow.errors import StatementError

    try:
        said = asyncio.run(_brand(store, texts, logo.read_bytes() if logo else None, no_logo=no_logo))
    except StatementError as error:
        Console(stderr=True).print(error.message, style="red", markup=False, highlight=False)
        raise typer.Exit(2) from error
    printing.show(said, as_json=as_json)


async def _brand(store: str, texts: dict[str, str], logo: bytes | None, *, no_logo: bool) -> CommandOutput:
    from paradeiro.app import open_app
    from paradeiro.cli.actor import cli_actor
    from paradeiro.cli.running.database import database_url, migrate_command
    from paradeiro.db.accounts import stores
    from paradeiro.flow.customers.branding import brand_of, set_brand
    from paradeiro.flow.errors import MissingError
    from paradeiro.settings import Settings

    settings = Settings()
    async with AsyncExitStack() as stack:
        url = stack.enter_context(database_url(settings))
        await migrate_command(url)
        context = await stack.enter_async_context(open_app(settings, url))
        async with context.pool.connection() as connection:
            known = {s.name: s.id for s in (await stores.stores(connection)).values()}
        if store not in known:
            raise MissingError(
                "store", f"There is no store {store!r}. There are: {', '.join(sorted(known)) or 'none'}."
            )
        changed = bool(texts) or logo is not None or no_logo
        brand = await (
            set_brand(context, known[store], texts, logo=logo, no_logo=no_logo, by=cli_actor())
            if changed
            else brand_of(context, known[store])
        )
    lines = [f"{f.name:7} {getattr(brand, f.name) or '-'}" for f in fields(brand) if f.name != "logo"]
    picture = brand.logo
    shape = f"{picture.media_type}, {picture.width} × {picture.height}" if picture else "-"
    facts = {f.name: getattr(brand, f.name) for f in fields(brand) if f.name != "logo"}
    logo_facts = (
        {"media_type": picture.media_type, "width": picture.width, "height": picture.height} if picture else None
    )
    return CommandOutput("\n".join([*lines, f"logo    {shape}"]), facts | {"logo": logo_facts})
