"""The cells: one measurement of one server each. A cell returns numbers by name; `failed` counts wrong answers."""

import json
import os
import random
import shutil
import signal
import subprocess
import time

from harness import network
from harness.load import OBJECT_SIZE
from harness.servers import COLD_CONTENT, get, origin_bytes

KiB, MiB = 1 << 10, 1 << 20

# Name of a hot cell: bytes of a range (0: whole objects), connections.
HOT = {"4KiB": (4 * KiB, 16), "64KiB": (64 * KiB, 16), "1MiB": (MiB, 8), "16MiB": (0, 4)}


class Cells:
    def __init__(self, options, load, servers, network_of_slow):
        self.options = options
        self.load = load
        self.servers = servers
        self.slow_prefix = network_of_slow
        self.next_cold = 0
        self.hot_files = []   # of the origin: every server has them in its cache before a hot cell
        self.disk_files = []  # of the origin: read from the disk, not from memory
        self.standing = {}    # the servers of the hot cells, by name
        self.origin = None

    def fresh(self, count):
        """Flags that name `count` objects that nobody has asked for yet."""
        first, self.next_cold = self.next_cold, self.next_cold + count
        return {"path": "/bench/cold-{}", "first": first, "objects": count, "content": COLD_CONTENT, "sweep": True}

    def warm(self, server, objects=None, first=0):
        """Reads every byte of the hot objects through the server and compares it: cached, in memory, and right."""
        objects = objects or len(self.hot_files)
        flags = {"path": "/bench/hot-{}", "first": first, "objects": objects, "sweep": True, "verify": True}
        report = self.load.run(server, connections=4, **flags)
        if report["failed"]:
            raise RuntimeError(f"{server.name}: {report['failures']} while it was warmed: {report['first_failure']}")

    # --- hot ---

    def hot(self, kind, name):
        size, connections = HOT[kind]
        if name == "raw":
            with _stopping(self.servers.raw(size or OBJECT_SIZE, self.hot_files)) as server:
                return self._hot(server, size, connections, {"status": 200})
        return self._hot(self.standing[name], size, connections, {})

    def _hot(self, server, size, connections, flags):
        if server.name == "raw":
            self._touch(self.hot_files)
        else:
            self.warm(server)
        flags |= {"path": "/bench/hot-{}", "objects": len(self.hot_files), "range_size": size}
        flags |= {"connections": connections, "seconds": self.options.seconds, "seed": random.getrandbits(32)}
        before = server.cpu_seconds()
        report = self.load.run(server, **flags)
        cpu = server.cpu_seconds() - before
        failed = report["failed"]
        if server.name == "hearth":
            failed += sum(count for said, count in report["x_cache"].items() if said != "hit")
        return {
            "requests_per_second": report["requests_per_second"],
            "bytes_per_second": report["bytes_per_second"],
            "cpu_seconds_per_gb": cpu / max(report["bytes"], 1) * 1e9,
            "cpu_us_per_request": cpu / max(report["requests"], 1) * 1e6,
            "server_cpu_share": cpu / report["seconds"],
            "client_cpu_share": report["client_cpu_seconds"] / report["seconds"],
            "p99_us": report["latency_us"]["p99"],
            "failed": failed,
        }

    def _touch(self, files):
        for path in files:
            with open(path, "rb", buffering=0) as file:
                while file.read(4 * MiB):
                    pass

    # --- cold ---

    def _cold_server(self, name):
        """A server whose cache is empty; `origin` is the origin itself."""
        make = {
            "hearth": lambda: self.servers.hearth(self.origin, name="hearth-cold"),
            "slice": lambda: self.servers.slice(self.origin),
            "varnish": lambda: self.servers.varnish(self.origin),
        }
        return _stopping(make[name]()) if name != "origin" else _lent(self.origin)

    def cold(self, name, count, **flags):
        with self._cold_server(name) as server:
            # Comparing bytes takes the client time that is none of the server's: of a few, before the clock runs.
            checked = self.load.run(server, connections=1, verify=True, **self.fresh(4), **flags)
            before = server.cpu_seconds()
            report = self.load.run(server, connections=1, **self.fresh(count), **flags)
            cpu = server.cpu_seconds() - before
        latency, first_byte = report["latency_us"], report["first_byte_us"]
        return {
            "latency_us": latency["p50"],
            "latency_p90_us": latency["p90"],
            "first_byte_us": first_byte["p50"],
            "first_byte_p90_us": first_byte["p90"],
            "server_cpu_us": cpu / count * 1e6,
            "failed": report["failed"] + checked["failed"],
        }

    def cold_objects(self, name):
        return self.cold(name, self.options.cold_objects)

    def cold_ranges(self, name):
        return self.cold(name, 2 * self.options.cold_objects, range_size=64 * KiB, offset=OBJECT_SIZE // 2)

    # --- hot reads beside cold ones ---

    def beside_fills(self, name):
        make = {
            "hearth": lambda: self.servers.hearth(self.origin, name="hearth-cold"),
            "slice": lambda: self.servers.slice(self.origin, aio=True),
        }
        with _stopping(make[name]()) as server:
            self.warm(server, objects=8)
            return self._beside(server, **self.fresh(self.options.cold_objects))

    def beside_disk(self, name):
        make = {
            "hearth": lambda: self.servers.hearth(self.origin, name="hearth-disk", cache=self.disk_cache),
            "nginx": lambda: self.servers.nginx(aio=True),
        }
        with _stopping(make[name]()) as server:
            self.warm(server, objects=8)
            if name == "hearth":
                files = [path for path in self.disk_cache.glob("blocks/*/*.blk") if path not in self.hot_blocks]
            else:
                files = self.disk_files
            _forget(files)
            first, count = len(self.hot_files), len(self.disk_files)
            cold = {"path": "/bench/hot-{}", "first": first, "objects": count, "sweep": True}
            result = self._beside(server, **cold)
            if name == "hearth":
                result["failed"] += int(origin_bytes(server, "fast") > 0)
            return result

    def _beside(self, server, **cold):
        hot = {"path": "/bench/hot-{}", "objects": 8, "range_size": 4 * KiB, "connections": 4, "rate": 2000}
        # The client of the hot reads goes first, so that it measures the server and not the other client.
        measuring = self.load.start(server, priority=-15, seconds=60, **hot)
        time.sleep(0.1)  # its own start is not part of the measurement
        reading = self.load.run(server, connections=4, **cold)
        measuring.send_signal(signal.SIGTERM)
        report = self.load.read(measuring)
        return {
            "p50_us": report["latency_us"]["p50"],
            "p99_us": report["latency_us"]["p99"],
            "max_us": report["latency_us"]["max"],
            "hot_requests": report["requests"],
            "cold_bytes_per_second": reading["bytes_per_second"],
            "failed": report["failed"] + reading["failed"],
        }

    def prepare_disk_cache(self):
        """A cache directory of Hearth's that holds the hot objects and those to be read from the disk."""
        if not self.disk_files:
            return
        with _stopping(self.servers.hearth(self.origin, name="hearth-disk")) as server:
            self.disk_cache = self.servers.directory / "disk-cache"
            self.warm(server, objects=8)
            blocks = server.cache.glob("blocks/*/*.blk")
            self.hot_blocks = {self.disk_cache / path.relative_to(server.cache) for path in blocks}
            self.warm(server, objects=len(self.disk_files), first=len(self.hot_files))
        server.cache.rename(self.disk_cache)
        os.sync()

    # --- the herd ---

    def herd(self, name):
        """Thirty-two readers of one cold block, three times; `origin`: one reader of the limited origin."""
        clients = 32 if name == "hearth" else 1
        with _stopping(self.servers.slow_origin(self.slow_prefix, network.SLOW_ADDRESS)) as slow:
            if name == "origin":
                return self._herd(slow, clients, lambda: 0.0)
            with _stopping(self.servers.hearth(self.origin, slow, name="hearth-cold")) as server:
                return self._herd(server, clients, lambda: origin_bytes(server, "slow"))

    def _herd(self, server, clients, bytes_so_far):
        slowest, transferred, failed = [], [], 0
        for number in range(3):
            before = bytes_so_far()
            flags = {"path": f"/slow/herd-{number}", "objects": 1, "content": COLD_CONTENT}
            report = self.load.run(server, connections=clients, count=clients, **flags)
            failed += self.load.run(server, connections=1, count=1, verify=True, **flags)["failed"]
            transferred.append((bytes_so_far() - before) / OBJECT_SIZE)
            slowest.append(report["latency_us"]["max"])
            failed += report["failed"]
        return {"slowest_us": sorted(slowest)[1], "origin_ratio": max(transferred), "failed": failed}

    # --- restart ---

    def make_index(self, blocks):
        """A cache directory whose index knows so many blocks."""
        cache = self._index_cache(blocks)
        shutil.rmtree(cache, ignore_errors=True)
        subprocess.run([self.options.tool("make_index"), cache, str(blocks)], check=True)

    def _index_cache(self, blocks):
        return self.servers.directory / f"index-{blocks}"

    def restart(self, blocks, name):
        """`hearth`: from its start to ready; `empty`: the same without any blocks; `reading`: the index's bytes only.

        All with those bytes in the kernel's memory, as after a crash of the process."""
        cache = self._index_cache(blocks)
        if name == "reading":
            return _timed_reading(cache)
        for path in _index_files(cache):
            path.read_bytes()
        begin = time.monotonic()
        if name == "empty":
            server, blocks = self.servers.hearth(self.origin, name="hearth-empty"), 0
        else:
            server = self.servers.hearth(self.origin, name="hearth-restart", cache=cache)
        ready = time.monotonic() - begin
        result = {"seconds": ready, "cpu_seconds": server.cpu_seconds(), "rss": server.memory("VmRSS")}
        status = json.loads(get(server, "/_hearth/v1/status"))
        server.stop(kill=True)  # an orderly stop would write the index anew
        result["rss_per_block"] = result["rss"] / max(blocks, 1)
        result["index_bytes_per_block"] = status["memory"]["index_bytes"] / max(blocks, 1)
        # The scan may have begun to miss the blocks' files: how many were loaded stands in the log.
        result["failed"] = int(f" blocks={blocks} " not in (server.work / "output.log").read_text())
        return result


class _stopping:
    """A server that is stopped at the end, and whose directory is emptied when the next one is made."""

    def __init__(self, server):
        self.server = server

    def __enter__(self):
        return self.server

    def __exit__(self, *_):
        self.server.stop()


class _lent(_stopping):
    def __exit__(self, *_):
        pass


def _forget(files):
    """Drops the pages of files from memory; they must be on the disk."""
    for path in files:
        fd = os.open(path, os.O_RDONLY)
        try:
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(fd)


INDEX_FILES = ("index.ckpt", "index.log", "metadata.log")


def _index_files(cache):
    return [cache / name for name in INDEX_FILES if (cache / name).exists()]


def _timed_reading(cache):
    piece = bytearray(MiB)
    total = 0
    for path in _index_files(cache):
        path.read_bytes()  # into memory
    begin = time.monotonic()
    for path in _index_files(cache):
        with open(path, "rb", buffering=0) as file:
            while got := file.readinto(piece):
                total += got
    return {"seconds": time.monotonic() - begin, "bytes": total, "failed": 0}
