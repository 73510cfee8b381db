"""What the cache is for: the second read asks no origin, after kill -9 and a restart too; one transfer for many readers."""

import os
import threading

import pytest
from harness import faults
from harness.node import freshness
from harness.waiting import wait_until
from harness.wire import encode_key, fetch
from support.object_bytes import object_bytes

MIB = 1024 * 1024
SIZES = {"small": 10, "page": 64 * 1024, "odd": 300_001, "block": 16 * MIB, "big object": 33 * MIB + 77}


@pytest.fixture
def objects(put, bucket):
    """The targets of objects of many sizes, with their bodies."""
    return {f"/{bucket}/{encode_key(key)}": put(key, size) for key, size in SIZES.items()}


def read_all(node, objects, expected_cache):
    for target, body in objects.items():
        answer = fetch(node.endpoint, target)
        assert (answer.status, answer.cut, len(answer.body)) == (200, False, len(body)), target
        assert answer.body == body, target
        if expected_cache:
            assert answer.cache == expected_cache, target


def block_count(objects):
    return sum(-(-len(body) // (16 * MIB)) for body in objects.values())


def test_the_first_read_is_a_miss_and_the_second_asks_no_origin(objects, node, proxy):
    read_all(node, objects, "miss")
    proxy.reset()
    read_all(node, objects, "hit")
    assert proxy.seen == []


def test_ranges_of_a_cached_object_ask_no_origin(objects, node, proxy):
    read_all(node, objects, "miss")
    proxy.reset()
    target, body = next((t, b) for t, b in objects.items() if len(b) > 32 * MIB)
    for begin, length in [(0, 1), (65_530, 12), (16 * MIB - 1, 2), (20 * MIB, 4096), (len(body) - 1, 1)]:
        answer = fetch(node.endpoint, target, headers={"Range": f"bytes={begin}-{begin + length - 1}"})
        assert (answer.status, answer.cache, answer.body) == (206, "hit", body[begin : begin + length])
    assert proxy.seen == []


def test_what_the_kernel_has_dropped_from_memory_is_read_from_the_disk(objects, node, proxy):
    read_all(node, objects, None)
    node.wait_until_filled(block_count(objects))
    proxy.reset()
    for path in node.cache_dir.rglob("*.blk"):
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)
    for target, body in objects.items():
        answer = fetch(node.endpoint, target, headers={"Range": "bytes=3-8"})  # small: answered by a copy
        assert (answer.status, answer.cache, answer.body) == (206, "hit", body[3:9])
    read_all(node, objects, "hit")
    assert proxy.seen == []


def test_everything_is_still_a_hit_after_kill_and_restart(objects, node, proxy):
    read_all(node, objects, None)
    node.wait_until_filled(block_count(objects))
    node.kill()
    node.start()
    proxy.reset()
    read_all(node, objects, "hit")
    assert proxy.data_requests == []


def test_everything_is_still_a_hit_after_an_orderly_restart(objects, node, proxy):
    read_all(node, objects, None)
    node.restart()
    proxy.reset()
    read_all(node, objects, "hit")
    assert proxy.data_requests == []


def test_hits_are_answered_after_a_restart_without_an_origin(objects, node, proxy):
    read_all(node, objects, None)
    node.wait_until_filled(block_count(objects))
    node.kill()
    proxy.stop()
    node.start()
    read_all(node, objects, "hit")


def test_killed_in_the_middle_of_a_read_it_serves_right_bytes_afterwards(put, bucket, node, proxy):
    body = put("k", 40 * MIB)
    proxy.lie(faults.stall_after(700_000), when=lambda seen: "bytes=0-" not in seen.headers.get("range", "bytes=0-"))
    reader = threading.Thread(target=lambda: _ignore_errors(lambda: fetch(node.endpoint, f"/{bucket}/k")))
    reader.start()
    wait_until(lambda: len(proxy.data_requests) >= 2, what="a second request to the origin")
    node.kill()
    reader.join()
    proxy.lie(None)
    node.start()
    assert fetch(node.endpoint, f"/{bucket}/k").body == body


def _ignore_errors(call):
    try:
        call()
    except OSError:
        pass


def test_many_readers_of_one_cold_object_cause_one_transfer(put, bucket, node, proxy):
    body = put("k", 16 * MIB)
    answers = []

    def read():
        answers.append(fetch(node.endpoint, f"/{bucket}/k"))

    readers = [threading.Thread(target=read) for _ in range(24)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert len(answers) == 24
    assert all(answer.status == 200 and answer.body == body for answer in answers)
    assert proxy.data_bytes == len(body)


def test_a_small_read_of_a_cold_object_does_not_fetch_it_whole(put, bucket, node, proxy):
    body = put("k", 64 * MIB)
    answer = fetch(node.endpoint, f"/{bucket}/k", headers={"Range": f"bytes={20 * MIB}-{20 * MIB + 4095}"})
    assert answer.body == body[20 * MIB : 20 * MIB + 4096]
    assert proxy.data_bytes <= 2 * MIB


def test_an_object_that_changed_is_seen_when_every_read_revalidates(put, bucket, hearth, proxy):
    node = hearth(origins=[proxy.url], config=freshness("always"))
    for version in (1, 2, 3):
        body = put("k", 200_000, version)
        for _ in range(2):
            answer = fetch(node.endpoint, f"/{bucket}/k")
            assert (answer.status, answer.body) == (200, body)
    assert len(proxy.data_requests) == 3


def test_a_ttl_object_is_not_asked_for_again_before_its_time(put, bucket, hearth, proxy):
    node = hearth(origins=[proxy.url], config=freshness("ttl", ttl="1h"))
    body = put("k", 200_000)
    fetch(node.endpoint, f"/{bucket}/k")
    put("k", 200_000, version=2)
    proxy.reset()
    assert fetch(node.endpoint, f"/{bucket}/k").body == body
    assert proxy.seen == []


def test_a_ttl_object_is_revalidated_after_its_time(put, bucket, hearth, proxy):
    node = hearth(origins=[proxy.url], config=freshness("ttl", ttl="1ms"))
    put("k", 200_000)
    fetch(node.endpoint, f"/{bucket}/k")
    new = put("k", 200_000, version=2)
    assert fetch(node.endpoint, f"/{bucket}/k").body == new


def test_an_immutable_object_is_never_asked_for_again(put, bucket, hearth, proxy):
    node = hearth(origins=[proxy.url], config=freshness("immutable"))
    body = put("k", 200_000)
    fetch(node.endpoint, f"/{bucket}/k")
    proxy.stop()
    node.restart()
    assert fetch(node.endpoint, f"/{bucket}/k").body == body


@pytest.mark.parametrize("failure", [faults.hang_up, faults.error(500, "InternalError"), faults.error(503, "SlowDown")])
def test_a_known_object_is_served_stale_while_the_origin_fails(put, bucket, hearth, proxy, failure):
    node = hearth(origins=[proxy.url], config=freshness("ttl", ttl="1ms", stale_if_error="1h"))
    body = put("k", 200_000)
    fetch(node.endpoint, f"/{bucket}/k")
    proxy.lie(failure)
    answer = fetch(node.endpoint, f"/{bucket}/k")
    assert (answer.status, answer.body) == (200, body)
    assert int(answer.headers["x-cache-stale"]) >= 0


@pytest.mark.parametrize("rule", [freshness("always"), freshness("ttl", ttl="1ms", stale_if_error="0s")])
def test_an_object_that_must_not_be_stale_is_503_while_the_origin_fails(put, bucket, hearth, proxy, rule):
    node = hearth(origins=[proxy.url], config=rule)
    put("k", 200_000)
    fetch(node.endpoint, f"/{bucket}/k")
    proxy.stop()
    answer = fetch(node.endpoint, f"/{bucket}/k")
    assert answer.status == 503
    assert b"<Error>" in answer.body


def test_the_first_matching_rule_holds(put, bucket, hearth, proxy):
    rules = [{"match": f"s3://{bucket}/models/*", "mode": "immutable"}, {"match": "*", "mode": "always"}]
    node = hearth(origins=[proxy.url], config={"freshness": rules})
    old = put("models/deep/k", 1000)
    put("other", 1000)
    for key in ("models/deep/k", "other"):
        fetch(node.endpoint, f"/{bucket}/{key}")
    put("models/deep/k", 1000, version=2)
    new = put("other", 1000, version=2)
    assert fetch(node.endpoint, f"/{bucket}/models/deep/k").body == old
    assert fetch(node.endpoint, f"/{bucket}/other").body == new


def test_a_version_change_between_blocks_never_mixes(put, bucket, hearth, proxy):
    node = hearth(origins=[proxy.url], config=freshness("ttl", ttl="1h"))
    put("k", 40 * MIB)
    fetch(node.endpoint, f"/{bucket}/k", headers={"Range": f"bytes=0-{16 * MIB - 1}"})
    new = put("k", 40 * MIB, version=2)
    later = fetch(node.endpoint, f"/{bucket}/k", headers={"Range": f"bytes={20 * MIB}-{21 * MIB - 1}"})
    assert later.body == new[20 * MIB : 21 * MIB]
    whole = fetch(node.endpoint, f"/{bucket}/k")
    assert not whole.cut and whole.body == new


def test_a_version_change_after_the_first_byte_cuts_the_connection(put, bucket, hearth, proxy):
    node = hearth(origins=[proxy.url], config=freshness("ttl", ttl="1h"))
    put("k", 48 * MIB)
    head = fetch(node.endpoint, f"/{bucket}/k", headers={"Range": f"bytes=0-{16 * MIB - 1}"})
    put("k", 48 * MIB, version=2)
    whole = fetch(node.endpoint, f"/{bucket}/k")
    version = 1 if whole.headers["etag"] == head.headers["etag"] else 2
    assert whole.body == object_bytes("k", version, 0, len(whole.body))
    assert whole.cut == (version == 1)
