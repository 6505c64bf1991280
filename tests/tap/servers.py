# SPDX-License-Identifier: MIT
"""What the tests know about the device: UDP echo on 7, sink on 9, the sink's counter on 10; commands for a while."""
import contextlib

from scapy.layers.inet import UDP

from wire import payload

ECHO, SINK, COUNTER = 7, 9, 10


def sunk(wire):
    """How many datagrams the sink has counted."""
    answer = wire.ask(wire.udp(b"?", dport=COUNTER, sport=4010), lambda p: UDP in p and p[UDP].dport == 4010)
    return int(payload(answer).decode().strip().removeprefix("rx="))


def pattern(size):
    """Bytes that tell their size and place."""
    return bytes((3 * size + i) & 0xff for i in range(size))


@contextlib.contextmanager
def commands(router, do, undo):
    """The router as the commands `do` make it, and then as `undo` make it."""
    for line in do:
        router.run(line)
    try:
        yield
    finally:
        for line in undo:
            router.run(line)
