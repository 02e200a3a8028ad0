"""Synthesises Verilog with Yosys to gates of known area and to look-up tables; simulates the gates that come out."""

import json
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

# Areas in NAND2: what standard-cell libraries of the last twenty years have in common, to a fifth or so.
AREAS = {
    "ZERO": (0, "CONST0"),
    "ONE": (0, "CONST1"),
    "INV": (2 / 3, "!A"),
    "BUF": (4 / 3, "A"),
    "NAND2": (1, "!(A&B)"),
    "NOR2": (1, "!(A|B)"),
    "AND2": (4 / 3, "A&B"),
    "OR2": (4 / 3, "A|B"),
    "XOR2": (2, "A^B"),
    "XNOR2": (2, "!(A^B)"),
    "AOI21": (4 / 3, "!((A&B)|C)"),
    "OAI21": (4 / 3, "!((A|B)&C)"),
}
LOGIC: dict[str, Callable[..., int]] = {
    "ZERO": lambda: 0,
    "ONE": lambda: -1,
    "INV": lambda A: ~A,
    "BUF": lambda A: A,
    "NAND2": lambda A, B: ~(A & B),
    "NOR2": lambda A, B: ~(A | B),
    "AND2": lambda A, B: A & B,
    "OR2": lambda A, B: A | B,
    "XOR2": lambda A, B: A ^ B,
    "XNOR2": lambda A, B: ~(A ^ B),
    "AOI21": lambda A, B, C: ~(A & B | C),
    "OAI21": lambda A, B, C: ~((A | B) & C),
}
# Yosys's own scripts for abc also prove equivalences, which takes minutes on some sums of products and gains little.
SCRIPT = """
read_verilog dot.v
synth -flatten -top dot
design -save generic
abc -genlib cells.genlib -script +strash;dc2;dc2;strash;&get,-n;&nf;&put
opt_clean -purge
write_json gates.json
design -load generic
abc -lut 4 -script +strash;dc2;dc2;strash;if;mfs2
opt_clean -purge
write_json luts.json
"""


@dataclass(frozen=True)
class Synthesis:
    """What came out: a module of gates in Yosys's JSON, and how many look-up tables of four inputs the other way."""

    module: dict[str, Any]
    luts: int

    @property
    def area(self) -> float:
        """Area of the gates in NAND2."""
        return sum(AREAS[cell["type"]][0] for cell in self.module["cells"].values())


def version() -> str:
    """Return what `yosys -V` prints."""
    return _yosys("-V").strip()


def synthesize(verilog: str) -> Synthesis:
    """Return the module `dot` mapped to gates and to look-up tables.

    Raises
    ------
    RuntimeError
        Yosys is missing, or fails.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "dot.v").write_text(verilog)
        (folder / "cells.genlib").write_text(_library())
        (folder / "run.ys").write_text(SCRIPT)
        _yosys("-q", "run.ys", cwd=folder)
        gates, luts = (
            json.loads((folder / file).read_text())["modules"]["dot"] for file in ("gates.json", "luts.json")
        )
    return Synthesis(gates, sum(cell["type"] == "$lut" for cell in luts["cells"].values()))


def evaluate(module: dict[str, Any], inputs: dict[str, list[int]]) -> list[int]:
    """Return the bits of port y, lowest first; each bit is an integer that holds one bit of every sample."""
    planes: dict[Any, int] = {"0": 0, "1": -1, "x": 0}
    for port, bits in inputs.items():
        planes.update(zip(module["ports"][port]["bits"], bits, strict=True))
    for cell in _in_order(module):
        read = {pin: planes[bits[0]] for pin, bits in cell["connections"].items() if pin != "Y"}
        planes[cell["connections"]["Y"][0]] = LOGIC[cell["type"]](**read)
    return [planes[bit] for bit in module["ports"]["y"]["bits"]]


def _in_order(module: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the cells, each after those that drive it."""
    drivers = {cell["connections"]["Y"][0]: cell for cell in module["cells"].values()}
    graph = {
        wire: [bits[0] for pin, bits in cell["connections"].items() if pin != "Y" and bits[0] in drivers]
        for wire, cell in drivers.items()
    }
    return (drivers[wire] for wire in TopologicalSorter(graph).static_order())


def _library() -> str:
    """Return the gates for abc, all with the same delay."""
    return "\n".join(_gate(name, area, logic) for name, (area, logic) in AREAS.items()) + "\n"


def _gate(name: str, area: float, logic: str) -> str:
    pins = "" if logic.startswith("CONST") else " PIN * UNKNOWN 1 999 1 0 1 0"
    return f"GATE {name} {area:.4f} Y={logic};{pins}"


def _yosys(*arguments: str, cwd: Path | None = None) -> str:
    try:
        done = subprocess.run(["yosys", *arguments], cwd=cwd, capture_output=True, text=True, check=True)
    except FileNotFoundError:
        raise RuntimeError(
            "yosys is not installed: apt-get install yosys (Debian, Ubuntu) or see yosyshq.net"
        ) from None
    except subprocess.CalledProcessError as error:
        raise RuntimeError(f"yosys failed: {error.stderr.strip() or error.stdout.strip()[-500:]}") from error
    return done.stdout
