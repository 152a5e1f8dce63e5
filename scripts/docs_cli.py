"""Writes docs/reference/cli.md from the command line itself; with --check, says whether it is up to date."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from photoplay.cli import app
from photoplay.cli.console import EXIT_CODES, INTERRUPTED

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "cli.md"

HEAD = """\
# Command line

<!-- Written by scripts/docs_cli.py: change the texts in src/photoplay/cli/ and run it again. -->

`photoplay COMMAND --help` says the same as this page. Results go to standard output, progress and remarks to standard
error. Settings come from the environment and a file as well: see [settings](settings.md).

## Exit status

| status | meaning |
|---|---|
| 0 | done |
"""


def commands(group: Any, path: tuple[str, ...] = ("photoplay",)) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command that does something, with its words."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


def tree() -> list[tuple[tuple[str, ...], Any]]:
    """Every command of photoplay."""
    return list(commands(typer.main.get_command(app)))


def _default(parameter: Any) -> str:
    shown = parameter.show_default
    if isinstance(shown, str):
        return shown
    value = parameter.default() if callable(parameter.default) else parameter.default
    if parameter.required or value in (None, "", [], ()) or isinstance(value, bool):
        return "–"
    return f"`{value}`"


def _row(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        names = f"`{parameter.metavar or parameter.name.upper()}`"
    else:
        names = ", ".join(f"`{option}`" for option in (*parameter.opts, *parameter.secondary_opts))
        if parameter.metavar:
            names += f" `{parameter.metavar}`".replace("|", "\\|")
    return f"| {names} | {(parameter.help or '').replace('|', chr(92) + '|')} | {_default(parameter)} |"


def section(path: tuple[str, ...], command: Any) -> str:
    """What the page says of one command."""
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    usage = " ".join(path)
    for argument in arguments:
        name = argument.metavar or argument.name.upper()
        usage += f" {name}" if argument.required or name.startswith("[") else f" [{name}]"
    lines = [f"## {' '.join(path)}", "", f"```\n{usage} [OPTIONS]\n```", "", command.help.strip(), ""]
    if command.params:
        lines += ["| | meaning | default |", "|---|---|---|", *(_row(p) for p in command.params), ""]
    return "\n".join(lines)


def page() -> str:
    """The whole page."""
    meanings = [f"| {code} | {kind.__doc__.strip().splitlines()[0]} |" for kind, code in EXIT_CODES.items()]
    meanings.append(f"| {INTERRUPTED} | interrupted by Ctrl-C |")
    return HEAD + "\n".join(meanings) + "\n\n" + "\n".join(section(path, command) for path, command in tree())


def main(arguments: list[str]) -> int:
    """Writes the page, or checks it."""
    if arguments == ["--check"]:
        return 0 if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == page() else 1
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
