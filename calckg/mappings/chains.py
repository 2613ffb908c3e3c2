"""Chains of mappings: the shortest way from one code to another, or from a code back into its own vocabulary."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar

Link = TypeVar("Link", bound=Hashable)


class Step(NamedTuple, Generic[Link]):
    """One link of a chain: where it leads, and which mapping it is."""

    code: str
    link: Link


class Chains(Generic[Link]):
    """Exact matches as a graph without directions; of several links between two codes the least one is taken."""

    def __init__(self, links: Iterable[tuple[str, str, Link]]) -> None:
        self._steps: dict[str, dict[str, Link]] = defaultdict(dict)
        for one, other, link in sorted(links, key=str):
            self._steps[one].setdefault(other, link)
            self._steps[other].setdefault(one, link)

    def shortest(self, start: str, ends: Iterable[str]) -> Iterator[tuple[str, Sequence[Step[Link]]]]:
        """Yield, for each of ``ends`` that can be reached, a shortest chain from ``start``, the nearest first."""
        wanted = set(ends) - {start}
        before: dict[str, tuple[str, Link] | None] = {start: None}
        waiting = deque([start])
        while waiting and wanted:
            here = waiting.popleft()
            for code, link in sorted(self._steps[here].items()):
                if code not in before:
                    before[code] = here, link
                    waiting.append(code)
                    if code in wanted:
                        wanted.discard(code)
                        yield code, _way(before, code)


def _way(before: Mapping[str, tuple[str, Link] | None], end: str) -> Sequence[Step[Link]]:
    steps: list[Step[Link]] = []
    here = end
    while (last := before[here]) is not None:
        steps.append(Step(here, last[1]))
        here = last[0]
    return steps[::-1]
