# SPDX-License-Identifier: MIT
"""Names of hosts: getaddrinfo() and its kind over a real name server (dnsmasq), and over one that misbehaves. RFC 1035."""
import contextlib
import os
import socket
import struct
import subprocess
import tempfile
import threading
import time

import pytest

import netns
from dhcp_server import SERVER, Dnsmasq
from dut_linux import APPS
from dut_weir import Weir

DUT = os.environ.get("DUT", "weir")
DEAD = "127.0.0.1"  # nobody listens there
RESOLV_CONF = f"nameserver {DEAD}\nnameserver {SERVER}\nsearch nowhere.test example.test\noptions timeout:1 attempts:2\n"
HOSTS = "127.0.0.1 localhost\n10.8.0.1 fromfile.example.test fromfile # a comment\n"
MANY = [f"10.9.1.{i}" for i in range(1, 31)]
RC = "ip addr add 10.0.1.1/24 dev eth0\nip link set eth0 up\n"


class Device:
    """What runs lookup: weir on its tap, or this machine with files of its own in /etc."""

    def __init__(self, dut, directory):
        self.dut, self.directory = dut, directory

    def lookup(self, *names):
        """What is said of each name."""
        if self.dut:
            status, said = self.dut.command("lookup " + " ".join(names))
            assert status == 0, said
        else:
            mounts = "".join(f"mount --bind {self.directory}/{name} /etc/{name} && " for name in ("resolv.conf", "hosts"))
            said = netns.run("unshare", "--mount", "sh", "-c", mounts + 'exec "$@"', "sh", os.path.join(APPS, "lookup"),
                             *names)
        return dict(line.removeprefix("lookup ").split(": ", 1) for line in said.splitlines())


@contextlib.contextmanager
def device():
    if DUT == "linux":
        with tempfile.TemporaryDirectory() as directory:
            for name, text in (("resolv.conf", RESOLV_CONF), ("hosts", HOSTS)):
                with open(os.path.join(directory, name), "w", encoding="ascii") as f:
                    f.write(text)
            netns.run("ip", "addr", "add", f"{SERVER}/32", "dev", "lo")
            try:
                yield Device(None, directory)
            finally:
                netns.run("ip", "addr", "del", f"{SERVER}/32", "dev", "lo")
    else:
        files = {"etc/resolv.conf": RESOLV_CONF, "etc/hosts": HOSTS}
        with Weir(rc=RC, files=files, test_image=True) as dut:
            netns.run("ip", "addr", "add", f"{SERVER}/24", "dev", dut.taps[0])
            yield Device(dut, None)


@contextlib.contextmanager
def name_server():
    with tempfile.NamedTemporaryFile("w", suffix=".hosts") as hosts:
        hosts.writelines(f"{address} many.example.test\n" for address in MANY)
        hosts.flush()
        with subprocess.Popen(["dnsmasq", "--no-daemon", "--conf-file=/dev/null", "--user=root", "--group=root",
                               "--pid-file=", "--no-resolv", "--no-hosts", f"--addn-hosts={hosts.name}",
                               f"--listen-address={SERVER}", "--bind-interfaces", "--local=/test/", "--bogus-priv",
                               "--host-record=www.example.test,10.9.0.1",
                               "--cname=alias.example.test,www.example.test", "--txt-record=text.example.test,hello"],
                              stderr=subprocess.DEVNULL, preexec_fn=netns.die_with_parent) as server:
            try:
                wait_for_port()
                yield
            finally:
                server.kill()


def wait_for_port():
    for _ in range(400):
        with contextlib.suppress(OSError), socket.create_connection((SERVER, 53), 1):
            return
        time.sleep(0.025)
    raise AssertionError("no name server")


def test_names_by_a_real_server():
    with device() as dev, name_server():
        said = dev.lookup("www.example.test", "alias.example.test", "www", "nothing.example.test",
                          "text.example.test", "many.example.test", "fromfile", "localhost", "a..b", "10.9.0.1",
                          "10.9.9.9", "10.8.0.1")
    web = "www.example.test 10.9.0.1:80 (www.example.test 10.9.0.1)"
    many = said.pop("many.example.test").split(" (")[0].split()
    assert many[0] == "many.example.test" and set(many[1:]) == {f"{address}:80" for address in MANY}
    assert said == {"www.example.test": web, "alias.example.test": web, "www": web,
                    "nothing.example.test": "NONAME", "text.example.test": "NODATA",
                    "fromfile": "fromfile.example.test 10.8.0.1:80 (fromfile.example.test 10.8.0.1)",
                    "localhost": "localhost 127.0.0.1:80 (localhost 127.0.0.1)", "a..b": "NONAME",
                    "10.9.0.1": "www.example.test http", "10.9.9.9": "NONAME",
                    "10.8.0.1": "fromfile.example.test http"}


def test_names_without_a_server():
    with device() as dev:
        assert dev.lookup("www.example.test") == {"www.example.test": "AGAIN"}


class Liar(threading.Thread):
    """A server whose answer depends on the first label of the name."""

    def __init__(self):
        super().__init__(daemon=True)
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind((SERVER, 53))
        self.asked = []  # (port, number) of each question
        self.start()

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                query, client = self.sock.recvfrom(2048)
                if not query:
                    return
                self.asked.append((client[1], query[:2]))
                for reply in self.replies(query):
                    self.sock.sendto(reply, client)

    def close(self):
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)  # wakes the thread
        self.join()
        self.sock.close()

    def replies(self, query):
        label = query[13:13 + query[12]].decode().lower()

        def reply(flags, answers=0, rest=b"", number=query[:2], question=query[12:]):
            return number + struct.pack(">5H", flags, 1, answers, 0, 0) + question + rest

        good = reply(0x8180, 1, b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x0a\x09\0\2")
        evil = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x06\x06\x06\x06"
        other = bytes([query[0] ^ 1]) + query[1:2]
        return {"strangers": [reply(0x8180, 1, evil, number=other),
                              reply(0x8180, 1, evil, question=b"\4evil\0\0\1\0\1"), good],
                "servfail": [reply(0x8182)], "refused": [reply(0x8185)], "silent": [],
                "truncated": [reply(0x8380)], "good": [good]}[label]


def test_names_by_a_liar():
    with device() as dev:
        liar = Liar()
        try:
            names = [f"{kind}.example.test." for kind in ("strangers", "servfail", "refused", "silent", "truncated")]
            said = dev.lookup(*names)
            assert [said[name].split(" (")[0] for name in names] == \
                ["strangers.example.test 10.9.0.2:80", "AGAIN", "AGAIN", "AGAIN", "AGAIN"]
            for _ in range(2):
                dev.lookup(*["good.example.test."] * 10)
            ports, numbers = ({asked[i] for asked in liar.asked} for i in (0, 1))
            assert len(ports) > 30 and len(numbers) > 30, "each question has its own port and number"
        finally:
            liar.close()


@pytest.mark.weir
def test_name_servers_by_dhcp():
    with Weir(ready=False, test_image=True) as dut:
        server = Dnsmasq(dut.taps[0], "10.0.1.1", f"--dhcp-option=option:dns-server,{SERVER}",
                         "--dhcp-option=option:domain-name,example.test")
        try:
            server.wait(r"DHCPACK\(\w+\) 10\.0\.1\.1 ")
            dut.console.wait(rf"dns {SERVER}")
            with name_server():
                assert "10.9.0.1:80" in dut.run("lookup www")
        finally:
            server.close()
