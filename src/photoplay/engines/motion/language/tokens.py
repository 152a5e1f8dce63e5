"""Text to tokens: words, numbers, signs and stretches of time, each with its place in the prompt.

Words are folded (case, accents, width, Arabic marks) so that ``Caméra``, ``CAMERA`` and ``ｃａｍｅｒａ`` meet the
same table entry. Scripts that write no spaces (Chinese, Japanese, Thai) give one token a character; the word tables
then match them as runs of characters.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

MAX_CHARS = 8_000  # what lies beyond is not read; wire APIs allow 2,500


class Mark(Enum):
    """What a token is."""

    WORD = "word"
    CHAR = "char"  # one character of a script without spaces
    NUMBER = "number"
    SPAN = "span"  # "0-3 s", "for 2 seconds": see :class:`Span`
    COMMA = "comma"  # ends a clause
    STOP = "stop"  # ends a sentence
    SIGN = "sign"  # % ° × & /


@dataclass(frozen=True, slots=True)
class Span:
    """A time said in the prompt, in seconds; ``None`` is not said. ``from_end``: counted from the clip's end."""

    start_s: float | None = None
    end_s: float | None = None
    length_s: float | None = None
    from_end: bool = False


@dataclass(frozen=True, slots=True)
class Token:
    """A token: folded ``text``, and the range ``start:end`` of the prompt it was read from."""

    text: str
    start: int
    end: int
    mark: Mark
    value: float = 0.0  # of a number
    span: Span | None = None


# Scripts without spaces: CJK ideographs, kana, Thai, and their signs.
_SOLID = "\u0e00-\u0e7f\u3005-\u3007\u3041-\u309f\u30a1-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f"
_NUM = r"\d+(?:[.,]\d+)?"
_SECONDS = (
    r"(?:seconds?|secs?|s|secondes?|segundos?|secondi|secondo|sekunden?|sekund[ay]?|seconden|seg|sn|saniye|"
    r"секунд[аыу]?|сек|с|ثوان[يٍ]?|ثانية|초|秒钟|秒鐘|秒|วินาที)(?![^\W\d_])"
)
_SAID_NUMBERS = {
    "a": 1,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
}
_SAID = "|".join(_SAID_NUMBERS)
_TOKEN = re.compile(
    rf"""
    (?P<clock>\d{{1,2}}:\d{{2}}\s*(?:-|–|—|~|to)\s*\d{{1,2}}:\d{{2}})
  | (?P<range>{_NUM}\s*(?:{_SECONDS})?\s*(?:-|–|—|~|to|до|bis|à|a|al|tot|至|到|から|から?)\s*{_NUM}\s*{_SECONDS})
  | (?P<length>(?:{_NUM}\s*-?\s*{_SECONDS}|\b(?:{_SAID})\s+seconds?\b))
  | (?P<number>{_NUM})
  | (?P<char>[{_SOLID}])
  | (?P<word>[^\W\d_{_SOLID}]+(?:[\u0300-\u036f\u064b-\u065f\u0670]+[^\W\d_{_SOLID}]*)*
      (?:['’ʼ][^\W\d_{_SOLID}]+)*)
  | (?P<gap>(?<=[\u0e00-\u0e7f])[ \t]+(?=[\u0e00-\u0e7f]))
  | (?P<stop>[.!?;\n\r。！？；…؟؛]+)
  | (?P<comma>[,:،、，：•·|()\[\]{{}}—–→]|\s-\s|->|=>)
  | (?P<sign>[%°×&+/])
    """,
    re.VERBOSE | re.IGNORECASE,
)
_CLOCK = re.compile(r"\d+")
_FIND_NUM = re.compile(_NUM)

_ARABIC = str.maketrans({"أ": "ا", "إ": "ا", "آ": "ا", "ى": "ي", "ة": "ه", "ـ": None, "ؤ": "و", "ئ": "ي"})
_LATIN = str.maketrans({"ı": "i", "ł": "l", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe", "’": "'", "ʼ": "'"})


@lru_cache(maxsize=8192)
def fold(word: str) -> str:
    """The form under which a word is looked up: no case, no accents, no width, one spelling."""
    text = unicodedata.normalize("NFKC", word).casefold().translate(_LATIN)
    if text.isascii():
        return text
    plain = "".join(c for c in unicodedata.normalize("NFD", text) if not _is_mark(c))
    return unicodedata.normalize("NFC", plain).translate(_ARABIC).translate(_LATIN)


def _is_mark(char: str) -> bool:
    """Accents, umlauts, Arabic vowel signs, й's breve; not the vowels of Thai or the voicing of kana."""
    code = ord(char)
    return 0x0300 <= code <= 0x036F or 0x064B <= code <= 0x065F or code == 0x0670


def number(text: str) -> float:
    """The value of ``1.5`` or ``1,5``."""
    return float(text.replace(",", "."))


def tokenize(text: str) -> list[Token]:
    """Tokens of ``text``, in order. What is no word, number or sign (emoji, control characters) is passed over."""
    found: list[Token] = []
    for match in _TOKEN.finditer(text[:MAX_CHARS]):
        group = match.lastgroup or ""
        raw, start, end = match.group(), match.start(), match.end()
        if group == "word":
            found.append(Token(fold(raw), start, end, Mark.WORD))
        elif group == "char":
            found.extend(Token(c, start, end, Mark.CHAR) for c in fold(raw))
        elif group == "number":
            found.append(Token(raw, start, end, Mark.NUMBER, value=number(raw)))
        elif group == "stop":
            found.append(Token(raw[0], start, end, Mark.STOP))
        elif group in {"comma", "gap"}:  # Thai writes a space where others write a comma
            found.append(Token(raw.strip(), start, end, Mark.COMMA))
        elif group == "sign":
            found.append(Token("&" if raw == "+" else raw, start, end, Mark.SIGN))
        else:
            found.append(Token(raw, start, end, Mark.SPAN, span=_span(group, raw)))
    return found


def _span(group: str, raw: str) -> Span:
    if group == "clock":
        minutes_a, seconds_a, minutes_b, seconds_b = (int(part) for part in _CLOCK.findall(raw))
        return Span(start_s=minutes_a * 60.0 + seconds_a, end_s=minutes_b * 60.0 + seconds_b)
    values = [number(part) for part in _FIND_NUM.findall(raw)] or [float(_SAID_NUMBERS[raw.split()[0].lower()])]
    if group == "range":
        return Span(start_s=values[0], end_s=values[1])
    return Span(length_s=values[0])
