"""Signal to error of rounded words and of dot products with a rounded output."""

from fxp.formats import Format
from fxp.quantization import quantize
from fxp.signals import Signal
from sims.measure import Measurement, Trial, measures

__all__ = ["full_range", "sqnr_dot", "sqnr_rule", "total_snr"]

PRODUCTS = 1_000_000
FEWEST_RUNS = 5_000


@measures("sqnr_rule")
def sqnr_rule(word_bits: int, signal: Signal, *, trial: Trial) -> Measurement:
    """Return the SQNR, dB, of draws of the signal in the word that ends at its peak."""
    x = signal.sample(trial.rng, trial.samples(200_000))
    error = quantize(x, full_range(signal, word_bits)) - x
    return Measurement.power_ratio_db(x, error, false_alarm=trial.false_alarm)


@measures("sqnr_dot")
def sqnr_dot(output_bits: int, length: int, x: Signal, w: Signal, *, trial: Trial) -> Measurement:
    """Return the SQNR, dB, of sums of products that are rounded to the word of their largest possible sum."""
    shape = runs(length, trial), length
    y = (x.sample(trial.rng, shape) * w.sample(trial.rng, shape)).sum(axis=1)
    error = quantize(y, _range_of_sums(length, x, w, output_bits)) - y
    return Measurement.power_ratio_db(y, error, false_alarm=trial.false_alarm)


@measures("total_snr")
def total_snr(
    snr_a_db: float, operand_bits: int, output_bits: int, length: int, signal: Signal, *, trial: Trial
) -> Measurement:
    """Return the SNR, dB, of sums of products of noisy, quantised inputs and quantised weights, then rounded."""
    shape = runs(length, trial), length
    x, w = signal.sample(trial.rng, shape), signal.sample(trial.rng, shape)
    noisy = x + signal.rms * 10 ** (-snr_a_db / 20) * trial.rng.standard_normal(shape)
    word = full_range(signal, operand_bits)
    y = (x * w).sum(axis=1)
    sums = (quantize(noisy, word) * quantize(w, word)).sum(axis=1)
    error = quantize(sums, _range_of_sums(length, signal, signal, output_bits)) - y
    return Measurement.power_ratio_db(y, error, false_alarm=trial.false_alarm)


def full_range(signal: Signal, word_bits: int) -> Format:
    """Return the word that ends at the signal's peak."""
    return Format.for_range(-signal.peak if signal.signed else 0, signal.peak, word_bits)


def runs(length: int, trial: Trial) -> int:
    """Return how many dot products of this length to draw."""
    return trial.samples(max(PRODUCTS // length, FEWEST_RUNS) if length > 8 else PRODUCTS // 8)


def _range_of_sums(length: int, x: Signal, w: Signal, word_bits: int) -> Format:
    largest = length * x.peak * w.peak
    return Format.for_range(-largest, largest, word_bits)
