"""The redirect rules for w3id.org/calckg: where each kind of IRI leads, by what is asked for."""

from __future__ import annotations

import re

import pytest

from calckg import resources

RULES = resources.ontology_dir() / "w3id.htaccess"
HOME = "https://w3id.org/calckg"


def target(iri: str, accept: str = "*/*") -> str | None:
    """Follow the rules as Apache's mod_rewrite does, as far as this file uses it: the first that fits ends it."""
    path = iri.removeprefix(HOME).removeprefix("/")
    fits = True
    for line in RULES.read_text().splitlines():
        word, *rest = line.split() or [""]
        if word == "RewriteCond":
            variable, pattern = rest
            assert variable == "%{HTTP_ACCEPT}"
            fits = re.search(pattern, accept) is not None
        elif word == "RewriteRule":
            pattern, substitution, flags = rest
            assert flags == "[R=303,L]"
            found = re.search(pattern, path)
            if found and fits:
                return substitution.replace("$1", (found[1] or "") if found.re.groups else "")
            fits = True
    return None


@pytest.mark.parametrize(
    ("iri", "accept", "expected"),
    [
        (f"{HOME}/ontology/", "text/turtle", "published/ontology/calckg.ttl"),
        (f"{HOME}/ontology/cliqueLeader", "application/rdf+xml", "published/ontology/calckg.rdf"),
        (f"{HOME}/ontology/0.1.0", "application/ld+json", "published/ontology/0.1.0/calckg.jsonld"),
        (f"{HOME}/ontology/0.1.0", "*/*", "published/ontology/0.1.0/calckg.ttl"),
        (f"{HOME}/ontology/prefixes", "application/rdf+xml", "published/ontology/prefixes.ttl"),
        (f"{HOME}/ontology/shapes/concept-label", "text/html", "published/ontology/shapes.ttl"),
        (f"{HOME}/graph/curated/concepts", "application/n-quads", "published/graph/calckg.nq"),
        (f"{HOME}/id/concept/calcification", "text/html,*/*;q=0.8", "published/graph/calckg.ttl"),
        (HOME, "application/trig", "published/graph/calckg.trig"),
        (f"{HOME}/elsewhere", "text/turtle", None),
        (f"{HOME}/published/ontology/calckg.ttl", "text/turtle", None),
    ],
)
def test_an_iri_leads_to_a_document(iri: str, accept: str, expected: str | None) -> None:
    assert target(iri, accept) == expected


def test_the_rules_name_no_address_of_their_own() -> None:
    rules = [line for line in RULES.read_text().splitlines() if line.startswith("RewriteRule")]
    assert rules
    assert all(line.split()[2].startswith("published/") for line in rules)
