"""The index of names: ``names.sqlite``, made from the columns, and the search in it.

A search looks for names, and answers with concepts: one row a clique, with the best of its names. Best first:

========= ==========================================================================================================
code      the text is the code of a concept, with or without its prefix, in any form the prefix table knows
exact     the text is the name, whatever the case, diacritics and punctuation
prefix    the name begins with the text
words     the name has every word of the text, in any order; the last word, or one that no name has, may be only begun
corrected the same after each word that no name has is replaced by the nearest that one has, and then after those that
          three have at most are, too, for sources have slips as well; tried when nothing is found
any       the name has some of the words: the more the better, of as many the rarer ones; tried when nothing is found
========= ==========================================================================================================

Within one kind of match a name of fewer words comes first, then one of a concept that is not retired, then the
shorter one, then a preferred name before an exact, narrow, broad, related or hidden synonym. Names are numbered in just
that order, so that the first rows the index yields are the best, and the rest is never looked at.

A word of four or five letters is corrected over one edit (a letter lost, added, changed or swapped with its
neighbour), a longer one over two; one with a digit never, for type 1 is not type 2.
"""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import combinations, islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from calckg.errors import CalckgError, SourceError, UsageError
from calckg.spelling import correctable, letters, nearest_words

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

KINDS = ("preferred", "exact", "narrow", "broad", "related", "hidden", "label")
_MOST_WORDS = 24  # of a text; the rest is not looked at
_BEGUN = 3  # letters from which on a word may be only begun; below, too many names have such a word
_COUNTED = 5_000  # names of a word; a commoner one is as common as can be
_CHOSEN = 6  # words of which some are looked for, the rarest
_CHOICES = 16
_RARE = 3  # names with a word that may be a slip of theirs
_BATCH = 10_000
_WORD = re.compile(r"[^\W_]+")
_SCHEMA = """
PRAGMA page_size = 8192; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536;
CREATE TABLE namespace (id INTEGER PRIMARY KEY, prefix TEXT NOT NULL, iri TEXT NOT NULL, UNIQUE (prefix, iri));
CREATE TABLE concept (id INTEGER PRIMARY KEY, leader INTEGER NOT NULL, namespace INTEGER NOT NULL, local TEXT NOT NULL,
    label INTEGER);
CREATE VIEW coded AS SELECT c.id, c.leader, v.iri || c.local AS iri, v.prefix || c.local AS curie, c.local,
    n.text AS label FROM concept c JOIN namespace v ON v.id = c.namespace LEFT JOIN name n ON n.id = c.label;
CREATE TABLE name (id INTEGER PRIMARY KEY, text TEXT NOT NULL, kind INTEGER NOT NULL, concept INTEGER NOT NULL);
CREATE VIRTUAL TABLE word_of_name USING fts5(words, content='', columnsize=0, tokenize='unicode61 remove_diacritics 2');
CREATE VIRTUAL TABLE vocabulary USING fts5vocab(word_of_name, row);
CREATE TABLE word (text TEXT PRIMARY KEY, reversed TEXT NOT NULL, letters INTEGER NOT NULL, names INTEGER NOT NULL)
    WITHOUT ROWID;
"""
# The tokenizer takes plain ASCII, which has as many letters as bytes, apart as ``words`` does. Memory spares merging.
_INDEXES = """
INSERT INTO word_of_name (word_of_name, rank) VALUES ('hashsize', 33554432);
INSERT INTO word_of_name (rowid, words)
SELECT id, CASE WHEN length(text) = length(CAST(text AS BLOB)) THEN text ELSE words(text) END FROM name ORDER BY id;
INSERT INTO word_of_name (word_of_name) VALUES ('optimize');
CREATE INDEX concept_by_code ON concept (local COLLATE NOCASE);
INSERT INTO word SELECT term, reversed(term), letters(term), doc FROM vocabulary WHERE correctable(term);
CREATE INDEX word_by_end ON word (reversed, letters, names);
"""
# A concept's IRI and its code share the local part; where they don't, it is NULL.
_CODED = """
CREATE OR REPLACE TEMP TABLE coded_concept AS
WITH clique AS (SELECT s AS id, min(o) AS leader FROM quad WHERE p = {leader} GROUP BY s),
code AS (SELECT q.s, min(o.value) AS code FROM quad q JOIN term o ON o.id = q.o WHERE q.p = {notation} GROUP BY q.s),
part AS (SELECT c.*, s.value AS iri, n.code, substr(n.code, nullif(strpos(n.code, ':'), 0) + 1) AS local
    FROM clique c JOIN term s ON s.id = c.id LEFT JOIN code n ON n.s = c.id)
SELECT id, leader, iri, code, local, substr(code, 1, length(code) - length(local)) AS prefix,
    substr(iri, 1, length(iri) - length(local)) AS namespace
FROM (SELECT * REPLACE (CASE WHEN local <> '' AND ends_with(iri, local) THEN local END AS local) FROM part) p;
CREATE OR REPLACE TEMP TABLE numbered_namespace AS
SELECT row_number() OVER (ORDER BY prefix, iri) AS n, * FROM (
    SELECT DISTINCT prefix, namespace AS iri FROM coded_concept WHERE prefix IS NOT NULL) namespace
"""
# What is only the concept's code is no name. A concept that is a citation too has two labels; the first is taken.
_TOLD = """
CREATE OR REPLACE TEMP TABLE told_name AS
WITH name AS (SELECT q.s, q.o, min(k.kind) AS kind, coalesce(bool_or({label}), false) AS is_label
    FROM quad q JOIN (VALUES {declared}) k (id, kind) ON k.id = q.p GROUP BY q.s, q.o),
label AS (SELECT q.s, min(o.value) AS text FROM quad q JOIN term o ON o.id = q.o WHERE {label} AND q.s IN (
    SELECT q.s FROM quad q WHERE {label} GROUP BY q.s HAVING count(*) > 1) GROUP BY q.s)
SELECT n.s, n.s <> c.leader AS led, t.value AS text, hash(lower(t.value)) AS folded, n.kind,
    CASE WHEN l.s IS NULL THEN n.is_label ELSE t.value = l.text END AS is_label
FROM name n JOIN coded_concept c ON c.id = n.s JOIN term t ON t.id = n.o LEFT JOIN label l ON l.s = n.s
WHERE c.code IS DISTINCT FROM t.value
"""
# Few names come in two spellings or languages: only these are compared. A regular expression is dear, too.
_NUMBERED = r"""
CREATE OR REPLACE TEMP TABLE numbered_name AS
WITH again AS (SELECT s, folded FROM told_name GROUP BY s, folded HAVING count(*) > 1),
one AS (
    SELECT s, led, text, kind, is_label FROM told_name ANTI JOIN again USING (s, folded) UNION ALL
    SELECT s, led, text, min(kind), bool_or(is_label) FROM told_name SEMI JOIN again USING (s, folded) GROUP BY 1, 2, 3
    QUALIFY row_number() OVER (PARTITION BY s, lower(text) ORDER BY bool_or(is_label) DESC, min(kind), text) = 1),
retired AS (SELECT DISTINCT q.s FROM quad q JOIN term o ON o.id = q.o WHERE q.p = {deprecated} AND o.value = 'true')
SELECT row_number() OVER (ORDER BY CASE WHEN regexp_full_match(n.text, '[A-Za-z0-9]+( [A-Za-z0-9]+)*')
    THEN length(n.text) - length(replace(n.text, ' ', '')) + 1 ELSE len(regexp_extract_all(n.text, '[\pL\pN]+')) END,
    r.s IS NOT NULL, length(n.text), n.kind, n.led, n.text, n.s) AS n, n.text, n.kind, n.s, n.is_label
FROM one n LEFT JOIN retired r ON r.s = n.s;
DROP TABLE told_name
"""
_JOINED = """JOIN name n ON n.id = f.rowid JOIN coded c ON c.id = n.concept JOIN coded l ON l.id = c.leader"""
_COLUMNS = "n.text, n.kind, c.curie, l.iri, l.curie, l.label"
_NAMES = f"SELECT {_COLUMNS} FROM word_of_name f {_JOINED} WHERE word_of_name MATCH ? ORDER BY f.rowid"


class Found(NamedTuple):
    """A concept that a search found, by the name that matches best.

    ``concept`` is the IRI of the clique's leader, ``label`` its label and ``curie`` its code; ``code`` is the code of
    the clique's member that bears ``name``.
    """

    concept: str
    label: str
    match: str
    name: str
    kind: str
    code: str
    curie: str


def write(connection: DuckDBPyConnection, path: Path) -> None:
    """Write the names in ``connection``, derived graphs made, to a new file; ``CalckgError`` if it can't be written."""
    try:
        with closing(sqlite3.connect(path)) as index:
            index.create_function("reversed", 1, lambda word: word[::-1], deterministic=True)
            index.create_function("letters", 1, letters, deterministic=True)
            index.create_function("correctable", 1, correctable, deterministic=True)
            index.create_function("words", 1, lambda text: " ".join(words(text)), deterministic=True)
            index.executescript(_SCHEMA)
            _number(connection)
            cursor = connection.execute("SELECT n, text, kind, s FROM numbered_name ORDER BY n")
            while names := cursor.fetchmany(_BATCH):
                index.executemany("INSERT INTO name VALUES (?, ?, ?, ?)", names)
            namespaces: dict[tuple[str, str], int] = {}
            for concepts in _concepts(connection, namespaces):
                index.executemany("INSERT INTO concept VALUES (?, ?, ?, ?, ?)", concepts)
            index.executemany("INSERT INTO namespace VALUES (?, ?, ?)", ((n, *one) for one, n in namespaces.items()))
            connection.execute("DROP TABLE numbered_name; DROP TABLE coded_concept; DROP TABLE numbered_namespace")
            index.executescript(_INDEXES)
            index.commit()
    except sqlite3.Error as error:
        if "user-defined function" in str(error):  # ours fail for no text: it was Ctrl-C that came to one of them
            raise KeyboardInterrupt from None
        raise CalckgError(f"{path}: the index of names can't be written ({error}); is the disk full?") from None


def _concepts(connection: DuckDBPyConnection, known: dict[tuple[str, str], int]) -> Iterator[list[tuple[object, ...]]]:
    """Yield (id, leader, number of the namespace, local part, number of the label); fill ``known`` namespaces."""
    from calckg import prefixes

    table = prefixes.load()

    def parted(iri: str) -> tuple[int, str]:
        prefix, colon, local = (table.compress(iri) or "").partition(":")
        namespace = (prefix + colon, iri.removesuffix(local)) if local else ("", "")
        return known.setdefault(namespace, len(known) + 1), local or iri

    for prefix, iri, number in connection.execute("SELECT prefix, iri, n FROM numbered_namespace").fetchall():
        known[prefix, iri] = number
    cursor = connection.execute(
        """SELECT c.id, c.leader, v.n, coalesce(c.local, c.iri), l.n FROM coded_concept c
        LEFT JOIN numbered_namespace v ON v.prefix = c.prefix AND v.iri = c.namespace
        LEFT JOIN (SELECT s, n FROM numbered_name WHERE is_label) l ON l.s = c.id ORDER BY c.id"""
    )
    while rows := cursor.fetchmany(_BATCH):
        yield [row if row[2] else (row[0], row[1], *parted(row[3]), row[4]) for row in rows]


def _number(connection: DuckDBPyConnection) -> None:
    """Make ``coded_concept``, ``numbered_namespace`` and ``numbered_name``, the best name first."""
    from calckg import prefixes
    from calckg.quads.properties import NAME_KINDS

    table = prefixes.load()

    def of(curie: str) -> str:
        return f"(SELECT id FROM term WHERE kind = 0 AND value = '{table.expand(curie)}')"

    kinds = [(curies[0], KINDS.index(kind)) for kind, curies in NAME_KINDS.items()]
    kinds += [("oboInOwl:hasExactSynonym", KINDS.index("exact")), ("rdfs:label", KINDS.index("label"))]
    declared = ", ".join(f"({of(curie)}, {kind})" for curie, kind in kinds)
    label = f"q.p = {of('rdfs:label')} AND q.g = {of('kg:derived/label')}"
    connection.execute(_CODED.format(leader=of("ckg:cliqueLeader"), notation=of("skos:notation")))
    connection.execute(_TOLD.format(declared=declared, label=label))
    connection.execute(_NUMBERED.format(deprecated=of("owl:deprecated")))


def search(path: Path, text: str, limit: int = 10) -> list[Found]:
    """Return the concepts whose names fit ``text``, at most ``limit``, best first (the module says what is best).

    Raises ``UsageError`` for a text without a letter or a digit and for a limit below 1, ``SourceError`` when the
    index can't be read.
    """
    if limit < 1:
        raise UsageError(f"the limit is {limit}; give 1 or more")
    wanted = words(text)[:_MOST_WORDS]
    if not wanted:
        raise UsageError(f"{text!r} has no letter or digit to search for; give a name such as vascular calcification")
    with _opened(path) as index:
        found: dict[str, Found] = {}
        for one in _matches(index, text.strip(), wanted, found):
            found.setdefault(one.concept, one)
            if len(found) >= limit:
                break
        return list(found.values())


def words(text: str) -> list[str]:
    """Split a text into its words as the index knows them: no case, no diacritics, no punctuation."""
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text)
        text = "".join(character for character in decomposed if not unicodedata.combining(character)).casefold()
    return _WORD.findall(text.lower())


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    if not path.is_file():
        raise SourceError("there is no index of names; build the graph again", path)
    try:
        # Nobody writes to it: a graph is replaced as a whole.
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as index:
            yield index
    except sqlite3.Error as error:
        raise SourceError(f"the index of names can't be read ({error}); build the graph again", path) from None


def _matches(index: sqlite3.Connection, text: str, wanted: list[str], found: dict[str, Found]) -> Iterator[Found]:
    """Yield what fits, best first; ``found`` is what the caller has taken of it so far."""
    yield from _by_code(index, text)
    phrase = f'"{" ".join(wanted)}"'
    for row in _rows(index, f"^ {phrase}"):
        yield _found(row, "exact" if words(row[0]) == wanted else "prefix")
    if len(wanted[-1]) >= _BEGUN:
        yield from (_found(row, "prefix") for row in _rows(index, f"^ {phrase} *"))
    terms = [_term(index, word) for word in wanted]
    if all(terms):
        yield from (_found(row, "words") for row in _rows(index, " AND ".join(terms)))
        if len(wanted[-1]) >= _BEGUN and not terms[-1].endswith("*"):
            terms[-1] += " *"
            yield from (_found(row, "words") for row in _rows(index, " AND ".join(terms)))
    if found:
        return
    corrected = [term or _alternatives(index, word) for term, word in zip(terms, wanted, strict=True)]
    if all(corrected):
        if not all(terms):
            yield from (_found(row, "corrected") for row in _rows(index, " AND ".join(corrected)))
            if found:
                return
        slips = [term and _slip(index, word) for term, word in zip(terms, wanted, strict=True)]
        if any(slips):
            tried = " AND ".join(slip or term for slip, term in zip(slips, corrected, strict=True))
            yield from (_found(row, "corrected") for row in _rows(index, tried))
            if found:
                return
    for some in _choices(index, [term for term in corrected if term]):
        yield from (_found(row, "any") for row in _rows(index, " AND ".join(some)))


def _rows(index: sqlite3.Connection, expression: str) -> Iterator[tuple[str, int, str, str, str, str | None]]:
    return index.execute(_NAMES, (expression,))


def _found(row: tuple[str, int, str, str, str, str | None], match: str) -> Found:
    name, kind, code, leader, curie, label = row
    return Found(leader, label or curie, match, name, KINDS[kind], code, curie)


def _term(index: sqlite3.Connection, word: str) -> str:
    """Return the expression for a word that names have, or that words of names begin with; else nothing."""
    # Words are letters and digits alone, so nothing in the quotes can end them.
    forms = [f'"{word}"', f'"{word}" *'] if len(word) >= _BEGUN else [f'"{word}"']
    known = "SELECT 1 FROM word_of_name WHERE word_of_name MATCH ? LIMIT 1"
    return next((form for form in forms if index.execute(known, (form,)).fetchone()), "")


def _alternatives(index: sqlite3.Connection, word: str) -> str:
    near = nearest_words(index, word)
    return "(" + " OR ".join(f'"{one}"' for one in near) + ")" if near else ""


def _slip(index: sqlite3.Connection, word: str) -> str:
    """Return the expression for the words nearest to one that few names have, for sources have slips as well."""
    names = index.execute("SELECT names FROM word WHERE text = ?", (word,)).fetchone()
    return _alternatives(index, word) if names is None or names[0] <= _RARE else ""


def _choices(index: sqlite3.Connection, terms: list[str]) -> Iterator[tuple[str, ...]]:
    """Yield some of the terms, the most first, of as many the rarest; of many terms not all the choices there are.

    A word that is only begun says too little to stand beside whole ones.
    """
    terms = [term for term in terms if not term.endswith("*")] or terms
    count = "SELECT count(*) FROM (SELECT 1 FROM word_of_name WHERE word_of_name MATCH ? LIMIT ?)"
    counted = sorted((index.execute(count, (term, _COUNTED)).fetchone()[0], term) for term in set(terms))
    rarest = [term for _, term in counted[:_CHOSEN]]
    sizes = range(len(rarest), 0, -1)
    yield from islice((some for size in sizes for some in combinations(rarest, size)), _CHOICES)
    yield from ((term,) for term in rarest)


def _by_code(index: sqlite3.Connection, text: str) -> Iterator[Found]:
    """Yield the concepts with this code: written in full, in another form of its prefix, or without prefix."""
    if any(map(str.isspace, text)):
        return
    rows = _with_code(index, text, text.partition(":")[2] or text)
    if not rows and re.search(r"[:/_]", text):
        from calckg import prefixes  # needs the RDF parser, which a search by name does without

        table = prefixes.load()
        try:
            iri = table.expand(text)
        except UsageError:
            return
        curie = table.compress(iri) or iri
        rows = _with_code(index, curie, iri if curie == iri else curie.partition(":")[2])
    for code, leader, curie, label in rows:
        yield Found(leader, label or curie, "code", code, "code", code, curie)


def _with_code(index: sqlite3.Connection, text: str, local: str) -> list[tuple[str, str, str, str | None]]:
    rows = index.execute(
        """SELECT c.curie, l.iri, l.curie, l.label FROM coded c JOIN coded l ON l.id = c.leader
        WHERE c.local = ? COLLATE NOCASE ORDER BY c.id""",
        (local.encode(errors="replace").decode(),),
    )
    folded = text.casefold()
    return [row for row in rows if folded == row[0].casefold() or ":" not in text]
