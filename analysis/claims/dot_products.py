"""Claims on dot products of quantised operands."""

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from analysis import dot_products as derivations
from analysis.claims.claim import Claim
from analysis.domain import Choice, Integers, Reals
from fxp.dot_products import sqnr_dot_fixed, sqnr_dot_quantized
from fxp.formats import Format, Overflow, Rounding
from fxp.operand_noise import floor_bias_power, sqnr_dot_inputs
from fxp.quantization import quantize
from fxp.quantizers import QuantizedMoments, quantized_moments
from fxp.signals import Signal
from fxp.sum_moments import dot_moments, fixed_dot_moments

__all__ = ["CLAIMS"]

Decibels = NDArray[np.float64]
Values = tuple[float, ...]

SIGNED: Final = (Signal.from_law(stats.beta(8, 8, -1, 2)), Signal.from_law(stats.triang(0.5, -1, 2)))
UNSIGNED: Final = (
    Signal.from_law(stats.beta(1, 6)),
    Signal.from_law(stats.beta(2, 6), zero_atom=0.5),
    Signal.from_law(stats.beta(1, 6), zero_atom=0.7),
)

DETERMINISTIC: Final = tuple(mode for mode in Rounding if mode is not Rounding.STOCHASTIC)
OVERFLOWS: Final = tuple(mode for mode in Overflow if mode is not Overflow.ERROR)
FORMATS: Final = (Format(1, 0), Format(3, 2), Format(4, 2), Format(2, 1, signed=False), Format(3, 1, signed=False))
POSITIVE: Final = (0.0, 0.0, 0.17, 0.44, 0.9, 1.9)
BOTH_SIGNS: Final = (-1.7, -0.9, -0.375, 0.125, 0.52, 1.1)
TAPS: Final = ((0.25, 0.25, 0.25, 0.25), (0.3, -0.7), (0.11, 0.52, -0.26, 0.97), (-1.3, 0.6, 0.05))


def _inputs(x_bits: int, w_bits: int, length: int, x: Signal, w: Signal) -> Decibels:
    del length
    return sqnr_dot_inputs(x_bits, w_bits, x.par_db, w.par_db, x_signed=x.signed, zero_atom=x.zero_atom)


def _inputs_derived(x_bits: int, w_bits: int, length: int, x: Signal, w: Signal) -> float:
    del length
    pars = {"zeta_x_dB": x.par_db, "zeta_w_dB": w.par_db}
    return derivations.sqnr_dot_inputs().value(B_x=x_bits, B_w=w_bits, s=int(x.signed), p_0=x.zero_atom, **pars)


def _zeros_with_error(x_bits: int, w_bits: int, length: int, x: Signal, w: Signal) -> Decibels:
    """Gives zeros after ReLU the error of any other value."""
    return _inputs(x_bits, w_bits, length, replace(x, zero_atom=0.0), w)


def _inputs_as_signed(x_bits: int, w_bits: int, length: int, x: Signal, w: Signal) -> Decibels:
    """Takes an unsigned step for a signed one."""
    return _inputs(x_bits, w_bits, length, replace(x, signed=True), w)


def _noise_grows_with_length(x_bits: int, w_bits: int, length: int, x: Signal, w: Signal) -> Decibels:
    """Lets the noise grow with N and the signal not."""
    return np.asarray(_inputs(x_bits, w_bits, length, x, w) - 10 * np.log10(length))


def _noise_db(x_step_to_rms: float, w_step_to_rms: float, *, cross_term: bool) -> Decibels:
    pars = (20 * np.log10(2**15 * ratio) for ratio in (x_step_to_rms, w_step_to_rms))
    return -sqnr_dot_inputs(16, 16, *pars, x_signed=True, cross_term=cross_term)


def _cross(x_step_to_rms: float, w_step_to_rms: float) -> Decibels:
    both, alone = (_noise_db(x_step_to_rms, w_step_to_rms, cross_term=term) for term in (True, False))
    return both - alone


def _cross_derived(x_step_to_rms: float, w_step_to_rms: float) -> float:
    return derivations.cross_term().value(Delta_x=x_step_to_rms, Delta_w=w_step_to_rms, P_x=1, P_w=1)


def _no_cross(x_step_to_rms: float, w_step_to_rms: float) -> float:
    """Leaves the product of both errors out."""
    del x_step_to_rms, w_step_to_rms
    return 0.0


def _negative_cross(x_step_to_rms: float, w_step_to_rms: float) -> Decibels:
    """Lets the codes, not the operands, be uncorrelated with the errors, as for centroids: the term changes sign."""
    x_noise, w_noise = x_step_to_rms**2 / 12, w_step_to_rms**2 / 12
    return np.asarray(10 * np.log10(1 - x_noise * w_noise / (x_noise + w_noise)))


def _bias(weights: Values, frac_bits: int, x: Signal) -> Decibels:
    del frac_bits
    return floor_bias_power(weights, 1.0, zero_atom=x.zero_atom)


def _bias_derived(weights: Values, frac_bits: int, x: Signal) -> float:
    del frac_bits
    sums = {"S_w": float(np.sum(weights)), "S_ww": float(np.square(weights).sum())}
    return derivations.floor_bias_power().value(Delta_x=1.0, q=1 - x.zero_atom, **sums)


def _bias_of_zeros(weights: Values, frac_bits: int, x: Signal) -> Decibels:
    """Lets zeros lose half a step too."""
    return _bias(weights, frac_bits, replace(x, zero_atom=0.0))


def _bias_as_noise(weights: Values, frac_bits: int, x: Signal) -> float:
    """Adds the losses as powers, as if their signs were random."""
    del frac_bits
    return float((1 - x.zero_atom) * np.square(weights).sum() / 4)


def _mean_bias(weights: Values, frac_bits: int, x: Signal) -> float:
    """Takes the square of the mean loss, without its variance over the zeros."""
    del frac_bits
    return float(((1 - x.zero_atom) * np.sum(weights)) ** 2 / 4)


def _operands(
    x_format: Format, x: Values, w_format: Format, w: Values, rounding: Rounding, overflow: Overflow
) -> tuple[QuantizedMoments, QuantizedMoments]:
    x_moments, w_moments = (
        quantized_moments(fmt, Signal.from_samples(values), rounding=rounding, overflow=overflow)
        for fmt, values in ((x_format, x), (w_format, w))
    )
    return x_moments, w_moments


def _quantized(
    length: int, x_format: Format, x: Values, w_format: Format, w: Values, rounding: Rounding, overflow: Overflow
) -> Decibels:
    signals = Signal.from_samples(x), Signal.from_samples(w)
    return sqnr_dot_quantized(length, x_format, signals[0], w_format, signals[1], rounding=rounding, overflow=overflow)


def _quantized_derived(
    length: int, x_format: Format, x: Values, w_format: Format, w: Values, rounding: Rounding, overflow: Overflow
) -> float:
    moments = _operands(x_format, x, w_format, w, rounding, overflow)
    values = {"N": float(length)}
    for name, each in zip("xw", moments, strict=True):
        values |= {f"mu_{name}": each.mean, f"P_{name}": each.power, f"e_{name}": each.mean_error}
        values |= {f"E_{name}": each.error_power, f"C_{name}": each.error_cross}
    return derivations.sqnr_dot_quantized().value(**values)


def _no_bias(
    length: int, x_format: Format, x: Values, w_format: Format, w: Values, rounding: Rounding, overflow: Overflow
) -> Decibels:
    """Adds all errors as powers, also those with a mean."""
    moments = _operands(x_format, x, w_format, w, rounding, overflow)
    return dot_moments(length, *(replace(each, mean_error=0.0) for each in moments)).sqnr_db


def _uncorrelated(
    length: int, x_format: Format, x: Values, w_format: Format, w: Values, rounding: Rounding, overflow: Overflow
) -> Decibels:
    """Takes the errors to be uncorrelated with their operands, which overload is not."""
    moments = _operands(x_format, x, w_format, w, rounding, overflow)
    return dot_moments(length, *(replace(each, error_cross=0.0) for each in moments)).sqnr_db


def _fixed(
    weights: Values, w_format: Format, x_format: Format, x: Values, rounding: Rounding, overflow: Overflow
) -> Decibels:
    signal = Signal.from_samples(x)
    return sqnr_dot_fixed(weights, x_format, signal, w_format, rounding=rounding, overflow=overflow)


def _fixed_derived(
    weights: Values, w_format: Format, x_format: Format, x: Values, rounding: Rounding, overflow: Overflow
) -> float:
    moments = quantized_moments(x_format, Signal.from_samples(x), rounding=rounding, overflow=overflow)
    w, v = np.array(weights), quantize(weights, w_format, rounding=rounding, overflow=overflow)
    sums = {"S_w": w, "S_ww": w * w, "S_v": v, "S_d": v - w, "S_vv": v * v, "S_vd": v * (v - w), "S_dd": (v - w) ** 2}
    return derivations.sqnr_dot_fixed().value(
        mu_x=moments.mean,
        P_x=moments.power,
        e_x=moments.mean_error,
        E_x=moments.error_power,
        C_x=moments.error_cross,
        **{name: float(terms.sum()) for name, terms in sums.items()},
    )


def _exact_weights(
    weights: Values, w_format: Format, x_format: Format, x: Values, rounding: Rounding, overflow: Overflow
) -> Decibels:
    """Forgets that the weights are rounded."""
    del w_format
    moments = quantized_moments(x_format, Signal.from_samples(x), rounding=rounding, overflow=overflow)
    return fixed_dot_moments(weights, weights, moments).sqnr_db


def _variance_for_power(
    weights: Values, w_format: Format, x_format: Format, x: Values, rounding: Rounding, overflow: Overflow
) -> Decibels:
    """Takes var(y) for E[y²]."""
    signal = Signal.from_samples(x)
    return sqnr_dot_fixed(weights, x_format, signal, w_format, rounding=rounding, overflow=overflow, centred=True)


CLAIMS = (
    Claim(
        "sqnr_dot_inputs",
        "Quantised inputs and weights of full range leave a dot product of any length the SQNR of their two relative "
        "noises, zeros of the inputs without any.",
        "asymptotic",
        derivations.sqnr_dot_inputs().assumptions,
        derivations.sqnr_dot_inputs,
        _inputs,
        {
            "x_bits": Integers(6, 10),
            "w_bits": Integers(6, 10),
            "length": Choice(16, 64),
            "x": Choice(*SIGNED, *UNSIGNED),
            "w": Choice(*SIGNED),
        },
        (_zeros_with_error, _inputs_as_signed, _noise_grows_with_length),
        "derivation-sqnr_dot_inputs",
        derived=_inputs_derived,
        tolerance=0.1,
        unit="dB",
        cases=10,
    ),
    Claim(
        "cross_term",
        "The product of both rounding errors adds the product of the relative noises to their sum, for operands whose "
        "steps are at most 1.5 times their rms.",
        "asymptotic",
        derivations.cross_term().assumptions,
        derivations.cross_term,
        _cross,
        {"x_step_to_rms": Reals(0.5, 1.5), "w_step_to_rms": Reals(0.5, 1.5)},
        (_no_cross, _negative_cross),
        "derivation-cross_term",
        derived=_cross_derived,
        tolerance=0.01,
        unit="dB",
    ),
    Claim(
        "floor_bias_power",
        "FLOOR on the inputs adds Δ²/4 times the mean square of the sum of the weights of inputs that are not zero.",
        "asymptotic",
        derivations.floor_bias_power().assumptions,
        derivations.floor_bias_power,
        _bias,
        {
            "weights": Choice(*TAPS),
            "frac_bits": Integers(6, 10),
            "x": Choice(Signal.relu_gaussian(), Signal.gaussian(), Signal.relu_gaussian(1.5, mean=-0.6)),
        },
        (_bias_of_zeros, _bias_as_noise, _mean_bias),
        "derivation-floor_bias_power",
        derived=_bias_derived,
        tolerance=0.01,
        unit="steps²",
        cases=8,
    ),
    Claim(
        "sqnr_dot_quantized",
        "The moments of independent operands and of their errors give the SQNR of their dot product, whatever the "
        "rounding, the overflow and the laws.",
        "exact",
        derivations.sqnr_dot_quantized().assumptions,
        derivations.sqnr_dot_quantized,
        _quantized,
        {
            "length": Choice(1, 2, 3),
            "x_format": Choice(*FORMATS),
            "x": Choice(POSITIVE, BOTH_SIGNS),
            "w_format": Choice(*FORMATS),
            "w": Choice(POSITIVE, BOTH_SIGNS),
            "rounding": Choice(*DETERMINISTIC),
            "overflow": Choice(*OVERFLOWS),
        },
        (_no_bias, _uncorrelated),
        "derivation-sqnr_dot_quantized",
        derived=_quantized_derived,
        tolerance=1e-9,
        unit="dB",
        cases=20,
    ),
    Claim(
        "sqnr_dot_fixed",
        "The moments of the inputs give the SQNR of their dot product with given, rounded weights.",
        "exact",
        derivations.sqnr_dot_fixed().assumptions,
        derivations.sqnr_dot_fixed,
        _fixed,
        {
            "weights": Choice(*TAPS),
            "w_format": Choice(Format(4, 2), Format(6, 4), Format(3, 1)),
            "x_format": Choice(*FORMATS),
            "x": Choice(POSITIVE, BOTH_SIGNS),
            "rounding": Choice(*DETERMINISTIC),
            "overflow": Choice(*OVERFLOWS),
        },
        (_exact_weights, _variance_for_power),
        "derivation-sqnr_dot_fixed",
        derived=_fixed_derived,
        tolerance=1e-9,
        unit="dB",
        cases=20,
    ),
)
