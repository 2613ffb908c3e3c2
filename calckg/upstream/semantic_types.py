"""The 127 types of the UMLS Semantic Network, and the Biolink category that concepts of each have.

The category is one of those that the model has (ontology/shapes/concepts.ttl); where it has none (living beings,
devices, ideas) it is ``biolink:NamedThing``. Concepts carry several semantic types, and the model keeps the kinds of
``KIND`` apart: ``categories`` says what becomes of them together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Final, NamedTuple

from calckg import prefixes

UNKNOWN: Final = "NamedThing"

KIND: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Disease": "condition",
        "DiseaseOrPhenotypicFeature": "condition",
        "PhenotypicFeature": "condition",
        "BiologicalProcess": "process",
        "PathologicalProcess": "process",
        "PhysiologicalProcess": "process",
        "AnatomicalEntity": "site",
        "ChemicalEntity": "substance",
        "Procedure": "procedure",
        "Gene": "gene",
        "GeneticInheritance": "inheritance",
        "ClinicalCourse": "course",
        "Onset": "course",
        "ClinicalModifier": "modifier",
        UNKNOWN: "unknown",
    }
)
"""The kind of thing that each category is of; conditions and processes go together, the others exclude each other."""


class SemanticType(NamedTuple):
    """A type of the Semantic Network: ``category`` is the name of a Biolink class."""

    tui: str
    name: str
    category: str


def _types(category: str, *rows: str) -> Iterable[SemanticType]:
    return (SemanticType(row[:4], row[5:], category) for row in rows)


_ALL: Final = (
    *_types(
        "Disease",
        "T019 Congenital Abnormality",
        "T020 Acquired Abnormality",
        "T037 Injury or Poisoning",
        "T047 Disease or Syndrome",
        "T048 Mental or Behavioral Dysfunction",
        "T049 Cell or Molecular Dysfunction",
        "T050 Experimental Model of Disease",
        "T190 Anatomical Abnormality",
        "T191 Neoplastic Process",
    ),
    *_types(
        "PhenotypicFeature",
        "T033 Finding",
        "T034 Laboratory or Test Result",
        "T184 Sign or Symptom",
    ),
    *_types("PathologicalProcess", "T046 Pathologic Function"),
    *_types("BiologicalProcess", "T038 Biologic Function"),
    *_types(
        "PhysiologicalProcess",
        "T039 Physiologic Function",
        "T040 Organism Function",
        "T041 Mental Process",
        "T042 Organ or Tissue Function",
        "T043 Cell Function",
        "T044 Molecular Function",
        "T045 Genetic Function",
    ),
    *_types(
        "AnatomicalEntity",
        "T017 Anatomical Structure",
        "T018 Embryonic Structure",
        "T021 Fully Formed Anatomical Structure",
        "T022 Body System",
        "T023 Body Part, Organ, or Organ Component",
        "T024 Tissue",
        "T025 Cell",
        "T026 Cell Component",
        "T029 Body Location or Region",
        "T030 Body Space or Junction",
        "T031 Body Substance",
    ),
    *_types(
        "ChemicalEntity",
        "T103 Chemical",
        "T104 Chemical Viewed Structurally",
        "T109 Organic Chemical",
        "T114 Nucleic Acid, Nucleoside, or Nucleotide",
        "T116 Amino Acid, Peptide, or Protein",
        "T120 Chemical Viewed Functionally",
        "T121 Pharmacologic Substance",
        "T122 Biomedical or Dental Material",
        "T123 Biologically Active Substance",
        "T125 Hormone",
        "T126 Enzyme",
        "T127 Vitamin",
        "T129 Immunologic Factor",
        "T130 Indicator, Reagent, or Diagnostic Aid",
        "T131 Hazardous or Poisonous Substance",
        "T167 Substance",
        "T168 Food",
        "T192 Receptor",
        "T195 Antibiotic",
        "T196 Element, Ion, or Isotope",
        "T197 Inorganic Chemical",
        "T200 Clinical Drug",
    ),
    *_types("Gene", "T028 Gene or Genome"),
    *_types(
        "Procedure",
        "T058 Health Care Activity",
        "T059 Laboratory Procedure",
        "T060 Diagnostic Procedure",
        "T061 Therapeutic or Preventive Procedure",
        "T063 Molecular Biology Research Technique",
    ),
    *_types(
        UNKNOWN,
        # Living beings
        "T001 Organism",
        "T002 Plant",
        "T004 Fungus",
        "T005 Virus",
        "T007 Bacterium",
        "T008 Animal",
        "T010 Vertebrate",
        "T011 Amphibian",
        "T012 Bird",
        "T013 Fish",
        "T014 Reptile",
        "T015 Mammal",
        "T016 Human",
        "T096 Group",
        "T097 Professional or Occupational Group",
        "T098 Population Group",
        "T099 Family Group",
        "T100 Age Group",
        "T101 Patient or Disabled Group",
        "T194 Archaeon",
        "T204 Eukaryote",
        # Activities, and phenomena that are no function of a body
        "T051 Event",
        "T052 Activity",
        "T053 Behavior",
        "T054 Social Behavior",
        "T055 Individual Behavior",
        "T056 Daily or Recreational Activity",
        "T057 Occupational Activity",
        "T062 Research Activity",
        "T064 Governmental or Regulatory Activity",
        "T065 Educational Activity",
        "T066 Machine Activity",
        "T067 Phenomenon or Process",
        "T068 Human-caused Phenomenon or Process",
        "T069 Environmental Effect of Humans",
        "T070 Natural Phenomenon or Process",
        # Objects
        "T071 Entity",
        "T072 Physical Object",
        "T073 Manufactured Object",
        "T074 Medical Device",
        "T075 Research Device",
        "T083 Geographic Area",
        "T203 Drug Delivery Device",
        # Ideas, attributes, organizations
        "T032 Organism Attribute",
        "T077 Conceptual Entity",
        "T078 Idea or Concept",
        "T079 Temporal Concept",
        "T080 Qualitative Concept",
        "T081 Quantitative Concept",
        "T082 Spatial Concept",
        "T085 Molecular Sequence",
        "T086 Nucleotide Sequence",
        "T087 Amino Acid Sequence",
        "T088 Carbohydrate Sequence",
        "T089 Regulation or Law",
        "T090 Occupation or Discipline",
        "T091 Biomedical Occupation or Discipline",
        "T092 Organization",
        "T093 Health Care Related Organization",
        "T094 Professional Society",
        "T095 Self-help or Relief Organization",
        "T102 Group Attribute",
        "T169 Functional Concept",
        "T170 Intellectual Product",
        "T171 Language",
        "T185 Classification",
        "T201 Clinical Attribute",
    ),
)

SEMANTIC_TYPES: Final[Mapping[str, SemanticType]] = MappingProxyType({known.tui: known for known in _ALL})
"""Each semantic type by its identifier (TUI)."""


def categories(tuis: Iterable[str]) -> tuple[str, ...]:
    """Return the Biolink classes, sorted, of a concept with these semantic types.

    A type that says nothing counts for nothing beside one that does; types of two kinds that exclude each other
    (a substance that is also a procedure) leave only ``NamedThing``. A type of earlier releases is unknown.
    """
    found = {SEMANTIC_TYPES[tui].category for tui in tuis if tui in SEMANTIC_TYPES} - {UNKNOWN}
    return tuple(sorted(found)) if found and len({_side(name) for name in found}) == 1 else (UNKNOWN,)


def _side(category: str) -> str:
    return KIND[category].replace("process", "condition")


@cache
def relation() -> str:
    """Return the table as a relation of SQL: ``(tui, category, side)``.

    ``category`` is the class's IRI, NULL when it says nothing; ``side`` is the kind, a condition for a process.
    """
    namespace = prefixes.load().namespaces["biolink"]
    rows = ", ".join(
        f"('{known.tui}', '{namespace}{known.category}', '{_side(known.category)}')"
        for known in _ALL
        if known.category != UNKNOWN
    )
    return f"(VALUES {rows}) AS semantic_type(tui, category, side)"
