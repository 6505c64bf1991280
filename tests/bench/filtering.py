# SPDX-License-Identifier: MIT
"""The guest as a firewall: what rules, connections and their translation cost, and how long rules take to load.

The rules are iptables-restore's on both guests. Memory is what the guest itself says is free, before the rules are loaded
and when a million connections are there, so that hash tables and allocators' waste are counted.
"""
import random
import time

import forward
import vm
from forward import forwarded
from insns import Insns, measure_insns
from vm import Running

# Ten rules that every packet is held against; the last takes it.
TEN_RULES = ("*filter", ":FORWARD DROP [0:0]",
             "-A FORWARD -s 192.168.0.0/16 -j DROP", "-A FORWARD -s 172.16.0.0/12 -j DROP",
             "-A FORWARD -d 127.0.0.0/8 -j DROP", "-A FORWARD -p tcp -m tcp --dport 22 -j ACCEPT",
             "-A FORWARD -p udp -m udp --dport 53 -j ACCEPT", "-A FORWARD -p udp -m udp --sport 53 -j ACCEPT",
             "-A FORWARD -p icmp -j ACCEPT", "-A FORWARD -i eth1 -p udp -j DROP",
             "-A FORWARD -p udp -m multiport --dports 67,68,123 -j DROP", "-A FORWARD -i eth0 -o eth1 -j ACCEPT",
             "COMMIT")
MASQUERADE = ("*nat", "-A POSTROUTING -o eth1 -j MASQUERADE", "COMMIT")
MILLION = 1_000_000
SETTINGS = {"nf_conntrack_max": MILLION + MILLION // 10, "nf_conntrack_buckets": MILLION, "nf_conntrack_udp_timeout": 7200}
MEMORY = {"weir": "512M", "Linux": "1G"}  # for the million


def many_rules(count=10_000):
    """Rules such as lists of addresses make: four kinds in turn."""
    dice = random.Random(5)
    kinds = ("-s {a}/32 -j DROP", "-d {a}/32 -p tcp -m tcp --dport {p} -j ACCEPT",
             "-s {a}/32 -p udp -m udp --dport {p} -j ACCEPT",
             "-d {a}/32 -i eth0 -m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT")
    lines = (kinds[i % 4].format(a=forward.routes.dotted(dice.randrange(1 << 24, 223 << 24)), p=dice.randrange(1, 65536))
             for i in range(count))
    return ("*filter", *(f"-A FORWARD {line}" for line in lines), "COMMIT")


def only(guest, **more):
    """The guest as a router with few routes."""
    return forward.routers(guest, counts=(forward.FEW,), **more)


# ---- instructions

def insn_rules(guest, args, results):
    for _, router in only(guest, rules=TEN_RULES):
        named = "each datagram forwarded through 10 rules, 64 outstanding"
        works = {f"{named}, one flow": lambda: forwarded(router, 64, "-n", 100000, spread=False)[0],
                 named: lambda: forwarded(router, 64, "-n", 100000)[0]}
        with Running(router, args.machine, count=True) as g:
            measure_insns(guest, Insns(g), works, args, results)
    for _, router in only(guest, rules=MASQUERADE):
        named = "each datagram forwarded and masqueraded, 64 outstanding, one flow"
        works = {named: lambda: forwarded(router, 64, "-n", 100000, spread=False)[0]}
        with Running(router, args.machine, count=True) as g:
            measure_insns(guest, Insns(g), works, args, results)


# ---- rate, memory, time

def nat(guest, args, results):
    rate(guest, args, results)
    conns(guest, args, results)
    restore(guest, args, results)


def rate(guest, args, results):
    rates = forward.Rates()
    for _, router in only(guest, rules=MASQUERADE):
        for _ in range(args.runs):
            with Running(router, args.machine):
                router.wait_ready()
                rates.measure(router, args.seconds, spread=False)
    rates.add_rows("masqueraded", guest, results)


def conns(guest, args, results):
    """To as many destinations as there are many routes, from ten ports."""
    for _, router in forward.routers(guest, counts=(forward.MANY,), rules=MASQUERADE, settings=SETTINGS):
        router.mem = MEMORY[guest.name]
        with Running(router, args.machine) as g:
            router.wait_ready()
            if not router.rules_at_boot:
                forwarded(router, 64, "-n", forward.MANY)  # what traffic takes without connections is not theirs
            before = router.memory_before(g)
            end = time.monotonic() + 300
            while (now := router.connections(g))[0] < MILLION:
                if time.monotonic() > end:
                    raise vm.NoAnswer(f"{guest.name} has {now[0]:,} connections and gets no more")
                for _ in range(-(-(MILLION - now[0]) // forward.MANY)):
                    forwarded(router, 64, "-n", forward.MANY)  # from another port each time
            count, free = now
            results.add("memory of 1,000,000 connections, masqueraded", "MB", guest,
                        [(before - free) / 1e6 * MILLION / count])


def restore(guest, args, results):
    times = []
    for _, router in only(guest, rules=many_rules()):
        for _ in range(max(args.runs, 3)):
            with Running(router, args.machine) as g:
                times.append(router.restore_time(g))
    results.add("iptables-restore of 10,000 rules, by the guest's clock", "ms", guest, times, 1)
