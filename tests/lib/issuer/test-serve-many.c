#include "tests/lib/issuer/serve-sample.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Many at once, and an issuer that dies under them. */

static struct served s;
static pki_err err;

static void
set_up(void)
{
	serve_begin(&s);
}

static void
tear_down(void)
{
	cr_expect_eq(serve_stop(&s), PKI_OK, "%s", s.err.msg);
	serve_end(&s);
}

TestSuite(serve_many, .init = set_up, .fini = tear_down, .timeout = 120);

/* A device that wants a certificate. */
struct wish {
	struct asked asked;
	pki_key     *key;
	pki_buf     *csr;
	const char  *token;
	bool         inside;
};

static struct wish *
wishes_of(const pki_token_drafts *drafts)
{
	struct wish *wishes = calloc(drafts->count, sizeof(*wishes));
	size_t i;

	for (i = 0; i < drafts->count; i++) {
		assert_ok(pki_key_generate(PKI_KEY_P256, &wishes[i].key,
		    &err), &err);
		wishes[i].csr = csr_for(wishes[i].key,
		    drafts->items[i].device);
		wishes[i].token = drafts->items[i].text;
	}
	return wishes;
}

static void
drop_wishes(struct wish *wishes, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		drop_asked(&wishes[i].asked);
		pki_key_free(wishes[i].key);
		pki_buf_free(wishes[i].csr);
	}
	free(wishes);
}

static bool
has_cert(const struct wish *wish)
{
	return wish->asked.type == PKI_MESSAGE_ISSUED;
}

/* Ask for all who have none, and wait; how many have one then. */
static size_t
go_round(struct wish *wishes, size_t count)
{
	size_t i, have = 0;

	for (i = 0; i < count; i++) {
		const struct question q = {
			.type = PKI_MESSAGE_ENROLL,
			.token = wishes[i].token,
			.csr = pki_buf_bytes(wishes[i].csr),
		};

		wishes[i].inside = !has_cert(&wishes[i]) &&
		    ask(&s, &q, &wishes[i].asked);
	}
	for (i = 0; i < count; i++) {
		if (wishes[i].inside)
			await(&wishes[i].asked);
		have += has_cert(&wishes[i]);
	}
	return have;
}

Test(serve_many, are_each_answered_once)
{
	enum { COUNT = 2000 };
	PKI_AUTO(pki_token_drafts) drafts = give_tokens(&s, COUNT);
	struct wish *wishes = wishes_of(drafts);
	pki_audit_head head;
	int rounds = 0;

	/* Who finds the link full comes again. */
	while (go_round(wishes, COUNT) < COUNT && rounds++ < 200)
		;
	cr_expect(rounds < 200);
	cr_expect_eq(certs_on_record(&s.t, "auditor"), COUNT);
	assert_ok(pki_audit_verify(s.t.ca, NULL, &head, NULL, NULL, &err),
	    &err);
	drop_wishes(wishes, COUNT);
}

Test(serve_many, are_told_to_come_later_when_the_queue_is_full)
{
	enum { COUNT = 150 };
	PKI_AUTO(pki_token_drafts) drafts = give_tokens(&s, COUNT);
	struct wish *wishes = wishes_of(drafts);
	size_t i, busy = 0, have;

	cr_expect_eq(serve_stop(&s), PKI_OK);
	s.options.queue = 4;
	serve_start(&s);
	await_ready(&s, true);
	have = go_round(wishes, COUNT);
	for (i = 0; i < COUNT; i++)
		busy += wishes[i].asked.type == PKI_MESSAGE_BUSY &&
		    strcmp(wishes[i].asked.rule, "queue") == 0 &&
		    wishes[i].asked.retry_after > 0;
	cr_expect(have >= 1 && busy >= 1 && have + busy == COUNT,
	    "%zu issued, %zu busy", have, busy);
	cr_expect_eq(certs_on_record(&s.t, "auditor"), have);
	drop_wishes(wishes, COUNT);
}

/* G1, G24: what was answered is on record, and who asks again is served. */
Test(serve_many, lose_nothing_to_an_issuer_that_is_killed)
{
	enum { COUNT = 400, KILLS = 5 };
	PKI_AUTO(pki_token_drafts) drafts = give_tokens(&s, COUNT);
	struct wish *wishes = wishes_of(drafts);
	pid_t child;
	size_t i, kill;

	cr_expect_eq(serve_stop(&s), PKI_OK);
	for (kill = 0; kill < KILLS; kill++) {
		child = serve_fork(&s);
		await_ready(&s, true);
		for (i = 0; i < COUNT; i++) {
			const struct question q = {
				.type = PKI_MESSAGE_ENROLL,
				.token = wishes[i].token,
				.csr = pki_buf_bytes(wishes[i].csr),
			};

			drop_asked(&wishes[i].asked);
			wishes[i].inside = ask(&s, &q, &wishes[i].asked);
			/* Some way into it, another way each time. */
			if (i == 40 + kill * 60 && wishes[i].inside)
				await(&wishes[i].asked);
			if (i == 40 + kill * 60)
				serve_kill(&s, child);
		}
		for (i = 0; i < COUNT; i++)
			if (wishes[i].inside)
				await(&wishes[i].asked);
	}
	s.t.ca = reopen_ca(&s.t);
	serve_start(&s);
	await_ready(&s, true);
	for (i = 0; go_round(wishes, COUNT) < COUNT && i < 100; i++)
		;
	cr_expect_eq(go_round(wishes, COUNT), COUNT);
	cr_expect_eq(certs_on_record(&s.t, "auditor"), COUNT);
	drop_wishes(wishes, COUNT);
}

static void
limit_files(pid_t child, rlim_t octets)
{
	struct rlimit limit;

	cr_assert_eq(prlimit(child, RLIMIT_FSIZE, NULL, &limit), 0);
	limit.rlim_cur = octets;
	cr_assert_eq(prlimit(child, RLIMIT_FSIZE, &limit, NULL), 0);
}

/* G5, G36: 503 while nothing can be written, and no longer. */
Test(serve_many, wait_while_the_disk_takes_nothing)
{
	PKI_AUTO(pki_token_drafts) drafts = give_tokens(&s, 20);
	struct wish *wishes = wishes_of(drafts);
	size_t i, busy = 0;
	pid_t child;

	cr_expect_eq(serve_stop(&s), PKI_OK);
	child = serve_fork(&s);
	await_ready(&s, true);
	cr_expect_eq(go_round(wishes, 5), 5);
	limit_files(child, 0);
	cr_expect_eq(go_round(wishes, 20), 5);
	for (i = 5; i < 20; i++)
		busy += wishes[i].asked.type == PKI_MESSAGE_BUSY &&
		    wishes[i].asked.retry_after > 0;
	cr_expect_eq(busy, 15, "%zu, %s", busy, wishes[5].asked.rule);
	limit_files(child, RLIM_INFINITY);
	cr_expect_eq(go_round(wishes, 20), 20);
	serve_kill(&s, child);
	s.t.ca = reopen_ca(&s.t);
	cr_expect_eq(certs_on_record(&s.t, "auditor"), 20);
	serve_start(&s);
	drop_wishes(wishes, 20);
}
