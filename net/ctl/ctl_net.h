/* SPDX-License-Identifier: MIT */
/* What the control language keeps in a struct net: nstat's last look. */
#pragma once

#include "net/core/net_namespace.h"

extern const struct pernet_operations ctl_net_ops;
