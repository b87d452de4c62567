"""Compares single calls with LaunchDarkly's own stores, and with the same requests on raw connections.

The rounds are interleaved, and each measurement is a process of its own. benches/run.sh makes everything this needs; see benches/README.md.
"""

import argparse
import json
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
    TABLE,
    Engine,
    Store,
    print_failures,
    print_table,
    print_verdicts,
)

FLOOR = "floor"
HTTP, TLS = "HTTP", "TLS"
PEERS = [GO, PYTHON, FLOOR]
# Upserts that are taken go to rows of their own, so that reads and refusals find what was put there.
KEYS = 1000
ROWS_AT_ONCE = 1000


@dataclass(frozen=True)
class Work:
    """One kind of call, and from how many threads."""

    title: str
    name: str
    threads: int = 1


GET = Work("get", "get")
GET_16 = Work("get, 16 threads", "get", 16)
ALL = Work("all of 10,000", "all")
NEWER = Work("upsert, newer", "newer")
REFUSED = Work("upsert, refused", "refused")
WORKS = [GET, GET_16, ALL, NEWER, REFUSED]

# The most that a call may take of the CPU that another program takes for it, over HTTP.
LIMITS = [
    (GET, GO, 0.20),
    (GET, PYTHON, 0.06),
    (GET_16, GO, 0.20),
    (GET_16, FLOOR, 1.6),
    (ALL, GO, 0.25),
    (NEWER, GO, 0.25),
    (REFUSED, GO, 0.25),
]


@dataclass
class Measurement:
    """What a call took, in microseconds, and how many processors the engine kept busy meanwhile."""

    cpu: float
    time: float
    engine: float


def put_rows(engine, flags):
    """Puts all flags as features, and the first of them as segments, too."""
    rows = [(namespace, key) for namespace in ("features", "segments") for key in flags]
    rows = rows[: len(flags) + KEYS]
    for start in range(0, len(rows), ROWS_AT_ONCE):
        batch = [
            {
                "namespace": {"S": namespace},
                "key": {"S": key},
                "version": {"N": str(flags[key]["version"])},
                "item": {"S": json.dumps(flags[key], separators=(",", ":"))},
            }
            for namespace, key in rows[start : start + ROWS_AT_ONCE]
        ]
        engine.control(f"put?table={TABLE}", batch)


def measure(engine, store, work, seconds):
    engine_before = engine.cpu_seconds()
    result = None
    while result is None:
        result = store.run(engine, work.title, work.name, work.threads, seconds)
    # The engine also works while the program warms up, which is short.
    return Measurement(
        cpu=result["cpu_seconds"] / result["calls"] * 1e6,
        time=result["seconds"] / result["calls"] * 1e6,
        engine=(engine.cpu_seconds() - engine_before) / result["seconds"],
    )


def takes_part(store, work):
    """Python's interpreter lock makes many threads one."""
    return store.name != PYTHON or work.threads == 1


def median(store, work, transport, figure):
    return statistics.median(getattr(measurement, figure) for measurement in store.measurements[work, transport])


def ratio(stores, work, transport, peer):
    """The median of the rounds' ratios of CPU: what disturbs one round disturbs both programs."""
    ours, others = (stores[name].measurements[work, transport] for name in (OURS, peer))
    return statistics.median(mine.cpu / other.cpu for mine, other in zip(ours, others, strict=True))


COLUMNS = ["call", "store", "CPU", "time", *(f"CPU, of {peer}'s" for peer in (GO, PYTHON)), "CPU, of the floor"]


def rows_of(stores, transport):
    for work in WORKS:
        taking_part = [store for store in stores.values() if takes_part(store, work)]
        for store in taking_part:
            ratios = [""] * len(PEERS)
            if store.name == OURS:
                ratios = [
                    f"{ratio(stores, work, transport, peer):.3f}" if takes_part(stores[peer], work) else ""
                    for peer in PEERS
                ]
            yield [
                work.title if store is taking_part[0] else "",
                store.name,
                *(f"{median(store, work, transport, figure):,.1f} µs" for figure in ("cpu", "time")),
                *ratios,
            ]


def print_engine(stores, transport):
    """Says whether the engine is what limits the calls of many threads."""
    for name in (OURS, FLOOR):
        busy = median(stores[name], GET_16, transport, "engine")
        own = median(stores[name], GET_16, transport, "cpu") / median(stores[name], GET_16, transport, "time")
        print(
            f"{transport}, get from 16 threads, {name}: of {os.cpu_count()} processors the engine keeps {busy:.2f} busy, "
            f"the client {own:.2f}."
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="the programs and data sets that benches/run.sh made")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.5, help="for one measurement")
    options = parser.parse_args()
    folder = options.folder
    stores = [
        Store(OURS, [folder / "calls-ours-dist"]),
        Store(GO, [folder / "calls-go"]),
        Store(PYTHON, [PYTHON_PROGRAM, REPOSITORY / "benches/calls/official_python.py"]),
        Store(FLOOR, [folder / "floor", "calls"]),
    ]
    stores = {store.name: store for store in stores}
    flags = json.loads((folder / "flags.json").read_text())["flags"]
    engines = {HTTP: Engine(), TLS: Engine(folder / "certificates")}
    try:
        for engine in engines.values():
            put_rows(engine, flags)
        for number in range(options.rounds):
            for transport, engine in engines.items():
                for work in WORKS:
                    for store in stores.values():
                        if takes_part(store, work):
                            measurement = measure(engine, store, work, options.seconds)
                            store.measurements.setdefault((work, transport), []).append(measurement)
            print(f"calls: round {number + 1} of {options.rounds} done", file=sys.stderr)
    finally:
        for engine in engines.values():
            engine.close()
    for transport in engines:
        print(f"Single calls over {transport}:\n")
        print_table(COLUMNS, rows_of(stores, transport), 2)
    print(f"{options.rounds} interleaved rounds, medians; load average at the end {os.getloadavg()[0]:.1f}.")
    for transport in engines:
        print_engine(stores, transport)
    print_failures(stores.values())
    ratios = [(work, peer, limit, ratio(stores, work, HTTP, peer)) for work, peer, limit in LIMITS]
    verdicts = [
        (found <= limit, f"{work.title} over HTTP in at most {limit:.2f} of the CPU of {peer}: {found:.3f}")
        for work, peer, limit, found in ratios
    ]
    sys.exit(0 if print_verdicts(verdicts) else 1)


if __name__ == "__main__":
    main()
