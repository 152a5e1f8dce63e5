"""The shape of the code: imports go down the floors, modules stay small, public things say what they are.

The contracts themselves stand in ``pyproject.toml`` under ``tool.importlinter``.
"""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "photoplay"
MAX_LINES = 600

MODULES = sorted(PACKAGE.rglob("*.py"))
WRITTEN_FOR_PEOPLE = [path for path in MODULES if path.parent != PACKAGE / "db" / "migrations" / "versions"]


def contracts() -> list[dict[str, object]]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    found: list[dict[str, object]] = project["tool"]["importlinter"]["contracts"]
    return found


def test_imports_keep_the_contracts() -> None:
    script = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([script, "--no-logo", "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_step_up_would_be_found(tmp_path: Path) -> None:
    """The linter really reads our contracts: in a copy of the tree where storage imports jobs, it complains."""
    package = tmp_path / "src" / "photoplay"
    for module in MODULES:
        copy = package / module.relative_to(PACKAGE)
        copy.parent.mkdir(parents=True, exist_ok=True)
        # Only the imports count, and parsing them is what takes the time.
        copy.write_text(_imports_only(module), encoding="utf-8")
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    with (package / "storage" / "base.py").open("a", encoding="utf-8") as file:
        file.write("\nimport photoplay.jobs.job\n")
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache", "--contract", "floors"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path / "src"), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "photoplay.storage is not allowed to import photoplay.jobs" in done.stdout


def _imports_only(module: Path) -> str:
    tree = ast.parse(module.read_text(encoding="utf-8"))
    return "\n".join(ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom))


def test_every_dialect_is_kept_apart() -> None:
    dialects = {f"photoplay.dialects.{path.parent.name}" for path in (PACKAGE / "dialects").glob("*/__init__.py")}
    apart = next(contract for contract in contracts() if contract["id"] == "dialects-apart")
    assert set(apart["modules"]) == dialects  # type: ignore[call-overload]  # TOML has no static type


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_modules_are_one_thing_each(module: Path) -> None:
    lines = len(module.read_text(encoding="utf-8").splitlines())
    assert lines <= MAX_LINES, f"{module.name} has {lines} lines: split it"


@pytest.mark.parametrize("module", WRITTEN_FOR_PEOPLE, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_public_things_have_docstrings(module: Path) -> None:
    """Modules, public classes, functions and methods. Not: overrides, dunders, and properties of protocols."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    missing = [] if not tree.body or ast.get_docstring(tree) else ["the module"]
    missing += [name for name, node in _public(tree) if ast.get_docstring(node) is None]
    assert not missing, f"no docstring: {', '.join(missing)}"


Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def _public(tree: ast.Module) -> Iterator[tuple[str, Definition]]:
    for node in tree.body:
        if not isinstance(node, Definition) or node.name.startswith("_"):
            continue
        yield node.name, node
        # A class with bases inherits what its methods mean from what it implements.
        if isinstance(node, ast.ClassDef) and not node.bases:
            for member in node.body:
                if isinstance(member, ast.FunctionDef | ast.AsyncFunctionDef) and not member.name.startswith("_"):
                    yield f"{node.name}.{member.name}", member
