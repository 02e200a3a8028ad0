"""Checks derivations once for each state of their source; what was proven is kept in the user's cache."""

import ast
import hashlib
import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pooch
import sympy

import analysis
from analysis.derivation import Derivation, Method
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
    file = home / f"{derivation.name}-{_fingerprint(derivation, room)}.json"
    known = _known(file, len(derivation.steps))
    if known is not None:
        return known
    methods = tuple(proof.method.value for proof in derivation.check())
    with suppress(OSError), replacing(file) as draft:  # a cache that cannot be written costs time, not truth
        draft.write_text(json.dumps(methods), encoding="utf-8")
    return methods


def _known(file: Path, steps: int) -> tuple[str, ...] | None:
    """Return what a file says of so many steps, None where it says nothing of the kind."""
    try:
        methods = json.loads(file.read_text(encoding="utf-8"))
        return tuple(Method(method).value for method in methods) if len(methods) == steps else None
    except (OSError, TypeError, ValueError):
        return None


def _fingerprint(derivation: Derivation, room: str) -> str:
    """Return a digest of SymPy's version, of a chain, and of the source of its room and of all that it builds on."""
    chain = (sympy.__version__, derivation.steps, derivation.quantity, sorted(map(str, derivation.domain.items())))
    digest = hashlib.sha256(repr(chain).encode())
    for file in sorted(_sources(ANALYSIS / f"{room}.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _sources(file: Path, seen: frozenset[Path] = frozenset()) -> frozenset[Path]:
    """Return a file and, transitively, the modules of analysis that it imports."""
    if not file.exists():
        return seen
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
