"""In: the codes screen and its forms; out: codes that nobody knows, what was said that codes mean, by whom."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from paradeiro.db.accounts import stores
from paradeiro.db.carriers.code_mappings import MappedCode, UnknownCode
from paradeiro.domain.words import Reason, Status
from paradeiro.flow.carriers import code_mappings
from paradeiro.flow.carriers.code_mappings import NO_POSITION
from paradeiro.flow.context import Context
from paradeiro.flow.errors import StatementError
from paradeiro.sdk.wording.catalogue import Catalogue
from paradeiro.web.auth import Caller, Operator, RequestContext, page_actor
from paradeiro.web.pages import forms
from paradeiro.web.pages.layout import page, words_for
from paradeiro.web.pages.statements import FormToken

router = APIRouter()
# The choice beside the meanings that are said.
_UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Meaning:
    """A choice of the form. `value`: a status, with a slash and a reason if it has one; `label`: for a person."""

    value: str
    label: str


def meanings(words: Catalogue) -> dict[str, list[Meaning]]:
    """All that a code can mean, as the screens call it, by the status; in the order of a package's way."""
    found: dict[str, list[Meaning]] = {}
    for (status, reason), said in words.words.items():
        if status is not Status.UNKNOWN:
            group = words.words[status, None].label
            why = f": {words.reasons[reason]}" if reason and said.label == group else ""
            found.setdefault(group, []).append(Meaning(value_of(status, reason), f"{said.label}{why}"))
    return found


def value_of(status: Status | None, reason: Reason | None) -> str:
    """The value of a choice."""
    return f"{status or NO_POSITION}/{reason}" if reason else str(status or NO_POSITION)


@router.get("/codes")
async def show(request: Request, context: RequestContext, who: Operator) -> Response:
    """What carriers' codes mean, as far as the connectors do not know it."""
    return await _render(request, context, who)


async def _render(request: Request, context: Context, who: Caller, *, problem: str = "") -> Response:
    mapped, unknown = await code_mappings.codes(context, who.store_id)
    async with context.pool.connection() as connection:
        known = await stores.accounts(connection, context.secret_key, store_ids=[who.store_id])
    return await page(
        request,
        context,
        who,
        "codes.html",
        forms.status_of(problem) if problem else 200,
        unknown=unknown,
        mapped=mapped,
        names={account.id: account.name for account in known},
        title=lambda each: _title(context, each),
        meanings=meanings(words_for(request)),
        current=lambda each: value_of(each.mapping.status, each.mapping.reason),
        problem=f"error.{problem}" if problem else "",
        done=forms.done_message(request),
    )


def _title(context: Context, each: MappedCode | UnknownCode) -> str:
    connector = context.connectors.get(each.connector)
    return connector.title if connector else each.connector


@router.post("/codes/set")
async def set_meaning(
    request: Request,
    context: RequestContext,
    who: Operator,
    form: FormToken = "",
    connector: Annotated[str, Form(max_length=200)] = "",
    code: Annotated[str, Form(max_length=400)] = "",
    meaning: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Say what one code means, or that nobody knows it after all."""
    by = page_actor(request, who)
    status, _, reason = meaning.partition("/")
    try:
        forms.check_form(request, context, who, form)
        if status == _UNKNOWN:
            await code_mappings.remove_mapping(context, who.store_id, connector, code, by)
        else:
            said = code_mappings.meaning(code, status, reason or None)
            await code_mappings.set_mapping(context, who.store_id, connector, said, by)
    except StatementError as error:
        return await _render(request, context, who, problem=error.code)
    return forms.redirect_back(request, "/codes", "code")
