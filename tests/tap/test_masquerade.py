# SPDX-License-Identifier: MIT
"""What was masqueraded ends with the address it went out under: what the same client sends next has the new one."""
import re

import pytest
from scapy.layers.inet import IP, UDP
from scapy.packet import Raw

from conftest import new_router
from test_arp import wait_for

OLD, NEW, SOURCE_NAT = "10.0.2.1", "10.0.2.50", 5300
RULES = f"""*nat
-A POSTROUTING -o eth1 -p udp --dport {SOURCE_NAT} -j SNAT --to-source {OLD}
-A POSTROUTING -o eth1 -j MASQUERADE
COMMIT
"""


@pytest.fixture(scope="module", name="router")
def router_fixture():
    """Of its own: who has once translated tracks from then on."""
    with new_router() as dut:
        dut.run("iptables-restore", RULES)
        yield dut


def seen_as(wire, far, dport):
    """The address that the far host sees of a flow."""
    mark = far.mark()
    wire.send(wire.eth() / IP(src=wire.ip, dst=far.ip) / UDP(sport=4000, dport=dport) / Raw(b"?"))
    return far.wait(lambda p: UDP in p and p[UDP].dport == dport, mark)[IP].src


def flows(router):
    """Ports of the far host that entries are about."""
    return sorted(re.findall(r" dport=(\d+) \[UNREPLIED\] src=10\.0\.2\.2 ", router.run("conntrack -L -p udp --orig-src 10.0.1.2")))


def test_another_address(router):
    wire, far = router.wires
    assert {seen_as(wire, far, dport) for dport in (53, 54, SOURCE_NAT)} == {OLD}
    assert flows(router) == ["53", "5300", "54"]
    router.run(f"ip addr add {NEW}/24 dev eth1")
    assert seen_as(wire, far, 53) == OLD, "a second address changes nothing"
    router.run(f"ip addr del {NEW}/24 dev eth1")
    assert flows(router) == ["53", "5300", "54"]
    router.run(f"ip addr del {OLD}/24 dev eth1")
    wait_for(lambda: flows(router) == ["5300"])
    router.run(f"ip addr add {NEW}/24 dev eth1")
    assert seen_as(wire, far, 53) == NEW
    assert seen_as(wire, far, SOURCE_NAT) == OLD, "as the rule says"
    router.run(f"ip addr del {NEW}/24 dev eth1")
    router.run(f"ip addr add {OLD}/24 dev eth1")
    wait_for(lambda: flows(router) == ["5300"])
    assert seen_as(wire, far, 53) == OLD


def test_a_device_goes_down(router):
    wire, far = router.wires
    router.run("conntrack -F")
    assert {seen_as(wire, far, dport) for dport in (55, SOURCE_NAT)} == {OLD}
    router.run("ip link set eth1 down")
    wait_for(lambda: flows(router) == ["5300"])
    router.run("ip link set eth1 up")
    assert seen_as(wire, far, 55) == OLD
