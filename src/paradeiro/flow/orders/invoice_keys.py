"""In: invoices from an order system or a caller; out: the same with valid keys (NF-e), and notices about invalid ones.

VTEX does not validate keys, so an invalid key must not refuse the invoice: that would lose the package. The key is left
out, since a channel that needs one would refuse it. Entry points that return errors (API, tables) refuse it instead.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from paradeiro.db.operations import notices
from paradeiro.db.operations.notices import NoticeDraft
from paradeiro.db.pool import Connection
from paradeiro.domain.orders.invoice_keys import key_problem_sentence, text_key_problem, tidy_key
from paradeiro.domain.records import Invoice
from paradeiro.domain.words import NoticeKind


async def with_valid_keys(
    connection: Connection, store_id: int, order_number: str, invoices: Sequence[Invoice], *, now: datetime
) -> tuple[Invoice, ...]:
    """The invoices with normalised keys; an invalid key is removed and opens a notice."""
    checked, drafts = [], []
    for invoice in invoices:
        problem = text_key_problem(invoice.key) if invoice.key and invoice.key.strip() else None
        if problem is not None:
            message = key_problem_sentence(invoice.key or "", problem)
            drafts.append(_draft(store_id, order_number, invoice, message))
        usable = invoice.key and invoice.key.strip() and problem is None
        checked.append(replace(invoice, key=tidy_key(invoice.key) if invoice.key and usable else None))
    if drafts:
        await notices.open_notices(connection, drafts, now=now)
    return tuple(checked)


def _draft(store_id: int, order_number: str, invoice: Invoice, message: str) -> NoticeDraft:
    words = f"Order {order_number}, invoice {invoice.number}: {message} The invoice is taken without its key."
    facts = {"variant": "key", "order": order_number, "invoice": invoice.number, "code": (invoice.key or "")[:60]}
    subject = f"key of order {order_number} {invoice.number}"
    return NoticeDraft(store_id, NoticeKind.WRONG_CODE, subject, words, facts=facts)
