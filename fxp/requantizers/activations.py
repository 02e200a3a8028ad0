"""The codes at which an activation that is fused with a layer ends."""

import numpy as np

from fxp.arguments import one, reals
from fxp.formats import Format, Rounding
from fxp.inputs import code_of, require_format
from fxp.reference import round_fraction

__all__ = ["activation_clamp"]

INT8 = Format(8, 0)
_ENDS = {"none": (None, None), "relu": (0, None), "relu6": (0, 6), "relu_n1_to_1": (-1, 1)}


def activation_clamp(
    activation: str, output_scale: float, *, zero_point: int = 0, output: Format = INT8
) -> tuple[int, int]:
    """Return the least and the most code of an activation, as TFLite clamps after requantising (exact).

    An end r of the activation becomes the zero point plus round(r / scale), division in float32 and ties away from
    zero, no further out than the format.

    Parameters
    ----------
    activation : {"none", "relu", "relu6", "relu_n1_to_1"}
        What is fused with the layer.
    output_scale : float
        Positive, taken as float32.
    zero_point : int
        Code of the real number 0.
    output : Format
        Word of the codes.

    Returns
    -------
    tuple of int
        The `clamp` of :class:`fxp.Requantizer`.

    Raises
    ------
    TypeError
        `output` is not a Format, or the zero point is no integer.
    ValueError
        The activation is unknown, the scale is not one positive, finite number, or the zero point is no code of the
        output.

    Examples
    --------
    >>> activation_clamp("relu6", 0.05, zero_point=-20)
    (-20, 100)
    """
    require_format("output", output)
    if not isinstance(activation, str) or activation not in _ENDS:
        raise ValueError(f"activation={activation!r} is not known: one of {', '.join(_ENDS)}")
    zero_point = code_of("zero_point", zero_point, output)
    given = one("output_scale", reals("output_scale", output_scale, remedy="give the width of a step"))
    with np.errstate(over="ignore", under="ignore"):
        scale = float(np.float32(given))
    if not 0 < scale < np.inf:
        raise ValueError(f"output_scale={output_scale} is not a positive, finite float32: give the width of a step")
    low, high = _ENDS[activation]
    least = output.min_code if low is None else max(output.min_code, zero_point + _steps(low, scale))
    most = output.max_code if high is None else min(output.max_code, zero_point + _steps(high, scale))
    return least, most


def _steps(value: int, scale: float) -> int:
    """Return how many steps a value is: the quotient in float32, rounded with ties away from zero."""
    with np.errstate(over="ignore"):
        quotient = float(np.float32(value) / np.float32(scale))
    return round_fraction(min(max(quotient, -(2.0**31)), 2.0**31), Rounding.HALF_AWAY)
