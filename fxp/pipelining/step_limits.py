"""How large the step size of LMS may be at a clock period, and how fast the clock may be for a step size."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, TypedDict

from fxp.arguments import POSITIVE, one, reals
from fxp.lms.limits import mean_step_limit
from fxp.lms.tiers import Tier, step_limit
from fxp.pipelining.clocks import critical_path, iteration_bound
from fxp.pipelining.flow_graphs import exact_time
from fxp.pipelining.lms_graphs import lms_graph
from fxp.pipelining.loop_delays import min_loop_delay
from fxp.pipelining.retiming import min_period, retime
from fxp.processes import Process, require_process

if TYPE_CHECKING:
    import networkx

__all__ = ["ClockedStepLimit", "clock_step_tradeoff", "fastest_clock", "step_limit_at_clock"]


class _Design(TypedDict):
    """What a predictor's graph depends on, besides its delay."""

    taps: int
    multiplier_delay: float | Fraction
    adder_delay: float | Fraction
    adders: Literal["chain", "tree"]
    step: Literal["multiplier", "shift"]


@dataclass(frozen=True)
class ClockedStepLimit:
    """What a clock period leaves of the step size of an LMS predictor.

    Parameters
    ----------
    period : Fraction
        Clock period that was asked for, in the unit of the delays.
    delay : int
        Least delay D of the update with which retiming reaches it, clock periods.
    critical_path : Fraction
        Of the predictor with that delay before a register is moved: its clock period without retiming.
    iteration_bound : Fraction
        Of the predictor with that delay: no retiming is faster.
    registers : int
        Of the retimed predictor, those that several readers of one unit can share counted once; other places of the
        same period may take fewer.
    mean_limit : float
        Step size below which the mean of the weights converges, for independent regressors.
    mean_square_limit : float
        Step size below which the mean square of the error stays finite, by `tier`.
    tier : Tier
        What `mean_square_limit` rests on; ``tier.assumption`` says it in words.
    """

    period: Fraction
    delay: int
    critical_path: Fraction
    iteration_bound: Fraction
    registers: int
    mean_limit: float
    mean_square_limit: float
    tier: Tier

    @property
    def mean_tier(self) -> str:
        """What `mean_limit` rests on."""
        return "independent regressors"


def step_limit_at_clock(
    process: Process,
    taps: int,
    period: float | Fraction,
    *,
    multiplier_delay: float | Fraction,
    adder_delay: float | Fraction,
    adders: Literal["chain", "tree"] = "chain",
    step: Literal["multiplier", "shift"] = "multiplier",
    tier: Tier | str = Tier.GAUSSIAN,
) -> ClockedStepLimit:
    r"""Return the least delay that a clock period needs, and the limits of the step size at that delay (as its tier).

    .. math:: D = \min\{D : T_{\min}(D) \le T\}, \qquad \mu < \frac{2}{\lambda_{\max}} \sin \frac{\pi}{2(2D+1)}

    The delay that retiming spreads over the loop is the delay of the update: a faster clock has a smaller step size.
    D is exact. So is the limit of the mean for independent regressors; that of the mean square, the smaller one, is
    what its tier is. By the operator a longer delay than the least may leave a larger step size.

    Assumptions: those of :func:`fxp.retime` and of :func:`fxp.mean_step_limit`, and those of the tier.

    Parameters
    ----------
    process : Process
        What is predicted.
    taps : int
        Number N of weights, at least 1.
    period : float or Fraction
        Clock period T, at least the time of the slowest unit.
    multiplier_delay, adder_delay : float or Fraction
        Times T_M and T_A, as for :func:`fxp.lms_graph`.
    adders : {"chain", "tree"}
        As for :func:`fxp.lms_graph`.
    step : {"multiplier", "shift"}
        As for :func:`fxp.lms_graph`.
    tier : Tier or str
        What the limit of the mean square rests on, as for :func:`fxp.step_limit`: "gaussian", unless told; "operator"
        is exact for the delay line of a moving average, and slow with many taps.

    Returns
    -------
    ClockedStepLimit
        Delay, paths, registers and limits; limits in 1 over the unit of x².

    Raises
    ------
    TypeError
        `process` is not a Process.
    ValueError
        An argument is out of range, another word, or no delay reaches the period.

    References
    ----------
    Derivation: :ref:`derivation-mean_step_at_multiplier_clock`.

    Examples
    --------
    >>> process = Process([0.1, 0.5, -0.5, 0.1])
    >>> for period in (34, 20, 12, 10):
    ...     found = step_limit_at_clock(process, 3, period, multiplier_delay=10, adder_delay=1)
    ...     print(found.period, found.delay, round(found.mean_limit, 3), round(found.mean_square_limit, 3))
    34 0 2.289 0.659
    20 1 1.145 0.478
    12 2 0.707 0.379
    10 4 0.398 0.268
    """
    design = _design(process, taps, multiplier_delay, adder_delay, adders, step)
    return _at(process, design, exact_time("period", period), tier)


def clock_step_tradeoff(
    process: Process,
    taps: int,
    *,
    multiplier_delay: float | Fraction,
    adder_delay: float | Fraction,
    adders: Literal["chain", "tree"] = "chain",
    step: Literal["multiplier", "shift"] = "multiplier",
    tier: Tier | str = Tier.GAUSSIAN,
) -> tuple[ClockedStepLimit, ...]:
    """Return all clock periods that a longer delay makes shorter, with their limits of the step size (as their tier).

    The first is that of retiming without a delay, the last that of the slowest unit, which no delay makes faster. A
    clock period between two of them needs the delay of the shorter one.

    Parameters
    ----------
    process, taps, multiplier_delay, adder_delay, adders, step, tier
        As for :func:`fxp.step_limit_at_clock`.

    Returns
    -------
    tuple of ClockedStepLimit
        Periods fall, delays rise.

    Raises
    ------
    TypeError, ValueError
        As :func:`fxp.step_limit_at_clock`.

    References
    ----------
    Derivation: :ref:`derivation-mean_step_at_multiplier_clock`.

    Examples
    --------
    >>> process = Process([0.1, 0.5, -0.5, 0.1])
    >>> for each in clock_step_tradeoff(process, 3, multiplier_delay=10, adder_delay=1):
    ...     print(each.period, each.delay, round(each.mean_square_limit, 3))
    34 0 0.659
    20 1 0.478
    12 2 0.379
    11 3 0.314
    10 4 0.268
    """
    design = _design(process, taps, multiplier_delay, adder_delay, adders, step)
    return tuple(_at(process, design, period, tier) for period in _periods(design))


def fastest_clock(
    process: Process,
    taps: int,
    step_size: float,
    *,
    multiplier_delay: float | Fraction,
    adder_delay: float | Fraction,
    adders: Literal["chain", "tree"] = "chain",
    step: Literal["multiplier", "shift"] = "multiplier",
    tier: Tier | str = Tier.GAUSSIAN,
) -> ClockedStepLimit:
    """Return the shortest clock period at which a step size is below both limits, with these (as their tier).

    Parameters
    ----------
    process : Process
        As for :func:`fxp.step_limit_at_clock`, and so are the arguments that are not listed here.
    taps : int
        Number of weights, at least 1.
    step_size : float
        μ, positive, in 1 over the unit of x².
    multiplier_delay, adder_delay, adders, step, tier
        As for :func:`fxp.step_limit_at_clock`.

    Returns
    -------
    ClockedStepLimit
        One of those of :func:`fxp.clock_step_tradeoff`.

    Raises
    ------
    TypeError, ValueError
        As :func:`fxp.step_limit_at_clock`; or the step size is not below the limits of any clock period.

    References
    ----------
    Derivation: :ref:`derivation-mean_step_at_multiplier_clock`.

    Examples
    --------
    >>> process = Process([0.1, 0.5, -0.5, 0.1])
    >>> found = fastest_clock(process, 3, 0.35, multiplier_delay=10, adder_delay=1)
    >>> print(found.period, found.delay, round(found.mean_square_limit, 3))
    12 2 0.379
    """
    size = one("step_size", reals("step_size", step_size, minimum=POSITIVE, remedy="give μ"))
    design = _design(process, taps, multiplier_delay, adder_delay, adders, step)
    largest = 0.0
    for period in reversed(_periods(design)):
        found = _at(process, design, period, tier)
        limit = min(found.mean_limit, found.mean_square_limit)
        if size < limit:
            return found
        largest = max(largest, limit)
    raise ValueError(
        f"step_size={step_size} is not below {largest:.7g}, the largest limit of any clock period: take a smaller one"
    )


def _design(
    process: Process,
    taps: int,
    multiplier_delay: float | Fraction,
    adder_delay: float | Fraction,
    adders: Literal["chain", "tree"],
    step: Literal["multiplier", "shift"],
) -> _Design:
    """Return what graphs depend on, once the process is known to be one."""
    require_process(process)
    return _Design(taps=taps, multiplier_delay=multiplier_delay, adder_delay=adder_delay, adders=adders, step=step)


def _at(process: Process, design: _Design, period: Fraction, tier: Tier | str) -> ClockedStepLimit:
    delay = min_loop_delay(lms_graph(**design), period)
    graph = lms_graph(**design, delay=delay)
    R = process.correlation_matrix(design["taps"])
    limit = step_limit(process, design["taps"], delay=delay, tier=tier)
    return ClockedStepLimit(
        period,
        delay,
        critical_path(graph),
        iteration_bound(graph),
        _shared_registers(retime(graph, period)),
        float(mean_step_limit(R, delay=delay)),
        limit.step_size,
        limit.tier,
    )


def _periods(design: _Design) -> list[Fraction]:
    """Return the shortest periods of delays from none on, each shorter than those before, to that of the slowest unit.

    The loops without the delay are those of the accumulators, of one addition each.
    """
    multiplier_delay = exact_time("multiplier_delay", design["multiplier_delay"])
    shortest = max(multiplier_delay, exact_time("adder_delay", design["adder_delay"]))
    enough = min_loop_delay(lms_graph(**design), shortest)
    periods = [min_period(lms_graph(**design, delay=delay)).period for delay in range(enough + 1)]
    return sorted(set(periods), reverse=True)


def _shared_registers(graph: networkx.DiGraph) -> int:
    """Return the registers of a graph in which all readers of a unit tap one row of registers behind it."""
    return sum(max((each for *_, each in graph.out_edges(unit, data="registers")), default=0) for unit in graph)
