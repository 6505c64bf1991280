# SPDX-License-Identifier: MIT
"""Linux as the device under test: this machine's kernel in a namespace, on taps whose other end the tests hold."""
import os
import re
import subprocess

import netns
from dut_weir import BUILD
from wire import TapDevice, Wire

APPS = os.path.join(BUILD, "tap", "apps")


class Linux:
    """A router and host like weir's; its commands are the tools of this machine."""

    name = "linux"

    def __init__(self, nics=2, rc="", macs=None):
        self.rc, self.nics, self.macs = rc, nics, macs
        self.space = netns.Namespace()
        self.wires, self.apps = [], []

    def __enter__(self):
        try:
            for n in range(self.nics):
                self._plug(n)
            for line in self.rc.splitlines():
                self._configure(line.split("#")[0].split())
            self.wires[0].until_answering()
        except BaseException:
            self.stop()
            raise
        return self

    def _plug(self, n):
        with self.space.inside():
            port = TapDevice(f"eth{n}")
        netns.quiet(f"eth{n}", self.space.prefix)
        self.space.run("sysctl", "-qw", f"net.ipv4.conf.eth{n}.rp_filter=0", "net.ipv4.conf.all.rp_filter=0")
        if self.macs:
            self.space.run("ip", "link", "set", f"eth{n}", "address", self.macs[n])
        shown = self.space.run("ip", "-o", "link", "show", f"eth{n}")
        mac = re.search(r"link/ether (\S+)", shown)[1]
        self.wires.append(Wire(port, f"02:00:00:00:0{n + 1:x}:02", f"10.0.{n + 1}.2", mac, f"10.0.{n + 1}.1"))

    def _configure(self, words):
        if not words:
            return
        if words[-1] == "&":
            app = [os.path.join(APPS, words[0]), *words[1:-1]]
            self.apps.append(subprocess.Popen(self.space.prefix + app, stdout=subprocess.DEVNULL,
                                              preexec_fn=netns.die_with_parent))
        else:
            self.space.run(*words)

    def carrier(self, n, up):
        """Plugs the cable of eth<n> in or out."""
        self.space.run("ip", "link", "set", f"eth{n}", "carrier", "on" if up else "off")

    def command(self, line, stdin=""):
        """Runs a command line in the namespace: (exit status, output and complaints)."""
        words = line.split()
        if words[0].startswith("iptables"):
            words[0] = words[0].replace("iptables", "iptables-legacy")
        done = subprocess.run(self.space.prefix + words, input=stdin, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=30, check=False)
        return done.returncode, done.stdout

    def run(self, line, stdin=""):
        """Runs a command that must succeed; returns its output."""
        status, output = self.command(line, stdin)
        assert status == 0, f"{line!r}: status {status}: {output}"
        return output

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        for app in self.apps:
            app.kill()
            app.wait()
        for wire in self.wires:
            wire.close()
        self.space.close()
