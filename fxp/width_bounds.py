"""Published bounds on the width of an accumulator: from data types alone, or from the l1 norm of the weights."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fxp.accumulator_widths import weights_by_output
from fxp.carriers import subset_limits
from fxp.formats import Format
from fxp.inputs import is_integer, require_format
from fxp.registers import MIN_BITS

__all__ = ["data_type_bits", "l1_bits"]


def data_type_bits(length: int, x_format: Format, w_format: Format) -> int:
    r"""Return a width that no sum of products of these formats overflows: an upper bound, for signed weights.

    The least integer P with, for K products of N-bit inputs and M-bit weights, σ = 1 for signed inputs and 0 for
    unsigned ones,

    .. math:: P \ge \alpha + \varphi(\alpha) + 1, \quad \alpha = \log_2 K + N + M - 1 - \sigma, \quad
              \varphi(a) = \log_2(1 + 2^{-a}),

    which says that :math:`2^\alpha`, the largest magnitude of a sum if inputs reach :math:`2^{N-\sigma}`, is at most
    :math:`2^{P-1} - 1`. Its slack over the exact width, :func:`guaranteed_bits` with all weights the least code, is

    - none for signed inputs, where the sum of K products of both least codes is :math:`2^\alpha`;
    - one bit for unsigned inputs where r·(2^N − 1) ≤ 2^m, K = 2^m + r with r < 2^m, so at all powers of two; else none;
    - for inputs of one unsigned bit one, and two at K = 2^m, since their largest code is half of what is reckoned with.

    Assumptions: no bias, no bits dropped from products.

    Parameters
    ----------
    length : int
        Number of products K, at least 1.
    x_format : Format
        Format of the inputs.
    w_format : Format
        Format of the weights, signed.

    Returns
    -------
    int
        Bits, two's complement.

    Raises
    ------
    TypeError
        A format is no Format.
    ValueError
        `length` is not an integer of at least 1, or the weights are unsigned.

    References
    ----------
    I. Colbert, A. Pappalardo, J. Petri-Koenig, "A2Q: Accumulator-Aware Quantization with Guaranteed Overflow
    Avoidance", ICCV 2023. Derivation: :ref:`derivation-data_type_bits`.

    Examples
    --------
    >>> data_type_bits(64, Format(8, 0, signed=False), Format(8, 0))
    23
    >>> from fxp import guaranteed_bits
    >>> guaranteed_bits(np.full((64, 1), -128), Format(8, 0, signed=False))
    array([22])
    """
    if not is_integer(length) or length < 1:
        raise ValueError(f"length={length!r} is not an integer of at least 1: give the number of products")
    require_format("x_format", x_format)
    require_format("w_format", w_format)
    if not w_format.signed:
        raise ValueError(
            f"w_format={w_format} is not signed: the bound is for signed weights; "
            "give guaranteed_bits the largest code of unsigned ones, which is exact"
        )
    return _bits(int(length) << (w_format.word_bits - 1), x_format)


def l1_bits(w: ArrayLike, x_format: Format) -> NDArray[np.int64]:
    r"""Return a width that no input overflows, from the l1 norm of the weights of each output: an upper bound.

    The least integer P with, for N-bit inputs, σ = 1 for signed ones and 0 for unsigned ones,

    .. math:: P \ge \beta + \varphi(\beta) + 1, \quad \beta = \log_2 \lVert w \rVert_1 + N - \sigma, \quad
              \varphi(a) = \log_2(1 + 2^{-a}).

    It takes inputs for symmetric, and so has slack over :func:`guaranteed_bits`, which knows the signs of the weights:

    - for signed inputs one bit where r·2^(N−1) < min(p, n + 1), else none, p and n being the magnitudes of the sums of
      the positive and of the negative weights, and p + n = 2^m + r with r < 2^m;
    - for unsigned inputs up to two bits, since either the positive or the negative products count, not both: at least
      one bit where they balance.

    Assumptions: no bias, no bits dropped from products.

    Parameters
    ----------
    w : array_like of int, shape (K, N) or (O, C/groups, KH, KW)
        Weight codes of a matrix product or of a convolution.
    x_format : Format
        Format of the inputs.

    Returns
    -------
    ndarray of int64, shape (N,) or (O,)
        Bits, two's complement, at least the 2 of the narrowest :class:`Accumulator`.

    Raises
    ------
    TypeError
        The weights are not integers, or `x_format` is no Format.
    ValueError
        `w` has another number of axes.

    References
    ----------
    As :func:`data_type_bits`. Derivation: :ref:`derivation-l1_bits`.

    Examples
    --------
    >>> w = np.array([[100, 1], [100, -1], [-100, 1], [-100, 1]])
    >>> l1_bits(w, Format(8, 0, signed=False))
    array([18, 12])
    """
    require_format("x_format", x_format)
    outputs = weights_by_output(w)
    norms: Iterable[int] = subset_limits(outputs, -1, 1)[1]
    return np.array([_bits(norm, x_format) for norm in norms], dtype=np.int64)


def _bits(norm: int, x_format: Format) -> int:
    """Return the least width P, of at least `MIN_BITS`, with norm·2^(N−σ) ≤ 2^(P−1) − 1."""
    return max(MIN_BITS, 1 + (norm << (x_format.word_bits - x_format.signed)).bit_length())
