"""A directory as origin: every sub-directory is a bucket; what changes, hides or leads outside is handled."""

import os
import time

import pytest
from harness.node import freshness
from harness.waiting import wait_until
from harness.wire import encode_key, fetch
from support.object_bytes import object_bytes

MIB = 1024 * 1024


def settled(*paths):
    """Waits until the files are older than a second: younger ones are not cached."""
    for path in paths:
        status = os.stat(path)
        newest = max(status.st_mtime_ns, status.st_ctime_ns)
        wait_until(lambda: time.time_ns() > newest + 1_100_000_000, what=f"{path} is a second old")  # noqa: B023


@pytest.fixture
def root(tmp_path):
    (tmp_path / "origin" / "books").mkdir(parents=True)
    return tmp_path / "origin"


@pytest.fixture
def write(root):
    def store(key, size, version=1):
        path = root / "books" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        body = object_bytes(key, version, 0, size)
        path.write_bytes(body)
        return body, path

    return store


@pytest.fixture
def node(hearth, root):
    return hearth(origins=[f"file://{root}?name=demo"], config=freshness("always"))


def get(node, key, **options):
    return fetch(node.endpoint, f"/books/{encode_key(key)}", **options)


def test_the_version_id_null_is_whatever_is_there(hearth, root, write):
    """S3's name for the content of a bucket without versions: the one version id whose bytes change."""
    node = hearth(origins=[f"file://{root}?name=demo"], config=freshness("immutable"))
    old, path = write("k", 5000)
    settled(path)
    for _ in range(2):
        assert fetch(node.endpoint, "/books/k?versionId=null").body == old
    new, _ = write("k", 7000, version=2)
    assert fetch(node.endpoint, "/books/k?versionId=null").body == new


def test_a_file_is_read_cached_and_read_again(node, write):
    keys = {"big.bin": 18 * MIB, "empty": 0, "deep/er/still": 1000, "sp ace+%41": 77}
    files = {key: write(key, size) for key, size in keys.items()}
    settled(*(path for _, path in files.values()))
    for expected in ("miss", "hit"):
        for key, (body, _) in files.items():
            answer = get(node, key)
            assert (answer.status, answer.body) == (200, body)
            assert answer.cache == expected or not body
            assert answer.headers["etag"].startswith('"') and answer.headers["last-modified"]
    body = files["big.bin"][0]
    part = get(node, "big.bin", headers={"Range": f"bytes={16 * MIB - 3}-{16 * MIB + 2}"})
    assert (part.status, part.body, part.cache) == (206, body[16 * MIB - 3 : 16 * MIB + 3], "hit")


def test_a_young_file_passes_through_uncached(node, write):
    body, _ = write("young", 100_000)
    answer = get(node, "young")
    assert (answer.status, answer.body, answer.cache) == (200, body, "bypass")


def test_a_changed_file_is_seen_whatever_its_size_and_time(node, write):
    body, path = write("k", 50_000)
    settled(path)
    assert get(node, "k").body == body
    before = os.stat(path)
    new, _ = write("k", 50_000, version=2)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))  # same size, same mtime, same inode
    settled(path)
    assert get(node, "k").body == new


def test_a_replaced_and_a_removed_file_are_seen(node, write, tmp_path):
    body, path = write("k", 50_000)
    settled(path)
    assert get(node, "k").body == body
    new, other = write("k.new", 50_000, version=3)
    os.rename(other, path)
    settled(path)
    assert get(node, "k").body == new
    path.unlink()
    assert get(node, "k").status == 404


@pytest.mark.parametrize("key", ["../secret", "a/../../secret", "link-out", "dir-out/secret", "absolute"])
def test_nothing_outside_the_root_is_read(node, root, tmp_path, key):
    (tmp_path / "secret").write_text("not for you")
    (root / "secret").write_text("not for you")
    os.symlink("../../secret", root / "books" / "link-out")
    os.symlink("../..", root / "books" / "dir-out")
    os.symlink(tmp_path / "secret", root / "books" / "absolute")
    answer = get(node, key)
    assert 400 <= answer.status < 500
    assert b"not for you" not in answer.body


def test_what_is_no_regular_file_is_not_found(node, root):
    (root / "books" / "directory").mkdir()
    os.mkfifo(root / "books" / "fifo")
    for key in ("directory", "directory/", "fifo", "nothing", "directory/nothing"):
        assert get(node, key).status == 404, key


@pytest.mark.parametrize("target", ["/books/a%00b", "/nothing/k", "/..%2F/k", "/%2E%2E/k", "/.hidden/../k"])
def test_odd_buckets_and_keys_are_an_error_and_nothing_else(node, root, write, target):
    write("k", 10)
    assert 400 <= fetch(node.endpoint, target).status < 500


def test_keys_of_any_bytes_that_a_file_name_can_have(node, root):
    names = [b"\xff\xfe raw", "ünï".encode(), b"a\nb", b"tab\there", b"back\\slash", b"x" * 255]
    for name in names:
        with open(os.path.join(os.fsencode(root), b"books", name), "wb") as file:
            file.write(b"of " + name)
    for name in names:
        answer = fetch(node.endpoint, f"/books/{encode_key(name)}")
        assert (answer.status, answer.body) == (200, b"of " + name)


def test_a_root_that_is_not_there_is_an_error_of_the_read(hearth, tmp_path):
    node = hearth(origins=[f"file://{tmp_path}/gone?name=demo"])
    assert fetch(node.endpoint, "/books/k").status in (404, 503)
