# SPDX-License-Identifier: MIT
"""TCP between the device's tcpd (an echo server, tests/apps/tcpd.c) and the sockets of a real Linux host."""
import hashlib
import os
import socket
import struct
import threading

import pytest

from hosts import DEVICE, Host, connect, device_beside, read_all

DUT = os.environ.get("DUT", "weir")
PORT = 4007
MIB = 1 << 20


@pytest.fixture(scope="module", name="host")
def host_fixture():
    host = Host(1)
    try:
        with device_beside(host, DUT, "tcpd &\n", test_image=True):
            yield host
    finally:
        host.close()


def echoes(host, mebibytes):
    """So much goes there and comes back as it was; our end closes first."""
    data = os.urandom(MIB) * mebibytes
    with connect(host, PORT, 120) as sock:
        sender = threading.Thread(target=lambda: (sock.sendall(data), sock.shutdown(socket.SHUT_WR)))
        sender.start()
        back = read_all(sock)
        sender.join()
    assert hashlib.sha256(back).digest() == hashlib.sha256(data).digest()


def test_connects_echoes_closes(host):
    with connect(host, PORT) as sock:
        sock.sendall(b"hello")
        assert sock.recv(100) == b"hello"
        sock.shutdown(socket.SHUT_WR)
        assert sock.recv(100) == b""


def test_ten_megabytes_each_way_and_a_half_close(host):
    echoes(host, 10)


def test_many_connections_at_once(host):
    socks = [connect(host, PORT) for _ in range(200)]
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
        with connect(host, PORT) as sock:
            sock.sendall(b"%d" % n)
            assert sock.recv(100) == b"%d" % n


def test_refused_and_reset(host):
    with host.inside():
        sock = socket.socket()
    sock.settimeout(10)
    with pytest.raises(ConnectionRefusedError):
        sock.connect((DEVICE, 4008))
    sock.close()
    sock = connect(host, PORT)  # SO_LINGER 0: our end is a RST, and the server goes on
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.send(b"x")
    sock.close()
    test_connects_echoes_closes(host)
