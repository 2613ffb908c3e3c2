"""MedGen by NCBI's E-utilities: ``esummary`` in XML, one record a concept, all that its page shows.

``ConceptMeta`` is XML again, escaped and without a root element. What the records say joins what the files of the
release say (``medgen_staging``): the title is MedGen's own name of the concept where the release has none. A clinical
feature is a feature of the concept, on MedGen's word; the heading that the page shows it under is the section.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from unicodedata import normalize
from xml.etree.ElementTree import Element

from calckg import prefixes
from calckg.errors import SourceError
from calckg.loading import load
from calckg.tables import Row, Rows, extra
from calckg.upstream import OnError
from calckg.upstream.by_rule import leave_out
from calckg.upstream.medgen import SOURCE
from calckg.upstream.medgen_history import RANK_OF_HISTORY
from calckg.upstream.medgen_names import INFORES, stage_atoms
from calckg.upstream.medgen_staging import CUI, prepare, wrong_cui
from calckg.upstream.source import Format, Stated
from calckg.upstream.umls_files import prefix_of
from calckg.upstream.xml import Document, child, fragment, text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_NAME: Final = "esummary"
_RANK: Final = 2  # of a title: after NAMES and the files of mappings
_BATCH: Final = 1_000
_BUILD: Final = re.compile(rb"<DbBuild>(Build([0-9]{2})([0-9]{2})([0-9]{2})[^<]*)</DbBuild>")
_UID: Final = re.compile("[1-9][0-9]{0,7}")
_MIM: Final = re.compile("(PS)?([1-6][0-9]{5})")
_DATE: Final = re.compile("((?:19|20)[0-9]{2})/([0-9]{2})/([0-9]{2})")
_TUI: Final = re.compile("T[0-9]{3}")
# Parts of ConceptMeta that are read; others that hold something are counted.
_PARTS: Final = (
    *("Names", "SNOMEDCT", "Definitions", "Chromosome", "Cytogenetic", "ModesOfInheritance", "OMIM", "ORDO"),
    *("ClinicalFeatures", "PhenotypicAbnormalities", "PharmacologicResponse", "RelatedDisorders"),
    *("AssociatedGenes", "SemanticTypes"),
)
_STAGED: Final[Mapping[str, Sequence[str]]] = {
    "medgen_title": ("cui", "text", "sab", "rank", "shown"),
    "medgen_type": ("cui", "tui", "stn"),
    "medgen_code": ("cui", "prefix", "local", "label", "main", "since"),
    "medgen_claim": (
        *("relation", "first", "second", "negated", "hedge"),
        *("original", "sab", "rui", "section", "file"),
    ),
    "medgen_gone": ("cui", "successor", "date", "rank", "file"),
    "medgen_summary": ("CUI", "SAUI", "SCUI", "SDUI", "SAB", "TTY", "CODE", "STR", "SUPPRESS"),
    "medgen_unread": ("part",),
}


class _Summary:
    """The records of one file: rows of the tables at once, and what is put by until all files are read."""

    def __init__(self, connection: DuckDBPyConnection, document: Document, graph: str, on_error: OnError) -> None:
        self.connection, self.document, self.graph, self.on_error = connection, document, graph, on_error
        self.staged: dict[str, list[tuple[Any, ...]]] = {table: [] for table in _STAGED}
        self.expand = prefixes.load().expand
        self.count = 0

    def rows(self) -> Rows:
        """Yield the rows of all records."""
        for record in self.document:
            self.count += 1
            try:
                yield from self._record(record)
            except SourceError as error:
                self.on_error(error)
            if self.count % _BATCH == 0:
                self.flush()
        self.flush()

    def flush(self) -> None:
        """Write what is put by to the temporary tables."""
        for table, rows in self.staged.items():
            if rows:
                names = ", ".join(_STAGED[table])
                lists = ", ".join(f"unnest(${number})" for number in range(1, len(_STAGED[table]) + 1))
                columns = [list(map(_normal, column)) for column in zip(*rows, strict=True)]
                self.connection.execute(f"INSERT INTO {table} ({names}) SELECT {lists}", columns)
                rows.clear()

    def _record(self, record: Element) -> Rows:
        problem = child(record, "error")
        if problem:
            raise self.document.error(f"no record, but: {problem}; ask for it again", record)
        cui = self._cui(record, child(record, "ConceptId") or "", record.find("ConceptId"), "ConceptId")
        merged = child(record, "Merged") or ""
        if re.fullmatch(CUI, merged) and merged != cui:
            self.staged["medgen_gone"].append((cui, merged, None, RANK_OF_HISTORY, _NAME))
            return
        meta = self._meta(record)
        shown = not child(record, "Suppressed")
        self._called(cui, child(record, "Title"), record.get("uid"), child(record, "SemanticId"), shown=shown)
        yield "concept", self._concept(cui, record, meta)
        self._names(cui, meta, shown=shown)
        yield from self._definitions(cui, child(record, "Definition"), meta)
        yield from self._notes(cui, meta)
        yield from self._modes(record, cui, meta)
        yield from self._features(record, cui, meta)
        yield from self._genes(record, cui, meta)

    def _meta(self, record: Element) -> Element:
        found = record.find("ConceptMeta")
        if found is None or len(found):
            return Element("ConceptMeta") if found is None else found
        try:
            meta = fragment(found.text or "", self.document.path)
        except SourceError as error:
            raise self.document.error(f"ConceptMeta: {error.reason}", found) from None
        for part in meta:
            if part.tag not in _PARTS and (len(part) or text(part)):
                self.staged["medgen_unread"].append((f"the element {part.tag} of ConceptMeta",))
        return meta

    def _cui(self, record: Element, cui: str, element: Element | None, part: str) -> str:
        problem = wrong_cui(cui)
        if problem is None:
            return cui
        raise self.document.error(f"{part}: {problem}", record if element is None else element)

    def _called(self, cui: str, title: str | None, uid: str | None, tui: str | None, *, shown: bool = True) -> None:
        if title:
            self.staged["medgen_title"].append((cui, title, None, _RANK, shown))
        if uid and _UID.fullmatch(uid):
            self.staged["medgen_code"].append((cui, "medgen.uid", uid, None, True, None))
        if tui and _TUI.fullmatch(tui):
            self.staged["medgen_type"].append((cui, tui, None))

    def _concept(self, cui: str, record: Element, meta: Element) -> Row:
        changed = _DATE.match(child(record, "ModificationDate") or "")
        for element in meta.iterfind("SemanticTypes/SemanticType"):
            self._called(cui, None, None, element.get("TUI"))
        for element in meta.iterfind("OMIM/MIM"):
            found = _MIM.fullmatch(text(element) or "")
            if found:
                system = "OMIMPS" if found[1] else "OMIM"
                self.staged["medgen_code"].append((cui, system, found[2], None, True, None))
        # The response to a drug, and disorders that are said to be related: no more is said of them than that.
        others = [
            element.get("CUI", "")
            for part in ("PharmacologicResponse/Drug", "RelatedDisorders/*")
            for element in meta.iterfind(part)
        ]
        related = sorted({other for other in others if re.fullmatch(CUI, other) and other != cui})
        for element in meta.iterfind("PharmacologicResponse/Drug"):
            if element.get("CUI", "") in related:
                self._called(element.get("CUI", ""), child(element, "Name"), element.get("uid"), element.get("TUI"))
        prop = self.expand("skos:related")
        return {
            "graph": self.graph,
            "concept": self.expand(f"medgen:{cui}"),
            "modified": "-".join(changed.groups()) if changed else None,
            "see_also": [url for element in meta.iterfind("ORDO/HierarchyUrl") if _is_iri(url := text(element) or "")],
            "extra": [extra(prop, self.expand(f"medgen:{other}")) for other in related],
        }

    def _names(self, cui: str, meta: Element, *, shown: bool) -> None:
        for part in ("Names/Name", "SNOMEDCT/Name"):
            for element in meta.iterfind(part):
                said = text(element)
                if said and element.get("SAB"):
                    known = [element.get(name) or None for name in ("SAUI", "SCUI", "SDUI", "SAB", "TTY", "CODE")]
                    self.staged["medgen_summary"].append((cui, *known, said, "N" if shown else "Y"))

    def _definitions(self, cui: str, first: str | None, meta: Element) -> Rows:
        given = set()
        for element in meta.iterfind("Definitions/Definition"):
            said = text(element)
            if said:
                given.add(said)
                yield "definition", self._definition(cui, said, element.get("source"))
        if first and first not in given:
            yield "definition", self._definition(cui, first, None)

    def _definition(self, cui: str, said: str, source: str | None) -> Row:
        prefix = prefix_of(source) if source else None
        return {
            "graph": self.graph,
            "concept": self.expand(f"medgen:{cui}"),
            "text": said,
            "lang": "en",
            "kind": "definition",
            "knowledge_source": self.expand(f"infores:{INFORES[source]}") if source in INFORES else None,
            "source": [self.expand(f"ckgid:scheme/{prefix}")] if prefix else None,
            "attribution": [source] if source else None,
        }

    def _notes(self, cui: str, meta: Element) -> Rows:
        for part, words in (("Chromosome", "Chromosome"), ("Cytogenetic", "Cytogenetic location")):
            said = child(meta, part)
            if said:
                yield "definition", self._note(self.expand(f"medgen:{cui}"), f"{words}: {said}")

    def _note(self, concept: str, said: str) -> Row:
        return {"graph": self.graph, "concept": concept, "text": said, "lang": "en", "kind": "note"}

    def _modes(self, record: Element, cui: str, meta: Element) -> Rows:
        for element in meta.iterfind("ModesOfInheritance/ModeOfInheritance"):
            mode = self._other(record, element)
            if mode:
                self._claim("inheritance_type_of", mode, cui, element.tag, child(element, "SAB"))
                yield from self._defined(mode, element)

    def _features(self, record: Element, cui: str, meta: Element) -> Rows:
        sections: dict[str, set[str | None]] = {}
        for category in (None, *meta.iterfind("PhenotypicAbnormalities/Category")):
            inside = meta.iterfind("ClinicalFeatures/ClinicalFeature") if category is None else category
            for element in inside:
                feature = self._other(record, element)
                if not feature:
                    continue
                if feature not in sections:
                    yield from self._defined(feature, element)
                sections.setdefault(feature, set()).add(None if category is None else category.get("name"))
        for feature, names in sections.items():
            headings: Sequence[str | None] = sorted(filter(None, names)) or (None,)
            for heading in headings:
                self._claim("manifestation_of", feature, cui, "ClinicalFeature", None, heading)

    def _other(self, record: Element, element: Element) -> str | None:
        """Return the identifier of another concept, and put by what is said of it; ``None`` when it has none."""
        given = element.get("CUI")
        if not given:
            self.staged["medgen_unread"].append((f"a {element.tag} without an identifier",))
            return None
        try:
            cui = self._cui(record, given, record.find("ConceptMeta"), element.tag)
        except SourceError as error:
            self.on_error(error)
            return None
        name = child(element, "Name")
        self._called(cui, name, element.get("uid"), element.get("TUI"))
        term = re.fullmatch("HP:([0-9]{7})", element.get("SDUI", ""))
        if term:
            self.staged["medgen_code"].append((cui, "HP", term[1], name, True, None))
        return cui

    def _defined(self, cui: str, element: Element) -> Rows:
        for definition in element.iterfind("Definition"):
            said = text(definition)
            if said:
                yield "definition", self._definition(cui, said, definition.get("source"))

    def _genes(self, record: Element, cui: str, meta: Element) -> Rows:
        for element in meta.iterfind("AssociatedGenes/Gene"):
            number, symbol = element.get("gene_id", ""), text(element)
            if not number:
                self.staged["medgen_unread"].append(("a Gene without an identifier",))
                continue
            if not re.fullmatch("[1-9][0-9]{0,9}", number):
                where = record.find("ConceptMeta")
                said = f"Gene: a number of NCBI Gene expected as gene_id, found {number!r}"
                self.on_error(self.document.error(said, record if where is None else where))
                continue
            gene = self.expand(f"NCBIGene:{number}")
            yield (
                "concept",
                {
                    "graph": self.graph,
                    "concept": gene,
                    "scheme": self.expand("ckgid:scheme/NCBIGene"),
                    "notation": f"NCBIGene:{number}",
                    "category": [self.expand("biolink:Gene")],
                },
            )
            if symbol:
                yield "name", {"graph": self.graph, "concept": gene, "text": symbol, "lang": "en", "kind": "exact"}
            if element.get("cytogen_loc"):
                yield "definition", self._note(gene, f"Cytogenetic location: {element.get('cytogen_loc')}")
            self._claim("gene_associated_with_disease", gene, cui, "AssociatedGenes")

    def _claim(
        self, relation: str, first: str, second: str, original: str, sab: str | None = None, section: str | None = None
    ) -> None:
        ends = [end if "/" in end else self.expand(f"medgen:{end}") for end in (first, second)]
        self.staged["medgen_claim"].append((relation, *ends, False, None, original, sab, None, section, _NAME))


def _normal(value: Any) -> Any:
    return normalize("NFC", value) if isinstance(value, str) else value


def _is_iri(url: str) -> bool:
    return re.fullmatch(r"https?://[^\s<>\"{}|\\^`\[\]]+", url) is not None


def fill(connection: DuckDBPyConnection, path: Path, graph: str, on_error: OnError) -> int:
    """Read a file of ``esummary``; return how many records it has. A record that can't be read is left out whole."""
    prepare(connection)
    columns = ("TS", "STT", "ISPREF", "AUI", *_STAGED["medgen_summary"])
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE medgen_summary ({', '.join(f'{name} VARCHAR' for name in columns)})"
    )
    connection.execute("CREATE OR REPLACE TEMP TABLE medgen_unread (part VARCHAR)")
    summary = _Summary(connection, Document(path, ("eSummaryResult",), ("DocumentSummary",)), graph, on_error)
    load(connection, summary.rows())
    stage_atoms(connection, "medgen_summary")
    leave_out(connection, _NAME, "SELECT part FROM medgen_unread")
    connection.execute("DROP TABLE medgen_summary")
    connection.execute("DROP TABLE medgen_unread")
    return summary.count


def _matches(name: str, head: bytes) -> bool:
    is_xml = name.lower().removesuffix(".gz").endswith(".xml")
    return is_xml and b"<eSummaryResult" in head and b"<ConceptId>" in head


def _stated(path: Path, head: bytes) -> Stated:
    """Take the build of the database out of the file: ``Build141124-1357.1`` is of 24 November 2014."""
    found = _BUILD.search(head)
    if found is None:
        return Stated()
    build, year, month, day = (part.decode("ascii", errors="replace") for part in found.groups())
    return Stated(version=build, issued=f"20{year}-{month}-{day}")


FORMATS: Final = (Format("MedGen E-utilities", SOURCE, _matches, fill, _stated),)
"""The answer of ``esummary`` for the database medgen."""
