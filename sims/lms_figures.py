"""Figures of the LMS experiment: measured in colour, predicted dashed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sims.ensembles import Regressors
from sims.lms_curves import NAMES, LearningRun
from sims.lms_limits import LAWS, Limits
from sims.lms_sweeps import Point, WordPoint

__all__ = ["learning_figure", "limits_figure", "steady_figure", "words_figure"]

Floats = NDArray[np.float64]

COLORS = {Regressors.DELAY_LINE: "C0", Regressors.INDEPENDENT: "C1"}
DARK = {Regressors.DELAY_LINE: "black", Regressors.INDEPENDENT: "tab:red"}  # of what is predicted
MARKED = (  # delay and step size of the notes, what they are, and where that is written
    (0, 0.641, "μ = ½ · 2/tr R", (2.4, 0.95)),
    (5, 0.1, "μ = 0.1, factor 1", (1.6, 0.08)),
    (5, 0.2, "2μ = 0.2 (μ = 0.1, factor 2)", (6.3, 0.45)),
)
TOP_DB, ROOM_DB = 60.0, 18.0  # of the drawn error power, above that of the signal; room for a note below
WEIGHTS = (-1.3, 0.5)
SHIFT = 0.06
MARKERS = "os"


def learning_figure(runs: Sequence[LearningRun]) -> Figure:
    """Return learning curves: a column a step size, for each delay a row of error powers and one of coefficients."""
    delays = tuple(dict.fromkeys(run.ensemble.delay for run in runs))
    steps = tuple(dict.fromkeys(run.ensemble.step_size for run in runs))
    made = Figure(figsize=(1 + 3.4 * len(steps), 1.0 + 4.8 * len(delays)), layout="constrained")
    panels = made.subplots(2 * len(delays), len(steps), sharex=True, squeeze=False)
    for row, delay in enumerate(delays):
        for column, step in enumerate(steps):
            here = [run for run in runs if (run.ensemble.delay, run.ensemble.step_size) == (delay, step)]
            _draw_powers(panels[2 * row, column], here)
            _draw_weights(panels[2 * row + 1, column], here[0])
            panels[2 * row, column].set_title(f"D = {delay}, μ = {step:.4g} = {here[0].multiple:.3g} · 2/tr R")
        panels[2 * row, 0].set_ylabel("mean square error (dB)")
        panels[2 * row + 1, 0].set_ylabel(f"mean weights, {NAMES[runs[0].ensemble.regressors]}")
        panels[2 * row + 1, 0].legend(loc="upper left", fontsize="small", ncols=3)
    for panel in panels[-1]:
        panel.set_xlabel("iteration n + 1")
    found: dict[str, Artist] = {}
    for panel in panels[:-1:2].flat:
        found |= dict(zip(*reversed(panel.get_legend_handles_labels()), strict=True))
    made.legend(list(found.values()), list(found), loc="outside upper center", ncols=4)
    return made


def _draw_powers(panel: Axes, runs: Sequence[LearningRun]) -> None:
    """Draw measured, predicted and typical error power; the axis ends a little above what is stable, or at 60 dB."""
    ensemble = runs[0].ensemble
    floor, start = _db(np.array([ensemble.optimum.mse, ensemble.process.power]))
    panel.axhline(floor, color="0.6", linewidth=0.8, label="least error")
    for run in runs:
        color, name = COLORS[run.ensemble.regressors], NAMES[run.ensemble.regressors]
        n = np.arange(1, run.ensemble.iterations + 1)
        measured = getattr(run.found, run.estimate) if run.predicted.stable else run.found.squared
        panel.plot(n, _db(measured.mean), color=color, alpha=0.6, linewidth=1.6, label=f"{name}: mean of runs")
        length, dark = len(run.predicted.mse), DARK[run.ensemble.regressors]
        panel.plot(n[:length], _db(run.predicted.mse), "--", color=dark, linewidth=1.1, label=f"{name}: predicted")
        if not run.predicted.stable:
            panel.plot(n, _db(run.found.typical), ":", color=color, linewidth=1.6, label=f"{name}: geometric mean")
    calm = all(run.predicted.stable and run.ensemble.step_size < 0.9 * run.limit for run in runs)
    panel.set(xscale="log", ylim=(floor - 0.25, start + 0.75) if calm else (floor - ROOM_DB, start + TOP_DB))
    _note(panel, [f"{NAMES[run.ensemble.regressors]}: {_fate(run)}" for run in runs if not run.predicted.stable])
    panel.grid(alpha=0.25)


def _fate(run: LearningRun) -> str:
    return f"{run.found.frozen} of {run.ensemble.runs} runs diverged"


def _note(panel: Axes, lines: Sequence[str]) -> None:
    panel.annotate("\n".join(lines), (0.97, 0.04), xycoords="axes fraction", ha="right", va="bottom", fontsize="small")


def _db(power: Floats) -> Floats:
    return np.asarray(10 * np.log10(power))


def _draw_weights(panel: Axes, run: LearningRun) -> None:
    """Draw the mean weights up to where they leave the axis."""
    n = np.arange(1, run.ensemble.iterations + 1)
    shown, told = (_shown(weights) for weights in (run.found.weights.mean, run.predicted.weights))
    for tap, best in enumerate(run.ensemble.optimum.weights):
        panel.axhline(best, color="0.6", linewidth=0.8)
        panel.plot(n[:shown], run.found.weights.mean[:shown, tap], color=f"C{tap + 2}", alpha=0.7, label=f"w{tap + 1}")
        panel.plot(n[:told], run.predicted.weights[:told, tap], "k--", linewidth=0.9)
    panel.set(xscale="log", ylim=WEIGHTS)
    if shown < len(n):
        _note(panel, ["out of view"])
    panel.grid(alpha=0.25)


def _shown(weights: Floats) -> int:
    """Return how many iterations pass until a weight is out of view."""
    out = ((weights < 2 * WEIGHTS[0]) | (weights > 2 - WEIGHTS[0])).any(axis=1)
    return int(np.argmax(out)) + 1 if out.any() else len(weights)


def limits_figure(rows: Sequence[Limits], textbook: float, *, marked: bool) -> Figure:
    """Return the limits of the step size against the delay; `marked` are the step sizes of the notes."""
    made = Figure(figsize=(7.6, 5.0), layout="constrained")
    axis = made.subplots()
    delays = [row.delay for row in rows]
    axis.axhline(textbook, color="0.5", linewidth=0.8, linestyle=":", label="2/tr R")
    axis.plot(delays, [row.mean for row in rows], "^:", color="C3", label="mean of the weights, independent")
    centres = np.array([row.almost_sure.step_size for row in rows])
    ends = np.array([[row.almost_sure.low, row.almost_sure.high] for row in rows]).T
    axis.errorbar(delays, centres, np.abs(ends - centres), fmt="v:", color="C4", label="almost all runs, delay line")
    axis.plot(delays, [row.gaussian for row in rows], "s-", color="C1", label="mean square, independent Gaussian")
    for law, style in (("sign", "D--"), ("gaussian", "o-")):
        points = [(row.delay, row.operators[law]) for row in rows if row.operators[law] is not None]
        if points:
            color = "C0" if law == "gaussian" else "C2"
            axis.plot(
                *zip(*points, strict=True), style, color=color, label=f"mean square, delay line, {LAWS[law]} draws"
            )
    axis.plot(delays, [row.small_step for row in rows], "x-", color="0.5", label="rule of the power alone")
    for delay, step, label, place in MARKED if marked else ():
        axis.plot(delay, step, "*", color="black", markersize=11, zorder=5)
        axis.annotate(label, (delay, step), place, arrowprops={"arrowstyle": "-", "color": "0.4", "linewidth": 0.7})
    axis.set(xlabel="delay D of the update", ylabel="limit of the step size μ", yscale="log", ylim=(0.06, 5))
    axis.set_yticks([0.1, 0.2, 0.5, 1, 2], ["0.1", "0.2", "0.5", "1", "2"])
    axis.grid(alpha=0.3, which="both")
    axis.legend(fontsize="small")
    return made


def steady_figure(steps: Sequence[Point], delays: Sequence[Point]) -> Figure:
    """Return the misadjustment against the step size, and against the delay."""
    kinds = tuple(dict.fromkeys((point.regressors, point.delay) for point in steps))
    made = Figure(figsize=(12.5, 4.8), layout="constrained")
    left, right = made.subplots(1, 2)
    for number, (regressors, delay) in enumerate(kinds):
        here = [point for point in steps if (point.regressors, point.delay) == (regressors, delay)]
        label = f"{regressors.replace('_', ' ')}, D = {delay}"
        _draw_points(left, [point.step_size for point in here], here, f"C{number}", label)
        axis_limit = here[0].limit
        left.axvline(axis_limit, color=f"C{number}", linewidth=0.8, linestyle=":")
    small = sorted((point.step_size, point.small_step) for point in steps)
    left.plot(*zip(*small, strict=True), color="0.5", linewidth=0.8, label="small steps, ½·μ·tr R")
    left.set(xscale="log", yscale="log", xlabel="step size μ", ylabel="misadjustment")
    left.set_title("measured ± 2 standard errors, predicted (×); dotted: limits", fontsize="medium")
    for number, factor in enumerate(dict.fromkeys(point.factor for point in delays)):
        here = [point for point in delays if point.factor == factor and point.is_stable]
        if here:
            label = f"delay line, update w + {'' if factor == 1 else '2·'}μ·e·x"
            _draw_points(right, [point.delay for point in here], here, f"C{number}", label)
            unstable = [point.delay for point in delays if point.factor == factor and not point.is_stable]
            if unstable:
                right.axvspan(min(unstable) - 0.5, max(unstable) + 0.5, color=f"C{number}", alpha=0.12)
                right.annotate(
                    f"factor {factor}: above the limit",
                    (min(unstable) - 0.4, 0.02),
                    xycoords=("data", "axes fraction"),
                    color=f"C{number}",
                )
    right.set(yscale="log", xlabel="delay D of the update", ylabel="misadjustment")
    right.set_title(f"μ = {delays[0].step_size:.4g}", fontsize="medium")
    for axis in (left, right):
        axis.grid(alpha=0.3, which="both")
        axis.legend(fontsize="small")
    return made


def _draw_points(axis: Axes, places: Sequence[float], points: Sequence[Point], color: str, label: str) -> None:
    """Draw what was measured with its standard errors, and the best tier's prediction."""
    measured = [
        (place, point.measured, 2 * point.error)
        for place, point in zip(places, points, strict=True)
        if point.measured is not None and point.error is not None
    ]
    at, found, bars = zip(*measured, strict=True) if measured else ((), (), ())
    axis.errorbar(
        at,
        found,
        bars,
        fmt="o",
        markersize=4,
        color=color,
        label=label,
    )
    predicted = [
        (place, value)
        for place, point in zip(places, points, strict=True)
        if (value := point.operator if point.tier == "operator" else point.gaussian) is not None
    ]
    axis.plot(*zip(*predicted, strict=True), "x--", color=color, linewidth=1.0, markersize=7)


def words_figure(points: Sequence[WordPoint]) -> Figure:
    """Return the excess of the mean square error against the width of the weights."""
    made = Figure(figsize=(7.2, 4.6), layout="constrained")
    axis = made.subplots()
    axis.axhline(points[0].floating, color="0.5", linewidth=0.8, label="floating point")
    for number, mode in enumerate(dict.fromkeys(point.rounding for point in points)):
        here = [point for point in points if point.rounding == mode]
        bits, excess = [point.weight_bits for point in here], [point.excess for point in here]
        places = [each + SHIFT * (2 * number - 1) for each in bits]  # side by side
        axis.errorbar(
            places, excess, [2 * point.error for point in here], fmt=MARKERS[number], color=f"C{number}", label=mode
        )
        told = [(point.weight_bits, point.predicted) for point in here if point.predicted is not None]
        if told:
            axis.plot(*zip(*told, strict=True), "--", color=f"C{number}", linewidth=1.0)
    axis.set(
        yscale="log",
        xlabel="bits of the weights, on [−2, 2)",
        ylabel="mean square error above the least",
        title=f"μ = {points[0].step_size:.4g}, bit-true; dashed: predicted",
    )
    axis.grid(alpha=0.3, which="both")
    axis.legend()
    return made
