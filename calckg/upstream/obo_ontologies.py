"""The OBO ontologies that are read: whose they are, and which Biolink category each of their branches is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from calckg import prefixes
from calckg.upstream.ends import complete
from calckg.upstream.source import Source, Stated

_CC: Final = "https://creativecommons.org/licenses"
_CC0: Final = "https://creativecommons.org/publicdomain/zero/1.0/"
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CC_ADDRESS: Final = re.compile(r"https?://creativecommons\.org/(?:licenses|publicdomain)/[a-z0-9./-]*[a-z0-9/]")


@dataclass(frozen=True, slots=True)
class Ontology:
    """An ontology: ``prefix`` is that of its terms, ``names`` are those of its files without what follows a dot.

    ``branches`` are (term, category): the term and all below it; of several, the first holds. A term below none of
    them is of ``category``.
    """

    prefix: str
    names: tuple[str, ...]
    source: Source
    category: str = "NamedThing"
    branches: tuple[tuple[str, str], ...] = ()

    def named(self, file: str, suffix: str) -> bool:
        """Tell whether a file is called as one of this ontology: ``hp.v2025-05-06.json.gz``, ``hp-base.json``."""
        names = "|".join(map(re.escape, self.names))
        return re.fullmatch(rf"({names})([._-].*)?\.{suffix}(\.gz)?", file, re.IGNORECASE) is not None


def _ontology(
    prefix: str,
    names: str,
    source: tuple[str, str, str, str],
    terms: tuple[str | None, str | None],
    priority: int,
    category: str = "NamedThing",
    branches: Mapping[str, str] | None = None,
) -> Ontology:
    name, title, publisher, page = source
    license_, rights = terms
    known = {"doid": "disease-ontology"}.get(name, name)
    described = Source(
        name=name,
        title=title,
        publisher=publisher,
        landing_page=page,
        infores=prefixes.load().expand(f"infores:{known}"),
        redistribution=True,
        name_priority=priority,
        license=license_,
        rights=rights,
        finish=complete,
    )
    return Ontology(prefix, tuple(names.split()), described, category, tuple((branches or {}).items()))


_HPO_RIGHTS: Final = (
    "Free for all use when the consortium is acknowledged, the release is named and the content is left unaltered."
)

ONTOLOGIES: Final = (
    _ontology(
        "HP",
        "hp",
        (
            "hpo",
            "Human Phenotype Ontology",
            "Human Phenotype Ontology Consortium and Monarch Initiative",
            "https://hpo.jax.org/",
        ),
        ("https://hpo.jax.org/app/license", _HPO_RIGHTS),
        12,
        # How often something is seen, and what happened to somebody before, Biolink has no category for.
        branches={
            "0000118": "PhenotypicFeature",
            "0020228": "PhenotypicFeature",  # of biospecimens
            "0032223": "PhenotypicFeature",  # blood groups
            "0000005": "GeneticInheritance",
            "0003674": "Onset",
            "0031797": "ClinicalCourse",
            "0012823": "ClinicalModifier",
        },
    ),
    _ontology(
        "MONDO",
        "mondo",
        ("mondo", "Mondo Disease Ontology", "Monarch Initiative", "https://mondo.monarchinitiative.org/"),
        (f"{_CC}/by/4.0/", None),
        11,
        "Disease",
        {"0021125": "NamedThing"},  # characteristics of diseases
    ),
    _ontology(
        "DOID",
        "doid HumanDO",
        (
            "doid",
            "Human Disease Ontology",
            "Institute for Genome Sciences, University of Maryland School of Medicine",
            "https://disease-ontology.org/",
        ),
        (_CC0, None),
        18,
        "Disease",
    ),
    _ontology(
        "UBERON",
        "uberon",
        ("uberon", "Uber-anatomy ontology", "Uberon developers", "https://obophenotype.github.io/uberon/"),
        (f"{_CC}/by/3.0/", None),
        13,
        "AnatomicalEntity",
        {"0000000": "BiologicalProcess"},  # processes, life cycle stages among them
    ),
    _ontology(
        "CL",
        "cl",
        ("cl", "Cell Ontology", "Cell Ontology developers", "https://cell-ontology.github.io/"),
        (f"{_CC}/by/4.0/", None),
        14,
        "AnatomicalEntity",
    ),
    _ontology(
        "CHEBI",
        "chebi chebi_lite chebi_core",
        (
            "chebi",
            "Chemical Entities of Biological Interest",
            "European Bioinformatics Institute (EMBL-EBI)",
            "https://www.ebi.ac.uk/chebi/",
        ),
        (f"{_CC}/by/4.0/", None),
        15,
        "ChemicalEntity",
        {"50906": "NamedThing"},  # roles of substances
    ),
    _ontology(
        "GO",
        "go",
        ("go", "Gene Ontology", "Gene Ontology Consortium", "https://geneontology.org/"),
        (f"{_CC}/by/4.0/", None),
        17,
        branches={"0008150": "BiologicalProcess", "0005575": "AnatomicalEntity"},
    ),
    _ontology(
        "MP",
        "mp",
        ("mp", "Mammalian Phenotype Ontology", "The Jackson Laboratory", "https://www.informatics.jax.org/"),
        (f"{_CC}/by/4.0/", None),
        19,
        branches={"0000001": "PhenotypicFeature"},
    ),
    _ontology(
        "NCIT",
        "ncit",
        ("ncit", "NCI Thesaurus (OBO edition)", "U.S. National Cancer Institute", "https://ncithesaurus.nci.nih.gov/"),
        (f"{_CC}/by/4.0/", None),
        46,
        branches={
            "C2991": "Disease",
            "C3367": "PhenotypicFeature",
            "C7057": "DiseaseOrPhenotypicFeature",
            "C12219": "AnatomicalEntity",
            "C1908": "ChemicalEntity",
            "C25218": "Procedure",
            "C16612": "Gene",
            "C17828": "BiologicalProcess",
        },
    ),
    _ontology(
        "EFO",
        "efo",
        (
            "efo",
            "Experimental Factor Ontology",
            "European Bioinformatics Institute (EMBL-EBI)",
            "https://www.ebi.ac.uk/efo/",
        ),
        ("https://www.apache.org/licenses/LICENSE-2.0", None),
        47,
        branches={"0000408": "Disease", "0000651": "PhenotypicFeature"},
    ),
    _ontology(
        "ECO",
        "eco",
        (
            "eco",
            "Evidence and Conclusion Ontology",
            "Institute for Genome Sciences, University of Maryland School of Medicine",
            "https://www.evidenceontology.org/",
        ),
        (_CC0, None),
        21,
    ),
    _ontology(
        "PATO",
        "pato",
        ("pato", "Phenotype And Trait Ontology", "PATO developers", "https://github.com/pato-ontology/pato"),
        (f"{_CC}/by/3.0/", None),
        22,
    ),
)

CATEGORY: Final[Mapping[str, str]] = {
    "DECIPHER": "Disease",
    "NCBIGene": "Gene",
    "OMIM": "Disease",
    "OMIMPS": "Disease",
    "Orphanet": "Disease",
    **{ontology.prefix: ontology.category for ontology in ONTOLOGIES},
}
"""The Biolink category of what has a code of another vocabulary, by its prefix; NamedThing for those not here."""


def stated(path: Path, version: str | None, text: str, derived_from: str | None = None) -> Stated:
    """Return what a file says of its release: the date in its ``version``, else in its name; a licence in ``text``."""
    found = _DATE.search(version or "") or _DATE.search(path.name)
    date = found[0] if found else None
    license_ = _CC_ADDRESS.search(text)
    return Stated(date or version, date, license_[0] if license_ else None, derived_from)
