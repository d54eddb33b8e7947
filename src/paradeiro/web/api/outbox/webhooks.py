"""In: webhook endpoints to add, test, replay to, switch; out: their state. A secret is shown once, when it is made."""

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from fastapi import APIRouter, Path, Request
from pydantic import Field, StringConstraints

from paradeiro.db.outbox.endpoints import EndpointLine
from paradeiro.domain.words import Outcome
from paradeiro.flow.context import Context
from paradeiro.flow.outbox import endpoints
from paradeiro.web.api.former_names import former_name
from paradeiro.web.api.idempotency import api_actor
from paradeiro.web.api.shapes import Shape, errors
from paradeiro.web.api.values import EventTime, SingleLine
from paradeiro.web.auth import Caller, Reader, RequestContext, Writer

router = APIRouter(tags=["webhooks"])
Id = Annotated[int, Path(ge=1, le=2**62)]
_ERRORS = errors(400, 401, 403, 404, 409, 422)


class WebhookIn(Shape):
    """An endpoint that is sent every change. `url`: https:// on a public host."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), SingleLine]
    url: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000), SingleLine]


class WebhookOut(Shape):
    """An endpoint. `state`: ok, outage (it is tried again) or disabled (its messages wait until it is enabled)."""

    id: int
    name: str
    url: str
    state: str
    problem: str
    problem_since: datetime | None
    waiting: int
    oldest_waiting: datetime | None
    created_at: datetime
    trouble: ClassVar[Any] = former_name("problem", str)
    trouble_since: ClassVar[Any] = former_name("problem_since", datetime | None)


class WebhookPage(Shape):
    items: list[WebhookOut]


class WebhookAdded(Shape):
    """`secret` signs its messages; it is shown only here."""

    id: int
    secret: str


class WebhookRotated(Shape):
    """`secret` signs from now on; it is shown only here."""

    id: int
    secret: str
    former_until: datetime


class WebhookRemoved(Shape):
    """How many messages waited and are dropped."""

    dropped: int


class TestOut(Shape):
    """The result of a test message. `http_status` is null if no answer came."""

    accepted: bool
    http_status: int | None
    message: str


class ReplayIn(Shape):
    """What to send again: all messages about changes since a time, or one message by its webhook-id."""

    since: EventTime | None = None
    message: UUID | None = Field(None, description="the webhook-id")


class ReplayOut(Shape):
    messages: int


@router.get("/webhooks", responses=_ERRORS)
async def list_webhooks(context: RequestContext, who: Reader) -> WebhookPage:
    """The store's endpoints and what waits for each."""
    return WebhookPage(items=[_webhook_out(line) for line in await endpoints.endpoints_of_store(context, who.store_id)])


@router.post("/webhooks", status_code=201, responses=_ERRORS)
async def add_webhook(request: Request, body: WebhookIn, context: RequestContext, who: Writer) -> WebhookAdded:
    """Send every change to an address from now on. Names are unique, so that it is not added twice."""
    by = api_actor(request, who)
    made = await endpoints.add(context, who.store_id, name=body.name, url=body.url, by=by)
    return WebhookAdded(id=made.account_id, secret=made.secret)


@router.post("/webhooks/{webhook_id}/test", responses=_ERRORS)
async def test_webhook(webhook_id: Id, context: RequestContext, who: Writer) -> TestOut:
    """Post a signed test message, once."""
    sent = await endpoints.send_test_message(context, await endpoints.find(context, who.store_id, webhook_id))
    return TestOut(accepted=sent.outcome is Outcome.FOUND, http_status=sent.http_status, message=sent.message)


@router.post("/webhooks/{webhook_id}/replay", responses=_ERRORS)
async def replay_webhook(
    request: Request, webhook_id: Id, body: ReplayIn, context: RequestContext, who: Writer
) -> ReplayOut:
    """Send accepted messages again, with the same ids."""
    account = await endpoints.find(context, who.store_id, webhook_id)
    message, by = str(body.message) if body.message else None, api_actor(request, who)
    return ReplayOut(messages=await endpoints.replay(context, account, since=body.since, message=message, by=by))


@router.post("/webhooks/{webhook_id}/enable", responses=_ERRORS)
async def enable_webhook(request: Request, webhook_id: Id, context: RequestContext, who: Writer) -> WebhookOut:
    """Enable it; waiting messages are sent first, in order."""
    account = await endpoints.find(context, who.store_id, webhook_id)
    await endpoints.enable(context, account, api_actor(request, who))
    return await _find_webhook(context, who, webhook_id)


@router.post("/webhooks/{webhook_id}/disable", responses=_ERRORS)
async def disable_webhook(request: Request, webhook_id: Id, context: RequestContext, who: Writer) -> WebhookOut:
    """Disable it; its messages wait until it is enabled."""
    account = await endpoints.find(context, who.store_id, webhook_id)
    await endpoints.disable(context, account, api_actor(request, who))
    return await _find_webhook(context, who, webhook_id)


@router.post("/webhooks/{webhook_id}/rotate", responses=_ERRORS)
async def rotate_secret(request: Request, webhook_id: Id, context: RequestContext, who: Writer) -> WebhookRotated:
    """Make a new secret; the former one signs too until `former_until`. Older ones sign no longer."""
    account = await endpoints.find(context, who.store_id, webhook_id)
    secret, until = await endpoints.rotate_secret(context, account, api_actor(request, who))
    return WebhookRotated(id=webhook_id, secret=secret, former_until=until)


@router.delete("/webhooks/{webhook_id}", responses=_ERRORS)
async def remove_webhook(request: Request, webhook_id: Id, context: RequestContext, who: Writer) -> WebhookRemoved:
    """Delete it with its secrets and its waiting messages."""
    account = await endpoints.find(context, who.store_id, webhook_id)
    return WebhookRemoved(dropped=await endpoints.remove(context, account, api_actor(request, who)))


async def _find_webhook(context: Context, who: Caller, webhook_id: int) -> WebhookOut:
    return next(
        _webhook_out(line)
        for line in await endpoints.endpoints_of_store(context, who.store_id)
        if line.id == webhook_id
    )


def _webhook_out(line: EndpointLine) -> WebhookOut:
    return WebhookOut(
        id=line.id,
        name=line.name,
        url=line.url,
        state=line.state,
        problem=line.problem,
        problem_since=line.problem_since,
        waiting=line.waiting,
        oldest_waiting=line.oldest,
        created_at=line.created_at,
    )
