"""Writes docs/reference/catalog.md from the catalog; with --check, says whether it is up to date."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from photoplay.accounts import DEFAULT_CREDITS
from photoplay.catalog import Catalog, Model

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "catalog.md"

HEAD = """\
# Catalog: models, effects, prices, plans

<!-- Written by scripts/docs_catalog.py: change src/photoplay/catalog/*.toml and run it again. -->

What a server offers stands in TOML. The tables below come with photoplay. A file of your own, named by the setting
`catalog_file`, changes or adds to them: it has the same tables (`defaults`, `plans`, `prices`, `models`, `effects`)
and needs only say what differs. Keys it does not name keep their value, a new entry can take another's keys with
`extends`, and `enabled = false` takes an entry out. An unknown key or a value that cannot be is an error when the
server starts, and the message names the file and the key.

```toml
# a cheaper 720p, a longer prompt, a model of your own, no Squish
[prices.standard.video]
720p = [{ up_to_s = 5, credits = 10 }, { up_to_s = 15, credits = 25 }]

[models.motion]
prompt_limit = 10000

[models.postcard]
extends = "motion"
label = "Postcard"
plan = "pro"
aspect_ratios = ["3:2", "2:3"]

[effects.squish]
enabled = false
```
"""

PLANS = f"""\
An account has one of these. A job beyond *at once* waits; one beyond *waiting* is refused. *Weight* is how many turns
an account gets at a busy queue, relative to one of weight 1. The setting `limits = false` lifts all of these but the
weight. A new account is granted {DEFAULT_CREDITS} credits unless `photoplay key create --credits` says otherwise.
"""

PRICES = """\
In credits. A clip costs what the shortest column that holds it says; a WIDTHxHEIGHT between two sizes costs the larger.
Credits are set aside when a job is taken in, spent when it succeeds, given back when it does not.
"""


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A table in Markdown."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def yes(value: bool) -> str:
    """Yes or no."""
    return "yes" if value else "no"


def listed(values: list[str], between: bool) -> str:
    """Values as people read them: a range when what lies between is offered too."""
    return f"{values[0]}–{values[-1]}" if between else ", ".join(values)


def plans(catalog: Catalog) -> str:
    """The plans."""
    rows = [
        (
            f"`{plan.name}`",
            str(plan.requests_per_minute),
            str(plan.concurrent_jobs),
            str(plan.queued_jobs),
            f"{plan.max_duration_s:g} s",
            yes(plan.premium),
            str(plan.weight),
        )
        for plan in catalog.plans
    ]
    head = ("Plan", "Requests a minute", "Jobs at once", "Jobs waiting", "Longest clip", "Premium", "Weight")
    return table(head, rows)


def models(catalog: Catalog) -> str:
    """The models."""
    head = ("Model", "Engine", "Sizes", "Seconds", "Frames a second", "Shapes", "Images", "Qualities", "Needs", "Kept")
    return table(head, [_row(model) for model in catalog.models()])


def _row(model: Model) -> tuple[str, ...]:
    lengths_s = [*([] if model.shortest_s is None else [model.shortest_s]), *model.durations_s]
    several = "".join(f"; of several images {duration_s:g}" for duration_s in model.multi_durations_s)
    sizes = [resolution.name for resolution in model.resolutions]
    needs = [] if model.plan == "free" else [f"`{model.plan}`"]
    if model.long_clip is not None:
        needs.append(f"`{model.long_clip.plan}` beyond {model.long_clip.over_s:g} s")
    return (
        f"`{model.name}`",
        model.engine,
        ", ".join(sizes) + (", or WIDTHxHEIGHT" if model.any_size else ""),
        listed([f"{duration_s:g}" for duration_s in lengths_s], model.any_duration) + several,
        listed([str(fps) for fps in model.fps], model.any_fps),
        ", ".join(model.aspect_ratios),
        str(model.max_images),
        ", ".join(name + (" (premium)" if quality.premium else "") for name, quality in model.qualities.items()),
        ", ".join(needs) or "–",
        "–" if model.retention_s is None else f"{model.retention_s / 86_400:g} days",
    )


def prices(catalog: Catalog) -> str:
    """The price tables."""
    parts = []
    for name, entry in catalog.prices.items():
        kinds = {**entry.video, "sound alone": entry.audio}
        lengths = sorted({row.up_to_s for rows in kinds.values() for row in rows})
        rows = [
            (kind, *(next((str(row.credits) for row in found if row.up_to_s == length), "–") for length in lengths))
            for kind, found in kinds.items()
        ]
        parts.append(f"### `{name}`\n\n" + table(("", *(f"up to {length:g} s" for length in lengths)), rows))
    return "\n".join(parts)


def effects(catalog: Catalog) -> str:
    """The effects."""
    rows = [(effect.name, f"`{effect.slug}`", f"`{effect.code}`", effect.engine) for effect in catalog.effects]
    return table(("Effect", "Slug", "Code (AKOOL)", "Engine"), rows)


def page() -> str:
    """The whole page."""
    catalog = Catalog.load()
    parts = (
        HEAD,
        "## Plans\n",
        PLANS,
        plans(catalog),
        "## Models\n",
        models(catalog),
        "## Prices\n",
        PRICES,
        prices(catalog),
        "## Effects\n",
        effects(catalog),
    )
    return "\n".join(parts)


def main(arguments: list[str]) -> int:
    """Writes the page, or checks it."""
    if arguments == ["--check"]:
        return 0 if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == page() else 1
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
