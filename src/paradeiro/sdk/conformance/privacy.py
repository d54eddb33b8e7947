"""In: a connector's folder, account fields and session; out: every place that exposes a secret or personal data."""

import asyncio
import re
from collections.abc import Iterator
from datetime import UTC, datetime

from paradeiro.sdk.conformance.subject import CANARY, Subject, account_of
from paradeiro.sdk.contract import AccountRef, Connector

# Addresses that RFC 2606 and 6761 keep free for examples.
_EXAMPLE = re.compile(r"@(?:[\w.-]+\.)?(?:example(?:\.\w+)?|test|invalid|localhost)$", re.IGNORECASE)
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}|[\w.+-]+@(?:localhost|example|test|invalid)\b")
_CPF = re.compile(r"(?<![\d.-])\d{3}\.\d{3}\.\d{3}-\d{2}(?!\d)|(?<![\d.,:+-])\d{11}(?![\d.,:-])")
_PHONE = re.compile(r"(?<!\d)(?:\+55\s?\(?\d{2}\)?\s?9?\d{4}[\s-]?\d{4}|\(\d{2}\)\s?9?\d{4}[\s-]?\d{4})(?!\d)")
_TOKENS = {
    "a JWT": re.compile(r"eyJ[\w-]{8,}\.[\w-]{8,}"),
    "a bearer token": re.compile(r"Bearer\s+[\w.~+/-]{16,}"),
    "a basic credential": re.compile(r"Basic\s+[A-Za-z0-9+/]{12,}={0,2}"),
    "an access key": re.compile(r"cws-ch1_\w+|vtexappkey-\w+-[A-Z]{6}"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY"),
}
_SECRET_NAME = re.compile(r"pass|secret|token|access_code|api_?key|private|credential", re.IGNORECASE)
_DIGITS = "0123456789"


def check_secrets(subject: Subject) -> Iterator[str]:
    """No secret and no personal data in fixtures, nor in the repr of an account or a session."""
    for path in sorted((subject.folder / "fixtures").rglob("*")):
        if path.is_file():
            text = path.read_bytes().decode("utf-8", "replace")
            yield from (f"fixtures/{path.name}: {what}" for what in find_exposures(text))
    for field in subject.connector.account_fields:
        if _SECRET_NAME.search(field.name) and not field.secret:
            yield f"the account field '{field.name}' sounds like a secret and is not marked as one"
    account = account_of(subject.connector)
    yield from (
        f"repr of the {name} shows a secret" for name, shown in _printed_texts(subject, account) if CANARY in shown
    )


def find_exposures(text: str) -> Iterator[str]:
    """The secrets and personal data in a text, named without repeating them."""
    if any(not _EXAMPLE.search(found) for found in _MAIL.findall(text)):
        yield "an e-mail address (use one at example.com)"
    if any(is_cpf(found) for found in _CPF.findall(text)):
        yield "a CPF with right check digits"
    if any(len(set(re.sub(r"\D", "", found)[-8:])) > 2 for found in _PHONE.findall(text)):
        yield "a telephone number (write it with one digit, as (11) 00000-0000)"
    yield from (what for what, pattern in _TOKENS.items() if pattern.search(text))


def is_cpf(text: str) -> bool:
    """Whether a text is a CPF (Brazilian taxpayer number), by its two check digits (modulo 11, weights 10..2 and
    11..2).
    """
    digits = [int(c) for c in text if c in _DIGITS]
    if len(digits) != 11 or len(set(digits)) == 1:
        return False
    return all(
        sum(d * w for d, w in zip(digits, range(end + 1, 1, -1), strict=False)) * 10 % 11 % 10 == digits[end]
        for end in (9, 10)
    )


def _printed_texts(subject: Subject, account: AccountRef) -> Iterator[tuple[str, str]]:
    yield "account", f"{account!r} {account}"
    yield "session", asyncio.run(_session_repr(subject.connector, account))


async def _session_repr(connector: Connector, account: AccountRef) -> str:
    session = connector.open(account, lambda: datetime(2026, 3, 10, tzinfo=UTC))
    try:
        return f"{session!r} {session}"
    finally:
        await session.close()
