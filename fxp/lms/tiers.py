"""Step-size limits and misadjustment of delayed LMS predictors, each with the tier that it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

import numpy as np

from fxp.arguments import one, require_word
from fxp.lms.certificates import require_certified
from fxp.lms.limits import mean_square_step_limit
from fxp.lms.modes import delays
from fxp.lms.moments import moment_operator
from fxp.lms.rules import small_step_limit, small_step_misadjustment
from fxp.lms.spectra import update_steps
from fxp.lms.steady_state import misadjustment
from fxp.processes import Process, require_process

__all__ = ["LmsMisadjustment", "StepLimit", "Tier", "lms_misadjustment", "operator_step_limit", "step_limit"]


class Tier(StrEnum):
    """What a prediction for LMS rests on, from the roughest to the exact one."""

    SMALL_STEP = "small_step"
    GAUSSIAN = "gaussian"
    OPERATOR = "operator"

    @property
    def assumption(self) -> str:
        """What it assumes, in words."""
        return {
            Tier.SMALL_STEP: "independent Gaussian regressors, of which one mode has the whole power; small steps",
            Tier.GAUSSIAN: "independent Gaussian regressors",
            Tier.OPERATOR: "none but a moving average of independent draws: the delay line as it is",
        }[self]


@dataclass(frozen=True)
class StepLimit:
    """Step size below which the mean square of LMS converges.

    Parameters
    ----------
    step_size : float
        μ of the update w + f·μ·e·x.
    tier : Tier
        What it rests on; ``tier.assumption`` says it in words.
    """

    step_size: float
    tier: Tier


@dataclass(frozen=True)
class LmsMisadjustment:
    """Excess of the mean square error of LMS over the least, in steady state.

    Parameters
    ----------
    ratio : float
        To the mean square error of the optimal weights.
    tier : Tier
        What it rests on; ``tier.assumption`` says it in words.
    """

    ratio: float
    tier: Tier


def step_limit(
    process: Process, taps: int, *, delay: int = 0, factor: int = 1, tier: Tier | str = Tier.OPERATOR
) -> StepLimit:
    """Return the step size below which the mean square of delayed LMS prediction converges (exact: tier "operator").

    The other tiers take the regressors for independent of one another and Gaussian, which those of a delay line are
    not. They may be above the exact limit or below it.

    Parameters
    ----------
    process : Process
        Input.
    taps : int
        N, at least 1.
    delay : int
        Iterations D by which the update is late, at least 0.
    factor : {1, 2}
        f of the update w + f·μ·e·x.
    tier : Tier or str
        "operator": :func:`fxp.moment_operator`; "gaussian": :func:`fxp.mean_square_step_limit`; "small_step":
        :func:`fxp.small_step_limit`.

    Returns
    -------
    StepLimit
        With its tier.

    Raises
    ------
    TypeError
        `process` is not a Process.
    ValueError
        An argument is out of range; or the process has an autoregressive part, at tier "operator".

    Examples
    --------
    >>> process = Process([0.1, 0.5, -0.5, 0.1])
    >>> for tier in Tier:
    ...     print(f"{step_limit(process, 3, delay=5, tier=tier).step_size:.4f}  {tier.assumption}")
    0.1344  independent Gaussian regressors, of which one mode has the whole power; small steps
    0.2339  independent Gaussian regressors
    0.1799  none but a moving average of independent draws: the delay line as it is
    """
    require_process(process)
    chosen = _tier(tier)
    if chosen is Tier.OPERATOR:
        return StepLimit(operator_step_limit(process, taps, delay=delay, factor=factor), chosen)
    late = one("delay", delays(delay))
    limit = small_step_limit if chosen is Tier.SMALL_STEP else mean_square_step_limit
    return StepLimit(float(limit(process.correlation_matrix(taps), delay=late, factor=factor)), chosen)


def operator_step_limit(process: Process, taps: int, *, delay: int = 0, factor: int = 1) -> float:
    """Return the step size below which the mean square of a delayed LMS predictor converges (exact).

    Parameters
    ----------
    process : Process
        Input, a moving average.
    taps : int
        N, at least 1.
    delay : int
        Iterations D by which the update is late, at least 0.
    factor : {1, 2}
        f of the update w + f·μ·e·x.

    Returns
    -------
    float
        That of :meth:`fxp.MomentOperator.step_limit`.

    Raises
    ------
    TypeError, ValueError
        As :func:`fxp.moment_operator`.

    Examples
    --------
    >>> from fxp import Signal
    >>> signs = Process([0.1, 0.5, -0.5, 0.1], drive=Signal.from_samples([-1, 1]))
    >>> round(operator_step_limit(signs, 3), 4)
    0.7991
    """
    return moment_operator(process, taps, delay=delay).step_limit(factor=factor)


def lms_misadjustment(
    process: Process,
    taps: int,
    step_size: float,
    *,
    delay: int = 0,
    factor: int = 1,
    tier: Tier | str = Tier.OPERATOR,
    outside: Literal["raise", "warn"] = "raise",
) -> LmsMisadjustment:
    """Return the excess mean square error of a delayed LMS predictor, in steady state (exact at tier "operator").

    Parameters
    ----------
    process : Process
        Input.
    taps : int
        N, at least 1.
    step_size : float
        μ of the update w + f·μ·e·x, positive, below the limit of the tier.
    delay : int
        Iterations D by which the update is late, at least 0.
    factor : {1, 2}
        f of the update.
    tier : Tier or str
        "operator": :meth:`fxp.MomentOperator.misadjustment`; "gaussian": :func:`fxp.misadjustment`; "small_step":
        :func:`fxp.small_step_misadjustment`.
    outside : {"raise", "warn"}
        What to do about a step size that is not below the limit of the tier.

    Returns
    -------
    LmsMisadjustment
        With its tier; infinite outside of the limit.

    Raises
    ------
    TypeError
        `process` is not a Process.
    ValueError
        An argument is out of range; or the process has an autoregressive part, at tier "operator".

    Warns
    -----
    RuntimeWarning
        The step size is not below the limit, and `outside` is "warn".

    Examples
    --------
    >>> process = Process([0.1, 0.5, -0.5, 0.1])
    >>> [round(lms_misadjustment(process, 3, 0.05, delay=5, tier=tier).ratio, 4) for tier in Tier]
    [0.039, 0.0507, 0.0505]
    """
    require_process(process)
    chosen, late = _tier(tier), one("delay", delays(delay))
    if chosen is Tier.OPERATOR:
        operator = moment_operator(process, taps, delay=late)
        return LmsMisadjustment(operator.misadjustment(step_size, factor=factor, outside=outside), chosen)
    matrix, step = process.correlation_matrix(taps), one("step_size", update_steps(step_size, 1))
    if chosen is Tier.GAUSSIAN:
        excess = misadjustment(matrix, step, delay=late, factor=factor, outside=outside)
        return LmsMisadjustment(float(excess), chosen)
    limit = step_limit(process, taps, delay=late, factor=factor, tier=chosen).step_size
    below = require_certified(np.array(step), np.array(limit), named="limit of small steps", outside=outside)
    return LmsMisadjustment(float(small_step_misadjustment(matrix, step, factor=factor)) if below else np.inf, chosen)


def _tier(tier: Tier | str) -> Tier:
    require_word("tier", tier, Tier)
    return Tier(tier)
