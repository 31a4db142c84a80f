/*
 * A database whose octets are anything: every verb ends, with an answer of
 * its own and no misuse of the store, and soon.  --enable-sanitizers sees
 * what it read meanwhile.
 */
#include "ca/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ca/due.h"
#include "ca/find.h"
#include "ca/publish.h"
#include "tests/lib/ca/ca-sample.h"

#define MUTANTS 2000
#define SECONDS 8               /* for slow machines and sanitizers */
#define PAGE 4096

TestSuite(mutants, .timeout = 60);

static struct test_ca t;
static pki_cert *meter;
static struct test_request request;
static uint64_t state = 20261124;

/* xorshift64*: the same mutants on every machine. */
static size_t
draw(size_t below)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (size_t)((state * UINT64_C(2685821657736338717)) >> 33) % below;
}

static void
change_octets(uint8_t *data, size_t len)
{
	static const uint8_t edges[] = { 0, 1, 0x7f, 0x80, 0xff };
	size_t i, count = 1 + draw(8);

	for (i = 0; i < count; i++)
		data[draw(len)] = draw(2) == 0 ? (uint8_t)draw(256) :
		    edges[draw(sizeof(edges))];
}

/* Where a page says what it holds. */
static void
change_header(uint8_t *data, size_t len)
{
	size_t page = draw(len / PAGE) * PAGE;

	change_octets(data + page, 64);
}

static void
copy_page(uint8_t *data, size_t len)
{
	memmove(data + draw(len / PAGE) * PAGE, data + draw(len / PAGE) * PAGE,
	    PAGE);
}

static void
fill_range(uint8_t *data, size_t len)
{
	size_t from = draw(len - 64);

	memset(data + from, (int)draw(256), 1 + draw(63));
}

static void (*const mutations[])(uint8_t *data, size_t len) = {
	change_octets, change_octets, change_header, copy_page, fill_range,
};

static pki_code
see_ca(const pki_ca_info *info, void *arg, pki_err *err)
{
	(void)info;
	(void)arg;
	(void)err;
	return PKI_OK;
}

static pki_code
see_cert(const pki_cert_row *row, void *arg, pki_err *err)
{
	(void)row;
	(void)arg;
	(void)err;
	return PKI_OK;
}

static pki_code
see_audit(const pki_audit_row *row, void *arg, pki_err *err)
{
	(void)row;
	(void)arg;
	(void)err;
	return PKI_OK;
}

static void
see_line(void *arg, const pki_status_ca *line)
{
	(void)arg;
	(void)line;
}

static void
see_warning(void *arg, const char *sentence)
{
	(void)arg;
	(void)sentence;
}

static pki_code
list(void)
{
	pki_code rc = pki_ca_each(t.ca, see_ca, NULL, &t.err);

	if (rc == PKI_OK)
		rc = pki_ca_each_cert(t.ca, NULL, NULL, see_cert, NULL,
		    &t.err);
	return rc;
}

static pki_code
show_log(void)
{
	return pki_audit_each(t.ca, 0, see_audit, NULL, &t.err);
}

static pki_code
verify_log(void)
{
	pki_audit_head head;

	return pki_audit_verify(t.ca, NULL, &head, NULL, NULL, &t.err);
}

static pki_code
check_all(void)
{
	int64_t rows;

	return pki_ca_check(t.ca, &rows, NULL, NULL, &t.err);
}

static pki_code
show_status(void)
{
	pki_status status = { .ca = see_line, .warning = see_warning };

	return pki_ca_status(t.ca, &status, &t.err);
}

static pki_code
issue_next(void)
{
	memset(&t.err, 0, sizeof(t.err));
	pki_cert_free(issue_with(&t, &request.request));
	return t.err.code;
}

static pki_code
revoke_meter(void)
{
	pki_revocation revocation = revocation_of(meter,
	    PKI_REASON_KEY_COMPROMISE);

	return pki_ca_revoke(t.ca, &revocation, NULL, &t.err);
}

static pki_code
publish_next(void)
{
	return pki_ca_publish(t.ca, "issuing", &test_requester, NULL, NULL,
	    &t.err);
}

static pki_code (*const verbs[])(void) = {
	list, show_log, show_status, verify_log, check_all, issue_next,
	revoke_meter, publish_next,
};

static void
put_database(pki_bytes bytes)
{
	static const char *const rest[] = { "ca.db-wal", "ca.db-shm" };
	char path[PKI_PATH_MAX];
	FILE *file;

	for (size_t i = 0; i < PKI_COUNT(rest); i++)
		if (has_file(&t, rest[i]))
			drop_file(&t, rest[i]);
	state_path(&t, "ca.db", path);
	file = fopen(path, "we");
	cr_assert_not_null(file);
	cr_assert_eq(fwrite(bytes.data, 1, bytes.len, file), bytes.len);
	cr_assert_eq(fclose(file), 0);
}

static void
run_verbs(int mutant)
{
	const pki_ca_options options = test_options(&t);
	struct timespec begin, end;
	pki_code rc = pki_ca_open(&options, &t.ca, &t.err);

	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (size_t i = 0; rc == PKI_OK && i < PKI_COUNT(verbs); i++)
		cr_expect_neq(verbs[i](), PKI_USAGE, "mutant %d, verb %zu: %s",
		    mutant, i, t.err.msg);
	cr_expect_neq(rc, PKI_USAGE, "mutant %d: %s", mutant, t.err.msg);
	pki_ca_free(t.ca);
	t.ca = NULL;
	clock_gettime(CLOCK_MONOTONIC, &end);
	cr_expect_lt(end.tv_sec - begin.tv_sec, 5, "mutant %d", mutant);
}

Test(mutants, of_a_database_end_every_verb_with_an_answer)
{
	PKI_AUTO(pki_buf) whole = NULL;
	time_t until = time(NULL) + SECONDS;
	uint8_t *copy;

	/* In memory: no mutant waits for a disk. */
	if (access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 1);
	fresh_ca(&t);
	meter = issue_meter(&t, "meter-1");
	pki_cert_free(issue_meter(&t, "meter-2"));
	fresh_request(&request, "auditor", "meter-3");
	run_sql(&t, "PRAGMA wal_checkpoint(TRUNCATE)");
	pki_ca_free(t.ca);
	t.ca = NULL;
	whole = get_file(&t, "ca.db");
	copy = malloc(whole->len);
	cr_assert_not_null(copy);
	for (int i = 0; i < MUTANTS && time(NULL) < until; i++) {
		memcpy(copy, whole->data, whole->len);
		mutations[draw(PKI_COUNT(mutations))](copy, whole->len);
		put_database(pki_bytes_of(copy, whole->len));
		pass(&t, 2);
		run_verbs(i);
	}
	free(copy);
	drop_request(&request);
	pki_cert_free(meter);
	drop_ca(&t);
}
