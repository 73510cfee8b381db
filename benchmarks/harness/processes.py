"""Server processes: started on given processors, watched (CPU, memory), stopped by their own ids."""

import os
import pathlib
import signal
import socket
import subprocess
import time

START_SECONDS = 30
STOP_SECONDS = 20


def wait_until(condition, what, seconds=START_SECONDS, pause=0.002):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {seconds} s")
        time.sleep(pause)


def accepts(address, port):
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex((address, port)) == 0


def free_port():
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _parents():
    """Parent by process id, of everything that runs."""
    parents = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                pass  # it has ended meanwhile
    return parents


def tree(root):
    """The process and all that descend from it."""
    parents = _parents()
    found = [root] if root in parents else []
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


class Process:
    """One server: a process and its children."""

    def __init__(self, name, command, *, port, cpus=None, address="127.0.0.1", log=None, env=None):
        self.name = name
        self.command = [*(["taskset", "--cpu-list", cpus] if cpus else []), *map(str, command)]
        self.address = address
        self.port = port
        self.log = log
        self.env = env
        self.process = None

    def start(self, ready=None):
        """`ready()` says when it can be measured; else when it accepts connections."""
        output = open(self.log, "ab") if self.log else subprocess.DEVNULL
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=self.env, start_new_session=True
        )
        try:
            wait_until(lambda: self._ended() or (ready or self._accepts)(), f"{self.name} gets ready")
            if self._ended():
                raise RuntimeError(f"{self.name} ended with status {self.process.returncode}; see {self.log}")
        except BaseException:
            self.stop()
            raise
        return self

    def _ended(self):
        return self.process.poll() is not None

    def _accepts(self):
        return accepts(self.address, self.port)

    def stop(self, kill=False):
        if self.process is None:
            return
        members = tree(self.process.pid)
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        for pid in reversed(members):  # whoever has outlived its parent
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        self.process = None

    def cpu_seconds(self):
        total = 0
        for pid in tree(self.process.pid):
            for task in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat"):
                try:
                    total += int(task.read_text().split()[0])
                except OSError:
                    pass
        return total / 1e9

    def memory(self, field="VmHWM"):
        """Bytes by a field of /proc/PID/status, over all processes."""
        total = 0
        for pid in tree(self.process.pid):
            try:
                lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
            except OSError:
                continue
            total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(field + ":"))
        return total
