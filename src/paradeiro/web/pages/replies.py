"""In: a reply's id; out: the raw answer as text with account and time; 410 once it has expired."""

import json

from fastapi import APIRouter, Request, Response

from paradeiro.db.following import replies
from paradeiro.db.screens import lists
from paradeiro.web.auth import Operator, RequestContext
from paradeiro.web.pages.layout import not_found_page, page, parse_id

router = APIRouter()


@router.get("/replies/{reply}")
async def raw(request: Request, reply: str, context: RequestContext, who: Operator) -> Response:
    """One raw answer."""
    reply_id = parse_id(reply)
    async with context.pool.connection() as connection:
        found = await replies.reply(connection, who.store_id, reply_id) if reply_id else None
        gone = found is None and bool(reply_id) and await replies.is_expired(connection, reply_id or 0)
        accounts = {line["id"]: line["name"] for line in await lists.account_lines(connection, who.store_id)}
    if gone:
        return await page(request, context, who, "reply_expired.html", 410, days=context.reply_days)
    if found is None:
        return await not_found_page(request, context, who)
    text = found.body.decode("utf-8", "backslashreplace")
    indented = _indented(text)
    return await page(
        request,
        context,
        who,
        "reply.html",
        reply=found,
        account=accounts.get(found.account_id, ""),
        text=indented or text,
        indented=bool(indented),
    )


def _indented(text: str) -> str:
    """JSON, indented; empty if it is not JSON or nested too deep."""
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return ""
