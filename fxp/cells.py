"""Where a rounded law is smooth: its panels cut at the decision thresholds of a grid of unit step."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fxp.formats import Format
from fxp.laws import Law, Samples

__all__ = ["Cut", "Points", "integration_points"]

Floats = NDArray[np.float64]
_CELLS = 2048  # a panel with more cells is so finely divided that its law is linear over each of them
_PERIODS = 64
_PHASES = 128
_HIGH_ORDER, _LOW_ORDER, _CELL_ORDER = 16, 5, 3


@dataclass(frozen=True)
class Cut:
    """A grid of unit step: its codes, its thresholds at integers plus `offset`, and whether codes wrap around."""

    codes: Format
    offset: float
    wraps: bool

    @property
    def period(self) -> float:
        """Distance after which both wrapping modes repeat."""
        return 2.0 ** (self.codes.word_bits + 1)

    @property
    def critical(self) -> Floats:
        """Where the range begins and ends, whatever the rounding mode."""
        ends = np.array([self.codes.min_code, self.codes.max_code], dtype=np.float64)
        return np.add.outer(ends, [-1.0, -0.5, 0.0, 0.5, 1.0]).reshape(-1)

    def is_busy(self, x: Floats) -> NDArray[np.bool_]:
        """Whether thresholds near `x` change its code: everywhere if codes wrap, else inside the range only."""
        inside = (x > self.codes.min_code - 1) & (x < self.codes.max_code + 1)
        return inside | self.wraps


@dataclass(frozen=True)
class Points:
    """Weighted values of a law: to be rounded at `position`, which is `value` or in its neighbourhood."""

    value: Floats
    position: Floats
    weight: Floats


def integration_points(law: Law | Samples, cut: Cut) -> Points:
    """Return points that integrate a function of a value and of its rounding error.

    Up to 2,048 cells in a panel of the law each have their own rule. Beyond, the place of a value in its cell is
    taken as uniform and independent of the value: relative errors of the square of one over the number of cells,
    and of its first power for errors that have a mean.
    """
    if isinstance(law, Samples):
        return Points(law.values, law.values, np.full(law.values.size, 1 / law.values.size))
    panels = _panels(law, cut)
    edges = np.unique(np.r_[panels, _thresholds(panels, cut)])
    low, high = edges[:-1], edges[1:]
    width = high - low
    whole = cut.is_busy((low + high) / 2) & (width > 1.5)
    periodic = whole & cut.wraps & (width > _PERIODS * cut.period)
    share = width / np.diff(panels)[np.searchsorted(panels, low, side="right") - 1]
    wide = ~whole & (share > 1 / _HIGH_ORDER)
    return _joined(
        _plain(*law.nodes(low[wide], high[wide], _HIGH_ORDER)),
        _plain(*law.nodes(low[~whole & ~wide], high[~whole & ~wide], _LOW_ORDER)),
        _over_cells(*law.nodes(low[whole & ~periodic], high[whole & ~periodic], _HIGH_ORDER), cut),
        _over_periods(*law.nodes(low[periodic], high[periodic], _HIGH_ORDER), cut),
    )


def _panels(law: Law, cut: Cut) -> Floats:
    own = law.panels()
    panels = np.union1d(own, np.clip(np.r_[0.0, cut.critical], own[0], own[-1]))
    return np.union1d(panels, _period_edges(panels, cut)) if cut.wraps else panels


def _period_edges(panels: Floats, cut: Cut) -> Floats:
    """Return the edges of half periods, at which codes wrap or turn, in panels that hold few of them."""
    half = cut.period / 2
    few = np.diff(panels) <= _PERIODS * cut.period
    low, high = panels[:-1][few], panels[1:][few]
    # Where the smallest code begins: rounding down, to nearest, or up
    starts = (cut.codes.min_code - cut.offset, cut.codes.min_code - 1 + cut.offset)
    return np.concatenate([_multiples(low, high, start, half) for start in starts])


def _thresholds(panels: Floats, cut: Cut) -> Floats:
    """Return all thresholds in panels of few cells, the first and the last one in panels of many."""
    low, high = panels[:-1], panels[1:]
    busy = cut.is_busy((low + high) / 2)
    many = busy & (high - low > _CELLS)
    few = busy & ~many
    first = np.ceil(low[many] - cut.offset) + cut.offset
    last = np.floor(high[many] - cut.offset) + cut.offset
    return np.concatenate([_multiples(low[few], high[few], cut.offset, 1.0), first, last])


def _multiples(low: Floats, high: Floats, start: float, step: float) -> Floats:
    """Return the values `start` plus multiples of `step` in all intervals [low, high]."""
    first, last = np.ceil((low - start) / step), np.floor((high - start) / step)
    found = [np.arange(a, b + 1) for a, b in zip(first, last, strict=True)]
    return np.asarray(start + step * np.concatenate([*found, np.empty(0)]))


def _plain(points: Floats, weights: Floats) -> Points:
    return Points(points.reshape(-1), points.reshape(-1), weights.reshape(-1))


def _over_cells(points: Floats, weights: Floats, cut: Cut) -> Points:
    """Return each point with uniform positions in its cell: high resolution."""
    cells = np.floor(points.reshape(-1, 1) - cut.offset) + cut.offset
    phases, shares = _unit_rule()
    positions = cells + phases
    values = np.broadcast_to(points.reshape(-1, 1), positions.shape)
    return Points(values.reshape(-1), positions.reshape(-1), (weights.reshape(-1, 1) * shares).reshape(-1))


def _over_periods(points: Floats, weights: Floats, cut: Cut) -> Points:
    """Return each point spread over the codes of its period: a law far wider than the format."""
    count = int(min(cut.period, _PHASES))
    starts = np.floor((np.arange(count) + 0.5) * (cut.period / count))
    base = np.floor((points.reshape(-1, 1) - cut.offset) / cut.period) * cut.period + cut.offset
    phases, shares = _unit_rule()
    positions = (base + starts).reshape(-1, 1) + phases
    spread = np.repeat(weights.reshape(-1) / count, count).reshape(-1, 1) * shares
    return Points(positions.reshape(-1), positions.reshape(-1), spread.reshape(-1))


def _unit_rule() -> tuple[Floats, Floats]:
    points, weights = np.polynomial.legendre.leggauss(_CELL_ORDER)
    return (1 + points) / 2, weights / 2


def _joined(*parts: Points) -> Points:
    return Points(
        *(np.concatenate([getattr(part, name) for part in parts]) for name in ("value", "position", "weight"))
    )
