# SPDX-License-Identifier: MIT
"""Programs of classic BPF on sockets: SO_ATTACH_FILTER and its kin (tests/apps/bpfcalls.c beside Linux's), and over a wire."""
import os

import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.l2 import Ether

from sockdriver import OK, RAW, SOL_SOCKET, Driver, boot
from test_multicast import counters
from test_sockopts import prints_the_same

DUT = os.environ.get("DUT", "weir")
RC = """
ip addr add 10.0.1.1/24 brd 10.0.1.255 dev eth0
ip link set eth0 up
"""
HERE, PEER, STREAM, DGRAM = "10.0.1.1", "10.0.1.2", 1, 2
SO_REUSEPORT, SO_ATTACH_FILTER, SO_DETACH_FILTER, SO_RXQ_OVFL, SO_LOCK_FILTER = 15, 26, 27, 40, 44
SO_ATTACH_REUSEPORT_CBPF, SO_DETACH_REUSEPORT_BPF = 51, 68
AD, NET, LINK = -0x1000, -0x100000, -0x200000
WORD, HALF, BYTE, LEN, RET_A = 0x20, 0x28, 0x30, 0x80, 0x16


def keep(n):
    return 6, n


def only_if(load, k, value):
    """Those of which a load yields value; nothing is kept of the others."""
    return (load, k), (0x15, value, 1, 0), keep(0), keep(0xffff)


def test_programs_are_as_on_linux():
    """Odd programs, each code, the calls on each kind of socket, and what 6,000 programs made by chance leave of a datagram."""
    prints_the_same("bpfcalls", 6500)


@pytest.fixture(scope="module", name="host")
def host_fixture():
    with boot(DUT, RC, nics=1) as dut:
        if DUT == "linux":
            dut.space.run("sysctl", "-qw", "net.ipv4.ping_group_range=0 0")
        yield dut


@pytest.fixture(name="driver")
def driver_fixture(host):
    driver = Driver(host.wires[0])
    yield driver
    for number in range(10):
        driver.say("close", number)


def index(host):
    return int(host.run("ip -o link show eth0").split(":")[0])


def to_all(wire, data, sport=4000):
    return wire.eth(dst="ff:ff:ff:ff:ff:ff") / IP(src="10.0.1.3", dst="10.0.1.255") / UDP(dport=5000, sport=sport) / data


def test_what_a_program_sees(host, driver):
    """The data from UDP's header on, the headers before it, what is known of the packet: each tells the first datagram from the second."""
    wire = host.wires[0]
    sock = driver.open(0, port=5000)
    first = wire.udp(b"first", dport=5000, sport=4001, ip={"ttl": 77})
    second = to_all(wire, b"second!", sport=4002)
    for what in (only_if(HALF, 0, 4001), only_if(BYTE, 8, ord("f")), only_if(LEN, 0, 13), only_if(BYTE, NET + 8, 77),
                 only_if(BYTE, NET + 15, 2), only_if(WORD, NET + 16, 0x0a000101), only_if(WORD, AD + 4, 0), only_if(BYTE, 12, ord("t"))):
        assert sock.filter(*what) == OK
        wire.send(first, second)
        assert sock.drain() == [b"first"], what
    for what in (only_if(WORD, LINK, 0xffffffff), only_if(WORD, AD + 4, 1), only_if(BYTE, 14, ord("!")), only_if(BYTE, NET + 34, ord("!"))):
        assert sock.filter(*what) == OK
        wire.send(first, second)
        assert sock.drain() == [b"second!"], what
    for what in (only_if(WORD, AD + 8, index(host)), only_if(WORD, AD + 28, 1), only_if(WORD, AD, 0x0800), only_if(WORD, AD + 52, 8),
                 only_if(WORD, AD + 48, 0), only_if(HALF, LINK + 12, 0x0800)):
        assert sock.filter(*what) == OK
        wire.send(first, second)
        assert sock.drain() == [b"first", b"second!"], what


def test_what_is_cut_and_what_is_lost(host, driver):
    wire = host.wires[0]
    sock = driver.open(0, port=5000)
    assert sock.set(SOL_SOCKET, SO_RXQ_OVFL, 1) == OK
    before = counters(host)
    for n in (1, 8, 9, 12, 0, 0, 0):
        assert sock.filter(keep(n)) == OK
        wire.send(wire.udp(b"0123456789", dport=5000))
    assert sock.set(SOL_SOCKET, SO_DETACH_FILTER, 0) == OK
    wire.send(wire.udp(b"0123456789", dport=5000))
    assert [len(sock.recv()[2]) for _ in range(4)] == [0, 0, 1, 4]
    assert sock.recv()[2:] == (b"0123456789", {(SOL_SOCKET, SO_RXQ_OVFL): b"\3\0\0\0"})
    after = counters(host)
    assert after["UdpInErrors"] - before["UdpInErrors"] == 3
    assert after["UdpRcvbufErrors"] == before["UdpRcvbufErrors"]


def test_a_datagram_in_pieces(host, driver):
    wire = host.wires[0]
    sock = driver.open(0, port=5000)
    assert sock.filter((HALF, 1478), (7, 0), (WORD, 2500), (0x1c, 0), (RET_A, 0)) == OK  # A - X, which are far apart
    data = bytearray(2600)
    data[1470:1472], data[2492:2496] = b"\x10\0", b"\0\0\x11\x22"  # 4096, 4386
    whole = Ether(bytes(wire.udp(bytes(data), dport=5000)))  # with its checksum
    pieces = whole[IP].fragment(1400)
    assert len(pieces) == 2
    wire.send(*pieces)
    assert len(sock.recv()[2]) == 4386 - 4096 - 8 and sock.recv() == "EAGAIN"


def test_each_listener_of_a_broadcast(host, driver):
    wire = host.wires[0]
    socks = [driver.open(n, port=5000) for n in range(3)]
    assert socks[0].filter(keep(0)) == socks[1].filter(keep(11)) == OK
    wire.send(to_all(wire, b"to all"))
    assert [sock.drain() for sock in socks] == [[], [b"to "], [b"to all"]]


def reply(wire, seq):
    return wire.ipv4() / ICMP(type=0, id=77, seq=seq) / b"data that is longer than a frame has to be"


def test_raw_and_ping(host, driver):
    """Data begins with the IP header; and with ICMP's."""
    wire = host.wires[0]
    raw = driver.open(0, kind=RAW, protocol=1)
    ping = driver.open(1, kind=DGRAM, protocol=1, reuse=False)
    assert ping.bind(HERE, 77) == OK
    assert raw.filter(*only_if(HALF, 26, 2)) == OK
    assert ping.filter(*only_if(HALF, 6, 2)) == OK
    wire.send(*(reply(wire, seq) for seq in (1, 2, 3)))
    assert [d[20:] for d in raw.drain()] == ping.drain() == [bytes(reply(wire, 2)[ICMP])]
    assert raw.filter(*only_if(WORD, AD + 52, 28)) == ping.filter(*only_if(WORD, AD + 52, 8)) == OK
    wire.send(reply(wire, 3))
    assert len(raw.drain()) == len(ping.drain()) == 1
    assert raw.filter(keep(22)) == ping.filter(keep(3)) == OK
    wire.send(reply(wire, 4))
    assert [len(d) for d in raw.drain() + ping.drain()] == [22, 3]


def test_of_a_listener(host, driver):
    wire = host.wires[0]
    sock = driver.open(0, kind=STREAM)
    assert sock.bind(HERE, 80) == sock.listen() == OK
    for port, what in ((4001, only_if(HALF, 0, 4001)), (4003, only_if(WORD, AD + 52, 24))):  # where text would begin
        assert sock.filter(*what) == OK
        mark = wire.mark()
        wire.send(*(wire.ipv4() / TCP(sport=port - odd, dport=80, flags="S", options=[] if odd else [("MSS", 1000)])
                    for odd in (1, 0)))
        assert wire.wait(lambda p: TCP in p, mark)[TCP].dport == port
    assert sock.set(SOL_SOCKET, SO_LOCK_FILTER, 1) == OK
    assert sock.set(SOL_SOCKET, SO_DETACH_FILTER, 0) == "EPERM"


def test_a_program_chooses(host, driver):
    """By the payload's first byte; the last takes the place of who leaves; numbers that nobody has go by the flow."""
    wire = host.wires[0]
    group = [driver.open(n, reuse=False) for n in range(4)]
    for sock in group:
        assert sock.set(SOL_SOCKET, SO_REUSEPORT, 1) == sock.bind("0.0.0.0", 5000) == OK

    def send(*payloads):
        wire.send(*(wire.udp(bytes([n]), dport=5000, sport=4000 + n) for n in payloads))
        return [[d[0] for d in sock.drain()] for sock in group]
    assert group[2].filter((BYTE, 0), (RET_A, 0), name=SO_ATTACH_REUSEPORT_CBPF) == OK
    assert send(0, 1, 2, 3, 3, 2) == [[0], [1], [2, 2], [3, 3]]
    elsewhere = send(*range(4, 100))
    assert sorted(sum(elsewhere, [])) == list(range(4, 100)) and min(map(len, elsewhere)) > 5
    assert group.pop(1).close() == OK
    assert send(0, 1, 2) == [[0], [2], [1]]
    assert group[0].set(SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, 0) == OK
    assert group[1].set(SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, 0) == "ENOENT"


def test_option_memory(host, driver):
    sock = driver.open(0)
    host.run("sysctl -w net.core.optmem_max=10")
    assert sock.filter(keep(1)) == "ENOMEM"
    host.run("sysctl -w net.core.optmem_max=131072")
    assert sock.filter(keep(1)) == OK
