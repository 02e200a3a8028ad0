"""How often the rounding of its operands turns a decision around."""

import math

from fxp.formats import Format
from fxp.quantization import encode
from sims.measure import Measurement, Trial, measures

__all__ = ["mismatch_bound"]


@measures("mismatch_bound")
def mismatch_bound(word_bits: int, length: int, margin_steps: float, *, trial: Trial) -> Measurement:
    """Return the share of margins Σx + b = d, with weights of one, whose sign the rounding of x changes."""
    word = Format(word_bits, word_bits - 1)
    runs = trial.samples(100_000)
    x = trial.rng.uniform(word.min, word.max, (runs, length))
    margin = margin_steps * math.sqrt(length) * word.step
    bias = margin - x.sum(axis=1)
    rounded = encode(x, word).sum(axis=1) * word.step
    return Measurement.proportion(int(((rounded + bias) < 0).sum()), runs, false_alarm=trial.false_alarm)
