"""In: a letter and a layout (ours, or a store's own); out: the mail's part. A store's own layout can do no harm. Pure.

A store's layout is Jinja2, restricted to output and repetition: no calls, no arithmetic that produces long texts, no
includes; a limited number of loops. So time and size are bounded (decision 0021).
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
    """A layout that cannot be used. Its message is for its author."""


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


_BUILT_IN = _environment("html")


def render_built_in(said: Letter) -> str:
    """The HTML part in our layout: tables and inline styles, since mail programs support little else."""
    return _BUILT_IN.get_template("position.html.j2").render(said=said)


def render_own(part: str, source: str, said: Letter) -> str:
    """A part in the store's layout. Raises `LayoutError`."""
    where = 0
    try:
        if len(source) > LARGEST_SOURCE:
            _raise_layout_error(0, f"it has {len(source):,} characters; {LARGEST_SOURCE:,} are allowed")
        made = _join_bounded(_compile(part, source).generate(said=said))
    except LayoutError:
        raise
    except TemplateSyntaxError as error:
        _raise_layout_error(error.lineno, error.message or "it is no Jinja2")
    except Exception as error:  # noqa: BLE001 - after any error in an untrusted template the mail uses our layout
        where = _line_of(error)
        words = error.message if isinstance(error, TemplateError) else str(error)
        _raise_layout_error(where, (words or type(error).__name__)[:200])
    return _check_result(part, made, said)


@lru_cache(maxsize=64)
def _compile(part: str, source: str) -> Template:
    """A checked layout, compiled once; a store's mails differ only in their letter."""
    environment = _environment(part, source)
    _check_tree(environment.parse(source))
    return environment.get_template(part)


def _check_tree(tree: nodes.Template) -> None:
    """Refuses forbidden nodes, too many loops and too deep nesting."""
    loops = 0
    for node, depth in _walk(tree, 0):
        known = isinstance(node, _ALLOWED) or (isinstance(node, nodes.Tuple) and node.ctx == "store")
        if not known:
            _raise_layout_error(node.lineno, f"'{type(node).__name__.lower()}' is not for mail layouts")
        if isinstance(node, nodes.Filter) and node.name not in _FILTERS:
            _raise_layout_error(
                node.lineno, f"there is no filter '{node.name}' here; there are {', '.join(sorted(_FILTERS))}"
            )
        if isinstance(node, nodes.For):
            loops += 1
            if loops > _MOST_LOOPS or depth >= _DEEPEST or node.recursive:
                _raise_layout_error(
                    node.lineno, f"at most {_MOST_LOOPS} loops, {_DEEPEST} inside each other, none recursive"
                )


def _walk(node: nodes.Node, depth: int) -> Iterator[tuple[nodes.Node, int]]:
    yield node, depth
    for child in node.iter_child_nodes():
        # Operators of a comparison have no line of their own.
        child.lineno = child.lineno or node.lineno
        yield from _walk(child, depth + isinstance(node, nodes.For))


def _join_bounded(chunks: Iterator[str]) -> str:
    made, size = [], 0
    for chunk in chunks:
        size += len(chunk)
        if size > LARGEST_RESULT:
            _raise_layout_error(0, f"the mail would have more than {LARGEST_RESULT:,} characters")
        made.append(chunk)
    return "".join(made)


def _check_result(part: str, made: str, said: Letter) -> str:
    """The result, if it contains what every mail must contain."""
    for tag in _FORBIDDEN_TAGS:
        if part == "html" and tag in made.lower():
            _raise_layout_error(0, f"{tag}…> is not for mails")
    plain = "".join(made.split())
    for name in ("apology", "sentence"):
        words = getattr(said, name)
        escaped = _escape(words) if part == "html" else words
        if "".join(escaped.split()) not in plain:
            _raise_layout_error(0, f"the mail must say {{{{ said.{name} }}}}")
    return made


def _escape(words: str) -> str:
    escape: Any = _BUILT_IN.filters["escape"]
    return str(escape(words))


def _line_of(error: BaseException) -> int:
    """The line of the layout with the error; 0 if unknown."""
    line, at = 0, error.__traceback__
    while at is not None:
        if at.tb_frame.f_code.co_filename in {"<template>", "<unknown>"}:
            line = at.tb_lineno
        at = at.tb_next
    return line


def _raise_layout_error(line: int, words: str) -> None:
    raise LayoutError(f"line {line}: {words}" if line else words)
