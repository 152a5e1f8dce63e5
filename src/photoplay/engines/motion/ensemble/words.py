"""What a prompt says of its images: which is the place, which the subject, where it stands and how large it is.

Vendors address images in the prompt as ``@image1``, ``<<<image_1>>>``, ``[image 1]``, ``image 1``, ``the first photo``
or ``图1``; all of them are read. What is said is a wish: what is seen in the photos decides where nothing is said.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field, replace
from enum import StrEnum

from photoplay.engines.motion.ensemble.lexicon import (
    BACKDROP_WORDS,
    LIGHTS,
    ORDINALS,
    PLACES,
    SEQUENCE_WORDS,
    SIZES,
    STATURES_M,
    TOGETHER_WORDS,
)

_NUMBER = r"(?P<number>[1-7])"
_ADDRESS = re.compile(
    rf"<<<\s*image_?\s*{_NUMBER}\s*>>>"
    rf"|[@\[#]?\b(?:image|img|picture|photo|pic|figure|reference|ref)[\s_#-]*{_NUMBER.replace('number', 'second')}\b\]?"
    rf"|[@\[]?图片?\s*{_NUMBER.replace('number', 'third')}\]?"
    rf"|\b(?P<ordinal>{'|'.join(ORDINALS)})\s+(?:image|photo|picture|pic|reference)\b",
    re.IGNORECASE,
)
_BACKDROP = "|".join(sorted(BACKDROP_WORDS, key=len, reverse=True))
# Before an address: words that make it the place ("against image 2", "standing in image 2", "the beach from image 2").
_PREPOSITION = re.compile(
    r"(?P<before>[\w'-]+)?\s*(?P<preposition>in front of|inside|into|onto|against|within|from|of|in|on|at)"
    r"(?:\s+(?:the|a|an))?\s*$",
    re.IGNORECASE,
)
_IS_BACKDROP = re.compile(
    rf"^\s*(?:is|as|=|:|for|being|serves as|to be)?\s*(?:the|a)?\s*\b(?:{_BACKDROP})\b", re.IGNORECASE
)
_BACKDROP_IS = re.compile(
    rf"\b(?:{_BACKDROP})\s*(?:is|as|=|:|from|of|in|like|shown in|taken from|being)?\s*(?:the)?\s*$", re.IGNORECASE
)
_CLAUSE = re.compile(r"[,;.!?。，；]|\b(?:and|while|then|with)\b", re.IGNORECASE)
_INTO = frozenset({"in front of", "inside", "into", "onto", "against", "within", "on", "at"})
_PLACED = frozenset({"them", "him", "her", "it", "together", "placed", "put", "stands", "stand", "sits", "walks"})
_NO_PLACE = re.compile(r"\b(?:depth of field|field of view|movie stars?)\b", re.IGNORECASE)
_SIDES = {"left": "left", "right": "right", "middle": "centre", "centre": "centre", "center": "centre"}
_SIDE = re.compile(
    r"\b(?:on|to|at|in)\s+(?:the|his|her|their|its)?\s*(?:far\s+)?(left|right|middle|centre|center)\b", re.IGNORECASE
)
_DEEP = re.compile(
    r"\b(in the background|in the distance|far away|behind (?:them|him|her|it|everyone))\b", re.IGNORECASE
)
_NEAR = re.compile(r"\b(in the foreground|in front\b(?! of)|up front|close to the camera)", re.IGNORECASE)
_SIZE = re.compile(rf"\b({'|'.join(sorted(SIZES, key=len, reverse=True))})\b", re.IGNORECASE)


class Said(StrEnum):
    """What an image is said to be."""

    BACKDROP = "backdrop"
    SUBJECT = "subject"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is said of one image. ``size``: times what would be natural; ``stature_m``: height of what it shows."""

    role: Said | None = None
    side: str | None = None  # left, centre, right
    depth: str | None = None  # front, back
    size: float = 1.0
    stature_m: float | None = None
    noun: str | None = None


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is said of all images. Keys of ``images`` are 1-based numbers in the order they were given."""

    images: dict[int, Wish] = field(default_factory=dict)
    place: str | None = None  # a key of PLACES
    light: str | None = None  # day, sunset, night
    together: bool = False
    in_sequence: bool = False
    nouns: tuple[str, ...] = ()  # what could stand somewhere, in the order of the prompt

    def of(self, number: int) -> Wish:
        """The wish for an image, empty when nothing was said."""
        return self.images.get(number, Wish())


def wishes(prompt: str) -> Wishes:
    """Reads a prompt."""
    text = " ".join(prompt.split())
    images: dict[int, Wish] = {}
    addresses = list(_ADDRESS.finditer(text))
    for index, found in enumerate(addresses):
        number = number_of(found)
        before = text[addresses[index - 1].end() if index else 0 : found.start()]
        after = text[found.end() : addresses[index + 1].start() if index + 1 < len(addresses) else len(text)]
        images[number] = _merge(images.get(number, Wish()), _wish(before, after))
    bare = _NO_PLACE.sub(" ", _ADDRESS.sub(" ", text))
    return Wishes(
        images=images,
        place=_first(bare, PLACES),
        light=_first(bare, LIGHTS),
        together=_has(bare, TOGETHER_WORDS),
        in_sequence=_has(bare, SEQUENCE_WORDS) or _from_one_to_another(text, addresses),
        nouns=_nouns(bare),
    )


def without_addresses(prompt: str) -> str:
    """The prompt without its images' addresses and without words of togetherness, for those who read it for motion."""
    bare = _ADDRESS.sub(" ", prompt)
    return " ".join(_pattern(TOGETHER_WORDS).sub(" ", bare).split())


def number_of(found: re.Match[str]) -> int:
    """Which image an address means, 1-based."""
    ordinal = found.group("ordinal")
    if ordinal is not None:
        return ORDINALS[ordinal.lower()]
    return int(found.group("number") or found.group("second") or found.group("third"))


def _from_one_to_another(text: str, addresses: list[re.Match[str]]) -> bool:
    """ "from image 1 to image 2": a way, not a place."""
    return any(
        re.search(r"\bfrom\s+(?:the\s+)?$", text[: first.start()], re.IGNORECASE) is not None
        and re.fullmatch(r"\s*to\s+(?:the\s+)?", text[first.end() : second.start()], re.IGNORECASE) is not None
        for first, second in itertools.pairwise(addresses)
    )


def _wish(before: str, after: str) -> Wish:
    head = _CLAUSE.split(before)[-1]
    tail = _CLAUSE.split(after)[0]
    wish = Wish(role=_role(head, tail))
    around = f"{head} | {tail}"
    side = _SIDE.search(around)
    if side is not None:
        wish = replace(wish, side=_SIDES[side.group(1).lower()])
    if _DEEP.search(around) and wish.role is not Said.BACKDROP:
        wish = replace(wish, depth="back")
    elif _NEAR.search(around):
        wish = replace(wish, depth="front")
    sized = _SIZE.search(around)
    if sized is not None:
        wish = replace(wish, size=SIZES[sized.group(1).lower()])
    nouns = _nouns(head)[-1:] or (_nouns(tail)[:1] if wish.role is not Said.BACKDROP else ())
    if nouns and wish.role is not Said.BACKDROP:
        wish = replace(wish, noun=nouns[0], stature_m=STATURES_M[nouns[0]])
        if wish.role is None:
            wish = replace(wish, role=Said.SUBJECT)
    return wish


def _role(head: str, tail: str) -> Said | None:
    if _IS_BACKDROP.match(tail) or _BACKDROP_IS.search(head):
        return Said.BACKDROP
    if tail.startswith("的") and any(tail[1:].startswith(words) for words in PLACES.values()):
        return Said.BACKDROP  # "the beach of image 2"
    found = _PREPOSITION.search(head)
    if found is None:
        return None
    before = (found.group("before") or "").lower()
    preposition = found.group("preposition").lower()
    if before in BACKDROP_WORDS or any(before in words for words in PLACES.values()):
        return Said.BACKDROP
    if before in STATURES_M or before.rstrip("s") in STATURES_M:
        return Said.SUBJECT
    if preposition in ("from", "of"):
        return Said.SUBJECT if before else None
    if before.endswith("ing") or preposition in (
        "in front of",
        "inside",
        "into",
        "onto",
        "against",
        "within",
        "on",
        "at",
    ):
        return Said.BACKDROP
    return (
        Said.BACKDROP
        if before in ("them", "him", "her", "it", "together", "placed", "put", "stands", "walks")
        else None
    )


def _merge(first: Wish, second: Wish) -> Wish:
    """Both, the first said winning where both say something."""
    return Wish(
        role=first.role or second.role,
        side=first.side or second.side,
        depth=first.depth or second.depth,
        size=first.size if first.size != 1.0 else second.size,
        stature_m=first.stature_m if first.stature_m is not None else second.stature_m,
        noun=first.noun or second.noun,
    )


def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    # Scripts without spaces have no word borders.
    parts = [
        re.escape(word) if ord(word[0]) > 0x2E80 else rf"\b{re.escape(word)}\b"
        for word in sorted(words, key=len, reverse=True)
    ]
    return re.compile("|".join(parts), re.IGNORECASE)


def _first(text: str, table: dict[str, tuple[str, ...]]) -> str | None:
    """The key whose word comes first in the text."""
    best: tuple[int, str] | None = None
    for key, words in table.items():
        found = _pattern(words).search(text)
        if found is not None and (best is None or found.start() < best[0]):
            best = found.start(), key
    return None if best is None else best[1]


def _has(text: str, words: tuple[str, ...]) -> bool:
    return _pattern(words).search(text) is not None


def _nouns(text: str) -> tuple[str, ...]:
    """Known things in a text, in order, in the singular."""
    found = []
    for word in re.findall(r"[^\W\d_]+", text.lower()):
        for form in (word, word.removesuffix("s"), word.removesuffix("es")):
            if form in STATURES_M:
                found.append(form)
                break
    return tuple(found)
