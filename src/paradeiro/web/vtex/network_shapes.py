"""In: nothing; out: the JSON that VTEX's Shipping Network sends a carrier's app, as far as we need it.

The published schema of a dispatch order names its packages by id only; the vendor's guide shows them whole. Both come.
"""

from typing import Annotated

from pydantic import BeforeValidator, Field

from paradeiro.web.vtex.shapes import Count, Named, Shape, Word, or_none

_MOST = 2000


def _or_empty(value: object) -> object:
    return {} if value is None else value


def _whole(value: object) -> object:
    """Cents; the guide's example writes them with a point."""
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 10**13 else 0


class AskedCode(Shape):
    tracking_number: Word


class _Bill(Shape):
    number: Word = ""
    value: Annotated[int, BeforeValidator(_whole)] = 0


class _Tracking(Shape):
    number: Word = ""


class _Shipping(Shape):
    carrier_name: Word = ""


class _Item(Shape):
    id: Named
    name: Word = ""
    quantity: Count


class PackageIn(Shape):
    """A package of a dispatch order."""

    id: Named
    order_id: Word = ""
    items: Annotated[list[_Item], BeforeValidator(or_none)] = Field(default_factory=list, max_length=_MOST)
    invoice_data: Annotated[_Bill, BeforeValidator(_or_empty)] = _Bill()
    tracking_data: Annotated[_Tracking, BeforeValidator(_or_empty)] = _Tracking()
    shipping_data: Annotated[_Shipping, BeforeValidator(_or_empty)] = _Shipping()


class DispatchOrder(Shape):
    id: Named
    packages: Annotated[list[PackageIn], BeforeValidator(or_none)] = Field(default_factory=list, max_length=_MOST)
    package_ids: Annotated[list[Named], BeforeValidator(or_none)] = Field(default_factory=list, max_length=_MOST)


class NotifyIn(Shape):
    """Body of …/notify."""

    dispatch_order: DispatchOrder
