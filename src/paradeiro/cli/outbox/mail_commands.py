"""In: what was typed after `paradeiro mail`; out: mails previewed, and a store's policy and layouts for them set."""

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
from paradeiro.cli.printing import AsJson, CommandOutput

if TYPE_CHECKING:
    from paradeiro.cli.outbox.mail_preview import PreviewData
    from paradeiro.domain.outbox.mail_policy import MailPolicy
    from paradeiro.domain.words import MailKind
    from paradeiro.flow.context import Context

app = typer.Typer(name="mail", help="What a store's customers are mailed, and how it looks.", no_args_is_help=True)
template = typer.Typer(name="template", help="A store's own layout of its mails (Jinja2).", no_args_is_help=True)
app.add_typer(template)
T = TypeVar("T")
_Store = Annotated[str, typer.Option(help="the store's name")]
_Part = Annotated[str, typer.Option(help="html or text")]


@app.command()
def preview(
    store: Annotated[str, typer.Option(help="the store whose brand and layout they have; ours without")] = "",
    order: Annotated[str, typer.Option(help="the order whose goods and customer they show")] = "",
    to: Annotated[Path, typer.Option(file_okay=False, help="the folder to write into")] = Path("mails"),
) -> None:
    """Write each mail in each language as HTML and text, and a page that names them."""
    from paradeiro.cli.outbox.mail_preview import PreviewData, write
    from paradeiro.connectors import discover

    data = (
        run_for_store(store, lambda context, store_id: _load_preview_data(context, store_id, store, order))
        if store
        else PreviewData()
    )
    count = write(to, discover()["email"], data)
    say(f"{count} mails: open {to / 'index.html'}")


async def _load_preview_data(context: "Context", store_id: int, name: str, order: str) -> "PreviewData":
    from paradeiro.cli.outbox.mail_preview import PreviewData
    from paradeiro.db.accounts import stores
    from paradeiro.db.following import events, shipments
    from paradeiro.domain.following.timeline import fold
    from paradeiro.domain.words import Status
    from paradeiro.flow.customers.branding import brand_of
    from paradeiro.flow.errors import MissingError
    from paradeiro.flow.outbox.mail_policy import own_templates

    async with context.pool.connection() as connection:
        zone = (await stores.stores(connection, [store_id]))[store_id].time_zone
        rows = await shipments.of_order(connection, store_id, order) if order else []
        known = await events.events_of(connection, [k.shipment.id for k in rows[:1]])
    if order and not rows:
        raise MissingError("order", f"No package of order {order!r} is known.")
    own = await own_templates(context, store_id)
    data = PreviewData(name, zone, await brand_of(context, store_id), own)
    if not rows:
        return data
    first, now = rows[0], context.now()
    timeline = fold(known.get(first.shipment.id, []), now=now, base=Status.REGISTERED)
    return replace(data, order=first.order, shipment=first.shipment, timeline=timeline, now=now)


@app.command()
def policy(
    store: _Store,
    send: Annotated[str | None, typer.Option(help="the kinds that are sent, with commas; or: all")] = None,
    quiet: Annotated[str | None, typer.Option(help="the store's quiet hours, such as 21:00-08:00; or: none")] = None,
    at_once: Annotated[str | None, typer.Option(help="the kinds that go in quiet hours too; or: none")] = None,
    moves_a_day: Annotated[bool | None, typer.Option(help="at most one mail a day that it moved on")] = None,
    json: AsJson = False,
) -> None:
    """Which mails are sent, and when. What is not named stays as it is."""
    from paradeiro.cli.actor import cli_actor
    from paradeiro.flow.outbox.mail_policy import mail_policy, set_mail_policy

    async def act(context: "Context", store_id: int) -> "MailPolicy":
        wanted = apply_changes(await mail_policy(context, store_id), send, quiet, at_once, moves_a_day=moves_a_day)
        await set_mail_policy(context, store_id, wanted, cli_actor())
        return wanted

    found = run_for_store(store, act)
    printing.show(CommandOutput(_lines(found), asdict(found)), as_json=json)


def apply_changes(
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
    if unknown := named - set(MailKind):
        raise InvalidError("kind", f"'{', '.join(sorted(unknown))}' is none of: {', '.join(MailKind)}.")
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
    """Use this file as the layout of the store's mails, if it renders all hard cases."""
    from paradeiro.cli.actor import cli_actor
    from paradeiro.flow.outbox.mail_policy import set_template

    source = _source(file)
    run_for_store(store, lambda context, store_id: set_template(context, store_id, part, source, cli_actor()))
    say(f"The {part} of {store}'s mails is laid out like {file} now.")


@template.command()
def show(store: _Store, part: _Part = "html") -> None:
    """Print the store's own layout; ours where it has none, to begin from."""
    from importlib.resources import files

    from paradeiro.flow.outbox.mail_policy import own_templates

    own = run_for_store(store, own_templates)
    ours = files("paradeiro.connectors.email") / "templates" / "position.html.j2"
    found = {"html": own.html or ours.read_text(encoding="utf-8"), "text": own.text}.get(part, "")
    typer.echo(found)


@template.command()
def remove(store: _Store, part: _Part = "html") -> None:
    """Use the built-in layout again."""
    from paradeiro.cli.actor import cli_actor
    from paradeiro.flow.outbox.mail_policy import set_template

    run_for_store(store, lambda context, store_id: set_template(context, store_id, part, "", cli_actor()))
    say(f"The {part} of {store}'s mails is ours again.")


@template.command()
def check(file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)], part: _Part = "html") -> None:
    """Render a layout with all hard cases in all languages; print what is wrong with it, by line."""
    from paradeiro.connectors import discover
    from paradeiro.flow.outbox.mail_policy import template_problem

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


def run_for_store(store: str, act: "Callable[[Context, int], Awaitable[T]]") -> T:
    """Run a function with an open context and the store's id. An error is printed, with exit status 2."""
    from paradeiro.flow.errors import StatementError

    try:
        return asyncio.run(_with_store(store, act))
    except StatementError as error:
        Console(stderr=True).print(error.message, style="red", markup=False, highlight=False)
        raise typer.Exit(2) from error


async def _with_store(store: str, act: "Callable[[Context, int], Awaitable[T]]") -> T:
    from paradeiro.app import open_app
    from paradeiro.cli.accounts.accounts import store_id_of
    from paradeiro.cli.running.database import database_url, migrate_command
    from paradeiro.settings import Settings

    settings = Settings()
    async with AsyncExitStack() as stack:
        url = stack.enter_context(database_url(settings))
        await migrate_command(url)
        context = await stack.enter_async_context(open_app(settings, url))
        async with context.pool.connection() as connection:
            store_id = await store_id_of(connection, store)
        return await act(context, store_id)
