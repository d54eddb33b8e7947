"""In: 17TRACK's words for an event; out: what they mean here. One line each; the words are theirs.

Source: the tables of stages, statuses and sub-statuses in the API's documentation, version 2.2 and 2.4
(https://asset.17track.net/api/document/v2.2_en/index.html) and in the help centre (article 37471096573337), read
from stored copies on 2026-11-23. Thirty sub-statuses; a word that is not here is `unknown`.
"""

from paradeiro.domain.words import Reason, Status

Meaning = tuple[Status | None, Reason | None]

DELIVERED = "Delivered"

SUB_STATUSES: dict[str, Meaning] = {
    # Of a package that nobody knows yet, or that was given up: nothing of where it is.
    "NotFound_Other": (None, None),
    "NotFound_InvalidCode": (None, None),
    "Expired_Other": (None, None),  # in transit for too long for 17TRACK, which stops looking; the package need not
    "InfoReceived": (Status.REGISTERED, None),
    "InTransit_PickedUp": (Status.ACCEPTED, None),
    "InTransit_Other": (Status.IN_TRANSIT, None),  # also everything that they could not classify
    "InTransit_Departure": (Status.IN_TRANSIT, None),
    "InTransit_Arrival": (Status.IN_TRANSIT, None),
    "InTransit_CustomsProcessing": (Status.IN_TRANSIT, Reason.CUSTOMS),
    "InTransit_CustomsReleased": (Status.IN_TRANSIT, Reason.CUSTOMS),
    "InTransit_CustomsRequiringInformation": (Status.EXCEPTION, Reason.CUSTOMS_HOLD),
    "AvailableForPickup_Other": (Status.AVAILABLE_FOR_PICKUP, None),
    "OutForDelivery_Other": (Status.OUT_FOR_DELIVERY, None),
    "DeliveryFailure_Other": (Status.ATTEMPT_FAILED, Reason.OTHER),
    "DeliveryFailure_NoBody": (Status.ATTEMPT_FAILED, Reason.RECIPIENT_ABSENT),
    "DeliveryFailure_Security": (Status.ATTEMPT_FAILED, Reason.ON_HOLD),  # security, customs or fees, they do not say
    "DeliveryFailure_Rejected": (Status.ATTEMPT_FAILED, Reason.REFUSED),
    "DeliveryFailure_InvalidAddress": (Status.ATTEMPT_FAILED, Reason.ADDRESS_PROBLEM),
    "Delivered_Other": (Status.DELIVERED, None),
    "Exception_Other": (Status.EXCEPTION, Reason.OTHER),
    "Exception_Returning": (Status.RETURNING, None),
    "Exception_Returned": (Status.RETURNED, None),
    "Exception_NoBody": (Status.EXCEPTION, Reason.RECIPIENT_ABSENT),
    "Exception_Security": (Status.EXCEPTION, Reason.SEIZED),  # held or taken: security, customs or fees
    "Exception_Damage": (Status.EXCEPTION, Reason.DAMAGED),
    "Exception_Rejected": (Status.EXCEPTION, Reason.REFUSED),
    "Exception_Delayed": (Status.IN_TRANSIT, Reason.DELAYED),  # late, but on its way: no end of anything
    "Exception_Lost": (Status.EXCEPTION, Reason.LOST),
    "Exception_Destroyed": (Status.EXCEPTION, Reason.DESTROYED),
    "Exception_Cancel": (Status.CANCELLED, None),
}

# Events of older versions, and some of newer ones, have only a stage.
STAGES: dict[str, Meaning] = {
    "InfoReceived": (Status.REGISTERED, None),
    "PickedUp": (Status.ACCEPTED, None),
    "Departure": (Status.IN_TRANSIT, None),
    "Arrival": (Status.IN_TRANSIT, None),
    "AvailableForPickup": (Status.AVAILABLE_FOR_PICKUP, None),
    "OutForDelivery": (Status.OUT_FOR_DELIVERY, None),
    "Delivered": (Status.DELIVERED, None),
    "Returning": (Status.RETURNING, None),
    "Returned": (Status.RETURNED, None),
}

UNKNOWN: Meaning = (Status.UNKNOWN, None)
NO_CODE = "none"


def meaning_of(stage: str, sub_status: str) -> tuple[str, Meaning]:
    """The event's code and meaning. Its text never decides; where the two words disagree on a delivery, none is."""
    if not stage and not sub_status:
        return NO_CODE, (None, None)
    if not sub_status:
        return stage, STAGES.get(stage, UNKNOWN)
    known = SUB_STATUSES.get(sub_status, UNKNOWN)
    if known is not UNKNOWN and stage and (stage == DELIVERED) is not (known[0] is Status.DELIVERED):
        return f"{sub_status}_but_{stage}", UNKNOWN
    return sub_status, known
