# SPDX-License-Identifier: MIT
"""What the routers sent, made comparable; and the differences that are allowed, each a filter with a name.

docs/COMPATIBILITY.md lists the filters and their reasons.
"""
import struct
import time

from mutate import ARP, ICMP, IPV4, LINUX_PROTOCOLS, checksum, is_ours

REDIRECT = 5
NO_ROUTE = {(3, 0), (3, 1), (3, 13)}
DIRECTED = {b"\x0a\0\x01\xff", b"\x0a\0\x02\xff"}
DAY = 86400000
NEAR = 120000  # ms; the clocks of a test differ by less, however slow it is


def is_ipv4(frame):
    return frame[12:14] == struct.pack("!H", IPV4) and len(frame) >= 34


def header(frame):
    return frame[14:14 + 4 * (frame[14] & 15)]


def own(frame):
    """Made by the router itself."""
    return is_ipv4(frame) and is_ours(frame[26:30])


def icmp_of(frame):
    """(type, code, quoted packet) of an ICMP message from the router, or None."""
    if not own(frame) or frame[23] != ICMP or frame[20:22] not in (b"\0\0", b"\x40\0"):
        return None
    at = 14 + len(header(frame))
    return (frame[at], frame[at + 1], frame[at + 8:]) if len(frame) >= at + 8 else None


def comparable(frame):
    """Without padding, and without the identification of what the router made itself; its header's checksum must be
    right nevertheless."""
    if frame[12:14] == struct.pack("!H", ARP):
        return frame if frame[42:].strip(b"\0") else frame[:42]
    if not is_ipv4(frame):
        return frame
    size = 14 + struct.unpack_from("!H", frame, 16)[0]
    if not frame[size:].strip(b"\0"):
        frame = frame[:size]
    if own(frame) and checksum(header(frame)) == 0:
        frame = frame[:18] + b"\0\0" + frame[20:24] + b"ok" + frame[26:]
    return frame


# ---- filters

def protocol_of_linux(frame):
    """Linux has handlers for these, or none, as it was built; weir has none."""
    message = icmp_of(frame)
    return message and message[0] == 3 and message[2][9:10] and message[2][9] in LINUX_PROTOCOLS


def about_broadcast(frame):
    """With bc_forwarding Linux sends errors about packets to a directed broadcast; RFC 1122 s3.2.2 forbids it."""
    message = icmp_of(frame)
    return message and message[0] in (3, 11, 12) and message[2][16:20] in DIRECTED


def by_the_clock(frame):
    """Redirects, and errors because there is no route: Linux counts, in silence too, and lets the clock decide what a
    source is told. They are compared for a source's first packets only."""
    message = icmp_of(frame)
    return message and (message[0] == REDIRECT or message[:2] in NO_ROUTE)


def sums_blanked(frame):
    """The checksums of IP, ICMP and a quoted IP header, which a time changes."""
    data = bytearray(frame)
    body = 14 + len(header(frame))
    data[24:26] = b"--"
    if frame[23] == ICMP:
        data[body + 2:body + 4] = b"--"
        data[body + 18:body + 20] = b"--"
    return data


def without_clock(frame):
    """Milliseconds of today, which timestamps and timestamp options carry, and sums over them, blanked. None: there
    are none."""
    now = int(time.time() * 1000) % DAY
    data, changed = sums_blanked(frame), False
    for at in range(34, len(data) - 3):
        value = struct.unpack_from("!I", data, at)[0]
        if abs(value - now) < NEAR:
            data[at:at + 4] = b"time"
            changed = True
    return data if changed else None


def same_but_for_clock(a, b):
    x = without_clock(a)
    return x is not None and x == without_clock(b)


def same(a, b):
    return a == b or is_ipv4(a) and same_but_for_clock(a, b)


class Comparison:
    """Of one run; remembers the sources there were."""

    def __init__(self):
        self.sources = set()

    def _wanted(self, frames, many):
        return [comparable(f) for f in frames
                if not (by_the_clock(f) and (many or f[30:34] in self.sources))
                and not protocol_of_linux(f) and not about_broadcast(f)]

    def differ(self, sent, linux, weir):
        """Whether the outputs because of the frames sent, a list for each NIC, differ."""
        found = False
        for a, b in zip(linux, weir):
            a, b = self._wanted(a, len(sent) > 1), self._wanted(b, len(sent) > 1)
            found |= len(a) != len(b) or not all(map(same, a, b))
        self.sources |= {f[at:at + 4] for f in sent for at in (26, 30)}  # behind a VLAN tag, too
        return found
