# SPDX-License-Identifier: MIT
"""Random rulesets in iptables-restore's words, over every supported match (rule_matches.py) and target.

ruleset(rng) is its text. One in ten has nothing about connections, and says so in its first line: nothing is tracked then, and
nothing put together. settings(rng) is how connections are tracked.
"""
from rule_matches import (CLIENT_PORTS, CLIENTS, OF_CONNECTIONS, OF_PACKETS, OF_PROTO, PORTS, ROUTER, SERVERS, addresses,
                          negated, often)

FAR = ["10.21.3.4", "10.22.5.6"]
NOBODY = "10.12.0.1"  # a blackhole
CHAINS = {
    "raw": ["PREROUTING", "OUTPUT"],
    "mangle": ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"],
    "nat": ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"],
    "filter": ["INPUT", "FORWARD", "OUTPUT"],
    "security": ["INPUT", "FORWARD", "OUTPUT"],
}
UNTRACKED = "# Connections are not tracked.\n"
TABLE_WEIGHTS = {"filter": 10, "nat": 7, "mangle": 3, "raw": 2, "security": 1}
REJECTS = ["icmp-net-unreachable", "icmp-host-unreachable", "icmp-proto-unreachable", "icmp-port-unreachable",
           "icmp-net-prohibited", "icmp-host-prohibited", "icmp-admin-prohibited"]
QUEUES = ["NFQUEUE", "NFQUEUE --queue-num 3", "NFQUEUE --queue-num 3 --queue-bypass", "NFQUEUE --queue-balance 2:5",
          "NFQUEUE --queue-balance 2:5 --queue-bypass", "QUEUE"]

# net.netfilter.nf_conntrack_*: what it is in most cases, and what it may be in others. Times are far from what rules ask for.
TIMES = [150, 700, 3000]
TRACKING_SETTINGS = {
    "acct": [1, 0], "checksum": [1, 0], "tcp_be_liberal": [0, 1], "tcp_ignore_invalid_rst": [0, 1], "tcp_loose": [1, 0],
    "tcp_max_retrans": [3, 0, 1, 2], "generic_timeout": [600, *TIMES], "icmp_timeout": [30, *TIMES], "udp_timeout": [30, *TIMES],
    "tcp_timeout_close": [10, *TIMES], "tcp_timeout_close_wait": [60, *TIMES], "tcp_timeout_established": [432000, *TIMES],
    "tcp_timeout_fin_wait": [120, *TIMES], "tcp_timeout_last_ack": [30, *TIMES], "tcp_timeout_max_retrans": [300, *TIMES],
    "tcp_timeout_syn_recv": [60, *TIMES], "tcp_timeout_syn_sent": [120, *TIMES], "tcp_timeout_time_wait": [120, *TIMES],
    "tcp_timeout_unacknowledged": [300, *TIMES],
}


class Ruleset:
    def __init__(self, rng):
        self.rng = rng
        rng.port_ranges = often(rng, 0.6)  # or ports chosen at random: in a range or not, that would be chance
        self.tracked = not often(rng, 0.1)
        tables = [t for t, w in TABLE_WEIGHTS.items() if often(rng, w / 10) and (self.tracked or t != "nat")] or ["filter"]
        self.text = ("" if self.tracked else UNTRACKED) + "".join(self.table(t) for t in tables)

    # ---- targets

    def to_ports(self, of_destination):
        """One, or so many that a port taken by chance is not one that has served before. Those of destinations go in order."""
        first = self.rng.choice([2000, 710, 100, 40000])  # no rule's range ends within
        more = self.rng.choice([0, 1, 3, 9, 180] if of_destination else [0, 180, 240])
        return f"{first}-{first + more}" if more else str(first)

    def to_addresses(self, pool):
        one = self.rng.choice(pool)
        if often(self.rng, 0.25):
            head, low = one.rsplit(".", 1)
            return f"{one}-{head}.{int(low) + 1}"
        return one

    def more(self, *words):
        """One of the words, or none; nothing at random where rules would see it."""
        return self.rng.choice(["", "", *(w for w in words if not (self.rng.port_ranges and "random" in w))])

    def nat_target(self, chain, proto):
        rng, ports = self.rng, proto in ("tcp", "udp") and often(self.rng, 0.4)
        if chain in ("PREROUTING", "OUTPUT"):
            kind = rng.choice(["DNAT", "DNAT", "DNAT", "REDIRECT", "REDIRECT", "NETMAP"])
            if kind == "NETMAP":
                return "NETMAP --to " + rng.choice(["10.0.2.8/29", "10.0.2.12/30"])
            if kind == "REDIRECT":
                return "REDIRECT" + (f" --to-ports {self.to_ports(True)}" + self.more(" --random") if ports else "")
            port = f":{rng.choice([str(rng.choice(PORTS)), self.to_ports(True)])}" if ports else ""
            return "DNAT --to-destination " + self.to_addresses(SERVERS + CLIENTS) + port + \
                self.more(" --random", " --persistent")
        kind = rng.choice(["SNAT", "SNAT", "MASQUERADE", "MASQUERADE", "NETMAP"] if chain == "POSTROUTING" else ["SNAT"])
        if kind == "NETMAP":
            return "NETMAP --to " + rng.choice(["10.0.2.16/29", "10.0.1.8/29"])
        if kind == "MASQUERADE":
            return "MASQUERADE" + (f" --to-ports {self.to_ports(False)}" if ports else "") + \
                self.more(" --random", " --random-fully")
        port = f":{self.to_ports(False)}" if ports else ""
        return "SNAT --to-source " + self.to_addresses(["10.0.2.1", "10.0.2.20", "10.0.1.1"]) + port + \
            self.more(" --random", " --random-fully", " --persistent")

    def target(self, table, chain, proto, users):
        rng = self.rng
        if users and often(rng, 0.25):
            return rng.choice(["-j", "-j", "-g"]) + " " + rng.choice(users)
        plain = ["ACCEPT", "ACCEPT", "ACCEPT", "RETURN", "DROP", "LOG", self.log()]
        if table == "nat":
            pool = [self.nat_target(chain, proto)] * 5 + ["ACCEPT", "RETURN"]
        elif table == "mangle":
            pool = plain + ["MARK", "CONNMARK" if self.tracked else "MARK"] * 8
            if proto == "tcp" and chain in ("FORWARD", "OUTPUT", "POSTROUTING"):
                pool += ["TCPMSS"] * 8
        elif table == "raw":
            pool = plain + ["CT --notrack", "NOTRACK", "TRACE"] * 2
        elif table == "filter":
            rejects = ["REJECT"] + [f"REJECT --reject-with {rng.choice(REJECTS)}"] * 2
            if proto == "tcp":
                rejects += ["REJECT --reject-with tcp-reset"] * 3
            if self.tracked and chain == "OUTPUT" and proto in ("", "tcp") and often(rng, 0.3):
                return "-m conntrack --ctstate ESTABLISHED -j " + rng.choice(rejects)
            if self.tracked and chain == "OUTPUT" and proto in ("", "tcp"):
                rejects = []  # an error about a reset that was made here would bring a new connection to life on Linux
            pool = plain + rejects + (QUEUES if often(rng, 0.2) else [])
        else:
            pool = plain
        chosen = rng.choice(pool)
        if chosen == "TCPMSS":
            return "-m tcp --tcp-flags SYN,RST SYN -j TCPMSS " + rng.choice(["--clamp-mss-to-pmtu", "--set-mss 1000",
                                                                             "--set-mss 200"])
        return "-j " + {"MARK": self.mark, "CONNMARK": self.connmark}.get(chosen, lambda: chosen)()

    def log(self):
        rng = self.rng
        words = [w for w in ["--log-prefix \"x: \"", "--log-tcp-sequence", "--log-tcp-options", "--log-ip-options",
                             "--log-macdecode", f"--log-level {rng.choice([1, 4, 7])}"] if often(rng, 0.3)]
        return " ".join(["LOG", *words])

    def mark(self):
        return "MARK " + self.rng.choice(["--set-mark 0x1", "--set-mark 0x2/0xff", "--set-xmark 0x3/0x1", "--or-mark 0x10",
                                          "--and-mark 0x1", "--xor-mark 0x1"])

    def connmark(self):
        rng = self.rng
        words = rng.choice(["--set-mark 0x1", "--set-xmark 0x3/0x1", "--and-mark 0x1", "--or-mark 0x2", "--xor-mark 0x1",
                            "--save-mark", "--restore-mark", "--save-mark", "--restore-mark"])
        if words in ("--save-mark", "--restore-mark"):
            words += rng.choice(["", "", " --mask 0xff", " --nfmask 0xf --ctmask 0xff", " --ctmask 0x3", " --nfmask 0x13"])
        return "CONNMARK " + words

    # ---- rules

    def rule(self, table, chain, name, users):
        """chain: whose restrictions it has; name: the one it is in."""
        rng, words = self.rng, [f"-A {name}"]
        if often(rng, 0.15):
            words.append(negated(rng, f"-s {addresses(rng, CLIENTS + SERVERS)}"))
        if often(rng, 0.15):
            words.append(negated(rng, f"-d {addresses(rng, SERVERS + CLIENTS + ROUTER)}"))
        if chain in ("PREROUTING", "INPUT", "FORWARD") and often(rng, 0.15):
            words.append(negated(rng, f"-i {rng.choice(['eth0', 'eth1', 'eth+', 'lo'])}"))
        if chain in ("POSTROUTING", "OUTPUT", "FORWARD") and often(rng, 0.15):
            words.append(negated(rng, f"-o {rng.choice(['eth0', 'eth1', 'eth+'])}"))
        proto = rng.choice(["", "", "", "tcp", "tcp", "tcp", "udp", "udp", "icmp", "253"])
        if proto:
            inverted = often(rng, 0.06)
            words.append(("! " if inverted else "") + f"-p {proto}")
            proto = "" if inverted else proto
        if proto in ("", "udp", "253") and often(rng, 0.08 if self.tracked else 0.5):
            words.append(rng.choice(["-f", "! -f"]))
        target = self.target(table, chain, proto, users)
        if proto in OF_PROTO and often(rng, 0.6) and "-m tcp" not in target:
            words.append(OF_PROTO[proto](rng, chain, proto))
        matches = OF_PACKETS + (OF_CONNECTIONS if self.tracked else [])
        for make in rng.sample(matches, rng.choice([0, 1, 1, 2])):
            made = make(rng, chain, proto)
            if not ("-m tcp " in made and any("-m tcp" in w for w in (*words, target))):
                words.append(made)
        if often(rng, 0.03):
            return " ".join(w for w in words if w)  # counts only
        return " ".join(w for w in (*words, target) if w)

    def table(self, table):
        rng = self.rng
        users = [f"{table}-{n}" for n in range(rng.choice([0, 0, 1, 2, 3]))]
        lines = [f"*{table}"]
        for chain in CHAINS[table]:
            drop = table != "nat" and often(rng, 0.1)
            lines.append(f":{chain} {'DROP' if drop else 'ACCEPT'} [0:0]")
        lines += [f":{user} - [0:0]" for user in users]
        hook = {user: rng.choice(CHAINS[table]) for user in users}
        for n, user in enumerate(users):
            later = [u for u in users[n + 1:] if hook[u] == hook[user]]
            lines += [self.rule(table, hook[user], user, later) for _ in range(rng.randrange(1, 5))]
        for chain in CHAINS[table]:
            callable_here = [u for u in users if hook[u] == chain]
            if often(rng, 0.04):
                lines.append(f"-A {chain} -m recent --set --name seen")  # for those that ask
            lines += [self.rule(table, chain, chain, callable_here) for _ in range(rng.choice([0, 1, 2, 4]))]
        return "\n".join([*lines, "COMMIT", ""])


def ruleset(rng):
    return Ruleset(rng).text


def settings(rng):
    """Those of TRACKING_SETTINGS that are not as usual: none, mostly."""
    changed = rng.sample(sorted(TRACKING_SETTINGS), rng.choice([0, 0, 0, 1, 3, 6]))
    return {name: rng.choice(TRACKING_SETTINGS[name][1:]) for name in changed}
