"""In: nothing; out: what the API answers about notices and accounts."""

from datetime import datetime

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
    """An account and how it is. `following` shipments and `waiting` effects depend on it. Where the party was asked to
    push (`hook_since`), `pushed_at` is its last push, and `pushes_refused` came since then with a wrong signature.
    `stands_in_for` names carriers that it is asked about while they do not answer, `stood_in_by` the accounts that are
    asked while this one does not.
    """

    id: int
    connector: str
    kind: str
    name: str
    channel: str | None
    state: str
    trouble: str
    trouble_since: datetime | None
    open_at: datetime | None
    following: int
    waiting: int
    hook_since: datetime | None
    pushes_refused: int | None
    pushed_at: datetime | None
    stands_in_for: list[str] | None
    stood_in_by: list[str] | None
