"""Systems of nodes: back-propagation against SymPy's own slopes, means against closed forms, noise, words."""

import math

import numpy as np
import pytest
import sympy as sp

import fxp
from analysis.input_laws import Law
from analysis.node_systems import NodeSystem, angle_system
from analysis.signal_words import signal_bits
from tests.statistical import assert_mean_equal

PUBLISHED = np.array([0.9547247, -0.8316406, 0.7071791])
CIRCLE = Law.uniform(-math.pi, math.pi)
x, w, b, u, y = sp.symbols("x w b u y", real=True)
NEURON = NodeSystem((x,), (w, b), (sp.Eq(u, w * x + b), sp.Eq(y, sp.tanh(u))), sp.sin(x))
before, now, tap0, tap1, c, s, z = sp.symbols("before now tap0 tap1 c s z", real=True)
# a linear filter, then a polynomial: two nodes use the first one
WIENER = NodeSystem(
    (before, now), (tap0, tap1, c), (sp.Eq(s, tap0 * now + tap1 * before), sp.Eq(z, s + c * s**3)), now - before / 2
)
MIDPOINTS = Law.samples(2 * np.pi * (np.arange(4000) + 0.5) / 4000 - np.pi)
SYSTEMS = {
    "angle": (angle_system(), PUBLISHED, CIRCLE),
    "neuron": (NEURON, np.array([0.9, 0.1]), Law.gaussian(count=96)),
    "wiener": (WIENER, np.array([0.8, -0.3, 0.1]), Law.gaussian(2, count=12)),
}


def vanishes(expression):
    """Return whether an expression is zero to 30 digits at four points of its symbols."""
    symbols = sorted(expression.free_symbols, key=str)
    points = ([sp.Rational(7 * place + 3 * number + 1, 19) for place in range(len(symbols))] for number in range(4))
    values = (expression.subs(dict(zip(symbols, point, strict=True))) for point in points)
    return all(abs(sp.N(value, 30, maxn=200, chop=True)) < 1e-25 for value in values)


@pytest.mark.parametrize("name", SYSTEMS)
def test_back_propagation_is_the_derivative_of_the_composed_loss(name):
    system, _, _ = SYSTEMS[name]
    loss = system.composed(system.loss)
    for slope, weight in zip(system.gradient(), system.weights, strict=True):
        assert vanishes(system.composed(slope) - sp.diff(loss, weight))
    noise = sp.Symbol("noise", real=True)
    for place, node in enumerate(system.nodes):
        moved = (*system.nodes[:place], sp.Eq(node.lhs, node.rhs + noise), *system.nodes[place + 1 :])
        disturbed = NodeSystem((*system.inputs, noise), system.weights, moved, system.target)
        slope = sp.diff(disturbed.composed(disturbed.loss), noise).subs(noise, 0)
        assert vanishes(system.composed(system.adjoints()[node.lhs]) - slope)


def test_a_node_that_two_use_gets_both_adjoints():
    p, q, r = sp.symbols("p q r", real=True)
    system = NodeSystem((x,), (w,), (sp.Eq(p, w * x), sp.Eq(q, sp.exp(p)), sp.Eq(r, p * q)), x)
    assert vanishes(system.composed(system.gradient()[0]) - sp.diff(system.composed(system.loss), w))


def test_means_of_the_angle_system_are_the_closed_forms():
    system = angle_system()
    for weights in np.random.default_rng(1).uniform(-1.5, 1.5, (5, 3)):
        assert system.cost(weights, CIRCLE) == pytest.approx(fxp.angle_cost(weights), rel=1e-12)
        assert system.cost_gradient(weights, CIRCLE) == pytest.approx(fxp.angle_gradient(weights), abs=1e-11)
        assert system.cost_hessian(weights, CIRCLE) == pytest.approx(fxp.angle_hessian(weights), abs=1e-10)


@pytest.mark.parametrize("name", SYSTEMS)
def test_slopes_are_differences_of_the_cost(name):
    system, weights, law = SYSTEMS[name]
    moves = 1e-5 * np.eye(len(weights))
    slopes = [(system.cost(weights + by, law) - system.cost(weights - by, law)) / 2e-5 for by in moves]
    assert system.cost_gradient(weights, law) == pytest.approx(slopes, abs=1e-8)
    rows = [(system.cost_gradient(weights + by, law) - system.cost_gradient(weights - by, law)) / 2e-5 for by in moves]
    assert system.cost_hessian(weights, law) == pytest.approx(np.array(rows), abs=1e-7)


@pytest.mark.parametrize("name", SYSTEMS)
def test_noise_at_a_node_adds_its_gain(name, rng):
    """Plus and minus the same noise: the first order cancels; what is left is to 1e-3 the gain."""
    system, weights, law = SYSTEMS[name]
    gains = system.noise_gains(weights, law)
    for place, node in enumerate(system.nodes):
        noise = sp.Symbol("noise", real=True)
        moved = (*system.nodes[:place], sp.Eq(node.lhs, node.rhs + noise), *system.nodes[place + 1 :])
        disturbed = NodeSystem((*system.inputs, noise), system.weights, moved, system.target)
        sides = [
            Law(np.vstack([law.points, np.full(law.points.shape[1], by)]), law.probabilities) for by in (1e-3, -1e-3)
        ]
        added = sum(disturbed.cost(weights, side) for side in sides) / 2 - system.cost(weights, law)
        assert added / 1e-6 == pytest.approx(gains.nodes[str(node.lhs)], rel=1e-3, abs=1e-4)
    assert gains.nodes[str(system.output)] == pytest.approx(1.0, rel=1e-12)
    assert list(gains.weights.values()) == pytest.approx(np.diag(system.cost_hessian(weights, law)) / 2, rel=1e-12)


def test_slope_powers_are_the_spread_of_the_loss(rng):
    system = angle_system()
    gains = system.noise_gains(PUBLISHED, CIRCLE)
    theta = rng.uniform(-math.pi, math.pi, 200_000)
    values = system.evaluate(PUBLISHED, Law.samples(theta))
    sum2 = next(symbol for symbol in values if str(symbol) == "s_2")
    slopes = 2 * (values[system.output] - theta) * 2 * values[sum2] / (1 + values[sum2] ** 2)
    assert_mean_equal(slopes**2, gains.slope_powers["s_2"], must_detect=0.2)


def test_words_round_each_node_as_quantize_does():
    word = fxp.Format(6, 4)
    law = Law.samples(np.linspace(-2, 2, 41))
    values = NEURON.evaluate([0.9, 0.1], law, words={w: word, u: word, y: fxp.Format(8, 7)})
    assert values[w] == fxp.quantize(0.9, word)
    assert (values[u] == fxp.quantize(values[w] * law.points[0] + 0.1, word)).all()
    assert (values[y] == fxp.quantize(np.tanh(values[u]), fxp.Format(8, 7))).all()
    error = np.sin(law.points[0]) - values[y]
    words = {w: word, u: word, y: fxp.Format(8, 7)}
    assert NEURON.rounded_cost([0.9, 0.1], law, words) == pytest.approx(np.mean(error**2), rel=1e-14)


@pytest.mark.parametrize("place", range(2, 6))
def test_rounding_a_node_adds_its_gain_on_average_over_the_grid(place):
    """One grid alone may differ: where a node is flat over the input its errors are not uniform."""
    system = angle_system()
    node = system.nodes[place]
    offset, shifted = sp.symbols("offset shifted", real=True)
    around = (sp.Eq(shifted, node.rhs + offset), sp.Eq(node.lhs, shifted - offset))
    moved = (*system.nodes[:place], *around, *system.nodes[place + 1 :])
    changed = NodeSystem(system.inputs, (*system.weights, offset), moved, system.target)
    word = fxp.Format(10, 4)
    offsets = (np.arange(128) + 0.5) / 128 * word.step
    costs = [changed.rounded_cost([*PUBLISHED, by], MIDPOINTS, {shifted: word}) for by in offsets]
    added = (np.mean(costs) - system.cost(PUBLISHED, MIDPOINTS)) * 12 / word.step**2
    assert added == pytest.approx(system.noise_gains(PUBLISHED, MIDPOINTS).nodes[str(node.lhs)], rel=0.02)


def test_words_of_signals_meet_their_budget():
    system, node = angle_system(), sp.Symbol("y_1", real=True)
    found = signal_bits(system, PUBLISHED, MIDPOINTS, node, budget=1e-5)
    cost = system.cost(PUBLISHED, MIDPOINTS)
    added = [
        system.rounded_cost(PUBLISHED, MIDPOINTS, {node: fxp.Format(bits, bits - 1 - found.range_exponent)}) - cost
        for bits in (found.bit_true - 1, found.bit_true, found.bit_true + 1)
    ]
    assert added[0] > 1e-5 * cost
    assert max(added[1:]) <= 1e-5 * cost
    peak = np.abs(system.evaluate(PUBLISHED, MIDPOINTS)[node]).max()
    assert 2.0 ** (found.range_exponent - 1) < peak <= 2.0**found.range_exponent


def test_bits_of_a_weight_come_from_the_same_code():
    local = angle_system().local_cost(PUBLISHED, CIRCLE)
    answers = [fxp.weight_bits(local, 0, budget=0.01, rule=rule).bits for rule in fxp.BitRule]
    assert answers == [None, 3, 2, 1, 4]
    other = WIENER.local_cost(np.array([0.8, -0.3, 0.1]), Law.gaussian(2, count=12))
    noise, true = (
        fxp.weight_bits(other, 1, budget=1e-3, rule=rule)
        for rule in (fxp.BitRule.HESSIAN_UNIFORM_NOISE, fxp.BitRule.BIT_TRUE)
    )
    assert None not in (noise.bits, true.bits)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (((x,), (w,), (), x), r"nodes=\(\) has no output"),
        (((x,), (w,), (sp.Eq(u, w * x), sp.Eq(u, w)), x), "node u is defined twice"),
        (((x,), (w,), (sp.Eq(x, w),), x), "node x is defined twice"),
        (((x,), (w,), (sp.Eq(u, y * x), sp.Eq(y, u)), x), r"node u uses \['y'\]"),
        (((x,), (w,), (sp.Eq(u, w * x),), w), r"target uses \['w'\]"),
    ],
)
def test_systems_refuse(arguments, message):
    with pytest.raises(ValueError, match=message):
        NodeSystem(*arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (((x,), (w,), (w * x,), x), "nodes holds w\\*x, which is no equation"),
        ((x, (w,), (sp.Eq(u, w * x),), x), "inputs=x is not a tuple"),
        (((x,), (sp.Symbol("a"),), (sp.Eq(u, x),), x), "a is no real symbol: give sympy.Symbol\\('a', real=True\\)"),
    ],
)
def test_systems_refuse_other_kinds(arguments, message):
    with pytest.raises(TypeError, match=message):
        NodeSystem(*arguments)


def test_what_is_no_law_or_cost_is_refused():
    with pytest.raises(TypeError, match="law=5 is not a Law: pass"):
        NEURON.local_cost([0.9, 0.1], 5)
    with pytest.raises(TypeError, match=r"^local=.* is not a LocalCost: pass one"):
        fxp.weight_bits(NEURON, 0, budget=0.01, rule=fxp.BitRule.BIT_TRUE)


def test_evaluations_refuse():
    law = Law.gaussian()
    with pytest.raises(ValueError, match=r"weights of shape \(1,\) are not 2"):
        NEURON.cost([1.0], law)
    with pytest.raises(ValueError, match="law of 1 inputs is not for 2"):
        WIENER.cost([0.8, -0.3, 0.1], law)
    with pytest.raises(ValueError, match=r"words for \['z'\]"):
        NEURON.evaluate([0.9, 0.1], law, words={z: fxp.Format(8, 4)})
    with pytest.raises(ValueError, match="node=z is not one of u, y"):
        signal_bits(NEURON, [0.9, 0.1], law, z, budget=0.1)
    with pytest.raises(ValueError, match="do not weigh points"):
        Law(np.zeros((1, 3)), np.full(2, 0.5))
    with pytest.raises(ValueError, match="do not weigh points"):
        Law(np.zeros((1, 2)), np.full(2, 0.4))
