"""Comparisons of two literals as SQL, by SPARQL's operator table (SPARQL 1.1, 17.3), also of dates and of times.

Numbers and times as they mostly are go to DuckDB's types; what these can't hold is compared exactly by its digits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from calckg.shapes import lexical
from calckg.shapes.columns.sql_terms import TermSql, is_of, quoted

_INTEGERS: Final = tuple(lexical.BOUNDS)
_EXACT: Final = ("decimal", *_INTEGERS)
_FLOATING: Final = ("float", "double")
_BINARY: Final = ("DOUBLE", "FLOAT")
_TIMES: Final = {"dateTime": ("dateTime", "dateTimeStamp"), "date": ("date",), "time": ("time",)}
_SHORT: Final = r"[+-]?([0-9]{1,26}(\.[0-9]{0,12})?|\.[0-9]{1,12})"  # what DECIMAL(38, 12) holds
_PLAIN_ZONE: Final = "(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)?"
_PLAIN_DATE: Final = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_PLAIN_TIME: Final = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?"
_PLAIN: Final = {
    "dateTime": f"{_PLAIN_DATE}T{_PLAIN_TIME}{_PLAIN_ZONE}",
    "date": _PLAIN_DATE + _PLAIN_ZONE,
    "time": _PLAIN_TIME + _PLAIN_ZONE,
}
"""What TIMESTAMP holds, wherever the zone shifts it."""
_FARTHEST: Final = 14 * 3600  # seconds: no zone is farther off (XPath functions, 10.4)
_DIGITS: Final = 20  # of a fraction of a second; one with more compares with nothing
_CYCLE: Final = 146_097 * 86_400  # seconds in 400 years, after which the calendar is the same


def compares(one: TermSql, operator: str, other: TermSql) -> str:
    """Return SQL for ``one operator other``; false where the operator table has no entry."""

    def may_be(*names: str) -> bool:
        return bool(one.may_be(names) and other.may_be(names))

    def both(*names: str) -> str:
        return f"{is_of(one, names)} AND {is_of(other, names)}"

    tests = []  # the most common first
    if may_be("string"):
        tests.append(f"{both('string')} AND {one.value} {operator} {other.value}")
    if may_be(*_EXACT):
        tests.append(f"{both(*_EXACT)} AND {_exact(one, operator, other)}")
    if may_be("boolean"):
        tests.append(f"{both('boolean')} AND coalesce({_truth(one)} {operator} {_truth(other)}, false)")
    for kind, names in _TIMES.items():
        if may_be(*names):
            tests.append(f"{both(*names)} AND {_times(one, operator, other, kind)}")
    if may_be(*_FLOATING, *_EXACT) and (one.may_be(_FLOATING) or other.may_be(_FLOATING)):
        floating = " OR ".join(is_of(term, _FLOATING) for term in (one, other))
        numbers = " AND ".join(f"({is_of(term, _FLOATING)} OR {is_of(term, _EXACT)})" for term in (one, other))
        tests.append(f"({floating}) AND {numbers} AND {_floating(one, operator, other)}")
    return "(" + (" OR ".join(f"({test})" for test in tests) or "false") + ")"


def _matched(term: TermSql, form: str) -> str:
    return f"regexp_full_match({term.value}, {quoted(form)})"


def _truth(term: TermSql) -> str:
    return f"CASE WHEN {term.value} IN ('true', '1') THEN 1 WHEN {term.value} IN ('false', '0') THEN 0 END"


# --- numbers


def _exact(one: TermSql, operator: str, other: TermSql) -> str:
    """Return SQL that compares integers and decimals of any length; one in no lexical form compares with none."""
    terms = one, other
    short, well = (" AND ".join(_matched(term, form) for term in terms) for form in (_SHORT, lexical.FORMS["decimal"]))
    left, right = (f"TRY_CAST({term.value} AS DECIMAL(38, 12))" for term in terms)
    long = f"{_by_digits(one)} {operator} {_by_digits(other)}"
    compared = f"CASE WHEN {short} THEN {left} {operator} {right} WHEN {well} THEN {long} ELSE false END"
    return " AND ".join([*map(_no_point, terms), compared])


def _no_point(term: TermSql) -> str:
    """Return SQL for: it is no integer with a decimal point."""
    return f"(NOT contains({term.value}, '.') OR {is_of(term, ('decimal', *_FLOATING))})"


def _by_digits(term: TermSql) -> str:
    """Return SQL for a text that has the order of the numbers: sign, how many digits before the point, the digits.

    Of a negative number each digit is taken for what it lacks of nine, and its end comes after any digit.
    """
    whole, part = f"ltrim(split_part({term.value}, '.', 1), '+-0')", f"rtrim(split_part({term.value}, '.', 2), '0')"
    digits = f"printf('%010d', length({whole})) || {whole} || '.' || {part}"
    below = f"starts_with({term.value}, '-') AND ltrim({term.value}, '-0.') <> ''"
    return f"CASE WHEN {below} THEN '-' || translate({digits}, '0123456789', '9876543210') || '~' ELSE {digits} END"


def _floating(one: TermSql, operator: str, other: TermSql) -> str:
    """Return SQL that compares two numbers one of which is a float or a double: as doubles if one is, else as floats.

    A float is rounded to one before it is compared with a double (XPath 3.1, B.1).
    """
    terms = one, other
    (first, second), (left, right) = ([f"TRY_CAST({term.value} AS {of})" for term in terms] for of in _BINARY)
    compared = f"{first} {operator} {second}"
    floats, doubles = ([is_of(term, (name,)) for term in terms] for name in _FLOATING)
    if floats != ["false", "false"]:
        compared = (
            f"CASE WHEN NOT ({' OR '.join(floats)}) THEN {compared} WHEN {doubles[0]} THEN {first} {operator} {right} "
            f"WHEN {doubles[1]} THEN {left} {operator} {second} ELSE {left} {operator} {right} END"
        )
    return " AND ".join([*(test for term in terms for test in _well_formed(term)), f"coalesce({compared}, false)"])


def _well_formed(term: TermSql) -> list[str]:
    """Return tests of a number that is no NaN: it is in a lexical form of its datatype."""
    tests = [_matched(term, lexical.FORMS["double"]), f"{term.value} <> 'NaN'"]
    if term.may_be(_INTEGERS):
        tests.append(_no_point(term))
    if term.may_be(_EXACT):
        tests.append(f"({is_of(term, _FLOATING)} OR NOT regexp_matches({term.value}, '[a-zA-Z]'))")
    return tests


# --- times


def _times(one: TermSql, operator: str, other: TermSql, kind: str) -> str:
    """Return SQL that compares two points in time; one with and one without a zone only where no zone could matter."""
    terms = one, other
    plain, well = (" AND ".join(_matched(term, form) for term in terms) for form in (_PLAIN[kind], lexical.FORMS[kind]))
    if kind != "date":
        well += "".join(f" AND NOT regexp_matches({term.value}, '[.][0-9]{{{_DIGITS}}}0*[1-9]')" for term in terms)
    zones = " = ".join(map(_has_zone, terms))

    def compared(point: Callable[[TermSql, str], str], second: int) -> str:
        apart, far = " - ".join(point(term, kind) for term in terms), _FARTHEST * second
        least = {"<": -far, "<=": -far - 1, ">": far, ">=": far + 1}.get(operator, "NULL")
        return f"coalesce({apart} {operator} CASE WHEN {zones} THEN 0 ELSE {least} END, false)"

    fast, exact = compared(_microseconds, 10**6), compared(_instant, 10**_DIGITS)
    found = f"CASE WHEN {plain} THEN {fast} WHEN {well} THEN {exact} ELSE false END"
    stamps = [f"({_has_zone(term)} OR NOT {is_of(term, ('dateTimeStamp',))})" for term in terms]
    return " AND ".join([*(stamps if kind == "dateTime" else ()), found])


def _has_shift(term: TermSql) -> str:
    """Return SQL for: the zone of a point in time is not Z, but hours and minutes."""
    return f"(substr({term.value}, -3, 1) = ':' AND substr({term.value}, -6, 1) IN ('+', '-'))"


def _has_zone(term: TermSql) -> str:
    return f"(ends_with({term.value}, 'Z') OR {_has_shift(term)})"


def _shift(term: TermSql) -> str:
    """Return SQL for the seconds that the zone of a point in time is off."""
    hours, minutes = (f"TRY_CAST(substr({term.value}, {at}, 2) AS BIGINT)" for at in (-5, -2))
    sign = f"CASE substr({term.value}, -6, 1) WHEN '-' THEN -60 ELSE 60 END"
    return f"CASE WHEN {_has_shift(term)} THEN ({hours} * 60 + {minutes}) * {sign} ELSE 0 END"


def _microseconds(term: TermSql, kind: str) -> str:
    """Return SQL for the microseconds of a plain point in time."""
    day = "'1972-12-31T' || " if kind == "time" else ""
    local, utc = f"{day}left({term.value}, -6)", f"{day}{term.value}"
    if kind == "date":
        local = utc = f"substr({term.value}, 1, 10)"
    shifted = f"epoch_us(TRY_CAST({local} AS TIMESTAMP)) - ({_shift(term)}) * 1000000"
    return f"CASE WHEN {_has_shift(term)} THEN {shifted} ELSE epoch_us(TRY_CAST({utc} AS TIMESTAMP)) END"


def _instant(term: TermSql, kind: str) -> str:
    """Return SQL for a point in time as a number of the smallest parts of a second; NULL of a year out of all bounds.

    A day is looked up in that of the years 2000 to 2399 which has the same calendar.
    """
    seconds = f"- ({_shift(term)})"
    if kind != "time":
        year = f"(TRY_CAST(regexp_extract({term.value}, '^-?[0-9]+') AS DECIMAL(9, 0))::HUGEINT + 4000000000)"
        day = f"(2000 + {year} % 400)::VARCHAR || regexp_extract({term.value}, '^-?[0-9]+(-[0-9]+-[0-9]+)', 1)"
        days = f"(TRY_CAST({day} AS DATE) - DATE '2000-01-01')::HUGEINT"
        seconds = f"{year} // 400 * {_CYCLE} + {days} * 86400 {seconds}"
    if kind == "date":
        return f"({seconds}) * {10**_DIGITS}::HUGEINT"
    clock = f"epoch(TRY_CAST(regexp_extract({term.value}, '[0-9]+:[0-9]+:[0-9]+') AS INTERVAL))::HUGEINT"
    if kind == "time":
        clock = f"{clock} % 86400"  # 24:00:00 is the beginning of the day, not that of the next one
    fraction = f"rpad(left(regexp_extract({term.value}, '[.]([0-9]+)', 1), {_DIGITS}), {_DIGITS}, '0')"
    return f"(({clock} + {seconds}) * {10**_DIGITS}::HUGEINT + TRY_CAST({fraction} AS HUGEINT))"
