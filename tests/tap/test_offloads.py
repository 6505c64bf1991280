# SPDX-License-Identifier: MIT
"""Bulk TCP while the host's side of the cable leaves checksums and segmentation to the device, and while it does not."""
import array
import ctypes
import fcntl
import socket
import struct

import pytest

from test_tcp import echoes, host_fixture  # noqa: F401  (the fixture comes by its name)

SIOCETHTOOL = 0x8946
SETTERS = {"checksums": 0x17, "gso": 0x24, "tso": 0x1f}  # ETHTOOL_STXCSUM, ETHTOOL_SGSO, ETHTOOL_STSO
ALL = ("checksums", "tso", "gso")


def leave_to_device(host, wanted):
    """What the host's card claims to do; of a tap that is what the device must do."""
    with host.inside():
        name = next(n for _, n in socket.if_nameindex() if n != "lo").encode()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            for what in ALL:
                value = array.array("I", [SETTERS[what], what in wanted])
                address = ctypes.c_uint64(value.buffer_info()[0]).value
                fcntl.ioctl(sock, SIOCETHTOOL, struct.pack("16sQ16x", name, address))


@pytest.mark.parametrize("wanted", [ALL, ("checksums",), ()], ids=["all", "checksums", "none"])
def test_three_megabytes_each_way(host, wanted):
    leave_to_device(host, wanted)
    echoes(host, 3)

