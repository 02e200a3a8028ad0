"""Random cases of quantised words and dot products: what is quantised and how, its prediction, its measurement."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fxp.dot_products import sqnr_dot_fixed, sqnr_dot_quantized
from fxp.formats import Format, Overflow, Rounding
from fxp.quantization import quantize
from fxp.quantizers import sqnr_quantizer
from fxp.signals import Signal

__all__ = ["KINDS", "LAWS", "LENGTHS", "Case", "Operand", "Pools", "draw_case", "draw_pools", "errors", "predicted_db"]

Floats = NDArray[np.float64]
Pools = Mapping[str, tuple[Floats, Floats]]

LENGTHS = (1, 2, 4, 8, 16)
MOST_BITS = 12
LEAST_BITS_BEFORE_OUTPUT, LEAST_LENGTH_BEFORE_OUTPUT, LEAST_DROPPED_BITS = 5, 4, 3
"""A rounded output is asymptotic: the bits that it drops must be equally likely, so that the sums take many values."""
KINDS = {
    "word": "a word",
    "dot": "a dot product of random operands",
    "fixed": "a dot product of given weights",
    "output": "a dot product of random operands with a rounded output",
}
LAWS: Mapping[str, Signal] = {
    "uniform": Signal.uniform(),
    "uniform on one side": Signal.uniform(0, 1),
    "Gaussian": Signal.gaussian(),
    "Gaussian after ReLU": Signal.relu_gaussian(),
    "Laplace": Signal.laplace(),
    "sine": Signal.sinusoid(),
}
REACH = {"Gaussian": 2.8, "Gaussian after ReLU": 3.9, "Laplace": 3.6}
"""Largest range over rms that is drawn where a law has no peak: beyond, too few draws overload to measure how much."""
OUTPUT_ROUNDINGS = [mode for mode in Rounding if mode not in (Rounding.TOWARD_ZERO, Rounding.STOCHASTIC)]
OVERFLOWS = [mode for mode in Overflow if mode is not Overflow.ERROR]


@dataclass(frozen=True)
class Operand:
    """A law, scaled, and the format that it is quantised to."""

    law: str
    scale: float
    format: Format

    @property
    def signal(self) -> Signal:
        """The law at its scale."""
        return LAWS[self.law].scaled(self.scale)

    @property
    def limit(self) -> float:
        """The largest magnitude of the format, or the step more that it lacks."""
        return float(-self.format.min if self.format.signed else self.format.max + self.format.step)

    def __str__(self) -> str:
        return f"{self.law}, {self.limit / self.signal.rms:.2g} rms to the end of {self.format}"


@dataclass(frozen=True)
class Case:
    """What is quantised, and how.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    length : int
        Number of products, 1 for a word.
    x, w : Operand
        A word has x alone.
    rounding, overflow : mode
        Of both operands; given weights are rounded half to even.
    weights : tuple of float
        Those of kind "fixed".
    output : Format, optional
        That of kind "output".
    output_rounding : Rounding
        Of the output.
    """

    kind: str
    length: int
    x: Operand
    w: Operand
    rounding: Rounding
    overflow: Overflow
    weights: tuple[float, ...] = ()
    output: Format | None = None
    output_rounding: Rounding = Rounding.HALF_EVEN

    def __str__(self) -> str:
        modes = f"{self.rounding.name}, {self.overflow.name}"
        if self.kind == "word":
            return f"{self.x}; {modes}"
        rounded = f"; to {self.output}, {self.output_rounding.name}" if self.output else ""
        return f"N = {self.length}; x {self.x}; w {self.w}; {modes}{rounded}"


def draw_pools(rng: np.random.Generator, draws: int) -> Pools:
    """Return draws of every law, for inputs and for weights: all cases read the same ones."""
    return {name: (law.sample(rng, draws), law.sample(rng, draws)) for name, law in LAWS.items()}


def draw_case(rng: np.random.Generator) -> Case:
    """Return a case at random."""
    kind = _pick(rng, [*KINDS])
    lengths = {"word": [1], "output": [each for each in LENGTHS if each >= LEAST_LENGTH_BEFORE_OUTPUT]}
    length = _pick(rng, lengths.get(kind, list(LENGTHS)))
    least_bits = LEAST_BITS_BEFORE_OUTPUT if kind == "output" else 1
    x, w = _draw_operand(rng, least_bits), _draw_operand(rng, least_bits)
    modes = _pick(rng, list(Rounding)), _pick(rng, OVERFLOWS)
    match kind:
        case "fixed":
            others = w.signal.sample(rng, length - 1).tolist()
            return Case(kind, length, x, w, *modes, weights=(w.signal.rms, *others))  # not all of them zero
        case "output":
            output = _draw_output(rng, length, x, w)
            return Case(kind, length, x, w, *modes, output=output, output_rounding=_pick(rng, OUTPUT_ROUNDINGS))
    return Case(kind, length, x, w, *modes)


def _pick(rng: np.random.Generator, choices: list[Any]) -> Any:
    return choices[rng.integers(len(choices))]


def _draw_operand(rng: np.random.Generator, least_bits: int) -> Operand:
    """Return a law at a scale at which the format's range is at least its rms."""
    law = _pick(rng, [*LAWS])
    signal = LAWS[law]
    signed = signal.signed or bool(rng.random() < 0.2)
    fmt = Format(int(rng.integers(least_bits, MOST_BITS, endpoint=True)), int(rng.integers(-2, 12)), signed=signed)
    reach = REACH.get(law, 1.2 * signal.peak / signal.rms)
    unscaled = Operand(law, 1.0, fmt)
    return Operand(law, unscaled.limit / (rng.uniform(1, reach) * signal.rms), fmt)


def _draw_output(rng: np.random.Generator, length: int, x: Operand, w: Operand) -> Format:
    """Return an output that holds every sum; it drops some bits, on a step below a quarter of the rms of the sum."""
    rms = math.sqrt(length) * min(x.signal.rms, x.limit) * min(w.signal.rms, w.limit)
    finest = x.format.frac_bits + w.format.frac_bits - LEAST_DROPPED_BITS
    frac_bits = min(math.ceil(rng.uniform(2, 6) - math.log2(rms)), finest)
    largest = length * x.limit * w.limit
    return Format(1 + max(math.ceil(math.log2(largest)) + 1 + frac_bits, 1), frac_bits)


def predicted_db(case: Case) -> float:
    """Return the SQNR of a case, dB, from its laws, formats and modes."""
    modes: dict[str, Any] = {"rounding": case.rounding, "overflow": case.overflow}
    x = case.x.format, case.x.signal
    match case.kind:
        case "word":
            return sqnr_quantizer(*x, **modes)
        case "fixed":
            # also where the inputs are rounded at random
            return float(sqnr_dot_fixed(case.weights, *x, case.w.format, w_rounding=Rounding.HALF_EVEN, **modes))
    modes |= {"output_format": case.output, "output_rounding": case.output_rounding}
    return float(sqnr_dot_quantized(case.length, *x, case.w.format, case.w.signal, **modes))


def errors(case: Case, pools: Pools, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Return exact results of a case, one a dot product, and the errors of the quantised ones, bit-true.

    Parameters
    ----------
    case : Case
        What is quantised, and how.
    pools : mapping
        Draws of the laws.
    rng : numpy.random.Generator
        Source of STOCHASTIC.

    Returns
    -------
    tuple of ndarray
        Exact results and errors.
    """
    x = (pools[case.x.law][0] * case.x.scale).reshape(-1, case.length)
    coded = quantize(x, case.x.format, rounding=case.rounding, overflow=case.overflow, rng=rng)
    if case.kind == "word":
        return x[:, 0], (coded - x)[:, 0]
    if case.kind == "fixed":
        weights = np.array(case.weights)
        y = x @ weights
        return y, coded @ quantize(weights, case.w.format, rounding=Rounding.HALF_EVEN, overflow=case.overflow) - y
    w = (pools[case.w.law][1] * case.w.scale).reshape(x.shape)
    y = (x * w).sum(axis=1)
    sums = (coded * quantize(w, case.w.format, rounding=case.rounding, overflow=case.overflow, rng=rng)).sum(axis=1)
    if case.output is not None:
        sums = quantize(sums, case.output, rounding=case.output_rounding, overflow=Overflow.ERROR)
    return y, sums - y
