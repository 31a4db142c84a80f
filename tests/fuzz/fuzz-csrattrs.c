#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "est/csrattrs.h"

/*
 * CsrAttrs: what is accepted can be written as a template, which says the
 * same, and in plain form, which can be read.
 */

static bool
is_one(uint32_t set)
{
	return set != 0 && (set & (set - 1)) == 0;
}

static void
check_same(const pki_csrattrs *a, const pki_csrattrs *b)
{
	/* "One of these" cannot be said. */
	fuzz_assert(is_one(a->key_types) ? a->key_types == b->key_types :
	    b->key_types == 0);
	fuzz_assert(a->signature == b->signature);
	fuzz_assert(a->challenges == b->challenges);
	fuzz_assert(a->subject_count == b->subject_count);
	for (size_t i = 0; i < a->subject_count; i++)
		fuzz_assert(a->subject[i].type == b->subject[i].type &&
		    strcmp(a->subject[i].value, b->subject[i].value) == 0);
	fuzz_assert(a->ip_wanted == b->ip_wanted);
	fuzz_assert(pki_altnames_equal(a->alt_names, b->alt_names));
	fuzz_assert(a->key_usage == b->key_usage);
	fuzz_assert(a->ext_usage == b->ext_usage);
	fuzz_assert(a->to_fill_in == b->to_fill_in);
}

static void
check_again(const pki_csrattrs *found, pki_csrattrs_form form)
{
	PKI_AUTO(pki_buf) der = pki_buf_new();
	PKI_AUTO(pki_csrattrs) again = NULL;
	pki_err err = { 0 };
	pki_code rc = pki_csrattrs_encode(found, form, der, &err);

	if (rc != PKI_OK) {
		/* Names of bits and purposes that we have no names for. */
		fuzz_assert(rc == PKI_USAGE ||
		    strcmp(err.rule, "size") == 0);
		fuzz_assert(rc != PKI_USAGE || found->key_usage >> 9 != 0 ||
		    (found->ext_usage & PKI_EKU_OTHER) != 0);
		return;
	}
	fuzz_assert(pki_csrattrs_parse(pki_buf_bytes(der), &again, &err) ==
	    PKI_OK);
	if ((form & PKI_CSRATTRS_TEMPLATE) != 0)
		check_same(found, again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	PKI_AUTO(pki_csrattrs) found = NULL;
	pki_err err = { 0 };
	pki_code rc = pki_csrattrs_parse(pki_bytes_of(data, size), &found,
	    &err);

	if (rc != PKI_OK) {
		fuzz_assert(err.rule[0] != '\0');
		fuzz_check_refusal(rc, &err);
		return 0;
	}
	check_again(found, PKI_CSRATTRS_PLAIN);
	check_again(found, PKI_CSRATTRS_TEMPLATE);
	check_again(found, PKI_CSRATTRS_BOTH);
	return 0;
}
