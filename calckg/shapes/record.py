"""Values of which there are a hundred classes: shapes, conditions, the parts of a query.

``dataclasses`` compiles the methods of each class anew: together a tenth of the time in which a small graph is checked.
These classes share theirs.
"""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn, Self, dataclass_transform


@dataclass_transform(frozen_default=True)
class Record:
    """A value that is its class and its fields: what a subclass annotates, after what it inherits, with defaults."""

    _names: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        cls._names = (*cls._names, *cls.__annotations__)
        cls.__match_args__ = cls._names  # type: ignore[attr-defined, misc]  # each class has its own

    def __init__(self, *values: object, **named: object) -> None:
        names = self._names
        if len(values) > len(names):
            raise TypeError(f"{type(self).__name__} has {len(names)} fields; {len(values)} were given")
        if len(values) < len(names) or named:
            given = dict(zip(names, values, strict=False))
            if again := given.keys() & named:
                raise TypeError(f"{type(self).__name__} got {min(again)} twice")
            given |= named
            lacking = [name for name in names if name not in given and not hasattr(type(self), name)]
            if lacking:
                raise TypeError(f"{type(self).__name__} lacks {', '.join(lacking)}")
            values = tuple(given.pop(name) if name in given else getattr(self, name) for name in names)
            if given:
                raise TypeError(f"{type(self).__name__} has no {', '.join(given)}")
        self.__dict__.update(zip(names, values, strict=True))

    def changed(self, **fields: object) -> Self:
        """Return a record with other values for these fields."""
        return type(self)(**{**self.__dict__, **fields})

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.__dict__ == self.__dict__

    def __hash__(self) -> int:
        return hash((type(self), *self.__dict__.values()))

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in self.__dict__.items())
        return f"{type(self).__name__}({fields})"

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise AttributeError(f"{type(self).__name__}.{name} can't be set")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{type(self).__name__}.{name} can't be deleted")
