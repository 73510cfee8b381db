"""The cache's disk breaks, fills up or goes away: readers still get the origin's bytes, and somebody is told."""

import os
import resource
import shutil
import socket
import threading
import urllib.parse

import pytest
from harness.waiting import wait_until
from harness.wire import fetch
from support.object_bytes import object_bytes

MIB = 1024 * 1024
SIZE = 20 * MIB


@pytest.fixture
def cached(put, bucket, node):
    """(target, body) of an object that is wholly cached."""
    body = put("k", SIZE)
    target = f"/{bucket}/k"
    assert fetch(node.endpoint, target).body == body
    wait_until(lambda: fetch(node.endpoint, target).cache == "hit", what="a hit")
    return target, body


def block_files(node):
    return sorted(node.cache_dir.rglob("*.blk"))


def assert_served(node, target, body):
    """Right bytes now, and a hit again a moment later."""
    answer = fetch(node.endpoint, target)
    assert (answer.status, answer.cut) == (200, False)
    assert answer.body == body
    wait_until(lambda: fetch(node.endpoint, target).cache == "hit", what="a hit again")
    assert fetch(node.endpoint, target).body == body


def flip(path, offset_from_end):
    with open(path, "r+b") as file:
        file.seek(-offset_from_end, os.SEEK_END)
        byte = file.read(1)[0]
        file.seek(-offset_from_end, os.SEEK_END)
        file.write(bytes([byte ^ 0x40]))


def writable(path):
    os.chmod(path, 0o600)
    return path


def test_a_flipped_bit_is_a_miss_and_counted(cached, node, proxy):
    target, body = cached
    node.stop()
    for path in block_files(node):
        flip(writable(path), 1000)
    node.start()
    proxy.reset()
    assert_served(node, target, body)
    assert proxy.data_requests != []
    assert node.metric("hearth_cache_corrupt_pages_total") >= 1
    assert "corrupt" in node.log().lower() or "checksum" in node.log().lower()


def test_a_flipped_bit_is_found_while_running_when_pages_are_verified_again(put, bucket, hearth, proxy):
    node = hearth(origins=[proxy.url], config={"cache": {"verify_interval": "1ms"}})
    body = put("k", SIZE)
    target = f"/{bucket}/k"
    fetch(node.endpoint, target)
    wait_until(lambda: fetch(node.endpoint, target).cache == "hit", what="a hit")
    flip(writable(block_files(node)[0]), 500)
    assert_served(node, target, body)


@pytest.mark.parametrize("keep", [0, 100, 4096, 1_000_000])
def test_a_block_file_cut_short_while_running_is_a_miss(cached, node, keep):
    target, body = cached
    for path in block_files(node):
        os.truncate(writable(path), keep)
    assert_served(node, target, body)


@pytest.mark.parametrize("keep", [0, 100, 1_000_000])
def test_a_block_file_cut_short_while_stopped_is_a_miss(cached, node, keep):
    target, body = cached
    node.stop()
    for path in block_files(node):
        os.truncate(writable(path), keep)
    node.start()
    assert_served(node, target, body)


def test_a_broken_header_is_a_miss(cached, node):
    target, body = cached
    node.stop()
    for path in block_files(node):
        with open(writable(path), "r+b") as file:
            file.write(b"\xff" * 64)
    node.start()
    assert_served(node, target, body)


@pytest.mark.parametrize("name", ["index.log", "index.ckpt", "metadata.log"])
@pytest.mark.parametrize("damage", ["garbage", "gone"])
def test_a_lost_log_is_rebuilt(cached, node, name, damage):
    target, body = cached
    node.stop()
    for path in node.cache_dir.rglob(name):
        if damage == "gone":
            path.unlink()
        else:
            writable(path).write_bytes(os.urandom(5000))
    node.start()
    assert_served(node, target, body)


def test_two_blocks_swapped_on_disk_are_not_each_other(cached, node):
    target, body = cached
    node.stop()
    first, second = block_files(node)[:2]
    spare = first.with_suffix(".spare")
    first.rename(spare)
    second.rename(first)
    spare.rename(second)
    node.start()
    assert_served(node, target, body)


def test_the_directory_deleted_under_its_feet(cached, node, put, bucket):
    target, body = cached
    shutil.rmtree(node.cache_dir)
    assert fetch(node.endpoint, target).body == body
    other = put("other", SIZE)
    for _ in range(2):
        assert fetch(node.endpoint, f"/{bucket}/other").body == other


def test_a_disk_that_refuses_to_grow_files_streams_through(put, bucket, hearth, proxy):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (512 * 1024, 512 * 1024))

    node = hearth(origins=[proxy.url])
    node.stop()
    node.start(preexec_fn=limit, restore_signals=False)  # SIGXFSZ stays ignored: writes fail with EFBIG
    body = put("k", SIZE)
    for _ in range(2):
        answer = fetch(node.endpoint, f"/{bucket}/k")
        assert (answer.status, answer.cut, answer.body == body) == (200, False, True)


def test_a_planted_symbolic_link_is_refused(node, tmp_path):
    node.stop()
    blocks = node.cache_dir / "blocks"
    shutil.rmtree(blocks, ignore_errors=True)
    (tmp_path / "elsewhere").mkdir()
    blocks.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(AssertionError, match="hearth ended with [12]"):
        node.start()
    node.process = None
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize("eviction", ["w-tinylfu", "lru", "s3-fifo"])
def test_the_budget_holds_and_everything_is_still_served(put, bucket, hearth, proxy, eviction):
    budget = 40 * MIB
    config = {"cache": {"block_size": "4MiB", "eviction": eviction}}
    node = hearth(origins=[proxy.url], config=config, cache_size=budget)
    bodies = {f"k{i}": put(f"k{i}", 9 * MIB) for i in range(12)}
    for _ in range(2):
        for key, body in bodies.items():
            assert fetch(node.endpoint, f"/{bucket}/{key}").body == body
            used = sum(p.stat().st_blocks * 512 for p in node.cache_dir.rglob("*") if p.is_file())
            assert used <= budget + 5 * MIB
    refused = "hearth_cache_bypass_total" if eviction == "w-tinylfu" else "hearth_cache_evicted_blocks_total"
    assert node.metric(refused) > 0
    node.kill()
    node.start()
    assert node.metric("hearth_cache_bytes") <= budget


def test_killed_again_and_again_while_reading_it_serves_right_bytes(put, bucket, node, proxy):
    bodies = {f"k{i}": put(f"k{i}", 3 * MIB + i) for i in range(20)}
    for round_number in range(4):
        enough = threading.Event()
        proxy.reset()

        def read_until_killed(enough=enough):
            try:
                for key in bodies:
                    fetch(node.endpoint, f"/{bucket}/{key}")
                    if len(proxy.data_requests) > 2 + 2 * round_number:  # noqa: B023
                        enough.set()
            except OSError:
                pass
            enough.set()

        reader = threading.Thread(target=read_until_killed)
        reader.start()
        enough.wait(60)
        node.kill()
        reader.join()
        node.start()
    for key, body in bodies.items():
        assert fetch(node.endpoint, f"/{bucket}/{key}").body == body


def read_concurrently(node, bucket, bodies, threads):
    wrong = []
    keys = list(bodies) * 2

    def read(first):
        for key in keys[first::threads]:
            answer = fetch(node.endpoint, f"/{bucket}/{key}", timeout=120)
            if answer.body != bodies[key]:
                wrong.append((key, answer.status, answer.cut, len(answer.body)))

    readers = [threading.Thread(target=read, args=(i,)) for i in range(threads)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert wrong == []


def test_256_descriptors_are_slower_and_not_dead(put, bucket, hearth, proxy):
    node = hearth(origins=[proxy.url])
    node.stop()
    node.start(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256)))
    bodies = {f"k{i}": put(f"k{i}", 70_000) for i in range(300)}
    read_concurrently(node, bucket, bodies, threads=48)


def test_little_memory_in_flight_is_slower_and_not_dead(put, bucket, hearth, proxy):
    node = hearth(origins=[proxy.url], config={"cache": {"memory": "24MiB"}})
    bodies = {f"k{i}": put(f"k{i}", 17 * MIB) for i in range(6)}
    read_concurrently(node, bucket, bodies, threads=12)


def test_slow_clients_do_not_hold_up_others(cached, node):
    """Clients that send half a request, or take nothing of their answer, cost a bounded buffer each."""
    target, body = cached
    address = urllib.parse.urlsplit(node.endpoint)
    stuck = [socket.create_connection((address.hostname, address.port)) for _ in range(50)]
    for number, connection in enumerate(stuck):
        line = f"GET {target} HTTP/1.1\r\nHost: localhost\r\n"
        connection.sendall((line + ("\r\n" if number % 2 else "X-")).encode())
    assert fetch(node.endpoint, target).body == body
    for connection in stuck:
        connection.close()
    assert fetch(node.endpoint, target).body == object_bytes("k", 1, 0, SIZE)
