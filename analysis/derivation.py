"""A derivation is a chain of expressions, each of which follows from the one before it: a machine checks every step."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from math import isclose, nextafter
from typing import Any

import numpy as np
import sympy as sp
from sympy.core.function import AppliedUndef

from analysis.digits import DIGITS, Point, by_quadrature, contains, has_series, number, to_digits
from analysis.domain import Choice, Domain, Integers, Reals

__all__ = ["Assumption", "Definition", "Derivation", "DerivationError", "Lemma", "Method", "Proof", "Relation", "Step"]

POINTS = 6
MANY_POINTS = 200  # where points are all that speaks for a step
SLACK = sp.Float(10, DIGITS) ** (5 - DIGITS)
SLACK_OF_INTEGRALS = sp.Float(10, DIGITS) ** -30
BINDING = (sp.Integral, sp.Sum, sp.Product, sp.Limit)
UNEVALUATED = (*BINDING, sp.Derivative, sp.Subs)


class DerivationError(ValueError):
    """A step that does not follow, a fact that is not used, or a domain that contradicts the symbols."""


class Relation(StrEnum):
    """How the expression before a step relates to the step's own."""

    EQUAL = "="
    AT_MOST = "≤"
    AT_LEAST = "≥"
    ASYMPTOTIC = "→"


class Method(StrEnum):
    """What convinced the machine of a step, the strongest first."""

    DEFINITION = "by definition"
    ALGEBRA = "algebra"
    EVALUATION = "integral, sum or limit evaluated"
    DIGITS = f"{DIGITS} digits at points of the domain"


@dataclass(frozen=True)
class Assumption:
    """What is believed and not proven; a claim lists these.

    Parameters
    ----------
    statement : str
        The assumption in words.
    equation : sympy.Eq, optional
        What a step may replace on its account: the left side by the right side.
    """

    statement: str
    equation: sp.Eq | None = None

    def __str__(self) -> str:
        return self.statement


@dataclass(frozen=True)
class Definition:
    """Names a quantity: a step that uses it replaces the left side by the right side."""

    equation: sp.Eq
    because: str = "definition"


@dataclass(frozen=True)
class Lemma:
    """The result of another derivation, with its symbols replaced by `renaming`."""

    derivation: "Derivation"
    renaming: Mapping[sp.Basic, Any] = field(default_factory=dict, hash=False)

    @property
    def equation(self) -> sp.Eq:
        """Quantity = result of the other derivation, in the symbols of this one."""
        quantity, result = (side.subs(self.renaming, simultaneous=True) for side in self.derivation.sides)
        return sp.Eq(quantity, result, evaluate=False)


Fact = Assumption | Definition | Lemma


@dataclass(frozen=True)
class Step:
    """One link of the chain.

    Parameters
    ----------
    expression : sympy.Expr
        What the expression before it equals (or `relation`) once the facts are put in.
    because : str
        The reason, one line.
    using : tuple of Assumption, Definition or Lemma
        The facts that the step puts in, in this order; each must occur.
    relation : Relation
        "=", or "≤" or "≥" of the expression before the step to its own.
    limit : tuple of (sympy.Symbol, value), optional
        The ratio of the two expressions tends to one as the symbol tends to the value: the step is asymptotic.
    """

    expression: sp.Expr
    because: str
    using: tuple[Fact, ...] = ()
    relation: Relation = Relation.EQUAL
    limit: tuple[sp.Symbol, Any] | None = None

    def __post_init__(self) -> None:
        if self.limit is not None:
            object.__setattr__(self, "relation", Relation.ASYMPTOTIC)
        elif self.relation is Relation.ASYMPTOTIC:
            raise DerivationError(f"{self.because!r} is asymptotic without a limit: give limit=(symbol, value)")
        if isinstance(self.expression, str):
            raise DerivationError(
                f"expression={self.expression!r} is text, whose symbols are new ones: build it of yours"
            )
        object.__setattr__(self, "expression", sp.sympify(self.expression))


@dataclass(frozen=True)
class Proof:
    """A step, and what convinced the machine of it."""

    step: Step
    method: Method


@dataclass(frozen=True)
class Derivation:
    """A chain of expressions from the definition of a quantity to its closed form.

    Parameters
    ----------
    name : str
        The name of the function that builds it.
    quantity : sympy.Expr
        What is derived, a symbol as a rule.
    steps : tuple of Step
        The first one is the definition of the quantity.
    domain : mapping of sympy.Symbol to Integers, Reals or Choice
        Where it holds; all symbols of the result are listed.
    source : str
        Paper and equation, book and chapter.

    Raises
    ------
    DerivationError
        There is no step, or the chain mixes relations.

    Examples
    --------
    >>> n, j, total = sp.Symbol("n", integer=True, positive=True), sp.Symbol("j", integer=True), sp.Symbol("T")
    >>> steps = Step(sp.Sum(j, (j, 1, n)), "definition"), Step(n * (n + 1) / 2, "pairs")
    >>> print(Derivation("triangle", total, steps, {n: Integers(1, 100)}))
    T
      = Sum(j, (j, 1, n))  [definition]
      = n*(n + 1)/2  [pairs]
    """

    name: str
    quantity: sp.Expr
    steps: tuple[Step, ...]
    domain: Mapping[sp.Symbol, Domain] = field(hash=False)
    source: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "steps", tuple(self.steps))
        for symbol, domain in self.domain.items():
            if not isinstance(domain, Domain):
                raise DerivationError(
                    f"{self.name}: domain[{symbol}]={domain} is not Integers, Reals or Choice: use one"
                )
        if not self.steps:
            raise DerivationError(f"{self.name}: steps=() is no chain: give at least the definition")
        relations = {step.relation for step in self.steps} - {Relation.EQUAL}
        if len(relations) > 1:
            raise DerivationError(
                f"{self.name}: a chain with both {' and '.join(sorted(relations))} shows neither: split it"
            )

    @property
    def result(self) -> sp.Expr:
        """The last expression of the chain."""
        return self.steps[-1].expression

    @property
    def relation(self) -> Relation:
        """How the quantity relates to the result: as the steps that are no equations."""
        return next((step.relation for step in self.steps if step.relation is not Relation.EQUAL), Relation.EQUAL)

    @property
    def sides(self) -> tuple[sp.Expr, sp.Expr]:
        """The quantity and its closed form, where they are equal.

        Raises
        ------
        DerivationError
            The chain is an inequality or asymptotic: it cannot be put in as an equation.
        """
        if self.relation is not Relation.EQUAL:
            raise DerivationError(f"{self.name} shows {self.relation}, not =: it cannot be put in as an equation")
        return self.quantity, self.result

    @property
    def assumptions(self) -> tuple[Assumption, ...]:
        """All that is believed, of the lemmas too, without repetition, in order of use."""
        return tuple(dict.fromkeys(_assumptions(self)))

    def __str__(self) -> str:
        """Return the chain, one step a line with its reason and its lemmas, then what is assumed."""
        lines = [f"{self.quantity}", *map(_line, self.steps)]
        return "\n".join([*lines, *(f"assuming {assumption}" for assumption in self.assumptions)])

    def check(self) -> tuple[Proof, ...]:
        """Prove every step; return one proof a step.

        Returns
        -------
        tuple of Proof
            By definition, by algebra, by an evaluation of SymPy's, or by 50 digits at points of the domain. Whatever
            the method, both sides are also compared at points of the domain where they can be evaluated.

        Raises
        ------
        DerivationError
            A step does not follow, a fact does not occur where it is used, or a symbol contradicts the domain; the
            text names the derivation and the step.
        """
        return _check(self)

    def value(self, **values: Any) -> float:
        """Return the result at a point, given by the names of its symbols.

        Parameters
        ----------
        **values : number
            One for each symbol of the result.

        Returns
        -------
        float
            Evaluated with 50 digits, then rounded.

        Raises
        ------
        ValueError
            A symbol has no value, a value belongs to no symbol, or the result has no value there.
        """
        symbols = {symbol.name: symbol for symbol in self.result.free_symbols}
        if symbols.keys() != values.keys():
            raise ValueError(f"{sorted(values)} are not the symbols of {self.name}: give {sorted(symbols)}")
        point = {symbols[name]: sp.sympify(value, rational=False) for name, value in values.items()}
        digits = to_digits(self.result, point)
        if digits is None:
            raise ValueError(f"{values} is no point where {self.name} has a value: stay inside its domain")
        return float(digits)


def _line(step: Step) -> str:
    lemmas = [f"lemma {fact.derivation.name}" for fact in step.using if isinstance(fact, Lemma)]
    return f"  {step.relation} {step.expression}  [{', '.join([step.because, *lemmas])}]"


def _assumptions(derivation: Derivation) -> Iterator[Assumption]:
    for step in derivation.steps:
        for fact in step.using:
            if isinstance(fact, Assumption):
                yield fact
            elif isinstance(fact, Lemma):
                yield from _assumptions(fact.derivation)


@cache
def _check(derivation: Derivation) -> tuple[Proof, ...]:
    _check_domain(derivation)
    first, *others = derivation.steps
    proofs = [Proof(first, Method.DEFINITION)]
    before = first.expression
    if first.using:
        raise DerivationError(f"{derivation.name}: {first.because!r} is the definition: facts belong to later steps")
    for step in others:
        given = _put_in(derivation, step, before)
        proofs.append(Proof(step, _prove(derivation, step, given)))
        before = step.expression
    return tuple(proofs)


def _check_domain(derivation: Derivation) -> None:
    """Refuse symbols of the result without a domain, and domains that the symbols' own assumptions exclude."""
    missing = derivation.result.free_symbols - derivation.domain.keys()
    if missing:
        names = sorted(map(str, missing))
        raise DerivationError(
            f"{derivation.name}: the result contains {names}, which have no domain: the chain does not connect to them"
        )
    for symbol, domain in derivation.domain.items():
        for value in map(number, [*domain.spread(POINTS, _generator()), *_innermost(domain)]):
            wrong = [name for name, truth in symbol.assumptions0.items() if _contradicts(value, name, truth)]
            if wrong:
                raise DerivationError(
                    f"{derivation.name}: the domain {domain} of {symbol} contains {value}, against its {wrong[0]}="
                    f"{symbol.assumptions0[wrong[0]]}: narrow the domain or the symbol's assumptions"
                )


def _innermost(domain: Domain) -> list[float]:
    """Return the first and the last number between the ends of real numbers."""
    return [nextafter(domain.low, domain.high), nextafter(domain.high, domain.low)] if isinstance(domain, Reals) else []


def _contradicts(number: sp.Expr, name: str, truth: bool) -> bool:
    found = getattr(number, f"is_{name}", None)
    return found is not None and found != truth


def _put_in(derivation: Derivation, step: Step, before: sp.Expr) -> sp.Expr:
    """Return the expression before the step with the step's facts put in."""
    for fact in step.using:
        if isinstance(fact, Lemma):
            fact.derivation.check()
            _check_lemma(derivation, fact)
        if isinstance(fact, Definition):
            _check_definition(derivation, fact)
        if fact.equation is not None:
            before = _replaced(derivation, step, before, *fact.equation.args)
    return before


def _replaced(derivation: Derivation, step: Step, before: sp.Expr, left: sp.Expr, right: sp.Expr) -> sp.Expr:
    """Return an expression with one side of a fact in place of the other."""
    bound = {symbol for node in before.atoms(*BINDING) if node.has(left) for symbol in node.bound_symbols}
    caught = bound & (right.free_symbols - left.free_symbols)
    if caught:
        raise DerivationError(f"{derivation.name}: {step.because!r} puts {right} where {caught} is bound: rename it")
    after = before.subs(left, right) if left.is_Symbol else before.xreplace({left: right})
    if after == before:
        raise DerivationError(
            f"{derivation.name}: {step.because!r} does not connect: {left} does not occur in {before}"
        )
    return after


def _check_definition(derivation: Derivation, fact: Definition) -> None:
    """Refuse a definition of what has a meaning already, unless it is an identity on the domain."""
    left, right = fact.equation.args
    is_new = left.has(AppliedUndef) or (left.is_Symbol and left not in derivation.domain)
    if is_new and not right.has(left):
        return
    for point in _points(derivation, left, right, POINTS):
        difference = to_digits(left - right, point)
        if difference is None or abs(difference) > SLACK:
            raise DerivationError(
                f"{derivation.name}: {left} = {right} defines what has a meaning already: define a new symbol, or "
                "assume it"
            )


def _check_lemma(derivation: Derivation, lemma: Lemma) -> None:
    """Refuse a lemma outside of the domain that it was shown on."""
    renamed = {symbol: sp.sympify(lemma.renaming.get(symbol, symbol)) for symbol in lemma.derivation.domain}
    for symbol, expression in renamed.items():
        if expression.free_symbols - derivation.domain.keys():
            continue  # an intermediate quantity, whose range is not declared
        for point in _points(derivation, expression, expression, POINTS):
            value = to_digits(expression, point)
            if value is not None and not contains(lemma.derivation.domain[symbol], value):
                raise DerivationError(
                    f"{derivation.name}: the lemma {lemma.derivation.name} holds for {symbol} in "
                    f"{lemma.derivation.domain[symbol]}, not at {sp.N(value, 6)}: widen its domain or narrow this one"
                )


def _prove(derivation: Derivation, step: Step, given: sp.Expr) -> Method:
    """Return what convinces of the step; raise where nothing does."""
    if step.relation is Relation.ASYMPTOTIC:
        return _prove_limit(derivation, step, given)
    evaluated, expression = (_evaluated(side) for side in (given, step.expression))
    if any(side.has(sp.nan, sp.zoo) or side.is_infinite for side in (evaluated, expression)):
        raise _does_not_follow(derivation, step, "a side of it is not finite")
    points = _points(derivation, evaluated, expression, POINTS if step.relation is Relation.EQUAL else MANY_POINTS)
    compared = [_agree(derivation, step, evaluated, expression, point) for point in points]
    if not all(compared) and any(has_series(side) for side in (evaluated, expression)):
        raise _does_not_follow(derivation, step, "a series of it has no value on the domain")
    _compare_integrals(derivation, step, given, points[-1])
    if _holds(given, step.expression, step.relation):
        return Method.ALGEBRA
    if _holds(evaluated, expression, step.relation):
        return Method.EVALUATION
    if all(compared) and all(
        _agree(derivation, step, evaluated, expression, point)
        for point in _points(derivation, evaluated, expression, MANY_POINTS)
    ):
        return Method.DIGITS
    raise _does_not_follow(derivation, step, f"{evaluated - expression} is not shown to be 0")


def _prove_limit(derivation: Derivation, step: Step, given: sp.Expr) -> Method:
    assert step.limit is not None
    symbol, target = step.limit
    ratio = sp.simplify(_evaluated(given) / _evaluated(step.expression))
    found = {sp.simplify(sp.limit(ratio, symbol, target, side)) for side in _sides(derivation, step, symbol, target)}
    if found != {sp.Integer(1)}:
        ends = ", ".join(map(str, found))
        raise _does_not_follow(derivation, step, f"the ratio tends to {ends} as {symbol} → {target}")
    return Method.EVALUATION


def _sides(derivation: Derivation, step: Step, symbol: sp.Symbol, target: Any) -> str:
    """Return the sides, of "+" and "-", from which the domain reaches a target."""
    domain = derivation.domain.get(symbol)
    if sp.sympify(target).is_infinite or not isinstance(domain, Reals):
        return "+"
    sides: str = "+" * (domain.low <= target < domain.high) + "-" * (domain.low < target <= domain.high)
    if not sides:
        raise _does_not_follow(derivation, step, f"{symbol} → {target} is outside of its domain {domain}")
    return sides


def _holds(given: sp.Expr, expression: sp.Expr, relation: Relation) -> bool:
    """Return whether algebra alone shows the relation."""
    difference = sp.simplify(sp.expand_log(given - expression), doit=False)
    match relation:
        case Relation.AT_MOST:
            return sp.factor(-difference).is_nonnegative is True
        case Relation.AT_LEAST:
            return sp.factor(difference).is_nonnegative is True
        case _:
            return bool(difference == 0)


def _evaluated(expression: sp.Expr) -> sp.Expr:
    """Return an expression with its integrals, sums and limits evaluated, as it is where SymPy fails at that."""
    try:
        return expression.doit() if expression.has(*UNEVALUATED) else expression
    except (ArithmeticError, KeyError, NotImplementedError, TypeError, ValueError):
        return expression


def _points(derivation: Derivation, given: sp.Expr, expression: sp.Expr, count: int) -> list[Point]:
    """Return points of the domain, with values for the symbols of intermediate steps after their own assumptions.

    Every value of a Choice is among them. Without symbols there is one point.
    """
    symbols = sorted(given.free_symbols | expression.free_symbols, key=str)
    domains = [derivation.domain.get(symbol, _range_of(symbol)) for symbol in symbols]
    count = max([count, *(len(domain.values) for domain in domains if isinstance(domain, Choice))])
    rng = _generator()
    columns = [map(number, domain.spread(count, rng)) for domain in domains]
    return [dict(zip(symbols, row, strict=True)) for row in zip(*columns, strict=True)] or [{}]


def _range_of(symbol: sp.Symbol) -> Integers | Reals:
    if symbol.is_integer:
        return Integers(1 if symbol.is_positive else 0, 20)
    return Reals(0.1, 10) if symbol.is_nonnegative else Reals(-10, 10)


def _agree(derivation: Derivation, step: Step, given: sp.Expr, expression: sp.Expr, point: Point) -> bool:
    """Return whether both sides can be evaluated at the point; raise where they contradict the relation."""
    left, right = to_digits(given, point), to_digits(expression, point)
    if left is None or right is None:
        return False
    tolerance = SLACK_OF_INTEGRALS if (given - expression).has(sp.Integral) else SLACK
    slack = tolerance * max(abs(left), abs(right))
    match step.relation:
        case Relation.AT_MOST:
            wrong = left > right + slack
        case Relation.AT_LEAST:
            wrong = left < right - slack
        case _:
            wrong = abs(left - right) > slack
    if wrong:
        raise _does_not_follow(
            derivation, step, f"{sp.N(left, 12)} {step.relation} {sp.N(right, 12)} is not so{_where(point)}"
        )
    return True


def _compare_integrals(derivation: Derivation, step: Step, given: sp.Expr, point: Point) -> None:
    """Raise where the integrals of a step, taken numerically, contradict it: SymPy may have evaluated them wrongly."""
    if not (given.has(sp.Integral) and step.relation is Relation.EQUAL):
        return
    left, right = by_quadrature(given, point), by_quadrature(step.expression, point)
    if left is not None and right is not None and not isclose(left, right, rel_tol=1e-4, abs_tol=1e-9):
        raise _does_not_follow(derivation, step, f"{left} = {right} is not so by quadrature{_where(point)}")


def _where(point: Point) -> str:
    return " at " * bool(point) + ", ".join(f"{symbol}={sp.N(value, 6)}" for symbol, value in point.items())


def _does_not_follow(derivation: Derivation, step: Step, what: str) -> DerivationError:
    return DerivationError(f"{derivation.name}: {step.because!r} does not follow: {what}")


def _generator() -> np.random.Generator:
    """Return the same points every time: whether a derivation holds does not depend on a seed."""
    return np.random.default_rng(0)
