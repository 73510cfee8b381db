"""Conditional requests through the cache, with S3's precedence; answered from memory where they can be."""

import datetime
import email.utils
import hashlib

import pytest
from harness.wire import fetch

KEY = "conditional"
HOUR = datetime.timedelta(hours=1)


@pytest.fixture
def known(put, bucket, node):
    """(target, etag, time of change) of an object that the node has cached."""
    put(KEY, 5000)
    answer = fetch(node.endpoint, f"/{bucket}/{KEY}")
    assert answer.status == 200
    changed = email.utils.parsedate_to_datetime(answer.headers["last-modified"])
    return f"/{bucket}/{KEY}", answer.headers["etag"], changed


def date(moment):
    return email.utils.format_datetime(moment, usegmt=True)


def cases(etag, changed):
    """(headers, expected status): RFC 9110 13.2.2 as S3 applies it."""
    old, new = date(changed - HOUR), date(changed + HOUR)
    other = '"00000000000000000000000000000000"'
    yield {"If-Match": etag}, 200
    yield {"If-Match": other}, 412
    yield {"If-Match": "*"}, 200
    yield {"If-Match": f"{other}, {etag}"}, 200
    yield {"If-None-Match": etag}, 304
    yield {"If-None-Match": other}, 200
    yield {"If-None-Match": "*"}, 304
    yield {"If-Modified-Since": old}, 200
    yield {"If-Modified-Since": date(changed)}, 304
    yield {"If-Modified-Since": "not a date"}, 200
    yield {"If-Unmodified-Since": old}, 412
    yield {"If-Unmodified-Since": date(changed)}, 200
    yield {"If-Unmodified-Since": new}, 200
    yield {"If-Match": etag, "If-Unmodified-Since": old}, 200  # If-Match decides
    yield {"If-Match": other, "If-Unmodified-Since": new}, 412
    yield {"If-None-Match": etag, "If-Modified-Since": old}, 304  # If-None-Match decides
    yield {"If-None-Match": other, "If-Modified-Since": new}, 200
    yield {"If-Match": etag, "If-None-Match": etag}, 304
    yield {"If-Match": other, "If-None-Match": other}, 412


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_every_condition_alone_and_in_pairs(known, node, method):
    target, etag, changed = known
    wrong = []
    for headers, expected in cases(etag, changed):
        answer = fetch(node.endpoint, target, method, headers)
        if answer.status != expected:
            wrong.append((headers, expected, answer.status))
        if answer.status == 304:
            assert answer.headers["etag"] == etag and answer.body == b""
        if answer.status == 412 and method == "GET":
            assert b"<Code>PreconditionFailed</Code>" in answer.body
        if answer.status == 412 and method == "HEAD":
            assert answer.body == b""
    assert not wrong


def test_a_304_is_a_hit_and_asks_no_origin(known, node, proxy):
    target, etag, _ = known
    proxy.reset()
    answer = fetch(node.endpoint, target, headers={"If-None-Match": etag})
    assert (answer.status, answer.cache) == (304, "hit")
    assert proxy.seen == []


def test_a_condition_holds_for_a_range(known, node):
    target, etag, _ = known
    assert fetch(node.endpoint, target, headers={"If-Match": etag, "Range": "bytes=0-9"}).status == 206
    assert fetch(node.endpoint, target, headers={"If-None-Match": etag, "Range": "bytes=0-9"}).status == 304
    assert fetch(node.endpoint, target, headers={"If-Match": '"no"', "Range": "bytes=0-9"}).status == 412


def test_conditions_on_several_lines_are_one_list(known, node):
    target, etag, body = known

    def status(*lines):
        return fetch(node.endpoint, target, headers=list(lines)).status

    assert status(("If-Match", '"no"'), ("If-Match", etag)) == 200
    assert status(("If-None-Match", '"no"'), ("If-None-Match", etag)) == 304
    assert status(("Range", "bytes=0-9"), ("Range", "bytes=20-29")) == 200


def test_remembered_metadata_makes_no_new_412(known, put, node, proxy):
    """The object changed: a client that knows its new ETag is right, though the node remembers the old one."""
    target, _, _ = known
    body = put(KEY, 5000, version=2)
    new = f'"{hashlib.md5(body).hexdigest()}"'
    answer = fetch(node.endpoint, target, headers={"If-Match": new})
    assert (answer.status, answer.body) == (200, body)


def test_remembered_metadata_makes_no_new_416(known, put, node):
    """The object grew: a range past its old end is asked of the origin."""
    target, _, _ = known
    body = put(KEY, 9000, version=2)
    answer = fetch(node.endpoint, target, headers={"Range": "bytes=6000-"})
    assert (answer.status, answer.body) == (206, body[6000:])


def test_a_known_object_that_is_gone_is_404_when_revalidated(known, bucket, s3_server, node, proxy):
    target, etag, _ = known
    s3_server.s3.delete_object(Bucket=bucket, Key=KEY)
    answer = fetch(node.endpoint, target, headers={"If-Match": '"another"'})
    assert answer.status == 404
    assert proxy.seen[-1].status == 404
