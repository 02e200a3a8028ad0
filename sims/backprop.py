"""Where gradient descent on a small nonlinear system ends, and the bits of its weights: ``python -m sims.backprop``.

The system learns the angle of a point on the unit circle, y = ln(1 + (w₃(w₁ cos θ + w₂ sin θ)²)²). Many descents from
random starts tell how often the output collapses to zero; five rules then say how many bits each weight needs.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import ceil, log2, pi
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from rich.table import Table

from fxp.backprop.angle_costs import angle_cost, angle_gradient, angle_hessian
from fxp.backprop.angle_minima import angle_minimum
from fxp.backprop.weight_words import BitRule, LocalCost, WeightBits, rounding_loss, weight_bits
from fxp.formats import Format
from fxp.quantization import quantize
from sims import reporting
from sims.descents import Descent, End, Update, descend, end_of, outputs
from sims.intervals import clopper_pearson

__all__ = ["Config", "Curve", "Result", "WeightRow", "WordRow", "document", "figure", "learned", "run", "summary"]

Floats = NDArray[np.float64]

PUBLISHED = (0.9547247, -0.8316406, 0.7071791)
NAMES = ("w1", "w2", "w3")
CURVES = 8
FALSE_ALARM = 0.05  # of the interval of a share
WORD_RUNS = 10
WORD_RANGE = 1  # log2 of the range of the weights in training


@dataclass(frozen=True)
class Config:
    """What a run depends on.

    Parameters
    ----------
    runs : int
        Descents, at least 1.
    steps : int
        Training samples and updates of each, at least 100.
    tests : int
        Test samples, at least 100.
    step_size : float
        μ, positive, of w + μ·factor·(θ − y)·∂y/∂w.
    factor : float
        1, or 2 for a step along the slope of the squared error.
    budget : float
        Share of the cost that rounding one weight may add, positive.
    train_bits : tuple of int
        Word lengths of weights in training, 2 to 48; none to leave that part out.
    seed : int
        Not negative; draws starts and samples.

    Raises
    ------
    ValueError
        A number is outside its range.
    """

    runs: int = 200
    steps: int = 50_000
    tests: int = 10_000
    step_size: float = 1e-3
    factor: float = 1.0
    budget: float = 0.01
    train_bits: tuple[int, ...] = (8, 10, 12, 16)
    seed: int = 0

    def __post_init__(self) -> None:
        for name, least in (("runs", 1), ("steps", 100), ("tests", 100), ("seed", 0)):
            if getattr(self, name) < least:
                raise ValueError(f"{name}={getattr(self, name)} is not at least {least}: give a larger number")
        if self.factor not in (1, 2):
            raise ValueError(f"factor={self.factor} is not 1 or 2: choose the convention of the update")
        for name in ("step_size", "budget"):
            if not 0 < getattr(self, name) < float("inf"):
                raise ValueError(f"{name}={getattr(self, name)} is not finite and positive: give another")
        if not all(2 <= bits <= 48 for bits in self.train_bits):
            raise ValueError(f"train_bits={self.train_bits} are not all between 2 and 48: give word lengths")


@dataclass(frozen=True)
class Curve:
    """One descent.

    Parameters
    ----------
    steps : tuple of int
        Updates before each record.
    weights : tuple of tuple of float
        w₁, w₂, w₃ at each record, up to a divergence.
    costs : tuple of float
        Exact mean square error of those.
    end : End
        Where it ended.
    """

    steps: tuple[int, ...]
    weights: tuple[tuple[float, ...], ...]
    costs: tuple[float, ...]
    end: End


@dataclass(frozen=True)
class WeightRow:
    """One weight of one set of weights.

    Parameters
    ----------
    origin : str
        "published" or "trained".
    name : str
        w1, w2 or w3.
    value : float
        Before rounding.
    range_exponent : int
        The word spans [−2^r, 2^r).
    rules : tuple of WeightBits
        The answers.
    granular, overload : float or None
        Shares of the cost that the bit-true word adds.
    test_before, test_after : float or None
        Mean square error on the test samples, with the weights as they are and with this one in its bit-true word.
    """

    origin: str
    name: str
    value: float
    range_exponent: int
    rules: tuple[WeightBits, ...]
    granular: float | None
    overload: float | None
    test_before: float
    test_after: float | None


@dataclass(frozen=True)
class WordRow:
    """Training with the weights in words of one length, from starts that end in the global minimum in floats.

    Parameters
    ----------
    bits : int
        Word length on [−2, 2).
    update : Update
        How a new weight is rounded.
    cost : float
        Median of the final exact mean square errors.
    still : float
        Median share of the updates after which no weight changed any more.
    runs : int
        Of how many descents.
    """

    bits: int
    update: Update
    cost: float
    still: float
    runs: int


@dataclass(frozen=True)
class Result:
    """What a run found.

    Parameters
    ----------
    config : Config
        What it was asked for.
    ends : mapping from End to int
        How many descents ended where.
    curves : tuple of Curve
        The first descents.
    weights : tuple of WeightRow
        Bits of the published weights and of the best trained ones; the latter only where a descent came to the minimum.
    words : tuple of WordRow
        Training in words.
    """

    config: Config
    ends: dict[End, int]
    curves: tuple[Curve, ...]
    weights: tuple[WeightRow, ...]
    words: tuple[WordRow, ...]


def run(config: Config, *, report: reporting.Report = lambda *_: None) -> Result:
    """Return where descents end and what bits the weights need (deterministic).

    Parameters
    ----------
    config : Config
        What to do.
    report : callable
        Called with what is done, how many of it, and of how many.
    """
    streams = np.random.SeedSequence(config.seed).spawn(config.runs + 1)
    tests = np.random.default_rng(streams[0]).uniform(-pi, pi, config.tests)
    found: list[tuple[Descent, End]] = []
    for number, stream in enumerate(streams[1:], start=1):
        path = descend(*_samples(stream, config), config.step_size, factor=config.factor)
        found.append((path, end_of(path)))
        report("descents", number, config.runs)
    arrived = [place for place, (_, end) in enumerate(found) if end is End.GLOBAL]
    finals = [found[place][0].weights[-1] for place in arrived]
    rows = _weight_rows("published", np.array(PUBLISHED), tests, config.budget)
    if finals:
        rows += _weight_rows("trained", min(finals, key=angle_cost), tests, config.budget)
    words = _words([streams[1 + place] for place in arrived[:WORD_RUNS]], config, report)
    ends = {end: sum(each is end for _, each in found) for end in End}
    return Result(config, ends, tuple(_curve(*each) for each in found[:CURVES]), tuple(rows), words)


def _samples(stream: np.random.SeedSequence, config: Config) -> tuple[Floats, Floats]:
    """Return the start and the training samples of a descent, the same whenever it is asked for."""
    rng = np.random.default_rng(stream)
    return rng.uniform(-1, 1, 3), rng.uniform(-pi, pi, config.steps)


def _curve(path: Descent, end: End) -> Curve:
    until = len(path.steps) if path.diverged_at is None else np.searchsorted(path.steps, path.diverged_at, side="right")
    steps, weights = path.steps[:until], path.weights[:until]
    return Curve(tuple(steps.tolist()), tuple(map(tuple, weights.tolist())), tuple(angle_cost(weights).tolist()), end)


def _weight_rows(origin: str, weights: Floats, tests: Floats, budget: float) -> list[WeightRow]:
    local = LocalCost(lambda w: float(angle_cost(w)), weights, angle_gradient(weights), angle_hessian(weights))
    before = _test_error(weights, tests)
    rows = []
    for place, value in enumerate(weights.tolist()):
        exponent = ceil(log2(abs(value)))
        rules = tuple(weight_bits(local, place, budget=budget, rule=r, range_exponent=exponent) for r in BitRule)
        bits = rules[-1].bits
        granular = overload = after = None
        if bits is not None:
            word = Format(bits, bits - 1 - exponent)
            loss = rounding_loss(local, place, word)
            granular, overload = loss.granular / local.value, loss.overload / local.value
            changed = weights.copy()
            changed[place] = float(quantize(value, word))
            after = _test_error(changed, tests)
        rows.append(WeightRow(origin, NAMES[place], value, exponent, rules, granular, overload, before, after))
    return rows


def _test_error(weights: Floats, tests: Floats) -> float:
    return float(np.mean((tests - outputs(weights, tests)) ** 2))


def _words(streams: Sequence[np.random.SeedSequence], config: Config, report: reporting.Report) -> tuple[WordRow, ...]:
    if not streams:
        return ()
    rows = []
    updates = (Update.NEAREST, Update.STOCHASTIC)
    for number, bits in enumerate(config.train_bits):
        word = Format(bits, bits - 1 - WORD_RANGE)
        for update in updates:
            paths = [
                descend(
                    *_samples(stream, config),
                    config.step_size,
                    factor=config.factor,
                    word=word,
                    update=update,
                    rng=np.random.default_rng([config.seed, bits]),
                )
                for stream in streams
            ]
            cost = float(np.median([angle_cost(path.weights[-1]) for path in paths]))
            still = float(np.median([1 - path.still_since / config.steps for path in paths]))
            rows.append(WordRow(bits, update, cost, still, len(paths)))
        report("training in words", number + 1, len(config.train_bits))
    return tuple(rows)


def summary(result: Result) -> tuple[Table, ...]:
    """Return the tables of a result: ends, bits, and training in words where there is any."""
    tables = (_ends_table(result), _bits_table(result))
    return (*tables, _words_table(result)) if result.words else tables


def _ends_table(result: Result) -> Table:
    config = result.config
    rows = []
    for end, count in result.ends.items():
        interval = clopper_pearson(count, config.runs, false_alarm=FALSE_ALARM)
        low, high = (reporting.percent(float(side), digits=1) for side in (interval.low, interval.high))
        rows.append((str(end), str(count), reporting.percent(count / config.runs, digits=1), f"{low} to {high}"))
    caption = (
        f"{config.runs} descents of {config.steps:,} updates, μ = {config.step_size:g}, factor {config.factor:g}, "
        "from uniform starts in [−1, 1]³. Elsewhere: not at rest, as a rule on the plateau around w₃ = 0. Cost at the "
        f"global minimum {angle_minimum().cost:.7f}, where w₃ = 0 it is π²/3 = {pi**2 / 3:.4f}."
    )
    headers = ("end", "descents", "share", "95 % interval")
    return reporting.table("Where gradient descent ends", headers, rows, caption=caption)


def _bits_table(result: Result) -> Table:
    rows = [
        (
            f"{row.origin} {row.name}",
            f"{row.value:+.7f}",
            f"±2^{row.range_exponent}",
            *map(_answer, row.rules),
            _share(row.granular),
            _share(row.overload),
            "–" if row.test_after is None else f"{row.test_after:.4f}\n{row.test_after / row.test_before - 1:+.2%}",
        )
        for row in result.weights
    ]
    headers = (
        "weight",
        "value",
        "range",
        "first\norder",
        "Hessian,\nworst",
        "Hessian,\nnoise",
        "exact,\ngranular",
        "bit-true",
        "granular",
        "overload",
        "test MSE",
    )
    caption = (
        f"Shortest words that keep the cost within {reporting.percent(result.config.budget, digits=1)}, each weight "
        "alone, and what each rule expects it to add. Granular, overload and test error are of the bit-true word. "
        "Void: at the answer of the first-order rule, the second order is larger than the first; or, for noise, the "
        "curvature is not positive."
    )
    return reporting.table("Bits of each weight by five rules", headers, rows, caption=caption)


def _answer(rule: WeightBits) -> str:
    return "void" if rule.bits is None or rule.increase is None else f"{rule.bits}\n{100 * rule.increase:+.2f} %"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:+.2f} %"


def _words_table(result: Result) -> Table:
    rows = [
        (f"{row.bits} bits, {row.update}", f"{row.cost:.4f}", reporting.percent(row.still, digits=1))
        for row in result.words
    ]
    caption = (
        f"Medians of {result.words[0].runs} descents that reach the minimum in floats. Weights on [−2, 2), rounded at "
        "each update. An update of less than half a step is lost by rounding to nearest: the weights stand still."
    )
    headers = ("weights in training", "final cost", "standing still")
    return reporting.table("Training with rounded weights", headers, rows, caption=caption)


def learned(result: Result) -> str:
    """Return what was found, in a few sentences."""
    count, late = result.ends[End.COLLAPSED], result.ends[End.ELSEWHERE]
    first = (
        f"{count} of {result.config.runs} descents collapse to a constant output, a local minimum that no precision "
        f"repairs; {late} more are at no minimum yet, and {result.ends[End.DIVERGED]} diverge."
    )
    void = sum(rule.bits is None for row in result.weights for rule in row.rules if rule.rule is BitRule.FIRST_ORDER)
    short = [
        f"{row.origin} {row.name}"
        for row in result.weights
        if _bits(row, BitRule.HESSIAN_WORST_CASE) < _bits(row, BitRule.BIT_TRUE)
    ]
    second = f"The first-order rule is void for {void} of {len(result.weights)} weights."
    third = f"Saturation makes the worst-case rule too short for {', '.join(short)}." if short else ""
    return " ".join(filter(None, (first, second, third)))


def _bits(row: WeightRow, rule: BitRule) -> int:
    return next((each.bits for each in row.rules if each.rule is rule and each.bits is not None), 0)


def document(result: Result) -> dict[str, Any]:
    """Return a result as JSON values."""
    values = asdict(result)
    values["ends"] = {str(end): count for end, count in result.ends.items()}
    return {"experiment": "backprop", **values, "learned": learned(result)}


def figure(result: Result) -> Figure:
    """Return the figure of a result: costs and weights while it trains, the cost of rounding, training in words."""
    made = Figure(figsize=(10, 7.5), layout="constrained")
    panels = made.subplots(2, 2)
    _draw_costs(panels[0, 0], result)
    _draw_weights(panels[0, 1], result)
    _draw_rounding(panels[1, 0], result)
    _draw_words(panels[1, 1], result)
    for panel in panels.flat:
        panel.grid(alpha=0.25)
    return made


COLORS = {End.GLOBAL: "C0", End.COLLAPSED: "C3", End.ELSEWHERE: "C2", End.DIVERGED: "0.5"}


def _draw_costs(panel: Axes, result: Result) -> None:
    for end in End:
        for number, curve in enumerate(each for each in result.curves if each.end is end):
            label = str(end) if number == 0 else None
            panel.plot(curve.steps, curve.costs, color=COLORS[end], linewidth=1, label=label)
    panel.axhline(angle_minimum().cost, color="k", linewidth=0.7, linestyle=":", label="least cost, and π²/3")
    panel.axhline(pi**2 / 3, color="k", linewidth=0.7, linestyle=":")
    panel.set(title="Cost, first descents", xlabel="updates", ylabel="mean square error (rad²)", ylim=(3.0, 3.8))
    panel.legend(fontsize=8)


def _draw_weights(panel: Axes, result: Result) -> None:
    ends = [curve.end for curve in result.curves]
    curve = result.curves[ends.index(End.GLOBAL) if End.GLOBAL in ends else 0]
    for place, name in enumerate(NAMES):
        panel.plot(curve.steps, [weights[place] for weights in curve.weights], label=name)
    panel.set(title=f"Weights of one descent: {curve.end}", xlabel="updates", ylabel="weight")
    panel.legend(fontsize=8)


def _draw_rounding(panel: Axes, result: Result) -> None:
    weights = np.array(PUBLISHED)
    local = LocalCost(lambda w: float(angle_cost(w)), weights, angle_gradient(weights), angle_hessian(weights))
    bits = np.arange(1, 11)
    losses = [rounding_loss(local, 0, Format(int(each), int(each) - 1)) for each in bits]
    steps = 2.0 ** (1 - bits)
    curvature, slope = local.hessian[0, 0], abs(local.gradient[0])
    for label, style, values in (
        ("Hessian, worst case", "C1--", slope * steps / 2 + curvature * steps**2 / 8),
        ("Hessian, uniform noise", "C2--", curvature * steps**2 / 24),
        ("exact, granular", "C0s", [abs(loss.granular) for loss in losses]),
        ("bit-true", "k.-", [abs(loss.total) for loss in losses]),
    ):
        panel.semilogy(bits, np.asarray(values) / local.value, style, label=label, markersize=5)
    panel.axhline(result.config.budget, color="C3", linewidth=0.8, label="budget")
    panel.set(
        title="Published w1 = 0.955 in a word on [−1, 1)", xlabel="bits", ylabel="change of the cost (share of it)"
    )
    panel.legend(fontsize=8)


def _draw_words(panel: Axes, result: Result) -> None:
    for update, style in ((Update.NEAREST, "o-"), (Update.STOCHASTIC, "s-")):
        rows = [row for row in result.words if row.update is update]
        if rows:
            panel.plot([row.bits for row in rows], [row.cost for row in rows], style, label=str(update))
    panel.axhline(angle_minimum().cost, color="k", linewidth=0.7, linestyle=":", label="least cost")
    panel.set_xticks(sorted({row.bits for row in result.words}))
    panel.set(title="Training with rounded weights", xlabel="bits, range [−2, 2)", ylabel="median final cost (rad²)")
    panel.legend(fontsize=8)


app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def main(
    runs: Annotated[int, typer.Option(min=1, help="descents from random starts")] = 200,
    steps: Annotated[int, typer.Option(min=100, help="training samples, one update each")] = 50_000,
    tests: Annotated[int, typer.Option(min=100, help="test samples")] = 10_000,
    step_size: Annotated[float, typer.Option(help="μ of w + μ·factor·(θ − y)·∂y/∂w")] = 1e-3,
    factor: Annotated[float, typer.Option(help="1, or 2 for a step along the slope of the squared error")] = 1.0,
    budget: Annotated[float, typer.Option(help="share of the cost that rounding a weight may add")] = 0.01,
    train_bits: Annotated[
        str, typer.Option(help="word lengths of the weights in training, with commas; empty for none")
    ] = "8,10,12,16",
    seed: Annotated[int, typer.Option(min=0, help="draws starts and samples")] = 0,
    json: Annotated[Path | None, typer.Option(dir_okay=False, help="write all numbers to this file")] = None,
    figure_file: Annotated[
        Path | None, typer.Option("--figure", dir_okay=False, help="draw all curves to this .png, .svg or .pdf")
    ] = None,
) -> None:
    """Train a small nonlinear system from many starts, and say how many bits each of its weights needs, by five rules.

    The first table counts where the descents end, the second has the bits, the third trains with rounded weights.
    """
    with reporting.one_line_errors():
        target = None if figure_file is None else reporting.check_figure_path(figure_file)
        for file in filter(None, (json, target)):
            reporting.check_writable(file)
        config = Config(runs, steps, tests, step_size, factor, budget, _lengths(train_bits), seed)
        with reporting.progress_bars() as report:
            result = run(config, report=report)
        for table in summary(result):
            reporting.show(table)
        typer.echo(learned(result))
        if json is not None:
            reporting.write_json(document(result), json)
        if target is not None:
            reporting.save_figure(figure(result), target)
            typer.echo(f"figure: {target}")


def _lengths(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(each) for each in text.split(",") if each.strip())
    except ValueError:
        raise ValueError(f"train_bits={text!r} is no list of word lengths: give for instance 8,12") from None


if __name__ == "__main__":
    app(prog_name="python -m sims.backprop")
