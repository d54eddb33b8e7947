"""In: a letter and a layout (ours, or a store's own); out: the mail's part. A store's own layout can do no harm. Pure.

A store's layout is Jinja2, of which it may use what shows and repeats things: no calls, no arithmetic that makes texts
long, no includes; at most so many loops. So it ends soon and small, whatever it is (decision 0021).
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from jinja2 import DictLoader, PackageLoader, StrictUndefined, Template, TemplateError, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from paradeiro.connectors.email.letter import Letter

LARGEST_SOURCE = 65_536
LARGEST_RESULT = 95_000  # Gmail cuts a mail off at 102 kB
_MOST_LOOPS = 40
_DEEPEST = 2
_FILTERS = frozenset(
    {"length", "count", "default", "d", "upper", "lower", "capitalize", "title", "trim", "escape", "e"}
)
_ALLOWED = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Getattr, nodes.Getitem),
    *(nodes.If, nodes.For, nodes.CondExpr, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not),
    *(nodes.Filter, nodes.Test, nodes.FloorDiv, nodes.Sub, nodes.Assign, nodes.Keyword),
)
_FORBIDDEN_TAGS = ("<script", "<iframe", "<object", "<embed", "<form", "<base", "<meta http-equiv")


class LayoutError(Exception):
    """A layout that cannot be used. Its words are for the person who wrote it."""


def _environment(part: str, own: str = "") -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        loader=DictLoader({part: own}) if own else PackageLoader("paradeiro.connectors.email", "templates"),
        autoescape=part == "html",
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals = {}
    return environment


_OURS = _environment("html")


def built_in(said: Letter) -> str:
    """The HTML part as we lay it out: tables and inline styles, since mail programs know little else."""
    return _OURS.get_template("position.html.j2").render(said=said)


def own(part: str, source: str, said: Letter) -> str:
    """A part as the store lays it out. Raises `LayoutError`."""
    where = 0
    try:
        if len(source) > LARGEST_SOURCE:
            _refuse(0, f"it has {len(source):,} characters; {LARGEST_SOURCE:,} are allowed")
        made = _bounded(_compiled(part, source).generate(said=said))
    except LayoutError:
        raise
    except TemplateSyntaxError as error:
        _refuse(error.lineno, error.message or "it is no Jinja2")
    except Exception as error:  # noqa: BLE001 - whatever a stranger's text brings about, the mail goes in our layout
        where = _line_of(error)
        words = error.message if isinstance(error, TemplateError) else str(error)
        _refuse(where, (words or type(error).__name__)[:200])
    return _shown(part, made, said)


@lru_cache(maxsize=64)
def _compiled(part: str, source: str) -> Template:
    """A layout that is allowed, ready to be filled in; a store's mails differ only in what they say."""
    environment = _environment(part, source)
    _look_over(environment.parse(source))
    return environment.get_template(part)


def _look_over(tree: nodes.Template) -> None:
    """Only what is allowed, not too many loops, not too deep."""
    loops = 0
    for node, depth in _walk(tree, 0):
        known = isinstance(node, _ALLOWED) or (isinstance(node, nodes.Tuple) and node.ctx == "store")
        if not known:
            _refuse(node.lineno, f"'{type(node).__name__.lower()}' is not for mail layouts")
        if isinstance(node, nodes.Filter) and node.name not in _FILTERS:
            _refuse(node.lineno, f"there is no filter '{node.name}' here; there are {', '.join(sorted(_FILTERS))}")
        if isinstance(node, nodes.For):
            loops += 1
            if loops > _MOST_LOOPS or depth >= _DEEPEST or node.recursive:
                _refuse(node.lineno, f"at most {_MOST_LOOPS} loops, {_DEEPEST} inside each other, none recursive")


def _walk(node: nodes.Node, depth: int) -> Iterator[tuple[nodes.Node, int]]:
    yield node, depth
    for child in node.iter_child_nodes():
        # Operators of a comparison have no line of their own.
        child.lineno = child.lineno or node.lineno
        yield from _walk(child, depth + isinstance(node, nodes.For))


def _bounded(chunks: Iterator[str]) -> str:
    made, size = [], 0
    for chunk in chunks:
        size += len(chunk)
        if size > LARGEST_RESULT:
            _refuse(0, f"the mail would have more than {LARGEST_RESULT:,} characters")
        made.append(chunk)
    return "".join(made)


def _shown(part: str, made: str, said: Letter) -> str:
    """The result, if it says what a mail must say."""
    for tag in _FORBIDDEN_TAGS:
        if part == "html" and tag in made.lower():
            _refuse(0, f"{tag}…> is not for mails")
    plain = "".join(made.split())
    for name in ("apology", "sentence"):
        words = getattr(said, name)
        escaped = _escaped(words) if part == "html" else words
        if "".join(escaped.split()) not in plain:
            _refuse(0, f"the mail must say {{{{ said.{name} }}}}")
    return made


def _escaped(words: str) -> str:
    escape: Any = _OURS.filters["escape"]
    return str(escape(words))


def _line_of(error: BaseException) -> int:
    """The line of the layout in which it went wrong; 0 if nobody can say."""
    line, at = 0, error.__traceback__
    while at is not None:
        if at.tb_frame.f_code.co_filename in {"<template>", "<unknown>"}:
            line = at.tb_lineno
        at = at.tb_next
    return line


def _refuse(line: int, words: str) -> None:
    raise LayoutError(f"line {line}: {words}" if line else words)
