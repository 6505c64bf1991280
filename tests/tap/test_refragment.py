# SPDX-License-Identifier: MIT
"""Packets in pieces through conntrack: reassembled before it, and sent on in pieces no larger than those that came."""
import pytest
from scapy.layers.inet import ICMP, IP
from scapy.packet import Raw

DATA = bytes(n % 251 for n in range(8000))

# Pieces as they come (start, end), DF, eth1's MTU; pieces as they go on (offset, length, DF), or the ICMP error's MTU.
CASES = {
    "as they came": ([(0, 1000), (1000, 1400)], False, 1500, [(0, 1000, 0), (1000, 400, 0)]),
    "uneven": ([(0, 200), (200, 1400), (1400, 1480)], False, 1500, [(0, 200, 0), (200, 1200, 0), (1400, 80, 0)]),
    "last first": ([(1000, 1400), (0, 1000)], False, 1500, [(0, 1000, 0), (1000, 400, 0)]),
    "small whole": ([(0, 40), (40, 60)], False, 1500, [(0, 40, 0), (40, 20, 0)]),
    "narrower": ([(0, 1480), (1480, 2000)], False, 1000, [(0, 976, 0), (976, 976, 0), (1952, 48, 0)]),
    "odd narrower": ([(0, 400), (400, 1880)], False, 1000, [(0, 976, 0), (976, 904, 0)]),
    "don't fragment": ([(0, 1000), (1000, 1400)], True, 1500, [(0, 1000, 0), (1000, 400, 0)]),
    "don't fragment, narrower": ([(0, 1480), (1480, 2000)], True, 1000, 1000),
}


@pytest.fixture(scope="module")
def tracking(router):
    router.run("iptables -A FORWARD -m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT")
    yield router
    router.run("iptables -F FORWARD")
    router.run("ip link set eth1 mtu 1500")


def piece(wire, far, ident, end, cut, dont):
    flags = [name for name, on in (("MF", cut[1] < end), ("DF", dont)) if on]
    ip = IP(src=wire.ip, dst=far.ip, id=ident, proto=17, flags="+".join(flags), frag=cut[0] // 8)
    return wire.eth() / ip / Raw(DATA[cut[0]:cut[1]])


@pytest.mark.parametrize("name", CASES)
def test_refragment(tracking, wire, far, name):
    cuts, dont, mtu, want = CASES[name]
    ident, end = 700 + list(CASES).index(name), max(e for _, e in cuts)
    tracking.run(f"ip link set eth1 mtu {mtu}")
    mark, mark_far = wire.mark(), far.mark()
    wire.send(*(piece(wire, far, ident, end, cut, dont) for cut in cuts))
    wire.barrier()
    far.barrier()
    came = [p[IP] for p in far.since(mark_far) if IP in p and p[IP].id == ident]
    errors = [p for p in wire.since(mark) if ICMP in p and p[ICMP].type == 3]
    if isinstance(want, int):
        assert came == [] and [p[ICMP].nexthopmtu for p in errors] == [want]
        return
    assert errors == []
    assert [(p.frag * 8, p.len - 20, int("DF" in str(p.flags))) for p in came] == want
    assert b"".join(bytes(p.payload)[:p.len - 20] for p in came) == DATA[:end]
