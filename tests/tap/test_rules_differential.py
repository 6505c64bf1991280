# SPDX-License-Identifier: MIT
"""Random rulesets and conversations through Linux and weir, its library and its image (tests/diff; make diff-rules has more of it)."""
import os
import re
import subprocess
import sys

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(TOP, os.environ.get("O", "build"))
RULESETS = 2000
OF_IMAGE = 100
LEAST = 10  # of each option and happening
LIMIT = 1800  # s

pytestmark = pytest.mark.weir


def run(name, *more):
    return subprocess.run([sys.executable, os.path.join(TOP, "tests", "diff", name), "--build", BUILD, *more],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=LIMIT)


def differential(*args):
    """Runs what args say, and fails if anything differs: (rulesets, packets, refused)."""
    done = run("rules_differential.py", *args)
    total = re.search(r"^diff: (\d+) rulesets, (\d+) packets, (\d+) differences, \d+ left out, (\d+) refused$", done.stdout, re.M)
    assert done.returncode == 0 and total, done.stdout[-6000:]
    print(total[0])
    return int(total[1]), int(total[2]), int(total[4])


def random_ones(count, *more):
    rulesets, packets, refused = differential("--count", str(count), *more)
    assert rulesets == count and packets >= 50 * count
    assert refused * 20 < count, "those that iptables-restore refuses prove little"


def test_random_rulesets():
    """Frames, iptables-save -c and conntrack -L are those of Linux; and every option of every match and target, negated
    where that may be, was in a rule that a packet met, and conversations did all they should (tests/diff/rule_coverage.py)."""
    random_ones(RULESETS, "--least", str(LEAST))


def test_random_rulesets_with_the_image():
    random_ones(OF_IMAGE, "--image", "--seed", "101")


@pytest.mark.parametrize("more", [(), ("--image",)], ids=["library", "image"])
def test_cases_by_hand(more):
    """Each cell of conntrack's table of TCP, each setting, how NAT chooses (tests/diff/cases_by_hand.py)."""
    rulesets, _, refused = differential("--by-hand", *more)
    assert rulesets > 80 and not refused


def test_a_wrong_router_is_found():
    """... its case made small, and found again by its file."""
    done = run("check_differential.py")
    assert done.returncode == 0, done.stdout[-3000:]
