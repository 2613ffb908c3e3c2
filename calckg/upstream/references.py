"""References as OBO's files write them: a code of some vocabulary, an address, or something else."""

from __future__ import annotations

import re
from typing import Final, Literal, NamedTuple

from calckg import prefixes
from calckg.errors import UsageError
from calckg.identifiers import CODE_SYSTEMS, problem

_REMEMBERED: Final = 100_000
_PLAIN: Final = re.compile(r"[A-Za-z0-9.-]+")
_ODD: Final = ("doi",)  # whose codes may hold what has to be escaped in an IRI
_ADDRESS: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|(?:urn|info):", re.IGNORECASE)


class Reference(NamedTuple):
    """What a reference stands for.

    ``kind`` is ``code`` for the well-formed code of a vocabulary of concepts, ``iri`` for a paper, a person or a page,
    ``text`` for what makes no IRI: its prefix is not declared, or the code is malformed (``wrong`` says how). ``value``
    is the IRI, or the text as it was written.
    """

    kind: Literal["code", "iri", "text"]
    value: str
    prefix: str | None = None
    notation: str | None = None
    wrong: str | None = None


class Head(NamedTuple):
    """How codes look that begin with some prefix: what follows the colon matches ``pattern``, a whole match."""

    prefix: str
    namespace: str
    pattern: str
    is_code: bool


class References:
    """Look references up by the prefix table, each once in a while."""

    def __init__(self) -> None:
        self.prefixes = prefixes.load()
        self._known: dict[str, Reference] = {}
        declared = self.prefixes.records.values()
        names = {name for record in declared for name in (record.name, *record.alternative_prefixes)}
        self._names = frozenset(name.partition(":")[0].lower() for name in names)
        canonical = ((name.lower(), self.prefixes.canonical_prefix(name)) for name in names if ":" not in name)
        self._heads = {name: prefix for name, prefix in canonical if prefix in CODE_SYSTEMS}
        self._spaces = {self.prefixes.namespaces[prefix]: prefix for prefix in CODE_SYSTEMS}

    def __call__(self, text: str) -> Reference:
        """Return what ``text``, a CURIE or an address, stands for."""
        found = self._known.get(text)
        if found is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            found = self._known[text] = self._look_up(text)
        return found

    def head(self, name: str) -> Head | None:
        """Return how codes look that begin with the prefix ``name``, as it is written; ``None`` if no pattern tells.

        A match is read by the table as prefix and namespace say, so that SQL may do it for many.
        """
        prefix = self._heads.get(name.lower())
        if prefix is None or CODE_SYSTEMS[prefix].check is not None or prefix in _ODD:
            return None
        record = self.prefixes.records[prefix]
        return Head(prefix, record.namespace, CODE_SYSTEMS[prefix].pattern, record.clique_rank is not None)

    def _look_up(self, text: str) -> Reference:
        plain = text.strip()
        if plain[:4].lower() == "url:":  # OBO-Edit wrote addresses so
            plain = plain[4:]
        head, colon, local = plain.partition(":")
        found = self._plain(plain, head, local)
        if found is not None:
            return found
        if not _ADDRESS.match(plain) and not (colon and head.lower() in self._names):
            # Before the table is asked, which would look for the nearest prefix in many a date and sentence.
            return Reference("text", text.strip(), wrong=f"no code with a declared prefix and no address: {plain!r}")
        try:
            iri = self.prefixes.expand(plain)
        except UsageError as error:
            return Reference("text", text.strip(), wrong=str(error))
        notation = self.prefixes.compress(iri)
        if notation is None:
            return Reference("iri", iri)
        prefix, _, local = notation.partition(":")
        wrong = problem(prefix, local)
        if wrong is not None:
            return Reference("text", text.strip(), prefix, wrong=wrong)
        return self._found(prefix, iri, notation)

    def _plain(self, text: str, head: str, local: str) -> Reference | None:
        """Look up what is well-formed in a canonical form, which most references are, without the table's care."""
        prefix = None
        if local.startswith("//"):
            for sign in "_/":
                start, _, local = text.rpartition(sign)
                prefix = self._spaces.get(start + sign)
                if prefix is not None:
                    break
        else:
            prefix = self._heads.get(head.lower())
        if prefix is None or not _PLAIN.fullmatch(local) or problem(prefix, local) is not None:
            return None
        return self._found(prefix, self.prefixes.namespaces[prefix] + local, f"{prefix}:{local}")

    def _found(self, prefix: str, iri: str, notation: str) -> Reference:
        is_code = prefix in CODE_SYSTEMS and self.prefixes.records[prefix].clique_rank is not None
        return Reference("code" if is_code else "iri", iri, prefix, notation)
