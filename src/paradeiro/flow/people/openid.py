"""In: who somebody is at the OpenID provider; out: the person of ours whom an administrator has added, or a refusal."""

from paradeiro.db.people import identities, operators
from paradeiro.db.people.operators import Operator
from paradeiro.db.pool import Connection, transaction
from paradeiro.domain.words import AuditAction
from paradeiro.flow.context import Context, log
from paradeiro.flow.people import sign_in
from paradeiro.flow.people.challenges import Challenge, use_challenge
from paradeiro.flow.people.id_tokens import Identity
from paradeiro.flow.people.openid_provider import OpenIdProvider, ProviderDownError, ProviderRefusedError, SignInTry
from paradeiro.flow.people.own_sign_in import note
from paradeiro.flow.people.sign_in import RefusedError, Visit, clean_email


async def address_to_sign_in(provider: OpenIdProvider, at: SignInTry, visit: Visit) -> str:
    """Where to send the browser. Raises `RefusedError`."""
    try:
        return await provider.address_to_sign_in(at, now=visit.at)
    except ProviderDownError as error:
        raise _down(error, visit) from error


async def check_code(
    context: Context, provider: OpenIdProvider, code: str, at: SignInTry, challenge: Challenge, visit: Visit
) -> Operator:
    """The person who came back from the provider with this code. Nobody is made, and no role is given. Raises
    `RefusedError`.
    """
    await sign_in.take_attempts(context, None, visit)
    await use_challenge(context, challenge, now=visit.at)
    try:
        identity = await provider.identity(code, at, now=visit.at)
    except ProviderDownError as error:
        raise _down(error, visit) from error
    except ProviderRefusedError as error:
        raise refused(str(error), visit) from error
    async with transaction(context.pool) as connection:
        person, known = await _whose(connection, identity)
        if person is not None and person.ended_at is None and not known:
            known = await _remember(context, connection, identity, person, visit)
    if person is None or person.ended_at is not None or not known:
        await sign_in.note_refusal(context, person, visit, "openid")
        raise RefusedError("openid_unknown", "Nobody here has this account. An administrator adds people.")
    return person


async def _whose(connection: Connection, identity: Identity) -> tuple[Operator | None, bool]:
    """The person, and whether the provider's name for them is known; else they are found by their verified address."""
    operator_id = await identities.operator_of_identity(connection, identity.issuer, identity.subject)
    if operator_id is not None:
        return await operators.operator_by_id(connection, operator_id), True
    found = await operators.operator_by_email(connection, clean_email(identity.email)) if identity.email else None
    return (await operators.operator_by_id(connection, found.id, lock=True) if found else None), False


async def _remember(
    context: Context, connection: Connection, identity: Identity, person: Operator, visit: Visit
) -> bool:
    """False if the provider calls this person otherwise: an address that is given to somebody else opens nothing."""
    added = await identities.add_identity(connection, identity.issuer, identity.subject, person.id, now=visit.at)
    if added:
        await note(context, connection, person, visit, AuditAction.LINK_IDENTITY, identity.issuer)
    return added


def refused(why: str, visit: Visit) -> RefusedError:
    """The refusal for what the provider, or somebody in its name, said."""
    log.info("a sign-in by OpenID was refused", origin=visit.origin, why=why)
    return RefusedError("openid_refused", "The provider signed nobody in. Try again.")


def _down(error: ProviderDownError, visit: Visit) -> RefusedError:
    log.warning("the OpenID provider does not answer as it should", origin=visit.origin, why=str(error))
    return RefusedError("openid_down", "The provider does not answer. Try again later, or use your password.")
