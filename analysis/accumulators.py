"""Why accumulators need the width they need, and which overflows do no harm."""

from typing import Any

import sympy as sp

from analysis.derivation import Definition, Derivation, Lemma, Relation, Step
from analysis.domain import Choice, Domain, Integers, Reals

__all__ = [
    "highest_product",
    "lowest_product",
    "highest_sum",
    "lowest_sum",
    "guaranteed_bits",
    "l1_bits",
    "data_type_bits",
    "block_certificate",
    "block_certificate_below",
    "lossless_bits",
    "lossless_every_step",
    "wrap_commutes",
    "saturation_order",
    "saturation_order_below",
    "float_carrier_guard",
]

k = sp.Symbol("k", integer=True)
K, N, M, B, m = sp.symbols("K N M B m", integer=True, positive=True)
weight = sp.Symbol("w", integer=True)
weights, register, prefix = (sp.Function(name, integer=True) for name in ("w", "A", "S"))
x_min = sp.Symbol("x_min", integer=True, nonpositive=True)
x_max = sp.Symbol("x_max", integer=True, nonnegative=True)
bias, start, term, total = sp.symbols("b a q S", integer=True)
positive, negative = sp.symbols("p n", integer=True, nonnegative=True)
highest, lowest, most, least = sp.symbols("t_max t_min A_max A_min", integer=True)
top, bottom = sp.symbols("u v", integer=True)
spare = sp.Symbol("d", integer=True, nonnegative=True)
sigma, shift, offset_max, offset_min = sp.symbols("sigma s o_max o_min", integer=True, nonnegative=True)
code_max, code_min, edge_max, edge_min = sp.symbols("c_max c_min e_max e_min", integer=True)
share, balance = sp.symbols("theta lambda", positive=True)
exponent = sp.Symbol("e", integer=True)
reach = sp.Symbol("R", positive=True)

CODES: dict[sp.Symbol, Domain] = {x_min: Integers(-128, 0), x_max: Integers(0, 255)}
SUMS: dict[sp.Symbol, Domain] = {positive: Integers(0, 10**5), negative: Integers(0, 10**5)}
FORMAT: dict[sp.Symbol, Domain] = {N: Integers(1, 16), sigma: Choice(0, 1)}
ENDS: dict[sp.Symbol, Domain] = {least: Integers(-(2**15), -2), most: Integers(1, 2**15 - 1)}
BIAS: dict[sp.Symbol, Domain] = {bias: Integers(-(10**4), 10**4)}
RISING = sp.Sum(sp.Max(weights(k), 0), (k, 1, K))
FALLING = sp.Sum(sp.Max(-weights(k), 0), (k, 1, K))
BY_SIGN = (
    Definition(sp.Eq(RISING, positive), "the sum of the positive weights"),
    Definition(sp.Eq(FALLING, negative), "the magnitude of the sum of the negative ones"),
)
INPUT_CODES = (
    Definition(sp.Eq(x_max, 2 ** (N - sigma) - 1), "N bits, signed (σ = 1) or not (σ = 0)"),
    Definition(sp.Eq(x_min, -sigma * 2 ** (N - 1)), "likewise"),
)
REGISTER = (
    Definition(sp.Eq(most, 2 ** (B - 1) - 1), "two's complement of B bits"),
    Definition(sp.Eq(least, -(2 ** (B - 1))), "likewise"),
)


def _spanned(high: sp.Expr, low: sp.Expr) -> sp.Expr:
    """Return what 2^(P−1) must reach so that P bits hold both; no register has fewer than two."""
    return sp.Max(2, 1 + high, -low)


def highest_product() -> Derivation:
    """Largest product of a weight with any input."""
    return Derivation(
        "highest_product",
        sp.Max(weight * x_min, weight * x_max),
        (
            Step(sp.Max(weight * x_min, weight * x_max), "linear in the input: the largest is at an end of its range"),
            Step(
                x_max * sp.Max(weight, 0) - x_min * sp.Max(-weight, 0),
                "the largest input for a positive weight, the least for a negative one",
            ),
        ),
        {weight: Integers(-200, 200), **CODES},
    )


def lowest_product() -> Derivation:
    """Least product of a weight with any input."""
    return Derivation(
        "lowest_product",
        sp.Min(weight * x_min, weight * x_max),
        (
            Step(sp.Min(weight * x_min, weight * x_max), "linear in the input: the least is at an end of its range"),
            Step(
                x_min * sp.Max(weight, 0) - x_max * sp.Max(-weight, 0),
                "the least input for a positive weight, the largest for a negative one",
            ),
        ),
        {weight: Integers(-200, 200), **CODES},
    )


def highest_sum() -> Derivation:
    """Largest sum of a bias and the products of known weights, and of any prefix of it in any order."""
    return _extreme_sum("highest_sum", highest, highest_product(), x_max, x_min)


def lowest_sum() -> Derivation:
    """Least such sum."""
    return _extreme_sum("lowest_sum", lowest, lowest_product(), x_min, x_max)


def _extreme_sum(
    name: str, quantity: sp.Symbol, product: Derivation, with_positive: sp.Symbol, with_negative: sp.Symbol
) -> Derivation:
    """Return the extreme sum: of which inputs are these with positive and with negative weights."""
    each = product.quantity.subs(weight, weights(k))
    apart = with_positive * sp.Max(weights(k), 0) - with_negative * sp.Max(-weights(k), 0)
    return Derivation(
        name,
        quantity,
        (
            Step(
                bias + sp.Sum(each, (k, 1, K)),
                "inputs are free of each other; a prefix lacks products, as if their inputs were 0",
            ),
            Step(
                bias + sp.Sum(apart, (k, 1, K)), "by the sign of each weight", (Lemma(product, {weight: weights(k)}),)
            ),
            Step(bias + with_positive * RISING - with_negative * FALLING, "the ends of the range factor out"),
            Step(bias + with_positive * positive - with_negative * negative, "names of the sums", BY_SIGN),
        ),
        {**BIAS, **SUMS, **CODES},
    )


def guaranteed_bits() -> Derivation:
    """Width of the shortest register that no prefix of any order leaves."""
    return Derivation(
        "guaranteed_bits",
        reach,
        (
            Step(_spanned(highest, lowest), "the shortest word that holds both ends; both are reached"),
            Step(
                _spanned(bias + x_max * positive - x_min * negative, bias + x_min * positive - x_max * negative),
                "ends of the sums and of all their prefixes",
                (Lemma(highest_sum()), Lemma(lowest_sum())),
            ),
        ),
        {**BIAS, **SUMS, **CODES},
        "exact; the bounds that are published for data types and l1 norms lie above",
    )


def l1_bits() -> Derivation:
    """Bound on what 2^(P−1) must reach, from the l1 norm of the weights."""
    return Derivation(
        "l1_bits",
        reach,
        (
            *_of_a_format(),
            Step(
                1 + 2 ** (N - sigma) * (positive + negative),
                "inputs taken for symmetric, none above 2^(N−σ) in magnitude; with ‖w‖₁ = p + n and "
                "β = log2 ‖w‖₁ + N − σ this is 2^(β+φ(β)), so that P ≥ β + φ(β) + 1",
                relation=Relation.AT_MOST,
            ),
        ),
        {positive: Integers(1, 10**5), negative: Integers(0, 10**5), **FORMAT},
        'I. Colbert, A. Pappalardo, J. Petri-Koenig, "A2Q", ICCV 2023',
    )


def data_type_bits() -> Derivation:
    """Bound on the same from the data types alone."""
    norm = K * 2 ** (M - 1)
    split = (
        Definition(sp.Eq(positive, balance * share * norm), "the share λ of positive weights"),
        Definition(sp.Eq(negative, (1 - balance) * share * norm), "the rest"),
    )
    return Derivation(
        "data_type_bits",
        reach,
        (
            *_of_a_format(),
            Step(
                1 + 2 ** (N - sigma) * (positive + negative),
                "inputs taken for symmetric, none above 2^(N−σ) in magnitude",
                relation=Relation.AT_MOST,
            ),
            Step(
                1 + 2 ** (N - sigma) * share * norm, "K weights of M bits: an l1 norm of θ·K·2^(M−1), 0 ≤ θ ≤ 1", split
            ),
            Step(
                1 + 2 ** (N - sigma) * norm,
                "θ is at most 1; with α = log2 K + N + M − 1 − σ this is 2^(α+φ(α)), so that P ≥ α + φ(α) + 1",
                relation=Relation.AT_MOST,
            ),
        ),
        {K: Integers(1, 5000), M: Integers(1, 16), share: Reals(0, 1), balance: Reals(0, 1), **FORMAT},
        'I. Colbert, A. Pappalardo, J. Petri-Koenig, "A2Q", ICCV 2023',
    )


def _of_a_format() -> tuple[Step, ...]:
    """Return the highest sum without bias, for inputs of a format."""
    return (
        Step(
            1 + highest,
            "what 2^(P−1) must reach for the highest sum; for the lowest likewise, p and n exchanged, without the 1",
        ),
        Step(
            1 + x_max * positive - x_min * negative,
            "the end of the sums, without a bias",
            (Lemma(highest_sum(), {bias: 0}),),
        ),
        Step(
            1 + (2 ** (N - sigma) - 1) * positive + sigma * 2 ** (N - 1) * negative, "inputs of a format", INPUT_CODES
        ),
    )


def block_certificate() -> Derivation:
    """Greatest value that a register may hold before a block of products."""
    return Derivation(
        "block_certificate",
        start,
        (
            Step(
                start + most - highest,
                "raise the start until the highest prefix of any order is the top of the register",
            ),
            Step(
                most - positive,
                "a prefix of some order takes each product or not, as if its input were 1 or 0: P+ = p",
                (_subset(highest_sum()),),
            ),
            Step(2 ** (B - 1) - 1 - positive, "the register", REGISTER[:1]),
        ),
        {B: Integers(2, 63), **SUMS},
    )


def block_certificate_below() -> Derivation:
    """Least value that it may hold, from the same two sums."""
    return Derivation(
        "block_certificate_below",
        start,
        (
            Step(
                start + least - lowest,
                "lower the start until the lowest prefix of any order is the end of the register",
            ),
            Step(least + negative, "as above: P− = −n", (_subset(lowest_sum()),)),
            Step(
                least + positive - total,
                "the sum S of the block and P+ give P−",
                (Definition(sp.Eq(negative, positive - total), "S = p − n"),),
            ),
            Step(-(2 ** (B - 1)) + positive - total, "the register", REGISTER[1:]),
        ),
        {B: Integers(2, 63), positive: Integers(0, 10**5), total: Integers(-(10**5), 10**5)},
    )


def _subset(extreme: Derivation) -> Lemma:
    """Return the extreme sum of the start and any subset of products, which are weights of inputs 0 or 1."""
    return Lemma(extreme, {bias: start, x_min: 0, x_max: 1})


def lossless_bits() -> Derivation:
    """Width of the shortest register whose saturation of finished sums no code shows."""
    return Derivation(
        "lossless_bits",
        reach,
        (
            Step(
                _spanned(edge_max, edge_min),
                "a rising requantiser has one code from the least sum e_max of the code of t_max up, and one down from "
                "the greatest sum e_min of that of t_min: sums clamped beyond keep it, and the ends are reached",
            ),
            Step(
                _spanned(code_max * 2**shift - offset_max, edge_min),
                "rounding adds o, below 2^s, and drops s bits",
                (Definition(sp.Eq(edge_max, code_max * 2**shift - offset_max), "the least sum with the code c_max"),),
            ),
            Step(
                _spanned(code_max * 2**shift - offset_max, (code_min + 1) * 2**shift - offset_min - 1),
                "likewise below",
                (
                    Definition(
                        sp.Eq(edge_min, (code_min + 1) * 2**shift - offset_min - 1),
                        "one less than the least sum with the code c_min + 1",
                    ),
                ),
            ),
        ),
        {
            code_max: Integers(-8, 255),
            code_min: Integers(-128, 8),
            shift: Integers(0, 16),
            offset_max: Integers(0, 2**16),
            offset_min: Integers(0, 2**16),
        },
    )


def lossless_every_step() -> Derivation:
    """Bound on what 2^(P−1) must reach where a register is clamped at every step, and no code shows it."""
    return Derivation(
        "lossless_every_step",
        reach,
        (
            Step(
                1 + top,
                "u is the highest value that clamps must spare; for the lowest likewise, p and n exchanged, −b for b, "
                "and without the 1",
            ),
            Step(
                1 + highest - spare,
                "a clamp above all prefixes of all orders touches nothing",
                (Definition(sp.Eq(top, highest - spare), "at most the highest prefix: d ≥ 0"),),
            ),
            Step(1 + highest, "d is not negative", relation=Relation.AT_MOST),
            Step(
                1 + bias + x_max * positive - x_min * negative,
                "end of the sums and of all their prefixes",
                (Lemma(highest_sum()),),
            ),
        ),
        {**BIAS, **SUMS, **CODES, spare: Integers(0, 1000)},
    )


def _wrapped(value: Any) -> sp.Expr:
    return sp.Mod(value + 2 ** (B - 1), 2**B) - 2 ** (B - 1)


def wrap_commutes() -> Derivation:
    """Content of a register that wraps at every step, after one product more."""
    return Derivation(
        "wrap_commutes",
        register(k + 1),
        (
            Step(_wrapped(register(k) + term), "the step: add the product q, wrap"),
            Step(
                _wrapped(_wrapped(total) + term),
                "after k products it holds their wrapped sum S: so it does for k = 0, and then for k + 1 by this chain",
                (Definition(sp.Eq(register(k), _wrapped(total)), "hypothesis of the induction"),),
            ),
            Step(_wrapped(total + term), "the first wrap takes a multiple of 2^B, which the second one does not see"),
        ),
        {B: Integers(2, 63), total: Integers(-(10**6), 10**6), term: Integers(-(10**6), 10**6)},
    )


def saturation_order() -> Derivation:
    """Greatest value at which a saturating register ends, over all orders of the products."""
    return Derivation(
        "saturation_order",
        top,
        (
            Step(
                sp.Min(most, sp.Max(least + positive, start - negative + positive)),
                "negative products first, down to a − n or to A_min, then p upwards: nothing else raises a sum than "
                "clamps from below, to A_min, after which at most p is to come",
            ),
            Step(
                sp.Min(most, sp.Max(least + positive, start + total)),
                "the exact sum S",
                (Definition(sp.Eq(negative, positive - total), "S = p − n"),),
            ),
        ),
        {**ENDS, start: Integers(-100, 100), positive: Integers(0, 300), total: Integers(-300, 300)},
    )


def saturation_order_below() -> Derivation:
    """Least value at which it ends."""
    return Derivation(
        "saturation_order_below",
        bottom,
        (
            Step(
                sp.Max(least, sp.Min(most - negative, start + positive - negative)),
                "positive products first, up to a + p or to A_max, then n downwards: nothing else lowers a sum than "
                "clamps from above, to A_max, after which at most n is to come",
            ),
            Step(
                sp.Max(least, sp.Min(most - negative, start + total)),
                "the exact sum S",
                (Definition(sp.Eq(positive, negative + total), "S = p − n"),),
            ),
        ),
        {**ENDS, start: Integers(-100, 100), negative: Integers(0, 300), total: Integers(-300, 300)},
    )


def float_carrier_guard() -> Derivation:
    """Largest sum of the positive, or magnitude of that of the negative products that floats add exactly."""
    return Derivation(
        "float_carrier_guard",
        positive,
        (
            Step(
                positive + 2 ** (exponent + 1) - highest,
                "raise it until the highest prefix of any order is 2^(e+1), the end of the floats with exponent e",
            ),
            Step(
                2 ** (exponent + 1),
                "a prefix of some order takes each product or not: the highest is p",
                (Lemma(highest_sum(), {bias: 0, x_min: 0, x_max: 1}),),
            ),
            Step(
                2**m,
                "integers are floats, all of them, while the spacing 2^(e−m+1) of m significant bits is 1",
                (Definition(sp.Eq(exponent, m - 1), "e − m + 1 = 0"),),
            ),
        ),
        {m: Integers(2, 113)},
    )
