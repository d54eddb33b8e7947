"""In: endpoints that a program adds, tries or has told again; out: how they are. Secrets are shown once, on adding."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request
from pydantic import Field, StringConstraints

from paradeiro.db.webhooks import EndpointLine
from paradeiro.domain.words import Outcome
from paradeiro.flow import endpoint
from paradeiro.flow.means import Means
from paradeiro.web.api.once import api_author
from paradeiro.web.api.shapes import Shape, errors
from paradeiro.web.api.values import Happened, Line
from paradeiro.web.auth import Caller, MeansOf, Reader, Writer

router = APIRouter(tags=["webhooks"])
Id = Annotated[int, Path(ge=1, le=2**62)]
_ERRORS = errors(400, 401, 403, 404, 409, 422)


class WebhookIn(Shape):
    """An endpoint to tell of every change. `url`: https:// of a host that the outside world reaches."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), Line]
    url: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000), Line]


class WebhookOut(Shape):
    """An endpoint. `state` is ok, outage (it is tried again) or disabled (its messages wait until it is enabled)."""

    id: int
    name: str
    url: str
    state: str
    trouble: str
    trouble_since: datetime | None
    waiting: int
    oldest_waiting: datetime | None
    created_at: datetime


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
    """What came of a test message. `http_status` is null if no answer came."""

    accepted: bool
    http_status: int | None
    message: str


class ReplayIn(Shape):
    """What to tell again: of changes since an instant, or one message by its webhook-id. One of the two."""

    since: Happened | None = None
    message: UUID | None = Field(None, description="the webhook-id")


class ReplayOut(Shape):
    messages: int


@router.get("/webhooks", responses=_ERRORS)
async def list_webhooks(means: MeansOf, who: Reader) -> WebhookPage:
    """The store's endpoints and what waits for each."""
    return WebhookPage(items=[_line(line) for line in await endpoint.of_store(means, who.store_id)])


@router.post("/webhooks", status_code=201, responses=_ERRORS)
async def add_webhook(request: Request, body: WebhookIn, means: MeansOf, who: Writer) -> WebhookAdded:
    """Tell an address of every change from now on. Its name is what keeps it from being added twice."""
    by = api_author(request, who)
    made = await endpoint.add(means, who.store_id, name=body.name, url=body.url, by=by)
    return WebhookAdded(id=made.account_id, secret=made.secret)


@router.post("/webhooks/{webhook_id}/test", responses=_ERRORS)
async def test_webhook(webhook_id: Id, means: MeansOf, who: Writer) -> TestOut:
    """Post a signed test message, once."""
    sent = await endpoint.try_out(means, await endpoint.find(means, who.store_id, webhook_id))
    return TestOut(accepted=sent.outcome is Outcome.FOUND, http_status=sent.http_status, message=sent.message)


@router.post("/webhooks/{webhook_id}/replay", responses=_ERRORS)
async def replay_webhook(request: Request, webhook_id: Id, body: ReplayIn, means: MeansOf, who: Writer) -> ReplayOut:
    """Tell again what was accepted, under the same ids."""
    account = await endpoint.find(means, who.store_id, webhook_id)
    message, by = str(body.message) if body.message else None, api_author(request, who)
    return ReplayOut(messages=await endpoint.replay(means, account, since=body.since, message=message, by=by))


@router.post("/webhooks/{webhook_id}/enable", responses=_ERRORS)
async def enable_webhook(request: Request, webhook_id: Id, means: MeansOf, who: Writer) -> WebhookOut:
    """Tell it again; what waited goes first, in order."""
    account = await endpoint.find(means, who.store_id, webhook_id)
    await endpoint.enable(means, account, api_author(request, who))
    return await _shown(means, who, webhook_id)


@router.post("/webhooks/{webhook_id}/disable", responses=_ERRORS)
async def disable_webhook(request: Request, webhook_id: Id, means: MeansOf, who: Writer) -> WebhookOut:
    """Tell it nothing until it is enabled; its messages wait."""
    account = await endpoint.find(means, who.store_id, webhook_id)
    await endpoint.disable(means, account, api_author(request, who))
    return await _shown(means, who, webhook_id)


@router.post("/webhooks/{webhook_id}/rotate", responses=_ERRORS)
async def rotate_secret(request: Request, webhook_id: Id, means: MeansOf, who: Writer) -> WebhookRotated:
    """Make a new secret; the former one signs too until `former_until`. One before that signs no longer."""
    account = await endpoint.find(means, who.store_id, webhook_id)
    secret, until = await endpoint.rotate(means, account, api_author(request, who))
    return WebhookRotated(id=webhook_id, secret=secret, former_until=until)


@router.delete("/webhooks/{webhook_id}", responses=_ERRORS)
async def remove_webhook(request: Request, webhook_id: Id, means: MeansOf, who: Writer) -> WebhookRemoved:
    """Forget it, its secrets and what waits for it."""
    account = await endpoint.find(means, who.store_id, webhook_id)
    return WebhookRemoved(dropped=await endpoint.remove(means, account, api_author(request, who)))


async def _shown(means: Means, who: Caller, webhook_id: int) -> WebhookOut:
    return next(_line(line) for line in await endpoint.of_store(means, who.store_id) if line.id == webhook_id)


def _line(line: EndpointLine) -> WebhookOut:
    return WebhookOut(
        id=line.id,
        name=line.name,
        url=line.url,
        state=line.state,
        trouble=line.trouble,
        trouble_since=line.trouble_since,
        waiting=line.waiting,
        oldest_waiting=line.oldest,
        created_at=line.created_at,
    )
