#include <criterion/criterion.h>

#include "pki-estd/answer.h"

TestSuite(answer, .timeout = 20);

static const char *
body_of(http_answer *answer)
{
	answer_write_reason(answer, "0123456789abcdef");
	return answer->body == NULL ? "" : pki_buf_text(answer->body);
}

Test(answer, says_the_rule_what_was_refused_and_what_is_accepted)
{
	http_answer answer = { .status = 403 };
	pki_err err;

	pki_refuse(&err, PKI_DENIED, "key-size", "2048, 3072", "%s",
	    "RSA 1024");
	answer_set_reason(&answer, &err);
	cr_expect_str_eq(body_of(&answer), "key-size 0123456789abcdef\n"
	    "'RSA 1024' refused, accepted: 2048, 3072\n");
	cr_expect_str_eq(answer_rule(&answer), "key-size");
	pki_buf_free(answer.body);
}

Test(answer, says_the_code_where_there_is_no_rule)
{
	http_answer answer = { .status = 400 };
	pki_err err;

	pki_fail(&err, PKI_BAD_INPUT, "whatever");
	answer_set_reason(&answer, &err);
	cr_expect_str_eq(body_of(&answer), "bad-input 0123456789abcdef\n");
	pki_buf_free(answer.body);
}

/* Some clients fail on a body with 401. */
Test(answer, has_no_body_with_401)
{
	http_answer answer = { .status = 401 };
	pki_err err;

	pki_refuse(&err, PKI_DENIED, "token", "", "%s", "");
	answer_set_reason(&answer, &err);
	cr_expect_str_eq(body_of(&answer), "");
	cr_expect_str_eq(answer_rule(&answer), "token");
}

Test(answer, cuts_what_is_long)
{
	http_answer answer = { .status = 403 };
	char line[2 * ANSWER_DETAIL];

	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	answer_copy_reason(&answer, line, line);
	cr_expect_eq(strlen(answer.reason), sizeof(answer.reason) - 1);
	cr_expect_eq(strlen(answer.detail), ANSWER_DETAIL - 1);
}
