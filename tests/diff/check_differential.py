#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Does the differential test of rules find a router that is wrong, make the case small, and find it again by its file?

    tests/diff/check_differential.py [--build DIR]

weir is made wrong in one way after the other (FAULTS); for each a line says what was found.
"""
import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tap"))

import netns
import rules_differential
from rules_compare import Runner, keep
from rules_differential import made, read
from twins import LinuxTwin, WeirTwin

CASES = 200
MOST_STEPS, MOST_RULES = 6, 3


class Loses(WeirTwin):
    """Datagrams to port 5001."""

    def send(self, nic, frames):
        return [[f for f in out if not (f[23] == 17 and f[36:38] == b"\x13\x89")] for out in super().send(nic, frames)]


class Miscounts(WeirTwin):
    """Rules that return."""

    def save(self):
        return "\n".join(line.replace(":", "1:", 1) if line.startswith("[") and line.endswith("RETURN") else line
                         for line in super().save().split("\n"))


class Forgets(WeirTwin):
    """That a connection is assured."""

    def entries(self):
        return super().entries().replace("[ASSURED] ", "")


class Refuses(WeirTwin):
    """What has `! --syn`, which a right one takes."""

    def begin(self, rules, settings):
        return super().begin(rules, settings) or int("! --syn" in rules)


FAULTS = {Loses: "frames", Miscounts: "saved", Forgets: "entries", Refuses: "status"}


def rules_of(case):
    return [line for line in case["rules"].split("\n") if line.startswith("-A")]


def check(linux, right, wrong, kind, options):
    """What was found, in a line."""
    runner = Runner(linux, wrong)
    for index in range(CASES):
        case = made(options, index)
        if (runner.differs(case) or [None])[0] == kind:
            break
    else:
        raise AssertionError(f"{type(wrong).__name__}: not found in {CASES} cases")
    small = runner.smaller(case, kind)
    with tempfile.TemporaryDirectory() as place:
        again = read(keep(small, place))
    assert runner.differs(again)[0] == kind
    assert Runner(linux, right).differs(again) is None
    steps, rules = len(small["steps"]), len(rules_of(small))
    said = f"{type(wrong).__name__}: case {index}, {len(case['steps'])} packets and {len(rules_of(case))} rules " \
        f"made {steps} and {rules}"
    assert steps <= MOST_STEPS and rules <= MOST_RULES, said
    return said


def main(args):
    options = rules_differential.parse(args)
    options.build = os.path.abspath(options.build)
    netns.enter()
    linux, right = LinuxTwin(), WeirTwin(options.build)
    for fault, kind in FAULTS.items():
        print(check(linux, right, fault(options.build), kind, options), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
