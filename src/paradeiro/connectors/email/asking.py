"""In: the letter of a package; out: the question whether mails about its order may go to this address, and nothing
else.

The reader may be a stranger: no code, no place, no name, and no link to the package's page.
"""

from dataclasses import replace

from paradeiro.connectors.email.letter import Fact, Letter
from paradeiro.domain.records import AddressConfirmation
from paradeiro.sdk.wording.catalogue import Tone
from paradeiro.sdk.wording.mail_addresses import MAIL_ADDRESS_WORDING

_NOTHING = Fact("", "")


def address_question(said: Letter, asked: AddressConfirmation) -> Letter:
    """The same letter with only the question in it."""
    words = MAIL_ADDRESS_WORDING[said.words.language]
    order = said.order.value
    return replace(
        said,
        subject=f"{words.subject} · {said.order.name.lower()} {order}",
        label=words.subject,
        tone=Tone.YOUR_TURN,
        apology="",
        sentence=words.sentence.format(order=order, store=said.store),
        at=None,
        moment="",
        place="",
        then=words.then,
        late="",
        note="",
        action=None,
        stops=(),
        dates=(),
        items=(),
        carrier=_NOTHING,
        tracking_code=_NOTHING,
        link=asked.link,
        days=(),
        more="",
        why=words.why,
        zone_note="",
        words=replace(said.words, labels=replace(said.words.labels, follow=words.button)),
    )
