"""In: a challenge of ours that a browser answers; out: nothing, or a refusal: it is answered once, and soon."""

from dataclasses import dataclass
from datetime import datetime

from paradeiro.db.people import challenges
from paradeiro.db.pool import transaction
from paradeiro.flow.context import Context
from paradeiro.flow.people.sign_in import RefusedError


@dataclass(frozen=True, slots=True)
class Challenge:
    """A text that we made for one browser, and when it ends."""

    text: str
    ends_at: datetime


async def use_challenge(context: Context, challenge: Challenge | None, *, now: datetime) -> Challenge:
    """The challenge, which nobody can answer again. Raises `RefusedError` for none, one that has ended or was answered.
    `now`: the real time.
    """
    if challenge is not None and challenge.ends_at > now:
        async with transaction(context.pool) as connection:
            if await challenges.take_challenge(connection, challenge.text, now=now, ends_at=challenge.ends_at):
                return challenge
    raise RefusedError("stale_sign_in", "This was answered before, or too late. Try again.")
