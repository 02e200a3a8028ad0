"""What a clock period costs an LMS predictor: a delay of its update, registers, and a smaller step size."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from typing import Any, Literal

import networkx
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator
from rich.table import Table

import fxp
from fxp.lms.tiers import Tier
from fxp.pipelining.loop_delays import DelayRegion
from fxp.pipelining.step_limits import ClockedStepLimit
from sims import reporting
from sims.flow_figures import lms_figure

__all__ = [
    "Config",
    "Result",
    "document",
    "figure",
    "learned",
    "run",
    "summary",
    "tradeoff_figure",
]

EXAMPLE = (0.1, 0.5, -0.5, 0.1)
TIERS = {
    Tier.SMALL_STEP: "mean square, by the power alone",
    Tier.GAUSSIAN: "mean square, independent Gaussian regressors",
    Tier.OPERATOR: "mean square, exact for a delay line",
}


@dataclass(frozen=True)
class Config:
    """An LMS predictor, its units, and the clock that is wanted.

    Parameters
    ----------
    taps : int
        Number of weights, at least 1.
    multiplier_delay, adder_delay : float or Fraction
        Times of a multiplication and of an addition, at least 0.
    adders : {"chain", "tree"}
        How the products are added.
    step : {"multiplier", "shift"}
        What the step size is.
    period : float or Fraction, optional
        Clock period; that of the slowest unit unless told.
    process : Process
        What is predicted.
    tier : Tier
        What the limit of the mean square rests on.

    Raises
    ------
    ValueError
        An argument is out of range, or another word.
    """

    taps: int = 3
    multiplier_delay: float | Fraction = 10
    adder_delay: float | Fraction = 1
    adders: Literal["chain", "tree"] = "chain"
    step: Literal["multiplier", "shift"] = "multiplier"
    period: float | Fraction | None = None
    process: fxp.Process = field(default_factory=lambda: fxp.Process(EXAMPLE))
    tier: Tier = Tier.GAUSSIAN

    def __post_init__(self) -> None:
        self.graph()

    def graph(self, *, delay: int = 0) -> networkx.DiGraph:
        """Return the predictor with a delay of its update, not retimed."""
        return fxp.lms_graph(
            taps=self.taps,
            multiplier_delay=self.multiplier_delay,
            adder_delay=self.adder_delay,
            adders=self.adders,
            step=self.step,
            delay=delay,
        )

    @property
    def clock(self) -> float | Fraction:
        """The clock period that is wanted."""
        return max(self.multiplier_delay, self.adder_delay) if self.period is None else self.period


@dataclass(frozen=True)
class Speed:
    """How fast a graph is as it is: critical path, and latency from the newest sample to the prediction."""

    critical_path: Fraction
    latency: Fraction


@dataclass(frozen=True)
class Result:
    """What a run found.

    Parameters
    ----------
    config : Config
        What it was asked for.
    direct, retimed : Speed
        Of the predictor without a delay, and of the one for the wanted clock period.
    chosen : ClockedStepLimit
        What that clock period takes and leaves.
    tradeoff : tuple of ClockedStepLimit
        All clock periods that a longer delay makes shorter.
    regions : tuple of DelayRegion
        Least delay for a clock of one multiplication, for every T_M/T_A.
    published_delay : int
        The delay of the rule that gives each unit of the loop a clock period of its own.
    published_limit : float
        Limit of the step size at that delay, of the same tier.
    """

    config: Config
    direct: Speed
    chosen: ClockedStepLimit
    retimed: Speed
    tradeoff: tuple[ClockedStepLimit, ...]
    regions: tuple[DelayRegion, ...]
    published_delay: int
    published_limit: float


def run(config: Config) -> Result:
    """Return what a clock takes and leaves (deterministic, exact but for the tier of the limits).

    Raises
    ------
    ValueError
        No delay reaches the clock period.
    """
    design = _design(config)
    chosen = fxp.step_limit_at_clock(config.process, config.taps, config.clock, **design)
    published = _a_period_each(config.graph())
    return Result(
        config,
        _speed(config.graph()),
        chosen,
        _speed(_retimed(config, chosen)),
        fxp.clock_step_tradeoff(config.process, config.taps, **design),
        fxp.loop_delay_regions(taps=config.taps, adders=config.adders, step=config.step),
        published,
        fxp.step_limit(config.process, config.taps, delay=published, tier=config.tier).step_size,
    )


def _design(config: Config) -> dict[str, Any]:
    names = ("multiplier_delay", "adder_delay", "adders", "step", "tier")
    return {name: getattr(config, name) for name in names}


def _retimed(config: Config, chosen: ClockedStepLimit) -> networkx.DiGraph:
    return fxp.retime(config.graph(delay=chosen.delay), chosen.period)


def _speed(graph: networkx.DiGraph) -> Speed:
    return Speed(fxp.critical_path(graph), fxp.latency(graph, "tap 1", "y"))


def _a_period_each(graph: networkx.DiGraph) -> int:
    """Return the delay with a register for each unit of the longest loop over the error, but for that of the weight."""
    computing = {
        node for node, operation in graph.nodes(data="operation") if operation not in ("wire", "input", "shift")
    }
    loop = max(networkx.all_simple_paths(graph, "product 1", "weight 1"), key=len)
    return len(computing.intersection(loop)) - 1


def summary(result: Result) -> tuple[Table, ...]:
    """Return the tables of a result: clock periods with their step sizes, and delays beside the published rule."""
    return _clock_table(result), _region_table(result)


def _clock_table(result: Result) -> Table:
    rows = [(_mark(each, result), *_cells(each)) for each in _rows(result)]
    headers = ("", "clock period", "delay D", "not retimed", "iteration bound", "registers", "mean", result.config.tier)
    caption = (
        "D is the least delay for the clock period; not retimed: the period with D as written down. The last two "
        "columns are limits of the step size: of the mean for independent regressors, and of the mean square "
        f"(assumed: {result.config.tier.assumption}). "
        f"Latency from the newest sample to the prediction: {_time(result.direct.latency)} without a delay, "
        f"{_time(result.retimed.latency)} at the wanted clock."
    )
    return reporting.table(
        f"{_title(result.config)}:\nwhat a clock leaves of the step size", headers, rows, caption=caption
    )


def _rows(result: Result) -> list[ClockedStepLimit]:
    """Return the wanted clock among the others, the slowest first."""
    others = [each for each in result.tradeoff if each.period != result.chosen.period]
    return sorted([*others, result.chosen], key=lambda each: each.period, reverse=True)


def _mark(each: ClockedStepLimit, result: Result) -> str:
    return "wanted" if each == result.chosen else ""


def _cells(each: ClockedStepLimit) -> tuple[str, ...]:
    times = (_time(each.period), str(each.delay), _time(each.critical_path), _time(each.iteration_bound))
    return *times, str(each.registers), f"{each.mean_limit:.4f}", f"{each.mean_square_limit:.4f}"


def _region_table(result: Result) -> Table:
    rows = [
        (
            f"from {each.low} {'on' if each.high is None else f'to {each.high}'}",
            str(each.delay),
            str(result.published_delay),
        )
        for each in result.regions
    ]
    headers = ("T_M/T_A", "least delay", "a period a unit")
    caption = "A period a unit: as published for three taps."
    return reporting.table("Least delay for a clock of one multiplication", headers, rows, caption=caption)


def learned(result: Result) -> str:
    """Return what the figures say, and where published remarks on them are wrong."""
    return " ".join(_lessons(result))


def _lessons(result: Result) -> Iterator[str]:
    slow, chosen = result.tradeoff[0], result.chosen
    if chosen.delay == 0:
        yield f"Without a delay the clock period is {_time(slow.period)}, and {_time(chosen.period)} is what is wanted."
        return
    yield (
        f"Without a delay the clock period is {_time(slow.period)}; {_time(chosen.period)} takes a delay of "
        f"{chosen.delay}, and the limit of the step size falls from {slow.mean_square_limit:.3g} to "
        f"{chosen.mean_square_limit:.3g}{_remark(result.config.tier)}."
    )
    if chosen.critical_path > chosen.period:
        yield (
            f"As written down, with all registers of the delay in one place, the period would be "
            f"{_time(chosen.critical_path)}: retiming makes the difference."
        )
    if result.published_delay > chosen.delay:
        yield (
            f"A clock period for each unit of the loop, as is published, would be a delay of {result.published_delay} "
            f"and a limit of {result.published_limit:.3g}: more than one unit fits into a period."
        )
    yield from _whole_registers(result.tradeoff)


def _remark(tier: Tier) -> str:
    return "" if tier is Tier.OPERATOR else f" (assumed: {tier.assumption}; that of the delay line may be lower)"


def _whole_registers(tradeoff: Sequence[ClockedStepLimit]) -> Iterator[str]:
    """Yield a sentence where the iteration bound, or the slowest unit, is not reached."""
    least = tradeoff[-1].period
    apart = [each for each in tradeoff if max(each.iteration_bound, least) < each.period]
    if apart:
        delays = _listed([str(each.delay) for each in apart])
        bounds = _listed([_time(max(each.iteration_bound, least)) for each in apart])
        yield (
            f"Iteration bound and slowest unit would allow a period of {bounds} at a delay of {delays}, but registers "
            f"are whole: the shortest is {_listed([_time(each.period) for each in apart])}."
        )


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def document(result: Result) -> dict[str, Any]:
    """Return a result as JSON values; times that are no integers are floats."""
    found: dict[str, Any] = _plain(asdict(result))
    process = result.config.process
    found["config"]["process"] = [list(process.moving_average), list(process.autoregressive)]
    return {"experiment": "pipelines", **found, "learned": learned(result)}


def _plain(value: Any) -> Any:
    match value:
        case Fraction():
            return int(value) if value.denominator == 1 else float(value)
        case Mapping():
            return {key: _plain(each) for key, each in value.items()}
        case list() | tuple():
            return [_plain(each) for each in value]
    return value


def figure(result: Result) -> Figure:
    """Return the predictor with its delay, as written down and retimed; bars are registers, the slowest path is red."""
    chosen = result.chosen
    return lms_figure(
        {
            f"D = {chosen.delay}, as written down": result.config.graph(delay=chosen.delay),
            f"D = {chosen.delay}, retimed": _retimed(result.config, chosen),
        }
    )


def tradeoff_figure(result: Result) -> Figure:
    """Return the limits of the step size against the clock period, with the delays; the wanted clock is marked."""
    made = Figure(figsize=(7.0, 4.4), layout="constrained")
    axis = made.subplots()
    rows = result.tradeoff[::-1]
    _draw_limits(axis, rows, "mean_limit", "mean, independent regressors")
    _draw_limits(axis, rows, "mean_square_limit", TIERS[result.config.tier])
    for each in rows:
        point, label = (float(each.period), each.mean_limit), f"D = {each.delay}"
        axis.annotate(label, point, (-5, 4), textcoords="offset points", ha="right", fontsize="small")
    _mark_wanted(axis, result)
    axis.set(xlabel="clock period", ylabel="limit of the step size", yscale="log", title=_title(result.config))
    axis.set_xlim(*_room(float(rows[0].period), float(rows[-1].period)))
    axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.yaxis.set_major_formatter("{x:g}")
    axis.yaxis.set_minor_locator(NullLocator())
    axis.grid(alpha=0.3)
    made.legend(loc="outside lower center", ncols=2, fontsize="small")
    return made


def _draw_limits(axis: Axes, rows: Sequence[ClockedStepLimit], name: str, label: str) -> None:
    """Draw a limit that holds from each clock period to the next longer one."""
    periods, limits = [float(each.period) for each in rows], [getattr(each, name) for each in rows]
    (line,) = axis.step([*periods, 1.1 * periods[-1]], [*limits, limits[-1]], where="post", label=label)
    axis.plot(periods, limits, "o", color=line.get_color(), markersize=5)


def _room(low: float, high: float) -> tuple[float, float]:
    return low - 0.12 * (high - low) - 0.02 * high, 1.1 * high


def _mark_wanted(axis: Axes, result: Result) -> None:
    at = float(result.chosen.period)
    axis.axvline(at, color="0.4", linestyle="--", linewidth=1, label=f"wanted: {_time(result.chosen.period)}")
    if result.published_delay > result.chosen.delay:
        label = f"with the published delay of {result.published_delay}"
        axis.plot(at, result.published_limit, "x", color="tab:red", markersize=8, markeredgewidth=2, label=label)


def _title(config: Config) -> str:
    taps = "1 tap" if config.taps == 1 else f"{config.taps} taps in a {config.adders}"
    units = f"T_M = {float(config.multiplier_delay):.4g}, T_A = {float(config.adder_delay):.4g}"
    return f"LMS predictor, {taps}, {units}, step by a {config.step}"


def _time(value: Fraction) -> str:
    return str(value) if value.denominator == 1 else f"{float(value):.4g}"
