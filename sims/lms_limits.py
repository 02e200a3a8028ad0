"""Step-size limits of LMS predictors, delay by delay, by every rule that there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rich.table import Table

import fxp
from sims import reporting
from sims.ensembles import Regressors
from sims.lms_predictions import DRIVES, exact_moments, process_of
from sims.lms_work import worked
from sims.reporting import Report

__all__ = ["Limits", "limits", "limits_table"]

ITERATIONS = 4000  # of the 64 runs of an estimate
FALSE_ALARM = 0.05
LAWS = {"gaussian": "Gaussian", "uniform": "uniform", "sign": "±1"}


@dataclass(frozen=True)
class Limits:
    """Limits of the step size at one delay.

    Parameters
    ----------
    delay : int
        D.
    mean : float
        Of the mean of the weights.
    small_step : float
        Rule that needs the power of the regressor alone.
    gaussian : float
        Of the mean square, independent Gaussian regressors, closed form.
    independent_operator : float or None
        The same from exact moments; None where there are none.
    operators : dict of str to float or None
        Of the mean square with the regressors of the delay line, by law of the draws.
    almost_sure : fxp.AlmostSureLimit
        Beyond, single runs grow: of the delay line, with Gaussian draws; an estimate with its interval.
    """

    delay: int
    mean: float
    small_step: float
    gaussian: float
    independent_operator: float | None
    operators: dict[str, float | None]
    almost_sure: fxp.AlmostSureLimit

    @property
    def relative_difference(self) -> float | None:
        """Of the operator for independent regressors from the closed form."""
        return None if self.independent_operator is None else abs(self.independent_operator / self.gaussian - 1)


def limits(
    process: fxp.Process,
    taps: int,
    delays: Sequence[int],
    *,
    factor: int = 1,
    seed: int = 0,
    report: Report = lambda *_: None,
) -> tuple[Limits, ...]:
    """Return the limits at each delay.

    Parameters
    ----------
    process : fxp.Process
        Its coefficients; the draws are those of each law in turn.
    taps : int
        Weights.
    delays : sequence of int
        Iterations by which the update is late.
    factor : {1, 2}
        Of the update.
    seed : int
        Of the estimate of the almost-sure limit.
    report : callable
        Called with what is done, how many of it, and of how many.

    Examples
    --------
    >>> (row,) = limits(fxp.Process([0.1, 0.5, -0.5, 0.1]), 3, [5])
    >>> round(row.gaussian, 4), round(row.operators["gaussian"], 4), row.relative_difference < 1e-9
    (0.2339, 0.1799, True)
    """
    return worked(delays, lambda delay: _row(process, taps, delay, factor, seed), "limits", report)


def _row(process: fxp.Process, taps: int, delay: int, factor: int, seed: int) -> Limits:
    R, laws = process.correlation_matrix(taps), {law: _with(process, law) for law in DRIVES}
    return Limits(
        delay,
        float(fxp.mean_step_limit(R, delay=delay, factor=factor)),
        float(fxp.small_step_limit(R, delay=delay, factor=factor)),
        float(fxp.mean_square_step_limit(R, delay=delay, factor=factor)),
        _operator_limit(laws["gaussian"], taps, delay, Regressors.INDEPENDENT, factor),
        {law: _operator_limit(laws[law], taps, delay, Regressors.DELAY_LINE, factor) for law in ("gaussian", "sign")},
        fxp.almost_sure_step_limit(
            laws["gaussian"],
            taps,
            rng=np.random.default_rng((seed, delay)),
            delay=delay,
            factor=factor,
            iterations=ITERATIONS,
            false_alarm=FALSE_ALARM,
        ),
    )


def _with(process: fxp.Process, law: str) -> fxp.Process:
    return process_of(process.moving_average, process.autoregressive, law)


def _operator_limit(process: fxp.Process, taps: int, delay: int, regressors: Regressors, factor: int) -> float | None:
    operator = exact_moments(process, taps, delay, regressors)
    return None if operator is None else operator.step_limit(factor=factor)


def limits_table(rows: Sequence[Limits], textbook: float) -> Table:
    """Return the table of limits, a row a delay.

    Parameters
    ----------
    rows : sequence of Limits
        Of :func:`limits`.
    textbook : float
        2/tr R, for the caption.
    """
    cells = [
        (
            str(row.delay),
            f"{row.mean:.4f}",
            f"{row.small_step:.4f}",
            f"{row.gaussian:.4f}",
            "–" if row.relative_difference is None else f"{row.relative_difference:.0e}",
            *(_number(limit) for limit in row.operators.values()),
            f"{row.almost_sure.step_size:.3f} ± {(row.almost_sure.high - row.almost_sure.low) / 2:.3f}",
        )
        for row in rows
    ]
    headers = (
        "delay\nD",
        "mean of\nthe weights",
        "rule of the\npower alone",
        "independent\nGaussian",
        "… its moments,\nrel. difference",
        *(f"delay line,\n{LAWS[law]} draws" for law in rows[0].operators),
        "… almost\nall runs",
    )
    caption = (
        "Step sizes below which the mean of the weights, or (other columns) the mean square of the error, converges. "
        f"The textbooks' limit 2/tr R is {textbook:.4f}. Independent regressors: closed form, and how far that of the "
        "exact moments is from it. Delay line: what a predictor has, by exact moments (– where there are none); the "
        "last column, below which almost every single run settles, is an estimate with its 95 % interval."
    )
    return reporting.table("Limits of the step size", headers, cells, caption=caption)


def _number(limit: float | None) -> str:
    return "–" if limit is None else f"{limit:.4f}"
