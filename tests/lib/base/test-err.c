#include "base/err.h"

#include <errno.h>
#include <string.h>

#include <criterion/criterion.h>

#include "base/auto.h"

TestSuite(fail, .timeout = 30);
TestSuite(refuse, .timeout = 30);
TestSuite(wrap, .timeout = 30);
TestSuite(code_name, .timeout = 30);

Test(fail, records_code_and_sentence_and_nothing_else)
{
	pki_err err;

	memset(&err, 'x', sizeof(err));
	cr_assert_eq(pki_fail(&err, PKI_STORE, "no %s, %d", "luck", 7),
	    PKI_STORE);
	cr_assert_eq(err.code, PKI_STORE);
	cr_assert_str_eq(err.msg, "no luck, 7");
	cr_assert_str_eq(err.rule, "");
	cr_assert_str_eq(err.value, "");
	cr_assert_str_eq(err.accepts, "");
}

Test(fail, returns_the_code_without_a_report)
{
	cr_assert_eq(pki_fail(NULL, PKI_BUSY, "x"), PKI_BUSY);
	cr_assert_eq(pki_refuse(NULL, PKI_DENIED, "r", "a", "v"), PKI_DENIED);
	cr_assert_eq(pki_wrap(NULL, PKI_STORE, "x"), PKI_STORE);
	cr_assert_eq(pki_fail_memory(NULL), PKI_NO_MEMORY);
	errno = EIO;
	cr_assert_eq(pki_fail_errno(NULL, "x"), PKI_SYSTEM);
}

Test(fail, shows_control_characters_and_other_octets_escaped)
{
	pki_err err;

	cr_assert_eq(pki_fail(&err, PKI_BAD_INPUT, "name '%s'",
	    "a\nb\x1b[2J\xc3\xa4\x7f"), PKI_BAD_INPUT);
	cr_assert_str_eq(err.msg, "name 'a\\x0ab\\x1b[2J\\xc3\\xa4\\x7f'");
}

Test(fail, cuts_what_is_too_long)
{
	char text[2000];
	pki_err err;

	memset(text, 'y', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	cr_assert_eq(pki_fail(&err, PKI_BAD_INPUT, "%s", text), PKI_BAD_INPUT);
	cr_assert_eq(strlen(err.msg), sizeof(err.msg) - 1);
}

Test(fail, of_the_system_ends_with_its_words)
{
	pki_err err;

	errno = ENOENT;
	cr_assert_eq(pki_fail_errno(&err, "open %s", "/x"), PKI_SYSTEM);
	cr_assert_str_eq(err.msg, "open /x: No such file or directory");
	errno = ENOMEM;
	cr_assert_eq(pki_fail_errno(&err, "open"), PKI_NO_MEMORY);
	cr_assert_eq(err.code, PKI_NO_MEMORY);
}

Test(refuse, fills_rule_value_accepts_and_the_sentence)
{
	pki_err err;

	cr_assert_eq(pki_refuse(&err, PKI_DENIED, "key-size", "2048, 3072",
	    "RSA %d", 1024), PKI_DENIED);
	cr_assert_eq(err.code, PKI_DENIED);
	cr_assert_str_eq(err.rule, "key-size");
	cr_assert_str_eq(err.value, "RSA 1024");
	cr_assert_str_eq(err.accepts, "2048, 3072");
	cr_assert_str_eq(err.msg,
	    "key-size: 'RSA 1024' refused, accepted: 2048, 3072");
}

Test(refuse, escapes_and_cuts_each_field)
{
	char text[300];
	pki_err err;

	memset(text, 'v', sizeof(text));
	text[0] = '\r';
	text[sizeof(text) - 1] = '\0';
	cr_assert_eq(pki_refuse(&err, PKI_DENIED, "identity", text, "%s",
	    text), PKI_DENIED);
	cr_assert_eq(strncmp(err.value, "\\x0dvvv", 7), 0);
	cr_assert_eq(strncmp(err.accepts, "\\x0dvvv", 7), 0);
	cr_assert(strlen(err.value) < sizeof(err.value));
	cr_assert_not_null(strstr(err.value, "vvv..."));
	cr_assert_not_null(strstr(err.msg, "refused, accepted:"));
}

Test(wrap, reads_from_the_outermost_context_inwards)
{
	pki_err err;

	cr_assert_eq(pki_refuse(&err, PKI_DENIED, "key-size", "2048",
	    "RSA 1024"), PKI_DENIED);
	cr_assert_eq(pki_wrap(&err, PKI_DENIED, "profile '%s'", "auditor"),
	    PKI_DENIED);
	cr_assert_eq(pki_wrap(&err, PKI_DENIED, "issue"), PKI_DENIED);
	cr_assert_str_eq(err.msg, "issue: profile 'auditor': "
	    "key-size: 'RSA 1024' refused, accepted: 2048");
	cr_assert_str_eq(err.rule, "key-size");
	cr_assert_str_eq(err.value, "RSA 1024");
	cr_assert_str_eq(err.accepts, "2048");
}

Test(wrap, takes_the_code_of_the_caller)
{
	pki_err err;

	cr_assert_eq(pki_fail(&err, PKI_NOT_FOUND, "gone"), PKI_NOT_FOUND);
	cr_assert_eq(pki_wrap(&err, PKI_DAMAGED, "row 7"), PKI_DAMAGED);
	cr_assert_eq(err.code, PKI_DAMAGED);
}

Test(wrap, escapes_the_context)
{
	pki_err err;

	cr_assert_eq(pki_fail(&err, PKI_STORE, "cause"), PKI_STORE);
	cr_assert_eq(pki_wrap(&err, PKI_STORE, "a\nb"), PKI_STORE);
	cr_assert_str_eq(err.msg, "a\\x0ab: cause");
}

static bool
ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), tail = strlen(end);

	return len >= tail && strcmp(text + len - tail, end) == 0;
}

Test(wrap, cuts_the_context_and_keeps_the_cause)
{
	char context[400];
	pki_err err;

	memset(context, 'c', sizeof(context));
	context[sizeof(context) - 1] = '\0';
	cr_assert_eq(pki_fail(&err, PKI_STORE, "the disk is full"), PKI_STORE);
	for (int i = 0; i < 5; i++) {
		cr_assert_eq(pki_wrap(&err, PKI_STORE, "%s", context),
		    PKI_STORE);
		cr_assert(ends_with(err.msg, "the disk is full"),
		    "round %d: %s", i, err.msg);
		cr_assert(strlen(err.msg) < sizeof(err.msg));
	}
	cr_assert_eq(err.msg[0], 'c');
}

Test(code_name, is_the_name_that_scripts_see)
{
	static const struct name {
		pki_code    code;
		const char *name;
	} names[] = {
		{ PKI_OK, "ok" },
		{ PKI_USAGE, "usage" },
		{ PKI_BAD_INPUT, "bad-input" },
		{ PKI_DENIED, "denied" },
		{ PKI_NOT_FOUND, "not-found" },
		{ PKI_EXISTS, "exists" },
		{ PKI_PENDING, "pending" },
		{ PKI_BUSY, "busy" },
		{ PKI_CLOCK, "clock-suspect" },
		{ PKI_DAMAGED, "damaged" },
		{ PKI_CRYPTO, "crypto" },
		{ PKI_STORE, "store" },
		{ PKI_SYSTEM, "system" },
		{ PKI_NO_MEMORY, "no-memory" },
		{ (pki_code)99, "unknown" },
	};

	for (size_t i = 0; i < PKI_COUNT(names); i++)
		cr_expect_str_eq(pki_code_name(names[i].code), names[i].name);
}
