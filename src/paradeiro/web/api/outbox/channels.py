"""In: what a channel that sold orders is to be sent; out: the rules of each channel that has its own."""

from typing import Annotated, Any, ClassVar

from fastapi import APIRouter, Path, Request
from pydantic import Field, model_validator

from paradeiro.domain.outbox.channel_rules import DEFAULT_RULES, ChannelRules
from paradeiro.domain.words import DeadlineStart, Topic
from paradeiro.flow.outbox import channel_rules
from paradeiro.flow.outbox.channel_rules import MOST_HOURS
from paradeiro.web.api.former_names import former_name, replace_former_names
from paradeiro.web.api.idempotency import api_actor
from paradeiro.web.api.shapes import Shape, errors
from paradeiro.web.auth import Reader, RequestContext, Writer

router = APIRouter(tags=["store"])
_ERRORS = errors(401, 403, 422)


class Rules(Shape):
    """What one channel is sent, and when. The defaults are those of a channel without rules of its own."""

    topics: list[Topic] = Field(sorted(DEFAULT_RULES.topics), description="what it is sent at all")
    shipped_first: bool = False
    delivered_after_dispatch: bool = False
    needs_invoice_key: bool = False
    mails: bool = Field(True, description="whether its customers are mailed; some marketplaces forbid that")
    number_hours: int = Field(0, ge=0, le=MOST_HOURS, description="in which it must have the number; 0: whenever")
    number_after: DeadlineStart = Field(DeadlineStart.ORDERED, description="what these hours count from")
    delivery_hours: int = Field(0, ge=0, le=MOST_HOURS, description="the same of a delivery, from when it was")
    hears: ClassVar[Any] = former_name("topics", list[Topic])

    @model_validator(mode="before")
    @classmethod
    def _replace_former_names(cls, stated: Any) -> Any:
        return replace_former_names(stated, {"hears": "topics"})


class Channels(Shape):
    """The channels that have rules of their own, by the name that the order system gives them."""

    channels: dict[str, Rules]


@router.get("/channels", responses=_ERRORS)
async def show_channels(context: RequestContext, who: Reader) -> Channels:
    """The rules of the store's channels."""
    known = await channel_rules.rules_of_store(context, who.store_id)
    return Channels(channels={name: _rules_shape(rules) for name, rules in sorted(known.items())})


@router.put("/channels/{channel}", responses=_ERRORS)
async def set_channel(
    request: Request, channel: Annotated[str, Path(max_length=100)], stated: Rules, context: RequestContext, who: Writer
) -> Rules:
    """Set the rules of this channel from now on. Messages planned already are sent as planned."""
    rules = ChannelRules(
        frozenset(stated.topics),
        shipped_first=stated.shipped_first,
        delivered_after_dispatch=stated.delivered_after_dispatch,
        needs_invoice_key=stated.needs_invoice_key,
        mails=stated.mails,
        number_hours=stated.number_hours,
        number_after=stated.number_after,
        delivery_hours=stated.delivery_hours,
    )
    await channel_rules.set_rules(context, who.store_id, channel, rules, api_actor(request, who))
    return _rules_shape(rules)


def _rules_shape(rules: ChannelRules) -> Rules:
    return Rules(
        topics=sorted(rules.topics),
        shipped_first=rules.shipped_first,
        delivered_after_dispatch=rules.delivered_after_dispatch,
        needs_invoice_key=rules.needs_invoice_key,
        mails=rules.mails,
        number_hours=rules.number_hours,
        number_after=rules.number_after,
        delivery_hours=rules.delivery_hours,
    )
