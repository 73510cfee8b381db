"""Test objects that describe themselves: each byte follows from (key, version, offset).

The same function as tests/support/object_bytes.h; both are held to tests/golden/object_bytes.json.
`key` is str (taken as UTF-8) or bytes; versions count from 1. numpy is used where it is installed.
"""

try:
    import numpy
except ImportError:
    numpy = None

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
_WINDOW = 16  # bytes that are compared to say whose a wrong byte is


def _mix(z):
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return z ^ (z >> 31)


def _seed(key, version):
    value = 0xCBF29CE484222325
    for byte in key.encode() if isinstance(key, str) else key:
        value = ((value ^ byte) * 0x100000001B3) & _MASK
    return _mix((value + version * _GOLDEN) & _MASK)


def _words_plain(seed, first, end):
    return b"".join(_mix((seed + (i + 1) * _GOLDEN) & _MASK).to_bytes(8, "little") for i in range(first, end))


def _words_numpy(seed, first, end):
    z = numpy.arange(first + 1, end + 1, dtype=numpy.uint64)
    z *= numpy.uint64(_GOLDEN)
    z += numpy.uint64(seed)
    z ^= z >> numpy.uint64(30)
    z *= numpy.uint64(0xBF58476D1CE4E5B9)
    z ^= z >> numpy.uint64(27)
    z *= numpy.uint64(0x94D049BB133111EB)
    z ^= z >> numpy.uint64(31)
    return z.astype("<u8", copy=False).tobytes()


def object_bytes(key, version, offset, length):
    """The bytes [offset, offset + length) of one version of an object."""
    first, end = offset // 8, (offset + length + 7) // 8
    words = (_words_numpy if numpy is not None else _words_plain)(_seed(key, version), first, end)
    begin = offset - first * 8
    return words[begin : begin + length]


def find_version(key, newest, offset, data):
    """The version from 1 to `newest` all of whose bytes `data` are, or None."""
    for version in range(newest, 0, -1):
        if object_bytes(key, version, offset, len(data)) == data:
            return version
    return None


def check_object_bytes(key, version, offset, data, newest=None):
    """'' if `data` is right, else what is wrong: 'byte 12 of key k is of version 3, expected 4'."""
    data = bytes(data)
    newest = version if newest is None else newest
    right = object_bytes(key, version, offset, len(data))
    if data == right:
        return ""
    wrong = next(i for i in range(len(data)) if data[i] != right[i])
    window = data[wrong : wrong + _WINDOW]
    other = find_version(key, newest, offset + wrong, window)
    if other is not None:
        what = f"of version {other}"
    elif not any(window):
        what = "zero"
    else:
        what = f"of no version up to {newest}"
    name = key if isinstance(key, str) else key.decode("utf-8", "backslashreplace")
    return f"byte {offset + wrong} of key {name} is {what}, expected {version}"
