# SPDX-License-Identifier: MIT
"""UDP sockets: options, ancillary data, errors, who of several gets a datagram, pieces. udp(7), ip(7), socket(7)."""
import os
import struct
import time

import pytest
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.l2 import Ether

from sockdriver import OK, RAW, SOL_IP, SOL_SOCKET, SOL_UDP, TWO_NICS, addr, boot, cmsg, refusal, sent
from test_multicast import counters
from wire import payload

DUT = os.environ.get("DUT", "weir")
RC = TWO_NICS + """sysctl -w net.ipv4.icmp_ratelimit=0
"""
HERE, SECOND, PEER = "10.0.1.1", "10.0.1.11", "10.0.1.2"
SO_REUSEADDR, SO_ERROR, SO_BROADCAST, SO_RCVBUF, SO_NO_CHECK, SO_PRIORITY, SO_REUSEPORT = 2, 4, 6, 8, 11, 12, 15
SO_DONTROUTE, SO_BINDTODEVICE, SO_TIMESTAMP, SO_RCVBUFFORCE, SO_RXQ_OVFL = 5, 25, 29, 33, 40
IP_TOS, IP_TTL, IP_PKTINFO, IP_MTU_DISCOVER, IP_RECVERR, IP_RECVTTL, IP_RECVTOS = 1, 2, 8, 10, 11, 12, 13
IP_FREEBIND, IP_ORIGDSTADDR, UDP_CORK = 15, 20, 1
SO_PEEK_OFF, SO_INCOMING_NAPI_ID = 42, 56
MSG_MORE, MSG_ERRQUEUE, MSG_PEEK, MSG_TRUNC = 0x8000, 0x2000, 2, 0x20


@pytest.fixture(scope="module", name="host")
def host_fixture():
    with boot(DUT, RC) as dut:
        yield dut


def test_connected_hears_only_its_peer(host, driver):
    wire = host.wires[0]
    sock = driver.open(0, port=5000)
    assert sock.connect(PEER, 4000) == OK
    wire.send(wire.udp(b"peer", dport=5000), wire.udp(b"other port", dport=5000, sport=4001),
              wire.udp(b"other host", dport=5000, ip={"src": "10.0.1.3"}))
    assert sock.drain() == [b"peer"]
    mark = wire.mark()
    assert sock.send(b"to the peer") == OK
    assert payload(sent(wire, mark, 4000)) == b"to the peer"
    assert sock.connect("-") == OK
    assert sock.send(b"nobody") == "EDESTADDRREQ"
    assert sock.recv(1) == "EAGAIN"  # MSG_OOB: nothing that UDP knows
    wire.send(wire.udp(b"anybody", dport=5000, sport=4001))
    assert sock.drain() == [b"anybody"]


def test_the_most_specific_socket_is_chosen(host, driver):
    """Connected, then bound to the address, then any; bound to the device before others."""
    wire = host.wires[0]
    any_ = driver.open(0, port=5000)
    bound = driver.open(1, port=5000, address=HERE)
    connected = driver.open(2, port=5000)
    assert connected.connect(PEER, 4000) == OK
    device = driver.open(3)
    assert device.set(SOL_SOCKET, SO_BINDTODEVICE, b"eth0") == OK
    assert device.bind("0.0.0.0", 5000) == OK
    other = driver.open(4)
    assert other.set(SOL_SOCKET, SO_BINDTODEVICE, b"eth1") == OK
    assert other.bind(HERE, 5000) == OK
    wire.send(wire.udp(b"1", dport=5000), wire.udp(b"2", dport=5000, sport=4001),
              wire.udp(b"3", dport=5000, ip={"dst": SECOND}))
    got = [s.drain() for s in (any_, bound, connected, device, other)]
    assert got == [[], [b"2"], [b"1"], [b"3"], []]


def test_of_equal_sockets_the_last_bound_one(host, driver):
    wire = host.wires[0]
    first, last = driver.open(0, port=5000), driver.open(1, port=5000)
    wire.send(wire.udp(b"1", dport=5000), wire.udp(b"2", dport=5000, sport=4001))
    assert (first.drain(), last.drain()) == ([], [b"1", b"2"])


def test_reuseport_spreads_flows(host, driver):
    wire = host.wires[0]
    group = []
    for n in range(4):
        sock = driver.open(n, reuse=False)
        assert sock.set(SOL_SOCKET, SO_REUSEPORT, 1) == OK
        assert sock.bind("0.0.0.0", 5000) == OK
        group.append(sock)
    ports = range(30000, 30120)
    got = [[] for _ in group]
    for _ in range(2):
        wire.send(*(wire.udp(b"%d" % p, dport=5000, sport=p) for p in ports))
        for sock, datagrams in zip(group, got):  # each time: one whom chance favours has room for some 90
            datagrams += sock.drain()
    assert sorted(int(p) for d in got for p in d) == sorted(list(ports) * 2), host.run("nstat -as")
    assert all(10 <= len(d) <= 120 for d in got), [len(d) for d in got]
    for datagrams in got:  # a flow stays with its socket
        assert all(datagrams.count(d) == 2 for d in datagrams)


@pytest.mark.parametrize("first,second,result", [
    (None, None, "EADDRINUSE"), (SO_REUSEADDR, None, "EADDRINUSE"), (None, SO_REUSEADDR, "EADDRINUSE"),
    (SO_REUSEADDR, SO_REUSEADDR, OK), (SO_REUSEPORT, SO_REUSEPORT, OK), (SO_REUSEPORT, SO_REUSEADDR, "EADDRINUSE"),
    (SO_REUSEPORT, None, "EADDRINUSE")])
def test_who_may_share_a_port(host, driver, first, second, result):
    socks = [driver.open(n, reuse=False) for n in range(2)]
    for sock, option in zip(socks, (first, second)):
        if option:
            assert sock.set(SOL_SOCKET, option, 1) == OK
    assert socks[0].bind("0.0.0.0", 5000) == OK
    assert socks[1].bind(HERE, 5000) == result


def test_bind(host, driver):
    sock = driver.open(0)
    assert sock.bind("10.9.9.9", 5000) == "EADDRNOTAVAIL"
    assert sock.set(SOL_IP, IP_FREEBIND, 1) == OK
    assert sock.bind("10.9.9.9", 5000) == OK
    assert sock.say("name")[:2] == ["10.9.9.9", "5000"]
    assert sock.bind("10.9.9.9", 5001) == "EINVAL"
    assert sock.send(b"from nowhere", PEER, 4000) == "ENETUNREACH"
    assert driver.open(1).bind("10.0.1.255", 5000) == OK
    assert driver.open(2).bind("224.0.0.1", 5000) == OK
    host.run("sysctl -w net.ipv4.ip_nonlocal_bind=1")
    assert driver.open(3).bind("10.8.8.8", 5000) == OK
    host.run("sysctl -w net.ipv4.ip_nonlocal_bind=0")


def test_broadcast_needs_leave(host, driver):
    wire = host.wires[0]
    sock = driver.open(0)
    assert sock.send(b"no", "10.0.1.255", 4000) == "EACCES"
    assert sock.connect("10.0.1.255", 4000) == "EACCES"
    assert sock.set(SOL_SOCKET, SO_BROADCAST, 1) == OK
    mark = wire.mark()
    assert sock.send(b"yes", "10.0.1.255", 4000) == OK
    assert sent(wire, mark, 4000)[Ether].dst == "ff:ff:ff:ff:ff:ff"


def test_failing_connect_has_bound(host, driver):
    sock = driver.open(0)
    assert sock.connect("192.0.2.99", 4000) == "ENETUNREACH"
    assert sock.bind("0.0.0.0", 5000) == "EINVAL"


def test_dissolving_forgets_the_device(host, driver):
    sock = driver.open(0, port=5000)
    assert sock.set(SOL_SOCKET, SO_BINDTODEVICE, b"eth1") == OK
    assert sock.connect("-") == OK
    assert sock.get(SOL_SOCKET, SO_BINDTODEVICE, 16) == b""
    host.wires[0].send(host.wires[0].udp(b"any device", dport=5000))
    assert sock.drain() == [b"any device"]


def test_raw_errors(host, driver):
    """What Linux refuses of raw sockets: binding a connected one, ICMP without type and code."""
    raw = driver.open(0, kind=RAW, protocol=1)
    assert raw.send(b"") == "EDESTADDRREQ"
    assert [raw.send(data, PEER, 0) for data in (b"", b"\x08", b"\x08\0")] == ["EFAULT", "EFAULT", OK]
    assert raw.connect(PEER) == OK
    assert raw.bind("192.0.2.99", 0) == raw.bind(HERE, 0) == "EINVAL"
    bare = driver.open(1, kind=RAW, protocol=255)
    assert bare.say("name") == ["0.0.0.0", "255", OK]
    foreign = cmsg(SOL_IP, IP_PKTINFO, bytes(4) + addr("203.0.113.9") + bytes(4))  # the header's writer may say it
    assert bare.send(b"E" + bytes(7), PEER, 0, control=foreign) == "EINVAL"  # but must write one
    assert bare.connect(PEER) == bare.connect("-") == OK
    assert bare.say("name") == ["0.0.0.0", "0", OK]


def test_without_checksum(host, driver):
    wire = host.wires[0]
    sock = driver.open(0, port=5000)
    assert sock.set(SOL_SOCKET, SO_NO_CHECK, 1) == OK
    mark = wire.mark()
    assert sock.send(b"bare", PEER, 4000) == OK
    assert sent(wire, mark, 4000)[UDP].chksum == 0
    wire.send(wire.udp(b"bare too", dport=5000, chksum=0))
    assert sock.drain() == [b"bare too"]


def test_ancillary_data_in(host, driver):
    wire = host.wires[0]
    sock = driver.open(0, port=5000)
    for level, name in ((SOL_IP, IP_PKTINFO), (SOL_IP, IP_RECVTTL), (SOL_IP, IP_RECVTOS), (SOL_IP, IP_ORIGDSTADDR),
                        (SOL_SOCKET, SO_TIMESTAMP)):
        assert sock.set(level, name, 1) == OK
        assert sock.get_int(level, name) == 1
    wire.send(wire.udp(b"marked", dport=5000, ip={"dst": SECOND, "ttl": 77, "tos": 0x2c}))
    source, port, data, cmsgs = sock.recv()
    assert (source, port, data) == (PEER, 4000, b"marked")
    index = int(host.run("ip -o link show eth0").split(":")[0])
    assert list(cmsgs) == [(SOL_SOCKET, SO_TIMESTAMP), (SOL_IP, IP_PKTINFO), (SOL_IP, IP_TTL), (SOL_IP, IP_TOS),
                           (SOL_IP, IP_ORIGDSTADDR)]
    assert cmsgs[(SOL_IP, IP_PKTINFO)] == struct.pack("i", index) + addr(SECOND) * 2
    assert cmsgs[(SOL_IP, IP_TTL)] == struct.pack("i", 77)
    assert cmsgs[(SOL_IP, IP_TOS)] == b"\x2c"
    assert cmsgs[(SOL_IP, IP_ORIGDSTADDR)] == struct.pack("=H", 2) + struct.pack("!H", 5000) + addr(SECOND) + bytes(8)


def test_ancillary_data_out(host, driver):
    wire, far = host.wires
    sock = driver.open(0, port=5000)
    mark = wire.mark()
    assert sock.send(b"x", PEER, 4000, control=cmsg(SOL_IP, IP_PKTINFO, bytes(4) + addr(SECOND) + bytes(4)) +
                     cmsg(SOL_IP, IP_TTL, struct.pack("i", 9)) + cmsg(SOL_IP, IP_TOS, struct.pack("i", 0x10))) == OK
    p = sent(wire, mark, 4000)
    assert (p[IP].src, p[IP].ttl, p[IP].tos) == (SECOND, 9, 0x10)
    rows = [(cmsg(SOL_IP, IP_TTL, struct.pack("i", 0)), "EINVAL"), (cmsg(SOL_IP, IP_TTL, b"\x01"), "EINVAL"),
            (cmsg(SOL_IP, IP_TTL, struct.pack("i", 256)), "EINVAL"), (cmsg(SOL_IP, 77, bytes(4)), "EINVAL"),
            (cmsg(SOL_IP, IP_PKTINFO, bytes(11)), "EINVAL"), (struct.pack("Qii", 15, 0, 8), "EINVAL"),
            (struct.pack("Qii", 400, 0, 8), "EINVAL"),
            (cmsg(SOL_IP, IP_PKTINFO, struct.pack("i", 99) + bytes(8)), "ENODEV")]
    assert [sock.send(b"x", PEER, 4000, control=c) for c, _ in rows] == [wanted for _, wanted in rows]
    index = int(host.run("ip -o link show eth1").split(":")[0])
    mark = far.mark()
    assert sock.send(b"x", "10.0.2.2", 4000, control=cmsg(SOL_IP, IP_PKTINFO, struct.pack("i", index) + bytes(8))) == OK
    assert sent(far, mark, 4000)[IP].src == "10.0.2.1"
    bound, mark = driver.open(1, port=5001, address=SECOND), wire.mark()
    assert bound.send(b"x", PEER, 4000) == OK
    assert sent(wire, mark, 4000)[IP].src == SECOND
    mark = wire.mark()
    assert bound.send(b"x", PEER, 4000, control=cmsg(SOL_IP, IP_PKTINFO, bytes(12))) == OK
    assert sent(wire, mark, 4000)[IP].src == HERE, "no source said is the route's, not the socket's"


def test_ttl_and_tos_options(host, driver):
    wire = host.wires[0]
    sock = driver.open(0, port=5000)
    assert sock.set(SOL_IP, IP_TTL, 5) == OK and sock.set(SOL_IP, IP_TOS, 0x28) == OK
    mark = wire.mark()
    assert sock.send(b"x", PEER, 4000) == OK
    p = sent(wire, mark, 4000)
    assert (p[IP].ttl, p[IP].tos) == (5, 0x28)
    priorities = {}
    for tos in range(4, 256, 4):
        assert sock.set(SOL_IP, IP_TOS, tos) == OK
        priorities[tos] = sock.get_int(SOL_SOCKET, SO_PRIORITY)
    assert priorities == {tos: (0, 2, 6, 4)[tos >> 3 & 3] for tos in range(4, 256, 4)}


def test_bound_to_a_device(host, driver):
    wire, far = host.wires
    sock = driver.open(0)
    assert sock.set(SOL_SOCKET, SO_BINDTODEVICE, b"nope") == "ENODEV"
    assert sock.set(SOL_SOCKET, SO_BINDTODEVICE, b"eth1\0") == OK
    assert sock.bind("0.0.0.0", 5000) == OK
    assert sock.get(SOL_SOCKET, SO_BINDTODEVICE, 16) == b"eth1\0"
    wire.send(wire.udp(b"near", dport=5000, sport=4007))
    wire.wait(lambda p: ICMP in p and p[ICMP].type == 3, 0)
    far.send(far.udp(b"far", dport=5000))
    far.barrier()
    assert sock.drain() == [b"far"]
    mark = far.mark()
    assert sock.send(b"x", "10.0.2.2", 4000) == OK
    sent(far, mark, 4000)


def test_bound_to_a_device_hears_its_own_host(host, driver):
    """What never leaves comes by the device that has the address, not by lo."""
    host.run("ip link set lo up")
    bound = [driver.open(n) for n in range(3)]
    for sock, device in zip(bound, (b"eth0", b"eth1", b"lo")):
        assert sock.set(SOL_SOCKET, SO_BINDTODEVICE, device) == OK
        assert sock.set(SOL_IP, IP_PKTINFO, 1) == OK
        assert sock.bind("0.0.0.0", 5000) == OK
    asker = driver.open(3)
    for to in (HERE, "10.0.2.1", "127.0.0.1"):
        assert asker.send(to.encode(), to, 5000) == OK
    got = [sock.recv() for sock in bound]
    assert [g[2] for g in got] == [HERE.encode(), b"10.0.2.1", b"127.0.0.1"]
    indexes = [int(host.run(f"ip -o link show {d}").split(":")[0]) for d in ("eth0", "eth1", "lo")]
    assert [struct.unpack("i", g[3][(SOL_IP, IP_PKTINFO)][:4])[0] for g in got] == indexes
    assert [sock.drain() for sock in bound] == [[], [], []]


def test_errors_are_told(host, driver):
    wire = host.wires[0]
    sock = driver.open(0, port=5000)
    assert sock.connect(PEER, 4000) == OK
    mark = wire.mark()
    assert sock.send(b"x") == OK
    wire.send(refusal(wire, sent(wire, mark, 4000)))
    wire.barrier()
    assert sock.recv() == "ECONNREFUSED"
    assert sock.recv() == "EAGAIN"
    wire.send(refusal(wire, sent(wire, mark, 4000), 3, 1))  # no such host: a soft error, not told
    wire.barrier()
    assert sock.recv() == "EAGAIN"
    assert sock.set(SOL_IP, IP_RECVERR, 1) == OK
    wire.send(refusal(wire, sent(wire, mark, 4000), 3, 1))
    wire.barrier()
    assert sock.get_int(SOL_SOCKET, SO_ERROR) in (113, 118)  # EHOSTUNREACH's numbers
    _, _, data, cmsgs = sock.recv(MSG_ERRQUEUE)
    error = cmsgs[(SOL_IP, IP_RECVERR)]
    assert data == b"" and error[4:7] == bytes([2, 3, 1]) and error[20:24] == addr("10.0.1.99")
    assert sock.recv(MSG_ERRQUEUE) == "EAGAIN"


def test_errors_come_with_ancillary_data(host, driver):
    """What they are asked of the message, they tell of the ICMP packet."""
    wire = host.wires[0]
    sock = driver.open(0, port=5000)
    asked = [(SOL_SOCKET, SO_TIMESTAMP), (SOL_IP, IP_PKTINFO), (SOL_IP, IP_RECVTTL), (SOL_IP, IP_RECVTOS), (SOL_IP, IP_ORIGDSTADDR),
             (SOL_SOCKET, SO_RXQ_OVFL), (SOL_IP, IP_RECVERR)]
    for level, name in asked:
        assert sock.set(level, name, 1) == OK
    mark = wire.mark()
    assert sock.send(b"x", PEER, 4000) == OK
    error = refusal(wire, sent(wire, mark, 4000), 3, 1)
    error[IP].ttl, error[IP].tos = 77, 0x2c
    wire.send(error)
    wire.barrier()
    source, port, _, cmsgs = sock.recv(MSG_ERRQUEUE)
    index = int(host.run("ip -o link show eth0").split(":")[0])
    assert (source, port) == (PEER, 4000)
    assert list(cmsgs) == [(SOL_SOCKET, SO_TIMESTAMP), (SOL_IP, IP_PKTINFO), (SOL_IP, IP_TTL), (SOL_IP, IP_TOS), (SOL_IP, IP_RECVERR)]
    assert cmsgs[(SOL_IP, IP_PKTINFO)] == struct.pack("i", index) + bytes(4) + addr(HERE)
    assert (cmsgs[(SOL_IP, IP_TTL)], cmsgs[(SOL_IP, IP_TOS)]) == (struct.pack("i", 77), b"\x2c")
    assert sock.set(SOL_IP, IP_MTU_DISCOVER, 2) == OK
    assert sock.send(bytes(1500), PEER, 4000) == "EMSGSIZE"
    source, port, _, cmsgs = sock.recv(MSG_ERRQUEUE)
    assert (source, port) == (PEER, 0)  # of this host: nobody's packet, and the port of a connected socket alone
    assert list(cmsgs) == [(SOL_SOCKET, SO_TIMESTAMP), (SOL_IP, IP_RECVERR)]
    assert abs(struct.unpack("q", cmsgs[(SOL_SOCKET, SO_TIMESTAMP)][:8])[0] - time.time()) < 60
    assert sock.connect(PEER, 4000) == OK
    assert sock.send(bytes(1500)) == "EMSGSIZE"
    assert sock.recv(MSG_ERRQUEUE)[1] == 4000


def test_dontroute(host, driver):
    """Neighbours only, for connect(), too."""
    host.run("ip route add 203.0.113.0/24 via 10.0.1.2")
    sock = driver.open(0)
    assert sock.connect("203.0.113.1", 4000) == OK
    assert sock.set(SOL_SOCKET, SO_DONTROUTE, 1) == OK
    assert sock.connect("203.0.113.1", 4000) == sock.send(b"x", "203.0.113.1", 4000) == "ENETUNREACH"
    assert sock.connect(PEER, 4000) == OK
    host.run("ip route del 203.0.113.0/24 via 10.0.1.2")


def test_receive_buffer(host, driver):
    """As many as fit are kept, the others are counted."""
    wire = host.wires[0]
    sock = driver.open(0, port=5000)
    assert sock.set(SOL_SOCKET, SO_RCVBUF, 1) == OK
    assert sock.get_int(SOL_SOCKET, SO_RCVBUF) == 2304
    assert sock.set(SOL_SOCKET, SO_RCVBUFFORCE, 1000000) == OK
    assert sock.get_int(SOL_SOCKET, SO_RCVBUF) == 2000000
    assert sock.set(SOL_SOCKET, SO_RCVBUF, 10000) == OK
    before = counters(host)
    wire.send(*(wire.udp(b"%04d" % n + bytes(996), dport=5000) for n in range(50)))
    wire.barrier()
    after = counters(host)
    got = sock.drain()
    assert 1 < len(got) < 25 and [d[:4] for d in got] == [b"%04d" % n for n in range(len(got))]
    for name in ("UdpRcvbufErrors", "UdpInErrors"):
        assert after[name] - before[name] == 50 - len(got), name


def test_peek_and_truncation(host, driver):
    wire = host.wires[0]
    sock = driver.open(0, port=5000)
    wire.send(wire.udp(b"abc", dport=5000))
    assert sock.recv(MSG_PEEK)[2] == b"abc"
    assert sock.drain() == [b"abc"]


# ---- in pieces

def test_pieces_make_one_datagram(host, driver):
    wire = host.wires[0]
    sock = driver.open(0, port=5000)
    mark = wire.mark()
    assert sock.send(b"one ", PEER, 4000, MSG_MORE) == OK
    assert sock.send(b"two ", "10.0.1.3", 4444, MSG_MORE) == OK  # where to has been said
    assert sock.send(b"three", PEER, 4000) == OK
    p = sent(wire, mark, 4000)
    assert payload(p) == b"one two three" and Ether(bytes(p))[UDP].chksum == p[UDP].chksum
    mark = wire.mark()
    assert sock.connect(PEER, 4000) == OK
    assert sock.set(SOL_UDP, UDP_CORK, 1) == OK
    assert sock.get_int(SOL_UDP, UDP_CORK) == 1
    assert sock.send(b"a") == OK and sock.send(b"") == OK and sock.send(b"b") == OK
    wire.barrier()
    assert not [q for q in wire.since(mark) if UDP in q and q[UDP].dport == 4000]
    assert sock.set(SOL_UDP, UDP_CORK, 0) == OK
    assert payload(sent(wire, mark, 4000)) == b"ab"
    assert sock.get_int(SOL_UDP, UDP_CORK) == 0


def test_pieces_beyond_the_mtu(host, driver):
    wire = host.wires[0]
    sock = driver.open(0, port=5000)
    assert sock.connect(PEER, 4000) == OK
    mark = wire.mark()
    for n in range(3):
        assert sock.send(bytes([n]) * 900, flags=MSG_MORE if n < 2 else 0) == OK
    wire.wait(lambda p: IP in p and p[IP].proto == 17 and p[IP].frag and not p[IP].flags & 1, mark)
    frames = [p for p in wire.since(mark) if IP in p and p[IP].proto == 17 and (p[IP].frag or p[IP].flags & 1)]
    assert [(p[IP].frag * 8, p[IP].len - 20) for p in frames] == [(0, 1480), (1480, 2708 - 1480)]
    whole = b"".join(bytes(p[IP].payload)[:p[IP].len - 20] for p in frames)
    assert whole[8:] == bytes(900) + b"\1" * 900 + b"\2" * 900


def test_errors_of_pieces(host, driver):
    wire = host.wires[0]
    sock = driver.open(0, port=5000)
    assert sock.send(b"x", flags=MSG_MORE) == "EDESTADDRREQ"
    assert sock.send(b"x", "10.0.1.255", 4000, MSG_MORE) == "EACCES"
    assert sock.send(b"x", "192.0.2.1", 4000, MSG_MORE) == "ENETUNREACH"
    assert sock.connect(PEER, 4000) == OK
    results = [sock.send(bytes(2000), flags=MSG_MORE) for _ in range(33)]
    assert results == [OK] * 32 + ["EMSGSIZE"]
    mark = wire.mark()
    assert sock.send(b"new") == OK  # what waited is gone
    assert payload(sent(wire, mark, 4000)) == b"new"
    assert sock.send(b"lost", flags=MSG_MORE) == OK
    assert sock.close() == OK
    wire.barrier()
    assert driver.open(0).set(SOL_UDP, 77, 1) == "ENOPROTOOPT"
    assert driver.open(0).set(SOL_UDP, UDP_CORK, b"\1") == "EINVAL"


def test_peek_offset(host, driver):
    """SO_PEEK_OFF goes through the datagrams that wait, an empty one once, and back by what is read."""
    wire = host.wires[0]
    sock = driver.open(0, port=5000)
    offset = lambda: sock.get_int(SOL_SOCKET, SO_PEEK_OFF)
    assert offset() == -1
    wire.send(*(wire.udp(data, dport=5000) for data in (b"abcdef", b"", b"ghi", b"jklmn")))
    assert [sock.peek(), sock.peek(), offset()] == [b"abcdef", b"abcdef", -1]
    assert sock.set(SOL_SOCKET, SO_PEEK_OFF, 2) == OK
    assert [sock.peek(), offset()] == [b"cdef", 6]
    assert [sock.peek(), offset(), sock.peek(), offset()] == [b"", 6, b"ghi", 9]
    assert sock.set(SOL_SOCKET, SO_PEEK_OFF, 10) == OK
    assert [sock.peek(), offset(), sock.peek(), offset()] == [b"klmn", 14, "EAGAIN", 14]
    wire.send(wire.udp(b"more", dport=5000))
    assert [sock.peek(MSG_TRUNC), offset()] == [b"more", 18]
    assert [sock.recv()[2], offset()] == [b"abcdef", 12]
    assert [sock.recv()[2], sock.recv()[2], offset(), sock.peek()] == [b"", b"ghi", 9, "EAGAIN"]
    assert sock.set(SOL_SOCKET, SO_PEEK_OFF, 2) == OK
    assert [sock.recv()[2], offset(), sock.recv()[2], offset()] == [b"jklmn", 0, b"more", 0]
    assert sock.set(SOL_SOCKET, SO_PEEK_OFF, -7) == OK
    assert [offset(), sock.peek()] == [-7, "EAGAIN"]


def test_peek_offset_is_of_streams_and_udp(host, driver):
    for kind, protocol in ((RAW, 17), (RAW, 6)):
        sock = driver.open(0, kind=kind, protocol=protocol)
        assert sock.set(SOL_SOCKET, SO_PEEK_OFF, 1) == sock.get(SOL_SOCKET, SO_PEEK_OFF) == "EOPNOTSUPP"
        assert sock.set(SOL_SOCKET, SO_PEEK_OFF, b"abc") == "EINVAL"


@pytest.mark.weir
def test_napi_id(host, driver):
    """It names the NIC that brought the last packet. Linux's taps have none."""
    sock = driver.open(0, port=5000)
    assert sock.get_int(SOL_SOCKET, SO_INCOMING_NAPI_ID) == 0
    for wire, device in zip(host.wires, ("eth0", "eth1")):
        wire.send(wire.udp(b"x", dport=5000))
        wire.barrier()
        index = int(host.run(f"ip -o link show {device}").split(":")[0])
        assert sock.get_int(SOL_SOCKET, SO_INCOMING_NAPI_ID) == index
