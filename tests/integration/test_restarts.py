"""Killed and started again, at a size that matters: how soon it is ready, what it still has, what it has leaked."""

import random
import resource
import subprocess
import threading
import time

import pytest
from harness.node import BINARY
from harness.waiting import wait_until
from harness.wire import fetch
from support.object_bytes import object_bytes

MIB = 1024 * 1024
READY_AFTER_KILL_SECONDS = 2.0
READY_WITH_A_MILLION_SECONDS = 1.0


def timed_start(node):
    begin = time.monotonic()
    node.start()
    return time.monotonic() - begin


def allocated(node):
    """Bytes on the disk of everything below the cache directory, but for directories."""
    return sum(path.stat().st_blocks * 512 for path in node.cache_dir.rglob("*") if path.is_file())


def scanned(node):
    return node.log().count("cache directory scanned")


@pytest.fixture
def directory_origin(tmp_path):
    """A `file` origin: quick to fill, and old enough to be cached."""
    bucket = tmp_path / "origin" / "bucket"
    bucket.mkdir(parents=True)

    def put(key, size):
        body = object_bytes(f"bucket/{key}", 1, 0, size)
        (bucket / key).write_bytes(body)
        return body

    return f"file://{bucket.parent}", put


def test_killed_at_any_moment_it_is_ready_soon_has_what_it_had_and_leaks_nothing(put, bucket, hearth, proxy):
    node = hearth(origins=[proxy.url], config={"cache": {"block_size": "1MiB"}})
    random_source = random.Random(7)
    finished = {}
    fills = 0
    for round_number in range(6):
        bodies = {f"r{round_number}-{i}": put(f"r{round_number}-{i}", 2 * MIB - i) for i in range(6)}
        keys = list(bodies)
        for key in keys[:4]:
            assert fetch(node.endpoint, f"/{bucket}/{key}").body == bodies[key]
        node.wait_until_filled(fills := fills + 8)
        finished |= {key: bodies[key] for key in keys[:4]}

        # The kill comes somewhere in the middle of these.
        def read(key):
            try:
                fetch(node.endpoint, f"/{bucket}/{key}")
            except OSError:
                pass

        readers = [threading.Thread(target=read, args=(key,)) for key in keys[4:]]
        proxy.reset()
        for reader in readers:
            reader.start()
        wanted = random_source.randrange(3)
        wait_until(lambda: len(proxy.seen) >= wanted, what="requests under way")  # noqa: B023
        node.kill()
        for reader in readers:
            reader.join()
        assert timed_start(node) < READY_AFTER_KILL_SECONDS
        fills = 0
        wait_until(lambda: scanned(node) == round_number + 2, what="the scan")  # noqa: B023
        assert node.metric("hearth_cache_bytes") == allocated(node)
    proxy.reset()
    for key, body in finished.items():
        assert fetch(node.endpoint, f"/{bucket}/{key}").body == body
    # All of them had been written, so all are there: 99 in 100 is what is promised.
    assert len(proxy.data_requests) <= len(finished) // 100


def test_a_million_blocks_are_ready_within_a_second(hearth, directory_origin):
    url, _ = directory_origin
    node = hearth(origins=[url])
    node.stop()
    subprocess.run([str(BINARY.parent / "make_index"), str(node.cache_dir), "1000000"], check=True)
    took = timed_start(node)
    assert " blocks=1000000 " in node.log()
    assert took < READY_WITH_A_MILLION_SECONDS
    node.kill()  # an orderly stop would take the time to write down that their files are not there


def test_256_mib_of_memory_are_slower_and_not_dead(hearth, directory_origin):
    url, put = directory_origin
    bodies = {f"k{i}": put(f"k{i}", 20 * MIB + i) for i in range(8)}
    node = hearth(origins=[url])
    node.stop()
    node.start(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (256 * MIB, 256 * MIB)))
    wrong = []

    def read(keys):
        for key in keys:
            answer = fetch(node.endpoint, f"/bucket/{key}", timeout=120)
            if answer.body != bodies[key]:
                wrong.append((key, answer.status, answer.cut, len(answer.body)))

    keys = list(bodies)
    readers = [threading.Thread(target=read, args=(keys[i:] + keys[:i],)) for i in range(8)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert wrong == []
