# SPDX-License-Identifier: MIT
"""Groups of frames for two routers: a grammar of what hosts send, and of what they should not, and bytes turned over.

group(seed, index) is always the same. A group is a list of frames that enter by one NIC, in order: one frame, or the
pieces of a datagram. Every group has a tag of its own in the IP identification, so that groups do not meet in
reassembly.
"""
import random
import socket
import struct

NICS = 2
BATCH = 16  # groups that enter by one NIC before the other's turn comes
OPEN_PORT = 9
MTU = 1500
BROADCAST = b"\xff" * 6
IPV4, ARP, VLAN, LOCAL_EXPERIMENT = 0x0800, 0x0806, 0x8100, 0x88b5
ICMP, IGMP, TCP, UDP, EXPERIMENT = 1, 2, 6, 17, 253
# Tunnels, IPsec, PIM, SCTP and the like.
LINUX_PROTOCOLS = {4, 33, 41, 46, 47, 50, 51, 89, 92, 94, 103, 108, 112, 115, 132, 136, 137, 143, 255}


def ip(text):
    return socket.inet_aton(text)


def is_ours(address):
    """The router's."""
    return address in OURS or address[:1] == b"\x7f"


def dut_mac(nic):
    return bytes.fromhex("525400123456")[:5] + bytes([0x56 + nic])


def host_mac(nic, number):
    return bytes([2, 0, 0, 0, nic + 1, number])


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def pick(rng, table):
    """A key of {key: weight}."""
    return rng.choices(list(table), table.values())[0]


# ---- addresses

HOSTS = range(10, 50)       # permanent neighbours of each NIC
BOUNCED = range(50, 100)    # the same, sources of what goes back where it came from
GATEWAY = 9                 # to 10.(nic+1).0.0/16, and behind eth1 to the networks of ROUTES
ARP_HOSTS = range(100, 190)
SILENT = range(200, 210)    # nobody answers for them
OURS = {ip(a) for a in ("10.0.1.1", "10.0.1.3", "10.0.2.1", "10.0.2.3", "192.0.2.1")}
ROUTES = {"narrow": "10.3", "unreachable": "10.10", "prohibit": "10.11", "blackhole": "10.12"}


def address(rng, kind, nic):
    """An address of that kind, seen from a wire to nic."""
    far = 1 - nic
    subnet = {"near": nic, "far": far}.get(kind.split()[0], 0) + 1
    low = rng.randrange(256)
    fixed = {
        "zero": "0.0.0.0", "loopback": "127.0.0.1", "limited": "255.255.255.255", "class e": f"240.0.0.{low}",
        "all hosts": "224.0.0.1", "group": rng.choice(["224.0.0.5", "224.0.0.22", "239.1.2.3", "224.0.1.1"]),
        "unroutable": f"203.0.113.{low}", "loopback net": f"127.{low}.0.1", "zero net": f"0.0.0.{low}",
        "extra": "192.0.2.1", "beside extra": "192.0.2.2",
    }
    if kind in fixed:
        return ip(fixed[kind])
    if kind in ROUTES:
        return ip(f"{ROUTES[kind]}.{rng.randrange(256)}.{low}")
    last = {"host": rng.choice(HOSTS), "us": 1, "secondary": 3, "directed": 255, "network": 0,
            "silent": rng.choice(SILENT), "arp": rng.choice(ARP_HOSTS), "gateway": GATEWAY}
    what = kind.split()[1]
    if what == "routed":
        return ip(f"10.{subnet + 20}.{rng.randrange(256)}.{low}")
    return ip(f"10.0.{subnet}.{last[what]}")


SOURCES = {"near host": 60, "near routed": 20, "far host": 2, "near us": 1, "far us": 1, "zero": 1, "loopback": 1,
           "limited": 1, "near directed": 1, "far directed": 1, "all hosts": 1, "class e": 1, "unroutable": 2,
           "near network": 1, "zero net": 1, "loopback net": 1, "unreachable": 1, "blackhole": 1, "prohibit": 1,
           "near silent": 1, "extra": 1, "near gateway": 1}
DESTINATIONS = {"far host": 30, "far routed": 8, "near us": 20, "far us": 6, "near secondary": 2, "extra": 3,
                "limited": 2, "near directed": 3, "far directed": 2, "all hosts": 2, "group": 2, "loopback": 1,
                "loopback net": 1, "zero": 1, "zero net": 1, "class e": 1, "unroutable": 3, "unreachable": 2,
                "prohibit": 2, "blackhole": 2, "narrow": 6, "far silent": 1, "near network": 1, "far network": 1,
                "beside extra": 1, "near routed": 3, "near host": 2}
# Linux limits by the clock what it tells a source about these: there are many sources.
NO_WAY = {"unroutable", "unreachable", "prohibit", "class e", "zero net"}


# ---- IPv4

def ipv4(data, src, dst, proto, options=b"", **more):
    """A packet; fields in `more` go as they are, without them the header is right."""
    f = {"version": 4, "ihl": 5 + len(options) // 4, "tos": 0, "len": 20 + len(options) + len(data), "id": 0,
         "off": 0, "ttl": 64, "sum": None, **more}
    head = struct.pack("!BBHHHBBH4s4s", f["version"] << 4 | f["ihl"], f["tos"], f["len"], f["id"], f["off"], f["ttl"],
                       proto, 0, src, dst) + options
    value = checksum(head) if f["sum"] is None else f["sum"]
    return head[:10] + struct.pack("!H", value) + head[12:] + data


def header_fields(rng, tag):
    """Mostly what is usual; each field is sometimes not."""
    f = {"id": tag & 0xffff}
    if rng.random() < 0.2:
        f["tos"] = rng.choice([0x10, 0x08, 1, 2, 3, 0xb8, rng.randrange(256)])
    if rng.random() < 0.3:
        f["off"] = rng.choice([0x4000, 0x4000, 0x4000, 0x8000, 0xc000, 0x2000, 0x1fff, 1, rng.randrange(65536)])
    if rng.random() < 0.25:
        f["ttl"] = rng.choice([0, 1, 1, 2, 2, 255, rng.randrange(256)])
    if rng.random() < 0.02:
        f["version"] = rng.randrange(16)
    if rng.random() < 0.02:
        f["ihl"] = rng.randrange(16)
    if rng.random() < 0.03:
        f["len"] = rng.choice([0, 19, 20, 21, 28, 60, 1500, 65535, rng.randrange(200)])
    if rng.random() < 0.03:
        f["sum"] = rng.choice([0, 0xffff, rng.randrange(65536)])
    return f


# ---- options

def slots(rng, nic, count):
    kinds = list(DESTINATIONS)
    return b"".join(address(rng, rng.choice(kinds), nic) if rng.random() < 0.6 else b"\0" * 4 for _ in range(count))


def route_option(rng, nic):
    """Record route, loose and strict source route: with room, full, and with a wrong length or pointer."""
    data = slots(rng, nic, rng.randrange(0, 10))
    pointer = rng.choice([4, 4, 4, 8, len(data) + 4, rng.randrange(256)])
    kind = rng.choice([7, 7, 0x83, 0x89])
    length = len(data) + 3 if rng.random() < 0.9 else rng.randrange(256)
    return bytes([kind, length, pointer]) + data


def time_option(rng, nic):
    mode = rng.choice([0, 1, 3, rng.randrange(16)])
    words = rng.randrange(0, 9)
    data = slots(rng, nic, words)
    if mode == 3 and words >= 2 and rng.random() < 0.5:
        data = address(rng, rng.choice(["near us", "far us", "extra"]), nic) + data[4:]
    pointer = rng.choice([5, 5, 5, 9, len(data) + 5, rng.randrange(256)])
    length = len(data) + 4 if rng.random() < 0.9 else rng.randrange(256)
    return bytes([0x44, length, pointer, rng.choice([0, 0, 0xf0, 0x50]) | mode]) + data


def one_option(rng, nic):
    kind = rng.randrange(12)
    if kind < 3:
        return route_option(rng, nic)
    if kind < 6:
        return time_option(rng, nic)
    if kind < 8:
        return b"\x01" * rng.randrange(1, 5)
    if kind == 8:
        return bytes([0x94, 4, 0, rng.choice([0, 0, 1])])  # router alert
    if kind == 9:
        return bytes([rng.choice([0x82, 0x86, 0x88]), 4]) + rng.randbytes(rng.randrange(0, 9))  # security, stream
    if kind == 10:
        data = rng.randbytes(rng.randrange(0, 9))
        return bytes([rng.randrange(256), len(data) + 2]) + data
    return rng.randbytes(rng.randrange(1, 12))


def options(rng, nic):
    """A whole number of words, 40 bytes at most."""
    if rng.random() < 0.85:
        return b""
    data = b"".join(one_option(rng, nic) for _ in range(rng.choice([1, 1, 1, 2, 3])))[:40]
    return data + rng.choice([b"\0", b"\1"]) * (-len(data) % 4)


# ---- what packets carry

def payload(rng, limit=1400):
    return rng.randbytes(rng.choice([0, 1, 4, 8, 18, 40, 64, 100, 512, rng.randrange(limit)]))


def udp(rng, src, dst):
    data = payload(rng)
    ports = (rng.randrange(1024, 65536), rng.choice([OPEN_PORT, OPEN_PORT, 4444, 0, rng.randrange(20000, 30000)]))
    size = len(data) + 8
    if rng.random() < 0.06:
        size = rng.choice([0, 7, 8, size - 1, size + 1, rng.randrange(65536)]) & 0xffff
    head = struct.pack("!HHHH", *ports, size, 0)
    value = checksum(src + dst + struct.pack("!BBH", 0, UDP, size) + (head + data)[:max(size, 8)]) or 0xffff
    if rng.random() < 0.15:
        value = rng.choice([0, 0, rng.randrange(65536)])
    return head[:6] + struct.pack("!H", value) + data


def tcp(rng, src, dst):
    data = payload(rng)
    extra = rng.choice([b"", b"", b"\x02\x04\x05\xb4", rng.randbytes(4 * rng.randrange(10))])
    offset = 5 + len(extra) // 4 if rng.random() < 0.95 else rng.randrange(16)
    body = struct.pack("!HHIIBBHHH", rng.randrange(65536), rng.choice([80, 7, rng.randrange(65536)]),
                       rng.getrandbits(32), rng.getrandbits(32), offset << 4, rng.randrange(256), 8192, 0, 0)
    body += extra + data
    value = checksum(src + dst + struct.pack("!BBH", 0, TCP, len(body)) + body)
    return body[:16] + struct.pack("!H", value) + body[18:]


def quoted(rng, nic):
    """What an ICMP error is about."""
    kinds = list(DESTINATIONS)
    src, dst = address(rng, rng.choice(["near us", "near us", *kinds]), nic), address(rng, rng.choice(kinds), nic)
    proto = rng.choice([ICMP, UDP, TCP, EXPERIMENT, rng.randrange(256)])
    data = rng.choice([udp, tcp])(rng, src, dst) if proto in (UDP, TCP) else echo(rng)
    whole = ipv4(data, src, dst, proto, options(rng, nic), **(header_fields(rng, 0) if rng.random() < 0.2 else {}))
    return whole[:rng.choice([0, 8, 19, 20, 24, 28, 40, 548, 1400])]


def icmp_message(kind, code, rest, data, value=None):
    body = struct.pack("!BBH", kind, code, 0) + rest + data
    return body[:2] + struct.pack("!H", checksum(body) if value is None else value) + body[4:]


def echo(rng):
    return icmp_message(8, rng.choice([0, 0, 0, 7]), rng.randbytes(4), payload(rng))


def icmp(rng, nic):
    kind = rng.choice([8, 8, 8, 8, 8, 0, 3, 3, 3, 4, 5, 11, 12, 13, 13, 14, 15, 17, 18, 9, 10, 30, 40, 42,
                       rng.randrange(256)])
    code = 0 if rng.random() < 0.6 else rng.choice([1, 2, 3, 4, 13, 15, 16, rng.randrange(256)])
    rest = rng.choice([rng.randbytes(4), b"\0\0\x02\x58", b"\0" * 4, address(rng, "near host", nic)])
    data = quoted(rng, nic) if kind in (3, 4, 5, 11, 12) else payload(rng)
    body = icmp_message(kind, code, rest, data, rng.randrange(65536) if rng.random() < 0.04 else None)
    return body if rng.random() < 0.96 else body[:rng.randrange(12)]


def igmp(rng, nic):
    kind = rng.choice([0x11, 0x12, 0x16, 0x17, 0x22, rng.randrange(256)])
    body = bytes([kind, rng.randrange(256), 0, 0]) + address(rng, rng.choice(["zero", "group", "all hosts"]), nic)
    body += rng.choice([b"", b"", b"\0" * 4, rng.randbytes(rng.randrange(20))])
    value = checksum(body) if rng.random() < 0.9 else 0
    return body[:2] + struct.pack("!H", value) + body[4:]


PROTOCOLS = {ICMP: 35, UDP: 30, TCP: 12, EXPERIMENT: 5, IGMP: 3, None: 2}


def carried(rng, nic, src, dst):
    """(protocol, data)"""
    proto = pick(rng, PROTOCOLS)
    if proto is None:
        proto = rng.randrange(256)
    if proto in (UDP, TCP):
        return proto, (udp if proto == UDP else tcp)(rng, src, dst)
    if proto in (ICMP, IGMP):
        return proto, (icmp if proto == ICMP else igmp)(rng, nic)
    return proto, payload(rng)


# ---- Ethernet

def group_mac(dst):
    return b"\x01\x00\x5e" + bytes([dst[1] & 0x7f]) + dst[2:]


def eth_addresses(rng, nic, dst):
    station = dut_mac(nic)
    if dst[0] in range(224, 240):
        station = group_mac(dst)
    elif dst == b"\xff" * 4 or dst[3] == 255 and dst[:2] == b"\x0a\0":
        station = BROADCAST
    if rng.random() < 0.06:
        station = rng.choice([BROADCAST, dut_mac(nic), dut_mac(1 - nic), host_mac(nic, 77), b"\x01\0\x5e\0\0\x01",
                              b"\x01\x80\xc2\0\0\x0e", b"\0" * 6, rng.randbytes(6)])
    source = host_mac(nic, rng.choice(HOSTS))
    if rng.random() < 0.02:
        source = rng.choice([dut_mac(nic), BROADCAST, b"\0" * 6])
    return station + source


def ethernet(rng, nic, dst, data, kind=IPV4):
    tags = b""
    if rng.random() < 0.02:
        tags = struct.pack("!HH", VLAN, rng.choice([0, 0, 0xe000, 5, 4095]))
    if rng.random() < 0.01:
        kind = rng.choice([46, ARP, IPV4, LOCAL_EXPERIMENT, 0x86dd, 0, rng.randrange(65536)])
    return eth_addresses(rng, nic, dst) + tags + struct.pack("!H", kind) + data


def finished(frame):
    """As a card would send it."""
    return frame[:MTU + 14].ljust(60, b"\0")


# ---- groups

def pair(rng, nic):
    """Source and destination."""
    dst = pick(rng, DESTINATIONS)
    src = pick(rng, SOURCES)
    if dst in NO_WAY and rng.random() < 0.9:
        src = "near routed"
    return address(rng, src, nic), address(rng, dst, nic)


def usual(rng, nic, tag):
    """One packet."""
    src, dst = pair(rng, nic)
    proto, data = carried(rng, nic, src, dst)
    packet = ipv4(data, src, dst, proto, options(rng, nic), **header_fields(rng, tag))
    if rng.random() < 0.03:
        packet += rng.randbytes(rng.randrange(60))
    if rng.random() < 0.02:
        packet = packet[:rng.randrange(len(packet) + 1)]
    return [ethernet(rng, nic, dst, packet)]


def cuts(rng, size):
    """(begin, end) of pieces."""
    step = rng.choice([8, 16, 24, 400, 1400, 1480, 1480, 8 * rng.randrange(1, 185)])
    step = max(step, (size // 20 + 7) // 8 * 8)
    return [(at, min(at + step, size)) for at in range(0, size, step)]


def disturb(rng, pieces):
    """Pieces (begin, end, more): in what order, which twice, which not, which over others."""
    rng.choice([lambda x: None, lambda x: None, list.reverse, rng.shuffle])(pieces)
    what, at = rng.randrange(9), rng.randrange(len(pieces))
    begin, end, more = pieces[at]
    if what == 0 and len(pieces) > 1:
        del pieces[at]
    elif what == 1:
        pieces.insert(rng.randrange(len(pieces) + 1), pieces[at])
    elif what == 2:
        pieces.insert(rng.randrange(len(pieces) + 1), (max(begin - 8, 0), end, more))
    elif what == 3:
        pieces[at] = (begin, end + rng.randrange(-20, 21), more)
    elif what == 4:
        pieces[at] = (begin, end, not more)
    elif what == 5:
        pieces.append((begin, min(end, begin + 8), more))


def fragments(rng, nic, tag):
    """A datagram in pieces."""
    src, dst = pair(rng, nic)
    proto = rng.choice([ICMP, ICMP, UDP, UDP, EXPERIMENT])
    data = rng.randbytes(rng.choice([16, 100, 1480, 2000, 3000, rng.randrange(9, 4000)]))
    if proto == ICMP:
        data = icmp_message(rng.choice([8, 8, 8, 13, 3]), 0, b"\0\1\0\1", data)
    elif proto == UDP:
        head = struct.pack("!HHHH", 4000, rng.choice([OPEN_PORT, 4444]), len(data) + 8, 0)
        data = head + data
    pieces = [(begin, end, end < len(data)) for begin, end in cuts(rng, len(data))]
    disturb(rng, pieces)
    fields = {"id": tag & 0xffff, "ttl": rng.choice([64, 64, 64, 1, 2])}
    opts = options(rng, nic)
    frames = []
    for begin, end, more in pieces:
        flags = 0x2000 * more | 0x4000 * (rng.random() < 0.03)
        fields["tos"] = rng.choice([0, 0, 0, 0, 1, 2, 3])
        part = (data + b"\xee" * 40)[begin:max(end, begin)][:1480 - len(opts)]
        packet = ipv4(part, src, dst, proto, opts, off=begin // 8 & 0x1fff | flags, **fields)
        frames.append(eth_addresses(rng, nic, dst) + struct.pack("!H", IPV4) + packet)
    return frames


def arp(rng, nic, tag):
    """All operations, with good and bad fields. Senders change all the time: an entry is not overwritten twice soon."""
    near = f"10.0.{nic + 1}."
    sender = ip(near + str(ARP_HOSTS[tag % len(ARP_HOSTS)]))
    if rng.random() < 0.25:
        sender = address(rng, rng.choice(["near us", "near secondary", "zero", "all hosts", "limited", "near directed",
                                          "unroutable", "loopback", "near host", "far host"]), nic)
    target = address(rng, rng.choice(["near us", "near us", "near us", "far us", "near secondary", "extra", "near host",
                                      "far host", "near directed", "limited", "loopback", "group", "zero",
                                      "unroutable", "near network", "near silent", "near routed"]), nic)
    if rng.random() < 0.1:
        target = sender
    f = {"hw": 1, "proto": IPV4, "hlen": 6, "plen": 4, "op": rng.choice([1, 1, 1, 1, 2, 2])}
    if rng.random() < 0.25:
        name = rng.choice(list(f))
        f[name] = rng.choice([0, 1, 2, 3, 4, 6, 8, 10, 16, rng.randrange(256)])
    mac = host_mac(nic, rng.randrange(100, 255))
    hardware = rng.choice([mac, mac, mac, mac, dut_mac(nic), BROADCAST, b"\0" * 6])
    body = struct.pack("!HHBBH", *f.values()) + hardware + sender + rng.choice([b"\0" * 6, dut_mac(nic)]) + target
    if rng.random() < 0.05:
        body = body[:rng.randrange(len(body))]
    station = rng.choice([BROADCAST, BROADCAST, dut_mac(nic), dut_mac(nic), host_mac(nic, 77), b"\x01\0\x5e\0\0\x01"])
    return [station + mac + struct.pack("!H", ARP) + body]


def turned(rng, frames):
    """A few bits and bytes of one of them differ, or its end is missing."""
    at = rng.randrange(len(frames))
    frame = bytearray(frames[at])
    for _ in range(rng.choice([1, 1, 1, 2, 4])):
        # A header's checksum nearly always tells; the rest is worth as much.
        place = rng.choice([rng.randrange(min(len(frame), 54)), rng.randrange(len(frame))])
        frame[place] = rng.choice([frame[place] ^ 1 << rng.randrange(8), rng.randrange(256), 0, 255])
    if rng.random() < 0.3 and len(frame) > 34:
        frame[24:26] = b"\0\0"
        size = max(20, (frame[14] & 15) * 4)
        frame[24:26] = struct.pack("!H", checksum(bytes(frame[14:14 + size])))
    if rng.random() < 0.1 and len(frame) > 14:
        del frame[rng.randrange(14, len(frame)):]
    return [*frames[:at], bytes(frame), *frames[at + 1:]]


def bounced(rng, nic, tag):
    """Better sent to the next hop at once."""
    src = ip(f"10.0.{nic + 1}.{rng.choice(BOUNCED)}")
    dst = address(rng, rng.choice(["near host", "near routed", "narrow"]), nic)
    proto, data = carried(rng, nic, src, dst)
    return [ethernet(rng, nic, dst, ipv4(data, src, dst, proto, options(rng, nic), **header_fields(rng, tag)))]


def left_out(frame):
    """127/8 to 255.255.255.255, which Linux takes (RFC 1122 s3.2.1.3 (g) does not)."""
    at = 18 if frame[12:14] == struct.pack("!H", VLAN) else 14
    dst = frame[at + 16:at + 20]
    return frame[at + 12:at + 13] == b"\x7f" and dst == b"\xff" * 4


KINDS = {usual: 74, fragments: 14, arp: 8, bounced: 2}


def group(seed, index):
    """(nic, frames)"""
    rng = random.Random(f"{seed}/{index}")
    nic = index // BATCH % NICS
    frames = pick(rng, KINDS)(rng, nic, index + 1)
    if rng.random() < 0.15:
        frames = turned(rng, frames)
    return nic, [finished(f) for f in frames if not left_out(f)]
