"""The table, on the terminal and in docs/performance.md. What people wrote on that page, outside the markers, stays."""

import datetime
import os
import pathlib
import platform
import re
import subprocess

from harness.rows import ROWS

BEGIN = "<!-- measured: from here on written by `benchmarks/run --write` -->"
END = "<!-- measured: up to here -->"

NAMES = {
    "nginx": "nginx static",
    "slice": "nginx proxy_cache + slice",
    "varnish": "Varnish",
    "raw": "raw sendfile",
    "origin": "direct origin GET",
    "reading": "reading the same bytes",
    "empty": "start without blocks",
}


def _number(value):
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 10 else f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}"


def _target(row, against):
    if against.target is None:
        return "-"
    return {
        "at least": f"≥ {against.target:g}x",
        "at most": f"≤ {against.target:g}x",
        "difference at most": f"≤ +{against.target:g} {row.unit}",
        "value at most": f"≤ {against.target:g} {row.unit}",
    }[row.kind]


def _measured(row, results, server):
    return _number(row.value(results, server)), f"±{results.spread(row.cell, server, row.measure):.0%}"


def _compared(row, number):
    if row.kind == "difference at most":
        return f"{number:+.2f} {row.unit}"
    return f"{_number(number)} {row.unit}" if row.kind == "value at most" else f"{number:.2f}x"


def lines_of(results):
    """(work, Hearth's value, peer, its value, compared, target, met) as texts."""
    for row in ROWS:
        for against in row.against:
            compared = row.compare(results, against)
            if compared is None:
                continue
            number, met = compared
            own, own_spread = _measured(row, results, row.hearth)
            alone = row.kind == "value at most"
            yield (
                row.work,
                f"{own} {row.unit} {own_spread}",
                "-" if alone else NAMES[against.server],
                "-" if alone else " ".join(_measured(row, results, against.server)),
                _compared(row, number),
                _target(row, against),
                "-" if met is None else "yes" if met else "**no**",
            )


HEADINGS = ("work", "Hearth", "against", "its value", "ratio", "target", "met")


def table(results):
    rows = [HEADINGS, tuple("---" for _ in HEADINGS)]
    last = None
    for line in lines_of(results):
        rows.append(line if line[0] != last else ("", "", *line[2:]))
        last = line[0]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def text(results):
    """For the terminal."""
    lines = [HEADINGS, *(tuple(cell.replace("**", "") for cell in line) for line in lines_of(results))]
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEADINGS))]
    widths[0] = min(widths[0], 60)
    return "\n".join("  ".join(cell[:width].ljust(width) for cell, width in zip(line, widths)) for line in lines)


def _first_line(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.stdout.splitlines()[0].strip() if done.stdout else "unknown"


def machine():
    cpu = re.search(r"^model name\s*: (.*)$", pathlib.Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    name = cpu[1] if cpu else platform.machine()
    return f"{name}, {os.cpu_count()} processors, {pages / (1 << 30):.0f} GiB, Linux {platform.release()}"


def versions(options):
    found = [_first_line(options.hearth, "--version"), _first_line(options.nginx, "-v").removeprefix("nginx version: ")]
    found.append(_first_line(options.varnishd, "-V").removeprefix("varnishd (").partition(" revision")[0])
    return ", ".join(found)


def facts(options, run):
    """What a reader needs to know of the run, beside the numbers."""
    yield "machine", machine()
    yield "versions", versions(options)
    yield "date", datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
    yield "command", run["command"]
    yield "repetitions", f"{options.repetitions}, {options.seconds:g} s a hot cell, medians; ± is half of the whole spread"
    blocks = " and ".join(f"{count:,}" for count in options.restart_blocks.values())
    yield "data", f"{options.hot_objects} hot objects, {options.cold_objects} cold ones a cell, restarts with {blocks} blocks"
    yield "wrong answers", run["failed"] or "none"
    yield "CPU of idle servers", run["idle"]
    yield "load average at the start", run["load"]
    yield "peak memory", run["memory"]


def page(options, run, results):
    head = "\n".join(f"- {name}: {value}" for name, value in facts(options, run))
    return f"{BEGIN}\n\n{head}\n\n{table(results)}\n\n{END}"


def write(path, options, run, results):
    old = path.read_text(encoding="utf-8")
    before, begin, rest = old.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{path} has not both of the markers {BEGIN} and {END}")
    path.write_text(before + page(options, run, results) + after, encoding="utf-8")
