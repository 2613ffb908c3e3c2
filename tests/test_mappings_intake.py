"""How lines become rows: each with its number and its text, whatever it holds and however the file is cut."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calckg.columnar import connect
from calckg.mappings import intake

HEAD = "# curie_map:\n#   HP: http://purl.obolibrary.org/obo/HP_\nsubject_id\tsubject_label\tpredicate_id\n"
# What engines take for the end of a line, for a quote, an escape, a comment, or for nothing.
ODD = ["\x01", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\\", "'", '"', "#", ",", ";", " ", "é", "\U0001f9ec", "\x7f"]
labels = st.text(st.sampled_from([*ODD, "a", "b"]), min_size=1, max_size=6).filter(lambda text: text[0] != '"')
lines = st.lists(st.one_of(labels, st.just("")), max_size=12)


def rows(path: Path) -> list[tuple[int, str | None]]:
    connection = connect()
    intake.read(connection, [path])
    return connection.execute("SELECT line, subject_label FROM mapping_row ORDER BY line").fetchall()


@pytest.mark.parametrize("size", [1 << 20, 40])
@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines)
def test_each_line_is_a_row_with_its_number_and_its_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, told: Sequence[str]
) -> None:
    monkeypatch.setattr(intake, "_BLOCK", size)
    monkeypatch.setattr(intake, "_TOGETHER", 2)
    path = tmp_path / "set.sssom.tsv.gz"
    text = HEAD + "".join(f"HP:1\t{label}\tskos:exactMatch\n" if label else "\n" for label in told)
    path.write_bytes(gzip.compress(text.encode()))
    assert rows(path) == [(line, label) for line, label in enumerate(told, HEAD.count("\n") + 1) if label]


def test_a_row_longer_than_a_block_is_a_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "_BLOCK", 1000)
    path = tmp_path / "set.sssom.tsv"
    path.write_text(HEAD + f"HP:1\t{'x' * 50_000}\tskos:exactMatch\nHP:1\tlast\tskos:exactMatch")
    assert [(line, len(label or "")) for line, label in rows(path)] == [(4, 50_000), (5, 4)]
