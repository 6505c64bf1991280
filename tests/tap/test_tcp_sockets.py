# SPDX-License-Identifier: MIT
"""Options of TCP sockets, as the device's program sockdrive sees them while a peer made by hand is at the other end."""
import os
import struct

import pytest

from sockdriver import OK, Driver, Socket, boot
from test_tcp_recovery import MSS, Peer

DUT = os.environ.get("DUT", "weir")
RC = """
ip addr add 10.0.1.1/24 dev eth0
ip link set eth0 up
"""
SOL_TCP, TCP_INFO, STREAM, LISTENER, CHILD = 6, 11, 1, 0, 1
TAIL = """snd_wnd rcv_wnd rehash total_rto total_rto_recoveries total_rto_time received_ce delivered_e1_bytes delivered_e0_bytes
delivered_ce_bytes received_e1_bytes received_e0_bytes received_ce_bytes accecn_fail_mode accecn_opt_seen""".split()


class Client(Peer):
    """To the listener of sockdrive."""

    to = 4100


@pytest.fixture(scope="module", name="host")
def host_fixture():
    with boot(DUT, RC, nics=1) as dut:
        yield dut


@pytest.fixture(name="driver")
def driver_fixture(host):
    driver = Driver(host.wires[0])
    listener = driver.open(LISTENER, kind=STREAM, port=Client.to)
    assert listener.say("listen", 5) == [OK]
    yield driver
    for number in range(10):
        driver.say("close", number)


def accepted(driver, host, number=CHILD, **more):
    """A connection: (the device's socket, its peer)."""
    peer = Client(host, wait=False, **more)
    while driver.say("accept", LISTENER, number) != [OK]:
        pass
    return Socket(driver, number), peer


def info(sock):
    raw = sock.get(SOL_TCP, TCP_INFO, 280)
    assert len(raw) == 280
    return dict(zip(TAIL, struct.unpack("IIIHHIIIIIIIIHH", raw[228:])))


@pytest.mark.parametrize("flags", ["S", "SEC"])
def test_info_counts_marks(host, driver, flags):
    """Of ECN, whether it was agreed to or not; not of what is no part of the connection."""
    sock, peer = accepted(driver, host, flags=flags)
    assert info(sock)["rcv_wnd"] > 0
    for tos in (0, 1, 2, 2, 3, 3, 3):
        peer.say(1, tos=tos)
    host.wires[0].send(peer.segment("A", peer.acked, tos=3))  # without data
    peer.seq += 5000000
    peer.say(1, tos=3)
    peer.seq -= 5000000 + MSS
    told = info(sock)
    assert told["received_ce"] == 4
    assert [told[f"received_{mark}_bytes"] for mark in ("e1", "e0", "ce")] == [MSS, 2 * MSS, 3 * MSS]
    assert not any(told[name] for name in TAIL if name.startswith("delivered") or "accecn" in name or "rto" in name)
    peer.end()


def test_info_counts_timeouts(host, driver):
    sock, peer = accepted(driver, host)
    assert sock.send(b"x" * MSS) == OK
    while (told := info(sock))["total_rto"] < 2:
        assert told["total_rto_recoveries"] == (told["total_rto"] > 0)
    running = info(sock)["total_rto_time"]
    assert running >= told["total_rto_time"] > 0
    peer.ack(1)
    ended = info(sock)
    assert ended["total_rto_time"] >= running
    later = info(sock)
    assert ended["total_rto_recoveries"] == 1 and later["total_rto_time"] == ended["total_rto_time"]
    assert sock.send(b"y" * MSS) == OK  # and again
    while (told := info(sock))["total_rto"] < ended["total_rto"] + 1:
        pass
    assert told["total_rto_recoveries"] == 2
    peer.end()
