"""Which reader knows a file: by its name and by its first bytes."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from calckg.errors import SourceError, UnknownNameError
from calckg.upstream import registry

SHARED = Path(__file__).parents[2] / "shared" / "data"
BUILD = Path(__file__).parent / "data" / "build"
KNOWN = {
    "hp.obo": "Human Phenotype Ontology (OBO)",
    "phenotype.hpoa": "HPO annotations of diseases",
    "hearts.sssom.tsv": "SSSOM",
    "NAMES.RRF": "MedGen names",
}
# Of the real files, by folder: whose they are. What is not here is no release.
SOURCES = {
    "doid": {"doid"},
    "eutils": {"medgen"},
    "hpo": {"hpo", "hpo-annotations"},
    "medgen": {"medgen", None},
    "medlineplus": {"medlineplus"},
    "mesh": {"mesh"},
    "mondo": {"mappings"},
    "pubmed": {"pubmed", None},
    "sssom": {"mappings", None},
    "w3c-shacl": {None},
}


def named(path: Path) -> str | None:
    found = registry.recognise(path, registry.head_of(path))
    return found.name if found else None


@pytest.mark.parametrize(("name", "format_"), KNOWN.items())
def test_a_file_is_known_by_its_name_and_its_head(name: str, format_: str) -> None:
    assert named(BUILD / name) == format_


@pytest.mark.parametrize(("name", "format_"), KNOWN.items())
def test_a_packed_file_is_known(tmp_path: Path, name: str, format_: str) -> None:
    path = tmp_path / f"{name}.gz"
    path.write_bytes(gzip.compress((BUILD / name).read_bytes()))
    assert named(path) == format_


@pytest.mark.parametrize("name", [name for name in KNOWN if "sssom" not in name])
def test_a_name_alone_is_not_enough(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("something else\n")
    assert named(tmp_path / name) is None


@pytest.mark.parametrize("name", ["notes.txt", "hp.obo.part", "page.html", "data.csv"])
def test_an_unknown_file_is_no_ones(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("a,b\n1,2\n")
    assert named(tmp_path / name) is None


def test_a_set_of_mappings_is_known_without_the_other_readers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_READERS", ())
    registry.formats.cache_clear()
    try:
        assert named(BUILD / "hearts.sssom.tsv") == "SSSOM"
    finally:
        monkeypatch.undo()
        registry.formats.cache_clear()


def test_a_file_that_is_cut_off_is_told(tmp_path: Path) -> None:
    (tmp_path / "hp.obo.gz").write_bytes(gzip.compress(b"format-version: 1.2\n" * 100)[:-9])
    with pytest.raises(SourceError, match=r"hp\.obo\.gz: not a whole gzip file .*; download it again"):
        registry.head_of(tmp_path / "hp.obo.gz")


def test_a_head_is_unpacked(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"text" * registry.HEAD))
    assert registry.head_of(tmp_path / "a.gz") == b"text" * (registry.HEAD // 4)


def test_the_formats_of_a_source_are_found_by_its_name() -> None:
    assert {known.source.name for known in registry.by_name("medgen")} == {"medgen"}


def test_a_format_is_found_by_its_own_name() -> None:
    assert [known.name for known in registry.by_name("MedGen names")] == ["MedGen names"]


def test_an_unknown_source_comes_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="unknown source 'medgne'; did you mean medgen"):
        registry.by_name("medgne")


def test_a_format_has_one_name() -> None:
    names = [known.name for known in registry.formats()]
    assert sorted(set(names)) == sorted(names)


def test_a_source_has_one_description() -> None:
    # A release's description is that of its first file.
    sources = {known.source.name: known.source for known in registry.formats()}
    assert all(known.source == sources[known.source.name] for known in registry.formats())


@pytest.mark.skipif(not SHARED.is_dir(), reason="the folder of upstream data is not there")
@pytest.mark.parametrize("folder", SOURCES)
def test_the_real_files_are_known(folder: str) -> None:
    found = set()
    for path in sorted((SHARED / folder).rglob("*.*")):
        known = registry.recognise(path, registry.head_of(path))
        found.add(known.source.name if known else None)
        assert known is not None or path.suffix in {".ttl", ".yml", ".dtd", ".txt"}, path
    assert found == SOURCES[folder]
