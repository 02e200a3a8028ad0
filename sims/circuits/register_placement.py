"""Where registers can stand: least period and least delay of a circuit by integer programming (HiGHS in SciPy)."""

from bisect import bisect_left
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp

from sims.circuits.clocked import Clocked, Operand, Unit, waiting_time

__all__ = ["least_delay", "least_period", "shifted"]

FloatArray = NDArray[np.float64]
MOST_DELAY = 64
INFEASIBLE = 2  # SciPy's status


def least_period(circuit: Clocked) -> int:
    """Return the shortest clock period over all places of the registers that leave the loops as they compute (exact).

    Parameters
    ----------
    circuit : Clocked
        Delays are integers.

    Returns
    -------
    int
        In the unit of the delays; the placement that reaches it was timed.

    Raises
    ------
    ArithmeticError
        The programme fails, or a placement is slower than it says.

    Examples
    --------
    >>> from sims.circuits.clocked import wired
    >>> least_period(wired([("a", "wire", 3, [("b", 2)]), ("b", "wire", 4, [("a", 0)])]))
    4
    """
    periods = range(max(unit.delay for unit in circuit.units), waiting_time(circuit))
    return periods.start + bisect_left(periods, True, key=lambda period: _placed(circuit, period) is not None)


def least_delay(circuit: Clocked, period: int, *, delayed: str) -> int:
    """Return the fewest registers before a unit with which some placement has a clock period (exact).

    Parameters
    ----------
    circuit : Clocked
        Delays are integers; what the unit reads first gets the registers, beside those that it has.
    period : int
        The clock period.
    delayed : str
        Name of the unit.

    Returns
    -------
    int
        0 to 64; the placement that reaches the period was timed.

    Raises
    ------
    ArithmeticError
        No delay does, the programme fails, or a placement is slower than it says.

    Examples
    --------
    >>> from sims.circuits.clocked import wired
    >>> least_delay(wired([("a", "wire", 3, [("b", 0)]), ("b", "wire", 4, [("a", 0)])]), 4, delayed="a")
    2
    """
    delay = _placed(circuit, period, delayed=circuit.place(delayed))
    if delay is None:
        raise ArithmeticError(f"no delay before {delayed} reaches a period of {period}")
    return delay


def shifted(circuit: Clocked, lags: tuple[int, ...]) -> Clocked:
    """Return a circuit whose units lag by clock periods: so many registers more before, and fewer behind each.

    Parameters
    ----------
    circuit : Clocked
        As it was.
    lags : tuple of int
        One a unit.

    Returns
    -------
    Clocked
        With its registers moved.

    Raises
    ------
    ArithmeticError
        An operand would come over fewer than no registers.
    """
    moved = Clocked(
        tuple(
            Unit(
                unit.name,
                unit.operation,
                unit.delay,
                tuple(Operand(each.unit, each.registers + lags[place] - lags[each.unit]) for each in unit.operands),
            )
            for place, unit in enumerate(circuit.units)
        )
    )
    if any(operand.registers < 0 for unit in moved.units for operand in unit.operands):
        raise ArithmeticError(f"lags {lags} leave an operand fewer than no registers")
    return moved


def _with_delay(circuit: Clocked, place: int, delay: int) -> Clocked:
    unit = circuit.units[place]
    first, *others = unit.operands
    late = Unit(unit.name, unit.operation, unit.delay, (Operand(first.unit, first.registers + delay), *others))
    return Clocked((*circuit.units[:place], late, *circuit.units[place + 1 :]))


def _placed(circuit: Clocked, period: int, *, delayed: int | None = None) -> int | None:
    """Return the least delay before a unit for which there is a placement, None where there is none."""
    count = len(circuit.units)
    most = [count] * count + [period * (count + 1)] * count + [MOST_DELAY * (delayed is not None)]
    found = milp(
        _row(count, {2 * count: 1}),
        integrality=[1] * count + [0] * count + [1],
        bounds=Bounds([*(-bound for bound in most[:-1]), 0], most),
        constraints=_constraints(circuit, period, delayed),
    )
    if found.status == INFEASIBLE:
        return None
    if not found.success:
        raise ArithmeticError(f"the programme failed: {found.message}")
    delay: int = round(found.x[-1])
    late = circuit if delayed is None else _with_delay(circuit, delayed, delay)
    if waiting_time(shifted(late, tuple(np.rint(found.x[:count]).astype(int).tolist()))) > period:
        raise ArithmeticError(f"the placement that was found for a period of {period} is slower")
    return delay


def _constraints(circuit: Clocked, period: int, delayed: int | None) -> LinearConstraint:
    """Return what a placement satisfies.

    Unknowns: lag r of each unit, time S at which it has settled, counted from the clock edge at which it would start
    without a lag, and the delay D. A unit settles within its own clock period, d ≤ S − r·c ≤ c, after its operands,
    S(v) ≥ S(u) + d(v) − c·(w + D), and no operand comes over fewer than no registers.
    """
    count = len(circuit.units)
    rows: list[tuple[FloatArray, float, float]] = []
    for head, unit in enumerate(circuit.units):
        rows.append((_row(count, {count + head: 1, head: -period}), unit.delay, period))
        for number, operand in enumerate(unit.operands):
            late = head == delayed and number == 0
            ends = {head: 1, operand.unit: -1} if operand.unit != head else {}
            times = {count + place: sign for place, sign in ends.items()}
            rows.append((_row(count, ends | {2 * count: late}), -operand.registers, np.inf))
            least = unit.delay - period * operand.registers
            rows.append((_row(count, times | {2 * count: late * period}), least, np.inf))
    return LinearConstraint(*map(np.array, zip(*rows, strict=True)))


def _row(count: int, coefficients: Mapping[int, float]) -> FloatArray:
    row = np.zeros(2 * count + 1)
    row[list(coefficients)] = list(coefficients.values())
    return row
