# SPDX-License-Identifier: MIT
"""SO_TIMESTAMPING: when what a socket sends waits for the NIC, goes to it, is acknowledged; when what it receives came."""
import os
import struct
import time

import pytest
from scapy.layers.inet import IP, UDP

from sockdriver import DGRAM, OK, RAW, SOL_IP, SOL_SOCKET, addr, cmsg
from test_tcp_sockets import STREAM, accepted, driver_fixture, host_fixture  # noqa: F401

DUT = os.environ.get("DUT", "weir")
PEER = "10.0.1.2"
SO_TIMESTAMP, SO_TIMESTAMPING, SO_BINDTODEVICE, SO_ERROR, IP_PKTINFO, IP_RECVERR, IP_RECVTTL = 29, 37, 25, 4, 8, 11, 12
MSG_ERRQUEUE, MSG_MORE = 0x2000, 0x8000
TX_HW, TX_SW, RX_HW, RX_SW, SOFTWARE, SYS_HW, RAW_HW, OPT_ID, TX_SCHED, TX_ACK, OPT_CMSG, OPT_TSONLY, OPT_STATS = (1 << n for n in range(13))
BIND_PHC, OPT_ID_TCP = 1 << 15, 1 << 16
SND, SCHED, ACK = range(3)
ENOMSG, TIMESTAMPING = 42 if DUT == "linux" else 35, 4  # newlib's number


def stamps(sock):
    """What waits on the error queue: (stage, number, data, offender's family, the other ancillary data)."""
    told = []
    while (got := sock.recv(MSG_ERRQUEUE)) != "EAGAIN":
        name, _, data, cmsgs = got
        assert name == "0.0.0.0"
        seconds, nanoseconds, *hardware = struct.unpack("6q", cmsgs.pop((SOL_SOCKET, SO_TIMESTAMPING)))
        assert seconds and nanoseconds < 10**9 and not any(hardware)
        error = struct.unpack("IBBBBIIHH4s8x", cmsgs.pop((SOL_IP, IP_RECVERR)))
        assert error[:5] == (ENOMSG, TIMESTAMPING, 0, 0, 0)
        told.append((error[5], error[6], data, (error[7], error[9]), cmsgs))
    return told


def news(sock, seen):
    """The same without those that come again since a segment was sent again."""
    return [t for t in stamps(sock) if t[:2] not in seen and not seen.add(t[:2])]


def ask(sock, flags):
    assert sock.set(SOL_SOCKET, SO_TIMESTAMPING, flags) == OK
    return sock


def test_received(host, driver):
    """By software, and beside SO_TIMESTAMP; neither without being asked for."""
    wire = host.wires[0]
    sock = driver.open(1, port=5000)
    for flags, extra, want in ((RX_SW | SOFTWARE, 0, [SO_TIMESTAMPING]), (RX_SW | SOFTWARE, 1, [SO_TIMESTAMP, SO_TIMESTAMPING]),
                               (RX_SW, 1, [SO_TIMESTAMP]), (RX_SW, 0, []), (RX_HW | RAW_HW, 0, []), (0, 0, [])):
        ask(sock, flags)
        assert sock.set(SOL_SOCKET, SO_TIMESTAMP, extra) == OK
        assert sock.get(SOL_SOCKET, SO_TIMESTAMPING, 64) == struct.pack("II", flags, 0)
        for tries in range(100):  # Linux begins to stamp a while after it was asked
            wire.send(wire.udp(b"x", dport=5000))
            cmsgs = sock.recv()[3]
            if list(cmsgs) == [(SOL_SOCKET, name) for name in want]:
                break
            time.sleep(0.01)
        assert list(cmsgs) == [(SOL_SOCKET, name) for name in want]
        times = [struct.unpack("2q", value[:16]) for value in cmsgs.values()]
        assert len(times) < 2 or (times[0][0] == times[1][0] and times[0][1] == times[1][1] // 1000)
        assert all(value[16:] == bytes(32) for value in cmsgs.values() if len(value) > 16)


@pytest.mark.parametrize("kind,protocol,message", [(DGRAM, 17, b"payload"), (RAW, 17, b"\1\2\3\4\0\x0a\0\0ab"),
                                                   (DGRAM, 1, b"\x08\0\0\0\0\0\0\1ping"), (RAW, 255, None)])
def test_sent(host, driver, kind, protocol, message):
    """The frame comes back at each stage, with the number of the datagram."""
    if DUT == "linux":
        host.space.run("sysctl", "-w", "net.ipv4.ping_group_range=0 2147483647")
    sock = driver.open(1, kind=kind, protocol=protocol)
    if message is None:
        message = bytes(IP(src="10.0.1.1", dst=PEER, proto=17) / UDP(sport=5, dport=6) / b"whole")
    ask(sock, TX_SW | TX_SCHED | SOFTWARE | OPT_ID)
    for number in range(2):
        assert sock.send(message, PEER, 4000 if kind == DGRAM and protocol == 17 else 0) == OK
        told = stamps(sock)
        assert [t[:2] for t in told] == [(SCHED, number), (SND, number)]
        for _, _, data, offender, cmsgs in told:
            assert data[12:14] == b"\x08\0" and data.endswith(message[20 if protocol == 255 else 8 if protocol == 1 else 0:])
            assert offender == (0, bytes(4)) and not cmsgs
    ask(sock, TX_SW | SOFTWARE | OPT_TSONLY)
    assert sock.send(message, PEER, 4000 if kind == DGRAM and protocol == 17 else 0) == OK
    assert stamps(sock) == [(SND, 0, b"", (0, bytes(4)), {})]
    ask(sock, TX_SW | TX_HW | TX_ACK)  # made, and not told of; by hardware there is none
    assert sock.send(message, PEER, 4000 if kind == DGRAM and protocol == 17 else 0) == OK
    got = sock.recv(MSG_ERRQUEUE)
    assert list(got[3]) == [(SOL_IP, IP_RECVERR)] and sock.recv(MSG_ERRQUEUE) == "EAGAIN"
    assert sock.get_int(SOL_SOCKET, SO_ERROR) == 0


def test_sent_with_packet_information(host, driver):
    sock = driver.open(1, port=5000)
    index = int(host.run("ip -o link show eth0").split(":")[0])
    assert sock.set(SOL_IP, IP_PKTINFO, 1) == sock.set(SOL_IP, IP_RECVTTL, 1) == OK
    for flags in (TX_SW | SOFTWARE, TX_SW | SOFTWARE | OPT_CMSG | OPT_TSONLY):
        assert ask(sock, flags).send(b"x", PEER, 4000) == OK
        assert [t[3:] for t in stamps(sock)] == [((0, bytes(4)), {})]
    assert ask(sock, TX_SW | SOFTWARE | OPT_CMSG).send(b"x", PEER, 4000) == OK
    told = stamps(sock)
    assert [t[3] for t in told] == [(2, addr("10.0.1.1"))]
    assert told[0][4] == {(SOL_IP, IP_PKTINFO): struct.pack("i", index) + addr("10.0.1.1") + addr(PEER),
                          (SOL_IP, 2): struct.pack("i", 64)}


def test_single_messages(host, driver):
    """Ancillary data asks for this one's stamps; numbers count those that have any."""
    sock = ask(driver.open(1, port=5000), SOFTWARE | OPT_ID | OPT_TSONLY)
    want = lambda flags: cmsg(SOL_SOCKET, SO_TIMESTAMPING, struct.pack("I", flags))
    assert sock.send(b"x", PEER, 4000, control=want(TX_SW)) == OK
    assert sock.send(b"x", PEER, 4000) == OK
    assert sock.send(b"x", PEER, 4000, control=want(TX_SCHED)) == OK
    assert sock.send(b"x", PEER, 4000, control=want(TX_HW)) == OK
    assert sock.send(b"x", PEER, 4000, control=want(TX_SCHED | TX_SW)) == OK
    assert [t[:2] for t in stamps(sock)] == [(SND, 0), (SCHED, 1), (SCHED, 3), (SND, 3)]
    for bad in (want(SOFTWARE), want(OPT_ID), cmsg(SOL_SOCKET, SO_TIMESTAMPING, b"\2"), cmsg(SOL_SOCKET, SO_TIMESTAMPING, bytes(8))):
        assert sock.send(b"x", PEER, 4000, control=bad) == "EINVAL"
    ask(sock, TX_SW | SOFTWARE | OPT_ID)
    assert sock.send(b"x", PEER, 4000, control=want(0)) == OK
    assert stamps(sock) == []
    assert sock.send(b"one ", PEER, 4000, flags=MSG_MORE) == sock.send(b"datagram", PEER, 4000) == OK
    assert [(t[:2], t[2][-12:]) for t in stamps(sock)] == [((SND, 4), b"one datagram")]


def test_pieces_have_one_stamp(host, driver):
    sock = ask(driver.open(1, port=5000), TX_SW | TX_SCHED | SOFTWARE | OPT_ID)
    assert sock.set(SOL_IP, 10, 0) == OK  # IP_PMTUDISC_DONT
    assert sock.send(b"x" * 2000, PEER, 4000) == OK
    told = stamps(sock)
    assert [t[:2] for t in told] == [(SCHED, 0), (SND, 0)]
    assert all(t[2][20:22] == b"\x20\0" for t in told)  # the first


@pytest.mark.weir
def test_vlan(host, driver):
    """Each device has a queue; one of them is a NIC."""
    for line in ("ip link add link eth0 name eth0.5 type vlan id 5", "ip addr add 10.0.5.1/24 dev eth0.5", "ip link set eth0.5 up",
                 "ip neigh add 10.0.5.2 lladdr 02:00:00:00:05:02 dev eth0.5"):
        host.run(line)
    sock = ask(driver.open(1, port=5000), TX_SW | TX_SCHED | SOFTWARE | OPT_ID)
    assert sock.send(b"x", "10.0.5.2", 4000) == OK
    assert [t[:2] for t in stamps(sock)] == [(SCHED, 0), (SCHED, 0), (SND, 0)]
    host.run("ip link del eth0.5")


def test_looped(host, driver):
    host.run("ip link set lo up")
    hears, sock = driver.open(2, port=5001), ask(driver.open(1, port=5000), TX_SW | TX_SCHED | SOFTWARE | OPT_ID)
    assert sock.send(b"x", "127.0.0.1", 5001) == OK
    assert [t[:2] for t in stamps(sock)] == [(SCHED, 0), (SND, 0)]
    assert hears.drain() == [b"x"]


def test_what_is_refused(host, driver):
    sock = driver.open(1)
    for bad in (1 << 19, 1 << 31, OPT_ID_TCP, OPT_STATS):
        assert sock.set(SOL_SOCKET, SO_TIMESTAMPING, struct.pack("I", bad)) == "EINVAL"
    assert sock.set(SOL_SOCKET, SO_TIMESTAMPING, BIND_PHC) == "EOPNOTSUPP"
    assert sock.set(SOL_SOCKET, SO_BINDTODEVICE, b"eth0") == OK
    assert sock.set(SOL_SOCKET, SO_TIMESTAMPING, struct.pack("II", BIND_PHC, 0)) == "EINVAL"
    assert sock.set(SOL_SOCKET, SO_TIMESTAMPING, b"\2\0\0") == "EINVAL"
    assert sock.get(SOL_SOCKET, SO_TIMESTAMPING, 3) == bytes(3)
    stream = driver.open(2, kind=STREAM)
    assert stream.set(SOL_SOCKET, SO_TIMESTAMPING, OPT_ID) == "EINVAL"
    assert stream.set(SOL_SOCKET, SO_TIMESTAMPING, TX_SW) == OK


@pytest.mark.parametrize("by_write", [False, True])
def test_streams(host, driver, by_write):
    """Stamps are of the last byte of each write, whose number is told."""
    seen = set()
    sock, peer = accepted(driver, host)
    assert sock.send(b"1234") == OK  # is not acknowledged: bytes count from there, or behind it
    start = 0 if by_write else 4
    ask(sock, TX_SW | TX_SCHED | TX_ACK | SOFTWARE | OPT_ID | (OPT_ID_TCP if by_write else 0))
    assert sock.set(6, 1, 1) == OK  # TCP_NODELAY
    assert sock.send(b"abc") == OK
    told = news(sock, seen)
    assert [t[:2] for t in told] == [(SCHED, start + 2), (SND, start + 2)]
    assert all(t[2].endswith(b"abc") and t[2][12:14] == b"\x08\0" for t in told)
    assert sock.send(b"defgh") == OK
    assert [t[:2] for t in news(sock, seen)] == [(SCHED, start + 7), (SND, start + 7)]
    host.wires[0].send(peer.segment("A", peer.base + 4 + 5))
    assert [t[:3] for t in news(sock, seen)] == [(ACK, start + 2, b"abc")]
    host.wires[0].send(peer.segment("A", peer.base + 4 + 8))
    told = news(sock, seen)
    assert [t[:2] for t in told] == [(ACK, start + 7)] and told[0][2].endswith(b"fgh")
    ask(sock, TX_ACK | SOFTWARE | OPT_TSONLY | OPT_ID)
    assert sock.send(b"i" * 1200) == OK  # three segments
    host.wires[0].send(peer.segment("A", peer.base + 12 + 1000))
    assert news(sock, seen) == []
    host.wires[0].send(peer.segment("A", peer.base + 12 + 1200))
    assert [t[:3] for t in news(sock, seen)] == [(ACK, start + 8 + 1199, b"")]
    ask(sock, RX_SW | SOFTWARE)
    for tries in range(100):
        peer.say(1)
        cmsgs = sock.recv()[3]
        if cmsgs:
            break
        time.sleep(0.01)
    assert list(cmsgs) == [(SOL_SOCKET, SO_TIMESTAMPING)]
    peer.end()


def test_streams_in_segments(host, driver):
    """A write of several segments: one of them has the byte."""
    seen = set()
    sock, peer = accepted(driver, host)
    ask(sock, TX_SW | SOFTWARE | OPT_ID)
    assert sock.send(b"z" * 1300) == OK
    told = news(sock, seen)
    assert [t[:2] for t in told] == [(SND, 1299)]
    peer.end()
