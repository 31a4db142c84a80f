#include "ca/floor.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/ca/ca-sample.h"

static char folder[PKI_PATH_MAX], path[PKI_PATH_MAX];
static pki_err err;

static void
set_up(void)
{
	temp_dir(folder);
	assert_ok(pki_path_join(path, folder, "floor", &err), &err);
}

static void
tear_down(void)
{
	remove_dir(folder);
}

TestSuite(floor_read, .init = set_up, .fini = tear_down, .timeout = 30);
TestSuite(floor_raise, .init = set_up, .fini = tear_down, .timeout = 30);

static const pki_floor sample = {
	.time = TEST_BEGIN, .crl_number = 17, .epoch = 2,
};

static void
expect_floor(int64_t time, int64_t crl_number, int64_t epoch)
{
	pki_floor floor;

	assert_ok(pki_floor_read(path, &floor, &err), &err);
	cr_expect_eq(floor.time, time);
	cr_expect_eq(floor.crl_number, crl_number);
	cr_expect_eq(floor.epoch, epoch);
}

Test(floor_read, gives_what_write_wrote)
{
	struct stat st;

	assert_ok(pki_floor_write(path, &sample, &err), &err);
	expect_floor(TEST_BEGIN, 17, 2);
	cr_assert_eq(stat(path, &st), 0);
	cr_assert_eq(st.st_mode & 07777, 0600);
}

Test(floor_read, reports_a_missing_one_and_the_way_out)
{
	pki_floor floor;

	assert_refused(pki_floor_read(path, &floor, &err), PKI_DAMAGED, &err,
	    NULL);
	cr_assert_not_null(strstr(err.msg, "clock accept"));
}

Test(floor_read, notices_every_changed_octet)
{
	PKI_AUTO(pki_buf) text = NULL;
	pki_floor floor;

	assert_ok(pki_floor_write(path, &sample, &err), &err);
	assert_ok(pki_file_read(path, 4096, PKI_FILE_SECRET, &text, &err),
	    &err);
	for (size_t i = 0; i < text->len; i++) {
		text->data[i] ^= 1;
		assert_ok(pki_file_replace(path, pki_buf_bytes(text), 0600,
		    &err), &err);
		cr_expect_eq(pki_floor_read(path, &floor, &err), PKI_DAMAGED,
		    "octet %zu", i);
		text->data[i] ^= 1;
	}
}

Test(floor_read, notices_what_is_cut_or_added)
{
	PKI_AUTO(pki_buf) text = NULL;
	pki_floor floor;

	assert_ok(pki_floor_write(path, &sample, &err), &err);
	assert_ok(pki_file_read(path, 4096, PKI_FILE_SECRET, &text, &err),
	    &err);
	for (size_t len = 0; len < text->len; len += 7) {
		assert_ok(pki_file_replace(path, pki_bytes_of(text->data, len),
		    0600, &err), &err);
		cr_expect_eq(pki_floor_read(path, &floor, &err), PKI_DAMAGED,
		    "%zu octets", len);
	}
	pki_buf_add_text(text, "\n");
	assert_ok(pki_file_replace(path, pki_buf_bytes(text), 0600, &err),
	    &err);
	assert_refused(pki_floor_read(path, &floor, &err), PKI_DAMAGED, &err,
	    NULL);
}

Test(floor_read, refuses_an_epoch_that_no_serial_can_have)
{
	static const int64_t epochs[] = { 0, -1, 128 };

	for (size_t i = 0; i < PKI_COUNT(epochs); i++) {
		pki_floor floor = sample;

		floor.epoch = epochs[i];
		assert_ok(pki_floor_write(path, &floor, &err), &err);
		cr_expect_eq(pki_floor_read(path, &floor, &err), PKI_DAMAGED);
	}
}

Test(floor_raise, never_lowers_anything)
{
	assert_ok(pki_floor_write(path, &sample, &err), &err);
	assert_ok(pki_floor_raise(path, TEST_BEGIN - 1000, 3, &err), &err);
	expect_floor(TEST_BEGIN, 17, 2);
	assert_ok(pki_floor_raise(path, TEST_BEGIN - 1000, 18, &err), &err);
	expect_floor(TEST_BEGIN, 18, 2);
	assert_ok(pki_floor_raise(path, TEST_BEGIN + 1000, 5, &err), &err);
	expect_floor(TEST_BEGIN + 1000, 18, 2);
}

Test(floor_raise, spares_the_disk_within_a_minute)
{
	assert_ok(pki_floor_write(path, &sample, &err), &err);
	assert_ok(pki_floor_raise(path, TEST_BEGIN + 60, 0, &err), &err);
	expect_floor(TEST_BEGIN, 17, 2);
	assert_ok(pki_floor_raise(path, TEST_BEGIN + 61, 0, &err), &err);
	expect_floor(TEST_BEGIN + 61, 17, 2);
	assert_ok(pki_floor_raise(path, TEST_BEGIN + 62, 18, &err), &err);
	expect_floor(TEST_BEGIN + 62, 18, 2);
}

Test(floor_raise, does_not_invent_a_missing_one)
{
	assert_refused(pki_floor_raise(path, TEST_BEGIN, 1, &err), PKI_DAMAGED,
	    &err, NULL);
	cr_assert_not(pki_file_exists(path));
}

static struct test_ca t;

static void
make_ca(void)
{
	fresh_ca(&t);
}

static void
end_ca(void)
{
	drop_ca(&t);
}

TestSuite(ca_clock, .init = make_ca, .fini = end_ca, .timeout = 60);

Test(ca_clock, is_believed_up_to_five_minutes_behind)
{
	static const struct row {
		int64_t  behind;
		pki_code rc;
	} rows[] = {
		{ -PKI_DAY, PKI_OK }, { 0, PKI_OK }, { 299, PKI_OK },
		{ 300, PKI_OK }, { 301, PKI_CLOCK }, { PKI_YEAR, PKI_CLOCK },
	};

	for (size_t i = 0; i < PKI_COUNT(rows); i++) {
		t.clock.now_ms = (TEST_BEGIN - rows[i].behind) * 1000;
		cr_expect_eq(pki_ca_check_clock(t.ca, &t.err), rows[i].rc,
		    "%lld s", (long long)rows[i].behind);
	}
	cr_expect_not_null(strstr(t.err.msg, "2026-01-01T00:00:00Z"));
}

Test(ca_clock, that_was_wrong_can_be_accepted_and_is_audited)
{
	pki_audit_head before;

	/* A year ahead by mistake, then right again. */
	pass(&t, PKI_YEAR);
	pki_cert_free(issue_meter(&t, "meter-1"));
	pass(&t, -PKI_YEAR + PKI_DAY);
	assert_refused(pki_ca_check_clock(t.ca, &t.err), PKI_CLOCK, &t.err,
	    NULL);
	before = head_of(&t);
	assert_ok(pki_ca_accept_clock(t.ca, &test_requester, &t.err), &t.err);
	cr_assert_eq(head_of(&t).size, before.size + 1);
	assert_ok(pki_ca_check_clock(t.ca, &t.err), &t.err);
	pki_cert_free(issue_meter(&t, "meter-2"));
}

Test(ca_clock, leaves_no_number_when_the_floor_has_the_last)
{
	pki_floor floor;

	state_path(&t, "floor", path);
	assert_ok(pki_floor_read(path, &floor, &t.err), &t.err);
	floor.crl_number = INT64_MAX;
	assert_ok(pki_floor_write(path, &floor, &t.err), &t.err);
	restart_ca(&t);
	assert_refused(pki_ca_publish(t.ca, "issuing", &test_requester, NULL,
	    NULL, &t.err), PKI_DENIED, &t.err, "crl-gate");
}

Test(ca_clock, goes_on_in_the_epoch_of_the_serials_when_the_floor_was_lost)
{
	pki_floor floor;

	state_path(&t, "floor", path);
	assert_ok(pki_floor_read(path, &floor, &t.err), &t.err);
	floor.epoch = 5;
	assert_ok(pki_floor_write(path, &floor, &t.err), &t.err);
	restart_ca(&t);
	pki_cert_free(issue_meter(&t, "meter-1"));
	drop_file(&t, "floor");
	restart_ca(&t);
	assert_ok(pki_ca_accept_clock(t.ca, &test_requester, &t.err), &t.err);
	assert_ok(pki_floor_read(path, &floor, &t.err), &t.err);
	cr_assert_eq(floor.epoch, 5);
}

Test(floor_read, refuses_a_time_that_no_certificate_can_say)
{
	static const pki_floor bad[] = {
		{ .time = INT64_MIN, .crl_number = 1, .epoch = 1 },
		{ .time = INT64_MAX, .crl_number = 1, .epoch = 1 },
		{ .time = TEST_BEGIN, .crl_number = -1, .epoch = 1 },
	};
	pki_floor floor;

	for (size_t i = 0; i < PKI_COUNT(bad); i++) {
		assert_ok(pki_floor_write(path, &bad[i], &err), &err);
		assert_refused(pki_floor_read(path, &floor, &err), PKI_DAMAGED,
		    &err, NULL);
	}
}

Test(ca_clock, can_be_accepted_when_the_floor_was_lost)
{
	struct test_request r;
	PKI_AUTO(pki_crl) before = get_crl(&t, "crl/issuing/full.crl");
	PKI_AUTO(pki_crl) after = NULL;

	drop_file(&t, "floor");
	fresh_request(&r, "auditor", "meter-1");
	cr_assert_null(issue_with(&t, &r.request));
	cr_assert_eq(t.err.code, PKI_DAMAGED);
	assert_ok(pki_ca_accept_clock(t.ca, &test_requester, &t.err), &t.err);
	pki_cert_free(issue_with(&t, &r.request));
	publish(&t, "issuing");
	after = get_crl(&t, "crl/issuing/full.crl");
	cr_assert_gt(pki_crl_number(after), pki_crl_number(before));
	drop_request(&r);
}
