# SPDX-License-Identifier: MIT
"""weir as the device under test: run.sh boots it on taps of this process's namespace."""
import itertools
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

import netns
from wire import LONG, PacketSocket, Wire

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.path.join(TOP, os.environ.get("O", "build")))
BOOT_LIMIT = 60.0
numbers = itertools.count()


class Console:
    """What the guest prints, and a way to type."""

    def __init__(self, read_fd, write_fd):
        self.read_fd, self.write_fd = read_fd, write_fd
        self.raw = b""
        self.changed = threading.Condition()
        self.ended = False
        threading.Thread(target=self._collect, daemon=True).start()

    def _collect(self):
        while True:
            try:
                data = os.read(self.read_fd, 65536)
            except OSError:  # a pseudo-terminal says so when its other end has closed
                data = b""
            with self.changed:
                self.raw += data
                self.ended = not data
                self.changed.notify_all()
            if not data:
                return

    def text(self):
        """All so far, without the firmware's escape sequences."""
        with self.changed:
            text = self.raw.decode(errors="replace")
        return re.sub(r"\x1b\[[0-9;=?]*[A-Za-z]", "", text).replace("\r", "")

    def mark(self):
        return len(self.text())

    def wait(self, pattern, mark=0, seconds=LONG):
        """The match of pattern in what was printed since mark."""
        end = time.monotonic() + seconds
        with self.changed:
            while True:
                found = re.search(pattern, self.text()[mark:], re.MULTILINE)
                left = end - time.monotonic()
                if found:
                    return found
                assert left > 0 and not self.ended, f"no {pattern!r} on the console:\n{self.text()[mark:]}"
                self.changed.wait(left)

    def wait_end(self, seconds=LONG):
        with self.changed:
            self.changed.wait_for(lambda: self.ended, seconds)

    def type(self, text):
        os.write(self.write_fd, text.encode())


class Weir:
    """One boot. `with Weir(...) as dut`; dut.wires[n] leads to its eth<n>. The control channel is a virtio console, a
    second serial port (control="serial") or not there (False)."""

    name = "weir"

    def __init__(self, nics=1, rc="", machine="q35", append="", mem=None, uefi=False, disk=None, files=None,
                 control=True, terminal=False, qemu=(), ready=True, boot_limit=BOOT_LIMIT, network="none",
                 pcap=None, test_image=False):
        self.ready, self.boot_limit, self.terminal, self.control = ready, boot_limit, terminal, control
        self.dir = tempfile.mkdtemp(prefix="weir-tap-")
        self.socket = os.path.join(self.dir, "control")
        self.taps = [f"w{next(numbers)}" for _ in range(nics)]
        self.wires, self.process, self.console = [], None, None
        if rc and not disk:
            files = {**(files or {}), "rc": rc}
        self.argv = [f"{TOP}/run.sh", "--no-build", "--machine", machine]
        for tap in self.taps:
            self.argv += ["--tap", tap]
        if not nics:
            self.argv += ["--net", network]
        if pcap:
            self.argv += ["--pcap", pcap]
        if mem:
            self.argv += ["--mem", mem]
        if uefi:
            self.argv.append("--uefi")
        if disk:
            self.argv += ["--disk", disk]
        if test_image:
            self.argv.append("--test-image")
        if files:
            self.argv += ["--conf", self._write_conf(files)]
        if append:
            self.argv += ["--append", append]
        if control == "serial":
            qemu = (*qemu, "-chardev", f"socket,id=ctl,path={self.socket},server=on,wait=off", "-serial", "chardev:ctl")
        elif control:
            self.argv += ["--ctl", self.socket]
        self.argv += ["--", *qemu, "-qmp", f"unix:{self.dir}/qmp,server=on,wait=off"]

    def _write_conf(self, files):
        conf = os.path.join(self.dir, "conf")
        for name, text in files.items():
            path = os.path.join(conf, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as f:
                f.write(text if isinstance(text, bytes) else text.encode())
        return conf

    def __enter__(self):
        try:
            for n, tap in enumerate(self.taps):
                netns.make_tap(tap)
                self.wires.append(Wire(PacketSocket(tap), f"02:00:00:00:0{n + 1:x}:02", f"10.0.{n + 1}.2",
                                       f"52:54:00:12:34:{0x56 + n:02x}", f"10.0.{n + 1}.1"))
            self._start()
            if self.ready:
                self.wires[0].until_answering(self.check_alive, self.boot_limit)
        except BaseException:
            self.stop()
            raise
        return self

    def _start(self):
        if self.terminal:
            ours, theirs = os.openpty()
            ends = (ours, ours)
            pipes = {"stdin": theirs, "stdout": theirs, "stderr": theirs}
        else:
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        self.process = subprocess.Popen(self.argv, env={**os.environ, "O": BUILD}, **pipes,
                                        preexec_fn=lambda: netns.die_with_parent(signal.SIGTERM))
        if self.terminal:
            os.close(theirs)
        else:
            ends = (self.process.stdout.fileno(), self.process.stdin.fileno())
        self.console = Console(*ends)

    def check_alive(self):
        assert self.process.poll() is None, \
            f"run.sh ended with status {self.process.returncode}:\n{self.console.text()}"

    def wait_exit(self, seconds=BOOT_LIMIT):
        """The exit status of run.sh."""
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {seconds:g} s:\n{self.console.text()}") from None
        self.console.wait_end()
        return status

    def qemu_pid(self):
        for child in self._children():
            with open(f"/proc/{child}/comm", encoding="ascii") as f:
                if f.read().startswith("qemu"):
                    return child
        raise AssertionError("QEMU does not run")

    def _children(self):
        pid = self.process.pid
        try:
            with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
                return [int(child) for child in f.read().split()]
        except FileNotFoundError:
            return []

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        if self.process:
            children = self._children()
            if self.process.poll() is None:
                self.process.terminate()
                try:
                    self.process.wait(5)
                except subprocess.TimeoutExpired:
                    self.process.kill()
                    self.process.wait()
            for child in children:
                try:
                    os.kill(child, signal.SIGKILL)
                except ProcessLookupError:
                    pass
        for wire in self.wires:
            wire.close()
        for tap in self.taps:
            subprocess.run(["ip", "link", "del", tap], stderr=subprocess.DEVNULL, check=False)
        shutil.rmtree(self.dir, ignore_errors=True)

    def carrier(self, n, up):
        """Plugs the cable of eth<n> in or out."""
        with socket.socket(socket.AF_UNIX) as sock, sock.makefile("rw") as qmp:
            sock.connect(f"{self.dir}/qmp")
            qmp.readline()
            for command in ({"execute": "qmp_capabilities"},
                            {"execute": "set_link", "arguments": {"name": f"n{n}", "up": up}}):
                qmp.write(json.dumps(command) + "\n")
                qmp.flush()
                while "return" not in (answer := json.loads(qmp.readline())):
                    assert "error" not in answer, answer

    def output(self):
        """What apps in the background say."""
        return self.console.text()

    # ---- commands, over the control channel

    def command(self, line, stdin=""):
        """Runs a command line in the guest: (exit status, output and complaints)."""
        done = subprocess.run([os.path.join(BUILD, "weirctl"), self.socket, *line.split()], input=stdin,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=30, check=False)
        return done.returncode, done.stdout

    def run(self, line, stdin=""):
        """Runs a command that must succeed; returns its output."""
        status, output = self.command(line, stdin)
        assert status == 0, f"{line!r}: status {status}: {output}"
        return output
