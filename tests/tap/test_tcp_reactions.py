# SPDX-License-Identifier: MIT
"""TCP segments that belong to no connection, or should not: what is sent, and what comes back. A row each, the same on Linux.

tcpd listens on port 4007, nobody on 4008. Expectations are Scapy's letters of flags with seq and ack, "" for silence.
"""
import os

import pytest
from scapy.layers.inet import IP, TCP
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from dut_linux import Linux
from dut_weir import Weir
from wire import BROADCAST

DUT = os.environ.get("DUT", "weir")
RC = """
ip addr add 10.0.1.1/24 dev eth0
ip link set eth0 up
sysctl -w net.ipv4.icmp_ratelimit=0
echo &
sink &
tcpd &
"""
OPEN, CLOSED = 4007, 4008


@pytest.fixture(scope="module", name="cable")
def cable_fixture():
    with (Linux(nics=1, rc=RC) if DUT == "linux" else Weir(nics=1, rc=RC, test_image=True)) as dut:
        wire = dut.wires[0]
        for port in range(3000, 3050):  # tcpd may not have begun
            if reactions(wire, seg(wire, flags="S", sport=port)) == [("SA", 0, 10)]:
                break
        yield wire


def seg(w, dport=OPEN, ip=None, data=b"", **fields):
    fields = {"sport": 4000, "dport": dport, "seq": 9, "ack": 0, **fields}
    return w.ipv4(**(ip or {})) / TCP(**fields) / Raw(data)


def reactions(wire, frame):
    """(flags, seq if it is not chosen freely, ack) of each segment that comes back."""
    port = frame[TCP].sport if TCP in frame else 4000  # SYN-ACKs of other rows come again meanwhile
    answers = [p[TCP] for p in wire.reactions(frame) if TCP in p and p[TCP].dport == port]
    return [(str(p.flags), 0 if "S" in str(p.flags) else p.seq, p.ack) for p in answers]


def raw_options(w, octets, **fields):
    """Octets behind the header as they stand."""
    frame = seg(w, flags="S", dataofs=5 + len(octets) // 4, data=octets, **fields)
    return frame


def to_station(frame, mac):
    frame[Ether].dst = mac
    return frame


def cut(frame, size):
    ip = IP(bytes(frame[IP])[:20 + size])
    ip.len = 20 + size
    del ip.chksum
    return Ether(src=frame.src, dst=frame.dst, type=0x800) / ip


ROWS = {
    "SYN, closed": (lambda w: seg(w, CLOSED, flags="S"), [("RA", 0, 10)]),
    "SYN with data, closed": (lambda w: seg(w, CLOSED, flags="S", data=b"four"), [("RA", 0, 14)]),
    "ACK, closed": (lambda w: seg(w, CLOSED, flags="A", ack=77), [("R", 77, 0)]),
    "FIN, closed": (lambda w: seg(w, CLOSED, flags="F"), [("RA", 0, 10)]),
    "no flags, closed": (lambda w: seg(w, CLOSED, flags=""), [("RA", 0, 9)]),
    "RST, closed": (lambda w: seg(w, CLOSED, flags="R"), []),
    "RST ACK, closed": (lambda w: seg(w, CLOSED, flags="RA", ack=5), []),
    "SYN ACK, closed": (lambda w: seg(w, CLOSED, flags="SA", ack=5), [("R", 5, 0)]),
    "SYN, open": (lambda w: seg(w, flags="S", sport=4001), [("SA", 0, 10)]),
    "SYN with data, open": (lambda w: seg(w, flags="S", sport=4002, data=b"data"), [("SA", 0, 10)]),
    "SYN PSH URG, open": (lambda w: seg(w, flags="SPU", sport=4004), [("SA", 0, 10)]),
    "ACK, open": (lambda w: seg(w, flags="A", ack=0), [("R", 0, 0)]),
    "SYN ACK, open": (lambda w: seg(w, flags="SA", ack=3), [("R", 3, 0)]),
    "FIN ACK, open": (lambda w: seg(w, flags="FA", ack=3), [("R", 3, 0)]),
    "RST, open": (lambda w: seg(w, flags="R"), []),
    "no flags, open": (lambda w: seg(w, flags=""), []),
    "FIN, open": (lambda w: seg(w, flags="F"), []),
    "Xmas, open": (lambda w: seg(w, flags="FPU"), []),
    "SYN FIN, open": (lambda w: seg(w, flags="SF"), []),
    "SYN RST, open": (lambda w: seg(w, flags="SR"), []),
    "land": (lambda w: seg(w, flags="S", ip={"src": w.dut_ip}), []),
    "SYN to a broadcast": (lambda w: seg(w, flags="S", ip={"dst": "10.0.1.255"}), []),
    "SYN in a multicast frame": (lambda w: to_station(seg(w, flags="S", sport=4005), "01:00:5e:00:00:01"), []),
    "SYN in a broadcast frame": (lambda w: to_station(seg(w, flags="S", sport=4006), BROADCAST), []),
    "SYN from 127/8": (lambda w: seg(w, flags="S", ip={"src": "127.0.0.1"}), []),
    "SYN from many": (lambda w: seg(w, flags="S", ip={"src": "224.0.0.5"}), []),
    "10 bytes": (lambda w: cut(seg(w, flags="S"), 10), []),
    "doff 4": (lambda w: seg(w, flags="S", dataofs=4), []),
    "doff beyond the packet": (lambda w: seg(w, flags="S", dataofs=15), []),
    "bad checksum": (lambda w: seg(w, flags="S", chksum=1), []),
    "bad checksum, closed": (lambda w: seg(w, CLOSED, flags="S", chksum=1), []),
    "option length 0": (lambda w: raw_options(w, b"\x08\0\0\0", sport=4010), [("SA", 0, 10)]),
    "option beyond the header": (lambda w: raw_options(w, b"\x01\x02\x28\0", sport=4011), [("SA", 0, 10)]),
    "MSS 0": (lambda w: raw_options(w, b"\x02\x04\0\0", sport=4012), [("SA", 0, 10)]),
    "MSS 1": (lambda w: raw_options(w, b"\x02\x04\0\x01", sport=4013), [("SA", 0, 10)]),
    "window scale 255": (lambda w: raw_options(w, b"\x03\x03\xff\x01", sport=4014), [("SA", 0, 10)]),
    "unknown option": (lambda w: raw_options(w, b"\xfd\x04\x12\x34", sport=4015), [("SA", 0, 10)]),
}


@pytest.mark.parametrize("row", ROWS)
def test_tcp_reaction(cable, row):
    build, want = ROWS[row]
    assert reactions(cable, build(cable)) == want


def test_syn_in_tiny_pieces(cable):
    """The first ends within the TCP header: what is put together again is answered."""
    whole = IP(bytes(seg(cable, flags="S", sport=4007)[IP]))
    data = bytes(whole[TCP])
    pieces = [cable.eth() / IP(src=whole.src, dst=whole.dst, id=whole.id, proto=6, frag=at // 8,
                               flags="MF" if at + 8 < len(data) else 0) / Raw(data[at:at + 8])
              for at in range(0, len(data), 8)]
    got = [p for p in cable.reactions(*pieces) if TCP in p and p[TCP].dport == 4007]
    assert [(str(p[TCP].flags), p[TCP].ack) for p in got] == [("SA", 10)]


def options_of(wire, frame):
    answer = wire.ask(frame, lambda p: TCP in p and p[TCP].dport == frame[TCP].sport)
    return {name: value for name, value in answer[TCP].options}


def test_syn_ack_offers_what_was_asked_for(cable):
    full = [("MSS", 1460), ("SAckOK", b""), ("Timestamp", (1234, 0)), ("NOP", None), ("WScale", 7)]
    got = options_of(cable, seg(cable, flags="S", sport=4020, options=full))
    assert got["MSS"] == 1460 and "SAckOK" in got and "WScale" in got and got["Timestamp"][1] == 1234
    assert list(options_of(cable, seg(cable, flags="S", sport=4021))) == ["MSS"]


def test_syn_again_gets_the_same_answer(cable):
    first = cable.ask(seg(cable, flags="S", sport=4022), lambda p: TCP in p and p[TCP].dport == 4022)
    again = cable.ask(seg(cable, flags="S", sport=4022), lambda p: TCP in p and p[TCP].dport == 4022)
    assert first[TCP].seq == again[TCP].seq


def test_sequence_numbers_differ(cable):
    def first_of(port):
        return cable.ask(seg(cable, flags="S", sport=port), lambda p: TCP in p and p[TCP].dport == port)[TCP].seq

    assert len({first_of(port) >> 12 for port in range(4100, 4130)}) > 25
