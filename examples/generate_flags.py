#!/usr/bin/env python3
"""Write a LaunchDarkly data set of any size to standard output, as compact JSON; the same options give the same bytes.

generate_flags.py 10000 > ten-thousand-flags.json
generate_flags.py 10000 --change-percent 1 > one-percent-changed.json
"""

import argparse
import json
import sys

SMALLEST_FLAG = 700


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def fill(item, values, size, name):
    """Add targeted users to `values`, a list inside `item`, until the item's JSON is about `size` bytes long."""
    sample = f"{name}-user-00000"
    missing = size - len(compact(item).encode())
    values.extend(f"{name}-user-{n:05}" for n in range(missing // (len(sample) + 3)))
    return item


def flag(number, options, changed):
    key = f"flag-{number:06}"
    # Flags take turns in the levels; each needs the flag before it, which stands one level lower.
    level = number % options.levels
    targeted = []
    item = {
        "key": key,
        "on": True,
        "prerequisites": [{"key": f"flag-{number - 1:06}", "variation": 0}] if level else [],
        "targets": [{"variation": 0, "values": targeted}],
        "contextTargets": [],
        "rules": [],
        "fallthrough": {
            "rollout": {"variations": [{"variation": 0, "weight": 60000}, {"variation": 1, "weight": 40000}]}
        },
        "offVariation": 1,
        "variations": [True, False],
        "clientSideAvailability": {"usingMobileKey": False, "usingEnvironmentId": number % 4 == 0},
        "clientSide": number % 4 == 0,
        "salt": f"{number * 2654435761 % 2**32:08x}",
        "trackEvents": changed,
        "trackEventsFallthrough": False,
        "debugEventsUntilDate": None,
        "version": options.version + changed,
        "deleted": False,
    }
    if options.segments:
        used = f"segment-{number % options.segments:05}"
        clause = {"attribute": "", "op": "segmentMatch", "values": [used], "negate": False}
        item["rules"].append({"variation": 0, "id": f"rule-{number:06}", "clauses": [clause], "trackEvents": False})
    return fill(item, targeted, options.bytes, key)


def segment(number, options):
    key = f"segment-{number:05}"
    included = []
    clause = {"attribute": "email", "op": "endsWith", "values": [f"@{key}.example"], "negate": False}
    item = {
        "key": key,
        "included": included,
        "excluded": [],
        "includedContexts": [],
        "excludedContexts": [],
        "salt": f"{number * 40503 % 2**32:08x}",
        "rules": [{"id": f"rule-{number:05}", "clauses": [clause]}],
        "version": options.version,
        "generation": None,
        "deleted": False,
    }
    return fill(item, included, options.bytes, key)


def is_changed(number, count, percent):
    """Spread the changed flags evenly: `percent` of `count`, rounded down."""
    wanted = int(count * percent / 100)
    return (number + 1) * wanted // count > number * wanted // count


def at_least(smallest):
    def parse(text):
        number = int(text)
        if number < smallest:
            raise argparse.ArgumentTypeError(f"must be at least {smallest}")
        return number

    return parse


def percentage(text):
    number = float(text)
    if not 0 <= number <= 100:
        raise argparse.ArgumentTypeError("must be from 0 to 100")
    return number


def parse_options():
    parser = argparse.ArgumentParser(description="Write a LaunchDarkly data set to standard output, as compact JSON.")
    parser.add_argument("flags", type=at_least(0), help="number of flags")
    parser.add_argument(
        "--bytes",
        type=at_least(SMALLEST_FLAG),
        default=1024,
        help="JSON bytes an item, within a few (default %(default)s)",
    )
    parser.add_argument("--segments", type=at_least(0), default=50, help="number of segments (default %(default)s)")
    parser.add_argument(
        "--levels", type=at_least(1), default=1, help="flags in a chain of prerequisites; 1, the default, is none"
    )
    parser.add_argument("--version", type=at_least(0), default=1, help="version of every item (default %(default)s)")
    parser.add_argument(
        "--change-percent",
        type=percentage,
        default=0,
        help="share of the flags that differ from the same call without this option: other content, version one higher",
    )
    return parser.parse_args()


def main():
    options = parse_options()
    count = options.flags
    flags = (flag(n, options, is_changed(n, count, options.change_percent)) for n in range(count))
    segments = (segment(n, options) for n in range(options.segments))
    data_set = {"flags": {item["key"]: item for item in flags}, "segments": {item["key"]: item for item in segments}}
    sys.stdout.write(compact(data_set))


if __name__ == "__main__":
    main()
