# SPDX-License-Identifier: MIT
"""TCP between the device's tcpd (an echo server, tests/apps/tcpd.c) and the sockets of a real Linux host."""
import contextlib
import hashlib
import os
import select
import socket
import struct
import subprocess
import threading

import pytest

import netns
from dut_linux import APPS
from dut_weir import Weir
from hosts import Host

DUT = os.environ.get("DUT", "weir")
RC = """
ip addr add 10.0.1.1/24 dev eth0
ip link set eth0 up
"""
DEVICE, PORT = "10.0.1.1", 4007
MIB = 1 << 20


@contextlib.contextmanager
def weir_and(host):
    with Weir(nics=1, rc=RC + "tcpd &\n", test_image=True) as dut:
        dut.wires[0].close()
        host.plug(dut.taps[0])
        yield


@contextlib.contextmanager
def linux_and(host):
    device = netns.Namespace()
    server = None
    try:
        netns.run("ip", "link", "add", "h0", "type", "veth", "peer", "name", "eth0", "netns", str(device.holder.pid))
        netns.quiet("eth0", device.prefix)
        host.plug("h0")
        for line in RC.split("\n"):
            if line:
                device.run(*line.split())
        server = subprocess.Popen(device.prefix + [os.path.join(APPS, "tcpd")], preexec_fn=netns.die_with_parent)
        yield
    finally:
        if server:
            server.kill()
            server.wait()
        device.close()


@pytest.fixture(scope="module", name="host")
def host_fixture():
    host = Host(1)
    try:
        with (linux_and if DUT == "linux" else weir_and)(host):
            host.run("ping", "-q", "-c", "1", "-w", "20", DEVICE)
            yield host
    finally:
        host.close()


def connect(host, timeout=30):
    with host.inside():
        sock = socket.socket()
    sock.settimeout(timeout)
    for _ in range(50):  # tcpd may not have begun
        try:
            sock.connect((DEVICE, PORT))
            return sock
        except ConnectionRefusedError:
            select.select([], [], [], 0.1)
    raise AssertionError("nobody listens")


def read_all(sock):
    parts = []
    while part := sock.recv(1 << 16):
        parts.append(part)
    return b"".join(parts)


def test_connects_echoes_closes(host):
    with connect(host) as sock:
        sock.sendall(b"hello")
        assert sock.recv(100) == b"hello"
        sock.shutdown(socket.SHUT_WR)
        assert sock.recv(100) == b""


def test_ten_megabytes_each_way_and_a_half_close(host):
    data = os.urandom(MIB) * 10
    with connect(host, 120) as sock:
        sender = threading.Thread(target=lambda: (sock.sendall(data), sock.shutdown(socket.SHUT_WR)))
        sender.start()
        back = read_all(sock)
        sender.join()
    assert hashlib.sha256(back).digest() == hashlib.sha256(data).digest()


def test_many_connections_at_once(host):
    socks = [connect(host) for _ in range(200)]
    for n, sock in enumerate(socks):
        sock.sendall(b"%d" % n * 100)
    for n, sock in enumerate(socks):
        want = b"%d" % n * 100
        got = b""
        while len(got) < len(want):
            part = sock.recv(1000)
            assert part
            got += part
        assert got == want
        sock.close()


def test_one_after_the_other(host):
    for n in range(100):
        with connect(host) as sock:
            sock.sendall(b"%d" % n)
            assert sock.recv(100) == b"%d" % n


def test_refused_and_reset(host):
    with host.inside():
        sock = socket.socket()
    sock.settimeout(10)
    with pytest.raises(ConnectionRefusedError):
        sock.connect((DEVICE, 4008))
    sock.close()
    sock = connect(host)  # SO_LINGER 0: our end is a RST, and the server goes on
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.send(b"x")
    sock.close()
    test_connects_echoes_closes(host)
