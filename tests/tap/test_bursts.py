# SPDX-License-Identifier: MIT
"""Packets that come faster than they are taken: what a router does with each must not depend on its neighbours in the
queue, and no flow may change its order."""
import random

import pytest
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.l2 import ARP

FLOWS = 6


def crossing(wire, far, rng, count, beside):
    """count datagrams of several flows to several hosts, numbered by IP id, with other frames between them. Sends them in
    one go; returns the numbers sent, in order."""
    frames, numbers = [], list(range(1, count + 1))
    for n in numbers:
        flow = rng.randrange(FLOWS)
        frames.append(wire.udp(bytes(rng.randrange(200)), dport=9999, sport=5000 + flow,
                               ip={"dst": f"10.0.2.{40 + flow % 3}", "id": n}))
        if beside and rng.random() < 0.3:
            frames.append(rng.choice(beside)(n))
    wire.send(*[bytes(frame) for frame in frames])  # built before the first one leaves
    return numbers


def arrivals(far, mark, count):
    """The numbers of the datagrams that crossed, in the order in which they left."""
    def mine(p):
        return UDP in p and p[UDP].dport == 9999 and p[IP].dst.startswith("10.0.2.4")

    end = far.mark()
    while len([p for p in far.since(mark) if mine(p)]) < count:
        far.wait(mine, end)
        end = far.mark()
    return [(p[IP].id, p[UDP].sport, p[IP].ttl) for p in far.since(mark) if mine(p)]


@pytest.fixture
def neighbours(wire, far):
    """The hosts of the far side are known before the burst: what waits for ARP is bounded."""
    for host in ("10.0.2.40", "10.0.2.41", "10.0.2.42"):
        far.hosts[host] = far.mac
        mark = far.mark()
        wire.send(wire.udp(b"", dport=9998, ip={"dst": host}))
        far.wait(lambda p, host=host: UDP in p and p[IP].dst == host, mark)


@pytest.mark.usefixtures("neighbours")
@pytest.mark.parametrize("count", [2, 17, 60])
def test_burst_crosses_in_order(wire, far, count):
    rng = random.Random(count)
    mark = far.mark()
    sent = crossing(wire, far, rng, count, ())
    got = arrivals(far, mark, count)
    assert [n for n, _, _ in got] == sent
    assert all(ttl == 63 for _, _, ttl in got)


@pytest.mark.usefixtures("neighbours")
def test_burst_of_all_kinds(wire, far):
    """Between the datagrams: pings and ARP for the router, what it drops, what it answers by an error."""
    asked = {"ping": 0, "arp": 0, "expired": 0}

    def ping(n):
        asked["ping"] += 1
        return wire.echo_request(b"beside", ip={"id": n})

    def arp(_):
        asked["arp"] += 1
        return wire.arp_request()

    def expired(n):
        asked["expired"] += 1
        return wire.udp(b"x", dport=9997, ip={"dst": far.ip, "ttl": 1, "id": n})

    def broken(n):
        return wire.udp(b"x", dport=9999, ip={"dst": "10.0.2.40", "chksum": 1, "id": n})

    near_mark, mark = wire.mark(), far.mark()
    sent = crossing(wire, far, random.Random(1), 60, (ping, arp, expired, broken))
    assert [n for n, _, _ in arrivals(far, mark, len(sent))] == sent
    wire.barrier()
    seen = wire.since(near_mark)
    replies = [p for p in seen if ICMP in p and p[ICMP].type == 0 and bytes(p[ICMP].payload)[:6] == b"beside"]
    errors = [p for p in seen if ICMP in p and p[ICMP].type == 11]
    answers = [p for p in seen if ARP in p and p[ARP].op == 2]
    assert (len(replies), len(errors), len(answers)) == (asked["ping"], asked["expired"], asked["arp"])
