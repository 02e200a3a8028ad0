"""Circuits without a clock: each unit starts as soon as its operands are there."""

from fractions import Fraction

from sims.circuits.clocked import Clocked

__all__ = ["time_a_result"]

MAX_ROUNDS = 20_000


def time_a_result(circuit: Clocked, name: str) -> Fraction:
    """Return the time between two results of a unit in the long run, when no unit waits for a clock (exact).

    The run ends when all units of the loops over it stand as they stood before, only later.

    Parameters
    ----------
    circuit : Clocked
        With loops over the unit, each with a register; a register is a place for a result, all filled at first.
    name : str
        The unit.

    Returns
    -------
    Fraction
        In the unit of the delays.

    Raises
    ------
    ArithmeticError
        The run does not come back to where it was.

    Examples
    --------
    >>> from sims.circuits.clocked import wired
    >>> ring = wired([("a", "wire", 3, [("b", 1)]), ("b", "wire", 4, [("a", 1)])])
    >>> time_a_result(ring, "a")
    Fraction(7, 2)
    """
    looped, target = _looped(circuit, circuit.place(name)), circuit.place(name)
    order = [place for place in circuit.order() if place in looped]
    depth = max(operand.registers for place in order for operand in circuit.units[place].operands)
    ends: dict[int, list[int]] = {place: [] for place in order}
    seen: dict[tuple[int, ...], tuple[int, int]] = {}
    for count in range(MAX_ROUNDS):
        for place in order:
            ends[place].append(_end(circuit, ends, place, count))
        now = ends[target][-1]
        state = tuple(now - end for place in order for end in ends[place][-depth:])
        if count >= depth and state in seen:
            before, then = seen[state]
            return Fraction(now - then, count - before)
        seen[state] = count, now
    raise ArithmeticError(f"{name} does not come back to the same state within {MAX_ROUNDS} results")


def _end(circuit: Clocked, ends: dict[int, list[int]], place: int, count: int) -> int:
    """Return when a unit has its result of a number; what it needs from before the first one is there at time 0."""
    unit = circuit.units[place]
    inside = (operand for operand in unit.operands if operand.unit in ends and operand.registers <= count)
    return unit.delay + max((ends[operand.unit][count - operand.registers] for operand in inside), default=0)


def _looped(circuit: Clocked, target: int) -> set[int]:
    """Return the places of the units of all loops over one of them."""
    reads = {place: {operand.unit for operand in unit.operands} for place, unit in enumerate(circuit.units)}
    read_by = {place: {other for other in reads if place in reads[other]} for place in reads}
    return _reached(reads, target) & _reached(read_by, target)


def _reached(following: dict[int, set[int]], start: int) -> set[int]:
    found, fresh = {start}, {start}
    while fresh:
        fresh = {after for place in fresh for after in following[place]} - found
        found |= fresh
    return found
