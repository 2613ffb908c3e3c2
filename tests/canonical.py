"""Rewrite Turtle files in the one canonical order: ``python -m tests.canonical FILE…``."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pyoxigraph as ox

from calckg import rdf


def canonical(path: Path) -> bytes:
    """Return the canonical bytes of a Turtle file."""
    stream = io.BytesIO()
    rdf.write_turtle({ox.Triple(q.subject, q.predicate, q.object) for q in rdf.read(path)}, stream)
    return stream.getvalue()


if __name__ == "__main__":
    for name in sys.argv[1:]:
        path = Path(name)
        text = canonical(path)
        if path.read_bytes() != text:
            path.write_bytes(text)
            print(f"rewritten: {path}")
