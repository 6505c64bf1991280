# SPDX-License-Identifier: MIT
"""The two routers side by side, with the same addresses, stations, routes, neighbours and settings."""
import os
import select
import struct
import time

from dut_linux import Linux
from dut_weir import Weir

from mutate import (BOUNCED, EXPERIMENT, GATEWAY, HOSTS, ICMP, IPV4, NICS, OPEN_PORT, ROUTES, dut_mac, host_mac, icmp_message,
                    ip, ipv4)

MAGIC = b"between the groups"
PATIENCE = 2.0  # s, after which a marker is sent again
TRIES = 15
# Nothing happens by the clock: neighbours do not age, fragments wait.
SETTINGS = """
net.ipv4.ip_forward=1
net.ipv4.icmp_ratemask=0
net.ipv4.icmp_msgs_per_sec=1000000
net.ipv4.ipfrag_time=3600
net.ipv4.ipfrag_high_thresh=50000000
net.ipv4.conf.all.rp_filter=0
net.ipv4.conf.all.log_martians=0
"""
NEIGHBOUR_SETTINGS = """
retrans_time_ms=3600000
delay_first_probe_time=3600
base_reachable_time_ms=3600000
gc_stale_time=3600
locktime=0
proxy_delay=0
unres_qlen_bytes=16777216
"""
# What else may be set; {} stands for all and each device.
WORLDS = {
    "usual": "",
    "open": """
net.ipv4.conf.{}.accept_source_route=1
net.ipv4.icmp_echo_ignore_broadcasts=0
net.ipv4.icmp_errors_use_inbound_ifaddr=1
net.ipv4.conf.{}.proxy_arp=1
net.ipv4.conf.{}.accept_local=1
net.ipv4.conf.{}.route_localnet=1
net.ipv4.conf.{}.arp_accept=1
net.ipv4.conf.{}.shared_media=0
net.ipv4.ip_forward_use_pmtu=1
""",
    "strict": """
net.ipv4.conf.{}.rp_filter=1
net.ipv4.conf.{}.drop_unicast_in_l2_multicast=1
net.ipv4.conf.{}.send_redirects=0
net.ipv4.conf.{}.arp_filter=1
net.ipv4.conf.{}.arp_ignore=1
net.ipv4.conf.{}.arp_announce=2
net.ipv4.conf.{}.drop_gratuitous_arp=1
net.ipv4.ip_default_ttl=33
""",
    "loose": """
net.ipv4.conf.{}.rp_filter=2
net.ipv4.conf.{}.arp_ignore=2
net.ipv4.conf.{}.bc_forwarding=1
net.ipv4.conf.{}.accept_redirects=1
net.ipv4.conf.{}.secure_redirects=0
net.ipv4.ip_forward_update_priority=0
net.ipv4.ip_no_pmtu_disc=1
""",
    "host": """
net.ipv4.ip_forward=0
net.ipv4.conf.{}.accept_redirects=1
""",
}
# Linux has no limit for what waits for all neighbours together.
WEIR_ALONE = "sysctl -w net.ipv4.neigh.default.unres_total_bytes=67108864\n"


def configuration(world):
    """Commands for both."""
    lines = ["ip link set lo up", "ip addr add 192.0.2.1/32 dev lo"]
    for nic in range(NICS):
        lines += [f"ip addr add 10.0.{nic + 1}.1/24 dev eth{nic}", f"ip addr add 10.0.{nic + 1}.3/24 dev eth{nic}",
                  f"ip link set eth{nic} up", f"sysctl -w net.ipv4.conf.eth{nic}.rp_filter=0"]
        lines += [f"sysctl -w net.ipv4.neigh.eth{nic}.{s}" for s in NEIGHBOUR_SETTINGS.split()]
        lines += [f"ip neigh add 10.0.{nic + 1}.{host} lladdr {host_mac(nic, host).hex(':')} dev eth{nic} nud permanent"
                  for host in (GATEWAY, *HOSTS, *BOUNCED)]
        lines.append(f"ip route add 10.{nic + 21}.0.0/16 via 10.0.{nic + 1}.{GATEWAY}")
    lines += [f"ip route add {kind} {net}.0.0/16" for kind, net in ROUTES.items() if kind != "narrow"]
    lines.append(f"ip route add {ROUTES['narrow']}.0.0/16 via 10.0.2.{GATEWAY} mtu 600")
    lines += [f"sysctl -w {s}" for s in SETTINGS.split()]
    for s in WORLDS[world].split():
        lines += dict.fromkeys(f"sysctl -w {s.format(device)}" for device in ("all", "default", "eth0", "eth1"))
    return "\n".join([*lines, f"sink -p {OPEN_PORT} &", ""])


def marker(nic, number, crossing):
    """A ping to the router, or what it sends on to the other side."""
    note = MAGIC + struct.pack("!I", number)
    src = ip(f"10.0.{nic + 1}.19")
    if crossing:
        packet = ipv4(note, src, ip(f"10.0.{2 - nic}.19"), EXPERIMENT)
    else:
        packet = ipv4(icmp_message(8, 0, b"\0" * 4, note), src, ip(f"10.0.{nic + 1}.1"), ICMP)
    return (dut_mac(nic) + host_mac(nic, 19) + struct.pack("!H", IPV4) + packet).ljust(60, b"\0")


def marked(frame):
    """The number of a marker that came back, or None."""
    at = frame.find(MAGIC, 34, 70)
    if at < 0 or frame[at - 8:at - 6] == b"\x08\0" and frame[23] == ICMP:
        return None
    return struct.unpack_from("!I", frame, at + len(MAGIC))[0]


class Side:
    """One of the two. Frames go in group by group, markers behind each; what comes out belongs to the group whose
    marker comes next."""

    def __init__(self, dut, world):
        self.dut, self.name, self.world = dut, dut.name, world
        self.ports = [wire.release() for wire in dut.wires]
        for port in self.ports:
            os.set_blocking(port.fileno(), False)
        self.poll = select.poll()
        for port in self.ports:
            self.poll.register(port, select.POLLIN)
        self.by_fd = {port.fileno(): nic for nic, port in enumerate(self.ports)}
        self.number = 0

    def counters(self):
        """All of the MIBs."""
        rows = (line.split() for line in self.dut.run("nstat -asz").splitlines() if not line.startswith("#"))
        return {row[0]: int(row[1]) for row in rows if len(row) > 1}

    def _write(self, nic, frame):
        while True:
            try:
                self.ports[nic].write(frame)
                return
            except BlockingIOError:
                select.select([], [self.ports[nic]], [], 1)

    def exchange(self, nic, groups):
        """For each group of frames, what came out: a list of frames for each NIC."""
        if self.world == "usual":
            return self._burst(nic, groups)
        # What goes through the loopback device comes out behind the markers that follow at once.
        pairs = [(self._burst(nic, [frames])[0], self._burst(nic, [[]])[0]) for frames in groups]
        return [tuple(x + y for x, y in zip(a, b)) for a, b in pairs]

    def _burst(self, nic, groups):
        first = self.number
        for frames in groups:
            for frame in frames:
                self._write(nic, frame)
            self._mark(nic, self.number)
            self.number += 1
        out = self._collect(nic, first, len(groups))
        # A frame that this test lost would look like one that was not sent.
        assert not any(port.lost() for port in self.ports if hasattr(port, "lost")), f"{self.name}: too much at once to read"
        return out

    def _mark(self, nic, number):
        self._write(nic, marker(nic, number, False))
        if self.world != "host":
            self._write(nic, marker(nic, number, True))

    def _collect(self, nic, first, count):
        out = [([], []) for _ in range(count)]
        at, tries, end = [0, 0], 0, time.monotonic() + PATIENCE
        while min(at) < count:
            for fd, _ in self.poll.poll(200):
                self._read(self.by_fd[fd], first, at, out)
            if self.world == "host" and at[nic] == count:
                self._read(1 - nic, first, at, out)  # it was sent before the answer to the ping
                at[1 - nic] = count
            if min(at) < count and time.monotonic() > end:
                tries, end = tries + 1, time.monotonic() + PATIENCE
                assert tries < TRIES, f"{self.name} does not answer"
                self._mark(nic, first + count - 1)
        return out

    def _read(self, out_nic, first, at, out):
        while True:
            try:
                frame = self.ports[out_nic].read()
            except BlockingIOError:
                return
            if not frame:
                continue
            number = marked(frame)
            if number is None:
                out[min(at[out_nic], len(out) - 1)][out_nic].append(frame)
            elif number >= first:
                at[out_nic] = number - first + 1

    def close(self):
        for port in self.ports:
            port.close()


def until_serving(dut):
    """The app is there, and the configuration before it."""
    end = time.monotonic() + PATIENCE * TRIES
    while f":{OPEN_PORT} " not in dut.run("ss -uln"):
        assert time.monotonic() < end, f"{dut.name}: no app at port {OPEN_PORT}"
        time.sleep(0.02)
    if dut.name == "weir":
        dut.console.wait("weir# ")  # the last it has to say


class Both:
    """Linux and weir, started; `with Both(world) as (linux, weir)`."""

    def __init__(self, world="usual"):
        self.world = world
        rc = configuration(world)
        self.duts = [Linux(nics=NICS, rc=rc, macs=[dut_mac(n).hex(":") for n in range(NICS)]),
                     Weir(nics=NICS, rc=WEIR_ALONE + rc, mem="256M")]
        self.sides = []

    def __enter__(self):
        try:
            for dut in self.duts:
                dut.__enter__()
                until_serving(dut)
                self.sides.append(Side(dut, self.world))
        except BaseException:
            self.__exit__()
            raise
        return self.sides

    def __exit__(self, *_):
        for side in self.sides:
            side.close()
        for dut in self.duts:
            dut.stop()
