# SPDX-License-Identifier: MIT
"""The guest as a router: what it costs to forward a packet, with few routes and with many.

    host 10.0.0.1/24 -- tap -- eth0 10.0.0.2 guest eth1 10.0.1.2 -- tap -- 10.0.1.1/24 another namespace

Datagrams of 64 bytes leave here for 100,000 addresses behind the other namespace, in random order and spread over the
routes, and are counted there: neither guest can remember what it decided for the packet before.
"""
import fcntl
import ipaddress
import os
import random
import re
import struct
import subprocess
import time

import routes
import vm
from vm import Linux, Weir, netns

NEAR, FAR = "10.0.0.1", "10.0.1.1"
GUEST_FAR = "10.0.1.2"
FAR_TAP = "tap1"
PORT = 5000
FEW, MANY = 10, 100_000
# Ten rules that every packet is held against; the last takes it.
RULES = ("*filter", ":FORWARD DROP [0:0]",
         "-A FORWARD -s 192.168.0.0/16 -j DROP", "-A FORWARD -s 172.16.0.0/12 -j DROP",
         "-A FORWARD -d 127.0.0.0/8 -j DROP", "-A FORWARD -p tcp -m tcp --dport 22 -j ACCEPT",
         "-A FORWARD -p udp -m udp --dport 53 -j ACCEPT", "-A FORWARD -p udp -m udp --sport 53 -j ACCEPT",
         "-A FORWARD -p icmp -j ACCEPT", "-A FORWARD -i eth1 -p udp -j DROP",
         "-A FORWARD -p udp -m multiport --dports 67,68,123 -j DROP", "-A FORWARD -i eth0 -o eth1 -j ACCEPT",
         "COMMIT")
TUNSETIFF, IFF_TAP, IFF_NO_PI, IFF_VNET_HDR = 0x400454ca, 0x2, 0x1000, 0x4000


class FarSide:
    """The namespace behind the router: every address that is not the router's is its own."""

    def __init__(self):
        self.space = netns.Namespace()
        self.space.run("ip", "link", "set", "lo", "up")
        self.space.run("ip", "rule", "add", "iif", FAR_TAP, "lookup", "100")
        self.space.run("ip", "route", "add", "local", "default", "dev", "lo", "table", "100")
        self.path = f"/proc/{self.space.holder.pid}/ns/net"
        netns.run("ip", "route", "add", "default", "via", vm.GUEST)

    def new_tap(self):
        """A tap's descriptor; the tap is there as long as somebody has it open."""
        with self.space.inside():
            fd = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
            flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR
            fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", FAR_TAP.encode(), flags))
        netns.quiet(FAR_TAP, self.space.prefix)
        for words in (("addr", "add", f"{FAR}/24", "dev", FAR_TAP), ("link", "set", FAR_TAP, "up"),
                      ("route", "add", "10.0.0.0/24", "via", GUEST_FAR)):
            self.space.run("ip", *words)
        return fd

    def close(self):
        self.space.close()


def make_routes(count):
    """`ip -batch` lines, by one gateway; none of them covers the lab's own networks."""
    return list(routes.lines(count, gateways=(FAR,)))


def destinations(lines):
    """As many addresses for few routes as for many, in random order."""
    nets = [ipaddress.ip_network(line.split()[2]) for line in lines]
    rng = random.Random(4)
    addresses = [str(net[rng.randrange(net.num_addresses)]) for net in nets for _ in range(MANY // len(nets))]
    rng.shuffle(addresses)
    return addresses


class RouterMixin:
    """A guest with two NICs and routes; its configuration comes in an initrd."""

    def prepare(self, far, lines, rules=()):
        self.far = far
        self.files = os.path.join(self.build, "bench", f"router-{self.name}-{len(lines)}-{len(rules)}")
        self.list = os.path.join(self.files, "addresses")
        self.last = str(ipaddress.ip_network(lines[-1].split()[2])[0])
        files = os.path.join(self.files, "files")
        os.makedirs(files, exist_ok=True)
        self.write(self.list, destinations(lines))
        self.write(os.path.join(files, "routes"), lines)
        self.write(os.path.join(files, "rules"), rules)
        self.write(os.path.join(files, "rc"), (*self.rc_lines, *(("iptables-restore < /rules",) if rules else ())))
        self.initrd = os.path.join(self.files, "initrd")
        with open(self.initrd, "wb") as f:
            f.write(self.first_initrd())
            f.write(subprocess.run("find . -mindepth 1 | cpio --quiet -o -H newc", shell=True, check=True,
                                   cwd=files, stdout=subprocess.PIPE).stdout)
        return self

    @staticmethod
    def write(path, lines):
        with open(path, "w", encoding="ascii") as f:
            f.writelines(line + "\n" for line in lines)

    def first_initrd(self):
        return b""

    def command(self, machine, mem):
        argv = super().command(machine, mem)
        return self.with_initrd([re.sub(f"ifname={FAR_TAP},.*", f"fd={self.fd}", word) for word in argv])

    def with_initrd(self, argv):
        return argv + ["-initrd", self.initrd]

    def open_taps(self):
        self.fd = self.far.new_tap()
        return [self.fd]

    def load(self, mode, *argv, addresses=True):
        return vm.load(self.build, mode, "-N", self.far.path, *(("-a", self.list) if addresses else ()), *argv)

    def wait_ready(self):
        """Until a packet to the last route arrives: then all are there."""
        end = time.monotonic() + self.load_limit
        while not self.load("echo", "-n", 1, self.last, PORT, addresses=False)["received"]:
            if time.monotonic() > end:
                raise vm.NoAnswer(f"{self.name} does not forward to {self.last}")
            time.sleep(0.1)
        time.sleep(self.settle)


class WeirRouter(RouterMixin, Weir):
    """weir; commands as a user would write them."""

    taps = (vm.TAP, FAR_TAP)
    mem = "96M"
    load_limit = 60.0
    rc = ""
    rc_lines = (f"ip addr add {vm.GUEST}/24 dev eth0", f"ip addr add {GUEST_FAR}/24 dev eth1",
                "sysctl -w net.ipv4.ip_forward=1", "ip -batch /routes")


class LinuxRouter(RouterMixin, Linux):
    """Linux, with iproute2's ip for the batch."""

    taps = (vm.TAP, FAR_TAP)
    mem = "1G"  # ip -batch frees nothing until its end
    load_limit = 120.0
    rc_lines = (f"ip addr add {GUEST_FAR}/24 dev eth1", "ip link set eth1 up",
                "echo 1 >/proc/sys/net/ipv4/ip_forward", "/sbin/ip -batch /routes")

    def first_initrd(self):
        with open(os.path.join(self.dir, "initrd.gz"), "rb") as f:
            packed = f.read()
        return packed + bytes(-len(packed) % 4)

    def with_initrd(self, argv):
        argv[argv.index("-initrd") + 1] = self.initrd
        return argv


def routers(guest, counts=(FEW, MANY), rules=()):
    """The guest as a router, with so many routes each time, and rules for iptables-restore."""
    far = FarSide()
    try:
        for count in counts:
            kind = LinuxRouter if isinstance(guest, Linux) else WeirRouter
            yield count, kind(guest.build).prepare(far, make_routes(count), rules)
    finally:
        netns.run("ip", "route", "del", "default")
        far.close()
