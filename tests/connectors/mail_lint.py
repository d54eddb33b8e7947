"""In: a mail's HTML; out: what mail programs would make of it that its sender would not like, one line each.

What it knows: Gmail cuts at 102 kB and drops a <style> that it dislikes, Outlook knows tables and little else, many
programs fetch nothing, and readers need a contrast of 4.5 in light and dark.
"""

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser

from paradeiro.domain.customers.brand import contrast

_NEVER = frozenset({"iframe", "object", "embed", "form", "input", "video", "audio", "svg", "canvas", "link", "base"})
_VOID = frozenset({"meta", "br", "img", "hr", "link", "base", "input", "embed"})
_LAYOUT = re.compile(r"(?:^|;)\s*(?:position|float|display\s*:\s*(?:flex|grid|inline-flex))\b", re.IGNORECASE)
_DECLARATION = re.compile(r"([\w-]+)\s*:\s*([^;]+)")
_RULE = re.compile(r"([^{}@]+)\{([^{}]*)\}")
_AA = 4.5
_LARGEST = 102_000
_WIDEST = 600


class _Page(HTMLParser):
    """Every element with what it inherits, for both schemes."""

    def __init__(self, dark: dict[str, dict[str, str]]) -> None:
        super().__init__()
        self.dark = dark
        self.found: list[str] = []
        self.tags: list[str] = []
        self.stack: list[tuple[str, dict[str, dict[str, str]], bool]] = []
        self.scripts: list[str] = []
        self.pairs: set[tuple[str, str, str]] = set()
        self.title = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags.append(tag)
        self.found += _of_tag(tag, given)
        own = dict(_DECLARATION.findall(given.get("style", "")))
        above = self.stack[-1][1] if self.stack else {"light": {}, "dark": {}}
        classes = given.get("class", "").split()
        night = {k: v for each in (tag, *classes) for k, v in self.dark.get(each, {}).items()}
        if tag == "a":
            for _, scheme, _ in self.stack[-1:]:
                night |= self.dark.get(scheme.get("classes", {}).get("all", "") + " a", {})
        hidden = (self.stack[-1][2] if self.stack else False) or "display:none" in given.get("style", "")
        inherited = {
            "light": above["light"] | _colours(own),
            "dark": above["dark"] | _colours(own) | _colours(night),
            "classes": {"all": classes[0] if classes else ""},
        }
        if tag not in _VOID:
            self.stack.append((tag, inherited, hidden))

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        if not self.stack or self.stack[-1][0] != tag:
            self.found.append(f"</{tag}> closes nothing")
            return
        self.stack.pop()

    def handle_data(self, data: str) -> None:
        if not self.stack:
            return
        tag, inherited, hidden = self.stack[-1]
        if tag == "script":
            self.scripts.append(data)
        elif tag == "title":
            self.title += data
        elif data.strip() and tag != "style" and not hidden:
            for scheme in ("light", "dark"):
                said = inherited[scheme]
                self.pairs.add((scheme, said.get("color", "?"), said.get("background", "?")))


def _colours(declared: dict[str, str]) -> dict[str, str]:
    plain = {name: value.replace("!important", "").strip() for name, value in declared.items()}
    return {name: plain[name] for name in ("color", "background") if name in plain}


def _of_tag(tag: str, given: dict[str, str]) -> Iterator[str]:
    if tag in _NEVER:
        yield f"<{tag}> is not for mails"
    if tag == "script" and given.get("type") != "application/ld+json":
        yield "a script"
    if tag == "img":
        if not given.get("alt"):
            yield "a picture without an alternative text"
        if not given.get("src", "").startswith("cid:"):
            yield f"a picture that is fetched: {given.get('src')}"
        if not (given.get("width") and given.get("height")):
            yield "a picture without its size"
    if tag == "table" and given.get("role") != "presentation":
        yield "a table that a screen reader would read out as one"
    if given.get("width", "").isdigit() and int(given["width"]) > _WIDEST:
        yield f"wider than {_WIDEST}: {tag}"
    if any(name.startswith("on") for name in given):
        yield f"an event handler on <{tag}>"
    if _LAYOUT.search(given.get("style", "")):
        yield f"a layout that Outlook does not know: {given['style'][:60]}"
    if tag == "td" and given.get("class") and not given.get("style"):
        yield f"a cell that only its class lays out: {given['class']}"
    if tag == "a" and not given.get("href", "").startswith(("https://", "http://", "mailto:")):
        yield f"a link that leads nowhere: {given.get('href')}"


def lint(html: str) -> list[str]:
    """The problems, one line each."""
    style = "".join(re.findall(r"<style>([\s\S]*?)</style>", html))
    at = style.find("prefers-color-scheme: dark")
    dark = {
        selector.strip().replace(".", "").split("\n")[-1]: dict(_DECLARATION.findall(rules))
        for selector, rules in _RULE.findall(style[at:] if at >= 0 else "")
    }
    dark = {name.removeprefix("prefers-color-scheme: dark) "): rules for name, rules in dark.items()}
    page = _Page(dark)
    page.feed(html)
    return [*page.found, *_of_page(html, style, page), *_of_colours(page)]


def _of_page(html: str, style: str, page: _Page) -> Iterator[str]:
    if len(html.encode()) > _LARGEST:
        yield f"{len(html.encode())} bytes: Gmail cuts at {_LARGEST}"
    if page.stack:
        yield f"<{page.stack[-1][0]}> is not closed"
    if not re.match(r"\s*<!doctype html>\s*<html[^>]* lang=\"[a-z]{2}", html, re.IGNORECASE):
        yield "no doctype, or no language"
    if '<meta charset="utf-8">' not in html:
        yield "no charset"
    if 'name="color-scheme" content="light dark"' not in html:
        yield "it does not say that it knows dark paper"
    if not page.title.strip():
        yield "no title"
    if page.tags.count("h1") != 1:
        yield "not one heading of the first rank"
    if "url(" in html or "@import" in style or "@font-face" in style:
        yield "something is fetched"
    for each in page.scripts:
        try:
            if json.loads(each)["@type"] != "ParcelDelivery":
                yield "the script says nothing of a delivery"
        except (ValueError, KeyError, TypeError):
            yield "the script is no JSON-LD"


def _of_colours(page: _Page) -> Iterator[str]:
    for scheme, ink, paper in sorted(page.pairs):
        if "?" in ink + paper:
            yield f"words without a colour of their own in {scheme}: {ink} on {paper}"
        elif contrast(ink, paper) < _AA:
            yield f"{ink} on {paper} cannot be read in {scheme}: {contrast(ink, paper):.1f}"
