"""In: nothing; out: what the API answers about notices and accounts."""

from datetime import date, datetime
from typing import Any, ClassVar

from paradeiro.web.api.former_names import former_name
from paradeiro.web.api.shapes import Shape


class NoticeOut(Shape):
    id: int
    kind: str
    message: str
    seen: int
    opened_at: datetime
    last_seen_at: datetime
    resolved_at: datetime | None
    shipment_id: int | None
    reply: str | None


class NoticePage(Shape):
    items: list[NoticeOut]
    next: str | None


class AccountOut(Shape):
    """An account and its health. `following` shipments and `waiting` effects depend on it. Where pushes are registered
    (`hook_since`), `pushed_at` is the last push, `pushes_refused` the number since then with a wrong signature.
    `fallback_for`: the carriers it is asked about while they do not answer; `fallback_accounts`: the accounts that are
    asked while this one does not answer. `problem`: what is wrong with it; empty while it is healthy. `feed_read_at`,
    `feed_failing_since`: of a carrier's feed. `lookups_used`: of `lookups_monthly` in `lookups_month` (its first day).
    """

    id: int
    connector: str
    kind: str
    name: str
    channel: str | None
    state: str
    problem: str
    problem_since: datetime | None
    open_at: datetime | None
    following: int
    waiting: int
    feed_read_at: datetime | None
    feed_failing_since: datetime | None
    lookups_monthly: int | None
    lookups_used: int | None
    lookups_month: date | None
    hook_since: datetime | None
    pushes_refused: int | None
    pushed_at: datetime | None
    fallback_for: list[str] | None
    fallback_accounts: list[str] | None
    trouble: ClassVar[Any] = former_name("problem", str)
    trouble_since: ClassVar[Any] = former_name("problem_since", datetime | None)
    stands_in_for: ClassVar[Any] = former_name("fallback_for", list[str] | None)
    stood_in_by: ClassVar[Any] = former_name("fallback_accounts", list[str] | None)
