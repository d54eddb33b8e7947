"""In: a language; out: the title of a package's map, and its text alternative for screen readers."""

from dataclasses import dataclass

from paradeiro.sdk.wording.catalogue import Language


@dataclass(frozen=True, slots=True)
class MapWording:
    """The sentences of one language. Places are listed after a colon, so that no preposition can be wrong."""

    title: str
    passed: str  # takes {places}
    last: str  # takes {place}
    goal: str  # takes {place}


MAP_WORDING = {
    Language.PT: MapWording(
        title="O caminho no mapa.",
        passed="Passou por: {places}.",
        last="Visto por último: {place}.",
        goal="Segue para: {place}.",
    ),
    Language.EN: MapWording(
        title="The way on a map.",
        passed="Passed: {places}.",
        last="Last seen: {place}.",
        goal="Next: {place}.",
    ),
    Language.ES: MapWording(
        title="El camino en el mapa.",
        passed="Pasó por: {places}.",
        last="Visto por última vez: {place}.",
        goal="Sigue hacia: {place}.",
    ),
}
