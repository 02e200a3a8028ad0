"""A real scale as an integer multiplier and a shift."""

from dataclasses import dataclass
from fractions import Fraction
from math import isfinite

import numpy as np

from fxp.inputs import is_integer
from fxp.kernels.requantization import LARGEST, SMALLEST, quantized_multiplier

__all__ = ["FixedPointMultiplier", "quantize_multiplier"]


@dataclass(frozen=True)
class FixedPointMultiplier:
    """The factor ``multiplier * 2**(shift - 31)`` of an accumulator.

    Parameters
    ----------
    multiplier : int
        Of int32; a multiplier that stands for a scale is 0 or in [2**30, 2**31).
    shift : int
        Positive to the left, negative to the right.

    Raises
    ------
    TypeError
        A field is not an integer.
    ValueError
        The multiplier is outside int32.

    Examples
    --------
    >>> FixedPointMultiplier(3 * 2**29, -2).value
    Fraction(3, 16)
    """

    multiplier: int
    shift: int

    def __post_init__(self) -> None:
        for name in ("multiplier", "shift"):
            if not is_integer(getattr(self, name)):
                raise TypeError(
                    f"{name}={getattr(self, name)!r} is not an integer: quantize_multiplier(scale) makes it"
                )
        if not SMALLEST <= self.multiplier <= LARGEST:
            raise ValueError(
                f"multiplier={self.multiplier} is not between {SMALLEST} and {LARGEST}: quantize_multiplier(scale)"
                " makes one of int32"
            )

    @property
    def value(self) -> Fraction:
        """The factor, exact."""
        return Fraction(int(self.multiplier)) * Fraction(2) ** int(self.shift - 31)


def quantize_multiplier(scale: float, *, saturate: bool = False) -> FixedPointMultiplier:
    r"""Return the multiplier of 32 bits that stands for a scale, as QuantizeMultiplier of TFLite does (exact).

    .. math:: m = \operatorname{round}(q\, 2^{31}), \quad \text{scale} = q\, 2^s, \quad \tfrac12 \le q < 1

    with ties away from zero. The corner cases: a fraction that rounds to 1 becomes m = 2**30 and s + 1; a scale whose s
    is below -31 becomes zero, multiplier and shift; so does 0. The relative error is below
    :func:`multiplier_error_bound`, at most 2**-31, except for the scales that become zero.

    Parameters
    ----------
    scale : float
        Finite, at least 0; taken at its exact value as float64.
    saturate : bool
        Whether a scale of 2**30 or more becomes (2**31 - 1) * 2**-1, as in builds with TFLITE_SINGLE_ROUNDING.

    Returns
    -------
    FixedPointMultiplier
        `multiplier` of int32, `shift`, and the exact `value` of both.

    Raises
    ------
    TypeError
        `scale` is not a real number.
    ValueError
        `scale` is negative, infinite or NaN.

    References
    ----------
    Derivation: :ref:`derivation-multiplier_error`.

    Examples
    --------
    >>> quantize_multiplier(0.375)
    FixedPointMultiplier(multiplier=1610612736, shift=-1)
    >>> quantize_multiplier(1 - 2**-40), quantize_multiplier(2**-33).multiplier
    (FixedPointMultiplier(multiplier=1073741824, shift=1), 0)
    """
    if isinstance(scale, bool | np.bool_) or not isinstance(scale, float | int | np.floating | np.integer):
        raise TypeError(f"scale={scale!r} is not a real number: pass input scale * weight scale / output scale")
    if not (isfinite(scale) and scale >= 0):
        raise ValueError(f"scale={scale} is not a finite number of at least 0: a ratio of scales is positive")
    multiplier, shift = quantized_multiplier(float(scale), saturate)
    return FixedPointMultiplier(int(multiplier), int(shift))
