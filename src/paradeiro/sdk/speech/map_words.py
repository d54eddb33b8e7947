"""In: a language; out: what the small map of a package's way is called, and what it shows, for who does not see it."""

from dataclasses import dataclass

from paradeiro.sdk.speech.catalogue import Language


@dataclass(frozen=True, slots=True)
class MapWords:
    """The sentences of one language. Lists of places stand after a colon: no word before a name can be wrong then."""

    title: str
    passed: str  # takes {places}
    last: str  # takes {place}
    goal: str  # takes {place}


MAP_WORDS = {
    Language.PT: MapWords(
        title="O caminho no mapa.",
        passed="Passou por: {places}.",
        last="Visto por último: {place}.",
        goal="Segue para: {place}.",
    ),
    Language.EN: MapWords(
        title="The way on a map.",
        passed="Passed: {places}.",
        last="Last seen: {place}.",
        goal="Next: {place}.",
    ),
    Language.ES: MapWords(
        title="El camino en el mapa.",
        passed="Pasó por: {places}.",
        last="Visto por última vez: {place}.",
        goal="Sigue hacia: {place}.",
    ),
}
