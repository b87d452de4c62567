"""Compares `init` with LaunchDarkly's own stores in interleaved rounds and prints a Markdown table.

Each init runs in a process of its own. benches/run.sh makes everything this needs; see benches/README.md.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
TABLE = "flags"
LATENCIES_MS = [0, 5]
OURS, GO, PYTHON = "ours", "Go", "Python"
STEP_TIMEOUT_SECONDS = 120
# The official Go store loses its connection now and then when an answer is instant, and gives up.
MAXIMUM_FAILURES = 10


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


@dataclass
class Store:
    """A program that does one init: its arguments are the endpoint, the table and the file of the data set."""

    name: str
    command: list
    measurements: dict = field(default_factory=dict)
    failures: int = 0

    def median(self, step, latency_ms, figure):
        of = self.measurements[step.name, latency_ms]
        return statistics.median(getattr(measurement, figure) for measurement in of)


class Engine:
    """A process of tests/fake-dynamodb."""

    def __init__(self):
        program = REPOSITORY / "target/release/fake-dynamodb"
        command = [program, "--create-table", TABLE, "--exit-with-stdin"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.address = self.process.stdout.readline().strip()
        self.control("logging", {"enabled": False})

    def control(self, request, body=None):
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(f"{self.address}/_control/{request}", data, timeout=30) as answer:
            return json.loads(answer.read() or "null")

    def cpu_seconds(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self):
        self.process.stdin.close()
        self.process.wait(10)


def measure(engine, store, step, folder):
    """Runs one step; `None` if it failed, which may leave the table half written."""
    engine.control("reset", {})
    engine_before = engine.cpu_seconds()
    command = [*store.command, engine.address, TABLE, folder / step.data_set]
    # A minimal environment, so that no proxy and no AWS profile of the machine takes part.
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=STEP_TIMEOUT_SECONDS, check=False
    )
    if done.returncode != 0:
        print(f"{store.name}: {step.name}: {done.stderr.strip()}", file=sys.stderr)
        return None
    counters = engine.control("counters")
    requests = counters["requests"]
    writes = ("BatchWriteItem", "PutItem", "DeleteItem", "UpdateItem")
    return Measurement(
        **json.loads(done.stdout),
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
    while store.failures <= MAXIMUM_FAILURES:
        engine.control("reset?tables=true", {})
        measured = []
        for step in STEPS:
            measurement = measure(engine, store, step, folder)
            if measurement is None:
                break
            measured.append((step, measurement))
        else:
            for step, measurement in measured:
                store.measurements.setdefault((step.name, latency_ms), []).append(measurement)
            return
        store.failures += 1
    sys.exit(f"{store.name} failed {store.failures} times")


def milliseconds(seconds):
    return f"{seconds * 1000:,.0f} ms"


def rows_of(stores, step):
    """The lines of one step. What does not depend on the latency stands once."""
    by_name = {store.name: store for store in stores}

    def ratios(store, figure):
        if store.name in (GO, PYTHON):
            return ""
        of = (store.median(step, 5, figure) / by_name[peer].median(step, 5, figure) for peer in (GO, PYTHON))
        return " / ".join(f"{ratio:.3f}" for ratio in of)

    def pair(store, first, second):
        return " / ".join(f"{store.median(step, 5, figure):,.0f}" for figure in (first, second))

    for store in stores:
        yield [
            step.name if store is stores[0] else "",
            store.name,
            milliseconds(store.median(step, 0, "seconds")),
            milliseconds(store.median(step, 5, "seconds")),
            ratios(store, "seconds"),
            milliseconds(store.median(step, 5, "cpu_seconds")),
            ratios(store, "cpu_seconds"),
            pair(store, "write_requests", "requests"),
            pair(store, "rows_written", "rows_deleted"),
            pair(store, "read_units", "write_units"),
            f"{store.median(step, 5, 'peak_kilobytes') * 1024 / 1e6:,.0f} MB",
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


def print_table(stores):
    print("| " + " | ".join(COLUMNS) + " |")
    print("|---|---|" + "---:|" * (len(COLUMNS) - 2))
    for step in STEPS:
        for row in rows_of(stores, step):
            print("| " + " | ".join(row) + " |")


def print_verdicts(stores, folder):
    """Prints which limits are met; returns whether all are."""
    ours, go = (next(store for store in stores if store.name == name) for name in (OURS, GO))
    fresh, _, changed, _ = STEPS
    size = (folder / fresh.data_set).stat().st_size
    time_ratio = ours.median(fresh, 5, "seconds") / go.median(fresh, 5, "seconds")
    requests = ours.median(changed, 5, "write_requests")
    peak = max(ours.median(step, latency, "peak_kilobytes") for step in STEPS for latency in LATENCIES_MS) * 1024
    verdicts = [
        (time_ratio <= 0.1, f"init at 5 ms in at most 1/10 of Go's time: {time_ratio:.3f}"),
        (requests <= 10, f"1 % changed in at most 10 write requests: {requests:.0f}"),
        (peak <= 25e6 + 4 * size, f"peak memory under 25 MB + 4 * {size / 1e6:.1f} MB: {peak / 1e6:.1f} MB"),
    ]
    for is_met, verdict in verdicts:
        print(f"- {'met' if is_met else 'MISSED'}: {verdict}")
    return all(is_met for is_met, _ in verdicts)


def print_conditions(stores, rounds):
    load = os.getloadavg()[0]
    print(f"{rounds} interleaved rounds, medians; load average at the end {load:.1f}.", end=" ")
    busiest = max(
        (store.median(step, 5, "engine_cpu_seconds") / store.median(step, 5, "seconds"), store.name, step.name)
        for store in stores
        for step in STEPS
    )
    print(f"The engine is busiest, for {busiest[0]:.0%} of the time at 5 ms, with {busiest[1]}, {busiest[2]}.")
    for store in stores:
        if store.failures:
            print(f"{store.name} failed {store.failures} times and was run again.")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="the programs and data sets that benches/run.sh made")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    folder = options.folder
    stores = [
        Store(OURS, [folder / "ours-dist"]),
        Store("ours, not LTO", [folder / "ours-release"]),
        Store(GO, [folder / "official-go"]),
        Store(PYTHON, [REPOSITORY / "target/python/bin/python", REPOSITORY / "benches/init/official_python.py"]),
    ]
    engine = Engine()
    try:
        for number in range(options.rounds):
            for latency_ms in LATENCIES_MS:
                for store in stores:
                    measure_all_steps(engine, store, latency_ms, folder)
            print(f"round {number + 1} of {options.rounds} done", file=sys.stderr)
    finally:
        engine.close()
    print_table(stores)
    print()
    print_conditions(stores, options.rounds)
    print()
    sys.exit(0 if print_verdicts(stores, folder) else 1)


if __name__ == "__main__":
    main()
