"""In: nothing; out: every sentence in English."""

from paradeiro.domain.words import Reason, Status
from paradeiro.sdk.wording.catalogue import (
    Calendar,
    Catalogue,
    Correction,
    Labels,
    Language,
    Lateness,
    Prepositions,
    Reminder,
    StatusWording,
    Step,
)

_WAIT = "Nothing to do for now: we will write as soon as there is news."
_TALK = "Please talk to the store to agree on a solution."
_TRIED = "A delivery was attempted[ {when}][ {at}]"

WORDS = {
    (Status.REGISTERED, None): StatusWording(
        "Being prepared",
        "The store is preparing the package.",
        "Nothing to do: we will write when the carrier has it.",
    ),
    (Status.ACCEPTED, None): StatusWording(
        "Posted",
        "The carrier received the package[ {when}][ {at}].",
        "Nothing to do: it travels on, and we will write when it moves ahead.",
    ),
    (Status.IN_TRANSIT, None): StatusWording(
        "On its way",
        "It is on its way[ {to}][: it passed {via}[ {when}]].",
        "Nothing to do: we will write when it is out for delivery.",
    ),
    (Status.IN_TRANSIT, Reason.CUSTOMS): StatusWording(
        "At customs",
        "It is passing customs[ {at}].",
        "Nothing to do: this is a normal stop of a package from abroad.",
    ),
    (Status.IN_TRANSIT, Reason.DELAYED): StatusWording(
        "On its way, late",
        "It is on its way[ {to}], with a delay[: it passed {via}[ {when}]].",
        "Nothing to do: we will write as soon as it moves ahead.",
    ),
    (Status.IN_TRANSIT, Reason.MISROUTED): StatusWording(
        "Being rerouted",
        "It was sent to the wrong place and is being rerouted[ {to}].",
        "Nothing to do: the carrier is putting it right, but it may take longer.",
    ),
    (Status.OUT_FOR_DELIVERY, None): StatusWording(
        "Out for delivery",
        "Out for delivery[ {when}][ {at}].",
        "Someone only needs to be at the address to receive it.",
    ),
    (Status.AVAILABLE_FOR_PICKUP, None): StatusWording(
        "Ready for pickup",
        "It is ready for pickup[ {at}].",
        "Bring a photo ID and the tracking code.",
        act=True,
    ),
    (Status.ATTEMPT_FAILED, None): StatusWording(
        "Delivery attempted",
        f"{_TRIED}, without success.",
        "Nothing to do: there is usually another attempt on the next working day.",
    ),
    (Status.ATTEMPT_FAILED, Reason.RECIPIENT_ABSENT): StatusWording(
        "Delivery attempted",
        f"{_TRIED}, but there was nobody to receive it.",
        "Nothing to do: they usually come back on the next working day.",
    ),
    (Status.ATTEMPT_FAILED, Reason.ADDRESS_PROBLEM): StatusWording(
        "Address not found",
        f"{_TRIED}, but the address was not found.",
        "Please check the address of the order and tell the store if something is missing.",
        act=True,
    ),
    (Status.ATTEMPT_FAILED, Reason.RECIPIENT_MOVED): StatusWording(
        "Former address",
        f"{_TRIED}, but they were told that you no longer live at that address.",
        "Please check the address of the order and talk to the store: otherwise the package goes back to it.",
        act=True,
    ),
    (Status.ATTEMPT_FAILED, Reason.RECIPIENT_UNKNOWN): StatusWording(
        "Name not recognised",
        f"{_TRIED}, but nobody at the address recognised the name on the package.",
        "Please check name and address of the order and talk to the store: otherwise the package goes back to it.",
        act=True,
    ),
    (Status.ATTEMPT_FAILED, Reason.REFUSED): StatusWording(
        "Not accepted",
        f"{_TRIED}, but the package was not accepted at the address.",
        "If that was a mistake, talk to the store: the package may go back to it.",
    ),
    (Status.ATTEMPT_FAILED, Reason.RESTRICTED_AREA): StatusWording(
        "Outside the delivery area",
        f"{_TRIED}, but the carrier does not deliver to that address.",
        "Please wait: it is usually kept for pickup near you, and we will write where.",
    ),
    (Status.EXCEPTION, None): StatusWording("Setback", "There was a setback with the package[ {when}][ {at}].", _WAIT),
    (Status.EXCEPTION, Reason.ADDRESS_PROBLEM): StatusWording(
        "Address incomplete",
        "The package is waiting[ {at}]: something is missing in the address.",
        "Please check the address of the order and talk to the store to correct it.",
        act=True,
    ),
    (Status.EXCEPTION, Reason.RECIPIENT_MOVED): StatusWording(
        "Former address",
        "The package is waiting[ {at}]: the carrier was told that you no longer live at that address.",
        "Please tell the store your address of today.",
        act=True,
    ),
    (Status.EXCEPTION, Reason.RECIPIENT_UNKNOWN): StatusWording(
        "Name not recognised",
        "The package is waiting[ {at}]: nobody at the address recognised the name on it.",
        "Please check name and address of the order and talk to the store to correct them.",
        act=True,
    ),
    (Status.EXCEPTION, Reason.CUSTOMS_HOLD): StatusWording(
        "Held at customs",
        "The package is held at customs[ {at}].",
        "Please ask the carrier whether it needs a document from you.",
        act=True,
    ),
    (Status.EXCEPTION, Reason.PAYMENT_DUE): StatusWording(
        "Waiting for payment",
        "The package waits for a fee to be paid before it can travel on.",
        "Pay on the carrier's own site with the tracking code. Do not trust bills sent by message.",
        act=True,
    ),
    (Status.EXCEPTION, Reason.CUSTOMS): StatusWording(
        "At customs", "It is at customs[ {at}].", "Nothing to do: we will write when it is released."
    ),
    (Status.EXCEPTION, Reason.ON_HOLD): StatusWording(
        "On hold", "The package is on hold at the carrier[ {at}].", _WAIT
    ),
    (Status.EXCEPTION, Reason.DELAYED): StatusWording(
        "Delayed", "The journey of the package is delayed[ {at}].", "Nothing to do: we will write when it moves ahead."
    ),
    (Status.EXCEPTION, Reason.MISROUTED): StatusWording(
        "Being rerouted",
        "The package was sent to the wrong place[ {when}].",
        "Nothing to do: the carrier is putting it right, but it may take longer.",
    ),
    (Status.EXCEPTION, Reason.NOT_FOUND): StatusWording(
        "Being searched", "The carrier is looking for the package[ {at}].", _WAIT
    ),
    (Status.EXCEPTION, Reason.DAMAGED): StatusWording(
        "Damaged", "The package was damaged on its way[ {when}].", _TALK, act=True
    ),
    (Status.EXCEPTION, Reason.LOST): StatusWording(
        "Lost", "The carrier lost the package. We are sorry.", _TALK, act=True
    ),
    (Status.EXCEPTION, Reason.STOLEN): StatusWording(
        "Stolen", "The package was stolen on its way. We are sorry.", _TALK, act=True
    ),
    (Status.EXCEPTION, Reason.SEIZED): StatusWording(
        "Seized", "The package was seized by the authorities[ {when}].", _TALK, act=True
    ),
    (Status.EXCEPTION, Reason.DESTROYED): StatusWording(
        "Destroyed", "The package was destroyed and will not be delivered. We are sorry.", _TALK, act=True
    ),
    (Status.RETURNING, None): StatusWording(
        "Going back to the store",
        "The package is going back to the store.",
        "If you still want to receive it, talk to the store.",
    ),
    (Status.RETURNING, Reason.RECIPIENT_MOVED): StatusWording(
        "Going back to the store",
        "The package is going back to the store: the carrier was told that you no longer live at that address.",
        "If you still want it, tell the store your address of today.",
    ),
    (Status.RETURNING, Reason.RECIPIENT_UNKNOWN): StatusWording(
        "Going back to the store",
        "The package is going back to the store: nobody at the address recognised the name on it.",
        "If you still want it, talk to the store and check name and address.",
    ),
    (Status.RETURNED, None): StatusWording(
        "Returned to the store",
        "The package went back to the store[ {when}].",
        "Please talk to the store to agree on a new shipment or a refund.",
    ),
    (Status.DELIVERED, None): StatusWording(
        "Delivered",
        "The package was delivered[ {when}][ {at}].",
        "Nothing to do. If you do not have it, talk to the store.",
    ),
    (Status.CANCELLED, None): StatusWording(
        "Shipment cancelled",
        "The shipment of this package was cancelled.",
        "If you did not expect that, talk to the store.",
    ),
    (Status.UNKNOWN, None): StatusWording("No news yet", "There is no clear news from the carrier yet.", _WAIT),
}

REASONS = {
    Reason.RECIPIENT_ABSENT: "there was nobody to receive it",
    Reason.RECIPIENT_MOVED: "they were told that you no longer live at that address",
    Reason.RECIPIENT_UNKNOWN: "nobody at the address recognised the name on the package",
    Reason.ADDRESS_PROBLEM: "something is missing in the address",
    Reason.REFUSED: "the package was not accepted at the address",
    Reason.CUSTOMS_HOLD: "held at customs",
    Reason.PAYMENT_DUE: "a fee has to be paid",
    Reason.CUSTOMS: "it is at customs",
    Reason.ON_HOLD: "it is on hold at the carrier",
    Reason.RESTRICTED_AREA: "the carrier does not deliver to that address",
    Reason.DAMAGED: "the package was damaged",
    Reason.LOST: "the package was lost",
    Reason.STOLEN: "the package was stolen",
    Reason.SEIZED: "the package was seized",
    Reason.DESTROYED: "the package was destroyed",
    Reason.DELAYED: "the journey is delayed",
    Reason.MISROUTED: "it was sent to the wrong place",
    Reason.PICKUP_EXPIRED: "the time to pick it up ran out",
    Reason.NOT_FOUND: "the package could not be found",
}

CALENDAR = Calendar(
    today="today",
    yesterday="yesterday",
    tomorrow="tomorrow",
    weekdays=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    months=(
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December",
    ),
    on_weekday=(
        "on Monday", "on Tuesday", "on Wednesday", "on Thursday", "on Friday", "on Saturday", "on Sunday",
    ),
    on_date="on {day} {month}",
    on_date_of_year="on {day} {month} {year}",
    date="{weekday}, {day} {month}",
    date_of_year="{weekday}, {day} {month} {year}",
    at_time="{date}, {time}",
)  # fmt: skip

LABELS = Labels(
    order="Order",
    tracking_code="Tracking code",
    carrier="Carrier",
    items="In this package",
    history="The way so far",
    promised="Promised for",
    expected="Now expected",
    delivered="Delivered",
    follow="Follow the package",
    your_turn="It is your turn",
    pickup_address="Where to pick it up",
    pickup_deadline="Pick it up by",
    carrier_says="The carrier says",
    told_by_store="stated by the store",
    reason="Reason",
    more="and {count} earlier entries",
    more_items="and {count} more",
    why="You receive this message because you bought at {store}.",
    times="Times of {zone}.",
    write_us="Write to the store",
    call_us="Phone",
    shop="To the store",
    proof="Photo of the delivery",
    steps={
        Step.POSTED: "Posted",
        Step.MOVING: "On its way",
        Step.OUT: "Out for delivery",
        Step.PICKUP: "Ready for pickup",
        Step.PICKED_UP: "Picked up",
        Step.DELIVERED: "Delivered",
        Step.COMING_BACK: "Going back",
        Step.BACK: "Returned",
    },
)

ENGLISH = Catalogue(
    language=Language.EN,
    words=WORDS,
    reasons=REASONS,
    prepositions=Prepositions(at=("in", "in"), via=("through", "through"), to=("to", "to")),
    calendar=CALENDAR,
    lateness=Lateness(
        new_date="It will arrive later than promised ({promised}). It is now expected {expected}.",
        no_date="It is late: it was promised for {promised}. There is no new date yet.",
        delivered="It arrived later than promised ({promised}). We are sorry for the delay.",
    ),
    correction=Correction(
        label="Correction",
        by_carrier="We told you that the package had been delivered. The carrier corrected that: it has not been yet.",
        by_store="We told you that the package had been delivered. The store corrected that: it has not been yet.",
        in_history="The delivery reported before was withdrawn: the package has not been delivered yet.",
        taken_back="The carrier took something back: “{what}” no longer holds.",
    ),
    reminder=Reminder(
        "Pickup reminder",
        "Your package is still waiting for you[ {at}]: the last day is {deadline}.",
        "Bring a photo ID and the tracking code. After that day it goes back to the store.",
    ),
    labels=LABELS,
)
