"""The dot products that are synthesised, each in five structures."""

from dataclasses import asdict

import numpy as np

from benchmarks.synthesis import verilog, yosys
from sims.circuits.checking import checked, random_operands, signed_value
from sims.circuits.dot_products import SIGNS, STRUCTURES, Operands
from sims.circuits.netlists import from_plane, to_plane

LENGTHS = {
    (2, 2): (1, 3, 8, 16, 32),
    (3, 3): (2, 6, 12, 24),
    (4, 2): (4, 12, 32),
    (4, 4): (1, 2, 4, 8, 16, 32),
    (6, 4): (3, 9, 16),
    (6, 6): (1, 4, 8, 16),
    (8, 2): (2, 8, 24),
    (8, 4): (1, 6, 16),
    (8, 8): (1, 2, 4, 9, 16),
    (12, 4): (2, 5),
    (12, 12): (1, 2, 4),
}
EXPRESSION = "expression"
SAMPLES = 256


def designs() -> list[dict[str, object]]:
    """Return what is synthesised; the signs take turns."""
    points = [(length, *bits) for bits, lengths in LENGTHS.items() for length in lengths]
    return [
        {"length": length, "x_bits": x_bits, "w_bits": w_bits, "signs": sign, "structure": structure}
        for sign, (length, x_bits, w_bits) in zip(list(SIGNS) * len(points), points, strict=False)
        for structure in (EXPRESSION, *STRUCTURES)
    ]


def measure(length: int, x_bits: int, w_bits: int, signs: str, structure: str) -> dict[str, float]:
    """Return area in NAND2 and look-up tables of a design whose gates compute the right sums."""
    operands = Operands(length, x_bits, w_bits, *SIGNS[signs])
    found = yosys.synthesize(_source(operands, structure))
    _check(found, operands)
    return {"area": round(found.area, 4), "luts": found.luts}


def _source(operands: Operands, structure: str) -> str:
    if structure == EXPRESSION:
        return verilog.expression(operands)
    return verilog.structure(checked(STRUCTURES[structure](operands), operands, np.random.default_rng(0)))


def _check(found: yosys.Synthesis, operands: Operands) -> None:
    """Raise where the gates' sums are not those of integers."""
    words = random_operands(operands, np.random.default_rng(1), samples=SAMPLES)
    widths = [operands.x_bits, operands.w_bits] * operands.length
    inputs = {
        port: [to_plane(codes >> place & 1) for place in range(width)]
        for port, width, codes in zip(verilog.port_names(operands.length), widths, words, strict=True)
    }
    planes = yosys.evaluate(found.module, inputs)
    sums = sum(from_plane(plane, words.shape[1]) << place for place, plane in enumerate(planes))
    if not np.array_equal(signed_value(sums, operands), (words[::2] * words[1::2]).sum(axis=0)):
        raise ArithmeticError(
            f"the gates of {asdict(operands)} add up wrongly: the synthesiser or the Verilog is wrong"
        )
