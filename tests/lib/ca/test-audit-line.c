#include <criterion/criterion.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/audit-line.h"

TestSuite(audit_line, .timeout = 60);

#define MEMBERS 8
#define TEXT 24

/* The same object by a library. */
static char *
print_reference(const pki_audit_member *members, size_t count)
{
	json_t *object = json_object();
	char *text;
	int bad = 0;

	for (size_t i = 0; i < count; i++)
		bad |= json_object_set_new(object, members[i].key,
		    members[i].text != NULL ? json_string(members[i].text) :
		    json_integer(members[i].number));
	cr_assert_eq(bad, 0);
	text = json_dumps(object,
	    JSON_COMPACT | JSON_SORT_KEYS | JSON_ENSURE_ASCII);
	json_decref(object);
	return text;
}

static void
make_text(char *out, unsigned *seed)
{
	size_t len = (size_t)rand_r(seed) % TEXT;

	for (size_t i = 0; i < len; i++)
		out[i] = (char)(1 + rand_r(seed) % 127);
	out[len] = '\0';
}

Test(audit_line, is_what_jansson_prints_of_ten_thousand_random_events)
{
	unsigned seed = 1;

	for (int round = 0; round < 10000; round++) {
		char keys[MEMBERS][8], texts[MEMBERS][TEXT + 1];
		pki_audit_member members[MEMBERS];
		PKI_AUTO(pki_buf) line = pki_buf_new();
		size_t count = (size_t)rand_r(&seed) % (MEMBERS + 1);
		pki_err err = { 0 };
		char *wanted;

		for (size_t i = 0; i < count; i++) {
			snprintf(keys[i], sizeof(keys[i]), "%c%zu",
			    'a' + rand_r(&seed) % 26, i);
			make_text(texts[i], &seed);
			members[i] = (pki_audit_member){
				.key = keys[i],
				.text = rand_r(&seed) % 3 ? texts[i] : NULL,
				.number = (int64_t)rand_r(&seed) << 32 |
				    rand_r(&seed),
			};
		}
		wanted = print_reference(members, count);
		cr_assert_eq(pki_audit_line_add(line, members, count, &err),
		    PKI_OK, "%s", err.msg);
		cr_assert_str_eq(pki_buf_text(line), wanted);
		free(wanted);
	}
}

Test(audit_line, refuses_what_is_not_ascii)
{
	pki_audit_member members[] = { { .key = "name", .text = "M\xc3\xbc" } };
	PKI_AUTO(pki_buf) line = pki_buf_new();

	cr_expect_eq(pki_audit_line_add(line, members, 1, NULL), PKI_USAGE);
}
