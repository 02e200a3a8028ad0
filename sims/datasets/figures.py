"""The ten figures of the embedded set, as how far a point lies outside: negative inside, in the units of u and v.

Each fits in the square −1 to 1 and is its own mirror image, so that mirrored training images keep their labels. Only
sums, products, square roots and comparisons: their results are the same on every machine.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def disc(u: Floats, v: Floats) -> Floats:
    """Return how far outside a disc of radius 0.9."""
    return _radius(u, v) - np.float32(0.9)


def ring(u: Floats, v: Floats) -> Floats:
    """Return how far outside a ring of radii 0.52 and 0.92."""
    outside: Floats = np.abs(_radius(u, v) - np.float32(0.72)) - np.float32(0.2)
    return outside


def square(u: Floats, v: Floats) -> Floats:
    """Return how far outside a square of half side 0.8."""
    return np.maximum(np.abs(u), np.abs(v)) - np.float32(0.8)


def frame(u: Floats, v: Floats) -> Floats:
    """Return how far outside a square of half side 0.83 with a square hole of 0.47."""
    outside: Floats = np.abs(square(u, v) + np.float32(0.15)) - np.float32(0.18)
    return outside


def triangle(u: Floats, v: Floats) -> Floats:
    """Return how far outside a triangle with its base at v = 0.55."""
    return np.maximum(v, np.abs(u) * np.float32(0.875) - v * np.float32(0.5)) - np.float32(0.55)


def bar(u: Floats, v: Floats) -> Floats:
    """Return how far outside a bar of half sides 0.95 along u and 0.3 along v."""
    outside: Floats = np.maximum(np.abs(u) - np.float32(0.95), np.abs(v) - np.float32(0.3))
    return outside


def cross(u: Floats, v: Floats) -> Floats:
    """Return how far outside two bars at right angles."""
    return np.minimum(bar(u, v), bar(v, u))


def crescent(u: Floats, v: Floats) -> Floats:
    """Return how far outside what a disc leaves of a disc."""
    return np.maximum(disc(u, v), -disc(u - np.float32(0.5), v))


def stripes(u: Floats, v: Floats) -> Floats:
    """Return how far outside three stripes along u that fill a disc."""
    height = np.abs(v)
    wave = np.minimum(height, np.abs(height - np.float32(0.62)))
    return np.maximum(disc(u, v), wave - np.float32(0.17))


def checker(u: Floats, v: Floats) -> Floats:
    """Return how far outside two quarters of a square that touch at its centre."""
    return np.maximum(square(u, v), np.minimum(np.maximum(u, v), np.maximum(-u, -v)))


def _radius(u: Floats, v: Floats) -> Floats:
    return np.sqrt(u * u + v * v)


FIGURES = (disc, ring, square, frame, triangle, cross, bar, crescent, stripes, checker)
