"""The program under test: build/bin/hearth, started with its own directories and stopped in an orderly way."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import urllib.request

from harness.servers import ACCESS_KEY, REGION, REPOSITORY, SECRET_KEY, s3_client
from harness.waiting import wait_until

# HEARTH_BINARY: another build of it, such as build/asan/bin/hearth.
BINARY = pathlib.Path(os.environ.get("HEARTH_BINARY", REPOSITORY / "build/bin/hearth"))
READY_SECONDS = 20
STOP_SECONDS = 15


def environment(home, **extra):
    """No profile and no variable of the machine reaches the program."""
    return {
        "PATH": os.defpath,
        "HOME": str(home),
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        **extra,
    }


def serve(origin):
    """For fixtures: one node in front of `origin`, which must leave with status 0."""
    node = Node(origins=[origin]).start()
    yield node
    try:
        node.stop()
    finally:
        node.remove()


def freshness(mode, **more):
    """The part of a configuration that sets one rule for everything."""
    return {"freshness": [{"match": "*", "mode": mode, **more}]}


class Node:
    """One cache directory and, between start() and stop() or kill(), the daemon over it.

    `origins` are --origin URLs; `config` is the configuration file as a dict (JSON is YAML); `cache_size` is the
    directory's budget in bytes.
    """

    def __init__(self, origins=(), config=None, flags=(), env=None, argv=None, cache_size=None, listen="127.0.0.1:0"):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="hearth-"))  # short: socket paths end at 107 bytes
        self.cache_dir = self.root / "cache"
        self.socket = self.root / "local.sock"
        self.http_socket = self.root / "local.sock.http"
        self.log_path = self.root / "log"
        self.origins = list(origins)
        self.config = {"local": {"socket": str(self.socket)}, **(config or {})}
        if cache_size is not None:
            directory = {"path": str(self.cache_dir), "size": cache_size}
            self.config["cache"] = {**self.config.get("cache", {}), "dirs": [directory]}
        self.flags = list(flags)
        self.listen = listen
        self.env = environment(self.root, **(env or {}))
        self.argv = argv or [str(BINARY), "serve"]
        self.process = None
        self.endpoint = None

    def command(self):
        (self.root / "hearth.yaml").write_text(json.dumps(self.config))
        command = [*self.argv, "--config", str(self.root / "hearth.yaml"), "--listen", self.listen]
        if "dirs" not in self.config.get("cache", {}):
            command += ["--cache-dirs", str(self.cache_dir)]
        for origin in self.origins:
            command += ["--origin", origin]
        return [*command, "--ready-file", str(self.root / "ready"), *self.flags]

    def start(self, **popen):
        ready = self.root / "ready"
        ready.unlink(missing_ok=True)
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.env, **popen
            )

        def is_ready():
            if self.process.poll() is not None:
                raise AssertionError(f"hearth ended with {self.process.returncode}:\n{self.log()}")
            return ready.exists() and ready.stat().st_size > 0

        wait_until(is_ready, READY_SECONDS, "hearth is ready")
        self.ready = json.loads(ready.read_text())
        self.endpoint = self.ready["s3"]
        return self

    def s3(self, **options):
        return s3_client(self.endpoint, **options)

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def metric(self, name):
        """The sum of a family of /_hearth/metrics over its labels."""
        with urllib.request.urlopen(self.endpoint + "/_hearth/metrics", timeout=10) as answer:
            text = answer.read().decode()
        return sum(float(value) for value in re.findall(rf"^{name}(?:\{{[^}}]*\}})? ([0-9.e+]+)$", text, re.M))

    def wait_until_filled(self, fills):
        """Transfers into blocks end, with all on the disk, a moment after their readers have left."""
        wait_until(lambda: self.metric("hearth_cache_fills_total") >= fills, what=f"{fills} fills")

    def run(self, *arguments, **options):
        """Runs a command (`hearth get ...`) against this node."""
        env = {**self.env, "HEARTH_LOCAL_SOCKET": str(self.socket)}
        options.setdefault("timeout", 60)
        return subprocess.run([str(BINARY), *arguments], env=env, capture_output=True, **options)

    def kill(self):
        """As a power cut for the process: nothing of it gets to say goodbye."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(timeout=STOP_SECONDS)
        self.process = None

    def stop(self, terminate=True):
        """SIGTERM, and nothing but a clean end is good enough. `terminate=False`: the signal was sent already."""
        if self.process is None:
            return
        process, self.process = self.process, None
        if terminate:
            process.terminate()
        try:
            status = process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"hearth did not end within {STOP_SECONDS} s of SIGTERM:\n{self.log()}") from None
        assert status == 0, f"hearth ended with {status}:\n{self.log()}"

    def restart(self):
        self.stop()
        return self.start()

    def remove(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.root, ignore_errors=True)
