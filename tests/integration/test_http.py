"""The S3 door as HTTP: what is not implemented, what is refused, addressing, pipelining, half-closed clients."""

import http.client
import socket
import urllib.parse
import xml.etree.ElementTree as xml

import pytest
from harness.waiting import wait_until
from harness import faults
from harness.servers import s3_client
from harness.wire import exchange, fetch, request

KEY = "k"
SIZE = 5000


@pytest.fixture
def target(put, bucket):
    put(KEY, SIZE)
    return f"/{bucket}/{KEY}"


def status_of(reply):
    return int(reply.split(b" ", 2)[1]) if reply.startswith(b"HTTP/1.1 ") else None


@pytest.mark.parametrize(
    ("method", "suffix"),
    [
        ("PUT", ""),
        ("PUT", "?partNumber=1&uploadId=x"),
        ("DELETE", ""),
        ("POST", "?uploads"),
        ("POST", "?select&select-type=2"),
        ("PUT", "?tagging"),
        ("DELETE", "?tagging"),
        ("DELETE", "?uploadId=x"),
        ("OPTIONS", ""),
    ],
)
def test_other_operations_on_an_object_are_not_implemented(target, node, proxy, method, suffix):
    proxy.reset()
    answer = fetch(node.endpoint, target + suffix, method, body=b"data" if method in ("PUT", "POST") else None)
    assert answer.status == 501
    error = xml.fromstring(answer.body)
    assert error.tag == "Error"
    assert error.findtext("Code") == "NotImplemented"
    assert error.findtext("Resource") and error.findtext("RequestId") == answer.headers["x-amz-request-id"]
    assert "x-cache" not in answer.headers
    assert proxy.seen == []


@pytest.mark.parametrize(
    ("method", "target"),
    [("PUT", "/some-bucket"), ("DELETE", "/some-bucket"), ("POST", "/some-bucket?delete"),
     ("PUT", "/some-bucket?policy"), ("PUT", "/some-bucket?versioning")],
)  # fmt: skip
def test_other_operations_on_buckets_are_not_implemented(node, method, target):
    answer = fetch(node.endpoint, target, method, body=b"" if method in ("PUT", "POST") else None)
    assert answer.status == 501 and b"<Code>NotImplemented</Code>" in answer.body


def test_an_sdk_understands_the_refusal(bucket, node):
    s3 = node.s3()
    with pytest.raises(s3.exceptions.ClientError, match="NotImplemented"):
        s3.put_object(Bucket=bucket, Key="k", Body=b"x" * 100_000)
    with pytest.raises(s3.exceptions.ClientError, match="NotImplemented"):
        s3.delete_object(Bucket=bucket, Key="k")


def test_an_error_of_a_head_has_no_body(target, node):
    reply = exchange(node.endpoint, f"HEAD {target}-gone HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    head, _, body = reply.partition(b"\r\n\r\n")
    assert status_of(head) == 404 and body == b""


def test_a_bucket_that_begins_with_an_underscore_is_refused(node):
    assert fetch(node.endpoint, "/_bucket/key").status in (400, 403, 404)
    assert fetch(node.endpoint, "/_hearth/nothing").status == 404


MALFORMED = {
    "bare line feeds": b"GET {t} HTTP/1.1\nHost: localhost\n\n",
    "a space before the colon": b"GET {t} HTTP/1.1\r\nHost : localhost\r\n\r\n",
    "a folded header": b"GET {t} HTTP/1.1\r\nHost: localhost\r\nX-A: 1\r\n 2\r\n\r\n",
    "no host": b"GET {t} HTTP/1.1\r\nX-A: 1\r\n\r\n",
    "two hosts": b"GET {t} HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
    "two lengths": b"GET {t} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
    "length and chunked": b"GET {t} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a length that is no number": b"GET {t} HTTP/1.1\r\nHost: localhost\r\nContent-Length: +1\r\n\r\nx",
    "a control character in a header": b"GET {t} HTTP/1.1\r\nHost: localhost\r\nX-A: a\x00b\r\n\r\n",
    "a control character in the target": b"GET {t}\x01 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "another version": b"GET {t} HTTP/2.0\r\nHost: localhost\r\n\r\n",
    "no version": b"GET {t}\r\nHost: localhost\r\n\r\n",
    "two spaces": b"GET  {t} HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "an absolute target that contradicts host": b"GET http://other.example{t} HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a broken percent sign": b"GET {t}%zz HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "another protocol": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 32 + b"\r\n\r\n",
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_request_that_rfc_9112_forbids_is_400_and_a_close(target, node, name):
    reply = exchange(node.endpoint, MALFORMED[name].replace(b"{t}", target.encode()))  # returns at the close
    assert status_of(reply) in (400, 505), reply[:200]
    assert reply.count(b"HTTP/1.1 ") == 1  # nothing behind it was taken for a request


def test_headers_over_16_kib_are_431(target, node):
    padding = b"X-Padding: " + b"x" * 17_000 + b"\r\n"
    reply = exchange(node.endpoint, b"GET " + target.encode() + b" HTTP/1.1\r\nHost: localhost\r\n" + padding + b"\r\n")
    assert status_of(reply) == 431


def test_pipelined_requests_are_answered_in_order(target, node):
    one = "GET {} HTTP/1.1\r\nHost: localhost\r\nRange: bytes={}-{}\r\n\r\n"
    ranges = [(0, 9), (100, 2099), (4990, 4999), (7, 7)]
    data = "".join(one.format(target, *r) for r in ranges)
    data += f"HEAD {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    reply = exchange(node.endpoint, data.encode())
    whole = fetch(node.endpoint, target).body
    for begin, end in ranges:
        head, _, reply = reply.partition(b"\r\n\r\n")
        assert status_of(head) == 206
        assert f"content-range: bytes {begin}-{end}/{SIZE}".encode() in head.lower()
        length = end - begin + 1
        assert reply[:length] == whole[begin : end + 1]
        reply = reply[length:]
    head, _, rest = reply.partition(b"\r\n\r\n")
    assert status_of(head) == 200 and rest == b""


def test_a_client_that_has_stopped_sending_still_gets_its_answer(target, node):
    request_text = f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n"
    reply = exchange(node.endpoint, request_text.encode(), shutdown=True)
    assert status_of(reply) == 200
    assert reply.partition(b"\r\n\r\n")[2] == fetch(node.endpoint, target).body


def test_a_connection_serves_many_requests(target, node):
    address = urllib.parse.urlsplit(node.endpoint)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=20)
    connection.connect()
    first = connection.sock
    for _ in range(20):
        assert request(connection, target).status == 200
        assert connection.sock is first
    assert request(connection, target + "-gone").status == 404
    assert connection.sock is first
    connection.close()


def test_the_bucket_may_stand_in_the_host(target, bucket, node):
    body = fetch(node.endpoint, target).body
    for host in (f"{bucket}.localhost", f"{bucket}.localhost:1234", f"{bucket}.LOCALHOST"):
        answer = fetch(node.endpoint, f"/{KEY}", headers={"Host": host})
        assert (answer.status, answer.body, answer.cache) == (200, body, "hit")


def test_the_bucket_may_stand_in_a_configured_host(put, bucket, hearth, proxy):
    body = put(KEY, SIZE)
    node = hearth(origins=[proxy.url], config={"hosts": ["cache.example.com"]})
    answer = fetch(node.endpoint, f"/{KEY}", headers={"Host": f"{bucket}.cache.example.com"})
    assert (answer.status, answer.body) == (200, body)
    answer = fetch(node.endpoint, f"/{bucket}/{KEY}", headers={"Host": "cache.example.com"})
    assert (answer.status, answer.body) == (200, body)


def test_boto3_reads_with_virtual_hosts(target, bucket, node, monkeypatch):
    resolve = socket.getaddrinfo

    def to_loopback(host, *arguments, **options):
        return resolve("127.0.0.1" if str(host).endswith(".localhost") else host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", to_loopback)
    port = urllib.parse.urlsplit(node.endpoint).port
    s3 = s3_client(f"http://localhost:{port}", style="virtual")
    assert s3.get_object(Bucket=bucket, Key=KEY)["Body"].read() == fetch(node.endpoint, target).body


def test_every_answer_has_its_own_request_id_and_failures_are_logged_with_it(target, node, proxy):
    ids = {fetch(node.endpoint, t).headers["x-amz-request-id"] for t in (target, target, target + "-gone", "/")}
    assert len(ids) == 4
    proxy.lie(faults.error(500, "InternalError"))
    failed = fetch(node.endpoint, target + "-other")
    assert failed.status == 500 or failed.status == 503
    wait_until(lambda: failed.headers["x-amz-request-id"] in node.log(), what="the line of the failure")


def test_a_get_with_a_body_is_answered_and_the_connection_stays_in_step(target, node):
    data = f"GET {target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nGET /"
    data += f"HEAD {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    reply = exchange(node.endpoint, data.encode())
    statuses = [line for line in reply.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]
    assert statuses[0].split()[1] in (b"200", b"400")
    assert len(statuses) in (1, 2)


def own_address():
    """An address of this host that is not loopback, or None."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing
        except OSError:
            return None
        address = probe.getsockname()[0]
        return None if address.startswith("127.") else address


def test_this_hosts_other_addresses_are_its_own(target, hearth, proxy):
    address = own_address()
    if address is None:
        pytest.skip("this machine has loopback addresses only")
    node = hearth(origins=[proxy.url], listen="0.0.0.0:0")
    port = urllib.parse.urlsplit(node.endpoint).port
    assert fetch(f"http://{address}:{port}", target).status == 200
