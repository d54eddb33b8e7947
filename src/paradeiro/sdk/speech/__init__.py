"""In: a language and what is known of a package; out: the same sentences for mails, the customer's page and histories.

The catalogue of each language is in pt.py, en.py and es.py; `say.py` has what is said of a timeline.
"""

from paradeiro.sdk.speech.catalogue import Catalogue, Language, Step, Tone, Words
from paradeiro.sdk.speech.en import ENGLISH
from paradeiro.sdk.speech.es import SPANISH
from paradeiro.sdk.speech.pt import PORTUGUESE

__all__ = ["CATALOGUES", "Catalogue", "Language", "Step", "Tone", "Words", "catalogue_for"]

CATALOGUES = {catalogue.language: catalogue for catalogue in (PORTUGUESE, ENGLISH, SPANISH)}


def catalogue_for(locale: str) -> Catalogue:
    """The catalogue of a locale as order systems write it ("pt-BR", "en_US", "es"): Portuguese for any other."""
    spoken = {"pt": PORTUGUESE, "en": ENGLISH, "es": SPANISH}
    return spoken.get(locale.strip()[:2].lower(), PORTUGUESE)
