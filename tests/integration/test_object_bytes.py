"""The Python side of the self-describing test objects is the same function as the C++ side."""

import json
import pathlib
import sys

import pytest

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS))

from support import object_bytes as module  # noqa: E402
from support.object_bytes import check_object_bytes, find_version, object_bytes  # noqa: E402

VECTORS = json.loads((TESTS / "golden" / "object_bytes.json").read_text())["vectors"]


@pytest.fixture(params=["plain", "numpy"], autouse=True)
def words(request, monkeypatch):
    """Each test runs with and without numpy."""
    if request.param == "plain":
        monkeypatch.setattr(module, "numpy", None)
    elif module.numpy is None:
        pytest.skip("numpy is not installed")


@pytest.mark.parametrize("vector", VECTORS)
def test_bytes_are_those_of_the_golden_file(vector):
    expected = bytes.fromhex(vector["bytes_hex"])
    key = bytes.fromhex(vector["key_hex"])
    assert object_bytes(key, vector["version"], vector["offset"], len(expected)) == expected


def test_any_piece_is_a_piece_of_the_whole():
    whole = object_bytes("b/key", 3, 0, 100)
    for begin in range(40):
        for length in range(40):
            assert object_bytes("b/key", 3, begin, length) == whole[begin : begin + length]


def test_a_wrong_byte_tells_whose_it_is():
    data = bytearray(object_bytes("b/k", 4, 1000, 4096))
    assert check_object_bytes("b/k", 4, 1000, data) == ""
    data[234:] = object_bytes("b/k", 3, 1234, 4096 - 234)
    assert check_object_bytes("b/k", 4, 1000, data) == "byte 1234 of key b/k is of version 3, expected 4"
    data[234:] = bytes(4096 - 234)
    assert check_object_bytes("b/k", 4, 1000, data) == "byte 1234 of key b/k is zero, expected 4"
    data[234:] = object_bytes("b/other", 4, 1234, 4096 - 234)
    assert check_object_bytes("b/k", 4, 1000, data, newest=5) == (
        "byte 1234 of key b/k is of no version up to 5, expected 4"
    )


def test_the_version_of_some_bytes_is_found():
    assert find_version("b/k", 9, 77, object_bytes("b/k", 6, 77, 100)) == 6
    assert find_version("b/k", 5, 77, object_bytes("b/k", 6, 77, 100)) is None
