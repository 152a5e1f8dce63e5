"""The word tables: phrases of sixteen languages, each standing for one or more concepts.

``words/<language>.toml`` holds, under ``[concepts]``, lists of phrases separated by commas. A key names the
concept (``"zoom+"`` is zooming in), or several joined by ``&`` (``"slow&dolly+"`` for "creep in"). In a phrase

- ``a|b`` is either word,
- ``stem*`` is any word that begins so,
- ``verb~`` is an English verb in all its forms (zoom, zooms, zoomed, zooming), ``noun^`` a noun and its plural,
- characters of scripts without spaces stand for themselves, as a run.

Matching takes the longest phrase at each place; what is inside a longer phrase is not seen again, so that the
concept ``plain`` can hide words which mean no motion in their company ("frying pan", "close up").
"""

from __future__ import annotations

import itertools
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from photoplay.engines.motion.language.tokens import Mark, Token, fold, tokenize

LANGUAGES = ("ar", "de", "en", "es", "fr", "it", "ja", "ko", "nl", "pl", "pt", "ru", "th", "tr", "zh")
"""Tables there are. ``zh`` reads simplified and traditional characters, so these are the encoder's 16 languages."""

_LATIN_LANGUAGES = ("en", "de", "es", "fr", "it", "nl", "pl", "pt", "tr")
_STEM = 3  # letters by which stems are indexed
_DOUBLING = re.compile(r"^[^aeiou]*[aeiou][bdgklmnprt]$")
_ARABIC_PREFIXES = ("وال", "بال", "فال", "كال", "لل", "ال", "و", "ب", "ل", "ف")


@dataclass(frozen=True, slots=True)
class Hit:
    """Concepts found over the tokens ``first:last`` (``last`` excluded)."""

    concepts: tuple[str, ...]
    first: int
    last: int


@dataclass(slots=True)
class _Entry:
    words: tuple[str, ...]  # the first is the index key; "stem*" kept as such
    concepts: tuple[str, ...]
    weight: tuple[int, int] = (0, 0)  # words, letters: the heavier of two phrases that fit is meant

    def __post_init__(self) -> None:
        self.weight = (len(self.words), sum(len(word.rstrip("*")) for word in self.words))


@dataclass(slots=True)
class Table:
    """Phrases of one language, ready to be matched."""

    exact: dict[str, list[_Entry]] = field(default_factory=dict)
    stems: dict[str, list[_Entry]] = field(default_factory=dict)
    common: frozenset[str] = frozenset()  # small words: say nothing, but tell the language
    negation_anywhere: bool = False  # a negation may follow what it negates
    object_before: str = ""  # verbs that end so (infinitives) have their object before them
    prefixes: tuple[str, ...] = ()  # letters that may stand before a word without a space
    fold_chars: dict[str, str] = field(default_factory=dict)  # traditional to simplified

    def add(self, phrase: str, concepts: tuple[str, ...]) -> None:
        """Adds every spelling of ``phrase``."""
        for words in _spellings(phrase):
            entry = _Entry(words, concepts)
            head = words[0]
            if head.endswith("*"):
                self.stems.setdefault(head[:-1][:_STEM], []).append(entry)
            else:
                self.exact.setdefault(head, []).append(entry)

    def forms(self, token: Token) -> tuple[str, ...]:
        """Spellings under which a token is looked up."""
        text = self.fold_chars.get(token.text, token.text)
        if token.mark is not Mark.WORD:
            return (text,)
        if text.endswith("'s") and len(text) > 3:  # her sister's, it's
            return (text, text[:-2])
        if not self.prefixes:
            return (text,)
        bare = tuple(text[len(p) :] for p in self.prefixes if text.startswith(p) and len(text) - len(p) >= 2)
        return (text, *bare)

    def longest(self, tokens: Sequence[Token], at: int) -> Hit | None:
        """The longest phrase that begins at token ``at``; among equals the one with most letters, then the first."""
        best: _Entry | None = None
        for form in self.forms(tokens[at]):
            for entry in self._candidates(form):
                if (best is None or entry.weight > best.weight) and self._fits(entry, form, tokens, at):
                    best = entry
        return None if best is None else Hit(best.concepts, at, at + len(best.words))

    def _candidates(self, form: str) -> Iterator[_Entry]:
        yield from self.exact.get(form, ())
        for size in range(1, min(_STEM, len(form)) + 1):
            yield from self.stems.get(form[:size], ())

    def _fits(self, entry: _Entry, form: str, tokens: Sequence[Token], at: int) -> bool:
        words = entry.words
        if at + len(words) > len(tokens) or not _same(words[0], form):
            return False
        return all(
            any(_same(word, other) for other in self.forms(tokens[at + i])) for i, word in enumerate(words[1:], start=1)
        )


def _same(pattern: str, form: str) -> bool:
    return form.startswith(pattern[:-1]) if pattern.endswith("*") else form == pattern


def _spellings(phrase: str) -> Iterator[tuple[str, ...]]:
    """Every run of folded words a phrase of the tables stands for."""
    slots: list[list[str]] = []
    for word in phrase.split():
        choices: list[str] = []
        for choice in word.split("|"):
            choices.extend(_forms(choice))
        slots.append(choices)
    for combination in itertools.product(*slots):
        words: list[str] = []
        for part in combination:
            words.extend([part] if part.endswith("*") else [t.text for t in tokenize(part)])
        if words:
            yield tuple(words)


def _forms(word: str) -> list[str]:
    if word.endswith("~"):
        return [fold(form) for form in verb_forms(word[:-1])]
    if word.endswith("^"):
        return [fold(form) for form in noun_forms(word[:-1])]
    return [fold(word[:-1]) + "*"] if word.endswith("*") else [fold(word)]


def noun_forms(noun: str) -> list[str]:
    """``leaf^`` must be spelt out; regular nouns get their plural."""
    return [noun, _s_form(noun)]


def verb_forms(verb: str) -> list[str]:
    """zoom, zooms, zooming, zoomed: the regular forms of an English verb."""
    stem = verb
    if verb.endswith("e") and not verb.endswith(("ee", "oe", "ye")):
        stem = verb[:-1]
    elif _DOUBLING.match(verb):
        stem = verb + verb[-1]
    past = verb[:-1] + "ied" if _consonant_y(verb) else stem + "ed"
    if verb.endswith("ee"):
        past = verb + "d"
    return [verb, _s_form(verb), stem + "ing", past]


def _s_form(word: str) -> str:
    if _consonant_y(word):
        return word[:-1] + "ies"
    return word + ("es" if word.endswith(("s", "x", "z", "ch", "sh", "o")) else "s")


def _consonant_y(word: str) -> bool:
    return word.endswith("y") and len(word) > 1 and word[-2] not in "aeiou"


@cache
def data(name: str) -> dict[str, Any]:
    """The raw table ``words/<name>.toml``."""
    path = resources.files("photoplay.engines.motion.language") / "words" / f"{name}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


@cache
def small_words(name: str) -> frozenset[str]:
    """One of the word lists of ``words/small.toml``."""
    return frozenset(data("small")[name].split())


def phrases(text: str) -> list[str]:
    """The phrases of one entry."""
    return [phrase.strip() for phrase in text.replace("\n", " ").split(",") if phrase.strip()]


@cache
def table(language: str) -> Table:
    """The table of a language; every language but English also knows film's English terms."""
    raw = data(language)
    built = Table(
        common=frozenset(fold(word) for word in raw.get("common", "").split()),
        negation_anywhere=bool(raw.get("negation_anywhere", False)),
        object_before=raw.get("object_before", ""),
        prefixes=_ARABIC_PREFIXES if language == "ar" else (),
    )
    simplified = raw.get("fold", "").split()
    built.fold_chars = {pair[0]: pair[1] for pair in simplified}
    for key, text in raw["concepts"].items():
        for phrase in phrases(text):
            built.add(phrase, tuple(key.split("&")))
    for category, text in raw.get("nouns", {}).items():
        for phrase in phrases(text):
            lemma, _, forms = phrase.partition("=")
            words = forms.split("/") if forms else [lemma + "^"]
            for word in words:
                built.add(word.strip(), (f"noun.{category}.{lemma.strip()}",))
    if language != "en":
        for key, text in data("film")["concepts"].items():
            for phrase in phrases(text):
                built.add(phrase, tuple(key.split("&")))
    return built


def match(tokens: Sequence[Token], words: Table) -> list[Hit]:
    """Longest phrases from left to right, none overlapping."""
    hits: list[Hit] = []
    at = 0
    while at < len(tokens):
        hit = words.longest(tokens, at) if tokens[at].mark in {Mark.WORD, Mark.CHAR, Mark.SIGN} else None
        if hit is None:
            at += 1
        else:
            hits.append(hit)
            at = hit.last
    return hits


def language_of(tokens: Sequence[Token]) -> str:
    """The language whose script and words fit best; English when nothing tells."""
    return script_of(tokens) or latin_language(tokens)


def latin_language(tokens: Sequence[Token]) -> str:
    """Which of the languages in Latin letters the Latin words are; English when nothing tells."""
    latin = [token for token in tokens if token.mark is Mark.WORD and token.text[:1] < "\u0370"]
    if not latin:
        return "en"
    scores = {"en": _cover(latin, "en")}
    if scores["en"] >= 0.75 * len(latin):
        return "en"
    for language in _LATIN_LANGUAGES[1:]:
        scores[language] = _cover(latin, language)
    best = max(_LATIN_LANGUAGES, key=lambda name: scores[name])
    # English wins close calls: its table is the widest, and film terms are English everywhere.
    return best if scores[best] > scores["en"] + 0.5 else "en"


def _cover(tokens: Sequence[Token], language: str) -> float:
    """How many tokens the language's table explains. Film's English terms tell nothing about other languages."""
    words = table(language)
    common = sum(token.text in words.common for token in tokens)
    own = sum(
        hit.last - hit.first
        for hit in match(tokens, words)
        if not all(t.text in words.common for t in tokens[hit.first : hit.last])
    )
    return common + own


_SCRIPTS: tuple[tuple[str, str], ...] = (
    ("ja", r"[\u3041-\u309f\u30a1-\u30fa]"),
    ("ko", r"[\uac00-\ud7af]"),
    ("th", r"[\u0e00-\u0e7f]"),
    ("ar", r"[\u0600-\u06ff]"),
    ("ru", r"[\u0400-\u04ff]"),
    ("zh", r"[\u3400-\u4dbf\u4e00-\u9fff]"),
)


def script_of(tokens: Sequence[Token]) -> str | None:
    """The language a script gives away, when enough of the text is written in it."""
    text = "".join(token.text for token in tokens if token.mark in {Mark.WORD, Mark.CHAR})
    counts = {language: len(re.findall(pattern, text)) for language, pattern in _SCRIPTS}
    if counts["ja"]:
        counts["ja"] += counts.pop("zh")
    best = max(counts, key=lambda name: counts[name])
    latin = len(re.findall(r"[a-z]", text))
    # One ideograph says about as much as three letters.
    weight = 3 if best in {"zh", "ja", "ko"} else 1
    return best if counts[best] * weight > latin * 0.5 else None
