/* SPDX-License-Identifier: MIT */
/*
 * A QEMU TCG plugin: counts the guest's instructions, function by function, into a mapped file.
 *
 * Overview: -plugin icount.so,out=FILE,map=MAP. Each line of MAP is a hexadecimal address, in rising order: the start
 * of a region (bench.py writes one line a function, or one for user space and one for the kernel). FILE becomes an
 * array of struct region, one for each line of MAP after a first one for all that lies below. Any process may read it
 * while the guest runs: read, offer load, read again, subtract.
 * The counts are added inline by the translated code, so with one vCPU they are exact and repeat. TCG translates a REP
 * string instruction as a loop of instructions; its iterations are counted apart, as hardware retires them as one.
 *
 * Sources: the plugin API version 1 of QEMU 4.2 to 8.2 (its header is in no Debian package, hence the prototypes).
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef uint64_t qemu_plugin_id_t;
struct qemu_info_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info_t *info, int argc, char **argv);

typedef void (*qemu_plugin_vcpu_tb_trans_cb_t)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, qemu_plugin_vcpu_tb_trans_cb_t cb);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn,
						enum qemu_plugin_op op, void *ptr, uint64_t imm);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t idx);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);

#define EXPORT __attribute__((visibility("default")))

struct region {
	uint64_t insns;      /* instructions executed */
	uint64_t reps;       /* iterations of REP string instructions */
	uint64_t calls;      /* times its first address was executed */
	uint64_t translated; /* instructions that TCG translated: what cold code costs */
	uint64_t start;
};

EXPORT int qemu_plugin_version = 1;

static struct region *regions;
static size_t n_regions;

static struct region *region_of(uint64_t addr)
{
	size_t lo = 0, hi = n_regions;

	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;

		if (regions[mid].start <= addr)
			lo = mid;
		else
			hi = mid;
	}
	return &regions[lo];
}

static bool is_prefix(uint8_t byte)
{
	bool rex = (byte & 0xf0) == 0x40;
	bool segment = byte == 0x2e || byte == 0x36 || byte == 0x3e || byte == 0x26 ||
		       byte == 0x64 || byte == 0x65;

	return rex || segment || byte == 0x66 || byte == 0x67 || byte == 0xf2 || byte == 0xf3;
}

/* A string instruction (ins, outs, movs, cmps, stos, lods, scas) with a REP prefix. */
static bool is_rep_string(const uint8_t *code, size_t len)
{
	bool rep = false;

	for (; len > 0 && is_prefix(*code); code++, len--)
		rep |= *code == 0xf2 || *code == 0xf3;
	if (!rep || len == 0)
		return false;
	return (*code >= 0x6c && *code <= 0x6f) || (*code >= 0xa4 && *code <= 0xa7) ||
	       (*code >= 0xaa && *code <= 0xaf);
}

static void add(struct qemu_plugin_insn *insn, uint64_t *counter, uint64_t n)
{
	qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64, counter, n);
}

static void count_insn(struct qemu_plugin_insn *insn)
{
	uint64_t addr = qemu_plugin_insn_vaddr(insn);
	struct region *r = region_of(addr);

	r->translated++;
	if (is_rep_string(qemu_plugin_insn_data(insn), qemu_plugin_insn_size(insn)))
		add(insn, &r->reps, 1);
	else
		add(insn, &r->insns, 1);
	if (addr == r->start)
		add(insn, &r->calls, 1);
}

static void on_translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb);

	(void)id;
	for (size_t i = 0; i < n; i++)
		count_insn(qemu_plugin_tb_get_insn(tb, i));
}

/* The region starts named in MAP, after a zero; NULL with a message if MAP cannot be used. */
static uint64_t *read_map(const char *path, size_t *count)
{
	size_t room = 1024, n = 1;
	uint64_t *starts = calloc(room, sizeof(*starts));
	FILE *f = fopen(path, "r");
	char line[32];

	if (!starts || !f) {
		perror(path);
		return NULL;
	}
	while (fgets(line, sizeof(line), f)) {
		if (n == room) {
			room *= 2;
			starts = realloc(starts, room * sizeof(*starts));
			if (!starts)
				return NULL;
		}
		starts[n] = strtoull(line, NULL, 16);
		if (starts[n] < starts[n - 1]) {
			fprintf(stderr, "icount: %s: line %zu is out of order\n", path, n);
			return NULL;
		}
		n++;
	}
	fclose(f);
	*count = n;
	return starts;
}

static struct region *map_output(const char *path, size_t size)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	void *p;

	if (fd < 0 || ftruncate(fd, size) < 0) {
		perror(path);
		return NULL;
	}
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return p == MAP_FAILED ? NULL : p;
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info_t *info, int argc,
			       char **argv)
{
	const char *out = NULL, *map = NULL;
	uint64_t *starts;

	(void)info;
	for (int i = 0; i < argc; i++) {
		if (!strncmp(argv[i], "out=", 4))
			out = argv[i] + 4;
		else if (!strncmp(argv[i], "map=", 4))
			map = argv[i] + 4;
	}
	if (!out || !map) {
		fprintf(stderr, "icount: usage: -plugin icount.so,out=FILE,map=MAP\n");
		return 1;
	}
	starts = read_map(map, &n_regions);
	if (!starts)
		return 1;
	regions = map_output(out, n_regions * sizeof(*regions));
	if (!regions)
		return 1;
	for (size_t i = 0; i < n_regions; i++)
		regions[i].start = starts[i];
	free(starts);
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
	return 0;
}
