"""Real clients read through Hearth what they read straight from the server."""

import io
import json
import subprocess

import pyarrow
import pyarrow.fs
import pyarrow.parquet
import pytest
from harness.servers import ACCESS_KEY, REGION, REPOSITORY, SECRET_KEY, s3_client
from harness.wire import encode_key
from support.object_bytes import object_bytes

MIB = 1024 * 1024


def arrow_filesystem(endpoint):
    return pyarrow.fs.S3FileSystem(
        access_key=ACCESS_KEY,
        secret_key=SECRET_KEY,
        region=REGION,
        scheme="http",
        endpoint_override=endpoint.removeprefix("http://"),
    )


def test_pyarrow_reads_files_and_ranges(put, bucket, node, proxy):
    body = put("dir/data.bin", 20 * MIB)
    filesystem = arrow_filesystem(node.endpoint)
    info = filesystem.get_file_info(f"{bucket}/dir/data.bin")
    assert (info.is_file, info.size) == (True, len(body))
    for _ in range(2):
        with filesystem.open_input_file(f"{bucket}/dir/data.bin") as file:
            assert file.read_at(1000, 16 * MIB - 500) == body[16 * MIB - 500 : 16 * MIB + 500]
            assert file.read() == body
    proxy.reset()
    with filesystem.open_input_stream(f"{bucket}/dir/data.bin") as stream:
        assert stream.read() == body
    assert proxy.data_requests == []


def test_pyarrow_lists_and_reads_a_parquet_data_set(bucket, node, s3_server):
    table = pyarrow.table({"n": range(200_000), "text": [f"row {i % 977}" for i in range(200_000)]})
    for part in range(3):
        file = io.BytesIO()
        pyarrow.parquet.write_table(table.slice(part * 70_000, 70_000), file)
        s3_server.s3.put_object(Bucket=bucket, Key=f"set/{part}.parquet", Body=file.getvalue())
    through = arrow_filesystem(node.endpoint)
    names = sorted(info.path for info in through.get_file_info(pyarrow.fs.FileSelector(f"{bucket}/set")))
    assert names == [f"{bucket}/set/{part}.parquet" for part in range(3)]
    for _ in range(2):
        assert pyarrow.parquet.read_table(f"{bucket}/set", filesystem=through).sort_by("n") == table
        column = pyarrow.parquet.read_table(f"{bucket}/set/1.parquet", columns=["n"], filesystem=through)
        assert column["n"].to_pylist() == list(range(70_000, 140_000))


S3FS_PROGRAM = """
import hashlib, json, sys
import s3fs

endpoint, bucket, key, secret = sys.argv[1:]
filesystem = s3fs.S3FileSystem(
    key=key, secret=secret, endpoint_url=endpoint, use_listings_cache=False,
    client_kwargs={"region_name": "us-east-1"}, config_kwargs={"s3": {"addressing_style": "path"}},
)
found = {"ls": sorted(filesystem.find(bucket)), "sizes": {}, "hashes": {}, "ranges": []}
for path in found["ls"]:
    found["sizes"][path] = filesystem.info(path)["size"]
    found["hashes"][path] = hashlib.sha256(filesystem.cat_file(path)).hexdigest()
    with filesystem.open(path, "rb", block_size=1 << 20) as file:
        file.seek(100)
        found["ranges"].append(hashlib.sha256(file.read(3_000_000)).hexdigest())
    found["ranges"].append(hashlib.sha256(filesystem.cat_file(path, start=-50)).hexdigest())
found["exists"] = [filesystem.exists(f"{bucket}/nothing"), filesystem.isdir(f"{bucket}/dir")]
print(json.dumps(found))
"""


def run_s3fs(endpoint, bucket):
    python = REPOSITORY / "build/venv-s3fs/bin/python"
    command = [str(python), "-c", S3FS_PROGRAM, endpoint, bucket, ACCESS_KEY, SECRET_KEY]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_s3fs_sees_the_same_straight_and_through(put, bucket, node, s3_server, proxy):
    for key, size in {"dir/a b.bin": 5 * MIB, "dir/ü+.bin": 1000, "top": 17 * MIB}.items():
        put(key, size)
    straight = run_s3fs(s3_server.endpoint, bucket)
    assert len(straight["ls"]) == 3
    assert run_s3fs(node.endpoint, bucket) == straight
    proxy.reset()
    assert run_s3fs(node.endpoint, bucket) == straight
    assert proxy.data_requests == []


@pytest.mark.parametrize("key", ["plain", "sp ace", "ünï/cødé", "a+b=c&d", "dots/./x/../y"])
def test_curl_reads_and_resumes(put, bucket, node, tmp_path, key):
    body = put(key, 3 * MIB) if "/../" not in key else None
    target = tmp_path / "out"
    url = f"{node.endpoint}/{bucket}/{encode_key(key)}"
    command = ["curl", "--silent", "--show-error", "--path-as-is", "--write-out", "%{http_code}", "--output", str(target)]
    run = subprocess.run([*command, url], capture_output=True, text=True, timeout=30)
    if body is None:
        assert run.stdout[:1] == "4"
        return
    assert (run.stdout, target.read_bytes()) == ("200", body)
    target.write_bytes(body[:1_000_000])
    run = subprocess.run([*command, "--continue-at", "-", url], capture_output=True, text=True, timeout=30)
    assert (run.stdout, target.read_bytes()) == ("206", body)


def test_curl_as_an_s3_client_reads_with_its_own_signature(put, bucket, node):
    body = put("signed", 1000)
    command = ["curl", "--silent", "--aws-sigv4", f"aws:amz:{REGION}:s3", "--user", f"{ACCESS_KEY}:{SECRET_KEY}"]
    run = subprocess.run([*command, f"{node.endpoint}/{bucket}/signed"], capture_output=True, timeout=30)
    assert run.stdout == body


def test_boto3_downloads_a_large_object_in_parallel(put, bucket, node, tmp_path):
    body = put("large", 50 * MIB)
    for _ in range(2):
        node.s3().download_file(bucket, "large", str(tmp_path / "large"))
        assert (tmp_path / "large").read_bytes() == body


def test_a_public_bucket_is_read_without_credentials(moto, hearth):
    bucket = moto.make_bucket()
    body = object_bytes("k", 1, 0, 1000)
    moto.s3.put_object(Bucket=bucket, Key="k", Body=body, ACL="public-read")
    node = hearth(origins=[f"s3+http://127.0.0.1:{moto.port}?name=s3&credentials=none"])
    assert node.s3().get_object(Bucket=bucket, Key="k")["Body"].read() == body


def error_of(client, bucket):
    with pytest.raises(client.exceptions.ClientError) as error:
        client.get_object(Bucket=bucket, Key="k")
    return error.value.response["ResponseMetadata"]["HTTPStatusCode"], error.value.response["Error"]["Code"]


def test_credentials_come_from_a_profile_file(put, bucket, hearth, proxy, s3_server, tmp_path):
    body = put("k", 1000)
    (tmp_path / "credentials").write_text(
        f"[wrong]\naws_access_key_id = x\naws_secret_access_key = y\n"
        f"[right]\naws_access_key_id = {ACCESS_KEY}\naws_secret_access_key = {SECRET_KEY}\n"
    )
    env = {"AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"), "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
    right = hearth(origins=[f"{proxy.url}&credentials=profile:right"], env=env)
    wrong = hearth(origins=[f"{proxy.url}&credentials=profile:wrong"], env=env)
    assert right.s3().get_object(Bucket=bucket, Key="k")["Body"].read() == body
    # What the origin says of credentials that it does not know is what the client gets to hear.
    assert error_of(wrong.s3(), bucket) == error_of(s3_client(s3_server.endpoint, access="x", secret="y"), bucket)
