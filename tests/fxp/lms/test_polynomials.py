"""Recurrences against known polynomials, degrees against a plain count, products against quadrature."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fxp import Signal
from fxp.lms.polynomials import Degrees, multiplication, places, recurrence, selection


@given(st.floats(0.1, 10), st.integers(1, 12))
def test_recurrence_of_a_uniform_law_is_legendres(half, degree):
    order = np.arange(1, degree + 1)
    found = recurrence(Signal.uniform(-half, half), degree)
    assert found.symmetric
    np.testing.assert_allclose(found.steps[1:], half * order / np.sqrt(4 * order**2 - 1.0), rtol=1e-11)


def test_recurrence_of_a_laplace_law():
    # Wilson's check by moments: s_1² = E[x²], s_1² s_2² = E[x⁴] − E[x²]², and E[x⁴] = 6 E[x²]²
    found = recurrence(Signal.laplace(), 8)
    np.testing.assert_allclose(np.square(found.steps[1:3]), [1.0, 5.0], rtol=1e-9)


@given(st.lists(st.integers(-4, 4), min_size=1, max_size=6, unique=True).filter(any))
def test_recurrence_of_samples_has_their_values_for_eigenvalues(values):
    found = recurrence(Signal.from_samples(values), 20)
    assert len(found.centres) == len(found.steps) == len(values)
    matrix = np.diag(found.centres) + np.diag(found.steps[1:], 1) + np.diag(found.steps[1:], -1)
    np.testing.assert_allclose(np.linalg.eigvalsh(matrix), sorted(values), atol=1e-9)


@given(
    st.lists(st.integers(0, 3), min_size=1, max_size=4),
    st.data(),
    st.integers(1, 4),
    st.sampled_from([None, 0, 1]),
)
def test_degrees_are_those_within_the_bounds(growth, data, cap, parity):
    count = len(growth)
    other = data.draw(st.lists(st.integers(0, 3), min_size=count, max_size=count))
    past, future = (tuple(np.cumsum([0, *each]).tolist()) for each in (growth, other))
    expected = [
        row
        for row in product(range(cap + 1), repeat=count)
        if all(sum(row[:i]) <= past[i] and sum(row[count - i :]) <= future[i] for i in range(count + 1))
        and parity in (None, sum(row) % 2)
    ]
    degrees = Degrees(past, future, cap, parity)
    assert sorted(map(tuple, degrees.rows().tolist())) == expected
    assert degrees.count == len(expected)


@pytest.mark.parametrize("drive", [Signal.uniform(), Signal.from_samples([0, 1, 1, -2]), Signal.laplace()])
def test_multiplication_is_that_of_the_polynomials(drive):
    law = recurrence(drive, 6)
    top = min(3, law.largest_degree)
    points, weights = drive.nodes()
    basis = [np.ones_like(points)]
    for degree in range(top):
        low = law.steps[degree] * basis[degree - 1] if degree else 0
        basis.append(((points - law.centres[degree]) * basis[degree] - low) / law.steps[degree + 1])
    gram = np.array([[np.sum(weights * points * a * b) for a in basis] for b in basis])
    rows = np.array(list(product(range(top + 1), repeat=2)))
    expected = 2 * np.kron(gram, np.eye(top + 1)) - 3 * np.kron(np.eye(top + 1), gram)
    found = multiplication(rows, rows, np.array([2.0, -3.0]), law).toarray()
    np.testing.assert_allclose(found, expected, atol=1e-8)


def test_places_and_selection_of_nothing():
    none = np.zeros((0, 2), np.int64)
    some = np.array([[1, 0], [0, 3]])
    assert places(none, some).tolist() == [-1, -1]
    assert selection(some, none).shape == (0, 2)
    assert selection(some, some[::-1]).toarray().tolist() == [[0, 1], [1, 0]]
