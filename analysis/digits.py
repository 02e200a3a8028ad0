"""Numbers for expressions: sums, series and integrals added up at a point, without SymPy's own evaluation of them."""

import warnings
from collections.abc import Mapping

import mpmath
import sympy as sp
from scipy.integrate import IntegrationWarning, quad
from sympy.core.function import AppliedUndef

from analysis.domain import Choice, Domain

__all__ = ["DIGITS", "Point", "by_quadrature", "contains", "has_series", "number", "to_digits"]

DIGITS = 50
TERMS = 100  # of a series, and two and four times as many: its partial sums must approach the extrapolated value
GROWTH = mpmath.mpf("0.9")  # of what is left of a series each time that its terms double; 1/k comes to 1
QUADRATURE = 1e-5  # relative; an integral that is known less well is not compared
Point = Mapping[sp.Symbol, sp.Expr]


def number(value: float) -> sp.Expr:
    """Return a number as an exact one of SymPy's."""
    return sp.Rational(value) if isinstance(value, float) else sp.sympify(value)


def contains(domain: Domain, value: sp.Expr) -> bool:
    """Return whether a value to 50 digits is one of a domain."""
    if isinstance(domain, Choice):
        return any(abs(number(each) - value) < sp.Float(10) ** (5 - DIGITS) for each in domain.values)
    return float(value) in domain


def to_digits(expression: sp.Expr, point: Point) -> sp.Expr | None:
    """Return the value at a point to 50 digits, None where there is none or SymPy cannot tell it.

    Finite sums are added up term by term. A series counts where its partial sums approach what it is extrapolated to:
    one that diverges has no value.
    """
    if expression.has(AppliedUndef):
        return None
    try:
        placed = expression.subs(point).replace(_is_series, _series)
        value = sp.N(placed.doit() if placed.has(sp.Sum, sp.Product) else placed, DIGITS, maxn=400)
    except (ArithmeticError, KeyError, TypeError, ValueError):
        return None
    return value if value.is_comparable and value.is_finite else None


def by_quadrature(expression: sp.Expr, point: Point) -> float | None:
    """Return the value at a point with every integral by adaptive quadrature, None where one is not known to 1e-5."""
    if expression.has(AppliedUndef):
        return None
    try:
        placed = expression.subs(point).replace(_is_integral, _integral)
    except (ArithmeticError, KeyError, TypeError, ValueError):
        return None
    value = None if placed.has(sp.Integral, sp.nan) else to_digits(placed, {})
    return None if value is None else float(value)


def has_series(expression: sp.Expr) -> bool:
    """Return whether there is an infinite sum of declared quantities, which may have no value."""
    return not expression.has(AppliedUndef) and any(series.has(sp.oo) for series in expression.atoms(sp.Sum))


def _is_series(expression: sp.Expr) -> bool:
    return isinstance(expression, sp.Sum) and not expression.free_symbols and expression.has(sp.oo)


def _series(series: sp.Sum) -> sp.Expr:
    (index, first, last), *others = series.limits
    assert not others, "double sums are written as sums of sums"
    with mpmath.workdps(DIGITS + 10):
        term = sp.lambdify(index, series.function, "mpmath")
        one, two, four = (_partial(term, first, last, terms) for terms in (TERMS, 2 * TERMS, 4 * TERMS))
        if abs(four - two) > GROWTH * abs(two - one):
            return sp.nan
        value = mpmath.nsum(term, [mpmath.mpf(float(end)) for end in (first, last)])
        near, far = abs(value - two), abs(value - four)
        stands = far <= GROWTH * near or far <= abs(value) * mpmath.mpf(10) ** (5 - DIGITS)
        return sp.Float(value, DIGITS + 10) if stands else sp.nan


def _partial(term: object, first: sp.Expr, last: sp.Expr, terms: int) -> mpmath.mpf:
    start = -terms if first == -sp.oo else int(first)
    stop = start + terms if first != -sp.oo else terms if last == sp.oo else int(last)
    return mpmath.fsum(term(mpmath.mpf(index)) for index in range(start, stop + 1))  # type: ignore[operator]


def _is_integral(expression: sp.Expr) -> bool:
    return isinstance(expression, sp.Integral) and not expression.free_symbols and len(expression.limits[0]) == 3


def _integral(integral: sp.Integral) -> sp.Expr:
    if len(integral.limits) > 1:
        return integral
    variable, low, high = integral.limits[0]
    function = sp.lambdify(variable, integral.function, "mpmath")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", IntegrationWarning)
        value, error = quad(lambda x: float(function(mpmath.mpf(x))), float(low), float(high), limit=200)
    return sp.Float(value) if error < QUADRATURE * abs(value) else sp.nan  # 0 may be a peak that was missed
