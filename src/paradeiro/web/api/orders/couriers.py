"""In: couriers' names as orders write them; out: who follows their packages, the names that wait for a rule."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import Field

from paradeiro.db.carriers import courier_rules
from paradeiro.flow.carriers import moving
from paradeiro.flow.errors import MissingError
from paradeiro.flow.orders import couriers
from paradeiro.web.api.idempotency import IdempotentRoute, api_actor
from paradeiro.web.api.orders.shipments import Id, shipment_detail
from paradeiro.web.api.shapes import Shape, ShipmentDetail, errors
from paradeiro.web.auth import Reader, RequestContext, Writer

router = APIRouter(tags=["store"], route_class=IdempotentRoute)
_ERRORS = errors(400, 401, 403, 404, 409, 422)
_Courier = Annotated[str, Path(min_length=1, max_length=120, description="the name, as orders write it")]
_AccountId = Annotated[int, Field(ge=1)]


class RuleOut(Shape):
    """Who follows a courier's packages. `account_id` null: nobody, on a person's word."""

    courier: str
    written: str
    account_id: int | None
    actor: str
    set_at: datetime | None


class WaitingOut(Shape):
    """A courier that nobody recognises: how many packages wait for a rule, and what its name or codes point to."""

    courier: str
    written: str
    packages: int
    since: datetime
    order_number: str
    tracking_code: str
    recommended: str | None = Field(description="a carrier's connector")
    reason: str


class CouriersOut(Shape):
    """The rules, and the couriers without one."""

    rules: list[RuleOut]
    waiting: list[WaitingOut]


class RuleIn(Shape):
    """The carrier's account that follows a courier's packages from now on, and those that wait; null: nobody."""

    account_id: _AccountId | None


class RuleSet(Shape):
    """How many packages that waited are followed now."""

    followed: int


class MoveIn(Shape):
    """The carrier's account that follows the shipment from now on."""

    account_id: _AccountId


@router.get("/couriers", responses=_ERRORS)
async def show_couriers(context: RequestContext, who: Reader) -> CouriersOut:
    """Who follows which courier's packages, by the names that orders write."""
    async with context.pool.connection() as connection:
        rules = await courier_rules.rules_of_store(connection, who.store_id)
    waiting = await couriers.waiting_couriers(context, who.store_id)
    return CouriersOut(
        rules=[
            RuleOut(courier=r.courier, written=r.written, account_id=r.account_id, actor=r.actor, set_at=r.set_at)
            for r in sorted(rules.values(), key=lambda rule: rule.courier)
        ],
        waiting=[_waiting_out(each) for each in waiting],
    )


def _waiting_out(each: couriers.WaitingCourier) -> WaitingOut:
    found, guess = each.courier, each.recommendation
    return WaitingOut(
        courier=found.courier,
        written=found.written,
        packages=found.packages,
        since=found.since,
        order_number=found.order_number,
        tracking_code=found.tracking_code,
        recommended=guess.connector if guess else None,
        reason=guess.reason if guess else "",
    )


@router.put("/couriers/{courier}", responses=_ERRORS)
async def set_rule(request: Request, courier: _Courier, body: RuleIn, context: RequestContext, who: Writer) -> RuleSet:
    """Let an account follow a courier's packages: those that wait, and all later ones."""
    by = api_actor(request, who)
    return RuleSet(followed=await couriers.set_rule(context, who.store_id, courier, body.account_id, by))


@router.delete("/couriers/{courier}", status_code=204, responses=_ERRORS)
async def remove_rule(request: Request, courier: _Courier, context: RequestContext, who: Writer) -> None:
    """Forget a rule: later packages go where the name is recognised."""
    if not await couriers.remove_rule(context, who.store_id, courier, api_actor(request, who)):
        raise MissingError("rule_not_found", f"There is no rule for '{courier}'.")


@router.post("/shipments/{shipment_id}/move", responses=_ERRORS)
async def move_shipment(
    request: Request, shipment_id: Id, body: MoveIn, context: RequestContext, who: Writer
) -> ShipmentDetail:
    """Let another carrier's account follow a shipment from now on; its history stays."""
    by = api_actor(request, who)
    moved = await moving.move_shipment(context, who.store_id, shipment_id, body.account_id, by)
    return await shipment_detail(context, who.store_id, moved)
