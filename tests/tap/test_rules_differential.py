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
LIMIT = 1800  # s

pytestmark = pytest.mark.weir


def differential(count, *more):
    """Runs that many rulesets; fails if anything differs."""
    done = subprocess.run([sys.executable, os.path.join(TOP, "tests", "diff", "rules_differential.py"), "--build", BUILD,
                           "--count", str(count), *more], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False, timeout=LIMIT)
    total = re.search(r"^diff: (\d+) rulesets, (\d+) packets, (\d+) differences, \d+ left out$", done.stdout, re.M)
    assert done.returncode == 0 and total, done.stdout[-6000:]
    assert int(total[1]) == count and int(total[2]) >= 50 * count
    print(total[0])


def test_random_rulesets():
    """Frames, iptables-save -c and conntrack -L are those of Linux."""
    differential(RULESETS)


def test_random_rulesets_with_the_image():
    differential(OF_IMAGE, "--image", "--seed", "101")
