/*
 * What size costs: issuing into a large store against an empty one, octets
 * for each row, and looking one up.
 */
#include "tests/bench/bench.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FULL_CERTS 10000000
#define FULL_DEVICES 200000
#define QUICK_CERTS 200000
#define QUICK_DEVICES 10000
#define LOOKUPS 100000
#define RENEWALS 8192
#define IN_FLIGHT 1024
#define ROUNDS 5

static sqlite3 *
open_raw(const char *state)
{
	char path[PKI_PATH_MAX];
	sqlite3 *db;
	pki_err err;

	BENCH_OK(pki_path_join(path, state, "ca.db", &err), &err);
	if (sqlite3_open(path, &db) != SQLITE_OK)
		bench_fail("sqlite3_open", NULL);
	sqlite3_busy_timeout(db, 10000);
	return db;
}

static void
sync_database(const char *state)
{
	char path[PKI_PATH_MAX];
	pki_err err;
	int fd;

	BENCH_OK(pki_path_join(path, state, "ca.db", &err), &err);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) != 0)
		bench_fail(path, NULL);
	close(fd);
}

static void
run_sql(sqlite3 *db, const char *sql)
{
	char *why = NULL;

	if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK) {
		fprintf(stderr, "bench: %s: %s\n", sql, why);
		exit(2);
	}
}

static int64_t
ask_sql(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *stmt;
	int64_t value;

	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK ||
	    sqlite3_step(stmt) != SQLITE_ROW)
		bench_fail(sqlite3_errmsg(db), NULL);
	value = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return value;
}

/* 20 octets in order of i: epoch, time, and a random rest, as ours are. */
static void
old_serial(sqlite3_context *context, int count, sqlite3_value **values)
{
	int64_t i = sqlite3_value_int64(values[0]);
	uint8_t octets[20] = { 1 };
	int k;

	(void)count;
	for (k = 0; k < 6; k++)
		octets[1 + k] = (uint8_t)(i >> (40 - 8 * k));
	sqlite3_randomness(13, octets + 7);
	sqlite3_result_blob(context, octets, sizeof(octets),
	    SQLITE_TRANSIENT);
}

/*
 * Old certificates of the devices that are there, as the issuing path would
 * have left them: serials in order of time, DER of the same length.  One for
 * each device in a step, with the log checkpointed between, so that it stays
 * small.
 */
void
bench_grow(const char *state, int64_t wanted)
{
	static const char insert[] =
	    "WITH RECURSIVE n(i) AS (SELECT %lld UNION ALL SELECT i + 1 FROM n"
	    " WHERE i < %lld) INSERT INTO cert (ca_id, identity_id, pubkey_id,"
	    " profile_id, serial, not_before, not_after, issued_at,"
	    " key_origin, crl_partition, status, revoked_at, reason,"
	    " invalid_since, der, row_hash, previous_id) SELECT c.ca_id,"
	    " c.identity_id, c.pubkey_id, c.profile_id, old_serial(i),"
	    " c.not_before, c.not_after, c.issued_at, 0, 0, 0, 0, 0, 0, c.der,"
	    " c.row_hash, w.cert_id"
	    " FROM n JOIN cert c ON c.id = 3 + i %% %lld"
	    " JOIN cert_newest w USING (identity_id)";
	sqlite3 *db = open_raw(state);
	int64_t devices = ask_sql(db, "SELECT count(*) FROM cert_newest") - 2;
	int64_t done = ask_sql(db, "SELECT count(*) FROM cert") - 2;
	char sql[sizeof(insert) + 96];

	if (sqlite3_create_function(db, "old_serial", 1, SQLITE_UTF8, NULL,
	    old_serial, NULL, NULL) != SQLITE_OK)
		bench_fail(sqlite3_errmsg(db), NULL);
	run_sql(db, "PRAGMA synchronous = OFF");
	run_sql(db, "PRAGMA cache_size = -400000");
	while (done < wanted) {
		int64_t upto = done + devices;

		if (upto > wanted)
			upto = wanted;
		snprintf(sql, sizeof(sql), insert, (long long)done,
		    (long long)upto - 1, (long long)devices);
		run_sql(db, sql);
		run_sql(db, "PRAGMA wal_checkpoint(TRUNCATE)");
		done = upto;
	}
	sqlite3_close(db);
	/* Else what follows waits for what was filled in without a sync. */
	sync_database(state);
}

/* Renewals: the device keeps name and key, and gets one more certificate. */
static double
renew_rate(const char *state, bench_device *devices, double *latencies)
{
	size_t i;

	for (i = 0; i < RENEWALS; i++)
		devices[i].request.purpose = PKI_ISSUE_RENEW;
	return RENEWALS / bench_issue_all(state, devices, RENEWALS, IN_FLIGHT,
	    latencies);
}

static void
note_point(double certificates, double rate, double *latencies)
{
	bench_median(latencies, RENEWALS);
	bench_point(certificates, rate,
	    bench_quantile(latencies, RENEWALS, 0.99));
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* 100 000 lookups by serial, warm, each timed alone; p50 and p99 in us. */
static void
claim_lookup(const char *state, int64_t certificates)
{
	double *times = calloc(LOOKUPS, sizeof(*times)), p50, p99;
	PKI_AUTO(pki_store) store = NULL;
	PKI_AUTO(pki_buf) hold = pki_buf_new();
	char url[PKI_PATH_MAX + 8], note[64];
	pki_serial *serials = calloc(LOOKUPS, sizeof(*serials));
	sqlite3 *db = open_raw(state);
	sqlite3_stmt *stmt;
	pki_cert_row row;
	pki_err err;
	size_t i, count = 0, round;

	if (sqlite3_prepare_v2(db, "SELECT serial FROM cert WHERE ca_id = 2 "
	    "AND id % ?1 = 0 LIMIT 100000", -1, &stmt, NULL) != SQLITE_OK)
		bench_fail(sqlite3_errmsg(db), NULL);
	sqlite3_bind_int64(stmt, 1, certificates / LOOKUPS + 1);
	while (count < LOOKUPS && sqlite3_step(stmt) == SQLITE_ROW) {
		serials[count].len = 20;
		memcpy(serials[count++].octets, sqlite3_column_blob(stmt, 0),
		    20);
	}
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	snprintf(url, sizeof(url), "sqlite:%s", state);
	BENCH_OK(pki_store_open(url, &store, &err), &err);
	/* The first round warms the pages; the second one counts. */
	for (round = 0; round < 2; round++) {
		for (i = 0; i < count; i++) {
			double begin = bench_wall();

			BENCH_OK(pki_store_get_cert(store, 2,
			    &serials[i * 7919 % count], &row, hold, &err),
			    &err);
			times[i] = (bench_wall() - begin) * 1e6;
		}
	}
	qsort(times, count, sizeof(*times), by_value);
	p50 = bench_quantile(times, count, 0.50);
	p99 = bench_quantile(times, count, 0.99);
	snprintf(note, sizeof(note), "n = %zu; or p99 <= 50 us", count);
	bench_report(&(bench_claim){
		"lookup by serial, p99 against p50 (3), or 50 us", "us", p99,
		p50 * 3 > 50 ? p50 : 50.0 / 3, BENCH_AT_MOST, 3, note,
	});
	free(serials);
	free(times);
}

/* What a row takes beyond its DER: the table, its indexes, page slack. */
static void
claim_sizes(const char *state)
{
	sqlite3 *db = open_raw(state);
	double certs, der, audit, rows, audit_rows;

	rows = (double)ask_sql(db, "SELECT count(*) FROM cert");
	der = (double)ask_sql(db, "SELECT sum(length(der)) FROM cert "
	    "WHERE id < 20000") / (double)ask_sql(db,
	    "SELECT count(*) FROM cert WHERE id < 20000");
	/* In an aggregate pageno is how many; pgsize is 32 bits there. */
	certs = (double)ask_sql(db, "SELECT sum(pageno) * (SELECT page_size "
	    "FROM pragma_page_size) FROM dbstat WHERE "
	    "name IN (SELECT name FROM sqlite_schema WHERE tbl_name = 'cert')"
	    " AND aggregate = 1");
	audit = (double)ask_sql(db, "SELECT sum(pageno) * (SELECT page_size "
	    "FROM pragma_page_size) FROM dbstat WHERE "
	    "name = 'audit' AND aggregate = 1");
	audit_rows = (double)ask_sql(db, "SELECT count(*) FROM audit");
	sqlite3_close(db);
	bench_report(&(bench_claim){
		"certificate row with its indexes, beyond DER", "octets",
		certs / rows - der, 300, BENCH_AT_MOST, 1, NULL,
	});
	bench_report(&(bench_claim){
		"audit row", "octets", audit / audit_rows, 300, BENCH_AT_MOST,
		1, NULL,
	});
}

void
bench_store(const bench_options *options)
{
	int64_t wanted = options->quick ? QUICK_CERTS : FULL_CERTS;
	size_t count = options->quick ? QUICK_DEVICES : FULL_DEVICES, i;
	bench_device *devices = bench_devices(count, "device");
	double *latencies = calloc(RENEWALS, sizeof(*latencies));
	double empty[ROUNDS], full[ROUNDS], first;
	char state[PKI_PATH_MAX], name[64];

	bench_make_ca(options, "store", state);
	first = (double)count / bench_issue_all(state, devices, count,
	    IN_FLIGHT, NULL);
	for (i = 0; i < ROUNDS; i++)
		empty[i] = renew_rate(state,
		    devices + i * 401 % (count - RENEWALS + 1), latencies);
	note_point((double)count, empty[0], latencies);
	for (i = 1; i <= 4; i++) {
		bench_grow(state, wanted * (int64_t)i / 4);
		full[0] = renew_rate(state, devices, latencies);
		note_point((double)wanted * (double)i / 4, full[0], latencies);
	}
	for (i = 0; i < ROUNDS; i++)
		full[i] = renew_rate(state, devices, latencies);
	snprintf(name, sizeof(name), "durable renewal at %lld against %zu",
	    (long long)wanted, count);
	bench_report(&(bench_claim){
		name, "1/s", bench_median(full, ROUNDS),
		bench_median(empty, ROUNDS), BENCH_AT_LEAST, 0.85, NULL,
	});
	bench_report(&(bench_claim){
		"first enrollments, against renewals", "1/s", first,
		empty[ROUNDS / 2], BENCH_AT_LEAST, 0, NULL,
	});
	claim_lookup(state, wanted);
	claim_sizes(state);
	bench_devices_free(devices, count);
	free(latencies);
}
