#include "ca/publish.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/lib/ca/ca-sample.h"

#define FULL "crl/issuing/full.crl"

static struct test_ca t;

static void
set_up(void)
{
	fresh_ca(&t);
}

static void
tear_down(void)
{
	drop_ca(&t);
}

TestSuite(ca_publish, .init = set_up, .fini = tear_down, .timeout = 60);
TestSuite(ca_publish_check, .init = set_up, .fini = tear_down, .timeout = 60);

static pki_code
try_publish(void)
{
	return pki_ca_publish(t.ca, "issuing", &test_requester, NULL, NULL,
	    &t.err);
}

static int64_t
number_of(const char *file)
{
	PKI_AUTO(pki_crl) crl = get_crl(&t, file);

	return pki_crl_number(crl);
}

static int64_t
this_update_of(const char *file)
{
	PKI_AUTO(pki_crl) crl = get_crl(&t, file);

	return pki_crl_this_update(crl);
}

static bool
lists(const char *file, const pki_cert *cert)
{
	PKI_AUTO(pki_crl) crl = get_crl(&t, file);

	return pki_crl_find(crl, pki_cert_serial(cert)) != NULL;
}

Test(ca_publish, raises_number_and_time_within_the_same_second)
{
	int64_t number = number_of(FULL), when = this_update_of(FULL);

	for (int i = 0; i < 20; i++) {
		int64_t next;

		publish(&t, "issuing");
		next = number_of(FULL);
		cr_assert_gt(next, number, "round %d", i);
		number = next;
		next = this_update_of(FULL);
		cr_assert_eq(next, when + 1, "round %d", i);
		when = next;
	}
}

Test(ca_publish, stops_when_thisupdate_runs_ahead_of_the_clock)
{
	pki_audit_head before;
	int64_t number;
	pki_code rc;
	int rounds = 0;

	/* From 60 s behind the clock to 5 s ahead. */
	while ((rc = try_publish()) == PKI_OK && rounds < 100)
		rounds++;
	assert_refused(rc, PKI_CLOCK, &t.err, NULL);
	cr_assert_eq(rounds, 65, "%d rounds", rounds);
	cr_assert_eq(this_update_of(FULL), TEST_BEGIN + 5);
	before = head_of(&t);
	number = number_of(FULL);
	assert_refused(try_publish(), PKI_CLOCK, &t.err, NULL);
	cr_assert(same_head(before, head_of(&t)));
	cr_assert_eq(number_of(FULL), number);
	pass(&t, 1);
	publish(&t, "issuing");
}

Test(ca_publish, lists_exactly_what_is_revoked)
{
	PKI_AUTO(pki_cert) a = issue_meter(&t, "meter-1");
	PKI_AUTO(pki_cert) b = issue_meter(&t, "meter-2");
	PKI_AUTO(pki_cert) good = issue_meter(&t, "meter-3");
	PKI_AUTO(pki_crl) crl = NULL;
	const pki_crl_entry *entry;
	pki_revocation revocation = revocation_of(b,
	    PKI_REASON_KEY_COMPROMISE);

	pass(&t, PKI_DAY);
	revoke_cert(&t, a, PKI_REASON_SUPERSEDED);
	revocation.invalid_since = TEST_BEGIN + PKI_HOUR;
	assert_ok(pki_ca_revoke(t.ca, &revocation, NULL, &t.err), &t.err);
	publish(&t, "issuing");
	crl = get_crl(&t, FULL);
	cr_assert_eq(pki_crl_count(crl), 2);
	cr_assert_null(pki_crl_find(crl, pki_cert_serial(good)));
	entry = pki_crl_find(crl, pki_cert_serial(a));
	cr_assert_eq(entry->revoked_at, TEST_BEGIN + PKI_DAY);
	cr_assert_eq(entry->reason, PKI_REASON_SUPERSEDED);
	cr_assert_eq(entry->invalid_since, 0);
	entry = pki_crl_find(crl, pki_cert_serial(b));
	cr_assert_eq(entry->reason, PKI_REASON_KEY_COMPROMISE);
	cr_assert_eq(entry->invalid_since, TEST_BEGIN + PKI_HOUR);
	cr_assert_null(pki_crl_idp_url(crl));
}

static void
expect_twin(const char *der_file, const char *pem_file)
{
	PKI_AUTO(pki_crl) der = get_crl(&t, der_file);
	PKI_AUTO(pki_crl) pem = get_crl(&t, pem_file);

	cr_expect(pki_bytes_equal(pki_crl_der(der), pki_crl_der(pem)), "%s",
	    der_file);
}

static void
expect_mode(const char *name, mode_t mode)
{
	char path[PKI_PATH_MAX];
	struct stat st = { 0 };

	state_path(&t, name, path);
	cr_expect_eq(stat(path, &st), 0, "%s", path);
	cr_expect_eq(st.st_mode & 07777, mode, "%s %04o", name, st.st_mode);
}

Test(ca_publish, writes_der_and_pem_for_everybody_to_read)
{
	umask(077);
	publish(&t, "issuing");
	publish(&t, "root");
	expect_twin(FULL, "crl/issuing/full.pem");
	expect_twin("crl/root/full.crl", "crl/root/full.pem");
	expect_mode("public/crl/issuing/full.crl", 0644);
	expect_mode("public/crl/issuing/full.pem", 0644);
	expect_mode("public/crl/issuing/chain.pem", 0644);
}

/* The numbers of the CRLs in a file, in their order. */
struct numbers {
	int64_t n[8];
	size_t  count;
};

static pki_code
note_number(pki_bytes der, void *arg, pki_err *err)
{
	PKI_AUTO(pki_crl) crl = NULL;
	struct numbers *numbers = arg;
	pki_code rc = pki_crl_parse(der, 1 << 20, &crl, err);

	if (rc == PKI_OK)
		numbers->n[numbers->count++] = pki_crl_number(crl);
	return rc;
}

static struct numbers
numbers_in(const char *file)
{
	PKI_AUTO(pki_buf) text = get_file(&t, file);
	struct numbers numbers = { .count = 0 };

	assert_ok(pki_pem_each(pki_buf_bytes(text), PKI_PEM_CRL, 1 << 20,
	    note_number, &numbers, &t.err), &t.err);
	return numbers;
}

Test(ca_publish, keeps_the_chain_with_the_issuers_crl_first)
{
	struct numbers numbers;

	publish(&t, "issuing");
	numbers = numbers_in("public/crl/issuing/chain.pem");
	cr_assert_eq(numbers.count, 2);
	cr_assert_eq(numbers.n[0], number_of(FULL));
	cr_assert_eq(numbers.n[1], number_of("crl/root/full.crl"));
	/* A new CRL of the root reaches the chains below. */
	publish(&t, "root");
	numbers = numbers_in("public/crl/issuing/chain.pem");
	cr_assert_eq(numbers.n[0], number_of(FULL));
	cr_assert_eq(numbers.n[1], number_of("crl/root/full.crl"));
	numbers = numbers_in("public/crl/root/chain.pem");
	cr_assert_eq(numbers.count, 1);
	cr_assert_eq(numbers.n[0], number_of("crl/root/full.crl"));
}

Test(ca_publish, keeps_an_expired_entry_on_exactly_one_more_list)
{
	PKI_AUTO(pki_cert) cert = issue_meter(&t, "meter-1");

	revoke_cert(&t, cert, PKI_REASON_SUPERSEDED);
	publish(&t, "issuing");
	t.clock.now_ms = pki_cert_not_after(cert) * 1000;
	publish(&t, "issuing");
	cr_assert(lists(FULL, cert));
	pass(&t, PKI_DAY);
	publish(&t, "issuing");
	cr_assert(lists(FULL, cert));
	publish(&t, "issuing");
	cr_assert_not(lists(FULL, cert));
}

Test(ca_publish, replaces_what_is_no_crl_of_this_ca)
{
	PKI_AUTO(pki_buf) root = get_file(&t, "public/crl/root/full.pem");
	int64_t number = number_of(FULL);

	put_file(&t, "public/" FULL, "garbage");
	publish(&t, "issuing");
	cr_assert_gt(number_of(FULL), number);
	number = number_of(FULL);
	put_file(&t, "public/" FULL, pki_buf_text(root));
	publish(&t, "issuing");
	cr_assert_gt(number_of(FULL), number);
	put_file(&t, "public/" FULL, "");
	publish(&t, "issuing");
}

Test(ca_publish, sweeps_what_a_killed_publisher_left)
{
	put_file(&t, "public/crl/issuing/.full.crl.1-0.tmp", "half a list");
	put_file(&t, "public/crl/issuing/.other", "not ours");
	publish(&t, "issuing");
	cr_assert_not(has_file(&t, "public/crl/issuing/.full.crl.1-0.tmp"));
	cr_assert(has_file(&t, "public/crl/issuing/.other"));
}

Test(ca_publish, refuses_to_lose_a_revocation_that_an_old_database_lacks)
{
	PKI_AUTO(pki_cert) cert = issue_meter(&t, "meter-1");
	PKI_AUTO(pki_buf) before = NULL;
	PKI_AUTO(pki_buf) after = NULL;
	pki_audit_head head;

	keep_database(&t);
	revoke_cert(&t, cert, PKI_REASON_KEY_COMPROMISE);
	publish(&t, "issuing");
	before = get_file(&t, "public/" FULL);
	restore_database(&t);
	head = head_of(&t);
	assert_refused(try_publish(), PKI_DENIED, &t.err, "crl-gate");
	after = get_file(&t, "public/" FULL);
	cr_assert(pki_bytes_equal(pki_buf_bytes(before),
	    pki_buf_bytes(after)));
	cr_assert(same_head(head, head_of(&t)));
	/* Revoked again, it is still no list that this database made. */
	revoke_cert(&t, cert, PKI_REASON_KEY_COMPROMISE);
	assert_refused(try_publish(), PKI_DENIED, &t.err, "crl-gate");
	cr_assert_not_null(strstr(t.err.value, "not on record"));
	publish_union(&t, "issuing");
	cr_assert(lists(FULL, cert));
	pass(&t, 1);
	publish(&t, "issuing");
}

Test(ca_publish, never_falls_below_the_floor)
{
	int64_t number;

	keep_database(&t);
	for (int i = 0; i < 5; i++)
		publish(&t, "issuing");
	number = number_of(FULL);
	restore_database(&t);
	drop_file(&t, "public/" FULL);
	drop_file(&t, "public/crl/issuing/full.pem");
	publish(&t, "issuing");
	cr_assert_gt(number_of(FULL), number);
}

Test(ca_publish, goes_above_the_published_file_when_the_rest_was_lost)
{
	PKI_AUTO(pki_buf) floor = get_file(&t, "floor");
	char path[PKI_PATH_MAX];
	int64_t number;

	keep_database(&t);
	for (int i = 0; i < 5; i++)
		publish(&t, "issuing");
	number = number_of(FULL);
	restore_database(&t);
	state_path(&t, "floor", path);
	assert_ok(pki_file_replace(path, pki_buf_bytes(floor), 0600, &t.err),
	    &t.err);
	publish_union(&t, "issuing");
	cr_assert_gt(number_of(FULL), number);
}

Test(ca_publish, works_from_two_handles_in_turn)
{
	pki_ca *other = reopen_ca(&t), *mine = t.ca;
	int64_t number = number_of(FULL);

	for (int i = 0; i < 10; i++) {
		t.ca = i % 2 == 0 ? other : mine;
		publish(&t, "issuing");
		cr_assert_gt(number_of(FULL), number);
		number = number_of(FULL);
	}
	t.ca = mine;
	pki_ca_free(other);
}

Test(ca_publish, does_not_outlive_its_issuer)
{
	PKI_AUTO(pki_cert) issuer = get_ca_cert(&t, "issuing");
	PKI_AUTO(pki_crl) crl = NULL;

	t.clock.now_ms = (pki_cert_not_after(issuer) - PKI_DAY) * 1000;
	publish(&t, "issuing");
	crl = get_crl(&t, FULL);
	cr_assert_eq(pki_crl_next_update(crl), pki_cert_not_after(issuer));
}

Test(ca_publish, knows_no_other_ca)
{
	assert_refused(pki_ca_publish(t.ca, "nobody", &test_requester, NULL,
	    NULL, &t.err), PKI_NOT_FOUND, &t.err, "ca");
	cr_assert_str_eq(t.err.value, "nobody");
}

Test(ca_publish, waits_for_a_clock_that_is_believed)
{
	pass(&t, PKI_DAY);
	publish(&t, "issuing");
	pass(&t, -6 * PKI_MINUTE);
	assert_refused(try_publish(), PKI_CLOCK, &t.err, NULL);
}

/* What the visitor was told last. */
static pki_published told;
static char told_file[PKI_PATH_MAX];
static int told_count;

static pki_code
note_published(const pki_published *published, void *arg, pki_err *err)
{
	(void)arg;
	(void)err;
	told = *published;
	told_count++;
	snprintf(told_file, sizeof(told_file), "%s", published->file);
	return PKI_OK;
}

Test(ca_publish, tells_what_it_published)
{
	PKI_AUTO(pki_cert) cert = issue_meter(&t, "meter-1");

	revoke_cert(&t, cert, PKI_REASON_SUPERSEDED);
	assert_ok(pki_ca_publish(t.ca, "issuing", &test_requester,
	    note_published, NULL, &t.err), &t.err);
	cr_assert_eq(told_count, 1);
	cr_assert_str_eq(told.ca, "issuing");
	cr_assert_str_eq(told_file, FULL);
	cr_assert_eq(told.number, number_of(FULL));
	cr_assert_eq(told.this_update, this_update_of(FULL));
	cr_assert_eq(told.next_update, told.this_update + 7 * PKI_DAY);
	cr_assert_eq(told.entries, 1);
}

Test(ca_publish_check, tells_the_same_and_changes_nothing)
{
	const pki_publish_options options = { .visit = note_published };
	PKI_AUTO(pki_cert) cert = issue_meter(&t, "meter-1");
	pki_digest before, after;

	revoke_cert(&t, cert, PKI_REASON_SUPERSEDED);
	before = dir_digest(t.state);
	assert_ok(pki_ca_publish_check(t.ca, "issuing", &options, &t.err),
	    &t.err);
	after = dir_digest(t.state);
	cr_assert(pki_digest_equal(&before, &after));
	cr_assert_eq(told_count, 1);
	cr_assert_eq(told.entries, 1);
	cr_assert_eq(told.number, number_of(FULL) + 1);
}
