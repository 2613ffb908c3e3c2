"""Our texts are our own: no ten words in a row from a source document, whose sentences are its publisher's.

Names of authors and editors and whole citations are excepted: a citation has one form only.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pyoxigraph as ox
import pytest

from calckg import resources

DOCUMENTS = Path(__file__).resolve().parents[2] / "shared" / "sources"
RUN = 10
BIBLIOGRAPHIC = {
    "http://purl.org/dc/elements/1.1/creator",
    "http://purl.org/dc/terms/bibliographicCitation",
    "https://w3id.org/calckg/ontology/authorList",
    "https://w3id.org/calckg/ontology/editorList",
}
WORD = re.compile(r"[^\W_]+")

Runs = frozenset[tuple[str, ...]]

needs_documents = pytest.mark.skipif(
    not DOCUMENTS.is_dir(), reason="the source documents are not beside this checkout (../shared/sources)"
)


def runs(text: str, length: int = RUN) -> Iterator[tuple[str, ...]]:
    """Yield every ``length`` words in a row, case-folded and without the punctuation between them."""
    words = WORD.findall(unicodedata.normalize("NFKC", text).casefold())
    for start in range(len(words) - length + 1):
        yield tuple(words[start : start + length])


def copied(text: str, documents: Runs) -> list[str]:
    """Return the runs of words that ``text`` shares with the documents."""
    return [" ".join(run) for run in runs(text) if run in documents]


@cache
def documents() -> Runs:
    texts = [path.read_text(encoding="utf-8") for path in sorted(DOCUMENTS.glob("*.txt"))]
    assert len(texts) == 3, f"three source documents expected in {DOCUMENTS}"
    return frozenset(run for text in texts for run in runs(text))


def literals(path: Path) -> Iterator[str]:
    """Yield the literals of a Turtle file that are not bibliographic."""
    for quad in ox.parse(path=path, format=ox.RdfFormat.TURTLE):
        if isinstance(quad.object, ox.Literal) and quad.predicate.value not in BIBLIOGRAPHIC:
            yield quad.object.value


def graph_files(suffix: str) -> list[Path]:
    return sorted(resources.graph_dir().glob(f"*{suffix}"))


def text_files() -> list[Path]:
    folders = (resources.ontology_dir(), resources.queries_dir())
    inside = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return sorted([*inside, resources.root() / "README.md"])


def name(path: Path) -> str:
    return str(path.relative_to(resources.root()))


@needs_documents
@pytest.mark.parametrize("path", graph_files(".ttl"), ids=name)
def test_literals_of_the_graph_are_in_our_own_words(path: Path) -> None:
    found = [run for text in literals(path) for run in copied(text, documents())]
    assert found == []


@needs_documents
@pytest.mark.parametrize("path", graph_files(".tsv"), ids=name)
def test_cells_of_the_tables_are_in_our_own_words(path: Path) -> None:
    cells = [cell for line in path.read_text(encoding="utf-8").splitlines() for cell in line.split("\t")]
    assert [run for cell in cells for run in copied(cell, documents())] == []


@needs_documents
@pytest.mark.parametrize("path", text_files(), ids=name)
def test_texts_beside_the_graph_are_in_our_own_words(path: Path) -> None:
    assert copied(path.read_text(encoding="utf-8"), documents()) == []


@needs_documents
def test_a_sentence_planted_from_each_document_is_found() -> None:
    for path in sorted(DOCUMENTS.glob("*.txt")):
        words = WORD.findall(path.read_text(encoding="utf-8"))
        start = len(words) // 2
        planted = "We say: " + ", ".join(word.upper() for word in words[start : start + RUN]) + "!"
        assert len(copied(planted, documents())) == 1, path.name


PUBLISHED = "The quick brown fox – it is said – jumps over the lazy dog, twice a day (or more)."


@pytest.mark.parametrize(
    ("text", "found"),
    [
        # ten words in a row, with other capitals and other punctuation
        ("Indeed: QUICK, brown Fox it is said; jumps over the lazy … cat", 1),
        # eleven words hold two runs of ten
        ("the quick brown fox it is said jumps over the lazy", 2),
        # nine words in a row are a phrase that two writers can share
        ("brown fox it is said jumps over the lazy cats sleep on and on", 0),
        # the same words in another order
        ("twice a day the dog jumps over the lazy fox it is said", 0),
    ],
)
def test_detector_finds_ten_words_in_a_row_and_no_fewer(text: str, found: int) -> None:
    assert len(copied(text, frozenset(runs(PUBLISHED)))) == found


def test_detector_reads_every_literal_but_the_bibliographic(tmp_path: Path) -> None:
    path = tmp_path / "planted.ttl"
    path.write_text(
        "@prefix dc: <http://purl.org/dc/elements/1.1/> .\n"
        "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .\n"
        f'<urn:a> rdfs:comment "{PUBLISHED}"@en ; dc:creator "{PUBLISHED}" .\n',
        encoding="utf-8",
    )
    assert list(literals(path)) == [PUBLISHED]
