"""In: how a channel that sold orders wants to be told; out: the rules of each channel that has its own."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import Field

from paradeiro.domain.channels import ANY, ChannelRules
from paradeiro.domain.words import Counted, Wish
from paradeiro.flow import channels
from paradeiro.flow.channels import MOST_HOURS
from paradeiro.web.api.once import api_author
from paradeiro.web.api.shapes import Shape, errors
from paradeiro.web.auth import MeansOf, Reader, Writer

router = APIRouter(tags=["store"])
_ERRORS = errors(401, 403, 422)


class Rules(Shape):
    """How one channel wants to be told. The defaults are those of a channel without rules of its own."""

    hears: list[Wish] = sorted(ANY.hears)
    shipped_first: bool = False
    delivered_after_dispatch: bool = False
    needs_invoice_key: bool = False
    mails: bool = Field(True, description="whether its customers are mailed; some marketplaces forbid that")
    number_hours: int = Field(0, ge=0, le=MOST_HOURS, description="in which it must have the number; 0: whenever")
    number_after: Counted = Field(Counted.ORDERED, description="what these hours count from")
    delivery_hours: int = Field(0, ge=0, le=MOST_HOURS, description="the same of a delivery, from when it was")


class Channels(Shape):
    """The channels that have rules of their own, by the name that the order system gives them."""

    channels: dict[str, Rules]


@router.get("/channels", responses=_ERRORS)
async def show_channels(means: MeansOf, who: Reader) -> Channels:
    """How the store's channels want to be told."""
    known = await channels.rules(means, who.store_id)
    return Channels(channels={name: _shown(rules) for name, rules in sorted(known.items())})


@router.put("/channels/{channel}", responses=_ERRORS)
async def set_channel(
    request: Request, channel: Annotated[str, Path(max_length=100)], stated: Rules, means: MeansOf, who: Writer
) -> Rules:
    """Say how this channel is told from now on. What is planned already is told as it was planned."""
    rules = ChannelRules(
        frozenset(stated.hears),
        shipped_first=stated.shipped_first,
        delivered_after_dispatch=stated.delivered_after_dispatch,
        needs_invoice_key=stated.needs_invoice_key,
        mails=stated.mails,
        number_hours=stated.number_hours,
        number_after=stated.number_after,
        delivery_hours=stated.delivery_hours,
    )
    await channels.set_rules(means, who.store_id, channel, rules, api_author(request, who))
    return _shown(rules)


def _shown(rules: ChannelRules) -> Rules:
    return Rules(
        hears=sorted(rules.hears),
        shipped_first=rules.shipped_first,
        delivered_after_dispatch=rules.delivered_after_dispatch,
        needs_invoice_key=rules.needs_invoice_key,
        mails=rules.mails,
        number_hours=rules.number_hours,
        number_after=rules.number_after,
        delivery_hours=rules.delivery_hours,
    )
