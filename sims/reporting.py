"""How experiments report: numbers in a table, JSON, figures, progress and one-line errors."""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import typer
from matplotlib.figure import Figure
from rich import box
from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from fxp.files import replacing

__all__ = [
    "Report",
    "check_figure_path",
    "check_writable",
    "one_line_errors",
    "percent",
    "progress_bars",
    "save_figure",
    "scientific",
    "show",
    "table",
    "write_json",
]

Report = Callable[[str, int, int], object]  # what is done, how many of it, of how many

FIGURE_FORMATS = (".pdf", ".png", ".svg")
PRINTED_WIDTH = 120  # columns where the output is no terminal, so that a file holds the same table everywhere


def percent(fraction: float, *, digits: int = 2) -> str:
    """Return a fraction in per cent.

    Examples
    --------
    >>> percent(0.8765), percent(0.1, digits=0)
    ('87.65 %', '10 %')
    """
    return f"{100 * fraction:.{digits}f} %"


def scientific(number: float) -> str:
    """Return a number with four digits, as costs are published.

    Examples
    --------
    >>> scientific(237_712_345_678), scientific(64)
    ('2.377e11', '6.400e1')
    """
    digits, exponent = f"{number:.3e}".split("e")
    return f"{digits}e{int(exponent)}"


def table(
    title: str, headers: Sequence[str], rows: Sequence[Sequence[str]], *, caption: str = "", text_columns: int = 1
) -> Table:
    """Return a table.

    Parameters
    ----------
    title, caption : str
        What stands above and below it.
    headers : sequence of str
        One a column.
    rows : sequence of sequence of str
        Cells, as many in each row as there are headers; they may have several lines.
    text_columns : int
        How many columns are text, from the left; the others are numbers, flush right.
    """
    grid = Table(
        title=title, caption=caption or None, box=box.SIMPLE_HEAD, title_justify="left", caption_justify="left"
    )
    for number, header in enumerate(headers):
        grid.add_column(header, justify="left" if number < text_columns else "right", overflow="fold")
    for row in rows:
        grid.add_row(*row)
    return grid


def show(content: RenderableType, *, file: IO[str] | None = None) -> None:
    """Print a table or a text as wide as the terminal, and 120 columns wide where there is none.

    Parameters
    ----------
    content : renderable of rich
        What to print.
    file : text file, optional
        Where to; standard output where left out.
    """
    console = Console(file=file, highlight=False, markup=False)
    if not console.is_terminal:
        console.width = PRINTED_WIDTH
    console.print(content)


def write_json(value: Any, path: str | os.PathLike[str]) -> None:
    """Write JSON, whole or not at all.

    Parameters
    ----------
    value : dict, list, str, number, bool or None
        What to write; no NaN and no infinity.
    path : path-like
        File to write; its folder is made where it is missing.

    Raises
    ------
    ValueError, TypeError
        The value has no JSON form.
    OSError
        The file cannot be written.
    """
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    with replacing(path) as draft:
        draft.write_text(f"{text}\n", encoding="utf-8")


def check_writable(path: str | os.PathLike[str]) -> None:
    """Refuse a file that cannot be written, so that a long run does not fail at its end; its folder is made.

    Raises
    ------
    OSError
        It is a folder, or its folder cannot be made or written to.
    """
    target = Path(path)
    if target.is_dir():
        raise IsADirectoryError(f"{str(target)!r} is a folder: name a file in it")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        TemporaryFile(dir=target.parent).close()
    except OSError as error:
        raise type(error)(f"{str(target)!r} cannot be written ({error.strerror}): choose another folder") from None


def check_figure_path(path: str | os.PathLike[str]) -> Path:
    """Return the path of a figure that can be written, so that a long run does not fail at its end.

    Raises
    ------
    ValueError
        Its suffix names no format for figures.

    Examples
    --------
    >>> check_figure_path("sweep.svg").name
    'sweep.svg'
    """
    file = Path(path)
    if file.suffix.lower() not in FIGURE_FORMATS:
        raise ValueError(f"figure={str(file)!r} does not end in {', '.join(FIGURE_FORMATS)}: name a format so")
    return file


def save_figure(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Write a figure, whole or not at all, in the format that the suffix names; nothing of it stays open.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Made without pyplot.
    path : path-like
        File that ends in .pdf, .png or .svg.

    Raises
    ------
    ValueError
        The suffix is another one.
    OSError
        The file cannot be written.
    """
    file = check_figure_path(path)
    with replacing(file) as draft:
        figure.savefig(draft, dpi=150)


@contextmanager
def progress_bars() -> Iterator[Report]:
    """Yield a report(what, done, total) that keeps one bar for each `what` on standard error, while it is a terminal.

    Yields
    ------
    callable
        Its bars disappear with the block.
    """
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        tasks: dict[str, TaskID] = {}

        def report(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what)
            bars.update(tasks[what], completed=done, total=total)

        yield report


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Make bad options, files and data inside the block one line on standard error and exit code 2.

    Raises
    ------
    typer.Exit
        In place of ValueError, OSError and MemoryError.
    """
    try:
        yield
    except (ValueError, OSError, MemoryError) as error:
        remedy = "; ask for less" if isinstance(error, MemoryError) else ""
        typer.echo(f"error: {' '.join(str(error).split()) or 'no memory'}{remedy}", err=True)
        raise typer.Exit(2) from None
