# SPDX-License-Identifier: MIT
"""The control channel: requests one after the other, whatever the client before did."""
import os
import random
import signal
import socket
import struct
import subprocess
import time

import pytest

from control import ARGS, CREDIT, ERR, EXIT, HELLO, INPUT, INPUT_END, INTERRUPT, OUT, RUN, WELCOME, Raw, frame
from dut_weir import BUILD, Weir

pytestmark = pytest.mark.weir

RC = "ip addr add 10.0.1.1/24 dev eth0\nip link set eth0 up\n"
FILES = {"rc": RC, "lines": "ip -br link show lo\nsysctl -n net.ipv4.ip_default_ttl\n",
         "conf/sysctl.conf": "net.ipv4.ip_default_ttl = 99\n", "loop": "sh loop\n"}


@pytest.fixture(scope="module", params=["hvc0", "ttyS1"])
def dut(request):
    """With the channel on a virtio console, and on a second serial port."""
    with Weir(files=FILES, control=True if request.param == "hvc0" else "serial") as guest:
        yield guest


def weirctl(dut, *argv, **options):
    return subprocess.run([f"{BUILD}/weirctl", *options.pop("before", ()), dut.socket, *argv], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=60, check=False, **options)


def start(dut, *argv):
    return subprocess.Popen([f"{BUILD}/weirctl", dut.socket, *argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE)


def works(dut):
    done = weirctl(dut, "sysctl", "-n", "net.ipv4.ip_default_ttl")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"64\n", b"")


def test_channel_status_and_streams(dut):
    done = weirctl(dut, "ip", "link", "show", "nix")
    assert (done.returncode, done.stdout, done.stderr) == (1, b"", b'Device "nix" does not exist.\n')
    assert weirctl(dut, "frobnicate").returncode == 127
    assert weirctl(dut, "sh", "-c", "ip link show nix; sysctl -n net.ipv4.ip_default_ttl").stdout == b"64\n"
    assert weirctl(dut, "sh", "lines").stdout.endswith(b"<LOOPBACK,UP,LOWER_UP> \n64\n")
    assert weirctl(dut, "sh", "-c", "cat < conf/sysctl.conf").stdout == FILES["conf/sysctl.conf"].encode()


def test_channel_script_that_runs_itself(dut):
    done = weirctl(dut, "sh", "loop")
    assert done.returncode == 1
    assert b"loop:1: scripts are nested too deeply" in done.stderr
    works(dut)


@pytest.mark.parametrize("size", [0, 1, 2047, 2048, 2049, 100_000])
def test_channel_carries_input_and_output(dut, size):
    text = random.Random(size).randbytes(size)
    done = weirctl(dut, "cat", input=text)
    assert (done.returncode, done.stdout) == (0, text)


def test_channel_input_for_a_tool(dut):
    text = b"net.ipv4.ip_default_ttl = 65\nnonsense\nnet.ipv4.ip_default_ttl = 64\n"
    done = weirctl(dut, "sysctl", "-p", "-", input=text)
    assert done.stdout == b"net.ipv4.ip_default_ttl = 65\nnet.ipv4.ip_default_ttl = 64\n"
    assert (done.returncode, done.stderr) == (1, b"sysctl: -(2): invalid syntax, continuing...\n")


def test_channel_leaves_input_alone_that_nobody_wants(dut):
    """What runs does not read: the script that called weirctl keeps its own input."""
    done = subprocess.run(f"{BUILD}/weirctl {dut.socket} uptime >/dev/null; cat", shell=True, input=b"mine", check=True,
                          stdout=subprocess.PIPE, timeout=30)
    assert done.stdout == b"mine"


def test_channel_called_by_a_tools_name(dut, tmp_path):
    os.symlink(f"{BUILD}/weirctl", tmp_path / "ip")
    argv = [tmp_path / "ip", "-br", "link", "show", "lo"]
    done = subprocess.run(argv, env={"WEIRCTL_SOCKET": dut.socket}, stdout=subprocess.PIPE, check=True, timeout=30)
    assert done.stdout.split() == [b"lo", b"UNKNOWN", b"00:00:00:00:00:00", b"<LOOPBACK,UP,LOWER_UP>"]
    done = subprocess.run(argv, env={}, stderr=subprocess.PIPE, check=False, timeout=30)
    assert done.returncode == 125 and b"WEIRCTL_SOCKET" in done.stderr


def test_channel_long_command(dut):
    words = ["x" * 100] * 60
    done = weirctl(dut, "cat", *words)
    assert done.stderr.count(b"No such file") == 60
    assert weirctl(dut, "cat", *["x"] * 100).returncode == 2
    assert weirctl(dut, "cat", "x" * 9000).returncode == 125
    works(dut)


def test_channel_interrupt_ends_a_command(dut):
    """Commands and apps that wait, whatever for; the network goes on after each."""
    for argv in (("sleep", "100"), ("cat",), ("ping", "127.0.0.1"), ("sink", "-p", "5000")):
        client = start(dut, *argv) if argv != ("cat",) else subprocess.Popen(
            [f"{BUILD}/weirctl", dut.socket, *argv], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        time.sleep(1)
        assert client.poll() is None
        client.send_signal(signal.SIGINT)
        client.wait(20)
        dut.wires[0].ping()
    works(dut)


def test_channel_time_limit(dut):
    begin = time.monotonic()
    assert weirctl(dut, "sleep", "100", before=("-t", "0.5")).returncode == 124
    assert time.monotonic() - begin < 15
    works(dut)


def test_channel_app_streams_its_output(dut):
    client = start(dut, "ping", "-c", "100", "127.0.0.1")
    lines = [client.stdout.readline() for _ in range(3)]
    assert client.poll() is None
    assert lines[2].startswith(b"64 bytes from 127.0.0.1: icmp_seq=2 ")
    client.kill()
    client.wait()
    works(dut)


def test_channel_client_vanishes(dut):
    """At any moment; the next one is served, and what ran has ended."""
    for wait in (0.01, 0.05, 0.2, 0.5):
        client = start(dut, "sh", "-c", "ip addr; " * 50 + "ping 127.0.0.1")
        time.sleep(wait)
        client.kill()
        client.wait()
        works(dut)
    assert " ping" not in dut.run("ps")


def test_channel_slow_reader(dut):
    """Output that nobody takes waits, and nothing of it is lost."""
    client = start(dut, "sh", "-c", "sysctl -a; " * 20)
    time.sleep(1.5)
    once = weirctl_after(client, dut)
    assert client.stdout_text == once * 20


def weirctl_after(client, dut):
    client.stdout_text, _ = client.communicate(timeout=60)
    return weirctl(dut, "sysctl", "-a").stdout


def test_channel_garbage(dut):
    noise = random.Random(4)
    with Raw(dut) as raw:
        for _ in range(20):
            raw.send(noise.randbytes(noise.randrange(500)) + b"\xf5wc" * noise.randrange(4))
            raw.send(frame(HELLO, 7)[:noise.randrange(12)])
        raw.hello(0x1234)
        raw.send(noise.randbytes(100) + frame(ARGS, 0x1234, b"sysctl\0-n\0net.ipv4.") + frame(99, 0x1234, b"?") +
                 frame(ARGS, 0x4321, b"not mine\0") + frame(ARGS, 0x1234, b"ip_default_ttl\0") + frame(RUN, 0x1234))
        assert raw.next() == (OUT, 0x1234, b"64\n")
        assert raw.next() == (EXIT, 0x1234, b"\0")
    works(dut)


def test_channel_sequence_of_requests(dut):
    """One session serves many."""
    with Raw(dut) as raw:
        raw.hello(1)
        for status, argv in ((0, b"sleep\0" b"0\0"), (127, b"nix\0"), (2, b""), (2, b"a\0" * 65), (2, b"unended"),
                             (0, b"uptime\0")):
            raw.send((frame(ARGS, 1, argv) if argv else b"") + frame(RUN, 1))
            kind = None
            while kind != EXIT:
                kind, _, payload = raw.next()
            assert payload == bytes([status]), argv


def test_channel_keeps_to_its_credit(dut):
    """16 KiB of frames (a serial port: 192 bytes), and not a byte more before the client has taken some."""
    window = 192 if dut.control == "serial" else 16384
    with Raw(dut, stingy=True) as raw:
        raw.hello(2)
        raw.send(frame(ARGS, 2, b"sh\0-c\0" + b"sysctl -a; " * 30 + b"\0") + frame(RUN, 2))

        def until_silence():
            total = 0
            raw.socket.settimeout(1)
            with pytest.raises(TimeoutError):
                while True:
                    kind, _, payload = raw.next()
                    assert kind == OUT
                    total += 12 + len(payload)
            return total

        assert window // 2 < until_silence() <= window
        raw.send(frame(CREDIT, 2, struct.pack(">I", window)))
        assert window // 2 < until_silence() <= window
        raw.send(frame(CREDIT, 2, struct.pack(">I", 2**32 - 1)))
        assert window // 2 < until_silence() <= window
    works(dut)


def test_channel_sync(dut):
    """After sync, what was sent before it has been counted."""
    wire = dut.wires[0]
    wire.until_answering()
    for _ in range(5):
        before = int(dut.run("nstat -asz IcmpInEchos").split()[2])
        for seq in range(20):
            wire.send(wire.echo_request(b"x", seq=seq))
        dut.run("sync")
        assert int(dut.run("nstat -asz IcmpInEchos").split()[2]) == before + 20


def test_weirctl_says_what_to_do(tmp_path):
    def fails(*argv):
        done = subprocess.run([f"{BUILD}/weirctl", *argv], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                              timeout=30)
        assert done.returncode == 125
        return done.stderr.decode()

    assert "--ctl" in fails(f"{tmp_path}/nix", "uptime")
    assert "which socket" in fails()
    assert "which command" in fails(f"{tmp_path}/nix")
    assert "--frob" in fails("--frob", "x", "y")
    assert "-t needs" in fails("-t", "soon", "x", "y")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{tmp_path}/silent")
        listener.listen()
        assert "no answer" in fails("-w", "1", f"{tmp_path}/silent", "uptime")
    assert "start the guest again" in fails(f"{tmp_path}/silent", "uptime")
    done = subprocess.run([f"{BUILD}/weirctl", "--help"], stdout=subprocess.PIPE, check=True)
    assert b"WEIRCTL_SOCKET" in done.stdout
