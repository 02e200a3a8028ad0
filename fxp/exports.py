"""Public names of a package that are imported on first use (PEP 562)."""

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

__all__ = ["on_first_use"]


def on_first_use(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """Return the ``__getattr__`` of a package that imports its public names when they are first asked for.

    Parameters
    ----------
    package : str
        Its name.
    homes : mapping of str to str
        For each public name the module of the package that defines it.

    Returns
    -------
    callable
        Takes a name; returns what it stands for, and raises AttributeError for a name that is not public.
        ``__version__`` stands for the version of fxp that is installed.
    """

    def attribute(name: str) -> Any:
        if name == "__version__":
            return _version(package)
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(f"{package}.{homes[name]}"), name)
        setattr(sys.modules[package], name, value)
        return value

    return attribute


def _version(package: str) -> str:
    from importlib.metadata import PackageNotFoundError, version  # here, because `import fxp` costs next to nothing

    try:
        return version("fxp")
    except PackageNotFoundError:
        raise AttributeError(
            f"module {package!r} has no attribute '__version__': fxp is not installed, its files are only on the path"
        ) from None
