# SPDX-License-Identifier: MIT
"""Random matches, in iptables' words: each function gives the words of one, for a chain and a protocol.

Values come from the small pools of the conversations (conversations.py), so that rules fit packets often. Nothing goes by the
clock or by chance: limits refill by the minute at most, times to live of connections are far from what is asked, statistics
count or are certain.
"""
CLIENTS = [f"10.0.1.{n}" for n in range(10, 14)]
SERVERS = [f"10.0.2.{n}" for n in range(10, 14)]
ROUTER = ["10.0.1.1", "10.0.2.1"]
PORTS = [53, 80, 443, 1000, 5001, 8080]
CLIENT_PORTS = [400, 700, 1024, 33000, 39001, 61000]
ICMP_NAMES = ["echo-request", "echo-reply", "destination-unreachable", "host-unreachable", "3/3", "3/4", "time-exceeded", "any", "8",
              "11/0", "source-quench", "redirect", "parameter-problem", "address-mask-request"]


def often(rng, chance):
    return rng.random() < chance


def negated(rng, words, chance=0.15):
    return ("! " if often(rng, chance) else "") + words


def some(rng, *options):
    """One or two of the options. A "=" is in front of what may not be negated."""
    return " ".join(o[1:] if o[0] == "=" else negated(rng, o, 0.25) for o in rng.sample(options, rng.choice([1, 1, 2])))


def port_range(rng, pool):
    first = rng.choice(pool)
    if not rng.port_ranges:
        return str(first)
    return rng.choice([f"{first}", f"{first}", f"{first}:{first + 500}", f":{first}", f"{first}:"])


def addresses(rng, pool):
    one = rng.choice(pool)
    return rng.choice([one, f"{one}/24", f"{one}/24", f"{one}/30", "10.0.0.0/8", f"{one}/255.255.255.248"])


def tcp(rng, _chain, _proto):
    words = []
    if often(rng, 0.3):
        words.append(negated(rng, f"--sport {port_range(rng, CLIENT_PORTS + PORTS)}"))
    if often(rng, 0.5):
        words.append(negated(rng, f"--dport {port_range(rng, PORTS + CLIENT_PORTS)}"))
    if often(rng, 0.3):
        words.append(rng.choice(["--syn", "! --syn", negated(rng, "--tcp-flags " + rng.choice(
            ["SYN,ACK SYN,ACK", "FIN,RST RST", "ALL NONE", "SYN,RST,ACK,FIN FIN,ACK", "ALL SYN,ACK", "PSH PSH"]))]))
    if often(rng, 0.1):
        words.append(negated(rng, f"--tcp-option {rng.choice([2, 3, 4, 8])}", 0.4))
    return "-m tcp " + " ".join(words) if words else ""


def udp(rng, _chain, _proto):
    words = []
    if often(rng, 0.4):
        words.append(negated(rng, f"--sport {port_range(rng, CLIENT_PORTS + PORTS)}", 0.25))
    if often(rng, 0.6):
        words.append(negated(rng, f"--dport {port_range(rng, PORTS + CLIENT_PORTS)}"))
    return "-m udp " + " ".join(words) if words else ""


def icmp(rng, _chain, _proto):
    return "-m icmp " + negated(rng, f"--icmp-type {rng.choice(ICMP_NAMES)}")


def ctstate(rng, _chain, _proto):
    states = rng.sample(["NEW", "ESTABLISHED", "RELATED", "INVALID", "UNTRACKED", "SNAT", "DNAT"], rng.choice([1, 1, 2, 3]))
    return "-m conntrack " + negated(rng, "--ctstate " + ",".join(states))


def conntrack(rng, _chain, _proto):
    statuses = ["SEEN_REPLY", "ASSURED", "CONFIRMED", "NONE", "EXPECTED", "SEEN_REPLY,ASSURED"]
    end = rng.choice([f"--ctorigsrc {addresses(rng, CLIENTS)}", f"--ctorigdst {addresses(rng, SERVERS + ROUTER)}",
                      f"--ctreplsrc {addresses(rng, SERVERS + ROUTER)}", f"--ctrepldst {addresses(rng, CLIENTS + ROUTER)}"])
    proto = f"--ctproto {rng.choice(['tcp', 'udp', 'icmp'])}"
    expire = "--ctexpire " + rng.choice(["1:20", "45:90", "200:450", "1000:", ":450"])
    if often(rng, 0.3):
        side = rng.choice(["orig", "repl"])
        pools = [CLIENT_PORTS, PORTS] if side == "orig" else [PORTS, CLIENT_PORTS]
        end = f"--ct{side}srcport {port_range(rng, pools[0])}" if often(rng, 0.5) else \
            f"--ct{side}dstport {port_range(rng, pools[1])}"
        return f"-m conntrack --ctproto {rng.choice(['tcp', 'tcp', 'udp'])} " + negated(rng, end, 0.3)
    return "-m conntrack " + some(rng, proto, end, rng.choice(["=--ctdir ORIGINAL", "=--ctdir REPLY"]), expire,
                                  "--ctstatus " + rng.choice(statuses))


def state(rng, _chain, _proto):
    states = rng.sample(["NEW", "ESTABLISHED", "RELATED", "INVALID", "UNTRACKED"], rng.choice([1, 2]))
    return "-m state " + negated(rng, "--state " + ",".join(states))


def multiport(rng, chain, proto):
    if proto not in ("tcp", "udp"):
        return limit(rng, chain, proto)
    ports = [rng.choice([str(p), f"{p}:{p + 10}"]) for p in rng.sample(PORTS + CLIENT_PORTS, rng.choice([1, 2, 4]))]
    return "-m multiport " + negated(rng, rng.choice(["--dports ", "--sports ", "--ports "]) + ",".join(ports), 0.25)


def limit(rng, _chain, _proto):
    unit = "day" if often(rng, 0.005) else rng.choice(["hour", "hour", "min"])  # a burst of days is too much for Linux
    return f"-m limit --limit {rng.randrange(1, 4)}/{unit}" + rng.choice(["", f" --limit-burst {rng.randrange(1, 9)}"])


def comment(rng, _chain, _proto):
    return "-m comment --comment " + rng.choice(["short", '"two words"', '"a \\"quoted\\" word"'])


def mark(rng, _chain, _proto):
    return "-m mark " + negated(rng, f"--mark {rng.choice(['0x1', '0x2', '0x0', '0x1/0xff', '0x10/0xf0'])}")


def connmark(rng, _chain, _proto):
    return "-m connmark " + negated(rng, f"--mark {rng.choice(['0x1', '0x0', '0x3/0x3'])}")


def addrtype(rng, chain, _proto):
    kinds = ["LOCAL", "UNICAST", "BROADCAST", "BLACKHOLE", "MULTICAST", "UNREACHABLE", "LOCAL,UNICAST"]
    words = some(rng, f"--src-type {rng.choice(kinds)}", f"--dst-type {rng.choice(kinds)}")
    if chain in ("PREROUTING", "INPUT", "FORWARD") and often(rng, 0.15):
        words += " --limit-iface-in"
    elif chain in ("POSTROUTING", "OUTPUT", "FORWARD") and often(rng, 0.3):
        words += " --limit-iface-out"
    return "-m addrtype " + words


def iprange(rng, _chain, _proto):
    return "-m iprange " + some(rng, "--src-range 10.0.1.10-10.0.1.12", rng.choice(["--dst-range 10.0.2.11-10.0.2.13",
                                                                                     "--dst-range 10.0.1.1-10.0.2.10"]))


def mac(rng, chain, proto):
    if chain not in ("PREROUTING", "INPUT", "FORWARD"):
        return length(rng, chain, proto)
    return "-m mac " + negated(rng, f"--mac-source 02:00:00:00:{rng.choice([1, 2]):02x}:{rng.randrange(10, 14):02x}")


def recent(rng, _chain, _proto):
    """The list of parts of addresses has a name of its own."""
    what = rng.choice(["--set"] * 4 + ["--rcheck", "--update", "--remove"])
    name = rng.choice(["--name seen", "--name seen", "", "--name nets --mask 255.255.255.252"])
    words = [negated(rng, what, 0.25)]
    if what in ("--rcheck", "--update"):
        if often(rng, 0.4):
            words.append("--seconds 3600" + rng.choice(["", " --reap"]))
        if often(rng, 0.4):
            words.append(f"--hitcount {rng.randrange(1, 4)}")
        if often(rng, 0.2):
            words.append("--rttl")
    return " ".join(["-m recent", *words, name, rng.choice(["--rsource", "", "--rdest"])]).strip().replace("  ", " ")


def length(rng, _chain, _proto):
    return "-m length " + negated(rng, f"--length {rng.choice(['40', '0:60', '60:100', '1000:', '28:40'])}")


def ttl(rng, _chain, _proto):
    value = rng.choice([63, 64])
    return "-m ttl " + rng.choice([f"--ttl-eq {value}", f"--ttl-lt {value + 1}", f"--ttl-lt {value}", f"--ttl-gt {value - 1}",
                                   f"--ttl-gt {value}", f"! --ttl-eq {value}"])


def statistic(rng, _chain, _proto):
    if often(rng, 0.3):
        return "-m statistic --mode random " + negated(rng, f"--probability {rng.choice([0, 1])}", 0.4)
    every = rng.randrange(1, 5)
    return "-m statistic --mode nth " + negated(rng, f"--every {every}") + f" --packet {rng.randrange(every)}"


def tcpmss(rng, chain, proto):
    if proto != "tcp":
        return length(rng, chain, proto)
    return "-m tcp --tcp-flags SYN,RST SYN -m tcpmss " + negated(rng, f"--mss {rng.choice(['536:1460', '1460', '1:500'])}", 0.3)


OF_CONNECTIONS = [ctstate, ctstate, ctstate, conntrack, conntrack, conntrack, state, connmark]
OF_PACKETS = [multiport, multiport, limit, comment, mark, addrtype, iprange, mac, recent, recent, length, ttl, statistic,
              tcpmss, tcpmss]
OF_PROTO = {"tcp": tcp, "udp": udp, "icmp": icmp}
