"""hearth-load as a function."""

import contextlib
import json
import os
import pathlib
import signal
import subprocess

from harness.processes import tree

OBJECT_SIZE = 16 << 20


class Load:
    """The client: on the client's processor, at one server, with the measures of the last run as a dictionary."""

    def __init__(self, options):
        self.options = options
        self.profiles = 0

    def command(self, server, **flags):
        flags = {"address": server.address, "port": server.port, "object_size": OBJECT_SIZE, **flags}
        words = [self.options.tool("hearth-load")]
        for name, value in flags.items():
            words.append("--" + name.replace("_", "-"))
            if value is not True:
                words.append(str(value))
        return ["taskset", "--cpu-list", self.options.client_cpu, *words]

    def run(self, server, **flags):
        with self._profile(server):
            return self.read(subprocess.run(self.command(server, **flags), stdout=subprocess.PIPE, check=False))

    @contextlib.contextmanager
    def _profile(self, server):
        """With --profile: where the server's time goes while it answers, as perf sees it."""
        if not self.options.profile:
            yield
            return
        self.profiles += 1
        data = pathlib.Path(self.options.profile) / f"{self.profiles:03}-{server.name}.data"
        pids = ",".join(map(str, tree(server.process.pid)))
        command_read, command_write = os.pipe()
        answer_read, answer_write = os.pipe()
        # cpu-clock: virtual machines often have no cycle counter. Started disabled, so that it is known when it records.
        perf = subprocess.Popen(
            ["perf", "record", "-q", "-e", "cpu-clock", "-g", "-F", "2500", "-o", data, "-p", pids, "--delay=-1",
             f"--control=fd:{command_read},{answer_write}"],
            pass_fds=(command_read, answer_write), stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.write(command_write, b"enable\n")
        os.read(answer_read, 16)
        try:
            yield
        finally:
            perf.send_signal(signal.SIGINT)
            perf.wait()
            for fd in (command_read, command_write, answer_read, answer_write):
                os.close(fd)

    def start(self, server, priority=0, **flags):
        command = self.command(server, **flags)
        return subprocess.Popen(["nice", "-n", str(priority), *command], stdout=subprocess.PIPE)

    @staticmethod
    def read(finished):
        """Of a run that has ended, or of one that was started and is waited for."""
        output = finished.communicate()[0] if isinstance(finished, subprocess.Popen) else finished.stdout
        if not output:
            raise RuntimeError(f"hearth-load ended with status {finished.returncode} and no report")
        report = json.loads(output)
        report["failed"] = sum(report["failures"].values())
        return report
