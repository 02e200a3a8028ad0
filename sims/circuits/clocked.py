"""Clocked circuits: units between registers, run on integers period by period, and timed change by change."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from fxp import reference

__all__ = [
    "CODES",
    "RESIDUES",
    "Arithmetic",
    "Clocked",
    "Operand",
    "Row",
    "Unit",
    "from_graph",
    "run",
    "settling_time",
    "waiting_time",
    "wired",
]

Arithmetic = Mapping[str, Callable[..., int]]
Row = tuple[str, str, int, Sequence[tuple[str, int]]]
Waveform = list[tuple[int, int]]

FRAC_BITS, WORD_BITS, STEP_SIZE, STEP_SHIFT = 12, 24, 410, 3
PRIME = 2**31 - 1


@dataclass(frozen=True)
class Operand:
    """Where a unit reads: the place of another unit, and the registers in between."""

    unit: int
    registers: int


@dataclass(frozen=True)
class Unit:
    """What computes: an operation on operands, and the time that it takes."""

    name: str
    operation: str
    delay: int
    operands: tuple[Operand, ...]


@dataclass(frozen=True)
class Clocked:
    """Units, and the registers between them; the units whose operation is "input" put out what they are given."""

    units: tuple[Unit, ...]

    def place(self, name: str) -> int:
        """Return the place of a unit."""
        return [unit.name for unit in self.units].index(name)

    def order(self) -> list[int]:
        """Return the places of the units, each after those that it waits for within a clock period."""
        ordered: list[int] = []
        waiting = list(range(len(self.units)))
        while waiting:
            ready = [place for place in waiting if not self._waits(place, waiting)]
            if not ready:
                raise ArithmeticError("the circuit has a loop without a register: nothing in it settles")
            ordered += ready
            waiting = [place for place in waiting if place not in ready]
        return ordered

    def _waits(self, place: int, waiting: list[int]) -> bool:
        return any(operand.registers == 0 and operand.unit in waiting for operand in self.units[place].operands)


def _wrapped(value: int) -> int:
    half = 1 << WORD_BITS - 1
    return (value + half) % (2 * half) - half


def _rounded(value: int, bits: int) -> int:
    return _wrapped(reference.shift_round(value, bits, "HALF_EVEN"))


CODES: Arithmetic = {
    "wire": lambda a: a,
    "add": lambda a, b: _wrapped(a + b),
    "subtract": lambda a, b: _wrapped(a - b),
    "multiply": lambda a, b: _rounded(a * b, FRAC_BITS),
    "scale": lambda a: _rounded(a * STEP_SIZE, FRAC_BITS),
    "shift": lambda a: _rounded(a, STEP_SHIFT),
}
"""Words of 24 bits, 12 of them fractional, that wrap; products are rounded half to even. The step size is near 0.1."""

RESIDUES: Arithmetic = {
    "wire": lambda a: a,
    "add": lambda a, b: (a + b) % PRIME,
    "subtract": lambda a, b: (a - b) % PRIME,
    "multiply": lambda a, b: a * b % PRIME,
    "scale": lambda a: a * STEP_SIZE % PRIME,
    "shift": lambda a: a * STEP_SHIFT % PRIME,
}
"""Integers modulo a prime, where no change of an operand is lost in a result unless the other operand is zero."""


def wired(rows: Iterable[Row]) -> Clocked:
    """Return the circuit of rows of name, operation, delay, and operands, each by name and registers.

    Examples
    --------
    >>> wired([("x", "input", 0, []), ("sum", "add", 1, [("x", 0), ("sum", 1)])]).units[1].operands
    (Operand(unit=0, registers=0), Operand(unit=1, registers=1))
    """
    listed = list(rows)
    places = {name: place for place, (name, *_) in enumerate(listed)}
    return Clocked(
        tuple(
            Unit(name, operation, delay, tuple(Operand(places[source], registers) for source, registers in operands))
            for name, operation, delay, operands in listed
        )
    )


def from_graph(graph: Any) -> Clocked:
    """Return the circuit of a data-flow graph whose nodes have ``operation``, edges ``registers`` and ``operand``."""
    edges = sorted(graph.edges(data=True), key=lambda edge: edge[2]["operand"])
    return wired(
        (name, data["operation"], data["delay"], [(u, edge["registers"]) for u, v, edge in edges if v == name])
        for name, data in graph.nodes(data=True)
    )


def run(circuit: Clocked, samples: Sequence[int], arithmetic: Arithmetic) -> dict[str, list[int]]:
    """Return what each unit puts out in each clock period, all registers being zero at first (exact).

    Parameters
    ----------
    circuit : Clocked
        Its inputs all get the samples.
    samples : sequence of int
        One a clock period.
    arithmetic : mapping of str to callable
        What each operation does.

    Returns
    -------
    dict of str to list of int
        By the name of the unit, as many values as samples.

    Examples
    --------
    >>> circuit = wired([("x", "input", 0, []), ("sum", "add", 1, [("x", 0), ("sum", 1)])])
    >>> run(circuit, [1, 2, 3], CODES)["sum"]
    [1, 3, 6]
    """
    history: list[list[int]] = [[] for _ in circuit.units]
    order = circuit.order()
    for time, sample in enumerate(samples):
        for place in order:
            unit = circuit.units[place]
            operands = (_read(history, operand, time) for operand in unit.operands)
            history[place].append(sample if unit.operation == "input" else arithmetic[unit.operation](*operands))
    return {unit.name: values for unit, values in zip(circuit.units, history, strict=True)}


def settling_time(circuit: Clocked, samples: Sequence[int], arithmetic: Arithmetic, *, unit: str | None = None) -> int:
    """Return the longest time after a clock edge at which an output of a unit still changed (exact).

    At an edge registers and inputs change; a change of an operand shows in the result the unit's delay later.

    Parameters
    ----------
    circuit : Clocked
        Its inputs all get the samples.
    samples : sequence of int
        One a clock period.
    arithmetic : mapping of str to callable
        What each operation does.
    unit : str, optional
        Name of the unit that is watched, all of them unless told.

    Returns
    -------
    int
        In the unit of the delays.

    Examples
    --------
    >>> circuit = wired([("x", "input", 0, []), ("square", "multiply", 5, [("x", 0), ("x", 0)])])
    >>> settling_time(circuit, [1, 2, 3], RESIDUES)
    5
    """
    history, order = run(circuit, samples, arithmetic), circuit.order()
    values = [history[each.name] for each in circuit.units]
    watched = order if unit is None else [circuit.place(unit)]
    last = 0
    for time in range(1, len(samples)):
        waves: dict[int, Waveform] = {}
        for place in order:
            waves[place] = _waveform(circuit.units[place], values, waves, time, arithmetic, values[place])
        last = max(last, *(change for place in watched for change, _ in waves[place]))
    return last


def waiting_time(circuit: Clocked) -> int:
    """Return the time after which every unit has settled, whatever the codes (exact).

    Examples
    --------
    >>> waiting_time(wired([("a", "wire", 2, [("b", 0)]), ("b", "wire", 3, [("a", 1)])]))
    5
    """
    ends: dict[int, int] = {}
    for place in circuit.order():
        unit = circuit.units[place]
        ends[place] = unit.delay + max((ends[each.unit] for each in unit.operands if each.registers == 0), default=0)
    return max(ends.values())


def _waveform(
    unit: Unit,
    values: list[list[int]],
    waves: Mapping[int, Waveform],
    time: int,
    arithmetic: Arithmetic,
    own: list[int],
) -> Waveform:
    """Return the changes of a unit's output after a clock edge, the value before the edge first, at time 0."""
    if unit.operation == "input":
        return _changes([(0, own[time - 1]), (0, own[time])])
    seen = [
        waves[operand.unit]
        if operand.registers == 0
        else [(0, _read(values, operand, time - 1)), (0, _read(values, operand, time))]
        for operand in unit.operands
    ]
    times = sorted({change for wave in seen for change, _ in wave})
    results = [(at + unit.delay, arithmetic[unit.operation](*(_value(wave, at) for wave in seen))) for at in times]
    return _changes([(0, own[time - 1]), *results])


def _changes(wave: Waveform) -> Waveform:
    """Return a waveform without the entries that change nothing."""
    return [wave[0], *(after for before, after in pairwise(wave) if before[1] != after[1])]


def _value(wave: Waveform, time: int) -> int:
    return [value for change, value in wave if change <= time][-1]


def _read(values: Sequence[Sequence[int]], operand: Operand, time: int) -> int:
    return values[operand.unit][time - operand.registers] if time >= operand.registers else 0
