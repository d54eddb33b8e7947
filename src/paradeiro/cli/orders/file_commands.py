"""In: what was typed after `paradeiro file`; out: a carrier's files taken, from disk or from a mail."""

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from paradeiro.cli.actor import cli_actor
from paradeiro.cli.outbox.mail_commands import run_for_store, say

if TYPE_CHECKING:
    from paradeiro.flow.answers.file_intake import TakenFile
    from paradeiro.flow.context import Context


def file(
    account: Annotated[str, typer.Argument(help="the carrier's account that reads files, by its name")],
    store: Annotated[str, typer.Option(help="the store's name")],
    paths: Annotated[
        list[Path] | None, typer.Argument(exists=True, dir_okay=False, help="the files; none: show those that came")
    ] = None,
    mail: Annotated[
        bool, typer.Option("--mail", help="take what is attached to the mail on standard input (a server's pipe)")
    ] = False,
) -> None:
    """Take a carrier's files (EDI). The same file counts once; one that broke off goes on where it was."""

    async def act(context: "Context", store_id: int) -> str:
        from paradeiro.cli.orders.couriers import carrier_account
        from paradeiro.flow.answers import file_intake

        account_id = await carrier_account(context, store_id, account)
        if mail:
            raw = sys.stdin.buffer.read(file_intake.LARGEST_MAIL + 1)
            return "\n".join(_said(each) for each in await file_intake.take_mail(context, account_id, raw))
        if paths:
            return await _take(context, account_id, paths)
        found = await file_intake.files(context, store_id, account_id=account_id)
        lines = [f"{f.received_at:%Y-%m-%d %H:%M}  {_state(f.name, f.parts, f.problem_count)}" for f in found]
        return "\n".join(lines) or f"No file of {account} has come yet."

    say(run_for_store(store, act))


async def _take(context: "Context", account_id: int, paths: list[Path]) -> str:
    from paradeiro.flow.answers.file_intake import take_file

    lines = []
    with ExitStack() as opened:
        # All of them are opened before any is read: a name that is wrong is said at once.
        streams = [(path, opened.enter_context(path.open("rb"))) for path in paths]
        for path, stream in streams:
            lines.append(_said(await take_file(context, account_id, path.name, stream, "upload", cli_actor())))
    return "\n".join(lines)


def _said(taken: "TakenFile") -> str:
    """What became of a file, and the first problems in it."""
    if taken.known:
        return f"It had been taken before, as {taken.file.name}; nothing was done."
    told = [f"  line {each.line}: {each.text}" for each in taken.file.problems if not each.more]
    return "\n".join([_state(taken.file.name, taken.file.parts, taken.file.problem_count), *told])


def _state(name: str, parts: int, bad: int) -> str:
    return f"{name}: {parts} parts taken, {bad} cannot be read."
