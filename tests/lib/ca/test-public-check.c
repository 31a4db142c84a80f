#include "ca/due.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "ca/publish.h"
#include "ca/status.h"
#include "tests/lib/ca/ca-sample.h"

static struct test_ca t;

/* Two CRLs after each other: the second one lists a certificate. */
static void
begin(const char *conf)
{
	PKI_AUTO(pki_cert) leaf = NULL;
	pki_ca_setup setup;

	memset(&t, 0, sizeof(t));
	test_clock_init(&t.clock);
	temp_dir(t.dir);
	assert_ok(pki_path_join(t.state, t.dir, "ca", &t.err), &t.err);
	cr_assert_eq(mkdir(t.state, 0711), 0);
	put_file(&t, "pki.conf", conf);
	setup = test_setup(&t);
	assert_ok(pki_ca_init(&setup, &t.err), &t.err);
	t.ca = reopen_ca(&t);
	leaf = issue_meter(&t, "meter-1");
	pass(&t, 10);
	publish(&t, "issuing");
	publish(&t, "root");
	revoke_cert(&t, leaf, PKI_REASON_SUPERSEDED);
}

TestSuite(ca_unpublished, .timeout = 120);

static int64_t
behind(const char *name)
{
	int64_t count = -1;

	assert_ok(pki_ca_unpublished(t.ca, name, &count, &t.err), &t.err);
	return count;
}

static bool
is_due(const char *name)
{
	bool due = false;

	assert_ok(pki_ca_crl_is_due(t.ca, name, &due, &t.err), &t.err);
	return due;
}

static char warnings[4096];

static void
note_warning(void *arg, const char *sentence)
{
	(void)arg;
	snprintf(warnings + strlen(warnings),
	    sizeof(warnings) - strlen(warnings), "%s\n", sentence);
}

static void
ignore_ca(void *arg, const pki_status_ca *line)
{
	(void)arg;
	(void)line;
}

static bool
status_names(const char *part)
{
	pki_status status = { .ca = ignore_ca, .warning = note_warning };

	warnings[0] = '\0';
	assert_ok(pki_ca_status(t.ca, &status, &t.err), &t.err);
	return strstr(warnings, part) != NULL;
}

static void
put_bytes(const char *file, const pki_buf *bytes)
{
	char path[PKI_PATH_MAX];

	state_path(&t, file, path);
	assert_ok(pki_file_replace(path, pki_buf_bytes(bytes), 0644, &t.err),
	    &t.err);
}

static const char full[] = "base-url = \"http://pki.test\";\n";
static const char parts[] = "crl: { form = \"partitioned\"; };\n";

static const struct place {
	const char *conf, *file;
} places[] = {
	{ full, "full.crl" }, { full, "full.pem" }, { full, "chain.pem" },
	{ parts, "0.crl" }, { parts, "0.pem" }, { parts, "chain.pem" },
	{ parts, "complete.crl" }, { parts, "complete.pem" },
};

/* As it was one publication before; as it was, with the next one recorded. */
static void
age_file(const struct place *place)
{
	char file[PKI_PATH_MAX];
	PKI_AUTO(pki_buf) before = NULL;

	begin(place->conf);
	snprintf(file, sizeof(file), "public/crl/issuing/%s", place->file);
	before = get_file(&t, file);
	pass(&t, 1);
	publish(&t, "issuing");
	cr_assert_eq(behind("issuing"), 0, "%s", place->file);
	cr_assert_not(is_due("issuing"));
	put_bytes(file, before);
	cr_expect_gt(behind("issuing"), 0, "%s", place->file);
	cr_expect(is_due("issuing"), "%s", place->file);
	cr_expect(status_names("published"), "%s: %s", place->file, warnings);
	pass(&t, 1);
	publish(&t, "issuing");
	cr_expect_eq(behind("issuing"), 0, "%s", place->file);
	cr_expect_not(is_due("issuing"), "%s", place->file);
	cr_expect_not(status_names("published"), "%s", warnings);
	drop_ca(&t);
}

Test(ca_unpublished, notices_each_file_that_stayed_behind)
{
	for (size_t i = 0; i < PKI_COUNT(places); i++)
		age_file(&places[i]);
}

static void
lose_file(const struct place *place)
{
	bool whole = strstr(place->file, ".pem") != NULL ||
	    place->file[0] == '0';
	char file[PKI_PATH_MAX];
	int64_t count;

	begin(place->conf);
	publish(&t, "issuing");
	snprintf(file, sizeof(file), "public/crl/issuing/%s", place->file);
	drop_file(&t, file);
	if (whole)
		cr_expect_gt(behind("issuing"), 0, "%s", place->file);
	else
		cr_expect_eq(pki_ca_unpublished(t.ca, "issuing", &count,
		    &t.err), PKI_NOT_FOUND);
	cr_expect(is_due("issuing"), "%s", place->file);
	pass(&t, 1);
	publish(&t, "issuing");
	cr_expect_eq(behind("issuing"), 0, "%s", place->file);
	cr_expect(has_file(&t, file), "%s", place->file);
	drop_ca(&t);
}

Test(ca_unpublished, notices_each_file_that_is_gone)
{
	for (size_t i = 0; i < PKI_COUNT(places); i++)
		lose_file(&places[i]);
}

/* The chain below is of the root's list too, and that may be the one lost. */
Test(ca_unpublished, notices_a_chain_without_the_newest_list_above_it)
{
	PKI_AUTO(pki_buf) before = NULL;

	begin(full);
	publish(&t, "issuing");
	before = get_file(&t, "public/crl/issuing/chain.pem");
	pass(&t, 1);
	publish(&t, "root");
	put_bytes("public/crl/issuing/chain.pem", before);
	cr_assert_eq(behind("issuing"), 1);
	cr_assert_eq(behind("root"), 0);
	cr_assert(status_names("crl/issuing/chain.pem is the first"), "%s",
	    warnings);
	/* A twin that is behind does not get into it. */
	drop_file(&t, "public/crl/root/full.pem");
	pass(&t, 1);
	publish(&t, "issuing");
	cr_assert_eq(behind("issuing"), 0);
	cr_assert_eq(behind("root"), 1);
	drop_ca(&t);
}

static pki_code
is_listed(const pki_cert *cert)
{
	return pki_ca_check_listed(t.ca, "issuing", pki_cert_serial(cert), 1,
	    &t.err);
}

/* What is recorded and on no list still opens doors. */
Test(ca_check_listed, wants_it_on_every_list_it_belongs_to)
{
	static const char *const confs[] = { full, parts };

	for (size_t i = 0; i < PKI_COUNT(confs); i++) {
		PKI_AUTO(pki_cert) leaf = NULL;
		PKI_AUTO(pki_buf) part = NULL;
		bool partitioned = confs[i] == parts;

		begin(confs[i]);
		leaf = issue_meter(&t, "meter-2");
		revoke_cert(&t, leaf, PKI_REASON_SUPERSEDED);
		assert_refused(is_listed(leaf), PKI_DENIED, &t.err,
		    "not-published");
		if (partitioned)
			part = get_file(&t, "public/crl/issuing/0.crl");
		publish(&t, "issuing");
		assert_ok(is_listed(leaf), &t.err);
		if (partitioned) {
			put_bytes("public/crl/issuing/0.crl", part);
			assert_refused(is_listed(leaf), PKI_DENIED, &t.err,
			    "not-published");
		}
		drop_ca(&t);
	}
}

Test(ca_check_listed, leaves_out_who_had_expired)
{
	PKI_AUTO(pki_cert) leaf = NULL;

	begin(full);
	leaf = issue_meter(&t, "meter-2");
	pass(&t, 3 * PKI_YEAR);
	publish(&t, "issuing");
	revoke_cert(&t, leaf, PKI_REASON_SUPERSEDED);
	pass(&t, 1);
	publish(&t, "issuing");
	assert_ok(is_listed(leaf), &t.err);
	drop_ca(&t);
}

Test(ca_crl_repair, makes_twins_and_chains_without_a_key)
{
	PKI_AUTO(pki_buf) twin = NULL;
	PKI_AUTO(pki_buf) again = NULL;

	begin(full);
	publish(&t, "issuing");
	twin = get_file(&t, "public/crl/root/full.pem");
	drop_file(&t, "public/crl/root/full.pem");
	drop_file(&t, "public/crl/root/chain.pem");
	drop_file(&t, "public/crl/issuing/chain.pem");
	drop_file(&t, "keys/root.key");
	restart_ca(&t);
	cr_assert_eq(behind("root"), 2);
	assert_ok(pki_ca_crl_repair(t.ca, "root", &t.err), &t.err);
	cr_assert_eq(behind("root"), 0);
	cr_assert_eq(behind("issuing"), 0);
	again = get_file(&t, "public/crl/root/full.pem");
	cr_assert(pki_bytes_equal(pki_buf_bytes(twin), pki_buf_bytes(again)));
	drop_ca(&t);
}
