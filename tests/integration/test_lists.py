"""Lists and the other calls that only read: the same through Hearth and straight, one origin request for each."""

import json
import subprocess

import pytest
from botocore.exceptions import ClientError
from harness.node import serve
from harness.servers import ACCESS_KEY, REPOSITORY, SECRET_KEY
from harness.wire import fetch

# Kept in this order by every server: that of their bytes.
KEYS = sorted(
    [f"many/{i:04}" for i in range(1150)]
    + ["just-a", "a-b", "a.b", "a/x", "a/y/z", "a0", "b/1", "b/2", "plus+and space", "percent%20&<amp>", "ünïcödé/ключ", "🔥"],
    key=str.encode,
)


@pytest.fixture(scope="module")
def listed(any_server):
    bucket = any_server.make_bucket()
    for key in KEYS:
        any_server.s3.put_object(Bucket=bucket, Key=key, Body=key.encode(), ContentType="text/plain")
    return bucket


def said(client, operation, **arguments):
    """What an operation answers, without what belongs to the connection; or (status, error code)."""
    try:
        answer = getattr(client, operation)(**arguments)
    except ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]["Code"]
    answer.pop("ResponseMetadata")
    return answer


def pages(client, operation, **arguments):
    found = []
    for page in client.get_paginator(operation).paginate(**arguments):
        page.pop("ResponseMetadata")
        found.append(page)
    return found


PAGED = [
    {},
    {"Prefix": "many/"},
    {"Prefix": "a"},
    {"Delimiter": "/"},
    {"Prefix": "many/", "Delimiter": "/"},
    {"Prefix": "a/", "Delimiter": "/"},
    {"Prefix": "plus+and"},
    {"Prefix": "percent%20&<"},
    {"Prefix": "ünïcödé/", "Delimiter": "/"},
    {"Prefix": "nothing"},
    {"PaginationConfig": {"PageSize": 7}, "Prefix": "many/11"},
    {"PaginationConfig": {"PageSize": 3}, "Delimiter": "/"},
    {"EncodingType": "url"},
]


@pytest.mark.parametrize("operation", ["list_objects", "list_objects_v2"])
@pytest.mark.parametrize("arguments", PAGED, ids=lambda a: json.dumps(a)[:40])
def test_paginators_find_the_same(any_server, node_of, listed, operation, arguments):
    straight = pages(any_server.s3, operation, Bucket=listed, **arguments)
    through = pages(node_of.s3(), operation, Bucket=listed, **arguments)
    for page in [*straight, *through]:  # moto makes a new one at each request
        page.pop("NextContinuationToken", None)
        page.pop("ContinuationToken", None)
    assert through == straight
    keys = [entry["Key"] for page in through for entry in page.get("Contents", [])]
    if not arguments:
        assert keys == KEYS
        assert len(through) == 2


@pytest.mark.parametrize(
    "operation, arguments",
    [
        ("list_objects_v2", {"MaxKeys": 0}),
        ("list_objects_v2", {"StartAfter": "many/1100", "MaxKeys": 5, "FetchOwner": True}),
        ("list_objects", {"Marker": "many/1100", "MaxKeys": 5}),
        ("list_objects_v2", {"ContinuationToken": "no such token"}),
        ("list_object_versions", {"Prefix": "a"}),
        ("list_multipart_uploads", {}),
        ("head_bucket", {}),
        ("get_bucket_location", {}),
        ("get_bucket_versioning", {}),
        ("get_bucket_acl", {}),
        ("get_bucket_policy", {}),
        ("get_bucket_tagging", {}),
        ("get_bucket_cors", {}),
        ("get_bucket_ownership_controls", {}),
        ("get_object_lock_configuration", {}),
        ("get_object_acl", {"Key": "just-a"}),
        ("get_object_tagging", {"Key": "plus+and space"}),
        ("get_object_retention", {"Key": "just-a"}),
        ("get_object_legal_hold", {"Key": "just-a"}),
        ("get_object_attributes", {"Key": "ünïcödé/ключ", "ObjectAttributes": ["ETag", "ObjectSize", "StorageClass"]}),
        ("get_object_attributes", {"Key": "nothing", "ObjectAttributes": ["ETag"]}),
        ("list_parts", {"Key": "just-a", "UploadId": "no-such-upload"}),
    ],
    ids=lambda value: value if isinstance(value, str) else json.dumps(value)[:30],
)
def test_what_only_reads_answers_the_same(any_server, node_of, listed, operation, arguments):
    straight = said(any_server.s3, operation, Bucket=listed, **arguments)
    through = said(node_of.s3(), operation, Bucket=listed, **arguments)
    for answer in (straight, through):
        if isinstance(answer, dict):
            answer.pop("NextContinuationToken", None)
    assert through == straight


@pytest.mark.parametrize("operation", ["head_bucket", "list_objects_v2", "get_bucket_location", "get_bucket_acl"])
def test_a_bucket_that_is_not_there(any_server, node_of, operation):
    straight = said(any_server.s3, operation, Bucket="no-such-bucket")
    assert said(node_of.s3(), operation, Bucket="no-such-bucket") == straight


def test_buckets_are_listed(any_server, node_of, listed):
    straight = said(any_server.s3, "list_buckets")
    through = said(node_of.s3(), "list_buckets")
    assert through["Buckets"] == sorted(straight["Buckets"], key=lambda bucket: bucket["Name"])
    assert listed in [bucket["Name"] for bucket in through["Buckets"]]


def test_tags_and_uploads_in_progress_are_the_origins(any_server, node_of):
    bucket = any_server.make_bucket()
    any_server.s3.put_object(Bucket=bucket, Key="k", Body=b"x", Tagging="colour=blue")
    assert said(node_of.s3(), "get_object_tagging", Bucket=bucket, Key="k")["TagSet"] == [{"Key": "colour", "Value": "blue"}]
    upload = any_server.s3.create_multipart_upload(Bucket=bucket, Key="big")["UploadId"]
    any_server.s3.upload_part(Bucket=bucket, Key="big", UploadId=upload, PartNumber=1, Body=b"x" * 1000)
    for operation, arguments in [("list_multipart_uploads", {}), ("list_parts", {"Key": "big", "UploadId": upload})]:
        straight = said(any_server.s3, operation, Bucket=bucket, **arguments)
        assert said(node_of.s3(), operation, Bucket=bucket, **arguments) == straight
    any_server.s3.abort_multipart_upload(Bucket=bucket, Key="big", UploadId=upload)


def test_what_writes_is_501(node_of, listed):
    s3 = node_of.s3()
    for operation, arguments in [
        ("put_object", {"Key": "k", "Body": b"x"}),
        ("delete_object", {"Key": "just-a"}),
        ("put_object_tagging", {"Key": "just-a", "Tagging": {"TagSet": []}}),
        ("delete_bucket", {}),
        ("create_multipart_upload", {"Key": "k"}),
        ("put_bucket_policy", {"Policy": "{}"}),
    ]:
        assert said(s3, operation, Bucket=listed, **arguments) == (501, "NotImplemented"), operation


def test_each_call_is_one_request_of_the_origin_and_none_is_remembered(bucket, node, proxy, put):
    for key in ("k", "dir/l"):
        put(key, 10)
    s3 = node.s3()
    calls = [
        ("list_objects_v2", {"Prefix": "dir/", "Delimiter": "/"}),
        ("list_objects", {}),
        ("head_bucket", {}),
        ("get_bucket_location", {}),
        ("get_object_tagging", {"Key": "k"}),
        ("get_object_attributes", {"Key": "k", "ObjectAttributes": ["ETag"]}),
    ]
    for operation, arguments in calls * 2:
        proxy.reset()
        assert isinstance(said(s3, operation, Bucket=bucket, **arguments), dict), operation
        assert len(proxy.seen) == 1, operation
    assert node.metric("hearth_cache_fills_total") == 0


def test_only_headers_that_belong_to_the_call_reach_the_origin(bucket, node, proxy, put):
    put("k", 10)
    proxy.reset()
    headers = {
        "x-amz-object-attributes": "ETag,ObjectSize", "x-amz-request-payer": "requester", "X-Amz-Meta-Mine": "1",
        "Cookie": "secret", "Authorization": "AWS4-HMAC-SHA256 Credential=me", "x-amz-date": "20200101T000000Z",
    }  # fmt: skip
    answer = fetch(node.endpoint, f"/{bucket}/k?attributes&X-Amz-Signature=mine", headers=headers)
    assert answer.status == 200
    seen = proxy.seen[0]
    assert seen.headers["x-amz-object-attributes"] == "ETag,ObjectSize"
    assert seen.headers["x-amz-request-payer"] == "requester"
    assert ACCESS_KEY in seen.headers["authorization"]
    assert seen.headers["x-amz-date"] != "20200101T000000Z"
    assert "cookie" not in seen.headers and "x-amz-meta-mine" not in seen.headers
    assert seen.target.endswith("/k?attributes=")


def test_a_query_that_means_two_things_reaches_no_origin(bucket, node, proxy):
    for query in ("list-type=2&policy", "prefix=a&prefix=b", "versions&acl"):
        assert fetch(node.endpoint, f"/{bucket}?{query}").status == 400
    assert proxy.seen == []


def test_head_of_a_bucket_that_nobody_serves_is_404_without_a_body(hearth, proxy):
    node = hearth(origins=[f"{proxy.url}&buckets=mine-*"])
    answer = fetch(node.endpoint, "/other", method="HEAD")
    assert (answer.status, answer.body) == (404, b"")
    assert fetch(node.endpoint, "/other?list-type=2").status == 404
    assert proxy.seen == []


# --- file origins ---


@pytest.fixture(scope="module")
def file_node(tmp_path_factory):
    """A node over a directory with two buckets, one of which holds KEYS, and with what no list may show."""
    root = tmp_path_factory.mktemp("lists") / "origin"
    for key in KEYS:
        path = root / "books" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(key.encode())
    (root / "books" / "empty" / "nested").mkdir(parents=True)
    (root / "books" / "link").symlink_to("/etc/passwd")
    (root / "books" / "out").symlink_to("/etc")
    (root / "papers").mkdir()
    (root / "_hidden").mkdir()
    (root / "no-bucket").write_bytes(b"x")
    yield from serve(f"file://{root}?name=demo")


@pytest.mark.parametrize("operation", ["list_objects", "list_objects_v2", "list_object_versions"])
@pytest.mark.parametrize("page_size", [1000, 100])
def test_boto3_lists_a_directory(file_node, operation, page_size):
    found = pages(file_node.s3(), operation, Bucket="books", PaginationConfig={"PageSize": page_size})
    entries = [entry for page in found for entry in page.get("Contents", page.get("Versions", []))]
    assert [entry["Key"] for entry in entries] == KEYS
    assert all(entry["Size"] == len(entry["Key"].encode()) for entry in entries)
    assert len(found) == -(-len(KEYS) // page_size)
    head = file_node.s3().head_object(Bucket="books", Key=entries[5]["Key"])
    assert (head["ETag"], head["LastModified"]) == (entries[5]["ETag"], entries[5]["LastModified"])


def expected(keys, prefix, delimiter):
    """What S3 lists: keys, and common prefixes."""
    plain, folded = [], set()
    for key in keys:
        if key.startswith(prefix):
            at = key.find(delimiter, len(prefix)) if delimiter else -1
            plain.append(key) if at < 0 else folded.add(key[: at + len(delimiter)])
    return plain, sorted(folded, key=str.encode)


@pytest.mark.parametrize("prefix", ["", "a", "a/", "many/11", "ünï", "plus+", "nothing", "../", "a//"])
@pytest.mark.parametrize("delimiter", ["", "/", "1", "/y"])
def test_prefix_and_delimiter_of_a_directory_are_s3s(file_node, prefix, delimiter):
    for operation in ("list_objects", "list_objects_v2"):
        for size in (1000, 13):
            found = pages(
                file_node.s3(), operation, Bucket="books", Prefix=prefix, Delimiter=delimiter,
                PaginationConfig={"PageSize": size},
            )  # fmt: skip
            keys = [entry["Key"] for page in found for entry in page.get("Contents", [])]
            folded = [entry["Prefix"] for page in found for entry in page.get("CommonPrefixes", [])]
            assert (keys, folded) == expected(KEYS, prefix, delimiter)


def test_buckets_and_facts_of_a_directory(file_node):
    s3 = file_node.s3()
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == ["books", "papers"]
    s3.head_bucket(Bucket="books")
    assert said(s3, "head_bucket", Bucket="missing") == (404, "404")
    assert s3.get_bucket_location(Bucket="books")["LocationConstraint"] is None
    assert s3.get_object_tagging(Bucket="books", Key="a-b")["TagSet"] == []
    assert said(s3, "get_object_tagging", Bucket="books", Key="missing") == (404, "NoSuchKey")
    assert said(s3, "get_bucket_policy", Bucket="books") == (404, "NoSuchBucketPolicy")
    assert said(s3, "get_object_acl", Bucket="books", Key="a-b") == (501, "NotImplemented")
    attributes = s3.get_object_attributes(Bucket="books", Key="a-b", ObjectAttributes=["ETag", "ObjectSize"])
    assert attributes["ObjectSize"] == 3
    assert f'"{attributes["ETag"]}"' == s3.head_object(Bucket="books", Key="a-b")["ETag"]
    assert said(s3, "list_objects_v2", Bucket="missing") == (404, "NoSuchBucket")


def test_several_origins_are_one_list_of_buckets(hearth, tmp_path, any_server):
    bucket = any_server.make_bucket()
    shadowed = any_server.make_bucket()
    for name in ("books", "papers", bucket):  # the last one hides behind the first origin's
        (tmp_path / name).mkdir()
    node = hearth(
        origins=[f"s3+http://127.0.0.1:{any_server.port}?name=s3&buckets={bucket}", f"file://{tmp_path}?name=demo"]
    )
    names = [entry["Name"] for entry in node.s3().list_buckets()["Buckets"]]
    assert names == sorted([bucket, "books", "papers"])
    assert shadowed not in names
    assert [entry["Name"] for entry in node.s3().list_buckets(Prefix="b", MaxBuckets=1)["Buckets"]] == ["books"]


PYARROW_PROGRAM = """
import sys
import pyarrow.fs
endpoint, key, secret = sys.argv[1:]
filesystem = pyarrow.fs.S3FileSystem(access_key=key, secret_key=secret, region="us-east-1", scheme="http",
                                     endpoint_override=endpoint.removeprefix("http://"))
for selector in ("books", "books/a", "books/many"):
    infos = filesystem.get_file_info(pyarrow.fs.FileSelector(selector, recursive=selector != "books/a"))
    print(selector, len(infos), sorted(info.path for info in infos if info.is_file)[:3])
print(filesystem.get_file_info("books/many").type.name, filesystem.get_file_info("books/none").type.name)
print(sorted(info.path for info in filesystem.get_file_info(pyarrow.fs.FileSelector("", recursive=False))))
"""

S3FS_PROGRAM = """
import sys
import s3fs
endpoint, key, secret = sys.argv[1:]
filesystem = s3fs.S3FileSystem(key=key, secret=secret, endpoint_url=endpoint,
                               client_kwargs={"region_name": "us-east-1"}, config_kwargs={"s3": {"addressing_style": "path"}})
print(sorted(filesystem.ls("")))
print(sorted(filesystem.ls("books/a")), sorted(filesystem.ls("books"))[:4])
print(len(filesystem.find("books")), len(filesystem.find("books/many")))
print(sorted(filesystem.glob("books/many/110*")), sorted(filesystem.glob("books/**/z")))
print(filesystem.isdir("books/a"), filesystem.exists("books/none"), filesystem.info("books/a-b")["size"])
"""


def run(environment, program, endpoint):
    command = [str(REPOSITORY / "build" / environment / "bin/python"), "-c", program, endpoint, ACCESS_KEY, SECRET_KEY]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()


def test_pyarrow_walks_a_directory(file_node):
    top, a, many, types, buckets = run("venv", PYARROW_PROGRAM, file_node.endpoint)
    directories = 5  # a, a/y, b, many, ünïcödé
    assert top.startswith(f"books {len(KEYS) + directories} ['books/a-b', 'books/a.b', 'books/a/x']")
    assert a == "books/a 2 ['books/a/x']"
    assert many.startswith("books/many 1150 ['books/many/0000'")
    assert types == "Directory NotFound"
    assert buckets == "['books', 'papers']"


def test_s3fs_lists_finds_and_globs_a_directory(file_node):
    buckets, listed, found, globbed, facts = run("venv-s3fs", S3FS_PROGRAM, file_node.endpoint)
    assert buckets == "['books', 'papers']"
    assert listed == "['books/a/x', 'books/a/y'] ['books/a', 'books/a-b', 'books/a.b', 'books/a0']"
    assert found == f"{len(KEYS)} 1150"
    assert globbed == f"{[f'books/many/110{i}' for i in range(10)]} ['books/a/y/z']"
    assert facts == "True False 3"


def test_names_that_xml_cannot_hold_are_listed_with_url_encoding(hearth, tmp_path):
    (tmp_path / "origin" / "b").mkdir(parents=True)
    names = [b"\xff\xfe raw", b"a\nb", b"tab\there", b"\x01"]
    for name in names:
        (tmp_path / "origin" / "b" / name.decode("utf-8", "surrogateescape")).write_bytes(b"x")
    node = hearth(origins=[f"file://{tmp_path}/origin?name=demo"])
    body = fetch(node.endpoint, "/b?list-type=2&encoding-type=url").body
    for text in (b"%FF%FE%20raw", b"a%0Ab", b"tab%09here", b"%01"):
        assert b"<Key>" + text + b"</Key>" in body
    assert said(node.s3(), "list_objects_v2", Bucket="b")["KeyCount"] == 4


# --- hearth ls ---


def test_ls_prints_what_the_aws_cli_prints(any_server, node_of, listed):
    def lines(*arguments):
        result = node_of.run("ls", *arguments)
        assert result.returncode == 0, result.stderr
        return result.stdout.decode().splitlines()

    recursive = lines(f"s3://{listed}", "--recursive")
    assert [line[31:] for line in recursive] == KEYS
    assert recursive[0].split()[2] == str(len(KEYS[0].encode()))
    assert [line[31:] for line in lines(f"s3://{listed}/a/")] == ["x", "y/"]
    assert len(lines(f"s3://{listed}/many/")) == 1150
    objects = [json.loads(line) for line in lines("--json", f"s3://{listed}/plus")]
    assert [entry["key"] for entry in objects] == ["plus+and space"]
    assert any(line.split()[-1] == listed for line in lines("s3://"))


def test_ls_that_finds_nothing_fails(node_of, listed):
    for url, word in [(f"s3://{listed}/nothing", b"no key"), ("s3://no-such-bucket", b"NoSuchBucket"), ("other://b", b"outside")]:
        result = node_of.run("ls", url)
        assert result.returncode == 1
        assert word in result.stderr
    assert node_of.run("ls", "nonsense").returncode == 2


def test_ls_of_a_directory(file_node):
    result = file_node.run("ls", "demo://books/a")
    assert result.returncode == 0, result.stderr
    assert [line.split()[-1] for line in result.stdout.decode().splitlines()] == ["a-b", "a.b", "a/", "a0"]
    assert [line.split()[-1] for line in file_node.run("ls", "demo://").stdout.decode().splitlines()] == ["books", "papers"]
