# SPDX-License-Identifier: MIT
"""A hundred thousand routes: loaded from a file, found, taken away."""
import os
import sys

import pytest

from conftest import DUT, ROUTER, Linux, Weir
from dut_weir import TOP

sys.path.insert(0, os.path.join(TOP, "tests", "bench"))
import routes

COUNT = 100000


def count(dut):
    """Of the loaded ones; those of interfaces are 10.0.x."""
    return sum(not line.startswith("10.0.") for line in dut.run("ip route show").splitlines())


def check(dut):
    assert count(dut) == COUNT
    for address in routes.covered(5, COUNT):
        assert f"{address} via 10.0.2.2 dev eth1 " in dut.run(f"ip route get {address}")
    shown = dut.run("ip -s route flush via 10.0.2.2")
    assert f"deleting {COUNT} entries" in shown
    assert count(dut) == 0


def test_many_routes_from_standard_input():
    with Linux(nics=2, rc=ROUTER) if DUT == "linux" else Weir(nics=2, rc=ROUTER, mem="64M") as dut:
        dut.run("ip -batch -", stdin="\n".join(routes.lines(COUNT)))
        check(dut)


@pytest.mark.weir
def test_many_routes_from_the_initrd():
    """In 64 MB; a link that goes down takes them along, and no memory stays behind."""
    text = "\n".join(routes.lines(COUNT))
    with Weir(nics=2, mem="64M", rc=ROUTER + "ip -batch routes\n", files={"routes": text}) as dut:
        free = int(dut.run("free").split("\n")[1].split()[3])
        dut.run("ip link set eth1 down")
        assert count(dut) == 0
        assert int(dut.run("free").split("\n")[1].split()[3]) > free + 8000
        dut.run("ip link set eth1 up")
        dut.run("ip -batch -", stdin=text)
        check(dut)
