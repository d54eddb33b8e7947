"""In: a language and a package's data; out: the same sentences for mails, the customer's page and histories.

The catalogue of each language is in pt.py, en.py and es.py; `shipment_wording.py` words a timeline.
"""

from paradeiro.sdk.wording.catalogue import Catalogue, Language, StatusWording, Step, Tone
from paradeiro.sdk.wording.en import ENGLISH
from paradeiro.sdk.wording.es import SPANISH
from paradeiro.sdk.wording.pt import PORTUGUESE

__all__ = ["CATALOGUES", "Catalogue", "Language", "StatusWording", "Step", "Tone", "catalogue_for"]

CATALOGUES = {catalogue.language: catalogue for catalogue in (PORTUGUESE, ENGLISH, SPANISH)}


def catalogue_for(locale: str) -> Catalogue:
    """The catalogue of a locale as order systems write it ("pt-BR", "en_US", "es"); Portuguese for any other."""
    spoken = {"pt": PORTUGUESE, "en": ENGLISH, "es": SPANISH}
    return spoken.get(locale.strip()[:2].lower(), PORTUGUESE)
