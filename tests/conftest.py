"""What the tests share: a cache of their own, small graphs, and the command line in process."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings

from calckg import bundle, cli
from calckg.kg import KnowledgeGraph

settings.register_profile("calckg", max_examples=50, deadline=None)
settings.load_profile("calckg")
ROOT = Path(__file__).parent.parent
Build = Callable[[Mapping[str, str]], Path]


def pytest_configure(config: pytest.Config) -> None:
    """Give the tests a cache that the workers share: they inherit the environment of the process that starts them."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        folder = tempfile.mkdtemp(prefix="calckg-tests-")
        os.environ["CALCKG_CACHE"] = folder
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    for name in ("CALCKG_KG", "CALCKG_TIMEOUT", "FORCE_COLOR", "PYTHONDONTWRITEBYTECODE"):
        os.environ.pop(name, None)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def bundled() -> KnowledgeGraph:
    """The bundled graph, compiled once for all workers."""
    with _alone(Path(os.environ["CALCKG_CACHE"]) / "lock"):
        return KnowledgeGraph.bundled()


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Make a graph directory of Turtle texts, each by the IRI of its named graph."""

    def make(graphs: Mapping[str, str]) -> Path:
        folder = tmp_path_factory.mktemp("built")
        files = []
        for number, (graph, text) in enumerate(graphs.items()):
            path = folder / f"{number}.ttl"
            path.write_text(PREFIXES + text, encoding="utf-8")
            files.append((path, graph))
        target = folder / "kg"
        target.mkdir()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(bundle, "graph_files", lambda: files)
            bundle.compile_to(target)
        return target

    return make


PREFIXES = """
@prefix biolink: <https://w3id.org/biolink/vocab/> .
@prefix bibo: <http://purl.org/ontology/bibo/> .
@prefix ckg: <https://w3id.org/calckg/ontology/> .
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix ex: <https://example.org/> .
@prefix HP: <http://purl.obolibrary.org/obo/HP_> .
@prefix medgen: <https://www.ncbi.nlm.nih.gov/medgen/> .
@prefix MONDO: <http://purl.obolibrary.org/obo/MONDO_> .
@prefix OMIM: <https://omim.org/entry/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix PMID: <https://pubmed.ncbi.nlm.nih.gov/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix scheme: <https://w3id.org/calckg/id/scheme/> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix UMLS: <http://linkedlifedata.com/resource/umls/id/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""


@dataclass(frozen=True)
class Done:
    """How a command ended and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """The one line on standard error; anything else fails the test."""
        assert self.err.endswith("\n"), self.err
        assert len(self.err.splitlines()) == 1, self.err
        assert "Traceback" not in self.err
        return self.err.removesuffix("\n")


Run = Callable[..., Done]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run ``calckg`` with these arguments in this process."""
    monkeypatch.setenv("COLUMNS", "120")

    def call(*arguments: str | Path) -> Done:
        capsys.readouterr()
        code = cli.run([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return Done(code, out, err)

    return call
