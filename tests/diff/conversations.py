# SPDX-License-Identifier: MIT
"""Conversations through a router with rules: handshakes, data, ends, resets, errors, pieces, both ways through NAT.

A conversation is plain data: flows, and steps in order. What a step sends depends on what came out before: an answer goes to
whom the router named as the sender, and by the NIC where it came out. So each router gets the answers to its own packets.

	flow   [l4, nic, src, sport, dst, dport]	l4 "tcp" "udp" "icmp" (sport: the id) or a protocol's number
	step   {"flow": n, "dir": 0 or 1, ...}		TCP: flags, seq, ack, len, win, opts; others: len
	       {"flow": n, "dir": d, "error": [type, code, word], "from": address, "quote": bytes}
	       any packet: ttl, tos, sum (false: a wrong one; null: none, if UDP),
	                   off (fragments: [[from, to], ...] in the order they are sent)
"""
import struct

from mutate import ICMP, IPV4, TCP, UDP, checksum, dut_mac, host_mac, ip, ipv4

import rulesets

FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
PROTOS = {"tcp": TCP, "udp": UDP, "icmp": ICMP}
ISN = (1000, 90000)
PATTERN = bytes(range(256)) * 8
NIC_OF_NET = {b"\x0a\0\x01": 0, b"\x0a\0\x02": 1}


# ---- packets

def transport(proto, src, dst, data, good=True):
    """data with its checksum, which is at the usual place."""
    at = {TCP: 16, UDP: 6, ICMP: 2}.get(proto)
    if at is None or (good is None and proto == UDP):
        return data
    pseudo = b"" if proto == ICMP else src + dst + struct.pack("!BBH", 0, proto, len(data))
    value = checksum(pseudo + data) or (0xffff if proto == UDP else 0)
    return data[:at] + struct.pack("!H", value ^ 0x5555 if good is False else value) + data[at + 2:]


def payload(step):
    return PATTERN[:step.get("len", 0)]


def tcp(step, sport, dport, way):
    options = bytes.fromhex(step.get("opts", ""))
    options += b"\0" * (-len(options) % 4)
    seq, ack = ISN[way] + step.get("seq", 0), ISN[1 - way] + step.get("ack", 0)
    flags = step.get("flags", ACK)
    return struct.pack("!HHIIBBHHH", sport, dport, seq & 0xffffffff, ack & 0xffffffff if flags & ACK else 0,
                       (20 + len(options)) << 2, flags, step.get("win", 8000), 0, 0) + options + payload(step)


def segment(step, l4, sport, dport, way):
    data = payload(step)
    if l4 == "tcp":
        return tcp(step, sport, dport, way)
    if l4 == "udp":
        return struct.pack("!HHHH", sport, dport, 8 + len(data), 0) + data
    if l4 == "icmp":
        kind = step.get("type", 8)
        return struct.pack("!BBHHH", kind + (-8 if way and kind == 8 else 1 if way else 0), step.get("code", 0), 0,
                           sport if not way else dport, step.get("seq", 1)) + data
    return data


def frames(nic, src, packet_at):
    """Ethernet around packets: packet_at is a list."""
    number = src[3] if NIC_OF_NET.get(src[:3]) == nic else 9
    return [dut_mac(nic) + host_mac(nic, number) + struct.pack("!H", IPV4) + p for p in packet_at]


def pieces(step, data, src, dst, proto, tag):
    """The packet, or its fragments."""
    more = {"id": tag, "ttl": step.get("ttl", 64), "tos": step.get("tos", 0)}
    if "off" not in step:
        return [ipv4(data, src, dst, proto, off=step.get("df", 0) << 14, **more)]
    made = []
    for first, last in step["off"]:
        end = last >= len(data)
        made.append(ipv4(data[first:last], src, dst, proto, off=first // 8 | (0 if end else 0x2000), **more))
    return made


# ---- what came out

class Seen:
    """An IPv4 frame that came out by nic, taken apart as far as answers need it."""

    def __init__(self, nic, frame):
        self.nic, self.packet = nic, frame[14:]
        self.head = 4 * (self.packet[0] & 15)
        self.src, self.dst, self.proto = self.packet[12:16], self.packet[16:20], self.packet[9]
        self.tag = struct.unpack_from("!H", self.packet, 4)[0]
        self.sport = self.dport = 0
        body = self.packet[self.head:]
        if self.proto in (TCP, UDP) and len(body) >= 4:
            self.sport, self.dport = struct.unpack_from("!HH", body)
        elif self.proto == ICMP and len(body) >= 8:
            self.sport = self.dport = struct.unpack_from("!H", body, 4)[0]

    def ends(self):
        return self.src, self.dst, self.sport, self.dport


class Talk:
    """A conversation with one router: makes the frames of its steps."""

    def __init__(self, flows, tag):
        self.flows, self.tag = flows, tag
        self.last = {}  # (flow, dir): Seen

    def make(self, number, step):
        """(nic, frames) of a step."""
        l4, nic, src, sport, dst, dport = self.flows[step["flow"]]
        proto = PROTOS.get(l4) or int(l4)
        tag = self.tag + number & 0xffff
        if "error" in step:
            return self.error(step, tag)
        src, dst, way = ip(src), ip(dst), step["dir"]
        seen = self.last.get((step["flow"], 0))
        if way == 1 and seen:
            nic, src, dst, sport, dport = seen.nic, seen.dst, seen.src, seen.dport, seen.sport
        elif way == 1:
            nic, src, dst, sport, dport = 1 - nic, dst, src, dport, sport
        data = transport(proto, src, dst, segment(step, l4, sport, dport, way), step.get("sum", True))
        return nic, frames(nic, src, pieces(step, data, src, dst, proto, tag))

    def error(self, step, tag):
        """An ICMP error about what was last seen of a flow; about nothing that ever was, if there is none."""
        l4, nic, src, sport, dst, dport = self.flows[step["flow"]]
        seen = self.last.get((step["flow"], step["dir"]))
        if seen:
            nic, to, quoted = seen.nic, seen.src, seen.packet[:seen.head + step.get("quote", 28)]
        else:
            nic, to = 1 - nic, ip(src)
            quoted = ipv4(struct.pack("!HHII", sport, dport, 1, 1), ip(src), ip(dst), PROTOS.get(l4) or 253)
        kind, code, word = step["error"]
        sender = ip(step["from"]) if step.get("from") else (seen.dst if seen else ip(dst))
        data = transport(ICMP, sender, to, struct.pack("!BBHI", kind, code, 0, word) + quoted, step.get("sum", True))
        return nic, frames(nic, sender, [ipv4(data, sender, to, ICMP, id=tag)])

    def note(self, number, step, out):
        """Remembers what came out of a step: out is a list of frames for each NIC."""
        way = step["flow"], step.get("dir")
        for nic, sent in enumerate(out):
            for frame in sent:
                if "error" not in step and frame[12:14] == b"\x08\0" and len(frame) >= 42:
                    seen = Seen(nic, frame)
                    if seen.tag == self.tag + number & 0xffff and not struct.unpack_from("!H", seen.packet, 6)[0] & 0x1fff:
                        self.last[way] = seen


# ---- random ones

def flow(rng):
    l4 = rng.choice(["tcp"] * 6 + ["udp"] * 4 + ["icmp"] * 2 + ["253"])
    nic = 0 if rng.random() < 0.8 else 1
    here, there = (rulesets.CLIENTS, rulesets.SERVERS) if nic == 0 else (rulesets.SERVERS, rulesets.CLIENTS)
    pool = there * 3 + rulesets.ROUTER * 2 + [rulesets.FAR[1 - nic]] * 2 + [rulesets.NOBODY] + here[:1]
    if rng.random() < 0.1:
        pool = ["10.0.2.20", "10.0.2.1", "10.0.2.255"]
    return [l4, nic, rng.choice(here), rng.choice(rulesets.CLIENT_PORTS), rng.choice(pool), rng.choice(rulesets.PORTS)]


SYN_OPTIONS = ["", "020405b4", "020405b40402", "020405b4010303070402", "020401f4"]


def tcp_steps(rng):
    """A connection's segments in order, and its ends."""
    begin = rng.choice([0, 0, 500000])  # beyond those of others: one may take over their port
    client, server = begin + 1, 1
    yield {"dir": 0, "flags": SYN, "seq": begin, "opts": rng.choice(SYN_OPTIONS)}
    yield {"dir": 1, "flags": SYN | ACK, "ack": client, "opts": rng.choice(SYN_OPTIONS)}
    yield {"dir": 0, "seq": client, "ack": 1}
    for _ in range(rng.randrange(4)):
        size = rng.choice([1, 10, 100, 1000, 1400])
        if rng.random() < 0.5:
            yield {"dir": 0, "flags": ACK | PSH, "seq": client, "ack": server, "len": size}
            client += size
            yield {"dir": 1, "seq": server, "ack": client}
        else:
            yield {"dir": 1, "flags": ACK | PSH, "seq": server, "ack": client, "len": size}
            server += size
            yield {"dir": 0, "seq": client, "ack": server}
    end = rng.randrange(5)
    if end == 0:
        yield {"dir": 0, "flags": RST, "seq": client}
    elif end == 1:
        yield {"dir": 1, "flags": RST | ACK, "seq": server, "ack": client}
    elif end < 4:
        a = rng.randrange(2)
        seqs = (client, server)
        yield {"dir": a, "flags": FIN | ACK, "seq": seqs[a], "ack": seqs[1 - a]}
        yield {"dir": 1 - a, "flags": FIN | ACK, "seq": seqs[1 - a], "ack": seqs[a] + 1}
        yield {"dir": a, "seq": seqs[a] + 1, "ack": seqs[1 - a] + 1}
        if rng.random() < 0.5:
            again = begin + 100000
            yield {"dir": 0, "flags": SYN, "seq": again}
            yield {"dir": 1, "flags": SYN | ACK, "seq": 200000, "ack": again + 1}
            yield {"dir": 0, "seq": again + 1, "ack": 200001}


def odd_segment(rng):
    return {"dir": rng.randrange(2), "flags": rng.choice([SYN, SYN | ACK, ACK, RST, RST | ACK, FIN | ACK, FIN, 0, 0x3f,
                                                          SYN | FIN, SYN | RST, PSH | ACK, URG | ACK, 0xc2]),
            "seq": rng.choice([0, 1, 2, 1000, -1, 70000, 0x7fffffff]), "ack": rng.choice([0, 1, 2, 1000, 70000, -100000]),
            "len": rng.choice([0, 0, 1, 100]), "win": rng.choice([8000, 0, 65535])}


def datagram_steps(rng, l4):
    for n in range(rng.randrange(1, 6)):
        step = {"dir": 0 if n == 0 else rng.randrange(2), "len": rng.choice([0, 1, 20, 100, 1000, 1472])}
        if l4 == "icmp":
            step["type"], step["seq"] = 8 if step["dir"] else rng.choice([8, 8, 8, 17, 0, 3, 5]), n
        if step["len"] >= 100 and rng.random() < 0.4:
            step["off"] = cut(rng, step["len"] + 8)
        yield step


def cut(rng, size):
    """Fragments of size bytes: usual, turned around, overlapping, incomplete."""
    at = sorted({0, *(8 * rng.randrange(1, size // 8) for _ in range(rng.choice([1, 1, 2])))})
    made = [[a, b] for a, b in zip(at, at[1:] + [size])]
    kind = rng.randrange(8)
    if kind == 0:
        made.reverse()
    elif kind == 1:
        made[0][1] = min(made[0][1] + 8, size)
    elif kind == 2:
        del made[rng.randrange(len(made))]
    return made


ERRORS = [[3, 0, 0], [3, 1, 0], [3, 3, 0], [3, 4, 1400], [3, 4, 576], [3, 13, 0], [11, 0, 0], [11, 1, 0], [12, 0, 0], [5, 1, 0x0a000209],
          [4, 0, 0]]


def error_step(rng):
    return {"dir": rng.randrange(2), "error": rng.choice(ERRORS), "quote": rng.choice([28, 28, 8, 20, 4, 60]),
            "from": rng.choice([None, None, "10.0.2.9", "10.0.1.9", "10.22.0.1"])}


def disturbed(rng, steps, l4, broadcast):
    """The same with errors, odd segments, repetitions, wrong checksums and TTLs among them."""
    for step in steps:
        if broadcast and step["dir"]:
            continue  # from nobody; the router's errors about it would come back to itself
        r = rng.random()
        if r < 0.04:
            step = {**step, "sum": False}
        elif r < 0.08:
            step = {**step, "ttl": rng.choice([1, 2, 255])}
        elif r < 0.10:
            continue  # lost
        elif r < 0.12:
            step = {**step, "df": 1}
        elif r < 0.14:
            step = {**step, "tos": rng.choice([0x10, 0xb8, 3])}
        elif r < 0.20 and l4 == "udp":
            step = {**step, "sum": None}
        elif r < 0.20 and l4 == "tcp" and step.get("len", 0) >= 100:
            step = {**step, "off": cut(rng, step["len"] + 20)}
        yield step
        if rng.random() < 0.05:
            yield dict(step)
        if rng.random() < 0.10 and not broadcast:
            yield error_step(rng)
        if l4 == "tcp" and rng.random() < 0.12 and not broadcast:
            yield odd_segment(rng)


def conversation(rng, count):
    """(flows, steps): about count steps of several flows, interleaved."""
    flows, running, steps = [], [], []
    while len(steps) < count:
        if not running or (len(running) < 4 and rng.random() < 0.2):
            made = flow(rng)
            if flows and rng.random() < 0.2:
                made = [*rng.choice(flows)[:3], *made[3:]] if rng.random() < 0.5 else list(rng.choice(flows))
                here = rulesets.CLIENTS if made[1] == 0 else rulesets.SERVERS
                made[2] = rng.choice(here)  # clashes behind NAT
            make = tcp_steps(rng) if made[0] == "tcp" else datagram_steps(rng, made[0])
            running.append((len(flows), disturbed(rng, make, made[0], made[4].endswith(".255"))))
            flows.append(made)
        one = rng.choice(running)
        step = next(one[1], None)
        if step is None:
            running.remove(one)
        else:
            steps.append({"flow": one[0], **step})
    return flows, steps
