"""What a canonical table is: columns with a type and a meaning, as data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Type(Enum):
    """What a column holds."""

    IRI = "iri"
    TEXT = "text"
    ENGLISH = "English text"
    DATE = "an xsd:gYear, xsd:gYearMonth, xsd:date or xsd:dateTime: its form tells which"
    INTEGER = "integer"
    DOUBLE = "double"
    BOOLEAN = "boolean"


_SQL = {Type.INTEGER: "BIGINT", Type.DOUBLE: "DOUBLE", Type.BOOLEAN: "BOOLEAN"}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: a list when ``many``, not NULL when ``required``, one of ``values`` when there are any.

    ``meaning`` is one line.
    """

    name: str
    type: Type
    meaning: str
    many: bool = False
    required: bool = False
    values: tuple[str, ...] = ()

    @property
    def sql(self) -> str:
        """The DuckDB type of the column."""
        return _SQL.get(self.type, "VARCHAR") + ("[]" if self.many else "")


@dataclass(frozen=True, slots=True)
class Table:
    """One canonical table; ``meaning`` says in one line what a row is."""

    name: str
    meaning: str
    columns: tuple[Column, ...]

    def column(self, name: str) -> Column:
        """Return the column called ``name``; raises ``KeyError`` when there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"the table {self.name} has no column {name}")

    def has(self, name: str) -> bool:
        """Tell whether there is a column called ``name``."""
        return any(column.name == name for column in self.columns)
