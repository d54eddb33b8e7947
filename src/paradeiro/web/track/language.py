"""In: the language asked for, the order's locale, the Accept-Language header; out: the catalogue of texts."""

from collections.abc import Iterator

from paradeiro.sdk.wording import CATALOGUES, Catalogue, Language

# Each language's name in itself.
LANGUAGES = {Language.PT: "Português", Language.EN: "English", Language.ES: "Español"}


def choose_catalogue(asked: str, locale: str, accepted: str) -> Catalogue:
    """The catalogue of the language chosen on the page, else the order's, else the browser's, else Portuguese.

    `asked` and `locale` are like "en" or "es-AR", `accepted` is an Accept-Language header.
    """
    wanted = (asked, locale, *_accepted_languages(accepted), Language.PT)
    return next(CATALOGUES[language] for text in wanted if (language := _language_of(text)) is not None)


def _language_of(text: str) -> Language | None:
    start = text.strip().replace("_", "-").partition("-")[0].lower()
    return next((language for language in Language if language.value.partition("-")[0] == start), None)


def _accepted_languages(header: str) -> Iterator[str]:
    """The languages of an Accept-Language header by descending weight; weight 0 and unreadable ones are left out."""
    wanted: list[tuple[float, str]] = []
    for part in header[:200].split(","):
        name, _, rest = part.partition(";")
        weight = _weight(rest)
        if weight > 0:
            wanted.append((-weight, name))
    yield from (name for _, name in sorted(wanted, key=lambda text: text[0]))


def _weight(rest: str) -> float:
    name, _, value = rest.partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
