"""Predicts how often accumulators below guaranteed width overflow: ``python -m sims.overflow --network resnet20``.

The networks compute in 8-bit integers. Their sums on some held-out images predict, layer by layer, how often a register
of any width overflows on images not seen; the test images then tell how often it does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from math import floor, log2
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import typer
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from rich.table import Table

import analysis
import fxp
from fxp.networks import IntegerNetwork
from fxp.operations import Product
from fxp.overflow.peaks import Peaks
from fxp.overflow.saddlepoint import Cumulants, cumulants, saddlepoint_overflow
from fxp.overflow.tails import Estimate, OverflowTail, overflow_tail
from sims import networks, reporting
from sims.datasets import Dataset, cifar10_or_embedded, load_mnist
from sims.layer_sums import KINDS, LayerSums, layer_sums
from sims.options import require_at_least, require_seed

__all__ = ["Config", "Result", "Row", "compare", "document", "figure", "learned", "run", "summary"]

WORD_BITS = 8
FEWEST_IMAGES = 20
CALIBRATION_SHARE = 0.25  # of each channel: one that overflows alone may hold this part of a probability of 1e-3
TEST_SHARE = 0.002
PROBABILITIES = (1e-3, 1e-4, 1e-5, 1e-6)
FEWEST_TEST_EVENTS = 10  # of a measured probability: with fewer it is no measurement
SADDLEPOINT_LEAST = 1e-3  # deeper tails are not decided by four cumulants
FACTOR = 2.0


@dataclass(frozen=True)
class Config:
    """What a run depends on, besides the data.

    Parameters
    ----------
    network : str
        "lenet5", "convnet" or "resnet20".
    images : int
        Held-out images that predict, at least 20.
    tests : int, optional
        How many test images measure, the first ones; None for all.
    seed : int
        Not negative; draws the held-out images.

    Raises
    ------
    ValueError
        A number is outside its range.
    """

    network: str = "convnet"
    images: int = 100
    tests: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        require_at_least(FEWEST_IMAGES, "give a number of held-out images", images=self.images)
        require_at_least(1, "give a number of test images", tests=self.tests)
        require_seed(self.seed)


@dataclass(frozen=True)
class Row:
    """One layer at one probability: the widths by each method, and the probabilities at the measured width.

    Parameters
    ----------
    layer : str
        Its name.
    kind : {"end", "prefix", "lossy"}
        Overflow at the end of the sum, at any prefix, or at the end with another code after requantisation.
    guaranteed_bits : int
        Width that no input overflows.
    probability : float
        The share of the outputs that overflows on the test images.
    measured_bits : float
        The real width that it belongs to.
    predicted_bits, predicted : Estimate or None
        Width for that probability and probability at that width, by peaks over threshold; None where refused.
    counted_bits : float or None
        Width by counting on the held-out images; None where fewer than one event would be left.
    counted : float
        Share of the held-out outputs that overflow at the measured width.
    saddlepoint : float or None
        Probability from four cumulants; at the end of the sum, down to 1e-3.
    """

    layer: str
    kind: Literal["end", "prefix", "lossy"]
    guaranteed_bits: int
    probability: float
    measured_bits: float
    predicted_bits: Estimate | None
    predicted: Estimate | None
    counted_bits: float | None
    counted: float
    saddlepoint: float | None


@dataclass(frozen=True)
class Result:
    """What a run found.

    Parameters
    ----------
    config : Config
        What it was asked for.
    data : str
        Title of the data set.
    tests : int
        Test images that were measured on.
    rows : tuple of Row
        Of each layer, kind and probability that the test images can measure.
    """

    config: Config
    data: str
    tests: int
    rows: tuple[Row, ...]


def run(config: Config, data: Dataset, *, report: reporting.Report = lambda *_: None) -> Result:
    """Return predicted and measured overflow of every layer of a network (deterministic).

    Parameters
    ----------
    config : Config
        Network and images.
    data : Dataset
        Its held-out images predict, its test images measure.
    report : callable
        Called with what is done, how many of it, and of how many.

    Raises
    ------
    ValueError
        There are no weights for this network and data, or fewer images than asked for.
    """
    network = _network(config.network, data, report)
    held_out = _drawn(data.held_out.images, config)
    tests = _first(data.test.images, config.tests)
    seen = layer_sums(
        network, held_out, share=CALIBRATION_SHARE, by_channel=True, progress=partial(report, "sums, held-out images")
    )
    later = layer_sums(
        network, tests, share=TEST_SHARE, by_channel=False, progress=partial(report, "sums, test images")
    )
    measured = {name: sums.peaks for name, sums in later.items()}
    return Result(config, data.title, len(tests), compare(network, seen, measured))


def compare(
    network: IntegerNetwork, seen: Mapping[str, LayerSums], measured: Mapping[str, Mapping[str, Peaks]]
) -> tuple[Row, ...]:
    """Return what the sums on some images predict of those on others, layer by layer.

    Parameters
    ----------
    network : IntegerNetwork
        Whose products are the layers.
    seen : mapping from str to LayerSums
        Sums on the images that predict, channel by channel.
    measured : mapping from str to mapping from str to Peaks
        Largest values on the images that measure, all channels as one, by layer and kind.
    """
    rows = []
    for product in (operation for operation in network.operations if isinstance(operation, Product)):
        guaranteed = network.values[product.name].word_bits
        for kind in KINDS:
            law = _law(seen[product.name]) if kind == "end" else None
            found = _rows(seen[product.name].peaks[kind], measured[product.name][kind], law)
            rows += [Row(product.name, kind, guaranteed, *each) for each in found]  # type: ignore[arg-type]
    return tuple(rows)


def _network(name: str, data: Dataset, report: reporting.Report) -> IntegerNetwork:
    if data.name == "embedded" and name != networks.Network.CONVNET:
        raise ValueError(
            f"network={name!r} has no weights for the embedded set: take --network convnet, or give CIFAR-10 with "
            "--data DIR or FXP_DATA (get it with: python -m sims.datasets cifar10)"
        )
    module = networks.load(name, data.name)
    calibration = analysis.calibrate(module, data.held_out.images, progress=partial(report, "ranges, held-out images"))
    assignment = fxp.uniform(calibration.layers, WORD_BITS)
    return analysis.to_integer(module, data.held_out.images[:1], assignment, calibration=calibration)


def _drawn(images: NDArray[np.uint8], config: Config) -> NDArray[np.uint8]:
    if config.images > len(images):
        raise ValueError(f"images={config.images} is more than the {len(images)} held-out images: ask for fewer")
    return images[np.random.default_rng(config.seed).choice(len(images), config.images, replace=False)]


def _first(images: NDArray[np.uint8], count: int | None) -> NDArray[np.uint8]:
    if count is not None and count > len(images):
        raise ValueError(f"tests={count} is more than the {len(images)} test images: ask for fewer")
    return images[:count]


def _law(sums: LayerSums) -> Cumulants:
    ends = sums.peaks["end"]
    return cumulants(sums.power_sums, ends.images * ends.positions)


def _rows(seen: Peaks, measured: Peaks, law: Cumulants | None) -> list[tuple[Any, ...]]:
    """Return, for each probability that can be measured, the columns of its row after the guaranteed width."""
    tail, largest = overflow_tail(seen), seen.merged().values[0]
    rows: list[tuple[Any, ...]] = []
    for wanted in PROBABILITIES:
        events = floor(wanted * measured.count)
        value = int(measured.values[0, events - 1]) if events >= FEWEST_TEST_EVENTS else 0
        if value > max(seen.floor, measured.floor, 1):
            share = float(measured.events(value).sum()) / measured.count
            at_width = (share, 1 + log2(value), *_predicted(tail, value, share))
            counts = (_counted_bits(largest, floor(share * seen.count)), float(seen.events(value).sum()) / seen.count)
            rows.append((*at_width, *counts, _saddlepoint(law, value, share)))
    return rows


def _predicted(tail: OverflowTail, value: int, share: float) -> tuple[Estimate | None, Estimate | None]:
    """Return width and probability by peaks over threshold, None for both where the images cannot tell."""
    if share < tail.least_probability:
        return None, None
    return tail.bits_for_exact(share), tail.exceedance(value)


def _counted_bits(largest: NDArray[Any], events: int) -> float | None:
    return 1 + log2(max(int(largest[events - 1]), 1)) if 1 <= events <= len(largest) else None


def _saddlepoint(law: Cumulants | None, value: int, share: float) -> float | None:
    return None if law is None or share < SADDLEPOINT_LEAST else float(saddlepoint_overflow(1 + log2(value), law))


def summary(result: Result, kind: str) -> Table:
    """Return the table of a result for one kind of overflow: one row a layer, one column a probability."""
    rows = [row for row in result.rows if row.kind == kind]
    layers = dict.fromkeys((row.layer, row.guaranteed_bits) for row in rows)
    cells = [
        (name, f"{bits}\n", *(_cell([row for row in rows if row.layer == name], wanted) for wanted in PROBABILITIES))
        for name, bits in layers
    ]
    what = {"end": "at the end of the sum", "prefix": "at any prefix", "lossy": "at the end, seen in the codes"}[kind]
    caption = (
        f"Real width in bits at which a share of the outputs overflows: on the {result.tests} test images; by peaks "
        f"over threshold from {result.config.images} held-out images, with its 95 % interval over images (– where they "
        "cannot tell); by counting on those. Saddlepoint: probability from four cumulants at the first line's width."
    )
    headers = ("layer", "guaranteed\nbits", *(f"{wanted:.0e}" for wanted in PROBABILITIES))
    return reporting.table(f"{_heading(result)}: overflow {what}", headers, cells, caption=caption)


def _heading(result: Result) -> str:
    return f"{result.config.network} on {result.data}"


def _cell(rows: Sequence[Row], wanted: float) -> str:
    row = next((row for row in rows if _belongs(row, wanted)), None)
    if row is None:
        return "–"
    bits = row.predicted_bits
    lines = [
        f"test {row.measured_bits:.2f}",
        "–" if bits is None else f"{bits.value:.2f} [{bits.low:.2f}, {bits.high:.2f}]",
        f"counted {'–' if row.counted_bits is None else format(row.counted_bits, '.2f')}",
    ]
    return "\n".join([*lines, *([] if row.saddlepoint is None else [f"saddlepoint {row.saddlepoint:.1e}"])])


def _belongs(row: Row, wanted: float) -> bool:
    """Return whether a row was measured for that probability; ties of values make its own a little larger."""
    nearest = min(PROBABILITIES, key=lambda each: abs(log2(row.probability / each)))
    return nearest == wanted


def learned(result: Result) -> str:
    """Return how good the predictions were, in one sentence for each probability."""
    return " ".join(filter(None, (_lesson(result.rows, wanted) for wanted in PROBABILITIES)))


def _lesson(rows: Sequence[Row], wanted: float) -> str:
    rows = [row for row in rows if _belongs(row, wanted)]
    told = [(row, row.predicted, row.predicted_bits) for row in rows if row.predicted and row.predicted_bits]
    if not told:
        return f"At {wanted:.0e} these images cannot tell." if rows else ""
    near = sum(_within(there.value, row.probability) for row, there, _ in told)
    counted = sum(_within(row.counted, row.probability) for row, _, _ in told)
    widths = sum(abs(bits.value - row.measured_bits) <= 0.5 for row, _, bits in told)
    return (
        f"At {wanted:.0e}, of {len(told)} predictions ({len(rows) - len(told)} more were refused) {near} are within a "
        f"factor of {FACTOR:g} of the measured probability, counting is in {counted}; {widths} widths are within "
        "half a bit."
    )


def _within(value: float, probability: float) -> bool:
    return probability / FACTOR <= value <= probability * FACTOR


def document(result: Result) -> dict[str, Any]:
    """Return a result as JSON values."""
    return {"experiment": "overflow", **asdict(result), "learned": learned(result)}


def figure(results: Sequence[Result]) -> Figure:
    """Return the figure of results: predicted and counted against measured probability, one column a network."""
    made = Figure(figsize=(4.2 * len(results), 7.5), layout="constrained")
    panels = made.subplots(2, len(results), sharex=True, sharey=True, squeeze=False)
    for column, result in zip(panels.T, results, strict=True):
        column[0].set_title(f"{_heading(result)}\n{result.config.images} held-out images")
        for kind, color in zip(KINDS, ("C0", "C1", "C2"), strict=True):
            rows = [row for row in result.rows if row.kind == kind]
            _draw(column[0], kind, color, [(row.probability, row.predicted) for row in rows if row.predicted])
            at = [(row.probability, Estimate(row.counted, row.counted, row.counted)) for row in rows if row.counted]
            _draw(column[1], kind, color, at)
        column[1].set_xlabel("overflow probability on the test images")
    panels[0, 0].set_ylabel("predicted by peaks over threshold,\n95 % interval")
    panels[1, 0].set_ylabel("counted on the held-out images")
    panels[0, 0].legend(loc="upper left")
    return made


def _draw(panel: Axes, kind: str, color: str, points: Sequence[tuple[float, Estimate]]) -> None:
    ends = np.array([1e-7, 1e-2])
    panel.fill_between(ends, ends / FACTOR, ends * FACTOR, color="0.9", linewidth=0)
    panel.plot(ends, ends, color="0.5", linewidth=0.8)
    if points:
        at, found = [place for place, _ in points], [each.value for _, each in points]
        below = [max(each.value - each.low, 0.0) for _, each in points]
        above = [max(each.high - each.value, 0.0) for _, each in points]
        panel.errorbar(at, found, [below, above], fmt="o", markersize=3, linewidth=0.6, color=color, label=kind)
    panel.set(xscale="log", yscale="log", xlim=(3e-7, 4e-3), ylim=(3e-8, 2e-2))
    panel.grid(alpha=0.25)


app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def main(
    network: Annotated[
        networks.Network,
        typer.Option(help="the trained network; lenet5 reads MNIST, the embedded set has convnet only"),
    ] = networks.Network.CONVNET,
    data: Annotated[
        Path | None, typer.Option(help="folder of the data; else $FXP_DATA, else the user cache, else the embedded set")
    ] = None,
    images: Annotated[int, typer.Option(min=FEWEST_IMAGES, help="held-out images that predict")] = 100,
    tests: Annotated[
        int | None, typer.Option(min=1, help="measure on the first N test images; left out: on all")
    ] = None,
    json: Annotated[Path | None, typer.Option(dir_okay=False, help="write all numbers to this file")] = None,
    figure_file: Annotated[
        Path | None,
        typer.Option("--figure", dir_okay=False, help="draw predicted against measured to this .png, .svg or .pdf"),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="draws the held-out images")] = 0,
) -> None:
    """Predict from a few held-out images how often accumulators of any width overflow, layer by layer, and measure it.

    One table each for overflow at the end of the sum, at any prefix, and at the end where the code after requantisation
    shows it. Predictions are those of peaks over threshold; counting stands beside, and four cumulants at 1e-3.

    Try --tests 500 first: resnet20 on all 10,000 test images takes many minutes.
    """
    with reporting.one_line_errors():
        target = None if figure_file is None else reporting.check_figure_path(figure_file)
        config = Config(str(network), images, tests, seed)
        chosen = load_mnist(data) if config.network == "lenet5" else cifar10_or_embedded(data, announce=typer.echo)
        with reporting.progress_bars() as report:
            result = run(config, chosen, report=report)
        for kind in KINDS:
            reporting.show(summary(result, kind))
        typer.echo(learned(result))
        if json is not None:
            reporting.write_json(document(result), json)
        if target is not None:
            reporting.save_figure(figure([result]), target)
            typer.echo(f"figure: {target}")


if __name__ == "__main__":
    app(prog_name="python -m sims.overflow")
