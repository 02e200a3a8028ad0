"""What LMS leaves in the error, and how it gets there: steady state, time constants and learning curves."""

import sympy as sp

from analysis.derivation import Definition, Derivation, Lemma, Step
from analysis.domain import Integers, Reals
from analysis.lms import (
    DELAYED,
    FEUER,
    GAUSSIAN,
    INDEPENDENT,
    LATE,
    MARGIN,
    N_1,
    N_2,
    OPTIMUM,
    STABLE,
    TWO_MODES,
    G,
    J,
    J_min,
    N,
    a,
    g,
    gain_of,
    j,
    lam,
    mean_square_step_limit,
    mode_gain,
    mu,
    n,
    power,
    psi,
    psi_1,
    psi_2,
    q,
    theta,
    theta_1,
    theta_2,
    update_noise,
    x,
    y,
)

__all__ = [
    "misadjustment",
    "small_step_misadjustment",
    "white_contraction",
    "mean_square_time_constant",
    "mean_time_constant",
    "learning_curve",
    "white_learning_curve",
]

M, J_0, tau, contraction = sp.symbols("M J_0 tau kappa", positive=True)
r_0, r_late, P_D = sp.symbols("r_0 r_D P_D", positive=True)
z_1 = sp.Symbol("z_1")


def misadjustment() -> Derivation:
    """Excess of the mean square error over the least, in steady state."""
    total = N_1 * gain_of(theta_1, psi_1) + N_2 * gain_of(theta_2, psi_2)
    return Derivation(
        "misadjustment",
        M,
        (
            Step((J - J_min) / J_min, "definition"),
            Step(
                G / (1 - G),
                "the modes add G·J to the least: J = J_min + G·J",
                (STABLE, Definition(sp.Eq(J, J_min / (1 - G)))),
            ),
            Step(
                total / (1 - total),
                "gains of the modes",
                (Lemma(mean_square_step_limit()),),
            ),
        ),
        TWO_MODES,
        FEUER,
    )


def small_step_misadjustment() -> Derivation:
    """Misadjustment of N equal modes as the step size falls to zero."""
    return Derivation(
        "small_step_misadjustment",
        M,
        (
            Step(G / (1 - G), "derivation misadjustment"),
            Step(
                N * gain_of(theta, MARGIN) / (1 - N * gain_of(theta, MARGIN)),
                "gains of the modes, ψ = π/4 − (2D + 1)θ/2",
                (Definition(sp.Eq(G, N * g)), Lemma(mode_gain()), Definition(sp.Eq(psi, MARGIN))),
            ),
            Step(N * sp.sin(theta), "small steps", limit=(theta, 0)),
            Step(
                N * mu * lam / 2,
                "θ is the angle whose sine is μλ/2; N λ is the trace",
                (Definition(sp.Eq(theta, sp.asin(mu * lam / 2))),),
            ),
        ),
        {N: Integers(1, 16), mu: Reals(0.0001, 0.001), lam: Reals(0.1, 1), **LATE},
        FEUER,
    )


def white_contraction() -> Derivation:
    """Factor of E[|v|²] by one update without a delay and without noise, at regressors of equal powers."""
    first, others = (sp.exp(-(z**2) / 2) / sp.sqrt(2 * sp.pi) for z in (x, y))
    return Derivation(
        "white_contraction",
        contraction,
        (
            Step(
                1
                - 2 * a * sp.Integral(x**2 * first, (x, -sp.oo, sp.oo))
                + a**2
                * sp.Integral(x**2 * (x**2 + (N - 1) * y**2) * first * others, (x, -sp.oo, sp.oo), (y, -sp.oo, sp.oo)),
                "E[|v − μ x xᵀ v|²] for |v| = 1: of 1 − 2μ(xᵀv)² + μ²(xᵀv)²|x|², with the first axis along v and "
                "entries in units of their rms",
            ),
            Step(1 - 2 * a + (N + 2) * a**2, "moments of the normal law: below one for a < 2/(N + 2)"),
        ),
        {a: Reals(0, 0.5), N: Integers(1, 16)},
        FEUER,
    )


def mean_square_time_constant() -> Derivation:
    """Time in which the excess error falls to 1/e, at regressors of equal powers and without a delay."""
    return Derivation(
        "mean_square_time_constant",
        tau,
        (
            Step(-1 / sp.log(contraction), "definition: κ^τ = 1/e"),
            Step(
                -1 / sp.log(1 - 2 * a + (N + 2) * a**2),
                "factor of an iteration",
                (INDEPENDENT, GAUSSIAN, OPTIMUM, Lemma(white_contraction())),
            ),
        ),
        {a: Reals(0.001, 0.1), N: Integers(1, 16)},
        FEUER,
    )


def mean_time_constant() -> Derivation:
    """Time in which the mean of a mode falls to 1/e, at a delay of one."""
    return Derivation(
        "mean_time_constant",
        tau,
        (
            Step(-1 / sp.log(sp.Abs(z_1)), "definition: |z|^τ = 1/e, with the largest root of z² − z + a = 0"),
            Step(
                -1 / sp.log(sp.Abs((1 + sp.sqrt(1 - 4 * a)) / 2)),
                "the root, real up to a = 1/4 and one of a pair beyond",
                (INDEPENDENT, Definition(sp.Eq(z_1, (1 + sp.sqrt(1 - 4 * a)) / 2))),
            ),
        ),
        {a: Reals(0.01, 0.5)},
        DELAYED,
    )


def learning_curve() -> Derivation:
    """Power of a mode one iteration later."""
    return Derivation(
        "learning_curve",
        power,
        (
            Step(
                r_0 - 2 * a * r_late + a**2 * P_D + q,
                "E[(v_n − a v_(n−D) + m)²], with r_0, r_D and P of v_n and v_(n−D)",
            ),
            Step(
                r_0 - 2 * a * r_late + 2 * a**2 * P_D + mu * a * J,
                "noise of the update, by the power of the error D iterations before",
                (Lemma(update_noise(), {power: P_D}),),
            ),
        ),
        {
            **{symbol: Reals(0.1, 10) for symbol in (r_0, r_late, P_D, J)},
            mu: Reals(0.01, 1),
            a: Reals(0.01, 1),
        },
        FEUER,
    )


def white_learning_curve() -> Derivation:
    """Mean square error of regressors of equal powers, without a delay."""
    return Derivation(
        "white_learning_curve",
        J,
        (
            Step(
                J_min + contraction**n * J_0 + J_min * N * a**2 * sp.Sum(contraction**j, (j, 0, n - 1)),
                "an update takes the excess to κ times it and adds μ²λ·J_min to each of N modes of power λ",
            ),
            Step(
                J_min + contraction**n * J_0 + J_min * N * a**2 * (1 - contraction**n) / (1 - contraction),
                "a geometric series",
            ),
            Step(
                J_min
                + (1 - 2 * a + (N + 2) * a**2) ** n * J_0
                + J_min * N * a * (1 - (1 - 2 * a + (N + 2) * a**2) ** n) / (2 - (N + 2) * a),
                "factor of an iteration",
                (INDEPENDENT, GAUSSIAN, OPTIMUM, Lemma(white_contraction())),
            ),
        ),
        {a: Reals(0.01, 0.1), N: Integers(1, 8), n: Integers(1, 40), J_min: Reals(0.1, 10), J_0: Reals(0.1, 10)},
        FEUER,
    )
