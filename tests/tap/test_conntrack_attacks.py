# SPDX-License-Identifier: MIT
"""Attacks on a NAT router with stateful rules: what they take is bounded, counters tell of them, a connection that was there
before goes on, and commands are answered."""
import os
import random
import re
import socket
import struct

import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.packet import Raw

from conftest import DUT
from hosts import FAR, NEAR, two_hosts
from test_syn_flood import begin_flood
from wire import PacketSocket, Wire

PUBLIC = "10.0.2.1"
NOBODY = "10.0.2.77"  # beyond eth1; known there, and answers nothing
FEW_PORTS, FORBIDDEN = 5300, 8080
RULES = f"""*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A POSTROUTING -o eth1 -p udp -m udp --dport {FEW_PORTS} -j MASQUERADE --to-ports 6000-6009
-A POSTROUTING -o eth1 -j MASQUERADE
COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -m conntrack --ctstate INVALID -j DROP
-A FORWARD -p tcp -m tcp --dport {FORBIDDEN} -j DROP
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -i eth0 -j ACCEPT
COMMIT
"""
INVALID, TO_FORBIDDEN = 0, 1  # rules that count


def interface_of(host):
    """Its only one, and the address of that."""
    return re.search(r"^\d+: (?!lo)(\w+)[@:].*link/ether (\S+)", host.run("ip", "-o", "link"), re.M).groups()


def tapped(host):
    """A further end of the host's cable, for frames that its stack would not send."""
    interface, mac = interface_of(host)
    its = re.search(r"lladdr (\S+)", host.run("ip", "neigh", "show", host.router))[1]
    with host.inside():
        wire = Wire(PacketSocket(interface), mac, host.address, its, host.router)
    wire.hosts = {}
    return wire


class Flow:
    """A TCP connection from the near host through the router to the far one."""

    def __init__(self, near, far):
        with far.inside(), socket.socket() as listener:
            listener.bind((FAR, 0))
            listener.listen()
            with near.inside():
                self.client = socket.create_connection(listener.getsockname(), 30)
            self.server, self.seen_as = listener.accept()
        self.port = self.server.getsockname()[1]
        for sock in self.client, self.server:
            sock.settimeout(30)

    def chat(self):
        """Bytes go both ways still."""
        for one, other in (self.client, self.server), (self.server, self.client):
            data = os.urandom(5000)
            one.sendall(data)
            got = b""
            while len(got) < len(data):
                part = other.recv(65536)
                assert part, "the connection has ended"
                got += part
            assert got == data

    def close(self):
        self.client.close()
        self.server.close()


class World:
    def __init__(self, near, far, router):
        self.near_host, self.far_host, self.router = near, far, router
        far.run("ping", "-q", "-c", "1", "-w", "20", far.router)
        self.near, self.far = tapped(near), tapped(far)
        router.run(f"ip neigh add {NOBODY} lladdr {self.far.mac} dev eth1")  # settled() does not wait for ARP
        router.run("iptables-restore", RULES)
        self.clock = Flow(near, far)

    def close(self):
        self.clock.close()
        self.near.close()
        self.far.close()

    def stat(self, name):
        """Of conntrack -S."""
        return sum(map(int, re.findall(rf"\b{name}=(\d+)", self.router.run("conntrack -S"))))

    def met(self, rule):
        """How many packets a rule has met."""
        rules = re.findall(r"^\[(\d+):\d+\] -A", self.router.run("iptables-save -c -t filter"), re.M)
        return int(rules[rule])

    def mib(self, name):
        return int(re.search(rf"^{name}\s+(\d+)", self.router.run(f"nstat -az {name}"), re.M)[1])

    def settled(self):
        """What was sent before has been dealt with, and what comes of it has been collected."""
        ends = self.clock.client, self.clock.server
        for one, other, wire in (*ends, self.far), (*ends[::-1], self.near):
            token, mark = os.urandom(16), wire.mark()
            one.sendall(token)
            assert other.recv(16) == token
            wire.wait(lambda p, token=token: token in bytes(p), mark)

    def through(self, *frames):
        """Sends frames from near; what comes of them at the far side."""
        mark, sent = self.far.mark(), {(frame[IP].proto, frame[IP].id) for frame in frames}
        self.near.send(*frames)
        self.settled()
        return [p for p in self.far.since(mark) if IP in p and p[IP].src == PUBLIC and (p[IP].proto, p[IP].id) in sent]


@pytest.fixture(scope="module", name="world")
def world_fixture():
    with two_hosts(DUT) as trio:
        world = World(*trio)
        yield world
        world.close()


@pytest.fixture(name="flow")
def flow_fixture(world):
    flow = Flow(world.near_host, world.far_host)
    flow.chat()
    yield flow
    flow.chat()
    assert re.search(rf"ESTABLISHED src={NEAR} dst={FAR} sport=\d+ dport={flow.port} .*ASSURED",
                     world.router.run("conntrack -L -p tcp"))
    flow.close()


def datagram(wire, sport, dport, source=NEAR, to=FAR):
    return wire.eth() / IP(src=source, dst=to) / UDP(sport=sport, dport=dport) / Raw(b"?")


def test_attack_all_ports_taken(world, flow):
    """Ten ports, fifteen flows to one place: five end, each counted, and none goes out as somebody else."""
    with world.far_host.inside():
        sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with sink:
        sink.bind(("", FEW_PORTS))
        failed, dropped = world.stat("insert_failed"), world.stat("drop")
        came = world.through(*(datagram(world.near, 2000 + i, FEW_PORTS) for i in range(15)))
        assert sorted(p[UDP].sport for p in came) == list(range(6000, 6010))
        assert all(p[IP].src == PUBLIC for p in came)
        assert world.stat("insert_failed") - failed == 5
        assert world.stat("drop") - dropped == 5
        flow.chat()
        came = world.through(*(datagram(world.near, 2000 + i, FEW_PORTS, to=NOBODY) for i in range(10)))
        assert sorted(p[UDP].sport for p in came) == list(range(6000, 6010)), "another place, the same ports"
        world.router.run(f"conntrack -D -p udp --orig-src {NEAR} --orig-dst {FAR} --sport 2003")
        assert len(world.through(datagram(world.near, 2020, FEW_PORTS))) == 1


def last_ack(world, flow):
    """The number that the near host waits for."""
    flow.chat()
    mark = world.far.mark()
    flow.client.sendall(b"!")
    assert flow.server.recv(9) == b"!"
    return world.far.wait(lambda p: TCP in p and p[TCP].dport == flow.port and bytes(p[TCP].payload)[:1] == b"!",
                          mark)[TCP].ack


def test_attack_forged_resets(world, flow):
    rng, dropped = random.Random(1), world.met(INVALID)
    strangers = [(1 << 28) + rng.randrange(1 << 30) for _ in range(50)]
    for offsets in strangers, range(1, 1000, 50):
        expected = last_ack(world, flow)
        for offset in offsets:
            world.far.send(world.far.eth() / IP(src=FAR, dst=PUBLIC) /
                           TCP(sport=flow.port, dport=flow.seen_as[1], seq=(expected + offset) & 0xffffffff, flags="R"))
        world.settled()
        assert world.met(INVALID) - dropped == len(strangers), "in the window it is the host's to judge"
        flow.chat()


def error(world, quote, kind=3, code=3, source=FAR, to=PUBLIC, **more):
    return world.far.eth() / IP(src=source, dst=to) / ICMP(type=kind, code=code, **more) / quote


def test_attack_forged_errors(world, flow):
    """Those about no connection end at the router; those that guessed the ends go on, and TCP knows better."""
    def quote(sport=flow.seen_as[1], source=PUBLIC):
        return Raw(bytes(IP(src=source, dst=FAR, len=60) / TCP(sport=sport, dport=flow.port, seq=12345))[:28])

    dropped, mark = world.met(INVALID), world.near.mark()
    strangers = [error(world, quote(sport)) for sport in range(1, 21)]
    strangers.append(error(world, quote(source=NEAR)))  # the address that nobody out there should know
    strangers.append(error(world, Raw(bytes(quote())[:22])))
    strangers.append(error(world, Raw(bytes(IP(src=PUBLIC, dst=FAR) / ICMP(type=3, code=1) / quote()))))
    world.far.send(*strangers)
    world.settled()
    assert not [p for p in world.near.since(mark) if ICMP in p and p[ICMP].type == 3 and p[IP].src == FAR]
    assert world.met(INVALID) - dropped == len(strangers)
    flow.chat()
    mark = world.near.mark()
    guesses = [error(world, quote(), code=code, source=source) for code in (0, 1, 2, 3, 9, 10, 13) for source in (FAR, NOBODY)]
    guesses.append(error(world, quote(), code=4, nexthopmtu=68))
    guesses.append(error(world, quote(), kind=4, code=0))
    guesses.append(error(world, quote(), kind=11, code=0))
    world.far.send(*guesses)
    world.settled()
    came = [p for p in world.near.since(mark) if ICMP in p and p[ICMP].type in (3, 4, 11)]
    assert len(came) == len(guesses)
    assert all(p[IP].dst == NEAR and bytes(p[ICMP].payload)[12:16] == socket.inet_aton(NEAR) for p in came)
    flow.chat()


def pieces(wire, ident, *cuts):
    """Fragments of TCP in the order given: (offset, bytes, more follow)."""
    return [wire.eth() / IP(src=NEAR, dst=FAR, id=ident, proto=6, frag=at // 8, flags="MF" if more else "") / Raw(data)
            for at, data, more in cuts]


def syn(dport):
    """A segment with a sum that is right between NEAR and FAR."""
    return bytes(IP(bytes(IP(src=NEAR, dst=FAR) / TCP(sport=3333, dport=dport, seq=7, flags="S") / Raw(b"x" * 12))))[20:]


def test_attack_tiny_fragments(world, flow):
    """Rules see whole packets: a header in pieces hides nothing."""
    bad, good = syn(FORBIDDEN), syn(8081)
    dropped = world.met(TO_FORBIDDEN)
    for ident, data in enumerate((bad, good), 50):
        cuts = [(at, data[at:at + 8], at + 8 < len(data)) for at in range(0, len(data), 8)]
        for order in cuts, cuts[::-1]:
            came = world.through(*pieces(world.near, ident, *order))
            assert (len(came) > 0) == (data is good)
    assert world.met(TO_FORBIDDEN) - dropped == 2


def test_attack_overlapping_fragments(world, flow):
    """What says two things about a byte is nothing at all; what says one thing twice is one."""
    bad, good = syn(FORBIDDEN), syn(8082)
    dropped, fails = world.met(TO_FORBIDDEN), world.mib("IpReasmFails")
    over_some = [(0, good[:16], True), (8, bad[8:24], True), (24, good[24:], False)]
    over_ports = [(8, good[8:24], True), (0, bad[:16], True), (0, good[:8], True), (24, good[24:], False)]
    for ident, cuts in enumerate((over_some, over_ports), 60):
        assert not world.through(*pieces(world.near, ident, *cuts))
    assert world.mib("IpReasmFails") > fails
    assert world.met(TO_FORBIDDEN) == dropped
    within = [(0, good[:24], True), (0, bad[:8], True), (24, good[24:], False)]  # says nothing that is not known
    past_end = [(24, good[24:], False), (0, good[:24], True), (24, bad[24:] + bytes(8), False)]
    for ident, cuts in enumerate((within, past_end), 70):
        came = world.through(*pieces(world.near, ident, *cuts))
        assert came and bytes(came[0][IP].payload)[:4] == good[:4], "as the rules have seen it"


def beginnings(wire, count):
    """First pieces of datagrams from many hosts, as bytes: Scapy would take its time."""
    frame = bytearray(bytes(wire.eth() / IP(src="10.0.1.3", dst=FAR, id=1, proto=17, flags="MF") / Raw(bytes(1000))))
    for i in range(count):
        frame[18:20] = (i >> 8, i & 255)
        frame[29] = 3 + i % 200
        frame[24:26] = b"\0\0"
        total = sum(struct.unpack("!10H", frame[14:34]))
        total = (total & 0xffff) + (total >> 16)
        struct.pack_into("!H", frame, 24, ~((total & 0xffff) + (total >> 16)) & 0xffff)
        yield bytes(frame)


def test_attack_pieces_without_end(world, flow):
    """What may wait for its other pieces has an end (ipfrag_high_thresh), and others go through."""
    fails = world.mib("IpReasmFails")
    for i, frame in enumerate(beginnings(world.near, 6000)):
        world.near.send(frame)
        if i % 200 == 0:
            world.settled()
        if i % 1000 == 0:
            flow.chat()
    world.settled()
    assert world.mib("IpReasmFails") - fails > 1000


def alike(wire, count):
    """Datagrams of as many flows, the ends of which have the same sum, as bytes: Scapy would take its time."""
    frame = bytearray(bytes(datagram(wire, 1, 1, to=NOBODY)))
    frame[40:42] = b"\0\0"  # no checksum
    for i in range(count):
        struct.pack_into("!HH", frame, 34, 1024 + i, 60000 - i)
        yield bytes(frame)


def test_attack_flows_alike(world, flow):
    """Flows chosen to fall together, by who does not know the key, are tracked each, and delay nobody."""
    setting, names, count = "net.netfilter.nf_conntrack_udp_timeout", ("drop", "early_drop", "insert_failed"), 3000
    usual = world.router.run(f"sysctl -n {setting}").strip()
    world.router.run(f"sysctl -w {setting}=600")
    try:
        stats, before = [world.stat(name) for name in names], int(world.router.run("conntrack -C"))
        for _ in range(2):  # the second time they are found
            for i, frame in enumerate(alike(world.near, count)):
                world.near.send(frame)
                if i % 250 == 0:
                    world.settled()
                    flow.chat()
            world.settled()
            shown = world.router.run(f"conntrack -L -p udp --orig-dst {NOBODY}")
            ours = re.findall(r"src=\S+ dst=\S+ sport=(\d+) dport=(\d+) \[UNREPLIED\]", shown)
            assert {(int(s), int(d)) for s, d in ours} >= {(1024 + i, 60000 - i) for i in range(count)}
            assert int(world.router.run("conntrack -C")) >= before + count - 100  # older ones may have ended
        assert [world.stat(name) for name in names] == stats
    finally:
        world.router.run(f"sysctl -w {setting}={usual}")
        world.router.run(f"conntrack -D -p udp --orig-dst {NOBODY}")


@pytest.mark.weir
def test_attack_table_full(world, flow):
    """Flows that were never answered make room; those that were are not given up for new ones. (Linux has one limit for all
    namespaces.)"""
    usual = {name: world.router.run(f"sysctl -n net.netfilter.nf_conntrack_{name}").strip() for name in ("max", "buckets")}
    try:
        world.router.run("sysctl -w net.netfilter.nf_conntrack_buckets=64")
        world.router.run("sysctl -w net.netfilter.nf_conntrack_max=64")
        early = world.stat("early_drop")
        for i in range(2000):
            world.near.send(datagram(world.near, 1024 + i, 9, source=f"10.0.1.{3 + i % 200}", to=NOBODY))
            if i % 250 == 0:
                world.settled()
                flow.chat()
                assert int(world.router.run("conntrack -C")) <= 64
        world.settled()
        assert world.stat("early_drop") - early > 1000
        flow.chat()
        fill_with_assured(world)
        flow.chat()
        dropped = world.stat("drop")
        assert world.through(*(datagram(world.near, 100 + i, 9, to=NOBODY) for i in range(10))) == []
        assert world.stat("drop") - dropped == 10
        assert int(world.router.run("conntrack -C")) <= 64
        flow.chat()
    finally:
        for name, value in usual.items():
            world.router.run(f"sysctl -w net.netfilter.nf_conntrack_{name}={value}")
    assert world.router.run("conntrack -D -p tcp --orig-src 10.0.1.3")
    assert len(world.through(datagram(world.near, 200, 9, to=NOBODY))) == 1


def fill_with_assured(world):
    """Handshakes of an attacker who sits on both sides, until each entry is of one that was answered. (An entry may go early
    before its answer has come.)"""
    def segment(wire, source, to, sport, dport, **more):
        return wire.eth() / IP(src=source, dst=to) / TCP(sport=sport, dport=dport, window=1000, **more)

    for i in range(1000):
        world.near.send(segment(world.near, "10.0.1.3", NOBODY, 20000 + i, 9, seq=1, flags="S"))
        world.settled()
        world.far.send(segment(world.far, NOBODY, PUBLIC, 9, 20000 + i, seq=5, ack=2, flags="SA"))
        world.settled()
        world.near.send(segment(world.near, "10.0.1.3", NOBODY, 20000 + i, 9, seq=2, ack=6, flags="A"))
        world.settled()
        if i >= 60 and world.router.run("conntrack -L").count("[ASSURED]") == 64:
            return
    raise AssertionError("the table never filled")


def test_attack_syn_flood_through():
    """50,000 new connections a second for five seconds. A world of its own: nobody here looks at all of that."""
    with two_hosts(DUT) as (near, far, router):
        far.run("ping", "-q", "-c", "1", "-w", "20", far.router)
        router.run("iptables-restore", RULES)
        router.run(f"ip neigh add {NOBODY} lladdr 02:00:00:00:00:77 dev eth1")
        most = int(router.run("sysctl -n net.netfilter.nf_conntrack_max"))
        flow = Flow(near, far)
        flood, chats = begin_flood(near, interface_of(near)[0], NOBODY, near.router, 5), 0
        while flood.poll() is None:
            flow.chat()
            chats += 1
            assert int(router.run("conntrack -C")) <= most
        sent = int(flood.stdout.read())
        print(f"{sent // 5} SYNs a second, {chats} exchanges, at most {most} connections")
        assert chats >= 3
        early = sum(map(int, re.findall(r"early_drop=(\d+)", router.run("conntrack -S"))))
        assert early > 1000 or sent < most + 1000 or DUT == "linux"
        flow.chat()
        flow.close()
