"""What dropping bits of the products of a filter and rounding their sum add."""

import numpy as np
from numpy.typing import ArrayLike

from fxp.arguments import one, whole_numbers
from fxp.formats import Rounding
from fxp.roundoff import RoundingError, rounding_error

__all__ = ["output_error"]


def output_error(
    weight_codes: ArrayLike,
    frac_bits: int,
    *,
    drop_bits: int = 0,
    drop_rounding: Rounding | str = Rounding.FLOOR,
    output_frac_bits: int | None = None,
    output_rounding: Rounding | str = Rounding.HALF_EVEN,
) -> RoundingError:
    r"""Return mean and variance of what dropping bits of the products and rounding the sum add (asymptotic).

    .. math:: \textstyle\sum_i m(k_i) + m(k_y), \qquad \sum_i v(k_i) + v(k_y)

    with m and v those of :func:`fxp.rounding_error`. A weight whose code ends in t zeros makes products that do too:
    of k bits, k − t are dropped that can be other than zero.

    Assumptions: those dropped bits are equally likely in all patterns, and independent from product to product.

    Parameters
    ----------
    weight_codes : array_like of int, shape (N,)
        Codes of the weights.
    frac_bits : int
        Fractional bits of the products.
    drop_bits, drop_rounding, output_rounding
        As of `predictor_loss`.
    output_frac_bits : int, optional
        Fractional bits of the output; the sum's where left out.

    Returns
    -------
    RoundingError
        In the output's unit and its square.

    Raises
    ------
    ValueError
        An argument is outside its range.

    References
    ----------
    Derivation: :ref:`derivation-filter_output_error`.

    Examples
    --------
    >>> output_error([3, 4], 6, drop_bits=2)
    RoundingError(mean=-0.0234375, variance=0.00030517578125)
    """
    codes = whole_numbers("weight_codes", weight_codes, minimum=-(2**62), remedy="give codes").reshape(-1)
    dropped = one("drop_bits", whole_numbers("drop_bits", drop_bits, minimum=0, remedy="give how many"))
    nonzero = codes[codes != 0]
    zeros = np.array([(int(code) & -int(code)).bit_length() - 1 for code in nonzero], dtype=np.int64)
    parts = [(drop_rounding, max(dropped - int(tail), 0), frac_bits - dropped) for tail in zeros]
    if output_frac_bits is not None and len(nonzero):
        left = frac_bits - dropped - output_frac_bits - max(int(zeros.min()) - dropped, 0)
        parts.append((output_rounding, max(left, 0), output_frac_bits))
    errors = [(rounding_error(mode, dropped_bits=count), 2.0**-frac) for mode, count, frac in parts]
    return RoundingError(
        sum((error.mean * step for error, step in errors), 0.0),
        sum((error.variance * step**2 for error, step in errors), 0.0),
    )
