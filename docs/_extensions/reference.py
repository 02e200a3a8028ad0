"""Sphinx extension that writes the reference: a page a module of fxp and analysis, and one of the commands."""

import inspect
from collections import defaultdict
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata
from typer.testing import CliRunner

import analysis
import fxp
from sims.__main__ import commands

__all__ = ["setup"]

CURRENT = ".. currentmodule:: {}\n"
TOPICS = {
    "Numbers": (
        "formats",
        "quantization",
        "arithmetic",
        "accumulators",
        "accumulator_widths",
        "lossless_widths",
        "width_bounds",
    ),
    "Signals": ("signals",),
    "Rounding errors": ("roundoff", "whiteness", "dither"),
    "Quantisers and clip levels": ("quantizers", "clipping", "word_lengths"),
    "6-dB rules": ("sqnr", "operand_noise", "output_bits"),
    "Dot products": ("dot_products", "sum_moments"),
    "Limits": ("limits", "optimal_levels"),
    "Blocks": ("blocks",),
    "Processes, predictors and filters": (
        "processes",
        "filters.predictors",
        "filters.noise",
        "filters.losses",
        "filters.bits",
        "filters.designs",
    ),
    "Costs": ("costs",),
    "Precision of networks": ("precision",),
    "Networks in integers": ("networks",),
    "Requantisers": (
        "requantizers.presets",
        "requantizers.scalings",
        "requantizers.multipliers",
        "requantizers.activations",
        "requantizers.affine_products",
        "requantizers.errors",
    ),
    "Adaptive filters": ("lms.limits", "lms.rules", "lms.steady_state", "lms.curves", "lms.convergence"),
    "Pipelines": (
        "pipelining.lms_graphs",
        "pipelining.clocks",
        "pipelining.retiming",
        "pipelining.loop_delays",
        "pipelining.step_limits",
        "pipelining.flow_graphs",
    ),
    "LMS in finite words": (
        "fixed_lms.filters",
        "fixed_lms.batches",
        "words",
        "lms.words",
        "lms.small_steps",
        "lms.word_choice",
        "lms.stalls",
    ),
    "Weights of trained systems": ("backprop.weight_words", "backprop.angle_costs", "backprop.angle_minima"),
}


def setup(app: Sphinx) -> ExtensionMetadata:
    """Write the pages before Sphinx looks for sources."""
    app.connect("builder-inited", write_reference)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def write_reference(app: Sphinx) -> None:
    """Write reference/generated, with the exports as they are now; files of modules that are gone are removed."""
    folder = Path(app.srcdir, "reference", "generated")
    folder.mkdir(exist_ok=True)
    sources = dict([*pages(fxp), *pages(analysis), ("commands.rst", commands_page()), ("topics.inc", topics_table())])
    for stale in {file.name for file in folder.iterdir()} - sources.keys():
        (folder / stale).unlink()
    for name, source in sources.items():
        (folder / name).write_text(source, encoding="utf-8")


def pages(package: ModuleType) -> Iterator[tuple[str, str]]:
    """Yield file name and source of the page of each module that exports something."""
    homes = defaultdict(list)
    for name, home in package._HOME.items():
        homes[home].append(name)
    for home, names in homes.items():
        module = f"{package.__name__}.{home}"
        parts = [_heading(module), inspect.getdoc(import_module(module)) or "", CURRENT.format(package.__name__)]
        parts += [f".. {_directive(getattr(package, name))}:: {name}" for name in names]
        yield f"{module}.rst", "\n\n".join(parts) + "\n"


def topics_table() -> str:
    """Return the source of the tables, one a topic, with a line an export or command."""
    listed = {home for homes in TOPICS.values() for home in homes}
    rest = tuple(home for home in dict.fromkeys(fxp._HOME.values()) if home not in listed)
    tables = [_topic(topic, fxp, homes) for topic, homes in {**TOPICS, "More": rest}.items() if homes]
    tables.append(_topic("Reading networks of torch, derivations and claims", analysis, analysis._HOME.values()))
    tables.append(_table("Commands", ((f"``{command}``", line) for command, line in commands())))
    return "\n\n".join(tables) + "\n"


def _topic(topic: str, package: ModuleType, homes: Iterable[str]) -> str:
    ordered = [name for home in dict.fromkeys(homes) for name, known in package._HOME.items() if known == home]
    rows = ((f":py:obj:`{package.__name__}.{name}`", _first_line(package, name)) for name in ordered)
    return f"{CURRENT.format(package.__name__)}\n{_table(topic, rows)}"


def _table(title: str, rows: Iterable[tuple[str, str]]) -> str:
    lines = [f"   * - {left}\n     - {right}" for left, right in rows]
    return "\n".join([f".. list-table:: {title}", "   :widths: 30 70", "", *lines])


def _first_line(package: ModuleType, name: str) -> str:
    """Return what the docstring of an export says first, or that of its module for a constant, which has none."""
    value = getattr(package, name)
    told = import_module(f"{package.__name__}.{package._HOME[name]}") if _directive(value) == "autodata" else value
    return (inspect.getdoc(told) or "").partition("\n")[0]


def commands_page() -> str:
    """Return the source of the page that shows what each command of sims prints with ``--help``."""
    parts = [_heading("Commands"), "What each command says with ``--help``."]
    for command, line in commands():
        parts += [_heading(line, underline="-"), ".. code-block:: text", _indented(_help(command))]
    return "\n\n".join(parts) + "\n"


def _directive(value: object) -> str:
    if inspect.isclass(value):
        return "autoclass"
    return "autofunction" if inspect.isroutine(value) else "autodata"


def _help(command: str) -> str:
    """Return what ``python -m sims.X --help`` prints."""
    module = command.removeprefix("python -m ")
    package = not hasattr(import_module(module), "app")
    app = import_module(f"{module}.__main__" if package else module).app
    shown = CliRunner().invoke(app, ["--help"], prog_name=command, terminal_width=100)
    if shown.exit_code != 0:
        raise RuntimeError(f"{command} --help ends with exit code {shown.exit_code}: {shown.output}")
    return shown.output.strip()


def _heading(text: str, *, underline: str = "=") -> str:
    return f"{text}\n{underline * len(text)}"


def _indented(text: str) -> str:
    return "\n".join(f"   {line}".rstrip() for line in text.splitlines())
