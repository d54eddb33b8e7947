"""In: 17TRACK's codes for an event; out: their status and reason. One line each; the codes are theirs.

Source: the tables of stages, statuses and sub-statuses in the API's documentation, version 2.2 and 2.4
(https://asset.17track.net/api/document/v2.2_en/index.html) and in the help centre (article 37471096573337), read from
stored copies on 2026-11-23. Thirty sub-statuses; a code that is not here is `unknown`.
"""

import re

from paradeiro.domain.words import Reason, Status

Meaning = tuple[Status | None, Reason | None]

SUB_STATUSES: dict[str, Meaning] = {
    # A package not known yet, or given up: no position.
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

# The main statuses. Integrators put them in `stage` or `sub_status`, where no finer code is known.
STATUSES: dict[str, Meaning] = {
    "NotFound": (None, None),
    "Expired": (None, None),
    "InTransit": (Status.IN_TRANSIT, None),
    "DeliveryFailure": (Status.ATTEMPT_FAILED, Reason.OTHER),
    "Exception": (Status.EXCEPTION, Reason.OTHER),
}

UNKNOWN: Meaning = (Status.UNKNOWN, None)
NO_CODE = "none"
_NO_LETTER = re.compile(r"[^a-z]+")


def _normalise(word: str) -> str:
    """A code for comparison: case, blanks and separators vary with the writer."""
    return _NO_LETTER.sub("", word.casefold())


_WORDS = {
    _normalise(word): (word, meaning) for table in (STATUSES, STAGES, SUB_STATUSES) for word, meaning in table.items()
}


def _look_up(word: str) -> tuple[str, Meaning]:
    """A code in their spelling, with its meaning; unknown codes as written."""
    return _WORDS.get(_normalise(word), (word, UNKNOWN))


def meaning_of(stage: str, sub_status: str) -> tuple[str, Meaning]:
    """The event's code and meaning: the finer of its two codes. Its text never decides; if the two codes disagree on a
    delivery, it is not delivered.
    """
    if not stage and not sub_status:
        return NO_CODE, (None, None)
    if not sub_status:
        return _look_up(stage)
    code, meaning = _look_up(sub_status)
    if not stage or meaning is UNKNOWN:
        return code, meaning
    step, said = _look_up(stage)
    if (said[0] is Status.DELIVERED) is not (meaning[0] is Status.DELIVERED):
        return f"{code}_but_{step}", UNKNOWN
    # A main status beside a stage is less precise than the stage.
    finer = code in STATUSES and step not in STATUSES and said is not UNKNOWN
    return (step, said) if finer else (code, meaning)
