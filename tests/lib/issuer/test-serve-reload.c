#include "tests/lib/issuer/serve-sample.h"

#include <openssl/ec.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/csr-maker.h"

/* What changes while the issuer serves, and what it keeps of refusals. */

static struct served s;
static pki_err err;
static pki_key *key;

static void
set_up(void)
{
	serve_begin(&s);
	assert_ok(pki_key_generate(PKI_KEY_P256, &key, &err), &err);
}

static void
tear_down(void)
{
	cr_expect_eq(serve_stop(&s), PKI_OK, "%s", s.err.msg);
	serve_end(&s);
	pki_key_free(key);
}

TestSuite(serve_reload, .init = set_up, .fini = tear_down, .timeout = 60);
TestSuite(serve_linking, .init = set_up, .fini = tear_down, .timeout = 60);
TestSuite(serve_audit, .init = set_up, .fini = tear_down, .timeout = 60);

static struct asked
enroll(const char *token, const char *name, const char *label)
{
	PKI_AUTO(pki_buf) csr = csr_for(key, name);
	const struct question q = {
		.type = PKI_MESSAGE_ENROLL, .token = token, .label = label,
		.csr = pki_buf_bytes(csr),
	};

	return answer_to(&s, &q);
}

static bool
has_label(const char *label)
{
	size_t i;

	for (i = 0; i < s.told.labels; i++)
		if (strcmp(s.told.label[i], label) == 0)
			return true;
	return false;
}

Test(serve_reload, makes_labels_of_new_templates)
{
	uint64_t before = s.told.generation;

	cr_expect(!has_label("sampler"));
	change_auditor(&s, "sampler", "\"90d\"", "\"30d\"");
	cr_expect(serve_reload(&s));
	cr_expect(has_label("sampler") && has_label("auditor"));
	cr_expect(s.told.generation > before);
}

Test(serve_reload, keeps_all_when_a_file_is_bad)
{
	pki_token_draft token = give_token(&s, "meter-1");
	struct asked a;

	change_auditor(&s, "sampler", "\"90d\"", "\"soon\"");
	cr_expect(!serve_reload(&s));
	cr_expect_str_eq(s.noted, "reload-failed");
	cr_expect(!has_label("sampler"));
	a = enroll(token.text, "meter-1", NULL);
	expect_issued(&a);
	drop_asked(&a);
	put_template(&s, "sampler", "");
	cr_expect(!serve_reload(&s));
	change_auditor(&s, "sampler", "\"90d\"", "\"30d\"");
	cr_expect(serve_reload(&s));
}

Test(serve_reload, that_the_clock_prevented_happens_when_it_is_right)
{
	unsigned reloads;

	change_auditor(&s, "sampler", "\"90d\"", "\"30d\"");
	s.t.clock.now_ms -= PKI_DAY * 1000;
	await_ready(&s, false);
	cr_expect(!serve_reload(&s));
	cr_expect(!has_label("sampler"));
	reloads = s.told.reloads;
	s.t.clock.now_ms += PKI_DAY * 1000;
	await_reloads(&s, reloads + 1);
	cr_expect(s.told.reload_ok);
	cr_expect(has_label("sampler"));
	await_ready(&s, true);
	cr_expect_eq(s.told.reloads, reloads + 1);
}

Test(serve_reload, decides_by_the_templates_of_now)
{
	pki_token_draft token = give_token(&s, "meter-1");
	struct asked a;

	change_auditor(&s, "auditor", "\"90d\"", "\"30d\"");
	cr_expect(serve_reload(&s));
	a = enroll(token.text, "meter-1", NULL);
	expect_issued(&a);
	if (a.cert != NULL)
		cr_expect(pki_cert_not_after(a.cert) <
		    TEST_BEGIN + 31 * PKI_DAY);
	drop_asked(&a);
}

Test(serve_reload, lets_a_first_request_wait_for_approval)
{
	pki_token_draft token = give_token(&s, "meter-1");
	struct asked a;

	change_auditor(&s, "auditor", "est: {",
	    "est: {\n\tapproval = \"manual\";");
	cr_expect(serve_reload(&s));
	a = enroll(token.text, "meter-1", NULL);
	cr_expect_eq(a.type, PKI_MESSAGE_PENDING, "type %d, %s", a.type,
	    a.rule);
	cr_expect_eq(a.retry_after, 60);
}

Test(serve_reload, of_a_profile_changes_its_hints)
{
	pki_csrattrs *hints = NULL;

	change_auditor(&s, "auditor", "est: {",
	    "est: {\n\tcsr-attributes = \"plain\";\n\tlinking = "
	    "\"required\";");
	cr_expect(serve_reload(&s));
	/* Labels are in order of name, behind the one without. */
	cr_assert_str_eq(s.told.label[1], "auditor");
	assert_ok(pki_csrattrs_parse(pki_buf_bytes(s.told.attrs[1]), &hints,
	    &err), &err);
	cr_expect((hints->challenges &
	    (1u << PKI_CSR_CHALLENGE_PASSWORD)) != 0);
	cr_expect_eq(s.told.attrs[0]->len, 0);
	pki_csrattrs_free(hints);
}

Test(serve_reload, gives_hints_as_a_template_where_that_is_wanted)
{
	pki_csrattrs *hints = NULL;

	change_auditor(&s, "auditor", "est: {",
	    "est: {\n\tcsr-attributes = \"template\";");
	cr_expect(serve_reload(&s));
	cr_assert_str_eq(s.told.label[1], "auditor");
	assert_ok(pki_csrattrs_parse(pki_buf_bytes(s.told.attrs[1]), &hints,
	    &err), &err);
	/* The name is the device's to fill in. */
	cr_assert_eq(hints->subject_count, 1);
	cr_expect_eq(hints->subject[0].type, PKI_NAME_COMMON_NAME);
	cr_expect_str_eq(hints->subject[0].value, "");
	cr_expect_eq(hints->ext_usage, 1u << PKI_EKU_CLIENT_AUTH);
	pki_csrattrs_free(hints);
}

Test(serve_reload, of_a_default_profile_is_for_who_states_no_label)
{
	cr_expect_eq(serve_stop(&s), PKI_OK);
	s.options.settings.default_profile = "auditor";
	serve_start(&s);
	await_ready(&s, true);
	cr_assert_str_eq(s.told.label[1], "auditor");
	cr_expect(s.told.attrs[0]->len > 0);
	cr_expect(pki_bytes_equal(pki_buf_bytes(s.told.attrs[0]),
	    pki_buf_bytes(s.told.attrs[1])));
}

Test(serve_linking, of_another_connection_is_refused)
{
	static const uint8_t exporter[32] = { 1, 2, 3 };
	pki_token_draft token = give_token(&s, "meter-1");
	PKI_AUTO(pki_buf) base64 = pki_buf_new();
	PKI_AUTO(pki_buf) csr = pki_buf_new();
	char attributes[256];
	struct csr_recipe recipe = {
		.signer = EVP_EC_gen("P-256"),
		.subject = "30{31{30{06{550403} 0c{'meter-1'}}}}",
		.attributes = attributes,
	};
	struct question q = {
		.type = PKI_MESSAGE_ENROLL, .token = token.text,
	};
	struct asked a;

	pki_base64_add(base64, pki_bytes_of(exporter, 32), 0);
	snprintf(attributes, sizeof(attributes),
	    "a0{30{06{2a864886f70d010907} 31{0c{'%s'}}}}",
	    pki_buf_text(base64));
	cr_assert(csr_make(&recipe, csr));
	q.csr = pki_buf_bytes(csr);
	a = answer_to(&s, &q);
	expect_refused(&a, 400, "linking");
	q.exporter = pki_bytes_of(exporter, 32);
	a = answer_to(&s, &q);
	expect_issued(&a);
	cr_expect(a.bound);
	drop_asked(&a);
	EVP_PKEY_free(recipe.signer);
}

static pki_code
count_refusals(const pki_audit_row *row, void *arg, pki_err *why)
{
	(void)why;
	*(size_t *)arg += strstr(row->line, "\"enroll-refuse\"") != NULL;
	return PKI_OK;
}

static size_t
refusals(void)
{
	size_t count = 0;

	assert_ok(pki_audit_each(s.t.ca, 0, count_refusals, &count, &err),
	    &err);
	return count;
}

Test(serve_audit, keeps_a_refusal_a_second_of_those_it_knows)
{
	pki_token_draft token = give_token(&s, "meter-1");
	pki_audit_head head;
	int i;

	for (i = 0; i < 5; i++)
		enroll(token.text, "meter-2", NULL);
	/* Somebody who is not known leaves nothing. */
	enroll("x", "meter-1", NULL);
	cr_expect_eq(serve_stop(&s), PKI_OK);
	cr_expect_eq(refusals(), 1);
	s.t.clock.now_ms += 1000;
	serve_start(&s);
	await_ready(&s, true);
	enroll(token.text, "meter-2", NULL);
	cr_expect_eq(serve_stop(&s), PKI_OK);
	cr_expect_eq(refusals(), 2);
	assert_ok(pki_audit_verify(s.t.ca, NULL, &head, NULL, NULL, &err),
	    &err);
	serve_start(&s);
}

Test(serve_audit, ends_when_the_worker_says_what_none_says)
{
	struct served *broken = &s;
	static const uint8_t nonsense[64];

	cr_assert(write(broken->link[0], nonsense, sizeof(nonsense)) > 0);
	pthread_join(broken->thread, NULL);
	cr_expect_eq(broken->rc, PKI_BAD_INPUT);
	close(broken->control);
	serve_start(broken);
}
