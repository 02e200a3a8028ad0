"""Imports go fxp ← analysis ← sims, never back; `import fxp` loads next to nothing, and fxp works without torch."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import fxp
from fxp import reference

ROOT = Path(fxp.__file__).parents[1]
STOREYS = ("fxp", "analysis", "sims")
MODULES = sorted(path.relative_to(ROOT) for storey in STOREYS for path in (ROOT / storey).rglob("*.py"))
MEASURES_MAY_IMPORT = frozenset(
    f"fxp.{room}"
    for room in (
        *("formats", "quantization", "reference", "kernels", "carriers", "accumulators", "networks", "signals"),
        *("processes", "words", "fixed_lms"),
    )
)
BIT_TRUE_JOB = """
import json, sys, types
import numpy as np
{block}
import fxp
from fxp.networks import Product, Requantization

image = np.arange(32, dtype=np.uint8).reshape(1, 2, 4, 4)
kernel = np.arange(-9, 9, dtype=np.int8).reshape(1, 2, 3, 3)
fine = fxp.Format(8, 7, signed=False)
product = Product("conv", "input", kernel, np.array([3]), fxp.Format(8, 7))
network = fxp.IntegerNetwork(fine, (2, 4, 4), (product, Requantization("codes", "conv", fxp.Format(8, 11))))
results = {{
    "encode": fxp.encode([0.25, 1.5], fine),
    "dot": fxp.dot([1, 2], [3, 4]).codes,
    "matmul": fxp.matmul([[1, 2]], [[3], [4]]).codes,
    "conv2d": fxp.conv2d(image, kernel).codes,
    "network": network.run(image),
}}
assert not isinstance(sys.modules.get("torch"), types.ModuleType), "torch was imported"
print(json.dumps({{name: codes.tolist() for name, codes in results.items()}}))
"""
BLOCKS = {
    "no module": "sys.modules['torch'] = None",
    "import fails": """
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "torch":
            raise ImportError(name)

sys.meta_path.insert(0, Blocker())
""",
}


def imports(tree: ast.Module) -> Iterator[str]:
    """Yield the dotted name of all that a module imports anywhere, and of what it takes from a plain `import fxp`."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                assert level == 0, "imports are absolute"
                yield from (f"{module}.{alias.name}" for alias in names)
            case ast.Attribute(value=ast.Name(id="fxp"), attr=name):
                yield f"fxp.{name}"


def home(name: str) -> str:
    """Return the module or package of fxp behind a dotted name, that of its home for an export: always two parts."""
    package, _, rest = name.partition(".")
    first = rest.partition(".")[0]
    if package == "fxp":
        first = fxp._HOME.get(first, first).partition(".")[0]
    return f"{package}.{first}" if first else package


def violations(path: Path, source: str) -> list[str]:
    """Return the imports of a module that its place does not allow."""
    storey = path.parts[0]
    above = STOREYS[STOREYS.index(storey) + 1 :]
    found = []
    for name in imports(ast.parse(source)):
        package = name.partition(".")[0]
        upwards = package in above
        torch_elsewhere = storey == "fxp" and package == "torch" and path != Path("fxp/carriers.py")
        prediction = (
            path.parts[:2] == ("sims", "measure") and package == "fxp" and home(name) not in MEASURES_MAY_IMPORT
        )
        if upwards or torch_elsewhere or prediction:
            found.append(name)
    return found


def run(script: str) -> str:
    """Run Python with warnings as errors in the root of the project; return what it prints."""
    command = [sys.executable, "-W", "error", "-c", script]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_no_import_goes_back(path):
    assert violations(path, (ROOT / path).read_text()) == []


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("fxp/sqnr.py", "import analysis"),
        ("fxp/sqnr.py", "def f():\n    from sims.networks import resnet20"),
        ("fxp/sqnr.py", "import torch.nn"),
        ("analysis/sqnr.py", "from sims import networks"),
        ("sims/measure/sqnr.py", "from fxp.sqnr import sqnr_dot"),
        ("sims/measure/costs.py", "from fxp import LayerShape"),
        ("sims/measure/costs.py", "import fxp\nfxp.gate_area([], 8, 8)"),
        ("sims/measure/costs.py", "from fxp import costs"),
        ("sims/measure/pipelining.py", "from fxp import min_period"),
        ("sims/measure/pipelining.py", "import fxp.pipelining.clocks"),
        ("sims/measure/requantizers.py", "from fxp.requantizers import reference"),
    ],
)
def test_planted_imports_are_found(path, source):
    assert violations(Path(path), source)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("fxp/carriers.py", "import torch"),
        ("analysis/sqnr.py", "import torch\nfrom fxp import encode"),
        ("sims/verify.py", "from analysis import claims\nfrom fxp import gate_area"),
        ("sims/measure/sqnr.py", "from fxp import Format, quantize, reference\nimport fxp.kernels.encode"),
    ],
)
def test_allowed_imports_are_let_through(path, source):
    assert violations(Path(path), source) == []


def test_torch_is_imported_in_functions_only():
    tree = ast.parse((ROOT / "fxp" / "carriers.py").read_text())
    at_import = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    assert not [name for name in imports(ast.Module(at_import, [])) if name.startswith("torch")]


def test_import_fxp_loads_next_to_nothing():
    loaded = run("import sys, fxp; dir(fxp); print(*sys.modules)").split()
    heavy = ("torch", "sympy", "matplotlib", "networkx", "scipy", "numba", "numpy")
    assert [name for name in loaded if name.partition(".")[0] in heavy] == []


def test_every_export_loads_without_heavy_libraries():
    loaded = run("import sys, fxp; [getattr(fxp, name) for name in fxp.__all__]; print(*sys.modules)").split()
    heavy = ("torch", "sympy", "matplotlib", "networkx")
    assert [name for name in loaded if name.partition(".")[0] in heavy or name.startswith("scipy.stats")] == []


def test_no_export_has_the_name_of_a_module():
    modules = {path.stem for path in (ROOT / "fxp").iterdir()}
    assert not modules & set(fxp.__all__), "the module, once imported, would take the place of the function"


def test_unknown_names_are_refused():
    with pytest.raises(AttributeError, match=r"module 'fxp' has no attribute 'sqnr_of'"):
        _ = fxp.sqnr_of


@pytest.mark.parametrize("block", BLOCKS.values(), ids=BLOCKS)
def test_fxp_works_without_torch(block):
    results = json.loads(run(BIT_TRUE_JOB.format(block=block)))
    sums = reference.conv2d(np.arange(32).reshape(1, 2, 4, 4), np.arange(-9, 9).reshape(1, 2, 3, 3))
    codes = [[[[reference.shift_round(int(total) + 3, 3, "HALF_EVEN") for total in row] for row in sums[0, 0]]]]
    assert results == {"encode": [32, 192], "dot": 11, "matmul": [[11]], "conv2d": sums.tolist(), "network": codes}
