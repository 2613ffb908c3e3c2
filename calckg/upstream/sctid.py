"""SNOMED CT identifiers of concepts, checked by the million in SQL.

``calckg.identifiers`` is the judge: what the SQL does not let pass is asked there, which also says what is wrong. The
SQL is made from the judge's own check digits, so that there is one implementation of Verhoeff's code.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Final, TypeAlias

from calckg.identifiers import CODE_SYSTEMS, problem, verhoeff_check_digit

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_PLACES: Final = 18  # one more than there are digits before the check digit, so that they go in pairs
_SHORT: Final = 8  # most identifiers have so many at the most

_Table: TypeAlias = list[list[int]]


KNOWN: Final = "sctid_known"
"""The temporary table of identifiers that were found to be good; who has checked the last file drops it."""


def wrong(connection: DuckDBPyConnection, table: str, columns: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return, for each of the columns, the values that are no identifier of a SNOMED CT concept, and why.

    A good identifier is checked once for all files of a connection, until ``KNOWN`` is dropped.
    """
    connection.execute(f"CREATE TEMP TABLE IF NOT EXISTS {KNOWN} (id VARCHAR)")
    return {column: _wrong(connection, table, column) for column in columns}


def _wrong(connection: DuckDBPyConnection, table: str, column: str) -> dict[str, str]:
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE sctid_given AS
        WITH given AS MATERIALIZED (SELECT DISTINCT coalesce({column}, '') AS id FROM {table})
        SELECT id, {is_concept("id")} AS good FROM given ANTI JOIN {KNOWN} USING (id)
        """
    )
    connection.execute(f"INSERT INTO {KNOWN} SELECT id FROM sctid_given WHERE good")
    doubtful = connection.execute("SELECT id FROM sctid_given WHERE NOT good").fetchall()
    connection.execute("DROP TABLE sctid_given")
    found = {str(value): problem("SCTID", str(value)) for (value,) in doubtful}
    return {value: why for value, why in found.items() if why is not None}


@cache
def is_concept(text: str) -> str:
    """Return the SQL that tells whether ``text``, a column, is the identifier of a concept."""
    form = f"regexp_full_match({text}, '{CODE_SYSTEMS['SCTID'].pattern}')"
    partition = f"substr({text}, -3, 2)"
    known = f"({partition} = '00' OR ({partition} = '10' AND length({text}) >= 11))"
    short, long = (f"{_check_digit(text, places)} = substr({text}, -1)" for places in (_SHORT, _PLACES))
    is_short = f"length({text}) <= {_SHORT + 1}"
    return f"CASE WHEN NOT ({form} AND {known}) THEN false WHEN {is_short} THEN {short} ELSE {long} END"


def _check_digit(text: str, places: int) -> str:
    """Return the SQL of the check digit: an automaton that takes the digits from the right, two at a time.

    Zeros stand in front of a short number, and a zero is not nothing in Verhoeff's code: the last table takes their
    effect back.
    """
    digits = f"TRY_CAST(left({text}, -1) AS BIGINT)"
    state = "0"
    tables = _tables()[:places]
    for pair in range(places // 2):
        first, second = tables[2 * pair : 2 * pair + 2]
        table = [second[first[state][low]][high] for state in range(10) for high in range(10) for low in range(10)]
        number = f"({digits} // {100**pair}) % 100"
        state = f"{_array(table)}[{state} * 100 + {number} + 1]"
    return f"CAST({_array(_without_zeros(tables))}[length({text}) * 10 + {state} + 1] AS VARCHAR)"


def _array(values: Iterable[int]) -> str:
    return f"[{', '.join(map(str, values))}]"


def _without_zeros(tables: Sequence[_Table]) -> list[int]:
    """Return, for each length of an identifier and each state after all places, the state without leading zeros."""
    states = []
    for length in range(len(tables) + 2):
        back = list(range(10))
        for state in range(10):
            after = state
            for table in tables[max(length - 1, 0) :]:
                after = table[after][0]
            back[after] = state
        states += back
    return states


@cache
def _tables() -> list[_Table]:
    """Return, for each place, the next state for each state and digit; the state is the check digit so far."""
    tables = []
    reached = {0: ""}  # a number for each state; before the first digit there is one state
    for _ in range(_PLACES):
        following = {
            int(verhoeff_check_digit(digit + number)): digit + number
            for number in reached.values()
            for digit in "0123456789"
        }
        known = [reached.get(state) for state in range(10)]
        tables.append(
            [
                [int(verhoeff_check_digit(digit + number)) for digit in "0123456789"]
                if number is not None
                else [0] * 10
                for number in known
            ]
        )
        reached = following
    return tables
