"""In: a reply's id; out: the raw answer as text, as it came, or that it has expired."""

import json

from fastapi import APIRouter, Request, Response

from paradeiro.db import replies
from paradeiro.web.auth import MeansOf, Operator
from paradeiro.web.pages.layout import page, plain

router = APIRouter()


@router.get("/replies/{reply_id}")
async def raw(request: Request, reply_id: int, means: MeansOf, who: Operator) -> Response:
    """One raw answer."""
    async with means.pool.connection() as connection:
        found = await replies.reply(connection, who.store_id, reply_id)
        gone = found is None and await replies.expired(connection, reply_id)
    if gone:
        return await page(request, means, who, "reply_expired.html", 410, days=means.reply_days)
    if found is None:
        return plain("missing.html", 404)
    text = found.body.decode("utf-8", "backslashreplace")
    try:
        text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except ValueError:
        pretty = False
    else:
        pretty = True
    return await page(request, means, who, "reply.html", reply=found, text=text, pretty=pretty)
