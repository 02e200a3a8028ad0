"""Lists what can be run: ``python -m sims``."""

import ast
from collections.abc import Iterator
from pathlib import Path

import typer

__all__ = ["commands"]

FOLDER = Path(__file__).parent
app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


def commands() -> Iterator[tuple[str, str]]:
    """Yield each command of this package with the first line of its module's docstring.

    The modules are read, not imported: the list is there at once.

    Yields
    ------
    tuple of str
        For instance ("python -m sims.training", "Trains the networks of the experiments").
    """
    for file in sorted({*FOLDER.glob("*.py"), *FOLDER.glob("*/__main__.py")} - {FOLDER / "__main__.py"}):
        source = file.read_text(encoding="utf-8")
        if 'if __name__ == "__main__":' in source:
            yield f"python -m {_module(file)}", _first_line(source)


def _module(file: Path) -> str:
    parts = file.relative_to(FOLDER.parent).with_suffix("").parts
    return ".".join(part for part in parts if part != "__main__")


def _first_line(source: str) -> str:
    """Return what the first line of the docstring says before it names the command."""
    line, _, _ = (ast.get_docstring(ast.parse(source)) or "").partition("\n")
    return line.partition(": ``")[0].rstrip(".")


@app.command()
def main() -> None:
    """List the experiments and tools with one line each; every one explains its options with --help."""
    found = list(commands())
    width = max(len(command) for command, _ in found)
    for command, line in found:
        typer.echo(f"{command:{width}}  {line}")


if __name__ == "__main__":
    app(prog_name="python -m sims")
