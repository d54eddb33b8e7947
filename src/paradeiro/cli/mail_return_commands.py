"""In: what was typed after `paradeiro mail` about mails that come back; out: them taken, counted, addresses lifted."""

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from paradeiro.cli.mail_commands import app, run_for_store, say
from paradeiro.cli.printing import AsJson, Found, show

if TYPE_CHECKING:
    from paradeiro.db.bounces import Suppression
    from paradeiro.flow.means import Means

_Store = Annotated[str, typer.Option(help="the store's name")]
_Account = Annotated[str, typer.Option(help="the mail account, where the store has several")]
__all__ = ["app"]
_LARGEST = 4 * 1024 * 1024


@app.command()
def hook(
    store: _Store,
    public_url: Annotated[str, typer.Option(envvar="PARADEIRO_PUBLIC_URL", help="where we are reached: https://…")],
    account: _Account = "",
    end: Annotated[bool, typer.Option("--end", help="shut the door for good")] = False,
) -> None:
    """Print the address at which Amazon SNS, SendGrid or a mail server may post what came back."""
    from paradeiro.flow import bounces

    async def done(means: "Means", store_id: int) -> str:
        found = await bounces.mail_account(means, store_id, account)
        if end:
            await bounces.shut(means, found)
            return "Nobody can post there any more."
        return await bounces.door(means, found, public_url)

    say(run_for_store(store, done))


@app.command()
def bounce(store: _Store, account: _Account = "") -> None:
    """Take one mail that came back, from standard input: what a mail server's pipe or alias runs."""
    from paradeiro.flow import bounces

    raw = sys.stdin.buffer.read(_LARGEST)

    async def done(means: "Means", store_id: int) -> str:
        found = await bounces.take(means, await bounces.mail_account(means, store_id, account), raw)
        named = ", ".join(f"{each.kind}: {each.reason}" for each in found.bounces)
        return named or found.message or "Nothing of ours came back with it."

    say(run_for_store(store, done))


@app.command()
def suppressed(
    store: _Store,
    lift: Annotated[str, typer.Option(help="an address that is good: mail to it again")] = "",
    json: AsJson = False,
) -> None:
    """The addresses that get no more mail, and why."""
    from paradeiro.cli.author import cli_author
    from paradeiro.flow import bounces

    async def done(means: "Means", store_id: int) -> Found:
        if lift:
            await bounces.lift(means, store_id, lift, cli_author())
            return Found(f"{lift} gets mail again, from the next change on.", {"lifted": lift})
        found: list[Suppression] = []
        while page := await bounces.suppressions(means, store_id, before=found[-1].id if found else None):
            found += page
        lines = [f"{each.address}  {each.kind}, since {each.since:%Y-%m-%d}: {each.reason}" for each in found]
        return Found("\n".join(lines) or "Every address gets mail.", [asdict(each) for each in found])

    show(run_for_store(store, done), as_json=json)


@app.command()
def status(store: _Store, account: _Account = "", json: AsJson = False) -> None:
    """How many mails went, wait, came back, and of how many it was unknown for a while whether they had gone."""
    from paradeiro.flow import bounces

    async def done(means: "Means", store_id: int) -> Found:
        found = await bounces.fared(means, await bounces.mail_account(means, store_id, account))
        words = (
            f"sent       {found.sent}\nwaiting    {found.waiting}\nrefused    {found.refused}\n"
            f"in doubt   {found.doubted} (the connection died after the mail; it went again, same Message-ID)\n"
            f"came back  {found.hard} hard, {found.soft} soft, {found.complaints} complaints\n"
            f"suppressed {found.suppressed} addresses"
        )
        return Found(words, asdict(found))

    show(run_for_store(store, done), as_json=json)
