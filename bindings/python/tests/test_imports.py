"""The package's modules import each other one way; read from their sources, imports inside functions included."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import ld_dynamo_store
from ld_dynamo_store import launchdarkly

PACKAGE = "ld_dynamo_store"
FOLDER = Path(__file__).parents[1] / "src" / PACKAGE


def modules(folder: Path) -> dict[str, Path]:
    """The files of a package without subpackages, by the names of their modules; the package itself is ``""``."""
    assert not list(folder.glob("*/*.py")), "a subpackage: this test reads one folder"
    return {"" if path.stem == "__init__" else path.stem: path for path in folder.glob("*.py")}


def imported(source: str, known: set[str]) -> set[str]:
    """The modules of the package that a source imports."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(filter(None, [PACKAGE if node.level else None, node.module]))
            # What is imported from the package itself is one of its modules, or a name that `__init__` defines.
            names = [f"{base}.{alias.name}" for alias in node.names]
            names = [name if name.removeprefix(f"{PACKAGE}.") in known else base for name in names]
        else:
            continue
        for name in names:
            package, _, module = name.partition(".")
            if package == PACKAGE:
                found.add(module)
    return found


def imports(folder: Path) -> dict[str, set[str]]:
    """Each module, and those that it imports."""
    files = modules(folder)
    return {name: imported(path.read_text(encoding="utf-8"), set(files)) for name, path in files.items()}


def test_no_module_imports_itself_by_way_of_others() -> None:
    graph = imports(FOLDER)
    assert "store" in graph[""]
    assert set().union(*graph.values()) <= graph.keys()
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as circle:
        pytest.fail("import circle: " + " → ".join(name or PACKAGE for name in reversed(circle.args[1])))


@pytest.mark.parametrize(
    "line",
    [
        "from .first import name",
        "from . import first",
        "import ld_dynamo_store.first",
        "from ld_dynamo_store.first import name",
        "from ld_dynamo_store import first",
        "def late():\n    from .first import name",
        "if TYPE_CHECKING:\n    from .first import name",
        "from . import __version__",
    ],
)
def test_every_form_of_import_is_seen(tmp_path: Path, line: str) -> None:
    (tmp_path / "__init__.py").write_text("from .first import name\n__version__ = '0'")
    (tmp_path / "first.py").write_text("import os\nfrom .second import name")
    (tmp_path / "second.py").write_text(line)
    with pytest.raises(CycleError):
        TopologicalSorter(imports(tmp_path)).prepare()


def test_public_names_are_shown_where_they_are_imported_from() -> None:
    for name in ("DynamoDB", "DynamoDBBigSegmentStore", "DynamoDBFeatureStoreCore", "new_feature_store"):
        assert getattr(launchdarkly, name).__module__ == "ld_dynamo_store.launchdarkly"


def test_what_a_module_offers_is_there() -> None:
    for module in (ld_dynamo_store, launchdarkly):
        assert len(module.__all__) > 5
        assert [name for name in module.__all__ if not hasattr(module, name)] == []
