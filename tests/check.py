#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Runs everything CI runs, stage by stage, and adds up.  tests/check.py [STAGE ...]

Each stage's output passes through; what it counted is read from its closing line
(Criterion's, pytest's, or "NAME: N passed, M failed").
"""
import os
import re
import subprocess
import sys
import time

MAKE = ["make", "--no-print-directory", f"-j{os.cpu_count() or 1}"]
ROOT_CMD = [] if os.geteuid() == 0 else ["sudo", "-n"]

# In this order: what is quick to fail first.  tap makes namespaces and taps: root.
STAGES = {
    "build": (MAKE + ["all"], False),
    "unit": (MAKE + ["unit"], True),
    "lint": (MAKE + ["lint"], True),
    "fuzz": (MAKE + ["fuzz"], True),
    "tap": (ROOT_CMD + MAKE + ["tap"], True),
}

CRITERION = re.compile(r"Tested: (\d+) \| Passing: (\d+) \| Failing: (\d+) \| Crashing: (\d+)")
PLAIN = re.compile(r"^\w+: (\d+) passed, (\d+) failed")
ANSI = re.compile(r"\x1b\[[0-9;]*m")


def count(line):
    """(passed, failed) if line closes a stage, or None."""
    if m := CRITERION.search(line):
        return int(m[2]), int(m[3])
    if m := PLAIN.match(line):
        return int(m[1]), int(m[2])
    if re.match(r"(=+ )?\d+ (passed|failed|error).* in [\d.]+s", line):
        def got(word):
            return sum(int(n) for n in re.findall(rf"(\d+) {word}", line))
        return got("passed") + got("xfailed"), got("failed") + got("error")
    return None


def run(name, cmd, counts):
    print(f"\n==== {name}: {' '.join(cmd)}", flush=True)
    began, passed, failed = time.monotonic(), 0, 0
    proc = subprocess.Popen(cmd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                            stdin=subprocess.DEVNULL)
    for line in proc.stdout:
        print(line, end="", flush=True)
        if got := count(ANSI.sub("", line).strip()):
            passed, failed = passed + got[0], failed + got[1]
    status = proc.wait()
    if not counts:
        passed, failed = int(status == 0), int(status != 0)
    elif status and not failed:
        failed = 1
        print(f"{name}: ended with status {status}")
    elif not passed and not failed:
        failed = 1
        print(f"{name}: ran no test")
    print(f"==== {name}: {passed} ok, {failed} bad, {time.monotonic() - began:.0f} s", flush=True)
    if failed:
        print(f"     repeat: {' '.join(cmd)}", flush=True)
    return passed, failed


def main(args):
    if "--help" in args or "-h" in args:
        print(__doc__.strip(), "\nStages:", " ".join(STAGES))
        return 0
    unknown = [a for a in args if a not in STAGES]
    if unknown:
        print(f"check: no stage named {unknown[0]}; there are: {' '.join(STAGES)}", file=sys.stderr)
        return 2
    passed = failed = 0
    for name in args or STAGES:
        p, f = run(name, *STAGES[name])
        passed, failed = passed + p, failed + f
        if name == "build" and f:
            break
    print(f"\n{passed} passed, {failed} failed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
