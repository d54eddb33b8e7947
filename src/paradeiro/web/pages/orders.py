"""In: a search, a status, a cursor; out: the list of orders, each with where its packages are."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response

from paradeiro.db import reading
from paradeiro.domain.words import Status
from paradeiro.sdk.speech.say import tone_of
from paradeiro.web.auth import MeansOf, Operator
from paradeiro.web.pages.layout import WORDS, page

router = APIRouter()
_PER_PAGE = 50


@router.get("/")
async def orders(
    request: Request,
    means: MeansOf,
    who: Operator,
    q: Annotated[str, Query(max_length=200)] = "",
    status: Status | None = None,
    before: Annotated[int | None, Query(ge=1)] = None,
) -> Response:
    """Orders, newest first."""
    async with means.pool.connection() as connection:
        lines = await reading.order_lines(
            connection, who.store_id, search=q.strip(), status=status, before=before, limit=_PER_PAGE + 1
        )
        counts = await reading.status_counts(connection, who.store_id)
    shown = lines[:_PER_PAGE]
    older = ""
    if len(lines) > _PER_PAGE:
        asked = {"q": q, "status": status or "", "before": shown[-1].id}
        older = "/?" + urlencode({name: value for name, value in asked.items() if value})
    chips = [(s, label_of(s), counts[s]) for s in Status if counts.get(s)]
    return await page(
        request,
        means,
        who,
        "orders.html",
        lines=shown,
        older=older,
        q=q,
        status=status,
        chips=chips,
        label=label_of,
        tone=lambda s: tone_of(WORDS, Status(s), None).value,
    )


def label_of(status: str) -> str:
    """A status in two or three words."""
    return WORDS.words[Status(status), None].label
