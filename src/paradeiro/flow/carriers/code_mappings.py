"""In: what a code means that a connector does not know, as a person says; out: timelines corrected, notices ended."""

from dataclasses import dataclass
from datetime import timedelta

from paradeiro.db.accounts import stores
from paradeiro.db.carriers import code_mappings
from paradeiro.db.carriers.code_mappings import MappedCode, UnknownCode
from paradeiro.db.following import events, shipments
from paradeiro.db.operations import notices
from paradeiro.db.operations.audit import Actor
from paradeiro.db.pool import Connection, transaction
from paradeiro.domain.following.code_mappings import CodeMapping, restate
from paradeiro.domain.words import AuditAction, NoticeKind, Reason, Status
from paradeiro.flow.context import Context
from paradeiro.flow.errors import InvalidError, MissingError
from paradeiro.flow.following.recording_context import load_recording_context
from paradeiro.flow.operations import audit_log
from paradeiro.flow.record import record

# Shipments per transaction: few enough that concurrent recordings do not wait long.
_PAGE = 100
# As long as the notice about unknown codes names them.
_UNKNOWN_WITHIN = timedelta(days=30)
_LONGEST_CODE = 200
NO_POSITION = "none"


@dataclass(frozen=True, slots=True)
class _Restating:
    """One code of a store's connector whose meaning changes."""

    context: Context
    store_id: int
    connector: str
    code: str
    before: CodeMapping | None
    now: CodeMapping | None


def meaning(code: str, status: str, reason: str | None) -> CodeMapping:
    """A mapping in words. `status`: a status, or none for an event that does not concern the position. Raises
    `InvalidError`.
    """
    possible = [each.value for each in Status if each is not Status.UNKNOWN]
    if status != NO_POSITION and status not in possible:
        raise InvalidError("bad_status", f"'{status}' is no status: {', '.join([*possible, NO_POSITION])}.")
    if reason and (reason not in set(Reason) or status == NO_POSITION):
        raise InvalidError("bad_reason", f"'{reason}' is no reason here: {', '.join(Reason)}.")
    if not code or len(code) > _LONGEST_CODE or "\0" in code:
        raise InvalidError("bad_code", "Give the code as the notice or the package's page shows it.")
    return CodeMapping(code, None if status == NO_POSITION else Status(status), Reason(reason) if reason else None)


async def set_mapping(context: Context, store_id: int, connector: str, mapping: CodeMapping, by: Actor) -> int:
    """Say what a code means that the connector does not know, or say it anew. Returns how many shipments have it;
    their customers are not mailed old news. Doing it again changes nothing. Raises `InvalidError` for a code that the
    connector knows.
    """
    if connector not in context.connectors or context.connectors[connector].parser_for({}) is None:
        raise InvalidError("unknown_carrier", f"'{connector}' is no carrier's connector.")
    code = mapping.code
    async with transaction(context.pool) as connection:
        before = await code_mappings.lock_mapping(connection, store_id, connector, code)
        if before is None and not await code_mappings.has_come_unknown(connection, store_id, connector, code):
            words = f"No package has an event of {connector} with the unknown code '{code}'. Known ones are not mapped."
            raise InvalidError("known_code", words)
        await code_mappings.put_mapping(connection, store_id, connector, mapping, actor=by.actor, now=context.now())
        await _audit(context, connection, store_id, by, connector, mapping)
    return await _restate_all(_Restating(context, store_id, connector, code, before, mapping))


async def remove_mapping(context: Context, store_id: int, connector: str, code: str, by: Actor) -> int:
    """Forget what a person said a code means: its events have no meaning again. Returns how many shipments have it."""
    async with transaction(context.pool) as connection:
        before = None if "\0" in code else await code_mappings.lock_mapping(connection, store_id, connector, code)
        if before is None:
            raise MissingError("no_mapping", f"Nobody has said what '{code}' of {connector} means.")
        await code_mappings.remove_mapping(connection, store_id, connector, code)
        await audit_log.write_entry(
            context, connection, store_id, by, AuditAction.MAP_CODE, f"{connector} {code} → unknown"
        )
    return await _restate_all(_Restating(context, store_id, connector, code, before, None))


async def _audit(
    context: Context, connection: Connection, store_id: int, by: Actor, connector: str, mapping: CodeMapping
) -> None:
    said = f"{connector} {mapping.code} → {mapping.status or NO_POSITION}"
    said += f" ({mapping.reason})" if mapping.reason else ""
    await audit_log.write_entry(context, connection, store_id, by, AuditAction.MAP_CODE, said)


async def _restate_all(job: _Restating) -> int:
    """Restate all events with the code, a page of shipments at a time; then end notices that are answered."""
    count, after = 0, 0
    while True:
        async with transaction(job.context.pool) as connection:
            ids = await code_mappings.shipments_with(
                connection, job.store_id, job.connector, job.code, before=job.before, after=after, limit=_PAGE
            )
            count += await _restate_page(connection, job, ids)
        if len(ids) < _PAGE:
            break
        after = ids[-1]
    async with transaction(job.context.pool) as connection:
        await _end_notices(connection, job)
    return count


async def _restate_page(connection: Connection, job: _Restating, ids: list[int]) -> int:
    """Give events their meaning of now, and fold their timelines again. How many shipments changed."""
    rows = await shipments.lock_shipments(connection, ids)
    known = await events.events_of(connection, ids)
    restated = set()
    for row in rows:
        shipment = row.shipment
        changed = [
            new
            for event in known.get(shipment.id, ())
            if event.code == job.code
            and (event.reported_by or shipment.carrier) == job.connector
            and (new := restate(event, job.before, job.now)) != event
        ]
        if changed:
            await events.update_meanings(connection, shipment.id, changed)
            restated.add(shipment.id)
    if restated:
        recording = await load_recording_context(job.context, connection, [job.store_id])
        reports: dict[int, tuple[()]] = dict.fromkeys(sorted(restated), ())
        now = job.context.now()
        await record(connection, recording, reports, now=now, quiet=True, restated=restated)
    return len(restated)


async def _end_notices(connection: Connection, job: _Restating) -> None:
    """End the notices about unknown codes of the connector's accounts that have none left."""
    now = job.context.now()
    known = await stores.accounts(connection, job.context.secret_key, store_ids=[job.store_id])
    for account in known:
        if account.connector != job.connector:
            continue
        left = await events.unknown_codes(connection, job.store_id, account.id, since=now - _UNKNOWN_WITHIN)
        if not left:
            subject = f"account {account.id}"
            await notices.resolve_subject(connection, job.store_id, [NoticeKind.UNKNOWN_CODE], subject, now=now)


async def codes(context: Context, store_id: int) -> tuple[list[MappedCode], list[UnknownCode]]:
    """What a store's staff said, and the codes that nobody has mapped."""
    since = context.now() - _UNKNOWN_WITHIN
    async with context.pool.connection() as connection:
        return (
            await code_mappings.mapped_codes(connection, store_id),
            await code_mappings.unknown_codes(connection, store_id, since=since),
        )
