#!/bin/sh
# SPDX-License-Identifier: MIT
# The Linux guest's /init: drivers, addresses, servers.
export PATH=/bin
mount -t proc proc /proc
mount -t devtmpfs dev /dev
while read -r module; do insmod "/modules/$module.ko"; done </modules/order
ip link set lo up
ip addr add 10.0.0.2/24 dev eth0
ip link set eth0 up
echo 4194304 >/proc/sys/net/core/rmem_default
/bin/echo &
/bin/sink &
/bin/source &
/bin/httpd &
[ ! -f /rc ] || . /rc # a router's
while :; do sleep 1000; done
