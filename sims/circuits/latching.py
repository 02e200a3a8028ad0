"""Clocked circuits whose registers take whatever stands at their inputs, settled or not: how fast a clock may be."""

from collections.abc import Sequence
from functools import cache

from sims.circuits.clocked import Arithmetic, Clocked, run, waiting_time

__all__ = ["fastest_right_period", "latched"]


def latched(circuit: Clocked, samples: Sequence[int], arithmetic: Arithmetic, *, period: int) -> list[list[int]]:
    """Return what stands at the output of each unit just before each clock edge (exact).

    A change of an operand shows in the result the unit's delay later, even after the next edge. The clock is slower
    than its period by less than any delay, so that what settles with the edge is taken. At first all outputs are zero.

    Parameters
    ----------
    circuit : Clocked
        Its inputs all get the samples, a new one at each edge.
    samples : sequence of int
        One a clock period.
    arithmetic : mapping of str to callable
        What each operation does.
    period : int
        Of the clock, in the unit of the delays.

    Returns
    -------
    list of list of int
        A row for each unit, with as many values as samples.

    Examples
    --------
    >>> from sims.circuits.clocked import CODES, wired
    >>> circuit = wired([("x", "input", 0, []), ("late", "wire", 3, [("x", 0)])])
    >>> latched(circuit, [1, 2, 3], CODES, period=3)[1], latched(circuit, [1, 2, 3], CODES, period=2)[1]
    ([1, 2, 3], [0, 1, 2])
    """
    length = 2 * period + 1  # in halves of the unit, so that the clock is a little slower

    @cache
    def value(place: int, time: int) -> int:
        """Return the output just before a time, counted in halves from the first edge."""
        unit, began = circuit.units[place], time - 2 * circuit.units[place].delay
        edge = -(-began // length) - 1  # the last one before
        if edge < 0:
            return 0
        if unit.operation == "input":
            return samples[edge]
        return arithmetic[unit.operation](
            *(
                value(operand.unit, (edge + 1 - operand.registers) * length if operand.registers else began)
                for operand in unit.operands
            )
        )

    edges = (
        [value(place, edge * length) for place in range(len(circuit.units))] for edge in range(1, 1 + len(samples))
    )
    return [list(row) for row in zip(*edges, strict=True)]


def fastest_right_period(circuit: Clocked, samples: Sequence[int], arithmetic: Arithmetic) -> int:
    """Return the shortest period from which on all registers take the codes that they should (exact).

    Parameters
    ----------
    circuit : Clocked
        Delays are integers.
    samples : sequence of int
        One a clock period.
    arithmetic : mapping of str to callable
        What each operation does; each makes zero of zeros.

    Returns
    -------
    int
        In the unit of the delays, at most the time after which every unit has settled.

    Examples
    --------
    >>> from sims.circuits.clocked import CODES, wired
    >>> fastest_right_period(wired([("x", "input", 0, []), ("late", "wire", 3, [("x", 0)])]), [1, 2, 3], CODES)
    3
    """
    right = run(circuit, samples, arithmetic)
    wanted = [right[unit.name] for unit in circuit.units]
    period = waiting_time(circuit)
    while period > 0 and latched(circuit, samples, arithmetic, period=period - 1) == wanted:
        period -= 1
    return period
