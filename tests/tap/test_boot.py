# SPDX-License-Identifier: MIT
"""Every way in: machines, firmware, disk image, memory, NICs; and an idle guest that costs nothing."""
import os
import re
import socket
import subprocess
import time

import pytest
from scapy.layers.inet import UDP
from scapy.layers.l2 import ARP, Ether

import netns
from dut_weir import BOOT_LIMIT, BUILD, TOP, Weir
from servers import pattern, sunk
from sweep import sweep
from wire import BROADCAST, is_arp_reply, is_echo_reply, payload

pytestmark = pytest.mark.weir

MACHINES = {
    "q35": {"machine": "q35"},
    "microvm": {"machine": "microvm"},
    "uefi": {"uefi": True},
}
ONE = "ip addr add 10.0.1.1/24 dev eth0\nip link set eth0 up\necho &\nsink &\n"
SIZES = (0, 1, 17, 18, 19, 46, 100, 511, 512, 1000, 1471, 1472)


def works(dut):
    """Echoes of many sizes, by ICMP and UDP; the sink counts; commands are run."""
    wire = dut.wires[0]
    pings = sweep(wire, SIZES, lambda size: wire.echo_request(pattern(size), id=0x51, seq=size),
                  lambda p: p["ICMP"].seq if is_echo_reply(p) and p["ICMP"].id == 0x51 else None)
    echoes = sweep(wire, SIZES, lambda size: wire.udp(pattern(size), sport=10000 + size),
                   lambda p: p[UDP].dport - 10000 if UDP in p and p[UDP].sport == 7 else None)
    for size in SIZES:
        assert payload(pings[size]) == payload(echoes[size]) == pattern(size)
    before = sunk(wire)
    wire.send(*(wire.udp(b"x", dport=9) for _ in range(10)))
    wire.barrier()
    assert sunk(wire) == before + 10
    assert "10.0.1.1/24" in dut.run("ip addr")


@pytest.mark.parametrize("how", MACHINES.values(), ids=MACHINES)
def test_boot(how):
    with Weir(rc=ONE, **how) as dut:
        works(dut)


@pytest.mark.parametrize("how", MACHINES.values(), ids=MACHINES)
def test_boot_configured_by_the_command_line(how):
    """rc="..." alone, without an initrd."""
    rc = "; ".join(ONE.strip().splitlines())
    with Weir(append=f'rc="{rc}"', **how) as dut:
        works(dut)


def test_boot_from_a_disk_image(tmp_path):
    """Configuration and command line are inside the image."""
    conf, image = tmp_path / "conf", tmp_path / "weir.img"
    conf.mkdir()
    (conf / "rc").write_text(ONE)
    subprocess.run([f"{TOP}/run.sh", "--no-build", f"--image={image}", "--conf", conf, "--append",
                    'rc="ip addr add 10.0.77.1/24 dev eth0"'], check=True, env={**os.environ, "O": BUILD},
                   stdout=subprocess.DEVNULL)
    with Weir(disk=str(image)) as dut:
        works(dut)
        assert "10.0.77.1/24" in dut.run("ip addr")


def test_boot_time_line():
    with Weir(rc=ONE, machine="microvm") as dut:
        text = dut.run("dmesg")
        lines = re.findall(r"^\[[^]]*\]\s+(\d+) us\s+(\S.*)$", text, re.MULTILINE)
        assert len(lines) >= 5, text
        times = [int(us) for us, _ in lines]
        assert times == sorted(times)


@pytest.mark.parametrize("machine,nics", [("q35", 8), ("microvm", 6)])
def test_boot_many_nics(machine, nics):
    """All answer, each with its own address and station. microvm has eight slots; two are taken."""
    rc = "".join(f"ip addr add 10.0.{n + 1}.1/24 dev eth{n}\nip link set eth{n} up\n" for n in range(nics))
    with Weir(nics=nics, rc=rc, machine=machine) as dut:
        for wire in dut.wires:
            wire.until_answering()
            assert wire.ping(pattern(1000)).src == wire.dut_mac


@pytest.mark.parametrize("machine", ["q35", "microvm"])
def test_boot_in_eight_megabytes(machine):
    with Weir(rc=ONE, machine=machine, mem="8M") as dut:
        works(dut)


def test_boot_on_sockets(tmp_path):
    """--net unix: one datagram is one frame, and no root is needed."""
    guest, ours = str(tmp_path / "guest"), str(tmp_path / "ours")
    mac = "02:00:00:00:01:02"
    request = Ether(src=mac, dst=BROADCAST) / ARP(op=1, hwsrc=mac, psrc="10.0.1.2", pdst="10.0.1.1")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.bind(ours)
        s.settimeout(1)
        with Weir(nics=0, rc=ONE, ready=False, network=f"unix:{guest},{ours}") as dut:
            end = time.monotonic() + BOOT_LIMIT
            reply = None
            while reply is None or not is_arp_reply(reply):
                assert time.monotonic() < end, dut.console.text()
                try:
                    s.sendto(bytes(request).ljust(60, b"\0"), guest)
                    reply = Ether(s.recv(2048))
                except OSError:  # not there yet
                    time.sleep(0.05)
            assert (reply[ARP].psrc, reply[ARP].hwsrc) == ("10.0.1.1", "52:54:00:12:34:56")


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("machine", ["q35", "microvm"])
def test_idle_guest_uses_no_processor(machine):
    with Weir(rc=ONE, machine=machine) as dut:
        time.sleep(1)
        pid, seconds = dut.qemu_pid(), 5
        before = cpu_seconds(pid)
        time.sleep(seconds)
        assert cpu_seconds(pid) - before < 0.02 * seconds


def test_poweroff_ends_run_sh_with_success():
    with Weir(rc=ONE) as dut:
        dut.command("poweroff")
        assert dut.wait_exit() == 0


def test_pcap_records(tmp_path):
    path = tmp_path / "x.pcap"
    with Weir(rc=ONE, pcap=str(path)) as dut:
        dut.wires[0].ping(b"record me please")
        dut.command("poweroff")
        dut.wait_exit()
    assert b"record me please" in path.read_bytes()
    assert netns.run("tcpdump", "-nr", str(path), "icmp").count("ICMP echo") >= 2
