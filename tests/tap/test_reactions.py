# SPDX-License-Identifier: MIT
"""Odd and malformed packets, a row each: what is sent, and what comes back.

The router has 10.0.1.1/24 on eth0 and 10.0.2.1/24 on eth1, forwards, and answers UDP on port 7. What it does with each
is what Linux does. An expectation names the answers on eth0 in order: "udp N" an echoed datagram of N bytes,
"icmp T/C", "arp reply". A row that Linux decides against the RFCs says so.
"""
import pytest
from scapy.layers.inet import ICMP, IP, UDP, IPOption_LSRR, IPOption_RR, IPOption_SSRR
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Raw

from wire import BROADCAST, is_arp_reply, payload


def name(p):
    """A packet in the words of the table."""
    if ARP in p:
        return "arp reply" if is_arp_reply(p) else "arp"
    if ICMP in p:
        return f"icmp {p[ICMP].type}/{p[ICMP].code}"
    if UDP in p and p[IP].frag == 0 and not p[IP].flags.MF:
        return f"udp {len(payload(p))}"
    return p.summary()


def edited(frame, **fields):
    """The frame with fields of its IP header set after lengths and checksums were computed; IP's is made good again."""
    ip = IP(bytes(frame[IP]))
    for field, value in fields.items():
        setattr(ip, field, value)
    if "chksum" not in fields:
        del ip.chksum
    return Ether(src=frame.src, dst=frame.dst, type=0x800) / ip


def l2(frame, dst):
    frame[Ether].dst = dst
    return frame


def padded(frame, size):
    return Ether(src=frame.src, dst=frame.dst, type=0x800) / Raw(bytes(frame[IP]) + b"\xee" * size)


def cut(frame, size):
    """The IP packet's first bytes only; its header speaks of all of them."""
    return Ether(src=frame.src, dst=frame.dst, type=0x800) / Raw(bytes(frame[IP])[:size])


def short_icmp(w, size):
    return w.ipv4(proto=1) / Raw(bytes(w.echo_request(b"x" * 8)[ICMP])[:size])


def error_about(w, inner):
    return w.ipv4() / ICMP(type=3, code=3) / inner


def from_host(w, last, build):
    """A packet of a host of its own, which the device has heard of: Linux limits some errors for each source."""
    src = f"10.0.1.{last}"
    w.hosts[src] = w.mac
    w.ask(w.arp_request(psrc=src), lambda p: ARP in p and p[ARP].op == 2 and p[ARP].pdst == src)
    return build({"src": src})


def options(*opts):
    return {"options": list(opts)}


def raw_option(*octets):
    """An option as it stands, valid or not."""
    return Raw(bytes(octets))


def longer_than_told(w):
    frame = Ether(bytes(w.udp(b"x" * 8)))
    frame[UDP].len = 12
    return frame


def bad_ip_checksum(w):
    frame = w.udp(b"x")
    return edited(frame, chksum=IP(bytes(frame[IP])).chksum ^ 0x5555)


ROWS = {
    # Addresses
    "source is our own address": (lambda w: w.udp(b"x", ip={"src": w.dut_ip}), []),
    "source 127.0.0.1": (lambda w: w.udp(b"x", ip={"src": "127.0.0.1"}), []),
    "source multicast": (lambda w: w.udp(b"x", ip={"src": "224.0.0.1"}), []),
    "source broadcast": (lambda w: w.udp(b"x", ip={"src": "255.255.255.255"}), []),
    "source 0.0.0.0": (lambda w: w.udp(b"x", ip={"src": "0.0.0.0"}), []),
    "source class E": (lambda w: w.udp(b"x", ip={"src": "240.0.0.1"}), []),
    "destination 127.0.0.1": (lambda w: w.udp(b"x", ip={"dst": "127.0.0.1"}), []),
    "destination 0.0.0.0": (lambda w: w.udp(b"x", ip={"dst": "0.0.0.0"}), []),
    # RFC 1122 s3.3.6 would discard these two; Linux does so only with net.ipv4.conf.*.drop_unicast_in_l2_multicast.
    "unicast packet in a multicast frame": (lambda w: l2(w.udp(b"x"), "01:00:5e:00:00:01"), ["udp 1"]),
    "unicast packet in a broadcast frame": (lambda w: l2(w.udp(b"x"), BROADCAST), ["udp 1"]),
    "frame for another station": (lambda w: l2(w.udp(b"x"), "02:00:00:00:ee:01"), []),
    "multicast nobody joined": (lambda w: l2(w.udp(b"x", ip={"dst": "239.1.2.3"}), "01:00:5e:01:02:03"), []),
    "destination 0.0.0.9, an address like others":
        (lambda w: from_host(w, 66, lambda ip: w.udp(b"x", ip={**ip, "dst": "0.0.0.9"})), ["icmp 3/0"]),
    # The IP header
    "version 6": (lambda w: edited(w.udp(b"x"), version=6), []),
    "version 0": (lambda w: edited(w.udp(b"x"), version=0), []),
    "header length 4": (lambda w: edited(w.udp(b"x"), ihl=4), []),
    "header length 15, short packet": (lambda w: edited(w.udp(b"x"), ihl=15), []),
    "total length beyond the frame": (lambda w: edited(w.udp(b"x" * 40), len=200), []),
    "total length below the header": (lambda w: edited(w.udp(b"x"), len=19), []),
    "bad header checksum": (bad_ip_checksum, []),
    "header cut short": (lambda w: cut(w.udp(b"x"), 12), []),
    "padding after the packet": (lambda w: padded(w.udp(b"pad"), 500), ["udp 3"]),
    "reserved flag": (lambda w: edited(w.udp(b"x"), flags="evil"), ["udp 1"]),
    "time to live 0 for us": (lambda w: w.udp(b"x", ip={"ttl": 0}), ["udp 1"]),
    "unknown protocol": (lambda w: w.ipv4(proto=253) / Raw(b"what"), ["icmp 3/2"]),
    "unknown protocol, broadcast": (lambda w: l2(w.ipv4(proto=253, dst="10.0.1.255") / Raw(b"what"), BROADCAST), []),
    # UDP
    "UDP without checksum": (lambda w: w.udp(b"x", chksum=0), ["udp 1"]),
    "UDP length beyond the packet": (lambda w: w.udp(b"x" * 8, len=60), []),
    "UDP length below its header": (lambda w: w.udp(b"x" * 8, len=7), []),
    "UDP length below the packet's": (lambda w: w.udp(b"x" * 8, len=12, chksum=0), ["udp 4"]),
    "UDP length below the packet's, checksum of all of it": (lambda w: longer_than_told(w), []),
    "UDP header cut short": (lambda w: w.ipv4(proto=17) / Raw(b"\x0f\xa0\0\x07"), []),
    "UDP without payload": (lambda w: w.udp(), ["udp 0"]),
    "UDP to port 0": (lambda w: w.udp(b"x", dport=0), ["icmp 3/3"]),
    "UDP from port 0": (lambda w: w.udp(b"x", sport=0), []),
    "UDP to a closed port": (lambda w: w.udp(b"x", dport=4444), ["icmp 3/3"]),
    "UDP to a closed port, bad checksum": (lambda w: w.udp(b"x", dport=4444, chksum=0xbad), []),
    "UDP to a closed port, other station": (lambda w: l2(w.udp(b"x", dport=4444), BROADCAST), []),
    # ICMP
    "ICMP bad checksum": (lambda w: w.echo_request(b"x", chksum=0xbad), []),
    "ICMP 7 bytes": (lambda w: short_icmp(w, 7), []),
    "ICMP 0 bytes": (lambda w: short_icmp(w, 0), []),
    "ICMP unknown type": (lambda w: w.echo_request(b"x", type=255), []),
    "ICMP echo reply nobody asked for": (lambda w: w.echo_request(b"x", type=0), []),
    "ICMP echo with a code": (lambda w: w.echo_request(b"x", code=7), ["icmp 0/7"]),
    "ICMP address mask request": (lambda w: w.echo_request(b"\0" * 4, type=17), []),
    "ICMP information request": (lambda w: w.ipv4() / ICMP(type=15), []),
    "ICMP timestamp request": (lambda w: w.ipv4() / ICMP(type=13), ["icmp 14/0"]),
    "ICMP timestamp request without its times": (lambda w: w.echo_request(b"\0" * 4, type=13), ["icmp 14/0"]),
    "ICMP source quench": (lambda w: w.ipv4() / ICMP(type=4) / IP(src=w.dut_ip, dst=w.ip) / UDP(sport=7), []),
    "ICMP error about an error":
        (lambda w: error_about(w, IP(src=w.dut_ip, dst=w.ip) / ICMP(type=3, code=3) / IP() / UDP()), []),
    "ICMP error about nothing of ours": (lambda w: error_about(w, IP(src=w.dut_ip, dst=w.ip) / UDP(sport=99)), []),
    "ICMP error cut short": (lambda w: error_about(w, Raw(b"\x45\0\0")), []),
    "ICMP error about UDP cut short": (lambda w: error_about(w, Raw(bytes(IP(src=w.dut_ip, dst=w.ip, proto=17)))), []),
    "unknown protocol carries an error to nobody": (lambda w: w.ipv4(proto=253, src="127.0.0.1") / Raw(b"x"), []),
    # IP options
    "option record route, echo":
        (lambda w: w.echo_request(b"x", ip=options(IPOption_RR(length=39, routers=["0.0.0.0"] * 9))), ["icmp 0/0"]),
    "option record route, pointer 3": (lambda w: w.echo_request(b"x", ip=options(raw_option(7, 7, 3, 0, 0, 0, 0, 0))),
                                       ["icmp 12/0"]),
    "option record route beyond the header": (lambda w: w.echo_request(b"x", ip=options(raw_option(7, 39, 4, 0))),
                                              ["icmp 12/0"]),
    "option timestamp, full": (lambda w: w.echo_request(b"x", ip=options(
        raw_option(0x44, 8, 9, 0xf0, 0, 0, 0, 1))), ["icmp 12/0"]),
    "option unknown": (lambda w: w.echo_request(b"x", ip=options(raw_option(0x9e, 4, 1, 2))), ["icmp 0/0"]),
    "option no-operation": (lambda w: w.echo_request(b"x", ip=options(raw_option(1, 1, 1, 0))), ["icmp 0/0"]),
    "option of length 0": (lambda w: w.echo_request(b"x", ip=options(raw_option(7, 0, 4, 0))), ["icmp 12/0"]),
    "option of length 1": (lambda w: w.echo_request(b"x", ip=options(raw_option(0x9e, 1, 0, 0))), ["icmp 12/0"]),
    "option loose source route via us":
        (lambda w: w.echo_request(b"x", ip=options(IPOption_LSRR(routers=["10.0.2.2"]))), []),
    "option strict source route via us":
        (lambda w: w.echo_request(b"x", ip=options(IPOption_SSRR(routers=["10.0.2.2"]))), []),
    "option of length 0, bad checksum":
        (lambda w: edited(w.echo_request(b"x", ip=options(raw_option(7, 0, 4, 0))), chksum=0xbad), []),
    "option CIPSO too short": (lambda w: w.echo_request(b"x", ip=options(raw_option(0x86, 4, 0, 1))), ["icmp 12/0"]),
    "option CIPSO of a domain nobody knows":
        (lambda w: w.echo_request(b"x", ip=options(raw_option(0x86, 12, 0, 0, 0, 9, 1, 6, 0, 0, 0, 0))),
         ["icmp 12/0"]),
    "option timestamp, half an entry left for the answer":
        (lambda w: w.echo_request(b"x", ip=options(raw_option(0x44, 16, 5, 1, *[0] * 12))), []),
    "option timestamp, a second one, no way on":
        (lambda w: from_host(w, 67, lambda ip: w.udp(b"x", ip={**ip, "dst": "203.0.113.1", **options(
            raw_option(0x44, 8, 5, 0, *[0] * 4), raw_option(0x44, 8, 5, 0, *[0] * 4))})), ["icmp 12/0"]),
    # Forwarding
    "forward, source 127.0.0.1": (lambda w: w.udp(b"x", ip={"src": "127.0.0.1", "dst": "10.0.2.2"}), []),
    "forward, directed broadcast of the far network is ours":
        (lambda w: w.udp(b"x", ip={"dst": "10.0.2.255"}), ["udp 1"]),
    "forward, directed broadcast, closed port": (lambda w: w.udp(b"x", dport=4444, ip={"dst": "10.0.2.255"}), []),
    "forward, time to live 1": (lambda w: w.udp(b"x", ip={"dst": "10.0.2.2", "ttl": 1}), ["icmp 11/0"]),
    "forward, time to live 1, an ICMP error":
        (lambda w: w.ipv4(dst="10.0.2.2", ttl=1) / ICMP(type=3, code=1) / IP(src="10.0.2.2", dst=w.ip) / UDP(), []),
    "forward, time to live 1, router advertisement":
        (lambda w: w.ipv4(dst="10.0.2.2", ttl=1) / ICMP(type=9, code=0), []),
    "forward, in a broadcast frame": (lambda w: l2(w.udp(b"x", ip={"dst": "10.0.2.2"}), BROADCAST), []),
    # ARP
    "ARP for the other interface's address": (lambda w: w.arp_request(pdst="10.0.2.1"), ["arp reply"]),
    "ARP hardware length 5": (lambda w: w.arp_request(hwlen=5), []),
    "ARP truncated":
        (lambda w: Ether(src=w.mac, dst=BROADCAST, type=0x806) / Raw(bytes(w.arp_request()[ARP])[:20]), []),
    "ARP from our own address": (lambda w: w.arp_request(psrc=w.dut_ip), []),
    # IGMP
    "IGMP general query": (lambda w: l2(w.ipv4(dst="224.0.0.1", ttl=1, proto=2) / Raw(
        b"\x11\x01\xee\xeb\0\0\0\0\x02\x7d\0\0"), "01:00:5e:00:00:01"), []),
    # Ethernet
    "unknown Ethernet type": (lambda w: Ether(src=w.mac, dst=w.dut_mac, type=0x88b5) / Raw(b"x" * 50), []),
    "802.3 length in place of a type":
        (lambda w: Ether(src=w.mac, dst=w.dut_mac, type=46) / Raw(b"\xaa\xaa\x03" * 15), []),
}


@pytest.mark.parametrize("build,expected", ROWS.values(), ids=ROWS)
def test_reaction(wire, build, expected):
    assert [name(p) for p in wire.reactions(build(wire))] == expected
