"""In: a table's bytes and a store; out: its faults printed, its valid lines imported, and the exit status."""

import getpass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from paradeiro.app import open_app
from paradeiro.cli.accounts.accounts import store_id_of
from paradeiro.cli.running.database import database_url, migrate_command
from paradeiro.db.operations.audit import Actor
from paradeiro.domain.orders.order_tables import OrderTable, escape_formula
from paradeiro.flow.context import Context
from paradeiro.flow.orders.table_import import check_table, import_table
from paradeiro.sdk.wording import Language
from paradeiro.settings import Settings
from paradeiro.web.pages.wording.screens import fault_text

_MOST_SHOWN = 200


async def import_command(settings: Settings, out: Console, content: bytes, *, store: str, dry_run: bool) -> int:
    """Check a table and, unless it is a dry run, import its valid lines. The exit status. Raises `StatementError`s."""
    with database_url(settings) as url:
        await migrate_command(url)
        async with open_app(settings, url) as context:
            async with context.pool.connection() as connection:
                store_id = await store_id_of(connection, store)
            return await import_table_file(context, out, store_id, content, actor=getpass.getuser(), dry_run=dry_run)


async def import_table_file(
    context: Context, out: Console, store_id: int, content: bytes, *, actor: str, dry_run: bool
) -> int:
    """The same with an open context."""
    table = await check_table(context, store_id, content)
    if table.fault is not None:
        out.print(f"{fault_text(Language.EN, table.fault)} Nothing was taken.", markup=False, highlight=False)
        return 2
    bad = sum(bool(row.faults) for row in table.rows)
    good = len(table.rows) - bad
    if bad:
        out.print(_faults(table))
    if table.ignored:
        out.print(f"Columns that are not used: {', '.join(table.ignored)}.", markup=False, highlight=False)
    if dry_run or not good:
        out.print(f"{good} lines are right, {bad} are not. Nothing was taken.", highlight=False)
        return (1 if good else 2) if bad else 0
    done = await import_table(context, store_id, content, Actor(actor, "cli"))
    for each in done.refused:
        out.print(f"Line {each.number}: {each.message}", markup=False, highlight=False)
    left = bad + len(done.refused)
    out.print(f"{done.created} are new, {done.known} were known, {left} lines were not taken.", highlight=False)
    return 1 if left else 0


def _faults(table: OrderTable) -> Table:
    shown = Table("line", "order", "code", "what is wrong")
    wrong = [row for row in table.rows if row.faults]
    for row in wrong[:_MOST_SHOWN]:
        said = " ".join(fault_text(Language.EN, fault) for fault in row.faults)
        shown.add_row(str(row.number), *(Text(escape_formula(t)) for t in (row.order.number, row.code)), Text(said))
    if len(wrong) > _MOST_SHOWN:
        shown.add_row("…", "", "", f"and {len(wrong) - _MOST_SHOWN} more")
    return shown
