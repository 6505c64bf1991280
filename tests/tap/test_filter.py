# SPDX-License-Identifier: MIT
"""Programs of classic BPF on sockets: SO_ATTACH_FILTER and its kin (tests/apps/bpfcalls.c beside Linux's), and over a wire."""
from test_sockopts import prints_the_same


def test_programs_are_as_on_linux():
    """Odd programs, each code, the calls on each kind of socket, and what 6,000 programs made by chance leave of a datagram."""
    prints_the_same("bpfcalls", 6500)
