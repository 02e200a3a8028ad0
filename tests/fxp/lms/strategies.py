"""Autocorrelation matrices to draw."""

import numpy as np
from hypothesis import strategies as st


@st.composite
def spectra(draw, *, most=4):
    """Draw eigenvalues, the largest of them between 0.1 and 10."""
    shares = draw(st.lists(st.floats(0, 1), min_size=0, max_size=most - 1))
    return np.sort(np.array([1.0, *shares])) * draw(st.floats(0.1, 10))


@st.composite
def rotations(draw, size):
    """Draw an orthogonal matrix."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    return np.linalg.qr(rng.standard_normal((size, size)))[0]


@st.composite
def matrices(draw, *, most=4):
    """Draw an autocorrelation matrix."""
    values = draw(spectra(most=most))
    turn = draw(rotations(len(values)))
    found = (turn * values) @ turn.T
    return (found + found.T) / 2
