"""Steady state of LMS predictors against step size, delay and word length: measured, and by each tier of prediction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rich.table import Table

import fxp
from sims import reporting
from sims.ensembles import Ensemble, simulate
from sims.lms_predictions import ESTIMATE, exact_misadjustment, gaussian_misadjustment, step_limit
from sims.lms_work import worked
from sims.reporting import Report
from sims.word_ensembles import coded_step, simulate_words

__all__ = [
    "Point",
    "WordPoint",
    "delay_sweep",
    "delay_table",
    "step_sweep",
    "step_table",
    "word_sweep",
    "word_table",
]

FRACTIONS = (0.05, 0.1, 0.2, 0.4, 0.6, 0.8)  # of the mean-square limit
TIME_CONSTANTS = 8  # of the mean square: what is left of the start is a few parts in ten thousand
ITERATIONS = (1000, 20_000)  # least and most of a sweep
SWEEP_RUNS, WORD_RUNS = 200, 100
MODES = ("HALF_EVEN", "STOCHASTIC")
DATA = fxp.Format(16, 12)
WEIGHT_RANGE_BITS = 2  # weights in [-2, 2)


@dataclass(frozen=True)
class Point:
    """The steady state at one step size and delay.

    Parameters
    ----------
    regressors : str
        "delay_line" or "independent".
    delay, step_size, factor
        Of the update.
    limit : float
        Mean-square limit of the best tier.
    tier : str
        That tier.
    measured, error : float or None
        Misadjustment and its standard error, over runs; None above the limit.
    small_step, gaussian, operator : float or None
        Predicted; None above the limit of the tier or without one.
    frozen : int
        Runs that left all bounds.
    runs : int
        Of how many.
    largest : float
        Largest mean of e² over the runs that any iteration had.
    """

    regressors: str
    delay: int
    step_size: float
    factor: int
    limit: float
    tier: str
    measured: float | None
    error: float | None
    small_step: float
    gaussian: float | None
    operator: float | None
    frozen: int
    runs: int
    largest: float

    @property
    def is_stable(self) -> bool:
        """Whether the step size is below the limit."""
        return self.step_size < self.limit


def step_sweep(ensembles: Sequence[Ensemble], *, report: Report = lambda *_: None) -> tuple[Point, ...]:
    """Return the steady state of ensembles at some shares of their mean-square limits.

    Parameters
    ----------
    ensembles : sequence of Ensemble
        Their step sizes, runs and iterations are replaced.
    report : callable
        Called with what is done, how many of it, and of how many.
    """
    wanted = [
        replace(each, step_size=share * step_limit(each)[1], runs=min(each.runs, SWEEP_RUNS))
        for each in ensembles
        for share in FRACTIONS
    ]
    return worked(wanted, _point, "step sizes", report)


def delay_sweep(
    ensemble: Ensemble, delays: Sequence[int], factors: Sequence[int], *, report: Report = lambda *_: None
) -> tuple[Point, ...]:
    """Return the steady state of one step size at each delay and in each convention.

    Parameters
    ----------
    ensemble : Ensemble
        Its delay, factor, runs and iterations are replaced.
    delays, factors : sequence of int
        Of the update.
    report : callable
        Called with what is done, how many of it, and of how many.
    """
    wanted = [
        replace(ensemble, delay=delay, factor=factor, runs=min(ensemble.runs, SWEEP_RUNS))
        for factor in factors
        for delay in delays
    ]
    return worked(wanted, _point, "delays", report)


def _point(ensemble: Ensemble) -> Point:
    tier, limit = step_limit(ensemble)
    is_stable = ensemble.step_size < limit
    ensemble = replace(ensemble, iterations=_length(ensemble, is_stable=is_stable))
    found = simulate(ensemble)
    least = ensemble.optimum.mse
    mean, error = found.steady(ESTIMATE[ensemble.regressors])
    return Point(
        ensemble.regressors.value,
        ensemble.delay,
        ensemble.step_size,
        ensemble.factor,
        limit,
        tier,
        mean / least - 1 if is_stable else None,
        error / least if is_stable else None,
        float(fxp.small_step_misadjustment(ensemble.correlation, ensemble.step_size, factor=ensemble.factor)),
        gaussian_misadjustment(ensemble),
        exact_misadjustment(ensemble),
        found.frozen,
        ensemble.runs,
        float(found.squared.mean.max()),
    )


def _length(ensemble: Ensemble, *, is_stable: bool) -> int:
    """Return iterations of which the first half forgets the start, by the time constant of independent regressors."""
    least, most = ITERATIONS
    if not is_stable or gaussian_misadjustment(ensemble) is None:
        return least
    constants = fxp.time_constants(
        ensemble.correlation, ensemble.step_size, delay=ensemble.delay, factor=ensemble.factor
    )
    return int(min(max(least, 2 * TIME_CONSTANTS * constants.mean_square), most))


def step_table(points: Sequence[Point]) -> Table:
    """Return the table of a sweep of step sizes."""
    cells = [
        (
            point.regressors.replace("_", " "),
            str(point.delay),
            f"{point.step_size:.4g}",
            f"{point.step_size / point.limit:.2f}",
            _measured(point),
            f"{point.small_step:.4f}",
            _share(point.gaussian),
            _share(point.operator),
        )
        for point in points
    ]
    headers = ("regressors", "D", "μ", "of the\nlimit", "measured", "small\nsteps", "independent\nGaussian", "operator")
    caption = (
        "Misadjustment: excess of the mean square error over the least one, in steady state, with the standard error "
        "over runs. Near a limit few runs hold most of the power, and the standard error is an underestimate."
    )
    return reporting.table("Steady state against the step size", headers, cells, caption=caption)


def delay_table(points: Sequence[Point]) -> Table:
    """Return the table of a sweep of delays: one row a delay, the conventions side by side."""
    factors = tuple(dict.fromkeys(point.factor for point in points))
    delays = tuple(dict.fromkeys(point.delay for point in points))
    at = {(point.delay, point.factor): point for point in points}
    cells = [
        (str(delay), *(cell for factor in factors for cell in _delay_cells(at[delay, factor]))) for delay in delays
    ]
    headers = (
        "D",
        *(f"{name}\nfactor {factor}" for factor in factors for name in ("limit", "measured", "predicted")),
    )
    caption = (
        "Misadjustment of the predictor; above the limit, how many runs left all bounds, or the largest mean of e² in "
        "the first 1,000 iterations. Factor 2: the update is w + 2·μ·e·x."
    )
    return reporting.table(f"μ = {points[0].step_size:.4g} at all delays", headers, cells, caption=caption)


def _delay_cells(point: Point) -> tuple[str, str, str]:
    predicted = point.operator if point.tier == "operator" else point.gaussian
    return f"{point.limit:.4f}", _measured(point), _share(predicted) if point.is_stable else "unstable"


def _measured(point: Point) -> str:
    if point.measured is not None and not point.frozen:
        return f"{point.measured:.4f} ± {point.error:.4f}"
    if point.frozen:
        return f"{point.frozen} of {point.runs} left"
    return f"e² up to {point.largest:.2g}"


def _share(number: float | None) -> str:
    return "–" if number is None else f"{number:.4f}"


@dataclass(frozen=True)
class WordPoint:
    """The steady state in finite words.

    Parameters
    ----------
    weight_bits : int
        Of the weights, on [-2, 2).
    rounding : str
        Mode of the weights.
    step_size : float
        μ, as coded.
    excess, error : float
        Mean square error above the least one, measured bit-true, and its standard error over runs.
    predicted : float or None
        By :func:`fxp.finite_precision_excess`; None where the update stalls.
    floating : float
        Excess measured in floating point, on the same input.
    stall : float
        Stall indicator at the least error.
    stalled : float
        Share of the updates of a tap that were lost.
    overflows : int
        Weights that were outside of their word.
    """

    weight_bits: int
    rounding: str
    step_size: float
    excess: float
    error: float
    predicted: float | None
    floating: float
    stall: float
    stalled: float
    overflows: int


def word_sweep(
    ensemble: Ensemble, weight_bits: Sequence[int], *, error_bits: int | None, report: Report = lambda *_: None
) -> tuple[WordPoint, ...]:
    """Return the steady state at each width of the weights, rounded to nearest and stochastically.

    Parameters
    ----------
    ensemble : Ensemble
        In floating point; its step size is coded in 8 bits.
    weight_bits : sequence of int
        Widths.
    error_bits : int, optional
        Width of the error, on [-4, 4); exact where left out.
    report : callable
        Called with what is done, how many of it, and of how many.
    """
    code, shift = coded_step(ensemble.step_size)
    ensemble = replace(ensemble, step_size=code * 2.0**-shift, runs=min(ensemble.runs, WORD_RUNS))
    ensemble = replace(ensemble, iterations=_length(ensemble, is_stable=True))
    floating, _ = simulate(ensemble).steady(ESTIMATE[ensemble.regressors])
    wanted = [(bits, mode) for mode in MODES for bits in weight_bits]
    return worked(wanted, lambda each: _word_point(ensemble, *each, error_bits, floating), "word lengths", report)


def _word_point(ensemble: Ensemble, bits: int, mode: str, error_bits: int | None, floating: float) -> WordPoint:
    code, shift = coded_step(ensemble.step_size)
    lms = fxp.FixedPointLms(
        ensemble.taps,
        DATA,
        DATA,
        fxp.Word(fxp.Format(bits, bits - WEIGHT_RANGE_BITS), rounding=mode),
        shift,
        step_code=code,
        factor=ensemble.factor,
        sign=ensemble.sign,
        delay=ensemble.delay,
        error=None if error_bits is None else fxp.Format(error_bits, error_bits - 3),
    )
    found = simulate_words(ensemble, lms)
    mean, error = found.ensembles.steady(ESTIMATE[ensemble.regressors])
    least = ensemble.optimum.mse
    stall = fxp.stall_indicator(ensemble.gain, lms.weight_step, least**0.5, ensemble.process.rms)
    return WordPoint(
        bits,
        mode,
        ensemble.step_size,
        mean - least,
        error,
        _predicted_excess(ensemble, lms, mode, error_bits),
        floating - least,
        float(stall),
        found.stalled,
        found.overflows["weights"],
    )


def _predicted_excess(ensemble: Ensemble, lms: fxp.FixedPointLms, mode: str, error_bits: int | None) -> float | None:
    noise = DATA.step**2 / 12
    try:
        excess = fxp.finite_precision_excess(
            ensemble.correlation,
            ensemble.step_size,
            minimum_mse=ensemble.optimum.mse,
            weight_step=lms.weight_step,
            rounding=mode,
            delay=ensemble.delay,
            factor=ensemble.factor,
            data_noise=noise,
            optimal_weights=ensemble.optimum.weights,
            output_noise=noise + (0.0 if error_bits is None else lms.error_step**2 / 12),
        )
    except ValueError:
        return None
    return excess.total


def word_table(points: Sequence[WordPoint]) -> Table:
    """Return the table of word lengths, the modes side by side."""
    at = {(point.weight_bits, point.rounding): point for point in points}
    widths = tuple(dict.fromkeys(point.weight_bits for point in points))
    cells = [
        (
            str(bits),
            f"{at[bits, MODES[0]].stall:.3g}",
            *(cell for mode in MODES for cell in _word_cells(at[bits, mode])),
        )
        for bits in widths
    ]
    headers = (
        "bits of\nweights",
        "stall\nindicator",
        *(f"{name}\n{mode}" for mode in MODES for name in ("excess", "predicted", "stalled")),
    )
    caption = (
        f"Mean square error above the least one at μ = {points[0].step_size:.4g}, bit-true, with its standard error "
        f"over runs; in floating point it is {points[0].floating:.5f}. Predicted: – where nearly all updates are lost. "
        "Stalled: share of the updates that rounding undid."
    )
    return reporting.table("Finite words", headers, cells, caption=caption)


def _word_cells(point: WordPoint) -> tuple[str, str, str]:
    predicted = "–" if point.predicted is None else f"{point.predicted:.5f}"
    return f"{point.excess:.5f} ± {point.error:.5f}", predicted, reporting.percent(point.stalled, digits=1)
