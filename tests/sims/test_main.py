import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from typer.testing import CliRunner

import sims
from sims import __main__ as listing

ROOT = Path(sims.__file__).parents[1]


def test_every_experiment_is_listed_with_the_first_line_of_its_docstring():
    found = dict(listing.commands())
    assert {"python -m sims.cifar_precision", "python -m sims.datasets", "python -m sims.training"} <= set(found)
    for command, line in found.items():
        name = command.removeprefix("python -m ")
        module = import_module(f"{name}.__main__" if name == "sims.datasets" else name)
        first = module.__doc__.splitlines()[0]
        assert line
        assert first.startswith(line)
        assert command in first


def test_modules_without_a_command_are_left_out():
    commands = dict(listing.commands())
    assert not {"python -m sims", "python -m sims.reporting", "python -m sims.offsets"} & set(commands)


def test_the_command_prints_one_aligned_line_each():
    result = CliRunner().invoke(listing.app)
    lines = result.stdout.splitlines()
    assert result.exit_code == 0
    width = max(len(command) for command, _ in listing.commands())
    assert lines == [f"{command:{width}}  {line}" for command, line in listing.commands()]


@pytest.mark.parametrize(
    ("raised", "shown"),
    [
        ("KeyboardInterrupt", r"^Aborted!\n$"),
        ("ZeroDivisionError('why')", "(?s)^Traceback .*ZeroDivisionError: why\n$"),
    ],
)
def test_an_interrupt_while_libraries_are_imported_is_one_line(tmp_path, raised, shown):
    """A module that raises takes the place of one that every experiment imports."""
    (tmp_path / "numpy.py").write_text(f"raise {raised}\n")
    env = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    command = [sys.executable, "-m", "sims.cifar_precision", "--help"]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert re.match(shown, done.stderr)
