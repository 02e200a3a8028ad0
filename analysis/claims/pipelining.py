"""Claims on pipelines: paths, loops and clocks of LMS predictors, and what moving registers keeps."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import pairwise
from typing import Final, Literal

import networkx
import numpy as np
import sympy as sp
from numpy.typing import NDArray
from scipy.optimize import brentq

from analysis import pipelining
from analysis.claims.claim import Claim, Prediction
from analysis.derivation import Derivation
from analysis.domain import Choice, Integers
from fxp import (
    Process,
    critical_path,
    iteration_bound,
    latency,
    lms_graph,
    loop_delay_regions,
    mean_square_step_limit,
    mean_step_limit,
    min_loop_delay,
    min_period,
    retime,
    step_limit_at_clock,
    throughput,
)

__all__ = ["CLAIMS"]

Adders = Literal["chain", "tree"]
StepUnit = Literal["multiplier", "shift"]
Lags = NDArray[np.int64]

TIMES = {"multiplier_delay": Integers(1, 24), "adder_delay": Integers(1, 6)}
SLOW_MULTIPLIER = {"multiplier_delay": Integers(6, 24), "adder_delay": Integers(1, 3)}
TAPS = {"taps": Integers(1, 9)}
FEW_TAPS = {"taps": Integers(1, 4)}
ADDERS = {"adders": Choice("chain", "tree")}
STEP = {"step": Choice("multiplier", "shift")}
DELAYED = {"delay": Integers(1, 5)}
PROCESSES = {
    "process": Choice(Process((1.0,)), Process((0.1, 0.5, -0.5, 0.1)), Process((1.0, 0.9, 0.8)), Process((2.0, -1.0)))
}


@dataclass(frozen=True, eq=False)
class _Design:
    """An LMS predictor with the least delay for a clock, as drawn and retimed."""

    name: str
    before: networkx.DiGraph
    after: networkx.DiGraph

    def __str__(self) -> str:
        return self.name


def _design(taps: int, adders: Adders, step: StepUnit, ratio: int, period: int) -> _Design:
    """Return a design with T_M/T_A = `ratio` and a clock period of so many additions."""
    delay = min_loop_delay(_graph(taps, ratio, 1, adders, step), period)
    graph = _graph(taps, ratio, 1, adders, step, delay)
    name = f"{taps} taps, {adders}, {step}, T_M/T_A = {ratio}, period {period}, D = {delay}"
    return _Design(name, graph, retime(graph, period))


def _graph(
    taps: int, multiplier_delay: int, adder_delay: int, adders: Adders, step: StepUnit, delay: int = 0
) -> networkx.DiGraph:
    return lms_graph(
        taps=taps, multiplier_delay=multiplier_delay, adder_delay=adder_delay, adders=adders, step=step, delay=delay
    )


def _adders_in_a_row(taps: int, adders: Adders) -> int:
    return taps - 1 if adders == "chain" else (taps - 1).bit_length()


def _multiplications(step: StepUnit) -> int:
    return 3 if step == "multiplier" else 2


DESIGNS = Choice(
    _design(1, "chain", "multiplier", 4, 4),
    _design(3, "chain", "multiplier", 10, 10),
    _design(3, "chain", "shift", 2, 2),
    _design(4, "tree", "multiplier", 3, 4),
    _design(5, "chain", "multiplier", 1, 1),
    _design(6, "tree", "shift", 5, 7),
)


def _path_chain(taps: int, multiplier_delay: int, adder_delay: int, step: StepUnit) -> float:
    return float(critical_path(_graph(taps, multiplier_delay, adder_delay, "chain", step)))


def _path_tree(taps: int, multiplier_delay: int, adder_delay: int, step: StepUnit) -> float:
    return float(critical_path(_graph(taps, multiplier_delay, adder_delay, "tree", step)))


def _latency(taps: int, multiplier_delay: int, adder_delay: int, adders: Adders) -> float:
    return float(latency(_graph(taps, multiplier_delay, adder_delay, adders, "multiplier"), "tap 1", "y"))


def _throughput(taps: int, multiplier_delay: int, adder_delay: int, adders: Adders, step: StepUnit) -> float:
    return float(throughput(_graph(taps, multiplier_delay, adder_delay, adders, step)))


def _delayed_chain(taps: int, multiplier_delay: int, adder_delay: int, step: StepUnit, delay: int) -> float:
    return float(critical_path(_graph(taps, multiplier_delay, adder_delay, "chain", step, delay)))


def _delayed_tree(taps: int, multiplier_delay: int, adder_delay: int, step: StepUnit, delay: int) -> float:
    return float(critical_path(_graph(taps, multiplier_delay, adder_delay, "tree", step, delay)))


def _bound(taps: int, multiplier_delay: int, adder_delay: int, adders: Adders, step: StepUnit, delay: int) -> float:
    return float(iteration_bound(_graph(taps, multiplier_delay, adder_delay, adders, step, delay)))


def _loop_registers(taps: int, adders: Adders, delay: int) -> int:
    graph = _graph(taps, 2, 1, adders, "multiplier", delay)
    retimed = retime(graph, min_period(graph).period)
    loop = [f"weight {taps}", f"product {taps}", "error", "step", f"update {taps}", f"weight {taps}"]
    legs = (networkx.shortest_path(retimed, *ends) for ends in pairwise(loop))
    return sum(retimed.edges[edge]["registers"] for leg in legs for edge in pairwise(leg))


def _lags(design: _Design) -> Lags:
    lags = dict(design.after.nodes(data="lag"))
    return np.array([lags["y"] - lags["x"], lags["error"] - lags["x"]])


def _ring_period(units: int, registers: int, unit_delay: int) -> float:
    ring = networkx.DiGraph()
    ring.add_nodes_from(range(units), delay=unit_delay)
    networkx.add_cycle(ring, range(units), registers=0)
    ring.edges[units - 1, 0]["registers"] = registers
    return float(min_period(ring).period)


def _two_delays(taps: int, multiplier_delay: int, adder_delay: int, adders: Adders) -> float:
    return float(min_period(_graph(taps, multiplier_delay, adder_delay, adders, "multiplier", 2)).period)


def _loop_delay(taps: int, multiplier_delay: int, adder_delay: int, adders: Adders, step: StepUnit) -> int:
    return min_loop_delay(_graph(taps, multiplier_delay, adder_delay, adders, step), multiplier_delay)


def _delay_of_three_taps(additions: int, step: StepUnit) -> int:
    regions = loop_delay_regions(taps=3, step=step)
    return next(each.delay for each in reversed(regions) if each.low <= additions)


def _step_at_clock(
    process: Process, taps: int, multiplier_delay: int, adder_delay: int, adders: Adders, step: StepUnit
) -> float:
    return step_limit_at_clock(
        process,
        taps,
        multiplier_delay,
        multiplier_delay=multiplier_delay,
        adder_delay=adder_delay,
        adders=adders,
        step=step,
    ).mean_limit


def _derived_step_at_clock(
    process: Process, taps: int, multiplier_delay: int, adder_delay: int, adders: Adders, step: StepUnit
) -> float:
    largest = float(np.linalg.eigvalsh(process.correlation_matrix(taps))[-1])
    times = {"T_M": multiplier_delay, "T_A": adder_delay, "s": int(step == "multiplier")}
    values = {"A": _adders_in_a_row(taps, adders), "lambda": largest, **times}
    return pipelining.mean_step_at_multiplier_clock().value(**values)


def _two_taps_at_clock(process: Process, multiplier_delay: int, adder_delay: int, step: StepUnit) -> float:
    return step_limit_at_clock(
        process, 2, multiplier_delay, multiplier_delay=multiplier_delay, adder_delay=adder_delay, step=step
    ).mean_square_limit


def _derived_two_taps(process: Process, multiplier_delay: int, adder_delay: int, step: StepUnit) -> float:
    """Return the step size at which the derivation's gain is one, below where it has its pole."""
    times = {"T_M": multiplier_delay, "T_A": adder_delay, "s": int(step == "multiplier")}
    values = np.linalg.eigvalsh(process.correlation_matrix(2))
    pole = float(
        mean_step_limit([[values[-1]]], delay=_loop_delay(2, multiplier_delay, adder_delay, "chain", step) + 1)
    )

    gain = sp.lambdify(
        ["theta_1", "theta_2", "T_M", "T_A", "s"], pipelining.mean_square_step_at_multiplier_clock().result
    )

    def excess(step_size: float) -> float:
        return float(gain(*np.arcsin(step_size * values / 2), **times)) - 1

    return float(brentq(excess, 0.01 * pole, (1 - 1e-9) * pole, xtol=1e-15))


def _derived_latency(taps: int, multiplier_delay: int, adder_delay: int, adders: Adders) -> float:
    row = _adders_in_a_row(taps, adders)
    return pipelining.lms_latency().value(A=row, T_M=multiplier_delay, T_A=adder_delay)


def _derived_throughput(taps: int, multiplier_delay: int, adder_delay: int, adders: Adders, step: StepUnit) -> float:
    row, s = _adders_in_a_row(taps, adders), int(step == "multiplier")
    return pipelining.lms_throughput().value(A=row, T_M=multiplier_delay, T_A=adder_delay, s=s)


def _derived_delay_of_three_taps(additions: int, step: StepUnit) -> float:
    return pipelining.loop_delay_of_three_taps().value(T_M=additions, T_A=1, s=int(step == "multiplier"))


def _derived_path(derive: Callable[[], Derivation]) -> Prediction:
    """Return the closed form of a critical path, where the delay does not occur."""

    def value(taps: int, multiplier_delay: int, adder_delay: int, step: StepUnit, delay: int = 0) -> float:
        del delay
        return derive().value(N=taps, T_M=multiplier_delay, T_A=adder_delay, s=int(step == "multiplier"))

    return value


def _derived_bound(
    taps: int, multiplier_delay: int, adder_delay: int, adders: Adders, step: StepUnit, delay: int
) -> float:
    row = _adders_in_a_row(taps, adders)
    return pipelining.lms_iteration_bound().value(
        A=row, T_M=multiplier_delay, T_A=adder_delay, s=int(step == "multiplier"), D=delay
    )


def _derived_registers(taps: int, adders: Adders, delay: int) -> float:
    del taps, adders
    return pipelining.loop_registers().value(D=delay)


def _derived_lags(design: _Design) -> Lags:
    lags = dict(design.after.nodes(data="lag"))
    return np.array([pipelining.retimed_codes().value(r_x=lags["x"], r_y=lags[name]) for name in ("y", "error")])


def _derived_ring(units: int, registers: int, unit_delay: int) -> float:
    return pipelining.ring_period().value(n=units, R=registers, d=unit_delay)


def _derived_two_delays(taps: int, multiplier_delay: int, adder_delay: int, adders: Adders) -> float:
    row = _adders_in_a_row(taps, adders)
    return pipelining.period_with_two_delays().value(A=row, T_M=multiplier_delay, T_A=adder_delay)


def _derived_loop_delay(taps: int, multiplier_delay: int, adder_delay: int, adders: Adders, step: StepUnit) -> float:
    row = _adders_in_a_row(taps, adders)
    return pipelining.loop_delay_at_multiplier_clock().value(
        A=row, T_M=multiplier_delay, T_A=adder_delay, s=int(step == "multiplier")
    )


def _without_accumulator(taps: int, multiplier_delay: int, adder_delay: int, step: StepUnit) -> float:
    """Ends at the update: leaves out the accumulator's addition."""
    return _path_chain(taps, multiplier_delay, adder_delay, step) - adder_delay


def _an_adder_a_product(taps: int, multiplier_delay: int, adder_delay: int, step: StepUnit) -> float:
    """Takes an adder for each product: the first two share one."""
    return _path_chain(taps, multiplier_delay, adder_delay, step) + adder_delay


def _step_always_multiplies(taps: int, multiplier_delay: int, adder_delay: int, step: StepUnit) -> float:
    """Takes a shift for a multiplier."""
    return _path_chain(taps, multiplier_delay, adder_delay, step) + (step == "shift") * multiplier_delay


def _tree_as_chain(taps: int, multiplier_delay: int, adder_delay: int, step: StepUnit) -> float:
    """Takes N − 1 adders in a row, as in a chain."""
    return _path_chain(taps, multiplier_delay, adder_delay, step)


def _level_too_few(taps: int, multiplier_delay: int, adder_delay: int, step: StepUnit) -> float:
    """Takes ⌊log2 N⌋ levels."""
    excess = (taps - 1).bit_length() - taps.bit_length() + 1
    return _path_tree(taps, multiplier_delay, adder_delay, step) - excess * adder_delay


def _adder_a_tap(taps: int, multiplier_delay: int, adder_delay: int, adders: Adders) -> float:
    """Takes an adder for each product: the first two share one."""
    return _latency(taps, multiplier_delay, adder_delay, adders) + adder_delay


def _always_a_chain(taps: int, multiplier_delay: int, adder_delay: int, adders: Adders) -> float:
    """Takes the adders of a tree in a row."""
    del adders
    return _latency(taps, multiplier_delay, adder_delay, "chain")


def _to_the_update(taps: int, multiplier_delay: int, adder_delay: int, adders: Adders) -> float:
    """Takes the critical path for the latency: the prediction waits for no update."""
    return _path_chain(taps, multiplier_delay, adder_delay, "multiplier") - adder_delay * (
        taps - 1 - _adders_in_a_row(taps, adders)
    )


def _sample_a_prediction(taps: int, multiplier_delay: int, adder_delay: int, adders: Adders, step: StepUnit) -> float:
    """Takes a sample each latency: the next prediction waits for the update of the weights."""
    del step
    return 1 / _latency(taps, multiplier_delay, adder_delay, adders)


def _sample_a_unit(taps: int, multiplier_delay: int, adder_delay: int, adders: Adders, step: StepUnit) -> float:
    """Takes a sample each time of the slowest unit, as if registers could be put into the loop."""
    del taps, adders, step
    return 1 / max(multiplier_delay, adder_delay)


def _chain_not_cut(taps: int, multiplier_delay: int, adder_delay: int, step: StepUnit, delay: int) -> float:
    """Takes the path as if the delay had no registers."""
    del delay
    return _path_chain(taps, multiplier_delay, adder_delay, step)


def _chain_cut_evenly(taps: int, multiplier_delay: int, adder_delay: int, step: StepUnit, delay: int) -> float:
    """Cuts the path in 1 + D equal parts: without retiming the registers stand in one place."""
    return _path_chain(taps, multiplier_delay, adder_delay, step) / (1 + delay)


def _tree_not_cut(taps: int, multiplier_delay: int, adder_delay: int, step: StepUnit, delay: int) -> float:
    """Takes the path as if the delay had no registers."""
    del delay
    return _path_tree(taps, multiplier_delay, adder_delay, step)


def _tree_cut_evenly(taps: int, multiplier_delay: int, adder_delay: int, step: StepUnit, delay: int) -> float:
    """Cuts the path in 1 + D equal parts: without retiming the registers stand in one place."""
    return _path_tree(taps, multiplier_delay, adder_delay, step) / (1 + delay)


def _critical_path_as_bound(
    taps: int, multiplier_delay: int, adder_delay: int, adders: Adders, step: StepUnit, delay: int
) -> float:
    """Takes the critical path for the bound: registers can be moved."""
    return float(critical_path(_graph(taps, multiplier_delay, adder_delay, adders, step, delay)))


def _registers_ignored(
    taps: int, multiplier_delay: int, adder_delay: int, adders: Adders, step: StepUnit, delay: int
) -> float:
    """Takes the time of the slowest loop, whatever its registers."""
    del delay
    return float(critical_path(_graph(taps, multiplier_delay, adder_delay, adders, step)))


def _weight_register_forgotten(
    taps: int, multiplier_delay: int, adder_delay: int, adders: Adders, step: StepUnit, delay: int
) -> float:
    """Divides by D instead of 1 + D."""
    time = _registers_ignored(taps, multiplier_delay, adder_delay, adders, step, delay)
    return max(time / max(delay, 1), adder_delay)


def _delay_alone(taps: int, adders: Adders, delay: int) -> int:
    """Forgets the register of the weight."""
    return _loop_registers(taps, adders, delay) - 1


def _registers_as_in_paths(taps: int, adders: Adders, delay: int) -> int:
    """Takes a loop for a path, which retiming may give a register more."""
    return _loop_registers(taps, adders, delay) + 1


def _at_the_same_time(design: _Design) -> Lags:
    """Takes the codes to come when they came before."""
    return np.zeros_like(_lags(design))


def _later_by_the_delay(design: _Design) -> Lags:
    """Takes the codes to come later by the delay of the loop."""
    return np.full(2, design.before.graph["delay"])


def _bound_of_the_ring(units: int, registers: int, unit_delay: int) -> float:
    """Takes the iteration bound n·d/R for the period, as if units could be cut."""
    return float(Fraction(units * unit_delay, registers))


def _shortest_row(units: int, registers: int, unit_delay: int) -> float:
    """Takes ⌊n/R⌋ units between registers: the shortest row, where the longest counts."""
    return float(max(1, units // registers) * unit_delay)


def _bound_with_two_delays(taps: int, multiplier_delay: int, adder_delay: int, adders: Adders) -> float:
    """Takes the iteration bound for the period that retiming reaches."""
    return _bound(taps, multiplier_delay, adder_delay, adders, "multiplier", 2)


def _two_delays_not_retimed(taps: int, multiplier_delay: int, adder_delay: int, adders: Adders) -> float:
    """Takes the critical path without moving a register."""
    return float(critical_path(_graph(taps, multiplier_delay, adder_delay, adders, "multiplier", 2)))


def _period_an_addition(taps: int, multiplier_delay: int, adder_delay: int, adders: Adders, step: StepUnit) -> int:
    """Gives each addition a clock period, however many fit into one: the published 6 of three taps."""
    del multiplier_delay, adder_delay
    return _multiplications(step) + _adders_in_a_row(taps, adders) + 1


def _six_always(additions: int, step: StepUnit) -> int:
    """Takes a clock period for each addition: the published delay for every T_M above T_A."""
    del additions
    return 6 if step == "multiplier" else 5


def _fractions_of_a_period(additions: int, step: StepUnit) -> int:
    """Takes the least delay whose iteration bound is a multiplication: whole registers may not reach it."""
    return _rounded_bound(3, additions, 1, "chain", step)


def _step_without_a_delay(
    process: Process, taps: int, multiplier_delay: int, adder_delay: int, adders: Adders, step: StepUnit
) -> float:
    """Takes the limit without a delay: the clock needs one."""
    del multiplier_delay, adder_delay, adders, step
    return float(mean_step_limit(process.correlation_matrix(taps)))


def _step_of_one_delay_less(
    process: Process, taps: int, multiplier_delay: int, adder_delay: int, adders: Adders, step: StepUnit
) -> float:
    """Takes the limit at one register less: forgets that the accumulator has a clock period too."""
    delay = _loop_delay(taps, multiplier_delay, adder_delay, adders, step) - 1
    return float(mean_step_limit(process.correlation_matrix(taps), delay=delay))


def _step_of_a_period_an_addition(
    process: Process, taps: int, multiplier_delay: int, adder_delay: int, adders: Adders, step: StepUnit
) -> float:
    """Takes the limit at the published delay, which gives each addition a clock period."""
    delay = _period_an_addition(taps, multiplier_delay, adder_delay, adders, step)
    return float(mean_step_limit(process.correlation_matrix(taps), delay=delay))


def _mean_limit_of_two_taps(process: Process, multiplier_delay: int, adder_delay: int, step: StepUnit) -> float:
    """Takes the limit of the mean: the mean square diverges before."""
    return _step_at_clock(process, 2, multiplier_delay, adder_delay, "chain", step)


def _two_taps_without_a_delay(process: Process, multiplier_delay: int, adder_delay: int, step: StepUnit) -> float:
    """Takes the limit without a delay: the clock needs one."""
    del multiplier_delay, adder_delay, step
    return float(mean_square_step_limit(process.correlation_matrix(2)))


def _two_taps_of_one_delay_less(process: Process, multiplier_delay: int, adder_delay: int, step: StepUnit) -> float:
    """Takes the limit at one register less: forgets that the accumulator has a clock period too."""
    delay = _loop_delay(2, multiplier_delay, adder_delay, "chain", step) - 1
    return float(mean_square_step_limit(process.correlation_matrix(2), delay=delay))


def _two_taps_of_a_period_an_addition(
    process: Process, multiplier_delay: int, adder_delay: int, step: StepUnit
) -> float:
    """Takes the limit at the published delay, which gives each addition a clock period."""
    delay = _period_an_addition(2, multiplier_delay, adder_delay, "chain", step)
    return float(mean_square_step_limit(process.correlation_matrix(2), delay=delay))


def _rounded_bound(taps: int, multiplier_delay: int, adder_delay: int, adders: Adders, step: StepUnit) -> int:
    """Takes the delay whose iteration bound is the period: whole registers may not reach it."""
    time = _multiplications(step) * multiplier_delay + (_adders_in_a_row(taps, adders) + 2) * adder_delay
    return -(-time // multiplier_delay) - 1


_claim = partial(Claim.of, unit="units of time", cases=8)


CLAIMS: Final = (
    _claim(
        pipelining.lms_path_chain,
        "Without a delay the last change of an LMS predictor with a chain of adders comes so late after a clock edge.",
        _path_chain,
        derived=_derived_path(pipelining.lms_path_chain),
        domain=TAPS | TIMES | STEP,
        wrong_variants=(_without_accumulator, _an_adder_a_product, _step_always_multiplies),
    ),
    _claim(
        pipelining.lms_path_tree,
        "With a tree of adders it comes so late.",
        _path_tree,
        derived=_derived_path(pipelining.lms_path_tree),
        domain=TAPS | TIMES | STEP,
        wrong_variants=(_tree_as_chain, _level_too_few),
    ),
    _claim(
        pipelining.lms_latency,
        "So long after its clock edge the newest sample has settled in the prediction.",
        _latency,
        derived=_derived_latency,
        domain=TAPS | TIMES | ADDERS,
        wrong_variants=(_adder_a_tap, _always_a_chain, _to_the_update),
    ),
    _claim(
        pipelining.lms_throughput,
        "Without a delay no faster clock leaves the codes right, and this one does.",
        _throughput,
        derived=_derived_throughput,
        unit="samples a unit of time",
        domain=FEW_TAPS | TIMES | ADDERS | STEP,
        wrong_variants=(_sample_a_prediction, _sample_a_unit),
    ),
    _claim(
        pipelining.delayed_path_chain,
        "With a delay of the update, and no register moved, the last change comes so late.",
        _delayed_chain,
        derived=_derived_path(pipelining.delayed_path_chain),
        domain=TAPS | TIMES | STEP | DELAYED,
        wrong_variants=(_chain_not_cut, _chain_cut_evenly),
    ),
    _claim(
        pipelining.delayed_path_tree,
        "With a delay of the update and a tree of adders, and no register moved, the last change comes so late.",
        _delayed_tree,
        derived=_derived_path(pipelining.delayed_path_tree),
        domain=TAPS | TIMES | STEP | DELAYED,
        wrong_variants=(_tree_not_cut, _tree_cut_evenly),
    ),
    _claim(
        pipelining.lms_iteration_bound,
        "An LMS predictor whose units wait for their operands alone takes this long for each error in the long run.",
        _bound,
        derived=_derived_bound,
        domain=TAPS | TIMES | ADDERS | STEP | {"delay": Integers(0, 8)},
        wrong_variants=(_critical_path_as_bound, _registers_ignored, _weight_register_forgotten),
    ),
    _claim(
        pipelining.loop_registers,
        "However registers are moved, a pulse in the error returns to it after 1 + D clock periods.",
        _loop_registers,
        derived=_derived_registers,
        unit="clock periods",
        domain=FEW_TAPS | ADDERS | {"delay": Integers(0, 6)},
        wrong_variants=(_delay_alone, _registers_as_in_paths),
    ),
    _claim(
        pipelining.retimed_codes,
        "A retimed predictor puts out the same codes, later by the difference of two lags.",
        _lags,
        derived=_derived_lags,
        unit="clock periods",
        domain={"design": DESIGNS},
        wrong_variants=(_at_the_same_time, _later_by_the_delay),
        cases=6,
    ),
    _claim(
        pipelining.ring_period,
        "The best place for R registers in a loop of n equal units leaves ⌈n/R⌉ units in a row.",
        _ring_period,
        derived=_derived_ring,
        domain={"units": Integers(1, 7), "registers": Integers(1, 4), "unit_delay": Integers(1, 9)},
        wrong_variants=(_bound_of_the_ring, _shortest_row),
    ),
    _claim(
        pipelining.period_with_two_delays,
        "With D = 2 and a multiplier for the step the best placement of the registers has this period.",
        _two_delays,
        derived=_derived_two_delays,
        domain=FEW_TAPS | SLOW_MULTIPLIER | ADDERS,
        wrong_variants=(_bound_with_two_delays, _two_delays_not_retimed),
    ),
    _claim(
        pipelining.loop_delay_at_multiplier_clock,
        "A predictor that is clocked once a multiplication needs this delay of its update, and no more.",
        _loop_delay,
        derived=_derived_loop_delay,
        unit="clock periods",
        domain=FEW_TAPS | SLOW_MULTIPLIER | ADDERS | STEP,
        wrong_variants=(_period_an_addition, _rounded_bound),
    ),
    _claim(
        pipelining.loop_delay_of_three_taps,
        "With three taps in a chain, clocked once a multiplication, the least delay has three values, one a region.",
        _delay_of_three_taps,
        derived=_derived_delay_of_three_taps,
        unit="clock periods",
        domain={"additions": Integers(1, 4)} | STEP,
        wrong_variants=(_six_always, _fractions_of_a_period),
    ),
    _claim(
        pipelining.mean_step_at_multiplier_clock,
        "Clocked once a multiplication, with independent regressors, the mean of the weights converges below this step "
        "size and not above.",
        _step_at_clock,
        derived=_derived_step_at_clock,
        unit="1 over the unit of x²",
        domain=PROCESSES | FEW_TAPS | SLOW_MULTIPLIER | ADDERS | STEP,
        wrong_variants=(_step_without_a_delay, _step_of_one_delay_less, _step_of_a_period_an_addition),
        tolerance=1e-9,
    ),
    _claim(
        pipelining.mean_square_step_at_multiplier_clock,
        "Two taps, clocked once a multiplication, keep a finite mean square of the error below this step size, and not "
        "above, with independent Gaussian regressors.",
        _two_taps_at_clock,
        derived=_derived_two_taps,
        unit="1 over the unit of x²",
        domain=PROCESSES | {"multiplier_delay": Integers(6, 16), "adder_delay": Integers(1, 6)} | STEP,
        wrong_variants=(
            _mean_limit_of_two_taps,
            _two_taps_without_a_delay,
            _two_taps_of_one_delay_less,
            _two_taps_of_a_period_an_addition,
        ),
        tolerance=1e-9,
    ),
)
