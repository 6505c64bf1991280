# SPDX-License-Identifier: MIT
"""From one interface to the other: what a router changes, and where it sends (RFC 1812 s5)."""
import pytest
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.l2 import ARP, Ether

from servers import commands, pattern
from sweep import sweep
from wire import is_arp_request, payload


def passes(near, far, frame):
    """Sends frame into near, returns it as it leaves through far."""
    mark = far.mark()
    near.send(frame)
    return far.wait(lambda p: IP in p and p[IP].id == frame[IP].id and p[IP].src == frame[IP].src, mark)


def good_checksum(p):
    again = IP(bytes(p[IP]))
    shown = again.chksum
    del again.chksum
    return IP(bytes(again)).chksum == shown


@pytest.mark.parametrize("way", [0, 1], ids=["eth0 to eth1", "eth1 to eth0"])
def test_forward_changes_ttl_and_stations_only(router, way):
    near, far = router.wires[way], router.wires[1 - way]
    sent = near.udp(pattern(100), dport=9999, ip={"dst": far.ip, "ttl": 33, "tos": 8})
    got = passes(near, far, sent)
    assert (got[Ether].src, got[Ether].dst) == (far.dut_mac, far.mac)
    assert (got[IP].ttl, got[IP].tos, got[IP].src, got[IP].dst) == (32, 8, near.ip, far.ip)
    assert good_checksum(got)
    assert bytes(got[IP].payload)[:108] == bytes(IP(bytes(sent[IP])).payload)


def test_forward_every_size(router, wire, far):
    """All payloads that fit, there and back by the tester's own echo."""
    def request(size):
        return wire.udp(pattern(size), dport=9999, sport=10000 + size, ip={"dst": far.ip})

    def size_of(p):
        return p[UDP].sport - 10000 if UDP in p and p[UDP].dport == 9999 and p[UDP].sport >= 10000 else None

    wire.barrier()
    far.ping()
    crossing = Crossing(wire, far)
    answers = sweep(crossing, range(0, 1473, 7), request, size_of)
    assert all(payload(p) == pattern(size) for size, p in answers.items())


class Crossing:
    """A cable that goes in here and comes out there."""

    def __init__(self, near, far):
        self.send, self.mark, self.try_wait = near.send, far.mark, far.try_wait


def test_forward_off(router, wire, far):
    with commands(router, ["sysctl -w net.ipv4.ip_forward=0"], ["sysctl -w net.ipv4.ip_forward=1"]):
        mark = far.mark()
        assert wire.reactions(wire.udp(b"stay", dport=9999, ip={"dst": far.ip})) == []
        far.barrier()
        assert not [p for p in far.since(mark) if UDP in p and p[UDP].dport == 9999]


def test_forward_longest_prefix_wins(router, wire, far):
    """A /24 inside a /16, and a host inside that."""
    gateways = {"10.0.2.11": "02:00:00:00:dd:11", "10.0.2.12": "02:00:00:00:dd:12", "10.0.2.13": "02:00:00:00:dd:13"}
    routes = ["10.5.0.0/16 via 10.0.2.11", "10.5.5.0/24 via 10.0.2.12", "10.5.5.5 via 10.0.2.13"]
    far.hosts.update(gateways)
    with commands(router, [f"ip route add {r}" for r in routes], [f"ip route del {r}" for r in routes]):
        for dst, gateway in (("10.5.1.1", "10.0.2.11"), ("10.5.5.1", "10.0.2.12"), ("10.5.5.5", "10.0.2.13"),
                             ("10.5.4.255", "10.0.2.11")):
            got = passes(wire, far, wire.udp(b"x", ip={"dst": dst}))
            assert got[Ether].dst == gateways[gateway], dst
    wire.hosts["10.0.1.67"] = wire.mac  # Linux limits these errors for each destination
    gone = wire.udp(b"x", ip={"src": "10.0.1.67", "dst": "10.5.1.1"})
    error = wire.ask(gone, lambda p: ICMP in p and p[ICMP].type == 3)
    assert error[ICMP].code == 0


@pytest.mark.parametrize("kind,code", [("unreachable", 1), ("prohibit", 13), ("blackhole", None)])
def test_forward_route_types(router, wire, kind, code):
    """One host for each: Linux limits these errors for each destination."""
    src = f"10.0.1.{80 + (code or 0)}"
    wire.hosts[src] = wire.mac
    with commands(router, [f"ip route add {kind} 10.6.0.0/16"], [f"ip route del {kind} 10.6.0.0/16"]):
        frame = wire.udp(b"x", ip={"src": src, "dst": "10.6.1.1"})
        if code is None:
            assert wire.reactions(frame) == []
        else:
            assert wire.ask(frame, lambda p: ICMP in p and p[ICMP].type == 3)[ICMP].code == code


def test_forward_default_route(router, wire, far):
    gateway = "10.0.2.14"
    far.hosts[gateway] = "02:00:00:00:dd:14"
    with commands(router, [f"ip route add default via {gateway}"], [f"ip route del default via {gateway}"]):
        assert passes(wire, far, wire.udp(b"x", ip={"dst": "203.0.113.9"}))[Ether].dst == far.hosts[gateway]


@pytest.fixture
def narrow(router):
    """eth1 with a smaller MTU."""
    with commands(router, ["ip link set eth1 mtu 1000"], ["ip link set eth1 mtu 1500"]):
        yield


@pytest.mark.usefixtures("narrow")
def test_forward_too_big_and_not_to_be_fragmented(wire, far):
    """Path MTU discovery depends on this answer (RFC 1191 s4)."""
    frame = wire.udp(pattern(1200), dport=9999, ip={"dst": far.ip, "flags": "DF"})
    error = wire.ask(frame, lambda p: ICMP in p and p[ICMP].type == 3)
    assert (error[ICMP].code, error[ICMP].nexthopmtu) == (4, 1000)
    small = wire.udp(pattern(972), dport=9999, ip={"dst": far.ip, "flags": "DF"})
    assert passes(wire, far, small)[IP].len == 1000


@pytest.mark.usefixtures("narrow")
def test_forward_too_big_is_fragmented(wire, far):
    frame = wire.udp(pattern(1400), dport=9999, ip={"dst": far.ip})
    first = passes(wire, far, frame)
    assert (first[IP].frag, first[IP].flags.MF, first[IP].len) == (0, True, 996)
    last = far.wait(lambda p: IP in p and p[IP].id == frame[IP].id and p[IP].frag > 0, 0)
    assert (last[IP].frag * 8, last[IP].flags.MF) == (976, False)
    whole = bytes(first[IP].payload)[:976] + bytes(last[IP].payload)[:last[IP].len - 20]
    assert whole == bytes(IP(bytes(frame[IP])).payload)


def test_forward_asks_for_the_next_hop(wire, far):
    new = "10.0.2.55"
    mark = far.mark()
    frame = wire.udp(b"hello", dport=9999, ip={"dst": new})
    wire.send(frame)
    request = far.wait(lambda p: is_arp_request(p) and p[ARP].pdst == new, mark)
    assert request[ARP].psrc == far.dut_ip
    far.send(far.arp_reply(request[ARP], far.mac))
    far.wait(lambda p: UDP in p and p[IP].dst == new, mark)


def test_forward_by_rule(router, wire, far):
    """The source says which table the way is looked up in."""
    gateways = {"10.0.2.21": "02:00:00:00:dd:21", "10.0.2.22": "02:00:00:00:dd:22"}
    far.hosts.update(gateways)
    wire.hosts["10.0.1.66"] = wire.mac
    do = ["ip route add 10.7.0.0/16 via 10.0.2.21", "ip route add 10.7.0.0/16 via 10.0.2.22 table 100",
          "ip rule add from 10.0.1.66 iif eth0 table 100"]
    undo = ["ip rule del from 10.0.1.66 iif eth0 table 100", "ip route del 10.7.0.0/16 table 100",
            "ip route del 10.7.0.0/16"]
    with commands(router, do, undo):
        for src, gateway in (("10.0.1.66", "10.0.2.22"), (wire.ip, "10.0.2.21"), ("10.0.1.66", "10.0.2.22")):
            got = passes(wire, far, wire.udp(b"x", ip={"src": src, "dst": "10.7.1.1"}))
            assert got[Ether].dst == gateways[gateway], src


def test_forward_multipath(router, wire, far):
    """Flows divide among the next hops, each keeps its own; with hash policy 1 also those to one address."""
    gateways = {"10.0.2.31": "02:00:00:00:dd:31", "10.0.2.32": "02:00:00:00:dd:32"}
    far.hosts.update(gateways)
    add = "ip route add 10.8.0.0/16 nexthop via 10.0.2.31 nexthop via 10.0.2.32"

    def way(dst, sport):
        return passes(wire, far, wire.udp(b"x", sport=sport, dport=9999, ip={"dst": dst}))[Ether].dst

    with commands(router, [add], ["ip route del 10.8.0.0/16"]):
        first = {n: way(f"10.8.0.{n}", 5000) for n in range(1, 33)}
        assert set(first.values()) == set(gateways.values())
        assert all(way(f"10.8.0.{n}", 6000 + n) == first[n] for n in first)
        with commands(router, ["sysctl -w net.ipv4.fib_multipath_hash_policy=1"],
                      ["sysctl -w net.ipv4.fib_multipath_hash_policy=0"]):
            assert {way("10.8.1.1", sport) for sport in range(5000, 5032)} == set(gateways.values())
