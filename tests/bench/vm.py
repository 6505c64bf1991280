# SPDX-License-Identifier: MIT
"""Guests under QEMU on a tap of a network namespace of our own, and what one can see of them from outside.

    host 10.0.0.1/24 -- tap -- eth0 10.0.0.2/24 guest

The namespace has no name and ends with this process; QEMU is told to die with it.
"""
import mmap
import os
import re
import shlex
import socket
import struct
import subprocess
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.append(os.path.join(TOP, "tests", "tap"))
import netns

TAP = "tap0"
HOST, GUEST = "10.0.0.1", "10.0.0.2"
GUEST_MAC = "52:54:00:12:34:56"  # of eth0, as run.sh gives it
PING_EVERY = 0.002


def enter_namespace():
    """Moves this process into a new network namespace with one tap in it."""
    netns.enter()
    netns.make_tap(TAP, "vnet_hdr")
    netns.run("ip", "addr", "add", f"{HOST}/24", "dev", TAP)
    netns.run("ip", "neigh", "replace", GUEST, "lladdr", GUEST_MAC, "dev", TAP, "nud", "permanent")


def ask_for_priority():
    """Measurements before other work on this machine, where the kernel lets us say so."""
    try:
        if os.getsid(0) != os.getpid() and os.getpgid(0) != os.getpid():
            os.setsid()  # a session is a scheduling group
        with open("/proc/self/autogroup", "w", encoding="ascii") as f:
            f.write("-15")
    except OSError:
        pass
    try:
        os.setpriority(os.PRIO_PROCESS, 0, -15)
    except OSError:
        pass


def load(build, *argv, program="udpload"):
    """Runs a load generator; returns its numbers."""
    out = netns.run("taskset", "-c", str(min(os.sched_getaffinity(0))),
                    os.path.join(build, "bench", program), *map(str, argv))
    return {k: float(v) for k, v in (pair.split("=") for pair in out.split())}


def share_out_processors(pid):
    """The virtual CPU gets a processor of its own; QEMU's other threads and the load share another."""
    ours = sorted(os.sched_getaffinity(0))
    if len(ours) < 2:
        return
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/comm", encoding="ascii", errors="replace") as f:
            is_cpu = f.read().startswith("CPU ")
        os.sched_setaffinity(int(thread), {ours[1] if is_cpu else ours[0]})


class NoAnswer(Exception):
    """The guest did not do what was waited for."""


class Machine:
    """What a guest runs on: run.sh's machine, firmware and memory."""

    def __init__(self, name, machine="q35", uefi=False):
        self.name, self.machine, self.uefi = name, machine, uefi


MICROVM = Machine("microvm", "microvm")
Q35 = Machine("q35")
UEFI = Machine("q35 + OVMF", uefi=True)


class Weir:
    """The product: what run.sh --dry-run says starts it."""

    name = "weir"
    taps = (TAP,)
    mem = "32M"
    settle = 0.5
    boot_limit = 10.0
    keeps_time_line = True
    rc = f"ip addr add {GUEST}/24 dev eth0; ip link set eth0 up"  # the default apps follow

    def __init__(self, build):
        self.build = build
        self.elf = os.path.join(build, "weir.elf")

    def command(self, machine, mem):
        argv = [f"{TOP}/run.sh", "--dry-run", "--no-build", "--machine", machine.machine, "--mem", self.mem]
        for tap in self.taps:
            argv += ["--tap", tap]
        if self.rc:
            argv += ["--append", f'rc="{self.rc}"']
        if machine.uefi:
            argv.append("--uefi")
        env = dict(os.environ, O=self.build)
        line = subprocess.run(argv, check=True, stdout=subprocess.PIPE, text=True, env=env).stdout
        command = shlex.split(line) + ["-name", "guest,debug-threads=on"]
        if mem != self.mem:  # run.sh would refuse what is too little
            command[command.index("-m") + 1] = mem
        return command

    def open_taps(self):
        """Descriptors that QEMU gets, opened for each start."""
        return []

    def wait_ready(self):
        """After the first ping reply: returns when the guest can be measured."""
        time.sleep(self.settle)

    def regions(self):
        """[(address, name)] in rising order: the image's functions."""
        found = {}
        for line in netns.run("nm", "-n", "--defined-only", self.elf).splitlines():
            address, kind, name = line.split()
            if kind in "tTwW":
                found.setdefault(int(address, 16), name)
        return sorted(found.items())


class Linux(Weir):
    """Debian's cloud kernel on the same machine."""

    name = "Linux"
    mem = "256M"
    settle = 3.0
    boot_limit = 20.0
    keeps_time_line = False

    def __init__(self, build):
        super().__init__(build)
        self.dir = os.path.join(build, "bench", "linux")

    def command(self, machine, mem):
        replace = {
            "-kernel": os.path.join(self.dir, "vmlinuz"),
            "-append": "console=ttyS0 quiet panic=-1",
            "-M": "microvm,rtc=on",  # this kernel finds virtio-mmio devices by ACPI only
        }
        if machine.machine != "microvm":
            del replace["-M"]
        argv = super().command(machine, mem)
        for option, value in replace.items():
            if option not in argv:
                argv += [option, ""]
            argv[argv.index(option) + 1] = value
        return argv + ["-initrd", os.path.join(self.dir, "initrd.gz")]

    def regions(self):
        return [(0, "user space"), (0xffff800000000000, "kernel")]

    def version(self):
        kernels = os.listdir(os.path.join(self.dir, "kernel", "boot"))
        return next(k for k in kernels if k.startswith("vmlinuz-"))[len("vmlinuz-"):]


class Pinger:
    """ICMP echo by hand: one socket, no process for each ping."""

    def __init__(self):
        self.ident = os.getpid() & 0xffff
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)

    def send(self, seq):
        words = (0x0800, 0, self.ident, seq & 0xffff)
        total = sum(words)
        total = (total & 0xffff) + (total >> 16)
        total = (total & 0xffff) + (total >> 16)
        packet = struct.pack("!4H", words[0], ~total & 0xffff, words[2], words[3])
        try:
            self.sock.sendto(packet, (GUEST, 0))
        except OSError:
            pass  # the tap has no carrier yet

    def answered(self, seconds):
        """True if a reply arrives within this time."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.sock.settimeout(left)
            try:
                packet = self.sock.recv(2048)
            except (TimeoutError, OSError):
                continue
            kind, _, _, ident = struct.unpack_from("!BBHH", packet, 20)
            if kind == 0 and ident == self.ident:
                return True
        return False


class Counters:
    """The instruction counts of icount.so, by region."""

    def __init__(self, build, regions):
        self.names = ["below"] + [name for _, name in regions]
        self.path = os.path.join(build, "bench", "counts")
        self.map_path = os.path.join(build, "bench", "regions")
        self.plugin = os.path.join(build, "bench", "icount.so")
        with open(self.map_path, "w", encoding="ascii") as f:
            f.writelines(f"{address:x}\n" for address, _ in regions)
        if os.path.exists(self.path):
            os.unlink(self.path)
        self.mapped = None

    def arguments(self):
        return ["-plugin", f"{self.plugin},out={self.path},map={self.map_path}"]

    def read(self):
        """{name: (instructions, calls, instructions translated)}"""
        if self.mapped is None:
            with open(self.path, "rb") as f:
                self.mapped = mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ)
        counts = {}
        for name, region in zip(self.names, struct.iter_unpack("5Q", self.mapped)):
            insns, _, calls, translated, _ = region
            before = counts.get(name, (0, 0, 0))
            counts[name] = (before[0] + insns, before[1] + calls, before[2] + translated)
        return counts


BOOT_TRIES = 3  # on a busy machine Linux may fail to measure its clock on microvm, and hang


class Running:
    """A guest that runs: `with Running(guest, machine) as g`; g.up is the time to its first ping reply."""

    def __init__(self, guest, machine, mem=None, count=False, limit=None, tries=BOOT_TRIES):
        self.guest, self.limit, self.tries = guest, limit or guest.boot_limit, tries
        self.machine, self.mem = machine, mem or guest.mem
        self.counters = Counters(guest.build, guest.regions()) if count else None
        self.log_path = os.path.join(guest.build, "bench", f"{guest.name}.console")
        self.process = None
        self.up = None

    def __enter__(self):
        for attempt in range(1, self.tries + 1):
            try:
                self.start()
                share_out_processors(self.process.pid)
                return self
            except NoAnswer as e:
                self.stop()
                if attempt == self.tries:
                    raise
                print(f"once more: {str(e).splitlines()[0]}", file=sys.stderr)
        raise AssertionError("not reached")

    def start(self):
        """Returns when the guest has answered a ping."""
        pinger = Pinger()
        taps = self.guest.open_taps()
        argv = self.guest.command(self.machine, self.mem)
        if self.counters:
            argv += self.counters.arguments()
        with open(self.log_path, "wb") as log:
            began = time.monotonic()
            self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=taps,
                                            preexec_fn=netns.die_with_parent)
        for tap in taps:
            os.close(tap)
        seq = 0
        while True:
            pinger.send(seq)
            seq += 1
            if pinger.answered(PING_EVERY):
                self.up = time.monotonic() - began
                return
            if self.process.poll() is not None or time.monotonic() - began > self.limit:
                raise NoAnswer(f"{self.guest.name} did not answer a ping within {self.limit:g} s;"
                               f" the end of its console:\n{self.console()[-2000:]}")

    def console(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as f:
            return f.read()

    def marks(self, until, seconds=30.0):
        """The guest's own time line, {mark: microseconds since the kernel's entry}, once it has this mark."""
        end = time.monotonic() + seconds
        while True:
            found = {what: int(us) for us, what in re.findall(r"(\d+) us  ([^\r\n]+)", self.console())}
            if until in found:
                return found
            if time.monotonic() > end:
                raise NoAnswer(f"{self.guest.name}'s time line has no '{until}'")
            time.sleep(0.01)

    def own_time(self):
        """Milliseconds from the kernel's entry to the first ping reply, by the guest's own time line; None if it keeps
        none."""
        return self.marks("first ping reply")["first ping reply"] / 1000 if self.guest.keeps_time_line else None

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def __exit__(self, *_):
        self.stop()
