"""Quoted words: what is to be spoken, and what is only written in the picture."""

from __future__ import annotations

import itertools
import re

from photoplay.engines.motion.language.lexicon import Table, match
from photoplay.engines.motion.language.tokens import MAX_CHARS, Mark, tokenize

_QUOTED = re.compile(
    r"“([^”]{1,2000})”|„([^“”]{1,2000})[“”]|«\s?([^»]{1,2000}?)\s?»|「([^」]{1,2000})」|『([^』]{1,2000})』|‘([^’]{2,2000}(?:’\w[^’]*)*)’(?!\w)"
    r'|"([^"]{1,2000})"|(?<![\w])\'([^\'\n]{2,2000}(?:\'\w[^\'\n]*)*)\'(?!\w)'
)
_JOINS = re.compile(r"[\s,;:]*(?:and|then|und|et|y|e|和)?[\s,;:]*")
MAX_QUOTATIONS = 24
_REACH_CHARS = 200
_REACH = 8  # words before a quote in which a word of speech must stand
_AFTER = 4  # words after a quote: '"Hello", she says'


def take_speech(prompt: str, words: Table) -> tuple[str, str | None, tuple[str, ...]]:
    """The prompt with quotations and their words of speech blanked (same length), what is spoken, the fragments used.

    A quotation is speech when a word of speech ("says", "Speak", "whispers") stands shortly before it, right
    after it, or when it follows other speech with nothing but "and" between; not when it is written somewhere
    ("a sign that says ..."). ``words``: the table of :func:`~.mentions.speech_table`.
    """
    spoken: list[str] = []
    fragments: list[str] = []
    blanks: list[tuple[int, int]] = []
    last_spoken_end = -1
    for found in itertools.islice(_QUOTED.finditer(prompt[:MAX_CHARS]), MAX_QUOTATIONS):
        blanks.append(found.span())
        said = next(group for group in found.groups() if group is not None).strip()
        said_by = _words_of_speech(prompt, found.start(), found.end(), words)
        if not said_by and last_spoken_end >= 0 and _JOINS.fullmatch(prompt[last_spoken_end : found.start()]):
            said_by = [found.span()]
        if said and said_by:
            spoken.append(said)
            fragments.append(" ".join(found.group().split())[:100])
            blanks.extend(said_by)
            last_spoken_end = found.end()
    masked = list(prompt)
    for start, end in blanks:
        masked[start:end] = " " * (end - start)
    return "".join(masked), " ".join(" ".join(spoken).split()) or None, tuple(fragments)


def _words_of_speech(prompt: str, start: int, end: int, words: Table) -> list[tuple[int, int]]:
    """Where the word is that makes the quotation ``start:end`` speech; empty when it is none."""
    floor = max(0, start - _REACH_CHARS)
    sentence = max(floor - 1, *(prompt.rfind(mark, floor, start) for mark in ".!?\n。！？”»」")) + 1
    before = tokenize(prompt[sentence:start])
    reach = _REACH * 3 if before and before[-1].mark is Mark.CHAR else _REACH
    near = before[-reach:]
    hits = match(near, words)
    if any("written" in hit.concepts for hit in hits):
        return []
    if hits:
        return [(sentence + near[hit.first].start, sentence + near[hit.last - 1].end) for hit in hits]
    # After a closing quote: '"Hello," she says', but not '"Open" sign. She says ...'.
    rest = tokenize(re.split(r"[.!?\n。！？;\"“„«「]", prompt[end : end + 60], maxsplit=1)[0])[:_AFTER]
    return [
        (end + rest[hit.first].start, end + rest[hit.last - 1].end)
        for hit in match(rest, words)
        if "say" in hit.concepts
    ]
