"""Mappings against the hierarchies of both ends: a seeded defect is found, and it alone."""

from __future__ import annotations

from itertools import pairwise

import pytest

from calckg.mappings import rules
from tests.test_mappings_check import Check, Loaded, checked, loaded, table

__all__ = ["checked", "loaded"]


def concepts(prefix: str, parents: str) -> str:
    """Return concepts in Turtle: ``2<1`` is concept 2 below concept 1."""
    lines = []
    for one in parents.split():
        child, _, parent = one.partition("<")
        code = f"{prefix}:{int(child):07}"
        broader = f" ; skos:broader {prefix}:{int(parent):07}" if parent else ""
        lines.append(
            f"{code} a skos:Concept ; skos:notation '{code}' ; skos:prefLabel 'calcification {child}'@en{broader} ."
        )
    return "\n".join(lines)


TREE = "1 2<1 3<2 4<3 5<1 6<5 7<6 8<5"
BOTH = concepts("HP", TREE) + concepts("MONDO", TREE)


def rows(*pairs: tuple[int, str, str]) -> str:
    """Return exact matches (HP, predicate, object) as rows."""
    told = [f"HP:{one:07} | skos:{predicate} | {other}" for one, predicate, other in pairs]
    return table("\n".join(["subject_id | predicate_id | object_id", *told]))


def same(**changed: str) -> str:
    """Return an exact match of each code with its like, but for those ``changed``."""
    return rows(*((n, "exactMatch", changed.get(f"c{n}", f"MONDO:{n:07}")) for n in range(1, 9)))


def test_equal_hierarchies_are_clean(checked: Check, loaded: Loaded) -> None:
    done = checked(same(), "hierarchy", graph=loaded(BOTH))
    assert (done.rows, done.by_rule) == (8, {})


def test_the_row_that_contradicts_more_others_is_told(checked: Check, loaded: Loaded) -> None:
    # 4 is below 3, 2 and 1; matched with the root, it is above what they match.
    done = checked(same(c4="MONDO:0000001", c1="MONDO:0000009"), "hierarchy/reversed", graph=loaded(BOTH))
    (finding,) = done.report
    assert finding.subject == "HP:0000004 skos:exactMatch MONDO:0000001"
    assert "HP:0000004 is below HP:0000002, and MONDO:0000001 above MONDO:0000002" in finding.message
    assert finding.message.endswith(", and 1 more")


def test_two_rows_that_contradict_only_each_other_are_both_told(checked: Check, loaded: Loaded) -> None:
    done = checked(same(c6="MONDO:0000007", c7="MONDO:0000006"), "hierarchy/reversed", graph=loaded(BOTH))
    assert {one.subject[:10] for one in done.report} == {"HP:0000006", "HP:0000007"}


def test_a_hierarchy_that_goes_round_turns_nothing_round(checked: Check, loaded: Loaded) -> None:
    circle = BOTH + " MONDO:0000006 skos:broader MONDO:0000007 ."
    assert not checked(same(c6="MONDO:0000007", c7="MONDO:0000006"), "hierarchy/reversed", graph=loaded(circle)).by_rule


def test_siblings_that_become_parent_and_child(checked: Check, loaded: Loaded) -> None:
    # 6 and 8 are siblings below 5; 7 is below 6.
    done = checked(rows((6, "exactMatch", "MONDO:0000006"), (8, "exactMatch", "MONDO:0000007")), graph=loaded(BOTH))
    found = [one for one in done.report if one.rule == "hierarchy/siblings"]
    assert [one.subject for one in found] == ["HP:0000008 skos:exactMatch MONDO:0000007"]
    assert "HP:0000008 and HP:0000006 are siblings, and MONDO:0000007 is below MONDO:0000006 (line" in found[0].message


@pytest.mark.parametrize(
    ("wide", "found"),
    [("MONDO:0000003", 0), ("MONDO:0000008", 2)],
    ids=["upwards", "back"],
)
def test_a_cycle_by_way_of_two_hierarchies(checked: Check, loaded: Loaded, wide: str, found: int) -> None:
    # HP:4 is below HP:3; MONDO:4 below MONDO:3 and MONDO:8 below MONDO:5.
    text = rows((3, "broadMatch", "MONDO:0000008"), (4, "narrowMatch", "MONDO:0000005"))
    if not found:
        text = rows((4, "broadMatch", wide), (3, "narrowMatch", "MONDO:0000004"))
    done = checked(text, "hierarchy/cycle", graph=loaded(BOTH))
    assert len(list(done.report)) == found


def test_a_cycle_is_told_link_by_link(checked: Check, loaded: Loaded) -> None:
    text = rows((3, "broadMatch", "MONDO:0000008"), (4, "narrowMatch", "MONDO:0000005"))
    said = {one.message for one in checked(text, "hierarchy/cycle", graph=loaded(BOTH)).report}
    links = [
        "HP:0000003 < MONDO:0000008 (line ",
        ") < MONDO:0000005 (hierarchy) < HP:0000004 (line ",
        ") < HP:0000003 (h",
    ]
    assert any(all(link in one for link in links) for one in said)


def test_two_mappings_round_one_pair_are_left_to_the_rule_for_them(checked: Check) -> None:
    text = "HP:0000001 | skos:broadMatch | UMLS:C0006663\nUMLS:C0006663 | skos:broadMatch | HP:0000001"
    assert not checked(table(f"subject_id | predicate_id | object_id\n{text}"), "hierarchy/cycle").by_rule


def test_a_cycle_of_mappings_alone_needs_no_vocabulary(checked: Check) -> None:
    codes = ("HP:0000001", "UMLS:C0006663", "SCTID:237897009", "HP:0000001")
    text = "\n".join(f"{a} | skos:broadMatch | {b}" for a, b in pairwise(codes))
    assert checked(table(f"subject_id | predicate_id | object_id\n{text}"), "hierarchy/cycle").by_rule == {
        "hierarchy/cycle": 3
    }


def test_a_match_in_another_branch_lies_apart(checked: Check, loaded: Loaded) -> None:
    # 4 is below 3 and 2, 7 below 6 and 5; the roots are not matched, for then the way up would meet there.
    text = "\n".join(
        line for line in same(c4="MONDO:0000007", c7="MONDO:0000009").splitlines() if "HP:0000001" not in line
    )
    done = checked(text + "\n", "hierarchy/apart", graph=loaded(BOTH))
    assert [one.subject for one in done.report] == ["HP:0000004 skos:exactMatch MONDO:0000007"]


def test_a_denied_match_says_nothing_of_the_hierarchy(checked: Check, loaded: Loaded) -> None:
    bad = rules.load()["hierarchy/reversed"].bad.replace("predicate_id |", "predicate_id | predicate_modifier |")
    text = table(bad.replace("exactMatch |", "exactMatch | Not |"))
    assert not checked(text, "hierarchy", graph=loaded(rules.load()["hierarchy/reversed"].graph)).by_rule
