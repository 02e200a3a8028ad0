"""Why costs are what they are: cells, bits and operations, counted."""

import sympy as sp

from analysis.derivation import Assumption, Definition, Derivation, Lemma, Step
from analysis.domain import Choice, Integers

__all__ = [
    "cost_multiplier",
    "cost_published",
    "cost_printed_ceil",
    "cost_printed",
    "cost_biased",
    "cost_tree",
    "cost_compressor",
    "gate_area",
    "gate_area_of_structures",
    "energy_weighting",
    "representational_cost",
]

D, B_A, B_W = sp.symbols("D B_A B_W", integer=True, positive=True)
n = sp.Symbol("n", integer=True, nonnegative=True)
i, j, k, level = sp.symbols("i j k l", integer=True)
width, S = sp.symbols("W S", integer=True, positive=True)
F_array, F_published, F_printed_ceil, F_printed, F_biased, F_tree, F = sp.symbols(
    "F_array F_published F_printed_ceil F_printed F_biased F_tree F", nonnegative=True
)
bits_in, bits_out, taken, returned = sp.symbols("bits_in bits_out taken returned", positive=True)
area_and, area_half, area_full = sp.symbols("a_AND a_HA a_FA", positive=True)
N_and, N_half = sp.symbols("N_AND N_HA", nonnegative=True)
G, area, area_db = sp.symbols("G A A_dB", positive=True)
E_W, mul_weight, add_weight = sp.symbols("E_W s_mul s_add", positive=True)
dots, B_mul, B_add = sp.symbols("N B_mul B_add", integer=True, positive=True)
b = sp.Symbol("b", integer=True, nonnegative=True)
stored = sp.Symbol("C_R", positive=True)
R_W, R_A, R_b = sp.symbols("R_W R_A R_b", integer=True, nonnegative=True)

GROWTH = sp.ceiling(sp.log(D, 2))
BITS = {B_A: Integers(1, 16), B_W: Integers(1, 16)}
DOMAIN = {D: Integers(1, 64), **BITS}
WIDER = {D: Integers(1, 64), B_A: Integers(2, 16), B_W: Integers(2, 16)}
POWERS = Choice(*(2**power for power in range(7)))
COUNTING = "counting"
FIGURES = "counting; the convention behind the published figures of ResNet-18 and VGG-11"
PRINTED = "counting; the formula that is printed beside the published figures"

FINAL_WIDTH = Definition(sp.Eq(width, B_A + B_W + GROWTH), "what a sum of D products of B_A + B_W bits needs")
TWO_OPERANDS = Definition(sp.Eq(S, B_A + B_W), "the width of a product")
LEVELS = Definition(sp.Eq(n, sp.log(D, 2)), "a tree over D = 2ⁿ products has n levels")
PARTIAL_PRODUCTS = sp.Sum(1, (i, 1, B_A), (j, 1, B_W), (k, 1, D))
FULL_ADDER = Assumption("a full adder takes three bits and returns two", sp.Eq(taken - returned, 1))
HALF_ADDER = Assumption("a half adder takes two bits and returns two: it removes none")
NOTHING_DROPPED = Assumption(
    "one bit is left in each column of the final width, no carry is dropped above it, and no constant adds bits",
    sp.Eq(bits_out, width),
)
AND_AREA = Assumption("an AND gate has a quarter of a full adder's area", sp.Eq(area_and, sp.Rational(1, 4)))
HALF_AREA = Assumption("a half adder has five eighths of a full adder's area", sp.Eq(area_half, sp.Rational(5, 8)))
FULL_AREA = Definition(sp.Eq(area_full, 1), "the unit of area is a full adder")
SIMILAR = Assumption("other structures have nearly the cells of arrays and a tree", sp.Eq(area, G))


def cost_multiplier() -> Derivation:
    """Full adders of an array multiplier with a cell for each partial product."""
    return Derivation(
        "cost_multiplier",
        F_array,
        (
            Step(
                sp.Sum(1, (i, 1, B_A), (j, 1, B_W)), "a row for each bit of one operand, a cell for each of the other"
            ),
            Step(B_A * B_W, "counted"),
        ),
        BITS,
        COUNTING,
    )


def cost_published() -> Derivation:
    """Full adders of array multipliers and a ripple accumulator with a full adder at every place."""
    return _ripple("cost_published", F_published, 1, "a full adder at every place", FIGURES)


def cost_printed_ceil() -> Derivation:
    """Full adders of the same with half adders at the lowest place."""
    return _ripple("cost_printed_ceil", F_printed_ceil, 2, "a half adder, not counted, at the lowest place", PRINTED)


def _ripple(name: str, quantity: sp.Symbol, lowest: int, places: str, source: str) -> Derivation:
    """Return the count of a ripple accumulator whose full adders start at the place `lowest`."""
    adders = sp.Sum(sp.Sum(1, (i, lowest, width)), (k, 2, D))
    cells = width + 1 - lowest
    return Derivation(
        name,
        quantity,
        (
            Step(
                sp.Sum(F_array, (k, 1, D)) + adders,
                f"D multipliers; each product but the first takes an adder of the width W of the last, {places}",
            ),
            Step(D * F_array + (D - 1) * cells, "counted"),
            Step(D * B_A * B_W + (D - 1) * cells, "array multipliers", (Lemma(cost_multiplier()),)),
            Step(
                D * B_A * B_W + (D - 1) * (B_A + B_W + GROWTH + 1 - lowest),
                "an accumulator of final width",
                (FINAL_WIDTH,),
            ),
        ),
        DOMAIN,
        source,
    )


def cost_printed() -> Derivation:
    """Full adders by the printed formula, where the length is a power of two."""
    length = 2**n
    return Derivation(
        "cost_printed",
        F_printed,
        (
            Step(F_printed_ceil, "the accumulator with half adders at the lowest place"),
            Step(
                length * B_A * B_W + (length - 1) * (B_A + B_W + n - 1),
                "for D = 2ⁿ products, where ⌈log2 D⌉ = n",
                (Lemma(cost_printed_ceil(), {D: length}),),
            ),
            Step(
                D * B_A * B_W + (D - 1) * (B_A + B_W + sp.log(D, 2) - 1),
                "in terms of D",
                (LEVELS,),
            ),
        ),
        {D: POWERS, **BITS},
        PRINTED,
    )


def cost_biased() -> Derivation:
    """Full adders by the printed formula with the bias as one more product."""
    return Derivation(
        "cost_biased",
        F_biased,
        (
            Step(F_printed_ceil, "the accumulator with half adders at the lowest place"),
            Step(
                (D + 1) * B_A * B_W + D * (B_A + B_W + GROWTH.subs(D, D + 1) - 1),
                "D + 1 products: the last is the bias times one",
                (Lemma(cost_printed_ceil(), {D: D + 1}),),
            ),
        ),
        {**DOMAIN, D: Integers(1, 63)},  # one product more for the bias
        "counting; the only convention that comes near the published mixed AlexNet figure",
    )


def cost_tree() -> Derivation:
    """Full adders of array multipliers and a balanced tree of adders."""
    adders = sp.Sum(2 ** (n - level) * sp.Sum(1, (i, 1, S + level - 1)), (level, 1, n))
    return Derivation(
        "cost_tree",
        F_tree,
        (
            Step(
                2**n * F_array + adders,
                "level l of the tree over D = 2ⁿ products has D/2ˡ adders, as wide as their terms: S + l − 1",
            ),
            Step(2**n * F_array + (2**n - 1) * S + 2**n - 1 - n, "sum over the levels"),
            Step(
                2**n * B_A * B_W + (2**n - 1) * (B_A + B_W) + 2**n - 1 - n,
                "array multipliers",
                (Lemma(cost_multiplier()), TWO_OPERANDS),
            ),
            Step(D * B_A * B_W + (D - 1) * (B_A + B_W) + D - 1 - sp.log(D, 2), "in terms of D", (LEVELS,)),
        ),
        {D: POWERS, **BITS},
        COUNTING,
    )


def cost_compressor() -> Derivation:
    """Full adders of any carry-save array, from the bits that have to go."""
    return Derivation(
        "cost_compressor",
        F,
        (
            Step(
                (bits_in - bits_out) / (taken - returned),
                "bits go in full adders only, so many are needed: those that have to go over those that one removes",
            ),
            Step(bits_in - bits_out, "a full adder removes exactly one bit", (HALF_ADDER, FULL_ADDER)),
            Step(
                PARTIAL_PRODUCTS - bits_out,
                "one partial product for each pair of bits of x and w",
                (Definition(sp.Eq(bits_in, PARTIAL_PRODUCTS), "the bits of the AND array"),),
            ),
            Step(D * B_A * B_W - width, "counted; a bit is left in each column", (NOTHING_DROPPED,)),
            Step(D * B_A * B_W - (B_A + B_W + GROWTH), "a sum of final width", (FINAL_WIDTH,)),
        ),
        WIDER,
        COUNTING,
    )


def gate_area() -> Derivation:
    """Area of trimmed array multipliers and a balanced tree."""
    half_adders = sp.Sum(sp.Min(B_A, B_W), (k, 1, D)) + sp.Sum(1, (k, 2, D))
    ands = Definition(sp.Eq(N_and, PARTIAL_PRODUCTS), "an AND gate for each partial product")
    halves = Definition(
        sp.Eq(N_half, half_adders),
        "half adders where an input is zero: one for each row of an array, one in each adder of the tree",
    )
    counted = sp.Rational(5, 8) * (D * sp.Min(B_A, B_W) + D - 1)
    return Derivation(
        "gate_area",
        G,
        (
            Step(area_and * N_and + area_half * N_half + area_full * F, "areas of AND gates, half and full adders"),
            Step(N_and / 4 + sp.Rational(5, 8) * N_half + F, "in full adders", (AND_AREA, HALF_AREA, FULL_AREA)),
            Step(PARTIAL_PRODUCTS / 4 + sp.Rational(5, 8) * half_adders + F, "cells of the structure", (ands, halves)),
            Step(D * B_A * B_W / 4 + counted + F, "counted"),
            Step(
                5 * D * B_A * B_W / 4 + counted - (B_A + B_W + GROWTH),
                "arrays and tree drop no bit, so that they have the full adders of a carry-save array",
                (Lemma(cost_compressor()),),
            ),
        ),
        WIDER,
        COUNTING,
    )


def gate_area_of_structures() -> Derivation:
    """Area in dB of structures that have other half adders."""
    arrays = gate_area()
    return Derivation(
        "gate_area_of_structures",
        area_db,
        (
            Step(10 * sp.log(area, 10), "the area of a circuit, in dB"),
            Step(10 * sp.log(G, 10), "most cells are full adders and AND gates, of which all have as many", (SIMILAR,)),
            Step(10 * sp.log(arrays.result, 10), "area of arrays and a tree", (Lemma(arrays),)),
        ),
        WIDER,
        COUNTING,
    )


def energy_weighting() -> Derivation:
    """Weighted operations of a layer."""
    return Derivation(
        "energy_weighting",
        E_W,
        (
            Step(
                sp.Sum(sp.Sum(mul_weight, (k, 1, D)) + sp.Sum(add_weight, (k, 2, D + b)), (i, 1, dots)),
                "each of N sums multiplies D times, and adds each term after the first, a bias (b = 1) among them",
            ),
            Step(dots * (D * mul_weight + (D - 1 + b) * add_weight), "counted"),
            Step(
                dots * (D * B_mul**2 + (D - 1 + b) * B_add),
                "weights of the operations",
                (
                    Definition(sp.Eq(mul_weight, 64 * (B_mul / 8) ** 2), "of a multiplication, by word length"),
                    Definition(sp.Eq(add_weight, B_add), "of an addition, by word length"),
                ),
            ),
        ),
        {
            dots: Integers(1, 1000),
            D: Integers(1, 1000),
            b: Integers(0, 1),
            B_mul: Integers(1, 32),
            B_add: Integers(1, 64),
        },
        COUNTING,
    )


def representational_cost() -> Derivation:
    """Bits that hold a layer's numbers."""
    return Derivation(
        "representational_cost",
        stored,
        (
            Step(
                sp.Sum(B_W, (i, 1, R_W)) + sp.Sum(B_W, (i, 1, R_b)) + sp.Sum(B_A, (i, 1, R_A)),
                "a word for each weight, for each bias and for each element of the input",
            ),
            Step((R_W + R_b) * B_W + R_A * B_A, "counted"),
        ),
        {R_W: Integers(1, 10**6), R_b: Integers(0, 10**4), R_A: Integers(1, 10**6), **BITS},
        COUNTING,
    )
