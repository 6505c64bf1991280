/* SPDX-License-Identifier: MIT */
/* What programs ask of the system around them: system(), the host's name, the network's devices. */
#include "net/netdevice.h" /* before net/if.h, which makes macros of its flags' names */

#include <net/if.h>
#include <stdlib.h>
#include <unistd.h>

#include "kernel/softirq.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "libc/command_hook.h"
#include "libc/descriptor.h"
#include "libc/libc.h"

static struct {
	struct net *net;
	command_hook command;
} host;

void libc_init(struct net *net)
{
	host.net = net;
	processes_init();
}

struct net *libc_net(void)
{
	return host.net;
}

void set_command_hook(command_hook fn)
{
	host.command = fn;
}

/* The stream behind descriptor fd; NULL: closed, or no stream. */
static struct stream *fd_stream(int fd)
{
	struct file *f = fd_file(fd);

	return f ? file_stream(f) : NULL;
}

int system(const char *line)
{
	struct app_stdio io = {fd_stream(0), fd_stream(1), fd_stream(2)};
	int status;

	if (!host.command)
		return line ? sys_result(-ENOSYS) : 0;
	if (!line)
		return 1;
	status = host.command(line, &io);
	process_check_signals(current_process());
	return status << 8; /* as wait(2) packs it: WEXITSTATUS() */
}

int gethostname(char *name, size_t size)
{
	return sys_result(strscpy(name, "weir", size) < 0 ? -ENAMETOOLONG : 0);
}

unsigned int if_nametoindex(const char *name)
{
	struct net_device *dev;
	unsigned int index;

	local_bh_disable();
	dev = dev_get_by_name(host.net, name);
	index = dev ? dev->ifindex : 0;
	local_bh_enable();
	if (!index)
		sys_result(-ENODEV);
	return index;
}

char *if_indextoname(unsigned int index, char *name)
{
	struct net_device *dev;

	local_bh_disable();
	dev = dev_get_by_index(host.net, index);
	if (dev)
		strscpy(name, dev->name, IF_NAMESIZE);
	local_bh_enable();
	if (!dev)
		sys_result(-ENXIO);
	return dev ? name : NULL;
}
