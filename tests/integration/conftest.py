"""Fixtures of the integration tests; what they are made of lies in harness/."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))  # for support.object_bytes

from harness.node import BINARY, Node, serve  # noqa: E402
from harness.proxy import Proxy  # noqa: E402
from harness.servers import Moto, VersityGateway  # noqa: E402
from support.object_bytes import object_bytes  # noqa: E402


@pytest.fixture(scope="session")
def versitygw():
    server = VersityGateway()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def moto():
    server = Moto()
    yield server
    server.stop()


@pytest.fixture(params=["versitygw", "moto"], scope="session")
def any_server(request):
    """Each test runs against each server."""
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def node_of(any_server):
    """One node in front of the server under test, shared by a file's tests."""
    yield from serve(f"s3+http://127.0.0.1:{any_server.port}?name=s3")


@pytest.fixture
def s3_server(versitygw):
    """The server that tests use which need only one: the strict one."""
    return versitygw


@pytest.fixture
def bucket(s3_server):
    return s3_server.make_bucket()


@pytest.fixture
def put(s3_server, bucket):
    """put(key, size, version=1) stores a test object whose every byte follows from (key, version, offset)."""

    def store(key, size, version=1, **extra):
        body = object_bytes(key, version, 0, size)
        s3_server.s3.put_object(Bucket=bucket, Key=key, Body=body, **extra)
        return body

    return store


@pytest.fixture
def proxy(s3_server):
    counting = Proxy(s3_server.port)
    yield counting
    if not counting.released.is_set():
        counting.stop()


@pytest.fixture
def hearth():
    """hearth(...) starts a node (arguments: harness.node.Node); at the end each must leave with status 0."""
    assert BINARY.exists(), f"{BINARY} is missing: make build"
    nodes = []

    def start(*arguments, **options):
        node = Node(*arguments, **options)
        nodes.append(node)
        return node.start()

    yield start
    failures = []
    for node in nodes:
        try:
            node.stop()
        except AssertionError as error:
            failures.append(str(error))
        node.remove()
    assert not failures, "\n".join(failures)


@pytest.fixture
def node(hearth, proxy):
    """A node whose origin `s3` is the proxy."""
    return hearth(origins=[proxy.url])
