"""Tokens to clauses: where one request ends and how the next is joined to it.

"First zoom in slowly, then pan left while she smiles" is three clauses: *zoom in slowly*, *pan left* (after it),
*she smiles* (at the same time).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from photoplay.engines.motion.language import grammar
from photoplay.engines.motion.language.lexicon import Hit, small_words
from photoplay.engines.motion.language.tokens import Mark, Span, Token


class Link(Enum):
    """How a clause is joined to the one before it."""

    SENTENCE = "sentence"
    COMMA = "comma"
    AND = "and"
    OR = "or"
    WHILE = "while"
    THEN = "then"
    BUT = "but"


_LINKS = {"then": Link.THEN, "while": Link.WHILE, "and": Link.AND, "or": Link.OR, "but": Link.BUT}
_ORDER = frozenset({"first", "last", "after"})


@dataclass(frozen=True, slots=True)
class Item:
    """One concept over the tokens ``first:last``."""

    concept: str
    first: int
    last: int


@dataclass(slots=True)
class Segment:
    """A clause: its items, its tokens ``first:last``, and how it hangs together with its neighbours."""

    link: Link
    sentence: int
    first: int
    last: int
    items: list[Item] = field(default_factory=list)
    opens: bool = False  # "first, ..."
    closes: bool = False  # "finally, ..."
    after: bool = False  # "after zooming in": it comes before what it is told with
    before: bool = False  # "before panning left, ...": it comes after it
    span: Span | None = None


def is_motion(concept: str) -> bool:
    """Whether a concept is a verb of the camera."""
    return concept in grammar.VERBS or grammar.concept_move(concept) is not None


def split(tokens: Sequence[Token], hits: Sequence[Hit], start: int = 0) -> list[Segment]:
    """Clauses of the tokens from ``start`` on, in the order they are written, without the wordless."""
    return _Splitter(tokens, hits, start).run()


class _Splitter:
    def __init__(self, tokens: Sequence[Token], hits: Sequence[Hit], start: int) -> None:
        self.tokens = tokens
        self.start = start
        self.starts = {hit.first: hit for hit in hits}
        self.done: list[Segment] = []
        self.sentence = 0
        self.now = Segment(Link.SENTENCE, 0, start, start)
        self.running: Span | None = None  # a time code holds until the next

    def run(self) -> list[Segment]:
        at = self.start
        while at < len(self.tokens):
            token = self.tokens[at]
            hit = self.starts.get(at)
            if token.mark is Mark.STOP:
                self._close(at)
                self.sentence += 1
                self._open(Link.SENTENCE, at + 1)
                at += 1
            elif token.mark is Mark.COMMA or token.text == "/":
                self._close(at)
                self._open(self._after_comma(), at + 1)
                at += 1
            elif token.mark is Mark.SPAN:
                self._time(at)
                at += 1
            elif hit is not None:
                if not self._before_a_time(hit):
                    self._hit(hit)
                at = hit.last
            else:
                at += 1
        self._close(len(self.tokens))
        return [segment for segment in self.done if segment.last > segment.first]

    def _before_a_time(self, hit: Hit) -> bool:
        """ "after 3 seconds" puts no clause after another."""
        return hit.concepts == ("after",) and hit.last < len(self.tokens) and self.tokens[hit.last].mark is Mark.SPAN

    def _after_comma(self) -> Link:
        """A comma after nothing ("Then, ...") keeps the word's own link."""
        return self.now.link if self._bare() else Link.COMMA

    def _bare(self) -> bool:
        """Whether the clause has said nothing yet but, perhaps, when."""
        if self.now.items:
            return False
        words = [token.text for token in self._own_tokens() if token.mark in {Mark.WORD, Mark.CHAR}]
        return not words or (self.now.span is not None and small_words("around_times").issuperset(words))

    def _own_tokens(self) -> Sequence[Token]:
        return self.tokens[self.now.first : self.now.last]

    def _hit(self, hit: Hit) -> None:
        concepts = [concept for concept in hit.concepts if concept not in _LINKS and concept not in _ORDER]
        for concept in hit.concepts:
            if concept in _LINKS:
                self._join(_LINKS[concept], hit)
            elif concept in _ORDER:
                self._order(concept, hit)
        if self.now.after and "camera" in hit.concepts and any(is_motion(item.concept) for item in self.now.items):
            self._close(hit.first)  # "after panning right the camera ..."
            self._open(Link.COMMA, hit.first)
        self.now.items.extend(Item(concept, hit.first, hit.last) for concept in concepts)

    def _join(self, link: Link, hit: Hit) -> None:
        opening = self._at_opening(hit.first)
        reversed_order = opening and self.tokens[hit.first].text in small_words("before_postponed")
        self._close(hit.first)
        if (
            opening
            and self.now.link in {Link.SENTENCE, Link.COMMA, Link.THEN, Link.BUT}
            and link in {Link.AND, Link.WHILE}
        ):
            # "Meanwhile, ..." / ", while ..." / "And ..."; "and" after a comma or a "then" adds nothing.
            link = self.now.link if link is Link.AND or self.now.link is Link.SENTENCE else link
        self._open(link, hit.last)
        if reversed_order:
            self.now.before = True

    def _order(self, concept: str, hit: Hit) -> None:
        link = self.now.link if self._at_opening(hit.first) else Link.AND
        self._close(hit.first)
        self._open(link, hit.last)
        self.now.opens = concept == "first"
        self.now.closes = concept == "last"
        self.now.after = concept == "after"

    def _at_opening(self, at: int) -> bool:
        return not self.now.items and not any(
            token.mark in {Mark.WORD, Mark.CHAR} for token in self.tokens[self.now.first : at]
        )

    def _time(self, at: int) -> None:
        span = self.tokens[at].span
        if span is None:
            return
        if span.start_s is not None:
            if not self._at_opening(at):
                self._close(at)
                self._open(Link.COMMA, at + 1)
            self.running = span
            self.now.span = span
            return
        if self._noun_follows(at):
            return
        before = [token.text for token in self.tokens[max(0, at - 2) : at]]
        length = span.length_s or 0.0
        if before[-1:] and before[-1] in small_words("before_a_start"):
            span = Span(start_s=length)
        elif before[-1:] and before[-1] in small_words("before_an_opening"):
            span = Span(start_s=0.0, end_s=length)
        elif before[-1:] and before[-1] in small_words("before_an_ending"):
            span = Span(length_s=length, from_end=True)
        self.now.span = span

    def _noun_follows(self, at: int) -> bool:
        """ "a 5 second clip" says nothing about a move."""
        following = self.tokens[at + 1].text if at + 1 < len(self.tokens) else ""
        return following in small_words("clip_nouns")

    def _open(self, link: Link, at: int) -> None:
        opens, closes, after, before = self.now.opens, self.now.closes, self.now.after, self.now.before
        keep = self._bare() and self.now.sentence == self.sentence
        span = self.now.span
        self.now = Segment(link, self.sentence, at, at, span=self.running)
        if keep:  # "First, zoom in", "After 3 seconds, zoom in": the comma must not lose what was said
            self.now.opens, self.now.closes, self.now.after, self.now.before = opens, closes, after, before
            self.now.span = span or self.running

    def _close(self, at: int) -> None:
        self.now.last = max(at, self.now.first)
        if not self._bare():
            self.done.append(self.now)
