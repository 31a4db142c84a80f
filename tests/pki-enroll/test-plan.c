#include "pki-enroll/plan.h"

#include <stdio.h>

#include "tests/pki-enroll/maker.h"
#include "tests/support/support.h"

TestSuite(plan, .timeout = 60);

static pki_name *
name_of(const pki_name_part *parts, size_t count)
{
	pki_name *name = NULL;
	pki_err err;

	assert_ok(pki_name_build(parts, count, &name, &err), &err);
	return name;
}

static const pki_name_part own_parts[] = {
	{ PKI_NAME_ORGANIZATION, "Example" },
	{ PKI_NAME_ORGANIZATIONAL_UNIT, "one" },
	{ PKI_NAME_ORGANIZATIONAL_UNIT, "two" },
	{ PKI_NAME_COMMON_NAME, "meter" },
};

struct given {
	pki_name     *subject;
	pki_altnames *names;
	plan_wish     wish;
};

static void
begin(struct given *given)
{
	pki_err err;

	given->subject = name_of(own_parts, PKI_COUNT(own_parts));
	given->names = pki_altnames_new();
	assert_ok(pki_altnames_add_text(given->names, "dns:m.example", &err),
	    &err);
	given->wish = (plan_wish){
		.subject = given->subject, .alt_names = given->names,
		.key_type = PKI_KEY_P256,
	};
}

static void
end(struct given *given)
{
	pki_name_free(given->subject);
	pki_altnames_free(given->names);
}

static const char *
print(const pki_name *name)
{
	static char text[256];
	pki_buf *out = pki_buf_new();

	pki_name_print(name, out);
	snprintf(text, sizeof(text), "%s", pki_buf_text(out));
	pki_buf_free(out);
	return text;
}

Test(plan, asks_for_what_is_ours_when_the_server_wants_nothing)
{
	struct given given;
	enroll_plan plan;
	pki_err err;

	begin(&given);
	assert_ok(plan_make(&given.wish, NULL, &plan, &err), &err);
	cr_expect(pki_name_equal(plan.subject, given.subject));
	cr_expect(pki_altnames_equal(plan.alt_names, given.names));
	cr_expect_eq(plan.key_type, PKI_KEY_P256);
	cr_expect_eq(plan.linking, 0);
	plan_clear(&plan);
	end(&given);
}

Test(plan, makes_the_subject_of_what_the_server_lists)
{
	const pki_csrattrs wanted = {
		.subject = {
			{ PKI_NAME_COUNTRY, "DE" },
			{ PKI_NAME_ORGANIZATIONAL_UNIT, "" },
			{ PKI_NAME_ORGANIZATIONAL_UNIT, "" },
			{ PKI_NAME_COMMON_NAME, "" },
		},
		.subject_count = 4,
	};
	struct given given;
	enroll_plan plan;
	pki_err err;

	begin(&given);
	assert_ok(plan_make(&given.wish, &wanted, &plan, &err), &err);
	cr_expect_str_eq(print(plan.subject), "C=DE,OU=one,OU=two,CN=meter");
	plan_clear(&plan);
	given.wish.names = PLAN_SAME;
	assert_ok(plan_make(&given.wish, &wanted, &plan, &err), &err);
	cr_expect_str_eq(print(plan.subject), print(given.subject));
	plan_clear(&plan);
	end(&given);
}

Test(plan, follows_key_signature_usages_and_linking)
{
	pki_csrattrs wanted = {
		.key_types = 1u << PKI_KEY_P384 | 1u << PKI_KEY_P521,
		.key_usage = 1u << PKI_KU_DIGITAL_SIGNATURE,
		.ext_usage = 1u << PKI_EKU_CLIENT_AUTH,
		.challenges = 1u << PKI_CSR_CHALLENGE_PASSWORD |
		    1u << PKI_CSR_IDENTITY_LINKING,
	};
	struct given given;
	enroll_plan plan;
	pki_err err;

	begin(&given);
	assert_ok(plan_make(&given.wish, &wanted, &plan, &err), &err);
	cr_expect_eq(plan.key_type, PKI_KEY_P384);
	cr_expect_eq(plan.key_usage, wanted.key_usage);
	cr_expect_eq(plan.ext_usage, wanted.ext_usage);
	cr_expect_eq(plan.linking, 1u << PKI_CSR_IDENTITY_LINKING);
	plan_clear(&plan);
	given.wish.key_type = PKI_KEY_P521;
	wanted.challenges = 1u << PKI_CSR_CHALLENGE_PASSWORD;
	assert_ok(plan_make(&given.wish, &wanted, &plan, &err), &err);
	cr_expect_eq(plan.key_type, PKI_KEY_P521);
	cr_expect_eq(plan.linking, wanted.challenges);
	plan_clear(&plan);
	/* A signature alone says which key. */
	wanted.key_types = 0;
	wanted.signature = pki_sigalg_for(PKI_KEY_ED25519);
	assert_ok(plan_make(&given.wish, &wanted, &plan, &err), &err);
	cr_expect_eq(plan.key_type, PKI_KEY_ED25519);
	plan_clear(&plan);
	end(&given);
}

Test(plan, says_what_it_cannot_give)
{
	const pki_csrattrs rows[] = {
		{ .key_types = 1u << PKI_KEY_P256,
		  .signature = pki_sigalg_for(PKI_KEY_ED25519) },
		{ .subject = { { PKI_NAME_SERIAL_NUMBER, "" } },
		  .subject_count = 1 },
		{ .subject = { { PKI_NAME_COMMON_NAME, "" },
		  { PKI_NAME_COMMON_NAME, "" } }, .subject_count = 2 },
		{ .ip_wanted = true },
	};
	struct given given;
	enroll_plan plan;
	pki_err err;

	begin(&given);
	for (size_t i = 0; i < PKI_COUNT(rows); i++)
		assert_refused(plan_make(&given.wish, &rows[i], &plan, &err),
		    PKI_DENIED, &err, "csrattrs");
	end(&given);
}

Test(plan, takes_only_what_was_asked_for)
{
	static const struct row {
		const char *name;
		bool        other_key, twice;
		int64_t     from, to;
		pki_code    code;
		const char *rule;
	} rows[] = {
		{ "meter", false, false, -1, 1, PKI_OK, "" },
		{ "METER", false, false, -1, 1, PKI_OK, "" },
		{ "other", false, false, -1, 1, PKI_DENIED, "answer-names" },
		{ "meter", true, false, -1, 1, PKI_DENIED, "answer-key" },
		{ "meter", false, true, -1, 1, PKI_DENIED, "answer-key" },
		{ "meter", false, false, -2, -1, PKI_DENIED,
		  "answer-validity" },
		{ "meter", false, false, 1, 2, PKI_CLOCK, "answer-validity" },
	};
	const pki_name_part part = { PKI_NAME_COMMON_NAME, "meter" };
	PKI_AUTO(pki_name) subject = name_of(&part, 1);
	PKI_AUTO(pki_key) key = NULL;
	PKI_AUTO(pki_key) other = NULL;
	enroll_plan plan = { .subject = subject };
	struct maker maker;
	pki_err err;

	maker_begin(&maker, "one");
	assert_ok(pki_key_generate(PKI_KEY_P256, &key, &err), &err);
	assert_ok(pki_key_generate(PKI_KEY_P256, &other, &err), &err);
	for (size_t i = 0; i < PKI_COUNT(rows); i++) {
		const struct row *row = &rows[i];
		const pki_pubkey *its = pki_key_public(row->other_key ?
		    other : key);
		est_certs certs = { .count = 0 };
		const pki_cert *leaf = NULL;
		pki_code rc;

		for (int k = 0; k <= row->twice; k++)
			certs.certs[certs.count++] = maker_issue(&maker, its,
			    row->name, TEST_BEGIN + row->from * PKI_DAY,
			    TEST_BEGIN + row->to * PKI_DAY);
		certs.certs[certs.count++] = maker_link(&maker, &maker);
		rc = plan_check_answer(&plan, pki_key_public(key), &certs,
		    TEST_BEGIN, &leaf, &err);
		if (row->code == PKI_OK) {
			assert_ok(rc, &err);
			cr_expect_eq(leaf, certs.certs[0]);
		} else {
			assert_refused(rc, row->code, &err, row->rule);
		}
		est_certs_clear(&certs);
	}
	maker_end(&maker);
}

Test(plan, wants_every_alternative_name)
{
	const pki_name_part part = { PKI_NAME_COMMON_NAME, "meter" };
	PKI_AUTO(pki_name) subject = name_of(&part, 1);
	PKI_AUTO(pki_altnames) names = pki_altnames_new();
	PKI_AUTO(pki_key) key = NULL;
	enroll_plan plan = { .subject = subject, .alt_names = names };
	est_certs certs = { .count = 1 };
	const pki_cert *leaf;
	struct maker maker;
	pki_err err;

	maker_begin(&maker, "one");
	assert_ok(pki_altnames_add_text(names, "dns:m.example", &err), &err);
	assert_ok(pki_key_generate(PKI_KEY_P256, &key, &err), &err);
	certs.certs[0] = maker_issue(&maker, pki_key_public(key), "meter",
	    TEST_BEGIN, TEST_BEGIN + PKI_DAY);
	assert_refused(plan_check_answer(&plan, pki_key_public(key), &certs,
	    TEST_BEGIN, &leaf, &err), PKI_DENIED, &err, "answer-names");
	est_certs_clear(&certs);
	maker_end(&maker);
}

struct roots {
	struct maker old, next, other;
	pki_cert    *link, *again;
};

static void
begin_roots(struct roots *roots)
{
	maker_begin(&roots->old, "old");
	maker_begin(&roots->next, "next");
	maker_begin(&roots->other, "other");
	roots->link = maker_link(&roots->old, &roots->next);
	roots->again = maker_link(&roots->old, &roots->old);
}

static void
end_roots(struct roots *roots)
{
	pki_cert_free(roots->link);
	pki_cert_free(roots->again);
	maker_end(&roots->old);
	maker_end(&roots->next);
	maker_end(&roots->other);
}

Test(plan, believes_a_root_for_its_link_or_its_fingerprint_only)
{
	struct roots r;
	const pki_cert *known;
	plan_anchors got;
	pki_err err;

	begin_roots(&r);
	known = r.old.root;
	est_certs rolled = { .count = 4, .certs = { r.next.root, r.link,
	    r.other.root, r.next.ca } };
	assert_ok(plan_choose_anchors(&known, 1, NULL, &rolled, TEST_BEGIN,
	    &got, &err), &err);
	cr_expect_eq(got.count, 2);
	cr_expect_eq(got.added, 1);
	cr_expect_eq(got.list[1], r.next.root);
	cr_expect_eq(got.strangers, 1);
	cr_expect_eq(got.stranger, r.other.root);

	est_certs unlinked = { .count = 2, .certs = { r.next.root,
	    r.other.root } };
	assert_ok(plan_choose_anchors(&known, 1, NULL, &unlinked, TEST_BEGIN,
	    &got, &err), &err);
	cr_expect_eq(got.count, 1);
	cr_expect_eq(got.strangers, 2);
	assert_ok(plan_choose_anchors(&known, 1,
	    pki_cert_digest(r.next.root), &unlinked, TEST_BEGIN, &got, &err),
	    &err);
	cr_expect_eq(got.count, 2);

	/* The old key, in a certificate of a longer life. */
	est_certs again = { .count = 1, .certs = { r.again } };
	assert_ok(plan_choose_anchors(&known, 1, NULL, &again, TEST_BEGIN,
	    &got, &err), &err);
	cr_expect_eq(got.added, 1);
	end_roots(&r);
}

Test(plan, believes_nobody_at_bootstrap_but_the_pinned_one)
{
	struct roots r;
	plan_anchors got;
	pki_digest pin;
	pki_err err;

	begin_roots(&r);
	est_certs came = { .count = 3, .certs = { r.other.root, r.old.root,
	    r.old.ca } };
	assert_refused(plan_choose_anchors(NULL, 0, NULL, &came, TEST_BEGIN,
	    &got, &err), PKI_DENIED, &err, "anchors");
	assert_refused(plan_choose_anchors(NULL, 0,
	    pki_cert_digest(r.next.root), &came, TEST_BEGIN, &got, &err),
	    PKI_DENIED, &err, "anchors");
	pin = *pki_cert_digest(r.old.root);
	assert_ok(plan_choose_anchors(NULL, 0, &pin, &came, TEST_BEGIN, &got,
	    &err), &err);
	cr_expect_eq(got.count, 1);
	cr_expect_eq(got.list[0], r.old.root);
	/* An issuing CA is no root, whatever its fingerprint. */
	assert_refused(plan_choose_anchors(NULL, 0,
	    pki_cert_digest(r.old.ca), &came, TEST_BEGIN, &got, &err),
	    PKI_DENIED, &err, "anchors");
	end_roots(&r);
}
