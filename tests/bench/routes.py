#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A routing table like the Internet's, as lines for `ip -batch`: for tests and for the benchmark.

routes.py [--count 100000] [--seed 1] [--via GATEWAY]... [--command "route add"] [--lookup N]

Prefixes are distinct and unicast, keep away from 10/8 (where tests live) and 127/8, and have the mix of lengths that a
full table has. The same arguments give the same lines. --lookup N prints N addresses that the routes cover instead.
"""
import argparse
import ipaddress
import random

# Parts in a thousand of the routes of a full table in 2024, by prefix length.
LENGTHS = {8: 1, 11: 1, 12: 1, 13: 1, 14: 2, 15: 3, 16: 14, 17: 9, 18: 15, 19: 26, 20: 46, 21: 54, 22: 112, 23: 104,
           24: 590, 25: 4, 26: 4, 27: 3, 28: 3, 29: 2, 30: 2, 32: 3}


def prefixes(count, seed):
    """Distinct (address, length) pairs. Neighbours often come together, as a provider's do."""
    dice = random.Random(seed)
    lengths, weights = zip(*LENGTHS.items())
    seen = set()
    while len(seen) < count:
        length = dice.choices(lengths, weights)[0]
        address = dice.randrange(1 << 24, 224 << 24) >> (32 - length)
        for near in range(dice.choice((1, 1, 2, 4, 8))):
            prefix = ((address + near) << (32 - length), length)
            if prefix not in seen and prefix[0] >> 24 not in (10, 127) and prefix[0] >> 24 < 224 and len(seen) < count:
                seen.add(prefix)
                yield prefix


def dotted(address):
    return str(ipaddress.IPv4Address(address))


def lines(count=100000, seed=1, gateways=("10.0.2.2",), command="route add"):
    """The batch, a line at a time."""
    for n, (address, length) in enumerate(prefixes(count, seed)):
        yield f"{command} {dotted(address)}/{length} via {gateways[n % len(gateways)]}"


def covered(number, count=100000, seed=1):
    """Addresses that some of the routes cover, in random order."""
    dice = random.Random(seed + 1)
    table = list(prefixes(count, seed))
    for _ in range(number):
        address, length = dice.choice(table)
        yield dotted(address + dice.randrange(1 << (32 - length)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--via", action="append")
    parser.add_argument("--command", default="route add")
    parser.add_argument("--lookup", type=int, default=0)
    args = parser.parse_args()
    if args.lookup:
        print("\n".join(covered(args.lookup, args.count, args.seed)))
    else:
        print("\n".join(lines(args.count, args.seed, args.via or ("10.0.2.2",), args.command)))


if __name__ == "__main__":
    main()
