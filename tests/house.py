"""House rules that no linter knows: ``python -m tests.house`` prints what breaks them.

The rooms and their direction stand in ARCHITECTURE.md; this is the list that holds it.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "synthnb"

ROOMS: tuple[tuple[str, ...], ...] = (
    ("errors", "types", "events", "concurrency", "visible", "suggest", "_version"),
    ("settings", "template", "schema", "recipe", "recipes"),
    ("cell", "samplers", "source", "like"),
    ("store", "unwritten", "edits", "decisions"),
    ("models", "middleware", "prices"),
    ("metrics", "shingles", "nearduplicates", "checks", "privacy", "collapse", "ranking"),
    ("engine",),
    ("terms", "export", "sinks", "card", "census", "mixing", "outgoing", "deciding", "batch"),
    ("charts", "folder", "explore", "saved", "diff", "items", "corpus", "review", "steer"),
    ("desks",),
    ("report", "api", "doctor", "listing", "storage", "versions", "studio"),
    ("cli", "__main__"),
    ("notebook",),
)
"""Modules of one row may import each other and everything above, at import time."""

SCREENS = frozenset({"IPython", "ipywidgets", "anywidget"})
"""Imported by ``notebook`` alone, anywhere in a module."""

PRINTING = frozenset({"cli", "demo", "notebook"})
LONG_FILE, LONG_FUNCTION = 400, 60
MACHINE_PATH = re.compile(r"(?<![\w.:/-])/(?:work|root|tmp|home/[a-z]\w*|Users/[a-z]\w*)/[\w.]")
MARKUP = re.compile(r"\.(?:innerHTML|outerHTML)\b|insertAdjacentHTML|document\.write\b")
DANGEROUS_CALLS = frozenset({"eval", "exec", "compile", "__import__"})
DANGEROUS_MODULES = frozenset({"pickle", "marshal", "shelve", "nest_asyncio"})


def tracked(*patterns: str) -> list[Path]:
    """Files that git knows or would add, by pattern."""
    names = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "--", *patterns],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def room(path: Path) -> str:
    """Name of the room that a module of the package belongs to."""
    first = path.relative_to(PACKAGE).parts[0]
    return "" if first == "__init__.py" else first.removesuffix(".py")


def imports(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Dotted names that a piece of code imports, with their lines."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            if node.module == "synthnb":
                yield from ((f"synthnb.{alias.name}", node.lineno) for alias in node.names)
            else:
                yield node.module, node.lineno


def at_import_time(tree: ast.Module) -> ast.Module:
    """The module without the bodies of functions and of ``if TYPE_CHECKING``."""

    class Outer(ast.NodeTransformer):
        def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
            return None

        def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
            return None

        def visit_If(self, node: ast.If) -> ast.AST | None:
            checking = "TYPE_CHECKING" in ast.unparse(node.test)
            return None if checking else self.generic_visit(node)

    return ast.fix_missing_locations(Outer().visit(tree))


def directions(path: Path, tree: ast.Module) -> Iterator[str]:
    """Imports that point down the list of rooms, or reach for a screen."""
    level = {name: i for i, row in enumerate(ROOMS) for name in row}
    here = room(path)
    if here and here not in level:
        yield f"{path.relative_to(ROOT)}: name its room in tests/house.py"
        return
    for name, line in imports(tree):
        if name.split(".")[0] in SCREENS and here != "notebook":
            yield f"{path.relative_to(ROOT)}:{line}: only notebook/ imports {name}"
    outer = at_import_time(ast.parse(path.read_text("utf-8")))
    for name, line in imports(outer):
        there = name.split(".")[1] if name.startswith("synthnb.") else ""
        if there and here and level.get(there, 0) > level[here]:
            yield f"{path.relative_to(ROOT)}:{line}: {here} is above {there}"


def manners(path: Path, tree: ast.Module) -> Iterator[str]:
    """Printing, evaluating and unpickling in the package; purpose lines; lengths."""
    where = path.relative_to(ROOT)
    if not ast.get_docstring(tree):
        yield f"{where}: opens with no purpose line"
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            name = node.func.id
            named = any(keyword.arg == "file" for keyword in node.keywords)
            if name == "print" and not named and room(path) not in PRINTING:
                yield f"{where}:{node.lineno}: print outside the command line"
            if name in DANGEROUS_CALLS:
                yield f"{where}:{node.lineno}: {name}()"
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > LONG_FUNCTION:
                yield f"{where}:{node.lineno}: {node.name} has {length} lines"
    for name, line in imports(tree):
        if name.split(".")[0] in DANGEROUS_MODULES:
            yield f"{where}:{line}: imports {name}"


def texts() -> Iterator[str]:
    """Rules for every tracked text file: no machine's paths, no markup from data."""
    for path in tracked(
        "*.py", "*.ts", "*.mjs", "*.md", "*.toml", "*.yaml", "*.ipynb", "*.jsonl"
    ):
        text = path.read_text("utf-8")
        where = path.relative_to(ROOT)
        if path.suffix in (".py", ".ts") and len(text.splitlines()) > LONG_FILE:
            yield f"{where}: {len(text.splitlines())} lines, more than {LONG_FILE}"
        if path == Path(__file__).resolve():
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if found := MACHINE_PATH.search(line):
                yield f"{where}:{number}: path of one machine: {found.group()}…"
            if path.suffix == ".ts" and "src" in path.parts and MARKUP.search(line):
                yield f"{where}:{number}: markup from data; use textContent"


def notebooks() -> Iterator[str]:
    """Notebooks carry no widget state, which GitHub refuses and diffs drown in."""
    import json

    for path in tracked("notebooks/*.ipynb"):
        if "widgets" in json.loads(path.read_text("utf-8"))["metadata"]:
            yield f"{path.relative_to(ROOT)}: metadata.widgets holds widget state"


def plan() -> Iterator[str]:
    """The page that draws the rooms has every room, row by row as here."""
    page = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    rows = re.findall(r"^\| ((?:`\w+/?` ?)+)\|", page, re.MULTILINE)
    drawn = [{name.strip("`/") for name in row.split()} for row in rows]
    for row in ROOMS:
        there = {name for name in row if not name.startswith("_")}
        if there not in drawn:
            yield f"ARCHITECTURE.md: no row of the rooms {', '.join(sorted(there))}"


def problems() -> Iterator[str]:
    """Everything that breaks a rule, one line each."""
    for path in tracked("synthnb/*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        yield from directions(path, tree)
        yield from manners(path, tree)
    yield from texts()
    yield from notebooks()
    yield from plan()


def main() -> int:
    """Print the problems; 1 if there are any."""
    found = list(problems())
    print("\n".join(found) or "house rules: nothing to say")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
