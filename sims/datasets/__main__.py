"""Lists the data sets at hand, or downloads one: ``python -m sims.datasets [cifar10|mnist]``."""

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from sims.datasets.cifar import load_cifar10
from sims.datasets.download import SOURCES, download, mirrored
from sims.datasets.folders import find, places
from sims.datasets.idx import load_mnist
from sims.datasets.procedural import embedded
from sims.datasets.sets import DataError, Dataset

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
LOADERS = {"cifar10": load_cifar10, "mnist": load_mnist}


class Name(StrEnum):
    """The sets that can be downloaded."""

    CIFAR10 = "cifar10"
    MNIST = "mnist"


def listing(data: Path | None) -> Iterator[str | DataError]:
    """Yield a line for each place that is looked at, and one for each set; for a damaged one the error."""
    yield f"looking in: {', '.join(str(place) for place in places(data))}"
    for name in LOADERS:
        yield _described(name, data)
    yield f"embedded: {embedded().title}, drawn from a seed, always there"


def describe(name: str, data: Path | None) -> str:
    """Return what is known of a set, in one line.

    Raises
    ------
    DataError
        The set is there and damaged.
    """
    layout = SOURCES[name].layout
    folder = find(layout, data)
    return (
        f"{name}: absent; {layout.remedy(data)}" if folder is None else f"{name}: {_read(name, data).title} in {folder}"
    )


def _described(name: str, data: Path | None) -> str | DataError:
    try:
        return describe(name, data)
    except DataError as error:
        return error


def obtain(name: str, data: Path | None, url: str | None) -> str:
    """Download a set unless a sound one is there; return what there is then, in one line.

    Raises
    ------
    DataError
        It could not be had.
    """
    source = SOURCES[name]
    folder = find(source.layout, data)
    if folder is not None and _is_sound(name, data):
        return f"already there: {describe(name, data)}"
    download(mirrored(source, url), folder or next(places(data)) / source.layout.folder)
    return describe(name, data)


def _is_sound(name: str, data: Path | None) -> bool:
    try:
        _read(name, data)
    except DataError:
        return False
    return True


def _read(name: str, data: Path | None) -> Dataset:
    dataset = LOADERS[name](data)
    for split in ("train", "held_out", "test"):
        getattr(dataset, split)  # which reads it, and checks what is only seen then
    return dataset


@app.command()
def main(
    name: Annotated[Name | None, typer.Argument(help="the set to download; without it the sets are listed")] = None,
    data: Annotated[Path | None, typer.Option(help="folder of the data; else $FXP_DATA, else the user cache")] = None,
    url: Annotated[str | None, typer.Option(help="folder of a mirror that holds the official files")] = None,
) -> None:
    """List the data sets at hand, or download one, verified, unless it is there already."""
    try:
        if name is None and url is not None:
            raise DataError(f"url={url!r} is given without a set: say cifar10 or mnist first")
        lines: list[str | Exception] = [*listing(data)] if name is None else [obtain(name, data, url)]
    except (DataError, OSError) as error:
        lines = [error]
    for line in lines:
        wrong = isinstance(line, Exception)
        typer.echo(f"error: {line}" if wrong else line, err=wrong)
    if any(isinstance(line, Exception) for line in lines):
        raise typer.Exit(2)


if __name__ == "__main__":
    app(prog_name="python -m sims.datasets")
