"""Checks derivations once for each state of their source; what was proven is kept in the user's cache."""

import ast
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pooch
import sympy

import analysis
from analysis.derivation import Derivation
from fxp.files import replacing

__all__ = ["proven_methods"]

ANALYSIS = Path(analysis.__file__).parent


def proven_methods(derivation: Derivation, room: str, *, folder: Path | None = None) -> tuple[str, ...]:
    """Return what convinced the machine of each step, from the cache where the source has not changed since.

    Parameters
    ----------
    derivation : Derivation
        To be checked.
    room : str
        The module of analysis that builds it.
    folder : path, optional
        Of the cache; the user's unless told.

    Returns
    -------
    tuple of str
        One method a step.

    Raises
    ------
    analysis.DerivationError
        A step does not follow; nothing is kept then.
    """
    home = Path(pooch.os_cache("fxp")) / "derivations" if folder is None else folder
    file = home / f"{derivation.name}-{_fingerprint(room)}.json"
    try:
        return tuple(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        methods = tuple(proof.method.value for proof in derivation.check())
    try:
        with replacing(file) as draft:
            draft.write_text(json.dumps(methods), encoding="utf-8")
    except OSError:
        pass  # a cache that cannot be written costs time, not truth
    return methods


def _fingerprint(room: str) -> str:
    """Return a digest of SymPy's version and the source of a room and of all rooms that it builds on."""
    digest = hashlib.sha256(sympy.__version__.encode())
    for file in sorted(_sources(ANALYSIS / f"{room}.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _sources(file: Path, seen: frozenset[Path] = frozenset()) -> frozenset[Path]:
    """Return a file and, transitively, the modules of analysis that it imports."""
    seen |= {file}
    for imported in _imports(file):
        if imported not in seen:
            seen |= _sources(imported, seen)
    return seen


def _imports(file: Path) -> Iterator[Path]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            package, _, module = node.module.partition(".")
            names = [module] if module else [alias.name for alias in node.names]
            if package == "analysis":
                yield from (path for name in names if (path := ANALYSIS / f"{name.replace('.', '/')}.py").exists())
