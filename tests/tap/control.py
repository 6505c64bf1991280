# SPDX-License-Identifier: MIT
"""A client of the control channel (docs/CONTROL-CHANNEL.md), frame by frame; Session runs commands without starting a program."""
import socket
import struct
import zlib

HELLO, ARGS, RUN, INPUT, INPUT_END, INTERRUPT, CREDIT = range(1, 8)
WELCOME, OUT, ERR, EXIT = range(16, 20)
PAYLOAD = 1024


def frame(kind, tag, payload=b""):
    body = struct.pack(">BHH", kind, tag, len(payload))
    return b"\xf5wc" + body + struct.pack(">I", zlib.crc32(body + payload)) + payload


class Raw:
    """A client that says what it likes."""

    def __init__(self, dut, stingy=False):
        self.stingy = stingy  # gives no credit back
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(dut.socket)
        self.socket.settimeout(20)
        self.data = b""

    def send(self, data):
        self.socket.sendall(data)

    def next(self):
        """(type, tag, payload) of the next frame."""
        while True:
            if len(self.data) >= 12:
                kind, tag, length, crc = struct.unpack(">3xBHHI", self.data[:12])
                if len(self.data) >= 12 + length:
                    payload, whole = self.data[12:12 + length], self.data[3:8]
                    self.data = self.data[12 + length:]
                    assert zlib.crc32(whole + payload) == crc
                    if kind in (OUT, ERR) and not self.stingy:
                        self.send(frame(CREDIT, tag, struct.pack(">I", 12 + length)))
                    return kind, tag, payload
            more = self.socket.recv(4096)
            assert more, "the guest hung up"
            self.data += more

    def hello(self, tag):
        self.send(bytes(1036) + frame(HELLO, tag))
        while self.next()[:2] != (WELCOME, tag):
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


class Session(Raw):
    """One command after the other."""

    TAG = 77

    def __init__(self, dut):
        super().__init__(dut)
        self.hello(self.TAG)

    def run(self, argv, given=b""):
        """(status, all that was printed)"""
        words, out, kind = b"".join(a.encode() + b"\0" for a in argv), b"", None
        self.send(b"".join(frame(ARGS, self.TAG, words[n:n + PAYLOAD]) for n in range(0, len(words), PAYLOAD)) +
                  frame(RUN, self.TAG))
        while kind != EXIT:
            kind, _, payload = self.next()
            if kind == CREDIT:
                given = self.feed(given, struct.unpack(">I", payload)[0])
            elif kind in (OUT, ERR):
                out += payload
        return payload[0], out.decode()

    def feed(self, given, room):
        """Sends as much as there is room for; what is left."""
        if given is None:
            return None
        while given and room:
            piece = given[:min(room, PAYLOAD)]
            self.send(frame(INPUT, self.TAG, piece))
            given, room = given[len(piece):], room - len(piece)
        if given:
            return given
        self.send(frame(INPUT_END, self.TAG))
        return None
