"""Predicts what fixed-point arithmetic will do; numbers, closed forms and the bit-true core.

Names are imported on first use (PEP 562), so that ``import fxp`` costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fxp.formats import Format as Format
    from fxp.formats import Overflow as Overflow
    from fxp.formats import Rounding as Rounding

_HOME = {
    "Format": "formats",
    "Overflow": "formats",
    "Rounding": "formats",
    "encode": "quantization",
    "decode": "quantization",
    "quantize": "quantization",
    "cast": "quantization",
    "Accumulation": "accumulators",
    "Accumulator": "accumulators",
    "dot": "accumulators",
    "matmul": "accumulators",
    "conv2d": "accumulators",
    "IntegerNetwork": "networks",
    "LayerShape": "costs",
    "representational_cost": "costs",
    "computational_cost": "costs",
    "gate_area": "costs",
    "energy_weighting": "costs",
    "NoiseGains": "precision",
    "PrecisionAssignment": "precision",
    "equalize": "precision",
    "uniform": "precision",
    "predict_mismatch": "precision",
}

__all__ = sorted(_HOME)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'fxp' has no attribute {name!r}")
    value = getattr(import_module(f"fxp.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
