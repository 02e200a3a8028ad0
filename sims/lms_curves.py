"""Learning curves of LMS predictors: measured, predicted, and how far they are apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from rich.table import Table

import fxp
from sims import reporting
from sims.ensembles import Ensemble, Ensembles, Regressors, simulate
from sims.lms_predictions import ESTIMATE, Agreement, Prediction, agreement, predicted_curve, step_limit
from sims.lms_work import worked
from sims.reporting import Report

__all__ = ["NAMES", "LearningRun", "curve_document", "curves_table", "learning_runs"]

NAMES = {Regressors.DELAY_LINE: "delay line", Regressors.INDEPENDENT: "i.i.d."}
KEPT = 120  # points of a curve in a document, evenly spaced on a logarithmic axis


@dataclass(frozen=True, eq=False)
class LearningRun:
    """An ensemble with what was measured and predicted.

    Parameters
    ----------
    ensemble : Ensemble
        What was simulated.
    found : Ensembles
        What the runs did.
    predicted : Prediction
        Learning curve by the best tier.
    limit : float
        Mean-square limit of the step size by that tier.
    power, squared : Agreement
        Distance of the estimate with the least noise, and of the mean of e².
    """

    ensemble: Ensemble
    found: Ensembles
    predicted: Prediction
    limit: float
    power: Agreement
    squared: Agreement

    @property
    def estimate(self) -> str:
        """Name of the estimate with the least noise."""
        return ESTIMATE[self.ensemble.regressors]

    @property
    def multiple(self) -> float:
        """The step size over the textbooks' limit."""
        textbook = fxp.textbook_step_limit(self.ensemble.correlation, factor=self.ensemble.factor)
        return self.ensemble.step_size / float(textbook)

    @property
    def predicted_steady(self) -> float | None:
        """Mean of the predicted curve over the second half of the iterations; None above the limit, or beyond it."""
        tail = self.predicted.mse[self.ensemble.iterations // 2 :]
        complete = len(self.predicted.mse) == self.ensemble.iterations
        return float(tail.mean()) if self.predicted.stable and complete else None


def learning_runs(ensembles: Sequence[Ensemble], *, report: Report = lambda *_: None) -> tuple[LearningRun, ...]:
    """Return ensembles with what is measured and predicted.

    Parameters
    ----------
    ensembles : sequence of Ensemble
        What to simulate.
    report : callable
        Called with what is done, how many of it, and of how many.
    """
    return worked(ensembles, _learning_run, "learning curves", report)


def _learning_run(ensemble: Ensemble) -> LearningRun:
    found, predicted = simulate(ensemble), predicted_curve(ensemble)
    best, squared = (agreement(found, predicted, each) for each in (ESTIMATE[ensemble.regressors], "squared"))
    return LearningRun(ensemble, found, predicted, step_limit(ensemble)[1], best, squared)


def curves_table(runs: Sequence[LearningRun]) -> Table:
    """Return the table of learning curves, a row an ensemble."""
    headers = (
        "regressors",
        "D",
        "μ",
        "times\n2/tr R",
        "of the\nlimit",
        "MSE\nmeasured",
        "MSE\npredicted",
        "n",
        "distance\nin dB",
        "in std.\nerrors",
        "of e²\nin dB",
    )
    first = runs[0].ensemble
    caption = (
        f"Means over {first.runs} runs of {first.iterations} iterations; MSE over their second half ± its standard "
        "error. Predicted by exact moments of the delay line (where there are none, as if independent), and by the "
        "closed form for independent regressors. Distance: the largest over n iterations, ± the standard error of the "
        "measurement there; above the limit, of the iterations before that reaches a tenth of the mean. Beside the "
        "mean of e² stands an estimate of the same with less noise: of the weights' error power (independent), or less "
        "the error of a fixed filter (delay line). Near a limit few runs hold most of the power, and their mean is far "
        "off. Frozen: runs with a weight beyond 1e9, the first at iteration n."
    )
    return reporting.table("Learning curves", headers, [_cells(run) for run in runs], caption=caption)


def _cells(run: LearningRun) -> tuple[str, ...]:
    return (
        NAMES[run.ensemble.regressors],
        str(run.ensemble.delay),
        f"{run.ensemble.step_size:.4g}",
        f"{run.multiple:.3g}",
        f"{run.ensemble.step_size / run.limit:.2g}",
        _measured(run),
        "unstable" if not run.predicted.stable else _steady(run.predicted_steady),
        str(run.power.horizon),
        f"{run.power.largest_db:.3f}±{run.power.error_db:.3f}",
        f"{run.power.largest_errors:.1f}",
        f"{run.squared.largest_db:.2f}",
    )


def _steady(power: float | None) -> str:
    return "–" if power is None else f"{power:.4f}"


def _measured(run: LearningRun) -> str:
    if run.found.frozen:
        return f"{run.found.frozen} frozen\nn = {run.found.first_frozen}"
    mean, error = run.found.steady(run.estimate)
    return f"{mean:.4f}±{error:.4f}" if run.predicted.stable else f"e² up to\n{run.found.squared.mean.max():.2g}"


def curve_document(run: LearningRun) -> dict[str, Any]:
    """Return an ensemble as JSON values, with some points of its curves."""
    ensemble, found, predicted = run.ensemble, run.found, run.predicted
    mean, error = found.steady(run.estimate)
    places = np.unique(np.geomspace(1, ensemble.iterations, KEPT).astype(np.int64)) - 1
    reached = places[places < len(predicted.mse)]
    return {
        "regressors": ensemble.regressors.value,
        "delay": ensemble.delay,
        "step_size": ensemble.step_size,
        "times_textbook": run.multiple,
        "limit": run.limit,
        "tier": predicted.tier,
        "stable": predicted.stable,
        "frozen_runs": found.frozen,
        "first_frozen": found.first_frozen,
        "steady_mse": mean,
        "steady_mse_error": error,
        "predicted_steady_mse": run.predicted_steady,
        "estimate": run.estimate,
        "agreement": vars(run.power),
        "squared_agreement": vars(run.squared),
        "iterations": places.tolist(),
        "mse": getattr(found, run.estimate).mean[places].tolist(),
        "mse_error": getattr(found, run.estimate).error[places].tolist(),
        "squared_error": found.squared.mean[places].tolist(),
        "typical": found.typical[places].tolist(),
        "weights": found.weights.mean[places].tolist(),
        "predicted_mse": predicted.mse[reached].tolist(),
        "predicted_weights": predicted.weights[reached].tolist(),
    }
