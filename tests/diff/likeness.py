# SPDX-License-Identifier: MIT
"""What two routers with the same rules sent, counted and remembered, made comparable.

Ports and ids that NAT chose are named by the part of all ports they are of and in the order of their first appearance
towards each place; answers go to what was really chosen. Checksums must be right and are left out then. A packet that the
router made itself has any identification.
"""
import re
import struct

from compare import comparable
from mutate import ICMP, TCP, UDP, checksum, ip

WRONG = b"!!"
SLACK = 2  # s, beyond what each router took


class Names:
    """What one router chose."""

    def __init__(self, known, tags):
        self.known, self.tags, self.step, self.chosen = known, tags, 0, {}

    def port(self, number, proto, ends, appears=True):
        """ends: both of the packet's, as a set: one place may be known by the same number towards many others."""
        if number in self.known:
            return str(number)
        size = "512" if number < 512 else "1024" if number < 1024 else "high"
        key = number, proto, frozenset(ends)
        if appears:
            self.chosen.setdefault(key, len(self.chosen))
        return f"#{size} {self.chosen.get(key, '')}"


def pseudo(packet, head, proto, size):
    return packet[12:20] + struct.pack("!BBH", 0, proto, size)


def body_sum(packet, head, proto):
    """The transport's checksum: b"ok", b"no" (UDP without), or WRONG."""
    body = packet[head:]
    if proto == UDP and body[6:8] == b"\0\0":
        return b"no"
    total = checksum((b"" if proto == ICMP else pseudo(packet, head, proto, len(body))) + body)
    return b"ok" if total == 0 else WRONG


def quoted_sum(packet, head, proto):
    """What of a quoted packet's checksum is not its addresses' and ports': it may be cut, and NAT has changed both alike."""
    body, at = packet[head:], {TCP: 16, UDP: 6, ICMP: 2}[proto]
    if len(body) < at + 2 or (proto == UDP and body[6:8] == b"\0\0"):
        return b"no"
    told = body[at:at + 2] + (body[4:6] if proto == ICMP else packet[12:20] + body[:4])
    return sum(struct.unpack(f"!{len(told) // 2}H", told)) % 0xffff


def packet_like(packet, names, inner=False):
    """A tuple that is equal for packets that are alike."""
    if len(packet) < 20:
        return (packet,)
    head = 4 * (packet[0] & 15)
    proto, off = packet[9], struct.unpack_from("!H", packet, 6)[0]
    sum_ok = packet[10:12] == b"ok" or checksum(packet[:head]) == 0
    tag = struct.unpack_from("!H", packet, 4)[0] - names.tags[0] & 0xffff
    known = tag == names.step or (inner and tag < names.tags[1])
    fixed = (packet[:2], packet[2:4], tag if known else "own", packet[6:10], b"" if inner else sum_ok,
             packet[12:20], packet[20:head])
    body = packet[head:]
    if inner and proto == ICMP and len(body) < 8:
        return fixed + (body[:2],)
    if off & 0x1fff or proto not in (TCP, UDP, ICMP) or len(body) < (4 if inner else 8):
        return fixed + (body,)
    whole = not off & 0x2000 and not inner
    checked = body_sum(packet, head, proto) if whole else b""
    if inner and known:  # Linux quotes what it has made itself before the sum is in it
        checked = quoted_sum(packet, head, proto)
    if proto == ICMP:
        if body[0] in (3, 4, 5, 11, 12):
            return fixed + (body[:2], body[4:8], checked, packet_like(body[8:], names, True))
        ident = struct.unpack_from("!H", body, 4)[0]
        return fixed + (body[:2], checked, names.port(ident, proto, (packet[12:16], packet[16:20])), body[6:])
    ends = tuple(zip((packet[12:16], packet[16:20]), struct.unpack_from("!HH", body)))
    ports = tuple(names.port(port, proto, ends) for _, port in ends)
    rest = body[4:6] + body[8:] if proto == UDP else body[4:16] + body[18:]
    return fixed + ports + (checked, rest)


def frame_like(frame, names):
    frame = comparable(frame)
    if frame[12:14] != b"\x08\0" or len(frame) < 34:
        return (frame,)
    return (frame[:14], *packet_like(frame[14:], names))


def frames_like(out, names):
    return [[frame_like(f, names) for f in nic if f[12:14] != b"\x86\xdd"] for nic in out]


def saved(text):
    """iptables-save's tables, in the order of their names, without dates and those in which nothing is and nothing was."""
    tables = {}
    for block in re.split(r"(?m)^COMMIT$", re.sub(r"(?m)^#.*\n", "", text)):
        if re.search(r"^\[|\[(?!0:0\])|DROP", block, re.M):
            tables[block.strip().split("\n")[0]] = block.strip()
    return [line for name in sorted(tables) for line in tables[name].split("\n")]


TUPLE = re.compile(r"src=(\S+) dst=(\S+) (?:sport=(\d+) dport=(\d+)|type=(\d+) code=(\d+) id=(\d+))")


def entries(text, names):
    """conntrack -L: [(an entry without its time, with names, its seconds)]"""
    found = []
    for line in text.splitlines():
        if "src=" not in line:
            continue
        words = [w for w in line.split() if not w.startswith("use=")]
        seconds, proto = 0, int(words[1])
        if words[2].isdigit():
            seconds, words[2] = int(words[2]), "T"

        def named(m):
            places = ip(m[1]), ip(m[2])
            if m[7]:
                return f"src={m[1]} dst={m[2]} type={m[5]} code={m[6]} id={names.port(int(m[7]), proto, places, False)}"
            ends = tuple(zip(places, (int(m[3]), int(m[4]))))
            here, there = (names.port(port, proto, ends, False) for _, port in ends)
            return f"src={m[1]} dst={m[2]} sport={here} dport={there}"

        found.append((TUPLE.sub(named, " ".join(words)), seconds))
    return sorted(found)


def entries_alike(a, b, slack):
    return [x for x, _ in a] == [x for x, _ in b] and all(abs(s - t) <= slack for (_, s), (_, t) in zip(a, b))
