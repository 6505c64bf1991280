# SPDX-License-Identifier: MIT
"""Loss recovery and ECN segment by segment: the device's tcpd echoes to a peer made by hand, which loses what it likes.
What is looked at is which segment comes (again), and Linux's counters; never when."""
import itertools
import os
import time

import pytest
from scapy.layers.inet import IP, TCP
from scapy.packet import Raw

from dut_linux import Linux
from dut_weir import Weir

DUT = os.environ.get("DUT", "weir")
RC = """
ip addr add 10.0.1.1/24 dev eth0
ip link set eth0 up
echo &
sink &
tcpd &
"""
PORT, MSS, WINDOW = 4007, 500, 60000
PORTS = itertools.count(5000)


@pytest.fixture(scope="module", name="dut")
def dut_fixture():
    with (Linux(nics=1, rc=RC) if DUT == "linux" else Weir(nics=1, rc=RC, test_image=True)) as dut:
        wire = dut.wires[0]
        while "S" not in str(Peer(dut, wait=False).answer.flags):  # tcpd may not have begun
            pass
        yield dut


class Peer:
    """A connection to tcpd. Segments are numbered from 0; base is the device's first."""

    to = PORT

    def __init__(self, dut, sack=True, flags="S", tos=0, wait=True):
        self.dut, self.wire, self.port, self.seq = dut, dut.wires[0], next(PORTS), 1000
        self.start = self.wire.mark()
        options = [("MSS", MSS)] + ([("NOP", None), ("NOP", None), ("SAckOK", b"")] if sack else [])
        syn = self.segment(flags, options=options, tos=tos)
        self.answer = self.wire.ask(syn, self.is_mine)[TCP]
        self.base = self.acked = self.answer.seq + 1
        self.seq += 1
        self.before = self.counters()
        if wait:
            time.sleep(0.3)  # is the round trip, so that the RTO is far off
        self.wire.send(self.segment("A", ack=self.base))

    def segment(self, flags, ack=0, data=b"", options=(), tos=0):
        return self.wire.ipv4(tos=tos) / TCP(sport=self.port, dport=self.to, seq=self.seq, ack=ack, flags=flags,
                                             window=WINDOW, options=list(options)) / Raw(data)

    def is_mine(self, packet):
        return TCP in packet and packet[TCP].dport == self.port

    def counters(self):
        lines = map(str.split, self.dut.run("nstat -asz").split("\n"))
        return {words[0]: int(words[1]) for words in lines if len(words) > 1 and words[1].isdigit()}

    def rose(self, name):
        return self.counters()[name] - self.before.get(name, 0)

    def say(self, segments, flags="PA", tos=0):
        for _ in range(segments):
            self.wire.send(self.segment(flags, self.acked, b"x" * MSS, tos=tos))
            self.seq += MSS

    def ack(self, n, *blocks, flags="A"):
        edges = [self.base + edge * MSS for block in blocks for edge in block]
        options = [("NOP", None), ("NOP", None), ("SAck", tuple(edges))] if blocks else []
        self.acked = self.base + n * MSS
        self.wire.send(self.segment(flags, self.acked, options=options))

    def came(self):
        """The numbers of the segments with data so far, in their order. A frame may bring several, for the tap to cut."""
        frames = [p for p in self.wire.since(self.start) if self.is_mine(p) and payload(p)]
        return [(p[TCP].seq - self.base + at) // MSS for p in frames for at in range(0, payload(p), MSS)]

    def until(self, what):
        """Waits for what(numbers so far)."""
        self.wire.wait(lambda p: what(self.came()), self.start)
        return self.came()

    def until_all(self, n):
        return self.until(lambda came: len(set(came)) >= n)

    def end(self):
        self.wire.send(self.segment("R", self.base))


def payload(packet):
    return packet[IP].len - 4 * packet[IP].ihl - 4 * packet[TCP].dataofs


def repeats(came):
    seen = set()
    return [n for n in came if n in seen or seen.add(n)]


def test_tcp_recovery_probes_for_a_lost_tail(dut):
    peer = Peer(dut)
    peer.say(4)
    peer.until_all(4)
    came = peer.until(lambda came: len(repeats(came)) >= 2)
    assert repeats(came)[:2] == [3, 0]  # the probe is the last one, the timeout's the first
    assert peer.rose("TcpExtTCPLossProbes") and peer.rose("TcpExtTCPTimeouts")
    peer.end()


def test_tcp_recovery_by_sack(dut):
    for _ in range(10):
        peer = Peer(dut)
        peer.say(8)
        peer.until_all(8)
        peer.ack(0, (1, 5))
        came = peer.until(lambda came: 0 in repeats(came))
        in_time = not peer.rose("TcpExtTCPTimeouts") and not peer.rose("TcpExtTCPLossProbes")
        recovered = peer.rose("TcpExtTCPSackRecovery")
        peer.ack(8)
        peer.end()
        if in_time:  # else our answer came too late: this machine is busy
            break
    assert in_time and recovered == 1
    assert not {1, 2, 3, 4} & set(repeats(came))


def test_tcp_recovery_without_sack(dut):
    peer = Peer(dut, sack=False)
    peer.say(8)
    peer.until_all(8)
    for _ in range(4):
        peer.ack(1)
    peer.until(lambda came: repeats(came) == [1])
    peer.ack(3)  # a partial acknowledgment: RFC 6582
    peer.until(lambda came: repeats(came) == [1, 3])
    assert peer.rose("TcpExtTCPRenoRecovery") == 1 and not peer.rose("TcpExtTCPTimeouts")
    peer.end()


@pytest.mark.parametrize("flags,tos,answer", [("S", 0, "SA"), ("SEC", 0, "SAE"), ("SE", 0, "SA"), ("SC", 0, "SA"),
                                              ("SEC", 2, "SA"), ("SEC", 3, "SA")])
def test_tcp_ecn_is_agreed_to(dut, flags, tos, answer):
    peer = Peer(dut, flags=flags, tos=tos, wait=False)
    assert set(str(peer.answer.flags)) == set(answer)
    peer.end()


def test_tcp_ecn_marks_and_echoes(dut):
    peer = Peer(dut, flags="SEC", wait=False)
    peer.say(1, tos=2)
    first = peer.wire.wait(lambda p: peer.is_mine(p) and payload(p), peer.start)
    assert first[IP].tos == 2 and "E" not in str(first[TCP].flags)
    mark = peer.wire.mark()
    peer.say(1, tos=3)
    told = peer.wire.wait(lambda p: peer.is_mine(p) and payload(p), mark)
    assert "E" in str(told[TCP].flags)
    peer.ack(2)
    mark = peer.wire.mark()
    peer.say(1, flags="PAC", tos=2)
    heard = peer.wire.wait(lambda p: peer.is_mine(p) and payload(p) and p[TCP].seq == peer.base + 2 * MSS, mark)
    assert "E" not in str(heard[TCP].flags)
    peer.ack(3, flags="AE")
    mark = peer.wire.mark()
    peer.say(1, tos=2)
    reduced = peer.wire.wait(lambda p: peer.is_mine(p) and payload(p) and p[TCP].seq == peer.base + 3 * MSS, mark)
    assert "C" in str(reduced[TCP].flags) and reduced[IP].tos == 2
    peer.end()
