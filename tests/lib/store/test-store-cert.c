/* Certificates, over both backends. */
#include "store-sample.h"

#include <string.h>

TestSuite(store_cert, .timeout = 30);
TestSuite(store_each_cert, .timeout = 60);
TestSuite(store_each_revoked, .timeout = 30);

STORE_TEST(store_cert, is_read_as_it_was_written_with_what_it_refers_to)
{
	struct store_sample t;
	pki_cert_row want, got;
	pki_digest profile = sample_digest(1), pubkey = sample_digest(1);

	store_sample_open(&t, kind);
	want = sample_cert(&t, 7);
	want.status = PKI_CERT_HELD;
	want.reason = 6;
	want.revoked_at = 2000;
	want.invalid_since = 1500;
	want.id = add_cert(&t, want);
	must(pki_store_get_cert(t.store, t.ca_id, &want.serial, &got, t.hold,
	    &t.err), &t);
	cr_expect_eq(got.id, want.id);
	cr_expect_eq(got.ca_id, want.ca_id);
	cr_expect_eq(got.identity_id, want.identity_id);
	cr_expect_eq(got.pubkey_id, want.pubkey_id);
	cr_expect_eq(got.profile_id, want.profile_id);
	cr_expect(pki_serial_equal(&got.serial, &want.serial));
	cr_expect_eq(got.not_before, want.not_before);
	cr_expect_eq(got.not_after, want.not_after);
	cr_expect_eq(got.issued_at, want.issued_at);
	cr_expect_eq(got.key_origin, want.key_origin);
	cr_expect_eq(got.partition, want.partition);
	cr_expect_eq(got.status, want.status);
	cr_expect_eq(got.revoked_at, want.revoked_at);
	cr_expect_eq(got.reason, want.reason);
	cr_expect_eq(got.invalid_since, want.invalid_since);
	cr_expect(pki_bytes_equal(got.der, want.der));
	cr_expect(pki_digest_equal(&got.row_hash, &want.row_hash));
	cr_expect_str_eq(got.ca, "issuing");
	cr_expect_str_eq(got.identity, "meter-1");
	cr_expect_str_eq(got.profile, "auditor");
	cr_expect(pki_digest_equal(&got.profile_digest, &profile));
	cr_expect(pki_digest_equal(&got.pubkey_digest, &pubkey));
	store_sample_close(&t);
}

STORE_TEST(store_cert, serial_is_taken_once_per_ca)
{
	struct store_sample t;
	pki_cert_row row;
	pki_ca_row other = sample_ca("other");

	store_sample_open(&t, kind);
	add_cert(&t, sample_cert(&t, 7));
	store_begin(&t);
	row = sample_cert(&t, 7);
	expect_code(pki_store_put_cert(t.store, &row, &t.err), PKI_EXISTS, &t);
	must(pki_store_put_ca(t.store, &other, &t.err), &t);
	row.ca_id = other.id;
	must(pki_store_put_cert(t.store, &row, &t.err), &t);
	store_commit(&t);
	store_sample_close(&t);
}

STORE_TEST(store_cert, refuses_what_refers_to_nothing)
{
	struct store_sample t;
	pki_cert_row rows[4];
	size_t i;
	int64_t count = -1;

	store_sample_open(&t, kind);
	for (i = 0; i < PKI_COUNT(rows); i++)
		rows[i] = sample_cert(&t, (int)i);
	rows[0].ca_id = 99;
	rows[1].identity_id = 99;
	rows[2].pubkey_id = 99;
	rows[3].profile_id = 99;
	store_begin(&t);
	for (i = 0; i < PKI_COUNT(rows); i++)
		expect_code(pki_store_put_cert(t.store, &rows[i], &t.err),
		    PKI_NOT_FOUND, &t);
	store_commit(&t);
	must(pki_store_count_certs(t.store, t.ca_id, &count, &t.err), &t);
	cr_expect_eq(count, 0);
	store_sample_close(&t);
}

STORE_TEST(store_cert, refuses_a_row_with_a_flaw)
{
	struct store_sample t;
	pki_cert_row rows[8];
	size_t i;

	store_sample_open(&t, kind);
	for (i = 0; i < PKI_COUNT(rows); i++)
		rows[i] = sample_cert(&t, (int)i);
	rows[0].serial.len = 0;
	rows[1].serial.len = 21;
	rows[2].serial.octets[0] = 0x80;
	rows[3].der = pki_bytes_of(NULL, 0);
	rows[4].status = 3;
	rows[5].reason = 7;
	rows[6].key_origin = -1;
	rows[7].partition = -1;
	store_begin(&t);
	for (i = 0; i < PKI_COUNT(rows); i++)
		expect_code(pki_store_put_cert(t.store, &rows[i], &t.err),
		    PKI_USAGE, &t);
	store_commit(&t);
	expect_code(pki_store_get_cert(t.store, t.ca_id, &rows[1].serial,
	    &rows[0], t.hold, &t.err), PKI_USAGE, &t);
	store_sample_close(&t);
}

STORE_TEST(store_cert, status_is_changed_by_id)
{
	struct store_sample t;
	pki_cert_row row, got;

	store_sample_open(&t, kind);
	row = sample_cert(&t, 7);
	row.id = add_cert(&t, row);
	row.status = PKI_CERT_REVOKED;
	row.reason = 1;
	row.revoked_at = 3000;
	row.invalid_since = 2500;
	row.row_hash = sample_digest(90);
	store_begin(&t);
	must(pki_store_update_cert_status(t.store, &row, &t.err), &t);
	row.reason = 11;
	expect_code(pki_store_update_cert_status(t.store, &row, &t.err),
	    PKI_USAGE, &t);
	row.reason = 1;
	row.id = 99;
	expect_code(pki_store_update_cert_status(t.store, &row, &t.err),
	    PKI_NOT_FOUND, &t);
	store_commit(&t);
	must(pki_store_get_cert(t.store, t.ca_id, &row.serial, &got, t.hold,
	    &t.err), &t);
	cr_expect_eq(got.status, PKI_CERT_REVOKED);
	cr_expect_eq(got.reason, 1);
	cr_expect_eq(got.revoked_at, 3000);
	cr_expect_eq(got.invalid_since, 2500);
	cr_expect(pki_digest_equal(&got.row_hash, &row.row_hash));
	store_sample_close(&t);
}

STORE_TEST(store_cert, is_not_found_under_another_ca_or_serial)
{
	struct store_sample t;
	pki_cert_row row;
	pki_serial serial = sample_serial(7), other = sample_serial(8);

	store_sample_open(&t, kind);
	add_cert(&t, sample_cert(&t, 7));
	expect_code(pki_store_get_cert(t.store, t.ca_id + 1, &serial, &row,
	    t.hold, &t.err), PKI_NOT_FOUND, &t);
	expect_code(pki_store_get_cert(t.store, t.ca_id, &other, &row, t.hold,
	    &t.err), PKI_NOT_FOUND, &t);
	store_sample_close(&t);
}

STORE_TEST(store_cert, is_counted_with_its_partition)
{
	struct store_sample t;
	int64_t count = -1, last = -2;
	pki_cert_row row;

	store_sample_open(&t, kind);
	must(pki_store_count_certs(t.store, t.ca_id, &count, &t.err), &t);
	must(pki_store_last_partition(t.store, t.ca_id, &last, &t.err), &t);
	cr_expect_eq(count, 0);
	cr_expect_eq(last, -1);
	for (int i = 1; i <= 4; i++) {
		row = sample_cert(&t, i);
		row.partition = i == 2 ? 9 : 3;
		add_cert(&t, row);
	}
	must(pki_store_count_certs(t.store, t.ca_id, &count, &t.err), &t);
	must(pki_store_last_partition(t.store, t.ca_id, &last, &t.err), &t);
	cr_expect_eq(count, 4);
	cr_expect_eq(last, 9);
	must(pki_store_count_certs(t.store, 99, &count, &t.err), &t);
	cr_expect_eq(count, 0);
	must(pki_store_check(t.store, &t.err), &t);
	store_sample_close(&t);
}

struct seen {
	struct store_sample *t;
	int                  count;
	int64_t              last;
};

static pki_code
see_cert(const pki_cert_row *row, void *arg, pki_err *err)
{
	struct seen *seen = arg;
	int64_t count;

	cr_expect_gt(row->id, seen->last);
	cr_expect_str_eq(row->ca, "issuing");
	cr_expect(pki_bytes_equal(row->der,
	    PKI_BYTES_TEXT("certificate DER")));
	seen->last = row->id;
	seen->count++;
	/* A visitor may read. */
	return pki_store_count_certs(seen->t->store, row->ca_id, &count, err);
}

STORE_TEST(store_each_cert, pages_over_many)
{
	struct store_sample t;
	struct seen seen = { &t, 0, 0 };
	pki_cert_filter filter = { .after_id = 700 };
	pki_cert_row row;

	store_sample_open(&t, kind);
	store_begin(&t);
	for (int i = 0; i < 1201; i++) {
		row = sample_cert(&t, i);
		must(pki_store_put_cert(t.store, &row, &t.err), &t);
	}
	store_commit(&t);
	must(pki_store_each_cert(t.store, NULL, see_cert, &seen, &t.err), &t);
	cr_expect_eq(seen.count, 1201);
	seen = (struct seen){ &t, 0, 700 };
	must(pki_store_each_cert(t.store, &filter, see_cert, &seen, &t.err),
	    &t);
	cr_expect_eq(seen.count, 501);
	store_sample_close(&t);
}

/* Certificates 1 to 6: two names, two profiles, three states. */
static void
add_six(struct store_sample *t)
{
	pki_profile_row server = sample_profile(2);
	int64_t second = add_identity(t, "meter-2");
	pki_pubkey_row key = sample_pubkey(2, second);

	store_begin(t);
	must(pki_store_put_profile(t->store, &server, &t->err), t);
	must(pki_store_claim_pubkey(t->store, &key, &t->err), t);
	for (int i = 1; i <= 6; i++) {
		pki_cert_row row = sample_cert(t, i);

		if (i % 2 == 0) {
			row.identity_id = second;
			row.pubkey_id = key.id;
		}
		if (i > 4)
			row.profile_id = server.id;
		row.status = i % 3;
		row.not_after = 1000 * i;
		must(pki_store_put_cert(t->store, &row, &t->err), t);
	}
	store_commit(t);
}

static pki_code
append_last_octet(const pki_cert_row *row, void *arg, pki_err *err)
{
	(void)err;
	pki_buf_add_format(arg, "%d", row->serial.octets[row->serial.len - 1]);
	return PKI_OK;
}

STORE_TEST(store_each_cert, is_filtered)
{
	static const pki_serial suffix = { 2, { 0, 4 } }, whole_zero = { 1,
	    { 9 } };
	const pki_digest key = sample_digest(2), no_key = sample_digest(3);
	const struct {
		pki_cert_filter filter;
		const char     *want;
	} rows[] = {
		{ { .ca_id = 0 }, "123456" },
		{ { .ca_id = 1 }, "123456" },
		{ { .ca_id = 2 }, "" },
		{ { .identity = "METER-2" }, "246" },
		{ { .identity = "meter-3" }, "" },
		{ { .profile = "server" }, "56" },
		{ { .profile = "SERVER" }, "" },
		{ { .by_status = true, .status = PKI_CERT_GOOD }, "36" },
		{ { .by_status = true, .status = PKI_CERT_REVOKED }, "14" },
		{ { .status = PKI_CERT_REVOKED }, "123456" },
		{ { .expires_from = 3000 }, "3456" },
		{ { .expires_until = 3000 }, "123" },
		{ { .expires_from = 2000, .expires_until = 4000 }, "234" },
		{ { .serial_suffix = &suffix }, "4" },
		{ { .serial_suffix = &whole_zero }, "" },
		{ { .pubkey = &key }, "246" },
		{ { .pubkey = &no_key }, "" },
		{ { .host = "Broker.Example" }, "246" },
		{ { .host = "other.example" }, "" },
		{ { .identity = "meter-2", .after_id = 2 }, "46" },
		{ { .ca_id = 1, .identity = "meter-2", .profile = "auditor",
		    .by_status = true, .status = 1, .expires_from = 1,
		    .expires_until = 9000, .serial_suffix = &suffix,
		    .pubkey = &key }, "4" },
	};
	pki_host_row host = { .name = "broker.example", .identity_id = 2 };
	struct store_sample t;
	size_t i, turn;

	store_sample_open(&t, kind);
	add_six(&t);
	store_begin(&t);
	must(pki_store_put_host(t.store, &host, &t.err), &t);
	must(pki_store_put_host(t.store, &host, &t.err), &t);
	host.identity_id = 99;
	expect_code(pki_store_put_host(t.store, &host, &t.err), PKI_NOT_FOUND,
	    &t);
	store_commit(&t);
	/* Each once more: a statement that was used holds no values. */
	for (turn = 0; turn < 2 * PKI_COUNT(rows); turn++) {
		PKI_AUTO(pki_buf) got = pki_buf_new();

		i = turn / 2;
		expect_code(pki_store_each_cert(t.store, &rows[i].filter,
		    append_last_octet, got, &t.err), PKI_OK, &t);
		cr_expect_str_eq(pki_buf_text(got), rows[i].want,
		    "filter %zu gave %s, expected %s", i, pki_buf_text(got),
		    rows[i].want);
	}
	store_sample_close(&t);
}

STORE_TEST(store_each_cert, finds_those_of_a_retired_name_too)
{
	struct store_sample t;
	PKI_AUTO(pki_buf) got = pki_buf_new();
	pki_identity_row row = sample_identity("meter-1");
	pki_cert_filter filter = { .identity = "meter-1" };
	pki_cert_row cert;

	store_sample_open(&t, kind);
	add_cert(&t, sample_cert(&t, 1));
	row.id = t.identity_id;
	row.state = PKI_IDENTITY_RETIRED;
	store_begin(&t);
	must(pki_store_update_identity(t.store, &row, &t.err), &t);
	store_commit(&t);
	cert = sample_cert(&t, 2);
	cert.identity_id = add_identity(&t, "Meter-1");
	add_cert(&t, cert);
	must(pki_store_each_cert(t.store, &filter, append_last_octet, got,
	    &t.err), &t);
	cr_expect_str_eq(pki_buf_text(got), "12");
	store_sample_close(&t);
}

STORE_TEST(store_each_cert, refuses_a_malformed_suffix)
{
	struct store_sample t;
	pki_serial suffix = { 21, { 1 } };
	pki_cert_filter filter = { .serial_suffix = &suffix };
	struct seen seen = { &t, 0, 0 };

	store_sample_open(&t, kind);
	expect_code(pki_store_each_cert(t.store, &filter, see_cert, &seen,
	    &t.err), PKI_USAGE, &t);
	store_sample_close(&t);
}

static pki_code
append_revoked(const pki_revoked_row *row, void *arg, pki_err *err)
{
	char text[PKI_SERIAL_TEXT];

	(void)err;
	pki_buf_add_format(arg, "%s/%lld/%d ",
	    pki_serial_format(&row->serial, text), (long long)row->revoked_at,
	    row->reason);
	return PKI_OK;
}

static void
add_revoked(struct store_sample *t, pki_serial serial, int status,
    int64_t not_after, int64_t partition)
{
	pki_cert_row row = sample_cert(t, 0);

	row.serial = serial;
	row.status = status;
	row.not_after = not_after;
	row.partition = partition;
	row.revoked_at = status == PKI_CERT_GOOD ? 0 : 2000;
	row.reason = status == PKI_CERT_HELD ? 6 : 0;
	add_cert(t, row);
}

static void
expect_revoked(struct store_sample *t, int64_t scope, int64_t expired_before,
    const char *want)
{
	PKI_AUTO(pki_buf) got = pki_buf_new();

	must(pki_store_each_revoked(t->store, t->ca_id, scope, expired_before,
	    append_revoked, got, &t->err), t);
	cr_expect_str_eq(pki_buf_text(got), want, "got %s", pki_buf_text(got));
}

STORE_TEST(store_cert, is_tallied_by_state)
{
	/* notAfter is the last second of validity. */
	static const struct { int status; int64_t not_after; } rows[] = {
		{ PKI_CERT_GOOD, 3000 }, { PKI_CERT_GOOD, 2000 },
		{ PKI_CERT_GOOD, 2500 }, { PKI_CERT_GOOD, 1999 },
		{ PKI_CERT_HELD, 2000 }, { PKI_CERT_HELD, 1999 },
		{ PKI_CERT_REVOKED, 3000 }, { PKI_CERT_REVOKED, 1 },
	};
	struct store_sample t;
	pki_cert_counts got;
	size_t i;

	store_sample_open(&t, kind);
	must(pki_store_tally_certs(t.store, t.ca_id, 2000, 2500, &got,
	    &t.err), &t);
	cr_expect_eq(got.good + got.expired + got.held + got.revoked, 0);
	for (i = 0; i < PKI_COUNT(rows); i++)
		add_revoked(&t, sample_serial((int)i), rows[i].status,
		    rows[i].not_after, 0);
	must(pki_store_tally_certs(t.store, t.ca_id, 2000, 2500, &got,
	    &t.err), &t);
	cr_expect_eq(got.good, 3);
	cr_expect_eq(got.expiring, 2);
	cr_expect_eq(got.expired, 2);
	cr_expect_eq(got.held, 1);
	cr_expect_eq(got.revoked, 2);
	store_sample_close(&t);
}

STORE_TEST(store_each_revoked, is_in_numeric_order_of_serials)
{
	struct store_sample t;

	store_sample_open(&t, kind);
	add_revoked(&t, short_serial(3, 1), PKI_CERT_REVOKED, 5000, 0);
	add_revoked(&t, short_serial(1, 0x7f), PKI_CERT_REVOKED, 5000, 1);
	add_revoked(&t, short_serial(2, 0xff), PKI_CERT_HELD, 5000, 0);
	add_revoked(&t, short_serial(1, 2), PKI_CERT_REVOKED, 4999, 0);
	add_revoked(&t, short_serial(2, 0), PKI_CERT_REVOKED, 5000, 1);
	add_revoked(&t, short_serial(1, 5), PKI_CERT_GOOD, 5000, 0);
	expect_revoked(&t, -1, 0, "02/2000/0 7f/2000/0 0100/2000/0 "
	    "01ff/2000/6 010001/2000/0 ");
	/* notAfter itself is within validity. */
	expect_revoked(&t, -1, 5000, "7f/2000/0 0100/2000/0 01ff/2000/6 "
	    "010001/2000/0 ");
	expect_revoked(&t, -1, 5001, "");
	expect_revoked(&t, 1, 0, "7f/2000/0 0100/2000/0 ");
	expect_revoked(&t, 2, 0, "");
	store_sample_close(&t);
}

STORE_TEST(store_each_revoked, leaves_out_other_cas)
{
	struct store_sample t;

	store_sample_open(&t, kind);
	add_revoked(&t, short_serial(1, 2), PKI_CERT_REVOKED, 5000, 0);
	t.ca_id++;
	expect_revoked(&t, -1, 0, "");
	store_sample_close(&t);
}

static pki_code
refuse_to_go_on(const pki_revoked_row *row, void *arg, pki_err *err)
{
	(void)row;
	++*(int *)arg;
	return pki_fail(err, PKI_PENDING, "enough");
}

STORE_TEST(store_each_revoked, ends_when_told)
{
	struct store_sample t;
	int count = 0;

	store_sample_open(&t, kind);
	add_revoked(&t, short_serial(1, 2), PKI_CERT_REVOKED, 5000, 0);
	add_revoked(&t, short_serial(1, 3), PKI_CERT_REVOKED, 5000, 0);
	expect_code(pki_store_each_revoked(t.store, t.ca_id, -1, 0,
	    refuse_to_go_on, &count, &t.err), PKI_PENDING, &t);
	cr_expect_eq(count, 1);
	/* The walk has let go of everything. */
	add_revoked(&t, short_serial(1, 4), PKI_CERT_REVOKED, 5000, 0);
	expect_revoked(&t, -1, 0, "02/2000/0 03/2000/0 04/2000/0 ");
	store_sample_close(&t);
}
