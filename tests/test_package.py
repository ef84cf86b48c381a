"""What importing costs, what it loads, and that the doors are where they are promised."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import synthnb
from tests import house

HEAVY = ("openai", "pandas", "altair", "pyarrow", "numpy", "scipy", "aiohttp", "xllamacpp")
SCREENS = ("IPython", "ipywidgets", "anywidget")


def loaded_by(code: str) -> set[str]:
    """Top-level modules in a fresh interpreter after this code."""
    script = f"{code}\nimport json, sys; print(json.dumps(sorted(sys.modules)))"
    answer = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return {name.split(".")[0] for name in json.loads(answer.stdout.splitlines()[-1])}


def test_import_loads_nothing_heavy() -> None:
    assert loaded_by("import synthnb").isdisjoint((*HEAVY, *SCREENS, "pydantic", "jinja2"))


def test_reading_a_recipe_loads_nothing_heavy() -> None:
    code = "import synthnb; synthnb.Recipe.loads('synthnb: 1\\ncolumns: {a: [x, y]}')"
    assert loaded_by(code).isdisjoint((*HEAVY, *SCREENS))


def test_loading_the_extension_loads_little() -> None:
    """How many seconds that is: tests/benchmarks/importing.py."""
    shell = "from IPython.core.interactiveshell import InteractiveShell as S; s = S.instance()"
    loaded = loaded_by(f"{shell}; s.run_line_magic('load_ext', 'synthnb')") - loaded_by(shell)
    foreign = {name for name in loaded - sys.stdlib_module_names if not name.startswith("_")}
    pydantic = {"annotated_types", "pydantic", "pydantic_core", "typing_inspection"}
    small = {"jinja2", "markupsafe", "orjson", "platformdirs", "typing_extensions"}
    assert foreign <= pydantic | small | {"synthnb"}


NAMES = {"ruamel": "ruamel.yaml", "sklearn": "scikit-learn", "vl_convert": "vl-convert-python"}
"""Modules whose package is called otherwise."""
ASKED = {"certifi"}
"""Taken where they are, never needed."""


def test_whatever_is_imported_is_a_declared_dependency() -> None:
    project = tomllib.loads((house.ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    lines = [line for part in (project["dependencies"], *extras) for line in part]
    declared = {re.split(r"[>=<;\[ ]", line)[0].replace("_", "-") for line in lines}
    used = set()
    for path in house.tracked("synthnb/*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                used |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                used.add(node.module.split(".")[0])
    foreign = used - {"synthnb", "__future__"} - sys.stdlib_module_names - ASKED
    packages = {NAMES.get(name, name.lower()).replace("_", "-") for name in foreign}
    assert packages <= declared


def test_all_but_the_notebook_does_without_a_screen() -> None:
    """Altair loads IPython where it is installed, so it is made impossible to import."""
    root = Path(house.PACKAGE)
    names = [
        ".".join(path.relative_to(root.parent).with_suffix("").parts)
        for path in house.tracked("synthnb/*.py")
        if house.room(path) != "notebook" and path.name not in ("__main__.py", "_version.py")
    ]
    blocked = f"import importlib, sys\nsys.modules.update(dict.fromkeys({SCREENS}))\n"
    code = blocked + "\n".join(
        f"importlib.import_module({name.removesuffix('.__init__')!r})" for name in names
    )
    assert "synthnb" in loaded_by(code)


@pytest.mark.parametrize("name", synthnb.__all__)
def test_public_names_are_there_and_described(name: str) -> None:
    assert getattr(synthnb, name).__doc__


def test_unknown_names_are_attribute_errors() -> None:
    with pytest.raises(AttributeError, match="no attribute 'generat'"):
        _ = synthnb.generat  # type: ignore[attr-defined]
    assert "generate" in dir(synthnb)


def test_version_is_that_of_the_extension() -> None:
    package = json.loads((house.ROOT / "labextension" / "package.json").read_text("utf-8"))
    assert synthnb.__version__ == package["version"]
    assert synthnb._jupyter_labextension_paths()[0]["dest"] == package["name"]
