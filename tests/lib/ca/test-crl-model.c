#include "ca/gate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/hold.h"
#include "ca/publish.h"
#include "tests/lib/ca/ca-sample.h"
#include "tests/support/crl-maker.h"
#include "x509/tbs.h"

#define FULL "crl/issuing/full.crl"

TestSuite(crl_model, .timeout = 240);

/* The same numbers in every run. */
static uint64_t seed;

static uint32_t
roll(uint32_t sides)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407U;
	return (uint32_t)(seed >> 33) % sides;
}

/*
 * Gate alone: what is listed before and after, what expired and what was
 * released are sets of eight serials; the verdict is a line of set algebra.
 */
#define GATE_HISTORIES 10000

struct sets {
	uint8_t before, after, held, expired, released;
};

static pki_code
may_leave(void *arg, const pki_crl_entry *entry, bool *out, pki_err *err)
{
	const struct sets *sets = arg;
	uint8_t bit = (uint8_t)(1U << entry->serial.octets[0]);

	(void)err;
	*out = (sets->expired & bit) != 0 ||
	    (entry->reason == PKI_REASON_CERTIFICATE_HOLD &&
	    (sets->released & bit) != 0);
	return PKI_OK;
}

static pki_crl *
make_list(const pki_crl_fields *fields, uint8_t listed, uint8_t held)
{
	PKI_AUTO(pki_buf) tbs = pki_buf_new();
	PKI_AUTO(pki_buf) der = pki_buf_new();
	pki_crl_entry entries[8];
	pki_crl *crl = NULL;
	size_t count = 0;
	pki_err err;

	for (uint8_t i = 1; i < 8; i++)
		if ((listed >> i & 1) != 0)
			entries[count++] = (pki_crl_entry){
				.serial = { 1, { i } },
				.revoked_at = TEST_BEGIN,
				.reason = (held >> i & 1) != 0 ?
				    PKI_REASON_CERTIFICATE_HOLD :
				    PKI_REASON_SUPERSEDED,
			};
	assert_ok(crl_tbs(fields, entries, count, tbs, &err), &err);
	pki_signed_add(der, pki_buf_bytes(tbs), fields->algorithm,
	    PKI_BYTES_TEXT("not looked at"));
	assert_ok(pki_crl_parse(pki_buf_bytes(der), 1 << 16, &crl, &err),
	    &err);
	return crl;
}

static pki_code
judge(const pki_name *issuer, struct sets *sets, pki_err *err)
{
	pki_crl_fields fields = {
		.algorithm = pki_sigalg_for(PKI_KEY_P256), .issuer = issuer,
		.authority_key_id = PKI_BYTES_TEXT("a key identifier of some"
		    " length, so that none of these lists is a short one"),
		.number = 1,
		.this_update = TEST_BEGIN,
		.next_update = TEST_BEGIN + PKI_DAY,
	};
	PKI_AUTO(pki_crl) before = make_list(&fields, sets->before,
	    sets->held);
	PKI_AUTO(pki_crl) after = NULL;
	pki_crl_list previous, next;
	const pki_gate_terms terms = {
		.previous = &previous, .next = &next, .now = TEST_BEGIN + 10,
		.may_leave = may_leave, .arg = sets,
	};

	fields.number++;
	fields.this_update++;
	after = make_list(&fields, sets->after, sets->held);
	pki_crl_list_of_crl(&previous, before);
	pki_crl_list_of_crl(&next, after);
	return pki_gate_merge(&terms, err);
}

Test(crl_model, the_gate_lets_nothing_leave_unless_expired_or_released)
{
	const pki_name_part part = { PKI_NAME_COMMON_NAME, "CA" };
	PKI_AUTO(pki_name) issuer = NULL;
	int refused = 0;
	pki_err err;

	seed = 7;
	assert_ok(pki_name_build(&part, 1, &issuer, &err), &err);
	for (int i = 0; i < GATE_HISTORIES; i++) {
		struct sets sets = {
			.before = (uint8_t)roll(256),
			.held = (uint8_t)roll(256),
			.after = (uint8_t)(roll(256) | roll(256)),
			.expired = (uint8_t)(roll(256) & roll(256)),
			.released = (uint8_t)roll(256),
		};
		uint8_t gone = (uint8_t)(sets.before & ~sets.after & 0xfe);
		uint8_t may = (uint8_t)(sets.expired |
		    (sets.held & sets.released));
		pki_code rc = judge(issuer, &sets, &err);

		cr_assert_eq(rc == PKI_OK, (gone & ~may) == 0, "history %d: %s",
		    i, err.msg);
		refused += rc != PKI_OK;
	}
	cr_assert(refused > 1000 && refused < 9000, "%d refused", refused);
}

/* Whole histories: what the model says of each certificate. */
#define HISTORIES 75
#define STEPS 25
#define CERTS 5
#define HISTORIES_PER_CA 25

enum state { GOOD, HELD, REVOKED };

struct model {
	struct test_ca t;
	pki_cert      *certs[CERTS];
	enum state     states[CERTS];
	bool           listed[CERTS];           /* as last published */
	bool           released[CERTS];         /* since then */
	int64_t        last_update, last_number;
};

static void
change(struct model *m, size_t i)
{
	const pki_hold hold = {
		.ca = "issuing", .serial = *pki_cert_serial(m->certs[i]),
		.who = test_requester,
	};
	const pki_revocation revocation = revocation_of(m->certs[i],
	    PKI_REASON_SUPERSEDED);
	pki_err *err = &m->t.err;

	switch (roll(4)) {
	case 0:
		cr_assert_eq(pki_ca_revoke(m->t.ca, &revocation, NULL, err) ==
		    PKI_OK, m->states[i] != REVOKED, "%s", err->msg);
		m->states[i] = REVOKED;
		break;
	case 1:
	case 2:
		cr_assert_eq(pki_ca_hold(m->t.ca, &hold, err) == PKI_OK,
		    m->states[i] == GOOD, "%s", err->msg);
		if (m->states[i] == GOOD)
			m->states[i] = HELD;
		break;
	default:
		cr_assert_eq(pki_ca_release(m->t.ca, &hold, err) == PKI_OK,
		    m->states[i] == HELD, "%s", err->msg);
		if (m->states[i] == HELD) {
			m->states[i] = GOOD;
			m->released[i] = true;
		}
	}
}

static void
publish_and_compare(struct model *m)
{
	PKI_AUTO(pki_crl) crl = NULL;

	publish(&m->t, "issuing");
	crl = get_crl(&m->t, FULL);
	cr_assert_gt(pki_crl_number(crl), m->last_number);
	cr_assert_gt(pki_crl_this_update(crl), m->last_update);
	cr_assert_leq(pki_crl_this_update(crl),
	    pki_clock_now(&m->t.clock.clock) + 5);
	for (size_t i = 0; i < CERTS; i++) {
		bool gone = pki_cert_not_after(m->certs[i]) < m->last_update;
		bool is = pki_crl_find(crl, pki_cert_serial(m->certs[i])) !=
		    NULL;

		cr_assert_eq(is, m->states[i] != GOOD && !gone, "%zu", i);
		cr_assert(!m->listed[i] || is || gone || m->released[i],
		    "%zu vanished", i);
		m->listed[i] = is;
		m->released[i] = false;
	}
	m->last_number = pki_crl_number(crl);
	m->last_update = pki_crl_this_update(crl);
}

static void
one_history(struct model *m, int number)
{
	char name[32];
	size_t i;

	for (i = 0; i < CERTS; i++) {
		snprintf(name, sizeof(name), "meter-%d-%zu", number, i);
		m->certs[i] = issue_meter(&m->t, name);
		m->states[i] = GOOD;
		m->listed[i] = m->released[i] = false;
	}
	for (i = 0; i < STEPS; i++) {
		switch (roll(6)) {
		case 0:
			publish_and_compare(m);
			break;
		case 1:
			pass(&m->t, roll(8) == 0 ? 40 * PKI_DAY : roll(3));
			break;
		default:
			change(m, roll(CERTS));
		}
	}
	publish_and_compare(m);
	for (i = 0; i < CERTS; i++)
		pki_cert_free(m->certs[i]);
}

Test(crl_model, no_unexpired_entry_vanishes_in_any_history)
{
	struct model m = { .last_number = 0 };
	pki_audit_head head;

	seed = 11;
	for (int i = 0; i < HISTORIES; i++) {
		if (i % HISTORIES_PER_CA == 0) {
			fresh_ca(&m.t);
			m.last_number = m.last_update = 0;
		}
		one_history(&m, i);
		pass(&m.t, 70);
		if (i % HISTORIES_PER_CA < HISTORIES_PER_CA - 1)
			continue;
		assert_ok(pki_audit_verify(m.t.ca, NULL, &head, NULL, NULL,
		    &m.t.err), &m.t.err);
		drop_ca(&m.t);
	}
}
