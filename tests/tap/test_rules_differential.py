# SPDX-License-Identifier: MIT
"""Random rulesets and conversations through Linux and through weir's library (tests/diff; make diff-rules has more of it)."""
import os
import re
import subprocess
import sys

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(TOP, os.environ.get("O", "build"))
RULESETS = 2000
LIMIT = 1800  # s

pytestmark = pytest.mark.weir


def test_random_rulesets():
    """Frames, iptables-save -c and conntrack -L are those of Linux."""
    done = subprocess.run([sys.executable, os.path.join(TOP, "tests", "diff", "rules_differential.py"), "--build", BUILD,
                           "--count", str(RULESETS)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False, timeout=LIMIT)
    total = re.search(r"^diff: (\d+) rulesets, (\d+) packets, (\d+) differences, \d+ left out$", done.stdout, re.M)
    assert done.returncode == 0 and total, done.stdout[-6000:]
    assert int(total[1]) == RULESETS and int(total[2]) >= 50 * RULESETS
    print(total[0])
