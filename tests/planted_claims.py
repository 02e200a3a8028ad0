"""A small claim to try the ledger on, and the wrong derivation and prediction that it must find."""

from dataclasses import replace

import sympy as sp

from analysis.claims import Claim
from analysis.derivation import Derivation, Step
from analysis.domain import Integers
from sims.measure import Measurement

N = sp.Symbol("n", integer=True, positive=True)


def triangle() -> Derivation:
    i = sp.Symbol("i", integer=True)
    steps = Step(sp.Sum(i, (i, 1, N)), "definition"), Step(N * (N + 1) / 2, "pairs")
    return Derivation("triangle", sp.Symbol("T"), steps, {N: Integers(1, 50)})


def wrong_triangle() -> Derivation:
    right = triangle()
    return replace(right, steps=(right.steps[0], Step(N**2 / 2, "pairs")))


def square_half(n):
    """Forgets the diagonal."""
    return n * n / 2


CLAIM = Claim(
    "triangle",
    "The integers from 1 to n sum to n (n + 1)/2.",
    "exact",
    (),
    triangle,
    lambda n: n * (n + 1) / 2,
    {"n": Integers(1, 50)},
    (square_half,),
    "derivation-triangle",
    derived=lambda n: triangle().value(n=n),
)


def count(n, trial):
    """Add one by one."""
    return Measurement.enumerated(sum(range(1, n + 1)))
