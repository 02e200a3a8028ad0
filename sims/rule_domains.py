"""Where the 6-dB rules hold: the word lengths at which they are close to what is true."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from fxp.dot_products import sqnr_dot_quantized
from fxp.formats import Format
from fxp.operand_noise import sqnr_dot_inputs
from fxp.quantization import quantize
from fxp.quantizers import sqnr_quantizer
from fxp.signals import Signal
from fxp.sqnr import sqnr_dot, sqnr_rule

__all__ = ["RULE_DB", "RuleDomain", "rule_domains"]

RULE_DB = 0.5
WORDS = range(2, 17)
LENGTHS = (1, 4, 16, 64)
DRAWS = 2**21
CLIP = 4.0
FULL_RANGE = {
    "uniform": Signal.uniform(),
    "uniform on one side, unsigned": Signal.uniform(0, 1),
    "sine": Signal.sinusoid(),
}
GAUSSIAN, RELU = Signal.gaussian(), Signal.relu_gaussian()


@dataclass(frozen=True)
class RuleDomain:
    """Where a rule is within half a dB.

    Parameters
    ----------
    rule : str
        The function.
    what : str
        What it is applied to.
    first_bits, last_bits : int or None
        The longest run of word lengths from 2 to 16 at which it holds; None where there is none.
    """

    rule: str
    what: str
    first_bits: int | None
    last_bits: int | None

    @property
    def bits(self) -> str:
        """The word lengths in words."""
        if self.first_bits is None or self.last_bits is None:
            return "none"
        if self.last_bits == WORDS[-1]:
            return f"{self.first_bits} and more"
        return f"{self.first_bits} to {self.last_bits}"


def rule_domains(rng: np.random.Generator) -> tuple[RuleDomain, ...]:
    """Return the word lengths at which each rule is within 0.5 dB of the truth.

    For `sqnr_rule` and `sqnr_dot_inputs` the truth is the exact prediction, for `sqnr_dot` a bit-true measurement on
    two million products, known to about 0.05 dB at 64 of them.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the products.

    Returns
    -------
    tuple of RuleDomain
        One a rule and law.
    """
    return (*_words(), *_operands(), *_outputs(rng))


def _words() -> Iterator[RuleDomain]:
    for name, signal in FULL_RANGE.items():
        yield _domain("sqnr_rule", f"{name}, full range", partial(_word_gap, signal=signal, limit=1.0))
    yield _domain("sqnr_rule", "Gaussian, clipped at 4 rms", partial(_word_gap, signal=GAUSSIAN, limit=CLIP))


def _word_gap(bits: int, signal: Signal, limit: float) -> float:
    rule = sqnr_rule(bits, 20 * np.log10(limit / signal.rms), signed=signal.signed)
    return float(rule) - sqnr_quantizer(_word(bits, signal, limit), signal)


def _operands() -> Iterator[RuleDomain]:
    one_sided, both = FULL_RANGE["uniform on one side, unsigned"], FULL_RANGE["uniform"]
    yield _domain(
        "sqnr_dot_inputs",
        "uniform unsigned inputs, uniform weights, full range",
        partial(_operand_gap, x=one_sided, w=both, limit=1.0),
    )
    yield _domain(
        "sqnr_dot_inputs",
        "Gaussian inputs after ReLU (zero atom ½), Gaussian weights, clipped at 4",
        partial(_operand_gap, x=RELU, w=GAUSSIAN, limit=CLIP),
    )


def _operand_gap(bits: int, x: Signal, w: Signal, limit: float) -> float:
    pars = (20 * np.log10(limit / signal.rms) for signal in (x, w))
    rule = sqnr_dot_inputs(bits, bits, *pars, zero_atom=x.zero_atom)
    return float(rule) - float(sqnr_dot_quantized(1, _word(bits, x, limit), x, _word(bits, w, limit), w))


def _outputs(rng: np.random.Generator) -> Iterator[RuleDomain]:
    signal = FULL_RANGE["uniform"]
    products = signal.sample(rng, DRAWS) * signal.sample(rng, DRAWS)
    for length in LENGTHS:
        sums = products.reshape(-1, length).sum(axis=1)
        rules = sqnr_dot(WORDS, length, signal.par_db, signal.par_db)
        gaps = [float(rule) - _measured_db(sums, length, bits) for bits, rule in zip(WORDS, rules, strict=True)]
        yield _longest("sqnr_dot", f"{length} products of uniform operands", gaps)


def _measured_db(sums: NDArray[np.float64], length: int, bits: int) -> float:
    error = quantize(sums, Format.for_range(-length, length, bits)) - sums
    return float(10 * np.log10((sums @ sums) / (error @ error)))


def _word(bits: int, signal: Signal, limit: float) -> Format:
    return Format.for_range(-limit if signal.signed else 0, limit, bits)


def _domain(rule: str, what: str, gap_db: Callable[[int], float]) -> RuleDomain:
    return _longest(rule, what, [gap_db(bits) for bits in WORDS])


def _longest(rule: str, what: str, gaps_db: Sequence[float]) -> RuleDomain:
    """Return the domain of the longest run of gaps that are small enough."""
    run: list[int] = []
    longest: list[int] = []
    for bits, gap in zip(WORDS, gaps_db, strict=True):
        run = [*run, bits] if abs(gap) <= RULE_DB else []
        longest = max(longest, run, key=len)
    return RuleDomain(rule, what, longest[0] if longest else None, longest[-1] if longest else None)
