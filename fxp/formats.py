"""Fixed-point formats, and the names of the rounding and overflow modes."""

import math
import re
from collections import defaultdict
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction
from typing import Any, Self

import numpy as np

from fxp.spans import Span

MAX_WORD_BITS = 128
MAX_FRAC_BITS = 1100


class _Mode(Enum):
    """An enum whose members are also found by name."""

    @classmethod
    def of(cls, value: Self | str) -> Self:
        """Return the member that `value` is, or that it names (letter case does not matter).

        Raises
        ------
        ValueError
            `value` is neither a member nor the name or alias of one; the message lists the choices.
        """
        if isinstance(value, cls):
            return value
        name = value.upper() if isinstance(value, str) else ""
        if name not in cls.__members__:
            kind = cls.__name__.lower()
            raise ValueError(f"{kind}={value!r} is not a mode of {kind}: choose one of {cls._choices()}")
        return cls[name]

    @classmethod
    def _choices(cls) -> str:
        names = defaultdict(list)
        for name, member in cls.__members__.items():
            names[member].append(name)
        return ", ".join("=".join(same) for same in names.values())


class Rounding(_Mode):
    """How a value between two codes becomes one of them; the second names are those of ac_fixed and SystemC.

    FLOOR rounds down, CEIL up, TOWARD_ZERO toward zero. The HALF modes round to the nearest code and differ at ties
    only: up, down, toward zero, away from zero, to the even code, to the odd code. STOCHASTIC rounds up with a
    probability equal to the fraction above the lower code, hence without bias.

    Examples
    --------
    >>> Rounding.RND_CONV is Rounding.HALF_EVEN
    True
    >>> Rounding.of("TRN")
    <Rounding.FLOOR: 0>
    """

    FLOOR = 0
    TRN = 0
    CEIL = 1
    TOWARD_ZERO = 2
    TRN_ZERO = 2
    HALF_UP = 3
    RND = 3
    HALF_DOWN = 4
    RND_MIN_INF = 4
    HALF_TOWARD_ZERO = 5
    RND_ZERO = 5
    HALF_AWAY = 6
    RND_INF = 6
    HALF_EVEN = 7
    RND_CONV = 7
    HALF_ODD = 8
    RND_CONV_ODD = 8
    STOCHASTIC = 9


class Overflow(_Mode):
    r"""What becomes of a code outside its format; the second names are those of ac_fixed and SystemC.

    ============================  ==================================================================================
    SATURATE                      the nearest code of the format
    SATURATE_SYMMETRIC            the nearest code of [-max_code, max_code], so that min_code becomes -max_code;
                                  unsigned formats as SATURATE
    ZERO                          zero
    WRAP                          the low word_bits bits, in two's complement when signed
    WRAP_SIGN_MAGNITUDE           as in the SystemC language reference manual for n_bits = 0; unsigned as WRAP
    ERROR                         OverflowError
    ============================  ==================================================================================

    Notes
    -----
    WRAP_SIGN_MAGNITUDE gives the new sign bit the value of the lowest deleted bit, and inverts the other bits where
    that changes the sign bit. With W = word_bits and bits counted from 0,

    .. math:: c' = \begin{cases} \mathrm{wrap}_W(c) & \text{bits } W \text{ and } W-1 \text{ of } c \text{ are equal} \\
              \mathrm{wrap}_W(-1-c) & \text{else} \end{cases}

    a triangle wave of period :math:`2^{W+1}`: at W = 3 the codes 3, 4, 5, ... become 3, 3, 2, 1, 0, -1, -2, -3, -4, -4,
    -3, ...

    Examples
    --------
    >>> Overflow.of("SAT") is Overflow.SATURATE
    True
    """

    SATURATE = 0
    SAT = 0
    SATURATE_SYMMETRIC = 1
    SAT_SYM = 1
    ZERO = 2
    SAT_ZERO = 2
    WRAP = 3
    WRAP_SIGN_MAGNITUDE = 4
    WRAP_SM = 4
    ERROR = 5


@dataclass(frozen=True)
class Format:
    """A fixed-point number format: the value of a code is ``code * 2**-frac_bits``.

    Parameters
    ----------
    word_bits : int
        Length of the word, bits, 1 to 128, the sign bit included.
    frac_bits : int
        Bits after the binary point, -1100 to 1100; it may be negative or exceed `word_bits`.
    signed : bool
        Two's complement (default) or unsigned.

    Raises
    ------
    TypeError
        An argument is of another kind (a bool or a float is not a number of bits).
    ValueError
        A number of bits is out of range.

    Examples
    --------
    >>> sample = Format(8, 7)
    >>> sample.min, sample.max, sample.step
    (-1.0, 0.9921875, 0.0078125)
    >>> str(sample), Format.parse("sfix8_En7") == sample
    ('sfix8_En7', True)
    """

    word_bits: int
    frac_bits: int
    signed: bool = field(default=True, kw_only=True)

    def __post_init__(self) -> None:
        _set_bits(self, "word_bits", 1, MAX_WORD_BITS)
        _set_bits(self, "frac_bits", -MAX_FRAC_BITS, MAX_FRAC_BITS)
        if not isinstance(self.signed, bool | np.bool_):
            raise TypeError(f"signed={self.signed!r} is not a bool: pass signed=True or signed=False")
        object.__setattr__(self, "signed", bool(self.signed))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the format that `text` names in the notation of MATLAB or of Vitis HLS.

        Parameters
        ----------
        text : str
            ``sfix8_En7`` (step 2**-7), ``ufix8_E3`` (step 2**3), ``sfix8`` (step 1); or word length and integer bits,
            ``ap_fixed<8,1>`` and ``ap_ufixed<8,0>``.

        Raises
        ------
        TypeError
            `text` is not a string.
        ValueError
            `text` is in neither notation, names modes, or its numbers are out of range. Q notation (``Q1.7``) is
            refused, because makers of processors disagree on whether its integer bits include the sign.

        Examples
        --------
        >>> Format.parse("ap_ufixed<8,0>")
        Format(8, 8, signed=False)
        """
        if not isinstance(text, str):
            raise TypeError(f"text={text!r} is not a string: pass a name such as 'sfix8_En7'")
        if match := re.fullmatch(r"([su])fix([0-9]+)(?:_E(n?)([0-9]+))?", text.strip()):
            sign, word, negative, exponent = match.groups(default="")
            frac_bits = int(exponent or 0) * (1 if negative else -1)
            return cls(int(word), frac_bits, signed=sign == "s")
        if match := re.fullmatch(r"ap_(u?)fixed\s*<\s*([0-9]+)\s*,\s*(-?[0-9]+)\s*(,.*)?>", text.strip()):
            unsigned, word, integer, modes = match.groups(default="")
            if modes:
                raise ValueError(
                    f"text={text!r} is not a format alone: its modes are no part of a Format; "
                    "drop them and pass rounding= and overflow= to encode, quantize or cast"
                )
            return cls(int(word), int(word) - int(integer), signed=not unsigned)
        raise ValueError(
            _q_refusal(text)
            or f"text={text!r} is not the name of a format: write sfix8_En7, ufix8_En8, ap_fixed<8,1> or ap_ufixed<8,0>"
        )

    @classmethod
    def for_range(cls, low: float | Fraction, high: float | Fraction, word_bits: int) -> Self:
        """Return the finest format of `word_bits` bits that spans [low, high]: exact, by rational arithmetic.

        The largest `frac_bits` (at most 1100) with ``low >= min`` and ``high <= max + step``: the upper end may be
        missed by one step, so that [-1, 1] in 8 bits has 7 fractional bits. The format is unsigned when ``low >= 0``.

        Parameters
        ----------
        low, high : real number
            Ends of the range, finite, low <= high, not both zero.
        word_bits : int
            Length of the word, bits, 1 to 128.

        Raises
        ------
        TypeError
            An end is not a real number.
        ValueError
            The range is empty, infinite or only zero, or no format of 1100 bits or less before the point spans it.

        Examples
        --------
        >>> str(Format.for_range(-1, 1, 8)), str(Format.for_range(0, 6, 8))
        ('sfix8_En7', 'ufix8_En5')
        """
        first, last = _fraction("low", low), _fraction("high", high)
        if first > last:
            raise ValueError(f"low={low} is not at most high={high}: swap the ends of the range")
        if first == last == 0:
            raise ValueError("low=high=0 is not a range: every format spans it; pass the largest magnitude expected")
        word = cls(word_bits, 0, signed=first < 0)
        span = _exponent_above(max(-first, last))
        return cls(word.word_bits, min(word.word_bits - word.signed - span, MAX_FRAC_BITS), signed=word.signed)

    def sum_of(self, count: int) -> "Format":
        """Return the shortest format that holds every sum of `count` numbers of this one, exact.

        Parameters
        ----------
        count : int
            Number of terms, at least 1.

        Raises
        ------
        TypeError
            `count` is not an integer.
        ValueError
            `count` is less than 1, or the sums need more than 128 bits.

        Examples
        --------
        >>> str(Format(8, 7).sum_of(3)), str(Format(8, 8, signed=False).sum_of(256))
        ('sfix10_En7', 'ufix16_En8')
        """
        if isinstance(count, bool) or not isinstance(count, int | np.integer):
            raise TypeError(f"count={count!r} is not an integer: pass the number of terms")
        if count < 1:
            raise ValueError(f"count={count} is not at least 1: pass the number of terms")
        return format_of(f"a sum of {count} numbers of {self}", self.span.repeated(int(count)))

    def product(self, other: "Format") -> "Format":
        """Return the shortest format that holds every product with a number of `other`, exact; signed if either is.

        Parameters
        ----------
        other : Format
            Format of the other factor.

        Raises
        ------
        TypeError
            `other` is not a Format.
        ValueError
            The products need more than 128 bits, or more than 1100 after the point.

        Examples
        --------
        >>> str(Format(8, 7).product(Format(8, 8, signed=False)))
        'sfix16_En15'
        """
        if not isinstance(other, Format):
            raise TypeError(f"other={other!r} is not a Format: pass the format of the other factor")
        return format_of(f"a product of {self} and {other}", self.span * other.span)

    @property
    def span(self) -> Span:
        """Range of the codes, on their grid."""
        return Span(self.min_code, self.max_code, self.frac_bits, self.signed)

    @property
    def min_code(self) -> int:
        """Smallest code."""
        return -(1 << (self.word_bits - 1)) if self.signed else 0

    @property
    def max_code(self) -> int:
        """Largest code."""
        return (1 << (self.word_bits - self.signed)) - 1

    @property
    def int_bits(self) -> int:
        """Bits before the binary point, the sign bit included: word_bits - frac_bits."""
        return self.word_bits - self.frac_bits

    @property
    def step(self) -> float | Any:
        """Distance of neighbouring values, exact: a float, or a Fraction where float64 cannot hold it."""
        return self._value(1)

    @property
    def min(self) -> float | Any:
        """Smallest value, exact: a float, or a Fraction where float64 cannot hold it."""
        return self._value(self.min_code)

    @property
    def max(self) -> float | Any:
        """Largest value, exact: a float, or a Fraction where float64 cannot hold it (above 53 bits)."""
        return self._value(self.max_code)

    def _value(self, code: int) -> float | Any:
        exact = code / Fraction(2) ** self.frac_bits
        try:
            value = float(exact)
        except OverflowError:
            return exact
        return value if value == exact else exact

    def __str__(self) -> str:
        sign = "s" if self.signed else "u"
        point = f"_E{'n' if self.frac_bits > 0 else ''}{abs(self.frac_bits)}" if self.frac_bits else ""
        return f"{sign}fix{self.word_bits}{point}"

    def __repr__(self) -> str:
        return f"Format({self.word_bits}, {self.frac_bits}{'' if self.signed else ', signed=False'})"


def format_of(what: str, span: Span) -> Format:
    """Return the shortest format on the grid of `span` that holds it.

    Parameters
    ----------
    what : str
        What has this range, for the message.
    span : Span
        Range of codes.

    Raises
    ------
    ValueError
        No format is as long, or has as many bits after the point.

    Examples
    --------
    >>> str(format_of("a code", Span(-3, 300, 2, True)))
    'sfix10_En2'
    """
    if span.word_bits > MAX_WORD_BITS:
        raise ValueError(
            f"word_bits={span.word_bits} of {what} is not at most {MAX_WORD_BITS}: "
            "use shorter words, or bring the result into a target format"
        )
    if abs(span.frac_bits) > MAX_FRAC_BITS:
        raise ValueError(
            f"frac_bits={span.frac_bits} of {what} is not between {-MAX_FRAC_BITS} and {MAX_FRAC_BITS}: "
            "move the binary points, or bring the result into a target format"
        )
    return Format(span.word_bits, span.frac_bits, signed=span.signed)


def _q_refusal(text: str) -> str | None:
    """Return what is wrong with a name in Q notation, and what it may have meant; None for other text."""
    match = re.fullmatch(r"(U?)Q([0-9]+)\.([0-9]+)", text.strip(), re.IGNORECASE)
    if not match:
        return None
    unsigned, frac_bits = match[1], int(match[3])
    word_bits = int(match[2]) + frac_bits
    arm, texas = (f"sfix{bits}_En{frac_bits}" for bits in (word_bits, word_bits + 1))
    meant = f"ufix{word_bits}_En{frac_bits}" if unsigned else f"{arm} where it does (ARM), {texas} where not (TI)"
    return (
        f"text={text!r} is in Q notation, which is not read: conventions differ on whether its integer bits include "
        f"the sign; write {meant}"
    )


def _set_bits(fmt: Format, name: str, least: int, most: int) -> None:
    bits = getattr(fmt, name)
    if isinstance(bits, bool) or not isinstance(bits, int | np.integer):
        raise TypeError(f"{name}={bits!r} is not an integer: pass a whole number of bits")
    if not least <= bits <= most:
        raise ValueError(f"{name}={bits} is not between {least} and {most}: choose another number of bits")
    object.__setattr__(fmt, name, int(bits))


def _fraction(name: str, value: float | Fraction) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, int | float | Fraction | np.integer | np.floating):
        raise TypeError(f"{name}={value!r} is not a real number: pass an int, float or Fraction")
    if not math.isfinite(value):
        raise ValueError(f"{name}={value} is not finite: a format spans a bounded range")
    return Fraction(value.item() if isinstance(value, np.generic) else value)


def _exponent_above(value: Fraction) -> int:
    """Return the smallest k with 2**k >= value, for value > 0."""
    below = value.numerator.bit_length() - value.denominator.bit_length() - 1
    return next(k for k in range(below, below + 3) if Fraction(2) ** k >= value)
