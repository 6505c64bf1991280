# SPDX-License-Identifier: MIT
"""TCP between the device's tcpd (an echo server) and Linux's stack over a cable that loses, reorders, duplicates and
marks (host/weir-fault.c): every byte comes back, and the device recovers as it should."""
import contextlib
import hashlib
import os
import socket
import subprocess
import threading
import time

import pytest

import netns
from dut_linux import APPS
from dut_weir import BUILD, Weir
from hosts import Host

DUT = os.environ.get("DUT", "weir")
RC = """
ip addr add 10.0.1.1/24 dev eth0
ip link set eth0 up
sysctl -w net.ipv4.tcp_ecn=1
"""
DEVICE, PORT = "10.0.1.1", 4007
SIZE = 3 << 20


class LinuxDevice(netns.Namespace):
    """tcpd in a namespace; its card's other end is v0."""

    def __init__(self):
        super().__init__()
        netns.run("ip", "link", "add", "v0", "type", "veth", "peer", "name", "eth0", "netns", str(self.holder.pid))
        netns.quiet("v0")
        netns.quiet("eth0", self.prefix)
        for line in RC.strip().split("\n"):
            self.run(*line.split())
        self.server = subprocess.Popen(self.prefix + [os.path.join(APPS, "tcpd")], preexec_fn=netns.die_with_parent)

    def nstat(self):
        return self.run("nstat", "-asz")

    def close(self):
        self.server.kill()
        self.server.wait()
        super().close()


@contextlib.contextmanager
def device():
    """What tells its counters, and the name of its cable's end."""
    if DUT == "linux":
        dut = LinuxDevice()
        try:
            yield dut.nstat, "v0"
        finally:
            dut.close()
        return
    with Weir(nics=1, rc=RC + "tcpd &\n", test_image=True) as dut:
        dut.wires[0].close()
        yield lambda: dut.run("nstat -asz"), dut.taps[0]


@contextlib.contextmanager
def bad_cable(end, host, faults):
    """From the device's end to the host's card: a bridge, so that no offload goes past it, and the fault device."""
    cable = subprocess.Popen([os.path.join(BUILD, "weir-fault"), *faults, "r0", "h0"], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, text=True, preexec_fn=netns.die_with_parent)
    assert cable.stdout.readline() == "ready\n"
    netns.run("ip", "link", "add", "br0", "type", "bridge")
    for name in ("br0", "r0", end):
        netns.quiet(name)
        if name != "br0":
            netns.run("ip", "link", "set", name, "master", "br0")
        netns.run("ip", "link", "set", name, "up")
    host.plug("h0")
    try:
        yield
    finally:
        said = cable.communicate()[0]
        netns.run("ip", "link", "del", "br0")
        print(said)


@pytest.fixture(scope="module", name="dut")
def dut_fixture():
    with device() as dut:
        yield dut


def connect(host):
    with host.inside():
        sock = socket.socket()
    sock.settimeout(120)
    for _ in range(50):
        with contextlib.suppress(ConnectionRefusedError):
            sock.connect((DEVICE, PORT))
            return sock
    raise AssertionError("nobody listens")


def counters(text):
    return {words[0]: int(words[1]) for words in map(str.split, text.split("\n")) if len(words) > 1 and words[1].isdigit()}


FAULTS = {
    "loss and reordering": (["-l", "20000", "-r", "20000", "-t", "2"], {"tcp_ecn": 2}),
    "without SACK": (["-l", "10000", "-t", "2"], {"tcp_sack": 0}),
    "without timestamps": (["-l", "20000", "-r", "20000", "-d", "10000", "-t", "2"], {"tcp_timestamps": 0}),
    "marks": (["-c", "20000", "-t", "2"], {"tcp_ecn": 1}),
}


@pytest.mark.parametrize("row", FAULTS)
def test_tcp_loss(dut, row):
    nstat, end = dut
    faults, settings = FAULTS[row]
    data = os.urandom(SIZE)
    host = Host(1)
    before = counters(nstat())
    try:
        with bad_cable(end, host, faults):
            for name, value in settings.items():
                host.run("sysctl", "-qw", f"net.ipv4.{name}={value}")
            with connect(host) as sock:
                sender = threading.Thread(target=lambda: (sock.sendall(data), sock.shutdown(socket.SHUT_WR)))
                sender.start()
                back = hashlib.sha256()
                while part := sock.recv(1 << 16):
                    back.update(part)
                sender.join()
            time.sleep(0.1)  # the last ACK is on its way: lost, it would count as the next row's timeout
    finally:
        host.close()
    assert back.digest() == hashlib.sha256(data).digest()
    after = counters(nstat())
    rose = {name for name in after if after[name] > before.get(name, 0)}
    if row == "marks":
        assert {"TcpExtTCPDeliveredCE", "IpExtInCEPkts"} <= rose
        # Marks are no losses. A timeout may be, of a machine that stood still for a moment.
        assert not {"TcpExtTCPFastRetrans", "TcpExtTCPSackRecovery", "TcpExtTCPRenoRecovery"} & rose
    else:
        assert {"TcpRetransSegs", "TcpExtTCPFastRetrans", "TcpExtTCPRenoRecovery" if row == "without SACK" else
                "TcpExtTCPSackRecovery"} <= rose
