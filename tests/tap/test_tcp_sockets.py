# SPDX-License-Identifier: MIT
"""Options of TCP sockets, as the device's program sockdrive sees them while a peer made by hand is at the other end."""
import os
import struct

import pytest

from sockdriver import OK, SOL_SOCKET, Driver, Socket, boot
from test_tcp_recovery import MSS, Peer

DUT = os.environ.get("DUT", "weir")
RC = """
ip addr add 10.0.1.1/24 dev eth0
ip link set eth0 up
"""
SOL_TCP, TCP_INFO, TCP_INQ, SO_PEEK_OFF = 6, 11, 36, 42
MSG_PEEK, ROOM = 2, 2048
STREAM, LISTENER, CHILD = 1, 0, 1
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


def test_info_of_a_listener(host, driver):
    """Little: who waits, how many may, what a connection begins with."""
    listener = Socket(driver, LISTENER)
    first = struct.Struct("8B24I2Q")
    told = listener.get(SOL_TCP, TCP_INFO, 280)
    waiting, room, cwnd, reordering = 0, 5, 10, 3
    want = first.pack(10, *[0] * 7, *[0] * 4, waiting, room, *[0] * 12, cwnd, 0, reordering, *[0] * 3, 2**64 - 1, 2**64 - 1)
    assert told == want.ljust(280, b"\0")
    assert listener.get(SOL_TCP, TCP_INFO, 25) == want[:25]


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


def inq(sock, flags=0):
    """(bytes, what TCP_CM_INQ says is left)"""
    got = sock.recv(flags)
    return got if isinstance(got, str) else (got[2], *(struct.unpack("i", v)[0] for v in got[3].values()))


def test_inq(host, driver):
    sock, peer = accepted(driver, host)
    peer.say(1)
    assert inq(sock) == (b"x" * MSS,)
    assert [sock.set(SOL_TCP, TCP_INQ, value) for value in (-1, 2, b"\1")] == ["EINVAL"] * 3
    assert sock.set(SOL_TCP, TCP_INQ, 1) == OK and sock.get_int(SOL_TCP, TCP_INQ) == 1
    peer.say(5)
    assert inq(sock, MSG_PEEK)[1:] == (5 * MSS,)
    assert inq(sock)[1:] == (5 * MSS - ROOM,)
    assert inq(sock)[1:] == (0,)
    assert inq(sock) == "EAGAIN"
    peer.say(1)
    host.wires[0].send(peer.segment("FA", peer.acked))
    assert inq(sock)[1:] == (1,)  # the end
    assert inq(sock) == inq(sock) == (b"", 1)
    peer.end()


def test_peek_offset(host, driver):
    sock, peer = accepted(driver, host)
    offset = lambda: sock.get_int(SOL_SOCKET, SO_PEEK_OFF)
    for data in (b"abcdef", b"ghi"):
        host.wires[0].send(peer.segment("PA", peer.acked, data))
        peer.seq += len(data)
    assert [offset(), sock.peek(), offset()] == [-1, b"abcdefghi", -1]
    assert sock.set(SOL_SOCKET, SO_PEEK_OFF, 2) == OK
    assert [sock.peek(), offset(), sock.peek(), offset()] == [b"cdefghi", 9, "EAGAIN", 9]
    host.wires[0].send(peer.segment("PA", peer.acked, b"jkl"))
    peer.seq += 3
    assert [sock.peek(), offset()] == [b"jkl", 12]
    assert sock.set(SOL_SOCKET, SO_PEEK_OFF, 14) == OK
    assert [sock.peek(), sock.recv()[2], offset()] == ["EAGAIN", b"abcdefghijkl", 2]
    host.wires[0].send(peer.segment("FPA", peer.acked, b"mnop"))
    assert [sock.peek(), offset(), sock.peek(), offset()] == [b"op", 4, b"", 4]
    assert sock.set(SOL_SOCKET, SO_PEEK_OFF, -2) == OK
    assert [sock.peek(), sock.recv()[2], offset()] == [b"mnop", b"mnop", -2]
    peer.end()
