"""Texts of others as a terminal may have them: nothing in them moves the cursor, sets a colour or turns the writing."""

from __future__ import annotations

import re

_LONGEST = 60
_USER = re.compile(r"(?<=:/)(/?)[^/?#@\s]*@")
# Control characters but tab and line feed, the overrides of a writing direction, what is no character, and half ones:
# Python's way to hand on bytes of a file name that are no UTF-8.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


def printable(text: str) -> str:
    r"""Return ``text`` with what must not reach a terminal escaped.

    >>> printable("\x1b[31mred")
    '\\x1b[31mred'
    """
    return text if text.isprintable() else _UNPRINTABLE.sub(_escaped, text)  # nearly all is, and that is told sooner


def without_password(text: str) -> str:
    """Return ``text`` without what stands before an @ in an address: a name, and often a password.

    >>> without_password("https://me:secret@example.org/sparql")
    'https://…@example.org/sparql'
    """
    return _USER.sub(r"\1…@", text)


def shortened(value: object) -> str:
    """Return how Python writes a value, no longer than a message may have it."""
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00  # the byte that it stands for
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
