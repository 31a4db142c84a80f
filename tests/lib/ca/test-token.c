#include "ca/token.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ca/batch.h"
#include "ca/device.h"
#include "tests/lib/ca/ca-sample.h"

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

TestSuite(token, .init = set_up, .fini = tear_down, .timeout = 60);
TestSuite(token_create, .init = set_up, .fini = tear_down, .timeout = 60);
TestSuite(token_race, .init = set_up, .fini = tear_down, .timeout = 120);

static void
register_device(const char *name)
{
	const pki_device device = { .name = name, .profile = "auditor" };
	pki_device_adding adding = { .who = test_requester };

	assert_ok(pki_ca_add_devices(t.ca, &device, 1, &adding, &t.err),
	    &t.err);
}

static pki_token_drafts *
make_tokens(const char *const *names, size_t count)
{
	const pki_token_order order = {
		.lifetime = 3600, .who = test_requester,
	};
	pki_token_drafts *drafts = NULL;

	assert_ok(pki_ca_draft_tokens(t.ca, names, count, &order, &drafts,
	    &t.err), &t.err);
	assert_ok(pki_ca_create_tokens(t.ca, drafts, &test_requester, &t.err),
	    &t.err);
	return drafts;
}

/* A device and its token. */
static pki_token_parts
token_for(const char *name)
{
	PKI_AUTO(pki_token_drafts) drafts = NULL;
	pki_token_parts parts;

	register_device(name);
	drafts = make_tokens(&name, 1);
	assert_ok(pki_token_parse(pki_bytes_text(drafts->items[0].text),
	    &parts, &t.err), &t.err);
	return parts;
}

static pki_evidence
evidence_of(const pki_token_parts *parts)
{
	return (pki_evidence){
		.kind = PKI_EVIDENCE_TOKEN, .token = parts->id,
		.secret = pki_bytes_text(parts->secret),
	};
}

static void
request_by(struct test_request *r, const char *name,
    const pki_token_parts *parts)
{
	fresh_request(r, "auditor", name);
	r->request.evidence = evidence_of(parts);
}

static pki_issued *
enroll(const struct test_request *r)
{
	pki_issued *issued = NULL;

	assert_ok(pki_ca_issue(t.ca, &r->request, &issued, &t.err), &t.err);
	return issued;
}

static void
refused(const struct test_request *r, const char *rule)
{
	pki_issued *issued = NULL;

	assert_refused(pki_ca_issue(t.ca, &r->request, &issued, &t.err),
	    PKI_DENIED, &t.err, rule);
	cr_assert_null(issued);
}

static bool
same_cert(const pki_issued *a, const pki_issued *b)
{
	return pki_bytes_equal(pki_cert_der(a->cert), pki_cert_der(b->cert));
}

Test(token, gives_its_device_a_certificate_and_the_same_key_the_same_again)
{
	pki_token_parts parts = token_for("meter-1");
	PKI_AUTO(pki_issued) first = NULL;
	PKI_AUTO(pki_issued) again = NULL;
	pki_audit_head before;
	struct test_request r;

	request_by(&r, "meter-1", &parts);
	first = enroll(&r);
	cr_expect(!first->again);
	before = head_of(&t);
	again = enroll(&r);
	cr_expect(again->again);
	cr_expect(same_cert(first, again));
	cr_expect(pki_bytes_equal(pki_buf_bytes(first->chain),
	    pki_buf_bytes(again->chain)));
	cr_expect(same_head(before, head_of(&t)));
	/* Long after the token expired: whoever lost the reply is not lost. */
	pass(&t, 7200);
	pki_issued_free(again);
	again = enroll(&r);
	cr_expect(same_cert(first, again));
	drop_request(&r);
}

Test(token, is_bound_to_the_first_key)
{
	pki_token_parts parts = token_for("meter-1");
	struct test_request r, other;

	request_by(&r, "meter-1", &parts);
	request_by(&other, "meter-1", &parts);
	pki_issued_free(enroll(&r));
	refused(&other, "token-bound");
	drop_request(&r);
	drop_request(&other);
}

Test(token, is_for_its_device_and_profile_only)
{
	pki_token_parts parts = token_for("meter-1");
	struct test_request r;

	copy_auditor(&t, "metered");
	register_device("meter-2");
	request_by(&r, "meter-2", &parts);
	refused(&r, "token-device");
	r.request.identity = "meter-1";
	r.request.profile = "metered";
	refused(&r, "token-profile");
	/* What was refused bound nothing. */
	r.request.profile = "auditor";
	pki_issued_free(enroll(&r));
	drop_request(&r);
}

Test(token, with_another_secret_or_id_is_unknown)
{
	pki_token_parts parts = token_for("meter-1");
	struct test_request r;

	request_by(&r, "meter-1", &parts);
	parts.secret[7] = parts.secret[7] == 'a' ? 'b' : 'a';
	refused(&r, "token");
	r.request.evidence.secret.len--;
	refused(&r, "token");
	r.request.evidence = evidence_of(&parts);
	parts.id[0] = parts.id[0] == 'a' ? 'b' : 'a';
	refused(&r, "token");
	r.request.evidence.token = "short";
	refused(&r, "token");
	drop_request(&r);
}

/* The right secret of an id that is on no record. */
Test(token, that_was_never_recorded_is_unknown)
{
	const pki_token_order order = {
		.lifetime = 3600, .who = test_requester,
	};
	static const char *const names[] = { "meter-1" };
	PKI_AUTO(pki_token_drafts) drafts = NULL;
	pki_token_parts parts;
	struct test_request r;

	register_device("meter-1");
	assert_ok(pki_ca_draft_tokens(t.ca, names, 1, &order, &drafts,
	    &t.err), &t.err);
	assert_ok(pki_token_parse(pki_bytes_text(drafts->items[0].text),
	    &parts, &t.err), &t.err);
	request_by(&r, "meter-1", &parts);
	refused(&r, "token");
	drop_request(&r);
}

Test(token, ends_by_time_and_by_revocation)
{
	pki_token_parts parts = token_for("meter-1");
	pki_token_parts second = token_for("meter-2");
	struct test_request r, s;

	request_by(&r, "meter-1", &parts);
	request_by(&s, "meter-2", &second);
	assert_ok(pki_ca_revoke_token(t.ca, second.id, &test_requester,
	    &t.err), &t.err);
	refused(&s, "token-revoked");
	assert_refused(pki_ca_revoke_token(t.ca, second.id, &test_requester,
	    &t.err), PKI_DENIED, &t.err, "token-revoked");
	assert_refused(pki_ca_revoke_token(t.ca, "aaaaaaaaaaaa",
	    &test_requester, &t.err), PKI_NOT_FOUND, &t.err, NULL);
	pass(&t, 3601);
	refused(&r, "token-expired");
	drop_request(&r);
	drop_request(&s);
}

Test(token, gives_nothing_again_once_its_certificate_has_ended)
{
	pki_token_parts parts = token_for("meter-1");
	PKI_AUTO(pki_issued) issued = NULL;
	struct test_request r;

	request_by(&r, "meter-1", &parts);
	issued = enroll(&r);
	revoke_cert(&t, issued->cert, PKI_REASON_PRIVILEGE_WITHDRAWN);
	refused(&r, "token-used");
	drop_request(&r);
}

Test(token, of_a_held_device_waits)
{
	pki_token_parts parts = token_for("meter-1");
	struct test_request r;

	request_by(&r, "meter-1", &parts);
	assert_ok(pki_ca_change_device(t.ca, "meter-1", PKI_DEVICE_HOLD,
	    &test_requester, NULL, &t.err), &t.err);
	refused(&r, "identity-state");
	assert_ok(pki_ca_change_device(t.ca, "meter-1", PKI_DEVICE_RELEASE,
	    &test_requester, NULL, &t.err), &t.err);
	pki_issued_free(enroll(&r));
	drop_request(&r);
}

Test(token, is_checked_before_there_is_a_request)
{
	pki_token_parts parts = token_for("meter-1");
	pki_evidence evidence = evidence_of(&parts);
	pki_token_info info;
	struct test_request r;

	assert_ok(pki_ca_check_token(t.ca, &evidence, &info, &t.err), &t.err);
	cr_expect_str_eq(info.device, "meter-1");
	cr_expect_str_eq(info.profile, "auditor");
	cr_expect(!info.used);
	request_by(&r, "meter-1", &parts);
	pki_issued_free(enroll(&r));
	assert_ok(pki_ca_check_token(t.ca, &evidence, &info, &t.err), &t.err);
	cr_expect(info.used);
	evidence.secret.len = 0;
	assert_refused(pki_ca_check_token(t.ca, &evidence, &info, &t.err),
	    PKI_DENIED, &t.err, "token");
	drop_request(&r);
}

Test(token, text_has_one_form)
{
	static const char *const bad[] = {
		"", "a", "abcdefghijkl.", ".abcdefghijklmnopqrstuvwxyz",
		"abcdefghijkl.abcdefghijklmnopqrstuvwxy",
		"abcdefghijkl.abcdefghijklmnopqrstuvwxyza",
		"abcdefghijkl-abcdefghijklmnopqrstuvwxyz",
		"ABCDEFGHIJKL.abcdefghijklmnopqrstuvwxyz",
		"abcdefghijk1.abcdefghijklmnopqrstuvwxyz",
		"abcdefghijkl.abcdefghijklmnopqrstuvwxy ",
	};
	pki_token_parts parts;
	size_t i;

	for (i = 0; i < PKI_COUNT(bad); i++)
		cr_expect_eq(pki_token_parse(pki_bytes_text(bad[i]), &parts,
		    NULL), PKI_DENIED, "'%s'", bad[i]);
	assert_ok(pki_token_parse(PKI_BYTES_TEXT(
	    "abcdefghijkl.abcdefghijklmnopqrstuvwxyz"), &parts, &t.err),
	    &t.err);
	cr_expect_str_eq(parts.id, "abcdefghijkl");
	cr_expect_str_eq(parts.secret, "abcdefghijklmnopqrstuvwxyz");
}

/* Only the key makes the secret; it stays the same when that stays. */
Test(token, secret_is_in_no_file)
{
	pki_token_parts parts = token_for("meter-1");
	PKI_AUTO(pki_buf) database = get_file(&t, "ca.db");
	PKI_AUTO(pki_buf) wal = get_file(&t, "ca.db-wal");
	PKI_AUTO(pki_buf) key = get_file(&t, "keys/token.key");

	cr_expect_eq(key->len, 32);
	cr_expect_null(memmem(database->data, database->len, parts.secret,
	    strlen(parts.secret)));
	cr_expect_null(memmem(wal->data, wal->len, parts.secret,
	    strlen(parts.secret)));
	cr_expect_not_null(memmem(wal->data, wal->len, parts.id,
	    strlen(parts.id)));
}

Test(token, key_is_made_where_an_older_ca_has_none)
{
	char path[PKI_PATH_MAX];
	pki_token_parts parts;
	struct test_request r;

	drop_file(&t, "keys/token.key");
	restart_ca(&t);
	parts = token_for("meter-1");
	request_by(&r, "meter-1", &parts);
	pki_issued_free(enroll(&r));
	put_file(&t, "keys/token.key", "cut off");
	state_path(&t, "keys/token.key", path);
	cr_assert_eq(chmod(path, 0600), 0);
	restart_ca(&t);
	cr_expect_eq(pki_ca_check_token(t.ca, &r.request.evidence,
	    &(pki_token_info){ .used = false }, &t.err), PKI_DAMAGED, "%s",
	    t.err.msg);
	drop_request(&r);
}

Test(token, is_known_to_the_checks)
{
	pki_token_parts parts = token_for("meter-1");
	static const char *const slips[] = {
		"UPDATE token SET expires_at = expires_at + 1",
		"UPDATE token SET profile = 'server'",
		"UPDATE token SET revoked_at = 1",
		"UPDATE token_use SET used_at = used_at + 1",
		"UPDATE identity SET groups = 'x' WHERE name = 'meter-1'",
		"UPDATE identity SET hold = 1, state = 1 WHERE"
		" name = 'meter-1'",
	};
	struct test_request r;
	int64_t rows;
	size_t i;

	request_by(&r, "meter-1", &parts);
	pki_issued_free(enroll(&r));
	drop_request(&r);
	assert_ok(pki_ca_check(t.ca, &rows, NULL, NULL, &t.err), &t.err);
	for (i = 0; i < PKI_COUNT(slips); i++) {
		keep_database(&t);
		run_sql(&t, slips[i]);
		restart_ca(&t);
		cr_expect_eq(pki_ca_check(t.ca, &rows, NULL, NULL, &t.err),
		    PKI_DAMAGED, "%s: %s", slips[i], t.err.msg);
		restore_database(&t);
	}
}

Test(token_create, wants_a_registered_device_without_a_certificate)
{
	static const struct {
		const char *device, *profile, *rule;
	} cases[] = {
		{ "meter-9", NULL, "identity-unknown" },
		{ "METER-1", NULL, "identity-unknown" },
		{ "issuing", NULL, "identity-unknown" },
		{ "meter-2", NULL, "identity-state" },
		{ "meter-1", "server", "token-profile" },
	};
	size_t i;

	register_device("meter-1");
	pki_cert_free(issue_meter(&t, "meter-2"));
	for (i = 0; i < PKI_COUNT(cases); i++) {
		const pki_token_order order = {
			.profile = cases[i].profile, .lifetime = 60,
			.who = test_requester,
		};
		pki_token_drafts *drafts = NULL;

		cr_expect_eq(pki_ca_draft_tokens(t.ca, &cases[i].device, 1,
		    &order, &drafts, &t.err), PKI_DENIED);
		cr_expect_str_eq(t.err.rule, cases[i].rule, "%s",
		    cases[i].device);
	}
}

/* G23 in small: each racer comes to each token with a key of its own. */
enum { TOKENS = 200, RACERS = 64, THREADS = 4 };

struct race {
	pthread_mutex_t mutex;
	size_t          issued, bound, others;
	char            rule[40];       /* of the last of the others */
	char            names[TOKENS][16];
	pki_token_parts parts[TOKENS];
};

static void
note(void *arg, pki_issued *issued, const pki_err *err)
{
	struct race *race = arg;

	pthread_mutex_lock(&race->mutex);
	if (issued != NULL)
		race->issued++;
	else if (strcmp(err->rule, "token-bound") == 0)
		race->bound++;
	else {
		race->others++;
		snprintf(race->rule, sizeof(race->rule), "%s", err->rule);
	}
	pthread_mutex_unlock(&race->mutex);
	pki_issued_free(issued);
}

/* A thread's share of the racers, at one of two issuers. */
struct racers {
	struct race      *race;
	pki_batch        *batch;
	pthread_t         thread;
	size_t            count;
	pki_key          *keys[TOKENS * RACERS / THREADS];
	pki_issue_request requests[TOKENS * RACERS / THREADS];
};

static void *
run_racers(void *arg)
{
	struct racers *racers = arg;
	struct race *race = racers->race;
	unsigned i, k;

	for (i = 0; i < TOKENS; i++) {
		for (k = 0; k < RACERS / THREADS; k++) {
			size_t n = racers->count++;
			pki_issue_request *request = &racers->requests[n];

			if (pki_key_generate(PKI_KEY_P256, &racers->keys[n],
			    NULL) != PKI_OK)
				abort();
			*request = (pki_issue_request){
				.profile = "auditor",
				.identity = race->names[i],
				.key = pki_key_public(racers->keys[n]),
				.possession = PKI_POP_SIGNATURE,
				.who = test_requester,
				.evidence = evidence_of(&race->parts[i]),
			};
			while (pki_batch_issue(racers->batch, request,
			    pki_bytes_of(NULL, 0), note, race, NULL) !=
			    PKI_OK)
				sched_yield();
		}
	}
	return NULL;
}

Test(token_race, binds_each_of_200_tokens_to_one_of_64_keys)
{
	const pki_batch_options options = {
		.ca = test_options(&t), .signers = 2,
	};
	static struct race race = { .mutex = PTHREAD_MUTEX_INITIALIZER };
	struct racers *racers = calloc(THREADS, sizeof(*racers));
	pki_batch *batches[2] = { NULL, NULL };
	pki_audit_head head;
	size_t n;
	int i;

	for (i = 0; i < TOKENS; i++) {
		snprintf(race.names[i], sizeof(race.names[i]), "meter-%d", i);
		race.parts[i] = token_for(race.names[i]);
	}
	for (i = 0; i < 2; i++)
		assert_ok(pki_batch_open(&options, &batches[i], &t.err),
		    &t.err);
	for (i = 0; i < THREADS; i++) {
		racers[i].race = &race;
		racers[i].batch = batches[i % 2];
		pthread_create(&racers[i].thread, NULL, run_racers,
		    &racers[i]);
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(racers[i].thread, NULL);
	pki_batch_close(batches[0]);
	pki_batch_close(batches[1]);
	for (i = 0; i < THREADS; i++)
		for (n = 0; n < racers[i].count; n++)
			pki_key_free(racers[i].keys[n]);
	free(racers);
	cr_expect_eq(race.issued, TOKENS);
	cr_expect_eq(race.bound, TOKENS * (RACERS - 1));
	cr_expect_eq(race.others, 0, "%zu: %s", race.others, race.rule);
	cr_expect_eq(ask_sql(&t, "SELECT count(*) FROM token_use"), TOKENS);
	cr_expect_eq(ask_sql(&t, "SELECT count(*) FROM cert JOIN identity i"
	    " ON i.id = identity_id WHERE i.name LIKE 'meter-%'"), TOKENS);
	assert_ok(pki_audit_verify(t.ca, NULL, &head, NULL, NULL, &t.err),
	    &t.err);
}
