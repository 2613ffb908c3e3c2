"""What is asked of literals: patterns, datatypes and order, on both back ends by the same rules."""

from __future__ import annotations

import re

import pyoxigraph as ox
import pytest

from calckg import columnar
from calckg.errors import CalckgError
from calckg.shapes import patterns, reader
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
