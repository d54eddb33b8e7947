"""In: a place as a carrier writes it (in capitals); out: the place as people write it, and with its preposition."""

import re

from paradeiro.domain.records import Place
from paradeiro.sdk.wording.catalogue import Catalogue, Language

_LOWER = frozenset({"de", "do", "da", "dos", "das", "e", "del", "y"})
# Initials in names of postal units: they stay in capitals.
_UNIT_INITIALS = (
    "AC ACC ACF AGC AGF CDD CDDE CDIP CEE CEM CLI CST CTC CTCE CTCI CTE CTI CTO CTP UD UTCE UTC UDD SE SA BR CEP"
)
_INITIALS = frozenset(_UNIT_INITIALS.split())
_ROMAN = re.compile(r"(?=[IVX])(?:X{0,3})(?:IX|IV|V?I{0,3})")
# Carriers write these without accents. Only words that have one spelling in Brazilian place names are here.
_ACCENTED = (
    "são joão josé antônio gonçalo conceição assunção brasília goiânia cuiabá belém maceió macapá florianópolis "
    "luís vitória jundiaí ribeirão niterói uberlândia taubaté maringá petrópolis anápolis divinópolis "
    "teresópolis jaboatão guarujá paranaguá marabá santarém macaé ilhéus itabuna piauí pará paraná amapá "
    "rondônia maranhão goiás ceará paraíba espírito uberaba cariacica chapecó criciúma itajaí camboriú "
    "balneário foz iguaçu sumaré avaré tatuí itu mogi cruzes caçapava jacareí cubatão peruíbe itanhaém "
    "mauá diadema caetano açailândia caicó mossoró simão tobias imperatriz álvares corumbá três "
    "distribuição operações operação agência logística áreas"
)
_ACCENTS = {word.translate(str.maketrans("áâãàéêíóôõúüç", "aaaaeeiooouuc")): word for word in _ACCENTED.split()}
_WITH_ARTICLE = frozenset({"Rio de Janeiro", "Guarujá", "Crato", "Cabo de Santo Agostinho"})
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*", re.UNICODE)
# Blanks, control characters and every line separator that Unicode knows; a no-break space is left as it is.
# "Várzea Paulista/SP": the two letters after a slash are a state.
_STATE = re.compile(r"(?<=/)[A-Za-z]{2}(?![A-Za-z])")
_NOISE = re.compile(r"[ \x00-\x1f\x7f-\x9f\u2028\u2029]+")


def tidy(text: str | None) -> str:
    """The text on one line, without control characters or blanks at its ends."""
    return _NOISE.sub(" ", text or "").strip()


def place_name(text: str | None) -> str:
    """Title case with Brazilian particles ("SAO JOSE DOS CAMPOS" gives "São José dos Campos"). Mixed-case text was
    written by a person and stays.
    """
    name = tidy(text)
    if not name or not (name.isupper() or name.islower()):
        return name
    first = True
    parts: list[str] = []
    end = 0
    for match in _WORD.finditer(name):
        parts += [name[end : match.start()], _word(match.group(), first=first)]
        first, end = False, match.end()
    return _STATE.sub(lambda match: match[0].upper(), "".join([*parts, name[end:]]))


def _word(word: str, *, first: bool) -> str:
    upper, lower = word.upper(), word.lower()
    if upper in _INITIALS and word.isupper():
        return upper
    if not first and lower in _LOWER:
        return lower
    if not first and _ROMAN.fullmatch(upper):
        return upper
    known = _ACCENTS.get(lower, lower)
    if len(known) > 2 and known[1] in "'’":  # D'Oeste
        return known[0].upper() + known[1] + known[2:].capitalize()
    return known[:1].upper() + known[1:]


def city_of(place: Place | None) -> str:
    """The city in title case, empty if unknown."""
    return place_name(place.city) if place else ""


def place_line(place: Place | None, *, unit: bool = False) -> str:
    """A place on one line: "Campinas (SP)", with the carrier's unit before it on request; empty if nothing is known."""
    if place is None:
        return ""
    city, state, country = city_of(place), tidy(place.state).upper(), tidy(place.country).upper()
    near = f"{city}\u00a0({state})" if city and state else city or state
    name = place_name(place.unit) if unit else ""
    if country and country != "BR":
        # A unit abroad has its country's name; the two-letter country code is not for display.
        abroad = place_name(place.unit) or country
        near, name = (f"{near}, {country}", name) if near else (abroad, "")
    return " · ".join(part for part in (name, near) if part)


def with_preposition(catalogue: Catalogue, city: str, kind: str) -> str:
    """The city with its preposition (`kind`: at, via, to): "em Campinas", "pelo Rio de Janeiro"; '' if no city."""
    if not city:
        return ""
    usual, articled = {
        "at": catalogue.prepositions.at,
        "via": catalogue.prepositions.via,
        "to": catalogue.prepositions.to,
    }[kind]
    wants = catalogue.language is Language.PT and city in _WITH_ARTICLE
    return f"{articled if wants else usual} {city}"
