# SPDX-License-Identifier: MIT
"""Fixtures: the device under test, which is weir in QEMU or, with DUT=linux, the kernel of this machine.

A case that is red on Linux is a wrong case.
"""
import contextlib
import os

import pytest

import netns

try:
    netns.enter()  # before Scapy and the tests start threads
except PermissionError as error:
    pytest.exit(str(error), 2)

from dut_linux import Linux
from dut_weir import Weir
from sockdriver import Driver

DUT = os.environ.get("DUT", "weir")

ROUTER = """
ip addr add 10.0.1.1/24 dev eth0
ip link set eth0 up
ip addr add 10.0.2.1/24 dev eth1
ip link set eth1 up
sysctl -w net.ipv4.ip_forward=1
sysctl -w net.ipv4.icmp_ratelimit=0
sysctl -w net.ipv4.icmp_msgs_per_sec=1000000
echo &
sink &
"""


def pytest_configure(config):
    config.addinivalue_line("markers", "weir: about weir's own boot, console or commands; not run with DUT=linux")
    if DUT not in ("weir", "linux"):
        pytest.exit(f"DUT={DUT}: there are weir and linux", 2)


def pytest_collection_modifyitems(config, items):
    if DUT == "linux":
        unwanted = [item for item in items if item.get_closest_marker("weir")]
        config.hook.pytest_deselected(items=unwanted)
        items[:] = [item for item in items if item not in unwanted]


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failing test prints the command that repeats it, and the end of the guest's console."""
    outcome = yield
    report = outcome.get_result()
    if not report.failed:
        return
    name = item.name.split("[")[0]
    report.sections.append(("to repeat", f"make tap DUT={DUT} T={name}"))
    for value in item.funcargs.values():
        if isinstance(value, Weir) and value.console:
            report.sections.append(("console", value.console.text()[-3000:]))


@contextlib.contextmanager
def new_router():
    """Forwards between 10.0.1.0/24 on eth0 and 10.0.2.0/24 on eth1; UDP echo on 7, sink on 9."""
    make = Linux if DUT == "linux" else Weir
    with make(nics=2, rc=ROUTER) as dut:
        dut.wires[0].until_serving()
        yield dut


@pytest.fixture(scope="session")
def router():
    """One for all tests that leave it as it was."""
    with new_router() as dut:
        yield dut


@pytest.fixture
def wire(router):
    """The cable to the router's eth0."""
    return router.wires[0]


@pytest.fixture
def far(router):
    """The cable to the router's eth1."""
    return router.wires[1]


@pytest.fixture
def driver(host):
    """For modules whose device, host, runs sockdrive: its sockets, closed again."""
    it = Driver(host.wires[0])
    yield it
    for number in range(12):
        it.say("close", number)
