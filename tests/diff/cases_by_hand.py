# SPDX-License-Identifier: MIT
"""Conversations made on purpose, as rules_compare.py has them: what chance rarely hits, and each cell of conntrack's table of TCP.

cases() are all of them. The addresses are those of rulesets.py: clients are behind eth0, servers behind eth1.
"""
from conversations import ACK, FIN, PSH, RST, SYN

CLIENT, OTHER, THIRD = "10.0.1.10", "10.0.1.11", "10.0.1.12"
SERVER, SECOND, PUBLIC, INSIDE = "10.0.2.10", "10.0.2.11", "10.0.2.1", "10.0.1.1"
FAR_AHEAD = 3000000
# Counts each kind of packet.
STATES = "*filter\n" + "".join(f"-A {chain} -m conntrack --ctstate {state} -j ACCEPT\n" for chain in ("INPUT", "FORWARD", "OUTPUT")
                              for state in ("NEW", "ESTABLISHED", "RELATED", "INVALID", "UNTRACKED")) + "COMMIT\n"


def nat(*rules):
    return "*nat\n" + "".join(f"-A {rule}\n" for rule in rules) + "COMMIT\n" + STATES


def way(flow, to, **more):
    return {"flow": flow, "dir": to, **more}


def syn(flow=0, seq=0, **more):
    return way(flow, 0, flags=SYN, seq=seq, **more)


def handshake(flow=0, begin=0, options="", win=8000):
    return [syn(flow, begin, opts=options, win=win), way(flow, 1, flags=SYN | ACK, ack=begin + 1, opts=options, win=win),
            way(flow, 0, seq=begin + 1, ack=1, win=win)]


def closed(flow=0, begin=0):
    return handshake(flow, begin) + [way(flow, 0, flags=RST, seq=begin + 1)]


def tcp(src, sport=33000, dst=SERVER, dport=80):
    return ["tcp", 0, src, sport, dst, dport]


def udp(src, sport=33000, dst=SERVER, dport=53, nic=0):
    return ["udp", nic, src, sport, dst, dport]


def both_ways(flow=0, **more):
    return [way(flow, 0, len=20, **more), way(flow, 1, len=20, **more), way(flow, 0, len=1000, **more)]


def errors(flow=0):
    """About what was last seen of either direction, whole and cut, from the end and from the way."""
    return [way(flow, to, error=kind, quote=quote, **{"from": sender}) for to in (0, 1)
            for kind in ([3, 3, 0], [3, 4, 1400], [11, 0, 0], [12, 0, 0], [4, 0, 0], [5, 1, 0x0a000209])
            for quote in (28, 60, 8) for sender in (None, "10.22.0.1")]


# ---- TCP, cell by cell

OPEN = handshake()
CLOSING = [*OPEN, way(0, 0, flags=FIN | ACK, seq=1, ack=1), way(0, 1, seq=1, ack=2), way(0, 1, flags=FIN | ACK, seq=1, ack=2),
           way(0, 0, seq=2, ack=2)]
REACHED = {"NONE": [], "SYN_SENT": OPEN[:1], "SYN_RECV": OPEN[:2], "ESTABLISHED": OPEN, "FIN_WAIT": CLOSING[:4],
           "CLOSE_WAIT": CLOSING[:5], "LAST_ACK": CLOSING[:6], "TIME_WAIT": CLOSING, "CLOSE": closed(),
           "SYN_SENT2": [*OPEN[:1], way(0, 1, flags=SYN)]}
KINDS = [SYN, SYN | ACK, FIN | ACK, ACK, RST, RST | ACK, 0]
NUMBERS = [(1, 1), (2, 2), (0, 0), (FAR_AHEAD, 1), (1, FAR_AHEAD), (100, 1)]


def cells():
    """From each state, a segment of each kind in each direction, with numbers that fit and that do not; then an answer to it."""
    for state, steps in REACHED.items():
        for numbers in NUMBERS:
            flows, sent = [], []
            for to in (0, 1):
                for flags in KINDS:
                    flow = len(flows)
                    flows.append(tcp(CLIENT, 20000 + flow))
                    sent += [{**step, "flow": flow} for step in steps]
                    sent += [way(flow, to, flags=flags, seq=numbers[0], ack=numbers[1]),
                             way(flow, 1 - to, flags=SYN | ACK if flags == SYN else RST, seq=1, ack=numbers[0] + 1),
                             way(flow, 0, seq=2, ack=1)]
            yield f"from-{state}-{numbers[0]}-{numbers[1]}", STATES, flows, sent


# ---- the rest

SCALED, SELECTIVE = "03030700", "04020000"
SACK = "0101050a{:08x}{:08x}"


def windows():
    yield "scale", STATES, [tcp(CLIENT)], [
        *handshake(options=SCALED), way(0, 1, seq=1, ack=1), way(0, 0, seq=1 + 500000, ack=1, len=10), way(0, 0, seq=1 + 1100000, ack=1)]
    yield "scale-of-one", STATES, [tcp(CLIENT)], [
        syn(opts=SCALED), way(0, 1, flags=SYN | ACK, ack=1), way(0, 0, seq=1, ack=1), way(0, 0, seq=20000, ack=1)]
    first = 90000 + 1
    yield "sack", STATES, [tcp(CLIENT)], [
        *handshake(options=SELECTIVE), way(0, 1, flags=ACK | PSH, seq=1, ack=1, len=100),
        way(0, 0, seq=1, ack=1, opts=SACK.format(first + 50, first + 100)),
        way(0, 0, seq=1, ack=1, opts=SACK.format(first + 50, first + 1000000))]
    yield "sack-not-agreed", STATES, [tcp(CLIENT)], [
        *handshake(), way(0, 1, flags=ACK | PSH, seq=1, ack=1, len=100),
        way(0, 0, seq=1, ack=1, opts=SACK.format(first + 50, first + 1000000))]


def settings():
    """Each with what it changes."""
    beyond = [*handshake(), way(0, 0, seq=FAR_AHEAD, ack=1, len=10), way(0, 1, seq=1, ack=FAR_AHEAD + 10)]
    middle = [way(0, 0, seq=1, ack=1, len=10), way(0, 1, seq=1, ack=11, len=10)]
    reset = [*handshake(), way(0, 1, seq=1, ack=1), way(0, 0, flags=PSH | ACK, seq=1, ack=1, len=10), way(0, 1, seq=1, ack=11),
             way(0, 0, flags=RST, seq=-5000)]
    repeated = [*handshake(), *[way(0, 0, seq=1, ack=1, len=10)] * 6]
    for name, steps in {"tcp_be_liberal": beyond, "tcp_loose": middle, "tcp_ignore_invalid_rst": reset, "tcp_max_retrans": repeated,
                        "checksum": [{**s, "sum": False} for s in handshake()], "acct": handshake()}.items():
        for value in (0, 1, 2) if name == "tcp_max_retrans" else (0, 1):
            yield f"{name}-{value}", STATES, [tcp(CLIENT)], steps, {name: value}


def places():
    """How NAT chooses."""
    one_port = nat("POSTROUTING -p tcp -j MASQUERADE --to-ports 2000", "POSTROUTING -p udp -j MASQUERADE --to-ports 2000")
    yield "an-ended-connection-gives-up-its-port", one_port, [tcp(CLIENT), tcp(OTHER), tcp(THIRD)], [
        *closed(), *handshake(2, -500000), *handshake(1, 500000), *handshake(2, 900000), way(0, 0, seq=1, ack=1), syn(0, 1000000)]
    yield "a-port-in-use-is-not-given-up", one_port, [udp(CLIENT), udp(OTHER), udp(OTHER, dst=SECOND)], [
        *both_ways(0), *both_ways(1), *both_ways(2)]
    yield "untranslated-gives-way", nat(f"POSTROUTING -s {CLIENT} -j SNAT --to-source {OTHER}"), [udp(CLIENT), udp(OTHER)], [
        *both_ways(0), *both_ways(1), *errors(1)]
    yield "in-order", nat("PREROUTING -p udp -j DNAT --to-destination 10.0.2.13:2000-2001"), \
        [udp(CLIENT, dst=d) for d in (SERVER, SECOND, "10.0.2.12", "10.0.2.13")], \
        [step for n in range(4) for step in both_ways(n)]
    yield "shifted", nat("PREROUTING -p udp -j DNAT --to-destination 10.0.2.13:2000-2900/50"), [udp(CLIENT), udp(OTHER)], [
        *both_ways(0), *both_ways(1)]
    for more in ("", " --persistent"):
        yield f"addresses{more.replace(' ', '')}", nat(f"POSTROUTING -o eth1 -j SNAT --to-source 10.0.2.20-10.0.2.29{more}",
                                                       f"PREROUTING -i eth1 -j DNAT --to-destination 10.0.1.10-10.0.1.13{more}"), \
            [udp(c, dst=d) for c in (CLIENT, OTHER, THIRD) for d in (SERVER, SECOND, "10.22.5.6")] + \
            [udp(s, dst=d, nic=1) for s in (SERVER, SECOND) for d in (PUBLIC, "10.21.3.4")], \
            [way(n, 0, len=9) for n in range(13)]


def translations():
    """Each both ways, with errors about it."""
    rules = {
        "masquerade": ["POSTROUTING -o eth1 -j MASQUERADE"],
        "redirect": ["PREROUTING -i eth0 -j REDIRECT"],
        "netmap": ["PREROUTING -d 10.0.2.8/29 -j NETMAP --to 10.22.0.0/29", "POSTROUTING -s 10.0.1.8/29 -j NETMAP --to 10.0.2.16/29"],
        "forward-to-port": [f"PREROUTING -p tcp -j DNAT --to-destination {SECOND}:8080",
                            f"PREROUTING -p udp -j DNAT --to-destination {SECOND}:8080"],
        "hairpin": [f"PREROUTING -d {PUBLIC} -j DNAT --to-destination {OTHER}", "POSTROUTING -s 10.0.1.0/24 -d 10.0.1.0/24 -j MASQUERADE"],
    }
    for name, lines in rules.items():
        to = PUBLIC if name == "hairpin" else SERVER
        yield name, nat(*lines), [udp(CLIENT, dst=to), tcp(CLIENT, dst=to), ["icmp", 0, CLIENT, 700, to, 53], ["253", 0, CLIENT, 0, to, 0]], [
            *both_ways(0), *errors(0), *both_ways(0, sum=None), *both_ways(0, sum=False),
            *handshake(1), *both_ways(1, seq=1, ack=1), *errors(1),
            way(2, 0, type=8, len=20), way(2, 1, type=8, len=20), *errors(2), way(2, 0, type=8, sum=False), way(3, 0, len=9), way(3, 1, len=9),
            way(0, 0, len=1000, off=[[0, 504], [504, 1008]]), way(0, 1, len=1000, off=[[504, 1008], [0, 504]])]


def others():
    yield "ttl-before-forwarding", \
        "*filter\n-A INPUT -m recent --rcheck --rttl --name seen --rdest\nCOMMIT\n*mangle\n-A POSTROUTING -m recent --set --name seen\nCOMMIT\n", \
        [tcp(CLIENT, dst=INSIDE), ["253", 1, SERVER, 0, INSIDE, 0]], [way(0, 0, seq=1, ack=1), way(1, 0, len=9)]
    yield "ttl-of-a-reset-made-by-a-rule", \
        "*filter\n-A FORWARD -p tcp -j REJECT --reject-with tcp-reset\nCOMMIT\n" \
        "*mangle\n-A PREROUTING -m recent --rcheck --rttl --name seen\n-A OUTPUT -m recent --set --name seen\nCOMMIT\n", \
        [tcp(CLIENT)], [way(0, 1, flags=SYN | ACK, ack=1), syn(), way(0, 0, seq=1, ack=1, ttl=65)]
    yield "its-own-answer", STATES, [["253", 0, CLIENT, 0, CLIENT, 0]], [way(0, 0, len=9)] * 3
    yield "its-own-answer-by-nat", nat(f"PREROUTING -j DNAT --to-destination {CLIENT}", "POSTROUTING -o eth0 -j MASQUERADE"), \
        [["253", 0, CLIENT, 0, INSIDE, 0]], [way(0, 0, len=9)] * 3


def cases():
    for make in (windows, settings, places, translations, others, cells):
        for name, rules, flows, steps, *changed in make():
            yield {"name": name, "rules": rules, "settings": changed[0] if changed else {}, "flows": flows, "steps": steps}
