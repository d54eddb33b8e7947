"""In: a table's bytes and a store; out: a table of what is wrong, what was taken, and the exit status."""

import getpass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from paradeiro.app import house
from paradeiro.cli.accounts import store_id_of
from paradeiro.cli.database import database_url, migrate_command
from paradeiro.db.audit import By
from paradeiro.domain.sheets import Sheet, harmless
from paradeiro.flow.means import Means
from paradeiro.flow.tables import checked, take_sheet
from paradeiro.sdk.speech import Language
from paradeiro.settings import Settings
from paradeiro.web.pages.messages import fault_said

_MOST_SHOWN = 200


async def import_command(settings: Settings, out: Console, content: bytes, *, store: str, dry_run: bool) -> int:
    """Look at a table and, unless it is a dry run, take its right lines. The exit status. Raises `StatementError`s."""
    with database_url(settings) as url:
        await migrate_command(url)
        async with house(settings, url) as means:
            async with means.pool.connection() as connection:
                store_id = await store_id_of(connection, store)
            return await import_sheet(means, out, store_id, content, author=getpass.getuser(), dry_run=dry_run)


async def import_sheet(means: Means, out: Console, store_id: int, content: bytes, *, author: str, dry_run: bool) -> int:
    """The same inside a running house."""
    sheet = await checked(means, store_id, content)
    if sheet.fault is not None:
        out.print(f"{fault_said(Language.EN, sheet.fault)} Nothing was taken.", markup=False, highlight=False)
        return 2
    bad = sum(bool(row.faults) for row in sheet.rows)
    good = len(sheet.rows) - bad
    if bad:
        out.print(_faults(sheet))
    if sheet.ignored:
        out.print(f"Columns that are not used: {', '.join(sheet.ignored)}.", markup=False, highlight=False)
    if dry_run or not good:
        out.print(f"{good} lines are right, {bad} are not. Nothing was taken.", highlight=False)
        return (1 if good else 2) if bad else 0
    done = await take_sheet(means, store_id, content, By(author, "cli"))
    for each in done.refused:
        out.print(f"Line {each.number}: {each.message}", markup=False, highlight=False)
    left = bad + len(done.refused)
    out.print(f"{done.created} are new, {done.known} were known, {left} lines were not taken.", highlight=False)
    return 1 if left else 0


def _faults(sheet: Sheet) -> Table:
    table = Table("line", "order", "code", "what is wrong")
    wrong = [row for row in sheet.rows if row.faults]
    for row in wrong[:_MOST_SHOWN]:
        said = " ".join(fault_said(Language.EN, fault) for fault in row.faults)
        table.add_row(str(row.number), *(Text(harmless(t)) for t in (row.order.number, row.code)), Text(said))
    if len(wrong) > _MOST_SHOWN:
        table.add_row("…", "", "", f"and {len(wrong) - _MOST_SHOWN} more")
    return table
