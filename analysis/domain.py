"""Where a derivation or a claim holds: the values that its symbols or arguments can take."""

from dataclasses import dataclass
from itertools import islice
from math import isfinite
from typing import Any

import numpy as np

__all__ = ["Choice", "Domain", "Integers", "Reals"]

EDGE = 2.0**-20


@dataclass(frozen=True)
class Integers:
    """The integers from `low` to `high`, both included."""

    low: int
    high: int

    def __post_init__(self) -> None:
        _check_order(self.low, self.high)

    def __contains__(self, value: Any) -> bool:
        return bool(self.low <= value <= self.high and value == int(value))

    def __str__(self) -> str:
        return f"{self.low}, …, {self.high}"

    def spread(self, count: int, rng: np.random.Generator) -> list[int]:
        """Return `count` values: both ends first, then draws."""
        drawn = rng.integers(self.low, self.high, size=count, endpoint=True)
        return [self.low, self.high, *drawn.tolist()][:count]


@dataclass(frozen=True)
class Reals:
    """The real numbers between `low` and `high`, both excluded."""

    low: float
    high: float

    def __post_init__(self) -> None:
        _check_order(self.low, self.high)
        if self.low == self.high:
            raise ValueError(f"Reals({self.low}, {self.high}) is empty: low must be less than high")

    def __contains__(self, value: Any) -> bool:
        return bool(self.low < value < self.high)

    def __str__(self) -> str:
        return f"({self.low:g}, {self.high:g})"

    def spread(self, count: int, rng: np.random.Generator) -> list[float]:
        """Return `count` values: a millionth of the width inside of both ends first, then draws."""
        places = [EDGE, 1 - EDGE, *rng.uniform(EDGE, 1 - EDGE, size=count)][:count]
        return [float(self.low + place * (self.high - self.low)) for place in places]


@dataclass(frozen=True, init=False)
class Choice:
    """One of the listed values: modes, conventions, signals."""

    values: tuple[Any, ...]

    def __init__(self, *values: Any) -> None:
        if not values:
            raise ValueError("Choice() is empty: list the values that it may take")
        object.__setattr__(self, "values", values)

    def __contains__(self, value: Any) -> bool:
        return value in self.values

    def __str__(self) -> str:
        return ", ".join(str(value) for value in self.values)

    def spread(self, count: int, rng: np.random.Generator) -> list[Any]:
        """Return `count` values: all of them in turn, each round in an order of its own."""
        rounds = (self.values[place] for _ in range(count) for place in rng.permutation(len(self.values)))
        return list(islice(rounds, count))


Domain = Integers | Reals | Choice


def _check_order(low: float, high: float) -> None:
    if not (isfinite(low) and isfinite(high) and low <= high):
        raise ValueError(f"low={low}, high={high} do not bound a range: both finite, low not above high")
