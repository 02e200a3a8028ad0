import json
from pathlib import Path

import pytest

from analysis.calibration import Calibration
from fxp.precision import NoiseGains, PrecisionAssignment, predict_mismatch
from sims.offsets import Offsets, read_offsets, with_ranges

EXAMPLE = Path(__file__).parents[2] / "docs" / "convnet-offsets.json"
THREE = Calibration(("a", "b", "c"), (0.5, 1.0, 2.0), (1.0, 4.0, 4.0), (False,) * 3, (0, 1, 1))
PLAIN = {"weight_offsets": [4, 0, 1], "activation_offsets": [1, 2, 2]}


def written(tmp_path, content) -> Path:
    file = tmp_path / "offsets.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return file


def test_bits_are_b_min_and_the_offset(tmp_path):
    given = read_offsets(written(tmp_path, PLAIN))
    assert given.assignment(5) == PrecisionAssignment((9, 5, 6), (6, 7, 7))


def test_course_table_of_the_cifar10_alexnet_is_read_as_it_is_printed(tmp_path):
    table = {
        "activation_ranges": [1, 16, 16, 16, 4, 4, 4, 8],
        "activation_offsets": [1, 4, 4, 5, 3, 3, 2, 2],
        "weight_ranges": [1, 0.5, 0.5, 0.25, 0.25, 0.03125, 0.03125, 0.5],
        "weight_offsets": [4, 5, 6, 5, 4, 0, 0, 4],
    }
    given = read_offsets(written(tmp_path, table))
    assert given.assignment(5) == PrecisionAssignment((9, 10, 11, 10, 9, 5, 5, 9), (6, 9, 9, 10, 8, 8, 7, 7))
    assert given.weight_ranges == tuple(table["weight_ranges"])


def test_ranges_of_the_file_take_the_place_of_measured_ones():
    given = Offsets((4, 0, 1), (1, 2, 2), weight_ranges=(1, 2, 4), activation_ranges=(1, 8, 8), layers=("a", "b", "c"))
    assert given.calibration(THREE) == Calibration(
        THREE.layers, (1.0, 2.0, 4.0), (1.0, 8.0, 8.0), THREE.activation_signed, THREE.tensors
    )


def test_measured_ranges_stay_where_the_file_has_none():
    assert Offsets((4, 0, 1), (1, 2, 2)).calibration(THREE) == THREE


def test_a_doubled_range_costs_one_bit_of_the_bound():
    gains = NoiseGains(("a", "b"), (1, 2), (4, 8), (False, True), (3, 5), (7, 11), kind="bound")
    wider = with_ranges(gains, Calibration(("a", "b"), (2.0, 4.0), (8.0, 16.0), (False, True), (0, 1)))
    narrow, wide = PrecisionAssignment((6, 5), (7, 4)), PrecisionAssignment((7, 6), (8, 5))
    assert predict_mismatch(wider, wide) == predict_mismatch(gains, narrow)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "Expecting property name"),
        ("[1, 2]", r"it holds no JSON object: write \{\.\.\.\}"),
        ({"weight_offsets": [1]}, "activation_offsets is missing: give one entry a layer"),
        ({**PLAIN, "offset": 1}, "key='offset' is not known: the keys are about, activation_offsets"),
        ({**PLAIN, "weight_offsets": 3}, "weight_offsets=3 is not a list of integers that are not negative"),
        ({**PLAIN, "weight_offsets": None}, "weight_offsets=None is not a list of integers"),
        ({**PLAIN, "weight_offsets": [1, -1, 0]}, r"weight_offsets=\[1, -1, 0\] is not a list of integers"),
        ({**PLAIN, "weight_offsets": [1, 1.5, 0]}, "is not a list of integers"),
        ({**PLAIN, "activation_offsets": [1, True, 0]}, "activation_offsets=.* is not a list of integers"),
        ({**PLAIN, "activation_offsets": [1, 2]}, "activation_offsets has 2 entries, weight_offsets 3"),
        ({**PLAIN, "weight_ranges": [1, 3, 1]}, r"weight_ranges=\[1, 3, 1\] is not a list of powers of two between"),
        ({**PLAIN, "weight_ranges": [1, 0, 1]}, "powers of two"),
        ({**PLAIN, "weight_ranges": [1, -2, 1]}, "powers of two"),
        ({**PLAIN, "weight_ranges": [1, "2", 1]}, "powers of two"),
        ({**PLAIN, "activation_ranges": [1, float("nan"), 1]}, "powers of two"),
        ({**PLAIN, "activation_ranges": [1, float("inf"), 1]}, "powers of two"),
        ({**PLAIN, "activation_ranges": [1, 2**2000, 1]}, "powers of two"),
        ({**PLAIN, "activation_ranges": [1, 1]}, "activation_ranges has 2 entries, weight_offsets 3"),
        ({**PLAIN, "layers": ["a", 2, "c"]}, "is not a list of names"),
        ({**PLAIN, "layers": "abc"}, "layers='abc' is not a list of names"),
    ],
)
def test_bad_files_are_refused_by_name(tmp_path, content, message):
    with pytest.raises(ValueError, match=rf"offsets='.*offsets\.json': .*{message}"):
        read_offsets(written(tmp_path, content))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (Offsets((1, 2), (1, 2)), "weight_offsets has 2 entries for 3 layers: give one for each of a, b, c"),
        (
            Offsets((1, 2, 3), (1, 2, 2), layers=("a", "c", "b")),
            r"layers=\('a', 'c', 'b'\) are not those of the network",
        ),
        (Offsets((1, 2, 3), (1, 2, 3)), "activation_offsets gives 2 to b and 3 to c, which read one tensor"),
        (
            Offsets((1, 2, 3), (1, 2, 2), activation_ranges=(1, 4, 2)),
            "activation_ranges gives 4 to b and 2 to c, which read one tensor",
        ),
        (
            Offsets((1, 2, 3), (1, 2, 2), activation_ranges=(2, 4, 4)),
            r"activation_ranges\[0\]=2 is not 1, the range of",
        ),
    ],
)
def test_files_for_other_networks_are_refused(given, message):
    with pytest.raises(ValueError, match=message):
        given.calibration(THREE)


def test_word_lengths_that_no_format_has_are_refused():
    with pytest.raises(ValueError, match="not an integer from 1 to 63"):
        Offsets((60,), (0,)).assignment(5)


def test_example_fits_convnet():
    given = read_offsets(EXAMPLE)
    assert given.layers == ("conv1", "conv2", "conv3", "conv4", "conv5", "conv6", "fc1", "fc2", "fc3")
    assert min(given.weight_offsets + given.activation_offsets) == 0
