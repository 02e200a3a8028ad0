"""Dot products in Verilog: as an expression, and cell by cell from a netlist."""

from collections.abc import Iterator
from itertools import chain

from sims.circuits.dot_products import Operands
from sims.circuits.netlists import FIRST_FREE, ONE, ZERO, Cell, Gate, Netlist, Word

SUMS = {
    Cell.NOT: "~{0}",
    Cell.AND: "{0} & {1}",
    Cell.NAND: "~({0} & {1})",
    Cell.HALF_ADDER: "{0} ^ {1}",
    Cell.HALF_ADDER_WITH_CARRY: "~({0} ^ {1})",
    Cell.FULL_ADDER: "{0} ^ {1} ^ {2}",
}
CARRIES = {
    Cell.HALF_ADDER: "{0} & {1}",
    Cell.HALF_ADDER_WITH_CARRY: "{0} | {1}",
    Cell.FULL_ADDER: "{0} & {1} | {2} & ({0} ^ {1})",
}


def port_names(length: int) -> list[str]:
    """Return the input ports: x0, w0, x1, w1, …."""
    return [f"{letter}{index}" for index in range(length) for letter in "xw"]


def expression(operands: Operands) -> str:
    """Return the module `dot` that leaves the structure to the synthesiser."""
    words = chain.from_iterable((operands.x_bits, operands.w_bits) for _ in range(operands.length))
    ports = _ports(words, operands.output_bits)
    terms = (
        f"{_number(f'x{index}', operands, operands.x_signed)} * {_number(f'w{index}', operands, operands.w_signed)}"
        for index in range(operands.length)
    )
    sign = "signed " * operands.signed
    total = f"wire {sign}[{operands.output_bits - 1}:0] total = {' + '.join(terms)};"
    return f"module dot({ports});\n{total}\nassign y = total;\nendmodule\n"


def structure(netlist: Netlist) -> str:
    """Return the module `dot` with one assignment for each output of each gate."""
    names = {ZERO: "1'b0", ONE: "1'b1"}
    for port, word in zip(port_names(len(netlist.inputs) // 2), netlist.inputs, strict=True):
        names |= {wire: f"{port}[{place}]" for place, wire in enumerate(word)}
    driven = chain.from_iterable(gate.outputs for gate in netlist.gates)
    names |= {wire: f"n{wire}" for wire in driven if wire >= FIRST_FREE}
    ports = _ports(map(len, netlist.inputs), len(netlist.output))
    lines = chain.from_iterable(_assignments(gate, names) for gate in netlist.gates)
    output = ", ".join(names[wire] for wire in reversed(netlist.output))
    return "\n".join([f"module dot({ports});", *lines, f"assign y = {{{output}}};", "endmodule", ""])


def _ports(word_bits: Iterator[int], output_bits: int) -> str:
    bits = list(word_bits)
    named = zip(port_names(len(bits) // 2), bits, strict=True)
    inputs = (f"input [{width - 1}:0] {name}" for name, width in named)
    return ", ".join([*inputs, f"output [{output_bits - 1}:0] y"])


def _number(port: str, operands: Operands, signed: bool) -> str:
    """Return a port as an operand; beside a signed one, an unsigned one is signed with a zero on top."""
    if signed:
        return f"$signed({port})"
    return f"$signed({{1'b0, {port}}})" if operands.signed else port


def _assignments(gate: Gate, names: dict[int, str]) -> Iterator[str]:
    inputs: Word = gate.inputs
    formulas = [SUMS[gate.cell], *([CARRIES[gate.cell]] if gate.cell in CARRIES else [])]
    for wire, formula in zip(gate.outputs, formulas, strict=True):
        yield f"wire {names[wire]} = {formula.format(*(names[each] for each in inputs))};"
