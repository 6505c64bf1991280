/* SPDX-License-Identifier: MIT */
/*
 * The environment: a list of NAME=value per app, empty at its start, in the app's own heap. In place of newlib's,
 * which is one list for all.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/errno.h"
#include "libc/descriptor.h"

/* Where name is, or the first place behind the last; nr_env then. */
static int env_find(const struct process *p, const char *name, size_t len)
{
	int i;

	for (i = 0; i < p->nr_env; i++)
		if (!strncmp(p->env[i], name, len) && p->env[i][len] == '=')
			break;
	return i;
}

static bool env_name_ok(const char *name)
{
	return name && *name && !strchr(name, '=');
}

/* Takes entry ("NAME=value") into place i. */
static int env_put(struct process *p, int i, char *entry)
{
	if (i == p->nr_env) {
		char **env = realloc(p->env, (i + 1) * sizeof(*env));

		if (!env)
			return -ENOMEM;
		p->env = env;
		p->nr_env++;
	}
	p->env[i] = entry;
	return 0;
}

char *getenv(const char *name)
{
	const struct process *p = current_process();
	size_t len = strlen(name);
	int i = env_find(p, name, len);

	return i < p->nr_env ? p->env[i] + len + 1 : NULL;
}

char *_getenv_r(struct _reent *r __unused, const char *name)
{
	return getenv(name);
}

/* As everywhere, the old value's memory is not given back: somebody may still hold it. */
int setenv(const char *name, const char *value, int overwrite)
{
	struct process *p = current_process();
	size_t len, value_len;
	char *entry;
	int i;

	if (!env_name_ok(name))
		return sys_result(-EINVAL);
	len = strlen(name);
	i = env_find(p, name, len);
	if (i < p->nr_env && !overwrite)
		return 0;
	value_len = strlen(value);
	entry = malloc(len + 1 + value_len + 1);
	if (!entry)
		return -1;
	memcpy(entry, name, len);
	entry[len] = '=';
	memcpy(entry + len + 1, value, value_len + 1);
	return sys_result(env_put(p, i, entry));
}

int putenv(char *entry)
{
	struct process *p = current_process();
	const char *eq = strchr(entry, '=');

	if (!eq)
		return unsetenv(entry);
	return sys_result(env_put(p, env_find(p, entry, eq - entry), entry));
}

int unsetenv(const char *name)
{
	struct process *p = current_process();
	int i;

	if (!env_name_ok(name))
		return sys_result(-EINVAL);
	i = env_find(p, name, strlen(name));
	if (i < p->nr_env)
		p->env[i] = p->env[--p->nr_env];
	return 0;
}
