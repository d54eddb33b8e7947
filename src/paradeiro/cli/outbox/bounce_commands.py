"""In: what was typed after `paradeiro mail` about bounces; out: reports taken and counted, suppressions lifted."""

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from paradeiro.cli.outbox.mail_commands import app, run_for_store, say
from paradeiro.cli.printing import AsJson, CommandOutput, show

if TYPE_CHECKING:
    from paradeiro.db.customers.bounces import Suppression
    from paradeiro.flow.context import Context

_Store = Annotated[str, typer.Option(help="the store's name")]
_Account = Annotated[str, typer.Option(help="the mail account, where the store has several")]
__all__ = ["app"]
_LARGEST = 4 * 1024 * 1024


@app.command()
def hook(
    store: _Store,
    public_url: Annotated[str, typer.Option(envvar="PARADEIRO_PUBLIC_URL", help="where we are reached: https://…")],
    account: _Account = "",
    end: Annotated[bool, typer.Option("--end", help="close the address for good")] = False,
) -> None:
    """Print the address to which Amazon SNS, SendGrid or a mail server may post bounces."""
    from paradeiro.flow.customers import bounces

    async def act(context: "Context", store_id: int) -> str:
        found = await bounces.mail_account(context, store_id, account)
        if end:
            await bounces.close_bounce_webhook(context, found)
            return "The address is closed."
        return await bounces.open_bounce_webhook(context, found, public_url)

    say(run_for_store(store, act))


@app.command()
def bounce(store: _Store, account: _Account = "") -> None:
    """Take one bounce from standard input; for a mail server's pipe or alias."""
    from paradeiro.flow.customers import bounces

    raw = sys.stdin.buffer.read(_LARGEST)

    async def act(context: "Context", store_id: int) -> str:
        found = await bounces.take_report(context, await bounces.mail_account(context, store_id, account), raw)
        named = ", ".join(f"{each.kind}: {each.reason}" for each in found.bounces)
        return named or found.message or "Nothing of ours came back with it."

    say(run_for_store(store, act))


@app.command()
def suppressed(
    store: _Store,
    lift: Annotated[str, typer.Option(help="an address that is good: mail to it again")] = "",
    json: AsJson = False,
) -> None:
    """The addresses that get no more mail, and why."""
    from paradeiro.cli.actor import cli_actor
    from paradeiro.flow.customers import bounces

    async def act(context: "Context", store_id: int) -> CommandOutput:
        if lift:
            await bounces.lift_suppression(context, store_id, lift, cli_actor())
            return CommandOutput(f"{lift} gets mail again, from the next change on.", {"lifted": lift})
        found: list[Suppression] = []
        while page := await bounces.suppressions(context, store_id, before=found[-1].id if found else None):
            found += page
        lines = [f"{each.address}  {each.kind}, since {each.since:%Y-%m-%d}: {each.reason}" for each in found]
        return CommandOutput("\n".join(lines) or "Every address gets mail.", [asdict(each) for each in found])

    show(run_for_store(store, act), as_json=json)


@app.command()
def status(store: _Store, account: _Account = "", json: AsJson = False) -> None:
    """How many mails were sent, wait, bounced, and for how many it was unknown whether they had been sent."""
    from paradeiro.flow.customers import bounces

    async def act(context: "Context", store_id: int) -> CommandOutput:
        found = await bounces.mail_figures(context, await bounces.mail_account(context, store_id, account))
        words = (
            f"sent       {found.sent}\nwaiting    {found.waiting}\nrefused    {found.refused}\n"
            f"in doubt   {found.doubted} (the connection died after the mail; it went again, same Message-ID)\n"
            f"came back  {found.hard} hard, {found.soft} soft, {found.complaints} complaints\n"
            f"suppressed {found.suppressed} addresses"
        )
        return CommandOutput(words, asdict(found))

    show(run_for_store(store, act), as_json=json)
