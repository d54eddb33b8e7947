"""In: what was typed after `paradeiro code`; out: what carriers' unknown codes mean, said, shown or contributed."""

from typing import TYPE_CHECKING, Annotated

import typer

from paradeiro.cli.actor import cli_actor
from paradeiro.cli.outbox.mail_commands import run_for_store, say

if TYPE_CHECKING:
    from paradeiro.flow.context import Context

app = typer.Typer(name="code", help="What carriers' codes mean that nobody knows yet.", no_args_is_help=True)
_Store = Annotated[str, typer.Option(help="the store's name")]
_Connector = Annotated[str, typer.Argument(help="the carrier's connector")]
_Code = Annotated[str, typer.Argument(help="the code, as the notice or the package's page shows it")]


@app.command("map")
def map_(
    connector: _Connector,
    code: _Code,
    status: Annotated[str, typer.Argument(help="a status; or none: it does not concern the position")],
    store: _Store,
    reason: Annotated[str, typer.Option(help="why, where the status needs it")] = "",
) -> None:
    """Say what a code means that the connector does not know. Timelines correct themselves; no old news is mailed."""

    async def act(context: "Context", store_id: int) -> str:
        from paradeiro.flow.carriers.code_mappings import meaning, set_mapping

        mapping = meaning(code, status, reason or None)
        count = await set_mapping(context, store_id, connector, mapping, cli_actor())
        return (
            f"'{code}' of {connector} means {status}{f' ({reason})' if reason else ''} now; {count} packages changed."
        )

    say(run_for_store(store, act))


@app.command()
def remove(connector: _Connector, code: _Code, store: _Store) -> None:
    """Forget it: the code is unknown again."""

    async def act(context: "Context", store_id: int) -> str:
        from paradeiro.flow.carriers.code_mappings import remove_mapping

        count = await remove_mapping(context, store_id, connector, code, cli_actor())
        return f"'{code}' of {connector} is unknown again; {count} packages changed."

    say(run_for_store(store, act))


@app.command("list")
def list_(store: _Store) -> None:
    """What was said, and the codes that nobody knows."""

    async def act(context: "Context", store_id: int) -> str:
        from paradeiro.flow.carriers.code_mappings import NO_POSITION, codes

        mapped, unknown = await codes(context, store_id)
        lines = [
            f"{m.connector}  {m.mapping.code} → {m.mapping.status or NO_POSITION}"
            + (f" ({m.mapping.reason})" if m.mapping.reason else "")
            + f", said by {m.actor} on {m.set_at:%Y-%m-%d}"
            for m in mapped
        ]
        lines += [f"{u.connector}  {u.code}: unknown, on {u.shipments} packages" for u in unknown]
        return "\n".join(lines) or "Every code is known."

    say(run_for_store(store, act))


@app.command()
def patch(connector: _Connector, store: _Store) -> None:
    """Print what was said as a patch of the connector's table (or as rows, if it has none), to be contributed."""

    async def act(context: "Context", store_id: int) -> str:
        from paradeiro.cli.connectors.code_patch import code_table, patch_of
        from paradeiro.flow.carriers.code_mappings import codes

        mapped = [each for each in (await codes(context, store_id))[0] if each.connector == connector]
        path = code_table(connector)
        return patch_of(connector, mapped, path.read_text(encoding="utf-8") if path else None).rstrip("\n")

    say(run_for_store(store, act))
