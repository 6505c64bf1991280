# SPDX-License-Identifier: MIT
"""conntrack -E, -I, -U, -D beside real packets: what is told of as it happens, and what packets find that was made by hand."""
import os
import re
import signal
import subprocess

import pytest

import netns
from conftest import DUT, ROUTER
from dut_linux import Linux
from dut_weir import BUILD, Console, Weir
from wire import payload

TIMES = re.compile(r"(udp      17) \d+")
BY_HAND = re.compile(r" \[USERSPACE\] portid=\d+( progname=\S+)?")
# Nothing is tracked for nobody.
TRACKING = "iptables -A INPUT -m conntrack --ctstate NEW"


@pytest.fixture(scope="module")
def dut():
    with (Linux if DUT == "linux" else Weir)(nics=2, rc=ROUTER) as router:
        router.wires[0].until_serving()
        router.run(TRACKING)
        yield router


class Events:
    """conntrack -E with these options, until the end of the block; then its status and lines."""

    def __init__(self, dut, options):
        words = ["conntrack", "-E", *options.split()]
        prefix = dut.space.prefix if DUT == "linux" else [os.path.join(BUILD, "weirctl"), dut.socket]
        self.dut = dut
        self.process = subprocess.Popen([*prefix, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        stdin=subprocess.DEVNULL, preexec_fn=netns.die_with_parent)
        self.console = Console(self.process.stdout.fileno(), None)

    def __enter__(self):
        return self

    def wait(self, pattern):
        return self.console.wait(pattern)

    def end(self):
        """Its lines, without times and who did it."""
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(15) == 0
        self.console.wait_end()
        return TIMES.sub(r"\1", BY_HAND.sub(" by hand", self.console.text())).splitlines()

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def edit(dut, line, status=0):
    """A command of the tool. weir's control channel has one at a time, so while it follows events it is asked on the console."""
    if DUT == "linux":
        assert dut.command(line)[0] == status
    else:
        dut.console.type(line + "\r")


def test_events(dut):
    near = dut.wires[0]
    edit(dut, "conntrack -F")
    with Events(dut, "-p udp") as events:
        # it has no sign that it has begun: asks until it tells of something
        for port in range(6000, 6100):
            near.ask(near.udp(b"x", sport=port), lambda p, port=port: payload(p) == b"x" and p.dport == port)
            if re.search(r"sport=\d+ dport=7", events.console.text()):
                break
        near.ask(near.udp(b"y", sport=7001), lambda p: payload(p) == b"y")
        events.wait(r"UPDATE.*sport=7001")
        edit(dut, "conntrack -I -p UDP -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100")
        events.wait(r"NEW.*src=1.1.1.1")
        edit(dut, "conntrack -U -p udp -s 1.1.1.1 -m 5")
        events.wait(r"UPDATE.*src=1.1.1.1")
        edit(dut, "conntrack -U -p udp -s 1.1.1.1 -u SEEN_REPLY,ASSURED")
        events.wait(r"UPDATE.*src=1.1.1.1.*ASSURED")
        edit(dut, "conntrack -D -p udp -s 1.1.1.1")
        events.wait(r"DESTROY.*src=1.1.1.1")
        lines = [line for line in events.end() if not re.search(r"sport=60\d\d", line)]
    ours = "src=10.0.1.2 dst=10.0.1.1 sport=7001 dport=7"
    theirs = "src=10.0.1.1 dst=10.0.1.2 sport=7 dport=7001"
    made = "src=1.1.1.1 dst=2.2.2.2 sport=1 dport=2", "src=2.2.2.2 dst=1.1.1.1 sport=2 dport=1"
    # Linux's tool may be interrupted within a line's printf(), which its exit() then prints again
    end = next(n for n, line in enumerate(lines) if line.startswith("conntrack"))
    assert lines[:end] == [
        f"    [NEW] udp      17 {ours} [UNREPLIED] {theirs}",
        f" [UPDATE] udp      17 {ours} {theirs}",
        f"    [NEW] udp      17 {made[0]} [UNREPLIED] {made[1]} mark=0 by hand",
        f" [UPDATE] udp      17 {made[0]} [UNREPLIED] {made[1]} mark=5 by hand",
        f" [UPDATE] udp      17 {made[0]} {made[1]} [ASSURED] mark=5 by hand",
        f"[DESTROY] udp      17 {made[0]} {made[1]} [ASSURED] mark=5 by hand"]
    assert re.fullmatch(r"conntrack v1.4.7 \(conntrack-tools\): \d+ flow events have been shown.", lines[end])


def test_a_packet_finds_what_was_made_by_hand(dut):
    near = dut.wires[0]
    dut.run("conntrack -F")
    dut.run("iptables -A INPUT -p udp --dport 7 -m connmark ! --mark 9 --sport 5555 -j DROP")
    assert near.reactions(near.udp(b"no", sport=5555)) == []
    dut.run("conntrack -I -p udp -s 10.0.1.2 -d 10.0.1.1 --sport 5555 --dport 7 -t 60 -m 9")
    near.ask(near.udp(b"yes", sport=5555), lambda p: payload(p) == b"yes")
    shown = dut.run("conntrack -L -p UDP --sport 5555")
    assert re.search(r"udp      17 \d+ src=10.0.1.2 dst=10.0.1.1 sport=5555 dport=7 src=10.0.1.1 dst=10.0.1.2 "
                     r"sport=7 dport=5555 mark=9 use=1\n", shown)
    dut.run("conntrack -U -p udp -s 10.0.1.2 -d 10.0.1.1 --sport 5555 --dport 7 -m 8")
    assert near.reactions(near.udp(b"no", sport=5555)) == []
    assert dut.command("conntrack -D -p udp --sport 5555 -s 10.0.1.0/24")[0] == 0
    assert dut.command("conntrack -D -p udp --sport 5555 -s 10.0.1.0/24")[0] == 1
