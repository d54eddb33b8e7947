"""In: a reply's id; out: the raw answer as text, from whom and when, or that it has expired."""

import json

from fastapi import APIRouter, Request, Response

from paradeiro.db import reading, replies
from paradeiro.web.auth import MeansOf, Operator
from paradeiro.web.pages.layout import id_of, nothing_here, page

router = APIRouter()


@router.get("/replies/{reply}")
async def raw(request: Request, reply: str, means: MeansOf, who: Operator) -> Response:
    """One raw answer."""
    reply_id = id_of(reply)
    async with means.pool.connection() as connection:
        found = await replies.reply(connection, who.store_id, reply_id) if reply_id else None
        gone = found is None and bool(reply_id) and await replies.expired(connection, reply_id or 0)
        accounts = {line["id"]: line["name"] for line in await reading.account_lines(connection, who.store_id)}
    if gone:
        return await page(request, means, who, "reply_expired.html", 410, days=means.reply_days)
    if found is None:
        return await nothing_here(request, means, who)
    text = found.body.decode("utf-8", "backslashreplace")
    indented = _indented(text)
    return await page(
        request,
        means,
        who,
        "reply.html",
        reply=found,
        account=accounts.get(found.account_id, ""),
        text=indented or text,
        indented=bool(indented),
    )


def _indented(text: str) -> str:
    """JSON, indented; empty for what is not JSON, or is nested too deep to read."""
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return ""
