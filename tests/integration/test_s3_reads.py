"""boto3 reads the same through Hearth and straight from the server: bodies, headers, errors, odd keys."""

import io

import pytest
from botocore.exceptions import ClientError
from support.object_bytes import object_bytes

MIB = 1024 * 1024
SIZE = 17 * MIB + 321  # more than one block

# What belongs to the connection or the server, not to the object.
NOT_COMPARED = {
    "date", "server", "connection", "x-amz-request-id", "x-amz-id-2", "x-cache", "keep-alive", "host-id",
    "content-length", "x-amzn-requestid", "transfer-encoding", "access-control-allow-origin",
    "x-amz-bucket-region", "x-amz-storage-class", "accept-ranges", "age", "via", "content-range",
    "x-amz-content-sha256", "x-amz-sdk-checksum-algorithm",  # moto echoes headers of the upload
}  # fmt: skip


def compared(headers):
    """What belongs to the object. Checksums have a test of their own: servers differ in when they give them."""
    return {n: v for n, v in headers.items() if n not in NOT_COMPARED and not n.startswith("x-amz-checksum-")}


@pytest.fixture(scope="module")
def shared(any_server):
    """A bucket with one object of two blocks."""
    bucket = any_server.make_bucket()
    any_server.s3.put_object(
        Bucket=bucket,
        Key="data.bin",
        Body=object_bytes("data.bin", 1, 0, SIZE),
        ContentType="application/x-weights",
        CacheControl="max-age=77",
        ContentDisposition='attachment; filename="a b.bin"',
        Metadata={"owner": "team-a", "note": "two words"},
    )
    return bucket


def outcome(call):
    """(status, compared headers, body) of a boto3 call, or (status, error code)."""
    try:
        answer = call()
    except ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]["Code"]
    meta = answer["ResponseMetadata"]
    headers = compared(meta["HTTPHeaders"])
    body = answer["Body"].read() if "Body" in answer else b""
    return meta["HTTPStatusCode"], headers, answer.get("ContentLength"), answer.get("ContentRange"), body


def both(any_server, node, operation, **arguments):
    """The outcome through Hearth, cold and warm, after comparing each with the straight one."""
    straight = outcome(lambda: getattr(any_server.s3, operation)(**arguments))
    for _ in range(2):
        through = outcome(lambda: getattr(node.s3(), operation)(**arguments))
        assert through == straight
    return through


def test_a_whole_object_with_its_headers(any_server, node_of, shared):
    status, headers, length, _, body = both(any_server, node_of, "get_object", Bucket=shared, Key="data.bin")
    assert (status, length, len(body)) == (200, SIZE, SIZE)
    assert headers["content-type"] == "application/x-weights"
    assert headers["cache-control"] == "max-age=77"
    assert headers["x-amz-meta-owner"] == "team-a"


def test_a_head(any_server, node_of, shared):
    status, headers, length, *_ = both(any_server, node_of, "head_object", Bucket=shared, Key="data.bin")
    assert (status, length) == (200, SIZE)
    assert headers["x-amz-meta-note"] == "two words"


def test_checksums_of_whole_objects_are_the_origins(node_of, any_server):
    bucket = any_server.make_bucket()
    for algorithm in ("CRC32", "SHA256"):
        any_server.s3.put_object(Bucket=bucket, Key=algorithm, Body=b"checked" * 1000, ChecksumAlgorithm=algorithm)
        for operation in ("get_object", "head_object"):
            call = {"Bucket": bucket, "Key": algorithm, "ChecksumMode": "ENABLED"}
            straight = getattr(any_server.s3, operation)(**call)
            for _ in range(2):
                through = getattr(node_of.s3(), operation)(**call)
                assert straight[f"Checksum{algorithm}"] == through.get(f"Checksum{algorithm}"), operation
    part = node_of.s3().get_object(Bucket=bucket, Key="CRC32", Range="bytes=0-9", ChecksumMode="ENABLED")
    assert "ChecksumCRC32" not in part


@pytest.mark.parametrize(
    "text",
    [
        "bytes=0-0",
        "bytes=0-1048575",
        "bytes=1048576-1048577",
        f"bytes={16 * MIB - 5}-{16 * MIB + 4}",  # across the blocks
        f"bytes={SIZE - 1}-",
        f"bytes={SIZE - 10}-{SIZE + 1000}",
        "bytes=-1",
        "bytes=-2097153",
        f"bytes=-{SIZE + 5}",
        "bytes=5000000-",
    ],
)
def test_a_range(any_server, node_of, shared, text):
    status, _, _, content_range, body = both(any_server, node_of, "get_object", Bucket=shared, Key="data.bin", Range=text)
    assert status == 206
    begin = int(content_range.removeprefix("bytes ").split("-")[0])
    assert body == object_bytes("data.bin", 1, begin, len(body))


def test_a_range_past_the_end_is_416(any_server, node_of, shared):
    status, code = both(any_server, node_of, "get_object", Bucket=shared, Key="data.bin", Range=f"bytes={SIZE}-")
    assert (status, code) == (416, "InvalidRange")


@pytest.mark.parametrize("text", ["bytes=0-1,5-6", "items=0-1", "bytes=a-b", "bytes=5-2", "bytes", ""])
def test_a_range_that_is_none_is_ignored(node_of, shared, text):
    answer = node_of.s3().get_object(Bucket=shared, Key="data.bin", Range=text)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert len(answer["Body"].read()) == SIZE


@pytest.mark.parametrize(
    "override",
    [
        {"ResponseContentType": "text/plain; charset=x"},
        {"ResponseCacheControl": "no-store"},
        {"ResponseContentDisposition": 'inline; filename="a+b & c;d"'},
        {"ResponseContentEncoding": "identity", "ResponseContentLanguage": "de", "ResponseContentType": "a/b"},
    ],
)
def test_response_headers_that_the_request_overrides(any_server, node_of, shared, override):
    both(any_server, node_of, "get_object", Bucket=shared, Key="data.bin", **override)
    _, headers, *_ = outcome(lambda: node_of.s3().get_object(Bucket=shared, Key="data.bin"))
    assert headers["content-type"] == "application/x-weights"  # the override is not remembered


def test_an_empty_object(any_server, node_of):
    bucket = any_server.make_bucket()
    any_server.s3.put_object(Bucket=bucket, Key="empty", Body=b"")
    assert both(any_server, node_of, "get_object", Bucket=bucket, Key="empty")[4] == b""
    assert both(any_server, node_of, "head_object", Bucket=bucket, Key="empty")[2] == 0


def test_what_is_not_there(any_server, node_of, shared):
    assert both(any_server, node_of, "get_object", Bucket=shared, Key="nothing") == (404, "NoSuchKey")
    assert both(any_server, node_of, "head_object", Bucket=shared, Key="nothing") == (404, "404")
    assert both(any_server, node_of, "get_object", Bucket="no-such-bucket", Key="k") == (404, "NoSuchBucket")


def test_an_object_made_after_a_404_is_seen(any_server, node_of, shared):
    assert both(any_server, node_of, "get_object", Bucket=shared, Key="late") == (404, "NoSuchKey")
    any_server.s3.put_object(Bucket=shared, Key="late", Body=b"here now")
    assert both(any_server, node_of, "get_object", Bucket=shared, Key="late")[4] == b"here now"


ODD_KEYS = [
    "plain",
    "with space",
    "a+b=c&d;e,f:g@h$i!j*k'l(m)n",
    "percent%20and%2Fslash%",
    "ünïcödé/ключ/鍵/🔥",
    "question?mark#hash",
    "dots/.hidden/..still/...",
    "back\\slash|pipe^caret`tick{brace}[bracket]<less>\"quote\"~tilde",
    "many//slashes///here",
    "trailing/slash/",
    "_underscore/-dash",
    "x" * 200 + "/" + "y" * 200,
    "tab\tnewline\nreturn\r",
]


@pytest.mark.parametrize("key", ODD_KEYS, ids=lambda key: ascii(key)[:30])
def test_an_odd_key(any_server, node_of, key):
    bucket = any_server.make_bucket()
    try:
        any_server.s3.put_object(Bucket=bucket, Key=key, Body=object_bytes(key, 1, 0, 1000))
    except ClientError as error:
        pytest.skip(f"{any_server.name} does not store it: {error}")
    assert both(any_server, node_of, "get_object", Bucket=bucket, Key=key)[4] == object_bytes(key, 1, 0, 1000)
    assert both(any_server, node_of, "head_object", Bucket=bucket, Key=key)[0] == 200


@pytest.mark.parametrize("key", ["../escape", "a/../../b", "./.", "..", "k" * 1024, "k" * 1025], ids=lambda k: k[:12])
def test_a_hostile_key_gets_what_the_origin_says(any_server, node_of, shared, key):
    straight = outcome(lambda: any_server.s3.get_object(Bucket=shared, Key=key))
    through = outcome(lambda: node_of.s3().get_object(Bucket=shared, Key=key))
    assert through == straight
    assert through[0] >= 400


def test_keys_that_differ_in_one_byte_do_not_mix(any_server, node_of):
    bucket = any_server.make_bucket()
    keys = ["a/b", "a/b ", "a/B", "a%2Fb", "a-b", "A/b"]
    for key in keys:
        any_server.s3.put_object(Bucket=bucket, Key=key, Body=object_bytes(key, 1, 0, 500))
    for key in [*keys, *reversed(keys)]:
        body = node_of.s3().get_object(Bucket=bucket, Key=key)["Body"].read()
        assert body == object_bytes(key, 1, 0, 500)


def test_a_version_id_names_that_version(any_server, node_of):
    bucket = any_server.make_bucket()
    any_server.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    ids = []
    for version in (1, 2, 3):
        body = object_bytes("k", version, 0, 70_000)
        ids.append(any_server.s3.put_object(Bucket=bucket, Key="k", Body=body)["VersionId"])
    for version, version_id in [(2, ids[1]), (1, ids[0]), (3, ids[2]), (1, ids[0])]:
        found = both(any_server, node_of, "get_object", Bucket=bucket, Key="k", VersionId=version_id)
        assert found[4] == object_bytes("k", version, 0, 70_000)
        assert found[1]["x-amz-version-id"] == version_id
    assert both(any_server, node_of, "get_object", Bucket=bucket, Key="k")[4] == object_bytes("k", 3, 0, 70_000)


def test_a_list_comes_from_the_origin(any_server, node_of):
    bucket = any_server.make_bucket()
    for key in ["a/1", "a/2", "b c", "ü"]:
        any_server.s3.put_object(Bucket=bucket, Key=key, Body=b"x")

    def listing(client, **arguments):
        answer = client.list_objects_v2(Bucket=bucket, **arguments)
        prefixes = [p["Prefix"] for p in answer.get("CommonPrefixes", [])]
        return [(o["Key"], o["ETag"], o["Size"]) for o in answer.get("Contents", [])], prefixes, answer["KeyCount"]

    for arguments in [{}, {"Prefix": "a/"}, {"Delimiter": "/"}, {"MaxKeys": 2}, {"StartAfter": "a/1"}, {"Prefix": "b c"}]:
        assert listing(node_of.s3(), **arguments) == listing(any_server.s3, **arguments)
    any_server.s3.put_object(Bucket=bucket, Key="new", Body=b"x")
    assert "new" in [key for key, *_ in listing(node_of.s3())[0]]  # lists are not cached


def test_download_fileobj_reads_in_parallel_ranges(any_server, node_of, shared):
    target = io.BytesIO()
    node_of.s3().download_fileobj(shared, "data.bin", target)
    assert target.getvalue() == object_bytes("data.bin", 1, 0, SIZE)
