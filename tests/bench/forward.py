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
OFFERED = (30_000, 45_000, 60_000, 75_000, 90_000, 110_000, 130_000, 160_000)  # datagrams a second
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

    def prepare(self, far, lines, rules=(), settings=None):
        self.far, self.rules, self.settings = far, rules, settings
        self.files = os.path.join(self.build, "bench", f"router-{self.name}-{len(lines)}-{len(rules)}")
        self.list = os.path.join(self.files, "addresses")
        self.last = str(ipaddress.ip_network(lines[-1].split()[2])[0])
        files = os.path.join(self.files, "files")
        os.makedirs(files, exist_ok=True)
        self.write(self.list, destinations(lines))
        self.write(os.path.join(files, "routes"), lines)
        self.write(os.path.join(files, "rules"), rules)
        self.write(os.path.join(files, "rc"), (*self.rc_lines, *(self.rules_lines() if rules else ())))
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
    rules_at_boot = False  # with settings
    rc = ""
    rc_lines = (f"ip addr add {vm.GUEST}/24 dev eth0", f"ip addr add {GUEST_FAR}/24 dev eth1",
                "sysctl -w net.ipv4.ip_forward=1", "ip -batch /routes")

    def rules_lines(self):
        """With settings, rules come later: by memory_before()."""
        return () if self.settings else ("iptables-restore < /rules",)

    def command(self, machine, mem):
        argv = super().command(machine, mem)
        if not self.settings:
            return argv
        self.ctl = os.path.join(self.files, "ctl")
        bus = "device" if machine.machine == "microvm" else "pci"
        return argv + ["-chardev", f"socket,id=ctl,path={self.ctl},server=on,wait=off",
                       "-device", f"virtio-serial-{bus},max_ports=1", "-device", "virtconsole,chardev=ctl"]

    def run(self, *words, text=""):
        """Runs a command in the guest: its output."""
        return subprocess.run([os.path.join(self.build, "weirctl"), self.ctl, *words], check=True, text=True, input=text,
                              stdout=subprocess.PIPE).stdout

    def free(self):
        return int(self.run("free", "-b").split("Mem:")[1].split()[2])

    def memory_before(self, _):
        """Bytes that are free before anything is filtered; then the rules come."""
        before = self.free()
        for name, value in self.settings.items():
            self.run("sysctl", "-w", f"net.netfilter.{name}={value}")
        self.run("iptables-restore", text="\n".join(self.rules) + "\n")
        return before

    def connections(self, _):
        """How many there are, and bytes that are free."""
        return int(self.run("sysctl", "-n", "net.netfilter.nf_conntrack_count")), self.free()

    @staticmethod
    def restore_time(running):
        """Milliseconds that the configuration took, which is nearly all rules."""
        marks = running.marks(until="init")
        return (marks["configured"] - marks["nics up"]) / 1000


class LinuxRouter(RouterMixin, Linux):
    """Linux, with iproute2's ip for the batch."""

    taps = (vm.TAP, FAR_TAP)
    mem = "1G"  # ip -batch frees nothing until its end
    load_limit = 120.0
    rules_at_boot = True
    rc_lines = (f"ip addr add {GUEST_FAR}/24 dev eth1", "ip link set eth1 up",
                "echo 1 >/proc/sys/net/ipv4/ip_forward", "/sbin/ip -batch /routes")

    def rules_lines(self):
        tell = "echo free $(busybox grep MemFree: /proc/meminfo)"
        lines = [tell, "while read -r m; do insmod /modules/$m.ko; done </modules/netfilter",
                 "read -r before _ </proc/uptime", "/sbin/iptables-restore </rules || busybox poweroff -f", "read -r after _ </proc/uptime",
                 "echo restored from $before to $after"]
        if self.settings:
            lines += [f"echo {value} >/proc/sys/net/netfilter/{name}" for name, value in self.settings.items()]
            count = "$(busybox cat /proc/sys/net/netfilter/nf_conntrack_count)"
            lines.append(f"while sleep 1; do {tell} with {count}; done &")
        return lines

    @staticmethod
    def console_has(running, pattern, number=0):
        """What the console said last (-1) or first (0) of the kind."""
        end = time.monotonic() + 30
        while not (found := re.findall(pattern, running.console())):
            if time.monotonic() > end:
                raise vm.NoAnswer(f"Linux's console has no {pattern}")
            time.sleep(0.1)
        return found[number]

    def memory_before(self, running):
        return int(self.console_has(running, r"free MemFree: (\d+) kB")) * 1024

    def connections(self, running):
        time.sleep(2)
        free, count = self.console_has(running, r"free MemFree: (\d+) kB with (\d+)", -1)
        return int(count), int(free) * 1024

    def restore_time(self, running):
        before, after = self.console_has(running, r"restored from ([\d.]+) to ([\d.]+)")
        return (float(after) - float(before)) * 1000

    def first_initrd(self):
        packed = b""
        for name in ("initrd.gz", "netfilter.gz")[:2 if self.rules else 1]:
            with open(os.path.join(self.dir, name), "rb") as f:
                packed += f.read()
            packed += bytes(-len(packed) % 4)
        return packed

    def with_initrd(self, argv):
        argv[argv.index("-initrd") + 1] = self.initrd
        return argv


def routers(guest, counts=(FEW, MANY), rules=(), settings=None):
    """The guest as a router, with so many routes each time, rules for iptables-restore, settings of net.netfilter."""
    far = FarSide()
    try:
        for count in counts:
            kind = LinuxRouter if isinstance(guest, Linux) else WeirRouter
            yield count, kind(guest.build).prepare(far, make_routes(count), rules, settings)
    finally:
        netns.run("ip", "route", "del", "default")
        far.close()


def forwarded(router, window, *until, spread=True):
    """Datagrams through the router, window of them on the way, spread over all routes or of one flow: how many, and in
    how many seconds."""
    got = router.load("echo", "-w", window, *until, router.last, PORT, addresses=spread)
    if got["received"] == 0:
        raise vm.NoAnswer("the guest forwards nothing")
    return got["received"], got["seconds"]


def streamed(router, seconds, rate, spread):
    """Datagrams a second that come through of a stream of rate a second, or (0) of all that the sender can send."""
    got = router.load("stream", "-s", seconds, "-r", rate, router.last, PORT, addresses=spread)
    return got["received"] / got["seconds"]


class Rates:
    """Datagrams a second through a router: what add_rows() calls them, run by run."""

    def __init__(self):
        self.window, self.best, self.flood = [], [], []

    def measure(self, router, seconds, spread=True):
        got, took = forwarded(router, 64, "-s", seconds, spread=spread)
        self.window.append(got / took)
        offered = max(OFFERED, key=lambda rate: streamed(router, 1, rate, spread))
        self.best.append(streamed(router, seconds, offered, spread))
        self.flood.append(streamed(router, seconds, 0, spread))

    def add_rows(self, named, guest, results):
        results.add(f"forwarding, {named}: 64 outstanding", "/s", guest, self.window)
        results.add(f"forwarding, {named}: at the best of {len(OFFERED)} offered rates", "/s", guest, self.best)
        results.add(f"forwarding, {named}: as fast as they come", "/s", guest, self.flood)
