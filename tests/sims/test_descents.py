"""Descents on the system that learns an angle: against a plain loop, in words, divergence, where they end."""

import math
from fractions import Fraction

import numpy as np
import pytest

import fxp
from fxp import reference
from sims.descents import Descent, End, Update, descend, end_of, outputs

WORD = fxp.Format(10, 8)


def plain(start, angles, step_size, write=lambda values, number: values):
    """The update by symbols of the theory, one line a node."""
    w = list(start)
    for number, theta in enumerate(angles):
        x = (math.cos(theta), math.sin(theta))
        s1 = w[0] * x[0] + w[1] * x[1]
        s2 = w[2] * s1 * s1
        error = theta - math.log1p(s2 * s2)
        slope2 = 2 * s2 / (1 + s2 * s2)
        slopes = (slope2 * w[2] * 2 * s1 * x[0], slope2 * w[2] * 2 * s1 * x[1], slope2 * s1 * s1)
        w = write([value + step_size * error * slope for value, slope in zip(w, slopes, strict=True)], number)
    return w


def test_a_descent_is_the_plain_loop(rng):
    start, angles = rng.uniform(-1, 1, 3), rng.uniform(-math.pi, math.pi, 500)
    path = descend(start, angles, 1e-2)
    assert path.weights[0].tolist() == start.tolist()
    assert path.steps[-1] == 500
    assert path.weights[-1] == pytest.approx(plain(start, angles, 1e-2), rel=1e-9, abs=1e-12)
    assert descend(start, angles, 5e-3, factor=2).weights[-1] == pytest.approx(path.weights[-1], rel=1e-12)


def test_rounding_to_nearest_is_that_of_quantize(rng):
    start, angles = fxp.quantize(rng.uniform(-1, 1, 3), WORD), rng.uniform(-math.pi, math.pi, 300)
    path = descend(start, angles, 0.05, word=WORD, update=Update.NEAREST)
    expected = plain(start, angles, 0.05, lambda values, _: fxp.quantize(values, WORD).tolist())
    assert path.weights[-1].tolist() == expected


def test_stochastic_rounding_is_that_of_the_reference(rng):
    start, angles = fxp.quantize(rng.uniform(-1, 1, 3), WORD), rng.uniform(-math.pi, math.pi, 200)
    path = descend(start, angles, 0.05, word=WORD, update=Update.STOCHASTIC, rng=np.random.default_rng(3))
    draws = np.random.default_rng(3).random((200, 3))

    def write(values, number):
        floors = [math.floor(Fraction(value) * 2**WORD.frac_bits) for value in values]
        fractions = [value * 2**WORD.frac_bits - floor for value, floor in zip(values, floors, strict=True)]
        codes = [floor + (draw < part) for floor, part, draw in zip(floors, fractions, draws[number], strict=True)]
        return [float(reference.decode(min(max(int(code), WORD.min_code), WORD.max_code), WORD)) for code in codes]

    assert path.weights[-1].tolist() == plain(start, angles, 0.05, write)


def test_updates_of_less_than_half_a_step_are_lost():
    start, angles = np.array([0.5, -0.5, 0.25]), np.full(100, 1.0)
    lost = descend(start, angles, 1e-6, word=WORD, update=Update.NEAREST)
    assert lost.still_since == 0
    assert lost.weights[-1].tolist() == start.tolist()
    assert descend(start, angles, 1e-6).still_since == 100


def test_weights_saturate():
    word = fxp.Format(4, 3)
    path = descend(np.array([0.875, -0.875, 0.875]), np.full(50, 3.0), 10.0, word=word, update=Update.NEAREST)
    assert np.abs(path.weights).max() <= 1
    assert path.weights[-1].max() <= 0.875


def test_divergence_is_told_and_leaves_numbers():
    path = descend(np.array([0.5, -0.5, 0.25]), np.linspace(-3, 3, 400), 1e7)
    assert path.diverged_at is not None
    assert np.isfinite(path.weights).all()
    assert end_of(path) is End.DIVERGED


@pytest.mark.parametrize(
    ("weights", "end"),
    [
        ((0.9547247, -0.8316406, 0.7071791), End.GLOBAL),
        ((-0.9, 0.8, -0.7), End.GLOBAL),
        ((0.5, 0.6, 1e-9), End.COLLAPSED),
        ((0.5, -0.6, 1e-9), End.ELSEWHERE),
        ((2.0, 2.0, 2.0), End.ELSEWHERE),
    ],
)
def test_ends(weights, end):
    assert end_of(Descent(np.array([0]), np.array([weights]), None, 0)) is end


def test_outputs_are_those_of_the_nodes():
    assert outputs(np.array([1.0, 0.0, 1.0]), np.array([0.0, math.pi / 2])) == pytest.approx([math.log(2), 0])


def test_refusals():
    start, angles = np.zeros(3), np.zeros(10)
    with pytest.raises(ValueError, match="update=nearest and word=None do not fit"):
        descend(start, angles, 0.1, update=Update.NEAREST)
    with pytest.raises(ValueError, match="update=float and word=.* do not fit"):
        descend(start, angles, 0.1, word=WORD)
    with pytest.raises(ValueError, match="rng=None draws nothing"):
        descend(start, angles, 0.1, word=WORD, update=Update.STOCHASTIC)
