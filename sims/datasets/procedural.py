"""The embedded set: ten plane figures drawn from a seed, for a machine that has no data and no network.

A label is a figure. Its place, size, turn, aspect and colour, the ground, the light, the clutter behind it, the bar
across it and the noise are drawn at random and say nothing of it.

The bytes are the same on every machine: the words of PCG64 are fixed, and what follows is float32 sums, products,
quotients, square roots and comparisons, an array operation each, so that no compiler fuses two of them and no sum
depends on its order. A turn is drawn as the tangent of half its angle: a sine may differ in its last bit.
"""

from functools import partial

import numpy as np
from numpy.typing import NDArray

from sims.datasets.figures import FIGURES, Floats, square
from sims.datasets.sets import Dataset, ImageSet

SIDE = 32
CHANNELS = ("red", "green", "blue")
CHUNK = 128  # images drawn together: few enough to stay in the cache
NOISE_WORDS = 2 * SIDE * SIDE * len(CHANNELS) // 8

# Limits of the uniform draws. Lengths are in half sides of the image, colours in codes; `contrast` against the noise
# and the clutter is what makes the set as hard as it is.
SCENE = {
    "label": (0.0, float(len(FIGURES))),
    "red": (70.0, 185.0),
    "green": (70.0, 185.0),
    "blue": (70.0, 185.0),
    "light_x": (-0.25, 0.25),
    "light_y": (-0.25, 0.25),
    "noise": (0.03, 0.19),
}
ANY = {"tangent": (-1.0, 1.0), "turned": (-1.0, 1.0), "darker": (-1.0, 1.0)} | dict.fromkeys(CHANNELS, (0.2, 1.0))
FIGURE = {"x": (-0.3, 0.3), "y": (-0.3, 0.3), "size": (0.45, 0.75), "aspect": (0.75, 1.0), "contrast": (16.0, 80.0)}
CLUTTER = {"x": (-1.0, 1.0), "y": (-1.0, 1.0), "size": (0.12, 0.3), "aspect": (0.5, 1.0), "contrast": (10.0, 50.0)}
ACROSS = {"x": (-0.4, 0.4), "y": (-0.4, 0.4), "size": (0.5, 0.9), "aspect": (0.1, 0.2), "contrast": (10.0, 50.0)}
LAYERS = {"clutter0": CLUTTER, "clutter1": CLUTTER, "clutter2": CLUTTER, "figure": FIGURE, "across": ACROSS}
RANGES = SCENE | {f"{layer}_{name}": limits for layer, own in LAYERS.items() for name, limits in (own | ANY).items()}
AXIS: Floats = (np.arange(SIDE, dtype=np.float32) + np.float32(0.5)) / np.float32(SIDE / 2) - np.float32(1)

Draws = dict[str, Floats]


def embedded(*, seed: int = 0, train: int = 20_000, held_out: int = 5_000, test: int = 10_000) -> Dataset:
    """Return the embedded set; a split is drawn when it is first asked for, in about 0.05 ms an image.

    Parameters
    ----------
    seed : int
        Not negative; each seed gives other images of the same kind.
    train, held_out, test : int
        Images in each split, not negative. Fewer images are the first ones of more.

    Returns
    -------
    Dataset
        Images of 3 × 32 × 32 codes in ten classes.

    Raises
    ------
    ValueError
        The seed or a count is negative.

    Examples
    --------
    >>> data = embedded(test=4)
    >>> data.title, data.test.images.shape, data.test.labels.tolist()
    ('embedded synthetic set', (4, 3, 32, 32), [6, 0, 1, 7])
    """
    counts = {"train": train, "held_out": held_out, "test": test}
    for name, value in {"seed": seed, **counts}.items():
        if value < 0:
            raise ValueError(f"{name}={value} is negative: give 0 or more")
    streams = np.random.SeedSequence(seed).spawn(len(counts))
    draws = (partial(_image_set, stream, count) for stream, count in zip(streams, counts.values(), strict=True))
    return Dataset("embedded", "embedded", *draws)


def _image_set(stream: np.random.SeedSequence, count: int) -> ImageSet:
    images = np.empty((count, len(CHANNELS), SIDE, SIDE), np.uint8)
    labels = np.empty(count, np.uint8)
    source = np.random.PCG64(stream)
    for start in range(0, count, CHUNK):
        chunk = slice(start, min(start + CHUNK, count))
        words = source.random_raw((chunk.stop - start) * (NOISE_WORDS + len(RANGES))).reshape(chunk.stop - start, -1)
        draws = _uniform(words[:, NOISE_WORDS:])
        labels[chunk] = draws["label"]
        images[chunk] = _codes(_scene(draws, labels[chunk]), draws, words[:, :NOISE_WORDS])
    return ImageSet(images, labels)


def _uniform(words: NDArray[np.uint64]) -> Draws:
    fractions = (words >> np.uint64(40)).astype(np.float32) / np.float32(2**24)
    limits = np.array(list(RANGES.values()), np.float32)
    return dict(zip(RANGES, (limits[:, 0] + fractions * (limits[:, 1] - limits[:, 0])).T, strict=True))


def _scene(draws: Draws, labels: NDArray[np.uint8]) -> Floats:
    """Draw the layers over each other: colours as codes, float, shape (N, 3, 32, 32)."""
    ground = _planes(np.stack([draws[name] for name in CHANNELS], axis=1))
    scene = np.broadcast_to(ground, (len(labels), len(CHANNELS), SIDE, SIDE)).copy()
    for layer in LAYERS:
        own = {name: draws[f"{layer}_{name}"] for name in FIGURE | ANY}
        u, v = _local(own)
        outside = _figures(u, v, labels) if layer == "figure" else square(u, v)
        pixels = _planes(own["size"])[:, 0] * np.float32(SIDE / 2)
        cover = np.clip(np.float32(0.5) - outside * pixels, np.float32(0), np.float32(1))
        scene += cover[:, None] * (ground + _colour(own) - scene)
    return scene


def _local(own: Draws) -> tuple[Floats, Floats]:
    """Return each pixel's coordinates in the frame of its layer, shape (N, 32, 32) each."""
    tangent = own["tangent"]
    scale = _signed(own["size"], own["turned"]) * (np.float32(1) + tangent * tangent)
    cosine: Floats = np.divide(np.float32(1) - tangent * tangent, scale)
    sine: Floats = np.divide(tangent + tangent, scale)
    right, down = AXIS - own["x"][:, None], AXIS - own["y"][:, None]
    u = (right * cosine[:, None])[:, None, :] + (down * sine[:, None])[:, :, None]
    turned = (down * cosine[:, None])[:, :, None] - (right * sine[:, None])[:, None, :]
    v: Floats = np.divide(turned, own["aspect"][:, None, None])
    return u, v


def _colour(own: Draws) -> Floats:
    hue = np.stack([own[name] for name in CHANNELS], axis=1)
    return _planes(hue * _signed(own["contrast"], own["darker"])[:, None])


def _signed(size: Floats, sign: Floats) -> Floats:
    return np.where(sign < 0, -size, size)


def _planes(values: Floats) -> Floats:
    return values.reshape(len(values), -1, 1, 1)


def _figures(u: Floats, v: Floats, labels: NDArray[np.uint8]) -> Floats:
    outside = np.empty_like(u)
    for label, figure in enumerate(FIGURES):
        chosen = labels == label
        outside[chosen] = figure(u[chosen], v[chosen])
    return outside


def _codes(scene: Floats, draws: Draws, words: NDArray[np.uint64]) -> NDArray[np.uint8]:
    """Light the scene, add noise (the difference of two random octets, scaled) and round to codes."""
    light = np.float32(1) + _planes(draws["light_x"]) * AXIS + _planes(draws["light_y"]) * AXIS[:, None]
    octets = words.astype("<u8").view(np.uint8).reshape(len(words), 2, *scene.shape[1:])
    noise = octets[:, 0].astype(np.float32) - octets[:, 1].astype(np.float32)
    lit = scene * light + noise * _planes(draws["noise"])
    return np.clip(lit + np.float32(0.5), np.float32(0), np.float32(255)).astype(np.uint8)
