"""What the comparisons have in common: the engine, the programs that are measured, and how results are printed."""

import json
import os
import ssl
import subprocess
import sys
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
PYTHON_PROGRAM = REPOSITORY / "target/python/bin/python"
TABLE = "flags"
OURS, GO, PYTHON = "ours", "Go", "Python"
RUN_TIMEOUT_SECONDS = 120
# The official Go store loses its connection now and then when an answer is instant, and gives up.
MAXIMUM_FAILURES = 10


class Engine:
    """A process of tests/fake-dynamodb; over TLS with the certificates in a folder that benches/run.sh has filled."""

    def __init__(self, certificates=None):
        program = REPOSITORY / "target/release/fake-dynamodb"
        command = [program, "--create-table", TABLE, "--exit-with-stdin"]
        self.environment, self.trust = {}, None
        if certificates is not None:
            command += ["--tls", certificates / "server.pem", certificates / "server.key"]
            authority = str(certificates / "authority.pem")
            self.environment = {"AWS_CA_BUNDLE": authority}
            self.trust = ssl.create_default_context(cafile=authority)
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.address = self.process.stdout.readline().strip()
        self.control("logging", {"enabled": False})

    def control(self, request, body=None):
        data = None if body is None else json.dumps(body).encode()
        url = f"{self.address}/_control/{request}"
        with urllib.request.urlopen(url, data, timeout=30, context=self.trust) as answer:
            return json.loads(answer.read() or "null")

    def cpu_seconds(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self):
        self.process.stdin.close()
        self.process.wait(10)


@dataclass
class Store:
    """A program that is measured: its arguments begin with the endpoint and the table."""

    name: str
    command: list
    measurements: dict = field(default_factory=dict)
    failures: int = 0

    def run(self, engine, what, *arguments):
        """What the program printed; `None` if it failed, which ends the comparison when it happens too often."""
        command = [*self.command, engine.address, TABLE, *map(str, arguments)]
        # A minimal environment, so that no proxy and no AWS profile of the machine takes part.
        environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "PYTHONPATH": REPOSITORY / "benches"}
        done = subprocess.run(
            command,
            env=environment | engine.environment,
            capture_output=True,
            text=True,
            timeout=RUN_TIMEOUT_SECONDS,
            check=False,
        )
        if done.returncode == 0:
            return json.loads(done.stdout)
        print(f"{self.name}: {what}: {done.stderr.strip()}", file=sys.stderr)
        self.failures += 1
        if self.failures > MAXIMUM_FAILURES:
            sys.exit(f"{self.name} failed {self.failures} times")
        return None


def print_table(columns, rows, texts):
    """Prints a Markdown table whose first columns, `texts` of them, are no numbers."""
    print("| " + " | ".join(columns) + " |")
    print("|" + "---|" * texts + "---:|" * (len(columns) - texts))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


def print_failures(stores):
    for store in stores:
        if store.failures:
            print(f"{store.name} failed {store.failures} times and was run again.")


def print_verdicts(verdicts):
    """Prints which limits are met, of pairs of that and its text; returns whether all are."""
    print()
    for is_met, text in verdicts:
        print(f"- {'met' if is_met else 'MISSED'}: {text}")
    return all(is_met for is_met, _ in verdicts)
