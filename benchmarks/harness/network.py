"""A network namespace of the run's own: nothing else is on its loopback, and everything on it uses cubic.

A kernel whose default is another congestion control (BBR paces loopback, too) would measure that instead of the servers.
A second namespace, behind a pair of veth devices with a token bucket, is the origin that is limited to a rate.
"""

import contextlib
import os
import shutil
import subprocess
import sys

INSIDE = "HEARTH_BENCH_NAMESPACE"
SLOW_ADDRESS = "198.18.0.2"  # of the range that RFC 2544 sets aside for benchmarks
SLOW_OWN = "198.18.0.1"


def enter():
    """Goes on in a new network namespace; returns at once where that has been done."""
    if os.environ.get(INSIDE):
        return
    for tool in ("unshare", "ip", "tc", "nsenter", "taskset"):
        if not shutil.which(tool):
            sys.exit(f"benchmarks/run needs `{tool}` (util-linux, iproute2)")
    if os.geteuid() != 0:
        sys.exit("benchmarks/run makes a network namespace and drops pages of files from memory: run it as root")
    os.environ[INSIDE] = "1"
    os.execvp("unshare", ["unshare", "--net", sys.executable, *sys.argv])


def _ip(*words, prefix=()):
    subprocess.run([*prefix, "ip", *words], check=True)


def set_up_loopback():
    _ip("link", "set", "lo", "up")
    for destination in ("127.0.0.0/8", "127.0.0.1"):
        _ip("route", "replace", "local", destination, "dev", "lo", "table", "local", "congctl", "cubic")


@contextlib.contextmanager
def slow_network(bytes_per_second):
    """The command prefix that runs a server at SLOW_ADDRESS, whose answers come at no more than that rate."""
    holder = subprocess.Popen(["unshare", "--net", "sh", "-c", "echo ready; exec sleep infinity"], stdout=subprocess.PIPE)
    holder.stdout.readline()
    inside = ["nsenter", "--net", "--target", str(holder.pid)]
    try:
        _ip("link", "add", "bench0", "type", "veth", "peer", "name", "bench1", "netns", str(holder.pid))
        _ip("addr", "add", f"{SLOW_OWN}/30", "dev", "bench0")
        _ip("link", "set", "bench0", "up")
        _ip("link", "set", "lo", "up", prefix=inside)
        _ip("addr", "add", f"{SLOW_ADDRESS}/30", "dev", "bench1", prefix=inside)
        _ip("link", "set", "bench1", "up", prefix=inside)
        rate = [*inside, "tc", "qdisc", "add", "dev", "bench1", "root", "tbf"]
        subprocess.run([*rate, "rate", f"{bytes_per_second * 8}bit", "burst", "256k", "latency", "100ms"], check=True)
        _ip("route", "replace", "198.18.0.0/30", "dev", "bench0", "congctl", "cubic")
        _ip("route", "replace", "198.18.0.0/30", "dev", "bench1", "congctl", "cubic", prefix=inside)
        yield inside
    finally:
        holder.kill()
        holder.wait()
