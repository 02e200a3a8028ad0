"""Compares ensembles of LMS predictors with what is predicted of them: ``python -m sims.lms``.

Learning curves, limits of the step size by every rule, the steady state against step size, delay and word length, and
remarks of course notes with a verdict each. ``--pipeline`` shows what a faster clock takes instead.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from matplotlib.figure import Figure
from rich.table import Table

import fxp
from fxp.lms.tiers import Tier
from sims import lms_figures, pipelines, reporting
from sims.ensembles import Ensemble, Regressors
from sims.lms_curves import LearningRun, curve_document, curves_table, learning_runs
from sims.lms_limits import Limits, limits, limits_table
from sims.lms_predictions import exact_moments, process_of, step_limit
from sims.lms_remarks import EXAMPLE, TAPS, Remark, remarks, remarks_table
from sims.lms_sweeps import (
    Point,
    WordPoint,
    delay_sweep,
    delay_table,
    step_sweep,
    step_table,
    word_sweep,
    word_table,
)
from sims.options import require_at_least, require_seed

__all__ = ["Config", "Drive", "Result", "document", "figures", "learned", "run", "summary"]

MULTIPLES = (0.01, 0.1, 0.5, 50.0)  # of the textbooks' limit
DELAYS = tuple(range(13))
WORD_STEP = 2.0**-7
NEAR = 0.6  # of the limit: beyond, few runs hold most of the power


class Drive(StrEnum):
    """Law of the process's draws."""

    GAUSSIAN = "gaussian"
    UNIFORM = "uniform"
    SIGN = "sign"


@dataclass(frozen=True)
class Config:
    """What a run depends on.

    Parameters
    ----------
    moving_average, autoregressive : tuple of float
        Coefficients of the process that is predicted.
    drive : Drive
        Law of its draws, of unit power.
    taps : int
        Weights.
    regressors : tuple of Regressors
        Of the learning curves and of the sweep of step sizes.
    step_sizes : tuple of float
        Of the learning curves; left out, 0.01, 0.1, 0.5 and 50 times 2/tr R.
    delays : tuple of int
        Of the learning curves and of the sweep of step sizes.
    swept_step : float
        Step size of the sweep of delays.
    factor : {1, 2}
        The update is w + factor·μ·e·x.
    sign : {1, −1}
        −1 takes the error as y − d.
    runs, iterations, seed : int
        Of each ensemble.
    weight_bits : tuple of int
        Widths of the weights in finite words.
    error_bits : int, optional
        Width of the error there; exact where left out.

    Raises
    ------
    ValueError
        A number is outside its range.
    """

    moving_average: tuple[float, ...] = EXAMPLE
    autoregressive: tuple[float, ...] = ()
    drive: Drive = Drive.GAUSSIAN
    taps: int = TAPS
    regressors: tuple[Regressors, ...] = tuple(Regressors)
    step_sizes: tuple[float, ...] = ()
    delays: tuple[int, ...] = (0, 5)
    swept_step: float = 0.1
    factor: int = 1
    sign: int = 1
    runs: int = 1000
    iterations: int = 1200
    seed: int = 0
    weight_bits: tuple[int, ...] = tuple(range(6, 15))
    error_bits: int | None = None

    def __post_init__(self) -> None:
        require_seed(self.seed)
        require_at_least(2, "give the runs of an ensemble", runs=self.runs)
        for name in ("regressors", "delays", "weight_bits"):
            if not getattr(self, name):
                raise ValueError(f"{name}=() is empty: give at least one")
        for bits in (*self.weight_bits, *((self.error_bits,) if self.error_bits else ())):
            if not 4 <= bits <= 24:
                raise ValueError(f"{bits} bits of a word are not between 4 and 24: choose another width")
        _ = self.ensembles, self.swept

    @property
    def process(self) -> fxp.Process:
        """What is predicted."""
        return process_of(self.moving_average, self.autoregressive, self.drive.value)

    @property
    def textbook(self) -> float:
        """2/(factor·tr R)."""
        return float(fxp.textbook_step_limit(self.process.correlation_matrix(self.taps), factor=self.factor))

    @property
    def ensembles(self) -> tuple[Ensemble, ...]:
        """Those of the learning curves."""
        steps = self.step_sizes or tuple(multiple * self.textbook for multiple in MULTIPLES)
        return tuple(
            self._ensemble(step, delay, regressors)
            for regressors in self.regressors
            for delay in self.delays
            for step in steps
        )

    @property
    def swept(self) -> Ensemble:
        """That of the sweep of delays."""
        return self._ensemble(self.swept_step, 0, Regressors.DELAY_LINE)

    @property
    def is_example(self) -> bool:
        """Whether it is the predictor that the remarks are on."""
        return (self.moving_average, self.autoregressive, self.drive, self.taps) == (
            EXAMPLE,
            (),
            Drive.GAUSSIAN,
            TAPS,
        )

    def _ensemble(self, step_size: float, delay: int, regressors: Regressors) -> Ensemble:
        return Ensemble(
            self.process,
            step_size,
            self.taps,
            delay,
            regressors,
            self.factor,
            self.sign,
            self.runs,
            self.iterations,
            self.seed,
        )


@dataclass(frozen=True, eq=False)
class Result:
    """What a run found.

    Parameters
    ----------
    config : Config
        What it was asked for.
    curves : tuple of LearningRun
        Learning curves.
    limits : tuple of Limits
        At delays 0 to 12.
    steps, delays : tuple of Point
        Steady state against step size, and against the delay in both conventions.
    words : tuple of WordPoint
        Steady state against the width of the weights.
    remarks : tuple of Remark
        Of the example alone.
    """

    config: Config
    curves: tuple[LearningRun, ...]
    limits: tuple[Limits, ...]
    steps: tuple[Point, ...]
    delays: tuple[Point, ...]
    words: tuple[WordPoint, ...]
    remarks: tuple[Remark, ...]


def run(config: Config, *, report: reporting.Report = lambda *_: None) -> Result:
    """Return what ensembles of LMS predictors do, and what is predicted of them (deterministic).

    Parameters
    ----------
    config : Config
        Predictor and ensembles.
    report : callable
        Called with what is done, how many of it, and of how many.
    """
    factor, seed = config.factor, config.seed
    found = limits(config.process, config.taps, DELAYS, factor=factor, seed=seed, report=report)
    first = {(each.regressors, each.delay): each for each in config.ensembles}
    word_step = min(WORD_STEP, found[0].gaussian / 8)
    return Result(
        config,
        learning_runs(config.ensembles, report=report),
        found,
        step_sweep(tuple(first.values()), report=report),
        delay_sweep(config.swept, DELAYS, (1, 2), report=report),
        word_sweep(
            config._ensemble(word_step, 0, Regressors.DELAY_LINE),
            config.weight_bits,
            error_bits=config.error_bits,
            report=report,
        ),
        remarks(config.swept, report=report) if config.is_example else (),
    )


def summary(result: Result) -> tuple[Table, ...]:
    """Return the tables of a result."""
    tables = (
        limits_table(result.limits, result.config.textbook),
        curves_table(result.curves),
        step_table(result.steps),
        delay_table(result.delays),
        word_table(result.words),
    )
    return (*tables, remarks_table(result.remarks)) if result.remarks else tables


def learned(result: Result) -> str:
    """Return what the numbers say."""
    return " ".join(_lessons(result))


def _lessons(result: Result) -> Iterator[str]:
    first = result.limits[0]
    tier, exact = step_limit(result.config.swept)
    if tier == "operator":
        yield (
            f"The textbooks' limit 2/tr R = {result.config.textbook:.3f} is of the mean: without a delay the mean "
            f"square of this predictor takes μ < {exact:.4f}, where independent regressors would allow "
            f"{first.gaussian:.4f}."
        )
    differences = [row.relative_difference for row in result.limits if row.relative_difference is not None]
    if differences:
        yield (
            f"For independent regressors closed form and exact moments agree to {max(differences):.0e} at delays 0 to "
            f"{result.limits[-1].delay}."
        )
    yield from _distances(result)
    yield from _word_lessons(result)


def _distances(result: Result) -> Iterator[str]:
    for regressors, name in (
        (Regressors.INDEPENDENT, "independent regressors"),
        (Regressors.DELAY_LINE, "a delay line"),
    ):
        runs = [each for each in result.curves if each.ensemble.regressors is regressors]
        near = [each.power for each in runs if each.ensemble.step_size <= NEAR * each.limit]
        if near:
            worst = max(near, key=lambda each: each.largest_db)
            yield (
                f"Up to {NEAR:g} of their limits, learning curves of {result.config.runs} runs with {name} are within "
                f"{worst.largest_db:.2f} dB of the predicted ones (standard error there: {worst.error_db:.2f} dB)."
            )


def _word_lessons(result: Result) -> Iterator[str]:
    for mode, name in (("HALF_EVEN", "to nearest"), ("STOCHASTIC", "stochastically")):
        near = [
            each.weight_bits
            for each in result.words
            if each.rounding == mode and abs(each.excess - each.floating) <= 0.1 * each.floating
        ]
        if near:
            yield f"Weights rounded {name} need {min(near)} bits for an excess within 10 % of that in floating point."


def document(result: Result) -> dict[str, Any]:
    """Return a result as JSON values."""
    config = {**asdict(result.config), "textbook_limit": result.config.textbook}
    return {
        "experiment": "lms",
        "config": config,
        "curves": [curve_document(each) for each in result.curves],
        **{
            name: [asdict(each) for each in getattr(result, name)]
            for name in ("limits", "steps", "delays", "words", "remarks")
        },
        "learned": learned(result),
    }


def figures(result: Result) -> dict[str, Figure]:
    """Return the figures of a result, by the suffix of their files' names."""
    return {
        "learning_curves": lms_figures.learning_figure(result.curves),
        "limits": lms_figures.limits_figure(
            result.limits, result.config.textbook, marked=result.config.is_example and result.config.factor == 1
        ),
        "steady_state": lms_figures.steady_figure(result.steps, result.delays),
        "words": lms_figures.words_figure(result.words),
    }


class Adders(StrEnum):
    """How the products of a predictor are added."""

    CHAIN = "chain"
    TREE = "tree"


class StepUnit(StrEnum):
    """What scales the error by μ."""

    MULTIPLIER = "multiplier"
    SHIFT = "shift"


app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def main(
    moving_average: Annotated[
        list[float] | None, typer.Option(help="coefficient of the process, repeatable; left out: 0.1 0.5 -0.5 0.1")
    ] = None,
    autoregressive: Annotated[list[float] | None, typer.Option(help="feedback coefficient, repeatable")] = None,
    drive: Annotated[Drive, typer.Option(help="law of the process's draws")] = Drive.GAUSSIAN,
    taps: Annotated[int, typer.Option(min=1, help="weights of the predictor")] = TAPS,
    regressors: Annotated[
        list[Regressors] | None, typer.Option(help="of the learning curves, repeatable; left out: both")
    ] = None,
    step_size: Annotated[
        list[float] | None,
        typer.Option(help="μ of the learning curves, repeatable; left out: 0.01, 0.1, 0.5 and 50 times 2/tr R"),
    ] = None,
    delay: Annotated[
        list[int] | None, typer.Option(help="of the learning curves, repeatable; left out: 0 and 5")
    ] = None,
    swept_step: Annotated[float, typer.Option(help="step size that is tried at delays 0 to 12")] = 0.1,
    factor: Annotated[int, typer.Option(help="1: w + μ·e·x; 2: w + 2·μ·e·x")] = 1,
    sign: Annotated[int, typer.Option(help="1: e = d − y; -1: e = y − d")] = 1,
    runs: Annotated[int, typer.Option(help="runs of an ensemble")] = 1000,
    iterations: Annotated[int, typer.Option(help="iterations of a run")] = 1200,
    weight_bits: Annotated[list[int] | None, typer.Option(help="width of the weights, repeatable")] = None,
    error_bits: Annotated[int | None, typer.Option(help="width of the error; left out: exact")] = None,
    pipeline: Annotated[
        bool, typer.Option("--pipeline", help="show what a faster clock takes, and nothing else")
    ] = False,
    multiplier_delay: Annotated[float, typer.Option(help="with --pipeline: time of a multiplication")] = 10,
    adder_delay: Annotated[float, typer.Option(help="with --pipeline: time of an addition")] = 1,
    adders: Annotated[Adders, typer.Option(help="with --pipeline: how products are added")] = Adders.CHAIN,
    step_unit: Annotated[StepUnit, typer.Option(help="with --pipeline: what scales by μ")] = StepUnit.MULTIPLIER,
    period: Annotated[
        float | None, typer.Option(help="with --pipeline: clock period; left out: that of the slowest unit")
    ] = None,
    json: Annotated[Path | None, typer.Option(dir_okay=False, help="write all numbers to this file")] = None,
    figure_file: Annotated[
        Path | None,
        typer.Option(
            "--figure", dir_okay=False, help="draw to .png, .svg or .pdf files whose names begin like this one"
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="draws the input")] = 0,
) -> None:
    """Compare ensembles of LMS predictors with closed forms and exact moments: curves, limits, steady state, words.

    Runs that diverge are frozen and counted. With --figure lms.png the figures are lms_learning_curves.png,
    lms_limits.png, lms_steady_state.png and lms_words.png, with --pipeline lms_pipeline.png and lms_clock.png.
    """
    with reporting.one_line_errors():
        target = None if figure_file is None else reporting.check_figure_path(figure_file)
        if json is not None:
            reporting.check_writable(json)
        if pipeline:
            process = process_of(tuple(moving_average or EXAMPLE), tuple(autoregressive or ()), drive.value)
            found = pipelines.run(
                pipelines.Config(
                    taps,
                    multiplier_delay,
                    adder_delay,
                    adders.value,
                    step_unit.value,
                    period,
                    process,
                    _tier(process, taps),
                )
            )
            drawn = {"pipeline": pipelines.figure(found), "clock": pipelines.tradeoff_figure(found)} if target else {}
            _publish(pipelines.summary(found), pipelines.learned(found), pipelines.document(found), json, drawn, target)
            return
        config = Config(
            moving_average=EXAMPLE if moving_average is None else tuple(moving_average),
            autoregressive=tuple(autoregressive or ()),
            drive=drive,
            taps=taps,
            regressors=tuple(regressors or Regressors),
            step_sizes=tuple(step_size or ()),
            delays=tuple(delay or Config.delays),
            swept_step=swept_step,
            factor=factor,
            sign=sign,
            runs=runs,
            iterations=iterations,
            seed=seed,
            weight_bits=tuple(weight_bits or Config.weight_bits),
            error_bits=error_bits,
        )
        with reporting.progress_bars() as report:
            result = run(config, report=report)
        drawn = figures(result) if target else {}
        _publish(summary(result), learned(result), document(result), json, drawn, target)


def _tier(process: fxp.Process, taps: int) -> Tier:
    """Return the exact tier where the delay line has exact moments."""
    known = exact_moments(process, taps, 0, Regressors.DELAY_LINE) is not None
    return Tier.OPERATOR if known else Tier.GAUSSIAN


def _publish(
    tables: tuple[Table, ...],
    lessons: str,
    numbers: dict[str, Any],
    json: Path | None,
    drawn: dict[str, Figure],
    target: Path | None,
) -> None:
    """Print, write and draw what was found."""
    for table in tables:
        reporting.show(table)
    typer.echo(lessons)
    if json is not None:
        reporting.write_json(numbers, json)
    if target is not None:
        for suffix, figure in drawn.items():
            file = target.with_name(f"{target.stem}_{suffix}{target.suffix}")
            reporting.save_figure(figure, file)
            typer.echo(f"figure: {file}")


if __name__ == "__main__":
    app(prog_name="python -m sims.lms")
