# SPDX-License-Identifier: MIT
"""traceroute on the device; the tester is the routers on the way and the host at its end. With DUT=linux it is Debian's,
and then ours compiled for Linux."""
import os
import re
import threading

import pytest
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from conftest import DUT
from dut_linux import APPS
from wire import is_echo_reply

GATEWAY, SECOND, END = "10.0.1.77", "198.51.100.2", "198.51.100.9"
TITLE = f"traceroute to {END} ({END}), %d hops max, %d byte packets"
PROGRAMS = ["traceroute", os.path.join(APPS, "traceroute")] if DUT == "linux" else ["traceroute"]


@pytest.fixture(params=PROGRAMS, ids=lambda path: "ours" if os.sep in path else "traceroute")
def program(request, router, wire):
    wire.hosts[GATEWAY] = wire.mac
    if DUT == "linux":
        router.space.run("sysctl", "-qw", "net.ipv4.ping_group_range=0 0")
    router.run(f"ip route add 198.51.100.0/24 via {GATEWAY}")
    yield request.param
    router.run(f"ip route del 198.51.100.0/24 via {GATEWAY}")


def probe(p):
    return IP in p and p[IP].dst == END and not is_echo_reply(p)


def reply(wire, p, silent, last):
    """What the way says to a probe: (11, 0) of the routers, `last` of the host."""
    ttl = p[IP].ttl
    if ttl in silent:
        return None
    sender, kind = {1: (GATEWAY, (11, 0)), 2: (SECOND, (11, 0))}.get(ttl, (END, last))
    head = wire.eth() / IP(src=sender, dst=p[IP].src)
    if kind == "echo":
        return head / ICMP(type=0, id=p[ICMP].id, seq=p[ICMP].seq) / Raw(bytes(p[ICMP].payload))
    if kind == "udp":
        return head / UDP(sport=p[UDP].dport, dport=p[UDP].sport) / Raw(b"open")
    return head / ICMP(type=kind[0], code=kind[1]) / Raw(bytes(p[IP])[:60])


def trace(router, wire, line, silent=(), last=(3, 3)):
    """The output, T in place of each time, and the probes that were sent. With -w Debian's waits as long as it is told,
    and makes nothing of earlier round trips."""
    done = []
    mark = wire.mark()
    worker = threading.Thread(target=lambda: done.append(router.command(line)))
    worker.start()
    probes = []
    while worker.is_alive():
        p = wire.try_wait(probe, mark, 0.05)
        if p is None:
            continue
        with wire.changed:
            mark = 1 + next(i for i in range(mark, len(wire.frames)) if probe(Ether(wire.frames[i])))
        probes.append(p)
        answer = reply(wire, p, silent, last)
        if answer:
            wire.send(answer)
    status, said = done[0]
    assert status == 0, said
    return re.sub(r"\d+\.\d+ ms", "T", said).rstrip("\n").split("\n"), probes


def hops(*addresses, times=3):
    return [f"{n:2}  {a}" + "  T" * times for n, a in enumerate(addresses, 1)]


@pytest.mark.parametrize("way,last", [("", (3, 3)), ("-I ", "echo"), ("", "udp")], ids=["UDP", "ICMP", "open port"])
def test_traceroute(router, wire, program, way, last):
    said, probes = trace(router, wire, f"{program} -w 15 -n {way}{END}", last=last)
    assert said == [TITLE % (30, 60), *hops(GATEWAY, SECOND, END)]
    assert {len(p[IP]) for p in probes} == {60}
    if UDP in probes[0]:
        assert {p[UDP].dport for p in probes} >= set(range(33434, 33443))


def test_traceroute_a_silent_hop_and_a_refusal(router, wire, program):
    said, _ = trace(router, wire, f"{program} -n -q 1 -w 1 -m 5 {END} 100", silent=(1,), last=(3, 13))
    assert said == [TITLE % (5, 100), " 1  *", f" 2  {SECOND}  T", f" 3  {END}  T !X"]


def test_traceroute_from_the_second_hop(router, wire, program):
    said, probes = trace(router, wire, f"{program} -w15 -f 2 -q2 -p 5000 -s 10.0.2.1 {END}")
    assert said == [TITLE % (30, 60), f" 2  {SECOND} ({SECOND})  T  T", f" 3  {END} ({END})  T  T"]
    assert {p[IP].src for p in probes} == {"10.0.2.1"}
    assert min(p[UDP].dport for p in probes) == 5000


@pytest.mark.parametrize("words", ["", "-q 0 10.0.1.2", "-x 10.0.1.2", "-w 10.0.1.2"])
def test_traceroute_refuses(router, program, words):
    status, _ = router.command(f"{program} {words}")
    assert status != 0 or not words  # Debian's shows its usage and is content
