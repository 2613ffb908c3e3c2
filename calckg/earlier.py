"""What an earlier build has left in a graph directory: its manifest, and named graphs that can be taken over."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calckg import bundle, columnar, staging
from calckg.errors import CalckgError, UsageError
from calckg.kg import KnowledgeGraph

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

META = bundle.GRAPH + "meta"
_NEEDED = ("graph", "name", "source", "code", "files", "rows", "left_out", "roots")
_DCAT = "http://www.w3.org/ns/dcat#"
_SPDX = "http://spdx.org/rdf/terms#"
# A dataset, its files and their checksums: all that kg:meta says of a release.
_DESCRIPTION = f"""
WITH told AS (
    SELECT q.s, q.o, p.value AS p FROM earlier.quad q JOIN earlier.term p ON p.id = q.p
    JOIN earlier.term g ON g.id = q.g WHERE g.value = '{META}'),
dataset AS (SELECT id FROM earlier.term WHERE value = '{{graph}}' AND kind = {columnar.IRI}),
distribution AS (SELECT o AS id FROM told JOIN dataset ON id = s WHERE p = '{_DCAT}distribution'),
checksum AS (SELECT o AS id FROM told JOIN distribution ON id = s WHERE p = '{_SPDX}checksum'),
part AS (SELECT id FROM dataset UNION SELECT id FROM distribution UNION SELECT id FROM checksum)
"""


def take_over(connection: DuckDBPyConnection, target: Path, graph: str) -> int:
    """Put by one named graph, with its description, out of the columns of the graph directory ``target``.

    Raises ``CalckgError`` where these can't be opened.
    """
    from calckg.database import duckdb

    old = str(target / "quads.duckdb").replace("'", "''")
    iri = graph.replace("'", "''")
    facts = f"""SELECT {columnar.value_of("s")} AS s, p.value AS p, {columnar.value_of("o")} AS v,
        {columnar.tail_of("o")} AS t, g.value AS g
    FROM earlier.quad q JOIN earlier.term s ON s.id = q.s JOIN earlier.term p ON p.id = q.p
    JOIN earlier.term o ON o.id = q.o JOIN earlier.term g ON g.id = q.g"""
    try:
        connection.execute(f"ATTACH '{old}' AS earlier (READ_ONLY)")
    except duckdb.Error as error:
        why = f"the columns of the earlier build can't be opened ({' '.join(str(error).split())})"
        raise CalckgError(f"{target}: {why}; name all of its files, and add --fresh") from None
    try:
        count = staging.stage(connection, f"{facts} WHERE g.value = '{iri}'")
        part = f"{_DESCRIPTION.format(graph=iri)} SELECT id FROM part"
        staging.stage(connection, f"{facts} WHERE g.value = '{META}' AND q.s IN ({part})")
    finally:
        connection.execute("DETACH earlier")
    return count


def is_as_built(target: Path) -> bool:
    """Tell whether the columns in ``target`` are, byte for byte, those that the build there wrote."""
    return KnowledgeGraph.built(target).has_columns_of_its_build


def names(target: Path) -> set[str]:
    """Return the names by which the sources of an earlier build in ``target`` can be left out: its own, its graphs'."""
    return {name for old in sources(target).values() for name in (old["name"], old["source"])}


def sources(target: Path) -> dict[str, Any]:
    """Return the sources of an earlier build by graph; nothing when there is none.

    Raises ``UsageError`` when ``target`` is something else that must not be replaced.
    """
    path = target / "manifest.json"
    if not path.is_file():
        if target.is_dir() and any(target.iterdir()):
            raise UsageError(f"{target}: this folder is not a graph directory and is not empty; name another place")
        return {}
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        if manifest["graph"] == "built":
            found = {entry["graph"]: entry for entry in manifest["sources"]}
            lack = next((name for entry in found.values() for name in _NEEDED if name not in entry), None)
            if lack is None:
                return found
            raise UsageError(f"{path}: a source has no {lack!r}, the manifest is damaged; name another place")
    except (ValueError, KeyError, TypeError):
        pass
    raise UsageError(f"{target}: not made by calckg build; name another place")


@cache
def code() -> str:
    """Return a digest of the code that turns files into quads: what other code made is read again."""
    package = Path(__file__).parent
    digest = hashlib.sha256()
    for folder in ("upstream", "tables", "quads"):
        for path in sorted((package / folder).glob("*.py")):
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:32]
