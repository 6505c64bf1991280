# SPDX-License-Identifier: MIT
"""Reassembly (RFC 791 s3.2, RFC 815): in what pieces a datagram may come, and what becomes of odd ones."""
import pytest
from scapy.layers.inet import IP
from scapy.packet import Raw

from servers import SINK, pattern, sunk

SIZE = 3008  # with the UDP header


class Datagram:
    """A datagram to the sink, too large for one frame."""

    def __init__(self, wire):
        self.wire = wire
        whole = IP(bytes(wire.udp(pattern(SIZE - 8), dport=SINK)[IP]))
        self.id, self.data = whole.id, bytes(whole)[20:]

    def piece(self, start, end, more=None, at=None):
        """The fragment with the bytes from start to end, at another offset if `at` says so."""
        more = end < SIZE if more is None else more
        at = start if at is None else at
        return (self.wire.eth() / IP(src=self.wire.ip, dst=self.wire.dut_ip, id=self.id, proto=17,
                                     flags="MF" if more else 0, frag=at // 8) / Raw(self.data[start:end]))


FIRST, SECOND, LAST = (0, 1440), (1440, 2880), (2880, 3008)

# Pieces, and whether the sink gets the datagram.
CASES = {
    "in order": ([FIRST, SECOND, LAST], True),
    "reversed": ([LAST, SECOND, FIRST], True),
    "a duplicate": ([FIRST, FIRST, SECOND, LAST], True),
    "one inside another": ([FIRST, (8, 400, True), SECOND, LAST], True),
    "overlapping": ([FIRST, (1400, 2880), LAST], False),  # RFC 5722 s3, for IPv4 as well
    "not a multiple of 8": ([(0, 1441, True), SECOND, LAST], True),  # the odd byte is cut off
    "two ends": ([FIRST, LAST, (1440, 2000, False), SECOND], False),
    "a hole": ([FIRST, LAST], False),
    "tiny first": ([(0, 8), (8, 1440), SECOND, LAST], True),
    "beyond 65535": ([FIRST, (1440, 2880, False, 65512)], False),
}


@pytest.mark.parametrize("cuts,whole", CASES.values(), ids=CASES)
def test_fragments(wire, cuts, whole):
    datagram, before = Datagram(wire), sunk(wire)
    assert wire.reactions(*(datagram.piece(*cut) for cut in cuts)) == []
    assert sunk(wire) == before + whole


@pytest.mark.parametrize("between,whole", [(60, True), (70, False)])
def test_fragments_far_apart(wire, between, whole):
    """A source that has sent so many others since has begun its identifications anew (net.ipv4.ipfrag_max_dist, 64)."""
    datagram, before = Datagram(wire), sunk(wire)
    wire.send(datagram.piece(*FIRST))
    wire.barrier()
    wire.send(*(Datagram(wire).piece(*FIRST) for _ in range(between)))
    wire.barrier()
    assert wire.reactions(datagram.piece(*SECOND), datagram.piece(*LAST)) == []
    assert sunk(wire) == before + whole


def test_fragments_never_completed_are_bounded(wire):
    """Thousands of datagrams with a piece missing: the device goes on with all that is whole."""
    for _ in range(100):
        wire.send(*(Datagram(wire).piece(*FIRST) for _ in range(30)))
        wire.barrier()
    before = sunk(wire)
    wire.send(wire.udp(b"whole", dport=SINK))
    wire.barrier()
    assert sunk(wire) == before + 1
    wire.ping(pattern(1400))
