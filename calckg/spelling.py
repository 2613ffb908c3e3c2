"""Words that are spelt nearly alike: the nearest ones of the index of names to a word that somebody typed."""

from __future__ import annotations

import re
import sqlite3

_CORRECTIONS = 3
_LONG = 6  # letters of a word that is corrected over two edits
_LONGEST = 40  # letters of a word that is corrected
_LETTERS = re.compile(r"[^\W\d_]{4,}")
_LAST = "\U0010ffff"  # sorts after every letter


def nearest_words(index: sqlite3.Connection, word: str) -> list[str]:
    """Return the other words of the index that are nearest to ``word``, at one distance, the most frequent first.

    One edit leaves the first or the last half of a word alone, two leave one of its thirds: words that share the first
    or the last are compared. Where the edits are in just these, words with the same first letter are.
    """
    if not correctable(word):
        return []
    length = len(word)
    tries = [(1, length // 2), (1, 1)] if length < _LONG else [(1, length // 2), (2, length // 3), (2, 1)]
    for most, part in tries:
        near = sorted(_near(index, word, most, part))
        if near:
            return [one for distance, _, _, one in near[:_CORRECTIONS] if distance == near[0][0]]
    return []


def _near(index: sqlite3.Connection, word: str, most: int, part: int) -> set[tuple[int, bool, int, str]]:
    """Compare with the words that share the first ``part`` letters, or, but for one letter, the last.

    Returns (distance, whether the first letter differs, names by how many fewer, word) of those within ``most`` edits.
    """
    own, near = letters(word), set()
    candidates = [("text", word[:part])] + ([("reversed", word[::-1][:part])] if part > 1 else [])
    for column, begin in candidates:
        rows = index.execute(
            f"""SELECT text, letters, names FROM word WHERE {column} >= ? AND {column} < ?
            AND length(text) BETWEEN ? AND ?""",
            (begin, begin + _LAST, len(word) - most, len(word) + most),
        )
        for one, its_letters, names in rows:
            # An edit changes two letters at most: most words are told apart by that, without comparing them.
            alike = one != word and (own ^ its_letters).bit_count() <= 2 * most
            if alike and (distance := edits(word, one, most)) <= most:
                near.add((distance, one[0] != word[0], -names, one))
    return near


def letters(word: str) -> int:
    """Return the set of letters of a word as bits."""
    bits = 0
    for character in word:
        bits |= 1 << (ord(character) & 31)
    return bits


def correctable(word: str) -> bool:
    """Tell whether a word is one that a correction may be looked for, or found: of letters alone, four or more."""
    return len(word) <= _LONGEST and _LETTERS.fullmatch(word) is not None


def edits(one: str, other: str, most: int) -> int:
    """Count the letters to add, drop, change or swap with the next to get from one word to another.

    This is the optimal string alignment distance. Counting ends above ``most``.
    """
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        earlier, before, row = before, row, [i]
        for j, b in enumerate(other, 1):
            best = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and b == one[i - 2]:
                best = min(best, earlier[j - 2] + 1)
            row.append(best)
        if min(row) > most and min(before) > most:
            return most + 1
    return row[-1]
