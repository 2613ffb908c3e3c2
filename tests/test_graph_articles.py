"""The two encyclopaedia articles in the graph: section by section, what each says must be there.

A row is ``subject | predicate | object | what is said of the claim``. A name stands for the code in ``NAMES`` or
else for ``ckgid:concept/NAME``; a predicate without a prefix is Biolink's. A claim without remark is stated, not
hedged and unsourced: both articles, as we have them, give no reference to any single sentence.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal

import pyoxigraph as ox
import pytest

from calckg import prefixes, resources

BIOLINK = "https://w3id.org/biolink/vocab/"
CKG = "https://w3id.org/calckg/ontology/"
ID = "https://w3id.org/calckg/id/"
GRAPH = "https://w3id.org/calckg/graph/curated/"
RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
COMMENT = "http://www.w3.org/2000/01/rdf-schema#comment"
SKOS = "http://www.w3.org/2004/02/skos/core#"
DECIMAL = "http://www.w3.org/2001/XMLSchema#decimal"

NAMES = {
    "abnormal-vascular-physiology": "HP:0030163",
    "aging": "medgen:C0001811",
    "anorexia": "HP:0002039",
    "arterial-calcification": "HP:0003207",
    "arterial-stiffness": "medgen:C0599949",
    "asymptomatic": "medgen:C0231221",
    "atherosclerosis": "MONDO:0005311",
    "breast-calcification": "medgen:C0587094",
    "breast-disorder": "MONDO:0002657",
    "breast-microcalcification": "HP:0040403",
    "calcinosis": "HP:0003761",
    "calcium-metabolic-disease": "MONDO:0005557",
    "cardiovascular-calcification": "HP:0011915",
    "chronic-inflammation": "medgen:C0021376",
    "dna-damage": "mesh:D004249",
    "ductal-carcinoma-in-situ": "MONDO:0005023",
    "ectopic-calcification": "HP:0010766",
    "erythrocyte": "mesh:D004912",
    "excessive-calcium-intake": "medgen:C5437794",
    "excessive-vitamin-d-intake": "medgen:C5396832",
    "heel-spur": "MONDO:0002209",
    "high-ratio": "ckgid:concept/high-calcium-to-vitamin-d-ratio",
    "hypervitaminosis-d": "MONDO:0004937",
    "incidental-finding": "medgen:C0743997",
    "metastatic-calcification": "medgen:C0221255",
    "oxidative-dna-damage": "medgen:C5392204",
    "poor-appetite": "HP:0004396",
    "pulp-calcification": "HP:0003771",
    "ultrasonography": "mesh:D014463",
    "vascular-calcification": "medgen:C0342649",
    "vitamin-k-deficiency": "medgen:C0042880",
    "vitamin-k2-deficiency": "medgen:C1272355",
}

WIKIPEDIA = {
    "Figure": """
    ddc-sem | ckg:detects | cardiovascular-calcification
    cardiovascular-calcification | has_part | calcium-phosphate
    ddc-sem | ckg:detects | calcium-phosphate
    ddc-sem | ckg:detects | extracellular-matrix
    """,
    "Lead": """
    calcification | has_participant | calcium-salt
    calcification | located_in | body-tissue
    physiologic-calcification | part_of | bone-formation | frequency=normally
    ectopic-calcification | located_in | soft-tissue | hedge=can
    ectopic-calcification | subclass_of | calcification | hedge=can
    calcinosis | causes | tissue-hardening | hedge=can
    calcification | ckg:classified_by | mineral-balance | hedge=may
    calcification | ckg:classified_by | anatomical-location | hedge=may
    physiologic-calcification | subclass_of | calcification | hedge=may
    physiologic-calcification | subclass_of | biomineralization | hedge=may
    stromatolite-formation | subclass_of | physiologic-calcification | hedge=may
    mollusc-shell-formation | subclass_of | physiologic-calcification | hedge=may
    """,
    "Signs and symptoms": """
    manifestation-of-calcification | manifestation_of | calcification | hedge=can, frequency=many ways
    anatomical-location | affects | manifestation-of-calcification
    pulp-calcification | located_in | dental-pulp
    pulp-calcification | ckg:has_modifier | asymptomatic | frequency=often
    pulp-calcification | ckg:has_modifier | incidental-finding
    radiography | diagnoses | pulp-calcification
    pulp-calcification | has_phenotype | negative-pulp-vitality-response | citation needed, frequency=typically
    dental-pulp-vitality-test | ckg:detects | pulp-calcification | citation needed, frequency=typically
    pulp-calcification | has_phenotype | absent-tooth-pain-sensation | citation needed, frequency=often
    pulp-calcification | has_phenotype | absent-tooth-pressure-sensation | citation needed, frequency=often
    pulp-calcification | has_phenotype | absent-tooth-temperature-sensation | citation needed, frequency=often
    """,
    "Causes of soft tissue calcification": """
    calcinosis | located_in | artery
    artery | subclass_of | soft-tissue
    calcinosis | located_in | cartilage
    cartilage | subclass_of | soft-tissue
    calcinosis | located_in | heart-valve
    heart-valve | subclass_of | soft-tissue
    vitamin-k2-deficiency | causes | calcinosis | hedge=can
    poor-calcium-absorption | causes | calcinosis | hedge=can
    high-ratio | causes | poor-calcium-absorption | hedge=can
    high-ratio | contributes_to | calcinosis | hedge=can
    calcinosis | coexists_with | mineral-imbalance | hedge=can, frequency=with or without
    calcinosis | coexists_with | mineral-balance | hedge=can, frequency=with or without
    excessive-calcium-intake | causes | calcification | not, misconception, frequency=common misconception
    dietary-calcium-intake | associated_with | calcinosis | not
    dietary-calcium-intake | affects | calcification | not
    excessive-vitamin-d-intake | causes | hypervitaminosis-d | hedge=can
    excessive-vitamin-d-intake | causes | excessive-intestinal-calcium-absorption | hedge=can
    hypervitaminosis-d | causes | arterial-calcification | hedge=can
    hypervitaminosis-d | causes | calcinosis | hedge=can
    hypervitaminosis-d | causes | metastatic-calcification | hedge=can
    excessive-intestinal-calcium-absorption | causes | arterial-calcification | hedge=can
    excessive-intestinal-calcium-absorption | causes | calcinosis | hedge=can
    excessive-intestinal-calcium-absorption | causes | metastatic-calcification | hedge=can
    vitamin-k-deficiency | contributes_to | arterial-calcification | hedge=can
    vitamin-k-deficiency | contributes_to | calcinosis | hedge=can
    vitamin-k-deficiency | contributes_to | metastatic-calcification | hedge=can
    anticoagulant | causes | vitamin-k-deficiency | hedge=perhaps
    metastatic-calcification | subclass_of | calcinosis
    metastatic-calcification | located_in | tissue-with-calcium-catchers | frequency=mainly
    tissue-with-calcium-catchers | has_part | calcium-catcher
    elastic-fibre | subclass_of | calcium-catcher
    mucopolysaccharide | subclass_of | calcium-catcher
    metastatic-calcification | located_in | lung | frequency=especially
    lung | subclass_of | tissue-with-calcium-catchers | frequency=especially
    metastatic-calcification | located_in | aorta | frequency=especially
    aorta | subclass_of | tissue-with-calcium-catchers | frequency=especially
    metastatic-pulmonary-calcification | subclass_of | metastatic-calcification
    metastatic-pulmonary-calcification | located_in | lung
    """,
    "Mineral balance": """
    ectopic-calcification | subclass_of | calcification | hedge=can
    calcification | part_of | aging | hedge=can
    pineal-gland-calcification | located_in | pineal-gland | frequency=nearly all adults
    pineal-gland-calcification | subclass_of | calcification | frequency=nearly all adults
    """,
    "Breast disease": """
    breast-disorder | has_phenotype | breast-calcification | frequency=often
    breast-calcification | located_in | site-of-cell-death | frequency=often
    breast-calcification | located_in | breast-secretion | frequency=often
    breast-calcification | located_in | hyalinized-stroma | frequency=often
    breast-calcification | subclass_of | ectopic-calcification
    ductal-carcinoma-in-situ | subclass_of | breast-disorder
    ductal-carcinoma-in-situ | has_phenotype | breast-microcalcification | hedge=may
    mammography | diagnoses | breast-microcalcification | hedge=may
    breast-microcalcification | causes | radio-opacity | hedge=may
    mammography | ckg:detects | radio-opacity | hedge=may
    """,
    "Arteriosclerotic calcification": """
    vascular-calcification | causes | arterial-stiffness
    arterial-stiffness | associated_with | aging
    vascular-calcification | has_part | calcium-phosphate
    vascular-calcification | located_in | tunica-media
    vascular-calcification | located_in | large-artery
    vascular-calcification | located_in | aorta
    tunica-media | part_of | large-artery
    tunica-media | has_part | smooth-muscle
    aorta | subclass_of | large-artery
    dna-damage | causes | vascular-calcification
    oxidative-dna-damage | causes | vascular-calcification | frequency=especially
    oxidative-dna-damage | subclass_of | dna-damage
    leakage-of-blood-lysate | contributes_to | vascular-calcification | hedge=could be linked
    leakage-of-blood-lysate | located_in | vessel-wall | hedge=could be linked
    leakage-of-blood-lysate | has_participant | blood-lysate | hedge=could be linked
    erythrocyte | has_part | calcium
    """,
    "Diagnosis": """
    ultrasonography | diagnoses | vascular-calcification
    radiography | diagnoses | vascular-calcification
    """,
    "Treatment": """
    increased-vitamin-d-intake | ckg:proposed_treatment_for | high-ratio | citation needed, hedge=may
    hypervitaminosis-d | has_phenotype | anorexia | citation needed, hedge=would
    hypervitaminosis-d | has_phenotype | poor-appetite | citation needed, hedge=would
    hypervitaminosis-d | has_phenotype | calcinosis | citation needed, hedge=would
    """,
}

MEDLINEPLUS = {
    "Lead": """
    calcification | has_participant | calcium
    calcification | located_in | body-tissue
    calcification | causes | tissue-hardening
    physiologic-calcification | subclass_of | calcification | hedge=can
    ectopic-calcification | subclass_of | calcification | hedge=can
    """,
    "Information": """
    calcium | located_in | bones-and-teeth | frequency=ninety-nine percent, percentage=99
    calcium | located_in | bone
    calcium | located_in | tooth
    calcium | located_in | blood | frequency=the remaining
    calcium-metabolic-disease | affects | mineral-balance
    calcium-metabolic-disease | causes | ectopic-calcification | hedge=can
    ectopic-calcification | located_in | artery | hedge=can
    ectopic-calcification | located_in | kidney | hedge=can
    ectopic-calcification | located_in | lung | hedge=can
    ectopic-calcification | located_in | brain | hedge=can
    ectopic-calcification | ckg:has_complication | abnormal-vascular-physiology | hedge=can
    ectopic-calcification | ckg:has_complication | impaired-organ-function | hedge=can
    radiography | diagnoses | calcification | hedge=can, frequency=usually
    atherosclerosis | has_phenotype | arterial-calcification | frequency=common example
    arterial-calcification | located_in | artery
    ectopic-calcification | located_in | site-of-chronic-inflammation
    heel-spur | has_phenotype | ectopic-calcification
    heel-spur | associated_with | chronic-inflammation
    heel-spur | located_in | foot
    """,
}

# The conditions under which a claim holds, without which it would say something else.
CONTEXTS = """
    wikipedia-ddc-sem-shows-calcium-phosphate | spherical particles; coloured orange; the denser material
    wikipedia-ddc-sem-shows-extracellular-matrix | coloured green; the less dense material
    wikipedia-radiography-finds-pulp-calcification | as an incidental finding
    wikipedia-vitality-test-detects-pulp-calcification | negative response; individual teeth
    wikipedia-excess-dietary-calcium-misconception | calcium in the diet
    wikipedia-dietary-calcium-does-not-affect-calcification | whatever the amount
    wikipedia-hypervitaminosis-d-causes-arterial-calcification | together with vitamin K deficiency
    wikipedia-hypervitaminosis-d-causes-soft-tissue-calcification | together with vitamin K deficiency
    wikipedia-hypervitaminosis-d-causes-metastatic-calcification | together with vitamin K deficiency
    wikipedia-excessive-calcium-absorption-causes-arterial-calcification | together with vitamin K deficiency
    wikipedia-excessive-calcium-absorption-causes-soft-tissue-calcification | together with vitamin K deficiency
    wikipedia-excessive-calcium-absorption-causes-metastatic-calcification | together with vitamin K deficiency
    wikipedia-breast-disorder-has-calcification | a number of breast disorders
    wikipedia-dcis-has-microcalcification | small, irregular, linear; seen on mammography
    wikipedia-mammography-finds-microcalcification | in ductal carcinoma in situ
    wikipedia-vascular-calcification-causes-arterial-stiffness | one of the principal causes; with age
    wikipedia-vascular-calcification-in-tunica-media | of large arteries
    wikipedia-dna-damage-causes-vascular-calcification | accelerated
    wikipedia-oxidative-dna-damage-causes-vascular-calcification | accelerated
    wikipedia-blood-lysate-leakage-contributes-to-vascular-calcification | chronic
    wikipedia-erythrocyte-has-calcium | high concentration
    wikipedia-ultrasonography-diagnoses-vascular-calcification | sufficient with radiography; the affected area
    wikipedia-radiography-diagnoses-vascular-calcification | sufficient with ultrasonography; the affected area
    wikipedia-more-vitamin-d-proposed-for-high-ratio | if vitamin K is normal; the easiest way
    wikipedia-hypervitaminosis-d-has-anorexia | intake of too much vitamin D
    medlineplus-calcium-in-bones-and-teeth | of the calcium that enters the body
    medlineplus-calcium-in-blood | dissolved
    medlineplus-ectopic-calcification-in-kidney | when a disorder upsets the balance of calcium
    medlineplus-ectopic-calcification-impairs-organs | kidneys, lungs, brain
    medlineplus-arterial-calcification-in-artery | as part of atherosclerosis
"""

ARTICLES = {"wikipedia-calcification": WIKIPEDIA, "medlineplus-calcification": MEDLINEPLUS}
KNOWLEDGE_SOURCES = {"wikipedia-calcification": "wikipedia", "medlineplus-calcification": "medlineplus"}
SECTIONS = [(article, section) for article, sections in ARTICLES.items() for section in sections]


@dataclass(frozen=True, order=True)
class Claim:
    """What an association says; ``subject``, ``predicate`` and ``object`` are CURIEs."""

    subject: str
    predicate: str
    object: str
    negated: bool = False
    misconception: bool = False
    status: str = "Unsourced"
    hedge: str = ""
    frequency: str = ""
    percentage: str = ""


def concept(name: str) -> str:
    return NAMES.get(name, f"ckgid:concept/{name}")


def expected(rows: str) -> Counter[Claim]:
    """Read the rows of one section."""
    claims: Counter[Claim] = Counter()
    for row in rows.strip().splitlines():
        subject, predicate, obj, *rest = (part.strip() for part in row.split("|"))
        remarks = dict(remark.partition("=")[::2] for remark in ", ".join(rest).split(", "))
        claims[
            Claim(
                concept(subject),
                predicate if ":" in predicate else f"biolink:{predicate}",
                concept(obj),
                negated="not" in remarks,
                misconception="misconception" in remarks,
                status="CitationNeeded" if "citation needed" in remarks else "Unsourced",
                hedge=remarks.get("hedge", ""),
                frequency=remarks.get("frequency", ""),
                percentage=remarks.get("percentage", ""),
            )
        ] += 1
    return claims


def curie(iri: str) -> str:
    return prefixes.load().compress(iri) or iri


def iri(short: str) -> ox.NamedNode:
    return ox.NamedNode(prefixes.load().expand(short))


def load(*names: str) -> ox.Store:
    store = ox.Store()
    for name in names:
        store.load(path=resources.graph_dir() / name, format=ox.RdfFormat.TURTLE)
    return store


def values(store: ox.Store, subject: ox.NamedNode, predicate: str) -> list[str]:
    found = []
    for quad in store.quads_for_pattern(subject, ox.NamedNode(predicate), None):
        assert isinstance(quad.object, ox.NamedNode | ox.Literal)
        found.append(quad.object.value)
    return found


def value(store: ox.Store, subject: ox.NamedNode, predicate: str, default: str | None = None) -> str:
    found = values(store, subject, predicate)
    if not found and default is not None:
        return default
    assert len(found) == 1, f"{subject} has {len(found)} values of {predicate}"
    return found[0]


def associations(store: ox.Store) -> list[ox.NamedNode]:
    kind = ox.NamedNode(f"{BIOLINK}Association")
    found = [quad.subject for quad in store.quads_for_pattern(None, ox.NamedNode(RDF_TYPE), kind)]
    return [node for node in found if isinstance(node, ox.NamedNode)]


def claim_of(store: ox.Store, node: ox.NamedNode) -> Claim:
    return Claim(
        curie(value(store, node, f"{BIOLINK}subject")),
        curie(value(store, node, f"{BIOLINK}predicate")),
        curie(value(store, node, f"{BIOLINK}object")),
        negated=value(store, node, f"{BIOLINK}negated") == "true",
        misconception=value(store, node, f"{CKG}misconception", "false") == "true",
        status=value(store, node, f"{CKG}citationStatus").removeprefix(CKG),
        hedge=value(store, node, f"{CKG}hedge", ""),
        frequency=value(store, node, f"{CKG}frequencyText", ""),
        percentage=value(store, node, f"{BIOLINK}has_percentage", "").removesuffix(".0"),
    )


@pytest.fixture(scope="module", params=ARTICLES)
def article(request: pytest.FixtureRequest) -> tuple[str, ox.Store]:
    return request.param, load(f"{request.param}.ttl")


@pytest.mark.parametrize(("name", "section"), SECTIONS)
def test_section_says_exactly_its_claims(name: str, section: str) -> None:
    store = load(f"{name}.ttl")
    found = Counter(
        claim_of(store, node) for node in associations(store) if value(store, node, f"{CKG}section") == section
    )
    wanted = expected(ARTICLES[name][section])
    assert sorted((wanted - found).elements()) == [], "claims missing"
    assert sorted((found - wanted).elements()) == [], "claims that the section does not make"


def test_no_claim_stands_outside_the_sections(article: tuple[str, ox.Store]) -> None:
    name, store = article
    assert {value(store, node, f"{CKG}section") for node in associations(store)} == set(ARTICLES[name])


@pytest.mark.parametrize("row", CONTEXTS.strip().splitlines())
def test_condition_of_the_claim_is_kept(row: str) -> None:
    name, _, context = row.strip().partition(" | ")
    store = load(f"{name.partition('-')[0]}-calcification.ttl")
    assert value(store, ox.NamedNode(f"{ID}association/{name}"), f"{CKG}context") == context


def test_ninety_nine_percent_is_a_decimal() -> None:
    store = load("medlineplus-calcification.ttl")
    stated = [q.object for q in store.quads_for_pattern(None, ox.NamedNode(f"{BIOLINK}has_percentage"), None)]
    (percentage,) = stated
    assert isinstance(percentage, ox.Literal)
    assert percentage.datatype == ox.NamedNode(DECIMAL)
    assert Decimal(percentage.value) == 99


def test_three_flagged_sentences_flag_nine_claims() -> None:
    store = load("wikipedia-calcification.ttl")
    flagged = Counter(
        value(store, node, f"{CKG}section")
        for node in associations(store)
        if value(store, node, f"{CKG}citationStatus") == f"{CKG}CitationNeeded"
    )
    assert flagged == {"Signs and symptoms": 5, "Treatment": 4}


def test_every_association_names_its_source_and_kind(article: tuple[str, ox.Store]) -> None:
    name, store = article
    for node in associations(store):
        said = {
            "source": value(store, node, "http://purl.org/dc/terms/source"),
            "knowledge source": value(store, node, f"{BIOLINK}primary_knowledge_source"),
            "level": value(store, node, f"{BIOLINK}knowledge_level"),
            "agent": value(store, node, f"{BIOLINK}agent_type"),
            "evidence": value(store, node, f"{BIOLINK}has_evidence_of_type"),
        }
        assert said == {
            "source": GRAPH + name,
            "knowledge source": f"https://w3id.org/information-resource-registry/{KNOWLEDGE_SOURCES[name]}",
            "level": "knowledge_assertion",
            "agent": "manual_agent",
            "evidence": "http://purl.obolibrary.org/obo/ECO_0000303",
        }, node
        assert value(store, node, COMMENT).endswith(".")


def test_features_of_conditions_have_the_narrower_class(article: tuple[str, ox.Store]) -> None:
    _, store = article
    for node in associations(store):
        narrow = f"{BIOLINK}DiseaseToPhenotypicFeatureAssociation" in values(store, node, RDF_TYPE)
        assert narrow == (claim_of(store, node).predicate == "biolink:has_phenotype"), node


def test_plain_triples_are_exactly_the_claims_that_are_not_negated(article: tuple[str, ox.Store]) -> None:
    _, store = article
    nodes = associations(store)
    claims = [claim_of(store, node) for node in nodes]
    stated = {(c.subject, c.predicate, c.object) for c in claims if not c.negated}
    own = {str(node) for node in nodes}
    plain = {(str(q.subject), q.predicate.value, str(q.object)) for q in store if str(q.subject) not in own}
    assert plain == {(str(iri(s)), iri(p).value, str(iri(o))) for s, p, o in stated}


def test_there_are_no_blank_nodes(article: tuple[str, ox.Store]) -> None:
    _, store = article
    assert not [q for q in store if isinstance(q.subject, ox.BlankNode) or isinstance(q.object, ox.BlankNode)]


def test_every_concept_spoken_of_has_a_name_a_scheme_and_a_category(article: tuple[str, ox.Store]) -> None:
    _, store = article
    names = load("concepts.ttl", "medgen-vascular-calcification.ttl")
    claims = [claim_of(store, node) for node in associations(store)]
    for short in sorted({end for claim in claims for end in (claim.subject, claim.object)}):
        node = iri(short)
        label = values(names, node, f"{SKOS}prefLabel") or values(names, node, f"{SKOS}altLabel")
        assert label, short
        assert value(names, node, f"{SKOS}inScheme") == f"{ID}scheme/{short.partition(':')[0]}"
        assert value(names, node, f"{SKOS}notation") == short
        assert [kind for kind in values(names, node, RDF_TYPE) if kind.startswith(BIOLINK)], short
