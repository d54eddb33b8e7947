"""In: the letter of a package; out: the question whether mails about its order shall come here. It tells nothing of it.

Whoever reads it may be a stranger: no code, no place, no name, and no link to the package's page.
"""

from dataclasses import replace

from paradeiro.connectors.email.letter import Fact, Letter
from paradeiro.domain.records import AskedAddress
from paradeiro.sdk.speech.addresses import ADDRESSES
from paradeiro.sdk.speech.catalogue import Tone

_NOTHING = Fact("", "")


def asking(said: Letter, asked: AskedAddress) -> Letter:
    """The same letter with the question in it and nothing else."""
    words = ADDRESSES[said.words.language]
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
