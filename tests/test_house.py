"""In: the source as it stands; out: every habit of the house that it breaks. Each rule proves that it bites.

A rule is a function from (path, source) to sentences. It is run over all of `src/paradeiro`, and over bad examples.
"""

import ast
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path, PurePosixPath

import grimp  # import-linter stands on it: no dependency of its own
import pytest

from paradeiro.domain.words import EffectKind, NoticeKind, Reason, Status

ROOT = Path(__file__).parent.parent
HOUSE = ROOT / "src" / "paradeiro"
MODULE_WALL = 400
FUNCTION_WALL = 40

# What is allowed to be longer: "path" or "path:function" -> lines. May only shrink: a needless entry fails.
LONGER: dict[str, int] = {}
FOLDER_WALL = 15
# The same of folders: a party's is one room, however much it can do.
FULLER: dict[str, int] = {"connectors/correios": 16}

_BANNED_NAMES = {"utils", "util", "common", "helpers", "helper", "models", "services", "service", "managers", "manager"}
_SQL = re.compile(
    r"\b(SELECT\b[\s\S]+?\bFROM\b|INSERT\s+INTO\b|UPDATE\s+[\w.\"]+\s+SET\b|DELETE\s+FROM\b"
    r"|CREATE\s+(TABLE|DATABASE|INDEX)\b|DROP\s+(TABLE|DATABASE)\b|TRUNCATE\s+\w)",
)
_SUPPRESSION = re.compile(r"#\s*(noqa\b(?::\s*[A-Z]+\d+(?:[,\s]+[A-Z]+\d+)*)?|type:\s*ignore(?:\[[\w\-, ]*\])?)(.*)$")
_PURE_ROOMS = ("domain/",)
_PURE_MODULES = {"parse.py", "render.py", "codes.py", "push.py"}
# Where a flow decides: frozen values in and out. Of `db` it may know row types only.
_PURE_FLOW = {"recording_outcome.py", "change_notices.py", "effect_rows.py", "missing_invoices.py"}
_IMPURE_MODULES = {
    *("random", "secrets", "socket", "time", "uuid", "asyncio", "subprocess", "threading", "http", "urllib.request"),
    *("httpx", "psycopg", "aiosmtplib", "smtplib", "sqlalchemy", "pgqueuer"),
}
_IMPURE_CALLS = {"now", "utcnow", "today", "uuid4", "uuid1", "urandom", "time_ns", "monotonic"}


# ── the house ────────────────────────────────────────────────────────────────────────────────────────────────────────


def modules() -> list[Path]:
    return sorted(p for p in HOUSE.rglob("*.py") if "__pycache__" not in p.parts)


def name_of(path: Path) -> str:
    return path.relative_to(HOUSE).as_posix()


Rule = Callable[[str, str], Iterator[str]]


def broken(rule: Rule) -> list[str]:
    """Every breach of a rule in the whole house."""
    found = modules()
    assert found, "there is no source under src/paradeiro"
    return [f"{name_of(p)}: {why}" for p in found for why in rule(name_of(p), p.read_text(encoding="utf-8"))]


def needed(path: str) -> str:
    """The text of a file that must be there."""
    file = ROOT / path
    assert file.is_file(), f"{path} is missing"
    return file.read_text(encoding="utf-8")


# ── rules over one module ────────────────────────────────────────────────────────────────────────────────────────────


def first_line(_: str, source: str) -> Iterator[str]:
    """Habit 1: the first line says what comes in and what goes out."""
    doc = ast.get_docstring(ast.parse(source)) if source.startswith(('"""', 'r"""')) else None
    line = (doc or "").split("\n", 1)[0].lower()
    if not re.search(r"\bin: ", line) or not re.search(r"\bout: ", line):
        yield 'the first line should be a docstring: """In: …; out: …"""'


def _functions(source: str) -> Iterator[tuple[str, int]]:
    """Each function with its number of lines, decorators and docstring not counted."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            has_doc = ast.get_docstring(node) is not None and first.end_lineno is not None
            doc = first.end_lineno - first.lineno + 1 if has_doc and first.end_lineno else 0
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1 - doc


def sizes(name: str, source: str, longer: dict[str, int] | None = None) -> Iterator[str]:
    """Habit 2: 400 lines are the wall of a module (code tables exempt), 40 of a function."""
    allowed = LONGER if longer is None else longer
    lines = source.count("\n")
    wall = allowed.get(name, MODULE_WALL)
    if lines > wall and not name.endswith("codes.py"):
        yield f"{lines} lines, the wall is {wall}"
    for function, length in _functions(source):
        wall = allowed.get(f"{name}:{function}", FUNCTION_WALL)
        if length > wall:
            yield f"{function} has {length} lines, the wall is {wall}"


def crowded(names: Iterable[str], more: dict[str, int] | None = None) -> Iterator[str]:
    """A folder of more than fifteen modules is two rooms. Migrations are a list, not a room."""
    allowed = FULLER if more is None else more
    counted = Counter(str(PurePosixPath(name).parent) for name in names if "/versions/" not in name)
    for folder, count in sorted(counted.items()):
        if count > allowed.get(folder, FOLDER_WALL):
            yield f"{folder}: {count} modules, the wall is {allowed.get(folder, FOLDER_WALL)}"
    for folder, most in allowed.items():
        if counted[folder] < most:
            yield f"FULLER['{folder}'] may shrink from {most} to {counted[folder]}"


def needless(exceptions: dict[str, int], sources: dict[str, str]) -> Iterator[str]:
    """Entries of the exceptions table that may go, or may be smaller."""
    for entry, allowed in exceptions.items():
        module, _, function = entry.partition(":")
        source = sources.get(module, "")
        longest = max((n for f, n in _functions(source) if f == function), default=0)
        actual = longest if function else source.count("\n")
        wall = FUNCTION_WALL if function else MODULE_WALL
        if actual <= wall:
            yield f"LONGER['{entry}'] is no longer needed: take it out"
        elif actual < allowed:
            yield f"LONGER['{entry}'] may shrink from {allowed} to {actual}"


def names(name: str, _: str) -> Iterator[str]:
    """No room for what belongs nowhere."""
    parts = {part.removesuffix(".py") for part in name.split("/")}
    yield from (f"'{part}' is no name for a room: say what it is about" for part in parts & _BANNED_NAMES)


def _docstrings(tree: ast.AST) -> set[int]:
    """The identities of string nodes that are docstrings."""
    holders = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, holders) and node.body and isinstance(node.body[0], ast.Expr)
    }


def sql_at_home(name: str, source: str) -> Iterator[str]:
    """SQL is written in db/ and nowhere else."""
    if name.startswith("db/"):
        return
    tree = ast.parse(source)
    docs = _docstrings(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            found = _SQL.search(node.value)
            if found:
                yield f"line {node.lineno}: SQL outside db/: {found.group()[:40]!r}"


def excepts(_: str, source: str) -> Iterator[str]:
    """Habit 8: nothing is swallowed. A wide except raises again, or says in a comment why it need not."""
    lines = source.splitlines()
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.ExceptHandler):
            continue
        if node.type is None:
            yield f"line {node.lineno}: a bare except"
            continue
        wide = {n.id for n in ast.walk(node.type) if isinstance(n, ast.Name)} & {"Exception", "BaseException"}
        raises = any(isinstance(n, ast.Raise) for inner in node.body for n in ast.walk(inner))
        said = any("#" in line for line in lines[node.lineno - 1 : node.body[0].lineno])
        if wide and not raises and not said:
            yield f"line {node.lineno}: except {wide.pop()} without raising again and without a comment"


def pure(name: str, source: str) -> Iterator[str]:
    """Habit 4: where we think there is no clock, no chance, no network, no database and no client."""
    file = name.rsplit("/", 1)[-1]
    connector = name.startswith(("connectors/", "sdk/template/")) and file in _PURE_MODULES
    decides = name.startswith("flow/") and file in _PURE_FLOW
    if not connector and not decides and not name.startswith(_PURE_ROOMS):
        return
    if decides:
        yield from _database_calls(source)
    for node in ast.walk(ast.parse(source)):
        for module in _imported(node):
            root = module.split(".", 1)[0]
            if module in _IMPURE_MODULES or root in _IMPURE_MODULES or module.rsplit(".", 1)[-1] == "client":
                yield f"line {node.lineno}: imports {module}"  # type: ignore[attr-defined] # imports have a line
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _IMPURE_CALLS:
            yield f"line {node.lineno}: calls {ast.unparse(node.func)}"


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        module = node.module or ""
        return [module, *(f"{module}.{alias.name}".lstrip(".") for alias in node.names)] if node.level else [module]
    return []


def _database_calls(source: str) -> Iterator[str]:
    """What could reach a database: anything awaited, a connection, more of `db` than a type."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.AsyncFunctionDef | ast.Await):
            yield f"line {node.lineno}: is asynchronous"
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("paradeiro.db"):
            functions = [a.name for a in node.names if not a.name[0].isupper() or a.name == "Connection"]
            yield from (f"line {node.lineno}: imports {each} of {node.module}" for each in functions)


def settings_readers(name: str, source: str) -> Iterator[str]:
    """`settings` is read only by app and cli."""
    if name == "settings.py" or name.startswith(("app", "cli")):
        return
    for node in ast.walk(ast.parse(source)):
        direct = {m for m in _imported(node) if m == "paradeiro.settings" or m.startswith("paradeiro.settings.")}
        whole = isinstance(node, ast.ImportFrom) and node.module == "paradeiro"
        if direct or (whole and any(alias.name == "settings" for alias in node.names)):
            yield "imports settings: take what is needed as an argument"


def suppressions(_: str, source: str) -> Iterator[str]:
    """Habit 12: a suppression carries a reason."""
    for number, line in enumerate(source.splitlines(), 1):
        rest = line
        found = _SUPPRESSION.search(rest)
        while found:
            rest = found.group(2)
            reason = _SUPPRESSION.sub("", rest).strip(" #-:\t")
            if len(reason) < 10 and not _SUPPRESSION.search(rest):
                yield f"line {number}: '{found.group(1)}' without a reason"
            found = _SUPPRESSION.search(rest)


def docstrings(name: str, source: str) -> Iterator[str]:
    """Habit 9, in domain and sdk: public functions, classes and long methods have docstrings, but for one-word names.

    Classes count as documented by the docstrings of their own methods (a protocol is its methods).
    """
    if not name.startswith(("domain/", "sdk/")):
        return
    for node in ast.parse(source).body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) or node.name.startswith("_"):
            continue
        inner = [n for n in node.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
        told = ast.get_docstring(node) or any(ast.get_docstring(n) for n in inner if isinstance(node, ast.ClassDef))
        if not told and not re.fullmatch(r"[A-Z]?[a-z0-9]+", node.name):
            yield f"{node.name} has no docstring"
        for method in inner if isinstance(node, ast.ClassDef) else []:
            length = (method.end_lineno or 0) - method.lineno + 1
            if length > 10 and not method.name.startswith("_") and not ast.get_docstring(method):
                yield f"{node.name}.{method.name} has {length} lines and no docstring"


# Each rule with a bad example: (path, source).
MODULE_RULES: list[tuple[Rule, str, str]] = [
    (first_line, "flow/a.py", "import os\n"),
    (first_line, "flow/a.py", '"""Collects things."""\n'),
    (first_line, "flow/a.py", '# a comment\n"""In: x; out: y."""\n'),
    (sizes, "flow/a.py", "x = 1\n" * 401),
    (sizes, "flow/a.py", "def f():\n" + "    x = 1\n" * 40),
    (names, "flow/utils.py", ""),
    (names, "web/helpers/a.py", ""),
    (sql_at_home, "flow/a.py", 'q = "SELECT id\\n FROM orders"\n'),
    (sql_at_home, "web/a.py", 'q = f"DELETE FROM {t}"\n'),
    (sql_at_home, "web/a.py", 'q = "UPDATE shipment SET x = 1"\n'),
    (excepts, "flow/a.py", "try:\n    f()\nexcept:\n    raise\n"),
    (excepts, "flow/a.py", "try:\n    f()\nexcept Exception:\n    pass\n"),
    (excepts, "flow/a.py", "try:\n    f()\nexcept (OSError, BaseException) as e:\n    log(e)\n"),
    (pure, "domain/a.py", "import random\n"),
    (pure, "domain/a.py", "from datetime import datetime\nx = datetime.now(UTC)\n"),
    (pure, "connectors/x/parse.py", "from paradeiro.connectors.x.client import y\n"),
    (pure, "connectors/x/parse.py", "from .client import y\n"),
    (pure, "connectors/x/render.py", "import uuid\n"),
    (pure, "flow/a/recording_outcome.py", "from paradeiro.db import events\n"),
    (pure, "flow/following/recording_outcome.py", "from paradeiro.db.pool import Connection\n"),
    (pure, "flow/following/recording_outcome.py", "async def decide(): ...\n"),
    (pure, "connectors/x/render.py", "import datetime\nx = datetime.date.today()\n"),
    (settings_readers, "flow/a.py", "from paradeiro.settings import Settings\n"),
    (settings_readers, "flow/a.py", "from paradeiro import settings\n"),
    (settings_readers, "flow/a.py", "import paradeiro.settings\n"),
    (suppressions, "flow/a.py", "import os  # noqa: F401\n"),
    (suppressions, "flow/a.py", "x = f()  # type: ignore[misc]\n"),
    (suppressions, "flow/a.py", "x = f()  # type: ignore[misc] # noqa: F401\n"),
    (docstrings, "domain/a.py", "def next_thing():\n    return 1\n"),
    (docstrings, "sdk/a.py", "class BigThing:\n    x = 1\n"),
]
_RULES = list(dict.fromkeys(rule for rule, _, _ in MODULE_RULES))


@pytest.mark.parametrize("rule", _RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps(rule: Rule) -> None:
    assert not broken(rule), "\n".join(broken(rule))


def test_no_folder_is_crowded() -> None:
    assert list(crowded(name_of(path) for path in modules())) == []
    assert list(crowded([f"flow/{n}.py" for n in range(16)], {})) == ["flow: 16 modules, the wall is 15"]
    assert list(crowded(["flow/a.py"], {"flow": 17})) == ["FULLER['flow'] may shrink from 17 to 1"]


@pytest.mark.parametrize(("rule", "path", "source"), MODULE_RULES)
def test_the_rule_bites(rule: Rule, path: str, source: str) -> None:
    assert list(rule(path, source))


GOOD = '''"""In: a thing; out: nothing of it. Never SELECT x FROM y in words."""

from datetime import datetime

import os  # noqa: F401 - imported for its side effect on the tests
x = f()  # type: ignore[misc] # the stub of f is wrong since 2.1


def next_thing(now: datetime) -> str:
    """The next thing."""
    try:
        return "select a package from the list"
    except OSError:
        return "x"
    except Exception as error:  # whatever it is, the caller decides
        return str(error)
'''


@pytest.mark.parametrize("rule", _RULES, ids=lambda rule: rule.__name__)
def test_the_rule_lets_good_source_pass(rule: Rule) -> None:
    assert not list(rule("domain/a.py", GOOD))


def test_the_exceptions_only_shrink() -> None:
    sources = {name_of(p): p.read_text(encoding="utf-8") for p in modules()}
    assert not list(needless(LONGER, sources))


def test_a_needless_exception_is_seen() -> None:
    sources = {"a.py": "x = 1\n" * 450, "b.py": "def f():\n    pass\n"}
    assert list(needless({"a.py": 500}, sources)) == ["LONGER['a.py'] may shrink from 500 to 450"]
    assert len(list(needless({"b.py": 500, "b.py:f": 60, "gone.py": 700}, sources))) == 3
    assert not list(needless({"a.py": 450}, sources))
    assert not list(sizes("a.py", sources["a.py"], {"a.py": 450}))


# ── rules over all modules at once ───────────────────────────────────────────────────────────────────────────────────


def circle(package: str) -> list[str]:
    """A circle of modules that import each other, first and last the same; empty if there is none. Imports inside
    functions and under TYPE_CHECKING count: they hide a circle, they do not end it.
    """
    graph = grimp.build_graph(package, cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_modules_import_each_other_in_a_circle() -> None:
    found = circle("paradeiro")
    assert not found, " -> ".join(found)


@pytest.mark.parametrize(
    ("name", "back"),
    [
        ("at_the_top", "from {0}.a import x\n"),
        ("in_a_function", "def f() -> None:\n    from {0} import a\n"),
        ("for_types", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from {0}.a import x\n"),
        ("by_the_package", "from {0} import y\n"),
    ],
)
def test_a_circle_is_seen(name: str, back: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = f"circle_{name}"
    (tmp_path / package).mkdir()
    (tmp_path / package / "__init__.py").write_text(f"from {package}.a import x\ny = 1\n")
    (tmp_path / package / "a.py").write_text(f"from {package}.b import z\nx = 1\n")
    (tmp_path / package / "b.py").write_text("z = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert circle(package) == []
    (tmp_path / package / "b.py").write_text(back.format(package) + "z = 1\n")
    assert {f"{package}.a", f"{package}.b"} <= set(circle(package))


# ── rules over other files ───────────────────────────────────────────────────────────────────────────────────────────


def tables_without_store(schema: str) -> list[str]:
    """The tables of a schema that have no column store_id."""
    plain = re.sub(r"--.*", "", schema)
    tables = re.findall(
        r"CREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?([\w.\"]+)\s*\(([\s\S]*?)\n\s*\)", plain, re.IGNORECASE
    )
    return [name for name, body in tables if not re.search(r"(^|[\n,(])\s*store_id\s", body)]


def test_every_table_has_a_store() -> None:
    schema = needed("src/paradeiro/db/schema.sql")
    assert "CREATE TABLE" in schema
    assert not tables_without_store(schema)


def test_a_table_without_a_store_is_seen() -> None:
    schema = "CREATE TABLE a (\n  store_id bigint\n);\nCREATE TABLE b (\n  id bigint -- store_id \n);\n"
    schema += "CREATE TABLE IF NOT EXISTS c (id int\n);"
    assert tables_without_store(schema) == ["b", "c"]


def dependencies_without_decision(project: str, decisions: str) -> list[str]:
    """The dependencies (not the build system's) that no decision names."""
    table = tomllib.loads(project)
    wanted = [*table["project"]["dependencies"], *(d for g in table.get("dependency-groups", {}).values() for d in g)]
    plain = {re.split(r"[\s\[<>=!~;]", d, maxsplit=1)[0].lower() for d in wanted}
    words = set(re.findall(r"[a-z0-9][a-z0-9._-]*[a-z0-9]|[a-z0-9]", decisions.lower()))
    return sorted(plain - words)


def test_every_dependency_was_decided() -> None:
    decisions = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert decisions, "docs/decisions/*.md is missing: each dependency is named there, with why"
    text = "\n".join(p.read_text(encoding="utf-8") for p in decisions)
    assert not dependencies_without_decision(needed("pyproject.toml"), text)


def test_an_undecided_dependency_is_seen() -> None:
    project = '[project]\ndependencies = ["httpx>=1", "psycopg[binary]>=3"]\n[dependency-groups]\ndev = ["ruff>=0.1"]\n'
    assert dependencies_without_decision(project, "We chose `httpx` and psycopg.") == ["ruff"]
    assert dependencies_without_decision(project, "httpx2, psycopg, ruff") == ["httpx"]


def words_without_entry(glossary: str) -> list[str]:
    """The closed words that the glossary does not explain. A word stands there in backticks."""
    told = set(re.findall(r"`([a-z_]+)`", glossary))
    return sorted({str(w) for kind in (Status, Reason, EffectKind, NoticeKind) for w in kind} - told)


def test_every_word_is_in_the_glossary() -> None:
    missing = words_without_entry(needed("docs/glossary.md"))
    assert not missing, f"docs/glossary.md lacks (in backticks): {', '.join(missing)}"


def test_a_word_without_entry_is_seen() -> None:
    assert "delivered" in words_without_entry("`accepted`: delivered is not in backticks")
    assert "accepted" not in words_without_entry("`accepted`")


def connector_folders_lacking(root: Path) -> list[str]:
    """What connector folders lack of what each must have."""
    lacking = []
    for folder in sorted(p for p in root.iterdir() if p.is_dir() and p.name != "__pycache__"):
        lacking += [
            f"{folder.name}/{n}" for n in ("__init__.py", "README.md", "quality.toml") if not (folder / n).is_file()
        ]
        if not any((folder / "fixtures").glob("*")):
            lacking.append(f"{folder.name}/fixtures")
    return lacking


def test_every_connector_folder_is_whole() -> None:
    root = HOUSE / "connectors"
    assert [p for p in root.iterdir() if p.is_dir() and p.name != "__pycache__"], "there is no connector"
    assert not connector_folders_lacking(root)


def test_a_connector_folder_that_lacks_something_is_seen(tmp_path: Path) -> None:
    (tmp_path / "x" / "fixtures").mkdir(parents=True)
    (tmp_path / "x" / "__init__.py").touch()
    assert connector_folders_lacking(tmp_path) == ["x/README.md", "x/quality.toml", "x/fixtures"]


@pytest.mark.parametrize(
    "path", ["CHANGELOG.md", "README.md", "docs/tour.md", "docs/glossary.md", "Makefile", "uv.lock"]
)
def test_the_house_has(path: str) -> None:
    assert needed(path).strip(), f"{path} is empty"


def test_a_missing_file_is_seen() -> None:
    with pytest.raises(AssertionError, match=r"docs/nowhere\.md is missing"):
        needed("docs/nowhere.md")


# Put together here, so that not even this file names one.
_REGISTRIES = [
    ".".join(parts)
    for parts in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("npmjs", "com"), ("crates", "io"))
]


def registries_named(text: str) -> list[str]:
    """Registry hosts that a text names."""
    return [host for host in _REGISTRIES if host in text]


def test_no_registry_is_named_outside_lock_files() -> None:
    skip = {".venv", ".uv", ".git", "__pycache__", "node_modules", ".mypy_cache", ".ruff_cache", ".hypothesis", "dist"}
    locks = {"uv.lock", "package-lock.json"}
    kinds = {".py", ".md", ".toml", ".json", ".sh", ".yml", ".yaml", ".cfg", ".txt", ""}
    named = []
    for path in ROOT.rglob("*"):
        inside = path.relative_to(ROOT).parts
        if skip & set(inside) or inside[0].startswith(".par") or path.name in locks or path.suffix not in kinds:
            continue
        if path.is_file() and registries_named(path.read_text(encoding="utf-8", errors="replace")):
            named.append("/".join(inside))
    assert not named


def test_a_registry_is_seen() -> None:
    assert registries_named(f"pip install --index-url https://{_REGISTRIES[0]}/simple x")
    assert not registries_named("a PyPI wheel")
