#include "tests/pki-enroll/slots-world.h"

TestSuite(slots, .init = begin_world, .fini = end_world, .timeout = 60);

static pki_digest
first(enroll_slots *slots)
{
	set_anchors(slots);
	return renew(slots);
}

static void
expect_quiet(const enroll_slots *slots)
{
	cr_expect_null(slots_complaint(slots, 0), "%s",
	    slots_complaint(slots, 0));
}

static void
expect_unchanged(const pki_digest *before)
{
	pki_digest after = dir_digest(dir);

	cr_expect(pki_digest_equal(before, &after), "something was written");
}

Test(slots, a_first_pair_appears_as_consumers_read_it)
{
	PKI_AUTO(enroll_slots) slots = open_slots();
	PKI_AUTO(pki_buf) key = NULL;
	PKI_AUTO(pki_buf) cert = NULL;
	PKI_AUTO(pki_buf) both = NULL;
	PKI_AUTO(pki_buf) anchors = NULL;
	pki_digest digest;

	cr_assert_null(slots_current(slots));
	expect_quiet(slots);
	digest = first(slots);
	cr_assert(is_current(slots, &digest));
	expect_quiet(slots);
	cr_expect_eq(slots_current(slots)->chain_count, 1);
	cr_expect_eq(slots_other(slots)->state, SLOT_EMPTY);
	cr_expect_null(slots_pending_now(slots, NULL));
	key = get("current/key.pem");
	cert = get("current/cert.pem");
	both = get("current/both.pem");
	anchors = get("anchors.pem");
	cr_expect_eq(both->len, key->len + cert->len);
	cr_expect_eq(memcmp(both->data, key->data, key->len), 0);
	cr_expect_eq(memcmp(both->data + key->len, cert->data, cert->len), 0);
	cr_expect_eq(mode_of("."), 0700);
	cr_expect_eq(mode_of("current"), 0700);
	cr_expect_eq(mode_of("current/key.pem"), 0600);
	cr_expect_eq(mode_of("current/both.pem"), 0600);
	cr_expect_eq(mode_of("current/cert.pem"), 0644);
	cr_expect_eq(mode_of("anchors.pem"), 0644);
	cr_expect_eq(mode_of("state"), 0600);
}

Test(slots, consumers_of_another_user_may_pass_and_read)
{
	PKI_AUTO(enroll_slots) slots = NULL;
	char path[PKI_PATH_MAX];
	struct stat st;

	if (geteuid() != 0)
		cr_skip_test("only root gives files away");
	options.owner = 65534;
	options.group = 65533;
	options.mode = 0440;
	slots = open_slots();
	first(slots);
	path_in(path, "current/key.pem");
	cr_assert_eq(stat(path, &st), 0);
	cr_expect_eq(st.st_uid, 65534);
	cr_expect_eq(st.st_gid, 65533);
	cr_expect_eq(st.st_mode & 07777, 0440);
	cr_expect_eq(mode_of("."), 0711);
	cr_expect_eq(mode_of("current"), 0711);
	cr_expect_eq(slots_current(slots)->state, SLOT_WHOLE);
	expect_quiet(slots);
}

Test(slots, a_new_owner_in_the_configuration_gets_what_is_there)
{
	PKI_AUTO(enroll_slots) slots = NULL;
	struct stat st;
	char path[PKI_PATH_MAX];

	if (geteuid() != 0)
		cr_skip_test("only root gives files away");
	slots = open_slots();
	first(slots);
	enroll_slots_free(PKI_TAKE(slots));
	options.group = 65533;
	options.mode = 0640;
	slots = open_slots();
	path_in(path, "current/both.pem");
	cr_assert_eq(stat(path, &st), 0);
	cr_expect_eq(st.st_gid, 65533);
	cr_expect_eq(st.st_mode & 07777, 0640);
	cr_expect_eq(mode_of("."), 0711);
	expect_quiet(slots);
}

Test(slots, the_pair_before_stays_and_comes_back)
{
	PKI_AUTO(enroll_slots) slots = open_slots();
	pki_digest old = first(slots), new;

	assert_ok(slots_set_used(slots, &err), &err);
	at(&ticking, "2026-03-01T00:00:00Z");
	new = renew(slots);
	cr_assert(is_current(slots, &new));
	cr_expect(pki_digest_equal(&old,
	    pki_cert_digest(slots_other(slots)->cert)));
	assert_ok(slots_rollback(slots, &err), &err);
	cr_expect(is_current(slots, &old));
	cr_expect(slots_is_used(slots));
	assert_ok(slots_rollback(slots, &err), &err);
	cr_expect(is_current(slots, &new));
	cr_expect_not(slots_is_used(slots));
	expect_quiet(slots);
}

Test(slots, rollback_needs_a_pair_that_is_valid)
{
	PKI_AUTO(enroll_slots) slots = open_slots();
	pki_digest new;

	first(slots);
	assert_refused(slots_rollback(slots, &err), PKI_NOT_FOUND, &err, NULL);
	at(&ticking, "2026-03-01T00:00:00Z");
	new = renew(slots);
	at(&ticking, "2026-05-01T00:00:00Z");
	assert_refused(slots_rollback(slots, &err), PKI_DENIED, &err, "chain");
	cr_expect(is_current(slots, &new));
}

Test(slots, the_last_pair_that_worked_is_not_written_over)
{
	PKI_AUTO(enroll_slots) slots = open_slots();
	PKI_AUTO(pki_cert) third = NULL;
	pki_digest before;

	first(slots);
	assert_ok(slots_set_used(slots, &err), &err);
	renew(slots);
	/* Nobody has used the second one. */
	third = ask(slots);
	before = dir_digest(dir);
	assert_refused(stage(slots, third), PKI_DENIED, &err, "unused");
	expect_unchanged(&before);
	assert_ok(stage_as(slots, third, SLOTS_GIVE_UP_PROVEN), &err);
	assert_ok(slots_promote(slots, &err), &err);
	cr_expect(is_current(slots, pki_cert_digest(third)));
}

Test(slots, an_expired_pair_that_worked_may_go)
{
	PKI_AUTO(enroll_slots) slots = open_slots();
	PKI_AUTO(pki_cert) third = NULL;

	first(slots);
	assert_ok(slots_set_used(slots, &err), &err);
	at(&ticking, "2026-03-01T00:00:00Z");
	renew(slots);
	at(&ticking, "2026-04-15T00:00:00Z");
	third = ask(slots);
	assert_ok(stage(slots, third), &err);
}

Test(slots, a_pending_key_is_found_again_by_everyone)
{
	PKI_AUTO(enroll_slots) slots = open_slots();
	const pki_key *key = NULL;
	const char *purpose;
	pki_digest digest;

	assert_ok(slots_pending(slots, PKI_KEY_P256, "enroll https://a", &key,
	    &err), &err);
	digest = *pki_pubkey_digest(pki_key_public(key));
	cr_expect_eq(mode_of("pending.pem"), 0600);
	for (int i = 0; i < 2; i++) {
		enroll_slots_free(PKI_TAKE(slots));
		slots = open_slots();
		cr_assert_not_null(slots_pending_now(slots, &purpose));
		cr_expect_str_eq(purpose, "enroll https://a");
		assert_ok(slots_pending(slots, PKI_KEY_P256, "renew", &key,
		    &err), &err);
		cr_expect(pki_digest_equal(&digest,
		    pki_pubkey_digest(pki_key_public(key))));
	}
	/* Another type was configured meanwhile. */
	assert_ok(slots_pending(slots, PKI_KEY_ED25519, "renew", &key, &err),
	    &err);
	cr_expect_eq(pki_pubkey_type(pki_key_public(key)), PKI_KEY_ED25519);
	assert_ok(slots_drop_pending(slots, &err), &err);
	cr_expect_null(slots_pending_now(slots, &purpose));
	cr_expect_null(purpose);
}

Test(slots, a_damaged_pending_key_is_said_and_made_anew)
{
	PKI_AUTO(enroll_slots) slots = open_slots();
	PKI_AUTO(pki_buf) text = NULL;
	const pki_key *key = NULL;

	assert_ok(slots_pending(slots, PKI_KEY_P256, "enroll", &key, &err),
	    &err);
	text = get("pending.pem");
	for (size_t cut = 0; cut < text->len; cut += 7) {
		PKI_AUTO(pki_buf) part = pki_buf_copy(
		    pki_bytes_of(text->data, cut));

		put("pending.pem", pki_buf_text(part), 0600);
		enroll_slots_free(PKI_TAKE(slots));
		slots = open_slots();
		cr_expect_null(slots_pending_now(slots, NULL), "%zu", cut);
		cr_expect(complains(slots, "pending.pem"), "%zu", cut);
	}
	assert_ok(slots_pending(slots, PKI_KEY_P256, "enroll", &key, &err),
	    &err);
	cr_expect_not_null(key);
}

Test(slots, a_key_may_be_kept)
{
	PKI_AUTO(enroll_slots) slots = open_slots();
	PKI_AUTO(pki_cert) cert = NULL;
	const pki_key *key = NULL;
	pki_digest old, key_digest;

	assert_refused(slots_pending_same(slots, "renew", &key, &err),
	    PKI_NOT_FOUND, &err, NULL);
	old = first(slots);
	key_digest = *pki_pubkey_digest(
	    pki_cert_key(slots_current(slots)->cert));
	assert_ok(slots_pending_same(slots, "renew", &key, &err), &err);
	cr_expect(pki_digest_equal(&key_digest,
	    pki_pubkey_digest(pki_key_public(key))));
	/* The pair before it has the same key, and is not the staged one. */
	cr_expect_null(slots_staged(slots));
	cert = maker_issue(&maker, pki_key_public(key), "meter", now(),
	    now() + PKI_DAY);
	assert_ok(stage(slots, cert), &err);
	cr_expect(is_current(slots, &old));
	cr_assert_not_null(slots_staged(slots));
	assert_ok(slots_promote(slots, &err), &err);
	cr_expect(is_current(slots, pki_cert_digest(cert)));
}

Test(slots, what_is_staged_is_not_used_before_its_time)
{
	PKI_AUTO(enroll_slots) slots = open_slots();
	PKI_AUTO(pki_cert) cert = NULL;
	pki_digest old = first(slots);

	cert = ask(slots);
	assert_ok(stage(slots, cert), &err);
	enroll_slots_free(PKI_TAKE(slots));
	/* Another process finds it. */
	slots = open_slots();
	cr_expect(is_current(slots, &old));
	cr_assert_not_null(slots_staged(slots));
	cr_expect(pki_digest_equal(pki_cert_digest(cert),
	    pki_cert_digest(slots_staged(slots)->cert)));
	assert_refused(slots_rollback(slots, &err), PKI_NOT_FOUND, &err, NULL);
	assert_ok(slots_reject_staged(slots, &err), &err);
	cr_expect_null(slots_staged(slots));
	cr_expect_null(slots_pending_now(slots, NULL));
	cr_expect_eq(slots_other(slots)->state, SLOT_EMPTY);
	cr_expect(is_current(slots, &old));
	assert_refused(slots_promote(slots, &err), PKI_NOT_FOUND, &err, NULL);
	expect_quiet(slots);
}

Test(slots, a_certificate_that_is_not_good_changes_nothing)
{
	PKI_AUTO(enroll_slots) slots = open_slots();
	PKI_AUTO(pki_cert) good = NULL;
	PKI_AUTO(pki_cert) expired = NULL;
	PKI_AUTO(pki_cert) early = NULL;
	PKI_AUTO(pki_cert) foreign = NULL;
	PKI_AUTO(pki_cert) other_key = NULL;
	PKI_AUTO(pki_key) another = NULL;
	const pki_pubkey *key;
	struct maker rogue;
	pki_digest before;

	first(slots);
	good = ask(slots);
	key = pki_key_public(slots_pending_now(slots, NULL));
	maker_begin(&rogue, "Test");
	assert_ok(pki_key_generate(PKI_KEY_P256, &another, &err), &err);
	expired = maker_issue(&maker, key, "meter", now() - 99, now() - 1);
	early = maker_issue(&maker, key, "meter", now() + 99, now() + 999);
	foreign = maker_issue(&rogue, key, "meter", now(), now() + 999);
	other_key = maker_issue(&maker, pki_key_public(another), "meter",
	    now(), now() + 999);
	before = dir_digest(dir);
	assert_refused(stage(slots, expired), PKI_DENIED, &err, "chain");
	assert_refused(stage(slots, early), PKI_DENIED, &err, "chain");
	assert_refused(stage(slots, foreign), PKI_DENIED, &err, "chain");
	assert_refused(stage(slots, other_key), PKI_DENIED, &err, "key");
	assert_refused(slots_stage(slots, &(pki_bytes){
	    pki_cert_der(good).data, 100 }, 1, SLOTS_KEEP_PROVEN, &err),
	    PKI_BAD_INPUT, &err, "der");
	assert_refused(slots_stage(slots, NULL, 0, SLOTS_KEEP_PROVEN, &err),
	    PKI_DENIED, &err, "key");
	/* Its issuer is missing. */
	assert_refused(slots_stage(slots, &(pki_bytes){
	    pki_cert_der(good).data, pki_cert_der(good).len }, 1,
	    SLOTS_KEEP_PROVEN, &err), PKI_DENIED, &err, "chain");
	expect_unchanged(&before);
	assert_ok(stage(slots, good), &err);
	maker_end(&rogue);
}

Test(slots, a_staged_pair_is_verified_again_before_it_is_promoted)
{
	PKI_AUTO(enroll_slots) slots = open_slots();
	PKI_AUTO(pki_cert) cert = NULL;
	pki_digest old = first(slots);
	char name[64];

	cert = ask(slots);
	assert_ok(stage(slots, cert), &err);
	snprintf(name, sizeof(name), "%s/cert.pem",
	    slots_staged(slots)->name);
	put(name, "rot", 0644);
	snprintf(name, sizeof(name), "%s/both.pem",
	    slots_staged(slots)->name);
	put(name, "rot", 0600);
	assert_refused(slots_promote(slots, &err), PKI_NOT_FOUND, &err, NULL);
	cr_expect(is_current(slots, &old));
	/* Or it has run out since. */
	assert_ok(stage(slots, cert), &err);
	at(&ticking, "2026-12-01T00:00:00Z");
	assert_refused(slots_promote(slots, &err), PKI_DENIED, &err, "chain");
}

Test(slots, anchors_are_those_of_cas)
{
	PKI_AUTO(enroll_slots) slots = open_slots();
	PKI_AUTO(pki_cert) leaf = ask(slots);
	const pki_cert *const wrong[] = { maker.root, leaf };
	const pki_cert *const two[] = { maker.root, maker.ca };
	const pki_cert *const *anchors;
	size_t count = 9;

	assert_ok(slots_anchors(slots, &anchors, &count, &err), &err);
	cr_expect_eq(count, 0);
	assert_refused(stage(slots, leaf), PKI_DENIED, &err, "chain");
	assert_refused(slots_set_anchors(slots, wrong, 2, &err),
	    PKI_BAD_INPUT, &err, "anchor");
	assert_refused(slots_set_anchors(slots, wrong, 0, &err),
	    PKI_BAD_INPUT, &err, NULL);
	assert_ok(slots_set_anchors(slots, two, 2, &err), &err);
	assert_ok(slots_anchors(slots, &anchors, &count, &err), &err);
	cr_assert_eq(count, 2);
	cr_expect(pki_digest_equal(pki_cert_digest(anchors[0]),
	    pki_cert_digest(maker.root)));
	put("anchors.pem", "rot", 0644);
	enroll_slots_free(PKI_TAKE(slots));
	slots = open_slots();
	cr_expect(complains(slots, "anchors.pem"));
	assert_refused(slots_anchors(slots, &anchors, &count, &err),
	    PKI_DAMAGED, &err, NULL);
	assert_refused(stage(slots, leaf), PKI_DAMAGED, &err, NULL);
}

Test(slots, state_is_kept_and_a_damaged_one_begins_anew)
{
	PKI_AUTO(enroll_slots) slots = open_slots();
	pki_digest digest = first(slots);

	slots_state(slots)->failures = 7;
	assert_ok(slots_save(slots, &err), &err);
	enroll_slots_free(PKI_TAKE(slots));
	slots = open_slots();
	cr_expect_eq(slots_state(slots)->failures, 7);
	cr_expect_eq(slots_state(slots)->last_success, now());
	put("state", "pki-enroll state 1\n", 0600);
	enroll_slots_free(PKI_TAKE(slots));
	slots = open_slots();
	cr_expect_eq(slots_state(slots)->failures, 0);
	cr_expect(complains(slots, "what was remembered is lost"));
	cr_expect(is_current(slots, &digest));
}

Test(slots, one_process_at_a_time)
{
	PKI_AUTO(enroll_slots) slots = open_slots();
	PKI_AUTO(enroll_slots) looking = NULL;
	enroll_slots *second = NULL;

	first(slots);
	assert_refused(slots_open(&options, &second, &err), PKI_BUSY, &err,
	    NULL);
	cr_expect_not_null(strstr(err.msg, "another process works in"));
	assert_ok(slots_look(&options, &looking, &err), &err);
	cr_expect_not_null(slots_current(looking));
	enroll_slots_free(PKI_TAKE(slots));
	slots = open_slots();
}

Test(slots, who_looks_changes_nothing)
{
	PKI_AUTO(enroll_slots) slots = NULL;
	pki_digest before;

	assert_refused(slots_look(&options, &slots, &err), PKI_NOT_FOUND,
	    &err, NULL);
	cr_expect_not(pki_file_exists(dir));
	slots = open_slots();
	first(slots);
	enroll_slots_free(PKI_TAKE(slots));
	put("slot-a/cert.pem", "rot", 0644);
	put(".cert.pem.1-0.tmp", "rot", 0644);
	before = dir_digest(dir);
	assert_ok(slots_look(&options, &slots, &err), &err);
	cr_expect_not_null(slots_current(slots));
	cr_expect(complains(slots, "slot-a"));
	expect_unchanged(&before);
}
