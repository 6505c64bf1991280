/* SPDX-License-Identifier: MIT */
/* Socket options about programs of classic BPF: attached, told, detached. */
#include "net/socket/filter_sockopt.h"

static int attach_filter(struct sock *sk, struct bpf_prog *prog)
{
	if (!sk_optmem_allows(sk, sk->filter, bpf_prog_size(prog)))
		return -ENOMEM;
	bpf_prog_put(sk->filter);
	sk->filter = bpf_prog_get(prog);
	return 0;
}

static int attach_select(struct sock *sk, struct bpf_prog *prog)
{
	if (bpf_prog_size(prog) > (u32)sk->net->socket->optmem_max)
		return -ENOMEM;
	return reuseport_attach_prog(sk, prog);
}

int filter_setsockopt(struct sock *sk, int name, const void *val, u32 len)
{
	struct sock_fprog given;
	struct bpf_prog *prog;
	int err;

	if (len != sizeof(given))
		return -EINVAL;
	if (sk->filter_locked)
		return -EPERM;
	memcpy(&given, val, len);
	err = bpf_prog_create(given.filter, given.len, &prog);
	if (err)
		return err;
	err = name == SO_ATTACH_FILTER ? attach_filter(sk, prog) : attach_select(sk, prog);
	bpf_prog_put(prog);
	return err;
}

int filter_getsockopt(const struct sock *sk, void *val, u32 *len)
{
	u32 n = sk->filter ? sk->filter->len : 0;

	if (*len && *len < n)
		return -EINVAL;
	if (*len && n)
		memcpy(val, sk->filter->insns, n * sizeof(sk->filter->insns[0]));
	*len = n;
	return 0;
}

int sk_detach_filter(struct sock *sk)
{
	if (sk->filter_locked)
		return -EPERM;
	if (!sk->filter)
		return -ENOENT;
	bpf_prog_put(sk->filter);
	sk->filter = NULL;
	return 0;
}
