"""In: what the reader asks for, the order's locale, what the browser prefers; out: the catalogue to speak from."""

from collections.abc import Iterator

from paradeiro.sdk.speech import CATALOGUES, Catalogue, Language

# Each by its own name.
LANGUAGES = {Language.PT: "Português", Language.EN: "English", Language.ES: "Español"}


def chosen(asked: str, locale: str, accepted: str) -> Catalogue:
    """First what the reader chose on the page, then the order's language, then the browser's; else Portuguese.

    `asked` and `locale` are like "en" or "es-AR", `accepted` is an Accept-Language header.
    """
    wishes = (asked, locale, *_preferred(accepted), Language.PT)
    return next(CATALOGUES[spoken] for wish in wishes if (spoken := _spoken(wish)) is not None)


def _spoken(wish: str) -> Language | None:
    start = wish.strip().replace("_", "-").partition("-")[0].lower()
    return next((language for language in Language if language.value.partition("-")[0] == start), None)


def _preferred(header: str) -> Iterator[str]:
    """The languages of an Accept-Language header, the most wanted first; what is refused or unreadable is left out."""
    wanted: list[tuple[float, str]] = []
    for part in header[:200].split(","):
        name, _, rest = part.partition(";")
        weight = _weight(rest)
        if weight > 0:
            wanted.append((-weight, name))
    yield from (name for _, name in sorted(wanted, key=lambda wish: wish[0]))


def _weight(rest: str) -> float:
    name, _, value = rest.partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
