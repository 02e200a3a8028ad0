"""Compares precision assignments of a network in pure integers: ``python -m sims.cifar_precision --bmin 5``.

Bits, ranges and gains are chosen on held-out images; the test images are only ever tested on. An assignment is within
1 % where its accuracy is at least that of the float32 network less 0.01.
"""

import textwrap
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from rich.table import Table
from torch import nn

import analysis
import fxp
from analysis.calibration import Calibration
from fxp.costs import LayerShape
from fxp.precision import NoiseGains, PrecisionAssignment
from sims import networks, reporting
from sims.datasets import Dataset, ImageSet, cifar10_or_embedded
from sims.intervals import Interval, clopper_pearson
from sims.offsets import Offsets, read_offsets, with_ranges
from sims.options import require_at_least, require_seed
from sims.training import as_input

__all__ = ["Config", "Result", "Row", "Trial", "document", "figure", "learned", "run", "summary"]

Decisions = NDArray[np.intp]

IMAGE_BITS = 8  # image codes have no more, so more bits of the first activation neither help nor cost
GAIN_IMAGES = 250  # one backward pass an image and class; 100 to 250 are usual
FLOAT_BATCH = 50  # fastest of 25, 50, 100, 250: the activations stay in the cache
FLOAT_BITS = 32
CONVENTION = "published"
LEAST_BITS, MOST_BITS = 2, 16  # a signed word of one bit has no positive code
SWEEP_BITS = range(2, 9)
SHOWN_POINTS = 12  # of accuracy below float; a network that has failed would hide the differences that matter
BITS_WIDTH = 24
STYLES = {"uniform": ("C0", "o"), "noise-gain": ("C1", "s"), "offsets file": ("C2", "^")}


@dataclass(frozen=True)
class Config:
    """What a run depends on, besides the data.

    Parameters
    ----------
    network : str
        "convnet" or "resnet20".
    b_min : int, optional
        Word length of the least sensitive tensor, 1 to 16; None for the smallest within 1 % on the held-out images.
    images : int, optional
        How many test images, the first ones; None for all.
    seed : int
        Not negative; draws the held-out images that the gains are taken on.
    sweep : bool
        Test all word lengths too.
    offsets : Offsets, optional
        One assignment more.

    Raises
    ------
    ValueError
        A number is outside its range.
    """

    network: str = "convnet"
    b_min: int | None = None
    images: int | None = None
    seed: int = 0
    sweep: bool = False
    offsets: Offsets | None = None

    def __post_init__(self) -> None:
        if self.b_min is not None and not 1 <= self.b_min <= MOST_BITS:
            raise ValueError(f"b_min={self.b_min} is not between 1 and {MOST_BITS}: choose another word length")
        require_at_least(1, "give a number of test images", images=self.images)
        require_seed(self.seed)


@dataclass(frozen=True)
class Row:
    """One assignment on the test images.

    Parameters
    ----------
    name : str
        "float", "uniform", "noise-gain" or "offsets file".
    bits : int or None
        B of a uniform assignment, else B_min; None for float.
    assignment : PrecisionAssignment or None
        None for float.
    images, right, mismatches : int
        Test images, those classified as labelled, and those classified otherwise than by the float network.
    bound : float or None
        Published upper bound of the mismatch probability, not capped at 1.
    representational_bits : int
        Bits of all weights, biases and input activations; at 32 bits each for float.
    full_adders : int or None
        By the published convention.
    seconds : float
        Time to classify the test images.
    """

    name: str
    bits: int | None
    assignment: PrecisionAssignment | None
    images: int
    right: int
    mismatches: int
    bound: float | None
    representational_bits: int
    full_adders: int | None
    seconds: float

    @property
    def accuracy(self) -> float:
        """Fraction of the test images that are classified as labelled."""
        return self.right / self.images

    @property
    def mismatch(self) -> float:
        """Fraction p_m of the test images that are classified otherwise than by the float network."""
        return self.mismatches / self.images

    @property
    def interval(self) -> Interval:
        """95 % Clopper–Pearson interval of p_m."""
        return clopper_pearson(self.mismatches, self.images)

    @property
    def title(self) -> str:
        """Name with the word length that it belongs to."""
        return self.name if self.bits is None else f"{self.name} ({_letter(self.name)} = {self.bits})"


@dataclass(frozen=True)
class Trial:
    """A word length that was tried on the held-out images while the smallest one within 1 % was looked for."""

    name: str
    bits: int
    held_out_accuracy: float


@dataclass(frozen=True)
class Result:
    """What a run found.

    Parameters
    ----------
    config : Config
        What it was asked for.
    data : str
        Title of the data set.
    weights : str
        How the weights were trained.
    layers : tuple of str
        Names of the layers, in call order.
    held_out_images, gain_images : int
        Images that the choices and ranges, and the gains, were taken on.
    held_out_accuracy : float
        Of the float network, which the choices refer to.
    rows : tuple of Row
        Float, uniform, noise-gain, and the offsets file where one was given.
    trials : tuple of Trial
        All that was tried on held-out images, in order.
    sweep : tuple of Row
        Every assignment but float over the word lengths; empty where it was not asked for.
    """

    config: Config
    data: str
    weights: str
    layers: tuple[str, ...]
    held_out_images: int
    gain_images: int
    held_out_accuracy: float
    rows: tuple[Row, ...]
    trials: tuple[Trial, ...]
    sweep: tuple[Row, ...]


@dataclass(frozen=True)
class _Subject:
    """The network under test, and what is measured on it once."""

    module: nn.Module
    shapes: Sequence[LayerShape]
    calibration: Calibration
    gains: NoiseGains
    held_out: ImageSet
    test: ImageSet
    held_out_right: int
    decisions: Decisions
    float_seconds: float
    report: reporting.Report


@dataclass(frozen=True)
class _Family:
    """Assignments that one word length decides, with the ranges and gains that go with them."""

    name: str
    assign: Callable[[int], PrecisionAssignment]
    calibration: Calibration
    gains: NoiseGains

    def assignment(self, bits: int) -> PrecisionAssignment:
        """Return the assignment of a word length; an image has no more bits than its codes."""
        free = self.assign(bits)
        capped = zip(free.activation_bits, self.calibration.tensors, strict=True)
        return replace(
            free, activation_bits=tuple(min(each, IMAGE_BITS) if tensor == 0 else each for each, tensor in capped)
        )


def run(config: Config, data: Dataset, *, report: reporting.Report = lambda *_: None) -> Result:
    """Return the comparison of the assignments on one data set (deterministic but for the seconds).

    The smallest word length is looked for from below, so that it is the smallest whether or not accuracy falls
    steadily with the bits; it takes one evaluation of the held-out images a step.

    Parameters
    ----------
    config : Config
        What to compare.
    data : Dataset
        CIFAR-10 or the embedded set.
    report : callable
        Called with what is done, how many of it, and of how many.

    Returns
    -------
    Result
        The numbers of the table, the JSON file and the figure.

    Raises
    ------
    ValueError
        There are no weights for this network and data, fewer test images than asked for, an offsets file that does not
        fit the network, or no word length up to 16 within 1 %.
    """
    subject = _prepare(config, data, report)
    families = list(_families(config, subject))
    chosen = {family.name: _choose(config, subject, family) for family in families}
    rows = tuple(_row(subject, family, chosen[family.name][0]) for family in families)
    return Result(
        config=config,
        data=data.title,
        weights=_provenance(config.network, data.name),
        layers=subject.calibration.layers,
        held_out_images=len(subject.held_out),
        gain_images=min(GAIN_IMAGES, len(subject.held_out)),
        held_out_accuracy=subject.held_out_right / len(subject.held_out),
        rows=(_float_row(subject), *rows),
        trials=tuple(trial for _, trials in chosen.values() for trial in trials),
        sweep=_swept(subject, families) if config.sweep else (),
    )


def _prepare(config: Config, data: Dataset, report: reporting.Report) -> _Subject:
    module = _trained(config.network, data.name)
    test, held_out = _first(data.test, config.images), data.held_out
    calibration = analysis.calibrate(module, held_out.images, progress=partial(report, "ranges, held-out images"))
    gains = analysis.noise_gains(
        module,
        held_out.images[_drawn(len(held_out), config.seed)],
        calibration=calibration,
        progress=partial(report, "noise gains, held-out images"),
    )
    reference = module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    guesses, _ = _float_decisions(reference, held_out.images, partial(report, "float, held-out images"))
    decisions, seconds = _float_decisions(reference, test.images, partial(report, "float, test images"))
    return _Subject(
        module=module,
        shapes=analysis.layer_shapes(module, (1, *test.images.shape[1:])),
        calibration=calibration,
        gains=gains,
        held_out=held_out,
        test=test,
        held_out_right=int((guesses == held_out.labels).sum()),
        decisions=decisions,
        float_seconds=seconds,
        report=report,
    )


def _trained(network: str, dataset: str) -> nn.Module:
    if dataset == "embedded" and network != networks.Network.CONVNET:
        raise ValueError(
            f"network={network!r} has no weights for the embedded set: take --network convnet, or give CIFAR-10 with "
            "--data DIR or FXP_DATA (get it with: python -m sims.datasets cifar10)"
        )
    return networks.load(network, dataset)


def _first(images: ImageSet, count: int | None) -> ImageSet:
    if count is not None and count > len(images):
        raise ValueError(f"images={count} is more than the {len(images)} test images: ask for fewer")
    return ImageSet(images.images[:count], images.labels[:count])


def _drawn(count: int, seed: int) -> NDArray[np.int64]:
    """Return which of the held-out images the gains are taken on."""
    return np.random.default_rng(seed).choice(count, min(GAIN_IMAGES, count), replace=False)


@torch.inference_mode()
def _float_decisions(
    module: nn.Module, images: NDArray[np.uint8], progress: Callable[[int, int], object]
) -> tuple[Decisions, float]:
    """Return the classes by the float network, and the seconds that they took."""
    module(as_input(images[:FLOAT_BATCH]))  # the first pass prepares the weights
    decisions = []
    started = time.perf_counter()
    for start in range(0, len(images), FLOAT_BATCH):
        logits = module(as_input(images[start : start + FLOAT_BATCH]))
        decisions.append(logits.numpy().argmax(1))
        progress(min(start + FLOAT_BATCH, len(images)), len(images))
    return np.concatenate(decisions), time.perf_counter() - started


def _families(config: Config, subject: _Subject) -> Sequence[_Family]:
    calibration, gains = subject.calibration, subject.gains
    families = [
        _Family("uniform", partial(fxp.uniform, calibration.layers), calibration, gains),
        _Family("noise-gain", partial(fxp.equalize, gains), calibration, gains),
    ]
    if config.offsets is not None:
        given = config.offsets.calibration(calibration)
        families.append(_Family("offsets file", config.offsets.assignment, given, with_ranges(gains, given)))
    return families


def _choose(config: Config, subject: _Subject, family: _Family) -> tuple[int, tuple[Trial, ...]]:
    """Return the word length of the table, and what was tried to find it."""
    if config.b_min is not None and family.name != "uniform":
        return config.b_min, ()
    trials: list[Trial] = []
    images, labels = subject.held_out.images, subject.held_out.labels
    for bits in range(LEAST_BITS, MOST_BITS + 1):
        decisions, _ = _decisions(subject, family, bits, images, "held-out images")
        right = int((decisions == labels).sum())
        trials.append(Trial(family.name, bits, right / len(labels)))
        if 100 * (subject.held_out_right - right) <= len(labels):
            return bits, tuple(trials)
    raise ValueError(
        f"{family.name} assignments of {_letter(family.name)} up to {MOST_BITS} are all more than 1 % below float on "
        "the held-out images: give --bmin, or other ranges"
    )


def _decisions(
    subject: _Subject, family: _Family, bits: int, images: NDArray[np.uint8], split: str
) -> tuple[Decisions, float]:
    """Return the classes by the integer network, and the seconds that they took."""
    network = analysis.to_integer(
        subject.module,
        subject.held_out.images[:1],  # the ranges are given: one image shows the shapes
        family.assignment(bits),
        calibration=family.calibration,
    )
    network.run(images[:1])  # prepares the weights, as for the float network
    progress = partial(subject.report, f"{family.name} {_letter(family.name)} = {bits}, {split}")
    started = time.perf_counter()
    logits = network.run(images, progress=progress)
    return logits.argmax(1), time.perf_counter() - started


def _row(subject: _Subject, family: _Family, bits: int) -> Row:
    decisions, seconds = _decisions(subject, family, bits, subject.test.images, "test images")
    assignment = family.assignment(bits)
    word_lengths = (assignment.weight_bits, assignment.activation_bits)
    return Row(
        name=family.name,
        bits=bits,
        assignment=assignment,
        images=len(subject.test),
        right=int((decisions == subject.test.labels).sum()),
        mismatches=int((decisions != subject.decisions).sum()),
        bound=fxp.predict_mismatch(family.gains, assignment),
        representational_bits=fxp.representational_cost(subject.shapes, *word_lengths),
        full_adders=int(fxp.computational_cost(subject.shapes, *word_lengths, convention=CONVENTION)),
        seconds=seconds,
    )


def _float_row(subject: _Subject) -> Row:
    return Row(
        name="float",
        bits=None,
        assignment=None,
        images=len(subject.test),
        right=int((subject.decisions == subject.test.labels).sum()),
        mismatches=0,
        bound=None,
        representational_bits=fxp.representational_cost(subject.shapes, FLOAT_BITS, FLOAT_BITS),
        full_adders=None,
        seconds=subject.float_seconds,
    )


def _swept(subject: _Subject, families: Sequence[_Family]) -> tuple[Row, ...]:
    return tuple(_row(subject, family, bits) for family in families for bits in SWEEP_BITS)


def _provenance(network: str, dataset: str) -> str:
    about = networks.weights_about(network, dataset)
    return f"trained on {about.get('data', 'unknown data')}, {about.get('epochs', 'unknown')} epochs"


def _letter(name: str) -> str:
    return "B" if name == "uniform" else "B_min"


def summary(result: Result) -> Table:
    """Return the table of a result: one row an assignment."""
    title = f"{_heading(result)}; weights {result.weights}"
    caption = (
        f"W, A: bits of each layer's weights and input, {result.layers[0]} to {result.layers[-1]}. p_m: fraction of "
        "the test images classified otherwise than by the float network. Bits and ranges were chosen on "
        f"{result.held_out_images} held-out images, gains on {result.gain_images} of them. Full adders of one image by "
        f"the {CONVENTION!r} convention; float is stored in {FLOAT_BITS} bits. Seconds: all test images, once warm."
    )
    headers = (
        "assignment",
        "bits per layer",
        "test\naccuracy",
        "mismatch p_m\n[95 % interval]",
        "published\nbound",
        "represen-\ntational\nbits",
        "full\nadders",
        "seconds",
    )
    return reporting.table(title, headers, [_cells(row) for row in result.rows], caption=caption, text_columns=2)


def _heading(result: Result) -> str:
    return f"{result.config.network} on {result.data}, {result.rows[0].images} test images"


def _cells(row: Row) -> tuple[str, ...]:
    costs = (reporting.scientific(row.representational_bits), _or_dash(row.full_adders), f"{row.seconds:.2f}")
    name = row.title.replace(" (", "\n(")
    if row.assignment is None:
        return name, "float32", reporting.percent(row.accuracy), "–", "–", *costs
    mismatch = f"{row.mismatch:.4f}\n[{row.interval.low:.4f}, {row.interval.high:.4f}]"
    return name, _bits_text(row.assignment), reporting.percent(row.accuracy), mismatch, f"{row.bound:.3g}", *costs


def _or_dash(number: int | None) -> str:
    return "–" if number is None else reporting.scientific(number)


def _bits_text(assignment: PrecisionAssignment) -> str:
    lines = {"W": assignment.weight_bits, "A": assignment.activation_bits}
    return "\n".join(
        textwrap.fill(" ".join(map(str, bits)), BITS_WIDTH, initial_indent=f"{letter} ", subsequent_indent="  ")
        for letter, bits in lines.items()
    )


def learned(result: Result) -> str:
    """Return what the rows say, in one sentence for each assignment that is compared with the uniform one."""
    reference, uniform, *others = result.rows
    return " ".join(_lesson(row, uniform, reference) for row in others)


def _lesson(row: Row, uniform: Row, reference: Row) -> str:
    assert row.full_adders is not None
    assert uniform.full_adders is not None
    adders = _saving(row.full_adders, uniform.full_adders)
    bits = _saving(row.representational_bits, uniform.representational_bits)
    return (
        f"Against {uniform.title}, {row.title} takes {adders} full adders and {bits} bits, and classifies "
        f"{reporting.percent(row.accuracy)} of the images right against {reporting.percent(uniform.accuracy)} "
        f"(float {reporting.percent(reference.accuracy)}), with p_m {row.mismatch:.4f} against {uniform.mismatch:.4f}: "
        f"{_verdict(row, uniform, reference)}."
    )


def _saving(number: int, other: int) -> str:
    change = number / other - 1
    return f"{reporting.percent(abs(change), digits=1)} {'fewer' if change < 0 else 'more'}"


def _verdict(row: Row, uniform: Row, reference: Row) -> str:
    assert row.full_adders is not None
    assert uniform.full_adders is not None
    if 100 * (reference.right - row.right) > row.images:
        return "it is more than 1 % below float on these images, so that its costs are not at equal accuracy"
    if 100 * (reference.right - uniform.right) > row.images:
        return "uniform is more than 1 % below float on these images, so that the costs are not at equal accuracy"
    fewer = (row.full_adders < uniform.full_adders, row.representational_bits < uniform.representational_bits)
    both = "both are within 1 % of float"
    if all(fewer):
        return f"{both}, and it saves in both costs"
    if any(fewer):
        return f"{both}, and it saves in one cost only"
    if row.mismatches < uniform.mismatches:
        return f"{both}, and at this {_letter(row.name)} it buys fewer mismatches with more bits"
    return f"{both}, and it saves nothing at this {_letter(row.name)}"


def document(result: Result) -> dict[str, Any]:
    """Return a result as JSON values, with the derived numbers in it."""
    plain = asdict(result)
    return {
        "experiment": "cifar_precision",
        **plain,
        "full_adder_convention": CONVENTION,
        "rows": [_row_document(row) for row in result.rows],
        "sweep": [_row_document(row) for row in result.sweep],
        "learned": learned(result),
    }


def _row_document(row: Row) -> dict[str, Any]:
    derived = {"accuracy": row.accuracy}
    if row.assignment is None:
        return asdict(row) | derived
    return asdict(row) | derived | {"mismatch": row.mismatch, "mismatch_interval": asdict(row.interval)}


def figure(result: Result) -> Figure:
    """Return the figure of a result: accuracy and mismatch of the sweep, or the bits per layer where there is none."""
    made = Figure(figsize=(10, 7 if result.sweep else 5.5), layout="constrained")
    made.suptitle(_heading(result))
    return _draw_sweep(made, result) if result.sweep else _draw_bits(made, result)


def _draw_sweep(made: Figure, result: Result) -> Figure:
    panels = made.subplots(2, 2, sharex="col", sharey="row")
    for column, of in enumerate((_word_length, _adders)):
        for name in dict.fromkeys(row.name for row in result.sweep):
            rows = [row for row in result.sweep if row.name == name]
            _draw_accuracy(panels[0, column], rows, of)
            _draw_mismatch(panels[1, column], rows, of)
    _draw_reference(panels[0], 100 * result.rows[0].accuracy, 100 * max(row.accuracy for row in result.sweep))
    panels[1, 0].set_ylabel("mismatch $p_m$ with the float network")
    panels[1, 0].set_xlabel("word length: $B$ (uniform), $B_{min}$ (others), bits")
    panels[1, 1].set_xlabel(f"full adders of one image ({CONVENTION} convention)")
    panels[0, 0].legend(loc="lower right")
    panels[1, 1].legend(loc="upper right")
    for panel in panels.flat:
        panel.grid(alpha=0.25)
    return made


def _draw_reference(panels: Sequence[Axes], accuracy: float, best: float) -> None:
    for panel in panels:
        panel.axhline(accuracy, color="black", linewidth=1, label="float32")
        panel.axhspan(accuracy - 1, accuracy, color="0.88", label="within 1 %")
    panels[0].set_ylim(accuracy - SHOWN_POINTS, max(accuracy, best) + 1)
    panels[0].set_ylabel(f"test accuracy, %\n(down to {SHOWN_POINTS} points below float)")


def _word_length(row: Row) -> float:
    return float(row.bits or 0)


def _adders(row: Row) -> float:
    return float(row.full_adders or 0)


def _draw_accuracy(panel: Axes, rows: Sequence[Row], of: Callable[[Row], float]) -> None:
    color, marker = STYLES[rows[0].name]
    panel.plot([*map(of, rows)], [100 * row.accuracy for row in rows], color=color, marker=marker, label=rows[0].name)


def _draw_mismatch(panel: Axes, rows: Sequence[Row], of: Callable[[Row], float]) -> None:
    color, marker = STYLES[rows[0].name]
    at, mismatch = [*map(of, rows)], [row.mismatch for row in rows]
    ends = [
        [row.mismatch - float(row.interval.low) for row in rows],
        [float(row.interval.high) - row.mismatch for row in rows],
    ]
    panel.errorbar(at, mismatch, ends, color=color, marker=marker, capsize=3, label=f"{rows[0].name}, 95 % interval")
    bounds = [row.bound or np.nan for row in rows]
    panel.plot(at, bounds, color=color, linestyle="--", label=f"{rows[0].name}, published bound")
    panel.axhline(1, color="black", linewidth=0.5)
    panel.set_yscale("log")


def _draw_bits(made: Figure, result: Result) -> Figure:
    panels = made.subplots(2, 1, sharex=True, sharey=True)
    for panel, which in zip(panels, ("weight", "activation"), strict=True):
        for row in result.rows[1:]:
            color, marker = STYLES[row.name]
            bits = getattr(row.assignment, f"{which}_bits")
            panel.step(range(len(bits)), bits, where="mid", color=color, marker=marker, label=row.title)
        panel.set_ylabel(f"{which}s, bits")
        panel.grid(alpha=0.25)
    panels[0].legend()
    panels[1].set_xticks(range(len(result.layers)), result.layers, rotation=60, ha="right")
    return made


app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def main(
    bmin: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=MOST_BITS,
            help="word length B_min of the least sensitive tensor; left out: the smallest that is within 1 % on the "
            "held-out images",
        ),
    ] = None,
    network: Annotated[
        networks.Network, typer.Option(help="the trained network; the embedded set has convnet only")
    ] = (networks.Network.CONVNET),
    data: Annotated[
        Path | None, typer.Option(help="folder of CIFAR-10; else $FXP_DATA, else the user cache, else the embedded set")
    ] = None,
    images: Annotated[int | None, typer.Option(min=1, help="test on the first N images; left out: on all")] = None,
    sweep: Annotated[
        bool, typer.Option("--sweep", help="test B and B_min from 2 to 8 bits too, and draw accuracy and mismatch")
    ] = False,
    offsets: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="JSON file of one assignment more: weight_offsets and activation_offsets (bits above B_min, one a "
            "layer), and perhaps weight_ranges and activation_ranges (powers of two, in place of the measured ones) "
            "and layers (their names); docs/convnet-offsets.json is an example",
        ),
    ] = None,
    json: Annotated[Path | None, typer.Option(dir_okay=False, help="write all numbers to this file")] = None,
    figure_file: Annotated[
        Path | None,
        typer.Option(
            "--figure",
            dir_okay=False,
            help="draw to this .png, .svg or .pdf: the bits per layer, or with --sweep accuracy and mismatch (which go "
            "to cifar_precision-NETWORK.png in the current folder where this is left out)",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="draws the held-out images that the noise gains are taken on")] = 0,
) -> None:
    """Run a network in pure integers at several precision assignments: accuracy, mismatch and cost side by side.

    The rows are float (float32, batch norm folded), uniform (the smallest word length B for all weights and
    activations that is within 1 % of float on the held-out images) and noise-gain (bits that equalise what each layer's
    rounding does to the decision, B_min for the least sensitive).

    Mismatch p_m is the fraction of test images that the integer network classifies otherwise than the float network;
    the published bound limits it from above, often by far, and may exceed 1.

    Everything is chosen on held-out images and reported on test images. Within 1 % means an accuracy of at least that
    of float less 0.01.

    Try --bmin 5 first, then no --bmin to see what noise-gain bits save at equal accuracy, then --sweep.
    """
    with reporting.one_line_errors():
        target = _figure_target(figure_file, network, sweep=sweep)
        given = None if offsets is None else read_offsets(offsets)
        config = Config(network=str(network), b_min=bmin, images=images, seed=seed, sweep=sweep, offsets=given)
        chosen = cifar10_or_embedded(data, announce=typer.echo)
        with reporting.progress_bars() as report:
            result = run(config, chosen, report=report)
        reporting.show(summary(result))
        typer.echo(learned(result))
        if json is not None:
            reporting.write_json(document(result), json)
        if target is not None:
            reporting.save_figure(figure(result), target)
            typer.echo(f"figure: {target}")


def _figure_target(given: Path | None, network: str, *, sweep: bool) -> Path | None:
    if given is not None:
        return reporting.check_figure_path(given)
    return Path(f"cifar_precision-{network}.png") if sweep else None


if __name__ == "__main__":
    app(prog_name="python -m sims.cifar_precision")
