"""Designs of a fixed-point predictor: words, ranges, full adders and losses, and the search among them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

from fxp.costs import LayerShape, Number, computational_cost
from fxp.filters.losses import PredictorLoss, predictor_loss
from fxp.filters.noise import fir_noise
from fxp.filters.predictors import Predictor
from fxp.formats import Format, Overflow, Rounding
from fxp.processes import Process

__all__ = ["PredictorDesign", "Search"]


@dataclass(frozen=True)
class PredictorDesign:
    """Formats of a predictor, what they cost and what they lose.

    Parameters
    ----------
    x_format, w_format : Format
        Of inputs and weights.
    full_adders : int or float
        By the convention asked for.
    model_loss_db : float
        Loss by the noise model, which knows no overload.
    loss : PredictorLoss or None
        The exact one; None where the process has none, which only method="noise_model" lets through.

    Examples
    --------
    >>> PredictorDesign(Format(4, 2), Format(4, 3), 66, 0.066, None).full_adders
    66
    """

    x_format: Format
    w_format: Format
    full_adders: Number
    model_loss_db: float
    loss: PredictorLoss | None


@dataclass(frozen=True)
class Search:
    """What all word lengths have in common; ranges are binary orders of their ends."""

    process: Process
    predictor: Predictor
    exact: bool
    x_spans: tuple[int, ...]
    w_spans: tuple[int, ...]
    convention: str
    modes: tuple[Rounding, Overflow]

    def shortest(self, budget: float, longest: int) -> PredictorDesign:
        """Return the best design of the least equal word length within the budget."""
        found = []
        for bits in range(1, longest + 1):
            found.append(self._best(bits, bits))
            if self._decisive(found[-1]) <= budget:
                return self._told(found[-1])
        raise ValueError(_too_little(budget, longest, min(found, key=self._decisive)))

    def cheapest(self, budget: float, longest: int, equal: PredictorDesign) -> PredictorDesign:
        """Return the design of the fewest full adders within the budget; of equals, that with the least loss."""
        costs: dict[Number, list[tuple[int, int]]] = {}
        for words in product(range(1, longest + 1), range(1, longest + 1)):
            if (cost := self._cost(*words)) <= equal.full_adders:
                costs.setdefault(cost, []).append(words)
        for _, pairs in sorted(costs.items()):
            best = min((self._best(*words) for words in pairs), key=self._decisive)
            if self._decisive(best) <= budget:
                return self._told(best)
        return equal

    def _decisive(self, design: PredictorDesign) -> float:
        return design.loss.loss_db if self.exact and design.loss else design.model_loss_db

    def _best(self, x_bits: int, w_bits: int) -> PredictorDesign:
        return min(self._designs(x_bits, w_bits), key=self._decisive)

    def _designs(self, x_bits: int, w_bits: int) -> Iterator[PredictorDesign]:
        for x_span, w_span in product(self.x_spans, self.w_spans):
            x_format, w_format = Format(x_bits, x_bits - 1 - x_span), Format(w_bits, w_bits - 1 - w_span)
            loss = self._loss(x_format, w_format) if self.exact else None
            noise = float(fir_noise(self.predictor.weights, self.predictor.power, x_format.step, w_format.step))
            model = 10 / math.log(10) * math.log1p(noise / self.predictor.mse)
            yield PredictorDesign(x_format, w_format, self._cost(x_bits, w_bits), model, loss)

    def _told(self, design: PredictorDesign) -> PredictorDesign:
        """Return a design with its exact loss, if the process has one."""
        if design.loss is not None:
            return design
        try:
            loss = self._loss(design.x_format, design.w_format)
        except ValueError:
            loss = None
        return replace(design, loss=loss)

    def _loss(self, x_format: Format, w_format: Format) -> PredictorLoss:
        rounding, overflow = self.modes
        return predictor_loss(self.process, self.predictor, x_format, w_format, rounding=rounding, overflow=overflow)

    def _cost(self, x_bits: int, w_bits: int) -> Number:
        taps = self.predictor.taps
        shape = LayerShape("predictor", dot_length=taps, dots=1, weights=taps, activations=taps)
        return computational_cost([shape], w_bits, x_bits, convention=self.convention)


def _too_little(budget: float, longest: int, best: PredictorDesign) -> str:
    what = f"loss_db={budget:g} is not reached with up to {longest} bits"
    if best.loss is None:
        return f"{what}: the noise model still loses {best.model_loss_db:.4g} dB; allow more, or a greater max_bits"
    return (
        f"{what}: the least loss is {best.loss.loss_db:.4g} dB with inputs in {best.x_format}{_overloaded(best.loss)}; "
        "allow more, or give another x_range or a greater max_bits"
    )


def _overloaded(loss: PredictorLoss) -> str:
    """Return the share of overload in a loss; none where it takes from the error."""
    share = loss.noise.overload / loss.noise.total
    return f", of which overload makes {100 * share:.0f} %" if 0 <= share <= 1 else ""
