#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Writes the seed corpora: one small input for each thing a target can do.  usage: make-seeds.py"""
import pathlib
import struct

SEEDS = pathlib.Path(__file__).parent / "seeds"
RAW, FIX_IP, FIX_L4, BROADCAST, TIME, FORWARDING = 1, 2, 4, 8, 16, 32
WHOLE = b"\0"  # all of each packet is linear
HOST, PEER, FAR, NET = (bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2]), bytes([10, 0, 1, 2]),
                        bytes([10, 0, 0, 255]))
MAC, PEER_MAC = bytes.fromhex("025700000101"), bytes.fromhex("025700000165")


def record(flags, data):
    return bytes([flags]) + struct.pack("<H", len(data)) + data


def after(ms):
    return bytes([TIME]) + struct.pack("<H", ms)


def ip(proto, payload, src=PEER, dst=HOST, ttl=64, frag=0, ident=1, options=b""):
    ihl = 5 + len(options) // 4
    return struct.pack(">BBHHHBBH4s4s", 0x40 | ihl, 0, 20 + len(options) + len(payload), ident, frag,
                       ttl, proto, 0, src, dst) + options + payload


def icmp(kind, code, rest=b"\0\0\0\1", data=b"ping data"):
    return bytes([kind, code, 0, 0]) + rest + data


def udp(dport, data=b"hello", sport=5000):
    return struct.pack(">HHHH", sport, dport, 8 + len(data), 0) + data


def write(target, name, data):
    (SEEDS / target).mkdir(parents=True, exist_ok=True)
    (SEEDS / target / name).write_bytes(data)


def ip_rcv():
    good = FIX_IP | FIX_L4
    quoted = ip(17, udp(9), HOST, PEER)
    one = {
        "echo": ip(1, icmp(8, 0)),
        "echo-broadcast": ip(1, icmp(8, 0), dst=NET),
        "timestamp": ip(1, icmp(13, 0, data=bytes(12))),
        "unreachable": ip(1, icmp(3, 3, bytes(4), quoted)),
        "frag-needed": ip(1, icmp(3, 4, b"\0\0\2\0", quoted)),
        "redirect": ip(1, icmp(5, 1, PEER, quoted)),
        "exceeded": ip(1, icmp(11, 0, bytes(4), quoted)),
        "udp-echo": ip(17, udp(7)),
        "udp-closed": ip(17, udp(99)),
        "proto-unknown": ip(99, b"12345678"),
        "tcp-syn": ip(6, struct.pack(">HHIIBBHHH", 1000, 80, 1, 0, 0x50, 2, 1000, 0, 0)),
        "record-route": ip(1, icmp(8, 0), options=b"\x07\x0b\x04" + bytes(8) + b"\0"),
        "timestamp-option": ip(1, icmp(8, 0), options=b"\x44\x0c\x05\x01" + bytes(8)),
        "source-route": ip(1, icmp(8, 0), options=b"\x83\x07\x04" + FAR + b"\0"),
        "router-alert": ip(1, icmp(8, 0), options=b"\x94\x04\0\0"),
        "martian": ip(17, udp(7), src=bytes([127, 0, 0, 1])),
        "multicast": ip(17, udp(7), dst=bytes([224, 0, 0, 1])),
        "forward": ip(17, udp(53), dst=FAR),
        "ttl-one": ip(17, udp(53), dst=FAR, ttl=1),
        "no-route": ip(17, udp(53), dst=bytes([192, 0, 2, 1])),
    }
    for name, packet in one.items():
        flags = good | (FORWARDING if name in ("forward", "ttl-one", "no-route", "source-route") else 0)
        flags |= BROADCAST if "broadcast" in name else 0
        write("ip_rcv", name, WHOLE + record(flags, packet) + after(50))
        write("ip_rcv", name + "-pieces", b"\x22" + record(flags, packet))
    data = udp(7, bytes(40))
    write("ip_rcv", "fragments", WHOLE + record(FIX_IP, ip(17, data[:24], frag=0x2000)) +
          record(FIX_IP, ip(17, data[24:], frag=3)) + after(40000))
    write("ip_rcv", "raw-short", WHOLE + record(RAW, b"short"))
    write("ip_rcv", "raw-vlan", WHOLE + record(RAW, MAC + PEER_MAC + b"\x81\0\0\1\x08\0" + one["echo"]))
    write("ip_rcv", "raw-802.3", WHOLE + record(RAW, MAC + PEER_MAC + b"\0\x2e" + bytes(46)))


def arp():
    def body(op, sha, sip, tha, tip):
        return bytes([op]) + sha + sip + tha + tip
    request = body(1, PEER_MAC, PEER, bytes(6), HOST)
    reply = body(2, PEER_MAC, PEER, MAC, HOST)
    probe = body(1, PEER_MAC, bytes(4), bytes(6), HOST)
    gratuitous = body(1, PEER_MAC, HOST, bytes(6), HOST)

    def right_head(data):
        return bytes([2, len(data)]) + data
    write("arp", "request", right_head(request))
    write("arp", "probe", right_head(probe))
    write("arp", "conflict", right_head(gratuitous))
    write("arp", "ask-and-reply", bytes([1, 2]) + right_head(reply) + bytes([0, 50, 1, 2]))
    write("arp", "ask-and-time-out", bytes([1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 0, 200]))
    write("arp", "ages", right_head(request) + bytes([1, 2] + [0, 255] * 6 + [1, 2, 0, 100]))
    frame = b"\xff" * 6 + PEER_MAC + b"\x08\x06" + b"\0\1\x08\0\6\4\0" + request
    write("arp", "raw", bytes([3, len(frame)]) + frame)
    inner = b"\x08\x06" + b"\0\1\x08\0\6\4\0" + body(1, PEER_MAC, bytes([10, 5, 0, 2]), bytes(6), bytes([10, 5, 0, 1]))

    def tagged(*tags):
        data = b"\x81\0".join(struct.pack(">H", tag) for tag in tags) + inner
        return bytes([5, len(data)]) + data
    write("arp", "vlan", tagged(5) + tagged(0) + tagged(0, 5) + tagged(5, 5) + tagged(99) + tagged(0xe005))
    far = body(1, PEER_MAC, PEER, bytes(6), bytes([10, 0, 1, 9]))
    write("arp", "proxy", bytes([4, 25]) + right_head(far) * 3 + bytes([0, 9, 4, 28]) + right_head(far))
    write("arp", "settings", b"".join(bytes([4, n, 1, 7]) + right_head(request) for n in range(52)))


def igmp():
    def message(data, group=0, source=0, flags=1):
        return bytes([0, group, source, flags, len(data)]) + data

    def member(sk, group, option, n, *more):  # option: 0 join, 1 leave, 2 unblock, 3 block, 4 add, 5 drop, 6 filter
        return bytes([4 + 8 * sk, group, option, n, *more])

    def query(kind, code, *more):
        groups = {0: bytes(4), 1: bytes([239, 1, 2, 3]), 2: bytes([239, 1, 2, 4])}
        return message(bytes([0x11, code, 0, 0]) + groups[kind] + bytes(more), 2 if kind == 0 else kind - 1)

    def after(ms):
        return bytes([2]) + struct.pack("<H", ms)

    join = member(0, 0, 0, 1)
    v3 = (2, 125, 0)
    write("igmp", "join-leave", join + after(2000) + member(0, 0, 1, 1) + after(2000))
    write("igmp", "close", join + after(2000) + bytes([7]) + after(2000))
    write("igmp", "filters", join + member(0, 0, 6, 3, 0, 1, 2, 3) + after(50) + member(0, 0, 6, 2, 1, 2, 4) + after(50)
          + member(1, 0, 4, 2) + member(1, 0, 4, 3) + after(1500) + member(0, 0, 6, 0, 1) + after(50) + bytes([15]))
    write("igmp", "block", join + member(0, 0, 3, 1) + member(0, 0, 3, 2) + after(3000) + member(0, 0, 2, 1))
    write("igmp", "queries", join + member(1, 1, 4, 1) + member(1, 1, 4, 2) + after(3000) + query(0, 10, *v3, 0) + after(2000)
          + query(1, 10, *v3, 0) + query(2, 10, *v3, 1, 10, 0, 0, 3) + after(2000) + query(2, 10, *v3, 9, 1, 2))
    write("igmp", "old", query(0, 10) + join + after(20000) + query(1, 10) + after(2000) + member(0, 0, 1, 1) + query(0, 0)
          + join + after(12000) + query(0, 10, *v3, 0) + after(12000))
    write("igmp", "reports", query(0, 10) + join + message(bytes([0x16, 0, 0, 0, 239, 1, 2, 3])) + after(100) + bytes([7]))
    write("igmp", "link", join + member(1, 1, 4, 1) + bytes([3, 0]) + member(0, 1, 0, 1) + bytes([3, 1]) + after(3000)
          + bytes([3, 8]) + query(0, 10, *v3, 0) + after(3000) + bytes([3, 10]) + query(0, 10, *v3, 0) + after(3000))
    write("igmp", "forced", bytes([3, 2]) + join + after(50) + bytes([3, 3]) + query(0, 50, *v3, 0) + after(6000) + bytes([3, 4]))
    write("igmp", "udp", join + message(struct.pack(">HHHH", 1, 2, 8, 0), 0, 0, 3) + bytes([3, 12, 3, 14, 3, 13]))
    for option in range(18):
        write("igmp", f"option-{32 + option}", bytes([6, 0, 1, 10, 0, 1, 6, 0, 1, option, 0, 2]) + query(0, 10, *v3, 0) + after(2000))


def ctl():
    lines = {
        "addr": "ip addr add 10.9.0.1/24 dev eth0\nip addr show\nip -br addr\nip addr del 10.9.0.1/24 dev eth0",
        "addr-more": "ip a add 192.0.2.1/32 brd + scope link dev eth1 label eth1:1\nip -d -s a show dev eth1\nip a flush dev eth1",
        "link": "ip link set eth0 down\nip link show\nip link set dev eth0 mtu 900 up\nip -s link show eth0",
        "link-mac": "ip link set eth1 address 02:00:00:00:00:09 promisc on\nip -o link",
        "link-vlan": "ip link add link eth0 name eth0.5 type vlan id 5\nip addr add 10.5.0.1/24 dev eth0.5\nip link set eth0.5 up mtu 1400\nip -d link show type vlan\nip link set eth0 down name wan\nip -s -s link\nip link add link wan address 02:00:00:00:00:05 up type vlan protocol 802.1Q id 4094 reorder_hdr on gvrp off\nip link del eth0.5",
        "neigh-proxy": "ip neigh add proxy 10.0.1.9 dev eth0\nip neigh show proxy\nip neigh replace 10.0.0.5 dev eth0 use\nip link set eth0 arp off\nip -s neigh\nip neigh del proxy 10.0.1.9 dev eth0",
        "route": "ip route add default via 10.0.0.9\nip route\nip route get 8.8.8.8\nip route del default",
        "route-more": "ip r add 10.8.0.0/16 via 10.0.1.2 dev eth1 metric 5 mtu 1400 src 10.0.1.1\nip r replace blackhole 10.7.0.0/16\nip r show table all\nip route flush 10.8.0.0/16",
        "neigh": "ip neigh add 10.0.0.77 lladdr 02:00:00:00:00:77 dev eth0 nud permanent\nip neigh\nip neigh del 10.0.0.77 dev eth0\narp -an",
        "sysctl": "sysctl -a\nsysctl net.ipv4.ip_forward\nsysctl -w net.ipv4.ip_forward=1\nsysctl net/ipv4/conf/eth0/rp_filter=2",
        "counters": "nstat -az\nnstat\nnstat 'Ip*'\nss -uan\nss -s\nss -tulpn",
        "arp": "arp -s 10.0.0.5 02:00:00:00:00:05\narp -n\narp -d 10.0.0.5",
        "quotes": "ip 'addr' \"show\" # comment\nip \\addr show dev 'eth0'\n'unclosed",
        "wrong": "ip addr add 10.0.0.1/33 dev eth0\nip route add 1.2.3.4/8 via\nip foo\nsysctl -w x=\nnothing",
        "help": "help\nhelp ip\nip help\nip addr help",
    }
    for name, text in lines.items():
        write("ctl", name, text.encode())


def virtqueue():
    add, kick, get, enable, delayed, device, reset = 0, 2, 3, 4, 5, 6, 7
    honest = bytes([device, 1, 0, 0, 64, 0])
    write("virtqueue", "honest", bytes([1, add, 16, kick]) + honest + bytes([get, enable]))
    write("virtqueue", "chain", bytes([0, add, 5, kick, delayed]) + honest + bytes([get, get]))
    write("virtqueue", "too-long", bytes([1, add, 16, kick, device, 1, 0, 0, 0xff, 0xff, get]))
    write("virtqueue", "bad-id", bytes([1, add, 16, kick, device, 1, 0, 16, 1, 0, get]))
    write("virtqueue", "twice", bytes([1, add, 16, kick]) + honest + honest + bytes([get, get, reset, 0]))
    write("virtqueue", "index-runs", bytes([0, add, 16, kick, device, 2, 0, 3, get]))


def sock():
    create, world, time, close, send, recv, options, ends = range(8)
    udp_, raw, ping = 0, 1 + 4 * 2, 0 + 4 * 2
    bind, connect, shutdown = ends, ends | 1 << 3, ends | 3 << 3
    lo, own, peer, away = range(4)

    def message(sk, to, port, length, head=b"", control=b""):
        return bytes([send, sk, 1, to, port]) + struct.pack("<HB", length, 0) + bytes([len(control)]) \
            + control + bytes([len(head)]) + head + b"\0"

    def receive(sk, flags=0):
        return bytes([recv, sk]) + struct.pack("<HBH", 2000, 60, flags)
    pair = bytes([create, 0, udp_, create, 1, udp_, bind, 0, lo, 5])
    write("sock", "loopback", pair + message(1, lo, 5, 100) + receive(0) + bytes([close, 0, close, 1]))
    write("sock", "connected", pair + bytes([connect, 1, lo, 5]) + message(1, lo, 5, 0) +
          receive(0, 2) + receive(0, 0x20) + bytes([shutdown, 1, lo, 0, 2]))
    write("sock", "refused", bytes([create, 0, udp_, connect, 0, lo, 3]) + message(0, lo, 3, 9) + receive(0))
    write("sock", "arp", bytes([create, 0, udp_]) + message(0, peer, 5, 1400) * 3 + bytes([time, 0, 90]))
    write("sock", "fragments", bytes([create, 0, udp_, world, 0, 8]) + message(0, peer, 5, 1400))
    write("sock", "ping", bytes([create, 0, ping]) + message(0, own, 0, 64, b"\x08\0\0\0\0\0\0\1") + receive(0))
    write("sock", "raw", bytes([create, 0, raw]) + message(0, own, 0, 8, b"\x08\0\xf7\xff\0\0\0\0") + receive(0))
    write("sock", "hdrincl", bytes([create, 0, raw, options, 0, 1, 3, 4, 1, 0, 0, 0, 4]) +
          message(0, peer, 0, 28, b"\x45\0\0\x1c\0\0\0\0\x40\x63\0\0\0\0\0\0\x0a\0\0\2"))
    write("sock", "options", bytes([create, 0, udp_, options, 0, 1, 8, 4, 1, 0, 0, 0, 4,
                                    options, 0, 0, 8, 4, 0, 8, 0, 0, 4]) + message(0, lo, 1, 10) + receive(0, 0x2000))
    wire = 10
    write("sock", "from-the-wire", pair + bytes([wire, 0, 0, 0, 12, 0, 9, 0, 5, 0, 0, 0, 0]) + b"data" + receive(0))
    write("sock", "icmp-error", pair + bytes([connect, 1, peer, 3]) + message(1, peer, 3, 4) +
          bytes([wire, 0, 3, 0, 3, 4, 0, 5, 0, 3]) + receive(1) + receive(1, 2))
    write("sock", "world", pair + bytes([world, 0, 3]) + message(1, peer, 5, 10) + bytes([world, 0, 4, world, 0, 1]) +
          message(1, own, 5, 10) + bytes([time, 0, 200]))


def virtio_net():
    receive, give, invent, send, config, mood, up, memory = 0, 2, 3, 5, 6, 7, 8, 9
    arp_frame = b"\xff" * 6 + PEER_MAC + b"\x08\x06"

    def frame(length, buffers=0):  # buffers 0: as many as it takes
        return bytes([receive]) + struct.pack("<HB", length, len(arp_frame)) + arp_frame + bytes([buffers])
    for name, features in ("plain", 0), ("all", 0x1ff), ("mergeable", 0x18b):
        head = struct.pack("<HB", features, 2)
        write("virtio_net", name, head + frame(60) * 3 + bytes([send, 64, 50, 0]) + frame(1514))
    head = struct.pack("<HB", 0x1ff, 0)
    write("virtio_net", "many-buffers", head + frame(4800) + frame(60, 3) + frame(60))
    write("virtio_net", "give", head + bytes([give, 100, 0, 0, 0, 200, 0]) + frame(60))
    write("virtio_net", "bad-id", head + bytes([invent, 0, 0, 77, 0, 60, 0]) + bytes([up, 0, up, 1]) + frame(60))
    write("virtio_net", "index-runs", head + bytes([invent, 1, 3, 0, 0, 9]) + frame(60))
    write("virtio_net", "link", head + bytes([config, 6, 0]) + frame(60) + bytes([config, 6, 1]) + frame(60))
    write("virtio_net", "needs-reset", head + bytes([mood, 0, 64, config, 6, 1, up, 0, up, 1]) + frame(60))
    write("virtio_net", "mute", head + bytes([mood, 1, 0]) + bytes([send, 0, 50, 0]) * 20 + bytes([up, 0]))
    write("virtio_net", "no-memory", head + bytes([memory, 1, 5]) + frame(1514) * 3)


def cmdline():
    lines = {
        "usual": 'rc="ip addr add 10.0.0.2/24 dev eth0; ip link set eth0 up" loglevel=7 console=ttyS0',
        "quotes": 'rc="say \\"hi\\" \\\\ there" a="b"c"d" =x "selftest=null"',
        "unclosed": 'loglevel=3 rc="never closed',
        "unknown": "quiet splash virtio_mmio.device=512@0xfeb00e00:12",
        "many": " ".join(f"w{i}" for i in range(70)),
    }
    for name, text in lines.items():
        write("cmdline", name, text.encode())


def member(name, data=b"", mode=0o100644, **lie):
    fields = dict(ino=1, mode=mode, uid=0, gid=0, nlink=1, mtime=0, size=len(data), major=0, minor=0,
                  rmajor=0, rminor=0, namesize=len(name) + 1, check=0)
    fields.update(lie)
    head = b"070701" + b"".join(b"%08x" % v for v in fields.values()) + name.encode() + b"\0"
    head += bytes(-len(head) % 4)
    return head + data + bytes(-len(data) % 4)


def initrd():
    end = member("TRAILER!!!")
    rc = member("./rc", b"ip link set eth0 up\n")
    write("initrd", "usual", member(".", mode=0o40755) + rc + member("rules.v4", b"*filter\n") + end)
    write("initrd", "empty-file", member("empty") + end)
    write("initrd", "no-trailer", rc)
    write("initrd", "cut", (rc + end)[:150])
    write("initrd", "too-long", member("rc", b"x", size=0xfffffff0) + end)
    write("initrd", "no-name-end", member("rc", b"abcd", namesize=0x40) + end)
    write("initrd", "not-cpio", b"\x1f\x8b gzip perhaps" + bytes(100))


def rules():
    """See fuzz_rules.c: each extension in a rule, and packets for it."""
    def record(flags, data):
        return bytes([flags]) + len(data).to_bytes(2, "big") + data

    def rule(table, chain, action, match, target, proto, data=b"", invert=0):
        return record(1, bytes([table, chain, action, match, target, proto, invert]) + data)

    def ip4(proto, payload, frag=0, to=b"\x0a\0\1\x07"):
        head = bytes([0x45, 0]) + (20 + len(payload)).to_bytes(2, "big") + b"\0\7" + frag.to_bytes(2, "big")
        return record(6, head + bytes([64, proto, 0, 0]) + b"\x0a\0\0\x65" + to + payload)

    syn = b"\4\0\0\x50" + bytes(8) + b"\x70\2\1\0\0\0\0\0" + b"\2\4\5\xb4\1\1\1\1"
    udp = b"\4\0\0\x50" + bytes(4) + b"payload!"
    ping = b"\x08\0" + bytes(6) + b"data"
    sent = ip4(6, syn) + ip4(17, udp) + ip4(1, ping) + ip4(17, udp, frag=0x2000) + ip4(6, syn[:8], frag=1)
    every = b"\0\0\xff\xff" * 2 + bytes(40)
    write("rules", "matches", b"\0" + b"".join(rule(2, 1, 0, n, 0, 0, every) for n in range(19)) + sent)
    for proto, name in ((1, "icmp"), (2, "tcp"), (3, "udp")):
        write("rules", name, b"\x22" + b"".join(rule(2, 1, 0, n, 0, proto, every) for n in (1, 2, 3, 4, 16)) + sent)
    write("rules", "targets", b"\0" + b"".join(rule(t, 1, 7, 0, n, 0, b"\3\1" + bytes(20)) for n in range(9) for t in range(3)) +
          sent)
    write("rules", "mss", b"\0" + rule(1, 2, 7, 1, 3, 2, b"\0\0\xff\xff\0\0\xff\xff\0\6\2\0\xff\xff") + sent)
    write("rules", "recent", b"\0" + rule(2, 1, 0, 10, 0, 0, bytes(8) + b"\xff" * 4 + b"\2\0\0seen") + sent)
    write("rules", "chains", b"\0" + rule(2, 1, 5, 0, 0, 0) + rule(2, 3, 4, 5, 0, 0, b"\x10\x27\0\0\5\0\0\0") + sent)


def nat():
    """See fuzz_nat.c: conversations through each kind of translation."""
    inside, inside2, router, outside, outside2, public = range(6)
    echo_port, dns_port, web, alt, p1000, p3000 = range(6)
    udp_, tcp_, icmp_ = range(3)
    fin, syn, rst, ack = 1, 2, 4, 16

    def packet(nic, source, to, proto, *l4, flags=0, length=0, frag=()):
        return bytes([nic << 7, flags, to << 4 | source, length, proto, *l4, *frag])

    def answer(nic, *tcp):
        return bytes([nic << 7 | 2, 0, *tcp])

    def complain(nic, quote=28, source=outside, kind=0, code=3):
        return bytes([nic << 7 | 4, 0, quote - 20, source, kind, code, 0])

    def after(seconds):
        return bytes([13, max(seconds // 20, 1)])

    def setting(n):
        return bytes([6, n])

    def flow(sport, source=inside, dport=dns_port, to=outside):
        return packet(0, source, to, udp_, sport, dport)

    def segment(seq, acked, flags, sport=p1000, length=0):
        return packet(0, inside, outside, tcp_, sport, web, seq, acked, flags, length=length)
    ask, ping = flow(p1000), packet(0, inside, outside, icmp_, 0, 0, 8, 1)
    hello = segment(0, 0, syn) + answer(1, 0, 1, syn | ack) + segment(1, 1, ack)
    talk = segment(1, 1, ack, length=20) + answer(1, 1, 21, ack) + answer(1, 1, 21, ack)
    bye = segment(21, 1, fin | ack) + answer(1, 1, 22, fin | ack) + segment(22, 2, ack)
    for rules in (1, 2, 8, 16, 32, 0x7f):
        for name, what in (("udp", (ask + answer(1)) * 2 + after(60) + ask + answer(1)), ("tcp", hello + talk + bye + after(200)),
                           ("ping", ping + answer(1) + ping + complain(1))):
            write("nat", f"{name}-{rules:02x}", bytes([rules, 0]) + what)
    write("nat", "reset", b"\1\1" + hello + answer(1, 99, 1, rst) + talk + answer(1, 1, 21, rst) + talk + hello)
    write("nat", "errors", b"\1\0" + ask + b"".join(complain(1, 20 + n, kind=n % 5) + complain(0, 20 + n) for n in range(0, 20, 3)))
    write("nat", "clash", b"\3\0" + b"".join(flow(p, source) for p in range(4, 10) for source in (inside, inside2)) + answer(1))
    write("nat", "full", b"\1\0" + setting(3) + hello + b"".join(flow(p, s) for p in range(12) for s in (inside, inside2)) + talk)
    write("nat", "forward", b"\5\0" + packet(1, outside, public, tcp_, p1000, web, 0, 0, syn) + answer(0, 0, 1, syn | ack) +
          packet(1, outside, public, tcp_, p1000, web, 1, 1, ack) + complain(0, source=inside))
    write("nat", "local", b"\x88\0" + packet(1, outside, public, udp_, p1000, dns_port) + packet(0, inside, router, udp_, 4, 0) * 2)
    write("nat", "pieces", b"\1\0" + packet(0, inside, outside, udp_, 4, 1, flags=12, length=4, frag=b"\0") +
          packet(0, inside, outside, udp_, 4, 1, flags=4, length=4, frag=b"\3") + answer(1))
    write("nat", "address-goes", b"\1\0" + ask + hello + setting(10) + ask + talk + setting(11) + ask + hello)
    write("nat", "device-goes", b"\1\0" + ask + hello + setting(14) + ask + talk + setting(15) + ask + hello)
    write("nat", "rules-go", b"\1\0" + ask + hello + setting(12) + ask + talk + bytes([15, 2]) + ask + hello + bytes([7, 0xff]) + talk)
    write("nat", "flush", b"\1\0" + ask + hello + setting(0) + answer(1) + talk + setting(2) + setting(1) + talk)
    write("nat", "sizes", b"\1\0" + b"".join(setting(5 + n % 2) + flow(n, inside2) for n in range(12)) + answer(1))
    made = setting(16) + setting(17) + setting(18) + setting(19)
    write("nat", "made", b"\1\0" + made + ask + answer(1) + hello + talk + made + setting(2) + made)
    write("nat", "rejected", b"\1\6" + flow(9, dport=9) + packet(0, inside, outside, tcp_, 9, 9, 0, 0, syn) + hello)


def gro():
    """See fuzz_gro.c: lengths of segments of one connection and of several, and what ends a merge."""
    fixed, push, odd, wrong, burst, keeps = (1 << n for n in range(2, 8))

    def segments(*lengths, what=0):
        return b"".join(bytes([what, length]) for length in lengths)
    train = segments(*[200] * 20)
    for features in range(3):
        write("gro", f"train-{features}", bytes([features]) + train + segments(50, what=push) + segments(200, 200))
        write("gro", f"flows-{features}", bytes([features]) + b"".join(segments(n * 6, what=n % 4) for n in range(1, 40) for _ in "ab"))
    write("gro", "fixed-id", b"\0" + segments(*[240] * 50, what=fixed) + train)
    write("gro", "wrong", b"\1" + train + segments(200, 200, what=wrong) + train)
    write("gro", "bursts", b"\2" + (train + segments(200, what=burst)) * 3)
    write("gro", "odd", b"\2" + b"".join(segments(100, 100) + bytes([odd, 100, at, 1]) for at in range(33)))
    write("gro", "changes", b"\2" + b"".join(segments(90, 90) + bytes([keeps, 90, at, 0x40 if at in (6, 33) else 4])
                                            for at in (1, 6, 8, 28, 31, 33, 34, 47)))


def dns():
    """Replies of name servers to the questions of fuzz_dns.c: A of www.example.org, PTR of 192.0.2.1, A of a."""
    def name(text):
        return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".")) + b"\0"

    def rr(owner, kind, data):
        return owner + struct.pack(">HHIH", kind, 1, 60, len(data)) + data

    def reply(question, kind, answers=(), flags=0x8180):
        return (struct.pack(">6H", 0x1234, flags, 1, len(answers), 0, 0) + name(question) + struct.pack(">HH", kind, 1)
                + b"".join(answers))

    asked, www = b"\xc0\x0c", "www.example.org"
    addr = bytes([192, 0, 2, 1])
    for text, data in {
            "a": reply(www, 1, [rr(asked, 1, addr), rr(asked, 1, addr)]),
            "cname": reply(www, 1, [rr(asked, 5, name("web.example.net")), rr(b"\xc0\x2d", 1, addr)]),
            "chain": reply(www, 1, [rr(asked, 5, b"\1b\xc0\x10"), rr(b"\1b\xc0\x10", 5, b"\1c\xc0\x10"),
                                    rr(b"\1c\xc0\x10", 1, addr)]),
            "circle": reply(www, 1, [rr(asked, 5, name("x")), rr(name("x"), 5, name(www))]),
            "pointer-to-itself": reply(www, 1, [rr(b"\xc0\x21", 1, addr)]),
            "truncated": reply(www, 1, flags=0x8380), "nxdomain": reply(www, 1, flags=0x8183),
            "odd-name": reply(www, 1, [rr(asked, 5, b"\3a\0\n\0"), rr(b"\3a\0\n\0", 1, addr)]),
            "short-address": reply(www, 1, [rr(asked, 1, addr[:3])])}.items():
        write("dns", text, b"\0" + data)
    write("dns", "ptr", b"\1" + reply("1.2.0.192.in-addr.arpa", 12, [rr(asked, 12, name("host.example.org"))]))
    write("dns", "short", b"\2" + reply("a", 1, [rr(asked, 1, addr)]))


def filter_():
    """See fuzz_filter.c: a program, where the data begins, the bytes of a packet."""
    def stmt(code, k=0, jt=0, jf=0):
        return struct.pack("<HBBI", code, jt, jf, k & 0xffffffff)

    def seed(name, *insns):
        packet = bytes(12) + b"\x08\0" + ip(17, udp(53, bytes(range(60))))
        write("filter", name, bytes([len(insns) - 1]) + b"".join(insns) + bytes([34]) + packet)
    net_off, link_off, known = -0x100000, -0x200000, -0x1000
    ret_a = stmt(0x16)
    for size in (0x20, 0x28, 0x30):
        seed(f"load-{size:02x}", stmt(size, 3), stmt(0x07), stmt(size | 0x40, 2), stmt(size, net_off + 18), stmt(size, link_off + 13), ret_a)
    seed("known", *(stmt(0x20, known + n) for n in range(0, 64, 4) if n not in (12, 16, 24)), ret_a)
    seed("header", stmt(0xb1, net_off), stmt(0x50, net_off + 9), stmt(0x15, 17, 1), stmt(0x06), stmt(0x48, 22 + net_off), ret_a)
    seed("cells", stmt(0x02, 15), stmt(0x03, 0), stmt(0x05, 1), stmt(0x06), stmt(0x60, 15), stmt(0x61, 0), stmt(0x87), ret_a)
    for code in range(0, 0xb0, 16):
        seed(f"alu-{code:02x}", stmt(0x30, 4), stmt(0x81), stmt(code | 4, 3), stmt(code | 0xc if code != 0x80 else 4, 3), ret_a)
    seed("jumps", stmt(0x30, 4), *(stmt(code, 3, 0, 1) for code in (0x15, 0x1d, 0x25, 0x2d, 0x35, 0x3d, 0x45, 0x4d)), ret_a, ret_a)


if __name__ == "__main__":
    rules()
    filter_()
    cmdline()
    initrd()
    sock()
    virtio_net()
    ip_rcv()
    arp()
    igmp()
    ctl()
    virtqueue()
    nat()
    gro()
    dns()
