# SPDX-License-Identifier: MIT
"""Network namespaces of our own: nameless, so that nothing is left behind however a test ends.

Root is not needed where the kernel lets a user make a user namespace; there the process becomes its root.
"""
import contextlib
import ctypes
import os
import signal
import subprocess

CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True)


def check(result, what):
    if result != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{what}: {os.strerror(error)}")


def run(*argv, **more):
    """Runs a command that must succeed; returns its output."""
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **more)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(argv)}: status {done.returncode}: {done.stdout.strip()}")
    return done.stdout


def enter():
    """Moves this process, which must have one thread, into a new network namespace. PermissionError says what to do."""
    uid, gid = os.geteuid(), os.getegid()
    if uid == 0:
        check(LIBC.unshare(CLONE_NEWNET), "unshare")
    else:
        if not os.access("/dev/net/tun", os.R_OK | os.W_OK) or LIBC.unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0:
            raise PermissionError("a namespace with taps needs root on this machine: run this with sudo")
        for name, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")):
            with open(f"/proc/self/{name}", "w", encoding="ascii") as f:
                f.write(text)
    run("ip", "link", "set", "lo", "up")


def die_with_parent(sig=signal.SIGKILL):
    """For preexec_fn: this child gets sig when its parent ends."""
    LIBC.prctl(PR_SET_PDEATHSIG, sig, 0, 0, 0)


def make_tap(name, *flags):
    """A tap that keeps to itself: no address, no IPv6."""
    run("ip", "tuntap", "add", "dev", name, "mode", "tap", *flags)
    quiet(name)
    run("ip", "link", "set", name, "up")


def quiet(name, prefix=()):
    run(*prefix, "sysctl", "-qw", f"net.ipv6.conf.{name}.disable_ipv6=1")


class Namespace:
    """A further namespace, held open by a child that sleeps."""

    def __init__(self):
        self.holder = subprocess.Popen(["unshare", "--net", "sh", "-c", "echo; exec sleep infinity"],
                                       stdout=subprocess.PIPE, preexec_fn=die_with_parent)
        self.holder.stdout.readline()
        self.prefix = ["nsenter", f"--target={self.holder.pid}", "--net", "--"]

    def run(self, *argv):
        return run(*self.prefix, *argv)

    def command(self, *argv):
        """What a command prints, whatever its status."""
        return subprocess.run([*self.prefix, *argv], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False).stdout

    @contextlib.contextmanager
    def inside(self):
        """The calling thread is inside for as long as this lasts."""
        with open("/proc/thread-self/ns/net", "rb") as home, \
             open(f"/proc/{self.holder.pid}/ns/net", "rb") as away:
            check(LIBC.setns(away.fileno(), CLONE_NEWNET), "setns")
            try:
                yield
            finally:
                check(LIBC.setns(home.fileno(), CLONE_NEWNET), "setns")

    def close(self):
        self.holder.kill()
        self.holder.wait()
        self.holder.stdout.close()
