"""How well each formula of fxp.costs follows the area and the look-up tables of what was synthesised."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations, starmap

import numpy as np

import fxp

CONVENTIONS = ("published", "printed", "printed_ceil", "biased", "tree", "compressor")
CLOSE = (1.05, 1.40)
POINT = ("length", "x_bits", "w_bits", "signs")

Record = dict[str, int | float | str]
Formula = Callable[[int, int, int], float]


@dataclass(frozen=True)
class Accuracy:
    """How a formula follows what was measured once its unit is fitted.

    Parameters
    ----------
    unit : float
        Measured over predicted, the median.
    median, percentile90, worst : float
        Of the relative error |unit·predicted/measured − 1|.
    misordered : float
        Share of the pairs with measured values 5 to 40 % apart of which the formula calls the larger one the smaller
        or as small.
    """

    unit: float
    median: float
    percentile90: float
    worst: float
    misordered: float


def formulas() -> dict[str, Formula]:
    """Return the formulas of fxp.costs by name, as functions of length, x_bits and w_bits."""
    conventions = {name: partial(_full_adders, name) for name in CONVENTIONS}
    return {"gate_area": _gate_area, **conventions}


def accuracy(predicted: Sequence[float], measured: Sequence[float]) -> Accuracy:
    """Return how predictions follow measurements of the same designs."""
    prediction, area = np.asarray(predicted, dtype=float), np.asarray(measured, dtype=float)
    unit = 1 / float(np.median(prediction / area))
    error = np.abs(unit * prediction / area - 1)
    return Accuracy(
        unit, float(np.median(error)), float(np.quantile(error, 0.9)), float(error.max()), _misordered(prediction, area)
    )


def compare(records: Sequence[Record], formula: Formula, quantity: str = "area") -> Accuracy:
    """Return how a formula follows a quantity of the records, "area" or "luts"."""
    predicted = [formula(record["length"], record["x_bits"], record["w_bits"]) for record in records]
    return accuracy(predicted, [record[quantity] for record in records])


def smallest(records: Sequence[Record]) -> list[Record]:
    """Return for each dot product the record of the structure with the smallest area."""
    designs = defaultdict(list)
    for record in records:
        designs[tuple(record[name] for name in POINT)].append(record)
    return [min(each, key=lambda record: record["area"]) for each in designs.values()]


def _misordered(predicted: np.ndarray, measured: np.ndarray) -> float:
    order = np.argsort(measured)
    pairs = list(combinations(zip(predicted[order], measured[order], strict=True), 2))
    close = [(small[0], large[0]) for small, large in pairs if CLOSE[0] <= large[1] / small[1] <= CLOSE[1]]
    return sum(starmap(float.__ge__, close)) / len(close) if close else 0.0


def _layer(length: int) -> fxp.LayerShape:
    return fxp.LayerShape("dot", dot_length=length, dots=1, weights=length, activations=length)


def _full_adders(convention: str, length: int, x_bits: int, w_bits: int) -> float:
    return float(fxp.computational_cost([_layer(length)], w_bits, x_bits, convention=convention))


def _gate_area(length: int, x_bits: int, w_bits: int) -> float:
    return fxp.gate_area([_layer(length)], w_bits, x_bits)
