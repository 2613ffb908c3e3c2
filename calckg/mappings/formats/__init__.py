"""Mapping sets in other formats: SSSOM in TSV and RDF, FHIR's ConceptMap, plain SKOS, OWL axioms."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from calckg.errors import UnknownNameError, UsageError
from calckg.files import plain_suffix
from calckg.uncollected import uncollected

if TYPE_CHECKING:
    from calckg.mappings.formats.model import Mappings

FORMATS: Final = ("sssom-tsv", "sssom-rdf", "fhir", "skos", "owl")
_SUFFIXES: Final = {
    ".tsv": "sssom-tsv",
    ".json": "fhir",
    ".owl": "owl",
    **dict.fromkeys((".ttl", ".turtle", ".nt", ".rdf", ".jsonld"), "sssom-rdf"),
}


class Converted(NamedTuple):
    """What came of a conversion: the output, how many rows were read, and what is not in the output or was added."""

    data: bytes
    rows: int
    notes: Sequence[str]


def format_of(path: Path, asked: str | None, option: str) -> str:
    """Return the format of a file: ``asked``, else by its suffix; ``a.skos.ttl`` and ``a.owl.ttl`` tell it too.

    Raises ``UsageError`` that names ``option`` when neither tells a format.
    """
    if asked is not None:
        if asked not in FORMATS:
            raise UnknownNameError("format", asked, FORMATS, f"(one of: {', '.join(FORMATS)})")
        return asked
    name = path.name.lower().removesuffix(".gz")
    inner = Path(name).with_suffix("").suffix.removeprefix(".")
    suffix = plain_suffix(path)
    if _SUFFIXES.get(suffix) == "sssom-rdf" and inner in ("skos", "owl"):
        return inner
    if suffix not in _SUFFIXES:
        raise UsageError(
            f"{path}: the suffix {suffix or '(none)'} does not tell a format; "
            f"add {option} with one of {', '.join(FORMATS)}"
        )
    return _SUFFIXES[suffix]


def convert(paths: Sequence[Path], read_as: str | None, written_as: str, output: Path | None = None) -> Converted:
    """Convert mapping sets to the format ``written_as``, several to one; ``output`` tells the format of RDF.

    Raises ``SourceError`` for a row that can't be read.
    """
    with uncollected():  # it takes a third of the time
        return _converted(paths, read_as, written_as, output)


def _converted(paths: Sequence[Path], read_as: str | None, written_as: str, output: Path | None) -> Converted:
    from calckg.mappings.formats.model import merged

    mappings = merged([_read(path, format_of(path, read_as, "--from")) for path in paths])
    rows = len(mappings.rows)
    losses: list[str] = []
    if written_as == "sssom-tsv":
        from calckg.mappings.formats import tsv

        data = tsv.write(mappings)
    elif written_as == "sssom-rdf":
        from calckg.mappings.formats import rdf_sssom

        data = rdf_sssom.write(mappings, output)
    else:
        from calckg.mappings.formats import fhir, owl, skos

        if written_as == "fhir":
            data, found = fhir.write(mappings)
        else:
            data, found = (skos if written_as == "skos" else owl).write(mappings, output)
        losses = found.said()
    if written_as not in ("sssom-tsv", "fhir"):
        losses += _prefixes_lost(mappings, output)
    return Converted(data, rows, [*mappings.notes, *losses])


def _prefixes_lost(mappings: Mappings, output: Path | None) -> list[str]:
    """Say which prefixes are not in the output: only Turtle has the set's own."""
    from calckg import prefixes, rdf
    from calckg.upstream.sssom_metadata import BUILT_IN

    suffix = "" if output is None else plain_suffix(output)
    if rdf.SUFFIXES.get(suffix, "turtle") == "turtle":
        return []
    known = {**prefixes.load().namespaces, **BUILT_IN}
    lost = sorted(prefix for prefix, space in mappings.curie_map.items() if known.get(prefix) != space)
    return [f"{suffix} can't hold: the prefixes {', '.join(lost)}"] if lost else []


def _read(path: Path, name: str) -> Mappings:
    from calckg.mappings.formats import fhir, owl, rdf_sssom, skos, tsv

    readers = {
        "sssom-tsv": tsv.read,
        "sssom-rdf": rdf_sssom.read,
        "fhir": fhir.read,
        "skos": skos.read,
        "owl": owl.read,
    }
    return readers[name](path)
