"""In: options and arguments; out: each command's function called with them. Parts are imported when they run."""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from paradeiro.cli.accounts import webhook_commands
from paradeiro.cli.accounts.account_commands import app as account_
from paradeiro.cli.accounts.fallback_commands import FORMER, fallback
from paradeiro.cli.accounts.feed_commands import app as feed
from paradeiro.cli.accounts.feed_commands import quota
from paradeiro.cli.accounts.key_commands import app as key
from paradeiro.cli.accounts.store_commands import app as store
from paradeiro.cli.accounts.vtex_commands import app as vtex
from paradeiro.cli.connectors.code_commands import app as code
from paradeiro.cli.customers.brand_commands import app as brand
from paradeiro.cli.customers.customer_commands import app as customer
from paradeiro.cli.operations.backup_commands import add_backup_commands
from paradeiro.cli.operations.doctor_commands import doctor
from paradeiro.cli.operations.secret_commands import app as secret
from paradeiro.cli.operations.status_commands import status
from paradeiro.cli.orders.courier_commands import app as courier
from paradeiro.cli.orders.file_commands import file
from paradeiro.cli.orders.package_commands import app as package
from paradeiro.cli.outbox.bounce_commands import app as mail
from paradeiro.cli.outbox.carrier_commands import app as carriers
from paradeiro.cli.outbox.channel_commands import app as channel
from paradeiro.cli.outbox.resend_commands import resend
from paradeiro.cli.outbox.untold_commands import untold
from paradeiro.cli.people.operator_commands import app as operator
from paradeiro.cli.printing import AsJson, show

app = typer.Typer(
    name="paradeiro",
    help="Follows every package a store has sent, and tells the order, the customer and the marketplace.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(account_)
app.add_typer(vtex)
app.add_typer(store)
app.add_typer(package)
app.add_typer(courier)
app.add_typer(feed)
app.add_typer(code)
app.command()(file)
app.command()(quota)
app.command()(status)
add_backup_commands(app)
app.add_typer(brand)
app.add_typer(carriers)
app.add_typer(channel)
app.add_typer(customer)
app.command()(doctor)
app.command()(fallback)
app.command(FORMER, hidden=True)(fallback)
app.command()(resend)
app.command()(untold)
app.add_typer(key)
app.add_typer(mail)
app.add_typer(operator)
app.add_typer(secret)
app.add_typer(webhook_commands.app, name="webhook")
_out = Console()
_err = Console(stderr=True)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        _out.print(f"paradeiro {version('paradeiro')}", markup=False, highlight=False)
        raise typer.Exit


@app.callback()
def begin(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="say it, and end")
    ] = False,
) -> None:
    """Follows every package a store has sent, and tells the order, the customer and the marketplace."""


def _fail(message: str) -> typer.Exit:
    _err.print(message, style="red", markup=False, highlight=False, soft_wrap=True)
    return typer.Exit(2)


@app.command()
def up(
    fresh: Annotated[bool, typer.Option("--fresh", help="begin the trial anew: all that was tried is removed")] = False,
    show_key: Annotated[bool, typer.Option("--show-key", help="make and show another API key")] = False,
) -> None:
    """Start everything: database, migrations, API, pages, workers; the simulator until there are accounts."""
    from paradeiro.cli.running.up import UpError, up_command
    from paradeiro.cli.running.up_lock import UpRunsError
    from paradeiro.settings import Settings

    try:
        raise typer.Exit(up_command(Settings(), _out, fresh=fresh, show_key=show_key))
    except UpRunsError as error:
        _err.print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(1) from error
    except UpError as error:
        raise _fail(str(error)) from error


@app.command()
def serve(workers: Annotated[int, typer.Option(min=1, max=64, help="processes that share the port")] = 1) -> None:
    """Only the API and the pages, on an existing database (PARADEIRO_DATABASE_URL)."""
    from paradeiro.cli.running.processes import serve_command
    from paradeiro.settings import Settings

    serve_command(Settings(), workers)


@app.command()
def work() -> None:
    """Only a worker, on an existing database. Start as many as you like, on as many machines."""
    from paradeiro.cli.running.processes import work_command
    from paradeiro.settings import Settings

    asyncio.run(work_command(Settings()))


@app.command()
def migrate() -> None:
    """Bring the database up to today's schema. Doing it again changes nothing."""
    from paradeiro.cli.running.database import database_url, migrate_command
    from paradeiro.settings import Settings

    with database_url(Settings()) as url:
        asyncio.run(migrate_command(url))
    _out.print("The database has today's schema.")


@app.command()
def demo(
    packages: Annotated[int, typer.Option(min=1, max=100_000)] = 200,
    days: Annotated[int, typer.Option(min=1, max=365)] = 12,
    seed: int = 7,
    json: Annotated[bool, typer.Option("--json", help="print the figures as JSON")] = False,
    pushes: Annotated[bool, typer.Option("--pushes", help="the post office pushes its news too")] = False,
    outage_days: Annotated[float, typer.Option(min=0, help="the carrier does not answer for so long, from day 3")] = 0,
    second_source: Annotated[
        bool, typer.Option("--second-source", help="an aggregator is its fallback account")
    ] = False,
    carriers: Annotated[str, typer.Option(help="others than the post office: all, or names with commas")] = "",
) -> None:
    """Play days in seconds against the simulator, and compare what was sent with the simulator's ground truth."""
    from paradeiro.cli.demo import START, Outage, demo_command
    from paradeiro.cli.running.simulated_carriers import carriers_named
    from paradeiro.settings import Settings
    from paradeiro.simulator.scenario.scenario import Scenario

    try:
        played = Scenario(packages, days, seed, START, carriers_named(carriers))
    except ValueError as error:
        raise _fail(str(error)) from error
    outage = Outage(outage_days, second_source)
    raise typer.Exit(demo_command(Settings(), _out, played, outage=outage, as_json=json, pushes=pushes))


@app.command()
def drill(
    carrier: Annotated[str, typer.Argument(help="a carrier, all (all simulated but the post), hard-day or failover")],
    scenario: Annotated[str | None, typer.Option(help="one incident or case by name; default: all")] = None,
    short: Annotated[bool, typer.Option("--short", help="hard-day, failover: what takes seconds")] = False,
    json: Annotated[bool, typer.Option("--json", help="print the figures as JSON")] = False,
) -> None:
    """Play incidents at a carrier or a marketplace against the simulator (is each noticed, reported once, repaired
    without loss?), or a `hard-day`: bad values, dead parties, killed processes: do the others go on? `failover`: is
    anything lost when the database's machine dies?
    """
    from paradeiro.cli.drill import UnknownIncidentError, drill_command
    from paradeiro.cli.drills.failover import failover_command
    from paradeiro.cli.drills.hard_day.command import UnknownCaseError, hard_day_command
    from paradeiro.settings import Settings

    try:
        if carrier == "failover":
            raise typer.Exit(failover_command(Settings(), _out, short=short, as_json=json))
        if carrier == "hard-day":
            raise typer.Exit(hard_day_command(Settings(), _out, name=scenario, short=short, as_json=json))
        raise typer.Exit(drill_command(Settings(), _out, carrier=carrier, scenario=scenario, as_json=json))
    except (UnknownIncidentError, UnknownCaseError) as error:
        raise _fail(str(error)) from error


@app.command()
def parse(
    connector: str,
    file: Annotated[Path | None, typer.Argument(help="a saved answer; default: standard input")] = None,
    setting: Annotated[list[str] | None, typer.Option(help="a setting that reading needs: table=base")] = None,
    expected: Annotated[bool, typer.Option("--expected", help="as a fixture's expected file has it")] = False,
) -> None:
    """What a connector reads in a saved answer: JSON lines (UTF-8), events first, then what they say.
    Status 1: nothing in it was understood (never with --expected: that may be what the fixture shows).
    """
    from paradeiro.cli.connectors.parse import UnknownConnectorError, parse_command, understood

    try:
        if file is None and sys.stdin is None:
            raise _fail("standard input is closed: name a file")
        data = file.read_bytes() if file is not None else sys.stdin.buffer.read()
        settings = dict(each.partition("=")[::2] for each in setting or ())
        lines = list(parse_command(connector, data, datetime.now(UTC), settings=settings, expected=expected))
        for line in lines:
            # As bytes: whatever the terminal's encoding is, it must not end in a traceback.
            sys.stdout.buffer.write(line.encode() + b"\n")
        sys.stdout.buffer.flush()
        raise typer.Exit(0 if expected or understood(lines) else 1)
    except UnknownConnectorError as error:
        raise _fail(str(error)) from error
    except OSError as error:
        raise _fail(f"cannot read {file or 'standard input'}: {error.strerror or error}") from error


@app.command()
def check(connector: str) -> None:
    """Run the conformance suite on one connector."""
    from paradeiro.cli.connectors.check import check_command
    from paradeiro.cli.connectors.parse import UnknownConnectorError

    try:
        raise typer.Exit(check_command(connector, _out))
    except UnknownConnectorError as error:
        raise _fail(str(error)) from error


@app.command("new-connector")
def new_connector_(
    name: str,
    way: Annotated[str, typer.Option(help="how it tells its news: asked, feed, push or file")] = "asked",
    into: Annotated[Path | None, typer.Option(help="default: this installation's connectors")] = None,
) -> None:
    """Make the folder of a new connector, which passes the conformance suite at once."""
    import paradeiro.connectors
    from paradeiro.cli.connectors.new_connector import NewConnectorError, new_connector, way_named

    try:
        made = new_connector(name, into or Path(next(iter(paradeiro.connectors.__path__))), way_named(way))
    except NewConnectorError as error:
        raise _fail(str(error)) from error
    for path in made:
        _out.print(str(path), markup=False, highlight=False, soft_wrap=True)
    _out.print(f"Next: paradeiro check {name}", markup=False, highlight=False)


@app.command()
def replay(
    connector: str,
    since: Annotated[str, typer.Option(help="a day or an instant, in UTC: 2026-11-02 or 2026-11-02T12:00")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what would change")] = False,
    json: AsJson = False,
) -> None:
    """Read stored replies again with today's tables; timelines correct themselves, customers get no old news."""
    from paradeiro.cli.accounts.webhooks import parse_instant
    from paradeiro.cli.running.processes import replay_command
    from paradeiro.flow.errors import StatementError
    from paradeiro.settings import Settings

    try:
        at = parse_instant(since)
        if at is None:
            raise _fail("Since when? --since 2026-11-02, or 2026-11-02T12:00 (UTC).")
        show(asyncio.run(replay_command(Settings(), connector, at, dry_run=dry_run)), as_json=json)
    except StatementError as error:
        raise _fail(error.message) from error


@app.command()
def register(
    carrier: str,
    tracking_code: str,
    order: Annotated[str, typer.Option(help="the order's number, as the order system names it")],
    store: Annotated[str, typer.Option(help="the store's name")],
    invoice: Annotated[str, typer.Option(help="the invoice's number")] = "",
    email: Annotated[str, typer.Option(help="the customer's address")] = "",
    lenient: Annotated[bool, typer.Option("--lenient", help="take a code whose check digit is wrong")] = False,
) -> None:
    """Follow a package."""
    from paradeiro.cli.accounts.accounts import register_command
    from paradeiro.flow.errors import StatementError
    from paradeiro.settings import Settings

    try:
        named = {"carrier": carrier, "code": tracking_code, "order": order, "invoice": invoice, "email": email}
        said = asyncio.run(register_command(Settings(), store=store, lenient=lenient, **named))
    except StatementError as error:
        # The message is for API callers; on the command line it is an option.
        raise _fail(error.message.replace("send lenient: true", "add --lenient")) from error
    _out.print(said, markup=False, highlight=False)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV, headings in Portuguese or English")],
    store: Annotated[str, typer.Option(help="the store's name")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what is wrong, line by line")] = False,
) -> None:
    """Take the packages of a table. Status 0: every line is right; 1: some are not (the others are taken); 2: none."""
    from paradeiro.cli.orders.table_import import import_command
    from paradeiro.flow.errors import StatementError
    from paradeiro.settings import Settings

    try:
        status = asyncio.run(import_command(Settings(), _out, file.read_bytes(), store=store, dry_run=dry_run))
    except StatementError as error:
        raise _fail(error.message) from error
    raise typer.Exit(status)


@app.command()
def hook(
    connector: str,
    store: Annotated[str, typer.Option(help="the store's name, if several have an account there")] = "",
    account: Annotated[str, typer.Option(help="the account's name, if there are several")] = "",
    public_url: Annotated[str, typer.Option(help="how the outside reaches this server: https://…")] = "",
    email: Annotated[str, typer.Option(help="an address of the shop, which the party keeps with it")] = "",
    off: Annotated[bool, typer.Option("--off", help="end it")] = False,
    test: Annotated[bool, typer.Option("--test", help="have the party push something now, and watch for it")] = False,
) -> None:
    """Have a party push news to us; each push makes Paradeiro ask at once. Doing it again changes nothing."""
    from paradeiro.cli.accounts.hooks import hook_command
    from paradeiro.flow.errors import StatementError
    from paradeiro.settings import Settings

    try:
        said = asyncio.run(
            hook_command(
                Settings(),
                connector,
                store=store,
                account=account,
                public_url=public_url,
                contact=email,
                off=off,
                test=test,
            )
        )
    except StatementError as error:
        raise _fail(error.message) from error
    _out.print(said, markup=False, highlight=False)


@app.command()
def bench(
    what: Annotated[str, typer.Argument(help="record, collect, api, backfill, compression, track, starve or parse")],
    size: Annotated[int, typer.Option(min=100, max=5_000_000, help="events, shipments, requests or answers")] = 20_000,
    json: Annotated[bool, typer.Option("--json", help="print the figures as JSON")] = False,
) -> None:
    """Measure, beside a ceiling in the same run."""
    from paradeiro.cli.bench import UnknownBenchError, bench_command
    from paradeiro.settings import Settings

    try:
        bench_command(Settings(), _out, what, size, as_json=json)
    except UnknownBenchError as error:
        raise _fail(str(error)) from error
