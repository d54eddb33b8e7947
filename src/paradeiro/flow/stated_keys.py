"""In: invoices as an order system shows or a caller states them; out: the same with right keys (NF-e), and who is told.

VTEX checks no key, so a wrong one refuses no invoice: that would lose the package. It is left out, since a channel that
needs a key would be told a spoilt one, and a person hears of it. Where somebody reads an error (API, tables) it is
refused.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from paradeiro.db import notices
from paradeiro.db.notices import NoticeDraft
from paradeiro.db.pool import Connection
from paradeiro.domain.invoice_keys import problem_in, tidy_key, words_for
from paradeiro.domain.records import Invoice
from paradeiro.domain.words import NoticeKind


async def with_right_keys(
    connection: Connection, store_id: int, order_number: str, invoices: Sequence[Invoice], *, now: datetime
) -> tuple[Invoice, ...]:
    """The invoices with their keys tidied; of each key that is none a person is told."""
    read, drafts = [], []
    for invoice in invoices:
        problem = problem_in(invoice.key) if invoice.key and invoice.key.strip() else None
        if problem is not None:
            said = words_for(invoice.key or "", problem)
            drafts.append(_draft(store_id, order_number, invoice, said))
        usable = invoice.key and invoice.key.strip() and problem is None
        read.append(replace(invoice, key=tidy_key(invoice.key) if invoice.key and usable else None))
    if drafts:
        await notices.open_notices(connection, drafts, now=now)
    return tuple(read)


def _draft(store_id: int, order_number: str, invoice: Invoice, said: str) -> NoticeDraft:
    words = f"Order {order_number}, invoice {invoice.number}: {said} The invoice is taken without its key."
    facts = {"variant": "key", "order": order_number, "invoice": invoice.number, "code": (invoice.key or "")[:60]}
    subject = f"key of order {order_number} {invoice.number}"
    return NoticeDraft(store_id, NoticeKind.WRONG_CODE, subject, words, facts=facts)
