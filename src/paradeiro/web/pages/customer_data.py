"""In: buttons of the order's page; out: its customer's data exported or erased, or mail to them allowed again."""

import re
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Request, Response

from paradeiro.db.orders.orders import order_by_number
from paradeiro.flow.accounts.scopes import READ
from paradeiro.flow.customers import bounces, personal_data
from paradeiro.flow.customers.personal_data import CustomerQuery
from paradeiro.flow.errors import InvalidError, StatementError
from paradeiro.web.api.customers import export_out
from paradeiro.web.auth import Operator, RequestContext, page_actor
from paradeiro.web.pages import forms, order
from paradeiro.web.pages.layout import is_searchable

router = APIRouter()
FormToken = Annotated[str, Form(max_length=200)]
_NO_FILE_NAME = re.compile(r"[^A-Za-z0-9._-]+")


@router.post("/orders/{number:path}/customer/export")
async def export(
    request: Request, number: str, context: RequestContext, who: Operator, form: FormToken = ""
) -> Response:
    """The customer's data as a JSON file."""
    try:
        forms.check_form(request, context, who, form, verb=READ)
        whose = CustomerQuery(order=number if is_searchable(number) else "")
        person = await personal_data.export_customer(context, who.store_id, whose, page_actor(request, who))
    except StatementError as error:
        return await order.render(request, number, context, who, problem=error.code)
    name = _NO_FILE_NAME.sub("-", number)[:60]
    headers = {"Content-Disposition": f'attachment; filename="customer-{name}.json"', "Cache-Control": "no-store"}
    return Response(export_out(person).model_dump_json(indent=1), media_type="application/json", headers=headers)


@router.post("/orders/{number:path}/customer/erase")
async def erase(
    request: Request,
    number: str,
    context: RequestContext,
    who: Operator,
    form: FormToken = "",
    sure: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Erase the data of this order's customer."""
    try:
        forms.check_form(request, context, who, form)
        if sure != "yes":
            raise InvalidError("not_sure", "Nothing was erased: tick that you are sure.")
        whose = CustomerQuery(order=number if is_searchable(number) else "")
        await personal_data.erase_customer(context, who.store_id, whose, page_actor(request, who))
    except StatementError as error:
        return await order.render(request, number, context, who, problem=error.code, tried="customer")
    return forms.redirect_back(request, f"/orders/{quote(number, safe='')}", "erased")


@router.post("/orders/{number:path}/mail-again")
async def mail_again(
    request: Request, number: str, context: RequestContext, who: Operator, form: FormToken = ""
) -> Response:
    """Lift the suppression of the customer's address."""
    try:
        forms.check_form(request, context, who, form)
        async with context.pool.connection() as connection:
            found = await order_by_number(connection, who.store_id, number) if is_searchable(number) else None
        address = (found[1].customer.email or "") if found else ""
        await bounces.lift_suppression(context, who.store_id, address, page_actor(request, who))
    except StatementError as error:
        return await order.render(request, number, context, who, problem=error.code)
    return forms.redirect_back(request, f"/orders/{quote(number, safe='')}", "mail-again")
