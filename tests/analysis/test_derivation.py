"""Derivations: a chain that holds is proven; wrong steps, constants, domains and broken chains are found and named."""

import pytest
import sympy as sp
from sympy import Eq

from analysis.derivation import (
    Assumption,
    Definition,
    Derivation,
    DerivationError,
    Lemma,
    Method,
    Relation,
    Step,
)
from analysis.domain import Choice, Integers, Reals

K, N = sp.symbols("K N", integer=True, positive=True)
B = sp.Symbol("B", integer=True, positive=True)
S, STEP, PEAK, POWER_Y, POWER_Q = sp.symbols("sigma Delta x_m P_y P_q", positive=True)
J = sp.Symbol("j", integer=True)
X = sp.Symbol("x", real=True)
Q = sp.Symbol("Q")

UNIFORM = Assumption("the error is uniform", Eq(POWER_Q, STEP**2 / 12))
WORD = Definition(Eq(STEP, PEAK * 2 ** (1 - B)), "signed word on [-x_m, x_m)")
DOMAIN = {B: Integers(1, 24), S: Reals(0.1, 1), PEAK: Reals(1, 4)}
RULE = 3 * S**2 * 4**B / PEAK**2


def rule(*, constant=3, uniform=UNIFORM, word=WORD, domain=DOMAIN) -> Derivation:
    """Return the derivation of the 6-dB rule, or a wrong variant of it."""
    return Derivation(
        "rule",
        Q,
        (
            Step(S**2 / POWER_Q, "signal over noise"),
            Step(12 * S**2 / STEP**2, "power of the error", (uniform,)),
            Step(constant * S**2 * 4**B / PEAK**2, "the word spans the range", (word,)),
        ),
        domain,
        "textbook",
    )


def chain(*steps, domain=None) -> Derivation:
    return Derivation("chain", Q, steps, domain or {})


def test_a_chain_that_holds_is_proven_step_by_step():
    derivation = rule()
    assert [proof.method for proof in derivation.check()] == [Method.DEFINITION, Method.ALGEBRA, Method.ALGEBRA]
    assert [proof.step for proof in derivation.check()] == list(derivation.steps)
    assert derivation.result == RULE
    assert derivation.assumptions == (UNIFORM,)
    assert derivation.relation is Relation.EQUAL


def test_value_evaluates_the_result():
    assert rule().value(B=8, sigma=0.5, x_m=1.0) == 3 * 0.25 * 4**8


def test_value_asks_for_all_symbols():
    with pytest.raises(ValueError, match=r"\['B'\] are not the symbols of rule: give \['B', 'sigma', 'x_m'\]"):
        rule().value(B=8)


@pytest.mark.parametrize("constant", [6, sp.Rational(3, 4), 3 + sp.Float("1e-25", 40)])
def test_wrong_constants_are_found_and_the_step_is_named(constant):
    with pytest.raises(DerivationError, match="rule: 'the word spans the range' does not follow"):
        rule(constant=constant).check()


def test_a_wrong_fact_is_found_where_it_is_used():
    wrong = Assumption("power of a uniform error", Eq(POWER_Q, STEP**2 / 3))
    with pytest.raises(DerivationError, match="rule: 'power of the error' does not follow"):
        rule(uniform=wrong).check()


def test_a_fact_that_does_not_occur_breaks_the_chain():
    stray = Definition(Eq(N, 2))
    with pytest.raises(DerivationError, match="rule: 'the word spans the range' does not connect: N does not occur"):
        rule(word=stray).check()


def test_a_symbol_that_nothing_connects_is_named():
    with pytest.raises(DerivationError, match=r"result contains \['x_m'\], which have no domain"):
        rule(domain={B: Integers(1, 24), S: Reals(0.1, 1)}).check()


@pytest.mark.parametrize(
    ("domain", "text"),
    [
        ({**DOMAIN, B: Integers(0, 24)}, "domain 0, …, 24 of B contains 0"),
        ({**DOMAIN, B: Reals(1, 24)}, r"domain \(1, 24\) of B contains"),
        ({**DOMAIN, S: Reals(-1, 1)}, r"domain \(-1, 1\) of sigma contains"),
        ({**DOMAIN, B: Choice(1.5)}, "domain 1.5 of B contains 3/2"),
    ],
)
def test_domains_that_contradict_the_symbols_are_refused(domain, text):
    with pytest.raises(DerivationError, match=text):
        rule(domain=domain).check()


def test_a_step_that_holds_on_a_part_of_the_domain_only_is_found():
    steps = Step(sp.sqrt(X**2), "root"), Step(X, "of the square")
    chain(*steps, domain={X: Reals(0, 1)}).check()
    with pytest.raises(DerivationError, match="'of the square' does not follow: .* at x=-"):
        chain(*steps, domain={X: Reals(-1, 1)}).check()


def test_sums_and_integrals_are_evaluated():
    k = sp.Symbol("k", integer=True, nonnegative=True)
    floor = chain(
        Step(sp.Sum(-J / 4**k, (J, 0, 2**k - 1)), "mean over the dropped codes"),
        Step((2**-k - 1) / 2, "arithmetic series"),
        domain={k: Integers(0, 12)},
    )
    density = sp.exp(-(X**2) / (2 * S**2)) / (S * sp.sqrt(2 * sp.pi))
    gaussian = chain(
        Step(sp.Integral(X**2 * density, (X, -sp.oo, sp.oo)), "second moment"),
        Step(S**2, "of a Gaussian"),
        domain={S: Reals(0.1, 3)},
    )
    assert [floor.check()[1].method, gaussian.check()[1].method] == [Method.EVALUATION] * 2


def test_what_algebra_cannot_see_is_compared_to_fifty_digits():
    series = sp.Sum(sp.exp(-(N**2) * S), (N, 1, sp.oo))
    theta = sp.Sum(sp.exp(-(N**2) * sp.pi**2 / S), (N, 1, sp.oo))
    transformed = sp.sqrt(sp.pi / S) * (theta + sp.Rational(1, 2)) - sp.Rational(1, 2)
    domain = {S: Reals(0.5, 5)}
    assert chain(Step(series, "theta"), Step(transformed, "Poisson"), domain=domain).check()[1].method is Method.DIGITS
    with pytest.raises(DerivationError, match="'Poisson' does not follow"):
        chain(Step(series, "theta"), Step(transformed + sp.Float("1e-25", 40), "Poisson"), domain=domain).check()


def test_what_cannot_be_evaluated_is_not_believed():
    f = sp.Function("f")
    with pytest.raises(DerivationError, match="'wish' does not follow: .* is not shown to be 0"):
        chain(Step(f(X), "unknown"), Step(f(-X), "wish"), domain={X: Reals(0, 1)}).check()


def test_bounds_are_one_sided():
    below = chain(
        Step(S / (1 + S), "ratio"), Step(S, "1 + σ > 1", relation=Relation.AT_MOST), domain={S: Reals(0.1, 9)}
    )
    below.check()
    assert below.relation is Relation.AT_MOST
    with pytest.raises(DerivationError, match="'1 . σ > 1' does not follow: .* ≥ .* is not so"):
        chain(below.steps[0], Step(S, "1 + σ > 1", relation=Relation.AT_LEAST), domain=below.domain).check()


def test_a_chain_does_not_go_up_and_down():
    with pytest.raises(DerivationError, match="a chain with both ≤ and ≥ shows neither"):
        chain(Step(S, "a"), Step(S, "b", relation=Relation.AT_MOST), Step(S, "c", relation=Relation.AT_LEAST))


def test_limits_are_taken_by_sympy():
    steps = Step(S**2 + S, "sum"), Step(S**2, "for large σ", limit=(S, sp.oo))
    derivation = chain(*steps, domain={S: Reals(1, 100)})
    derivation.check()
    assert derivation.relation is Relation.ASYMPTOTIC
    with pytest.raises(DerivationError, match="'for large σ' does not follow: the ratio tends to 1/2"):
        chain(steps[0], Step(2 * S**2, "for large σ", limit=(S, sp.oo)), domain=derivation.domain).check()


def test_an_asymptotic_step_names_its_limit():
    with pytest.raises(DerivationError, match=r"asymptotic without a limit: give limit=\(symbol, value\)"):
        Step(S, "large", relation=Relation.ASYMPTOTIC)


def test_a_lemma_brings_its_result_and_its_assumptions():
    lemma = Lemma(rule(), {B: N, PEAK: 2 * S})
    domain = {N: Integers(1, 9), S: Reals(0.5, 1)}
    derivation = chain(Step(1 / Q, "inverse"), Step(sp.Rational(4, 3) * 4**-N, "lemma", (lemma,)), domain=domain)
    assert derivation.check()[1].method is Method.ALGEBRA
    assert derivation.assumptions == (UNIFORM,)


def test_a_lemma_that_fails_fails_the_derivation():
    derivation = chain(Step(Q, "quantity"), Step(6 * RULE / 3, "lemma", (Lemma(rule(constant=6)),)), domain=DOMAIN)
    with pytest.raises(DerivationError, match="rule: 'the word spans the range' does not follow"):
        derivation.check()


def test_inequalities_are_no_lemmas():
    bound = chain(Step(S / (1 + S), "ratio"), Step(S, "bound", relation=Relation.AT_MOST), domain={S: Reals(0.1, 9)})
    with pytest.raises(DerivationError, match="chain shows ≤, not =: it cannot be put in as an equation"):
        _ = Lemma(bound).equation


def test_facts_belong_to_later_steps():
    with pytest.raises(DerivationError, match="'ratio' is the definition: facts belong to later steps"):
        chain(Step(POWER_Q, "ratio", (UNIFORM,)), domain={POWER_Q: Reals(0, 1)}).check()


def test_an_empty_chain_is_refused():
    with pytest.raises(DerivationError, match=r"steps=\(\) is no chain"):
        chain()


P, A, T = sp.Symbol("p", positive=True), sp.Symbol("a", positive=True), sp.Symbol("t", real=True)
F = sp.Function("f")


@pytest.mark.parametrize(
    "steps",
    [
        (Step(sp.Integer(1), "one"), Step(sp.Integer(2), "wrong")),
        (Step(sp.Integral(X**2, (X, 0, 1)), "integral"), Step(sp.Rational(1, 2), "wrong")),
        (Step(sp.Integer(2), "two"), Step(sp.Integer(1), "wrong", relation=Relation.AT_MOST)),
        (Step(20 * sp.log(2) / sp.log(10), "dB"), Step(sp.Float("6.02"), "wrong")),
        (Step(sp.nan, "nothing"), Step(sp.Integer(1), "wrong")),
        (Step(sp.oo, "all"), Step(2 * sp.oo, "wrong")),
    ],
)
def test_steps_without_symbols_are_checked_too(steps):
    with pytest.raises(DerivationError, match="'wrong' does not follow"):
        chain(*steps).check()


@pytest.mark.parametrize(
    ("term", "value", "domain"),
    [
        (P**K, 1 / (1 - P) - 1, {P: Reals(1.1, 3)}),
        ((-P) ** K, 1 / (1 + P) - 1, {P: Reals(1.1, 3)}),
        ((-1) ** K * P, -P / 2, {P: Reals(1, 2)}),
        (P * K, -P / 12, {P: Reals(1, 2)}),
        (P / K, P * sp.EulerGamma, {P: Reals(1, 2)}),
        ((-1) ** K * (K + 1) * P, -P / 4, {P: Reals(1, 2)}),
    ],
)
def test_series_that_diverge_have_no_value(term, value, domain):
    with pytest.raises(DerivationError, match="'wrong' does not follow"):
        chain(Step(sp.Sum(term, (K, 1, sp.oo)), "series"), Step(value, "wrong"), domain=domain).check()


@pytest.mark.parametrize(("term", "value"), [(P / K**2, P * sp.pi**2 / 6), ((-1) ** K * P / K, -P * sp.log(2))])
def test_series_that_converge_slowly_have_theirs(term, value):
    chain(Step(sp.Sum(term, (K, 1, sp.oo)), "series"), Step(value, "known"), domain={P: Reals(1, 2)}).check()


def test_integrals_that_sympy_evaluates_wrongly_are_found():
    integral = sp.Integral(A * sp.atan(sp.tan(X)), (X, 0, 3))
    with pytest.raises(DerivationError, match="'antiderivative' does not follow: .* is not so by quadrature"):
        chain(Step(integral, "area"), Step(integral.doit(), "antiderivative"), domain={A: Reals(1, 2)}).check()


def test_asymptotic_results_are_no_lemmas_and_do_not_mix_with_bounds():
    grows = chain(Step(S + 1, "sum"), Step(S, "large", limit=(S, sp.oo)), domain={S: Reals(1, 9)})
    with pytest.raises(DerivationError, match="chain shows →, not ="):
        _ = Lemma(grows).equation
    with pytest.raises(DerivationError, match="both → and ≤ shows neither|both ≤ and → shows neither"):
        chain(Step(S, "a"), Step(S + 1, "b", relation=Relation.AT_MOST), Step(S, "c", limit=(S, sp.oo)))


@pytest.mark.parametrize("domain", [Reals(-1, 1), Reals(0, 1)])
def test_limits_are_taken_from_the_sides_that_the_domain_has(domain):
    derivation = chain(Step(sp.Abs(X) / X, "sign"), Step(1, "near zero", limit=(X, 0)), domain={X: domain})
    if domain.low == 0:
        derivation.check()
    else:
        with pytest.raises(DerivationError, match="'near zero' does not follow: the ratio tends to"):
            derivation.check()


def test_limits_outside_of_the_domain_are_refused():
    steps = Step(1 / (1 - P), "series"), Step(1 + P, "small p", limit=(P, 0))
    with pytest.raises(DerivationError, match=r"p → 0 is outside of its domain \(2, 3\)"):
        chain(*steps, domain={P: Reals(2, 3)}).check()


def test_a_lemma_holds_on_its_domain_only():
    modulus = Derivation("modulus", F(X), (Step(sp.Abs(X), "definition"), Step(X, "positive")), {X: Reals(0, 1)})
    modulus.check()
    steps = Step(F(T), "f"), Step(T, "lemma", (Lemma(modulus, {X: T}),))
    chain(*steps, domain={T: Reals(0, 1)}).check()
    with pytest.raises(DerivationError, match=r"lemma modulus holds for x in \(0, 1\), not at -"):
        chain(*steps, domain={T: Reals(-1, 0)}).check()


@pytest.mark.parametrize("equation", [Eq(A, 2), Eq(S, S + 1, evaluate=False), Eq(A + 1, 2)])
def test_definitions_do_not_redefine(equation):
    steps = Step(A + 1 + S, "sum"), Step(A, "defined away", (Definition(equation),))
    with pytest.raises(DerivationError, match="defines what has a meaning already"):
        chain(*steps, domain={A: Reals(1, 3)}).check()


def test_identities_of_the_domain_may_be_put_in():
    sign = sp.Symbol("s", integer=True, nonzero=True)
    steps = Step(sign**2 * A, "square"), Step(A, "s is a sign", (Definition(Eq(sign**2, 1)),))
    chain(*steps, domain={A: Reals(1, 3), sign: Choice(-1, 1)}).check()


def test_facts_replace_what_they_name_and_nothing_else():
    square = Assumption("power", Eq(X**2, A))
    with pytest.raises(DerivationError, match=r"x\*\*2 does not occur in x\*\*4"):
        chain(Step(X**4, "kurtosis"), Step(A**2, "power", (square,)), domain={A: Reals(1, 2)}).check()
    caught = Assumption("a is x", Eq(A, X))
    with pytest.raises(DerivationError, match="puts x where {x} is bound: rename it"):
        chain(Step(sp.Integral(A * X, (X, 0, 1)), "area"), Step(sp.Rational(1, 3), "caught", (caught,))).check()


def test_every_value_of_a_choice_is_tried():
    steps = Step(sp.Piecewise((0, Eq(N, 2)), (N, True)), "hole"), Step(N, "wrong at 2")
    with pytest.raises(DerivationError, match="'wrong at 2' does not follow"):
        chain(*steps, domain={N: Choice(9, 8, 7, 6, 5, 4, 3, 2)}).check()


def test_small_terms_beside_large_ones_are_seen():
    steps = Step(sp.exp(100) + sp.sin(X), "sum"), Step(sp.exp(100) + sp.cos(X), "wrong")
    with pytest.raises(DerivationError, match="'wrong' does not follow"):
        chain(*steps, domain={X: Reals(0, 0.5)}).check()


def test_the_ends_of_a_domain_are_looked_at():
    with pytest.raises(DerivationError, match="of sigma contains -"):
        chain(Step(S, "s"), Step(S, "same"), domain={S: Reals(-1e-6, 1e9)}).check()


def test_a_derivation_reads_as_a_chain():
    text = str(chain(Step(1 / Q, "inverse"), Step(1 / RULE, "the rule", (Lemma(rule()),)), domain=DOMAIN))
    assert text.splitlines() == [
        "Q",
        "  = 1/Q  [inverse]",
        f"  = {1 / RULE}  [the rule, lemma rule]",
        "assuming the error is uniform",
    ]


def test_texts_are_no_expressions():
    with pytest.raises(DerivationError, match="expression='sigma' is text, whose symbols are new ones"):
        Step("sigma", "text")


def test_domains_are_of_their_kinds():
    with pytest.raises(DerivationError, match=r"domain\[sigma\]=\(0, 1\) is not Integers, Reals or Choice"):
        chain(Step(S, "s"), domain={S: (0, 1)})
