"""The bundled graph: ``graph/`` and ``ontology/`` compiled once to a graph directory in the user's cache.

The directory has the layout of a built graph (``quads.duckdb``, ``store/``, ``names.sqlite``, ``manifest.json``) and is
named after the SHA-256 of all that goes into it, so that an edited file makes a new one. ``CALCKG_CACHE`` names another
cache.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from calckg import resources

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

GRAPH = "https://w3id.org/calckg/graph/"
_KEPT = 3  # graphs of earlier versions that stay in the cache; a process may still read one
_WITHOUT_GRAPH = {"calckg.ttl", "schemes.ttl"}
_NAMED = {"sources": GRAPH + "meta"}


def graph_files() -> list[tuple[Path, str]]:
    """Return each file of the curated graph with the IRI of its named graph, the ontology first."""
    found = [(resources.ontology_dir() / "calckg.ttl", GRAPH + "ontology")]
    for path in sorted(resources.graph_dir().iterdir()):
        name = path.name.split(".")[0]
        if path.name.endswith((".ttl", ".sssom.tsv")):
            found.append((path, _NAMED.get(name, f"{GRAPH}curated/{name}")))
    return found


def directory() -> Path:
    """Return the compiled bundled graph, compiling it first when the cache does not hold it."""
    import shutil
    import tempfile

    key = _key()
    try:
        folder = cache()
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / f"bundled-{key}"
        if (target / "manifest.json").is_file():
            return target
        part = Path(tempfile.mkdtemp(prefix=".part-", dir=folder))
    except OSError:
        return _for_this_process()
    try:
        compile_to(part)
        if not (target / "manifest.json").is_file():
            shutil.rmtree(target, ignore_errors=True)  # something has eaten at it
        part.rename(target)
    except OSError:
        if not (target / "manifest.json").is_file():
            raise
    finally:
        shutil.rmtree(part, ignore_errors=True)
    _forget_old(folder, target)
    return target


def cache() -> Path:
    """Return the folder for what can be made again; it may not exist, and it may not be possible to make it."""
    named = os.environ.get("CALCKG_CACHE")
    if named:
        return Path(named)
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "calckg"
    except RuntimeError:  # a user without a home, as in a container: nothing can be kept
        return Path(os.devnull) / "calckg"


def _for_this_process() -> Path:
    """Compile to a folder that goes with the process: the cache can't be written."""
    import atexit
    import shutil
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="calckg-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    compile_to(folder)
    return folder


def _forget_old(folder: Path, current: Path) -> None:
    import shutil

    with suppress(OSError):  # another process forgets the same ones
        others = [path for path in folder.glob("bundled-*") if path != current]
        others.sort(key=lambda path: path.stat().st_mtime)
        for path in others[:-_KEPT]:
            shutil.rmtree(path, ignore_errors=True)


def _key() -> str:
    """Hash the graph's files and the code that compiles them."""
    import hashlib  # few commands need it, and it costs some ms

    package = Path(__file__).parent
    names = (
        "bundle",
        "columnar",
        "derive",
        "loading",
        "naming",
        "staging",
        "storing",
        "prefixes",
        "quads",
        "tables",
        "upstream/__init__",
        "upstream/sssom*",
    )
    code = [
        path for name in names for path in sorted(package.glob(f"{name}.py")) + sorted(package.glob(f"{name}/*.py"))
    ]
    paths = [path for path, _ in graph_files()]
    paths += [resources.ontology_dir() / "prefixes.ttl", *code]
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:32]


def compile_to(folder: Path) -> None:
    """Compile the bundled graph to ``folder``: columns, derived graphs, store, index of names, manifest."""
    from calckg import columnar, derive, naming, storing

    connection = columnar.connect(folder / "quads.duckdb")
    try:
        columnar.add(connection, lambda: stage(connection))
        count = derive.derive(connection)
        storing.write(connection, folder / "store")
        naming.write(connection, folder / "names.sqlite")
        triples = columnar.triples(connection)
        connection.execute("CHECKPOINT")
    finally:
        connection.close()
    manifest = {"graph": "bundled", "quads": count, "triples": triples}
    (folder / "manifest.json").write_text(json.dumps(manifest) + "\n")


def stage(connection: DuckDBPyConnection, *, curated: bool = True) -> None:
    """Put by the quads of the ontology, the schemes and the curated graph for the columns.

    Without ``curated`` the graph is left out; the ontology and the schemes, which releases speak of too, are not.
    """
    for path, graph in graph_files():
        if not curated and path.name not in _WITHOUT_GRAPH:
            continue
        if path.suffix == ".ttl":
            _stage_turtle(connection, path, graph)
        else:
            _stage_sssom(connection, path, graph)


def _stage_turtle(connection: DuckDBPyConnection, path: Path, graph: str) -> None:
    from calckg import rdf, staging

    staging.stage_quads(connection, rdf.read(path), graph)


def _stage_sssom(connection: DuckDBPyConnection, path: Path, graph: str) -> None:
    from calckg import loading, staging, tables
    from calckg.upstream import sssom

    tables.create(connection, temporary=True)
    loading.load(connection, sssom.read(path, graph))
    for table in tables.filled(connection):
        staging.stage_table(connection, table)
