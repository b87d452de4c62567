"""Compares `init` with LaunchDarkly's own stores in interleaved rounds and prints a Markdown table.

Each init runs in a process of its own. benches/run.sh makes everything this needs; see benches/README.md.
"""

import argparse
import os
import statistics
import sys
from dataclasses import dataclass
from pathlib import Path

from comparison import (
    GO,
    OURS,
    PYTHON,
    PYTHON_PROGRAM,
    REPOSITORY,
    Engine,
    Store,
    print_failures,
    print_table,
    print_verdicts,
)

LATENCIES_MS = [0, 5]
WRITES_ALONE = "the writes alone"


@dataclass
class Step:
    """One init, over the table that the step before has left."""

    name: str
    data_set: str


STEPS = [
    Step("empty table", "flags.json"),
    Step("again, unchanged", "flags.json"),
    Step("again, 1 % changed", "changed.json"),
    Step("again, 10 % dropped", "dropped.json"),
]


@dataclass
class Measurement:
    """What one step took."""

    seconds: float
    cpu_seconds: float
    peak_kilobytes: int
    engine_cpu_seconds: float
    write_requests: int
    requests: int
    rows_written: int
    rows_deleted: int
    read_units: float
    write_units: float


def steps_of(store):
    """The writes alone are those of the first step."""
    return STEPS[:1] if store.name == WRITES_ALONE else STEPS


def median(store, step, latency_ms, figure):
    of = store.measurements[step.name, latency_ms]
    return statistics.median(getattr(measurement, figure) for measurement in of)


def measure(engine, store, step, folder):
    """Runs one step; `None` if it failed, which may leave the table half written."""
    engine.control("reset", {})
    engine_before = engine.cpu_seconds()
    result = store.run(engine, step.name, folder / step.data_set)
    if result is None:
        return None
    counters = engine.control("counters")
    requests = counters["requests"]
    writes = ("BatchWriteItem", "PutItem", "DeleteItem", "UpdateItem")
    return Measurement(
        **result,
        engine_cpu_seconds=engine.cpu_seconds() - engine_before,
        write_requests=sum(requests.get(operation, 0) for operation in writes),
        requests=sum(requests.values()),
        rows_written=counters["rows_written"],
        rows_deleted=counters["rows_deleted"],
        read_units=counters["consumed_read_units"],
        write_units=counters["consumed_write_units"],
    )


def measure_all_steps(engine, store, latency_ms, folder):
    """Measures the steps in their order, from an empty table on; all of them again where one fails."""
    engine.control("latency", {"ms": latency_ms})
    while True:
        engine.control("reset?tables=true", {})
        measured = []
        for step in steps_of(store):
            measurement = measure(engine, store, step, folder)
            if measurement is None:
                break
            measured.append((step, measurement))
        else:
            for step, measurement in measured:
                store.measurements.setdefault((step.name, latency_ms), []).append(measurement)
            return


def milliseconds(seconds):
    return f"{seconds * 1000:,.0f} ms"


def rows_of(stores, step):
    """The lines of one step. What does not depend on the latency stands once."""
    by_name = {store.name: store for store in stores}

    def ratios(store, figure):
        if store.name in (GO, PYTHON, WRITES_ALONE):
            return ""
        of = (median(store, step, 5, figure) / median(by_name[peer], step, 5, figure) for peer in (GO, PYTHON))
        return " / ".join(f"{ratio:.3f}" for ratio in of)

    def pair(store, first, second):
        return " / ".join(f"{median(store, step, 5, figure):,.0f}" for figure in (first, second))

    for store in stores:
        if step not in steps_of(store):
            continue
        yield [
            step.name if store is stores[0] else "",
            store.name,
            milliseconds(median(store, step, 0, "seconds")),
            milliseconds(median(store, step, 5, "seconds")),
            ratios(store, "seconds"),
            milliseconds(median(store, step, 5, "cpu_seconds")),
            ratios(store, "cpu_seconds"),
            pair(store, "write_requests", "requests"),
            pair(store, "rows_written", "rows_deleted"),
            pair(store, "read_units", "write_units"),
            f"{median(store, step, 5, 'peak_kilobytes') * 1024 / 1e6:,.0f} MB",
        ]


COLUMNS = [
    "init of 10,000",
    "store",
    "time at 0 ms",
    "time at 5 ms",
    "of Go's / Python's",
    "CPU",
    "of Go's / Python's",
    "write / all requests",
    "rows written / deleted",
    "units read / written",
    "peak memory",
]


def verdicts_on(stores, folder):
    ours, go, writes = (next(store for store in stores if store.name == name) for name in (OURS, GO, WRITES_ALONE))
    fresh, unchanged, changed, _ = STEPS
    size = (folder / fresh.data_set).stat().st_size
    time = median(ours, unchanged, 5, "seconds") * 1000
    requests = median(ours, changed, 5, "write_requests")
    peak = max(median(ours, step, latency, "peak_kilobytes") for step in STEPS for latency in LATENCIES_MS) * 1024

    def ratio(step, other, figure):
        """The median of the rounds' ratios at 5 ms: what disturbs one round disturbs both programs."""
        pairs = zip(ours.measurements[step.name, 5], other.measurements[step.name, 5], strict=True)
        return statistics.median(getattr(mine, figure) / getattr(theirs, figure) for mine, theirs in pairs)

    def at_most(limit, found, what):
        return found <= limit, f"init at 5 ms{what}: {found:.3f}"

    return [
        at_most(0.1, ratio(fresh, go, "seconds"), " in at most 1/10 of Go's time"),
        at_most(1.2, ratio(fresh, writes, "seconds"), " in at most 1.2 of the time of its writes alone"),
        at_most(0.2, ratio(fresh, go, "cpu_seconds"), " in at most 0.2 of Go's CPU"),
        at_most(0.2, ratio(unchanged, go, "cpu_seconds"), ", unchanged, in at most 0.2 of Go's CPU"),
        (time <= 100, f"init at 5 ms, unchanged, in at most 100 ms: {time:.0f} ms"),
        (requests <= 10, f"1 % changed in at most 10 write requests: {requests:.0f}"),
        (peak <= 25e6 + 4 * size, f"peak memory under 25 MB + 4 * {size / 1e6:.1f} MB: {peak / 1e6:.1f} MB"),
    ]


def print_conditions(stores, rounds):
    load = os.getloadavg()[0]
    print(f"{rounds} interleaved rounds, medians; load average at the end {load:.1f}.", end=" ")
    busiest = max(
        (median(store, step, 5, "engine_cpu_seconds") / median(store, step, 5, "seconds"), store.name, step.name)
        for store in stores
        for step in steps_of(store)
    )
    print(f"The engine is busiest, for {busiest[0]:.0%} of the time at 5 ms, with {busiest[1]}, {busiest[2]}.")
    print_failures(stores)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="the programs and data sets that benches/run.sh made")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    folder = options.folder
    stores = [
        Store(OURS, [folder / "init-ours-dist"]),
        Store("ours, not LTO", [folder / "init-ours-release"]),
        Store(GO, [folder / "init-go"]),
        Store(PYTHON, [PYTHON_PROGRAM, REPOSITORY / "benches/init/official_python.py"]),
        Store(WRITES_ALONE, [folder / "floor", "writes"]),
    ]
    engine = Engine()
    try:
        for number in range(options.rounds):
            for latency_ms in LATENCIES_MS:
                for store in stores:
                    measure_all_steps(engine, store, latency_ms, folder)
            print(f"init: round {number + 1} of {options.rounds} done", file=sys.stderr)
    finally:
        engine.close()
    rows = (row for step in STEPS for row in rows_of(stores, step))
    print_table(COLUMNS, rows, 2)
    print_conditions(stores, options.rounds)
    sys.exit(0 if print_verdicts(verdicts_on(stores, folder)) else 1)


if __name__ == "__main__":
    main()
