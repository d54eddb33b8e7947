"""In: what an authenticator answers (WebAuthn); out: a passkey kept or removed, a person signed in, or a refusal."""

from dataclasses import dataclass

import webauthn
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers.structs import (
    AuthenticationCredential,
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from webauthn.registration.verify_registration_response import VerifiedRegistration

from paradeiro.db.people import operators, passkeys
from paradeiro.db.people.operators import Operator
from paradeiro.db.people.passkeys import Passkey
from paradeiro.db.pool import transaction
from paradeiro.domain.words import AuditAction
from paradeiro.flow.context import Context, log
from paradeiro.flow.errors import ConflictError, InvalidError, MissingError
from paradeiro.flow.people import sign_in
from paradeiro.flow.people.challenges import Challenge, use_challenge
from paradeiro.flow.people.operators import check_name
from paradeiro.flow.people.own_sign_in import note
from paradeiro.flow.people.sign_in import RefusedError, Visit

MOST = 20
_LONGEST_CREDENTIAL_ID = 1023  # bytes (WebAuthn, section 7.1)
_NAME = "Paradeiro"
_MILLISECONDS = 120_000


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """Who we are to authenticators. `id`: the host name that a passkey belongs to; `origins`: where our pages are."""

    id: str
    origins: tuple[str, ...]


def handle_of(operator_id: int) -> bytes:
    """What an authenticator calls the person: nothing personal."""
    return f"operator:{operator_id}".encode()


async def options_to_add(context: Context, operator_id: int, party: RelyingParty, challenge: str) -> str:
    """What a browser is asked to make a passkey from, as JSON: one that asks for finger, face or PIN, and that is found
    without an address typed. Raises `ConflictError`.
    """
    async with context.pool.connection() as connection:
        person = await operators.operator_by_id(connection, operator_id)
        known = await passkeys.passkeys_of(connection, operator_id)
    assert person is not None
    if len(known) >= MOST:
        raise ConflictError("many_passkeys", f"There are {MOST} passkeys already. Remove one first.")
    options = webauthn.generate_registration_options(
        rp_id=party.id,
        rp_name=_NAME,
        user_id=handle_of(operator_id),
        user_name=person.email,
        user_display_name=person.name,
        challenge=challenge.encode(),
        timeout=_MILLISECONDS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=each.credential_id) for each in known],
    )
    return webauthn.options_to_json(options)


def options_to_sign_in(party: RelyingParty, challenge: str) -> str:
    """What a browser is asked to sign in with, as JSON: any passkey that it has for us."""
    options = webauthn.generate_authentication_options(
        rp_id=party.id,
        challenge=challenge.encode(),
        timeout=_MILLISECONDS,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return webauthn.options_to_json(options)


async def add_passkey(
    context: Context,
    operator_id: int,
    name: str,
    answer: str,
    challenge: Challenge | None,
    party: RelyingParty,
    visit: Visit,
) -> None:
    """Keep a passkey that this person's browser has made. Raises `InvalidError`, `ConflictError`."""
    name = check_name(name)
    challenge = await use_challenge(context, challenge, now=visit.at)
    made = _read_new(answer, challenge, party)
    async with transaction(context.pool) as connection:
        person = await operators.operator_by_id(connection, operator_id, lock=True)
        assert person is not None
        if len(await passkeys.passkeys_of(connection, operator_id)) >= MOST:
            raise ConflictError("many_passkeys", f"There are {MOST} passkeys already. Remove one first.")
        kept = await passkeys.add_passkey(
            connection,
            operator_id,
            name,
            credential_id=made.credential_id,
            public_key=made.credential_public_key,
            sign_count=made.sign_count,
            now=visit.at,
        )
        if not kept:
            raise ConflictError("passkey_is_there", "This passkey is there already.")
        await note(context, connection, person, visit, AuditAction.SET_PASSKEY, f"on: {name}")


def _read_new(answer: str, challenge: Challenge, party: RelyingParty) -> VerifiedRegistration:
    try:
        made = webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=challenge.text.encode(),
            expected_rp_id=party.id,
            expected_origin=list(party.origins),
            require_user_verification=True,
        )
    except Exception as error:
        # Whatever the library stumbles on in a foreign answer is the answer's fault.
        log.info("a new passkey was refused", why=str(error)[:200])
        raise _no_passkey() from error
    if len(made.credential_id) > _LONGEST_CREDENTIAL_ID:
        raise _no_passkey()
    return made


def _no_passkey() -> InvalidError:
    return InvalidError("no_passkey", "The browser's answer is no passkey for this address. Try again.")


async def remove_passkey(context: Context, operator_id: int, passkey_id: int, visit: Visit) -> None:
    """Remove a passkey of this person. Raises `MissingError`."""
    async with transaction(context.pool) as connection:
        person = await operators.operator_by_id(connection, operator_id)
        name = await passkeys.remove_passkey(connection, operator_id, passkey_id)
        if person is None or name is None:
            raise MissingError("no_such_passkey", "This passkey is no longer there.")
        await note(context, connection, person, visit, AuditAction.SET_PASSKEY, f"off: {name}")


async def check_passkey(
    context: Context, answer: str, challenge: Challenge | None, party: RelyingParty, visit: Visit
) -> Operator:
    """The person whose passkey answered. Raises `RefusedError`: the same words for whatever is wrong, but for a count
    that went back, which only its owner, or who has a copy of it, can learn.
    """
    await sign_in.take_attempts(context, None, visit)
    challenge = await use_challenge(context, challenge, now=visit.at)
    given = _read(answer)
    async with context.pool.connection() as connection:
        found = await passkeys.passkey_of_credential(connection, given.raw_id) if given else None
        person = await operators.operator_by_id(connection, found.operator_id) if found else None
    used = _verify(given, found, challenge, party) if given and found else None
    if used is None or found is None or person is None or person.ended_at is not None:
        await sign_in.note_refusal(context, person, visit, "passkey")
        raise RefusedError("bad_passkey", "This passkey is not known here.")
    async with transaction(context.pool) as connection:
        counted = await passkeys.count_use(connection, found.id, used.new_sign_count, now=visit.at)
    if not counted:
        log.warning("a passkey's count went back: there may be a copy of it", operator=person.id, passkey=found.id)
        await sign_in.note_refusal(context, person, visit, f"passkey, its count went back: {found.name}")
        raise RefusedError("copied_passkey", "This passkey may have been copied. Remove it and make another.")
    return person


def _read(answer: str) -> AuthenticationCredential | None:
    try:
        return webauthn.helpers.parse_authentication_credential_json(answer)
    except (webauthn.helpers.exceptions.WebAuthnException, ValueError, RecursionError):
        return None


def _verify(
    given: AuthenticationCredential, found: Passkey, challenge: Challenge, party: RelyingParty
) -> VerifiedAuthentication | None:
    """What the answer says; None if it is not of this passkey, person, page and challenge."""
    if given.response.user_handle != handle_of(found.operator_id):
        return None
    try:
        return webauthn.verify_authentication_response(
            credential=given,
            expected_challenge=challenge.text.encode(),
            expected_rp_id=party.id,
            expected_origin=list(party.origins),
            credential_public_key=found.public_key,
            credential_current_sign_count=0,  # the database compares, safe under concurrency
            require_user_verification=True,
        )
    except Exception as error:  # noqa: BLE001 - whatever the library stumbles on in a foreign answer is refused
        log.info("a passkey's answer was refused", why=str(error)[:200])
        return None
