/*
 * A full CRL of many entries, DER and PEM, gate, signature check and fsync,
 * against "openssl ca -gencrl" on the same entries.
 *
 *   bench-crl [ENTRIES [ROUNDS]]       1000000, and a tenth of them; 5
 *
 * Both work in a process of their own, in turn; printed are the median, the
 * least and the most of their wall time, and the memory they came to.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "ca/publish.h"
#include "x509/digest.h"

#define ROUNDS_MAX 50

static const pki_requester who = { PKI_BY_OPERATOR, "bench" };

static void
die(const char *what, const char *why)
{
	fprintf(stderr, "bench-crl: %s: %s\n", what, why);
	exit(1);
}

static void
must(pki_code rc, const pki_err *err)
{
	if (rc != PKI_OK)
		die(pki_code_name(rc), err->msg);
}

static double
wall(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void
join(char out[PKI_PATH_MAX], const char *dir, const char *name)
{
	pki_err err;

	must(pki_path_join(out, dir, name, &err), &err);
}

static void
sql(sqlite3 *db, const char *text)
{
	if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
		die(text, sqlite3_errmsg(db));
}

/* What one entry is: our serials, one second apart, a reason each. */
struct entry {
	uint8_t serial[20];
	int64_t revoked_at;
	int     reason;
};

static struct entry
make_entry(int64_t i, int64_t begin)
{
	struct entry entry = {
		.serial = { 1 }, .revoked_at = begin + i,
		.reason = i % 5 == 0 ? 1 : 4,
	};
	uint64_t ms = (uint64_t)(begin - PKI_DAY) * 1000 + (uint64_t)i;
	uint64_t mixed = (uint64_t)i * UINT64_C(0x9e3779b97f4a7c15);

	for (int k = 0; k < 6; k++)
		entry.serial[1 + k] = (uint8_t)(ms >> (40 - 8 * k));
	for (int k = 0; k < 13; k++)
		entry.serial[7 + k] = (uint8_t)(mixed >> (k % 8 * 7));
	return entry;
}

static void
make_ca(const char *dir)
{
	const pki_ca_setup setup = {
		.options = { .state_dir = dir, .conf_dir = dir },
		.templates_dir = TEMPLATES_DIR, .display_name = "Bench",
		.root_key = PKI_KEY_P256, .issuing_key = PKI_KEY_P256,
		.base_url = "http://pki.bench", .crl_form = PKI_CRL_FULL,
		.who = who,
	};
	pki_err err;

	must(pki_ca_init(&setup, &err), &err);
}

/* Rows as a CA of that age has them, its certificate standing for each. */
static void
fill(const char *dir, int64_t count, int64_t begin)
{
	static const char insert[] = "INSERT INTO cert (ca_id, identity_id,"
	    " pubkey_id, profile_id, serial, not_before, not_after, issued_at,"
	    " key_origin, crl_partition, status, revoked_at, reason,"
	    " invalid_since, row_hash, der) SELECT a.id, c.identity_id,"
	    " c.pubkey_id, c.profile_id, ?1, ?2, ?2 + 31536000, ?2, 0, 0, 1,"
	    " ?2, ?3, 0, c.row_hash, a.der FROM ca a, cert c"
	    " WHERE a.name = 'issuing' AND c.id = 1";
	char path[PKI_PATH_MAX];
	sqlite3_stmt *stmt = NULL;
	sqlite3 *db = NULL;

	join(path, dir, "ca.db");
	if (sqlite3_open(path, &db) != SQLITE_OK)
		die(path, sqlite3_errmsg(db));
	sql(db, "PRAGMA synchronous = OFF; PRAGMA wal_autocheckpoint = 4000;"
	    "PRAGMA cache_size = -200000; BEGIN");
	if (sqlite3_prepare_v2(db, insert, -1, &stmt, NULL) != SQLITE_OK)
		die("insert", sqlite3_errmsg(db));
	for (int64_t i = 0; i < count; i++) {
		struct entry entry = make_entry(i, begin);

		sqlite3_bind_blob(stmt, 1, entry.serial, 20, SQLITE_STATIC);
		sqlite3_bind_int64(stmt, 2, entry.revoked_at);
		sqlite3_bind_int(stmt, 3, entry.reason);
		if (sqlite3_step(stmt) != SQLITE_DONE)
			die("insert", sqlite3_errmsg(db));
		sqlite3_reset(stmt);
	}
	sqlite3_finalize(stmt);
	sql(db, "COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
	sqlite3_close(db);
}

/* openssl's database and configuration, for the same CA and entries. */
static void
write_index(const char *dir, int64_t count, int64_t begin)
{
	static const char config[] =
	    "[ca]\ndefault_ca = c\n[c]\ndatabase = %s/index.txt\n"
	    "certificate = %s/issuing.pem\nprivate_key = %s/keys/issuing.key\n"
	    "crlnumber = %s/crlnumber\ndefault_md = sha256\n"
	    "default_crl_days = 7\ncrl_extensions = x\n"
	    "[x]\nauthorityKeyIdentifier = keyid\n";
	static const char *const reasons[] = { "superseded", "keyCompromise" };
	char path[PKI_PATH_MAX];
	FILE *f;

	join(path, dir, "openssl.cnf");
	f = fopen(path, "w");
	if (f == NULL || fprintf(f, config, dir, dir, dir, dir) < 0 ||
	    fclose(f) != 0)
		die(path, "cannot write");
	join(path, dir, "crlnumber");
	f = fopen(path, "w");
	if (f == NULL || fputs("01\n", f) < 0 || fclose(f) != 0)
		die(path, "cannot write");
	join(path, dir, "index.txt");
	f = fopen(path, "w");
	if (f == NULL)
		die(path, "cannot write");
	for (int64_t i = 0; i < count; i++) {
		struct entry entry = make_entry(i, begin);
		pki_date date = pki_date_of(entry.revoked_at);

		fprintf(f, "R\t%02d%02d%02d%02d%02d%02dZ\t"
		    "%02d%02d%02d%02d%02d%02dZ,%s\t", date.year % 100 + 1,
		    date.month, date.day, date.hour, date.minute, date.second,
		    date.year % 100, date.month, date.day, date.hour,
		    date.minute, date.second, reasons[entry.reason == 1]);
		for (int k = 0; k < 20; k++)
			fprintf(f, "%02X", entry.serial[k]);
		fprintf(f, "\tunknown\t/CN=meter-%" PRId64 "\n", i);
	}
	if (fclose(f) != 0)
		die(path, "cannot write");
}

/* What a process came to. */
struct cost {
	double wall;
	long   kib;
};

static struct cost
run(const char *const argv[])
{
	double begin = wall();
	struct rusage usage;
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, 1);
		dup2(null, 2);
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &usage) != pid || status != 0)
		die(argv[0], "failed");
	return (struct cost){ wall() - begin, usage.ru_maxrss };
}

static struct cost
run_ours(const char *dir)
{
	const char *const argv[] = {
		"/proc/self/exe", "--publish", dir, NULL,
	};

	return run(argv);
}

static struct cost
run_openssl(const char *dir)
{
	char config[PKI_PATH_MAX], out[PKI_PATH_MAX];
	const char *const argv[] = {
		"openssl", "ca", "-config", config, "-gencrl", "-out", out,
		NULL,
	};

	join(config, dir, "openssl.cnf");
	join(out, dir, "openssl.crl");
	return run(argv);
}

/* The child's part: one publication by the library. */
static int
publish(const char *dir)
{
	const pki_ca_options options = { .state_dir = dir, .conf_dir = dir };
	PKI_AUTO(pki_ca) ca = NULL;
	pki_err err;

	must(pki_ca_open(&options, &ca, &err), &err);
	must(pki_ca_publish(ca, "issuing", &who, NULL, NULL, &err), &err);
	return 0;
}

static int
compare_costs(const void *a, const void *b)
{
	double left = ((const struct cost *)a)->wall;
	double right = ((const struct cost *)b)->wall;

	return left < right ? -1 : left > right;
}

static struct cost
report(const char *name, int64_t count, struct cost *costs, int rounds)
{
	struct cost median;
	long most = 0;

	qsort(costs, (size_t)rounds, sizeof(*costs), compare_costs);
	median = costs[rounds / 2];
	for (int i = 0; i < rounds; i++)
		if (costs[i].kib > most)
			most = costs[i].kib;
	median.kib = most;
	printf("%-8s %8" PRId64 " entries: %.3f s (%.3f to %.3f), %.1f MiB\n",
	    name, count, median.wall, costs[0].wall, costs[rounds - 1].wall,
	    (double)most / 1024);
	fflush(stdout);
	return median;
}

static void
prepare(const char *dir, int64_t count)
{
	int64_t begin = pki_clock_now(NULL) - 100 * PKI_DAY;
	char command[3 * PKI_PATH_MAX];
	double since = wall();

	make_ca(dir);
	fill(dir, count, begin);
	write_index(dir, count, begin);
	snprintf(command, sizeof(command), "openssl x509 -in %s/public/ca/"
	    "issuing.cer -inform DER -out %s/issuing.pem", dir, dir);
	if (system(command) != 0)
		die(command, "failed");
	printf("prepared %8" PRId64 " entries: %.1f s\n", count,
	    wall() - since);
	fflush(stdout);
}

/*
 * In a process of its own: the peak memory that wait4() tells of a child
 * begins with what its parent had at the fork.
 */
static void
prepare_apart(const char *dir, int64_t count)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		prepare(dir, count);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		die(dir, "cannot prepare");
}

/* Ours and theirs in turn; the first of ours has no list to compare with. */
static void
measure(const char *parent, int64_t count, int rounds, struct cost *ours,
    struct cost *theirs)
{
	struct cost our_costs[ROUNDS_MAX], their_costs[ROUNDS_MAX];
	char dir[PKI_PATH_MAX], name[32];

	snprintf(name, sizeof(name), "%" PRId64, count);
	join(dir, parent, name);
	prepare_apart(dir, count);
	run_ours(dir);
	for (int i = 0; i < rounds; i++) {
		our_costs[i] = run_ours(dir);
		their_costs[i] = run_openssl(dir);
	}
	*ours = report("ours", count, our_costs, rounds);
	*theirs = report("openssl", count, their_costs, rounds);
}

static void
judge(const char *what, double value, double target)
{
	printf("%-44s %6.3f  target %6.2f  %s\n", what, value, target,
	    value <= target ? "PASS" : "FALLS SHORT");
}

int
main(int argc, char **argv)
{
	int64_t count = argc > 1 ? strtoll(argv[1], NULL, 10) : 1000000;
	int rounds = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 5;
	struct cost ours, theirs, small, small_theirs;
	const char *tmp = getenv("TMPDIR");
	char dir[PKI_PATH_MAX - 64], command[PKI_PATH_MAX];

	if (argc == 3 && strcmp(argv[1], "--publish") == 0)
		return publish(argv[2]);
	if (count < 10 || rounds < 1 || rounds > ROUNDS_MAX)
		die("usage", "bench-crl [ENTRIES [ROUNDS]]");
	snprintf(dir, sizeof(dir), "%s/bench-crl.XXXXXX",
	    tmp == NULL ? "/tmp" : tmp);
	if (mkdtemp(dir) == NULL)
		die(dir, "cannot make");
	measure(dir, count / 10, rounds, &small, &small_theirs);
	measure(dir, count, rounds, &ours, &theirs);
	judge("wall time, against openssl ca -gencrl",
	    ours.wall / theirs.wall, 0.12);
	judge("peak memory, MiB", (double)ours.kib / 1024, 16);
	judge("peak memory, against a tenth of the entries",
	    (double)ours.kib / (double)small.kib, 1.1);
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command) == 0 ? 0 : 1;
}
