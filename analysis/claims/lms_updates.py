"""Claims on rounded updates of LMS."""

from analysis import lms_updates as derivations
from analysis.claims.claim import Claim
from analysis.domain import Choice, Domain, Integers, Reals
from fxp import rounded_update, stall_threshold

__all__ = ["CLAIMS", "gain_derived", "noise_derived"]

STALL: dict[str, Domain] = {"stall": Reals(0.2, 3)}


def _gain(stall: float, rounding: str) -> float:
    return float(rounded_update(stall, rounding=rounding).gain)


def gain_derived(stall: float, rounding: str) -> float:
    """Return the gain of a rounded update by its derivation."""
    floored = rounding in ("FLOOR", "CEIL")
    derive = derivations.lms_floored_update_gain if floored else derivations.lms_rounded_update_gain
    return derive().value(rho=stall)


def _no_gain(stall: float, rounding: str) -> float:
    """Takes rounding for noise alone, which does not change the step size."""
    del stall, rounding
    return 1.0


def _other_gain(stall: float, rounding: str) -> float:
    """Takes the gain of rounding down for that of rounding to nearest, and the other way round."""
    return _gain(stall, "HALF_EVEN" if rounding in ("FLOOR", "CEIL") else "FLOOR")


def _noise(stall: float, rounding: str) -> float:
    return float(rounded_update(stall, rounding=rounding).variance)


def noise_derived(stall: float, rounding: str) -> float:
    """Return the noise of a rounded update by its derivation."""
    if rounding == "STOCHASTIC":
        return derivations.lms_stochastic_update_noise().value(rho=stall)
    floored = rounding in ("FLOOR", "CEIL")
    derive = derivations.lms_floored_update_noise if floored else derivations.lms_rounded_update_noise
    return derive().value(rho=stall, kappa=gain_derived(stall, rounding))


def _uniform_noise(stall: float, rounding: str) -> float:
    """Takes 1/12, of STOCHASTIC 1/6, as if updates were of many steps."""
    del stall
    return 1 / 6 if rounding == "STOCHASTIC" else 1 / 12


def _nearest_noise(stall: float, rounding: str) -> float:
    """Takes the noise of rounding to nearest for every mode."""
    del rounding
    return _noise(stall, "HALF_EVEN")


def _threshold(step_shift: int, frac_bits: int) -> float:
    return float(stall_threshold(2.0**-step_shift, 2.0**-frac_bits))


def _threshold_derived(step_shift: int, frac_bits: int) -> float:
    return derivations.lms_stall_threshold().value(q_w=2.0**-frac_bits, mu=2.0**-step_shift)


def _whole_step(step_shift: int, frac_bits: int) -> float:
    """Takes a whole step of the weights, which only rounding toward zero loses."""
    return 2 * _threshold(step_shift, frac_bits)


def _error_alone(step_shift: int, frac_bits: int) -> float:
    """Multiplies by the step size instead of dividing."""
    return 2.0**-frac_bits / 2 * 2.0**-step_shift


CLAIMS = (
    Claim(
        "lms_rounded_update_gain",
        "Rounding to nearest takes away part of an update of few steps, and rounding down or up adds to it.",
        "exact",
        derivations.lms_rounded_update_gain().assumptions,
        derivations.lms_rounded_update_gain,
        _gain,
        {**STALL, "rounding": Choice("HALF_EVEN", "FLOOR", "HALF_UP", "CEIL")},
        (_no_gain, _other_gain),
        "derivation-lms_rounded_update_gain",
        tolerance=1e-4,
        derived=gain_derived,
    ),
    Claim(
        "lms_rounded_update_noise",
        "The noise of rounding an update is less than q²/12, of STOCHASTIC q²/6, where updates are of few steps.",
        "exact",
        derivations.lms_rounded_update_noise().assumptions,
        derivations.lms_rounded_update_noise,
        _noise,
        {**STALL, "rounding": Choice("HALF_EVEN", "STOCHASTIC", "FLOOR")},
        (_uniform_noise, _nearest_noise),
        "derivation-lms_rounded_update_noise",
        tolerance=1e-4,
        unit="steps²",
        derived=noise_derived,
    ),
    Claim(
        "lms_stall_threshold",
        "Rounding to nearest loses an update where error times datum is at most q/(2μ).",
        "exact",
        derivations.lms_stall_threshold().assumptions,
        derivations.lms_stall_threshold,
        _threshold,
        {"step_shift": Integers(1, 5), "frac_bits": Integers(1, 4)},
        (_whole_step, _error_alone),
        "derivation-lms_stall_threshold",
        derived=_threshold_derived,
    ),
)
