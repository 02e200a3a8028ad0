"""Why a pipeline is as fast as it is: paths and loops of LMS predictors counted, and what moving registers keeps."""

import sympy as sp

from analysis.derivation import Assumption, Definition, Derivation, Lemma, Relation, Step
from analysis.domain import Integers, Reals
from analysis.lms import mean_square_step_limit, mean_step_limit

__all__ = [
    "lms_path_of_tap",
    "lms_path_chain",
    "lms_path_tree",
    "lms_latency",
    "lms_throughput",
    "delayed_path_chain",
    "delayed_path_tree",
    "lms_iteration_bound",
    "path_registers",
    "loop_registers",
    "retimed_codes",
    "ring_period",
    "period_with_two_delays",
    "loop_delay_at_multiplier_clock",
    "loop_delay_of_three_taps",
    "mean_step_at_multiplier_clock",
    "mean_square_step_at_multiplier_clock",
]

T_M, T_A, unit = sp.symbols("T_M T_A d", positive=True)
T_k, T_cp, T_D, T_inf, T_min, T_y = sp.symbols("T_k T_cp T_D T_infinity T_min T_y", positive=True)
rate, mu, lam, G = sp.symbols("f mu lambda G", positive=True)
theta_1, psi_1, theta_2, psi_2 = sp.symbols("theta_1 psi_1 theta_2 psi_2", positive=True)
N_1, N_2 = sp.symbols("N_1 N_2", integer=True, positive=True)
N, n, R, i, k, m = sp.symbols("N n R i k m", integer=True, positive=True)
S, u, P_M, P_S, P_W = sp.symbols("S u P_M P_S P_W", integer=True, positive=True)
s, A, D, x, r_x, r_y = sp.symbols("s A D x r_x r_y", integer=True, nonnegative=True)
W_r, lag = sp.symbols("W_r Lambda", integer=True)
w, w_r, r = sp.Function("w"), sp.Function("w_r"), sp.Function("r")

TIMES = {T_M: Reals(0.1, 32), T_A: Reals(0.1, 8)}
SLOW_MULTIPLIER = {T_M: Reals(4, 32), T_A: Reals(0.1, 4)}
STEP = {s: Integers(0, 1)}
TAPS = {N: Integers(1, 64)}
ROW = {A: Integers(0, 63)}
LOOP = "K. K. Parhi, VLSI Digital Signal Processing Systems, chapters 2 and 3; counting"
LEISERSON_SAXE = "C. E. Leiserson, J. B. Saxe, Algorithmica 6 (1991) 5-35, lemma 1"

FIXED_TIMES = Assumption("a unit puts out its result a fixed time after its last operand came; registers take no time")
WHOLE = Assumption("registers are whole and may stand between any units; paths from input to output may gain some")
ONE_MULTIPLICATION = Assumption("a multiplication takes as long as ⌈S/2⌉ additions or longer: no two share a period")
CAPTURED = Assumption("a register takes what stands at its input just before the clock edge, settled or not")
AT_REST = Assumption("all registers start at zero, and every unit makes zero of zeros")
CHAIN = Definition(sp.Eq(A, N - 1), "adders in a row of a chain")
LEVELS = Definition(sp.Eq(A, sp.ceiling(sp.log(N, 2))), "a level of a tree halves the number of terms, rounded up")
IN_A_ROW = Definition(sp.Eq(S, A + 1), "additions in a row: the adders, then the subtractor")
BEHIND_THE_ERROR = s * T_M + T_M + T_A
TO_THE_ERROR = T_M + sp.Sum(T_A, (i, 1, A)) + T_A


def lms_path_of_tap() -> Derivation:
    """Delay of the loop through one tap of a chain, against that of the first."""
    adders = sp.Sum(T_A, (i, sp.Max(k, 2), k + m))
    return Derivation(
        "lms_path_of_tap",
        T_k,
        (
            Step(
                T_M + adders + T_A + BEHIND_THE_ERROR,
                "product k of N = k + m enters the chain at its adder (the first two at the same one); then the "
                "subtractor, the step (s = 1, or a shift, s = 0), the update, the accumulator",
            ),
            Step((2 + s) * T_M + (k + m + 3 - sp.Max(k, 2)) * T_A, "counted"),
            Step((2 + s) * T_M + (k + m + 1) * T_A, "the first product passes most adders", relation=Relation.AT_MOST),
        ),
        {k: Integers(1, 64), m: Integers(1, 64), **STEP, **TIMES},
        LOOP,
    )


def lms_path_chain() -> Derivation:
    """Critical path of an LMS predictor with a chain of adders and no delay."""
    return _direct("lms_path_chain", CHAIN, (2 + s) * T_M + (N + 1) * T_A)


def lms_path_tree() -> Derivation:
    """Critical path of an LMS predictor with a tree of adders and no delay."""
    return _direct("lms_path_tree", LEVELS, (2 + s) * T_M + (sp.ceiling(sp.log(N, 2)) + 2) * T_A)


def _direct(name: str, adders: Definition, result: sp.Expr) -> Derivation:
    return Derivation(
        name,
        T_cp,
        (
            Step(
                TO_THE_ERROR + BEHIND_THE_ERROR,
                "from a weight's register round to its input: product, A adders in a row, subtractor, step (s = 1, "
                "or a shift: s = 0), update, accumulator",
            ),
            Step((2 + s) * T_M + (A + 2) * T_A, "counted", (FIXED_TIMES,)),
            Step(result, "adders in a row", (adders,)),
        ),
        {**TAPS, **STEP, **TIMES},
        LOOP,
    )


def lms_latency() -> Derivation:
    """Time from a new sample in the delay line to the prediction."""
    return Derivation(
        "lms_latency",
        T_y,
        (
            Step(
                T_M + sp.Sum(T_A, (i, 1, A)),
                "from the register of the newest sample: its product, then A adders in a row; no subtractor",
            ),
            Step(T_M + A * T_A, "counted", (FIXED_TIMES,)),
        ),
        {**ROW, **TIMES},
        LOOP,
    )


def lms_throughput() -> Derivation:
    """Count the samples in a unit of time that an LMS predictor without delay computes right."""
    return Derivation(
        "lms_throughput",
        rate,
        (
            Step(1 / T_cp, "a sample a clock period, and no period is shorter than the critical path"),
            Step(
                1 / ((2 + s) * T_M + (A + 2) * T_A),
                "critical path with A adders in a row, as of a chain of A + 1 products",
                (CAPTURED, Lemma(lms_path_chain(), {N: A + 1})),
            ),
        ),
        {**ROW, **STEP, **TIMES},
        LOOP,
    )


def delayed_path_chain() -> Derivation:
    """Critical path of an LMS predictor with a chain of adders and a delayed update, not retimed."""
    return _delayed("delayed_path_chain", CHAIN, sp.Max(T_M + N * T_A, (1 + s) * T_M + T_A))


def delayed_path_tree() -> Derivation:
    """Critical path of an LMS predictor with a tree of adders and a delayed update, not retimed."""
    levels = sp.ceiling(sp.log(N, 2))
    return _delayed("delayed_path_tree", LEVELS, sp.Max(T_M + (levels + 1) * T_A, (1 + s) * T_M + T_A))


def _delayed(name: str, adders: Definition, result: sp.Expr) -> Derivation:
    return Derivation(
        name,
        T_D,
        (
            Step(
                sp.Max(TO_THE_ERROR, BEHIND_THE_ERROR),
                "the registers of the delay, D ≥ 1 of them between error and step, cut the path in two",
            ),
            Step(sp.Max(T_M + (A + 1) * T_A, (1 + s) * T_M + T_A), "counted", (FIXED_TIMES,)),
            Step(result, "adders in a row", (adders,)),
        ),
        {**TAPS, **STEP, **TIMES},
        LOOP,
    )


def lms_iteration_bound() -> Derivation:
    """Largest time a register of the loops of an LMS predictor."""
    return Derivation(
        "lms_iteration_bound",
        T_inf,
        (
            Step(
                sp.Max((TO_THE_ERROR + BEHIND_THE_ERROR) / (1 + D), T_A),
                "loops over the error hold a weight's register and the D of the delay, those of the accumulators one "
                "register and one addition",
            ),
            Step(sp.Max(((2 + s) * T_M + (A + 2) * T_A) / (1 + D), T_A), "counted", (FIXED_TIMES,)),
        ),
        {**ROW, D: Integers(0, 64), **STEP, **TIMES},
        LOOP,
    )


def path_registers() -> Derivation:
    """Count the registers of a retimed path of n edges."""
    return Derivation(
        "path_registers",
        W_r,
        (
            Step(sp.Sum(w_r(i), (i, 1, n)), "registers of the edges between the nodes 1, …, n + 1 of the path"),
            Step(
                sp.Sum(w(i), (i, 1, n)) + sp.Sum(r(i + 1) - r(i), (i, 1, n)),
                "a lag of r puts r registers before a unit and takes them away behind it",
                (Definition(sp.Eq(w_r(i), w(i) + r(i + 1) - r(i)), "retiming"),),
            ),
            Step(sp.Sum(w(i), (i, 1, n)) + r(n + 1) - r(1), "the sum telescopes"),
        ),
        {n: Integers(1, 64)},
        LEISERSON_SAXE,
    )


def loop_registers() -> Derivation:
    """Count the registers of a retimed loop of an LMS predictor."""
    return Derivation(
        "loop_registers",
        W_r,
        (
            Step(W_r, "registers of the loop after retiming"),
            Step(sp.Sum(w(i), (i, 1, n)) + r(n + 1) - r(1), "as of any path", (Lemma(path_registers()),)),
            Step(
                sp.Sum(w(i), (i, 1, n)),
                "a loop ends where it begins",
                (Definition(sp.Eq(r(n + 1), r(1)), "node n + 1 is node 1"),),
            ),
            Step(
                1 + D,
                "registers of a loop over the error",
                (Definition(sp.Eq(sp.Sum(w(i), (i, 1, n)), 1 + D), "that of the weight, and those of the delay"),),
            ),
        ),
        {n: Integers(1, 64), D: Integers(0, 64)},
        LEISERSON_SAXE,
    )


def retimed_codes() -> Derivation:
    """Clock periods by which the codes of a retimed graph come later."""
    return Derivation(
        "retimed_codes",
        lag,
        (
            Step(
                W_r - sp.Sum(w(i), (i, 1, n)),
                "a code waits a clock period at each register more than before, on every path from x to y alike",
            ),
            Step(r(n + 1) - r(1), "registers of a path", (AT_REST, Lemma(path_registers()))),
            Step(
                r_y - r_x,
                "lags of its ends",
                (
                    Definition(sp.Eq(r(n + 1), r_y), "the path ends at y"),
                    Definition(sp.Eq(r(1), r_x), "and begins at x"),
                ),
            ),
        ),
        {r_x: Integers(0, 64), r_y: Integers(0, 64)},
        LEISERSON_SAXE,
    )


def ring_period() -> Derivation:
    """Least period of a loop of n equal units with R registers."""
    return Derivation(
        "ring_period",
        T_min,
        (
            Step(unit * u, "registers cut the loop into R rows of at most u units, where R·u must be n at least"),
            Step(
                unit * sp.ceiling(n / R),
                "units are whole, and so are registers",
                (WHOLE, FIXED_TIMES, Definition(sp.Eq(u, sp.ceiling(n / R)), "the least such integer")),
            ),
            Step(unit * n / R + unit * sp.Mod(-n, R) / R, "the iteration bound, and what whole registers cost"),
        ),
        {n: Integers(1, 64), R: Integers(1, 16), unit: Reals(0.1, 10)},
        LOOP,
    )


def period_with_two_delays() -> Derivation:
    """Least period of an LMS predictor with a delay of two and a multiplier for the step."""
    return Derivation(
        "period_with_two_delays",
        T_min,
        (
            Step(
                sp.Max(T_M + (S - x) * T_A, x * T_A + T_M, T_M + T_A),
                "three registers, three multiplications, one a period: the product with S − x of the S additions in a "
                "row, the step with the x others, the update with the accumulator",
            ),
            Step(
                T_M + sp.ceiling(S / 2) * T_A,
                "the even split is the best",
                (FIXED_TIMES, WHOLE, ONE_MULTIPLICATION, Definition(sp.Eq(x, sp.floor(S / 2)), "half of them")),
            ),
            Step(T_M + sp.ceiling((A + 1) / 2) * T_A, "additions in a row", (IN_A_ROW,)),
        ),
        {**ROW, **TIMES},
        "counting",
    )


def loop_delay_at_multiplier_clock() -> Derivation:
    """Least delay of an LMS predictor that is clocked once a multiplication."""
    in_a_period = sp.floor(T_M / T_A)
    return Derivation(
        "loop_delay_at_multiplier_clock",
        D,
        (
            Step(P_M + P_S + P_W - 1, "a loop over the error takes 1 + D clock periods"),
            Step(
                2 + s + P_S,
                "a multiplication fills its period; the accumulator, between an update and a product, has one too",
                (
                    FIXED_TIMES,
                    WHOLE,
                    Definition(sp.Eq(P_M, 2 + s), "product, update, and step where it is no shift"),
                    Definition(sp.Eq(P_W, 1), "the accumulator"),
                ),
            ),
            Step(
                2 + s + sp.ceiling(S / in_a_period),
                "additions in a row",
                (Definition(sp.Eq(P_S, sp.ceiling(S / in_a_period)), "as many in a period as it holds"),),
            ),
            Step(2 + s + sp.ceiling((A + 1) / in_a_period), "the adders, then the subtractor", (IN_A_ROW,)),
        ),
        {**ROW, **STEP, **SLOW_MULTIPLIER},
        "counting",
    )


def loop_delay_of_three_taps() -> Derivation:
    """Least delay of a predictor with a chain of three taps that is clocked once a multiplication."""
    ratio = sp.floor(T_M / T_A)
    in_chain = Definition(sp.Eq(A, 2), "adders of a chain of three products")
    regions = sp.Piecewise((5 + s, T_M < 2 * T_A), (4 + s, T_M < 3 * T_A), (3 + s, True))
    return Derivation(
        "loop_delay_of_three_taps",
        D,
        (
            Step(D, "the least delay that leaves a clock period of one multiplication"),
            Step(
                2 + s + sp.ceiling((A + 1) / ratio),
                "for every row of adders",
                (Lemma(loop_delay_at_multiplier_clock()),),
            ),
            Step(2 + s + sp.ceiling(3 / ratio), "three additions in a row", (in_chain,)),
            Step(regions, "three, two or one period for them: as one, two or all three fit into one"),
        ),
        {**STEP, T_M: Reals(4, 16), T_A: Reals(0.1, 4)},
        "counting",
    )


def mean_step_at_multiplier_clock() -> Derivation:
    """Limit of the step size of a predictor that is clocked once a multiplication."""
    return Derivation(
        "mean_step_at_multiplier_clock",
        mu,
        (
            Step(mu, "the step size at which the mean of the weights no longer converges, at the least delay D"),
            Step(
                2 * sp.sin(sp.pi / (2 * (2 * D + 1))) / lam,
                "of the largest eigenvalue; moved registers delay all codes alike, so that it is that of the delay D",
                (Lemma(mean_step_limit()),),
            ),
            Step(
                2 * sp.sin(sp.pi / (2 * (2 * (2 + s + sp.ceiling((A + 1) / sp.floor(T_M / T_A))) + 1))) / lam,
                "the delay that the clock needs",
                (Lemma(loop_delay_at_multiplier_clock()),),
            ),
        ),
        {**ROW, **STEP, **SLOW_MULTIPLIER, lam: Reals(0.1, 10)},
        "counting",
    )


def mean_square_step_at_multiplier_clock() -> Derivation:
    """Gain of the modes of two taps at the delay of a clock of one multiplication: one at the limit."""
    delay = 2 + s + sp.ceiling(2 / sp.floor(T_M / T_A))
    margins = (
        Definition(sp.Eq(psi_1, _margin(theta_1, D)), "phase that a mode leaves at a delay of D"),
        Definition(sp.Eq(psi_2, _margin(theta_2, D)), "the same"),
    )
    return Derivation(
        "mean_square_step_at_multiplier_clock",
        G,
        (
            Step(
                G, "what the modes give back of the error's power, sin θ being half of the step size times eigenvalue"
            ),
            Step(
                _gain(theta_1, psi_1) + _gain(theta_2, psi_2),
                "of two taps there are two modes",
                (Lemma(mean_square_step_limit(), {N_1: 1, N_2: 1}),),
            ),
            Step(_gain(theta_1, _margin(theta_1, D)) + _gain(theta_2, _margin(theta_2, D)), "at a delay of D", margins),
            Step(
                _gain(theta_1, _margin(theta_1, delay)) + _gain(theta_2, _margin(theta_2, delay)),
                "the delay that the clock needs, with an adder and the subtractor in a row",
                (Lemma(loop_delay_at_multiplier_clock(), {A: 1}),),
            ),
        ),
        {**STEP, T_M: Reals(4, 16), T_A: Reals(0.1, 4), theta_1: Reals(0, 0.05), theta_2: Reals(0, 0.05)},
        "counting",
    )


def _margin(theta: sp.Expr, delay: sp.Expr) -> sp.Expr:
    return sp.pi / 4 - (2 * delay + 1) * theta / 2


def _gain(theta: sp.Expr, psi: sp.Expr) -> sp.Expr:
    return sp.sin(theta) * sp.cos(psi) / sp.sin(psi - theta)
