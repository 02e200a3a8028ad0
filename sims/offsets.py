"""Word lengths and ranges from a file, as course material hands them out: per layer, offsets from one B_min."""

import json
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from analysis.calibration import Calibration
from fxp.precision import NoiseGains, PrecisionAssignment

__all__ = ["Offsets", "read_offsets", "with_ranges"]

LARGEST_EXPONENT = 32  # far beyond the ranges of networks, so that no format runs out of bits by a slip of the pen


@dataclass(frozen=True)
class Offsets:
    """Bits of each layer above a common B_min, and ranges where they are given; one entry a layer, in call order.

    Parameters
    ----------
    weight_offsets, activation_offsets : tuple of int
        Bits above B_min, not negative; the activations are the layer's input tensor, the first one the image.
    weight_ranges, activation_ranges : tuple of float, optional
        Ranges R, powers of two; measured ones are used where they are left out.
    layers : tuple of str, optional
        Names of the layers that the entries are meant for.
    about : str
        What the file says of itself.

    Raises
    ------
    ValueError
        An entry is out of its domain or the lengths differ.

    Examples
    --------
    >>> print(Offsets((4, 0), (1, 2)).assignment(5))
    weights 9 5, activations 6 7 bits
    """

    weight_offsets: tuple[int, ...]
    activation_offsets: tuple[int, ...]
    weight_ranges: tuple[float, ...] | None = None
    activation_ranges: tuple[float, ...] | None = None
    layers: tuple[str, ...] | None = None
    about: str = ""

    def __post_init__(self) -> None:
        for name, (is_right, rule) in _RULES.items():
            entries = getattr(self, name)
            if entries is None and name in ("weight_ranges", "activation_ranges", "layers"):
                continue
            if not isinstance(entries, Sequence) or isinstance(entries, str) or not all(map(is_right, entries)):
                raise ValueError(f"{name}={entries!r} is not a list of {rule}: give one entry a layer")
            if len(entries) != len(self.weight_offsets):
                raise ValueError(
                    f"{name} has {len(entries)} entries, weight_offsets {len(self.weight_offsets)}: "
                    "give one entry a layer"
                )
            object.__setattr__(self, name, tuple(entries))

    def assignment(self, b_min: int) -> PrecisionAssignment:
        """Return the bits that follow from B_min; ValueError where a word would be longer than 63 bits."""
        return PrecisionAssignment(
            tuple(b_min + offset for offset in self.weight_offsets),
            tuple(b_min + offset for offset in self.activation_offsets),
        )

    def calibration(self, measured: Calibration) -> Calibration:
        """Return the measured ranges with those of the file in their place.

        Parameters
        ----------
        measured : Calibration
            Of the network that the file is for.

        Returns
        -------
        Calibration
            Of the same layers.

        Raises
        ------
        ValueError
            The file is for other layers, contradicts itself on a tensor that two layers read, or gives another
            range than 1 to the image.
        """
        self._check_layers(measured.layers)
        self._check_shared(measured)
        weights, activations = self.weight_ranges, self.activation_ranges
        return replace(
            measured,
            weight_ranges=measured.weight_ranges if weights is None else tuple(map(float, weights)),
            activation_ranges=measured.activation_ranges if activations is None else tuple(map(float, activations)),
        )

    def _check_layers(self, layers: tuple[str, ...]) -> None:
        if len(self.weight_offsets) != len(layers):
            raise ValueError(
                f"weight_offsets has {len(self.weight_offsets)} entries for {len(layers)} layers: "
                f"give one for each of {', '.join(layers)}"
            )
        if self.layers not in (None, layers):
            raise ValueError(f"layers={self.layers} are not those of the network: it has {', '.join(layers)}")

    def _check_shared(self, measured: Calibration) -> None:
        for name in ("activation_offsets", "activation_ranges"):
            entries = getattr(self, name) or measured.activation_ranges
            for layer, first in enumerate(measured.tensors):
                if entries[layer] != entries[first]:
                    raise ValueError(
                        f"{name} gives {entries[first]} to {measured.layers[first]} and {entries[layer]} to "
                        f"{measured.layers[layer]}, which read one tensor: give both the same"
                    )
        if self.activation_ranges is not None and self.activation_ranges[0] != 1:
            raise ValueError(
                f"activation_ranges[0]={self.activation_ranges[0]} is not 1, the range of the image: its codes stand "
                "for code/256"
            )


def read_offsets(path: str | os.PathLike[str]) -> Offsets:
    """Return the offsets and ranges that a JSON file holds.

    Parameters
    ----------
    path : path-like
        One JSON object whose keys are the fields of `Offsets`.

    Returns
    -------
    Offsets
        Its content.

    Raises
    ------
    ValueError
        The file is not such an object; the message names the file.
    OSError
        It cannot be read.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder) / "offsets.json"
    ...     _ = file.write_text('{"weight_offsets": [4, 0], "activation_offsets": [1, 2]}')
    ...     read_offsets(file).weight_offsets
    (4, 0)
    """
    try:
        return _from_json(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"offsets={str(path)!r}: {error}") from None


def with_ranges(gains: NoiseGains, calibration: Calibration) -> NoiseGains:
    """Return the gains on other ranges (exact): a gain is proportional to the square of its range.

    Parameters
    ----------
    gains : NoiseGains
        Of the same layers.
    calibration : Calibration
        The ranges to be used.

    Returns
    -------
    NoiseGains
        With these ranges.

    Examples
    --------
    >>> gains = NoiseGains(("fc",), (1,), (1,), (False,), (3,), (2,), kind="bound")
    >>> moved = with_ranges(gains, Calibration(("fc",), (0.5,), (4.0,), (False,), (0,)))
    >>> moved.weight_gains, moved.activation_gains
    ((0.75,), (32.0,))
    """
    return replace(
        gains,
        weight_ranges=calibration.weight_ranges,
        activation_ranges=calibration.activation_ranges,
        weight_gains=_rescaled(gains.weight_gains, gains.weight_ranges, calibration.weight_ranges),
        activation_gains=_rescaled(gains.activation_gains, gains.activation_ranges, calibration.activation_ranges),
    )


def _rescaled(gains: Sequence[float], before: Sequence[float], after: Sequence[float]) -> tuple[float, ...]:
    return tuple(gain * (new / old) ** 2 for gain, old, new in zip(gains, before, after, strict=True))


def _from_json(text: str) -> Offsets:
    given = json.loads(text)
    known = {field.name for field in fields(Offsets)}
    if not isinstance(given, dict):
        raise ValueError("it holds no JSON object: write {...} with weight_offsets and activation_offsets")
    for key in given:
        if key not in known:
            raise ValueError(f"key={key!r} is not known: the keys are {', '.join(sorted(known))}")
    for key in ("weight_offsets", "activation_offsets"):
        if key not in given:
            raise ValueError(f"{key} is missing: give one entry a layer")
    return Offsets(**given)


def _is_offset(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_power_of_two(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and 2.0**-LARGEST_EXPONENT <= value <= 2.0**LARGEST_EXPONENT and math.frexp(value)[0] == 0.5


_RULES = {
    "weight_offsets": (_is_offset, "integers that are not negative"),
    "activation_offsets": (_is_offset, "integers that are not negative"),
    "weight_ranges": (_is_power_of_two, f"powers of two between 2^-{LARGEST_EXPONENT} and 2^{LARGEST_EXPONENT}"),
    "activation_ranges": (_is_power_of_two, f"powers of two between 2^-{LARGEST_EXPONENT} and 2^{LARGEST_EXPONENT}"),
    "layers": (lambda name: isinstance(name, str), "names"),
}
