/* SPDX-License-Identifier: MIT */
/* The virtio drivers there are, for virtio_probe(). */
#pragma once

#include "drivers/virtio.h"

extern const struct virtio_driver virtio_net_driver;
extern const struct virtio_driver virtio_console_driver;
extern const struct virtio_driver virtio_rng_driver;
