/*
 * A full CRL of many entries, DER and PEM, gate, signature check and fsync,
 * against "openssl ca -gencrl" on the same entries: wall time of a process,
 * and the memory that ours came to.
 */
#include "tests/bench/bench.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ca/publish.h"

#define ROUNDS 5

static const pki_requester who = { PKI_BY_OPERATOR, "bench" };

static void
join(char out[PKI_PATH_MAX], const char *dir, const char *name)
{
	pki_err err;

	BENCH_OK(pki_path_join(out, dir, name, &err), &err);
}

static void
sql(sqlite3 *db, const char *text)
{
	if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
		bench_fail(sqlite3_errmsg(db), NULL);
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

/* Rows as a CA of that age has them, its certificate standing for each. */
static void
fill(const char *dir, int64_t count, int64_t begin)
{
	static const char insert[] = "INSERT INTO cert (ca_id, identity_id,"
	    " pubkey_id, profile_id, serial, not_before, not_after, issued_at,"
	    " key_origin, crl_partition, status, revoked_at, reason,"
	    " invalid_since, row_hash, der, previous_id) SELECT a.id,"
	    " c.identity_id, c.pubkey_id, c.profile_id, ?1, ?2,"
	    " ?2 + 31536000, ?2, 0, 0, 1, ?2, ?3, 0, c.row_hash,"
	    " a.der, n.cert_id"
	    " FROM ca a, cert c JOIN cert_newest n USING (identity_id)"
	    " WHERE a.name = 'issuing' AND c.id = 1";
	char path[PKI_PATH_MAX];
	sqlite3_stmt *stmt = NULL;
	sqlite3 *db = NULL;

	join(path, dir, "ca.db");
	if (sqlite3_open(path, &db) != SQLITE_OK)
		bench_fail(sqlite3_errmsg(db), NULL);
	sql(db, "PRAGMA synchronous = OFF; PRAGMA wal_autocheckpoint = 4000;"
	    "PRAGMA cache_size = -200000; BEGIN");
	if (sqlite3_prepare_v2(db, insert, -1, &stmt, NULL) != SQLITE_OK)
		bench_fail(sqlite3_errmsg(db), NULL);
	for (int64_t i = 0; i < count; i++) {
		struct entry entry = make_entry(i, begin);

		sqlite3_bind_blob(stmt, 1, entry.serial, 20, SQLITE_STATIC);
		sqlite3_bind_int64(stmt, 2, entry.revoked_at);
		sqlite3_bind_int(stmt, 3, entry.reason);
		if (sqlite3_step(stmt) != SQLITE_DONE)
			bench_fail(sqlite3_errmsg(db), NULL);
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
		bench_fail(path, NULL);
	join(path, dir, "crlnumber");
	f = fopen(path, "w");
	if (f == NULL || fputs("01\n", f) < 0 || fclose(f) != 0)
		bench_fail(path, NULL);
	join(path, dir, "index.txt");
	f = fopen(path, "w");
	if (f == NULL)
		bench_fail(path, NULL);
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
		bench_fail(path, NULL);
}

/* What a process came to. */
struct cost {
	double wall;            /* seconds */
	double kib;             /* peak memory, of ours only */
};

static struct cost
run(const char *const argv[])
{
	struct cost cost = { .wall = bench_wall() };
	int ends[2], status;
	pid_t pid;
	FILE *said;

	if (pipe2(ends, O_CLOEXEC) != 0 || (pid = fork()) < 0)
		bench_fail("fork", NULL);
	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);

		dup2(ends[1], 1);
		dup2(null, 2);
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	close(ends[1]);
	said = fdopen(ends[0], "r");
	if (said == NULL || fscanf(said, "%lf", &cost.kib) != 1)
		cost.kib = 0;
	if (waitpid(pid, &status, 0) != pid || status != 0)
		bench_fail(argv[0], NULL);
	cost.wall = bench_wall() - cost.wall;
	fclose(said);
	return cost;
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

/* The greatest memory of this program since it began, in KiB. */
static long
peak_memory(void)
{
	FILE *in = fopen("/proc/self/status", "r");
	char line[256];
	long kib = 0;

	if (in == NULL)
		bench_fail("/proc/self/status", NULL);
	while (fgets(line, sizeof(line), in) != NULL)
		if (strncmp(line, "VmHWM:", 6) == 0)
			kib = strtol(line + 6, NULL, 10);
	fclose(in);
	return kib;
}

int
bench_publish(const char *dir)
{
	const pki_ca_options options = { .state_dir = dir, .conf_dir = dir };
	PKI_AUTO(pki_ca) ca = NULL;
	pki_err err;

	BENCH_OK(pki_ca_open(&options, &ca, &err), &err);
	BENCH_OK(pki_ca_publish(ca, "issuing", &who, NULL, NULL, &err), &err);
	printf("%ld\n", peak_memory());
	return 0;
}

static void
prepare(const bench_options *options, const char *name, int64_t count,
    char dir[PKI_PATH_MAX])
{
	int64_t begin = pki_clock_now(NULL) - 100 * PKI_DAY;
	char command[3 * PKI_PATH_MAX];

	bench_make_ca(options, name, dir);
	fill(dir, count, begin);
	write_index(dir, count, begin);
	snprintf(command, sizeof(command), "openssl x509 -in %s/public/ca/"
	    "issuing.cer -inform DER -out %s/issuing.pem", dir, dir);
	if (system(command) != 0)
		bench_fail(command, NULL);
}

/* Medians of both in turn; the first of ours has no list to compare with. */
static void
measure(const char *dir, struct cost *ours, struct cost *theirs)
{
	double our_wall[ROUNDS], their_wall[ROUNDS];
	size_t i;

	run_ours(dir);
	ours->kib = 0;
	for (i = 0; i < ROUNDS; i++) {
		struct cost cost = run_ours(dir);

		our_wall[i] = cost.wall;
		if (cost.kib > ours->kib)
			ours->kib = cost.kib;
		their_wall[i] = run_openssl(dir).wall;
	}
	ours->wall = bench_median(our_wall, ROUNDS);
	theirs->wall = bench_median(their_wall, ROUNDS);
}

void
bench_crl(const bench_options *options)
{
	int64_t count = options->quick ? 200000 : 1000000;
	char large[PKI_PATH_MAX], small[PKI_PATH_MAX];
	struct cost ours, theirs, few, few_theirs;

	prepare(options, "crl-small", count / 10, small);
	prepare(options, "crl-large", count, large);
	measure(small, &few, &few_theirs);
	measure(large, &ours, &theirs);
	bench_report(&(bench_claim){
		options->quick ? "CRL of 200 000 against openssl ca -gencrl" :
		"CRL of 1 000 000 against openssl ca -gencrl", "s", ours.wall,
		theirs.wall, BENCH_AT_MOST, 0.12, "wall, medians",
	});
	bench_report(&(bench_claim){
		"CRL: peak memory against 16 MiB", "KiB", ours.kib,
		16 * 1024, BENCH_AT_MOST, 1.0, NULL,
	});
	bench_report(&(bench_claim){
		"CRL: peak memory against a tenth of the entries", "KiB",
		ours.kib, few.kib, BENCH_AT_MOST, 1.1, NULL,
	});
}
