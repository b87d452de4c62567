"""Measures single calls of LaunchDarkly's own DynamoDB store for Python; see benches/README.md.

official_python.py ENDPOINT TABLE WORK THREADS SECONDS     WORK: get, all, newer or refused; one thread only
"""

import json
import sys
import time

from ldclient.versioned_data_kind import FEATURES, SEGMENTS

from official_store import cpu_seconds, open_store

# Flags that gets and upserts take turns with.
KEYS = 1000
WARM_UP_CALLS = 20


class Caller:
    def __init__(self, store, work):
        self.store = store
        self.call = getattr(self, work)
        self.flag = store.get_internal(FEATURES, "flag-000000")
        # Greater than any that an earlier run has stored.
        self.version = time.time_ns() // 1000

    def get(self, number):
        assert self.store.get_internal(FEATURES, f"flag-{number % KEYS:06}") is not None

    def all(self, number):
        assert self.store.get_all_internal(FEATURES)

    def newer(self, number):
        item = {**self.flag, "key": f"flag-{number % KEYS:06}", "version": self.version + number}
        assert self.store.upsert_internal(SEGMENTS, item) is item

    def refused(self, number):
        item = {**self.flag, "key": f"flag-{number % KEYS:06}", "version": 0}
        assert self.store.upsert_internal(FEATURES, item) is not item


def main():
    endpoint, table, work, threads, seconds = sys.argv[1:]
    assert threads == "1"
    caller = Caller(open_store(endpoint, table), work)
    warm_up = 1 if work == "all" else WARM_UP_CALLS
    for number in range(warm_up):
        caller.call(number)
    calls = warm_up
    began, cpu_before = time.perf_counter(), cpu_seconds()
    end = began + float(seconds)
    while time.perf_counter() < end:
        caller.call(calls)
        calls += 1
    elapsed, cpu = time.perf_counter() - began, cpu_seconds() - cpu_before
    print(json.dumps({"calls": calls - warm_up, "seconds": elapsed, "cpu_seconds": cpu}))


if __name__ == "__main__":
    main()
