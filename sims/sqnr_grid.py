"""Compares predicted and measured SQNR over a random grid of quantised operands: ``python -m sims.sqnr_grid``.

What is drawn: a word, a dot product of random operands, one of given weights, or one with a rounded output; then laws,
formats, modes and length. The measurement is bit-true and knows no formula. Beside it stands where the 6-dB rules hold.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from rich.table import Table

from sims import intervals, reporting
from sims.intervals import DECIBELS
from sims.options import require_at_least, require_seed
from sims.rule_domains import RULE_DB, RuleDomain, rule_domains
from sims.sqnr_cases import KINDS, LENGTHS, Case, Pools, draw_case, draw_pools, errors, predicted_db

__all__ = ["Config", "Outcome", "Result", "document", "figure", "learned", "largest", "rules", "run", "summary"]

FALSE_ALARM = 1e-3
RESOLVED_DB = 0.1
FEWEST_DRAWS = 30 * max(LENGTHS)
ASYMPTOTIC = "output"
COLORS = {"word": "C0", "dot": "C1", "fixed": "C2", "output": "C3"}


@dataclass(frozen=True)
class Config:
    """What a run depends on.

    Parameters
    ----------
    cases : int
        How many to draw, at least 1.
    draws : int
        Operands of each kind that a case takes, a multiple of 16 and at least 480.
    seed : int
        Not negative; draws cases and operands.

    Raises
    ------
    ValueError
        A number is outside its range.
    """

    cases: int = 640
    draws: int = 3 * 2**19
    seed: int = 0

    def __post_init__(self) -> None:
        require_at_least(1, "give a number of cases", cases=self.cases)
        if self.draws < FEWEST_DRAWS or self.draws % max(LENGTHS):
            raise ValueError(
                f"draws={self.draws} is not a multiple of {max(LENGTHS)} and at least {FEWEST_DRAWS}: give more"
            )
        require_seed(self.seed)


@dataclass(frozen=True)
class Outcome:
    """What one case gave.

    Parameters
    ----------
    case : Case
        What is quantised, and how.
    predicted_db, measured_db : float
        Its SQNR.
    half_width_db : float or None
        Half of the measurement's interval; None where the draws are too skewed for one.
    is_inside : bool or None
        Whether the interval contains the prediction; None without one.
    """

    case: Case
    predicted_db: float
    measured_db: float
    half_width_db: float | None
    is_inside: bool | None

    @property
    def difference_db(self) -> float:
        """Measured less predicted."""
        return self.measured_db - self.predicted_db

    @property
    def is_resolved(self) -> bool:
        """Whether the measurement is known to 0.1 dB."""
        return self.half_width_db is not None and self.half_width_db <= RESOLVED_DB


@dataclass(frozen=True)
class Result:
    """What a run found: all cases, and the domains of the 6-dB rules."""

    config: Config
    outcomes: tuple[Outcome, ...]
    rules: tuple[RuleDomain, ...]

    def of(self, *kinds: str) -> tuple[Outcome, ...]:
        """Return the outcomes of some kinds of case."""
        return tuple(outcome for outcome in self.outcomes if outcome.case.kind in kinds)


def run(config: Config, *, report: reporting.Report = lambda *_: None) -> Result:
    """Return predicted and measured SQNR of random cases, and where the 6-dB rules hold (deterministic).

    Parameters
    ----------
    config : Config
        How many cases, and on how many draws.
    report : callable
        Called with what is done, how many of it, and of how many.

    Returns
    -------
    Result
        The numbers of the tables, the JSON file and the figure.
    """
    rng = np.random.default_rng(config.seed)
    pools = draw_pools(rng, config.draws)
    return Result(config, tuple(_outcomes(config.cases, pools, rng, report)), rule_domains(rng))


def _outcomes(cases: int, pools: Pools, rng: np.random.Generator, report: reporting.Report) -> Iterator[Outcome]:
    for done in range(cases):
        yield _outcome(draw_case(rng), pools, rng)
        report("cases", done + 1, cases)


def _outcome(case: Case, pools: Pools, rng: np.random.Generator) -> Outcome:
    predicted = predicted_db(case)
    powers = tuple(values**2 for values in errors(case, pools, rng))
    measured = DECIBELS * float(np.log(powers[0].mean() / powers[1].mean()))
    try:
        interval = intervals.log_ratio_interval(*powers, false_alarm=FALSE_ALARM)
    except ValueError:
        return Outcome(case, predicted, measured, None, None)
    low, high = (DECIBELS * float(end) for end in (interval.low, interval.high))
    return Outcome(case, predicted, measured, (high - low) / 2, bool(low <= predicted <= high))


def largest(outcomes: Sequence[Outcome]) -> Outcome | None:
    """Return the case of the largest difference; None where there is none."""
    return max(outcomes, key=lambda outcome: abs(outcome.difference_db), default=None)


def summary(result: Result) -> Table:
    """Return the table of the cases: one row a kind."""
    caption = (
        f"Resolved: the measurement's interval, missed with a probability of {FALSE_ALARM:g} a case, reaches at most "
        f"{RESOLVED_DB} dB to either side; what is not hangs on rare overflows. Difference: measured less predicted, "
        "of resolved cases, ± the reach of the interval. Outside: cases whose interval, however wide, does not "
        "contain the prediction. The last row is asymptotic, the others are exact."
    )
    headers = ("what is quantised", "cases", "resolved", "largest\ndifference, dB", "median, dB", "outside")
    title = f"SQNR, predicted and measured on {result.config.draws:,} draws of each operand"
    rows = [_cells(KINDS[kind], result.of(kind)) for kind in KINDS]
    return reporting.table(title, headers, rows, caption=caption)


def _cells(name: str, outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    resolved = [outcome for outcome in outcomes if outcome.is_resolved]
    outside = sum(outcome.is_inside is False for outcome in outcomes)
    worst = largest(resolved)
    counts = str(len(outcomes)), str(len(resolved))
    if worst is None:
        return name, *counts, "–", "–", str(outside)
    median = np.median([abs(outcome.difference_db) for outcome in resolved])
    return name, *counts, f"{worst.difference_db:+.3f} ± {worst.half_width_db:.3f}", f"{median:.4f}", str(outside)


def rules(result: Result) -> Table:
    """Return the table of the 6-dB rules: one row a rule and law."""
    title = f"Word lengths at which the 6-dB rules are within {RULE_DB} dB, of 2 to 16"
    rows = [(domain.rule, domain.what, domain.bits) for domain in result.rules]
    return reporting.table(title, ("rule", "applied to", "bits"), rows, text_columns=3)


def learned(result: Result) -> str:
    """Return what the cases say, in a few sentences."""
    exact = result.of(*(kind for kind in KINDS if kind != ASYMPTOTIC))
    return f"{_sentence('exact predictors', exact)} {_sentence('rounded outputs', result.of(ASYMPTOTIC))}"


def _sentence(name: str, outcomes: Sequence[Outcome]) -> str:
    resolved = [outcome for outcome in outcomes if outcome.is_resolved]
    worst, worst_of_all = largest(resolved), largest(outcomes)
    if worst is None or worst_of_all is None:
        return f"No case of the {name} is resolved."
    return (
        f"The largest difference of the {name} is {abs(worst.difference_db):.3f} dB in {len(resolved)} resolved cases, "
        f"measured to ±{worst.half_width_db:.3f} dB, and {abs(worst_of_all.difference_db):.3f} dB in all "
        f"{len(outcomes)}; the former at: {worst.case}."
    )


def document(result: Result) -> dict[str, Any]:
    """Return a result as JSON values."""
    return {
        "experiment": "sqnr_grid",
        "config": asdict(result.config),
        "false_alarm": FALSE_ALARM,
        "cases": [_outcome_document(outcome) for outcome in result.outcomes],
        "rules": [asdict(domain) for domain in result.rules],
        "learned": learned(result),
    }


def _outcome_document(outcome: Outcome) -> dict[str, Any]:
    case = outcome.case
    numbers = {name: value for name, value in vars(outcome).items() if name != "case"}
    return {"kind": case.kind, "length": case.length, "case": str(case), **numbers}


def figure(result: Result) -> Figure:
    """Return the figure of a result: measured over predicted, and the differences of the resolved cases."""
    made = Figure(figsize=(10, 4.5), layout="constrained")
    scatter, histogram = made.subplots(1, 2)
    _draw_scatter(scatter, result)
    _draw_histogram(histogram, result)
    return made


def _draw_scatter(panel: Axes, result: Result) -> None:
    for kind, color in COLORS.items():
        outcomes = result.of(kind)
        predicted, measured = ([getattr(each, name) for each in outcomes] for name in ("predicted_db", "measured_db"))
        panel.scatter(predicted, measured, s=9, color=color, label=KINDS[kind])
    ends = panel.get_xlim()
    panel.plot(ends, ends, color="black", linewidth=0.5)
    panel.set_xlabel("predicted SQNR, dB")
    panel.set_ylabel("measured SQNR, dB")
    panel.legend(fontsize="small", loc="upper left")


def _draw_histogram(panel: Axes, result: Result) -> None:
    resolved = {kind: [each.difference_db for each in result.of(kind) if each.is_resolved] for kind in KINDS}
    everything = np.concatenate([*resolved.values(), [RESOLVED_DB]])
    edges = np.linspace(-1, 1, 42) * np.abs(everything).max()
    panel.hist([*resolved.values()], bins=edges.tolist(), stacked=True, color=[*COLORS.values()])
    panel.locator_params(axis="x", nbins=5)
    panel.set_xlabel("measured less predicted, dB (resolved cases)")
    panel.set_ylabel("cases")


app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def main(
    cases: Annotated[int, typer.Option(min=1, help="how many cases to draw")] = Config.cases,
    draws: Annotated[
        int, typer.Option(min=FEWEST_DRAWS, help="operands of each kind that a case takes, a multiple of 16")
    ] = Config.draws,
    json: Annotated[Path | None, typer.Option(dir_okay=False, help="write all numbers to this file")] = None,
    figure_file: Annotated[
        Path | None,
        typer.Option("--figure", dir_okay=False, help="draw measured over predicted to this .png, .svg or .pdf"),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="draws cases and operands")] = 0,
) -> None:
    """Compare predicted with measured SQNR over a random grid of formats, modes, laws and lengths.

    The exact predictors know laws, formats and modes: words, dot products of random operands, dot products of given
    weights. A rounded output is asymptotic: its sums must take many values. The measurement is bit-true, on data that
    overflows, and an interval says how well it is known.

    The second table compares the 6-dB rules with what is true: at few bits they fail everywhere, and where the range is
    clipped at 4 rms at many bits too.
    """
    with reporting.one_line_errors():
        config = Config(cases, draws, seed)
        if figure_file is not None:
            reporting.check_figure_path(figure_file)
        with reporting.progress_bars() as report:
            result = run(config, report=report)
        reporting.show(summary(result))
        reporting.show(rules(result))
        typer.echo(learned(result))
        if json is not None:
            reporting.write_json(document(result), json)
        if figure_file is not None:
            reporting.save_figure(figure(result), figure_file)
            typer.echo(f"figure: {figure_file}")


if __name__ == "__main__":
    app(prog_name="python -m sims.sqnr_grid")
