"""Ensembles of adaptive filters in finite words: bit-true, on the same input as those in floating point."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import frexp

import numpy as np
from numpy.typing import NDArray

import fxp
from sims.ensembles import BLOCK, Ensemble, Ensembles

__all__ = ["WordEnsembles", "coded_step", "simulate_words"]

Floats = NDArray[np.float64]

STEP_BITS = 8  # of the code of a step size


@dataclass(frozen=True)
class WordEnsembles:
    """What the runs of an ensemble in finite words did.

    Parameters
    ----------
    ensembles : Ensembles
        Of decoded errors and weights; `conditional` is the error power of the weights on input that is not rounded.
    stalled : float
        Share of the updates of a tap that were lost though neither the error nor the datum was zero.
    overflows : dict of str to int
        How often a value was outside of its word, by word.
    """

    ensembles: Ensembles
    stalled: float
    overflows: dict[str, int]


def coded_step(step_size: float) -> tuple[int, int]:
    """Return code and shift of the step size of 8 significant bits that is nearest: code·2^(−shift).

    Examples
    --------
    >>> coded_step(0.03125), coded_step(0.1)
    ((1, 5), (205, 11))
    """
    _, exponent = frexp(step_size)
    step = Fraction(round(step_size * 2.0 ** (STEP_BITS - exponent))) / Fraction(2) ** (STEP_BITS - exponent)
    return step.numerator, step.denominator.bit_length() - 1


def simulate_words(
    ensemble: Ensemble, lms: fxp.FixedPointLms, *, progress: Callable[[int, int], object] = lambda *_: None
) -> WordEnsembles:
    """Return what the runs of an ensemble do in finite words (deterministic; the same for any number of threads).

    Parameters
    ----------
    ensemble : Ensemble
        Input, runs and iterations; step, delay, taps and sign are those of `lms`.
    lms : fxp.FixedPointLms
        The words. Input beyond the formats of data and desired is clipped.
    progress : callable
        Called with the number of runs done and their total.

    Examples
    --------
    >>> ensemble = Ensemble(fxp.Process([1.0, 0.5]), 0.0625, taps=1, runs=8, iterations=100)
    >>> lms = fxp.FixedPointLms(1, fxp.Format(8, 5), fxp.Format(8, 5), fxp.Format(8, 6), step_shift=4)
    >>> simulate_words(ensemble, lms).ensembles.weights.mean.shape
    (100, 1)
    """
    sums, tails, counts, stalled = np.zeros(()), [], dict[str, int](), 0
    for first in range(0, ensemble.runs, BLOCK):
        runs = range(first, min(first + BLOCK, ensemble.runs))
        x, d = (np.array(part) for part in zip(*map(ensemble.draw, runs), strict=True))
        done = lms.run(
            fxp.encode(x, lms.data),
            fxp.encode(d, lms.desired),
            weights_every=1,
            rng=np.random.default_rng((ensemble.seed, first, 1)),  # the runs have seeds of two numbers
        )
        assert done.kept_weights is not None
        weights = np.zeros(x.shape)
        weights[:, 1:] = done.kept_weights[:, :-1] * lms.weight_step
        block, tail = _sums(ensemble, x, d, np.asarray(done.errors * lms.error_step), weights)
        sums, stalled = sums + block, stalled + int(done.stalled.sum())
        tails.append(tail)
        for word, outside in done.overflows.items():
            counts[word] = counts.get(word, 0) + int(outside.sum())
        progress(runs[-1] + 1, ensemble.runs)
    updates = ensemble.runs * (ensemble.iterations - lms.delay) * ensemble.taps
    found = Ensembles.of_sums(sums, np.concatenate(tails), np.full(ensemble.runs, -1))
    return WordEnsembles(found, stalled / updates, counts)


def _sums(ensemble: Ensemble, x: Floats, d: Floats, errors: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Return the sums over runs, in the columns of `Ensembles.of_sums`, and the tails of each run."""
    fixed = d - np.einsum("rnk,nk->rn", x, ensemble.mean_filter)
    distance = weights - np.array(ensemble.optimum.weights)
    excess = np.einsum("rni,ij,rnj->rn", distance, ensemble.correlation, distance)
    powers = (
        errors**2,
        errors**2 - fixed**2 + ensemble.mean_filter_power,
        ensemble.optimum.mse + excess,
    )
    columns = [column for power in powers for column in (power.sum(axis=0), (power**2).sum(axis=0))]
    columns.append(np.log(powers[-1]).sum(axis=0))
    sums = np.column_stack([*columns, weights.sum(axis=0), (weights**2).sum(axis=0)])
    half = ensemble.iterations // 2
    return sums, np.column_stack([power[:, half:].mean(axis=1) for power in powers])
