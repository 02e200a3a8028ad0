"""Small systems given node by node: slopes by back-propagation, curvature, noise gains, and what rounding costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike, NDArray

from analysis.input_laws import Law
from fxp.arguments import reals
from fxp.backprop.weight_words import LocalCost
from fxp.formats import Format
from fxp.quantization import quantize

__all__ = ["NodeGains", "NodeSystem", "angle_system"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class NodeGains:
    """How noise of small power σ² somewhere in a system adds to its cost: gain·σ², to second order.

    Parameters
    ----------
    weights : mapping from str to float
        ½·∂²C/∂w² of each weight.
    nodes : mapping from str to float
        ½·E[∂²L/∂y²] of each node, noise being added to its value anew for each input.
    slope_powers : mapping from str to float
        E[(∂L/∂y)²] of each node: the instantaneous loss varies by slope power·σ².
    """

    weights: Mapping[str, float]
    nodes: Mapping[str, float]
    slope_powers: Mapping[str, float]


@dataclass(frozen=True)
class NodeSystem:
    r"""A system y = f(x; w) given as equations of its nodes, and the loss (target − y)².

    Parameters
    ----------
    inputs, weights : tuple of sympy.Symbol
        Real ones.
    nodes : tuple of sympy.Eq
        Symbol on the left, its value in terms of inputs, weights and earlier nodes on the right; the last one is the
        output.
    target : sympy.Expr
        What the output should be, in terms of the inputs.

    Raises
    ------
    TypeError
        An input or weight is no real symbol, or a node no equation of one.
    ValueError
        There is no node, a node is defined twice, or uses a symbol that is neither given nor defined before.

    Examples
    --------
    >>> x, w, u, y = sp.symbols("x w u y", real=True)
    >>> neuron = NodeSystem((x,), (w,), (sp.Eq(u, w * x), sp.Eq(y, sp.tanh(u))), sp.sin(x))
    >>> neuron.adjoints()[u]
    (1 - tanh(u)**2)*(2*y - 2*sin(x))
    >>> neuron.cost([1.0], Law.gaussian()).round(4)
    np.float64(0.0109)
    """

    inputs: tuple[sp.Symbol, ...]
    weights: tuple[sp.Symbol, ...]
    nodes: tuple[sp.Eq, ...]
    target: sp.Expr

    def __post_init__(self) -> None:
        for name in ("inputs", "weights", "nodes"):
            object.__setattr__(self, name, _row(name, getattr(self, name)))
        for node in self.nodes:
            if not isinstance(node, sp.Eq):
                raise TypeError(f"nodes holds {node}, which is no equation: give sympy.Eq(symbol, value)")
        for symbol in (*self.inputs, *self.weights, *(node.lhs for node in self.nodes)):
            if not (isinstance(symbol, sp.Symbol) and symbol.is_real):
                raise TypeError(f"{symbol} is no real symbol: give sympy.Symbol({str(symbol)!r}, real=True)")
        if not self.nodes:
            raise ValueError("nodes=() has no output: give at least one equation")
        known = {*self.inputs, *self.weights}
        for node in self.nodes:
            if node.lhs in known:
                raise ValueError(f"node {node.lhs} is defined twice: give each symbol one equation")
            unknown = node.rhs.free_symbols - known
            if unknown:
                raise ValueError(f"node {node.lhs} uses {sorted(map(str, unknown))}: define it in an earlier node")
            known.add(node.lhs)
        stray = sp.sympify(self.target).free_symbols - set(self.inputs)
        if stray:
            raise ValueError(f"target uses {sorted(map(str, stray))}: it is a function of the inputs alone")

    @property
    def output(self) -> sp.Symbol:
        """The last node."""
        return self.nodes[-1].lhs

    @property
    def loss(self) -> sp.Expr:
        """(target − output)², in the symbol of the output."""
        return (self.target - self.output) ** 2

    def composed(self, expression: sp.Expr) -> sp.Expr:
        """Return an expression with every node replaced by its value, down to inputs and weights."""
        for node in reversed(self.nodes):
            expression = expression.subs(node.lhs, node.rhs)
        return expression

    def adjoints(self) -> dict[sp.Symbol, sp.Expr]:
        """Return ∂L/∂y of each node by back-propagation, from the last to the first, in the symbols of the nodes.

        The loss reaches a node through the nodes that use it: its adjoint is the sum of theirs, each times the local
        slope.
        """
        found: dict[sp.Symbol, sp.Expr] = {}
        for place in range(len(self.nodes) - 1, -1, -1):
            symbol = self.nodes[place].lhs
            direct = sp.diff(self.loss, symbol)
            found[symbol] = direct + self._through(symbol, found)
        return found

    def gradient(self) -> tuple[sp.Expr, ...]:
        """Return the instantaneous gradient ∂L/∂w by back-propagation, in the symbols of the nodes."""
        adjoints = self.adjoints()
        return tuple(self._through(weight, adjoints) for weight in self.weights)

    def _through(self, symbol: sp.Symbol, adjoints: Mapping[sp.Symbol, sp.Expr]) -> sp.Expr:
        """Return what reaches a symbol from the nodes that use it."""
        users = (node for node in self.nodes if node.lhs in adjoints and node.rhs.has(symbol))
        return sum((adjoints[node.lhs] * sp.diff(node.rhs, symbol) for node in users), sp.Integer(0))

    def cost(self, weights: ArrayLike, law: Law) -> np.float64:
        """Return the mean loss (as exact as the law's points)."""
        return np.float64(self._mean(_loss, weights, law)[0])

    def cost_gradient(self, weights: ArrayLike, law: Law) -> Floats:
        """Return the mean of the instantaneous gradients, shape (weights,) (as exact as the law's points)."""
        return self._mean(_gradient, weights, law)

    def cost_hessian(self, weights: ArrayLike, law: Law) -> Floats:
        """Return the second derivatives of the mean loss, shape (weights, weights) (as exact as the law's points)."""
        count = len(self.weights)
        return self._mean(_hessian, weights, law).reshape(count, count)

    def noise_gains(self, weights: ArrayLike, law: Law) -> NodeGains:
        """Return how noise at weights and nodes adds to the cost (asymptotic in the power of the noise).

        Rounding to a step Δ, taken as uniform noise independent of what it is added to, has the power Δ²/12.
        """
        names = [str(node.lhs) for node in self.nodes]
        curvatures, slopes = np.split(self._mean(_node_terms, weights, law), 2)
        diagonal = np.diag(self.cost_hessian(weights, law)) / 2
        return NodeGains(
            dict(zip(map(str, self.weights), diagonal.tolist(), strict=True)),
            dict(zip(names, (curvatures / 2).tolist(), strict=True)),
            dict(zip(names, slopes.tolist(), strict=True)),
        )

    def local_cost(self, weights: ArrayLike, law: Law) -> LocalCost:
        """Return cost, gradient and Hessian around weights, for `fxp.weight_bits` and `fxp.rounding_loss`."""
        at = self._checked(weights)
        return LocalCost(
            lambda w: float(self.cost(w, law)), at, self.cost_gradient(at, law), self.cost_hessian(at, law)
        )

    def evaluate(
        self, weights: ArrayLike, law: Law, *, words: Mapping[sp.Symbol, Format] | None = None
    ) -> dict[sp.Symbol, Floats]:
        """Return the values of all nodes at the law's points, rounded half to even where a word is given (bit-true).

        Parameters
        ----------
        weights : array_like of float, shape (weights,)
            Before rounding.
        law : Law
            The inputs.
        words : mapping from sympy.Symbol to Format, optional
            Formats of weights, inputs or nodes, which saturate. A node without one is a float64.

        Raises
        ------
        ValueError
            A word is given for a symbol that the system does not have, or the weights are not as many.
        """
        formats = {} if words is None else words
        known = {*self.inputs, *self.weights, *(node.lhs for node in self.nodes)}
        stray = formats.keys() - known
        if stray:
            raise ValueError(f"words for {sorted(map(str, stray))}: the system has {sorted(map(str, known))}")
        values: dict[sp.Symbol, Floats] = {}
        given = zip((*self.inputs, *self.weights), (*law.points, *self._checked(weights)), strict=True)
        for symbol, value in given:
            values[symbol] = _rounded(np.asarray(value), formats.get(symbol))
        for node, function in zip(self.nodes, _functions(self), strict=True):
            value = np.broadcast_to(function(*values.values()), law.probabilities.shape)
            values[node.lhs] = _rounded(value, formats.get(node.lhs))
        return values

    def rounded_cost(self, weights: ArrayLike, law: Law, words: Mapping[sp.Symbol, Format]) -> float:
        """Return the mean loss with weights, inputs and nodes in words (bit-true); the target is not rounded."""
        output = self.evaluate(weights, law, words=words)[self.output]
        target = np.asarray(sp.lambdify(self.inputs, self.target, "numpy")(*law.points))
        return float(law.probabilities @ (target - output) ** 2)

    def _checked(self, weights: ArrayLike) -> Floats:
        values = reals("weights", weights, remedy="give the weights of the system")
        if values.shape != (len(self.weights),):
            raise ValueError(f"weights of shape {values.shape} are not {len(self.weights)}: give one for each")
        return values

    def _mean(self, terms: Terms, weights: ArrayLike, law: Law) -> Floats:
        if not isinstance(law, Law):
            raise TypeError(f"law={law!r} is not a Law: pass analysis.Law.gaussian() or analysis.Law.samples(…)")
        if len(law.points) != len(self.inputs):
            raise ValueError(f"law of {len(law.points)} inputs is not for {len(self.inputs)}: give one row an input")
        columns = _compiled(self, terms)(*law.points, *self._checked(weights))
        return np.array([np.broadcast_to(each, law.probabilities.shape) @ law.probabilities for each in columns])


Terms = Callable[[NodeSystem], Iterator[sp.Expr]]


def angle_system() -> NodeSystem:
    """Return the system that learns the angle θ of a point on the unit circle; `fxp.angle_cost` is its mean loss.

    Examples
    --------
    >>> angle_system().cost([0.9547247, -0.8316406, 0.7071791], Law.uniform(-np.pi, np.pi)).round(7)
    np.float64(3.0629215)
    """
    angle, w1, w2, w3 = sp.symbols("theta w_1 w_2 w_3", real=True)
    x1, x2, sum1, y1, sum2, y2 = sp.symbols("x_1 x_2 s_1 y_1 s_2 y_2", real=True)
    nodes = (
        sp.Eq(x1, sp.cos(angle)),
        sp.Eq(x2, sp.sin(angle)),
        sp.Eq(sum1, w1 * x1 + w2 * x2),
        sp.Eq(y1, sum1**2),
        sp.Eq(sum2, w3 * y1),
        sp.Eq(y2, sp.log(1 + sum2**2)),
    )
    return NodeSystem((angle,), (w1, w2, w3), nodes, angle)


def _loss(system: NodeSystem) -> Iterator[sp.Expr]:
    yield system.composed(system.loss)


def _gradient(system: NodeSystem) -> Iterator[sp.Expr]:
    yield from map(system.composed, system.gradient())


def _hessian(system: NodeSystem) -> Iterator[sp.Expr]:
    """Yield the derivatives of the back-propagated gradient, row by row."""
    for slope in _gradient(system):
        yield from (sp.diff(slope, weight) for weight in system.weights)


def _node_terms(system: NodeSystem) -> Iterator[sp.Expr]:
    """Yield ∂²L/∂y² of each node, then (∂L/∂y)² of each."""
    noise = sp.Dummy(real=True)
    for place in range(len(system.nodes)):
        yield _noisy(system, place, noise).diff(noise, 2).subs(noise, 0)
    adjoints = system.adjoints()
    yield from (system.composed(adjoints[node.lhs] ** 2) for node in system.nodes)


def _noisy(system: NodeSystem, place: int, noise: sp.Symbol) -> sp.Expr:
    """Return the loss with noise added to one node."""
    node = system.nodes[place]
    changed = (*system.nodes[:place], sp.Eq(node.lhs, node.rhs + noise), *system.nodes[place + 1 :])
    return NodeSystem((*system.inputs, noise), system.weights, changed, system.target).composed(system.loss)


@cache
def _compiled(system: NodeSystem, terms: Terms) -> Callable[..., list[Floats]]:
    """Return NumPy code for expressions in inputs and weights, their common parts computed once."""
    code: Callable[..., list[Floats]] = sp.lambdify(
        (*system.inputs, *system.weights), list(terms(system)), "numpy", cse=True
    )
    return code


@cache
def _functions(system: NodeSystem) -> tuple[Callable[..., Floats], ...]:
    """Return each node as NumPy code of inputs, weights and all nodes before it."""
    symbols = [*system.inputs, *system.weights]
    functions = []
    for node in system.nodes:
        functions.append(sp.lambdify(list(symbols), node.rhs, "numpy"))
        symbols.append(node.lhs)
    return tuple(functions)


def _rounded(values: Floats, word: Format | None) -> Floats:
    return values if word is None else np.asarray(quantize(values, word))


def _row(name: str, values: object) -> tuple[sp.Basic, ...]:
    if not isinstance(values, tuple | list):
        raise TypeError(f"{name}={values!r} is not a tuple: give one, of a single element too")
    return tuple(values)
