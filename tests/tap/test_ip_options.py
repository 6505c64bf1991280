# SPDX-License-Identifier: MIT
"""IP options of datagrams: IP_OPTIONS, IP_RETOPTS and IP_RECVOPTS, and what routers are to look at, IP_ROUTER_ALERT. ip(7)."""
import os
import struct
import time

import pytest
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import Raw
from scapy.utils import checksum

from sockdriver import DGRAM, OK, RAW, SOL_IP, SOL_SOCKET, addr, boot, cmsg
from wire import payload

DUT = os.environ.get("DUT", "weir")
RC = """
ip addr add 10.0.1.1/24 brd 10.0.1.255 dev eth0
ip link set eth0 up
ip addr add 10.0.2.1/24 dev eth1
ip link set eth1 up
sysctl -w net.ipv4.ip_forward=1
sysctl -w net.ipv4.icmp_ratelimit=0
sysctl -w net.ipv4.conf.all.accept_source_route=1
sysctl -w net.ipv4.conf.eth0.accept_source_route=1
"""
HERE, PEER, HOP, FAR, NOWHERE = "10.0.1.1", "10.0.1.2", "10.0.1.9", "10.0.2.2", "192.0.2.1"
IP_HDRINCL, IP_OPTIONS, IP_ROUTER_ALERT, IP_RECVOPTS, IP_RETOPTS, IP_PKTINFO = 3, 4, 5, 6, 7, 8
IP_MTU_DISCOVER, IP_RECVERR = 10, 11
SO_BINDTODEVICE = 25
MSG_MORE, MSG_ERRQUEUE = 0x8000, 0x2000
ALERT = b"\x94\4\0\0"
RECORD, RECORDED = b"\7\7\4\0\0\0\0\1", b"\7\7\10\n\0\1\1\1"


def route(kind, *hops):
    return bytes([kind, 3 + 4 * len(hops), 4]) + b"".join(map(addr, hops)) + b"\0"


def loose(*hops):
    return route(0x83, *hops)


def strict(*hops):
    return route(0x89, *hops)


@pytest.fixture(scope="module", name="host")
def host_fixture():
    with boot(DUT, RC) as dut:
        dut.wires[0].hosts[HOP] = "02:00:00:00:01:09"
        if DUT == "linux":
            dut.space.run("sysctl", "-qw", "net.ipv4.ping_group_range=0 0")
        yield dut


KINDS = {"udp": (DGRAM, 0, b"data"), "ping": (DGRAM, 1, b"\x08\0\0\0\0\0\0\0"), "raw": (RAW, 253, b"data")}


def opened(driver, kind, number=0, **more):
    return driver.open(number, *KINDS[kind][:2], **more)


def options_of(p):
    return bytes(p[IP])[20:4 * p[IP].ihl]


def sent(wire, mark):
    """The next packet that is not sockdrive's."""
    return wire.wait(lambda p: IP in p and not (UDP in p and p[UDP].sport == 6000), mark)


def after(sock, wire, data, to=PEER, **more):
    """The packet that the socket sends."""
    mark = wire.mark()
    assert sock.send(data, to, 4000, **more) == OK
    return sent(wire, mark)


def with_options(p, options):
    """p with these in its header, just as they are."""
    data = bytes(p[IP])
    head = bytearray(data[:20] + options)
    head[0] += len(options) // 4
    head[2:4] = struct.pack("!H", len(head) + len(data) - 20)
    head[10:12] = b"\0\0"
    head[10:12] = struct.pack("!H", checksum(bytes(head)))
    return Ether(src=p[Ether].src, dst=p[Ether].dst, type=0x800) / Raw(bytes(head) + data[20:])


# What a program may say; how it is told again; how it leaves, T for time.
SAID = [
    (RECORD, RECORD, RECORDED),
    (b"\7\7\4\0\0\0\0", b"\7\7\4\0\0\0\0\0", b"\7\7\10\n\0\1\1\0"),
    (b"\1\1\1", b"\1\1\1\0", b"\1\1\1\0"),
    (b"\7\3\4", b"\7\3\4\0", b"\7\3\4\0"),
    (ALERT, ALERT, ALERT),
    (b"\x94\4\0\1" + RECORD, b"\x94\4\0\1" + RECORD, b"\x94\4\0\1" + RECORDED),
    (b"\x44\x08\5\0\0\0\0\0", b"\x44\x08\5\0\0\0\0\0", b"\x44\x08\x09\0TTTT"),
    (b"\x44\x0c\5\1" + bytes(8), b"\x44\x0c\5\1" + bytes(8), b"\x44\x0c\x0d\1\n\0\1\1TTTT"),
    (b"\x44\x0c\5\3" + addr(NOWHERE) + bytes(4), b"\x44\x0c\5\3" + addr(NOWHERE) + bytes(4),
     b"\x44\x0c\5\3" + addr(NOWHERE) + bytes(4)),
    (b"\x44\x0c\5\3" + addr(HERE) + bytes(4), b"\x44\x0c\5\3" + addr(HERE) + bytes(4),
     b"\x44\x0c\x0d\3" + addr(HERE) + b"TTTT"),
    (b"\x88\4\0\7", b"\x88\4\0\7", b"\x88\4\0\7"),
    (b"\xde\6abcd\0\0", b"\xde\6abcd\0\0", b"\xde\6abcd\0\0"),
    (b"\0abc", b"\0\0\0\0", b"\0\0\0\0"),
    (b"", b"", b""),
]


@pytest.mark.parametrize("kind", KINDS)
def test_options_leave_with_datagrams(host, driver, kind):
    wire = host.wires[0]
    sock = opened(driver, kind)
    for said, told, leaves in SAID:
        assert sock.set(SOL_IP, IP_OPTIONS, said) == OK, said
        assert sock.get(SOL_IP, IP_OPTIONS, 40) == told, said
        options = options_of(after(sock, wire, KINDS[kind][2]))
        if b"TTTT" in leaves:
            at = leaves.index(b"TTTT")
            now = int(time.time() * 1000) % 86400000
            assert abs(struct.unpack("!I", options[at:at + 4])[0] - now) < 60000
            options = options[:at] + b"TTTT" + options[at + 4:]
        assert options == leaves, said


@pytest.mark.parametrize("kind", KINDS)
def test_source_routes_steer(host, driver, kind):
    """The first hop is where a packet goes, and the last hop says where it is for."""
    wire, data = host.wires[0], KINDS[kind][2]
    sock = opened(driver, kind)
    for make in (loose, strict):
        assert sock.set(SOL_IP, IP_OPTIONS, make(HOP)) == OK
        assert sock.get(SOL_IP, IP_OPTIONS, 40) == make(HOP)
        for to in (NOWHERE, FAR, NOWHERE, HOP):
            p = after(sock, wire, data, to)
            assert (p[Ether].dst, p[IP].src, p[IP].dst) == (wire.hosts[HOP], HERE, HOP)
            assert options_of(p) == make(to)
    far = loose(HOP, "10.9.9.1", "10.9.9.2")[:15] + b"\1" + RECORD
    assert sock.set(SOL_IP, IP_OPTIONS, far) == OK
    assert (sock.get(SOL_IP, IP_OPTIONS, 40), sock.get(SOL_IP, IP_OPTIONS, 9)) == (far, far[:9])
    p = after(sock, wire, data, NOWHERE)
    assert options_of(p) == loose("10.9.9.1", "10.9.9.2", NOWHERE)[:15] + b"\1" + RECORDED and p[IP].dst == HOP
    assert sock.send(data, "0.0.0.0", 4000) == "EINVAL"
    for hop, error in ((NOWHERE, "ENETUNREACH"), ("10.0.1.255", "EACCES")):
        assert sock.set(SOL_IP, IP_OPTIONS, loose(hop)) == OK
        assert sock.send(data, PEER, 4000) == error
    host.run("ip route add 203.0.113.0/24 via 10.0.1.2")
    assert sock.set(SOL_IP, IP_OPTIONS, strict("203.0.113.1")) == OK
    assert sock.send(data, PEER, 4000) == "ENETUNREACH"  # no neighbour
    assert sock.set(SOL_IP, IP_OPTIONS, loose("203.0.113.1")) == OK
    assert after(sock, wire, data)[Ether].dst == wire.mac
    host.run("ip route del 203.0.113.0/24 via 10.0.1.2")
    assert sock.set(SOL_IP, IP_OPTIONS, b"") == OK
    p = after(sock, wire, data)
    assert (p[IP].dst, p[IP].ihl) == (PEER, 5)


@pytest.mark.parametrize("kind", KINDS)
def test_connected_by_a_source_route(host, driver, kind):
    """connect() asks for the way to the destination itself, send() for that to the first hop."""
    wire = host.wires[0]
    sock = opened(driver, kind)
    assert sock.set(SOL_IP, IP_OPTIONS, loose(HOP)) == OK
    assert sock.connect(NOWHERE, 4000) == "ENETUNREACH"
    assert sock.connect(FAR, 4000) == OK
    for _ in range(2):
        p = after(sock, wire, KINDS[kind][2], "-")
        assert (p[IP].src, p[IP].dst, options_of(p)) == ("10.0.2.1", HOP, loose(FAR))


def test_checksum_of_a_source_route(host, driver):
    """It has the first hop in it, not where the datagram is for."""
    wire = host.wires[0]
    sock = opened(driver, "udp")
    assert sock.set(SOL_IP, IP_OPTIONS, loose(HOP)) == OK
    p = after(sock, wire, b"data", NOWHERE)
    wanted = IP(src=p[IP].src, dst=HOP, proto=17) / UDP(bytes(p[UDP]))
    del wanted[UDP].chksum
    assert p[UDP].chksum == IP(bytes(wanted))[UDP].chksum


@pytest.mark.parametrize("kind", KINDS)
def test_fragments_of_a_packet_with_options(host, driver, kind):
    """What is not to be copied is in the first only."""
    wire = host.wires[0]
    host.run("ip link set eth0 mtu 300")
    sock = opened(driver, kind)
    assert sock.set(SOL_IP, IP_MTU_DISCOVER, 0) == OK
    assert sock.set(SOL_IP, IP_OPTIONS, RECORD + ALERT + loose(HOP)) == OK
    mark = wire.mark()
    data = b"\x08\0" + bytes(i & 255 for i in range(597))
    assert sock.send(data, NOWHERE, 4000) == OK
    wire.wait(lambda p: IP in p and p[IP].frag and not p[IP].flags & 1, mark)
    host.run("ip link set eth0 mtu 1500")
    frames = [p for p in wire.since(mark) if IP in p and (p[IP].frag or p[IP].flags & 1)]
    assert [p[IP].len for p in frames[:2]] == [296, 296] and len(frames) == 3
    alike = ALERT + loose(NOWHERE)
    assert [options_of(p) for p in frames] == [RECORDED + alike] + [b"\1" * 8 + alike] * 2
    whole = b"".join(bytes(p[IP])[40:p[IP].len] for p in frames)
    assert whole[-590:] == data[-590:] and {p[IP].dst for p in frames} == {HOP}


def test_length_counts_options(host, driver):
    wire = host.wires[0]
    sock = opened(driver, "udp")
    assert sock.set(SOL_IP, IP_RECVERR, 1) == OK
    assert sock.set(SOL_IP, IP_OPTIONS, RECORD + ALERT) == OK
    for mode, room, df in ((0, 1460, False), (1, 1460, True), (2, 1460, True), (3, 1460, True)):
        assert sock.set(SOL_IP, IP_MTU_DISCOVER, mode) == OK
        p = after(sock, wire, bytes(room))
        assert (p[IP].len, bool(p[IP].flags & 2)) == (1500, df), mode
        if mode < 2:
            p = after(sock, wire, bytes(room + 1))
            assert p[IP].flags & 1 and not p[IP].flags & 2
            continue
        assert sock.send(bytes(room + 1), PEER, 4000) == "EMSGSIZE"
        _, _, _, cmsgs = sock.recv(MSG_ERRQUEUE)
        assert struct.unpack("I", cmsgs[(SOL_IP, IP_RECVERR)][8:12])[0] == 1488


# ---- IP_RETOPTS with a message

def said(*options):
    return b"".join(cmsg(SOL_IP, IP_RETOPTS, o) for o in options)


@pytest.mark.parametrize("kind", KINDS)
def test_options_of_one_message(host, driver, kind):
    wire, data = host.wires[0], KINDS[kind][2]
    sock = opened(driver, kind)
    assert sock.set(SOL_IP, IP_OPTIONS, ALERT) == OK
    for control, leaves in ((said(RECORD), RECORDED), (b"", ALERT), (said(b""), b""),
                            (said(RECORD, b"\1"), b"\1\0\0\0"), (said(b"\1" * 44), b"\1" * 40),
                            (said(b"\1" * 40 + b"\7"), b"\1" * 40)):
        assert options_of(after(sock, wire, data, control=control)) == leaves, control
    p = after(sock, wire, data, NOWHERE, control=said(loose(HOP)))
    assert (p[IP].dst, options_of(p)) == (HOP, loose(NOWHERE))
    assert sock.connect(PEER, 4000) == OK
    for control in (said(b"\7\7\3\0\0\0\0"), said(b"\1", b"\7"), said(ALERT) + said(b"\x83\3\4")):
        assert sock.send(data, control=control) == "EINVAL"
    assert options_of(after(sock, wire, data, "-", control=said(strict(HOP)))) == strict(PEER)
    assert options_of(after(sock, wire, data, "-")) == ALERT


def test_options_of_pieces(host, driver):
    """Those that the first piece came with."""
    wire = host.wires[0]
    sock = opened(driver, "udp")
    assert sock.send(b"one ", PEER, 4000, MSG_MORE, said(ALERT)) == OK
    p = after(sock, wire, b"two", control=said(RECORD))
    assert (options_of(p), payload(p)) == (ALERT, b"one two")
    assert sock.send(b"one", PEER, 4000, MSG_MORE, said(b"\7")) == "EINVAL"


def test_headers_of_the_programs_have_no_options(host, driver):
    assert host
    sock = driver.open(0, kind=RAW, protocol=255)
    packet = bytes(IP(src=HERE, dst=PEER, proto=253) / b"x")
    assert sock.send(packet, PEER, 0) == OK
    assert sock.send(packet, PEER, 0, control=said(b"")) == "EINVAL"
    assert sock.set(SOL_IP, IP_OPTIONS, ALERT) == OK
    assert sock.send(packet, PEER, 0) == "EINVAL"
    assert sock.set(SOL_IP, IP_OPTIONS, b"") == OK
    assert sock.send(packet, PEER, 0) == "EINVAL"  # it has said something of options
    assert sock.set(SOL_IP, IP_HDRINCL, 0) == OK
    assert sock.send(b"x", PEER, 0) == OK


# ---- what comes with options

# They, IP_RECVOPTS, IP_RETOPTS.
CAME = [
    (RECORD, RECORDED, b"\7\7\10\n\0\1\1\0"),
    (b"\7\x0b\4" + bytes(8) + b"\0", b"\7\x0b\10\n\0\1\1" + bytes(5), b"\7\x0b\10\n\0\1\1" + bytes(5)),
    (ALERT, ALERT, b""),
    (b"\1\1\1\1", b"\1\1\1\1", b""),
    (b"\x88\4\0\7", b"\x88\4\0\7", b""),
    (b"\x44\x0c\x0d\1" + bytes(8), b"\x44\x0c\x0d\x11" + bytes(8), b"\x44\x0c\x0d\x11" + bytes(8)),
    (b"\x83\7\x08" + addr(HOP) + b"\0", b"\x83\7\x08" + addr(HOP) + b"\0", loose(HOP)),
    (b"\x83\x0b\x0c" + addr("10.9.9.1") + addr(HOP) + b"\0", b"\x83\x0b\x0c" + addr("10.9.9.1") + addr(HOP) + b"\0",
     loose(HOP, "10.9.9.1")),
    (b"\7\7\5\0\0\0\0\1", None, None),
]


def delivered(wire, kind, sock):
    """A packet to sock."""
    if kind == "udp":
        return wire.udp(b"data", dport=5000)
    if kind == "raw":
        return wire.ipv4(proto=253) / Raw(b"more data")
    return wire.ipv4() / ICMP(type=0, id=int(sock.say("name")[1]), seq=1) / Raw(b"data")


@pytest.mark.parametrize("kind", KINDS)
def test_options_that_came(host, driver, kind):
    wire = host.wires[0]
    sock = opened(driver, kind, port=5000)
    for came, recvopts, retopts in CAME:
        for asked in (0, 1, 2, 3):
            assert sock.set(SOL_IP, IP_RECVOPTS, asked & 1) == OK
            assert sock.set(SOL_IP, IP_RETOPTS, asked & 2) == OK
            assert (sock.get_int(SOL_IP, IP_RECVOPTS), sock.get_int(SOL_IP, IP_RETOPTS)) == (asked & 1, asked >> 1)
            wire.send(with_options(delivered(wire, kind, sock), came))
            got = sock.recv()
            if recvopts is None:
                assert got == "EAGAIN"
                continue
            want = {(SOL_IP, IP_RECVOPTS): recvopts} if asked & 1 else {}
            if asked & 2:
                want[SOL_IP, IP_RETOPTS] = retopts
            assert (list(got[3]), got[3]) == (list(want), want), came
    wire.send(delivered(wire, kind, sock))
    assert sock.recv()[3] == {}


@pytest.mark.parametrize("kind", KINDS)
def test_options_of_what_came_in_fragments(host, driver, kind):
    """They are the first's."""
    wire = host.wires[0]
    sock = opened(driver, kind, port=5000)
    assert sock.set(SOL_IP, IP_RECVOPTS, 1) == OK
    whole = delivered(wire, kind, sock)
    data = bytes(whole[IP].payload)
    first = wire.ipv4(id=77, proto=whole[IP].proto, flags=1) / Raw(data[:8])
    last = wire.ipv4(id=77, proto=whole[IP].proto, frag=1) / Raw(data[8:])
    wire.send(with_options(last, b"\1" * 8), with_options(first, ALERT))
    assert sock.recv()[3] == {(SOL_IP, IP_RECVOPTS): ALERT}


def test_who_would_answer_a_broadcast(host, driver):
    """Of IP_PKTINFO the address: never that of the broadcast."""
    wire = host.wires[0]
    for number, kind in enumerate(("udp", "raw")):
        sock = opened(driver, kind, number, port=5000)
        assert sock.set(SOL_IP, IP_PKTINFO, 1) == OK
        p = delivered(wire, kind, sock)
        p[IP].dst, p[Ether].dst = "10.0.1.255", "ff:ff:ff:ff:ff:ff"
        wire.send(p)
        assert sock.recv()[3][(SOL_IP, IP_PKTINFO)][4:] == addr(HERE) + addr("10.0.1.255")


# ---- IP_ROUTER_ALERT

def alerting(wire, data=b"look", options=ALERT, protocol=253, **more):
    return with_options(wire.ipv4(dst=FAR, proto=protocol, **more) / Raw(data), options)


def hears(sock):
    return [d[-4:] for d in sock.drain()]


def goes_on(host, *frames):
    """What of these arrives at the other wire."""
    far = host.wires[1]
    mark = far.mark()
    host.wires[0].send(*frames)
    host.wires[0].barrier()
    far.barrier()
    return [bytes(p[IP].payload)[:4] for p in far.since(mark) if IP in p and p[IP].dst == FAR and p[IP].proto != 1]


def test_router_alert(host, driver):
    """What is forwarded goes to those who asked, and no further."""
    wire = host.wires[0]
    host.wires[1].ping()
    sock, other, deaf = (driver.open(n, kind=RAW, protocol=p) for n, p in ((0, 253), (1, 254), (2, 253)))
    assert goes_on(host, alerting(wire)) == [b"look"]
    assert [s.set(SOL_IP, IP_ROUTER_ALERT, 1) for s in (sock, other)] == [OK, OK]
    assert goes_on(host, alerting(wire), alerting(wire, b"ttl1", ttl=1), alerting(wire, b"not1", b"\x94\4\0\1"),
                   wire.ipv4(dst=FAR, proto=253) / Raw(b"bare"), alerting(wire, b"zero", b"\1\1\1\1"),
                   alerting(wire, b"late", RECORD + ALERT), alerting(wire, b"icmp", protocol=252)) == [
                       b"not1", b"bare", b"zero", b"icmp"]
    assert [hears(s) for s in (sock, other, deaf)] == [[b"look", b"ttl1", b"late"], [], []]
    assert sock.set(SOL_IP, IP_PKTINFO, 1) == OK
    wire.send(alerting(wire))
    source, _, data, cmsgs = sock.recv()
    assert cmsgs[(SOL_IP, IP_PKTINFO)][4:] == addr(HERE) + addr(FAR)  # who would answer
    assert source == PEER and data[:1] == b"\x46" and data[8:9] == b"\x40" and data[16:24] == addr(FAR) + ALERT
    assert deaf.set(SOL_IP, IP_ROUTER_ALERT, 1) == OK
    assert deaf.set(SOL_SOCKET, SO_BINDTODEVICE, b"eth1") == OK
    assert sock.bind(HERE, 0) == OK and sock.connect("10.0.1.77") == OK  # its ends do not matter
    assert goes_on(host, alerting(wire)) == []
    assert [hears(s) for s in (sock, deaf)] == [[b"look"], []]
    assert deaf.set(SOL_SOCKET, SO_BINDTODEVICE, b"eth0") == OK
    assert goes_on(host, alerting(wire)) == []
    assert [hears(s) for s in (sock, deaf)] == [[b"look"], [b"look"]]
    assert sock.set(SOL_IP, IP_ROUTER_ALERT, 0) == OK and deaf.close() == OK
    assert goes_on(host, alerting(wire)) == [b"look"]
    assert hears(sock) == []


def test_router_alert_of_fragments(host, driver):
    wire = host.wires[0]
    sock = driver.open(0, kind=RAW, protocol=253)
    host.wires[1].ping()
    assert sock.set(SOL_IP, IP_ROUTER_ALERT, 1) == OK
    pieces = [alerting(wire, b"12345678", id=99, flags=1), alerting(wire, b"tail", id=99, frag=1)]
    assert goes_on(host, *pieces) == []
    assert [d[24:] for d in sock.drain()] == [b"12345678tail"]


def test_router_alert_and_rules(host, driver):
    """Rules for what passes, and for what is for this host, are not asked."""
    wire = host.wires[0]
    sock = driver.open(0, kind=RAW, protocol=253)
    assert sock.set(SOL_IP, IP_ROUTER_ALERT, 1) == OK
    for chain, heard in (("FORWARD", [b"look"]), ("INPUT", [b"look"]), ("PREROUTING -t raw", [])):
        host.run(f"iptables -A {chain} -p 253 -j DROP")
        assert goes_on(host, alerting(wire)) == []
        assert hears(sock) == heard, chain
        host.run(f"iptables -D {chain} -p 253 -j DROP")


def test_who_may_ask_for_router_alerts(host, driver):
    assert host
    raw, bare, udp = driver.open(0, kind=RAW, protocol=253), driver.open(1, kind=RAW, protocol=255), driver.open(2)
    ping = opened(driver, "ping", 3)
    assert [s.set(SOL_IP, IP_ROUTER_ALERT, v) for s in (bare, udp, ping) for v in (0, 1)] == ["EINVAL"] * 6
    wanted = [(0, "ENOBUFS", 0), (1, OK, 1), (7, "EADDRINUSE", 1), (b"\2", "EADDRINUSE", 1), (b"\0", OK, 0), (0, "ENOBUFS", 0),
              (b"\1\0", OK, 1), (b"", OK, 0), (b"", "ENOBUFS", 0), (-1, OK, 1)]
    for value, result, then in wanted:
        assert raw.set(SOL_IP, IP_ROUTER_ALERT, value) == result, value
        assert raw.get_int(SOL_IP, IP_ROUTER_ALERT) == then
    assert [s.get_int(SOL_IP, IP_ROUTER_ALERT) for s in (bare, udp, ping)] == [0, 0, 0]
    assert raw.get(SOL_IP, IP_ROUTER_ALERT, 1) == b"\1"
