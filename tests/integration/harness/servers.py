"""S3 servers on free ports: versitygw (strict, over a directory) and moto (loose, in this process)."""

import logging
import os
import pathlib
import socket
import subprocess
import tempfile

import boto3
import botocore.config
from moto.server import ThreadedMotoServer

from harness.waiting import wait_until

REPOSITORY = pathlib.Path(__file__).resolve().parents[3]
ACCESS_KEY = "hearth-test"
SECRET_KEY = "hearth-test-secret"
REGION = "us-east-1"


def s3_client(endpoint, style="path", access=ACCESS_KEY, secret=SECRET_KEY, **config):
    """A boto3 client without retries: what a server says is what the test sees."""
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=access,
        aws_secret_access_key=secret,
        config=botocore.config.Config(
            s3={"addressing_style": style}, retries={"max_attempts": 0}, connect_timeout=5, read_timeout=60, **config
        ),
    )


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class S3Server:
    """An S3 server that listens on 127.0.0.1:port."""

    def __init__(self, name, port):
        self.name = name
        self.port = port
        self.endpoint = f"http://127.0.0.1:{port}"
        self.s3 = s3_client(self.endpoint)
        self._buckets = 0

    def make_bucket(self):
        """A new empty bucket."""
        self._buckets += 1
        bucket = f"bucket-{self._buckets}"
        self.s3.create_bucket(Bucket=bucket)
        return bucket


class VersityGateway(S3Server):
    def __init__(self):
        self._directory = tempfile.TemporaryDirectory(prefix="hearth-gw-")
        root = pathlib.Path(self._directory.name)
        for name in ("data", "versions"):
            (root / name).mkdir()
        self._log = open(root / "log", "w", encoding="utf-8")
        for _ in range(5):  # a port that was free may be taken a moment later
            port = free_port()
            self._process = self._start(root, port)
            if self._listens(port):
                super().__init__("versitygw", port)
                return
        raise AssertionError("versitygw does not start:\n" + (root / "log").read_text())

    def _start(self, root, port):
        command = [
            str(REPOSITORY / "build/tools/bin/versitygw"),
            "--access", ACCESS_KEY, "--secret", SECRET_KEY, "--region", REGION,
            "--port", f"127.0.0.1:{port}", "--keep-alive", "--quiet",
            "posix", "--versioning-dir", str(root / "versions"), str(root / "data"),
        ]  # fmt: skip
        return subprocess.Popen(command, stdout=self._log, stderr=subprocess.STDOUT, cwd=root, env={"PATH": os.defpath})

    def _listens(self, port):
        def ready():
            if self._process.poll() is not None:
                return "ended"
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0 and "listens"

        return wait_until(ready, what="versitygw listens") == "listens"

    def stop(self):
        self._process.terminate()
        self._process.wait(timeout=20)
        self._log.close()
        self._directory.cleanup()


class Moto(S3Server):
    def __init__(self):
        logging.getLogger("werkzeug").setLevel(logging.ERROR)  # else a line for each request
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._server.start()
        super().__init__("moto", self._server.get_host_and_port()[1])

    def stop(self):
        self._server.stop()
