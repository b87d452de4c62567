"""Puts each small mistake of bindings.json into a package, and says whether the package's tests see it.

    tests/mutants/bindings.py [LANGUAGE…]

Needs what `make test` built, and a checkout without changes: a file is put back as it was whatever happens. Ends with 1 where a mistake went unseen.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

repository = Path(__file__).resolve().parents[2]
SECONDS = 900
GO = ". tests/interop/go/environment.sh && "
# How the driver of the shared cases comes by a change, and the package's own tests.
BUILD = {
    "node": "npm run --silent --prefix bindings/node build",
    "go": GO + 'go build -C bindings/go -buildvcs=false -o "$PWD/target/bindings/go-case-driver" ./internal/casedriver',
    "java": "mvn -B -q -o -f bindings/java/pom.xml test-compile",
}
OWN = {
    "python": "cd bindings/python && ../../target/python/bin/python -m pytest -q -x",
    "ruby": "cd bindings/ruby && rake test",
    "php": 'php -d ffi.enable=1 "$(command -v phpunit)" -c bindings/php/phpunit.xml',
    "node": "npm test --silent --prefix bindings/node",
    "go": GO + "go test -C bindings/go -count=1 ./...",
    "java": "mvn -B -q -o -f bindings/java/pom.xml test",
}
# With the features of `make test`, so that nothing is compiled for this alone.
SHARED = "cargo test --release --locked -p ld-dynamo-store --features c-abi,cli,launchdarkly --test behaviour -- cases::{language} failures::"


def succeeds(command: str) -> bool:
    """Whether it does, within its time."""
    process = subprocess.Popen(
        ["bash", "-c", command], cwd=repository, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        return process.wait(SECONDS) == 0
    except subprocess.TimeoutExpired:
        return False
    finally:
        try:
            os.killpg(process.pid, 9)
        except ProcessLookupError:
            pass
        process.wait()


def seen_by(language: str) -> str | None:
    """Which of a language's tests fails first."""
    tests = {"the build": BUILD.get(language, "true"), "the shared cases": SHARED.format(language=language), "its own tests": OWN[language]}
    return next((name for name, command in tests.items() if not succeeds(command)), None)


def try_out(mutant: dict[str, str]) -> bool:
    """Whether it was seen."""
    file = repository / mutant["file"]
    text = file.read_text()
    if text.count(mutant["from"]) != 1:
        sys.exit(f"{mutant['file']} has {mutant['from']!r} {text.count(mutant['from'])} times")
    try:
        file.write_text(text.replace(mutant["from"], mutant["to"]))
        seen = seen_by(mutant["language"])
    finally:
        file.write_text(text)
    print(f"{mutant['language']}: {mutant['about']}: {f'seen by {seen}' if seen else 'UNSEEN'}", flush=True)
    return seen is not None


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs those of the languages named, or all."""
    parser = argparse.ArgumentParser(description="Whether tests see mistakes in the packages.")
    parser.add_argument("language", nargs="*", choices=[*OWN, []])
    languages = parser.parse_args(arguments).language or list(OWN)
    if subprocess.run(["git", "diff", "--quiet", "--", "bindings"], cwd=repository).returncode:
        sys.exit("bindings has changes: commit or stash them first")
    mutants = [mutant for mutant in json.loads((repository / "tests/mutants/bindings.json").read_text()) if mutant["language"] in languages]
    try:
        seen = sum([try_out(mutant) for mutant in mutants])
    finally:
        for language in languages:
            succeeds(BUILD.get(language, "true"))
    print(f"{seen} of {len(mutants)} were seen")
    return int(seen < len(mutants))


if __name__ == "__main__":
    sys.exit(main())
