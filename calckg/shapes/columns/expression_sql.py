"""Expressions of a query as SQL: an error is NULL, so that SQL's three truth values are SPARQL's (SPARQL 1.1, 17).

Where an operator of SPARQL 1.1 has no entry for two literals that are known to differ (a number and a text), the answer
is "not equal", as in the stores: an extension that 17.3.1 allows, and what the same query gives when a store is asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Sequence
from typing import Final

import pyoxigraph as ox

from calckg.columnar import BLANK, IRI, LITERAL
from calckg.shapes import patterns
from calckg.shapes.columns import comparison_sql, sql_terms
from calckg.shapes.columns.select_tree import Call, Exists, Expression, Outside, Var
from calckg.shapes.columns.sql_terms import TermSql, quoted
from calckg.shapes.columns.value_sql import (
    ERROR,
    Scope,
    Value,
    by_name,
    check_shared,
    coerced,
    kind,
    known,
    ordered,
    strict,
    unified,
)
from calckg.shapes.lexical import XSD

_STRING: Final = XSD + "string"
_LANG: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"
_KINDS: Final = {"ISIRI": IRI, "ISURI": IRI, "ISBLANK": BLANK, "ISLITERAL": LITERAL}


class Expressions:
    """Turns the expressions of one group into SQL; raises ``Outside`` for those beyond it."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def tests(self, expression: Expression) -> list[str]:
        """Return the conditions that must all be true for a filter to keep a solution."""
        if isinstance(expression, Call) and expression.name == "&&":
            return [test for one in expression.arguments for test in self.tests(one)]
        return [self._truth(expression, only_true=True)]

    def value(self, expression: Expression) -> Value:
        """Return what an expression gives."""
        if isinstance(expression, Var):
            return self._scope.value(expression.name) or ERROR
        if isinstance(expression, Exists):
            return Value("boolean", self._scope.exists(expression.group))
        if not isinstance(expression, Call):
            resource = isinstance(expression, ox.NamedNode)
            return Value("term", str(self._scope.id(expression)), resource=resource, constant=expression)
        name, given = expression.name, expression.arguments
        if name in {"&&", "||", "!", "IN", "=", "!=", "<", ">", "<=", ">="}:
            return Value("boolean", self._truth(expression), maybe=True)
        known = _FUNCTIONS.get(name)
        if known is None or len(given) not in known[1]:
            raise Outside(f"the function {name} is not known here")
        return known[0](self, given)

    # --- truth

    def _truth(self, expression: Expression, *, only_true: bool = False) -> str:
        """Return the effective boolean value; with ``only_true`` false may stand for an error."""
        if isinstance(expression, Call):
            given = expression.arguments
            match expression.name:
                case "&&" | "||":
                    sign = " AND " if expression.name == "&&" else " OR "
                    return "(" + sign.join(self._truth(one, only_true=only_true) for one in given) + ")"
                case "!":
                    return f"(NOT {self._truth(given[0])})"
                case "IN":
                    return self._among(given[0], given[1:], only_true)
                case "=" | "!=" | "<" | ">" | "<=" | ">=":
                    one, other = self.value(given[0]), self.value(given[1])
                    return self._compared(one, expression.name, other, only_true)
        value = self.value(expression)
        if isinstance(value.constant, ox.Literal):
            value = coerced(value, kind(value.constant))
        match value.kind:
            case "boolean":
                return value.sql
            case "string":
                return f"({value.sql} <> '')"
            case "integer":
                return f"({value.sql} <> 0)"
            case "error":
                return "NULL::BOOLEAN"
        raise Outside("the truth of a term is not told here")

    def _among(self, expression: Expression, others: Sequence[Expression], only_true: bool) -> str:
        value, among = self.value(expression), [self.value(one) for one in others]
        if not among:
            return "false"
        plain = all(isinstance(one.constant, ox.NamedNode) for one in among)
        if value.kind == "term" and plain:
            return f"({value.sql} IN ({', '.join(one.sql for one in among)}))"
        return "(" + " OR ".join(self._compared(value, "=", one, only_true) for one in among) + ")"

    def _compared(self, one: Value, sign: str, other: Value, only_true: bool) -> str:
        if "error" in {one.kind, other.kind}:
            return "NULL::BOOLEAN"
        one, other = coerced(one, other.kind), coerced(other, one.kind)
        if one.constant is not None and other.constant is not None:
            one = coerced(one, kind(one.constant))
            other = coerced(other, one.kind)
        same = one.kind == other.kind != "term"
        if same and (one.kind in {"string", "integer"} or sign in {"=", "!="}):
            return f"({one.sql} {sign} {other.sql})"
        if sign == "!=":
            return f"(NOT {self._equal(one, other, only_true=False)})"
        if sign == "=":
            return self._equal(one, other, only_true)
        if "boolean" in {one.kind, other.kind}:
            raise Outside("truth values have no order in the stores")
        same_id = f"{one.sql} = {other.sql}" if one.kind == other.kind == "term" else "false"
        at_least = str("=" in sign).lower()  # a term is not less than itself, whether it has an order or not
        if one.resource or other.resource:
            return f"(CASE WHEN {same_id} THEN {at_least} END)"
        left, right = self._row(one), self._row(other)
        if left is None or right is None:
            return "NULL::BOOLEAN"
        found = ordered(left, sign, right)
        if only_true:
            return f"({same_id} OR {found})" if "=" in sign else found
        contrary = ordered(left, {"<": ">=", ">": "<=", "<=": ">", ">=": "<"}[sign], right)
        return f"(CASE WHEN {same_id} THEN {at_least} WHEN {found} THEN true WHEN {contrary} THEN false END)"

    def _equal(self, one: Value, other: Value, only_true: bool) -> str:
        if one.kind == other.kind == "term":
            ids = f"({one.sql} = {other.sql})"
            if one.resource or other.resource:
                return ids
            if only_true and any(by_name(value.constant) for value in (one, other)):
                return ids
        else:
            ids = "false"
        if "iri" in {one.kind, other.kind}:
            iri, term = (one, other) if one.kind == "iri" else (other, one)
            if term.kind != "term":
                return f"(CASE WHEN {iri.sql} IS NOT NULL AND {term.sql} IS NOT NULL THEN false END)"
            row = self._scope.row(term)
            there = f"{iri.sql} IS NOT NULL AND {term.sql} IS NOT NULL"
            return f"(CASE WHEN {there} THEN {row.kind} = {IRI} AND {row.value} = {iri.sql} END)"
        left, right = self._row(one), self._row(other)
        if left is None or right is None:
            return "NULL::BOOLEAN"
        equal = comparison_sql.compares(left, "=", right)
        if only_true:
            return f"({ids} OR ({left.kind} = {LITERAL} AND {right.kind} = {LITERAL} AND {equal}))"
        unbound = " OR ".join(f"{value.sql} IS NULL" for value in (one, other) if value.maybe)
        return (
            "(CASE "
            + (f"WHEN {unbound} THEN NULL " if unbound else "")
            + f"WHEN {ids} THEN true WHEN {left.kind} <> {LITERAL} OR {right.kind} <> {LITERAL} THEN false "
            f"WHEN {left.datatype} = {quoted(_LANG)} OR {right.datatype} = {quoted(_LANG)} THEN false "
            f"WHEN {equal} THEN true WHEN {known(left)} AND {known(right)} THEN false END)"
        )

    def _row(self, value: Value) -> TermSql | None:
        """Return a value as a term that can be compared; an IRI can't be here."""
        match value.kind:
            case "term":
                return self._scope.row(value)
            case "string":
                return TermSql(str(LITERAL), value.sql, quoted(_STRING), "NULL", _STRING)
            case "integer":
                text = f"CAST({value.sql} AS VARCHAR)"
                return TermSql(str(LITERAL), text, quoted(XSD + "integer"), "NULL", XSD + "integer")
            case "boolean":
                text = f"CAST({value.sql} AS VARCHAR)"
                return TermSql(str(LITERAL), text, quoted(XSD + "boolean"), "NULL", XSD + "boolean")
        return None

    # --- texts and numbers

    def _text(self, expression: Expression, *, tagged: bool = False) -> str:
        """Return a plain text; with ``tagged`` the language of one does not matter."""
        value = self.value(expression)
        if value.kind == "string":
            return value.sql
        if value.kind != "term":
            return "NULL::VARCHAR"
        if isinstance(value.constant, ox.Literal) and not value.constant.language:
            plain = value.constant.datatype.value == _STRING
            return quoted(value.constant.value) if plain else "NULL::VARCHAR"
        if not tagged:
            raise Outside("what a function makes of a text with a language is told by STR() only")
        row = self._scope.row(value)
        return f"(CASE WHEN {row.datatype} IN ({quoted(_STRING)}, {quoted(_LANG)}) THEN {row.value} END)"

    def _number(self, expression: Expression) -> str:
        value = coerced(self.value(expression), "integer")
        if value.kind != "integer":
            raise Outside("only the integers of functions are counted with here")
        return value.sql

    def _constant(self, expression: Expression) -> str:
        if not isinstance(expression, ox.Literal) or expression.datatype.value != _STRING:
            raise Outside("a constant text expected")
        return expression.value

    # --- functions

    def _bound(self, given: Sequence[Expression]) -> Value:
        if not isinstance(given[0], Var):
            raise Outside("BOUND is asked of a variable")
        value = self._scope.value(given[0].name)
        if value is None:
            return Value("boolean", "false")
        return Value("boolean", f"({value.sql} IS NOT NULL)" if value.maybe else "true")

    def _same(self, given: Sequence[Expression]) -> Value:
        one, other = map(self.value, given)
        if one.kind != "term" or other.kind != "term":
            raise Outside("sameTerm is asked of terms")
        return Value("boolean", f"({one.sql} = {other.sql})", maybe=True)

    def _if(self, given: Sequence[Expression]) -> Value:
        test = self._truth(given[0])
        kind, (one, other) = unified([self.value(expression) for expression in given[1:]])
        return Value(kind, f"(CASE WHEN {test} THEN {one} WHEN NOT {test} THEN {other} END)", maybe=True)

    def _coalesce(self, given: Sequence[Expression]) -> Value:
        kind, values = unified([self.value(expression) for expression in given])
        return Value(kind, f"coalesce({', '.join(values)})", maybe=True)

    def _str(self, given: Sequence[Expression]) -> Value:
        value = self.value(given[0])
        if value.constant is not None:
            return Value("string", quoted(value.constant.value))
        if value.kind == "error":
            return ERROR
        if value.kind == "term":
            row = self._scope.row(value)
            if not self._scope.blanks():
                return Value("string", row.value, maybe=value.maybe)
            return Value("string", f"(CASE WHEN {row.kind} <> {BLANK} THEN {row.value} END)", maybe=True)
        return Value("string", f"CAST({value.sql} AS VARCHAR)", maybe=value.maybe)

    def _language(self, given: Sequence[Expression]) -> Value:
        value = self.value(given[0])
        row = None if value.kind == "error" else self._row(value)
        if row is None:
            return ERROR
        lang = f"CASE WHEN {row.lang} IS NULL THEN '' ELSE {row.lang} END"  # of coalesce DuckDB 2.0 fails in a filter
        text = f"(CASE WHEN {row.kind} = {LITERAL} AND {value.sql} IS NOT NULL THEN {lang} END)"
        return Value("string", text, maybe=True)

    def _datatype(self, given: Sequence[Expression]) -> Value:
        value = self.value(given[0])
        row = None if value.kind == "error" else self._row(value)
        if row is None:
            return ERROR
        text = f"(CASE WHEN {row.kind} = {LITERAL} AND {value.sql} IS NOT NULL THEN {row.datatype} END)"
        return Value("iri", text, maybe=True)

    def _matches_language(self, given: Sequence[Expression]) -> Value:
        text, wanted = self._text(given[0]), self._constant(given[1]).lower()
        if wanted == "*":
            return Value("boolean", f"({text} <> '')", maybe=True)
        if not wanted:
            raise Outside("an empty language range")
        low = f"lower({text})"
        return Value("boolean", f"({low} = {quoted(wanted)} OR starts_with({low}, {quoted(wanted + '-')}))", maybe=True)

    def _length(self, given: Sequence[Expression]) -> Value:
        return Value("integer", f"length({self._text(given[0], tagged=True)})", maybe=True)

    def _part(self, given: Sequence[Expression]) -> Value:
        """Return ``fn:substring``: the letters at ``start`` or after it, before ``start + length``."""
        text, start = self._text(given[0]), self._number(given[1])
        if len(given) == 2:
            return strict("string", f"substr({text}, greatest({start}, 1))", start)
        length = self._number(given[2])
        from_one = start.isdigit() and int(start) >= 1
        taken = f"greatest({length}, 0)" if from_one else f"greatest({start} + {length} - greatest({start}, 1), 0)"
        if from_one and length.isdigit():
            taken = length
        begin = start if from_one else f"greatest({start}, 1)"
        return strict("string", f"substr({text}, {begin}, {taken})", start, length)

    def _concatenated(self, given: Sequence[Expression]) -> Value:
        return Value("string", "(" + " || ".join(map(self._text, given)) + ")", maybe=True)

    def _before(self, given: Sequence[Expression]) -> Value:
        text, sign = map(self._text, given)
        return strict("string", f"substr({text}, 1, greatest(strpos({text}, {sign}) - 1, 0))", sign)

    def _after(self, given: Sequence[Expression]) -> Value:
        text, sign = map(self._text, given)
        # Where there is none, the one that is put after the text is found, and nothing is after that.
        return Value("string", f"substr({text}, strpos({text} || {sign}, {sign}) + length({sign}))", maybe=True)

    def _regex(self, given: Sequence[Expression]) -> Value:
        flags = self._constant(given[2]) if len(given) == 3 else ""
        pattern = self._constant(given[1])
        check_shared(pattern, flags)
        text = self._text(given[0], tagged=True)
        term = TermSql(str(LITERAL), text, quoted(_STRING), "NULL")
        return Value("boolean", sql_terms.matches(term, pattern, flags), maybe=True)

    def _replaced(self, given: Sequence[Expression]) -> Value:
        pattern, by = self._constant(given[1]), self._constant(given[2])
        check_shared(pattern)
        if "$" in by or "\\" in by or re.search(pattern, "") is not None:
            raise Outside("what a replacement refers to, or one for nothing, is not known here")
        text, pattern = self._text(given[0]), patterns.for_re2(pattern, "")
        return Value("string", f"regexp_replace({text}, {quoted(pattern)}, {quoted(by)}, 'g')", maybe=True)


_Function = Callable[[Expressions, Sequence[Expression]], Value]


def _kind_of(name: str) -> _Function:
    def test(self: Expressions, given: Sequence[Expression]) -> Value:
        value, kind = self.value(given[0]), _KINDS[name]
        if value.kind == "error":
            return ERROR
        if value.kind != "term":
            is_it = kind == (IRI if value.kind == "iri" else LITERAL)
            return Value("boolean", f"(CASE WHEN {value.sql} IS NOT NULL THEN {is_it} END)", maybe=True)
        if value.resource and kind == LITERAL:
            return Value("boolean", f"(CASE WHEN {value.sql} IS NOT NULL THEN false END)", maybe=value.maybe)
        row = self._scope.row(value)
        return Value("boolean", f"({row.kind} = {kind})", maybe=value.maybe)

    return test


def _of_texts(function: str) -> _Function:
    def test(self: Expressions, given: Sequence[Expression]) -> Value:
        one, other = self._text(given[0], tagged=True), self._text(given[1])
        return Value("boolean", f"{function}({one}, {other})", maybe=True)

    return test


def _arithmetic(sign: str) -> _Function:
    def sum_(self: Expressions, given: Sequence[Expression]) -> Value:
        return Value("integer", "(" + f" {sign} ".join(["0", *map(self._number, given)][-2:]) + ")", maybe=True)

    return sum_


_FUNCTIONS: Final[dict[str, tuple[_Function, Container[int]]]] = {
    **{name: (_kind_of(name), (1,)) for name in _KINDS},
    "STRSTARTS": (_of_texts("starts_with"), (2,)),
    "STRENDS": (_of_texts("ends_with"), (2,)),
    "CONTAINS": (_of_texts("contains"), (2,)),
    "+": (_arithmetic("+"), (1, 2)),
    "-": (_arithmetic("-"), (1, 2)),
    "BOUND": (Expressions._bound, (1,)),
    "SAMETERM": (Expressions._same, (2,)),
    "IF": (Expressions._if, (3,)),
    "COALESCE": (Expressions._coalesce, range(1, 99)),
    "STR": (Expressions._str, (1,)),
    "LANG": (Expressions._language, (1,)),
    "DATATYPE": (Expressions._datatype, (1,)),
    "LANGMATCHES": (Expressions._matches_language, (2,)),
    "STRLEN": (Expressions._length, (1,)),
    "SUBSTR": (Expressions._part, (2, 3)),
    "CONCAT": (Expressions._concatenated, range(1, 99)),
    "STRBEFORE": (Expressions._before, (2,)),
    "STRAFTER": (Expressions._after, (2,)),
    "REGEX": (Expressions._regex, (2, 3)),
    "REPLACE": (Expressions._replaced, (3,)),
}  # fmt: skip
