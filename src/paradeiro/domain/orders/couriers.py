"""In: a courier's name as an order system writes it; out: its normalised form, by which a store's rules find it. Pure.

The names are free text: "JADLOG .PACKAGE", "Transp. São Geraldo", "sedex".
"""

import re
import unicodedata

LONGEST_COURIER = 120
_NO_WORD = re.compile(r"[^0-9a-z]+")


def courier_key(text: str) -> str:
    """Lower case, without accents and punctuation, single blanks: "JADLOG .PACKAGE" is "jadlog package"."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(c for c in plain if not unicodedata.combining(c))
    return _NO_WORD.sub(" ", letters).strip()[:LONGEST_COURIER]
