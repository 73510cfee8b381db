"""An origin that lies or fails: an error or a bypass, never wrong bytes, never a hang, and nothing wrong is kept."""

import threading
import time

import pytest
from harness import faults
from harness.node import freshness
from harness.proxy import Proxy
from harness.wire import fetch
from support.object_bytes import object_bytes

SIZE = 1_000_000
RANGE = {"Range": "bytes=300000-699999"}

# name -> (fault, may the right bytes come all the same?)
LIES = {
    "hangs up": (faults.hang_up, False),
    "resets": (faults.reset, False),
    "cuts the body": (faults.cut_after(1000), False),
    "cuts before the body": (faults.cut_after(0), False),
    "says more bytes than it sends": (faults.length_off_by(+1), False),
    "says fewer bytes than the range has": (faults.length_off_by(-1), False),
    "sends no etag": (faults.no_etag, True),
    "sends a weak etag": (faults.weak_etag, True),
    "answers 200 to a range": (faults.ignore_range, True),
    "sends no content-range": (faults.no_content_range, False),
    "sends another range": (faults.other_content_range, False),
    "gives another object size": (faults.other_object_size, True),
    "redirects": (faults.redirect_to("http://127.0.0.1:9/elsewhere"), False),
    "sends garbage xml": (faults.garbage_xml, False),
    "sends headers without end": (faults.endless_headers, False),
    "speaks no http": (faults.no_http, False),
    "says slow down": (faults.error(503, "SlowDown"), False),
    "has an internal error": (faults.error(500, "InternalError"), False),
    "denies access": (faults.error(403, "AccessDenied"), False),
}


def check(answer, expected, may_be_right):
    """Complete and right, or an error, or cut; what came before the cut is right too."""
    if answer.status in (200, 206):
        assert answer.body == expected[: len(answer.body)]
        assert answer.cut or (may_be_right and len(answer.body) == len(expected))
    else:
        assert 400 <= answer.status <= 599
        assert b"<Error>" in answer.body and b"<RequestId>" in answer.body


@pytest.mark.parametrize("name", LIES)
def test_a_lie_is_an_error_or_a_bypass(put, bucket, node, proxy, name):
    fault, may_be_right = LIES[name]
    body = put("k", SIZE)
    target = f"/{bucket}/k"
    proxy.lie(fault, when=lambda seen: seen.is_data)
    began = time.monotonic()
    check(fetch(node.endpoint, target), body, may_be_right)
    check(fetch(node.endpoint, target, headers=RANGE), body[300_000:700_000], may_be_right)
    assert time.monotonic() - began < 20
    proxy.lie(None)
    answer = fetch(node.endpoint, target)
    assert answer.body == body, node.log()  # nothing wrong was kept
    assert fetch(node.endpoint, target, headers=RANGE).body == body[300_000:700_000]


@pytest.mark.parametrize("name", ["cuts the body", "sends no content-range", "answers 200 to a range", "hangs up"])
def test_a_lie_about_a_later_block_cuts_the_answer(put, bucket, node, proxy, name):
    fault, _ = LIES[name]
    size = 40 * 1024 * 1024
    body = put("k", size)

    def later_block(seen):
        first = seen.headers.get("range", "bytes=0-").removeprefix("bytes=").split("-")[0]
        return seen.is_data and first != "" and int(first) >= 16 * 1024 * 1024

    proxy.lie(fault, when=later_block)
    answer = fetch(node.endpoint, f"/{bucket}/k")
    if answer.status == 200:
        assert answer.body == body[: len(answer.body)]
        assert answer.cut or len(answer.body) == size
    proxy.lie(None)
    assert fetch(node.endpoint, f"/{bucket}/k").body == body


def test_an_origin_that_ignores_if_match_does_not_mix_versions(put, bucket, hearth, proxy):
    node = hearth(origins=[proxy.url], config=freshness("ttl", ttl="1h"))
    put("k", SIZE)
    fetch(node.endpoint, f"/{bucket}/k", headers={"Range": "bytes=0-9"})
    new = put("k", SIZE, version=2)
    proxy.lie(faults.ignore_conditions)
    answer = fetch(node.endpoint, f"/{bucket}/k", headers={"Range": "bytes=600000-699999"})
    if answer.status == 206 and not answer.cut:
        assert answer.body == new[600_000:700_000]
    else:
        assert answer.status >= 400 or answer.body == b""


def test_another_etag_in_the_middle_of_a_read_does_not_pass(put, bucket, node, proxy):
    put("k", 40 * 1024 * 1024)
    count = iter(range(1_000_000))
    proxy.lie(faults.other_etag, when=lambda seen: seen.is_data and next(count) > 0)
    answer = fetch(node.endpoint, f"/{bucket}/k")
    assert answer.body == object_bytes("k", 1, 0, len(answer.body)) or answer.status >= 400
    if len(answer.body) == 40 * 1024 * 1024:
        assert len(proxy.data_requests) == 1


def test_no_redirect_is_followed_or_passed_on(put, bucket, node, proxy, s3_server):
    put("k", SIZE)
    elsewhere = Proxy(s3_server.port)
    proxy.lie(faults.redirect_to(f"http://127.0.0.1:{elsewhere.server_port}/{bucket}/k"))
    answer = fetch(node.endpoint, f"/{bucket}/k")
    assert answer.status >= 400
    assert "location" not in answer.headers
    assert elsewhere.seen == []
    elsewhere.stop()


def test_a_refused_origin_is_an_error_within_ten_seconds(bucket, node, proxy):
    proxy.stop()
    began = time.monotonic()
    answer = fetch(node.endpoint, f"/{bucket}/k")
    assert answer.status == 503 and b"<Code>" in answer.body
    assert time.monotonic() - began < 10


def test_silence_is_an_error_within_thirty_seconds(put, bucket, hearth, proxy):
    """Before the headers, in the middle of a body, and of a list: at the same time, since each takes its time."""
    node = hearth(origins=[proxy.url])
    put("silent", SIZE)
    stalled = put("stalled", SIZE)

    def fault(exchange):
        kind = faults.stall_after(500_000) if "stalled" in exchange.path else faults.silent
        kind(exchange)

    proxy.lie(fault)
    answers = {}

    def read(name, target):
        began = time.monotonic()
        answer = fetch(node.endpoint, target, timeout=60)
        answers[name] = (answer, time.monotonic() - began)

    targets = {"silent": f"/{bucket}/silent", "stalled": f"/{bucket}/stalled", "list": f"/{bucket}?list-type=2"}
    readers = [threading.Thread(target=read, args=item) for item in targets.items()]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    took = {name: round(seconds, 1) for name, (_, seconds) in answers.items()}
    assert max(took.values()) < 31, took
    assert answers["silent"][0].status >= 500
    assert answers["list"][0].status >= 500
    answer = answers["stalled"][0]
    assert answer.status >= 500 or (answer.cut and answer.body == stalled[: len(answer.body)])


def test_an_error_whose_body_stalls_is_told_without_it(put, bucket, node, proxy):
    put("k", SIZE)

    def fault(exchange):
        exchange.send_response_only(503)
        exchange.send_header("Content-Length", "600")
        exchange.end_headers()
        exchange.wfile.flush()
        faults.silent(exchange)

    proxy.lie(fault)
    began = time.monotonic()
    assert fetch(node.endpoint, f"/{bucket}/k", timeout=60).status == 503
    assert time.monotonic() - began < 10


def test_a_size_that_no_object_has_is_an_error_and_nobody_waits_for_it(put, bucket, node, proxy):
    body = put("k", SIZE)
    proxy.lie(lambda exchange: exchange.answer(200, [("ETag", '"a"'), ("Content-Length", str(1 << 62))], b""))
    assert fetch(node.endpoint, f"/{bucket}/k", method="HEAD").status >= 500
    proxy.lie(None)
    assert fetch(node.endpoint, f"/{bucket}/k", timeout=10).body == body


@pytest.mark.parametrize("fault", [faults.garbage_xml, faults.no_http, faults.endless_headers, faults.hang_up])
def test_a_list_that_lies_is_an_error(bucket, node, proxy, fault):
    proxy.lie(fault)
    answer = fetch(node.endpoint, f"/{bucket}?list-type=2")
    assert answer.status >= 500 and b"<Error>" in answer.body


def test_after_all_lies_it_still_answers(put, bucket, node, proxy):
    body = put("k", SIZE)
    for fault, _ in LIES.values():
        proxy.lie(fault)
        fetch(node.endpoint, f"/{bucket}/k", headers=RANGE)
    proxy.lie(None)
    assert fetch(node.endpoint, f"/{bucket}/k").body == body
    assert fetch(node.endpoint, "/_hearth/live").status == 200
