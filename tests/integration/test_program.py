"""The program: flags, exit status, ready file, SIGTERM, its own pages, and the commands."""

import json
import os
import re
import signal
import subprocess
import threading

import pytest
from harness import faults
from harness.node import BINARY, Node, environment
from harness.waiting import wait_until
from harness.wire import UnixConnection, encode_key, fetch, request

KEY = "dir/some key"
SIZE = 300_000


@pytest.fixture
def stored(put):
    return put(KEY, SIZE)


@pytest.fixture
def url(bucket, stored):
    return f"s3://{bucket}/{KEY}"


def run(*arguments, tmp_path, **options):
    return subprocess.run(
        [str(BINARY), *arguments], env=environment(tmp_path), capture_output=True, text=True, timeout=30, **options
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["serve", "--lisen", "127.0.0.1:0"], ["--lisen", "--listen"]),
        (["serve", "--listen", "nowhere"], ["--listen", "nowhere"]),
        (["serve", "--block-size", "3MiB"], ["--block-size", "3MiB"]),
        (["serve", "--log-level", "loud"], ["--log-level", "loud"]),
        (["serve", "--config", "/does/not/exist.yaml"], ["/does/not/exist.yaml"]),
        (["serve", "--origin", "ftp://x"], ["ftp"]),
        (["serve", "--origin", "s3://?name=a", "--origin", "s3://?name=a"], ["a"]),
        (["serve", "--cache-dirs", "/proc/no/such"], ["/proc/no/such"]),
        (["sevre"], ["sevre"]),
        (["get"], []),
        ([], []),
    ],
)
def test_wrong_usage_ends_with_2_and_says_what_is_wrong(tmp_path, arguments, words):
    result = run(*arguments, tmp_path=tmp_path)
    assert result.returncode == 2
    assert all(word in result.stderr for word in words), result.stderr


def test_every_mistake_of_a_file_is_told_at_once(tmp_path):
    file = tmp_path / "hearth.yaml"
    file.write_text("lisen: 0.0.0.0:0\ncache:\n  block_size: 5MiB\n  dirs: [/x]\nfreshness:\n  - {match: '*', mode: maybe}\n")
    result = run("config", "check", str(file), tmp_path=tmp_path)
    assert result.returncode == 2
    told = result.stderr + result.stdout
    for words in [f"{file}:1", "lisen", "listen", f"{file}:3", "5MiB", f"{file}:6", "maybe", "immutable"]:
        assert words in told, told


def test_a_good_file_is_fine(tmp_path):
    file = tmp_path / "hearth.yaml"
    file.write_text("listen: 127.0.0.1:0\ncache: {dirs: [{path: /x, size: 50%}], block_size: 4MiB}\n")
    assert run("config", "check", str(file), tmp_path=tmp_path).returncode == 0


def test_version_and_help(tmp_path):
    assert re.match(r"hearth \d+\.\d+", run("--version", tmp_path=tmp_path).stdout)
    assert "serve" in run("--help", tmp_path=tmp_path).stdout
    assert "--cache-dirs" in run("serve", "--help", tmp_path=tmp_path).stdout


def test_the_ready_file_says_where_it_listens(node):
    assert node.ready["pid"] == node.process.pid
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", node.ready["s3"])
    assert node.ready["local"] == str(node.socket)
    assert "flight" not in node.ready


def test_a_second_process_is_refused_the_directory(node):
    other = Node(origins=node.origins, config={"cache": {"dirs": [str(node.cache_dir)]}})
    result = subprocess.run(other.command(), env=other.env, capture_output=True, text=True, timeout=30)
    other.remove()
    assert result.returncode != 0
    assert str(node.cache_dir) in result.stderr


def test_live_and_ready_are_open_and_say_nothing_more(node):
    for page in ("live", "ready"):
        answer = fetch(node.endpoint, f"/_hearth/{page}")
        assert answer.status == 200
        assert len(answer.body) < 20


def test_metrics_count_what_was_asked(node, bucket, stored):
    for _ in range(2):
        fetch(node.endpoint, f"/{bucket}/{encode_key(KEY)}")
    hits = r'^hearth_client_requests_total\{(?=.*operation="GetObject")(?=.*cache="hit")[^}]*code="200"[^}]*\} 1$'
    # An answer is counted when its last byte is out, which its reader may see first.
    wait_until(lambda: re.search(hits, fetch(node.endpoint, "/_hearth/metrics").body.decode(), re.M), what="one hit")
    text = fetch(node.endpoint, "/_hearth/metrics").body.decode()
    assert re.search(rf'^hearth_client_response_bytes_total\{{(?=.*cache="miss")[^}}]*\}} {SIZE}$', text, re.M)
    for family in [
        "hearth_client_request_seconds", "hearth_client_first_byte_seconds", "hearth_origin_requests_total",
        "hearth_origin_response_bytes_total", "hearth_cache_bytes", "hearth_cache_budget_bytes", "hearth_cache_blocks",
        "hearth_cache_evicted_blocks_total", "hearth_cache_corrupt_pages_total", "hearth_gate_denied_total",
    ]:  # fmt: skip
        assert f"# TYPE {family} " in text


def test_status_explain_and_object_pages(node, bucket, stored, url):
    page = "/_hearth/v1/object?url=" + encode_key(url).replace("/", "%2F")
    answer = fetch(node.endpoint, page)
    assert (answer.status, answer.body) == (200, stored)
    part = fetch(node.endpoint, page, headers={"Range": "bytes=10-19"})
    assert (part.status, part.body, part.cache) == (206, stored[10:20], "hit")
    assert json.loads(fetch(node.endpoint, "/_hearth/v1/status").body)

    def explain():
        return json.loads(fetch(node.endpoint, page.replace("object", "explain")).body)

    explained = explain()
    assert explained["url"] == url and explained["size"] == SIZE
    # The last sub-blocks may still be on their way to the disk.
    wait_until(lambda: explain()["blocks"][0]["present"] == 1.0, what="all of the block to be on disk")
    assert explain()["blocks"][0]["here"] is True


def test_what_lies_outside_every_origin_is_refused(node):
    for url in ("gs://b/k", "ftp://b/k", "nonsense", "s3://", ""):
        answer = fetch(node.endpoint, "/_hearth/v1/object?url=" + encode_key(url).replace("/", "%2F"))
        assert 400 <= answer.status < 500, url


def test_an_etag_as_version_is_a_precondition(node, bucket, put, url, stored):
    page = "/_hearth/v1/object?url=" + encode_key(url).replace("/", "%2F")
    etag = fetch(node.endpoint, page).headers["etag"].strip('"')
    assert fetch(node.endpoint, f"{page}&version={etag}").body == stored
    assert fetch(node.endpoint, f"{page}&version=etag:{etag}").body == stored
    wrong = fetch(node.endpoint, f"{page}&version={'0' * 32}")
    assert wrong.status == 412
    assert etag in wrong.body.decode()


def test_a_label_is_bound_by_its_first_read(node, bucket, put, url, stored):
    page = "/_hearth/v1/object?version=v1&url=" + encode_key(url).replace("/", "%2F")
    assert fetch(node.endpoint, page).body == stored
    put(KEY, SIZE, version=2)
    assert fetch(node.endpoint, page).body == stored
    node.wait_until_filled(1)
    node.kill()
    node.start()
    assert fetch(node.endpoint, page).body == stored
    assert node.run("evict", url).returncode == 0
    answer = fetch(node.endpoint, page)
    assert (answer.status, answer.body != stored) == (200, True)


def test_get_writes_the_bytes(node, stored, url, tmp_path):
    target = tmp_path / "out"
    assert node.run("get", url, "-o", str(target)).returncode == 0
    assert target.read_bytes() == stored
    assert node.run("get", url).stdout == stored
    assert node.run("get", url, "--range", "100-199").stdout == stored[100:200]


def test_get_of_nothing_fails_and_leaves_no_file(node, bucket, tmp_path):
    target = tmp_path / "out"
    result = node.run("get", f"s3://{bucket}/nothing", "-o", str(target))
    assert result.returncode == 1
    assert b"NoSuchKey" in result.stderr or b"not" in result.stderr.lower()
    assert not target.exists()


def test_head_status_explain_and_evict(node, stored, url, bucket, proxy):
    assert node.run("get", url).stdout == stored
    assert json.loads(node.run("head", url, "--json").stdout)
    assert json.loads(node.run("status", "--json").stdout)
    assert json.loads(node.run("explain", url, "--json").stdout)["blocks"][0]["here"] is True
    for command in (["head", url], ["status"], ["explain", url]):
        result = node.run(*command)
        assert (result.returncode, bool(result.stdout)) == (0, True)
    assert node.run("evict", url).returncode == 0
    assert not any(block["here"] for block in json.loads(node.run("explain", url, "--json").stdout)["blocks"])
    assert fetch(node.endpoint, f"/{bucket}/{encode_key(KEY)}").cache == "miss"


def test_commands_without_a_node_fail_and_say_so(tmp_path):
    env = {**environment(tmp_path), "HEARTH_LOCAL_SOCKET": str(tmp_path / "none.sock")}
    result = subprocess.run([str(BINARY), "status"], env=env, capture_output=True, text=True, timeout=30)
    assert result.returncode == 1 and result.stderr


def test_evict_needs_the_local_socket(node, url):
    body = json.dumps({"urls": [url]}).encode()
    assert fetch(node.endpoint, "/_hearth/v1/evict", "POST", body=body).status == 403
    connection = UnixConnection(node.http_socket)
    assert request(connection, "/_hearth/v1/evict", "POST", body=body).status == 200
    connection.close()


def test_verify_finds_nothing_wrong_in_a_sound_directory(node, bucket, stored):
    fetch(node.endpoint, f"/{bucket}/{encode_key(KEY)}")
    node.stop()
    result = node.run("verify", str(node.cache_dir))
    assert result.returncode == 0, result.stderr


def test_sigterm_lets_an_answer_finish(put, bucket, hearth, proxy):
    body = put("slow", 20 * 1024 * 1024)
    node = hearth(origins=[proxy.url])
    gate = threading.Event()

    def wait_then_answer(exchange):
        gate.wait(30)
        exchange.pass_on()

    proxy.lie(wait_then_answer, when=lambda seen: seen.is_data)
    answers = []
    reader = threading.Thread(target=lambda: answers.append(fetch(node.endpoint, f"/{bucket}/slow")))
    reader.start()
    wait_until(lambda: proxy.data_requests, what="the origin is asked")
    node.process.send_signal(signal.SIGTERM)
    gate.set()
    reader.join()
    answer = answers[0]
    assert (answer.status, answer.cut, len(answer.body)) == (200, False, len(body)), node.log()
    assert answer.body == body
    node.stop(terminate=False)


def test_sigterm_ends_within_fifteen_seconds_whatever_hangs(put, bucket, hearth, proxy):
    put("stuck", 1_000_000)
    node = hearth(origins=[proxy.url])
    proxy.lie(faults.silent)
    reader = threading.Thread(target=lambda: _fetch_or_fail(node.endpoint, f"/{bucket}/stuck"))
    reader.start()
    wait_until(lambda: proxy.seen, what="the origin is asked")
    node.stop()  # fails after 15 s
    proxy.released.set()
    reader.join()


def _fetch_or_fail(endpoint, target):
    try:
        fetch(endpoint, target)
    except OSError:
        pass


def test_the_name_frontcache_starts_the_s3_door(put, bucket, proxy, hearth, tmp_path):
    body = put("k", 1000)
    os.symlink(BINARY, tmp_path / "frontcache")
    node = hearth(origins=[proxy.url], argv=[str(tmp_path / "frontcache")])
    assert fetch(node.endpoint, f"/{bucket}/k").body == body


def test_logs_as_json_are_one_object_a_line(bucket, proxy, hearth):
    node = hearth(origins=[proxy.url], config={"telemetry": {"log_format": "json"}})
    proxy.lie(faults.error(500, "InternalError"))
    request_id = fetch(node.endpoint, f"/{bucket}/k").headers["x-amz-request-id"]
    wait_until(lambda: request_id in node.log(), what="the line of the request")
    lines = [json.loads(line) for line in node.log().splitlines()]
    assert any(request_id in json.dumps(line) for line in lines)


def test_no_secret_is_logged(put, bucket, proxy, hearth):
    node = hearth(origins=[proxy.url], flags=["--log-level", "debug"])
    put("k", 1000)
    fetch(node.endpoint, f"/{bucket}/k")
    fetch(node.endpoint, f"/{bucket}/gone")
    assert node.env["AWS_SECRET_ACCESS_KEY"] not in node.log()
    assert "Signature=" not in node.log()
