"""In: answers with fields that their connector does not declare; out: fields that have another name than before."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from paradeiro.db.following import contract_watches, replies
from paradeiro.db.pool import Connection
from paradeiro.domain.following.contract_drift import Baseline, Shape, has_news, renamed_fields, since_renamed
from paradeiro.sdk.answer_shape import answer_shape
from paradeiro.sdk.contract import Connector

# Enough to tell a change from a single odd answer.
_MOST_COMPARED = 20
# A suspicion that is older says nothing about today's answers.
_SUSPECTED_WITHIN = timedelta(days=7)


async def renamed_in(
    connection: Connection,
    account_id: int,
    connector: Connector,
    answers: Sequence[tuple[str, Shape]],
    *,
    before: datetime,
) -> tuple[tuple[str, str], ...]:
    """Renamed fields as (old, new), of each answer (tracking code, fields) that is compared with the newest readable
    one about the same code received before `before`; an empty code stands for an account's feed. After the first
    renamed field, with the newest one received before that.
    """
    if not any(has_news(shape, connector.fields, Baseline()) for _, shape in answers):
        return ()
    baseline = await contract_watches.baseline(connection, account_id)
    odd = [(code, shape) for code, shape in answers if has_news(shape, connector.fields, baseline)][:_MOST_COMPARED]
    since = since_renamed(baseline)
    if since is not None and before - since <= _SUSPECTED_WITHIN:
        before = min(before, since)
    older = await replies.bodies_before(connection, account_id, [code for code, _ in odd], before=before)
    shapes = {code: found for code, body in older.items() if (found := answer_shape(body)) is not None}
    return tuple(
        pair for code, shape in odd if code in shapes for pair in renamed_fields(shapes[code], shape, connector.fields)
    )
