"""In: a seller's update of a shipment; out: the refusal that the documentation names, or the changed shipment.

The rules of V2 are those of the page of 2026-08-20 and of 2026-09-17; uncertain rules are switches.
"""

import re
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from jsonschema import ValidationError

from paradeiro.simulator.contract_check import violations
from paradeiro.simulator.marketplaces.mercado_livre_sales import format_instant

CONTRACT = "mercado-livre.json"
V2 = "POST /v2/shipments/{id}/seller_notifications"
SERVICE_IN_BRAZIL = 11
FINAL = frozenset({"delivered", "not_delivered"})
# V1's page of 2026-05-28. "null" is a text there; its own examples leave `service_id` out at times.
_V1_ATTEMPTS = ("out_for_delivery", "receiver_absent", "bad_address", "dangerous_area", "unauthorized_receiver")
_V1_STATUSES: dict[str, tuple[str | None, ...]] = {
    "shipped": (None, *_V1_ATTEMPTS),
    "delivered": (None,),
    "not_delivered": ("returning_to_sender",),
}
_CHOICES: dict[str, tuple[object, ...]] = {
    "v1": ("404", "410", "works"),
    "shipment_format": ("asked", "old", "new"),
    "custom_put": ("no", "shipped", "delivered"),
    "after_final": ("ok", "refused"),
}


@dataclass(slots=True)
class Switches:
    """Uncertain or changeable behaviour of the real interface: can be set while the simulator runs."""

    v1: str = "404"  # V1 was switched off: the status it answers, or that it still works
    shipment_format: str = "asked"  # the old one unless `x-format-new: true` asks for the new one; or always one
    number_put: bool = False  # PUT of the number alone for ME1: on no page of 2026
    custom_put: str = "shipped"  # PUT of number and status for custom and not_specified (seen 2014, 2015 and 2026)
    shipped_first: bool = True  # a substatus of shipped does nothing before shipped with null (page of 2026-09-17)
    number_with_change_only: bool = False  # a number that comes with no new status is dropped (seen 2026-09-12)
    plain_numbers: bool = (
        True  # spaces in a number go; with a hyphen, dot or underscore it is dropped (seen 2026-09-12)
    )
    after_final: str = "ok"  # an update after a final status: accepted without effect, or refused

    def set(self, told: dict[str, object]) -> None:
        """Change some. Raises `ValueError` with the allowed values; nothing is changed then."""
        known = {each.name: _CHOICES.get(each.name, (True, False)) for each in fields(self)}
        for name, value in told.items():
            if name not in known:
                raise ValueError(f"no switch '{name}'; there are: {', '.join(known)}")
            if not any(value is choice or value == choice for choice in known[name] if type(value) is type(choice)):
                raise ValueError(f"{name} is one of: {', '.join(str(choice) for choice in known[name])}")
        for name, value in told.items():
            setattr(self, name, value)

    def described(self) -> dict[str, object]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refused request: `words` is the contract violation, empty if the caller violated nothing."""

    status: int
    code: str
    message: str
    words: str = ""


FORBIDDEN_CLIENT = Refusal(403, "forbidden_client", "caller.id is not shipment sender")


def refusal_of_form(body: object) -> Refusal | None:
    """The refusal of a V2 body that does not depend on the shipment."""
    found = list(violations(CONTRACT, V2, body))
    kinds = {_kind(error): error for error in reversed(found)}
    if "form" in kinds:
        return _malformed(f"{kinds['form'].json_path}: {kinds['form'].message}")
    if not isinstance(body, dict) or read_instant(body["payload"]["date"]) is None:
        return _malformed("$.payload.date: not ISO 8601 with a zone")
    if "service" in kinds or body["payload"]["service_id"] != SERVICE_IN_BRAZIL:
        words = f"$.payload.service_id: {body['payload']['service_id']} is not Brazil's"
        return Refusal(400, "invalid_service_id", "Invalid service id", words)
    if "pair" in kinds:
        words = f"no status {body['status']} with substatus {body['substatus']!r}"
        return Refusal(403, "bad_request", "Status-substatus not allowed", words)
    return None


def refusal_of_v2(body: dict[str, Any], shipment: dict[str, Any], switches: Switches) -> Refusal | None:
    """The refusal of a well-formed V2 body that the shipment does not allow."""
    if shipment["mode"] != "me1":
        words = f"the shipment's mode is {shipment['mode']}, not me1"
        return Refusal(400, "shipment_mode_is_not_me1", "Shipment mode is not ME1", words)
    happened, created = read_instant(body["payload"]["date"]), read_instant(shipment["date_created"])
    assert happened is not None, "looked at before"
    assert created is not None, "written by ourselves"
    if happened < created:
        words = f"$.payload.date: {body['payload']['date']} is before the shipment of {shipment['date_created']}"
        return Refusal(400, "event_date_before_shipment_creation_date", "Date value predates the shipment", words)
    if shipment["status"] in FINAL and switches.after_final == "refused":
        return Refusal(403, "bad_request", "Status-substatus not allowed")
    return None


def refusal_of_v1(body: object, shipment: dict[str, Any]) -> Refusal | None:
    """V1's refusal. Its page names no errors; the codes are those that sellers reported."""
    if not isinstance(body, dict) or not isinstance(payload := body.get("payload"), dict):
        return _v1("no payload")
    if payload.get("service_id", SERVICE_IN_BRAZIL) != SERVICE_IN_BRAZIL:
        return Refusal(400, "invalid_service_id", "Invalid service id", f"service_id {payload['service_id']}")
    if read_instant(payload.get("date")) is None or not payload.get("comment"):
        return _v1("a payload without comment or date")
    if none_if_null(body.get("substatus")) not in _V1_STATUSES.get(str(body.get("status")), ()):
        return _v1(f"no status {body.get('status')} with substatus {body.get('substatus')}")
    return None if shipment["mode"] == "me1" else _v1(f"the shipment's mode is {shipment['mode']}")


def apply_notification(shipment: dict[str, Any], body: dict[str, Any], now: datetime, switches: Switches) -> bool:
    """Apply an accepted notification to the shipment; returns whether anything changed."""
    status, substatus = body["status"], none_if_null(body.get("substatus"))
    before = dict(shipment)
    if shipment["status"] in FINAL:
        return False
    if switches.shipped_first and status == "shipped" and substatus and shipment["status"] != status:
        return False
    moved = (shipment["status"], shipment["substatus"]) != (status, substatus)
    shipment |= {"status": status, "substatus": substatus}
    number = body.get("tracking_number")
    if switches.plain_numbers and number:
        number = number.replace(" ", "")
        number = number if re.fullmatch(r"[A-Za-z0-9]+", number) else None
    if number and (moved or not switches.number_with_change_only):
        shipment |= {"tracking_number": number, "tracking_url": body.get("tracking_url")}
        shipment |= {"service_id": SERVICE_IN_BRAZIL, "tracking_method": "Otros"}
    if shipment == before:
        return False
    shipment["last_updated"] = format_instant(now)
    return True


def none_if_null(substatus: object) -> str | None:
    """V1's text "null" means none; V2 refuses it earlier."""
    return None if substatus is None or substatus == "null" else str(substatus)


def read_instant(written: object) -> datetime | None:
    """An ISO 8601 instant with its zone; None for any other value."""
    if not isinstance(written, str) or "T" not in written:
        return None
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        return None
    return at if at.tzinfo else None


def _kind(error: ValidationError) -> str:
    """The kind of refusal for a violation of the schema."""
    path = list(error.absolute_path)
    if path == ["payload", "service_id"] and error.validator == "enum":
        return "service"
    return "pair" if error.validator == "oneOf" and not path else "form"


def _malformed(words: str) -> Refusal:
    return Refusal(400, "invalid_seller_json_format", "Invalid json format from seller", words)


def _v1(words: str) -> Refusal:
    return Refusal(400, "bad_request", words, words)
