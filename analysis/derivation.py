"""A derivation is a chain of expressions, each of which follows from the one before it: a machine checks every step."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import Any

import mpmath
import numpy as np
import sympy as sp
from sympy.core.function import AppliedUndef

from analysis.domain import Choice, Integers, Reals

__all__ = ["Assumption", "Definition", "Derivation", "DerivationError", "Lemma", "Method", "Proof", "Relation", "Step"]

DIGITS = 50
POINTS = 6
POINTS_OF_AN_INEQUALITY = 200
UNEVALUATED = (sp.Integral, sp.Sum, sp.Product, sp.Limit, sp.Derivative, sp.Subs)


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
    """

    name: str
    quantity: sp.Expr
    steps: tuple[Step, ...]
    domain: Mapping[sp.Symbol, Integers | Reals | Choice] = field(hash=False)
    source: str = ""

    def __post_init__(self) -> None:
        if not self.steps:
            raise DerivationError(f"{self.name}: steps=() is no chain: give at least the definition")
        if {Relation.AT_MOST, Relation.AT_LEAST} <= {step.relation for step in self.steps}:
            raise DerivationError(f"{self.name}: a chain with both ≤ and ≥ shows neither: split it")

    @property
    def result(self) -> sp.Expr:
        """The last expression of the chain."""
        return self.steps[-1].expression

    @property
    def relation(self) -> Relation:
        """How the quantity relates to the result: the weakest relation of the chain."""
        weakest = (Relation.AT_MOST, Relation.AT_LEAST, Relation.ASYMPTOTIC)
        found = {step.relation for step in self.steps}
        return next((relation for relation in weakest if relation in found), Relation.EQUAL)

    @property
    def sides(self) -> tuple[sp.Expr, sp.Expr]:
        """The quantity and its closed form; inequalities have no such pair."""
        if self.relation in (Relation.AT_MOST, Relation.AT_LEAST):
            raise DerivationError(f"{self.name} is an inequality: it cannot be put in as an equation")
        return self.quantity, self.result

    @property
    def assumptions(self) -> tuple[Assumption, ...]:
        """All that is believed, of the lemmas too, without repetition, in order of use."""
        return tuple(dict.fromkeys(_assumptions(self)))

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
            Evaluated with 30 digits, then rounded.

        Raises
        ------
        ValueError
            A symbol has no value, or a value belongs to no symbol.
        """
        symbols = {symbol.name: symbol for symbol in self.result.free_symbols}
        if symbols.keys() != values.keys():
            raise ValueError(f"{sorted(values)} are not the symbols of {self.name}: give {sorted(symbols)}")
        point = {symbols[name]: sp.sympify(value, rational=False) for name, value in values.items()}
        return float(sp.N(_exact(self.result, point), 30))


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
        for value in domain.spread(POINTS, _generator()):
            number = _number(value)
            wrong = [name for name, truth in symbol.assumptions0.items() if _contradicts(number, name, truth)]
            if wrong:
                raise DerivationError(
                    f"{derivation.name}: the domain {domain} of {symbol} contains {number}, against its {wrong[0]}="
                    f"{symbol.assumptions0[wrong[0]]}: narrow the domain or the symbol's assumptions"
                )


def _contradicts(number: sp.Expr, name: str, truth: bool) -> bool:
    found = getattr(number, f"is_{name}", None)
    return found is not None and found != truth


def _put_in(derivation: Derivation, step: Step, before: sp.Expr) -> sp.Expr:
    """Return the expression before the step with the step's facts put in."""
    for fact in step.using:
        if isinstance(fact, Lemma):
            fact.derivation.check()
        if fact.equation is None:
            continue
        left, right = fact.equation.args
        after = before.subs(left, right)
        if after == before:
            raise DerivationError(
                f"{derivation.name}: {step.because!r} does not connect: {left} does not occur in {before}"
            )
        before = after
    return before


def _prove(derivation: Derivation, step: Step, given: sp.Expr) -> Method:
    """Return what convinces of the step; raise where nothing does."""
    if step.relation is Relation.ASYMPTOTIC:
        return _prove_limit(derivation, step, given)
    evaluated, expression = (_evaluated(side) for side in (given, step.expression))
    points = _points(derivation, evaluated, expression, step.relation)
    compared = [_agree(derivation, step, evaluated, expression, point) for point in points]
    if _holds(given, step.expression, step.relation):
        return Method.ALGEBRA
    if _holds(evaluated, expression, step.relation):
        return Method.EVALUATION
    if all(compared):
        return Method.DIGITS
    raise _does_not_follow(derivation, step, f"{evaluated - expression} is not shown to be 0")


def _prove_limit(derivation: Derivation, step: Step, given: sp.Expr) -> Method:
    assert step.limit is not None
    symbol, target = step.limit
    ratio = _evaluated(given) / _evaluated(step.expression)
    found = sp.limit(sp.simplify(ratio), symbol, target)
    if sp.simplify(found - 1) != 0:
        raise DerivationError(
            f"{derivation.name}: {step.because!r} does not follow: the ratio tends to {found} as {symbol} → {target}"
        )
    return Method.EVALUATION


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
    return expression.doit() if expression.has(*UNEVALUATED) else expression


def _points(
    derivation: Derivation, given: sp.Expr, expression: sp.Expr, relation: Relation
) -> list[dict[sp.Symbol, sp.Expr]]:
    """Return points of the domain, with values for the symbols of intermediate steps after their own assumptions."""
    symbols = sorted((given - expression).free_symbols | given.free_symbols, key=str)
    count = POINTS if relation is Relation.EQUAL else POINTS_OF_AN_INEQUALITY
    rng = _generator()
    columns = [derivation.domain.get(symbol, _range_of(symbol)).spread(count, rng) for symbol in symbols]
    return [dict(zip(symbols, map(_number, row), strict=True)) for row in zip(*columns, strict=True)]


def _range_of(symbol: sp.Symbol) -> Integers | Reals:
    if symbol.is_integer:
        return Integers(1 if symbol.is_positive else 0, 20)
    return Reals(0.1, 10) if symbol.is_nonnegative else Reals(-10, 10)


def _agree(
    derivation: Derivation, step: Step, given: sp.Expr, expression: sp.Expr, point: Mapping[sp.Symbol, sp.Expr]
) -> bool:
    """Return whether both sides can be evaluated at the point; raise where they contradict the relation."""
    values = _values(given, expression, point)
    if values is None:
        return False
    left, right = values
    slack = sp.Float(10, DIGITS) ** -30 * max(abs(left), abs(right))
    match step.relation:
        case Relation.AT_MOST:
            wrong = left > right + slack
        case Relation.AT_LEAST:
            wrong = left < right - slack
        case _:
            wrong = abs(left - right) > slack
    if wrong:
        where = ", ".join(f"{symbol}={sp.N(value, 6)}" for symbol, value in point.items())
        raise _does_not_follow(
            derivation,
            step,
            f"{sp.N(left, 12)} {step.relation} {sp.N(right, 12)} is not so" + f" at {where}" * bool(where),
        )
    return True


def _does_not_follow(derivation: Derivation, step: Step, what: str) -> DerivationError:
    return DerivationError(f"{derivation.name}: {step.because!r} does not follow: {what}")


def _values(given: sp.Expr, expression: sp.Expr, point: Mapping[sp.Symbol, sp.Expr]) -> tuple[sp.Expr, sp.Expr] | None:
    """Return both sides to 50 digits, None where SymPy cannot."""
    if (given - expression).has(AppliedUndef) or given.has(AppliedUndef):
        return None
    left, right = (sp.N(_exact(side, point), DIGITS, maxn=400) for side in (given, expression))
    return (left, right) if left.is_comparable and right.is_comparable else None


def _exact(expression: sp.Expr, point: Mapping[sp.Symbol, sp.Expr]) -> sp.Expr:
    """Put numbers in; finite sums are then added up term by term, infinite ones until they stand."""
    placed = expression.subs(point).replace(_is_series, _series)
    return placed.doit() if placed.has(sp.Sum, sp.Product) else placed


def _is_series(expression: sp.Expr) -> bool:
    return isinstance(expression, sp.Sum) and not expression.free_symbols and expression.has(sp.oo)


def _series(series: sp.Sum) -> sp.Expr:
    (index, first, last), *others = series.limits
    assert not others, "double sums are written as sums of sums"
    with mpmath.workdps(DIGITS + 10):
        term = sp.lambdify(index, series.function, "mpmath")
        ends = [mpmath.mpf(float(end)) for end in (first, last)]
        return sp.Float(mpmath.nsum(term, ends), DIGITS + 10)


def _number(value: Any) -> sp.Expr:
    """Return a value of a domain as an exact number."""
    return sp.Rational(value) if isinstance(value, float) else sp.sympify(value)


def _generator() -> np.random.Generator:
    """Return the same points every time: whether a derivation holds does not depend on a seed."""
    return np.random.default_rng(0)
