# SPDX-License-Identifier: MIT
"""gdb printers and commands for weir: sk_buffs, addresses, devices, routes.

Loaded by `make debug` (scripts/debug.sh).  `help weir` lists the commands.
"""
import struct

import gdb


def bytes_at(address, length):
    return bytes(gdb.selected_inferior().read_memory(int(address), length))


def ip4(value):
    """A be32 as gdb holds it."""
    return ".".join(str(b) for b in struct.pack("<I", int(value) & 0xffffffff))


def mac(raw):
    return ":".join(f"{b:02x}" for b in raw)


def array(value, n):
    return bytes(int(value[i]) & 0xff for i in range(n))


def transport(proto, raw):
    name = {1: "ICMP", 2: "IGMP", 6: "TCP", 17: "UDP"}.get(proto, f"proto {proto}")
    if proto in (6, 17) and len(raw) >= 4:
        return "%s %d > %d" % ((name,) + struct.unpack(">HH", raw[:4]))
    if proto == 1 and len(raw) >= 2:
        return f"{name} type {raw[0]} code {raw[1]}"
    return name


def packet(skb):
    """One line on what an sk_buff carries, found by its headers."""
    head, net = int(skb["head"]), int(skb["network_header"])
    start = int(skb["data"]) if net == 0xffff or not net else head + net
    room = int(skb["tail"]) - start
    if room < 20:
        return "%d bytes" % int(skb["len"])
    raw = bytes_at(start, min(room, 64))
    if raw[0] >> 4 != 4:
        return raw[:16].hex(" ")
    ihl, proto = (raw[0] & 15) * 4, raw[9]
    return "IP %s > %s ttl %d len %d %s" % (
        ".".join(map(str, raw[12:16])), ".".join(map(str, raw[16:20])), raw[8],
        struct.unpack(">H", raw[2:4])[0], transport(proto, raw[ihl:]))


class SkbPrinter:
    """struct sk_buff"""

    def __init__(self, value):
        self.value = value

    def to_string(self):
        v = self.value
        dev = v["dev"]["name"].string() if int(v["dev"]) else "-"
        return "skb{%s len %d dev %s headroom %d users %d hooks %#x}" % (
            packet(v), int(v["len"]), dev, int(v["data"]) - int(v["head"]), int(v["users"]),
            int(v["hooks_passed"]))


class RoutePrinter:
    """struct rtable and struct fib_route"""

    def __init__(self, value):
        self.value = value

    def to_string(self):
        v, fields = self.value, [f.name for f in self.value.type.fields()]
        if "dst_len" in fields:
            dev = " dev " + v["dev"]["name"].string() if int(v["dev"]) else ""
            gw = " via " + ip4(v["gw"]) if int(v["gw"]) else ""
            return "route{%s/%d%s%s type %d table %d metric %d}" % (
                ip4(v["dst"]), int(v["dst_len"]), gw, dev, int(v["type"]), int(v["table"]), int(v["metric"]))
        dev = v["dst"]["dev"]
        return "rtable{type %d via %s dev %s src %s}" % (
            int(v["type"]), ip4(v["gateway"]), dev["name"].string() if int(dev) else "-", ip4(v["prefsrc"]))


class DevicePrinter:
    """struct net_device"""

    def __init__(self, value):
        self.value = value

    def to_string(self):
        v = self.value
        st = v["stats"]
        return "netdev{%d: %s %s mtu %d flags %#x rx %d tx %d}" % (
            int(v["ifindex"]), v["name"].string(), mac(array(v["dev_addr"], 6)), int(v["mtu"]),
            int(v["flags"]), int(st["rx_packets"]), int(st["tx_packets"]))


PRINTERS = {"sk_buff": SkbPrinter, "rtable": RoutePrinter, "fib_route": RoutePrinter,
            "net_device": DevicePrinter}


def lookup(value):
    kind = value.type.strip_typedefs()
    printer = PRINTERS.get(kind.tag) if kind.code == gdb.TYPE_CODE_STRUCT else None
    return printer(value) if printer else None


def the_net():
    """The image's one struct net."""
    return gdb.parse_and_eval("the_net").dereference()


class Weir(gdb.Command):
    """Commands for weir: `weir devices`, `weir skb EXPR`, `weir queue EXPR` (a sk_buff_head), `weir drops`."""

    def __init__(self):
        super().__init__("weir", gdb.COMMAND_USER, prefix=True)


class WeirDevices(gdb.Command):
    """weir devices: the network devices."""

    def __init__(self):
        super().__init__("weir devices", gdb.COMMAND_DATA)

    def invoke(self, arg, tty):
        table = the_net()["dev_by_index"]
        for i in range(table.type.range()[1] + 1):
            if int(table[i]):
                print(DevicePrinter(table[i].dereference()).to_string())


class WeirSkb(gdb.Command):
    """weir skb EXPR: an sk_buff, decoded, and the first bytes of its data."""

    def __init__(self):
        super().__init__("weir skb", gdb.COMMAND_DATA)

    def invoke(self, arg, tty):
        skb = gdb.parse_and_eval(arg)
        skb = skb.dereference() if skb.type.code == gdb.TYPE_CODE_PTR else skb
        print(SkbPrinter(skb).to_string())
        raw = bytes_at(skb["data"], min(int(skb["len"]) - int(skb["data_len"]), 128))
        for i in range(0, len(raw), 16):
            print(f"  {i:04x}  {raw[i:i + 16].hex(' ')}")


class WeirQueue(gdb.Command):
    """weir queue EXPR: every sk_buff of a sk_buff_head."""

    def __init__(self):
        super().__init__("weir queue", gdb.COMMAND_DATA)

    def invoke(self, arg, tty):
        head = gdb.parse_and_eval(arg)
        head = head if head.type.code == gdb.TYPE_CODE_PTR else head.address
        at, n = head["next"], 0
        while int(at) != int(head) and n < 4096:
            print(f"{n:4} {SkbPrinter(at.dereference()).to_string()}")
            at, n = at["next"], n + 1
        print(f"{n} of {int(head['qlen'])}")


class WeirDrops(gdb.Command):
    """weir drops: the drop reasons that have counted anything."""

    def __init__(self):
        super().__init__("weir drops", gdb.COMMAND_DATA)

    def invoke(self, arg, tty):
        drops, names = the_net()["drops"], gdb.lookup_type("enum skb_drop_reason").fields()
        for f in names[:-1]:
            if count := int(drops[f.enumval]):
                print(f"{count:12} {f.name.replace('SKB_DROP_REASON_', '')}")


gdb.pretty_printers.append(lookup)
for command in (Weir, WeirDevices, WeirSkb, WeirQueue, WeirDrops):
    command()
