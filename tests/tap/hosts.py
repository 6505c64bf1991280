# SPDX-License-Identifier: MIT
"""Hosts: namespaces with a stack and tools of their own. Two of them with the device under test as the router between
them, or one that talks with the device."""
import contextlib
import os
import select
import socket
import subprocess
import tempfile

import netns
from dut_linux import APPS
from dut_weir import Weir

RC = """
ip addr add 10.0.1.1/24 dev eth0
ip link set eth0 up
ip addr add 10.0.2.1/24 dev eth1
ip link set eth1 up
sysctl -w net.ipv4.ip_forward=1
"""
NEAR, FAR = "10.0.1.2", "10.0.2.2"


class Host(netns.Namespace):
    """10.0.1.2 or 10.0.2.2, behind eth0 or eth1 of the router."""

    def __init__(self, number):
        super().__init__()
        self.address, self.router = f"10.0.{number}.2", f"10.0.{number}.1"

    def plug(self, interface):
        """Its only network card; it is here still."""
        netns.run("ip", "link", "set", interface, "netns", str(self.holder.pid))
        netns.quiet(interface, self.prefix)
        self.run("ip", "link", "set", "lo", "up")
        self.run("ip", "addr", "add", f"{self.address}/24", "dev", interface)
        self.run("ip", "link", "set", interface, "up")
        self.run("ip", "route", "add", "default", "via", self.router)


@contextlib.contextmanager
def serving(host, *argv, ready, cwd=None):
    """A server on the host, once it has printed `ready`."""
    server = subprocess.Popen([*host.prefix, *argv], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=cwd,
                              preexec_fn=netns.die_with_parent)
    try:
        said = ""
        while ready not in said:
            line = server.stdout.readline()
            assert line, f"{argv[0]} ended: {said}"
            said += line
        yield
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


class LinuxRouter(netns.Namespace):
    """Commands as weir has them; iptables is the legacy one."""

    def run(self, line, stdin=""):
        words = line.split()
        if words[0].startswith("iptables"):
            words[0] = words[0].replace("iptables", "iptables-legacy", 1)
        return netns.run(*self.prefix, *words, input=stdin)


@contextlib.contextmanager
def through_weir(near, far):
    with Weir(nics=2, rc=RC) as dut:
        for wire, tap, host in zip(dut.wires, dut.taps, (near, far)):
            wire.close()
            host.plug(tap)
        yield dut


@contextlib.contextmanager
def through_linux(near, far):
    router = LinuxRouter()
    try:
        for number, host in enumerate((near, far)):
            netns.run("ip", "link", "add", f"h{number}", "type", "veth", "peer", "name", f"eth{number}",
                      "netns", str(router.holder.pid))
            netns.quiet(f"eth{number}", router.prefix)
            host.plug(f"h{number}")
        for line in RC.strip().split("\n"):
            router.run(line)
        yield router
    finally:
        router.close()


@contextlib.contextmanager
def two_hosts(dut):
    """(near, far, router)"""
    near, far = Host(1), Host(2)
    try:
        with (through_linux if dut == "linux" else through_weir)(near, far) as router:
            near.run("ping", "-q", "-c", "1", "-w", "20", FAR)
            yield near, far, router
    finally:
        near.close()
        far.close()


# ---- one host and the device itself

DEVICE = "10.0.1.1"
DEVICE_RC = f"ip addr add {DEVICE}/24 dev eth0\nip link set eth0 up\n"


class LinuxDevice(netns.Namespace):
    """This machine's kernel in the device's place: rc's lines are its tools, those with & its copies of the apps."""

    def __init__(self, rc, files):
        super().__init__()
        self.apps, self.dir = [], tempfile.TemporaryDirectory(prefix="weir-tap-")
        for name, data in files.items():
            path = os.path.join(self.dir.name, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as f:
                f.write(data)
        self.rc = rc

    def start(self):
        self.run("ip", "link", "set", "lo", "up")
        for line in self.rc.splitlines():
            words = line.split()
            if words and words[-1] == "&":
                self.apps.append(self.spawn(" ".join(words[:-1])))
            elif words:
                self.run_words(words)

    def spawn(self, line):
        """Starts an app; what it says is in output()."""
        with open(f"{self.dir.name}/output", "ab") as said:
            return subprocess.Popen(self.argv(line.split()), cwd=self.dir.name, stdin=subprocess.DEVNULL, stdout=said,
                                    preexec_fn=netns.die_with_parent)

    def output(self):
        with open(f"{self.dir.name}/output", encoding="utf-8") as said:
            return said.read()

    def argv(self, words):
        app = os.path.join(APPS, words[0])
        return self.prefix + [app if os.path.exists(app) else words[0], *words[1:]]

    def run_words(self, words):
        netns.run(*self.argv(words))

    def command(self, line, stdin="", seconds=30):
        """Runs an app or a tool: (exit status, output and complaints)."""
        done = subprocess.run(self.argv(line.split()), cwd=self.dir.name, input=stdin, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=seconds, check=False)
        return done.returncode, done.stdout

    def close(self):
        for app in self.apps:
            app.kill()
            app.wait()
        super().close()
        self.dir.cleanup()


@contextlib.contextmanager
def device_beside(host, dut, rc, files=None, **more):
    """The device at DEVICE, on a cable to the host. rc: its further lines of configuration; files: name to bytes. Yields
    it: command(line, stdin) runs one of its commands."""
    if dut != "linux":
        with Weir(nics=1, rc=DEVICE_RC + rc, files=files, **more) as device:
            device.wires[0].close()
            host.plug(device.taps[0])
            device.run("ip neigh flush dev eth0")  # who was there has another address on the link
            host.run("ping", "-q", "-c", "1", "-w", "20", DEVICE)
            yield device
        return
    device = LinuxDevice(DEVICE_RC + rc, files or {})
    try:
        netns.run("ip", "link", "add", "h0", "type", "veth", "peer", "name", "eth0", "netns", str(device.holder.pid))
        netns.quiet("eth0", device.prefix)
        host.plug("h0")
        device.start()
        host.run("ping", "-q", "-c", "1", "-w", "20", DEVICE)
        yield device
    finally:
        device.close()


def connect(host, port, timeout=30):
    """A TCP connection of the host's to the device."""
    for _ in range(100):  # the app may not have begun
        with host.inside():
            sock = socket.socket()
        sock.settimeout(timeout)
        try:
            sock.connect((DEVICE, port))
            return sock
        except ConnectionRefusedError:
            sock.close()
            select.select([], [], [], 0.1)
    raise AssertionError(f"nobody listens on port {port}")


def read_all(sock):
    """All until the peer's end."""
    parts = []
    while part := sock.recv(1 << 18):
        parts.append(part)
    return b"".join(parts)
