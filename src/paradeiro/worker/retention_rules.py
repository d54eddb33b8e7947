"""In: nothing; out: for how long the rows of every table are kept, the same as docs/operations.md says.

Those of `TIMED` are deleted by one hourly job (`maintenance.py`), which also empties replies and pushes after
`PARADEIRO_REPLY_DAYS`. The others go with what they belong to, or stay.
"""

from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from paradeiro.db.carriers import received_files
from paradeiro.db.operations import retention
from paradeiro.db.pool import Connection


class Forget(Protocol):
    """Deletes at most `limit` rows from before an instant; how many."""

    def __call__(self, connection: Connection, *, before: datetime, limit: int) -> Awaitable[int]:
        """Delete them."""
        ...


@dataclass(frozen=True, slots=True)
class Timed:
    """Rows that only grow, deleted after so many days. `step`: its name in logs."""

    step: str
    table: str
    days: int
    forget: Forget


TIMED = (
    Timed("old job log", "pgqueuer_log", 7, retention.remove_job_log),
    Timed("old attempts", "attempt", 180, retention.remove_attempts),
    Timed("old hours", "account_hour", 400, retention.remove_hours),
    Timed("ended notices", "notice", 400, retention.remove_notices),
    Timed("dead workers", "job_failure", 30, retention.remove_workers),
    Timed("old files", "received_file", 365, received_files.remove_old_files),
)

_GROUPS = (
    (
        (
            "store account api_key brand mail_template fallback hook feed rate_limit account_token account_carrier "
            "contract_watch"
        ),
        "for ever",
    ),
    ("orders shipment tracking_event effect stated_invoice", "for ever"),
    ("reply", "`PARADEIRO_REPLY_DAYS` (30), by daily partition; what nobody understood until its notice is ended"),
    ("retention_hold", "as long as its reply"),
    ("push", "`PARADEIRO_REPLY_DAYS`"),
    ("attempt", "180 days after its try, once the effect is settled"),
    ("notice", "400 days after its end"),
    ("account_hour", "400 days"),
    ("proof proof_search", "with their shipment, encrypted; pictures withdrawn stay marked"),
    ("bounce suppression", "until their customer is erased"),
    ("order_hint", "until the order was read"),
    ("set_aside", "until its notice is ended"),
    ("audit", "for ever"),
    ("idempotency", "2 days"),
    ("uploaded_table", "24 hours"),
    ("lookup_attempt", "until its bucket is full again"),
    ("fallback_answer", "with its shipment"),
    ("shipment_identifier shipment_leg", "with its shipment"),
    ("unmatched_answer", "`PARADEIRO_REPLY_DAYS`, as its reply; until its shipment is registered"),
    ("unassigned_package", "until its courier has a rule, with its order"),
    ("courier_rule code_mapping lookup_quota", "until changed"),
    ("received_file", "its line for a year; its content as replies are kept"),
    ("job_failure", "until the job gets through; 30 days if nobody runs it any more"),
    ("worker_heartbeat", "one day after the last sign of life"),
    ("clock_seen secret_check", "one row, for ever"),
    ("metric_count", "for ever"),
    ("operator operator_role", "until an administrator ends the person; the name stays, what they signed in with goes"),
    ("operator_session operator_link", "until they end (7 days; one hour to 7 days) or are used"),
    ("operator_passkey operator_identity", "until removed, the second factor is reset or the person has ended"),
    ("operator_challenge", "ten minutes at most"),
    ("pgqueuer pgqueuer_log", "the queue until done; its log 7 days"),
)
# By table: how long its rows are kept, in words.
KEPT = {table: kept for tables, kept in _GROUPS for table in tables.split()}
