"""The wheel works from another folder, its core without torch; requirements are pinned; no file names a machine."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Mapping
from email import message_from_bytes
from pathlib import Path

import pytest

import analysis
import fxp

ROOT = Path(__file__).parents[1]
CONSTRAINTS = ROOT / "constraints.txt"
PACKAGES = ("fxp", "analysis", "sims")
KEPT = (".py", ".typed", ".npz", ".html")  # what a wheel holds of them
SOURCES = (*PACKAGES, "tests", "benchmarks", "pyproject.toml", "README.md", "LICENSE")
BUILD_VERSIONS = dict.fromkeys(("PIP_CONSTRAINT", "PIP_BUILD_CONSTRAINT"), CONSTRAINTS.name)  # a path may hold spaces

CORE_SESSION = """
import importlib.util, json, fxp
x = fxp.encode([0.1, -0.7, 3.0], fxp.Format(8, 7))
image, kernel = [[[[1, 2, 3], [4, 5, 6], [7, 8, 9]]]], [[[[1, 0], [0, -1]]]]
print(json.dumps({
    "file": fxp.__file__,
    "absent": [name for name in ("torch", "sympy", "matplotlib") if importlib.util.find_spec(name) is None],
    "codes": x.tolist(),
    "dot": fxp.dot(x, [1, 2, -3]).codes.tolist(),
    "matmul": fxp.matmul([[1, 2], [3, 4]], [[5], [-6]]).codes.tolist(),
    "conv2d": fxp.conv2d(image, kernel).codes.tolist(),
}))
"""


def run(command, *, cwd: Path, env: Mapping[str, str | None] = {}) -> subprocess.CompletedProcess:
    """Run a command in a folder and an environment without the checkout; None takes a variable away."""
    merged = {**os.environ, "PYTHONPATH": None, **env}
    kept = {name: value for name, value in merged.items() if value is not None}
    return subprocess.run(list(map(str, command)), cwd=cwd, env=kept, capture_output=True, text=True, check=False)


def output(done: subprocess.CompletedProcess) -> str:
    """Return what a command printed; it has to have succeeded."""
    assert done.returncode == 0, f"{done.args}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def pip(*arguments, python=sys.executable) -> subprocess.CompletedProcess:
    """Run pip, which takes the versions of what it installs and builds with from constraints.txt."""
    return run([python, "-m", "pip", *arguments], cwd=ROOT, env=BUILD_VERSIONS)


def give_up(reason: str) -> None:
    """Skip a test, except on continuous integration, where nothing that it needs may be missing."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def registry(tmp_path_factory) -> None:
    folder = tmp_path_factory.mktemp("registry")
    if pip("download", "--quiet", "--no-deps", "--dest", folder, "setuptools").returncode != 0:
        give_up("pip reaches no package registry: pip download setuptools fails")


@pytest.fixture(scope="module")
def wheel(registry, tmp_path_factory) -> Path:
    """The wheel of a copy of the sources."""
    folder = tmp_path_factory.mktemp("wheel")
    copy = folder / "source"
    copy.mkdir()
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(ROOT / name, copy)
    output(pip("wheel", "--quiet", "--no-deps", "--wheel-dir", folder, copy))
    (built,) = folder.glob("fxp-*.whl")
    return built


def test_the_wheel_holds_the_three_packages_whole_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    files = (path for package in PACKAGES for path in (ROOT / package).rglob("*"))
    assert held == {path.relative_to(ROOT).as_posix() for path in files if path.suffix in KEPT}
    assert {f"{package}/py.typed" for package in PACKAGES} <= held
    assert any(name.startswith("sims/weights/") and name.endswith(".npz") for name in held)


def test_the_core_requires_numpy_scipy_and_numba_alone(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = message_from_bytes(archive.read(name))
    core = [line for line in metadata.get_all("Requires-Dist") if "extra ==" not in line]
    assert {re.match(r"[\w-]+", line)[0] for line in core} == {"numpy", "scipy", "numba"}
    assert metadata["License-Expression"] == "BSD-3-Clause"


def test_the_core_works_without_torch_in_a_clean_environment(wheel, tmp_path):
    output(run([sys.executable, "-m", "venv", tmp_path / "venv"], cwd=tmp_path))
    python = tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
    output(pip("install", "--quiet", wheel, python=python))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    seen = json.loads(output(run([python, "-c", CORE_SESSION], cwd=elsewhere)))
    assert Path(seen.pop("file")).is_relative_to(tmp_path / "venv")
    assert seen == {
        "absent": ["torch", "sympy", "matplotlib"],
        "codes": [13, -90, 127],
        "dot": -548,
        "matmul": [[-7], [-9]],
        "conv2d": [[[[-4, -4], [-4, -4]]]],
    }


def test_the_main_experiment_runs_from_the_wheel_on_the_embedded_set(wheel, tmp_path):
    installed, elsewhere, cache = (tmp_path / name for name in ("installed", "elsewhere", "cache"))
    elsewhere.mkdir()
    output(pip("install", "--quiet", "--no-deps", "--target", installed, wheel))
    env = {"PYTHONPATH": str(installed), "FXP_DATA": None, "XDG_CACHE_HOME": str(cache)}
    found = output(run([sys.executable, "-c", "import sims; print(sims.__file__)"], cwd=elsewhere, env=env))
    assert Path(found.strip()).is_relative_to(installed)
    command = [sys.executable, "-m", "sims.cifar_precision", "--images", "50", "--bmin", "5"]
    shown = output(run(command, cwd=elsewhere, env=env))
    assert "embedded synthetic set" in shown.splitlines()[0]
    assert "python -m sims.datasets cifar10" in shown.splitlines()[0]
    for row in ("float", "uniform", "noise-gain"):
        assert row in shown
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize("package", [fxp, analysis])
def test_type_checkers_know_every_lazy_name_from_its_home(package):
    tree = ast.parse(Path(package.__file__).read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    declared = {(line.module, name.name, name.asname) for line in block.body for name in line.names}
    assert declared == {(f"{package.__name__}.{home}", name, name) for name, home in package._HOME.items()}
    assert sorted(name for _, name, _ in declared) == package.__all__ == dir(package)
    assert all(_is_home(module, getattr(package, name)) for module, name, _ in declared)


def _is_home(module: str, value) -> bool:
    """Return whether a module, or one inside of it, defines a value; plain values do not say where they come from."""
    home = getattr(value, "__module__", module)
    return home == module or home.startswith(f"{module}.")


def imported(file: Path) -> set[str]:
    """Return the top-level names of all that a file imports when it runs, lazily or not."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    typing = [node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    nodes = list(ast.walk(ast.Module([node for node in tree.body if node not in typing], [])))
    plain = (alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names)
    of_names = (node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module)
    return {module.partition(".")[0] for module in (*plain, *of_names)} - sys.stdlib_module_names


def test_fxp_needs_numpy_scipy_and_numba_torch_in_the_carriers_and_numbas_llvm_in_the_lanes():
    core = {"fxp", "numpy", "scipy", "numba"}
    needs = {file.name: imported(file) - core for file in (ROOT / "fxp").rglob("*.py")}
    assert {name: libraries for name, libraries in needs.items() if libraries} == {
        "carriers.py": {"torch"},
        "lanes.py": {"llvmlite"},
    }


def test_every_requirement_has_an_exact_version():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"]["optional-dependencies"].values()
    ranges = [
        *project["build-system"]["requires"],
        *project["project"]["dependencies"],
        *(r for e in extras for r in e),
    ]
    names = {re.match(r"[\w-]+", line)[0] for line in ranges} - {"fxp"}
    pins = dict(line.split("==") for line in CONSTRAINTS.read_text(encoding="utf-8").split())
    assert names <= pins.keys()


def test_no_file_of_the_tree_names_a_machine():
    listed = run(["git", "-c", "safe.directory=*", "ls-files", "-z"], cwd=ROOT)
    if listed.returncode != 0:
        give_up("this is no git checkout: its files cannot be listed")
    home = re.compile("/(" + "|".join(("home", "Users", "root")) + r")/\w")
    index = re.compile("(--(extra-)?index-" + "url|--find-" + "links|pypi" + r"\.org/simple)")
    texts = {name: read(ROOT / name) for name in listed.stdout.split("\0") if name}
    assert len(texts) > 50
    assert [name for name, text in texts.items() if home.search(text) or index.search(text)] == []


def read(file: Path) -> str:
    """Return the text of a file; of one that is gone, or no text, nothing."""
    try:
        return file.read_text(encoding="utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        return ""
