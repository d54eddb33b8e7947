"""In: nothing; out: the JSON that VTEX's Shipping Network sends a carrier's app, as far as we need it.

The published schema of a dispatch order has only the packages' ids; the vendor's guide shows whole packages. Both are
taken.
"""

from typing import Annotated

from pydantic import BeforeValidator, Field

from paradeiro.web.vtex.shapes import Count, NumberText, Shape, ShortText, list_or_empty

_MOST = 2000


def _object_or_empty(value: object) -> object:
    return {} if value is None else value


def _whole_cents(value: object) -> object:
    """Cents; the guide's example writes them with a point."""
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 10**13 else 0


class AskedCode(Shape):
    tracking_number: ShortText


class _Bill(Shape):
    number: ShortText = ""
    value: Annotated[int, BeforeValidator(_whole_cents)] = 0


class _Tracking(Shape):
    number: ShortText = ""


class _Shipping(Shape):
    carrier_name: ShortText = ""


class _Item(Shape):
    id: NumberText
    name: ShortText = ""
    quantity: Count


class PackageIn(Shape):
    """A package of a dispatch order."""

    id: NumberText
    order_id: ShortText = ""
    items: Annotated[list[_Item], BeforeValidator(list_or_empty)] = Field(default_factory=list, max_length=_MOST)
    invoice_data: Annotated[_Bill, BeforeValidator(_object_or_empty)] = _Bill()
    tracking_data: Annotated[_Tracking, BeforeValidator(_object_or_empty)] = _Tracking()
    shipping_data: Annotated[_Shipping, BeforeValidator(_object_or_empty)] = _Shipping()


class DispatchOrder(Shape):
    id: NumberText
    packages: Annotated[list[PackageIn], BeforeValidator(list_or_empty)] = Field(default_factory=list, max_length=_MOST)
    package_ids: Annotated[list[NumberText], BeforeValidator(list_or_empty)] = Field(
        default_factory=list, max_length=_MOST
    )


class NotifyIn(Shape):
    """Body of …/notify."""

    dispatch_order: DispatchOrder
