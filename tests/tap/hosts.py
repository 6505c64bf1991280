# SPDX-License-Identifier: MIT
"""Two hosts, namespaces with a stack and tools of their own, and the device under test as the router between them."""
import contextlib

import netns
from dut_weir import Weir

RC = """
ip addr add 10.0.1.1/24 dev eth0
ip link set eth0 up
ip addr add 10.0.2.1/24 dev eth1
ip link set eth1 up
sysctl -w net.ipv4.ip_forward=1
"""
NEAR, FAR = "10.0.1.2", "10.0.2.2"


class Host(netns.Namespace):
    """10.0.1.2 or 10.0.2.2, behind eth0 or eth1 of the router."""

    def __init__(self, number):
        super().__init__()
        self.address, self.router = f"10.0.{number}.2", f"10.0.{number}.1"

    def plug(self, interface):
        """Its only network card; it is here still."""
        netns.run("ip", "link", "set", interface, "netns", str(self.holder.pid))
        netns.quiet(interface, self.prefix)
        self.run("ip", "link", "set", "lo", "up")
        self.run("ip", "addr", "add", f"{self.address}/24", "dev", interface)
        self.run("ip", "link", "set", interface, "up")
        self.run("ip", "route", "add", "default", "via", self.router)


@contextlib.contextmanager
def through_weir(near, far):
    with Weir(nics=2, rc=RC) as dut:
        for wire, tap, host in zip(dut.wires, dut.taps, (near, far)):
            wire.close()
            host.plug(tap)
        yield


@contextlib.contextmanager
def through_linux(near, far):
    router = netns.Namespace()
    try:
        for number, host in enumerate((near, far)):
            netns.run("ip", "link", "add", f"h{number}", "type", "veth", "peer", "name", f"eth{number}",
                      "netns", str(router.holder.pid))
            netns.quiet(f"eth{number}", router.prefix)
            host.plug(f"h{number}")
        for line in RC.split("\n"):
            if line:
                router.run(*line.split())
        yield
    finally:
        router.close()


@contextlib.contextmanager
def two_hosts(dut):
    near, far = Host(1), Host(2)
    try:
        with (through_linux if dut == "linux" else through_weir)(near, far):
            near.run("ping", "-q", "-c", "1", "-w", "20", FAR)
            yield near, far
    finally:
        near.close()
        far.close()
