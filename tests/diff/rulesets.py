# SPDX-License-Identifier: MIT
"""Random rulesets in iptables-restore's words, over every supported match and target.

ruleset(rng) is a Ruleset: its text, and the addresses that NAT may choose from. Values come from the small
pools of the conversations (conversations.py), so that rules fit packets often. Nothing in it goes by the clock or by chance:
limits refill by the hour, statistics count.
"""
CLIENTS = [f"10.0.1.{n}" for n in range(10, 14)]
SERVERS = [f"10.0.2.{n}" for n in range(10, 14)]
ROUTER = ["10.0.1.1", "10.0.2.1"]
FAR = ["10.21.3.4", "10.22.5.6"]
NOBODY = "10.12.0.1"  # a blackhole
PORTS = [53, 80, 443, 1000, 5001, 8080]
CLIENT_PORTS = [400, 700, 1024, 33000, 39001, 61000]
CHAINS = {
    "raw": ["PREROUTING", "OUTPUT"],
    "mangle": ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"],
    "nat": ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"],
    "filter": ["INPUT", "FORWARD", "OUTPUT"],
    "security": ["INPUT", "FORWARD", "OUTPUT"],
}
TABLE_WEIGHTS = {"filter": 10, "nat": 7, "mangle": 3, "raw": 2, "security": 1}
ICMP_NAMES = ["echo-request", "echo-reply", "destination-unreachable", "3/3", "3/4", "time-exceeded", "any", "8", "11/0"]
REJECTS = ["icmp-net-unreachable", "icmp-host-unreachable", "icmp-proto-unreachable", "icmp-port-unreachable",
           "icmp-net-prohibited", "icmp-host-prohibited", "icmp-admin-prohibited"]


def often(rng, chance):
    return rng.random() < chance


def negated(rng, words, chance=0.15):
    return ("! " if often(rng, chance) else "") + words


def port_range(rng, pool):
    first = rng.choice(pool)
    if not rng.port_ranges:
        return str(first)
    return rng.choice([f"{first}", f"{first}", f"{first}:{first + 500}", f":{first}", f"{first}:"])


def addresses(rng, pool):
    one = rng.choice(pool)
    return rng.choice([one, one, f"{one}/24", f"{one}/30", "10.0.0.0/8", f"{one}/255.255.255.248"])


# ---- matches: words, given (rng, chain, proto)

def tcp(rng, _chain, _proto):
    words = []
    if often(rng, 0.3):
        words.append(negated(rng, f"--sport {port_range(rng, CLIENT_PORTS + PORTS)}"))
    if often(rng, 0.5):
        words.append(negated(rng, f"--dport {port_range(rng, PORTS + CLIENT_PORTS)}"))
    if often(rng, 0.3):
        words.append(rng.choice(["--syn", "! --syn", negated(rng, "--tcp-flags " + rng.choice(
            ["SYN,ACK SYN,ACK", "FIN,RST RST", "ALL NONE", "SYN,RST,ACK,FIN FIN,ACK", "ALL SYN,ACK", "PSH PSH"]))]))
    if often(rng, 0.08):
        words.append(negated(rng, f"--tcp-option {rng.choice([2, 3, 8])}"))
    return "-m tcp " + " ".join(words) if words else ""


def udp(rng, _chain, _proto):
    words = []
    if often(rng, 0.4):
        words.append(negated(rng, f"--sport {port_range(rng, CLIENT_PORTS + PORTS)}"))
    if often(rng, 0.6):
        words.append(negated(rng, f"--dport {port_range(rng, PORTS + CLIENT_PORTS)}"))
    return "-m udp " + " ".join(words) if words else ""


def icmp(rng, _chain, _proto):
    return "-m icmp " + negated(rng, f"--icmp-type {rng.choice(ICMP_NAMES)}")


def ctstate(rng, _chain, _proto):
    states = rng.sample(["NEW", "ESTABLISHED", "RELATED", "INVALID", "UNTRACKED", "SNAT", "DNAT"], rng.choice([1, 1, 2, 3]))
    return "-m conntrack " + negated(rng, "--ctstate " + ",".join(states))


def conntrack(rng, _chain, _proto):
    words = [rng.choice(["", f"--ctproto {rng.choice(['tcp', 'udp', 'icmp'])}"]),
             rng.choice(["", f"--ctorigsrc {addresses(rng, CLIENTS)}", f"--ctorigdst {addresses(rng, SERVERS)}",
                         f"--ctreplsrc {addresses(rng, SERVERS)}", f"--ctrepldst {addresses(rng, CLIENTS + ROUTER)}"]),
             rng.choice(["", "", "--ctdir ORIGINAL", "--ctdir REPLY"]),
             rng.choice(["", "--ctstatus " + rng.choice(["SEEN_REPLY", "ASSURED", "CONFIRMED", "NONE", "EXPECTED",
                                                         "SEEN_REPLY,ASSURED"])])]
    words = [negated(rng, w) if not w.startswith("--ctdir") else w for w in words if w]
    if "--ctproto" in " ".join(words) and often(rng, 0.5) and not words[0].startswith("!"):
        words.append(negated(rng, f"--ctorigdstport {rng.choice(PORTS)}"))
    return "-m conntrack " + " ".join(words) if words else ctstate(rng, _chain, _proto)


def state(rng, _chain, _proto):
    states = rng.sample(["NEW", "ESTABLISHED", "RELATED", "INVALID", "UNTRACKED"], rng.choice([1, 2]))
    return "-m state " + negated(rng, "--state " + ",".join(states))


def multiport(rng, chain, proto):
    if proto not in ("tcp", "udp"):
        return limit(rng, chain, proto)
    ports = [rng.choice([str(p), f"{p}:{p + 10}"]) for p in rng.sample(PORTS + CLIENT_PORTS, rng.choice([1, 2, 4]))]
    return "-m multiport " + negated(rng, rng.choice(["--dports ", "--sports ", "--ports "]) + ",".join(ports))


def limit(rng, _chain, _proto):
    unit = "day" if often(rng, 0.03) else "hour"  # a burst of days is too much for Linux
    return f"-m limit --limit {rng.randrange(1, 4)}/{unit} --limit-burst {rng.randrange(1, 9)}"


def comment(rng, _chain, _proto):
    return "-m comment --comment " + rng.choice(["short", '"two words"', '"a \\"quoted\\" word"'])


def mark(rng, _chain, _proto):
    return "-m mark " + negated(rng, f"--mark {rng.choice(['0x1', '0x2', '0x0', '0x1/0xff', '0x10/0xf0'])}")


def connmark(rng, _chain, _proto):
    return "-m connmark " + negated(rng, f"--mark {rng.choice(['0x1', '0x0', '0x3/0x3'])}")


def addrtype(rng, chain, _proto):
    kind = rng.choice(["LOCAL", "UNICAST", "BROADCAST", "BLACKHOLE", "MULTICAST", "UNREACHABLE"])
    words = negated(rng, f"--{rng.choice(['src', 'dst'])}-type {kind}")
    if chain in ("PREROUTING", "INPUT", "FORWARD") and often(rng, 0.15):
        words += " --limit-iface-in"
    return "-m addrtype " + words


def iprange(rng, _chain, _proto):
    return "-m iprange " + negated(rng, rng.choice(["--src-range 10.0.1.10-10.0.1.12", "--dst-range 10.0.2.11-10.0.2.13",
                                                    "--dst-range 10.0.1.1-10.0.2.10"]))


def mac(rng, chain, proto):
    if chain not in ("PREROUTING", "INPUT", "FORWARD"):
        return ctstate(rng, chain, proto)
    return "-m mac " + negated(rng, f"--mac-source 02:00:00:00:{rng.choice([1, 2]):02x}:{rng.randrange(10, 14):02x}")


def recent(rng, _chain, _proto):
    name = rng.choice(["seen", "other"])
    side = rng.choice(["--rsource", "--rdest"])
    what = rng.choice(["--set", "--set", "--rcheck", "--update", "--remove"])
    words = f"--name {name} {side}"
    if what in ("--rcheck", "--update") and often(rng, 0.5):
        words = f"--seconds 3600 --hitcount {rng.randrange(1, 5)} " + words
    return "-m recent " + negated(rng, what) + " " + words


def length(rng, _chain, _proto):
    return "-m length " + negated(rng, f"--length {rng.choice(['40', '0:60', '60:100', '1000:', '28:40'])}")


def ttl(rng, _chain, _proto):
    return "-m ttl " + rng.choice(["--ttl-eq 64", "--ttl-lt 64", "--ttl-gt 63", "! --ttl-eq 63"])


def statistic(rng, _chain, _proto):
    every = rng.randrange(1, 5)
    return "-m statistic --mode nth " + negated(rng, f"--every {every}") + f" --packet {rng.randrange(every)}"


def tcpmss(rng, chain, proto):
    if proto != "tcp":
        return length(rng, chain, proto)
    return "-m tcp --tcp-flags SYN,RST SYN -m tcpmss " + negated(rng, f"--mss {rng.choice(['536:1460', '1460', '1:500'])}")


MATCHES = [ctstate, ctstate, ctstate, conntrack, state, multiport, multiport, limit, comment, mark, connmark, addrtype, iprange,
           mac, recent, recent, length, ttl, statistic, tcpmss]
OF_PROTO = {"tcp": tcp, "udp": udp, "icmp": icmp}


class Ruleset:
    def __init__(self, rng):
        self.rng = rng
        rng.port_ranges = often(rng, 0.6)  # or ports chosen at random: in a range or not, that would be chance
        self.nat_addresses = []  # (first, last) that rules let NAT choose from
        tables = [t for t, w in TABLE_WEIGHTS.items() if often(rng, w / 10)] or ["filter"]
        self.text = "".join(self.table(t) for t in tables)

    # ---- targets

    def to_ports(self):
        first = self.rng.choice([2000, 710, 100, 40000])  # no rule's range ends within
        last = first + self.rng.choice([9, 180])  # with fewer, Linux takes over those of connections that have ended
        return f"{first}-{last}"

    def to_addresses(self, pool):
        one = self.rng.choice(pool)
        if often(self.rng, 0.25):
            head, low = one.rsplit(".", 1)
            self.nat_addresses.append((one, f"{head}.{int(low) + 1}"))
            return f"{one}-{head}.{int(low) + 1}"
        return one

    def random_words(self):
        if self.rng.port_ranges:
            return self.rng.choice(["", "", "", " --persistent"])
        return self.rng.choice(["", "", "", " --random", " --random-fully", " --persistent"])

    def nat_target(self, chain, proto):
        rng, ports = self.rng, proto in ("tcp", "udp") and often(self.rng, 0.4)
        if chain in ("PREROUTING", "OUTPUT"):
            kind = rng.choice(["DNAT", "DNAT", "DNAT", "REDIRECT", "NETMAP"])
            if kind == "NETMAP":
                return "NETMAP --to " + rng.choice(["10.0.2.8/29", "10.0.2.12/30"])
            if kind == "REDIRECT":
                return "REDIRECT" + (f" --to-ports {self.to_ports()}" if ports else "")
            port = f":{rng.choice([str(rng.choice(PORTS)), self.to_ports()])}" if ports else ""
            return "DNAT --to-destination " + self.to_addresses(SERVERS + CLIENTS) + port + \
                rng.choice([""] * 5 + [" --random", " --persistent"])
        kind = rng.choice(["SNAT", "SNAT", "MASQUERADE", "MASQUERADE", "NETMAP"] if chain == "POSTROUTING" else ["SNAT"])
        if kind == "NETMAP":
            return "NETMAP --to " + rng.choice(["10.0.2.16/29", "10.0.1.8/29"])
        if kind == "MASQUERADE":
            return "MASQUERADE" + (f" --to-ports {self.to_ports()}" if ports else "") + \
                rng.choice([""] * 5 + [" --random", " --random-fully"])
        port = f":{self.to_ports()}" if ports else ""
        return "SNAT --to-source " + self.to_addresses(["10.0.2.1", "10.0.2.20", "10.0.1.1"]) + port + self.random_words()

    def target(self, table, chain, proto, users):
        rng = self.rng
        if users and often(rng, 0.25):
            return rng.choice(["-j", "-j", "-g"]) + " " + rng.choice(users)
        plain = ["ACCEPT", "ACCEPT", "ACCEPT", "RETURN", "DROP", "LOG", "LOG --log-prefix \"x: \" --log-level 4 --log-tcp-options"]
        if table == "nat":
            pool = [self.nat_target(chain, proto)] * 5 + ["ACCEPT", "RETURN"]
        elif table == "mangle":
            pool = plain + ["MARK --set-mark " + rng.choice(["0x1", "0x2/0xff"]), "MARK --set-xmark 0x3/0x1",
                            "MARK --or-mark 0x10", "MARK --and-mark 0x1", "MARK --xor-mark 0x1",
                            "CONNMARK --set-mark 0x1", "CONNMARK --save-mark", "CONNMARK --restore-mark",
                            "CONNMARK --set-xmark 0x3/0x1"] * 2
            if proto == "tcp" and chain in ("FORWARD", "OUTPUT", "POSTROUTING"):
                pool += ["TCPMSS"] * 6
        elif table == "raw":
            pool = plain + ["CT --notrack", "NOTRACK", "TRACE"] * 2
        elif table == "filter" and chain == "OUTPUT" and proto in ("", "tcp"):
            pool = plain  # an error about a reset that was made here would bring its connection to life on Linux
        elif table == "filter":
            pool = plain + ["REJECT"] + [f"REJECT --reject-with {rng.choice(REJECTS)}"] * 2
            if proto == "tcp":
                pool += ["REJECT --reject-with tcp-reset"] * 3
            pool += ["NFQUEUE --queue-num 3", "NFQUEUE --queue-num 3 --queue-bypass", "QUEUE"] if often(rng, 0.2) else []
        else:
            pool = plain
        chosen = rng.choice(pool)
        if chosen == "TCPMSS":
            return "-m tcp --tcp-flags SYN,RST SYN -j TCPMSS " + rng.choice(["--clamp-mss-to-pmtu", "--set-mss 1000",
                                                                             "--set-mss 200"])
        return "-j " + chosen

    # ---- rules

    def rule(self, table, chain, name, users):
        """chain: whose restrictions it has; name: the one it is in."""
        rng, words = self.rng, [f"-A {name}"]
        if often(rng, 0.3):
            words.append(negated(rng, f"-s {addresses(rng, CLIENTS + SERVERS)}"))
        if often(rng, 0.3):
            words.append(negated(rng, f"-d {addresses(rng, SERVERS + CLIENTS + ROUTER)}"))
        if chain in ("PREROUTING", "INPUT", "FORWARD") and often(rng, 0.2):
            words.append(negated(rng, f"-i {rng.choice(['eth0', 'eth1', 'eth+', 'lo'])}"))
        if chain in ("POSTROUTING", "OUTPUT", "FORWARD") and often(rng, 0.2):
            words.append(negated(rng, f"-o {rng.choice(['eth0', 'eth1', 'eth+'])}"))
        proto = rng.choice(["", "", "tcp", "tcp", "tcp", "udp", "udp", "icmp", "253"])
        if proto:
            inverted = often(rng, 0.06)
            words.append(("! " if inverted else "") + f"-p {proto}")
            proto = "" if inverted else proto
        if often(rng, 0.04):
            words.append(rng.choice(["-f", "! -f"]))
        target = self.target(table, chain, proto, users)
        if proto in OF_PROTO and often(rng, 0.6) and "-m tcp" not in target:
            words.append(OF_PROTO[proto](rng, chain, proto))
        for make in rng.sample(MATCHES, rng.choice([0, 0, 1, 1, 2])):
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
            lines += [self.rule(table, chain, chain, callable_here) for _ in range(rng.choice([0, 1, 2, 4]))]
        return "\n".join([*lines, "COMMIT", ""])


def ruleset(rng):
    return Ruleset(rng)
