"""Measures one init of LaunchDarkly's own DynamoDB store for Python; see benches/README.md.

official_python.py ENDPOINT TABLE DATA_SET
"""

import gc
import json
import sys
import time
from pathlib import Path

from ldclient.versioned_data_kind import FEATURES, SEGMENTS

from official_store import cpu_seconds, open_store


def peak_kilobytes():
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0])


def main():
    endpoint, table, path = sys.argv[1:]
    # As the SDK hands them to a store: segments first, items decoded.
    data_set = json.loads(Path(path).read_text())
    collections = {SEGMENTS: data_set["segments"], FEATURES: data_set["flags"]}
    store = open_store(endpoint, table)

    # What reading the data set left behind is not the store's.
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")
    began, cpu_before = time.perf_counter(), cpu_seconds()
    store.init_internal(collections)
    seconds, cpu = time.perf_counter() - began, cpu_seconds() - cpu_before
    print(json.dumps({"seconds": seconds, "cpu_seconds": cpu, "peak_kilobytes": peak_kilobytes()}))


if __name__ == "__main__":
    main()
