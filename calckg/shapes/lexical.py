"""The lexical forms of XML Schema's datatypes (XSD 1.1 part 2, 3), as regular expressions for any engine."""

from __future__ import annotations

from typing import Final

XSD: Final = "http://www.w3.org/2001/XMLSchema#"
_ZONE: Final = "(Z|[+-]((0[0-9]|1[0-3]):[0-5][0-9]|14:00))?"
_YEAR: Final = "-?([1-9][0-9]{3,}|0[0-9]{3})"
_LEAP: Final = "-?([0-9]*([02468][048]|[13579][26])00|[0-9]*[0-9]{2}(0[48]|[2468][048]|[13579][26]))"
_DATE: Final = (
    f"({_YEAR}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)"
    f"|02-(0[1-9]|1[0-9]|2[0-8]))|{_LEAP}-02-29)"
)
_TIME: Final = "(([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]+)?|24:00:00(\\.0+)?)"
_DECIMAL: Final = "[+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)"
_FLOAT: Final = f"({_DECIMAL}([eE][+-]?[0-9]+)?|[+-]?INF|NaN)"
_DURATION: Final = "-?P(([0-9]+Y)?([0-9]+M)?([0-9]+D)?)(T([0-9]+H)?([0-9]+M)?([0-9]+(\\.[0-9]+)?S)?)?"
_INTEGER: Final = "[+-]?[0-9]+"
_B64: Final = "[A-Za-z0-9+/] ?"
_BASE64: Final = f"(({_B64}){{4}})*(({_B64}){{3}}[A-Za-z0-9+/]|({_B64}){{2}}[AEIMQUYcgkosw048] ?=|{_B64}[AQgw] ?= ?=)?"

FORMS: Final[dict[str, str]] = {
    "boolean": "(true|false|0|1)",
    "decimal": _DECIMAL,
    "float": _FLOAT,
    "double": _FLOAT,
    "date": _DATE + _ZONE,
    "time": _TIME + _ZONE,
    "dateTime": f"{_DATE}T{_TIME}{_ZONE}",
    "dateTimeStamp": f"{_DATE}T{_TIME}{_ZONE[:-1]}",
    "gYear": _YEAR + _ZONE,
    "gYearMonth": f"{_YEAR}-(0[1-9]|1[0-2]){_ZONE}",
    "gMonth": f"--(0[1-9]|1[0-2]){_ZONE}",
    "gDay": f"---(0[1-9]|[12][0-9]|3[01]){_ZONE}",
    "gMonthDay": "--((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)"
    f"|02-(0[1-9]|[12][0-9])){_ZONE}",
    "duration": _DURATION,
    "yearMonthDuration": "-?P([0-9]+Y([0-9]+M)?|[0-9]+M)",
    "dayTimeDuration": "-?P([0-9]+D)?(T([0-9]+H)?([0-9]+M)?([0-9]+(\\.[0-9]+)?S)?)?",
    "hexBinary": "([0-9a-fA-F]{2})*",
    "base64Binary": _BASE64,
    "language": "[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*",
}
"""By the local name of the datatype; what is not here has any lexical form."""
_UNFINISHED: Final = ".*[PT]"  # a duration says something, and something after its T

BOUNDS: Final[dict[str, tuple[int | None, int | None]]] = {
    "integer": (None, None),
    "long": (-(2**63), 2**63 - 1),
    "int": (-(2**31), 2**31 - 1),
    "short": (-(2**15), 2**15 - 1),
    "byte": (-128, 127),
    "nonNegativeInteger": (0, None),
    "positiveInteger": (1, None),
    "unsignedLong": (0, 2**64 - 1),
    "unsignedInt": (0, 2**32 - 1),
    "unsignedShort": (0, 2**16 - 1),
    "unsignedByte": (0, 255),
    "nonPositiveInteger": (None, 0),
    "negativeInteger": (None, -1),
}
"""The integers: the least and the greatest of each."""
FORMS.update(dict.fromkeys(BOUNDS, _INTEGER))
DURATIONS: Final = ("duration", "dayTimeDuration")


def form(datatype: str) -> str | None:
    """Return the regular expression of the lexical forms of a datatype (an IRI); ``None`` where any text is one."""
    return FORMS.get(datatype.removeprefix(XSD)) if datatype.startswith(XSD) else None


def not_form(datatype: str) -> str | None:
    """Return a regular expression of what ``form`` takes and the datatype does not."""
    return _UNFINISHED if datatype.removeprefix(XSD) in DURATIONS else None


def bounds(datatype: str) -> tuple[int | None, int | None]:
    """Return the least and the greatest value of an integer datatype; ``None`` where there is no bound."""
    return BOUNDS.get(datatype.removeprefix(XSD), (None, None)) if datatype.startswith(XSD) else (None, None)


def sign(least: int | None, greatest: int | None) -> str | None:
    """Return a regular expression of the integers with one bound, 0 or next to it: whatever their length."""
    if (least is None) == (greatest is None):
        return None
    zero, plus, minus = "[+-]?0+", "[+]?[0-9]*[1-9][0-9]*", "-[0-9]*[1-9][0-9]*"
    if least is not None:
        return plus if least > 0 else f"{zero}|{plus}"
    return minus if greatest is not None and greatest < 0 else f"{zero}|{minus}"
