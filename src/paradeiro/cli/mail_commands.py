"""In: what was typed after `paradeiro mail`; out: a store's mails previewed, when they go and how they are laid out."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import asdict, replace
from datetime import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer
from rich.console import Console

from paradeiro.cli import printing
from paradeiro.cli.printing import AsJson, Found

if TYPE_CHECKING:
    from paradeiro.cli.mail_preview import Dressed
    from paradeiro.domain.mailing import MailPolicy
    from paradeiro.domain.words import MailKind
    from paradeiro.flow.means import Means

app = typer.Typer(name="mail", help="What a store's customers are mailed, and how it looks.", no_args_is_help=True)
template = typer.Typer(name="template", help="A store's own layout of its mails (Jinja2).", no_args_is_help=True)
app.add_typer(template)
T = TypeVar("T")
_Store = Annotated[str, typer.Option(help="the store's name")]
_Part = Annotated[str, typer.Option(help="html or text")]


@app.command()
def preview(
    store: Annotated[str, typer.Option(help="the store whose brand and layout they wear; ours without")] = "",
    order: Annotated[str, typer.Option(help="the order whose goods and customer they show")] = "",
    to: Annotated[Path, typer.Option(file_okay=False, help="the folder to write into")] = Path("mails"),
) -> None:
    """Write each mail in each language as HTML and text, and a page that names them."""
    from paradeiro.cli.mail_preview import Dressed, write
    from paradeiro.connectors import discover

    dressed = (
        run_for_store(store, lambda means, store_id: _dressed(means, store_id, store, order)) if store else Dressed()
    )
    count = write(to, discover()["email"], dressed)
    say(f"{count} mails: open {to / 'index.html'}")


async def _dressed(means: "Means", store_id: int, name: str, order: str) -> "Dressed":
    from paradeiro.cli.mail_preview import Dressed
    from paradeiro.db import events, shipments, stores
    from paradeiro.domain.timeline import fold
    from paradeiro.domain.words import Status
    from paradeiro.flow.branding import brand_of
    from paradeiro.flow.errors import MissingError
    from paradeiro.flow.mailing import own_templates

    async with means.pool.connection() as connection:
        zone = (await stores.stores(connection, [store_id]))[store_id].time_zone
        kept = await shipments.of_order(connection, store_id, order) if order else []
        known = await events.known(connection, [k.shipment.id for k in kept[:1]])
    if order and not kept:
        raise MissingError("order", f"No package of order {order!r} is known.")
    own = await own_templates(means, store_id)
    dressed = Dressed(name, zone, await brand_of(means, store_id), own)
    if not kept:
        return dressed
    first, now = kept[0], means.now()
    timeline = fold(known.get(first.shipment.id, []), now=now, base=Status.REGISTERED)
    return replace(dressed, order=first.order, shipment=first.shipment, timeline=timeline, now=now)


@app.command()
def policy(
    store: _Store,
    send: Annotated[str | None, typer.Option(help="the kinds that are sent, with commas; or: all")] = None,
    quiet: Annotated[str | None, typer.Option(help="the store's quiet hours, such as 21:00-08:00; or: none")] = None,
    at_once: Annotated[str | None, typer.Option(help="the kinds that go in quiet hours too; or: none")] = None,
    moves_a_day: Annotated[bool | None, typer.Option(help="at most one mail a day that it moved on")] = None,
    json: AsJson = False,
) -> None:
    """Which mails go, and when. What is not named stays as it is."""
    from paradeiro.cli.author import cli_author
    from paradeiro.flow.mailing import mail_policy, set_mail_policy

    async def done(means: "Means", store_id: int) -> "MailPolicy":
        wanted = changed(await mail_policy(means, store_id), send, quiet, at_once, moves_a_day=moves_a_day)
        await set_mail_policy(means, store_id, wanted, cli_author())
        return wanted

    found = run_for_store(store, done)
    printing.show(Found(_lines(found), asdict(found)), as_json=json)


def changed(
    now: "MailPolicy", send: str | None, quiet: str | None, at_once: str | None, *, moves_a_day: bool | None
) -> "MailPolicy":
    """The policy after what was typed. Raises `InvalidError`."""
    from paradeiro.domain.words import MailKind
    from paradeiro.flow.errors import InvalidError

    if send is not None:
        now = replace(now, unsent=frozenset(MailKind) - _kinds(send) - {MailKind.ADDRESS})
    if at_once is not None:
        now = replace(now, at_once=_kinds(at_once))
    if moves_a_day is not None:
        now = replace(now, moves_a_day=moves_a_day)
    if quiet is None:
        return now
    begin, _, end = ("00:00-00:00" if quiet == "none" else quiet).partition("-")
    try:
        return replace(now, quiet_from=time.fromisoformat(begin.strip()), quiet_to=time.fromisoformat(end.strip()))
    except ValueError:
        raise InvalidError("quiet", f"{quiet!r} are no hours: write them like 21:00-08:00, or none.") from None


def _kinds(text: str) -> "frozenset[MailKind]":
    from paradeiro.domain.words import MailKind
    from paradeiro.flow.errors import InvalidError

    if text == "all":
        return frozenset(MailKind)
    named = {word.strip() for word in text.split(",")} - {"", "none"}
    if strange := named - set(MailKind):
        raise InvalidError("kind", f"'{', '.join(sorted(strange))}' is none of: {', '.join(MailKind)}.")
    return frozenset(MailKind(word) for word in named)


def _lines(policy: "MailPolicy") -> str:
    from paradeiro.domain.words import MailKind

    none = policy.quiet_from == policy.quiet_to
    quiet = "none" if none else f"{policy.quiet_from:%H:%M}-{policy.quiet_to:%H:%M}, but for: "
    loud = "" if none else ", ".join(k for k in MailKind if k in policy.at_once) or "nothing"
    sent = ", ".join(k for k in MailKind if k not in policy.unsent)
    once = "at most one mail a day" if policy.moves_a_day else "a mail each time"
    return f"sent:  {sent}\nquiet: {quiet}{loud}\nmoves: {once}"


@template.command(name="set")
def set_(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)], store: _Store, part: _Part = "html"
) -> None:
    """Lay the store's mails out like this file, if it stands all hard cases."""
    from paradeiro.cli.author import cli_author
    from paradeiro.flow.mailing import set_template

    source = _source(file)
    run_for_store(store, lambda means, store_id: set_template(means, store_id, part, source, cli_author()))
    say(f"The {part} of {store}'s mails is laid out like {file} now.")


@template.command()
def show(store: _Store, part: _Part = "html") -> None:
    """Print the store's own layout; ours where it has none, to begin from."""
    from importlib.resources import files

    from paradeiro.flow.mailing import own_templates

    own = run_for_store(store, own_templates)
    ours = files("paradeiro.connectors.email") / "templates" / "position.html.j2"
    found = {"html": own.html or ours.read_text(encoding="utf-8"), "text": own.text}.get(part, "")
    typer.echo(found)


@template.command()
def remove(store: _Store, part: _Part = "html") -> None:
    """Use the built-in layout again."""
    from paradeiro.cli.author import cli_author
    from paradeiro.flow.mailing import set_template

    run_for_store(store, lambda means, store_id: set_template(means, store_id, part, "", cli_author()))
    say(f"The {part} of {store}'s mails is ours again.")


@template.command()
def check(file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)], part: _Part = "html") -> None:
    """Try a layout on all hard cases, in all languages; say what is wrong with it, by line."""
    from paradeiro.connectors import discover
    from paradeiro.flow.mailing import template_problem

    problem = template_problem(discover(), part, _source(file))
    if problem:
        Console(stderr=True).print(problem, style="red", markup=False, highlight=False)
        raise typer.Exit(2)
    say("Nothing is wrong with it.")


def _source(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace").replace("\0", "")


def say(words: str) -> None:
    """Print it as it is."""
    Console().print(words, markup=False, highlight=False, soft_wrap=True)


def run_for_store(store: str, do: "Callable[[Means, int], Awaitable[T]]") -> T:
    """Do it to a store. What cannot be done is said, with status 2."""
    from paradeiro.flow.errors import StatementError

    try:
        return asyncio.run(_with_store(store, do))
    except StatementError as error:
        Console(stderr=True).print(error.message, style="red", markup=False, highlight=False)
        raise typer.Exit(2) from error


async def _with_store(store: str, do: "Callable[[Means, int], Awaitable[T]]") -> T:
    from paradeiro.app import house
    from paradeiro.cli.accounts import store_id_of
    from paradeiro.cli.database import database_url, migrate_command
    from paradeiro.settings import Settings

    settings = Settings()
    async with AsyncExitStack() as stack:
        url = stack.enter_context(database_url(settings))
        await migrate_command(url)
        means = await stack.enter_async_context(house(settings, url))
        async with means.pool.connection() as connection:
            store_id = await store_id_of(connection, store)
        return await do(means, store_id)
