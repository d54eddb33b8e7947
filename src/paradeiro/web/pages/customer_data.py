"""In: an operator who hands out or erases what is kept of an order's customer, or mails them again; out: it is done."""

import re
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Request, Response

from paradeiro.db.audit import By
from paradeiro.db.orders import order_by_number
from paradeiro.flow import bounces, persons
from paradeiro.flow.errors import InvalidError, StatementError
from paradeiro.flow.persons import Whose
from paradeiro.web.api.customers import shown
from paradeiro.web.auth import MeansOf, Operator, origin_of
from paradeiro.web.pages import forms, order
from paradeiro.web.pages.layout import searchable

router = APIRouter()
FormToken = Annotated[str, Form(max_length=200)]
_NO_FILE_NAME = re.compile(r"[^A-Za-z0-9._-]+")


@router.post("/orders/{number:path}/customer/export")
async def export(request: Request, number: str, means: MeansOf, who: Operator, form: FormToken = "") -> Response:
    """All that is known of who bought, as a file."""
    try:
        forms.check(request, means, who, form)
        whose = Whose(order=number if searchable(number) else "")
        person = await persons.export(means, who.store_id, whose, By(who.name, "page", origin_of(request)))
    except StatementError as error:
        return await order.render(request, number, means, who, problem=error.code)
    name = _NO_FILE_NAME.sub("-", number)[:60]
    headers = {"Content-Disposition": f'attachment; filename="customer-{name}.json"', "Cache-Control": "no-store"}
    return Response(shown(person).model_dump_json(indent=1), media_type="application/json", headers=headers)


@router.post("/orders/{number:path}/customer/erase")
async def erase(
    request: Request,
    number: str,
    means: MeansOf,
    who: Operator,
    form: FormToken = "",
    sure: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Forget who bought this order."""
    try:
        forms.check(request, means, who, form)
        if sure != "yes":
            raise InvalidError("not_sure", "Nothing was erased: tick that you are sure.")
        whose = Whose(order=number if searchable(number) else "")
        await persons.erase(means, who.store_id, whose, By(who.name, "page", origin_of(request)))
    except StatementError as error:
        return await order.render(request, number, means, who, problem=error.code, tried="customer")
    return forms.back(request, f"/orders/{quote(number, safe='')}", "erased")


@router.post("/orders/{number:path}/mail-again")
async def mail_again(request: Request, number: str, means: MeansOf, who: Operator, form: FormToken = "") -> Response:
    """Mail the customer again: the address is good."""
    try:
        forms.check(request, means, who, form)
        async with means.pool.connection() as connection:
            found = await order_by_number(connection, who.store_id, number) if searchable(number) else None
        address = (found[1].customer.email or "") if found else ""
        await bounces.lift(means, who.store_id, address, By(who.name, "page", origin_of(request)))
    except StatementError as error:
        return await order.render(request, number, means, who, problem=error.code)
    return forms.back(request, f"/orders/{quote(number, safe='')}", "mail-again")
