# SPDX-License-Identifier: MIT
"""Every setting under net.ipv4 and net.netfilter that weir lists is Linux's, by name and default; and some test uses it."""
import os
import re

import pytest

import netns
from dut_weir import TOP, Weir

pytestmark = pytest.mark.weir  # about weir; Linux is the measure

# Listed by Linux outside of namespaces only; times of a kernel with 250 ticks a second.
FIRST_NAMESPACE = {
    "net.ipv4.route.error_burst": "1250",
    "net.ipv4.route.error_cost": "250",
    "net.ipv4.route.gc_timeout": "300",
    "net.ipv4.route.redirect_load": "5",
    "net.ipv4.route.redirect_number": "9",
    "net.ipv4.route.redirect_silence": "5120",
    "net.ipv4.neigh.default.gc_interval": "30",
    "net.ipv4.neigh.default.gc_thresh1": "128",
    "net.ipv4.neigh.default.gc_thresh2": "512",
    "net.ipv4.neigh.default.gc_thresh3": "1024",
}


def like(name):
    """Whose default a setting has: of a device those of all devices, which neighbours' have a namespace's lo for."""
    name = re.sub(r"^(net\.ipv4\.conf)\.(?:eth\d|lo)\.", r"\1.default.", name)
    if name in FIRST_NAMESPACE:
        return name
    return re.sub(r"^(net\.ipv4\.neigh)\.(?:eth\d|default)\.", r"\1.lo.", name)


def listed(text):
    pairs = (line.partition(" = ") for line in text.splitlines())
    return {name: value.strip() for name, _, value in pairs if name.startswith(("net.ipv4.", "net.netfilter."))}


@pytest.fixture(scope="module")
def settings():
    """weir's after a boot that sets none."""
    with Weir(nics=1, rc="ip addr add 10.0.1.1/24 dev eth0\n") as dut:
        return listed(dut.run("sysctl -a"))


@pytest.fixture(scope="module")
def of_linux():
    space = netns.Namespace()
    try:
        space.run("iptables-legacy", "-t", "nat", "-S")  # brings conntrack and its settings
        return {**FIRST_NAMESPACE, **listed(space.run("sysctl", "-a"))}
    finally:
        space.close()


def test_sysctl_names_and_defaults_are_linux(settings, of_linux):
    with open(os.path.join(TOP, "docs", "COMPATIBILITY.md"), encoding="utf-8") as f:
        told = f.read()
    wrong = []
    for name, value in settings.items():
        expected = of_linux.get(like(name))
        if expected != value and f"`{name.rsplit('.', 1)[1]}`" not in told:
            wrong.append(f"{name} = {value}: Linux has {expected}")
    assert len(settings) > 100 and not wrong, "\n".join(wrong)


def test_sysctl_each_is_tested(settings):
    texts = []
    for folder in ("unit", "tap"):
        where = os.path.join(TOP, "tests", folder)
        for file in sorted(os.listdir(where)):
            if file.endswith((".c", ".py")) and file != os.path.basename(__file__):
                with open(os.path.join(where, file), encoding="utf-8") as f:
                    texts.append(f.read())
    text = "\n".join(texts)
    untested = {name.rsplit(".", 1)[1] for name in settings if not re.search(
        rf"\b{name.rsplit('.', 1)[1]}\b", text)}
    assert not untested, "in no test: " + " ".join(sorted(untested))
