# SPDX-License-Identifier: MIT
"""What sockets may be bound to, and whom they hear: IP_TRANSPARENT, IP_MINTTL, IP_LOCAL_PORT_RANGE, IP_NODEFRAG, IP_UNICAST_IF,
IP_CHECKSUM. ip(7), RFC 5082."""
import os
import struct

import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from sockdriver import DGRAM, OK, RAW, SOL_IP, SOL_SOCKET, STREAM, TWO_NICS, addr, boot, cmsg, refusal, sent
from test_multicast import counters
from wire import payload

DUT = os.environ.get("DUT", "weir")
RC = TWO_NICS + """ip link set lo up
ip rule add to 203.0.113.0/24 lookup 100
ip route add local 203.0.113.0/24 dev lo table 100
sysctl -w net.ipv4.icmp_ratelimit=0
"""
HERE, SECOND, PEER, OTHER, FAR = "10.0.1.1", "10.0.1.11", "10.0.1.2", "10.0.1.4", "10.0.2.2"
FOREIGN, STRANGE = "203.0.113.9", "192.0.2.77"  # the rule brings the first in, nothing the second
SO_ERROR, SO_BINDTODEVICE = 4, 25
IP_PKTINFO, IP_MTU, IP_TRANSPARENT, IP_MINTTL = 8, 14, 19, 21
IP_NODEFRAG, IP_CHECKSUM, IP_BIND_ADDRESS_NO_PORT, IP_MULTICAST_IF, IP_UNICAST_IF, IP_LOCAL_PORT_RANGE = 22, 23, 24, 32, 50, 51


@pytest.fixture(scope="module", name="host")
def host_fixture():
    with boot(DUT, RC) as dut:
        if DUT == "linux":
            dut.space.run("sysctl", "-qw", "net.ipv4.ping_group_range=0 0")
        yield dut


def index(host, device):
    return int(host.run(f"ip -o link show {device}").split(":")[0])


def pktinfo(ifindex=0, source="0.0.0.0"):
    return cmsg(SOL_IP, IP_PKTINFO, struct.pack("i", ifindex) + addr(source) + bytes(4))


class Peer:
    """A TCP peer by hand, on wire's side of a connection."""

    def __init__(self, wire, dst, dport, sport, ttl=64):
        self.wire, self.dst, self.dport, self.sport, self.ttl = wire, dst, dport, sport, ttl
        self.seq, self.ack = 1000, 0

    def segment(self, flags, data=b"", ttl=None):
        head = TCP(sport=self.sport, dport=self.dport, flags=flags, seq=self.seq, ack=self.ack, window=60000)
        return self.wire.ipv4(dst=self.dst, ttl=ttl or self.ttl) / head / Raw(data)

    def send(self, flags, data=b"", ttl=None):
        """What the host answers: its TCP segments to this peer, until it answers what comes behind; no SYN that it sends again."""
        mark = self.wire.mark()
        self.wire.send(self.segment(flags, data, ttl))
        self.wire.barrier()
        return [p for p in self.wire.since(mark) if TCP in p and p[TCP].dport == self.sport and p[TCP].flags != "S"]

    def shake(self, ttl=None):
        """The handshake's first two; the answer's source, or "" if there is none."""
        answers = self.send("S", ttl=ttl)
        if not answers or answers[0][TCP].flags != "SA":
            return ""
        self.seq += 1
        self.ack = answers[0][TCP].seq + 1
        return answers[0][IP].src

    def begin(self, ttl=None):
        source = self.shake(ttl)
        self.send("A", ttl=ttl)
        return source


# ---- IP_TRANSPARENT

def test_transparent_datagrams(host, driver):
    wire = host.wires[0]
    sock = driver.open(0)
    assert sock.bind(FOREIGN, 5000) == "EADDRNOTAVAIL"
    assert sock.set(SOL_IP, IP_TRANSPARENT, 1) == OK and sock.get_int(SOL_IP, IP_TRANSPARENT) == 1
    assert sock.bind(FOREIGN, 5000) == OK
    assert sock.say("name") == [FOREIGN, "5000", OK]
    mark = wire.mark()
    assert sock.send(b"from afar", PEER, 4000) == OK
    p = sent(wire, mark, 4000)
    assert (p[IP].src, payload(p)) == (FOREIGN, b"from afar") and Ether(bytes(p))[UDP].chksum == p[UDP].chksum
    wire.send(wire.udp(b"for it", dport=5000, ip={"dst": FOREIGN}), wire.udp(b"for us", dport=5000))
    assert sock.drain() == [b"for it"]
    mark = wire.mark()
    assert sock.send(b"x", PEER, 4001, control=pktinfo(source=STRANGE)) == OK
    assert sent(wire, mark, 4001)[IP].src == STRANGE
    assert sock.connect(PEER, 4000) == OK and sock.get_int(SOL_IP, IP_MTU) == 1500
    assert sock.send(b"connected") == OK
    p = sent(wire, mark, 4000)
    wire.send(refusal(wire, p))
    wire.barrier()
    assert sock.recv() == "ECONNREFUSED"
    assert sock.set(SOL_IP, IP_TRANSPARENT, 0) == OK
    assert sock.send(b"x", PEER, 4000) == "ENETUNREACH"


def test_transparent_learns_of_the_path(host, driver):
    wire = host.wires[0]
    sock = driver.open(0)
    assert sock.set(SOL_IP, IP_TRANSPARENT, 1) == OK and sock.bind(FOREIGN, 5000) == OK
    wire.hosts[OTHER] = wire.mac
    mark = wire.mark()
    assert sock.connect(OTHER, 4000) == OK and sock.send(b"large") == OK
    wire.send(refusal(wire, sent(wire, mark, 4000), code=4, nexthopmtu=1400))
    wire.barrier()
    del wire.hosts[OTHER]
    assert sock.connect(OTHER, 4000) == OK and sock.get_int(SOL_IP, IP_MTU) == 1400


def test_transparent_to_many(host, driver):
    """A group's or broadcast's device is that of the source, if none is named."""
    wire = host.wires[0]
    sock = driver.open(0)
    assert sock.set(SOL_IP, IP_TRANSPARENT, 1) == OK and sock.set(SOL_SOCKET, 6, 1) == OK
    assert sock.bind(FOREIGN, 5000) == OK
    assert [sock.send(b"x", to, 4000) for to in ("239.1.1.1", "255.255.255.255")] == ["ENETUNREACH"] * 2
    mark = wire.mark()
    assert sock.send(b"x", "10.0.1.255", 4000) == OK
    assert sent(wire, mark, 4000)[IP].src == FOREIGN
    assert sock.set(SOL_IP, IP_MULTICAST_IF, bytes(8) + struct.pack("i", index(host, "eth0"))) == OK
    mark = wire.mark()
    assert sock.send(b"x", "239.1.1.1", 4000) == OK
    assert sent(wire, mark, 4000)[IP].src == FOREIGN
    assert sock.send(b"x", PEER, 4000, control=pktinfo(source="239.1.1.2")) == "EINVAL"


def test_any_address_hears_what_the_rule_brings(host, driver):
    wire = host.wires[0]
    sock = driver.open(0, port=5000)
    wire.send(wire.udp(b"for it", dport=5000, ip={"dst": FOREIGN}))
    assert sock.drain() == [b"for it"]
    assert sock.send(b"x", PEER, 4000, control=pktinfo(source=FOREIGN)) == "ENETUNREACH"
    mark = wire.mark()
    wire.send(wire.udp(b"nobody's", dport=5001, ip={"dst": FOREIGN}), wire.echo_request(b"nobody's", ip={"dst": FOREIGN}))
    wire.barrier()
    assert not [p for p in wire.since(mark) if IP in p and p[IP].src == FOREIGN]  # it is no address to answer from


def test_transparent_raw_and_ping(host, driver):
    wire = host.wires[0]
    raw = driver.open(0, kind=RAW, protocol=253)
    ping = driver.open(1, protocol=1)
    for sock in (raw, ping):
        assert sock.bind(FOREIGN, 77) == "EADDRNOTAVAIL"
        assert sock.set(SOL_IP, IP_TRANSPARENT, 1) == OK
        assert sock.bind(FOREIGN, 77) == OK
    mark = wire.mark()
    assert raw.send(b"raw", PEER) == OK
    p = wire.wait(lambda p: IP in p and p[IP].proto == 253, mark)
    assert (p[IP].src, bytes(p[IP].payload)[:3]) == (FOREIGN, b"raw")
    assert ping.send(b"\x08\0\0\0\0\0\0\x01ping", PEER) == OK
    p = wire.wait(lambda p: ICMP in p and p[ICMP].type == 8, mark)
    assert (p[IP].src, p[ICMP].id) == (FOREIGN, 77)
    wire.send(wire.ipv4(dst=FOREIGN, proto=253) / Raw(b"answer"), wire.ipv4(proto=253) / Raw(b"ours"),
              wire.ipv4(dst=FOREIGN) / ICMP(type=0, id=77, seq=1) / Raw(b"pong"))
    assert [d[20:] for d in raw.drain()] == [b"answer"]
    assert [d[8:] for d in ping.drain()] == [b"pong"]


def listener_on(driver, number, address, port, *options):
    sock = driver.open(number, kind=STREAM)
    for name, value in options:
        assert sock.set(SOL_IP, name, value) == OK
    assert sock.bind(address, port) == OK and sock.listen() == OK
    return sock


def test_transparent_listener(host, driver):
    wire = host.wires[0]
    plain = listener_on(driver, 0, "0.0.0.0", 4100)
    assert Peer(wire, FOREIGN, 4100, 3000).shake() == ""  # it is heard, and cannot answer
    assert Peer(wire, FOREIGN, 4199, 3001).send("S") == []
    assert plain.close() == OK
    for n, address in enumerate(("0.0.0.0", FOREIGN)):
        listener = listener_on(driver, 1, address, 4101 + n, (IP_TRANSPARENT, 1))
        peer = Peer(wire, FOREIGN, 4101 + n, 3010)
        assert peer.begin() == FOREIGN
        sock = listener.accept(2)
        assert sock.say("name") == [FOREIGN, str(4101 + n), OK]
        assert sock.get_int(SOL_IP, IP_TRANSPARENT) == 1
        assert [p[IP].src for p in peer.send("PA", b"question")] in ([FOREIGN], [])
        peer.seq += 8
        assert sock.drain_stream() == b"question"
        mark = wire.mark()
        assert sock.send(b"answer") == OK
        p = wire.wait(lambda p: TCP in p and p[TCP].dport == 3010 and Raw in p, mark)
        assert (p[IP].src, bytes(p[TCP].payload)) == (FOREIGN, b"answer")
        peer.ack += 6
        peer.send("A")
        mark = wire.mark()
        assert sock.close() == OK
        assert wire.wait(lambda p: TCP in p and p[TCP].dport == 3010 and "F" in p[TCP].flags, mark)[IP].src == FOREIGN
        peer.ack += 1
        peer.send("FA")
        assert [p[IP].src for p in peer.send("FA")] == [FOREIGN]  # TIME_WAIT speaks for it, too
        assert listener.close() == OK


def test_transparent_connect(host, driver):
    wire = host.wires[0]
    sock = driver.open(0, kind=STREAM)
    assert sock.set(SOL_IP, IP_TRANSPARENT, 1) == OK
    assert sock.bind(FOREIGN, 4200) == OK
    mark = wire.mark()
    assert sock.connect(PEER, 4300) == "EINPROGRESS"
    syn = sent(wire, mark, 4300, TCP)
    assert (syn[IP].src, syn[TCP].sport) == (FOREIGN, 4200)
    peer = Peer(wire, FOREIGN, 4200, 4300)
    peer.ack = syn[TCP].seq + 1
    answers = peer.send("SA")
    assert [(p[IP].src, p[TCP].flags) for p in answers] == [(FOREIGN, "A")]
    peer.seq += 1
    mark = wire.mark()
    assert sock.send(b"text") == OK
    p = wire.wait(lambda p: TCP in p and p[TCP].dport == 4300 and Raw in p, mark)
    assert p[IP].src == FOREIGN and sock.get_int(SOL_IP, IP_MTU) == 1500
    peer.send("RA")
    assert driver.open(1, kind=STREAM).bind(FOREIGN, 4201) == "EADDRNOTAVAIL"


def test_transparent_by_mark(host, driver):
    """Whatever goes to a port, wherever it should go: what proxies do."""
    wire = host.wires[0]
    anywhere = "198.18.0.5"
    undo = ["iptables -t mangle -D PREROUTING -p tcp --dport 4500 -j MARK --set-mark 1",
            "iptables -t mangle -D PREROUTING -p udp --dport 4500 -j MARK --set-mark 1",
            "ip rule del fwmark 1 lookup 101", "ip route del local 0.0.0.0/0 dev lo table 101"]
    for line in undo:
        host.run(line.replace("-D", "-A").replace(" del ", " add "))
    try:
        listener = listener_on(driver, 0, "0.0.0.0", 4500, (IP_TRANSPARENT, 1))
        udp = driver.open(1)
        assert udp.set(SOL_IP, IP_TRANSPARENT, 1) == udp.set(SOL_IP, 20, 1) == OK and udp.bind("0.0.0.0", 4500) == OK
        peer = Peer(wire, anywhere, 4500, 3040)
        assert peer.begin() == anywhere and listener.accept(2).say("name") == [anywhere, "4500", OK]
        wire.send(wire.udp(b"question", dport=4500, ip={"dst": anywhere}))
        _, _, data, cmsgs = udp.recv()
        assert data == b"question" and cmsgs[(SOL_IP, 20)][4:8] == addr(anywhere)
        mark = wire.mark()
        assert udp.send(b"answer", PEER, 4000, control=pktinfo(source=anywhere)) == OK
        assert sent(wire, mark, 4000)[IP].src == anywhere
        assert Peer(wire, anywhere, 4501, 3041).send("S") == []  # this goes elsewhere
    finally:
        for line in undo:
            host.run(line)


def test_addresses_by_a_local_route_are_ours(host, driver):
    wire = host.wires[0]
    ours = "198.51.100.7"
    host.run("ip route add local 198.51.100.0/24 dev lo")
    try:
        udp = driver.open(0)
        assert udp.bind(ours, 5000) == OK
        mark = wire.mark()
        assert udp.send(b"x", PEER, 4000) == OK
        assert sent(wire, mark, 4000)[IP].src == ours
        listener_on(driver, 1, "0.0.0.0", 4120)
        assert Peer(wire, ours, 4120, 3050).shake() == ours
        assert [str(p[TCP].flags) for p in Peer(wire, ours, 4121, 3051).send("S")] == ["RA"]
        mark = wire.mark()
        wire.send(wire.echo_request(b"ping", ip={"dst": ours}), wire.udp(b"nobody's", dport=5001, ip={"dst": ours}))
        wire.barrier()
        assert {p[ICMP].type for p in wire.since(mark) if ICMP in p and p[IP].src == ours} == {0, 3}
    finally:
        host.run("ip route del local 198.51.100.0/24 dev lo")
    assert udp.send(b"x", PEER, 4000) == "ENETUNREACH"


def test_what_the_rule_brings_from_this_host(host, driver):
    sock, asker = driver.open(0, port=5000), driver.open(1, port=5001)
    assert asker.send(b"from here", FOREIGN, 5000) == OK
    source, port, data, _ = sock.recv()
    assert (source, port, data) == (FOREIGN, 5001, b"from here")
    assert sock.send(b"back", source, port) == OK
    assert asker.recv()[:3] == (FOREIGN, 5000, b"back")


def test_accepted_sockets_have_the_listeners(host, driver):
    options = {IP_TRANSPARENT: 1, IP_MINTTL: 7, IP_LOCAL_PORT_RANGE: ports(40000, 41000), IP_CHECKSUM: 1,
               IP_UNICAST_IF: struct.unpack("i", struct.pack("!i", index(host, "eth1")))[0]}
    listener = listener_on(driver, 0, "0.0.0.0", 4105, *options.items())
    Peer(host.wires[0], HERE, 4105, 3020).begin()
    sock = listener.accept(1)
    assert {name: sock.get_int(SOL_IP, name) for name in options} == options


# ---- IP_MINTTL

def dropped(host):
    return counters(host)["TcpExtTCPMinTTLDrop"]


def test_min_ttl_of_a_listener(host, driver):
    wire = host.wires[0]
    listener = listener_on(driver, 0, "0.0.0.0", 4110, (IP_MINTTL, 200))
    before = dropped(host)
    peer = Peer(wire, HERE, 4110, 3030)
    assert peer.shake(ttl=199) == "" and dropped(host) - before == 1
    assert peer.shake(ttl=200) == HERE
    peer.send("A", ttl=1)  # a handshake under way does not look
    assert dropped(host) - before == 1
    sock = listener.accept(1)
    assert peer.send("PA", b"far", ttl=199) == [] and dropped(host) - before == 2
    assert peer.send("RA", ttl=64) == [] and dropped(host) - before == 3
    peer.send("PA", b"near", ttl=200)
    assert sock.drain_stream() == b"near"
    peer.seq += 4
    assert sock.set(SOL_IP, IP_MINTTL, 0) == OK
    peer.send("PA", b"any", ttl=1)
    assert sock.drain_stream() == b"any" and dropped(host) - before == 3


def test_min_ttl_and_errors(host, driver):
    """What is quoted must have a TTL, too, that the program would have let in."""
    wire = host.wires[0]
    before = dropped(host)
    for n, (quoted, result, more) in enumerate(((199, "EINPROGRESS", 1), (200, "ECONNREFUSED", 1))):
        sock = driver.open(n, kind=STREAM)
        assert sock.set(SOL_IP, IP_MINTTL, 200) == OK
        mark = wire.mark()
        assert sock.connect(PEER, 4310 + n) == "EINPROGRESS"
        wire.send(refusal(wire, sent(wire, mark, 4310 + n, TCP), quoted_ttl=quoted))
        wire.barrier()
        assert dropped(host) - before == more
        assert sock.get_int(SOL_SOCKET, SO_ERROR) == (0 if result == "EINPROGRESS" else 111)
    sock = driver.open(2, kind=STREAM)
    assert sock.set(SOL_IP, IP_MINTTL, 200) == OK
    mark = wire.mark()
    assert sock.connect(PEER, 4320) == "EINPROGRESS"
    syn = sent(wire, mark, 4320, TCP)
    peer = Peer(wire, HERE, syn[TCP].sport, 4320)
    peer.ack = syn[TCP].seq + 1
    assert peer.send("SA", ttl=199) == []
    assert [p[TCP].flags for p in peer.send("SA", ttl=200)] == ["A"]
    assert dropped(host) - before == 2


def test_datagrams_have_no_min_ttl(host, driver):
    wire = host.wires[0]
    udp, raw = driver.open(0), driver.open(1, kind=RAW, protocol=253)
    for sock in (udp, raw):
        assert sock.set(SOL_IP, IP_MINTTL, 255) == OK and sock.get_int(SOL_IP, IP_MINTTL) == 255
    assert udp.bind("0.0.0.0", 5000) == OK
    wire.send(wire.udp(b"near or far", dport=5000), wire.ipv4(proto=253, ttl=1) / Raw(b"raw"))
    assert udp.drain() == [b"near or far"] and len(raw.drain()) == 1
    assert [udp.set(SOL_IP, IP_MINTTL, v) for v in (-1, 256, b"\xff", b"")] == ["EINVAL", "EINVAL", OK, "EINVAL"]


# ---- IP_LOCAL_PORT_RANGE

def ports(first, last):
    return struct.unpack("i", struct.pack("I", last << 16 | first))[0]


def port_of(sock):
    return int(sock.say("name")[1])


def test_ports_of_datagrams(host, driver):
    socks = [driver.open(n, reuse=False) for n in range(5)]
    for sock in socks:
        assert sock.set(SOL_IP, IP_LOCAL_PORT_RANGE, ports(40000, 40003)) == OK
    assert [sock.bind("0.0.0.0", 0) for sock in socks] == [OK] * 4 + ["EADDRINUSE"]
    assert sorted(map(port_of, socks[:4])) == [40000, 40001, 40002, 40003]
    assert socks[4].send(b"x", PEER, 4000) == socks[4].connect(PEER, 4000) == "EAGAIN"
    assert socks[4].bind("0.0.0.0", 39000) == OK  # what is named is not chosen
    assert socks[0].close() == OK
    for n, how in enumerate(("send", "connect")):
        sock = driver.open(5 + n, reuse=False)
        assert sock.set(SOL_IP, IP_LOCAL_PORT_RANGE, ports(40010 + n, 40010 + n)) == OK
        assert (sock.send(b"x", PEER, 4000) if how == "send" else sock.connect(PEER, 4000)) == OK
        assert port_of(sock) == 40010 + n


@pytest.mark.parametrize("first,last,low,high", [
    (0, 32769, 32768, 32769), (60998, 0, 60998, 60999), (0, 0, 32768, 60999), (1000, 2000, 32768, 60999),
    (1000, 32769, 32768, 32769), (60998, 65000, 60998, 60999), (50000, 50000, 50000, 50000)])
@pytest.mark.parametrize("kind", [DGRAM, STREAM])
def test_ports_within_the_stacks(host, driver, kind, first, last, low, high):
    """Each end counts as far as it lies in net.ipv4.ip_local_port_range."""
    got = set()
    for _ in range(1 if first == last else 12):
        sock = driver.open(0, kind=kind, reuse=False)
        assert sock.set(SOL_IP, IP_LOCAL_PORT_RANGE, ports(first, last)) == OK
        assert sock.bind("0.0.0.0", 0) == OK
        got.add(port_of(sock))
    assert all(low <= port <= high for port in got), got
    if high - low == 1 and kind == DGRAM:  # Linux has a preference
        assert got == {low, high}


def test_ports_of_streams(host, driver):
    wire = host.wires[0]

    def stream(number, *more):
        sock = driver.open(number, kind=STREAM, reuse=False)
        for name, value in ((IP_LOCAL_PORT_RANGE, ports(40100, 40100)), *more):
            assert sock.set(SOL_IP, name, value) == OK
        return sock

    by_connect = [stream(n) for n in range(3)]
    assert by_connect[0].connect(PEER, 4330) == "EINPROGRESS"
    assert by_connect[1].connect(PEER, 4330) == "EADDRNOTAVAIL"
    assert by_connect[2].connect(PEER, 4331) == "EINPROGRESS"  # another peer's: the port is shared
    assert [port_of(by_connect[n]) for n in (0, 2)] == [40100, 40100]
    assert stream(3).bind("0.0.0.0", 0) == "EADDRINUSE"
    for sock in by_connect:
        assert sock.close() == OK
    bound = [stream(n) for n in range(4)]
    assert [bound[0].bind(HERE, 0), bound[1].bind(SECOND, 0), bound[2].bind(SECOND, 0)] == [OK, OK, "EADDRINUSE"]
    assert bound[3].listen() == "EADDRINUSE"
    assert bound[0].close() == bound[1].close() == OK
    assert bound[3].listen() == OK and port_of(bound[3]) == 40100
    assert bound[3].close() == OK
    late = [stream(n, (IP_BIND_ADDRESS_NO_PORT, 1)) for n in range(2)]
    assert [sock.bind(SECOND, 0) for sock in late] == [OK, OK]
    mark = wire.mark()
    assert [late[n].connect(PEER, 4332 + n) for n in range(2)] == ["EINPROGRESS"] * 2
    assert [sent(wire, mark, 4332 + n, TCP)[TCP].sport for n in range(2)] == [40100, 40100]


def test_a_port_that_is_chosen_is_nobodys(host, driver):
    """SO_REUSEADDR is for ports that are named."""
    for kind, result in ((STREAM, "EADDRINUSE"), (DGRAM, OK)):
        for n, wanted in ((0, OK), (1, result)):
            sock = driver.open(n, kind=kind, reuse=True)
            assert sock.set(SOL_IP, IP_LOCAL_PORT_RANGE, ports(40200, 40200)) == OK
            assert sock.bind("0.0.0.0", 0) == wanted


def test_port_range_values(host, driver):
    sock = driver.open(0)
    assert sock.set(SOL_IP, IP_LOCAL_PORT_RANGE, ports(40001, 40000)) == "EINVAL"
    for value in (b"", b"\1", b"\1\2\3", bytes(8)):
        assert sock.set(SOL_IP, IP_LOCAL_PORT_RANGE, value) == "EINVAL"
    assert sock.set(SOL_IP, IP_LOCAL_PORT_RANGE, ports(0, 65535)) == OK
    assert sock.get_int(SOL_IP, IP_LOCAL_PORT_RANGE) == ports(0, 65535)


# ---- IP_NODEFRAG

def piece(offset, more, data=b"\x13\x88\x0f\xa0\0\x18\0\0" + bytes(8), ident=7):
    """Of a datagram of 24 bytes, as a raw socket sends it."""
    return bytes(IP(src=HERE, dst=PEER, proto=17, id=ident, flags="MF" if more else 0, frag=offset // 8) / Raw(data))


def test_pieces_pass_untouched(host, driver):
    wire = host.wires[0]
    sock, plain = (driver.open(n, kind=RAW, protocol=255) for n in range(2))
    assert sock.set(SOL_IP, IP_NODEFRAG, 1) == OK and sock.get_int(SOL_IP, IP_NODEFRAG) == 1
    for kind in (DGRAM, STREAM):
        other = driver.open(2, kind=kind)
        assert other.set(SOL_IP, IP_NODEFRAG, 1) == "ENOPROTOOPT" and other.get_int(SOL_IP, IP_NODEFRAG) == 0
    rules = ("iptables -A OUTPUT -p udp -m conntrack --ctstate INVALID -j ACCEPT",
             "iptables -t nat -A POSTROUTING -p udp -d 10.0.1.2 -j SNAT --to-source 10.0.1.11")
    for rule in rules:
        host.run(rule)
    try:
        mark = wire.mark()
        assert plain.send(piece(0, True, ident=8), PEER) == OK
        wire.barrier()
        assert not pieces(wire, mark)  # it waits for the rest
        assert sock.send(piece(0, True), PEER) == OK and sock.send(piece(16, False, bytes(8)), PEER) == OK
        wire.barrier()
        assert pieces(wire, mark) == [(7, HERE, 0, 16), (7, HERE, 16, 8)]
        assert plain.send(piece(16, False, bytes(8), ident=8), PEER) == OK
        wire.barrier()
        assert pieces(wire, mark)[2:] in ([(8, SECOND, 0, 16), (8, SECOND, 16, 8)], [(8, SECOND, 0, 24)])
        assert "2 " in [line for line in host.run("iptables -nvxL OUTPUT").splitlines() if "INVALID" in line][0]
        assert sock.set(SOL_IP, IP_NODEFRAG, 0) == OK
        mark = wire.mark()
        assert sock.send(piece(0, True, ident=9), PEER) == OK
        wire.barrier()
        assert not pieces(wire, mark)
    finally:
        for rule in rules:
            host.run(rule.replace("-A", "-D"))


def pieces(wire, mark):
    return [(p[IP].id, p[IP].src, p[IP].frag * 8, p[IP].len - 20) for p in wire.since(mark)
            if IP in p and p[IP].proto == 17 and p[IP].dst == PEER and p[IP].id in (7, 8, 9) and not port_6000(p)]


def port_6000(p):
    return UDP in p and p[UDP].sport == 6000


# ---- IP_UNICAST_IF

def by_device(host, device):
    return struct.pack("!i", index(host, device))


def test_unicast_leaves_by_the_device(host, driver):
    near, far = host.wires
    near.hosts[FAR] = near.mac
    udp, raw, ping = driver.open(0, port=5000), driver.open(1, kind=RAW, protocol=253), driver.open(2, protocol=1)
    ours = {udp: lambda p: UDP in p and p[UDP].dport == 4000, raw: lambda p: IP in p and p[IP].proto == 253,
            ping: lambda p: ICMP in p and p[ICMP].type == 8}
    echo = b"\x08\0\0\0\0\0\0\x01ping"
    for sock, match in ours.items():
        for device, wire, source in (("eth0", near, HERE), (None, far, "10.0.2.1")):
            assert sock.set(SOL_IP, IP_UNICAST_IF, by_device(host, device) if device else 0) == OK
            mark = wire.mark()
            assert sock.send(echo, FAR, 4000) == OK
            assert wire.wait(match, mark)[IP].src == source
    del near.hosts[FAR]


def test_what_is_stronger_than_unicast_if(host, driver):
    near, far = host.wires
    sock = driver.open(0, port=5000)
    assert sock.set(SOL_IP, IP_UNICAST_IF, by_device(host, "eth0")) == OK
    assert sock.get(SOL_IP, IP_UNICAST_IF) == by_device(host, "eth0")
    far.send(far.udp(b"any device's", dport=5000))
    far.barrier()
    assert sock.drain() == [b"any device's"]
    mark = far.mark()
    assert sock.send(b"x", FAR, 4001, control=pktinfo(index(host, "eth1"))) == OK
    sent(far, mark, 4001)
    assert sock.set(SOL_IP, IP_MULTICAST_IF, bytes(8) + struct.pack("i", index(host, "eth1"))) == OK
    assert sock.send(b"x", "239.1.1.1", 4002) == OK
    sent(far, mark, 4002)
    assert sock.set(SOL_SOCKET, 6, 1) == OK
    mark = near.mark()
    assert sock.send(b"x", "255.255.255.255", 4003) == OK
    sent(near, mark, 4003)
    near.hosts[FAR] = near.mac
    assert sock.connect(FAR, 4004) == OK and sock.say("name")[0] == HERE
    assert sock.send(b"x") == OK
    sent(near, mark, 4004)
    assert sock.connect("-") == OK
    del near.hosts[FAR]
    mark = far.mark()
    assert sock.set(SOL_SOCKET, SO_BINDTODEVICE, b"eth1") == OK
    assert sock.send(b"x", FAR, 4005) == OK
    sent(far, mark, 4005)
    assert [sock.set(SOL_IP, IP_UNICAST_IF, by_device(host, d)) for d in ("eth0", "eth1")] == ["EINVAL"] * 2
    assert sock.set(SOL_IP, IP_UNICAST_IF, 0) == OK


def test_unicast_if_of_streams_says_nothing(host, driver):
    far = host.wires[1]
    sock = driver.open(0, kind=STREAM)
    assert sock.set(SOL_IP, IP_UNICAST_IF, by_device(host, "eth0")) == OK
    mark = far.mark()
    assert sock.connect(FAR, 4340) == "EINPROGRESS"
    sent(far, mark, 4340, TCP)
    for value, result in ((b"", "EINVAL"), (b"\0", "EINVAL"), (bytes(8), "EINVAL"), (struct.pack("!i", 99), "EADDRNOTAVAIL"),
                          (struct.pack("!i", -1), "EADDRNOTAVAIL"), (bytes(4), OK)):
        assert sock.set(SOL_IP, IP_UNICAST_IF, value) == result


# ---- IP_CHECKSUM

def folded(data):
    total = sum(struct.unpack(f"={len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total


def sum_of(answer):
    """Of what came with a datagram; None: nothing did."""
    value = answer[3].get((SOL_IP, IP_CHECKSUM))
    return None if value is None else folded(value)


def test_checksum_comes_along(host, driver):
    wire = host.wires[0]
    sock = driver.open(0, port=5000)
    assert sock.set(SOL_IP, IP_CHECKSUM, 1) == OK and sock.get_int(SOL_IP, IP_CHECKSUM) == 1
    short, long = bytes(range(40)), bytes(range(256)) * 4
    wire.send(wire.udp(short, dport=5000), wire.udp(long, dport=5000), wire.udp(short, dport=5000, chksum=0),
              wire.udp(b"odd" + short, dport=5000), wire.udp(b"", dport=5000))
    assert sum_of(sock.recv()) == folded(short)
    assert sum_of(sock.recv()) == (None if DUT == "linux" else folded(long))  # it is not summed by then
    assert sum_of(sock.recv()) is None
    assert sum_of(sock.recv()) == folded(b"odd" + short + b"\0")
    assert sum_of(sock.recv()) in (0, 0xffff)
    assert sock.set(SOL_IP, IP_CHECKSUM, 0) == OK
    wire.send(wire.udp(short, dport=5000))
    assert sum_of(sock.recv()) is None


def test_checksum_of_others(host, driver):
    """A ping's is that of a message that is as it should be; a raw packet's nobody has looked at."""
    wire = host.wires[0]
    ping, raw = driver.open(0, protocol=1), driver.open(1, kind=RAW, protocol=253)
    for sock in (ping, raw):
        assert sock.set(SOL_IP, IP_CHECKSUM, 1) == OK
    assert ping.bind(HERE, 78) == OK
    wire.send(wire.ipv4() / ICMP(type=0, id=78, seq=1) / Raw(b"pong"), wire.ipv4(proto=253) / Raw(b"raw!"))
    assert sum_of(ping.recv()) in (0, 0xffff)
    assert sum_of(raw.recv()) is None


def test_checksum_after_the_others(host, driver):
    wire = host.wires[0]
    sock = driver.open(0, port=5000)
    for name in (IP_CHECKSUM, IP_PKTINFO, 20):
        assert sock.set(SOL_IP, name, 1) == OK
    wire.send(wire.udp(b"in order", dport=5000))
    assert list(sock.recv()[3]) == [(SOL_IP, IP_PKTINFO), (SOL_IP, 20), (SOL_IP, IP_CHECKSUM)]
