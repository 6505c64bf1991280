# SPDX-License-Identifier: MIT
"""The same mutated frames to Linux and to weir as routers: the same comes out (tests/diff; make diff has more of it)."""
import os
import sys

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TOP, "diff"))

from differential import Run, report  # after the path that leads there
from routers import Both

pytestmark = pytest.mark.weir
GROUPS = 20000
SEED = 1


@pytest.fixture(scope="module")
def outcome():
    """The run, and what the guest printed because of it."""
    with Both() as (linux, weir):
        before = weir.dut.console.mark()
        run = Run(linux, weir, SEED)
        run.groups(0, GROUPS)
        weir.dut.run("sync")
        yield run, weir.dut.console.text()[before:]


def test_differential(outcome):
    run, _ = outcome
    assert run.frames >= 20000
    assert not run.differences, report(run.differences, shown=5) + f"make diff SEED={SEED}"


def test_differential_prints_nothing(outcome):
    """No packet of any kind makes the guest print to its console by default."""
    assert outcome[1] == ""
