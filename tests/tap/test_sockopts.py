# SPDX-License-Identifier: MIT
"""Every option of sockets that Linux knows: value, length and error of 19,000 calls (tests/apps/sockopts.c), beside Linux's;
and every call of sockets in each of their states (tests/apps/sockcalls.c)."""
import os
import re
import subprocess

from dut_linux import APPS
from dut_weir import Weir

DUT = os.environ.get("DUT", "weir")
# Refused by name, as docs/COMPATIBILITY.md says: ENOPROTOOPT, however it is called.
REFUSED = """SO_DEBUG SO_BSDCOMPAT SO_PASSCRED SO_PEERCRED
SO_BUSY_POLL SO_MAX_PACING_RATE SO_ZEROCOPY SO_TXTIME IP_PASSSEC TCP_MD5SIG TCP_FASTOPEN TCP_FASTOPEN_CONNECT""".split()
# The same length and error, but a value that depends on the machine: buffers, CPUs, ports, the loopback's MTU, algorithms.
OWN_VALUE = """SO_INCOMING_CPU SO_SNDBUF SO_RCVBUF SO_SNDBUFFORCE SO_RCVBUFFORCE SO_RCVLOWAT SO_COOKIE SO_MEMINFO IP_MTU IP_PROTOCOL TCP_INFO TCP_CONGESTION
TCP_WINDOW_CLAMP TCP_MAXSEG""".split()
# Known: it can be read only; its largest value is told as the default; bbr, here on Linux, has something to tell.
# Differs, as docs/COMPATIBILITY.md says: of call and what Linux returned.
ODD_CALLS = [re.compile(row) for row in (
    r"udp\w* recv .*\b1: ", r"raw sendto 8000: 1 ")]  # flags that Linux takes and that do nothing
PARTLY = ("SO_INCOMING_CPU set", "SO_INCOMING_CPU then", "TCP_NOTSENT_LOWAT then", "TCP_CC_INFO")


def on_one_cpu():
    """What is looped then comes in the order in which it was sent."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def on_linux(program):
    """In a namespace of its own, which has a loopback device only."""
    line = "ip link set lo up && sysctl -qw 'net.ipv4.ping_group_range=0 2147483647' && exec \"$0\""
    done = subprocess.run(["unshare", "--net", "sh", "-c", line, os.path.join(APPS, program)],
                          capture_output=True, text=True, check=True, timeout=100, preexec_fn=on_one_cpu)
    return done.stdout.split("\n")


def in_weir(program):
    with Weir(nics=0, rc=f"{program}; poweroff", test_image=True, control=False, ready=False) as dut:
        dut.wait_exit()
        return [line.rstrip("\r") for line in dut.console.text().split("\n")]


def calls(lines):
    """What each call returned; several of the same come one after the other."""
    found = []
    for line in lines:
        match = re.match(r"((?:tcp|udp|raw|listening|connected) (\w+) .*?): (.*)", line)
        if match:
            found.append(match.groups())
    assert "sockopts: done" in lines and len(found) > 19000
    return found


def expected(call, name, result):
    """What weir must return where Linux returns result."""
    stream = call.split()[0] not in ("udp", "raw")
    if name in REFUSED and (stream or not name.startswith("TCP_")):
        too_short = re.search(r"set .*/[013]$", call) and not name.startswith("IP_")
        return "EINVAL" if too_short else "ENOPROTOOPT"
    return re.sub(r"^(len \d+).*", r"\1", result) if name in OWN_VALUE else result


def test_options_are_as_on_linux():
    linux = calls(on_linux("sockopts"))
    if DUT == "linux":
        assert calls(on_linux("sockopts")) and len({name for _, name, _ in linux}) > 90
        return
    wrong = []
    for (call, name, want), (ours, _, got) in zip(linux, calls(in_weir("sockopts")), strict=True):
        assert call == ours
        want = expected(call, name, want)
        if name in OWN_VALUE:
            got = expected(call, name, got)
        if got != want and not any(known in call for known in PARTLY):
            wrong.append(f"{call}: {got}, not {want}")
    assert not wrong, f"{len(wrong)} calls:\n" + "\n".join(wrong[:40])


def prints_the_same(program, least, known=()):
    """What a program prints is what it prints on Linux, but for lines of Linux's that are known; on Linux always the same."""
    linux = [line for line in on_linux(program) if line]
    assert linux[-1] == f"{program}: done" and len(linux) > least
    if DUT == "linux":
        assert linux == [line for line in on_linux(program) if line]
        return
    ours = [line for line in in_weir(program) if ": " in line and not line.startswith("[")]
    wrong = [f"{got}, not {want}" for want, got in zip(linux, ours, strict=True)
             if got != want and not any(row.match(want) for row in known)]
    assert not wrong, f"{len(wrong)} calls:\n" + "\n".join(wrong[:40])


def test_calls_are_as_on_linux():
    prints_the_same("sockcalls", 1900, ODD_CALLS)
