"""What an outcome does not say of itself: that nothing was checked, or that the shapes have a word SHACL has not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox

from calckg import columnar
from calckg.errors import nearest
from calckg.rdf import RDF_TYPE
from calckg.shapes import model
from calckg.shapes.model import SH, Term
from calckg.shapes.reading.nodes import short, shown

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

# SHACL (W3C, 2017), SHACL-AF with its node expressions, and SHACL-JS.
_VOCABULARY: Final = """
    AbstractResult BlankNode BlankNodeOrIRI BlankNodeOrLiteral ConstraintComponent Function IRI IRIOrLiteral Info
    JSConstraint JSExecutable JSFunction JSLibrary JSRule JSTarget JSTargetType JSValidator Literal NodeKind NodeShape
    Parameter Parameterizable PrefixDeclaration PropertyGroup PropertyShape ResultAnnotation Rule SPARQLAskExecutable
    SPARQLAskValidator SPARQLConstraint SPARQLConstructExecutable SPARQLExecutable SPARQLFunction SPARQLRule
    SPARQLSelectExecutable SPARQLSelectValidator SPARQLTarget SPARQLTargetType SPARQLUpdateExecutable
    SPARQLValuesDeriver Severity Shape Target TargetType TripleRule ValidationReport ValidationResult Validator
    Violation Warning
    alternativePath and annotationProperty annotationValue annotationVarName ask class closed condition conforms
    construct count datatype deactivated declare defaultValue desc description detail disjoint distinct else
    entailment equals exists expression filterShape flags focusNode group groupConcat hasValue if ignoredProperties in
    intersection inversePath js jsFunctionName jsLibrary jsLibraryURL labelTemplate languageIn lessThan
    lessThanOrEquals limit max maxCount maxExclusive maxInclusive maxLength message min minCount minExclusive
    minInclusive minLength minus name namespace node nodeKind nodeValidator nodes not object offset oneOrMorePath
    optional or order orderBy parameter path pattern predicate prefix prefixes property propertyValidator
    qualifiedMaxCount qualifiedMinCount qualifiedValueShape qualifiedValueShapesDisjoint result resultAnnotation
    resultMessage resultPath resultSeverity returnType rule select separator severity shapesGraph
    shapesGraphWellFormed sourceConstraint sourceConstraintComponent sourceShape sparql subject suggestedShapesGraph
    sum target targetClass targetNode targetObjectsOf targetSubjectsOf then this union uniqueLang update validator
    value values xone zeroOrMorePath zeroOrOnePath
"""
_TERMS: Final = frozenset(_VOCABULARY.split())
_COMPONENT: Final = "ConstraintComponent"  # and a parameter of one has its name after a hyphen
_FEW: Final = 3
_SUBCLASS: Final = "http://www.w3.org/2000/01/rdf-schema#subClassOf"
_INSTANCES: Final = """WITH RECURSIVE cls(id) AS (
    SELECT ?::BIGINT UNION SELECT q.s::BIGINT FROM quad q JOIN cls ON q.o = cls.id WHERE q.p = ?)
SELECT 1 FROM quad WHERE p = ? AND o IN (SELECT id FROM cls)"""


def unknown_terms(shapes: ox.Store) -> Iterator[str]:
    """Yield a line for each term of SHACL's namespace in a shapes graph that SHACL does not have."""
    told: dict[str, Term] = {}
    for quad in shapes:
        for term in (quad.predicate, quad.object):
            if isinstance(term, ox.NamedNode) and term.value.startswith(SH):
                told.setdefault(term.value, quad.subject)
    for iri in sorted(told):
        name = iri.removeprefix(SH)
        root = name.partition("-")[0]
        if root and root not in _TERMS and not root.endswith(_COMPONENT):
            alike = sorted(one for one in _TERMS if one[0].isupper() == name[0].isupper())  # a class, or a property
            near = " or ".join(f"sh:{one}" for one in nearest(name, alike, 1))
            remedy = f"did you mean {near}?" if near else "check its spelling"
            where = f" (of {shown(told[iri])})" if isinstance(told[iri], ox.NamedNode) else ""
            yield f"{short(iri)}{where} is no term of SHACL and asks nothing; {remedy}"


def untargeted(connection: DuckDBPyConnection, shapes: Sequence[model.Shape], focus: Sequence[Term]) -> Iterator[str]:
    """Yield a line for each of the ``focus`` nodes, or one for all nodes of the columns, that no shape has as a target.

    Where there is a target in SPARQL it is not found out.
    """
    targets = list(dict.fromkeys(target for shape in shapes if not shape.deactivated for target in shape.targets))
    if any(isinstance(target, model.TargetSparql) for target in targets):
        return
    if not targets:
        yield "nothing was checked: no shape has a target; give one sh:targetClass or sh:targetNode"
        return
    told = ", ".join(_told(target) for target in targets[:_FEW]) + (", …" if len(targets) > _FEW else "")
    data = _Data(connection)
    if not focus and not data.have_any(targets, None):
        yield (
            f"nothing was checked: no node of the data is the target of a shape ({told}); "
            "compare these with the classes and predicates of the data"
        )
    for node in focus:
        if not data.have_any(targets, node):
            yield f"{shown(node)} was not checked: it is the target of no shape ({told}); check its spelling"


def _told(target: model.Target) -> str:
    match target:
        case model.TargetNode(node):
            return f"sh:targetNode {shown(node)}"
        case model.TargetClass(cls):
            return f"sh:targetClass {shown(cls)}"
        case model.TargetSubjectsOf(iri):
            return f"sh:targetSubjectsOf {shown(ox.NamedNode(iri))}"
        case model.TargetObjectsOf(iri):
            return f"sh:targetObjectsOf {shown(ox.NamedNode(iri))}"
        case model.TargetSparql():
            return "sh:target"


class _Data:
    """The columns, asked for a node that is a target: one is enough."""

    def __init__(self, connection: DuckDBPyConnection) -> None:
        self._connection = connection

    def have_any(self, targets: Iterable[model.Target], node: Term | None) -> bool:
        """Tell whether ``node``, or any node, is one of the targets."""
        return any(self._has(target, node) for target in targets)

    def _has(self, target: model.Target, node: Term | None) -> bool:
        match target:
            case model.TargetNode(named):
                return node is None or named == node
            case model.TargetClass(ox.NamedNode() as cls):
                ids = [self._id(cls.value), self._id(_SUBCLASS), self._id(RDF_TYPE.value)]
                return self._finds(_INSTANCES, ids, "s", node)
            case model.TargetSubjectsOf(iri):
                return self._finds("SELECT 1 FROM quad WHERE p = ?", [self._id(iri)], "s", node)
            case model.TargetObjectsOf(iri):
                return self._finds("SELECT 1 FROM quad WHERE p = ?", [self._id(iri)], "o", node)
            case _:  # it would take more to find out
                return True

    def _finds(self, query: str, ids: list[int], column: str, node: Term | None) -> bool:
        if node is not None:
            query += f" AND {column} = ?"
            ids = [*ids, self._id(node.value)]
        return self._connection.execute(f"{query} LIMIT 1", ids).fetchone() is not None

    def _id(self, iri: str) -> int:
        """Return the id of an IRI; of one that the data do not have, one that no term has."""
        query = f"SELECT id FROM term WHERE kind = {columnar.IRI} AND value = ?"
        found = self._connection.execute(query, [iri]).fetchone()
        return -1 if found is None else int(found[0])
