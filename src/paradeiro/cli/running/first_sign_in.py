"""In: a database that `up` starts with; out: the path of the link that it prints; the trial's person, until it ends."""

from paradeiro.app import real_clock
from paradeiro.cli.actor import cli_actor
from paradeiro.db.accounts.stores import stores
from paradeiro.db.people import operators
from paradeiro.db.pool import transaction
from paradeiro.domain.words import LinkPurpose, Role
from paradeiro.flow.context import Context
from paradeiro.flow.people.new_links import make_link
from paradeiro.flow.people.operators import end_operator

# Reserved for examples: nobody has this address.
TRIAL_EMAIL = "trial@paradeiro.example"
_TRIAL_NAME = "Teste"


async def sign_in_path(context: Context, trial_store: int | None) -> str:
    """The path of a one-time link: it signs in as the trial's person; without a trial it makes the first
    administrator, and is empty once there is one.
    """
    async with transaction(context.pool) as connection:
        if trial_store is None:
            if await operators.anybody_can_sign_in(connection):
                return ""
            return await make_link(context, connection, None, LinkPurpose.FIRST, now=real_clock())
        person = await operators.add_operator(connection, TRIAL_EMAIL, _TRIAL_NAME, now=context.now())
        await operators.set_role(connection, trial_store, person, Role.ADMINISTRATOR, now=context.now())
        return await make_link(context, connection, person, LinkPurpose.SIGN_IN, now=real_clock())


async def end_trial_operator(context: Context, store: str) -> None:
    """End the trial's person; the first administrator is a real one."""
    async with context.pool.connection() as connection:
        person = await operators.operator_by_email(connection, TRIAL_EMAIL)
        store_id = next((each.id for each in (await stores(connection)).values() if each.name == store), None)
        there = person is not None and store_id in await operators.roles_of(connection, person.id)
    if there and person is not None and store_id is not None:
        await end_operator(context, store_id, person.id, cli_actor(), forced=True)
