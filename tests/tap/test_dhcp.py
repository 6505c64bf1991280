# SPDX-License-Identifier: MIT
"""Without configuration the image asks for an address: leases, renewal, refusal, expiry, silence (RFC 2131 s4.4)."""
import re
import time

import pytest
from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from dhcp_server import ACK, NAK, OFFER, SERVER, Dnsmasq, Scripted
from dut_weir import Weir
from wire import BROADCAST, is_arp_reply, payload

pytestmark = pytest.mark.weir

RENEW_SOON = "--dhcp-option-force=option:T1,3"


@pytest.fixture
def unconfigured():
    """Booted, with nobody who answers."""
    with Weir(ready=False) as dut:
        yield dut


def has_address(dut, address):
    return is_arp_reply_for(dut.wires[0], address, 1.0)


def is_arp_reply_for(wire, address, seconds):
    mark = wire.mark()
    try:
        wire.send(wire.arp_request(pdst=address))
    except OSError:  # still booting
        return False
    return wire.try_wait(lambda p: is_arp_reply(p) and p["ARP"].psrc == address, mark, seconds) is not None


def wait_address(dut, address, there=True, seconds=30.0):
    end = time.monotonic() + seconds
    while has_address(dut, address) != there:
        assert time.monotonic() < end, f"{address}: {dut.command('ip addr')[1]}\n{dut.console.text()[-2000:]}"


def test_dhcp_lease_from_dnsmasq():
    """An address, its prefix, a route, and the built-in servers."""
    with Weir(ready=False) as dut:
        server = Dnsmasq(dut.taps[0], "10.0.1.1")
        try:
            server.wait(r"DHCPACK\(\w+\) 10\.0\.1\.1 ")
            wire = dut.wires[0]
            wire.until_answering()
            assert re.search(r"inet 10\.0\.1\.1/24 brd 10\.0\.1\.255 scope global (dynamic )?eth0",
                             dut.run("ip addr show dev eth0"))
            assert f"default via {SERVER} dev eth0" in dut.run("ip route show")
            dut.console.wait(r"10\.0\.1\.1")
            answer = wire.ask(wire.udp(b"hello"), lambda p: UDP in p and p[UDP].dport == 4000)
            assert payload(answer) == b"hello"
        finally:
            server.close()


def test_dhcp_renews_and_survives_a_restart_of_the_server():
    with Weir(ready=False) as dut:
        server = Dnsmasq(dut.taps[0], "10.0.1.1", RENEW_SOON)
        try:
            server.wait(r"DHCPACK\(\w+\) 10\.0\.1\.1 ", 2)
            assert server.count("DHCPDISCOVER") == 1
            time.sleep(0.5)  # the log comes before the packet
            server.stop()
            server.start()
            server.wait(r"DHCPACK\(\w+\) 10\.0\.1\.1 ", 3)
            assert server.count("DHCPDISCOVER") == 1
            dut.wires[0].ping()
        finally:
            server.close()


def test_dhcp_takes_another_address_when_refused():
    """The server has lost its leases and gives others; the client hears NAK and starts again."""
    with Weir(ready=False) as dut:
        server = Dnsmasq(dut.taps[0], "10.0.1.1", RENEW_SOON)
        try:
            server.wait(r"DHCPACK\(\w+\) 10\.0\.1\.1 ")
            dut.wires[0].until_answering()
            server.close()
            server = Dnsmasq(dut.taps[0], "10.0.1.51")
            server.wait(r"DHCPNAK\(\w+\) 10\.0\.1\.1 ")
            server.wait(r"DHCPACK\(\w+\) 10\.0\.1\.51 ")
            wait_address(dut, "10.0.1.51")
            wait_address(dut, "10.0.1.1", there=False)
        finally:
            server.close()


def test_dhcp_without_a_server(unconfigured):
    """It goes on asking, ever more slowly, works meanwhile, and takes what comes at last."""
    server = Scripted(unconfigured.wires[0])
    first = server.wait(1)
    assert first[Ether].dst == BROADCAST
    assert (first[IP].src, first[IP].dst, first[UDP].sport) == ("0.0.0.0", "255.255.255.255", 68)
    assert first[BOOTP].chaddr[:6] == bytes.fromhex(unconfigured.wires[0].dut_mac.replace(":", ""))
    second = server.wait(1)
    assert second.time >= first.time
    assert "eth0" in unconfigured.run("ip link")
    server.give()
    unconfigured.wires[0].until_answering()


def test_dhcp_request_names_what_it_was_offered(unconfigured):
    server = Scripted(unconfigured.wires[0])
    request = server.give()
    options = server.options(request)
    assert (options["requested_addr"], options["server_id"]) == ("10.0.1.1", SERVER)
    assert request[BOOTP].ciaddr == "0.0.0.0"  # RFC 2131 s4.3.2, SELECTING
    unconfigured.wires[0].until_answering()


def test_dhcp_refused_request_starts_again(unconfigured):
    server = Scripted(unconfigured.wires[0])
    unconfigured.wires[0].hosts[SERVER] = unconfigured.wires[0].mac
    unconfigured.wires[0].send(server.reply(server.wait(1), OFFER))
    unconfigured.wires[0].send(server.reply(server.wait(3), NAK))
    server.give("10.0.1.9")
    wait_address(unconfigured, "10.0.1.9")


def test_dhcp_lease_expires(unconfigured):
    """Renewal is asked for at half the lease, of the server; rebinding of all; at the end the address goes."""
    wire = unconfigured.wires[0]
    server = Scripted(wire)
    server.give(lease=8)
    wire.until_answering()
    renewing = server.wait(3)
    assert (renewing[IP].src, renewing[IP].dst, renewing[BOOTP].ciaddr) == ("10.0.1.1", SERVER, "10.0.1.1")
    assert "requested_addr" not in server.options(renewing)  # RFC 2131 s4.3.2, RENEWING
    while renewing[IP].dst != "255.255.255.255":
        renewing = server.wait(3)
    server.wait(1)
    assert not has_address(unconfigured, "10.0.1.1")
    server.give(lease=3600)
    wait_address(unconfigured, "10.0.1.1")


BAD_OFFERS = {
    "another transaction": lambda s, d: s.reply(d, OFFER, xid=d[BOOTP].xid ^ 1),
    "another client": lambda s, d: other_client(s.reply(d, OFFER)),
    "no server": lambda s, d: s.reply(d, OFFER, without=("server_id",)),
    "no type": lambda s, d: s.reply(d, OFFER, without=("message-type",)),
    "address 0.0.0.0": lambda s, d: s.reply(d, OFFER, address="0.0.0.0"),
    "broadcast address": lambda s, d: s.reply(d, OFFER, address="255.255.255.255"),
    "an ACK in place of an offer": lambda s, d: s.reply(d, ACK),
    "options cut short": lambda s, d: cut_options(s.reply(d, OFFER), 5),
    "option beyond the packet": lambda s, d: cut_options(s.reply(d, OFFER, more=[("hostname", b"x" * 100)]), 40),
    "no options": lambda s, d: cut_options(s.reply(d, OFFER), 0),
    "half a header": lambda s, d: Ether(bytes(s.reply(d, OFFER))[:14]) / IP(src=SERVER, dst="255.255.255.255") /
                    UDP(sport=67, dport=68) / Raw(b"\x02\x01\x06\0" + bytes(96)),
}


def other_client(offer):
    offer[BOOTP].chaddr = b"\x02\0\0\0\0\x99" + bytes(10)
    return offer


def cut_options(offer, size):
    """The offer with only so many octets after its cookie."""
    whole = bytes(offer[BOOTP])
    return (Ether(src=offer.src, dst=offer.dst) / IP(src=SERVER, dst=offer[IP].dst) / UDP(sport=67, dport=68) /
            Raw(whole[:240 + size]))


def test_dhcp_bad_offers_are_ignored(unconfigured):
    """None of them is requested; the good one that follows is."""
    wire = unconfigured.wires[0]
    wire.hosts[SERVER] = wire.mac
    server = Scripted(wire)
    discover = server.wait(1)
    mark = wire.mark()
    wire.send(*(build(server, discover) for build in BAD_OFFERS.values()))
    assert wire.try_wait(lambda p: DHCP in p and server.options(p).get("message-type") == 3, mark, 1.0) is None
    wire.send(server.reply(discover, OFFER, address="10.0.1.1"))
    request = server.wait(3)
    assert server.options(request)["requested_addr"] == "10.0.1.1"
    wire.send(server.reply(request, ACK))
    wire.until_answering()


def test_dhcp_declines_an_address_in_use(unconfigured):
    """Asked for by ARP first, without an address of our own (RFC 2131 s4.4.1, RFC 5227 s2.1.1)."""
    dut, wire = unconfigured, unconfigured.wires[0]
    server = Scripted(wire)
    wire.hosts["10.0.1.1"] = "02:00:00:00:00:77"
    mark = wire.mark()
    began = time.monotonic()
    request = server.give()
    declined = server.wait(4)
    options = server.options(declined)
    assert (options["requested_addr"], options["server_id"]) == ("10.0.1.1", SERVER)
    assert (declined[BOOTP].xid, declined[BOOTP].ciaddr) == (request[BOOTP].xid, "0.0.0.0")
    assert not {"param_req_list", "max_dhcp_size", "hostname"} & set(options)
    probe = wire.wait(lambda p: "ARP" in p and p["ARP"].pdst == "10.0.1.1" and p["ARP"].op == 1, mark)
    assert (probe["ARP"].psrc, probe[Ether].dst) == ("0.0.0.0", BROADCAST)
    assert "10.0.1.1" not in dut.run("ip addr show dev eth0")
    dut.console.wait(r"dhcp: eth0: 10\.0\.1\.1 is in use")
    again = server.wait(1)
    assert time.monotonic() - began > 9.5  # s3.1 5: ten seconds at least
    wire.send(server.reply(again, OFFER, "10.0.1.9"))
    wire.send(server.reply(server.wait(3), ACK, "10.0.1.9"))
    wait_address(dut, "10.0.1.9")
    assert len([p for p in wire.since(mark) if "ARP" in p and p["ARP"].pdst == "10.0.1.9" and
                p["ARP"].psrc == "0.0.0.0" and p[Ether].src == "52:54:00:12:34:56"]) == 3
