# SPDX-License-Identifier: MIT
"""50,000 SYNs a second from random sources: a real client keeps loading its data meanwhile, and nothing grows.

FLOOD_SECONDS sets the length (10).
"""
import contextlib
import os
import re
import select
import socket
import subprocess
import sys
import time

import pytest

import netns
from dut_linux import APPS
from dut_weir import TOP, Weir
from hosts import Host

DUT = os.environ.get("DUT", "weir")
SECONDS = float(os.environ.get("FLOOD_SECONDS") or 10)
RATE = 50000
DEVICE, PORT, BACKLOG = "10.0.1.1", 4007, 1024
RC = """
ip addr add 10.0.1.1/24 dev eth0
ip link set eth0 up
ip route add default via 10.0.1.2
"""


class LinuxDevice(netns.Namespace):
    """What Weir is, as far as this test goes."""

    def command_text(self, line):
        return self.run(*line.split())


@contextlib.contextmanager
def weir_and(host):
    with Weir(nics=1, rc=RC + "tcpd &\n", test_image=True) as dut:
        dut.wires[0].close()
        interface = dut.taps[0]
        host.plug(interface)
        yield dut.run, interface


@contextlib.contextmanager
def linux_and(host):
    device = LinuxDevice()
    server = None
    try:
        netns.run("ip", "link", "add", "h0", "type", "veth", "peer", "name", "eth0", "netns", str(device.holder.pid))
        netns.quiet("eth0", device.prefix)
        host.plug("h0")
        for line in RC.strip().split("\n"):
            device.run(*line.split())
        server = subprocess.Popen(device.prefix + [os.path.join(APPS, "tcpd")], preexec_fn=netns.die_with_parent)
        yield device.command_text, "h0"
    finally:
        if server:
            server.kill()
            server.wait()
        device.close()


def load(host):
    """A connection, 20 kB through it and back."""
    data = os.urandom(20000)
    with host.inside():
        sock = socket.socket()
    with sock:
        sock.settimeout(60)
        sock.connect((DEVICE, PORT))
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        back = b""
        while part := sock.recv(1 << 16):
            back += part
    assert back == data


def counter(run, name):
    """nstat knows only of counters that are not 0."""
    found = re.search(rf"^{name}\s+(\d+)", run(f"nstat -az {name}"), re.M)
    return int(found[1])


def begin_flood(host, interface, to=DEVICE, router=DEVICE, seconds=SECONDS):
    link = host.run("ip", "-o", "link", "show", interface)
    mac = re.search(r"link/ether (\S+)", link)[1]
    its = re.search(r"lladdr (\S+)", host.run("ip", "neigh", "show", router))[1]
    script = os.path.join(TOP, "tests", "tap", "syn_flood.py")
    return subprocess.Popen([*host.prefix, sys.executable, script, interface, mac, its, to, str(PORT), str(RATE),
                             str(seconds)], stdout=subprocess.PIPE, text=True, preexec_fn=netns.die_with_parent)


@pytest.fixture(scope="module", name="world")
def world_fixture():
    host = Host(1)
    try:
        with (linux_and if DUT == "linux" else weir_and)(host) as (run, interface):
            host.run("ping", "-q", "-c", "1", "-w", "20", DEVICE)
            yield host, run, interface
    finally:
        host.close()


def test_a_client_loads_through_a_syn_flood(world):
    host, run, interface = world
    for _ in range(50):  # tcpd may not have begun
        try:
            load(host)
            break
        except ConnectionRefusedError:
            select.select([], [], [], 0.1)
    flood = begin_flood(host, interface)
    end = time.monotonic() + 60
    while counter(run, "TcpExtSyncookiesSent") < BACKLOG:
        assert time.monotonic() < end, "the backlog never overflowed"
    loaded, most = 0, 0
    while flood.poll() is None or not loaded:
        load(host)
        loaded += 1
        if loaded % 4 == 1:
            most = max(most, len(run("ss -tan state syn-recv").splitlines()) - 1)
    sent = int(flood.stdout.read())
    print(f"{sent / SECONDS:.0f} SYNs a second, {loaded} loads, "
          f"{counter(run, 'TcpExtSyncookiesSent')} cookies, {most} waiting")
    assert loaded > 3
    assert counter(run, "TcpExtSyncookiesRecv") >= 1
    assert most <= BACKLOG + 16  # Linux may overshoot on several CPUs
    load(host)
