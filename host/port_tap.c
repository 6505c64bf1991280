/* SPDX-License-Identifier: MIT */
/*
 * A port on a file descriptor that carries one frame per read and write: a Linux tap, a datagram
 * socket.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "host/frame_port.h"

#define READS_PER_PUMP 64

struct fd_port {
	struct port port;
	struct host_source source;
};

static bool fd_pump(struct host_source *s)
{
	struct fd_port *p = container_of(s, struct fd_port, source);
	static u8 buf[FRAME_MAX];
	int n;

	for (n = 0; n < READS_PER_PUMP; n++) {
		ssize_t len = read(s->fd, buf, sizeof(buf));

		if (len <= 0)
			break;
		port_deliver(&p->port, frame_new(buf, len));
	}
	return n;
}

static void fd_send(struct port *port, struct frame *f)
{
	struct fd_port *p = container_of(port, struct fd_port, port);

	/* A full queue loses the frame, as a wire would. */
	if (write(p->source.fd, f->data, f->len) < 0 && errno != EAGAIN && errno != ENOBUFS &&
	    errno != EIO)
		perror("weir: write");
	frame_free(f);
}

static void fd_close(struct port *port)
{
	struct fd_port *p = container_of(port, struct fd_port, port);

	host_source_del(&p->source);
	close(p->source.fd);
	free(p);
}

static const struct port_ops fd_ops = {.send = fd_send, .close = fd_close};

struct port *port_fd(int fd)
{
	struct fd_port *p = calloc(1, sizeof(*p));

	if (!p)
		abort();
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	p->port.ops = &fd_ops;
	p->source = (struct host_source){.pump = fd_pump, .deadline = U64_MAX, .fd = fd};
	host_source_add(&p->source);
	return &p->port;
}

struct port *port_tap(const char *ifname)
{
	struct ifreq ifr = {.ifr_flags = IFF_TAP | IFF_NO_PI};
	int fd;

	if (strlen(ifname) >= sizeof(ifr.ifr_name)) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	strcpy(ifr.ifr_name, ifname);
	fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	if (ioctl(fd, TUNSETIFF, &ifr) < 0) {
		int error = errno;

		close(fd);
		errno = error;
		return NULL;
	}
	return port_fd(fd);
}
