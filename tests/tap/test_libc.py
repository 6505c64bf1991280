# SPDX-License-Identifier: MIT
"""The C library, by a program that checks it (tests/apps/libctest.c), and what the console does to programs."""
import re

import pytest

from dut_weir import Weir


@pytest.mark.weir
def test_libctest_in_weir():
    with Weir(rc="libctest; poweroff", test_image=True, control=False, ready=False) as dut:
        dut.wait_exit()
        said = re.findall(r"^libctest: .*$", dut.console.text(), re.MULTILINE)
    assert len(said) == 1 and re.fullmatch(r"libctest: \d+ checks, 0 failed", said[0]), said


@pytest.mark.weir
def test_programs_leave_nothing_behind():
    """Sockets, memory and threads of ended programs are gone, however they ended."""
    with Weir(rc="ip link set eth0 up", test_image=True, ready=False) as dut:
        dut.console.wait("weir# ")
        used, sockets = [], dut.run("ss -uan")
        for _ in range(3):
            for word, status in (("leak", 0), ("exit", 7), ("atexit", 9)) * 10:
                assert dut.command(f"libctest child {word}")[0] == status
            assert "libctest" not in dut.run("ps")
            assert dut.run("ss -uan") == sockets
            used.append(int(re.search(r"^Mem: +\d+ +(\d+)", dut.run("free"), re.MULTILINE)[1]))
    assert used[2] <= used[1] + 8, f"KiB used: {used}"


@pytest.mark.weir
def test_control_c_ends_programs():
    """ping's handler lets it tell its statistics; echo has none and just ends."""
    with Weir(rc="ip addr add 10.0.1.1/24 dev eth0") as dut:
        dut.console.wait("weir# ")
        mark = dut.console.mark()
        dut.console.type("ping 10.0.1.1\r")
        dut.console.wait("icmp_seq=2 ttl=64", mark)
        dut.console.type("\x03")
        dut.console.wait(r"2 packets transmitted, 2 received, 0% packet loss", mark)
        dut.console.wait(r"^weir# ", mark)
        mark = dut.console.mark()
        dut.console.type("echo -p 70\r")
        while ":70 " not in dut.run("ss -uan"):
            pass
        dut.console.type("\x03")
        dut.console.wait(r"^weir# ", mark)
        assert ":70 " not in dut.run("ss -uan")


def threads(dut):
    """The numbers that ps shows."""
    return {line.split()[0] for line in dut.run("ps").splitlines()[1:]}


@pytest.mark.weir
def test_killed_programs_leave_the_machine_working():
    """Blocked in poll() or in recvfrom(): the packets flow on, and all is taken back."""
    with Weir(rc="ip addr add 10.0.1.1/24 dev eth0") as dut:
        dut.console.wait("weir# ")
        used, before = [], threads(dut)
        for _ in range(3):
            for _ in range(5):
                dut.run("sh", stdin="sink -p 300 &\necho -p 400 &\nping -q 10.0.1.1 &\n")
                dut.run("kill " + " ".join(sorted(threads(dut) - before)))
                dut.wires[0].until_answering(dut.check_alive)
            assert not re.search(r":(300|301|400) ", dut.run("ss -uan"))
            used.append(int(re.search(r"^Mem: +\d+ +(\d+)", dut.run("free"), re.MULTILINE)[1]))
    assert used[2] <= used[1] + 64, f"KiB used: {used}"
