"""The reference pages say what the code does, the examples in them work, and no link leads nowhere."""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from types import ModuleType

import pytest

from photoplay.catalog import Catalog
from photoplay.settings import Settings

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), ROOT / "README.md"])

COMES_WITH = {"starlette": "fastapi", "click": "typer", "pydantic-core": "pydantic", "pluggy": "pytest"}
"""Packages that code may import although only the one that brings them is declared: part of its interface."""


def script(name: str) -> ModuleType:
    """A script of ``scripts/`` as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["docs_settings", "docs_catalog", "docs_motion_language", "docs_sound"])
def test_generated_pages_are_up_to_date(name: str) -> None:
    made = script(name)
    assert made.PAGE.read_text(encoding="utf-8") == made.page(), f"run: python scripts/{name}.py"
    assert made.main(["--check"]) == 0


def test_every_setting_is_described() -> None:
    page = (DOCS / "reference" / "settings.md").read_text(encoding="utf-8")
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert f"`PHOTOPLAY_{name.upper()}`" in page


def test_the_settings_example_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (DOCS / "reference" / "settings.md").read_text(encoding="utf-8")
    (tmp_path / "photoplay.toml").write_text(_toml(page), encoding="utf-8")
    monkeypatch.delenv("PHOTOPLAY_CONFIG", raising=False)
    monkeypatch.delenv("PHOTOPLAY_PORT", raising=False)
    monkeypatch.delenv("PHOTOPLAY_ALLOWED_NETWORKS", raising=False)
    settings = Settings.load(data_dir=tmp_path)
    assert settings.port == 9000
    assert [str(network) for network in settings.allowed_networks] == ["10.0.0.0/8"]


def test_the_catalog_example_works(tmp_path: Path) -> None:
    page = (DOCS / "reference" / "catalog.md").read_text(encoding="utf-8")
    (tmp_path / "catalog.toml").write_text(_toml(page), encoding="utf-8")
    catalog = Catalog.load(tmp_path / "catalog.toml")
    assert catalog.model("postcard").plan == "pro"
    assert "squish" not in [effect.slug for effect in catalog.effects]


def _toml(page: str) -> str:
    match = re.search(r"```toml\n(.*?)```", page, re.DOTALL)
    assert match is not None
    return match[1]


# Dependencies ----------------------------------------------------------------------------------------------------


def declared() -> dict[str, set[str]]:
    """Names of the declared packages by group: runtime, and each dependency group."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = {"runtime": project["project"]["dependencies"], **project["dependency-groups"]}
    return {group: {_name(entry) for entry in entries if isinstance(entry, str)} for group, entries in groups.items()}


def _name(requirement: str) -> str:
    match = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert match is not None
    return re.sub(r"[-_.]+", "-", match[0]).lower()


def test_every_dependency_has_a_line_that_says_why_and_its_licence() -> None:
    page = (DOCS / "dependencies.md").read_text(encoding="utf-8")
    lines = re.findall(r"^\| `([^`]+)` \| (.+?) \| (.+?) \|$", page, re.MULTILINE)
    assert sorted(name for name, _, _ in lines) == sorted(set().union(*declared().values()))
    assert all(len(why) > 10 and licence for _, why, licence in lines)


def test_code_imports_only_what_is_declared_for_running_it() -> None:
    owners = packages_distributions()
    allowed = declared()["runtime"]
    problems = []
    for module in sorted((ROOT / "src").rglob("*.py")):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level and node.module:
                names = [node.module]
            for top in {name.partition(".")[0] for name in names} - {"photoplay"} - sys.stdlib_module_names:
                packages = {_name(owner) for owner in owners.get(top, [top])}
                packages |= {COMES_WITH[package] for package in packages & COMES_WITH.keys()}
                if not packages & allowed:
                    problems.append(f"{module.relative_to(ROOT)}: {top}")
    assert problems == []


# Links -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target) or target.startswith("#"):
            continue
        path = (page.parent / target.partition("#")[0]).resolve()
        assert path.exists(), f"{page.name} links to {target}"
