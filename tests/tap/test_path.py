# SPDX-License-Identifier: MIT
"""What routers tell a host of single destinations: too big (RFC 1191), go another way (redirects)."""
import contextlib

import pytest
from scapy.layers.inet import ICMP, IP, UDP
from scapy.packet import Raw

from wire import payload

FAR, OTHER, BETTER, BETTER_MAC = "198.51.100.9", "198.51.100.10", "10.0.1.166", "02:00:00:00:01:66"


def echoed(wire, size, dst=FAR):
    """The pieces of an echoed datagram of that size, as they leave for dst."""
    mark = wire.mark()
    wire.send(wire.udp(b"e" * size, ip={"src": dst}))
    wire.wait(lambda p: IP in p and p[IP].dst == dst and p[IP].proto == 17 and not p[IP].flags.MF, mark)
    return [p for p in wire.since(mark) if IP in p and p[IP].dst == dst and p[IP].proto == 17]


def tell(wire, about, src=None, **icmp):
    """An ICMP error about a packet that the device sent."""
    wire.send(wire.ipv4(**({"src": src} if src else {})) / ICMP(**icmp) / Raw(bytes(about[IP])[:28]))
    wire.barrier()


def learnt(router, dst=FAR):
    """What `ip route get` says behind "cache", and where it goes; seconds rounded up."""
    words = router.run(f"ip route get {dst}").split()
    via, cache = words[words.index("via") + 1], words[words.index("cache") + 1:]
    if "expires" in cache:
        at = cache.index("expires") + 1
        seconds = int(cache[at].removesuffix("sec"))
        cache[at] = "600" if 590 < seconds <= 600 else "300" if 290 < seconds <= 300 else str(seconds)
    return via, " ".join(cache)


@pytest.fixture
def path(router, wire):
    """A network behind the tester."""
    router.run(f"ip route add 198.51.100.0/24 via {wire.ip}")
    wire.hosts[BETTER] = BETTER_MAC
    yield router
    router.run("ip route del 198.51.100.0/24")
    del wire.hosts[BETTER]


@contextlib.contextmanager
def setting(router, name, value, back):
    router.run(f"sysctl -w {name}={value}")
    try:
        yield
    finally:
        router.run(f"sysctl -w {name}={back}")


def shape(pieces):
    """Total length and don't-fragment of each packet."""
    return [(p[IP].len, bool(p[IP].flags.DF)) for p in pieces]


def test_path_mtu_is_learnt(path, wire):
    sent = echoed(wire, 1400)
    assert shape(sent) == [(1428, True)]
    tell(wire, sent[0], type=3, code=4, nexthopmtu=1300)
    assert learnt(path) == (wire.ip, "expires 600 mtu 1300")
    assert learnt(path, OTHER) == (wire.ip, "")
    assert shape(echoed(wire, 1400)) == [(1300, False), (148, False)]
    assert shape(echoed(wire, 1272)) == [(1300, True)]
    shown = path.run("ip route show cache").split()
    assert shown[:5] == [FAR, "via", wire.ip, "dev", "eth0"] and shown[-2:] == ["mtu", "1300"]
    tell(wire, sent[0], type=3, code=4, nexthopmtu=1200)
    assert learnt(path) == (wire.ip, "expires 600 mtu 1200")
    tell(wire, sent[0], type=3, code=4, nexthopmtu=1250)
    assert learnt(path) == (wire.ip, "expires 600 mtu 1200")
    path.run("ip route flush cache")
    assert learnt(path) == (wire.ip, "")
    assert shape(echoed(wire, 1400)) == [(1428, True)]


@pytest.mark.parametrize("told", [0, 68, 551])
def test_path_mtu_too_small_is_a_guess(path, wire, told):
    tell(wire, echoed(wire, 1400)[0], type=3, code=4, nexthopmtu=told)
    assert learnt(path) == (wire.ip, "expires 600 mtu lock 552")
    assert shape(echoed(wire, 1000)) == [(548, False), (500, False)]
    assert shape(echoed(wire, 100)) == [(128, False)]
    tell(wire, echoed(wire, 100)[0], type=3, code=4, nexthopmtu=1000)
    assert learnt(path) == (wire.ip, "expires 600 mtu lock 552")


def test_path_mtu_of_a_ping(path, wire):
    """The stack's own answers are packets as well."""
    mark = wire.mark()
    wire.send(wire.echo_request(b"p" * 1400, ip={"src": FAR}))
    reply = wire.wait(lambda p: ICMP in p and p[IP].dst == FAR, mark)
    assert not reply[IP].flags.DF
    tell(wire, reply, type=3, code=4, nexthopmtu=1300)
    assert learnt(path) == (wire.ip, "expires 600 mtu 1300")


@pytest.mark.parametrize("fields", [{"sport": 99}, {"src": "10.0.1.99"}, {"proto": 253}])
def test_path_mtu_of_what_we_did_not_send(path, wire, fields):
    quoted = {"src": wire.dut_ip, "dst": FAR}
    quoted.update({k: v for k, v in fields.items() if k != "sport"})
    wire.send(wire.ipv4() / ICMP(type=3, code=4, nexthopmtu=1300) / IP(**quoted) /
              UDP(sport=fields.get("sport", 7), dport=4000))
    wire.barrier()
    assert learnt(path) == (wire.ip, "")


@pytest.mark.parametrize("mode,cache", [(1, "expires 600 mtu lock 552"), (2, ""), (3, "")])
def test_path_mtu_settings(path, wire, mode, cache):
    sent = echoed(wire, 1400)[0]
    with setting(path, "net.ipv4.ip_no_pmtu_disc", mode, 0):
        tell(wire, sent, type=3, code=4, nexthopmtu=1300)
    assert learnt(path) == (wire.ip, cache)


def test_path_mtu_and_forwarding(path, wire, far):
    """A router goes by the link's MTU, unless told otherwise."""
    def crosses():
        mark = [far.mark(), wire.mark()]
        far.send(far.udp(b"f" * 1400, dport=9, ip={"dst": FAR, "flags": "DF"}))
        far.barrier()
        wire.barrier()
        errors = [p[ICMP].nexthopmtu for p in far.since(mark[0]) if ICMP in p and p[ICMP].type == 3]
        return errors or [p[IP].len for p in wire.since(mark[1]) if UDP in p and p[UDP].dport == 9]

    tell(wire, echoed(wire, 1400)[0], type=3, code=4, nexthopmtu=1300)
    assert crosses() == [1428]
    with setting(path, "net.ipv4.ip_forward_use_pmtu", 1, 0):
        assert crosses() == [1300]
    tell(wire, echoed(wire, 1400)[0], type=3, code=4, nexthopmtu=0)
    assert crosses() == [552]


REDIRECTS = {  # who tells, the better gateway, settings of the host: is it followed?
    "from the gateway": ({}, {}, True),
    "net": ({"code": 0}, {}, True),
    "host and service": ({"code": 3}, {}, True),
    "unknown code": ({"code": 4}, {}, False),
    "from somebody else": ({"src": "10.0.1.77"}, {}, False),
    "to a broadcast": ({"gw": "10.0.1.255"}, {}, False),
    "to us": ({"gw": "10.0.1.1"}, {}, False),
    "to a group": ({"gw": "224.0.0.9"}, {}, False),
    "a router": ({}, {"ip_forward": 1}, False),  # sets conf.all.accept_redirects to 0
    "a router that accepts them": ({}, {"ip_forward": 1, "conf.all.accept_redirects": 1}, True),
    "not accepted": ({}, {"conf.all.accept_redirects": 0, "conf.eth0.accept_redirects": 0}, False),
    "accepted by all": ({}, {"conf.all.accept_redirects": 1, "conf.eth0.accept_redirects": 0}, True),
    "links of one network, unknown gateway": ({}, {"conf.all.shared_media": 0, "conf.eth0.shared_media": 0}, False),
    "links of one network, not secure":
        ({}, {"conf.all.shared_media": 0, "conf.eth0.shared_media": 0,
              "conf.all.secure_redirects": 0, "conf.eth0.secure_redirects": 0}, True),
}
DEFAULTS = {"ip_forward": 0, **{f"conf.{dev}.{name}": 1 for dev in ("all", "eth0")
                                for name in ("accept_redirects", "shared_media", "secure_redirects")}}


@pytest.mark.parametrize("told,settings,followed", REDIRECTS.values(), ids=REDIRECTS)
def test_path_redirects(path, wire, told, settings, followed):
    icmp = {"type": 5, "code": 1, "gw": BETTER, **told}
    try:
        for name, value in [*DEFAULTS.items(), *settings.items()]:
            path.run(f"sysctl -w net.ipv4.{name}={value}")
        sent = echoed(wire, 10)[0]
        for _ in range(3):  # the new gateway must answer for itself first
            tell(wire, sent, **icmp)
        assert learnt(path) == ((BETTER, "<redirected> expires 300") if followed else (wire.ip, ""))
        again = echoed(wire, 10)[0]
        assert again.dst == (BETTER_MAC if followed else wire.mac)
        assert payload(again) == payload(sent)
    finally:
        for name, value in {**DEFAULTS, "ip_forward": 1}.items():
            path.run(f"sysctl -w net.ipv4.{name}={value}")


def test_path_redirect_and_mtu_of_one(path, wire):
    with setting(path, "net.ipv4.ip_forward", 0, 1):
        sent = echoed(wire, 10)[0]
        tell(wire, sent, type=3, code=4, nexthopmtu=1300)
        for _ in range(3):
            tell(wire, sent, type=5, code=1, gw=BETTER)
        assert learnt(path) == (BETTER, "<redirected> expires 300 mtu 1300")
