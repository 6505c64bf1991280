# SPDX-License-Identifier: MIT
"""What two routers with the same rules sent, counted and remembered, made comparable.

Ports and ids that NAT chose are told by the part of all ports they are of; answers go to what was really chosen. Checksums
must be right and are left out then. Addresses of a range that NAT may choose from are all alike. A packet that the router made
itself has any identification.
"""
import re
import struct

from compare import comparable
from mutate import ICMP, TCP, UDP, checksum, ip

WRONG = b"!!"
TIMEOUT_SLACK = 60  # s; Linux's clock goes on, weir's is the test's


class Names:
    """What one router chose."""

    def __init__(self, known, address_ranges, tags):
        self.known, self.tags, self.step = known, tags, 0
        self.address_ranges = [(ip(a), ip(b)) for a, b in address_ranges]

    def port(self, number):
        if number in self.known:
            return str(number)
        size = "512" if number < 512 else "1024" if number < 1024 else "high"
        return f"#{size}"

    def address(self, packed):
        for n, (a, b) in enumerate(self.address_ranges):
            if a < b and a <= packed <= b:
                return f"range{n}".encode()
        return packed


def pseudo(packet, head, proto, size):
    return packet[12:20] + struct.pack("!BBH", 0, proto, size)


def body_sum(packet, head, proto):
    """The transport's checksum: b"ok", b"no" (UDP without), or WRONG."""
    body = packet[head:]
    if proto == UDP and body[6:8] == b"\0\0":
        return b"no"
    total = checksum((b"" if proto == ICMP else pseudo(packet, head, proto, len(body))) + body)
    return b"ok" if total == 0 else WRONG


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
             names.address(packet[12:16]), names.address(packet[16:20]), packet[20:head])
    body = packet[head:]
    if inner and proto == ICMP and len(body) < 8:
        return fixed + (body[:2],)
    if off & 0x1fff or proto not in (TCP, UDP, ICMP) or len(body) < 8:
        return fixed + (body,)
    whole = not off & 0x2000 and not inner
    checked = body_sum(packet, head, proto) if whole else b""
    if proto == ICMP:
        if body[0] in (3, 4, 5, 11, 12):
            return fixed + (body[:2], body[4:8], checked, packet_like(body[8:], names, True))
        return fixed + (body[:2], checked, names.port(struct.unpack_from("!H", body, 4)[0]), body[6:])
    ports = tuple(names.port(p) for p in struct.unpack_from("!HH", body))
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


def entries(text, names):
    """conntrack -L: {an entry without its time, with names: seconds}, and how often."""
    found = []
    for line in text.splitlines():
        if "src=" not in line:
            continue
        words = line.split()
        seconds = next((int(w) for w in words[2:4] if w.isdigit()), 0)
        keep = [w for w in words if not w.startswith("use=")]
        if keep[2:3] == [str(seconds)]:
            keep[2] = "T"
        made = []
        for word in keep:
            key, _, value = word.partition("=")
            if key in ("sport", "dport", "id"):
                word = f"{key}={names.port(int(value))}"
            elif key in ("src", "dst"):
                word = f"{key}={names.address(ip(value))!r}"
            made.append(word)
        found.append((" ".join(made), seconds))
    return sorted(found)


def entries_alike(a, b):
    return [x for x, _ in a] == [x for x, _ in b] and all(abs(s - t) <= TIMEOUT_SLACK for (_, s), (_, t) in zip(a, b))
