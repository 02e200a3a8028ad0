"""Remarks on the 3-tap LMS predictor, of course notes and of textbooks: what is found of each, and a verdict."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from rich.table import Table

import fxp
from sims import reporting
from sims.ensembles import Ensemble, Regressors, simulate
from sims.lms_predictions import exact_moments, predicted_curve, step_limit
from sims.lms_work import worked
from sims.reporting import Report

__all__ = ["EXAMPLE", "TAPS", "Remark", "remarks", "remarks_table"]

EXAMPLE = (0.1, 0.5, -0.5, 0.1)
TAPS = 3
DELAY, STEP = 5, 0.1  # of the notes' example with a delay
UNNOTICED = 0.33  # a step size a little above the limit without a delay
MULTIPLIER, ADDER = 10, 1


@dataclass(frozen=True)
class Remark:
    """What the notes say, what is found, and a verdict.

    Parameters
    ----------
    source : {"notes", "common"}
        Whether the notes say it, or it is said elsewhere.
    remark, found, verdict : str
        In words and numbers.
    """

    source: Literal["notes", "common"]
    remark: str
    found: str
    verdict: str


def remarks(ensemble: Ensemble, *, report: Report = lambda *_: None) -> tuple[Remark, ...]:
    """Return the remarks, judged by closed forms, exact moments and ensembles of their own.

    Parameters
    ----------
    ensemble : Ensemble
        Of the example: its runs, iterations and seed are used, its step size, delay and factor replaced.
    report : callable
        Called with what is done, how many of it, and of how many.
    """
    plain = replace(ensemble, delay=0, factor=1, regressors=Regressors.DELAY_LINE)
    textbook = float(fxp.textbook_step_limit(ensemble.correlation))
    judges: tuple[Callable[[], Remark], ...] = (
        lambda: _textbook(plain, textbook),
        lambda: _half(replace(plain, step_size=textbook / 2)),
        lambda: _hundredth(replace(plain, step_size=textbook / 100)),
        lambda: _fifty_times(replace(plain, step_size=50 * textbook)),
        lambda: _third(plain, textbook / 3),
        lambda: _trusted_sample(replace(plain, step_size=UNNOTICED)),
        lambda: _small_steps(replace(plain, step_size=textbook / 10)),
        lambda: _delayed(replace(plain, step_size=STEP, delay=DELAY)),
        lambda: _delayed_doubled(replace(plain, step_size=STEP, delay=DELAY, factor=2)),
        _clock,
        _iteration_bound,
        lambda: _price_of_clock(plain.process),
    )
    return worked(judges, lambda judge: judge(), "remarks", report)


def _textbook(ensemble: Ensemble, textbook: float) -> Remark:
    mean = float(fxp.mean_step_limit(ensemble.correlation))
    independent = float(fxp.mean_square_step_limit(ensemble.correlation))
    _, exact = step_limit(ensemble)
    return Remark(
        "notes",
        f"A step size below 2/(N·σ_x²) = {textbook:.3f} guarantees convergence.",
        f"Limits: {mean:.3f} of the mean of the weights, {independent:.3f} of the mean square with independent "
        f"regressors, {exact:.4f} with those of the delay line.",
        f"Of the mean alone. The error's power takes a step {textbook / exact:.1f} times smaller.",
    )


def _half(ensemble: Ensemble) -> Remark:
    found, radius = simulate(ensemble), _radius(ensemble)
    return Remark(
        "notes",
        f"At half of that, μ = {ensemble.step_size:.3f}, the error increases dramatically.",
        f"Each iteration multiplies the second moments by {radius:.2f}. Of {ensemble.runs} runs the mean of e² reached "
        f"{found.squared.mean.max():.2g}, while the typical error power went to {found.typical[-1]:.2f} and "
        f"{found.frozen} runs left all bounds.",
        "Right, and no divergence of single runs: the mean square is unstable, above its limit.",
    )


def _hundredth(ensemble: Ensemble) -> Remark:
    measured, predicted = _misadjustments(ensemble)
    constants = fxp.time_constants(ensemble.correlation, ensemble.step_size)
    return Remark(
        "notes",
        f"At a hundredth, μ = {ensemble.step_size:.4f}, LMS is slow, and close to the optimum.",
        f"Time constant of the error's power {constants.mean_square:.0f} iterations; excess over the second half of "
        f"the {ensemble.iterations} iterations {measured} of the least error, by exact moments {predicted}.",
        "Right.",
    )


def _fifty_times(ensemble: Ensemble) -> Remark:
    found = simulate(ensemble)
    return Remark(
        "notes",
        f"At 50 times, μ = {ensemble.step_size:.1f}, LMS diverges.",
        f"{found.frozen} of {ensemble.runs} runs have a weight beyond 1e9, the first at iteration "
        f"{found.first_frozen}, the last at {found.frozen_at.max()}.",
        "Right: beyond the mean's limit too.",
    )


def _third(ensemble: Ensemble, rule: float) -> Remark:
    independent = float(fxp.mean_square_step_limit(ensemble.correlation))
    radius = _radius(replace(ensemble, step_size=rule))
    return Remark(
        "common",
        f"A third of it, 2/(3·tr R) = {rule:.3f}, is safe.",
        f"Below {independent:.3f}, the limit of independent regressors; with a delay line each iteration multiplies "
        f"the second moments by {radius:.3f}.",
        "For independent regressors only.",
    )


def _trusted_sample(ensemble: Ensemble) -> Remark:
    found, radius = simulate(ensemble), _radius(ensemble)
    mean, error = found.steady("squared")
    return Remark(
        "common",
        "Averaged runs show whether a step size is stable.",
        f"At μ = {ensemble.step_size}, where each iteration multiplies the second moments by {radius:.4f}, the mean of "
        f"e² over {ensemble.runs} runs and the second half of the iterations is {mean:.3g} ± {error:.2g}.",
        "Wrong: the power is that of runs too rare to be seen. The spectral radius decides.",
    )


def _small_steps(ensemble: Ensemble) -> Remark:
    small = float(fxp.small_step_misadjustment(ensemble.correlation, ensemble.step_size))
    measured, predicted = _misadjustments(ensemble)
    return Remark(
        "common",
        f"The misadjustment is ½·μ·tr R: {small:.4f} at μ = {ensemble.step_size:.3f}.",
        f"{predicted} by exact moments, {measured} measured.",
        "For small steps only.",
    )


def _delayed(ensemble: Ensemble) -> Remark:
    measured, predicted = _misadjustments(ensemble)
    return Remark(
        "notes",
        f"μ = {STEP} with a delay of {DELAY} diverges; the update is w + μ·e·x.",
        f"The limit is {step_limit(ensemble)[1]:.4f}. Misadjustment {predicted} by exact moments, {measured} measured.",
        "Wrong in this convention.",
    )


def _delayed_doubled(ensemble: Ensemble) -> Remark:
    found, (_, limit) = simulate(ensemble), step_limit(ensemble)
    return Remark(
        "notes",
        "The same; the update is w + 2·μ·e·x, a step along the gradient of e².",
        f"The limit is {limit:.4f}, and each iteration multiplies the second moments by {_radius(ensemble):.4f}. The "
        f"mean of e² reached {found.squared.mean.max():.2g}, {found.frozen} of {ensemble.runs} runs left all bounds.",
        "Right with a factor of 2, in the mean square: the notes use both conventions.",
    )


def _clock() -> Remark:
    regions = fxp.loop_delay_regions(taps=TAPS)
    parts = (f"{each.delay} from {each.low} {'on' if each.high is None else f'to {each.high}'}" for each in regions)
    return Remark(
        "notes",
        "A clock period of one multiplication takes a delay of 6, whatever T_M/T_A above 1.",
        f"Least delay, by ranges of T_M/T_A: {', '.join(parts)}.",
        "Enough, but more than needed from T_M/T_A = 2 on.",
    )


def _iteration_bound() -> Remark:
    graph = fxp.lms_graph(taps=TAPS, multiplier_delay=MULTIPLIER, adder_delay=ADDER, delay=2)
    bound, period = fxp.iteration_bound(graph), fxp.min_period(graph).period
    return Remark(
        "common",
        "Retiming reaches the iteration bound.",
        f"T_M/T_A = {MULTIPLIER} and a delay of 2: the bound is {float(bound):.2f} T_A, the best period {period} T_A.",
        "Not always: registers are whole.",
    )


def _price_of_clock(process: fxp.Process) -> Remark:
    found = fxp.step_limit_at_clock(process, TAPS, MULTIPLIER, multiplier_delay=MULTIPLIER, adder_delay=ADDER)
    _, free = step_limit(Ensemble(process, STEP, TAPS))
    _, late = step_limit(Ensemble(process, STEP, TAPS, found.delay))
    return Remark(
        "common",
        "Pipelining costs latency alone.",
        f"A clock of T_M = {MULTIPLIER} T_A takes a delay of {found.delay}, and the limit of the step size falls from "
        f"{free:.4f} to {late:.4f}.",
        "Wrong: the delay of the pipeline is that of the update.",
    )


def _radius(ensemble: Ensemble) -> float:
    operator = exact_moments(ensemble.process, ensemble.taps, ensemble.delay, ensemble.regressors)
    assert operator is not None
    return operator.spectral_radius(ensemble.step_size, factor=ensemble.factor)


def _misadjustments(ensemble: Ensemble) -> tuple[str, str]:
    """Return what the second half of the iterations has above the least error, relative: measured and predicted."""
    mean, error = simulate(ensemble).steady("controlled")
    least, half = ensemble.optimum.mse, ensemble.iterations // 2
    predicted = predicted_curve(ensemble).mse[half:].mean() / least - 1
    return f"{mean / least - 1:.4f} ± {error / least:.4f}", f"{predicted:.4f}"


def remarks_table(found: tuple[Remark, ...]) -> Table:
    """Return the table of the remarks."""
    said = {"notes": "the notes", "common": "common"}
    cells = [(said[each.source], f"{each.remark}\n", each.found, each.verdict) for each in found]
    headers = ("said by", "remark", "found", "verdict")
    return reporting.table("Remarks on this predictor", headers, cells, text_columns=len(headers))
