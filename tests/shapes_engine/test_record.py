"""Records: they are built, compared and told as the values of frozen dataclasses are."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from calckg.shapes.record import Record


class Pair(Record):
    """Two fields, one with a default."""

    first: int
    second: str = "b"


class Triple(Pair):
    """One field more."""

    third: int = 3


class Other(Record):
    """As many fields as a pair."""

    first: int
    second: str = "b"


def test_fields_come_by_place_by_name_or_by_default() -> None:
    assert Pair(1) == Pair(1, "b") == Pair(second="b", first=1)
    assert Triple(1, third=4) == Triple(1, "b", 4)
    assert (Triple(1).first, Triple(1).second, Triple(1).third) == (1, "b", 3)


def test_they_are_equal_by_class_and_fields() -> None:
    assert hash(Pair(1)) == hash(Pair(1, "b"))
    assert Pair(1) != Other(1)
    assert Pair(1) != Pair(2)
    assert len({Pair(1), Pair(1, "b"), Pair(1, "c"), Other(1), Triple(1)}) == 4


def test_they_match_by_place() -> None:
    match Triple(1, "c", 5):
        case Pair(first, second):
            assert (first, second) == (1, "c")
    match Triple(1, "c", 5):
        case Triple(_, _, third):
            assert third == 5


def test_one_is_changed_into_another() -> None:
    pair = Pair(1, "c")
    assert pair.changed(first=2) == Pair(2, "c")
    assert pair == Pair(1, "c")
    assert repr(pair) == "Pair(first=1, second='c')"


@pytest.mark.parametrize(
    ("made", "error", "told"),
    [
        (lambda: Pair(), TypeError, "Pair lacks first"),  # type: ignore[call-arg]
        (lambda: Pair(1, "b", 3), TypeError, "Pair has 2 fields; 3 were given"),  # type: ignore[call-arg]
        (lambda: Pair(1, first=2), TypeError, "Pair got first twice"),  # type: ignore[misc]
        (lambda: Pair(1, third=2), TypeError, "Pair has no third"),  # type: ignore[call-arg]
        (lambda: Pair(1).changed(third=2), TypeError, "Pair has no third"),
        (lambda: setattr(Pair(1), "first", 2), AttributeError, "Pair.first can't be set"),
        (lambda: delattr(Pair(1), "first"), AttributeError, "Pair.first can't be deleted"),
    ],
)
def test_what_is_no_field_is_told(made: Callable[[], object], error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told):
        made()
