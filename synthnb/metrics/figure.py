"""A number that knows more than its value, and an interval."""

from __future__ import annotations

from typing import Any, NamedTuple

__all__ = ["Figure", "Interval"]


class Figure(float):
    """A plain number with what else the metric found as attributes.

    >>> accuracy = Figure(0.56, p=0.045)
    >>> accuracy + 0, accuracy.p, accuracy.details
    (0.56, 0.045, {'p': 0.045})
    """

    details: dict[str, Any]
    """Every attribute by name."""

    def __new__(cls, value: float, **details: Any) -> Figure:
        """Make the number ``value``; each keyword becomes an attribute."""
        figure = super().__new__(cls, value)
        figure.details = details
        return figure

    def __getattr__(self, name: str) -> Any:
        details = self.__dict__.get("details", {})
        if name in details:
            return details[name]
        raise AttributeError(
            f"this figure has no {name!r}, but {', '.join(details) or 'nothing'}"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return _figure, (float(self), self.details)


def _figure(value: float, details: dict[str, Any]) -> Figure:
    return Figure(value, **details)


class Interval(NamedTuple):
    """An interval that unpacks as ``low, high`` would be read: see ``bootstrap``."""

    low: float
    high: float
