"""In: what was typed after `paradeiro channel`; out: the rules for what a marketplace is sent, shown or changed."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from paradeiro.cli import printing
from paradeiro.cli.printing import AsJson, CommandOutput, former

if TYPE_CHECKING:
    from paradeiro.domain.outbox.channel_rules import ChannelRules

app = typer.Typer(name="channel", help="What each marketplace that sells for a store is sent.", no_args_is_help=True)
_Store = Annotated[str, typer.Option(help="the store's name")]


@app.command()
def show(store: _Store, json: AsJson = False) -> None:
    """The channels that have rules of their own; all others are sent everything."""
    _run(store, None, None, None, as_json=json)


@app.command(name="set")
def set_(
    channel: Annotated[str, typer.Argument(help="as the order system names it, e.g. MLB")],
    store: _Store,
    like: Annotated[str | None, typer.Option(help="any, amazon, magalu, mercado_livre_me2, shopee or via")] = None,
    topics: Annotated[str | None, typer.Option(help="of: invoice,number,position,delivery; or nothing")] = None,
    hears: Annotated[str | None, typer.Option(hidden=True)] = None,
    shipped_first: Annotated[bool | None, typer.Option(help="a delivery only after: it is shipped")] = None,
    delivered_after_dispatch: Annotated[bool | None, typer.Option(help="no delivery on the dispatch's day")] = None,
    needs_invoice_key: Annotated[bool | None, typer.Option(help="no tracking number without the key")] = None,
    mails: Annotated[bool | None, typer.Option(help="whether its customers are mailed")] = None,
    number_hours: Annotated[int | None, typer.Option(help="in which it must have the number; 0: whenever")] = None,
    number_after: Annotated[str | None, typer.Option(help="what they count from: ordered or invoiced")] = None,
    delivery_hours: Annotated[int | None, typer.Option(help="in which it must have a delivery; 0: whenever")] = None,
) -> None:
    """Set what a channel is sent. What is not named stays as it is, or as --like has it."""
    flags = {
        "shipped_first": shipped_first,
        "delivered_after_dispatch": delivered_after_dispatch,
        "needs_invoice_key": needs_invoice_key,
        "mails": mails,
        "number_hours": number_hours,
        "number_after": number_after,
        "delivery_hours": delivery_hours,
    }
    changes: dict[str, Any] = {name: flag for name, flag in flags.items() if flag is not None}
    if hears is not None:
        former("--hears", "--topics")
    if (stated := topics if topics is not None else hears) is not None:
        changes["topics"] = stated
    _run(store, channel, like, changes)


def _run(
    store: str, channel: str | None, like: str | None, changes: dict[str, Any] | None, *, as_json: bool = False
) -> None:
    from paradeiro.flow.errors import StatementError

    try:
        said = asyncio.run(_channel(store, channel, like, changes or {}))
    except StatementError as error:
        Console(stderr=True).print(error.message, style="red", markup=False, highlight=False)
        raise typer.Exit(2) from error
    printing.show(said, as_json=as_json)


async def _channel(store: str, channel: str | None, like: str | None, changes: dict[str, Any]) -> CommandOutput:
    from paradeiro.app import open_app
    from paradeiro.cli.accounts.accounts import store_id_of
    from paradeiro.cli.actor import cli_actor
    from paradeiro.cli.running.database import database_url, migrate_command
    from paradeiro.domain.outbox.channel_rules import DEFAULT_RULES
    from paradeiro.flow.outbox.channel_rules import rules_of_store, set_rules
    from paradeiro.settings import Settings

    settings = Settings()
    async with AsyncExitStack() as stack:
        url = stack.enter_context(database_url(settings))
        await migrate_command(url)
        context = await stack.enter_async_context(open_app(settings, url))
        async with context.pool.connection() as connection:
            store_id = await store_id_of(connection, store)
        known = await rules_of_store(context, store_id)
        if channel is not None:
            wanted = apply_changes(known.get(channel, DEFAULT_RULES), like, changes)
            await set_rules(context, store_id, channel, wanted, cli_actor())
            known = {channel: wanted}
    words = "\n".join(_line(name, each) for name, each in sorted(known.items()))
    facts = {name: asdict(each) | {"topics": sorted(each.topics)} for name, each in sorted(known.items())}
    return CommandOutput(words or "All channels are told everything.", facts)


def apply_changes(now: "ChannelRules", like: str | None, changes: dict[str, Any]) -> "ChannelRules":
    """The rules after what was typed. Raises `InvalidError`."""
    from paradeiro.domain.outbox.channel_rules import PRESETS
    from paradeiro.domain.words import DeadlineStart, Topic
    from paradeiro.flow.errors import InvalidError

    if like is not None and like not in PRESETS:
        raise InvalidError("like", f"Nothing is known of '{like}'. There are: {', '.join(sorted(PRESETS))}.")
    rules = PRESETS[like] if like is not None else now
    named = {w.strip() for w in changes.pop("topics", ",".join(rules.topics)).split(",")} - {"", "nothing"}
    if unknown := named - set(Topic):
        raise InvalidError("topics", f"'{', '.join(sorted(unknown))}' is none of: {', '.join(Topic)}.")
    after = changes.pop("number_after", rules.number_after)
    if after not in set(DeadlineStart):
        raise InvalidError("number_after", f"'{after}' is none of: {', '.join(DeadlineStart)}.")
    changes["number_after"] = DeadlineStart(after)
    return replace(rules, topics=frozenset(Topic(w) for w in named), **changes)


def _line(channel: str, rules: "ChannelRules") -> str:
    flags = ("shipped_first", "delivered_after_dispatch", "needs_invoice_key")
    said = [f"topics: {', '.join(sorted(rules.topics)) or 'nothing'}", *(f for f in flags if getattr(rules, f))]
    said += [] if rules.mails else ["no mails"]
    said += [f"number within {rules.number_hours} h of {rules.number_after}"] if rules.number_hours else []
    said += [f"delivery within {rules.delivery_hours} h"] if rules.delivery_hours else []
    return f"{channel}: {'; '.join(said)}"
