"""What packages export lazily: their version, and signatures that name the types of their arguments."""

import importlib.metadata
import inspect
import tomllib
from pathlib import Path

import pytest

import analysis
import fxp

PROJECT = Path(fxp.__file__).parents[1] / "pyproject.toml"


@pytest.mark.parametrize("package", [fxp, analysis])
def test_the_version_is_that_of_the_project(package):
    assert package.__version__ == tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]["version"]


def test_files_that_are_not_installed_have_no_version(monkeypatch):
    def absent(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", absent)
    with pytest.raises(AttributeError, match="^module 'fxp' has no attribute '__version__': fxp is not installed"):
        _ = fxp.__version__
    assert not hasattr(fxp, "__version__")


@pytest.mark.parametrize(
    "name", ["encode", "decode", "quantize", "cast", "add", "shift", "sqnr_dot", "bits_for_sqnr", "Prefixes"]
)
def test_help_names_the_types_of_arguments(name):
    signature = str(inspect.signature(getattr(fxp, name)))
    assert "ArrayLike" in signature or "Codes" in signature
    assert "Union" not in signature
    assert "_SupportsArray" not in signature
