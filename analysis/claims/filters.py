"""Claims on predictors and filters: their best weights, and what words, overload and dropped bits cost them."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from math import log2, log10
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from analysis import filters as derivations
from analysis.claims.claim import Claim, Prediction
from analysis.derivation import Derivation
from analysis.domain import Choice, Domain, Integers, Reals
from fxp.costs import LayerShape, computational_cost
from fxp.filters.bits import predictor_bits_exact
from fxp.filters.input_errors import error_covariance
from fxp.filters.losses import predictor_loss
from fxp.filters.noise import fir_noise, weight_error_power
from fxp.filters.outputs import output_error
from fxp.filters.predictors import Predictor, optimal_predictor
from fxp.formats import Format
from fxp.processes import Process
from fxp.quantization import quantize
from fxp.quantizers import quantized_moments
from fxp.signals import Signal

__all__ = ["CLAIMS"]

Values = tuple[float, ...]
Floats = NDArray[np.float64]

SIGNS: Final = Signal.from_samples([-1.0, 1.0])
SIGN_MODES: Final = np.ones(3)  # full adders are counted for unsigned, mixed and signed operands
TERMS: Final = 30  # 0.48**30 is 3e-10 of an error's power
THREE_TAPS: Final = Process((0.1, 0.5, -0.5, 0.1))
PROCESSES: Final = (
    THREE_TAPS,
    Process((0.7, 0.2, -0.4, 0.1), drive=Signal.uniform(-2, 2)),
    Process((0.3, -0.6, 0.0, 0.5), drive=SIGNS),
)
EIGHTHS: Final = ((1.0, 0.5), (0.125, 0.5, -0.5, 0.125), (1.0, -0.875, 0.25), (0.25, 0.75, 1.0), (-0.5, 0.25, 0.875))
TAPS: Final = ((0.5, -0.25), (-0.68, -0.41, -0.18), (0.3, 0.9, -0.6, 0.2, 0.1))
COLOURED: Final = (THREE_TAPS, Process((0.8,), (0.4,)))
GAUSSIAN: Final = (THREE_TAPS, Process((1.0, 0.4)))


def _correlation(process: Process, lag: int) -> float:
    return float(process.autocorrelation(lag)[lag])


def _correlation_derived(process: Process, lag: int) -> float:
    coefficients = {f"b_{place}": value for place, value in enumerate(process.moving_average)}
    return derivations.moving_average_correlation().value(k=lag, P_g=process.drive.rms**2, **coefficients)


def _convolved(process: Process, lag: int) -> float:
    """Adds up b_j b_(3−k−j): a convolution."""
    b = process.moving_average
    return float(process.drive.rms**2 * sum(b[j] * b[3 - lag - j] for j in range(4 - lag)))


def _of_unit_draws(process: Process, lag: int) -> float:
    """Forgets the power of the draws."""
    return _correlation(process, lag) / process.drive.rms**2


def _driven_by_signs(moving_average: Values) -> Process:
    return Process(moving_average, drive=SIGNS)


def _least(moving_average: Values) -> float:
    return optimal_predictor(_driven_by_signs(moving_average), 2).mse


def _lags(moving_average: Values) -> dict[str, float]:
    values = _driven_by_signs(moving_average).autocorrelation(2)
    return {f"r_{lag}": float(value) for lag, value in enumerate(values)}


def _least_derived(moving_average: Values) -> float:
    return derivations.optimal_predictor().value(**_lags(moving_average))


def _each_tap_alone(moving_average: Values) -> float:
    """Takes each weight as if the samples were uncorrelated."""
    r = _lags(moving_average)
    return r["r_0"] - (r["r_1"] ** 2 + r["r_2"] ** 2) / r["r_0"]


def _one_tap(moving_average: Values) -> float:
    """Stops at one tap."""
    return optimal_predictor(_driven_by_signs(moving_average), 1).mse


def _two_taps(moving_average: Values, w_format: Format) -> tuple[Predictor, Floats]:
    predictor = optimal_predictor(_driven_by_signs(moving_average), 2)
    return predictor, quantize(predictor.weights, w_format)


def _weight_error(moving_average: Values, w_format: Format) -> float:
    predictor, rounded = _two_taps(moving_average, w_format)
    return weight_error_power(predictor.weights, rounded, _driven_by_signs(moving_average).correlation_matrix(2))


def _weight_error_derived(moving_average: Values, w_format: Format) -> float:
    predictor, rounded = _two_taps(moving_average, w_format)
    weights = dict(zip(("w_1", "w_2", "v_1", "v_2"), (*predictor.weights, *rounded), strict=True))
    lags = _lags(moving_average)
    return derivations.weight_error_power().value(**weights, r_0=lags["r_0"], r_1=lags["r_1"])


def _random_weight_error(moving_average: Values, w_format: Format) -> float:
    """Takes the errors of given weights as random, uniform over a step."""
    return float(fir_noise([0.0, 0.0], _driven_by_signs(moving_average).power, 0.0, w_format.step))


def _of_white_inputs(moving_average: Values, w_format: Format) -> float:
    """Takes the inputs as white."""
    predictor, rounded = _two_taps(moving_average, w_format)
    return float(predictor.power * np.sum((rounded - predictor.weights) ** 2))


def _db(power: float) -> float:
    return 10 * log10(power)


def _fir_noise(weights: Values, process: Process, x_frac_bits: int, w_frac_bits: int) -> float:
    return _db(float(fir_noise(weights, process.power, 2.0**-x_frac_bits, 2.0**-w_frac_bits)))


def _fir_noise_derived(weights: Values, process: Process, x_frac_bits: int, w_frac_bits: int) -> float:
    steps = {"Delta_x": 2.0**-x_frac_bits, "Delta_w": 2.0**-w_frac_bits}
    gains = {"S_ww": float(np.square(weights).sum()), "N": len(weights), "P_x": process.power}
    return _db(derivations.fir_noise().value(**steps, **gains))


def _one_weight(weights: Values, process: Process, x_frac_bits: int, w_frac_bits: int) -> float:
    """Leaves out N: counts one weight."""
    return _fir_noise((float(np.sqrt(np.square(weights).sum())),), process, x_frac_bits, w_frac_bits)


def _half_steps(weights: Values, process: Process, x_frac_bits: int, w_frac_bits: int) -> float:
    """Takes Δ = 2^(−B) for words on [−1, 1), half of what it is."""
    return _fir_noise(weights, process, x_frac_bits + 1, w_frac_bits + 1)


def _amplitudes(weights: Values, process: Process, x_frac_bits: int, w_frac_bits: int) -> float:
    """Adds the input errors as amplitudes: (Σ w)² for Σ w²."""
    gain = float(np.sum(weights)) ** 2 * 4.0**-x_frac_bits
    return _db((gain + len(weights) * process.power * 4.0**-w_frac_bits) / 12)


def _bits(process: Process, taps: int, loss_db: float, x_range: int, w_range: int) -> float:
    return predictor_bits_exact(process, taps, loss_db, x_range=x_range, w_range=w_range)


def _bits_derived(process: Process, taps: int, loss_db: float, x_range: int, w_range: int) -> float:
    predictor = optimal_predictor(process, taps)
    return derivations.predictor_bits().value(
        S_ww=float(np.square(predictor.weights).sum()),
        N=taps,
        P_x=process.power,
        x_m=x_range,
        w_m=w_range,
        M_min=predictor.mse,
        L_dB=loss_db,
    )


def _bits_of_half_steps(process: Process, taps: int, loss_db: float, x_range: int, w_range: int) -> float:
    """Takes Δ = x_m·2^(−B), which makes one bit too few."""
    return _bits(process, taps, loss_db, x_range, w_range) - 1


def _bits_of_one_weight(process: Process, taps: int, loss_db: float, x_range: int, w_range: int) -> float:
    """Leaves out N: counts one weight."""
    predictor = optimal_predictor(process, taps)
    gain = float(np.square(predictor.weights).sum()) * x_range**2
    known = gain + taps * process.power * w_range**2
    return _bits(process, taps, loss_db, x_range, w_range) + log2((gain + process.power * w_range**2) / known) / 2


def _bits_of_signal_power(process: Process, taps: int, loss_db: float, x_range: int, w_range: int) -> float:
    """Relates the loss to the power of x, not to that of the prediction error."""
    predictor = optimal_predictor(process, taps)
    return _bits(process, taps, loss_db, x_range, w_range) + log2(predictor.mse / predictor.power) / 2


def _covariance(word_bits: int, frac_bits: int, correlation: float) -> float:
    return error_covariance(Format(word_bits, frac_bits), 1.0, correlation)


def _covariance_derived(word_bits: int, frac_bits: int, correlation: float) -> float:
    return derivations.error_covariance(word_bits, TERMS).value(rho=correlation, Delta=2.0**-frac_bits)


def _independent(word_bits: int, frac_bits: int, correlation: float) -> float:
    """Takes the errors as independent."""
    del correlation
    return quantized_moments(Format(word_bits, frac_bits), Signal.gaussian()).mean_error ** 2


def _linear(word_bits: int, frac_bits: int, correlation: float) -> float:
    """Stops at the linear term: what is left of the error is taken as white."""
    moments = quantized_moments(Format(word_bits, frac_bits), Signal.gaussian())
    return moments.mean_error**2 + correlation * moments.error_cross**2


def _loss(process: Process, x_format: Format, w_format: Format) -> float:
    return _db(predictor_loss(process, optimal_predictor(process, 2), x_format, w_format).total)


@lru_cache
def _neighbours_covariance(process: Process, x_format: Format) -> float:
    """Return E[e e'] of neighbouring samples by the derivation's series."""
    steps = x_format.step / process.rms
    correlation = process.autocorrelation(1)[1] / process.power
    series = derivations.error_covariance(x_format.word_bits, TERMS)
    return series.value(rho=float(correlation), Delta=steps) * process.power


def _two_tap_terms(process: Process, x_format: Format, w_format: Format) -> dict[str, float]:
    predictor = optimal_predictor(process, 2)
    moments = quantized_moments(x_format, Signal.gaussian(process.rms))
    weights = (*predictor.weights, *quantize(predictor.weights, w_format))
    lags = process.autocorrelation(1)
    return {
        **dict(zip(("w_1", "w_2", "v_1", "v_2"), map(float, weights), strict=True)),
        "r_0": float(lags[0]),
        "r_1": float(lags[1]),
        "M_min": predictor.mse,
        "C": moments.error_cross,
        "E_0": moments.error_power,
        "E_1": _neighbours_covariance(process, x_format),
    }


def _loss_derived(process: Process, x_format: Format, w_format: Format) -> float:
    return _db(derivations.predictor_loss().value(**_two_tap_terms(process, x_format, w_format)))


def _loss_without_overload(process: Process, x_format: Format, w_format: Format) -> float:
    """Takes the input errors as uniform and white: no overload."""
    uniform = {"C": 0.0, "E_0": x_format.step**2 / 12, "E_1": 0.0}
    return _db(derivations.predictor_loss().value(**(_two_tap_terms(process, x_format, w_format) | uniform)))


def _loss_of_independent_errors(process: Process, x_format: Format, w_format: Format) -> float:
    """Takes the errors of neighbouring inputs as uncorrelated, overload and all."""
    return _db(derivations.predictor_loss().value(**(_two_tap_terms(process, x_format, w_format) | {"E_1": 0.0})))


def _dropped(weight_codes: tuple[int, int], drop_bits: int) -> float:
    return output_error(weight_codes, drop_bits, drop_bits=drop_bits).power


def _dropped_derived(weight_codes: tuple[int, int], drop_bits: int) -> float:
    kept = [drop_bits - ((code & -code).bit_length() - 1) for code in weight_codes]
    return derivations.filter_output_error().value(k_1=kept[0], k_2=kept[1])


def _biases_as_noise(weight_codes: tuple[int, int], drop_bits: int) -> float:
    """Adds the biases of the products as powers, as if their signs were random."""
    return sum(output_error([code], drop_bits, drop_bits=drop_bits).power for code in weight_codes)


def _odd_weights(weight_codes: tuple[int, int], drop_bits: int) -> float:
    """Forgets that products of even codes end in zeros."""
    return _dropped(tuple(code | 1 for code in weight_codes), drop_bits)  # type: ignore[arg-type]


def _unbiased(weight_codes: tuple[int, int], drop_bits: int) -> float:
    """Leaves the bias of FLOOR out."""
    return output_error(weight_codes, drop_bits, drop_bits=drop_bits).variance


def _full_adders(word_bits: int, convention: str = "printed_ceil") -> Floats:
    shape = LayerShape("predictor", dot_length=3, dots=1, weights=3, activations=3)
    return SIGN_MODES * computational_cost([shape], word_bits, word_bits, convention=convention)


def _cost(word_bits: int) -> Floats:
    return _full_adders(word_bits)


def _cost_derived(word_bits: int) -> Floats:
    return SIGN_MODES * derivations.predictor_cost().value(B=word_bits)


def _notes_cost(word_bits: int) -> Floats:
    """Takes adders of 2B − 1 bits, for 62 at 4 bits: too narrow for the sum."""
    return SIGN_MODES * (3 * word_bits**2 + 2 * (2 * word_bits - 1))


def _whole_cost(word_bits: int) -> Floats:
    """Has a full adder at the lowest place too."""
    return _full_adders(word_bits, "published")


def _claim(
    derivation: Callable[[], Derivation],
    statement: str,
    predict: Prediction,
    derived: Prediction,
    domain: Mapping[str, Domain],
    *wrong_variants: Prediction,
    **others: Any,
) -> Claim:
    columns = {"derived": derived, "domain": domain, "wrong_variants": wrong_variants}
    return Claim.of(derivation, statement, predict, **columns, **others)


CLAIMS = (
    _claim(
        derivations.moving_average_correlation,
        "Samples of a moving average that are k apart have the mean product P·Σ b_j b_(j+k).",
        _correlation,
        _correlation_derived,
        {"process": Choice(*PROCESSES), "lag": Integers(0, 3)},
        _convolved,
        _of_unit_draws,
        tolerance=1e-9,
        unit="x²",
        cases=8,
    ),
    _claim(
        derivations.optimal_predictor,
        "No weights of two taps predict with a smaller mean square error than the solution of the normal equations.",
        _least,
        _least_derived,
        {"moving_average": Choice(*EIGHTHS)},
        _each_tap_alone,
        _one_tap,
        tolerance=1e-9,
        unit="x²",
    ),
    _claim(
        derivations.weight_error_power,
        "Rounding the weights of an optimal predictor adds (w − ŵ)ᵀR(w − ŵ) to its mean square error.",
        _weight_error,
        _weight_error_derived,
        {
            "moving_average": Choice(*EIGHTHS),
            "w_format": Choice(Format(2, 1), Format(3, 2), Format(4, 3), Format(5, 4)),
        },
        _random_weight_error,
        _of_white_inputs,
        tolerance=1e-9,
        unit="x²",
        cases=10,
    ),
    _claim(
        derivations.fir_noise,
        "Rounded inputs make a filter's noise in proportion to Σw², and rounded weights in proportion to their number.",
        _fir_noise,
        _fir_noise_derived,
        {
            "weights": Choice(*TAPS),
            "process": Choice(*COLOURED),
            "x_frac_bits": Integers(5, 8),
            "w_frac_bits": Integers(5, 8),
        },
        _one_weight,
        _half_steps,
        _amplitudes,
        kind="asymptotic",
        tolerance=0.02,
        unit="dB",
    ),
    _claim(
        derivations.predictor_bits,
        "The noise of a predictor whose inputs and weights have B bits is what a loss allows at this real B.",
        _bits,
        _bits_derived,
        {
            "process": Choice(*COLOURED),
            "taps": Integers(2, 4),
            "loss_db": Reals(0.05, 0.5),
            "x_range": Choice(8, 16),
            "w_range": Choice(1, 2),
        },
        _bits_of_half_steps,
        _bits_of_one_weight,
        _bits_of_signal_power,
        kind="asymptotic",
        tolerance=0.01,
        unit="bits",
    ),
    _claim(
        derivations.error_covariance,
        "Mehler's series gives the mean product of the quantisation errors of two Gaussian samples, overload included.",
        _covariance,
        _covariance_derived,
        {"word_bits": Choice(2, 3), "frac_bits": Choice(1, 2), "correlation": Reals(-0.48, 0.48)},
        _independent,
        _linear,
        tolerance=1e-9,
        unit="x²",
    ),
    _claim(
        derivations.predictor_loss,
        "The moments of the input errors give the mean square error of a predictor of a Gaussian process, overload "
        "included.",
        _loss,
        _loss_derived,
        {
            "process": Choice(*GAUSSIAN),
            "x_format": Choice(Format(2, 1), Format(2, 2), Format(3, 1)),
            "w_format": Choice(Format(3, 2), Format(5, 4)),
        },
        _loss_without_overload,
        _loss_of_independent_errors,
        tolerance=1e-9,
        unit="dB",
    ),
    _claim(
        derivations.filter_output_error,
        "The biases of bits that FLOOR drops from products add as amplitudes; codes that end in zeros drop fewer.",
        _dropped,
        _dropped_derived,
        {"weight_codes": Choice((3, 5), (-7, 2), (12, -6), (1, 4), (9, -10)), "drop_bits": Integers(3, 6)},
        _biases_as_noise,
        _odd_weights,
        _unbiased,
        tolerance=1e-9,
        unit="steps²",
        cases=8,
    ),
    _claim(
        derivations.predictor_cost,
        "A predictor of three taps takes 3·B² + 2·(2B + 1) full adders, 66 at 4 bits.",
        _cost,
        _cost_derived,
        {"word_bits": Integers(2, 7)},
        _notes_cost,
        _whole_cost,
        cases=4,
    ),
)
