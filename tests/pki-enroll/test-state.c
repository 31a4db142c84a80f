#include "pki-enroll/state.h"

#include <string.h>

#include "tests/support/support.h"

TestSuite(state, .timeout = 30);

static enroll_state
some_state(void)
{
	enroll_state state = enroll_state_new();
	pki_err why;

	for (int i = 0; i < 3; i++)
		enroll_state_add_try(&state, TEST_BEGIN + i);
	pki_fail(&why, PKI_BUSY, "server 'est.example' is not there\n");
	enroll_state_add_failure(&state, &why);
	state.not_before_retry = TEST_BEGIN + 60;
	state.renew_after = TEST_BEGIN + PKI_DAY;
	memset(&state.renew_after_of, 0xab, sizeof(state.renew_after_of));
	state.greatest_time = PKI_TIME_MAX;
	memset(&state.proven, 0xcd, sizeof(state.proven));
	return state;
}

static pki_buf *
encode(const enroll_state *state)
{
	pki_buf *text = pki_buf_new();
	pki_err err;

	assert_ok(enroll_state_encode(state, text, &err), &err);
	return text;
}

Test(state, comes_back_as_it_was)
{
	enroll_state full = some_state(), empty = enroll_state_new();
	const enroll_state *both[] = { &full, &empty };
	pki_err err;

	for (size_t i = 0; i < PKI_COUNT(both); i++) {
		PKI_AUTO(pki_buf) text = encode(both[i]);
		PKI_AUTO(pki_buf) again = NULL;
		enroll_state back;

		assert_ok(enroll_state_parse(pki_buf_bytes(text), &back,
		    &err), &err);
		again = encode(&back);
		cr_expect_str_eq(pki_buf_text(text), pki_buf_text(again));
		cr_expect_eq(back.failures, both[i]->failures);
		cr_expect_eq(back.tries[2], both[i]->tries[2]);
		cr_expect_eq(back.error_code, both[i]->error_code);
		cr_expect_str_eq(back.error, both[i]->error);
		cr_expect(pki_digest_equal(&back.proven, &both[i]->proven));
	}
}

Test(state, any_changed_octet_is_noticed)
{
	enroll_state state = some_state(), back;
	PKI_AUTO(pki_buf) text = encode(&state);
	pki_err err;

	for (size_t i = 0; i < text->len; i++) {
		text->data[i] ^= 1;
		cr_expect_eq(enroll_state_parse(pki_buf_bytes(text), &back,
		    &err), PKI_DAMAGED, "octet %zu", i);
		text->data[i] ^= 1;
	}
}

Test(state, a_cut_or_longer_text_is_noticed)
{
	enroll_state state = some_state(), back;
	PKI_AUTO(pki_buf) text = encode(&state);
	pki_err err;

	for (size_t len = 0; len < text->len; len++)
		cr_expect_eq(enroll_state_parse(pki_bytes_of(text->data, len),
		    &back, &err), PKI_DAMAGED, "%zu octets", len);
	pki_buf_add_text(text, "\n");
	assert_refused(enroll_state_parse(pki_buf_bytes(text), &back, &err),
	    PKI_DAMAGED, &err, NULL);
}

Test(state, remembers_as_many_tries_as_it_has_room_for)
{
	enroll_state state = enroll_state_new(), back;
	PKI_AUTO(pki_buf) text = NULL;
	pki_err err;

	for (int64_t i = 1; i <= STATE_TRIES + 5; i++)
		enroll_state_add_try(&state, PKI_TIME_MAX - 100 + i);
	text = encode(&state);
	assert_ok(enroll_state_parse(pki_buf_bytes(text), &back, &err), &err);
	cr_assert_eq(back.tries[0], PKI_TIME_MAX - 100 + STATE_TRIES + 5);
	cr_assert_eq(back.tries[STATE_TRIES - 1], PKI_TIME_MAX - 100 + 6);
}

Test(state, success_ends_what_failure_began)
{
	enroll_state state = some_state();

	enroll_state_add_success(&state, TEST_BEGIN + 9);
	cr_assert_eq(state.failures, 0);
	cr_assert_eq(state.not_before_retry, 0);
	cr_assert_eq(state.last_success, TEST_BEGIN + 9);
	cr_assert_eq(state.error_code, PKI_OK);
	cr_assert_str_empty(state.error);
}

Test(state, to_wait_for_approval_is_no_failure)
{
	enroll_state state = some_state();
	pki_err why;

	pki_fail(&why, PKI_PENDING, "waits for approval");
	enroll_state_add_failure(&state, &why);
	cr_assert_eq(state.failures, 1);
	cr_assert_eq(state.error_code, PKI_PENDING);
	cr_assert_str_eq(state.error, "waits for approval");
}

Test(state, a_long_reason_is_kept_whole)
{
	enroll_state state = enroll_state_new(), back;
	PKI_AUTO(pki_buf) text = NULL;
	pki_err why = { .code = PKI_SYSTEM }, err;

	memset(why.msg, 'x', sizeof(why.msg) - 1);
	enroll_state_add_failure(&state, &why);
	text = encode(&state);
	assert_ok(enroll_state_parse(pki_buf_bytes(text), &back, &err), &err);
	cr_assert_eq(strlen(back.error), STATE_TEXT - 1);
}
