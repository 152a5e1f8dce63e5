"""The reference pages say what the command line and the server do, and leave nothing out."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
from typer.testing import CliRunner

from photoplay.accounts import DEFAULT_CREDITS, DEFAULT_PLAN
from photoplay.cli import app
from photoplay.cli.keys import DEFAULTS

ROOT = Path(__file__).parents[3]
PLAIN = {"TERM": "dumb", "NO_COLOR": "1", "COLUMNS": "400"}


def script(name: str) -> ModuleType:
    """A script of ``scripts/`` as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


CLI = script("docs_cli")


@pytest.mark.parametrize("name", ["docs_cli", "docs_http"])
def test_the_page_is_up_to_date(name: str) -> None:
    made = script(name)
    assert made.PAGE.read_text(encoding="utf-8") == made.page(), f"run: python scripts/{name}.py"
    assert made.main(["--check"]) == 0


@pytest.mark.parametrize(
    ("path", "command"), CLI.tree(), ids=lambda value: " ".join(value) if isinstance(value, tuple) else ""
)
def test_help_and_page_say_the_same(path: tuple[str, ...], command: object) -> None:
    page = CLI.PAGE.read_text(encoding="utf-8")
    shown = CliRunner().invoke(app, [*path[1:], "--help"], env=PLAIN)
    assert shown.exit_code == 0
    told = " ".join(shown.output.split())
    section = page.split(f"## {' '.join(path)}\n")[1].split("\n## ")[0]
    assert " ".join(command.help.split("\n\n")[0].split()) in told
    for parameter in command.params:
        assert parameter.help, f"{path}: {parameter.name} has no help"
        assert " ".join(parameter.help.split()) in told
        for option in parameter.opts if parameter.param_type_name == "option" else []:
            assert option in told
            assert f"`{option}`" in section


@pytest.mark.parametrize("path", [path for path, _ in CLI.tree()], ids=" ".join)
def test_every_command_takes_a_data_folder(path: tuple[str, ...]) -> None:
    assert "--data-dir" in CliRunner().invoke(app, [*path[1:], "--help"], env=PLAIN).output


def test_every_route_is_there_and_every_field_has_words() -> None:
    http = script("docs_http")
    page = http.PAGE.read_text(encoding="utf-8")
    described = http.document()
    silent = []
    for method, path, operation in http.routes(described):
        assert f"### {method} {path}\n" in page
        if operation["tags"][0] in ("photoplay", "AKOOL", "OpenAI Videos", "files", "health"):
            silent += [f"{method} {path}: {row}" for row in http._fields(operation, described) if row.endswith("|  |")]
    assert silent == []


def test_defaults_that_help_shows_are_true() -> None:
    assert {"plan": DEFAULT_PLAN, "credits": str(DEFAULT_CREDITS)} == DEFAULTS
