"""What an experiment is given, held against its own signature before anything is drawn."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from numbers import Integral, Real
from typing import Any

__all__ = ["checked"]

_LEAST = {
    "n": 2, "t": 1, "chains": 1, "d": 1, "V": 2, "T": 1, "k": 1, "order": 2, "max_tokens": 1,
    "seed": 0,
}  # fmt: skip
"""The least count that means something, by the letter."""
_NOT_NEGATIVE = ("h", "s2", "signal", "a")


def checked(
    name: str, experiment: Callable[..., Any], params: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the parameters as plain ints, floats and bools; ``ValueError`` says what is wrong.

    What counts is the annotation: ``int`` takes whole numbers alone (20.0 is one), ``float``
    finite ones, ``bool`` true and false.
    """
    known = inspect.signature(experiment).parameters
    for key in params:
        if key not in known:
            raise ValueError(f"{name} has no parameter {key!r}: it takes {', '.join(known)}")
    return {
        key: _value(key, value, str(known[key].annotation)) for key, value in params.items()
    }


def _value(key: str, value: Any, annotation: str) -> Any:
    kinds = {part.strip() for part in annotation.split("|")}
    if value is None and "None" in kinds:
        return None
    if "Sequence[int]" in kinds and not isinstance(value, Real | str):
        sizes = [_whole(key, size) for size in value]
        if not sizes:
            raise ValueError(f"{key} is an empty list: give one size a generation")
        return sizes
    if "int" in kinds:
        return _whole(key, value)
    if "bool" in kinds:
        return _truth(key, value)
    if "float" in kinds and not (isinstance(value, str) and len(kinds) > 1):
        return _number(key, value)
    return value


def _whole(key: str, value: Any) -> int:
    whole = isinstance(value, Integral) or (isinstance(value, Real) and value == value // 1)
    if isinstance(value, bool) or not whole or not math.isfinite(value):
        raise ValueError(f"{key} must be a whole number, got {value!r}")
    least = _LEAST.get(key)
    if least is not None and value < least:
        raise ValueError(f"{key} must be at least {least}, got {value}")
    return int(value)


def _number(key: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        raise ValueError(f"{key} must be a finite number, got {value!r}")
    if key in _NOT_NEGATIVE and value < 0:
        raise ValueError(f"{key} must be at least 0, got {value}")
    return float(value)


def _truth(key: str, value: Any) -> bool:
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if not isinstance(value, bool) and value not in (0, 1):
        raise ValueError(f"{key} must be true or false, got {value!r}")
    return bool(value)
