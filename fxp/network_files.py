"""Files of integer networks: arrays and JSON text in an .npz archive, no pickle."""

import json
import os
from collections.abc import Sequence
from dataclasses import fields
from typing import Any, BinaryIO
from zipfile import is_zipfile

import numpy as np
from numpy.typing import NDArray

from fxp.carriers import Geometry
from fxp.files import replacing
from fxp.formats import Format, Rounding
from fxp.kernels.layers import code_dtype
from fxp.operations import Operation, Product, ends

__all__ = ["read_network", "write_network"]

Codes = NDArray[Any]

_KINDS: dict[str, type[Any]] = {kind.__name__: kind for kind in Operation.__args__}


def write_network(
    path: str | os.PathLike[str], input_format: Format, input_shape: tuple[int, ...], operations: Sequence[Operation]
) -> None:
    """Write what makes a network, whole or not at all; OSError where the file cannot be written."""
    described = [_describe(operation) for operation in operations]
    header = {"input_format": str(input_format), "input_shape": input_shape, "operations": described}
    arrays = {
        f"{operation.name}.{part}": _narrow(getattr(operation, part))
        for operation in operations
        if isinstance(operation, Product)
        for part in ("weights", "bias")
    }
    with replacing(path) as draft, draft.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, network=np.array(json.dumps(header, default=int)), **arrays)


def _narrow(codes: Codes) -> Codes:
    return codes.astype(code_dtype(*ends(codes)))


def _describe(operation: Operation) -> dict[str, Any]:
    """Return an operation as JSON values; arrays are stored apart."""
    plain: dict[str, Any] = {"kind": type(operation).__name__}
    for part in fields(operation):
        value = getattr(operation, part.name)
        match value:
            case np.ndarray():
                continue
            case Format():
                plain[part.name] = str(value)
            case Rounding():
                plain[part.name] = value.name
            case Geometry():
                plain[part.name] = [value.stride, value.padding, value.dilation, value.groups]
            case _:
                plain[part.name] = value
    return plain


def read_network(file: BinaryIO) -> dict[str, Any]:
    """Return format, shape and operations from an open .npz file; any exception where it holds something else."""
    if not is_zipfile(file):
        raise ValueError("it is no .npz archive")
    file.seek(0)
    with np.load(file, allow_pickle=False) as arrays:
        header = json.loads(str(arrays["network"]))
        return {
            "input_format": Format.parse(header["input_format"]),
            "input_shape": header["input_shape"],
            "operations": tuple(_rebuild(text, arrays) for text in header["operations"]),
        }


def _rebuild(described: dict[str, Any], stored: Any) -> Operation:
    parts = dict(described)
    kind = _KINDS[parts.pop("kind")]
    for key, value in parts.items():
        if key in ("format", "weight_format"):
            parts[key] = Format.parse(value)
        elif key == "rounding":
            parts[key] = Rounding.of(value)
        elif key == "geometry":
            stride, padding, dilation, groups = value
            top_bottom, left_right = (tuple(both) for both in padding)
            parts[key] = Geometry(tuple(stride), (top_bottom, left_right), tuple(dilation), groups)
        elif isinstance(value, list):
            parts[key] = tuple(value)
    if kind is Product:
        for part in ("weights", "bias"):
            parts[part] = stored[f"{parts['name']}.{part}"]
    operation: Operation = kind(**parts)
    return operation
