"""partNumber and its headers: a part of a multipart object through the cache, as the server gives it."""

import pytest
from botocore.exceptions import ClientError
from support.object_bytes import object_bytes

MIB = 1024 * 1024
SIZES = [5 * MIB, 5 * MIB, MIB]


@pytest.fixture
def multipart(s3_server, bucket):
    """A bucket with the object `parts`, uploaded in three parts."""
    upload = s3_server.s3.create_multipart_upload(Bucket=bucket, Key="parts")["UploadId"]
    parts = []
    for number, size in enumerate(SIZES, 1):
        body = object_bytes("parts", 1, sum(SIZES[: number - 1]), size)
        part = {"Bucket": bucket, "Key": "parts", "PartNumber": number, "UploadId": upload}
        parts.append({"ETag": s3_server.s3.upload_part(Body=body, **part)["ETag"], "PartNumber": number})
    done = {"MultipartUpload": {"Parts": parts}}
    s3_server.s3.complete_multipart_upload(Bucket=bucket, Key="parts", UploadId=upload, **done)
    return bucket


def told(answer):
    """What both the server and Hearth must say of a part."""
    names = ("ContentLength", "ContentRange", "ETag", "PartsCount", "LastModified")
    return answer["ResponseMetadata"]["HTTPStatusCode"], *(answer.get(name) for name in names)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_part_is_what_the_server_gives(multipart, node, s3_server, number):
    arguments = {"Bucket": multipart, "Key": "parts", "PartNumber": number}
    straight = s3_server.s3.get_object(**arguments)
    assert told(straight)[0] == 206
    for _ in range(2):
        through = node.s3().get_object(**arguments)
        assert told(through) == told(straight)
        assert through["Body"].read() == object_bytes("parts", 1, sum(SIZES[: number - 1]), SIZES[number - 1])
    assert told(node.s3().head_object(**arguments)) == told(s3_server.s3.head_object(**arguments))


def test_a_part_does_not_disturb_the_whole(multipart, node):
    whole = object_bytes("parts", 1, 0, sum(SIZES))
    node.s3().get_object(Bucket=multipart, Key="parts", PartNumber=2)["Body"].read()
    for _ in range(2):
        assert node.s3().get_object(Bucket=multipart, Key="parts")["Body"].read() == whole


def error_of(client, **arguments):
    try:
        client.get_object(**arguments)
    except ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]["Code"]
    return None


@pytest.mark.parametrize("arguments", [{"PartNumber": 9}, {"PartNumber": 0}, {"PartNumber": 1, "Range": "bytes=0-9"}])
def test_a_part_that_cannot_be_is_the_servers_error(multipart, node, s3_server, arguments):
    straight = error_of(s3_server.s3, Bucket=multipart, Key="parts", **arguments)
    assert straight is not None
    assert error_of(node.s3(), Bucket=multipart, Key="parts", **arguments) == straight


def test_a_plain_object_is_its_own_first_part(put, bucket, node, s3_server):
    body = put("plain", 5000)
    straight = s3_server.s3.get_object(Bucket=bucket, Key="plain", PartNumber=1)
    through = node.s3().get_object(Bucket=bucket, Key="plain", PartNumber=1)
    assert told(through) == told(straight)
    assert through["Body"].read() == body
