"""``calckg mappings convert``: mapping sets from one format to another, and what the other can't hold."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from calckg.cli.options import OutputOption, emit
from calckg.errors import UsageError
from calckg.files import refuse_directory
from calckg.mappings import formats

_NAMES = ", ".join(formats.FORMATS)


def convert(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="Mapping sets; several become one, with the set that each row is from."),
    ],
    read_as: Annotated[
        str | None,
        typer.Option("--from", metavar="NAME", help=f"One of: {_NAMES}. Default: by the suffix of each file."),
    ] = None,
    written_as: Annotated[
        str | None, typer.Option("--to", metavar="NAME", help=f"One of: {_NAMES}. Default: by the suffix of -o.")
    ] = None,
    output: OutputOption = None,
) -> None:
    """Convert mapping sets: SSSOM in TSV and RDF, FHIR R4 ConceptMap, plain SKOS triples, OWL axioms.

    What the output can't hold is said: which slots of how many rows. .tsv is SSSOM/TSV, .ttl SSSOM/RDF, .json FHIR,
    .owl OWL; .skos.ttl and .owl.ttl tell it too. A row that can't be read stops the conversion.
    """
    if output is None and written_as is None:
        raise UsageError(f"no output format; add -o FILE, or --to with one of {_NAMES}")
    name = formats.format_of(output or Path(), written_as, "--to")
    if output is not None:
        refuse_directory(output)
        for path in files:
            if path.exists() and output.exists() and path.samefile(output):
                raise UsageError(f"{output}: that is the input, which is not touched; name another file")
    done = formats.convert(files, read_as, name, output)
    emit(done.data, output)
    for note in done.notes:
        print(note, file=sys.stderr)
    print(f"{done.rows:,} rows read", file=sys.stderr)
