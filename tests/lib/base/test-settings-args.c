#include "base/settings.h"

#include <string.h>

#include <criterion/criterion.h>

TestSuite(settings_args, .timeout = 30);
TestSuite(settings_refuse, .timeout = 30);

typedef struct sample {
	pki_text_list args;
} sample;

static const pki_setting table[] = {
	{ "run", PKI_SET_ARGS, .offset = offsetof(sample, args),
	    .fallback = "[]", .max = 4, .wants = "a list of arguments" },
};

static pki_code
parse(const char *text, sample *out, pki_err *err)
{
	memset(out, 0, sizeof(*out));
	return pki_settings_parse(pki_bytes_text(text), "t.conf", table,
	    PKI_COUNT(table), out, err);
}

Test(settings_args, may_be_empty_or_there_twice)
{
	pki_err err;
	sample s;

	cr_assert_eq(parse("run = [ \"a\", \"\", \"a\", \"\" ];", &s, &err),
	    PKI_OK, "%s", err.msg);
	cr_assert_eq(s.args.count, 4);
	cr_expect_str_eq(s.args.items[1], "");
	cr_expect_str_eq(s.args.items[2], "a");
	pki_settings_clear(table, PKI_COUNT(table), &s);
	cr_expect_null(s.args.items);
}

Test(settings_args, are_counted_and_of_text)
{
	static const char *const bad[] = {
		"run = [ \"a\", \"a\", \"a\", \"a\", \"a\" ];",
		"run = [ 1 ];",
		"run = \"a\";",
	};

	for (size_t i = 0; i < PKI_COUNT(bad); i++) {
		pki_err err;
		sample s;

		cr_expect_eq(parse(bad[i], &s, &err), PKI_BAD_INPUT, "%s",
		    bad[i]);
		cr_expect_not_null(strstr(err.msg, "t.conf:1: run: "), "%s",
		    err.msg);
		pki_settings_clear(table, PKI_COUNT(table), &s);
	}
}

Test(settings_refuse, says_it_as_the_table_does)
{
	pki_bytes text = PKI_BYTES_TEXT("a = 1;\nb = \"x\";\n");
	pki_err err;

	cr_assert_eq(pki_settings_refuse(text, "t.conf", "b", "x", "a y",
	    &err), PKI_BAD_INPUT);
	cr_expect_str_eq(err.msg, "t.conf:2: b: bad value 'x', wants a y");
	cr_expect_str_eq(err.rule, "setting");
	cr_expect_str_eq(err.value, "x");
	cr_expect_str_eq(err.accepts, "a y");
	cr_assert_eq(pki_settings_refuse(text, "t.conf", "c", NULL, "a z",
	    &err), PKI_BAD_INPUT);
	cr_expect_str_eq(err.msg, "t.conf: c: missing, wants a z");
}
