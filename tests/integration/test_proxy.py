"""The proxy tells the truth until it is told to lie: the other tests lean on it."""

import pytest
from harness import faults
from harness.servers import s3_client
from harness.wire import fetch


@pytest.fixture
def through(proxy):
    return s3_client(f"http://127.0.0.1:{proxy.server_port}")


def test_what_the_server_says_comes_through_and_is_counted(put, bucket, proxy, through):
    body = put("a/b", 100_000)
    assert through.get_object(Bucket=bucket, Key="a/b")["Body"].read() == body
    assert through.head_object(Bucket=bucket, Key="a/b")["ContentLength"] == 100_000
    assert [o["Key"] for o in through.list_objects_v2(Bucket=bucket)["Contents"]] == ["a/b"]
    assert len(proxy.data_requests) == 1
    assert proxy.data_bytes == 100_000
    assert [seen.method for seen in proxy.seen] == ["GET", "HEAD", "GET"]


def test_a_cut_answer_is_short(put, bucket, proxy):
    put("k", 1000)
    proxy.lie(faults.cut_after(10))
    # Unsigned: the server refuses, and of that answer ten bytes come.
    answer = fetch(f"http://127.0.0.1:{proxy.server_port}", f"/{bucket}/k")
    assert answer.cut and len(answer.body) == 10


def test_a_lie_ends_when_told_so(put, bucket, proxy, through):
    body = put("k", 1000)
    proxy.lie(faults.error(503, "SlowDown"))
    with pytest.raises(through.exceptions.ClientError, match="SlowDown"):
        through.get_object(Bucket=bucket, Key="k")
    proxy.lie(None)
    assert through.get_object(Bucket=bucket, Key="k")["Body"].read() == body
