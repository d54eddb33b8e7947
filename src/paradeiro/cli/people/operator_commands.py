"""In: what was typed after `paradeiro operator`; out: persons added, listed, ended and reset."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated

import typer

from paradeiro.cli.printing import AsJson, CommandOutput, show
from paradeiro.domain.words import Role

if TYPE_CHECKING:
    from paradeiro.db.people.operators import OperatorLine
    from paradeiro.flow.context import Context
    from paradeiro.flow.people.operators import Invitation

app = typer.Typer(
    name="operator", help="The people who use the screens: added, listed, ended, reset.", no_args_is_help=True
)
_Email = Annotated[str, typer.Argument(help="the person's e-mail address")]
_Store = Annotated[str, typer.Option(help="the store's name")]
_AnyStore = Annotated[str, typer.Option(help="the store's name; default: all stores")]


@app.command()
def add(
    email: _Email,
    store: _Store,
    name: Annotated[str, typer.Option(help="as the audit log names them; default: the part before the @")] = "",
    role: Annotated[Role, typer.Option(help="what they may do there")] = Role.OPERATOR,
    json: AsJson = False,
) -> None:
    """Add a person to a store, or change their role there. Prints the link by which they choose a password, once."""

    async def run(context: "Context", store_id: int | None) -> CommandOutput:
        from paradeiro.app import real_clock
        from paradeiro.cli.actor import cli_actor
        from paradeiro.flow.people import operators

        assert store_id is not None
        there = await _lines(context, store_id, email)
        if there:
            await operators.set_role(context, store_id, there[0].id, role, cli_actor())
            words = f"{there[0].name} is {role} of {store} from now on."
            return CommandOutput(words, {"email": there[0].email, "store": store, "role": role, "link": None})
        called = name or email.partition("@")[0]
        made = await operators.add_operator(
            context, store_id, email=email, name=called, role=role, by=cli_actor(), now=real_clock()
        )
        return _invited(made, f"{made.name} is {role} of {store}.")

    show(_run(store, run), as_json=json)


@app.command("list")
def list_(store: _AnyStore = "", json: AsJson = False) -> None:
    """The people: e-mail address, role, store, what they sign in with, when they signed in last."""

    async def run(context: "Context", store_id: int | None) -> CommandOutput:
        lines = await _lines(context, store_id, "")
        words = [_line(line) for line in lines] or ["Nobody yet: paradeiro operator add"]
        return CommandOutput("\n".join(words), [_facts(line) for line in lines])

    show(_run(store, run), as_json=json)


@app.command()
def end(email: _Email, store: _AnyStore = "", json: AsJson = False) -> None:
    """Take a person out of a store, or out of all: they are signed out there at once."""

    async def run(context: "Context", store_id: int | None) -> CommandOutput:
        from paradeiro.cli.actor import cli_actor
        from paradeiro.flow.people import operators

        lines = await _found(context, store_id, email)
        for line in lines:
            await operators.end_operator(context, line.store_id, line.id, cli_actor(), forced=True)
        names = ", ".join(line.store for line in lines)
        return CommandOutput(f"{lines[0].name} is out of {names}.", [_facts(line) for line in lines])

    show(_run(store, run), as_json=json)


@app.command()
def reset(
    email: _Email,
    second_factor: Annotated[bool, typer.Option(help="also take codes and passkeys away, and sign them out")] = False,
    json: AsJson = False,
) -> None:
    """Print a link by which a person chooses another password. Until it is used nothing changes."""

    async def run(context: "Context", store_id: int | None) -> CommandOutput:
        from paradeiro.app import real_clock
        from paradeiro.cli.actor import cli_actor
        from paradeiro.flow.people import operators

        lines = await _found(context, store_id, email)
        made = await operators.reset_operator(
            context, lines[0].store_id, lines[0].id, cli_actor(), second_factor=second_factor, now=real_clock()
        )
        return _invited(made, f"{made.name} chooses another password here:")

    show(_run("", run), as_json=json)


def _invited(made: "Invitation", sentence: str) -> CommandOutput:
    from paradeiro.cli.running.up_lock import address_of_up
    from paradeiro.settings import Settings

    settings = Settings()
    base = settings.public_url or address_of_up(settings) or f"http://{settings.host}:{settings.port}"
    link = f"{base.rstrip('/')}{made.link}" if made.link else None
    words = f"{sentence}\n{link}\nIt works once." if link else f"{sentence} They have a password already."
    return CommandOutput(words, {"email": made.email, "name": made.name, "link": link})


async def _lines(context: "Context", store_id: int | None, email: str) -> list["OperatorLine"]:
    from paradeiro.app import real_clock
    from paradeiro.flow.people.operators import list_operators
    from paradeiro.flow.people.sign_in import clean_email

    lines = await list_operators(context, store_id, now=real_clock())
    return [line for line in lines if not email or line.email == clean_email(email)]


async def _found(context: "Context", store_id: int | None, email: str) -> list["OperatorLine"]:
    from paradeiro.flow.errors import MissingError

    lines = await _lines(context, store_id, email)
    if not lines:
        raise MissingError("no_such_operator", f"There is nobody with the address {email}: paradeiro operator list.")
    return lines


def _run(store: str, what: "Callable[[Context, int | None], Awaitable[CommandOutput]]") -> CommandOutput:
    from paradeiro.cli.accounts.key_commands import run_in_store
    from paradeiro.flow.errors import StatementError

    try:
        return asyncio.run(run_in_store(store, what))
    except StatementError as error:
        typer.secho(error.message, fg="red", err=True)
        raise typer.Exit(2) from error


def _facts(line: "OperatorLine") -> dict[str, object]:
    return {
        "email": line.email,
        "name": line.name,
        "store": line.store,
        "role": line.role,
        "state": line.state,
        "password": line.has_password,
        "codes": line.has_totp,
        "passkeys": line.passkeys,
        "openid": line.identities > 0,
        "sessions": line.sessions,
        "last_sign_in": line.last_sign_in_at,
    }


def _line(line: "OperatorLine") -> str:
    used = f"{line.last_sign_in_at:%Y-%m-%d %H:%M}" if line.last_sign_in_at else "never"
    return f"{line.email:32}  {line.role:13}  {line.state:8}  {used:16}  {line.name}, {line.store}"
