"""Runs and times predictors unit by unit: with a clock, without one, and with registers wherever they can stand."""

from collections.abc import Callable, Sequence
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sims.circuits.clocked import CODES, RESIDUES, Clocked, Unit, from_graph, run, settling_time, waiting_time, wired
from sims.circuits.latching import fastest_right_period
from sims.circuits.predictors import lms_predictor
from sims.circuits.register_placement import least_delay, least_period, shifted
from sims.circuits.self_timed import time_a_result
from sims.measure import Measurement, Trial, measures

__all__ = [
    "delayed_path_chain",
    "delayed_path_tree",
    "lms_iteration_bound",
    "lms_latency",
    "lms_path_chain",
    "lms_path_tree",
    "lms_throughput",
    "loop_delay_at_multiplier_clock",
    "loop_delay_of_three_taps",
    "loop_registers",
    "mean_square_step_at_multiplier_clock",
    "mean_step_at_multiplier_clock",
    "period_with_two_delays",
    "retimed_codes",
    "ring_period",
]

FloatArray = NDArray[np.float64]
CYCLES = 24
MOVES = 200
SHIFTS = 24


@measures("lms_path_chain")
def lms_path_chain(taps: int, multiplier_delay: int, adder_delay: int, step: str, *, trial: Trial) -> Measurement:
    """Return the time of the last change after a clock edge."""
    return _last_change(lms_predictor(taps, multiplier_delay, adder_delay, step=step), trial)


@measures("lms_path_tree")
def lms_path_tree(taps: int, multiplier_delay: int, adder_delay: int, step: str, *, trial: Trial) -> Measurement:
    """Return the same with a tree of adders."""
    return _last_change(lms_predictor(taps, multiplier_delay, adder_delay, step=step, adders="tree"), trial)


@measures("lms_latency")
def lms_latency(taps: int, multiplier_delay: int, adder_delay: int, adders: str, *, trial: Trial) -> Measurement:
    """Return the time of the last change of the prediction after a clock edge."""
    circuit = lms_predictor(taps, multiplier_delay, adder_delay, adders=adders)
    prediction = circuit.units[circuit.units[circuit.place("error")].operands[1].unit].name
    return Measurement.enumerated(settling_time(circuit, _samples(trial), RESIDUES, unit=prediction))


@measures("lms_throughput")
def lms_throughput(
    taps: int, multiplier_delay: int, adder_delay: int, adders: str, step: str, *, trial: Trial
) -> Measurement:
    """Return the rate of the fastest clock at which registers, which take what is there, take what they should."""
    circuit = lms_predictor(taps, multiplier_delay, adder_delay, adders=adders, step=step)
    return Measurement.enumerated(1 / fastest_right_period(circuit, _samples(trial), RESIDUES))


@measures("delayed_path_chain")
def delayed_path_chain(
    taps: int, multiplier_delay: int, adder_delay: int, step: str, delay: int, *, trial: Trial
) -> Measurement:
    """Return the same with a chain of adders and a delay."""
    return _last_change(lms_predictor(taps, multiplier_delay, adder_delay, step=step, delay=delay), trial)


@measures("delayed_path_tree")
def delayed_path_tree(
    taps: int, multiplier_delay: int, adder_delay: int, step: str, delay: int, *, trial: Trial
) -> Measurement:
    """Return the same with a tree of adders and a delay."""
    circuit = lms_predictor(taps, multiplier_delay, adder_delay, step=step, adders="tree", delay=delay)
    return _last_change(circuit, trial)


@measures("lms_iteration_bound")
def lms_iteration_bound(
    taps: int, multiplier_delay: int, adder_delay: int, adders: str, step: str, delay: int, *, trial: Trial
) -> Measurement:
    """Return the time between two errors in the long run, where no unit waits for a clock."""
    del trial
    circuit = lms_predictor(taps, multiplier_delay, adder_delay, adders=adders, step=step, delay=delay)
    return Measurement.enumerated(float(time_a_result(circuit, "error")))


@measures("loop_registers")
def loop_registers(taps: int, adders: str, delay: int, *, trial: Trial) -> Measurement:
    """Return after how many clock periods a pulse in the error returns to it, registers being moved at random."""
    circuit = _without_signal(_moved(lms_predictor(taps, 1, 1, adders=adders, delay=delay), trial.rng))
    pulse = [1] + [0] * (4 * MOVES)
    seen = np.flatnonzero(run(circuit, pulse, dict.fromkeys(RESIDUES, lambda *operands: max(operands)))["error"])
    return Measurement.enumerated(seen[1] - seen[0])


@measures("retimed_codes")
def retimed_codes(design: Any, *, trial: Trial) -> Measurement:
    """Return by how many clock periods prediction and error come later after retiming, code for code."""
    samples = trial.rng.integers(-(2**11), 2**11, trial.samples(400)).tolist()
    before, after = (run(from_graph(graph), samples, CODES) for graph in (design.before, design.after))
    return Measurement.enumerated([_shift(before[name], after[name]) for name in ("y", "error")])


@measures("ring_period")
def ring_period(units: int, registers: int, unit_delay: int, *, trial: Trial) -> Measurement:
    """Return the shortest wait over all places of the registers in the loop."""
    del trial
    places = combinations_with_replacement(range(units), registers)
    return Measurement.enumerated(min(waiting_time(_ring(units, unit_delay, each)) for each in places))


@measures("period_with_two_delays")
def period_with_two_delays(
    taps: int, multiplier_delay: int, adder_delay: int, adders: str, *, trial: Trial
) -> Measurement:
    """Return the shortest period over all places of the registers."""
    del trial
    return Measurement.enumerated(
        least_period(lms_predictor(taps, multiplier_delay, adder_delay, adders=adders, delay=2))
    )


@measures("loop_delay_at_multiplier_clock")
def loop_delay_at_multiplier_clock(
    taps: int, multiplier_delay: int, adder_delay: int, adders: str, step: str, *, trial: Trial
) -> Measurement:
    """Return the fewest registers before the step with which some placement is as fast as a multiplication."""
    del trial
    circuit = lms_predictor(taps, multiplier_delay, adder_delay, adders=adders, step=step)
    return Measurement.enumerated(least_delay(circuit, multiplier_delay, delayed="scaled error"))


@measures("loop_delay_of_three_taps")
def loop_delay_of_three_taps(additions: int, step: str, *, trial: Trial) -> Measurement:
    """Return the same for three taps in a chain, a multiplication taking so many additions."""
    return loop_delay_at_multiplier_clock(3, additions, 1, "chain", step, trial=trial)


@measures("mean_step_at_multiplier_clock")
def mean_step_at_multiplier_clock(
    process: Any, taps: int, multiplier_delay: int, adder_delay: int, adders: str, step: str, *, trial: Trial
) -> Measurement:
    """Return the step size at which the mean's recursion has spectral radius one, at the fewest registers that do."""
    del trial
    circuit = lms_predictor(taps, multiplier_delay, adder_delay, adders=adders, step=step)
    delay = least_delay(circuit, multiplier_delay, delayed="scaled error")
    R = _correlation(process.moving_average, taps)
    return Measurement.enumerated(_edge_of_convergence(lambda step_size: _first_moments(R, step_size, delay), R))


@measures("mean_square_step_at_multiplier_clock")
def mean_square_step_at_multiplier_clock(
    process: Any, multiplier_delay: int, adder_delay: int, step: str, *, trial: Trial
) -> Measurement:
    """Return the same for the recursion of all second moments of two weights."""
    del trial
    delay = least_delay(
        lms_predictor(2, multiplier_delay, adder_delay, step=step), multiplier_delay, delayed="scaled error"
    )
    R = _correlation(process.moving_average, 2)
    return Measurement.enumerated(_edge_of_convergence(lambda step_size: _second_moments(R, step_size, delay), R))


def _correlation(moving_average: Sequence[float], taps: int) -> FloatArray:
    """Return E[x xᵀ] of a moving average of draws of unit power: its filter at all pairs of lags, multiplied out."""
    shifted_filters = np.array([np.pad(moving_average, (lag, taps - lag)) for lag in range(taps)])
    return np.asarray(shifted_filters @ shifted_filters.T)


def _first_moments(R: FloatArray, step_size: float, delay: int) -> FloatArray:
    """Return the matrix of v(n + 1) = v(n) − μ R v(n − D) on v(n), …, v(n − D) in one column."""
    taps = len(R)
    recursion = _kept(taps, delay)
    recursion[:taps, -taps:] -= step_size * R
    return recursion


def _second_moments(R: FloatArray, step_size: float, delay: int) -> FloatArray:
    """Return the matrix of all products of two of the column, each once, with x xᵀ in place of R and means taken."""
    taps, kept = len(R), _kept(len(R), delay)
    size = len(kept)
    fourth = np.einsum("ij,kl->ijkl", R, R)
    fourth = fourth + fourth.transpose(0, 2, 1, 3) + fourth.transpose(0, 2, 3, 1)  # Gaussian: sum over pairs
    update = np.zeros((size, size, size, size))
    update[:taps, -taps:, :taps, -taps:] = step_size**2 * fourth
    change = _first_moments(R, step_size, delay) - kept
    moments = [np.einsum("ij,kl->ijkl", *pair) for pair in ((kept, kept), (kept, change), (change, kept))]
    every = np.asarray(sum(moments) + update).transpose(0, 2, 1, 3)
    rows, columns = np.triu_indices(size)
    once = every[rows, columns][:, rows, columns] + every[rows, columns][:, columns, rows]
    return np.asarray(once / np.where(rows == columns, 2, 1))


def _kept(taps: int, delay: int) -> FloatArray:
    """Return the matrix that keeps the newest weights, and moves the others on."""
    recursion = np.eye(taps * (delay + 1), k=-taps)
    recursion[:taps, :taps] = np.eye(taps)
    return recursion


def _edge_of_convergence(recursion: Callable[[float], FloatArray], R: FloatArray) -> float:
    """Return the step size at which the spectral radius of a recursion is one, by bisection."""
    low, high = 0.0, 4 * len(R) / float(np.trace(R))
    while high - low > 1e-11 * high:
        middle = (low + high) / 2
        diverges = np.abs(np.linalg.eigvals(recursion(middle))).max() > 1
        low, high = (low, middle) if diverges else (middle, high)
    return low


def _last_change(circuit: Clocked, trial: Trial) -> Measurement:
    return Measurement.enumerated(settling_time(circuit, _samples(trial), RESIDUES))


def _samples(trial: Trial) -> list[int]:
    samples: list[int] = trial.rng.integers(1, 10**9, trial.samples(CYCLES)).tolist()
    return samples


def _moved(circuit: Clocked, rng: np.random.Generator) -> Clocked:
    """Return a circuit after random moves of registers from all outputs of a unit to its inputs, or back."""
    lags = [0] * len(circuit.units)
    for place, step in zip(rng.integers(len(lags), size=MOVES), rng.choice([-1, 1], MOVES), strict=True):
        lags[place] += step
        try:
            shifted(circuit, tuple(lags))
        except ArithmeticError:
            lags[place] -= step
    return shifted(circuit, tuple(lags))


def _without_signal(circuit: Clocked) -> Clocked:
    """Return a circuit whose input reaches the error alone."""
    signal = circuit.place("x")
    return Clocked(
        tuple(
            unit
            if unit.name == "error"
            else Unit(
                unit.name, unit.operation, unit.delay, tuple(each for each in unit.operands if each.unit != signal)
            )
            for unit in circuit.units
        )
    )


def _ring(units: int, unit_delay: int, places: Sequence[int]) -> Clocked:
    """Return a loop of equal units with a register behind each of the places."""
    names = [f"unit {place}" for place in range(units)]
    return wired(
        (names[at], "wire", unit_delay, [(names[at - 1], places.count((at - 1) % units))]) for at in range(units)
    )


def _shift(before: list[int], after: list[int]) -> int:
    """Return the shift between two sequences that agree code for code where they overlap."""
    count = len(before)
    fitting = [
        shift
        for shift in range(-SHIFTS, SHIFTS + 1)
        if before[max(0, -shift) : count - max(0, shift)] == after[max(0, shift) : count - max(0, -shift)]
    ]
    if len(fitting) != 1:
        raise ArithmeticError(f"{len(fitting)} shifts make the codes agree: retiming changed them, or they stand still")
    return fitting[0]
