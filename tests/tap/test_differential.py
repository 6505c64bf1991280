# SPDX-License-Identifier: MIT
"""The same mutated frames to Linux and to weir as routers: the same comes out (tests/diff; make diff-frames has more of it)."""
import os
import sys

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TOP, "diff"))

from differential import Run, report  # after the path that leads there
from routers import WORLDS, Both

pytestmark = pytest.mark.weir
GROUPS = 20000
SEED = 1
SLACK = 3  # packets


# Counters that differ, and why.
EXPECTED = {
    "protocols that Linux has": ["IcmpInErrors", "IpInDelivers", "IpInUnknownProtos"],
    "limits that go by the clock": ["IcmpMsgOutType3", "IcmpOutDestUnreachs", "IcmpMsgOutType5", "IcmpOutRedirects",
                                    "IcmpOutMsgs", "IpOutRequests", "IpOutTransmits", "IpExtOutOctets"],
    "Linux takes timestamp replies for echoes": ["IcmpMsgOutType0", "IcmpOutEchoReps", "IcmpMsgOutType14",
                                                 "IcmpOutTimestampReps"],
    "Linux looks at a long datagram's checksum when it is for somebody": ["UdpIgnoredMulti", "UdpInCsumErrors",
                                                                          "UdpInErrors"],
}


@pytest.fixture(scope="module")
def outcome():
    """The run, what the guest printed because of it, and by how much the counters of both have grown."""
    with Both() as sides:
        weir = sides[1]
        printed, before = weir.dut.console.mark(), [side.counters() for side in sides]
        run = Run(*sides, SEED)
        run.groups(0, GROUPS)
        weir.dut.run("sync")
        grown = [{k: v - old.get(k, 0) for k, v in side.counters().items()} for side, old in zip(sides, before)]
        yield run, weir.dut.console.text()[printed:], grown


def test_differential(outcome):
    run = outcome[0]
    assert run.frames >= 20000
    assert not run.differences, report(run.differences, shown=5) + f"make diff-frames SEED={SEED}"


@pytest.mark.parametrize("world", [w for w in WORLDS if w != "usual"])
def test_differential_other_settings(world):
    with Both(world) as sides:
        run = Run(*sides, SEED + 1)
        run.groups(0, GROUPS)
        assert not run.differences, (report(run.differences, shown=5) +
                                     f"tests/diff/differential.py --seed {SEED + 1} --world {world}")


def test_differential_counters(outcome):
    """IP, ICMP and UDP have counted the same, but for what one more error of those limits may be to the router itself."""
    linux, weir = outcome[2]
    expected = sum(EXPECTED.values(), [])
    differ = {name: (linux[name], weir[name]) for name in linux.keys() & weir.keys()
              if name.startswith(("Ip", "Icmp", "Udp")) and name not in expected
              and abs(linux[name] - weir[name]) > SLACK * (600 if name.endswith("Octets") else 1)}
    assert not differ, f"(linux, weir): {differ}"
    assert len(linux.keys() & weir.keys()) > 60


def test_differential_prints_nothing(outcome):
    """No packet of any kind makes the guest print to its console by default."""
    assert outcome[1] == ""
