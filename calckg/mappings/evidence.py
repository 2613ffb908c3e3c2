"""The papers that rows name as their evidence, and what a loaded graph knows of each paper.

``mapping_paper(id, slot, kind, code)`` has each PMID, DOI and PubMed Central identifier that stands in a slot that may
tell of evidence, as ``PMID:1``, ``doi:10.1/a``, ``PMC:PMC1``. ``known_paper(paper, kind, code)`` has those of each
paper that the graph describes: ``paper`` is the id of its node.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from calckg.mappings.intake import quoted
from calckg.mappings.vocabulary import term_id

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SLOTS: Final = ("see_also", "mapping_source", "comment", "other", "curation_rule_text", "issue_tracker_item")
_PUBMED: Final = r"(?:\bPMID|\bpubmed\.ncbi\.nlm\.nih\.gov|\bncbi\.nlm\.nih\.gov/pubmed|\bidentifiers\.org/pubmed)"
_FORMS: Final = {
    "PMID": rf"(?i){_PUBMED}[:/ ]*([0-9]{{1,8}})\b",
    "doi": r"\b(10\.[0-9]{4,9}(?:\.[0-9]+)*/[^\s\"<>|,;]+)",
    "PMC": r"\b(PMC[1-9][0-9]{0,8})\b",
}
_KNOWN: Final = {"PMID": "bibo:pmid", "doi": "bibo:doi", "PMC": "fabio:hasPubMedCentralId"}


def make(connection: DuckDBPyConnection) -> None:
    """Make the two tables; without a graph that has papers, both are empty, for nothing can be asked of them."""
    run = connection.execute
    run("CREATE OR REPLACE TABLE known_paper (paper BIGINT, kind VARCHAR, code VARCHAR)")
    for kind, name in _KNOWN.items():
        run(
            f"""INSERT INTO known_paper SELECT DISTINCT q.s, '{kind}', '{kind}:' || {normal(kind, "t.value")}
            FROM quad q JOIN term t ON t.id = q.o WHERE q.p = {term_id(connection, name)}"""
        )
    run("CREATE OR REPLACE TABLE mapping_paper (id BIGINT, slot VARCHAR, kind VARCHAR, code VARCHAR)")
    if run("SELECT 1 FROM known_paper LIMIT 1").fetchone() is None:
        return
    for slot in SLOTS:
        for kind, form in _FORMS.items():
            run(
                f"""INSERT INTO mapping_paper
                SELECT DISTINCT id, '{slot}', '{kind}', '{kind}:' || {normal(kind, "code")}
                FROM (SELECT id, unnest(regexp_extract_all({slot}, {quoted(form)}, 1)) AS code
                    FROM mapping_row WHERE {slot} IS NOT NULL) told"""
            )


def normal(kind: str, text: str) -> str:
    """Return the SQL of an identifier in the form in which two of them are compared."""
    # DOIs don't know case; a full stop or a bracket at the end belongs to the sentence.
    return f"lower(rtrim({text}, '.)]}}''*'))" if kind == "doi" else text
