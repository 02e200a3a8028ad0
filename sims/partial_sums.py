"""Shows the accuracy of a network in narrow accumulators: ``python -m sims.partial_sums --network resnet20``.

Weights and activations have one word length, sums the width of the accumulator, which saturates at every step, or the
finished sum only, or wraps. Ranges are chosen on held-out images; the test images are only ever tested on.
"""

import hashlib
import json as json_text
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import partial
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
from fxp.networks import IntegerNetwork, Product
from fxp.registers import MAX_BITS, MIN_BITS
from sims import networks, reporting
from sims.datasets import Dataset, ImageSet, cifar10_or_embedded, load_mnist
from sims.needed_bits import NeededBits, count_needed_bits
from sims.options import require_at_least
from sims.training import accuracy

__all__ = ["Config", "Result", "Row", "document", "figure", "learned", "read_widths", "resumed", "run", "summary"]

Order = Literal["row_column_channel", "channel_row_column"]
Widths = tuple[int, ...]
Codes = NDArray[Any]

SWEPT = 8  # widths below the one that holds every sum for certain
SHARES = ("overflowed", "persistent", "transient")
STYLES = {
    "every step": ("C0", "o", "saturating at every step"),
    "end only": ("C1", "s", "saturating at the end only"),
    "wrap": ("C3", "^", "wrapping"),
}
SEMANTICS: Mapping[str, Mapping[str, Any]] = {
    "every step": {},
    "end only": {"every_step": False},
    "wrap": {"overflow": "WRAP"},
}


@dataclass(frozen=True)
class Config:
    """What a run depends on, besides the data.

    Parameters
    ----------
    network : str
        "convnet", "lenet5" or "resnet20".
    bits : int
        Word length of weights and activations, 2 to 16.
    widths : tuple of tuple of int
        Widths of the accumulators, 2 to 63 bits, each once for all layers or once a layer; none for every width from
        the one that holds every sum for certain down to 8 less.
    images : int, optional
        How many test images, the first ones; None for all.
    order : {"row_column_channel", "channel_row_column"}
        Order of the products of a convolution.
    counted : int
        On how many test images overflows are counted, at most: each sum is followed on its way there.

    Raises
    ------
    ValueError
        A number is outside its range.
    """

    network: str = "resnet20"
    bits: int = 8
    widths: tuple[Widths, ...] = ()
    images: int | None = None
    order: Order = "row_column_channel"
    counted: int = 500

    def __post_init__(self) -> None:
        if not 2 <= self.bits <= 16:
            raise ValueError(f"bits={self.bits} is not between 2 and 16: choose another word length")
        require_at_least(1, "give a number of test images", images=self.images, counted=self.counted)
        for width in (width for each in self.widths for width in each):
            if not MIN_BITS <= width <= MAX_BITS:
                raise ValueError(f"width={width} is not between {MIN_BITS} and {MAX_BITS}: choose another")


@dataclass(frozen=True)
class Row:
    """One accumulator on the test images.

    Parameters
    ----------
    semantics : str
        "every step", "end only" or "wrap".
    widths : tuple of int
        Bits, once for all layers or once a layer.
    right : int
        Images classified as labelled.
    mismatches, changed : int
        Images classified otherwise, and with other logits, than with exact sums.
    seconds : float
        Time to classify the test images.
    """

    semantics: str
    widths: Widths
    right: int
    mismatches: int
    changed: int
    seconds: float

    @property
    def title(self) -> str:
        """Widths as text."""
        return _width_text(self.widths)


@dataclass(frozen=True)
class Result:
    """What a run found.

    Parameters
    ----------
    config : Config
        What it was asked for.
    data : str
        Title of the data set.
    images : int
        Test images.
    logits : str
        SHA-256 of the exact logits, which tells runs of another network or of other images apart.
    float_accuracy : float
        Of the float32 network.
    exact : Row
        With exact sums; its widths hold every sum for certain.
    needed : tuple of NeededBits
        Bits that the exact sums of each layer need.
    rows : tuple of Row
        One for each semantics and widths.
    """

    config: Config
    data: str
    images: int
    logits: str
    float_accuracy: float
    exact: Row
    needed: tuple[NeededBits, ...]
    rows: tuple[Row, ...]

    @property
    def outputs(self) -> int:
        """Sums of all layers and of the images that overflows are counted on."""
        return sum(layer.outputs for layer in self.needed)

    def share(self, which: str, widths: Widths) -> float:
        """Return the overflowed, persistent or transient share of all sums."""
        each = widths * len(self.needed) if len(widths) == 1 else widths
        some, last = (
            sum(getattr(layer, name)(width) for layer, width in zip(self.needed, each, strict=True))
            for name in SHARES[:2]
        )
        return float({"overflowed": some, "persistent": last, "transient": some - last}[which] / self.outputs)


def run(
    config: Config,
    data: Dataset,
    *,
    earlier: Mapping[str, Any] | None = None,
    keep: Callable[[Result], object] = lambda _: None,
    report: reporting.Report = lambda *_: None,
) -> Result:
    """Return the accuracies of a network in narrow accumulators (deterministic but for the seconds).

    Parameters
    ----------
    config : Config
        What to run.
    data : Dataset
        MNIST for lenet5, CIFAR-10 or the embedded set for the others.
    earlier : mapping, optional
        JSON values of a run that was stopped: what it found of the same network, images and order is not run again.
    keep : callable
        Called with what is known after each row.
    report : callable
        Called with what is done, how many of it, and of how many.

    Returns
    -------
    Result
        The numbers of the table, the JSON file and the figure.

    Raises
    ------
    ValueError
        There are no weights for this network and data, fewer test images than asked for, or widths that are not once a
        layer.
    """
    module = networks.load(config.network, data.name)
    test = _first(data.test, config.images)
    calibration = analysis.calibrate(module, data.held_out.images, progress=partial(report, "ranges, held-out images"))
    network = analysis.to_integer(
        module, data.held_out.images[:1], fxp.uniform(calibration.layers, config.bits), calibration=calibration
    )
    layers = [operation for operation in network.operations if isinstance(operation, Product)]
    chosen = config.widths or _swept(network, layers)
    _check_widths(chosen, [layer.name for layer in layers])
    logits, seconds = _timed(network, test, partial(report, "exact sums"))
    exact = Row("exact", _widest(network, layers), *_compared(logits, logits, test), seconds)
    digest = hashlib.sha256(np.ascontiguousarray(logits, dtype="<i8").tobytes()).hexdigest()
    known_needed, known = resumed(earlier, config, digest)
    needed = known_needed or count_needed_bits(
        network, test.images[: config.counted], order=config.order, progress=partial(report, "bits of exact sums")
    )
    title, of_float, rows = data.title, accuracy(module, test), []
    for widths in chosen:
        for semantics in SEMANTICS:
            row = known.get((semantics, widths)) or _row(semantics, widths, config, network, test, logits, report)
            rows.append(row)
            found = Result(config, title, len(test), digest, of_float, exact, needed, tuple(rows))
            keep(found)
    return found


def resumed(
    earlier: Mapping[str, Any] | None, config: Config, logits: str
) -> tuple[tuple[NeededBits, ...], dict[tuple[str, Widths], Row]]:
    """Return what an earlier run of the same network, images and order found: bits of its sums, and its rows.

    Parameters
    ----------
    earlier : mapping, optional
        JSON values of that run.
    config : Config
        What is run now; widths may be others.
    logits : str
        SHA-256 of the exact logits now.
    """
    if earlier is None or earlier.get("logits") != logits or earlier["config"]["order"] != config.order:
        return (), {}
    needed: tuple[NeededBits, ...] = ()
    if earlier["config"]["counted"] == config.counted:
        needed = tuple(
            NeededBits(each["name"], tuple(each["anywhere"]), tuple(each["at_end"])) for each in earlier["needed"]
        )
    names = Row.__dataclass_fields__
    rows = [
        Row(**{**{name: each[name] for name in names}, "widths": tuple(each["widths"])}) for each in earlier["rows"]
    ]
    return needed, {(row.semantics, row.widths): row for row in rows}


def _first(images: ImageSet, count: int | None) -> ImageSet:
    if count is not None and count > len(images):
        raise ValueError(f"images={count} is more than the {len(images)} test images: ask for fewer")
    return ImageSet(images.images[:count], images.labels[:count])


def _widest(network: IntegerNetwork, layers: Sequence[Product]) -> Widths:
    """Return the width that holds every sum of each layer for certain, whatever the image."""
    return tuple(
        int(fxp.guaranteed_bits(_columns(layer), network.values[layer.source].format, bias=layer.bias).max())
        for layer in layers
    )


def _columns(layer: Product) -> Codes:
    return layer.weights.T if layer.weights.ndim == 2 else layer.weights


def _swept(network: IntegerNetwork, layers: Sequence[Product]) -> tuple[Widths, ...]:
    widest = max(_widest(network, layers))
    return tuple((width,) for width in range(widest, max(MIN_BITS, widest - SWEPT) - 1, -1))


def _check_widths(chosen: Sequence[Widths], layers: Sequence[str]) -> None:
    for widths in chosen:
        if len(widths) not in (1, len(layers)):
            raise ValueError(
                f"widths={_width_text(widths)} has {len(widths)} numbers for {len(layers)} layers: give one for all, "
                f"or one for each of {', '.join(layers)}"
            )


def _row(
    semantics: str,
    widths: Widths,
    config: Config,
    network: IntegerNetwork,
    test: ImageSet,
    exact: Codes,
    report: reporting.Report,
) -> Row:
    names = [operation.name for operation in network.operations if isinstance(operation, Product)]
    each = widths * len(names) if len(widths) == 1 else widths
    registers = {
        name: fxp.Accumulator(width, order=config.order, **SEMANTICS[semantics])
        for name, width in zip(names, each, strict=True)
    }
    progress = partial(report, f"{semantics}, {_width_text(widths)} bits")
    logits, seconds = _timed(network, test, progress, accumulator=registers)
    return Row(semantics, widths, *_compared(logits, exact, test), seconds)


def _timed(
    network: IntegerNetwork, test: ImageSet, progress: Callable[[int, int], object], **options: Any
) -> tuple[Codes, float]:
    """Return the logits, and the seconds that they took once everything was prepared."""
    network.run(test.images[:1], **options)
    started = time.perf_counter()
    logits = network.run(test.images, progress=progress, **options)
    return logits, time.perf_counter() - started


def _compared(logits: Codes, exact: Codes, test: ImageSet) -> tuple[int, int, int]:
    """Return how many images are right, of another class than with exact sums, and of other logits."""
    classes = logits.argmax(1)
    right, other = classes == test.labels, classes != exact.argmax(1)
    return int(right.sum()), int(other.sum()), int((logits != exact).any(axis=1).sum())


def _width_text(widths: Widths) -> str:
    return "/".join(map(str, widths))


def summary(result: Result) -> Table:
    """Return the table of a result: one row for each width."""
    caption = (
        f"Accuracy with exact sums {reporting.percent(result.exact.right / result.images)}, of the float network "
        f"{reporting.percent(result.float_accuracy)}. Below it, images classified otherwise than with exact sums. "
        f"Seconds are those of saturating at every step, × those of exact sums ({result.exact.seconds:.2f} s). "
        f"Overflowing: share of the {result.outputs} exact sums of the first "
        f"{min(result.images, result.config.counted)} images that leave the width on the way or at the end, and of "
        "them for good or only on the way. Every sum fits for certain in "
        f"{_width_text(result.exact.widths)} bits. Order of products: {result.config.order}."
    )
    headers = ("width,\nbits", *SEMANTICS, "overflowing", "for good", "on the way", "seconds")
    widths = dict.fromkeys(row.widths for row in result.rows)
    return reporting.table(_heading(result), headers, [_cells(result, each) for each in widths], caption=caption)


def _heading(result: Result) -> str:
    config = result.config
    return f"{config.network} of {config.bits} bits on {result.data}, {result.images} test images"


def _cells(result: Result, widths: Widths) -> tuple[str, ...]:
    rows = {row.semantics: row for row in result.rows if row.widths == widths}
    accuracies = (
        f"{reporting.percent(row.right / result.images)}\n{row.mismatches}"
        for row in (rows[semantics] for semantics in SEMANTICS if semantics in rows)
    )
    shares = (f"{100 * result.share(which, widths):.2g} %" for which in SHARES)
    every = rows["every step"]
    return every.title, *accuracies, *shares, f"{every.seconds:.2f}\n× {every.seconds / result.exact.seconds:.2f}"


def learned(result: Result) -> str:
    """Return what the rows say: the narrowest width within 1 % of exact sums, for each semantics."""
    found = "; ".join(f"{semantics} {_narrowest(result, semantics)}" for semantics in SEMANTICS)
    return f"Narrowest width that was tried within 1 % of the accuracy with exact sums: {found}."


def _narrowest(result: Result, semantics: str) -> str:
    good = [
        row
        for row in result.rows
        if row.semantics == semantics and 100 * (result.exact.right - row.right) <= result.images
    ]
    return f"{min(good, key=lambda row: sum(row.widths) / len(row.widths)).title} bits" if good else "none"


def document(result: Result) -> dict[str, Any]:
    """Return a result as JSON values, with the derived numbers in it."""
    plain = asdict(result)
    rows = [
        asdict(row)
        | {"accuracy": row.right / result.images}
        | {which: result.share(which, row.widths) for which in SHARES}
        for row in result.rows
    ]
    return {"experiment": "partial_sums", **plain, "rows": rows, "outputs": result.outputs, "learned": learned(result)}


def figure(result: Result) -> Figure:
    """Return accuracy against width, and the share of sums that overflow."""
    made = Figure(figsize=(9, 7), layout="constrained")
    made.suptitle(f"{_heading(result)}\nproducts in order {result.config.order}")
    above, below = made.subplots(2, 1, sharex=True)
    widths = list(dict.fromkeys(row.widths for row in result.rows))
    _draw_accuracies(above, result, widths)
    _draw_shares(below, result, widths)
    below.set_xticks(range(len(widths)), [_width_text(each).replace("/", "\n") for each in widths])
    below.set_xlabel("width of the accumulators, bits")
    for panel in (above, below):
        panel.grid(alpha=0.25)
        panel.legend()
    return made


def _draw_accuracies(panel: Axes, result: Result, widths: Sequence[Widths]) -> None:
    for semantics, (color, marker, label) in STYLES.items():
        rows = [row for row in result.rows if row.semantics == semantics]
        heights = {row.widths: 100 * row.right / result.images for row in rows}
        _draw_line(panel, heights, widths, color=color, marker=marker, label=label)
    panel.axhline(100 * result.exact.right / result.images, color="black", linewidth=1, label="exact sums")
    panel.set_ylim(0, 103)
    panel.set_ylabel("test accuracy, %")


def _draw_shares(panel: Axes, result: Result, widths: Sequence[Widths]) -> None:
    for which, color in zip(SHARES, ("C2", "C4", "C5"), strict=True):
        shares = {each: 100 * result.share(which, each) or np.nan for each in widths}
        _draw_line(panel, shares, widths, color=color, marker=".", label=which)
    panel.set_yscale("log")
    panel.set_ylabel("exact sums out of range, %")


def _draw_line(panel: Axes, heights: Mapping[Widths, float], widths: Sequence[Widths], **style: Any) -> None:
    """Draw a line over the widths that hold for all layers, and single points for the others."""
    ends = {**style, "linestyle": "none", "label": None}
    for form, chosen in ((style, [each for each in widths if len(each) == 1]), (ends, widths)):
        panel.plot([widths.index(each) for each in chosen], [heights[each] for each in chosen], **form)


def read_widths(text: str) -> tuple[Widths, ...]:
    """Return the widths that an option names: "16" and "14-18" for all layers, "18,16,16,18,16" one a layer.

    Raises
    ------
    ValueError
        The text is none of these.

    Examples
    --------
    >>> read_widths("16-18"), read_widths("18,16,16,18,16")
    (((18,), (17,), (16,)), ((18, 16, 16, 18, 16),))
    """
    try:
        least, dash, most = text.partition("-")
        if not dash:
            return (tuple(map(int, text.split(","))),)
        if int(least) <= int(most):
            return tuple((width,) for width in range(int(most), int(least) - 1, -1))
    except ValueError:
        pass
    raise ValueError(
        f"widths={text!r} is not a width: give one such as 16, a range such as 14-18, or one a layer such as "
        "18,16,16,18,16"
    )


class ProductOrder(StrEnum):
    """The orders of the products of a convolution, the last named innermost."""

    ROW_COLUMN_CHANNEL = "row_column_channel"
    CHANNEL_ROW_COLUMN = "channel_row_column"


app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def main(
    network: Annotated[
        networks.Network,
        typer.Option(help="the trained network; lenet5 takes MNIST, the embedded set has convnet only"),
    ] = networks.Network.CONVNET,
    bits: Annotated[int, typer.Option(min=2, max=16, help="word length of weights and activations")] = 8,
    widths: Annotated[
        list[str] | None,
        typer.Option(
            help="widths of the accumulators: 16, or 14-18 for each in turn, or 18,16,16,18,16 for one a layer; may be "
            "repeated; left out: from the width that holds every sum for certain down to 8 bits less"
        ),
    ] = None,
    order: Annotated[
        ProductOrder, typer.Option(help="order of a convolution's products, the last named innermost")
    ] = ProductOrder.ROW_COLUMN_CHANNEL,
    data: Annotated[
        Path | None, typer.Option(help="folder of the data; else $FXP_DATA, else the user cache, else the embedded set")
    ] = None,
    images: Annotated[int | None, typer.Option(min=1, help="test on the first N images; left out: on all")] = None,
    counted: Annotated[int, typer.Option(min=1, help="count overflows on the first N test images")] = 500,
    json: Annotated[
        Path | None,
        typer.Option(
            dir_okay=False,
            help="write all numbers to this file, after each row: a run that was stopped goes on from what it holds",
        ),
    ] = None,
    figure_file: Annotated[
        Path | None, typer.Option("--figure", dir_okay=False, help="draw to this .png, .svg or .pdf")
    ] = None,
) -> None:
    """Run a network of integers in accumulators of every width: accuracy, and how many sums overflow.

    Three accumulators of each width: one that saturates at every step, one that saturates the finished sum only, and
    one that wraps. Overflows are counted on the exact sums, in the order of the products: those that leave the width
    for good, and those that do so only on the way, which matter where every step saturates.

    Try --network convnet --images 1000 first; then --widths 18,16,16,18,16 --network lenet5 for a published choice.
    """
    with reporting.one_line_errors():
        target = None if figure_file is None else reporting.check_figure_path(figure_file)
        chosen = tuple(each for text in widths or () for each in read_widths(text))
        config = Config(network.value, bits, chosen, images, order.value, counted)
        earlier = None if json is None else _stored(json)
        found = _data(network, data)
        with reporting.progress_bars() as report:
            result = run(config, found, earlier=earlier, keep=partial(_keep, json), report=report)
        reporting.show(summary(result))
        typer.echo(learned(result))
        if target is not None:
            reporting.save_figure(figure(result), target)
            typer.echo(f"figure: {target}")


def _data(network: networks.Network, folder: Path | None) -> Dataset:
    if network is networks.Network.LENET5:
        return load_mnist(folder)
    return cifar10_or_embedded(folder, announce=typer.echo)


def _keep(path: Path | None, result: Result) -> None:
    if path is not None:
        reporting.write_json(document(result), path)


def _stored(path: Path) -> dict[str, Any] | None:
    """Return what a JSON file of this experiment holds; None where there is none."""
    reporting.check_writable(path)
    if not path.exists():
        return None
    try:
        stored = json_text.loads(path.read_text(encoding="utf-8"))
        if stored["experiment"] == "partial_sums":
            return dict(stored)
    except (ValueError, TypeError, KeyError):
        pass
    raise ValueError(f"json={str(path)!r} is not of this experiment: name another file, or remove it")


if __name__ == "__main__":
    app(prog_name="python -m sims.partial_sums")
