# SPDX-License-Identifier: MIT
"""Odd packets, one each, and what nstat says of it: the counters that moved, and by how much.

counters.txt has a line for each row, recorded from Linux. `RECORD=1 make tap DUT=linux T=counters` writes it anew.
"""
import os
import re
import time

import pytest
from scapy.layers.inet import ICMP, IP, UDP, IPOption_Timestamp, fragment
from scapy.layers.l2 import Ether
from scapy.packet import Raw

import test_reactions
from servers import commands
from test_reactions import BROADCAST, edited, error_about, l2, options, raw_option

COUNTED = re.compile(r"(Ip|IpExt|Icmp|IcmpMsg|Udp)[A-Z]|TcpExtIPReversePathFilter")
EXPECTED = os.path.join(os.path.dirname(__file__), "counters.txt")
FAR = {"dst": "10.0.2.2"}
ALL_HOSTS = "01:00:5e:00:00:01"


def to_far(w, **fields):
    return w.udp(b"x" * 20, dport=9999, ip={**FAR, **fields})


def pieces(frame, size):
    return [Ether(src=frame.src, dst=frame.dst) / p for p in fragment(frame[IP], size)]


def about(w, inner, **icmp):
    return w.ipv4() / ICMP(**icmp) / inner


def ours(w, **fields):
    """What an error about a datagram of ours quotes."""
    return IP(**{"src": w.dut_ip, "dst": w.ip, **fields}) / UDP(sport=7, dport=4000)


def one_piece(w, offset, size, more, ident=0x7001, **fields):
    return w.ipv4(frag=offset, flags="MF" if more else 0, id=ident, proto=17, **fields) / Raw(b"p" * size)


PLAIN = {
    "ECN 1": lambda w: w.echo_request(b"x", ip={"tos": 1}),
    "ECN 2": lambda w: w.echo_request(b"x", ip={"tos": 2}),
    "ECN 3": lambda w: w.echo_request(b"x", ip={"tos": 3}),
    "source is the subnet's broadcast": lambda w: w.udp(b"x", dport=9, ip={"src": "10.0.1.255"}),
    "source is another subnet's broadcast": lambda w: w.udp(b"x", dport=9, ip={"src": "10.0.2.255"}),
    "limited broadcast": lambda w: l2(w.udp(b"x", dport=9, ip={"dst": "255.255.255.255"}), BROADCAST),
    "limited broadcast from 0.0.0.0":
        lambda w: l2(w.udp(b"x", dport=9, ip={"dst": "255.255.255.255", "src": "0.0.0.0"}), BROADCAST),
    "limited broadcast, closed port":
        lambda w: l2(w.udp(b"x", dport=4444, ip={"dst": "255.255.255.255"}), BROADCAST),
    "subnet's broadcast, echo request": lambda w: l2(w.echo_request(b"x", ip={"dst": "10.0.1.255"}), BROADCAST),
    "broadcast, timestamp request": lambda w: l2(w.ipv4(dst="10.0.1.255") / ICMP(type=13), BROADCAST),
    "broadcast, ICMP error":
        lambda w: l2(w.ipv4(dst="10.0.1.255") / ICMP(type=3, code=3) / ours(w), BROADCAST),
    "all hosts, UDP": lambda w: l2(w.udp(b"x", dport=9, ip={"dst": "224.0.0.1"}), ALL_HOSTS),
    "all hosts, closed port": lambda w: l2(w.udp(b"x", dport=4444, ip={"dst": "224.0.0.1"}), ALL_HOSTS),
    "all hosts, echo request": lambda w: l2(w.echo_request(b"x", ip={"dst": "224.0.0.1"}), ALL_HOSTS),
    "destination class E": lambda w: w.udp(b"x", ip={"src": "10.0.1.23", "dst": "240.0.0.1"}),
    "forward": to_far,
    "forward, time to live 0": lambda w: to_far(w, ttl=0),
    "forward, a later piece with time to live 1": lambda w: one_piece(w, 2, 16, False, dst="10.0.2.2", ttl=1),
    "forward, time to live 1, a router advertisement":
        lambda w: w.ipv4(**FAR, ttl=1) / ICMP(type=9) / Raw(b"\0" * 8),
    "forward, time to live 1, an information request":
        lambda w: w.ipv4(**FAR, ttl=1) / ICMP(type=15) / Raw(b"\0" * 8),
    "forward, back to its link": lambda w: w.udp(b"x", dport=9999, ip={"dst": "10.0.1.77"}),
    "forward, back to its link, from afar":
        lambda w: w.udp(b"x", dport=9999, ip={"dst": "10.0.1.77", "src": "10.0.2.99"}),
    "no route": lambda w: w.udp(b"x", ip={"src": "10.0.1.21", "dst": "192.0.2.1"}),
    "no route, an ICMP error":
        lambda w: w.ipv4(src="10.0.1.22", dst="192.0.2.1") / ICMP(type=3, code=1) / ours(w),
    "fragments in order": lambda w: pieces(w.echo_request(b"x" * 2000), 800),
    "fragments reversed": lambda w: pieces(w.echo_request(b"x" * 2000), 800)[::-1],
    "fragment twice": lambda w: [f for p in pieces(w.echo_request(b"x" * 2000), 800) for f in (p, p)],
    "fragments that overlap": lambda w: [one_piece(w, 0, 32, True), one_piece(w, 2, 32, True)],
    "fragment of no length": lambda w: one_piece(w, 0, 0, True, 0x7002),
    "fragment beyond 65535": lambda w: one_piece(w, 8189, 100, False, 0x7003),
    "two ends": lambda w: [one_piece(w, 10, 16, False, 0x7004), one_piece(w, 20, 16, False, 0x7004)],
    "fragment of 9 bytes, more to come": lambda w: one_piece(w, 0, 9, True, 0x7005),
    "fragment with don't fragment set": lambda w: edited(one_piece(w, 0, 16, True, 0x7006), flags=3),
    "unreachable, unknown code": lambda w: about(w, ours(w), type=3, code=16),
    "unreachable, port of ours": lambda w: about(w, ours(w), type=3, code=3),
    "unreachable, not from us": lambda w: about(w, ours(w, src="10.0.1.99"), type=3, code=3),
    "unreachable, quoted header of 4 words":
        lambda w: about(w, edited(w.eth() / ours(w), ihl=4)[IP], type=3, code=3),
    "unreachable, protocol unknown to us": lambda w: about(w, ours(w, proto=253), type=3, code=2),
    "unreachable, about a broadcast": lambda w: about(w, ours(w, dst="10.0.1.255"), type=3, code=3),
    "too big": lambda w: about(w, ours(w, dst="10.0.1.91"), type=3, code=4, nexthopmtu=1300),
    "time exceeded": lambda w: about(w, ours(w), type=11, code=0),
    "time exceeded in reassembly": lambda w: about(w, ours(w), type=11, code=1),
    "parameter problem": lambda w: about(w, ours(w), type=12, code=0, ptr=9),
    "source quench about UDP": lambda w: about(w, ours(w), type=4),
    "redirect": lambda w: about(w, ours(w), type=5, code=1, gw="10.0.1.55"),
    "redirect cut short": lambda w: w.ipv4() / ICMP(type=5, code=1) / Raw(b"\x45\0\0"),
    "redirect, about 4 bytes of UDP":
        lambda w: about(w, Raw(bytes(ours(w))[:24]), type=5, code=1, gw="10.0.1.55"),
    "router advertisement": lambda w: w.ipv4() / ICMP(type=9) / Raw(b"\0" * 8),
    "timestamp request cut short": lambda w: w.ipv4(proto=1) / Raw(b"\x0d\0\xf2\xff\0\0\0\0"),
    "timestamp reply": lambda w: w.ipv4() / ICMP(type=14),
    "address mask reply": lambda w: w.ipv4() / ICMP(type=18) / Raw(b"\0" * 4),
    "ICMP type 19": lambda w: w.echo_request(b"x", type=19),
    "ICMP type 42": lambda w: w.echo_request(b"x", type=42),
    "ICMP type 43": lambda w: w.echo_request(b"x", type=43),
    "option timestamp": lambda w: w.echo_request(b"x", ip=options(IPOption_Timestamp(length=20, flg=1))),
    "option timestamp, prespecified":
        lambda w: w.echo_request(b"x", ip=options(raw_option(0x44, 12, 5, 3, 10, 0, 1, 1, 0, 0, 0, 0))),
    "option timestamp, unknown flag":
        lambda w: w.echo_request(b"x", ip=options(raw_option(0x44, 8, 5, 2, 0, 0, 0, 0))),
    "option twice": lambda w: w.echo_request(b"x", ip=options(raw_option(7, 7, 4, 0, 0, 0, 0, 7, 7, 4, 0, 0, 0, 0, 0, 0))),
    "option router alert": lambda w: w.echo_request(b"x", ip=options(raw_option(0x94, 4, 0, 0))),
    "option router alert of 3 bytes": lambda w: w.echo_request(b"x", ip=options(raw_option(0x94, 3, 0, 0))),
    "option security": lambda w: w.echo_request(b"x", ip=options(raw_option(0x82, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))),
    "option beyond the list's end": lambda w: w.echo_request(b"x", ip=options(raw_option(0, 7, 7, 7))),
    "forward, option record route": lambda w: w.udp(b"x", dport=9999, ip={
        **FAR, **options(raw_option(7, 11, 4, *[0] * 8, 0))}),
    "forward, option of length 1": lambda w: w.udp(b"x", dport=9999, ip={**FAR, **options(raw_option(7, 1, 4, 0))}),
}

# With commands before and after.
SETTINGS = {
    "strict reverse path": (["net.ipv4.conf.eth0.rp_filter=1"], ["net.ipv4.conf.eth0.rp_filter=0"], {
        "source of the other link": lambda w: w.udp(b"x", ip={"src": "10.0.2.77"}),
        "source without a route": lambda w: w.udp(b"x", ip={"src": "192.0.2.77"}),
        "source of the other link, forward": lambda w: to_far(w, src="10.0.2.77"),
        "source of the other link, broadcast":
            lambda w: l2(w.udp(b"x", dport=9, ip={"src": "10.0.2.77", "dst": "10.0.1.255"}), BROADCAST),
        "source is a broadcast": lambda w: w.udp(b"x", ip={"src": "10.0.2.255"}),
    }),
    "loose reverse path": (["net.ipv4.conf.eth0.rp_filter=2"], ["net.ipv4.conf.eth0.rp_filter=0"], {
        "source of the other link": lambda w: w.udp(b"x", dport=9, ip={"src": "10.0.2.77"}),
        "source without a route": lambda w: w.udp(b"x", ip={"src": "192.0.2.77"}),
    }),
    "host": (["net.ipv4.ip_forward=0"], ["net.ipv4.ip_forward=1"], {
        "for another": to_far,
        "for another, no route": lambda w: w.udp(b"x", ip={"dst": "192.0.2.1"}),
        "too big": lambda w: about(w, ours(w, dst="10.0.1.92"), type=3, code=4, nexthopmtu=1300),
        "redirect": lambda w: about(w, ours(w), type=5, code=1, gw="10.0.1.55"),
    }),
    "unicast in casts dropped": (["net.ipv4.conf.eth0.drop_unicast_in_l2_multicast=1"],
                                 ["net.ipv4.conf.eth0.drop_unicast_in_l2_multicast=0"], {
        "in a broadcast frame": lambda w: l2(w.udp(b"x", dport=9), BROADCAST),
        "broadcast in a broadcast frame": lambda w: l2(w.udp(b"x", dport=9, ip={"dst": "10.0.1.255"}), BROADCAST),
    }),
    "our own sources": (["net.ipv4.conf.eth0.accept_local=1"], ["net.ipv4.conf.eth0.accept_local=0"], {
        "other interface's": lambda w: w.udp(b"x", dport=9, ip={"src": "10.0.2.1"}),
    }),
    "loopback on the wire": (["net.ipv4.conf.eth0.route_localnet=1"], ["net.ipv4.conf.eth0.route_localnet=0"], {
        "to 127.0.0.1": lambda w: w.udp(b"x", dport=9, ip={"dst": "127.0.0.1"}),
        "from 127.0.0.1": lambda w: w.udp(b"x", dport=9, ip={"src": "127.0.0.1"}),
    }),
    "directed broadcasts forwarded": (["net.ipv4.conf.all.bc_forwarding=1", "net.ipv4.conf.eth0.bc_forwarding=1"],
                                      ["net.ipv4.conf.all.bc_forwarding=0", "net.ipv4.conf.eth0.bc_forwarding=0"], {
        "to the far link": lambda w: w.udp(b"x", dport=9, ip={"dst": "10.0.2.255"}),
        "to its own link": lambda w: l2(w.udp(b"x", dport=9, ip={"dst": "10.0.1.255"}), BROADCAST),
    }),
    "broadcasts answered": (["net.ipv4.icmp_echo_ignore_broadcasts=0"], ["net.ipv4.icmp_echo_ignore_broadcasts=1"], {
        "echo request": lambda w: l2(w.echo_request(b"x", ip={"dst": "10.0.1.255"}), BROADCAST),
        "address mask request": lambda w: l2(w.ipv4(dst="10.0.1.255") / ICMP(type=17) / Raw(b"\0" * 4), BROADCAST),
    }),
    "bogus errors not ignored": (["net.ipv4.icmp_ignore_bogus_error_responses=0"],
                                 ["net.ipv4.icmp_ignore_bogus_error_responses=1"], {
        "about a broadcast": lambda w: about(w, ours(w, dst="10.0.1.255"), type=3, code=3),
    }),
    "source routes followed": (["net.ipv4.conf.all.accept_source_route=1"],
                               ["net.ipv4.conf.all.accept_source_route=0"], {
        "loose": lambda w: w.echo_request(b"x", ip=options(raw_option(131, 7, 4, 10, 0, 2, 2, 0))),
        "strict": lambda w: w.echo_request(b"x", ip=options(raw_option(137, 7, 4, 10, 0, 2, 2, 0))),
        "used up": lambda w: w.echo_request(b"x", ip=options(raw_option(131, 7, 8, 10, 0, 2, 2, 0))),
        "pointer within an address": lambda w: w.echo_request(b"x", ip=options(raw_option(131, 7, 5, 10, 0, 2, 2, 0))),
        "strict, not for us": lambda w: w.echo_request(b"x", ip={**FAR, **options(raw_option(137, 7, 4, 10, 0, 2, 9, 0))}),
        "to nowhere": lambda w: w.echo_request(b"x", ip=options(raw_option(131, 7, 4, 192, 0, 2, 9, 0))),
    }),
}
LINES = {
    "small MTU": (["ip link set eth1 mtu 1000"], ["ip link set eth1 mtu 1500"], {
        "forward in pieces": lambda w: w.udp(b"x" * 1300, dport=9999, ip=FAR),
        "forward, too big": lambda w: w.udp(b"x" * 1300, dport=9999, ip={**FAR, "flags": "DF"}),
        "forward, too big, an ICMP error":
            lambda w: w.ipv4(**FAR, flags="DF") / ICMP(type=3, code=1) / Raw(bytes(ours(w)) + b"x" * 1300),
    }),
    "refusing routes": (["ip route add prohibit 192.0.2.1", "ip route add unreachable 192.0.2.2",
                         "ip route add blackhole 192.0.2.3"],
                        ["ip route del 192.0.2.1", "ip route del 192.0.2.2", "ip route del 192.0.2.3"], {
        "prohibit": lambda w: w.udp(b"x", ip={"src": "10.0.1.31", "dst": "192.0.2.1"}),
        "unreachable": lambda w: w.udp(b"x", ip={"src": "10.0.1.32", "dst": "192.0.2.2"}),
        "blackhole": lambda w: w.udp(b"x", ip={"src": "10.0.1.33", "dst": "192.0.2.3"}),
    }),
}

# How conf.all and conf.eth0 combine: a row for each pair of values.
COMBINED = {
    "accept_local": lambda w: w.udp(b"x", dport=9, ip={"src": "10.0.2.1"}),
    "route_localnet": lambda w: w.udp(b"x", dport=9, ip={"dst": "127.0.0.1"}),
    "drop_unicast_in_l2_multicast": lambda w: l2(w.udp(b"x", dport=9), BROADCAST),
    "accept_source_route": lambda w: w.echo_request(b"x", ip=options(raw_option(131, 7, 8, 10, 0, 2, 2, 0))),
    "bc_forwarding": lambda w: w.udp(b"x", dport=9, ip={"dst": "10.0.2.255"}),
    "rp_filter": lambda w: w.udp(b"x", dport=9, ip={"src": "10.0.2.77"}),
    "forwarding": to_far,
}
AFTER = {"accept_source_route": (0, 1), "forwarding": (1, 1)}


def combined(name, row):
    values = (0, 1, 2) if name == "rp_filter" else (0, 1)
    after = AFTER.get(name, (0, 0))
    for both in [(a, d) for a in values for d in values]:
        do, undo = ([f"sysctl -w net.ipv4.conf.{dev}.{name}={v}" for dev, v in zip(("all", "eth0"), pair)]
                    for pair in (both, after))
        yield f"{name} of all {both[0]} of eth0 {both[1]}", (["ip link set lo up", *do], undo, {"packet": row})


GROUPS = {
    "reactions": ([], [], {name: build for name, (build, _) in test_reactions.ROWS.items()}),
    "plain": ([], [], PLAIN),
    **{name: (["ip link set lo up", "sysctl -w " + " ".join(do)], ["sysctl -w " + " ".join(undo)], rows)
       for name, (do, undo, rows) in SETTINGS.items()},
    **LINES,
    **{group: rows for name, row in COMBINED.items() for group, rows in combined(name, row)},
}


# Where Linux miscounts: it takes each ICMP answer for an echo reply.
ANSWERS = {"IcmpMsgOutType14": "IcmpMsgOutType0", "IcmpOutTimestampReps": "IcmpOutEchoReps"}


def read_expected():
    with open(EXPECTED, encoding="ascii") as f:
        return dict(line.rstrip("\n").split(": ") for line in f if line.strip())


def counters(router):
    words = [line.split() for line in router.run("nstat -asz").splitlines()]
    return {w[0]: int(w[1]) for w in words if len(w) == 3 and COUNTED.match(w[0])}


def moved(router, wire, frames, settled):
    """The counters that these frames move; settled is what the barrier behind them moves. The sink takes its packets, and
    has them counted, when it gets the processor: what has moved is looked at until it does not move any more."""
    before = counters(router)
    wire.reactions(*frames)
    after, last = counters(router), None
    while after != last:
        time.sleep(0.02)
        after, last = counters(router), after
    delta = {name: after[name] - before.get(name, 0) - settled.get(name, 0) for name in after}
    return {ANSWERS.get(name, name): n for name, n in delta.items() if n}


@pytest.fixture(scope="module")
def settled(router):
    """What no frame but the barrier moves, with all neighbours known."""
    wire, far = router.wires
    wire.hosts.update({f"10.0.1.{n}": wire.mac for n in (21, 22, 23, 31, 32, 33, 77)})
    for host in (21, 22, 23, 31, 32, 33, 77):
        wire.reactions(wire.echo_request(b"x", ip={"src": f"10.0.1.{host}"}))
    far.ping()
    moved(router, wire, [], {})
    return moved(router, wire, [], {})


@pytest.mark.parametrize("group", GROUPS)
def test_counters(router, wire, settled, group):
    do, undo, rows = GROUPS[group]
    got = {}
    with commands(router, do, undo):
        for name, build in rows.items():
            frames = build(wire)
            frames = frames if isinstance(frames, list) else [frames]
            delta = moved(router, wire, frames, settled)
            got[f"{group}, {name}"] = ", ".join(f"{name} {n}" for name, n in sorted(delta.items()))
    if os.environ.get("RECORD"):
        with open(EXPECTED, "a", encoding="ascii") as f:
            f.writelines(f"{name}: {line}\n" for name, line in got.items())
        return
    expected = read_expected()
    if group == "reactions":  # new rows there are recorded when somebody does
        got = {name: line for name, line in got.items() if name in expected}
    assert got
    wrong = [f"{name}\n  is     {line}\n  not    {expected.get(name)}" for name, line in got.items()
             if line != expected.get(name)]
    assert not wrong, "\n".join(wrong)
