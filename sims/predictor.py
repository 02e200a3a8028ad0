"""How many bits does a linear predictor need?  ``python -m sims.predictor``.

A stationary process is predicted from its past in fixed point: inputs and weights of B bits, exact integer sums. The
noise model, the exact loss and a bit-true simulation stand side by side, for some ranges of the inputs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from math import frexp, log10
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray
from rich.table import Table

import fxp
from fxp.filters.designs import PredictorDesign
from fxp.filters.losses import PredictorLoss
from sims import reporting
from sims.measure import Measurement
from sims.options import require_at_least, require_seed

__all__ = [
    "Config",
    "Drive",
    "Measured",
    "Result",
    "Row",
    "document",
    "figure",
    "learned",
    "published",
    "run",
    "summary",
]

Floats = NDArray[np.float64]
FEWEST_RUNS = 1000
BATCH = 5000
LONGEST = 24  # bits, beyond which no run is long enough to see a loss
MISSES = 0.05  # of the intervals
THREE_TAPS = (0.1, 0.5, -0.5, 0.1)


class Drive(StrEnum):
    """Law of the draws that drive the process, of unit power."""

    GAUSSIAN = "gaussian"
    UNIFORM = "uniform"
    SIGN = "sign"

    @property
    def signal(self) -> fxp.Signal:
        """The law."""
        match self:
            case Drive.GAUSSIAN:
                return fxp.Signal.gaussian()
            case Drive.UNIFORM:
                return fxp.Signal.uniform(-(3**0.5), 3**0.5)
            case Drive.SIGN:
                return fxp.Signal.from_samples([-1.0, 1.0])


@dataclass(frozen=True)
class Config:
    """What a run depends on.

    Parameters
    ----------
    moving_average, autoregressive : tuple of float
        Coefficients of the process, as of `fxp.Process`.
    drive : Drive
        Law of its draws.
    taps : int
        Weights of the predictor, at least 1.
    loss_db : float
        Loss that is allowed, dB, positive.
    bits : tuple of int
        Word lengths of inputs and weights, each 1 to 24.
    ranges : tuple of float
        Ends r of the inputs' ranges [−r, r), powers of two.
    accumulator_bits : int, optional
        Width of an accumulator that saturates at every step; None for exact sums.
    runs : int
        Independent predictions that measure, at least 1000.
    seed : int
        Not negative.

    Raises
    ------
    ValueError
        A number is outside its range.
    """

    moving_average: tuple[float, ...] = THREE_TAPS
    autoregressive: tuple[float, ...] = ()
    drive: Drive = Drive.GAUSSIAN
    taps: int = 3
    loss_db: float = 0.1
    bits: tuple[int, ...] = tuple(range(2, 9))
    ranges: tuple[float, ...] = (1.0, 2.0, 4.0)
    accumulator_bits: int | None = None
    runs: int = 200_000
    seed: int = 0

    def __post_init__(self) -> None:
        require_at_least(1, "give the number of weights", taps=self.taps)
        require_at_least(FEWEST_RUNS, "give a number of predictions", runs=self.runs)
        if not self.bits or not 1 <= min(self.bits) <= max(self.bits) <= LONGEST:
            raise ValueError(f"bits={self.bits} are not word lengths between 1 and {LONGEST}: give the shortest first")
        require_at_least(1, "give a width", accumulator_bits=self.accumulator_bits)
        require_seed(self.seed)
        if not 0 < self.loss_db < float("inf"):
            raise ValueError(f"loss_db={self.loss_db} is not positive and finite: give the loss that is allowed, in dB")
        if not self.ranges or any(frexp(end)[0] != 0.5 for end in self.ranges):
            raise ValueError(f"ranges={self.ranges} are not powers of two: formats have no other ends")

    @property
    def process(self) -> fxp.Process:
        """The process."""
        return fxp.Process(self.moving_average, self.autoregressive, self.drive.signal)


@dataclass(frozen=True)
class Measured:
    """A loss in dB with the ends of its 95 % interval, and what happened in the hardware.

    Parameters
    ----------
    loss_db, low_db, high_db : float
        Mean square error over that of the same runs without rounding.
    overload : float
        Share of the inputs that were out of range.
    overflowed : int
        Sums that overflowed the accumulator.
    """

    loss_db: float
    low_db: float
    high_db: float
    overload: float
    overflowed: int


@dataclass(frozen=True)
class Row:
    """One word length and one range.

    Parameters
    ----------
    bits : int
        Word length of inputs and weights.
    x_range : float
        End of the inputs' range.
    x_format, w_format : Format
        Formats.
    full_adders : int
        By the convention printed_ceil.
    accumulator_bits : int
        Least width that no input overflows.
    model_db : float
        Loss by the noise model.
    exact : PredictorLoss or None
        Exact loss; None where the process has none.
    measured : Measured
        Loss of the bit-true simulation.
    """

    bits: int
    x_range: float
    x_format: fxp.Format
    w_format: fxp.Format
    full_adders: int
    accumulator_bits: int
    model_db: float
    exact: PredictorLoss | None
    measured: Measured


@dataclass(frozen=True)
class Result:
    """What a run found.

    Parameters
    ----------
    config : Config
        What it was asked for.
    predictor : Predictor
        The optimal one, without rounding.
    rows : tuple of Row
        By range, then word length.
    equal, cheapest : PredictorDesign or None
        The best formats within the loss, by the exact loss, else by the noise model; None where none is.
    """

    config: Config
    predictor: fxp.Predictor
    rows: tuple[Row, ...]
    equal: PredictorDesign | None
    cheapest: PredictorDesign | None


def run(config: Config, *, report: reporting.Report = lambda *_: None) -> Result:
    """Return predicted and measured losses of every word length and range (deterministic).

    Parameters
    ----------
    config : Config
        Process, predictor and words.
    report : callable
        Called with what is done, how many of it, and of how many.

    Raises
    ------
    ValueError
        The process is not stationary, or is predicted without error.
    """
    process = config.process
    predictor = fxp.optimal_predictor(process, config.taps)
    weights_end = 2.0 ** np.ceil(np.log2(max(map(abs, predictor.weights)) or 1.0))
    formats = [
        (fxp.Format.for_range(-end, end, bits), fxp.Format.for_range(-weights_end, weights_end, bits))
        for end in config.ranges
        for bits in config.bits
    ]
    simulated = _simulate(config, process, predictor, formats, report)
    rows = tuple(_row(process, predictor, words, measured) for words, measured in zip(formats, simulated, strict=True))
    exact = all(row.exact is not None for row in rows)
    best = _best(process, config, exact=exact)
    return Result(config, predictor, rows, *((best.equal, best.cheapest) if best else (None, None)))


def _best(process: fxp.Process, config: Config, *, exact: bool) -> fxp.PredictorBits | None:
    try:
        return fxp.predictor_bits(
            process, config.taps, config.loss_db, method="exact" if exact else "noise_model", max_bits=max(config.bits)
        )
    except ValueError:
        return None


def _simulate(
    config: Config,
    process: fxp.Process,
    predictor: fxp.Predictor,
    formats: Sequence[tuple[fxp.Format, fxp.Format]],
    report: reporting.Report,
) -> Iterator[Measured]:
    """Yield what each pair of formats does on the same runs: codes in, exact or limited integer sums, codes out."""
    rng = np.random.default_rng(config.seed)
    weights = np.array(predictor.weights)
    errors = np.empty((len(formats) + 1, config.runs))
    outside, overflowed = np.zeros(len(formats)), np.zeros(len(formats), np.int64)
    for start in range(0, config.runs, BATCH):
        report("predictions", start, config.runs)
        span = slice(start, min(start + BATCH, config.runs))
        x = process.sample(rng, (span.stop - start, config.taps + 1))
        past, present = x[:, -2::-1], x[:, -1]
        errors[-1, span] = present - past @ weights
        for place, (x_format, w_format) in enumerate(formats):
            sums = _sums(past, weights, x_format, w_format, config.accumulator_bits)
            errors[place, span] = present - sums.codes[:, 0] * (x_format.step * w_format.step)
            overflowed[place] += sums.overflowed or 0
            rounded = fxp.encode(past, fxp.Format(53, x_format.frac_bits))
            outside[place] += np.mean((rounded < x_format.min_code) | (rounded > x_format.max_code)) * len(past)
    for place in range(len(formats)):
        ratio = Measurement.power_ratio_db(errors[place], errors[-1], false_alarm=MISSES)
        yield Measured(
            float(ratio.value),
            float(ratio.low),
            float(ratio.high),
            float(outside[place] / config.runs),
            int(overflowed[place]),
        )


def _sums(
    past: Floats, weights: Floats, x_format: fxp.Format, w_format: fxp.Format, accumulator_bits: int | None
) -> fxp.Accumulation:
    limit = None if accumulator_bits is None else fxp.Accumulator(accumulator_bits)
    return fxp.matmul(fxp.encode(past, x_format), fxp.encode(weights, w_format)[:, np.newaxis], accumulator=limit)


def _row(
    process: fxp.Process, predictor: fxp.Predictor, words: tuple[fxp.Format, fxp.Format], measured: Measured
) -> Row:
    x_format, w_format = words
    noise = float(fxp.fir_noise(predictor.weights, predictor.power, x_format.step, w_format.step))
    shape = fxp.LayerShape("predictor", predictor.taps, 1, predictor.taps, predictor.taps)
    codes = fxp.encode(predictor.weights, w_format)[:, np.newaxis]
    return Row(
        bits=x_format.word_bits,
        x_range=-float(x_format.min),
        x_format=x_format,
        w_format=w_format,
        full_adders=int(
            fxp.computational_cost([shape], w_format.word_bits, x_format.word_bits, convention="printed_ceil")
        ),
        accumulator_bits=int(fxp.guaranteed_bits(codes, x_format)[0]),
        model_db=_loss_db(noise, predictor),
        exact=_exact(process, predictor, x_format, w_format),
        measured=measured,
    )


def _exact(
    process: fxp.Process, predictor: fxp.Predictor, x_format: fxp.Format, w_format: fxp.Format
) -> PredictorLoss | None:
    try:
        return fxp.predictor_loss(process, predictor, x_format, w_format)
    except ValueError:
        return None


def _loss_db(noise: float, predictor: fxp.Predictor) -> float:
    return 10 * log10(1 + noise / predictor.mse)


def summary(result: Result, x_range: float) -> Table:
    """Return the table of one range: one row a word length."""
    rows = [row for row in result.rows if row.x_range == x_range]
    cells = [
        (
            f"{row.bits}",
            f"{row.full_adders}",
            f"{row.accumulator_bits}",
            f"{row.model_db:.3f}",
            *_parts(row.exact, result.predictor),
            f"{row.measured.loss_db:.3f} [{row.measured.low_db:.3f}, {row.measured.high_db:.3f}]",
            f"{row.measured.overload:.2g}",
            *([f"{row.measured.overflowed}"] if result.config.accumulator_bits else []),
            _verdict(row.measured, result.config.loss_db),
        )
        for row in rows
    ]
    limited = result.config.accumulator_bits
    headers = (
        "bits",
        "full\nadders",
        "safe\nsum",
        "noise\nmodel",
        "exact",
        "weights",
        "granular",
        "overload",
        "measured\n[95 %]",
        "inputs out\nof range",
        *([f"sums over\n{limited} bits"] if limited else []),
        f"within\n{result.config.loss_db:g} dB",
    )
    caption = (
        "Losses in dB over the predictor without rounding; those of the parts as if each were alone. Safe sum: bits of "
        "an accumulator that nothing overflows."
    )
    return reporting.table(
        f"inputs on [{-x_range:g}, {x_range:g}), {result.config.runs} predictions", headers, cells, caption=caption
    )


def _parts(loss: PredictorLoss | None, predictor: fxp.Predictor) -> tuple[str, ...]:
    if loss is None:
        return ("–",) * 4
    parts = loss.noise.weights, loss.noise.granular, loss.noise.overload
    return f"{loss.loss_db:.3f}", *(f"{_loss_db(part, predictor):.3f}" for part in parts)


def _verdict(measured: Measured, allowed: float) -> str:
    if measured.low_db <= allowed <= measured.high_db:
        return "open"
    return "yes" if measured.loss_db < allowed else "no"


def learned(result: Result) -> str:
    """Return the answer, and how the predictions fared, in some sentences."""
    config, predictor = result.config, result.predictor
    sentences = [
        f"Without rounding {predictor.taps} taps predict with a mean square error of {predictor.mse:.7f}, "
        f"{predictor.prediction_gain_db:.2f} dB below the power of x."
    ]
    for end in config.ranges:
        real = fxp.predictor_bits_exact(
            config.process, config.taps, config.loss_db, x_range=end, w_range=_weights_end(result)
        )
        sentences.append(f"On ±{end:g} the noise model asks for {real:.3f} bits.")
    exact = [row for row in result.rows if row.exact and not row.measured.overflowed]
    if exact:
        inside = [row for row in exact if _near(row)]
        where = "" if config.accumulator_bits is None else " of runs in which no sum overflowed"
        sentences.append(f"The exact loss is inside of {len(inside)} of {len(exact)} measured 95 % intervals{where}.")
    if result.equal is None or result.cheapest is None:
        return " ".join([*sentences, f"No words of up to {max(config.bits)} bits keep within {config.loss_db:g} dB."])
    sentences.append(f"Within {config.loss_db:g} dB: {_told(result.equal)}; of any lengths {_told(result.cheapest)}.")
    return " ".join(sentences)


def _weights_end(result: Result) -> float:
    return -float(result.rows[0].w_format.min)


def _near(row: Row) -> bool:
    assert row.exact is not None
    return row.measured.low_db <= row.exact.loss_db <= row.measured.high_db


def _told(design: PredictorDesign) -> str:
    loss = "" if design.loss is None else f" and {design.loss.loss_db:.3f} dB"
    return f"{design.x_format} inputs by {design.w_format} weights, {design.full_adders} full adders{loss}"


def published(result: Result) -> Table | None:
    """Return the table of published figures of the three-tap example beside ours; None for another process."""
    config = result.config
    example = (config.moving_average, config.autoregressive, config.drive, config.taps, config.loss_db)
    at_four = {row.x_range: row for row in result.rows if row.bits == 4}
    if example != (THREE_TAPS, (), Drive.GAUSSIAN, 3, 0.1) or not {1.0, 2.0} <= at_four.keys():
        return None
    narrow, wide = at_four[1.0], at_four[2.0]
    real = fxp.predictor_bits_exact(config.process, 3, 0.1, x_range=1, w_range=1)
    cells = [
        ("4 bits keep within 0.1 dB", f"the noise model asks for {real:.4f} bits on ±1", "right by the noise model"),
        (
            "with inputs on [−1, 1)",
            f"{narrow.measured.loss_db:.3f} dB measured, {_exact_db(narrow)} predicted: "
            f"{reporting.percent(narrow.measured.overload, digits=0)} of the inputs are out of range",
            "wrong: overload",
        ),
        (
            "(on [−2, 2): not given)",
            f"{wide.measured.loss_db:.3f} dB measured, {_exact_db(wide)} predicted",
            "4 bits do",
        ),
        ("62 full adders", f"3·4² + 2·(2·4 + 1) = {wide.full_adders}", "wrong: adders of 2B − 1 bits"),
    ]
    return reporting.table(
        "Published figures of this predictor", ("published", "ours", "verdict"), cells, text_columns=3
    )


def _exact_db(row: Row) -> str:
    return "–" if row.exact is None else f"{row.exact.loss_db:.3f} dB"


def document(result: Result) -> dict[str, Any]:
    """Return a result as JSON values; formats by their names."""
    rows = [asdict(row) | {"x_format": str(row.x_format), "w_format": str(row.w_format)} for row in result.rows]
    designs = {name: _design(getattr(result, name)) for name in ("equal", "cheapest")}
    return {
        "experiment": "predictor",
        "config": asdict(result.config),
        "predictor": asdict(result.predictor),
        "rows": rows,
        **designs,
        "learned": learned(result),
    }


def _design(design: PredictorDesign | None) -> dict[str, Any] | None:
    if design is None:
        return None
    return asdict(design) | {"x_format": str(design.x_format), "w_format": str(design.w_format)}


def figure(result: Result) -> Figure:
    """Return the figure of a result: loss against word length, one colour a range."""
    made = Figure(figsize=(7.5, 5), layout="constrained")
    panel = made.subplots()
    for number, end in enumerate(result.config.ranges):
        _draw(panel, f"C{number}", [row for row in result.rows if row.x_range == end])
    panel.axhline(result.config.loss_db, color="0.4", linewidth=0.8)
    panel.text(
        max(result.config.bits),
        result.config.loss_db,
        f"{result.config.loss_db:g} dB allowed ",
        ha="right",
        va="bottom",
    )
    panel.set(
        yscale="log" if _all_lose(result.rows) else "linear",  # of which a logarithm would hide a gain
        xlabel="word length of inputs and weights (bits)",
        ylabel="loss over the predictor without rounding (dB)",
        xticks=result.config.bits,
        title=f"{result.config.taps} taps, {result.config.drive} draws, inputs on [−r, r)",
    )
    panel.grid(alpha=0.25, which="major")
    panel.legend(handles=_legend(result.config.ranges))
    return made


def _all_lose(rows: Sequence[Row]) -> bool:
    return all(row.measured.loss_db > 0 and (row.exact is None or row.exact.loss_db > 0) for row in rows)


def _draw(panel: Axes, color: str, rows: Sequence[Row]) -> None:
    bits = [row.bits for row in rows]
    panel.plot(bits, [row.model_db for row in rows], "--", color=color, linewidth=1)
    if all(row.exact for row in rows):
        panel.plot(bits, [row.exact.loss_db for row in rows if row.exact], color=color, linewidth=1.2)
    seen = [row.measured for row in rows]
    spread = [[row.loss_db - row.low_db for row in seen], [row.high_db - row.loss_db for row in seen]]
    panel.errorbar(bits, [row.loss_db for row in seen], spread, fmt="o", markersize=4, capsize=2, color=color)


def _legend(ranges: Sequence[float]) -> list[Line2D]:
    """Return what colours and lines mean, each told once."""
    colours = [Line2D([], [], color=f"C{number}", label=f"r = {end:g}") for number, end in enumerate(ranges)]
    return [
        *colours,
        Line2D([], [], color="0.3", linestyle="--", label="noise model"),
        Line2D([], [], color="0.3", label="exact"),
        Line2D([], [], color="0.3", marker="o", markersize=4, linestyle="", label="measured, 95 % interval"),
    ]


app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


def _numbers(name: str, text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(",") if part.strip())
    except ValueError:
        raise ValueError(f"{name}={text!r} is not a list of numbers: write 0.1,0.5,-0.5") from None


@app.command()
def main(
    moving_average: Annotated[str, typer.Option(help="b_0,b_1,… of the process")] = "0.1,0.5,-0.5,0.1",
    autoregressive: Annotated[str, typer.Option(help="a_1,a_2,… of the process; none where empty")] = "",
    drive: Annotated[Drive, typer.Option(help="law of the draws; uniform has no exact loss")] = Drive.GAUSSIAN,
    taps: Annotated[int, typer.Option(min=1, help="weights of the predictor")] = 3,
    loss_db: Annotated[float, typer.Option(help="loss that is allowed, dB")] = 0.1,
    bits: Annotated[tuple[int, int], typer.Option(help="shortest and longest words")] = (2, 8),
    ranges: Annotated[str, typer.Option(help="ends of the inputs' ranges, powers of two")] = "1,2,4",
    accumulator_bits: Annotated[
        int | None, typer.Option(min=1, help="sum in a saturating accumulator of this width; left out: exactly")
    ] = None,
    runs: Annotated[int, typer.Option(min=FEWEST_RUNS, help="independent predictions that measure")] = 200_000,
    json: Annotated[Path | None, typer.Option(dir_okay=False, help="write all numbers to this file")] = None,
    figure_file: Annotated[
        Path | None,
        typer.Option("--figure", dir_okay=False, help="draw loss against word length to this .png, .svg or .pdf"),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="draws the runs")] = 0,
) -> None:
    """Predict what a linear predictor loses in fixed point, word length by word length, and measure it bit-true.

    One table a range of the inputs. The noise model knows no overload, the exact loss does; the simulation quantises
    inputs and weights to codes and adds up integers.
    """
    with reporting.one_line_errors():
        target = None if figure_file is None else reporting.check_figure_path(figure_file)
        for file in filter(None, (json, target)):
            reporting.check_writable(file)
        config = Config(
            _numbers("moving_average", moving_average),
            _numbers("autoregressive", autoregressive),
            drive,
            taps,
            loss_db,
            tuple(range(bits[0], bits[1] + 1)),
            _numbers("ranges", ranges),
            accumulator_bits,
            runs,
            seed,
        )
        with reporting.progress_bars() as report:
            result = run(config, report=report)
        for end in config.ranges:
            reporting.show(summary(result, end))
        if (table := published(result)) is not None:
            reporting.show(table)
        reporting.show(learned(result))
        if json is not None:
            reporting.write_json(document(result), json)
        if target is not None:
            reporting.save_figure(figure(result), target)
            typer.echo(f"figure: {target}")


if __name__ == "__main__":
    app(prog_name="python -m sims.predictor")
