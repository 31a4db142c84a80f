#include "ca/publish.h"

#include <string.h>

#include "tests/lib/ca/ca-sample.h"
#include "tests/support/crl-maker.h"

/* CRLs by hand, signed with the root's key of a CA that serves no more. */
static struct test_ca t;
static pki_cert *issuer;
static pki_key *key;

static pki_key *
load_key(const char *name)
{
	PKI_AUTO(pki_buf) text = get_file(&t, name);
	pki_key *loaded = NULL;

	assert_ok(pki_key_parse(pki_buf_bytes(text), pki_bytes_of(NULL, 0),
	    &loaded, &t.err), &t.err);
	return loaded;
}

static void
set_up(void)
{
	fresh_ca(&t);
	issuer = get_ca_cert(&t, "root");
	key = load_key("keys/root.key");
}

static void
tear_down(void)
{
	pki_cert_free(issuer);
	pki_key_free(key);
	drop_ca(&t);
}

TestSuite(gate_check, .init = set_up, .fini = tear_down, .timeout = 60);

/* An entry is a serial's last octet and a time; serial 0 ends the list. */
struct entry {
	uint8_t serial;
	int64_t at;
};

struct list {
	int64_t      number, this_update, next_update;  /* after TEST_BEGIN */
	struct entry entries[4];
};

static pki_crl *
sign_list(const struct list *list, const pki_cert *cert, const pki_key *by)
{
	const pki_sigalg *algorithm =
	    pki_sigalg_for(pki_pubkey_type(pki_key_public(by)));
	const pki_crl_fields fields = {
		.algorithm = algorithm, .issuer = pki_cert_subject(cert),
		.authority_key_id = pki_cert_subject_key_id(cert),
		.this_update = TEST_BEGIN + list->this_update,
		.next_update = TEST_BEGIN + list->next_update,
		.number = list->number,
	};
	pki_crl_entry entries[PKI_COUNT(list->entries)];
	PKI_AUTO(pki_buf) tbs = pki_buf_new();
	PKI_AUTO(pki_buf) signature = pki_buf_new();
	PKI_AUTO(pki_buf) der = pki_buf_new();
	pki_crl *crl = NULL;
	size_t count = 0;

	for (const struct entry *e = list->entries; e->serial != 0; e++)
		entries[count++] = (pki_crl_entry){
			.serial = { 1, { e->serial } },
			.revoked_at = TEST_BEGIN + e->at,
		};
	assert_ok(crl_tbs(&fields, entries, count, tbs, &t.err), &t.err);
	assert_ok(pki_key_sign(by, pki_buf_bytes(tbs), signature, &t.err),
	    &t.err);
	pki_signed_add(der, pki_buf_bytes(tbs), algorithm,
	    pki_buf_bytes(signature));
	assert_ok(pki_crl_parse(pki_buf_bytes(der), 1 << 20, &crl, &t.err),
	    &t.err);
	return crl;
}

/* Certificates with an even serial have expired. */
static pki_code
even_expired(void *arg, const pki_serial *serial, int64_t at, bool *out,
    pki_err *err)
{
	(void)err;
	/* Asked is: by the time of the list that still has it? */
	cr_expect_eq(at, *(const int64_t *)arg);
	*out = serial->octets[0] % 2 == 0;
	return PKI_OK;
}

#define BEFORE { .number = 7, .this_update = 100, .next_update = 1000, \
	.entries = { { 2, 50 }, { 3, 60 } } }
#define NOW 500

static const struct row {
	const char *what;
	struct list previous, next;     /* number 0: none */
	pki_code    code;
	const char *accepts;            /* a part of it */
} rows[] = {
	{ "the first one", { .number = 0 },
	    { 1, 400, 2000, { { 3, 60 } } }, .code = PKI_OK },
	{ "a good successor", BEFORE,
	    { 8, 400, 2000, { { 2, 50 }, { 3, 60 }, { 5, 300 } } },
	    .code = PKI_OK },
	{ "a jump in number", BEFORE,
	    { 700, 101, 2000, { { 2, 50 }, { 3, 60 } } }, .code = PKI_OK },
	{ "a lower number", BEFORE,
	    { 6, 400, 2000, { { 2, 50 }, { 3, 60 } } }, PKI_DENIED, "number" },
	{ "an equal number", BEFORE,
	    { 7, 400, 2000, { { 2, 50 }, { 3, 60 } } }, PKI_DENIED, "number" },
	{ "the same thisUpdate", BEFORE,
	    { 8, 100, 2000, { { 2, 50 }, { 3, 60 } } }, PKI_DENIED,
	    "thisUpdate" },
	{ "an earlier thisUpdate", BEFORE,
	    { 8, 99, 2000, { { 2, 50 }, { 3, 60 } } }, PKI_DENIED,
	    "thisUpdate" },
	{ "a nextUpdate that is past", BEFORE,
	    { 8, 400, NOW - 1, { { 2, 50 }, { 3, 60 } } }, PKI_DENIED,
	    "nextUpdate" },
	{ "a nextUpdate that is now", BEFORE,
	    { 8, 400, NOW, { { 2, 50 }, { 3, 60 } } }, PKI_DENIED,
	    "nextUpdate" },
	{ "the first one, expired", { .number = 0 },
	    { 1, 400, NOW, { { 0, 0 } } }, PKI_DENIED, "nextUpdate" },
	{ "a thisUpdate that is nearly now", BEFORE,
	    { 8, NOW + 5, 2000, { { 2, 50 }, { 3, 60 } } }, .code = PKI_OK },
	{ "a thisUpdate in the future", BEFORE,
	    { 8, NOW + 6, 2000, { { 2, 50 }, { 3, 60 } } }, PKI_DENIED,
	    "future" },
	{ "the first one, from the future", { .number = 0 },
	    { 1, NOW + 6, 2000, { { 0, 0 } } }, PKI_DENIED, "future" },
	{ "the last number", BEFORE,
	    { (int64_t)1 << 62, 400, 2000, { { 2, 50 }, { 3, 60 } } },
	    .code = PKI_OK },
	{ "a number with none behind it", BEFORE,
	    { ((int64_t)1 << 62) + 1, 400, 2000, { { 2, 50 }, { 3, 60 } } },
	    PKI_DENIED, "2^62" },
	{ "a revocation now", BEFORE,
	    { 8, 400, 2000, { { 2, 50 }, { 3, 60 }, { 5, NOW } } },
	    .code = PKI_OK },
	{ "a revocation in the future", BEFORE,
	    { 8, 400, 2000, { { 2, 50 }, { 3, 60 }, { 5, NOW + 1 } } },
	    PKI_DENIED, "future" },
	{ "an unexpired entry vanished", BEFORE,
	    { 8, 400, 2000, { { 2, 50 } } }, PKI_DENIED, "every unexpired" },
	{ "a date that moved", BEFORE,
	    { 8, 400, 2000, { { 2, 50 }, { 3, 59 } } }, PKI_DENIED,
	    "the published date" },
	{ "an expired entry vanished", BEFORE,
	    { 8, 400, 2000, { { 3, 60 } } }, .code = PKI_OK },
	{ "all entries vanished", BEFORE,
	    { 8, 400, 2000, { { 0, 0 } } }, PKI_DENIED, "every unexpired" },
	{ "one entry for another", BEFORE,
	    { 8, 400, 2000, { { 2, 50 }, { 4, 60 } } }, PKI_DENIED,
	    "every unexpired" },
};

Test(gate_check, judges_a_successor_by_what_is_published)
{
	for (size_t i = 0; i < PKI_COUNT(rows); i++) {
		const struct row *row = &rows[i];
		PKI_AUTO(pki_crl) next = sign_list(&row->next, issuer, key);
		PKI_AUTO(pki_crl) previous = row->previous.number == 0 ?
		    NULL : sign_list(&row->previous, issuer, key);
		int64_t then = TEST_BEGIN + row->previous.this_update;
		const pki_gate gate = {
			.issuer = issuer, .previous = previous, .next = next,
			.now = TEST_BEGIN + NOW, .expired = even_expired,
			.arg = &then,
		};

		memset(&t.err, 0, sizeof(t.err));
		cr_expect_eq(pki_gate_check(&gate, &t.err), row->code, "%s: %s",
		    row->what, t.err.msg);
		if (row->code == PKI_OK)
			continue;
		cr_expect_str_eq(t.err.rule, "crl-gate", "%s", row->what);
		cr_expect_not_null(strstr(t.err.accepts, row->accepts),
		    "%s: %s", row->what, t.err.msg);
	}
}

Test(gate_check, lets_nothing_vanish_when_nobody_knows_what_expired)
{
	const struct list before = BEFORE;
	const struct list after = { 8, 400, 2000, { { 3, 60 } } };
	PKI_AUTO(pki_crl) previous = sign_list(&before, issuer, key);
	PKI_AUTO(pki_crl) next = sign_list(&after, issuer, key);
	const pki_gate gate = {
		.issuer = issuer, .previous = previous, .next = next,
		.now = TEST_BEGIN + NOW,
	};

	assert_refused(pki_gate_check(&gate, &t.err), PKI_DENIED, &t.err,
	    "crl-gate");
	cr_assert_str_eq(t.err.value, "serial 02 is missing");
}

Test(gate_check, refuses_what_another_ca_signed)
{
	const struct list list = { 8, 400, 2000, { { 0, 0 } } };
	PKI_AUTO(pki_cert) other = get_ca_cert(&t, "issuing");
	PKI_AUTO(pki_key) other_key = load_key("keys/issuing.key");
	PKI_AUTO(pki_crl) foreign = sign_list(&list, other, other_key);
	PKI_AUTO(pki_crl) forged = sign_list(&list, issuer, other_key);
	pki_gate gate = { .issuer = issuer, .now = TEST_BEGIN + NOW };

	gate.next = foreign;
	assert_refused(pki_gate_check(&gate, &t.err), PKI_DENIED, &t.err,
	    "issuer");
	gate.next = forged;
	assert_refused(pki_gate_check(&gate, &t.err), PKI_DENIED, &t.err,
	    "signature");
}

Test(gate_check, refuses_a_flipped_bit)
{
	const struct list list = { 8, 400, 2000, { { 3, 60 } } };
	PKI_AUTO(pki_crl) good = sign_list(&list, issuer, key);
	PKI_AUTO(pki_buf) der = pki_buf_copy(pki_crl_der(good));
	PKI_AUTO(pki_crl) bad = NULL;
	pki_gate gate = { .issuer = issuer, .now = TEST_BEGIN + NOW };

	gate.next = good;
	assert_ok(pki_gate_check(&gate, &t.err), &t.err);
	der->data[der->len - 1] ^= 1;
	assert_ok(pki_crl_parse(pki_buf_bytes(der), 1 << 20, &bad, &t.err),
	    &t.err);
	gate.next = bad;
	assert_refused(pki_gate_check(&gate, &t.err), PKI_DENIED, &t.err,
	    "signature");
}
