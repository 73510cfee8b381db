"""What is compared with what, and what it must reach (the table at the top of docs/performance.md)."""

import dataclasses
import functools


@dataclasses.dataclass(frozen=True)
class Against:
    server: str
    target: float | None = None  # None: for information


@dataclasses.dataclass(frozen=True)
class Row:
    """One line: a measure of one cell, Hearth's beside each peer's."""

    work: str
    cell: str
    measure: str
    unit: str
    against: tuple[Against, ...]
    kind: str = "at least"  # ratio at least | ratio at most | difference at most | value at most (no peer)
    scale: float = 1.0  # from the measure to the unit
    hearth: str = "hearth"

    def value(self, results, server):
        return results.median(self.cell, server, self.measure) * self.scale

    def compare(self, results, against):
        """(number, met or None); None if one of the two was not measured."""
        if not results.has(self.cell, self.hearth) or not results.has(self.cell, against.server):
            return None
        own = self.value(results, self.hearth)
        if self.kind == "value at most":
            number = own
        elif self.kind == "difference at most":
            number = own - self.value(results, against.server)
        else:
            number = own / self.value(results, against.server)
        if against.target is None:
            return number, None
        return number, number >= against.target if self.kind == "at least" else number <= against.target


ROWS = (
    Row("cached 4 KiB ranges", "hot 4KiB", "requests_per_second", "requests/s",
        (Against("nginx", 1.2), Against("slice", 2.0), Against("varnish"), Against("raw"))),
    Row("cached 64 KiB ranges", "hot 64KiB", "requests_per_second", "requests/s",
        (Against("nginx", 1.05), Against("slice", 1.5), Against("varnish"), Against("raw"))),
    Row("cached 1 MiB ranges", "hot 1MiB", "bytes_per_second", "GB/s",
        (Against("nginx"), Against("slice", 1.05), Against("varnish"), Against("raw")), scale=1e-9),
    Row("cached 1 MiB ranges, CPU", "hot 1MiB", "cpu_seconds_per_gb", "s/GB",
        (Against("nginx"), Against("slice"), Against("varnish"), Against("raw", 1.10)), kind="at most"),
    Row("cached 16 MiB objects", "hot 16MiB", "bytes_per_second", "GB/s",
        (Against("nginx", 0.95), Against("slice"), Against("varnish", 1.4), Against("raw")), scale=1e-9),
    Row("cached 16 MiB objects, CPU", "hot 16MiB", "cpu_seconds_per_gb", "s/GB",
        (Against("nginx"), Against("slice"), Against("varnish"), Against("raw", 1.10)), kind="at most"),
    Row("p99 of hot 4 KiB reads while 4 clients read 16 MiB objects that are not cached", "beside fills", "p99_us", "ms",
        (Against("slice", 2.0),), kind="at most", scale=1e-3),
    Row("p99 of hot 4 KiB reads while 4 clients read 16 MiB objects that are on the disk, not in memory", "beside disk",
        "p99_us", "ms", (Against("nginx", 2.0),), kind="at most", scale=1e-3),
    Row("cold 16 MiB object, to the last byte", "cold 16MiB", "latency_us", "ms",
        (Against("origin", 1.5), Against("slice"), Against("varnish")), kind="at most", scale=1e-3),
    Row("cold 64 KiB in the middle of a block, to the first byte", "cold 64KiB", "first_byte_us", "ms",
        (Against("origin", 1.0), Against("slice"), Against("varnish")), kind="difference at most", scale=1e-3),
    Row("32 clients on one cold block, origin at 100 MB/s: bytes asked of the origin, in blocks", "herd", "origin_ratio",
        "x", (Against("hearth", 1.0),), kind="value at most"),
    Row("32 clients on one cold block, origin at 100 MB/s: the slowest", "herd", "slowest_us", "ms",
        (Against("origin", 1.3),), kind="at most", scale=1e-3),
    Row("ready after a restart with 1 M blocks", "restart 1M", "seconds", "ms", (Against("empty"),), kind="at most",
        scale=1e3),
    Row("ready after a restart with 1 M blocks", "restart 1M", "seconds", "ms", (Against("hearth", 1000.0),),
        kind="value at most", scale=1e3),
    Row("ready after a restart with 10 M blocks", "restart 10M", "seconds", "ms", (Against("reading", 3.0),),
        kind="at most", scale=1e3),
    Row("index in memory, for each of 10 M blocks", "restart 10M", "index_bytes_per_block", "bytes",
        (Against("hearth", 64.0),), kind="value at most"),
    Row("resident memory of the process, for each of 10 M blocks", "restart 10M", "rss_per_block", "bytes",
        (Against("hearth"),), kind="value at most"),
)  # fmt: skip


def cells_of(cells):
    """Every measurement by (cell, server): a function without arguments."""
    found = {}
    for row in ROWS:
        for server in (row.hearth, *(against.server for against in row.against)):
            found[row.cell, server] = functools.partial(_function(cells, row.cell), server)
    return found


def _function(cells, cell):
    if cell.startswith("hot "):
        return functools.partial(cells.hot, cell.removeprefix("hot "))
    return {
        "beside fills": cells.beside_fills,
        "beside disk": cells.beside_disk,
        "cold 16MiB": cells.cold_objects,
        "cold 64KiB": cells.cold_ranges,
        "herd": cells.herd,
        "restart 1M": functools.partial(cells.restart, cells.options.restart_blocks["restart 1M"]),
        "restart 10M": functools.partial(cells.restart, cells.options.restart_blocks["restart 10M"]),
    }[cell]
