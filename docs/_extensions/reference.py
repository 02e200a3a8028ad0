"""Sphinx extension that writes the reference: a page a module of fxp and analysis, and one of the commands."""

import inspect
from collections import defaultdict
from collections.abc import Iterator
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


def setup(app: Sphinx) -> ExtensionMetadata:
    """Write the pages before Sphinx looks for sources."""
    app.connect("builder-inited", write_reference)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def write_reference(app: Sphinx) -> None:
    """Write reference/generated, with the exports as they are now; files of modules that are gone are removed."""
    folder = Path(app.srcdir, "reference", "generated")
    folder.mkdir(exist_ok=True)
    sources = dict([*pages(fxp), *pages(analysis), ("commands.rst", commands_page())])
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
