"""Writes docs/reference/settings.md from the settings themselves; with --check, says whether it is up to date."""

from __future__ import annotations

import sys
import types
import typing
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from photoplay.settings import CONFIG_FILE_NAME, ENV_PREFIX, Settings

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "settings.md"

HEAD = f"""\
# Settings

<!-- Written by scripts/docs_settings.py: change the descriptions in src/photoplay/settings.py and run it again. -->

Every setting can be given as an environment variable, with the prefix `{ENV_PREFIX}`, or as a key of a TOML file.
The file is `{CONFIG_FILE_NAME}` in the data folder, or the one that `{ENV_PREFIX}CONFIG` names. What is given on the
command line comes first, then the environment, then the file. A setting that does not exist is an error, and so is a
value of the wrong kind; the message names it.

```toml
# {CONFIG_FILE_NAME}
port = 9000
allowed_networks = ["10.0.0.0/8"]
```

An S3 store (`storage_url = "s3://bucket/prefix"`) takes its credentials from the usual variables
(`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`) or the machine's role. For another server than Amazon's, add
`?endpoint=http://host:port` to the URL; `region=` and `virtual_host=true` can follow after `&`.

| Variable | Key | Kind | Default | Meaning |
|---|---|---|---|---|
"""

_KINDS = {"str": "text", "int": "whole number", "float": "number", "bool": "`true` or `false`", "Path": "path"}


def kind_of(annotation: Any) -> str:
    """A type in plain words."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return kind_of(typing.get_args(annotation)[0])
    if origin in (typing.Union, types.UnionType):
        words = [kind_of(part) for part in typing.get_args(annotation) if part is not types.NoneType]
        return " or ".join(dict.fromkeys(words))
    if origin is typing.Literal:
        return ", ".join(f"`{value}`" for value in typing.get_args(annotation))
    if origin in (tuple, list):
        return f"list of {kind_of(typing.get_args(annotation)[0])}s"
    if origin is not None:
        return f"table of {kind_of(typing.get_args(annotation)[-1])} by name"
    name = getattr(annotation, "__name__", str(annotation))
    return "network" if name.endswith("Network") else _KINDS.get(name, name)


def default_of(field: FieldInfo) -> str:
    """A default as it would be written in TOML; a dash where the meaning says it in words."""
    value = field.default
    if field.default_factory in (dict, list, tuple):
        return "none"
    if value is PydanticUndefined or value is None:
        return "–"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple | list | dict) and not value:
        return "none"
    if isinstance(value, tuple | list):
        return ", ".join(f"`{part}`" for part in value)
    return f"`{value}`"


def page() -> str:
    """The whole page."""
    rows = []
    for name, field in Settings.model_fields.items():
        meaning = (field.description or "").replace("|", "\\|").replace("\n", " ")
        kind = kind_of(field.annotation)
        rows.append(f"| `{ENV_PREFIX}{name.upper()}` | `{name}` | {kind} | {default_of(field)} | {meaning} |")
    return HEAD + "\n".join(rows) + "\n"


def main(arguments: list[str]) -> int:
    """Writes the page, or checks it."""
    if arguments == ["--check"]:
        return 0 if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == page() else 1
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
