"""What is asked of literals: patterns, datatypes and order, on both back ends by the same rules."""

from __future__ import annotations

import re

import pyoxigraph as ox
import pytest

from calckg import columnar
from calckg.errors import CalckgError
from calckg.shapes import patterns
from calckg.shapes.reading import reader
from calckg.shapes.store.sparql_terms import Terms
from calckg.sparql import EndpointGraph, LocalGraph
from tests.test_shapes_engine import BACKENDS, HEAD, ours

SHAPE = "ex:s a sh:PropertyShape ; sh:targetSubjectsOf ex:p ; sh:path ex:p ; {} ."


def holds(value: str, constraint: str, backend: str) -> bool:
    """Tell whether a value meets a constraint."""
    return not ours(HEAD + f"ex:n ex:p {value} .", HEAD + SHAPE.format(constraint), backend)


def pattern(regex: str, flags: str = "") -> str:
    return f"sh:pattern {ox.Literal(regex)}" + (f" ; sh:flags '{flags}'" if flags else "")


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


# --- patterns

PATTERNS = [
    (r"^\w+$", "José", True),
    (r"^\w+$", "e\u0301_1Ⅷ", True),  # a mark, a connector, a digit, a letter number
    (r"^\w+$", "a-b", False),
    (r"^\d$", "٣", True),
    (r"^\d$", "²", False),  # a number, but no decimal digit
    (r"^\D$", "٣", False),
    (r"a\W", "aéb", False),
    (r"a\W", "a\u00a0b", True),
    (r"^a\s$", "a\u00a0", False),  # XPath has four spaces
    (r"^a\S$", "a\u00a0", True),
    (r"^[\w.-]+$", "é.-", True),
    (r"^[\w-.]+$", "é-.", True),  # no range begins with a class
    (r"^[-\s]+$", "- \t", True),
    (r"^[+\d]+$", "+٣", True),
    (r"^[^\d]+$", "٣", False),
    (r"^[\W_]+$", "- _€", True),
    (r"^[\W_]+$", "\u0378\U0001f600", True),  # not assigned; a symbol
    (r"^[\W_]+$", "é", False),
    (r"^[^\W_]+$", "Joé", True),
    (r"^[^\W_]+$", "_", False),
    (r"^[^\S\n]+$", " \t", True),
    (r"^[^\S\n]+$", "\n", False),
    (r"^[\S]+$", "a\u00a0€", True),
    (r"^\\w$", "\\w", True),  # a backslash and a letter
    (r"^\\\w$", "\\é", True),
    (r"^[\\\d]+$", "\\٣", True),
]


@pytest.mark.parametrize(("regex", "text", "met"), PATTERNS)
def test_escapes_for_many_characters_are_those_of_unicode(regex: str, text: str, met: bool, backend: str) -> None:
    assert holds(str(ox.Literal(text)), pattern(regex), backend) == met


@pytest.mark.parametrize(
    ("regex", "flags", "text", "met"),
    [
        ("^ a\tb\r\n$", "x", "ab", True),
        ("^a[ ]b$", "x", "a b", True),  # not inside of classes
        (r"^[\] ]b$", "x", " b", True),
        (r"^\[ a$", "x", "[a", True),
        ("^a#b$", "x", "a#b", True),  # no comment
        ("^a\u00a0b$", "x", "a\u00a0b", True),  # none of XPath's spaces
        ("a.b", "q", "xa.bx", True),
        ("a.b", "q", "axb", False),
        ("(A.[", "iq", "x(a.[x", True),
        ("a b", "qx", "a b", True),  # q wins
        ("^a$", "mq", "b\na", False),
        (r"\w", "q", r"a\wb", True),
        ("^a$", "m", "b\na", True),
        ("a.b", "s", "a\nb", True),
    ],
)
def test_flags_are_those_of_xpath(regex: str, flags: str, text: str, met: bool, backend: str) -> None:
    assert holds(str(ox.Literal(text)), pattern(regex, flags), backend) == met


@pytest.mark.parametrize(("regex", "flags"), [("a b", "x"), ("a.b", "q"), ("a b", "imsxq"), ("a", "ims")])
def test_no_store_is_sent_the_flags_that_few_have(regex: str, flags: str) -> None:
    assert set(patterns.for_store(regex, flags)[1]) <= set("ims")


@pytest.mark.parametrize(
    ("regex", "least", "most"),
    [
        (r"^.{0,4000}$", 0, 4000),
        (r"^[a-z]{1500}$", 1500, 1500),
        (r"^x{1500,}$", 1500, None),
        (r"^[x-]{999,2001}$", 999, 2001),
        (r"^.{2,1001}?$", 2, 1001),
        (r"^.{0,999}$", 0, 999),
        (r"^\w{1,255}$", 1, 255),
    ],
)
def test_what_is_repeated_often_is_counted_on_columns(regex: str, least: int, most: int | None) -> None:
    def met(length: int) -> bool:
        return holds(f'"{"x" * length}"', pattern(regex), "columns")

    assert met(least)
    assert not least or not met(least - 1)
    assert met(least + 5) if most is None else not met(most + 1)


@pytest.mark.parametrize("regex", [r"a\{2000\}", r"[{]2000}", r"(ab){2000}", r"a{1000}", r"^$|a{0,9}"])
def test_only_one_character_is_repeated_in_parts(regex: str) -> None:
    assert patterns.for_re2(regex, "") == regex


def refused(regex: str, backend: str) -> str:
    with pytest.raises(CalckgError) as caught:
        holds('"x"', pattern(regex), backend)
    return str(caught.value)


def test_what_a_store_can_not_run_is_refused_there_with_its_shape() -> None:
    assert re.match(
        r"<http://example.org/s>: sh:pattern .* can't be read by this store", refused("^.{0,999}$", "sparql")
    )


def test_what_columns_can_not_run_is_refused_there_with_its_shape() -> None:
    assert holds('"abab"', pattern("^(ab){0,4000}$"), "sparql")
    for backend in ("columns", "together"):
        assert re.match(
            r"<http://example.org/s>: sh:pattern .* can't be run on columns \(.*repetition size",
            refused("^(ab){0,4000}$", backend),
        )


@pytest.mark.parametrize("regex", [r"\Qa.b\E", r"\C", r"(?=a)", r"\i", r"(a)\1", r"[a-\s]"])
def test_what_no_engine_runs_as_xpath_has_it_is_refused(regex: str) -> None:
    with pytest.raises(CalckgError, match="is no regular expression that can be run"):
        reader.read(ox.parse(HEAD + SHAPE.format(pattern(regex)), format=ox.RdfFormat.TURTLE))


def test_unassigned_characters_are_written_out_for_re2() -> None:
    connection = columnar.connect()
    assert patterns.fault_to_re2(connection, r"[\W]", "") is None
    assert patterns.fault_to_re2(connection, "(", "") is not None


# --- datatypes

LONG = "1234567890" * 5


@pytest.mark.parametrize(
    ("datatype", "text", "met"),
    [
        ("nonNegativeInteger", LONG, True),
        ("nonNegativeInteger", f"-{LONG}", False),
        ("nonNegativeInteger", "-0", True),
        ("positiveInteger", f"+{LONG}", True),
        ("positiveInteger", "0" * 50, False),
        ("positiveInteger", "0" * 50 + "1", True),
        ("nonPositiveInteger", f"-{LONG}", True),
        ("nonPositiveInteger", LONG, False),
        ("nonPositiveInteger", "+0", True),
        ("negativeInteger", f"-{LONG}", True),
        ("negativeInteger", "-0", False),
        ("nonNegativeInteger", "1.0", False),
        ("nonNegativeInteger", "", False),
        ("integer", LONG, True),
        ("byte", LONG, False),
        ("unsignedLong", "18446744073709551615", True),
        ("unsignedLong", "18446744073709551616", False),
    ],
)
def test_an_integer_with_one_bound_may_be_of_any_length(datatype: str, text: str, met: bool, backend: str) -> None:
    assert holds(f'"{text}"^^xsd:{datatype}', f"sh:datatype xsd:{datatype}", backend) == met


# --- order

TINY, HUGE = "0." + "0" * 13 + "1", "1" + "0" * 40
COLUMNS = [name for name in BACKENDS if name != "sparql"]
NUMBERS = [
    (f'"{TINY}"^^xsd:decimal', ">", '"0"^^xsd:integer'),
    (f'"-{TINY}"^^xsd:decimal', "<", '"-0"^^xsd:integer'),
    ('"0.0000000000001"^^xsd:decimal', "<", '"0.0000000000002"^^xsd:decimal'),
    ('"-0.0000000000001"^^xsd:decimal', ">", '"-0.0000000000002"^^xsd:decimal'),
    (f'"{HUGE}"^^xsd:integer', "<", f'"{HUGE[:-1]}1"^^xsd:integer'),
    (f'"-{HUGE}"^^xsd:integer', ">", f'"-{HUGE[:-1]}1"^^xsd:integer'),
    (f'"-{HUGE}"^^xsd:integer', "<", "1"),
    (f'"{HUGE}"^^xsd:integer', "=", f'"+00{HUGE}.0"^^xsd:decimal'),
    ('"-0.00000000000000"^^xsd:decimal', "=", "0"),
    ('".5"^^xsd:decimal', "=", '"0.50000000000000000"^^xsd:decimal'),
    ('"-1.00000000000001"^^xsd:decimal', "<", '"-1"^^xsd:decimal'),
    ('"0.1"^^xsd:float', ">", '"0.1"^^xsd:double'),
    ('"0.1"^^xsd:float', "=", "0.1"),
    ("16777217", "=", '"16777216"^^xsd:float'),
    ("16777217", ">", '"16777216"^^xsd:double'),
    ('"16777217"^^xsd:double', ">", '"16777217"^^xsd:float'),
    ('"INF"^^xsd:float', ">", '"1e300"^^xsd:double'),
    (f'"{HUGE}"^^xsd:integer', "=", f'"{HUGE}"^^xsd:float'),
]
TIMES = [
    ('"2020-01-01T00:00:00.0000001Z"^^xsd:dateTime', ">", '"2020-01-01T00:00:00Z"^^xsd:dateTime'),
    ('"2020-01-01T00:00:00.1230000000"^^xsd:dateTime', "=", '"2020-01-01T00:00:00.123"^^xsd:dateTime'),
    ('"2020-01-01T24:00:00Z"^^xsd:dateTime', "=", '"2020-01-02T00:00:00Z"^^xsd:dateTime'),
    ('"2020-12-31T24:00:00.0"^^xsd:dateTime', "=", '"2021-01-01T00:00:00"^^xsd:dateTime'),
    ('"24:00:00"^^xsd:time', "=", '"00:00:00"^^xsd:time'),
    ('"24:00:00Z"^^xsd:time', "<", '"00:00:00.0000001Z"^^xsd:time'),
    ('"12:00:00+02:00"^^xsd:time', "=", '"10:00:00Z"^^xsd:time'),
    ('"2020-01-01T14:00:30Z"^^xsd:dateTime', ">", '"2020-01-01T00:00:00"^^xsd:dateTime'),
    ('"2020-01-01T00:00:00"^^xsd:dateTime', "<", '"2020-01-01T14:00:00.5Z"^^xsd:dateTime'),
    ('"2020-01-01T00:00:00"^^xsd:dateTime', "<", '"2020-01-01T14:00:00.0000001Z"^^xsd:dateTime'),
    ('"2020-01-01T12:00:00Z"^^xsd:dateTimeStamp', "=", '"2020-01-01T14:00:00+02:00"^^xsd:dateTime'),
    ('"2020-01-01T12:00:00-14:00"^^xsd:dateTime', ">", '"2020-01-01T12:00:00+14:00"^^xsd:dateTimeStamp'),
    ('"2020-01-01Z"^^xsd:date', "<", '"2020-01-01-00:01"^^xsd:date'),
    ('"12020-01-01"^^xsd:date', ">", '"2020-01-01"^^xsd:date'),
    ('"294247-01-10T00:00:00-14:00"^^xsd:dateTime', ">", '"2020-01-01T00:00:00Z"^^xsd:dateTime'),
    ('"-300000-02-29T00:00:00Z"^^xsd:dateTime', "<", '"-299999-01-01T00:00:00Z"^^xsd:dateTime'),
    ('"-0001-12-31T24:00:00"^^xsd:dateTime', "=", '"0000-01-01T00:00:00"^^xsd:dateTime'),
]


def ordered(one: str, sign: str, other: str, backend: str) -> None:
    """Compare both ways, with limits and with pairs."""
    for value, limit, told in ((one, other, sign), (other, one, {"<": ">", ">": "<"}.get(sign, sign))):
        is_less, is_most = told == "<", told != ">"
        assert holds(value, f"sh:maxExclusive {limit}", backend) == is_less
        assert holds(value, f"sh:maxInclusive {limit}", backend) == is_most
        assert holds(value, f"sh:minExclusive {limit}", backend) == (told == ">")
        assert holds(value, f"sh:minInclusive {limit}", backend) == (told != "<")
        for name, met in (("lessThan", is_less), ("lessThanOrEquals", is_most)):
            assert pair_holds(value, name, limit, backend) == met


def pair_holds(value: str, constraint: str, other: str, backend: str) -> bool:
    data = HEAD + f"ex:n ex:p {value} ; ex:q {other} ."
    return not ours(data, HEAD + SHAPE.format(f"sh:{constraint} ex:q"), backend)


@pytest.mark.parametrize("backend", COLUMNS)  # a store has digits of its own
@pytest.mark.parametrize(("one", "sign", "other"), NUMBERS)
def test_numbers_are_compared_exactly(one: str, sign: str, other: str, backend: str) -> None:
    ordered(one, sign, other, backend)


@pytest.mark.parametrize(("one", "sign", "other"), TIMES)
def test_times_are_compared_exactly(one: str, sign: str, other: str, backend: str) -> None:
    ordered(one, sign, other, backend)


@pytest.mark.parametrize(
    ("value", "limit"),
    [
        ('"2020-01-01T14:00:00Z"^^xsd:dateTime', '"2020-01-01T00:00:00"^^xsd:dateTime'),  # a zone could matter
        ('"2020-01-01T10:00:00.00000001Z"^^xsd:dateTime', '"2020-01-01T00:00:00"^^xsd:dateTime'),
        ('"2020-01-01T12:00:00"^^xsd:dateTimeStamp', '"2019-01-01T12:00:00"^^xsd:dateTime'),  # it needs a zone
        ('"2021-02-29T12:00:00"^^xsd:dateTime', '"2019-01-01T12:00:00"^^xsd:dateTime'),  # no such day
        ('"24:00:01"^^xsd:time', '"00:00:00"^^xsd:time'),
        ('"1.5"^^xsd:integer', "1"),
        ('"1e5"^^xsd:decimal', '"1"^^xsd:double'),
        ('"1e0"^^xsd:integer', '"1"^^xsd:float'),
        ('"NaN"^^xsd:double', '"NaN"^^xsd:double'),
        ('"99999999999-01-01"^^xsd:date', '"2019-01-01"^^xsd:date'),  # farther than is counted
        (f'"2020-01-01T00:00:00.{"0" * 20}1"^^xsd:dateTime', '"2020-01-01T00:00:00"^^xsd:dateTime'),
    ],
)
@pytest.mark.parametrize("backend", COLUMNS)
def test_what_has_no_order_is_a_violation(value: str, limit: str, backend: str) -> None:
    for name in ("minInclusive", "maxInclusive", "minExclusive", "maxExclusive"):
        assert not holds(value, f"sh:{name} {limit}", backend)


@pytest.mark.parametrize(
    ("value", "limit", "met"),
    [
        ("false", "true", True),
        ("true", "true", False),
        ('"0"^^xsd:boolean', "true", True),
        ('"abc"^^xsd:boolean', "true", False),
        ("0", "true", False),
        ('"a"@en', '"b"@en', False),
        ('"a"@en', '"b"', False),
        ("ex:a", "ex:b", False),
        ('"2001"^^xsd:gYear', '"2002"^^xsd:gYear', False),
        ('"P1D"^^xsd:dayTimeDuration', '"P2D"^^xsd:dayTimeDuration', False),
        ('"a"^^ex:d', '"b"^^ex:d', False),
        ('"a"', '"b"', True),
        ("1", "1.5", True),
        ('"2020-01-01"^^xsd:date', '"2020-01-02"^^xsd:date', True),
        ('"10:00:00"^^xsd:time', '"11:00:00"^^xsd:time', True),
    ],
)
def test_what_has_an_order_is_told_by_the_operator_table(value: str, limit: str, met: bool, backend: str) -> None:
    if not limit.startswith("ex:"):
        assert holds(value, f"sh:maxExclusive {limit}", backend) == met
    assert pair_holds(value, "lessThan", limit, backend) == met


@pytest.mark.parametrize(
    ("value", "met"),
    [
        ("ex:a", False),
        ('"a"@en', False),
        ('"a"^^ex:d', False),
        ('"2001"^^xsd:gYear', False),
        ("true", True),
        ("1", True),
    ],
)
def test_what_is_equal_may_have_no_order(value: str, met: bool, backend: str) -> None:
    assert pair_holds(value, "lessThanOrEquals", value, backend) == met
    nested = "sh:node [ sh:property [ sh:path ex:p ; sh:lessThanOrEquals ex:q ] ]"
    data = HEAD + f"ex:n ex:p {value} ; ex:q {value} ."
    shape = HEAD + f"ex:s a sh:NodeShape ; sh:targetNode ex:n ; {nested} ."
    assert (not ours(data, shape, backend)) == met


# --- languages and sets


def test_an_empty_language_range_matches_nothing(backend: str) -> None:
    assert not holds('"a"', 'sh:languageIn ( "" )', backend)
    assert not holds('"a"@en', 'sh:languageIn ( "" )', backend)
    assert not holds('"a"', 'sh:languageIn ( "de" "" )', backend)
    assert holds('"a"@de-AT', 'sh:languageIn ( "de" "" )', backend)


MANY = " ".join([*(f'"v{n}" "v{n}"@en "v{n}"^^ex:d {n} ex:v{n}' for n in range(30)), '"01"^^xsd:byte'])


@pytest.mark.parametrize(
    ("value", "met"),
    [
        ('"v7"', True),
        ('"v7"@en', True),
        ('"v7"@EN', True),
        ('"v7"@de', False),
        ('"v7"^^ex:d', True),
        ('"v7"^^ex:e', False),
        ("7", True),
        ("7.0", False),
        ("31", False),
        ("ex:v7", True),
        ('"http://example.org/v7"', False),
        ("[]", False),
    ],
)
def test_one_of_many_is_the_same_term(value: str, met: bool, backend: str) -> None:
    assert holds(value, f"sh:in ( {MANY} )", backend) == met


def test_a_local_store_takes_a_literal_for_what_it_writes() -> None:
    assert holds('"1"^^xsd:byte', f"sh:in ( {MANY} )", "sparql")


@pytest.mark.parametrize("literal", ['"v7"', '"v7"@en', '"V7"', '"v7"@de', "7", "<http://example.org/v7>"])
def test_one_of_many_is_the_same_term_at_an_endpoint(literal: str) -> None:
    def asked(text: str) -> bool:
        return bool(ox.Store().query(f"ASK {{ BIND({literal} AS ?v) FILTER({text}) }}"))

    terms = [ox.Literal(f"v{n}") for n in range(30)]
    terms += [ox.Literal(f"v{n}", language="en") for n in range(30)]
    named = [ox.NamedNode(f"http://example.org/v{n}") for n in range(30)]
    graph = EndpointGraph("http://example.org/sparql")
    text = Terms(graph).is_one_of("?v", [*terms, *named])
    assert text.count("sameTerm") == 0
    assert asked(text) == asked(" || ".join(f"sameTerm(?v, {term})" for term in [*terms, *named]))


def test_thousands_are_a_set_to_a_local_store() -> None:
    terms = Terms(LocalGraph(ox.Store()))
    many = [ox.Literal(f"v{n}") for n in range(5000)]
    text = terms.is_one_of("?v", many)
    assert len(text) < 100
    assert terms.is_one_of("?w", many).partition("(")[0] == text.partition("(")[0]
