"""The rules of docs/architecture.md that a machine can keep: who imports whom, how long things may be, names."""

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
PRODUCT = ("accounts", "integrations", "calls", "guide", "support")
OURS = (*PRODUCT, "connector_portal", "sandbox", "bench", "demo", "tests")
MAY_IMPORT = {
    "accounts": {"accounts"},
    "integrations": {"integrations", "accounts"},
    "calls": {"calls", "integrations", "accounts"},
    "guide": {"guide"},
    "support": {"support", "calls", "integrations", "accounts"},
    "connector_portal": {"connector_portal", *PRODUCT},
    "sandbox": {"sandbox"},
    "bench": {"bench", "sandbox", "calls", "integrations", "accounts"},
}
SKIPPED_FOLDERS = {".venv", ".git", "node_modules", "staticfiles", "__pycache__", "var", "migrations"}
BARRED_NAMES = re.compile(r"(^|_)(utils?|helpers?|services?|managers?|misc|common)($|_)")
LEFT_FOR_LATER = re.compile("TO" + "DO|FIX" + "ME")
LONGEST_FILE = 400
LONGEST_FUNCTION = 40


def python_files() -> list[Path]:
    """Every hand-written Python file, relative to the repository."""
    found = (path.relative_to(REPOSITORY) for path in REPOSITORY.rglob("*.py"))
    return sorted(path for path in found if not SKIPPED_FOLDERS & set(path.parts))


FILES = python_files()
NOT_TESTS = [path for path in FILES if path.parts[0] != "tests"]


def module_name(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path) for path in FILES}


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse((REPOSITORY / path).read_text())


def imported_by(path: Path, node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    """The modules a statement names; `from package import module` names the module."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
        return
    assert node.level == 0, f"{path}:{node.lineno}: a relative import"
    for alias in node.names:
        inner = f"{node.module}.{alias.name}"
        yield inner if inner in MODULES else str(node.module)


@cache
def imports_of(path: Path) -> list[tuple[str, int]]:
    """The modules a file imports anywhere in it, with the line."""
    nodes = (node for node in ast.walk(tree_of(path)) if isinstance(node, ast.Import | ast.ImportFrom))
    return [(name, node.lineno) for node in nodes for name in imported_by(path, node)]


def in_packages(*packages: str) -> list[Path]:
    return [path for path in FILES if path.parts[0] in packages]


def breaches(paths: list[Path], barred: re.Pattern[str]) -> list[str]:
    return [f"{path}:{line} imports {name}" for path in paths for name, line in imports_of(path) if barred.match(name)]


def test_the_files_are_found() -> None:
    assert len(FILES) > 100
    assert Path("calls/crm_sync.py") in FILES
    assert all(path.parts[0] in OURS or len(path.parts) == 1 for path in FILES)


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_imports_run_one_way(package: str) -> None:
    barred = "|".join(re.escape(name) for name in OURS if name not in MAY_IMPORT[package])
    assert breaches(in_packages(package), re.compile(rf"({barred})(\.|$)")) == []


def test_nothing_imports_the_wiring_but_itself_and_the_tests() -> None:
    others = [path for path in FILES if path.parts[0] not in ("connector_portal", "tests") and path.name != "manage.py"]
    assert breaches(others, re.compile(r"connector_portal(\.|$)")) == []


def test_nothing_imports_the_tests() -> None:
    assert breaches(NOT_TESTS, re.compile(r"tests(\.|$)")) == []


@pytest.mark.parametrize("vendor", ["pipedrive", "mustalinja"])
def test_a_vendor_package_knows_no_database(vendor: str) -> None:
    paths = [path for path in FILES if path.parts[:2] == ("integrations", vendor)]
    assert paths
    assert breaches(paths, re.compile(r"django(\.|$)|.*\.models$|accounts(\.|$)|calls(\.|$)")) == []


def test_a_vendor_package_does_not_know_the_other_vendor() -> None:
    for vendor, other in (("pipedrive", "mustalinja"), ("mustalinja", "pipedrive")):
        paths = [path for path in FILES if path.parts[:2] == ("integrations", vendor)]
        assert breaches(paths, re.compile(rf"integrations\.{other}(\.|$)")) == []


@pytest.mark.parametrize(
    ("library", "door"),
    [("requests", "integrations/http.py"), ("phonenumbers", "integrations/phone_numbers.py")],
)
def test_one_file_imports(library: str, door: str) -> None:
    barred = re.compile(rf"{library}(\.|$)")
    assert {str(path) for path in in_packages(*PRODUCT, "connector_portal") if breaches([path], barred)} == {door}


def test_no_other_http_client_is_imported() -> None:
    barred = re.compile(r"(urllib\.request|http\.client|httpx|aiohttp|urllib3\.(?!exceptions))")
    assert breaches(in_packages(*PRODUCT, "connector_portal"), barred) == []


def functions_of(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree_of(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def test_imports_stand_at_the_top_but_for_the_readiness_of_an_app() -> None:
    inside = [
        f"{path}:{node.lineno}"
        for path in NOT_TESTS
        for function in functions_of(path)
        if not (path.name == "apps.py" and function.name == "ready") and path.name != "manage.py"
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert inside == []


def test_no_module_imports_itself_by_a_detour() -> None:
    graph = {
        module_name(path): {name for name, _line in imports_of(path) if name in MODULES and path.name != "apps.py"}
        for path in NOT_TESTS
    }
    done: set[str] = set()

    def visit(module: str, way: tuple[str, ...]) -> None:
        assert module not in way, " → ".join((*way[way.index(module) :], module))
        if module not in done:
            for following in sorted(graph.get(module, ())):
                visit(following, (*way, module))
            done.add(module)

    for module in sorted(graph):
        visit(module, ())


def test_no_file_is_too_long() -> None:
    lengths = {str(path): (REPOSITORY / path).read_text().count("\n") for path in FILES}
    assert {path: lines for path, lines in lengths.items() if lines > LONGEST_FILE} == {}


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """From `def` to the end; what a docstring explains does not count against it."""
    docstring = function.body[0] if ast.get_docstring(function) is not None else None
    explained = (docstring.end_lineno or 0) - docstring.lineno + 1 if docstring else 0
    return (function.end_lineno or 0) - function.lineno + 1 - explained


def test_no_function_is_too_long() -> None:
    long = {
        f"{path}:{function.name}": lines
        for path in NOT_TESTS
        for function in functions_of(path)
        if (lines := lines_of(function)) > LONGEST_FUNCTION
    }
    assert long == {}


def test_modules_have_telling_names() -> None:
    assert [str(path) for path in FILES if any(BARRED_NAMES.search(part) for part in path.with_suffix("").parts)] == []


def test_nothing_is_left_for_later() -> None:
    notes = [
        f"{path}:{number}"
        for path in FILES
        for number, line in enumerate((REPOSITORY / path).read_text().splitlines(), 1)
        if LEFT_FOR_LATER.search(line)
    ]
    assert notes == []


def test_every_module_of_the_product_is_imported_somewhere_or_run_by_a_framework() -> None:
    """Dead modules are the ones nobody misses."""
    found_by_name = {"apps", "admin", "models", "settings", "wsgi", "tasks", "receivers", "checks", "urls", "site"}
    imported = {name for path in FILES for name, _line in imports_of(path)}
    dead = [
        str(path)
        for path in in_packages(*PRODUCT, "connector_portal")
        if path.name != "__init__.py"
        and path.stem not in found_by_name
        and not {"commands", "templatetags", "formats"} & set(path.parts)
        and module_name(path) not in imported
        and not _is_named_in_settings(path)
    ]
    assert dead == []


def _is_named_in_settings(path: Path) -> bool:
    return module_name(path) in (REPOSITORY / "connector_portal" / "settings.py").read_text()


def test_the_standard_library_is_not_shadowed_at_the_top() -> None:
    assert {path.parts[0].removesuffix(".py") for path in FILES} & sys.stdlib_module_names == set()
