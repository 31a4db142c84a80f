#include "ca/device.h"

#include <string.h>

#include "ca/token.h"
#include "tests/lib/ca/ca-sample.h"

static struct test_ca t;

static void
set_up(void)
{
	fresh_ca(&t);
}

static void
tear_down(void)
{
	drop_ca(&t);
}

TestSuite(device_add, .init = set_up, .fini = tear_down, .timeout = 60);
TestSuite(device, .init = set_up, .fini = tear_down, .timeout = 60);

static pki_code
add(const pki_device *devices, size_t count, size_t *at)
{
	pki_device_adding adding = { .who = test_requester };
	pki_code rc = pki_ca_add_devices(t.ca, devices, count, &adding,
	    &t.err);

	*at = adding.at;
	return rc;
}

static void
add_meter(const char *name)
{
	const pki_device device = { .name = name, .profile = "auditor" };
	size_t at;

	assert_ok(add(&device, 1, &at), &t.err);
}

static void
change(const char *name, pki_device_change what, size_t certs)
{
	size_t count = 99;

	assert_ok(pki_ca_change_device_check(t.ca, name, what, &t.err),
	    &t.err);
	assert_ok(pki_ca_change_device(t.ca, name, what, &test_requester,
	    &count, &t.err), &t.err);
	cr_expect_eq(count, certs, "%zu", count);
}

static void
refuse(const char *name, pki_device_change what, const char *rule)
{
	assert_refused(pki_ca_change_device_check(t.ca, name, what, &t.err),
	    PKI_DENIED, &t.err, rule);
	assert_refused(pki_ca_change_device(t.ca, name, what, &test_requester,
	    NULL, &t.err), PKI_DENIED, &t.err, rule);
}

static const char *
state_of(const char *name)
{
	PKI_AUTO(pki_buf) hold = pki_buf_new();
	pki_identity_row row;

	assert_ok(pki_ca_get_device(t.ca, name, &row, hold, &t.err), &t.err);
	return pki_device_state(row.state);
}

static void
check_all(void)
{
	int64_t rows;

	assert_ok(pki_ca_check(t.ca, &rows, NULL, NULL, &t.err), &t.err);
}

Test(device_add, keeps_what_it_was_told)
{
	const pki_device device = {
		.name = "meter-1", .profile = "auditor",
		.groups = "north,pilot", .tags = "site=12",
		.notes = "behind the d\xc3\xb6r",
	};
	PKI_AUTO(pki_buf) hold = pki_buf_new();
	pki_identity_row row;
	size_t at;

	assert_ok(add(&device, 1, &at), &t.err);
	restart_ca(&t);
	assert_ok(pki_ca_get_device(t.ca, "meter-1", &row, hold, &t.err),
	    &t.err);
	cr_expect_str_eq(row.profile, "auditor");
	cr_expect_str_eq(row.groups, "north,pilot");
	cr_expect_str_eq(row.tags, "site=12");
	cr_expect_str_eq(row.notes, device.notes);
	cr_expect_eq(row.state, PKI_IDENTITY_REGISTERED);
	check_all();
}

Test(device_add, refuses_each_slip_and_adds_none_of_the_list)
{
	static const struct {
		pki_device  device;
		const char *rule;
	} cases[] = {
		{ { .name = "a b", .profile = "auditor" }, "identity" },
		{ { .name = "METER-0", .profile = "auditor" },
		    "identity-taken" },
		{ { .name = "issuing", .profile = "auditor" },
		    "identity-reserved" },
		{ { .name = "broker-1", .profile = "auditor" },
		    "identity-reserved" },
		{ { .name = "m", .profile = "nothing" }, "profile" },
		{ { .name = "m", .profile = "root-ca" }, "profile-kind" },
		{ { .name = "m", .profile = "auditor", .groups = "a,,b" },
		    "groups" },
		{ { .name = "m", .profile = "auditor", .groups = "a," },
		    "groups" },
		{ { .name = "m", .profile = "auditor", .groups = "a,b,a" },
		    "groups" },
		{ { .name = "m", .profile = "auditor", .tags = "a b" },
		    "tags" },
		{ { .name = "m", .profile = "auditor", .notes = "a\nb" },
		    "notes" },
	};
	size_t i, at;

	for (i = 0; i < PKI_COUNT(cases); i++) {
		const pki_device list[] = {
			{ .name = "meter-0", .profile = "auditor" },
			cases[i].device,
		};
		pki_code rc = add(list, 2, &at);

		cr_expect(rc == PKI_DENIED || rc == PKI_NOT_FOUND, "%zu", i);
		cr_expect_str_eq(t.err.rule, cases[i].rule, "%zu: %s", i,
		    t.err.msg);
		cr_expect_eq(at, 1);
	}
	cr_expect_eq(ask_sql(&t, "SELECT count(*) FROM identity"), 2);
}

static pki_code
count_device(const pki_identity_row *row, void *arg, pki_err *err)
{
	(void)row;
	(void)err;
	++*(int *)arg;
	return PKI_OK;
}

static int
count(const pki_device_filter *filter)
{
	int n = 0;

	assert_ok(pki_ca_each_device(t.ca, filter, count_device, &n, &t.err),
	    &t.err);
	return n;
}

Test(device, is_listed_by_profile_group_tag_and_state)
{
	const pki_device list[] = {
		{ .name = "a", .profile = "auditor", .groups = "north,old" },
		{ .name = "b", .profile = "auditor", .groups = "northern",
		  .tags = "x=1,y" },
		{ .name = "server-c", .profile = "server" },
	};
	size_t at;

	assert_ok(add(list, 3, &at), &t.err);
	pki_cert_free(issue_meter(&t, "meter-1"));
	/* The CAs are no devices. */
	cr_expect_eq(count(&(pki_device_filter){ .profile = NULL }), 4);
	cr_expect_eq(count(&(pki_device_filter){ .profile = "auditor" }), 3);
	cr_expect_eq(count(&(pki_device_filter){ .group = "north" }), 1);
	cr_expect_eq(count(&(pki_device_filter){ .tag = "x=1" }), 1);
	cr_expect_eq(count(&(pki_device_filter){ .tag = "x" }), 0);
	cr_expect_eq(count(&(pki_device_filter){ .by_state = true,
	    .state = PKI_IDENTITY_REGISTERED }), 3);
	cr_expect_eq(count(&(pki_device_filter){ .after_id = 4 }), 2);
}

Test(device, registered_gets_a_certificate_of_its_own_profile_only)
{
	struct test_request r;
	pki_issued *issued = NULL;

	copy_auditor(&t, "metered");
	add_meter("meter-1");
	fresh_request(&r, "metered", "meter-1");
	assert_refused(pki_ca_issue(t.ca, &r.request, &issued, &t.err),
	    PKI_DENIED, &t.err, "device-profile");
	r.request.identity = "Meter-1";
	r.request.profile = "auditor";
	assert_refused(pki_ca_issue(t.ca, &r.request, &issued, &t.err),
	    PKI_DENIED, &t.err, "identity-taken");
	drop_request(&r);
	pki_cert_free(issue_meter(&t, "meter-1"));
	cr_expect_str_eq(state_of("meter-1"), "live");
	check_all();
}

Test(device, on_hold_has_all_its_certificates_there_until_it_is_released)
{
	PKI_AUTO(pki_cert) cert = issue_meter(&t, "meter-1");
	const pki_hold hold = {
		.ca = "issuing", .serial = *pki_cert_serial(cert),
		.who = test_requester,
	};

	change("meter-1", PKI_DEVICE_HOLD, 1);
	cr_expect_str_eq(state_of("meter-1"), "held");
	cr_expect_eq(find_cert(&t, cert).status, PKI_CERT_HELD);
	refuse("meter-1", PKI_DEVICE_HOLD, "identity-state");
	assert_refused(pki_ca_release(t.ca, &hold, &t.err), PKI_DENIED,
	    &t.err, "identity-state");
	publish(&t, "issuing");
	check_all();
	change("meter-1", PKI_DEVICE_RELEASE, 1);
	cr_expect_str_eq(state_of("meter-1"), "live");
	cr_expect_eq(find_cert(&t, cert).status, PKI_CERT_GOOD);
	/* The gate lets it leave the list. */
	pass(&t, 2);
	publish(&t, "issuing");
	refuse("meter-1", PKI_DEVICE_RELEASE, "identity-state");
	check_all();
}

Test(device, on_hold_stays_there_when_its_certificate_is_revoked)
{
	PKI_AUTO(pki_cert) cert = issue_meter(&t, "meter-1");

	change("meter-1", PKI_DEVICE_HOLD, 1);
	revoke_cert(&t, cert, PKI_REASON_SUPERSEDED);
	cr_expect_str_eq(state_of("meter-1"), "held");
	change("meter-1", PKI_DEVICE_RELEASE, 0);
	cr_expect_str_eq(state_of("meter-1"), "live");
}

Test(device, that_only_its_certificate_holds_can_be_held_and_released)
{
	PKI_AUTO(pki_cert) cert = issue_meter(&t, "meter-1");
	const pki_hold hold = {
		.ca = "issuing", .serial = *pki_cert_serial(cert),
		.who = test_requester,
	};

	assert_ok(pki_ca_hold(t.ca, &hold, &t.err), &t.err);
	cr_expect_str_eq(state_of("meter-1"), "held");
	change("meter-1", PKI_DEVICE_HOLD, 0);
	change("meter-1", PKI_DEVICE_RELEASE, 1);
	cr_expect_str_eq(state_of("meter-1"), "live");
}

Test(device, registered_is_registered_again_after_a_hold)
{
	add_meter("meter-1");
	change("meter-1", PKI_DEVICE_HOLD, 0);
	change("meter-1", PKI_DEVICE_RELEASE, 0);
	cr_expect_str_eq(state_of("meter-1"), "registered");
	refuse("meter-1", PKI_DEVICE_REPLACE, "identity-state");
	check_all();
}

Test(device, retired_is_over_and_its_name_free)
{
	static const char *const names[] = { "meter-2" };
	const pki_token_order order = { .lifetime = 60, .who = test_requester };
	PKI_AUTO(pki_cert) cert = issue_meter(&t, "meter-1");
	PKI_AUTO(pki_token_drafts) drafts = NULL;
	struct found found;

	change("meter-1", PKI_DEVICE_HOLD, 1);
	change("meter-1", PKI_DEVICE_RETIRE, 1);
	found = find_cert(&t, cert);
	cr_expect_eq(found.status, PKI_CERT_REVOKED);
	cr_expect_eq(found.reason, PKI_REASON_CESSATION_OF_OPERATION);
	cr_expect_str_eq(state_of("meter-1"), "retired");
	refuse("meter-1", PKI_DEVICE_RETIRE, "identity-state");
	refuse("meter-1", PKI_DEVICE_REPLACE, "identity-state");
	add_meter("meter-1");
	cr_expect_str_eq(state_of("meter-1"), "registered");
	/* What the first one had is not the second one's. */
	change("meter-1", PKI_DEVICE_RETIRE, 0);

	add_meter("meter-2");
	assert_ok(pki_ca_draft_tokens(t.ca, names, 1, &order, &drafts,
	    &t.err), &t.err);
	assert_ok(pki_ca_create_tokens(t.ca, drafts, &test_requester, &t.err),
	    &t.err);
	change("meter-2", PKI_DEVICE_RETIRE, 0);
	cr_expect_eq(ask_sql(&t, "SELECT count(*) FROM token"
	    " WHERE revoked_at != 0"), 1);
	check_all();
}

Test(device, replaced_waits_for_the_next_box)
{
	PKI_AUTO(pki_cert) cert = issue_meter(&t, "meter-1");

	change("meter-1", PKI_DEVICE_REPLACE, 1);
	cr_expect_eq(find_cert(&t, cert).reason, PKI_REASON_SUPERSEDED);
	cr_expect_str_eq(state_of("meter-1"), "registered");
	pki_cert_free(issue_meter(&t, "meter-1"));
	cr_expect_str_eq(state_of("meter-1"), "live");
	check_all();
}

Test(device, unknown_or_a_ca_is_none)
{
	refuse("meter-9", PKI_DEVICE_RETIRE, "identity-unknown");
	refuse("issuing", PKI_DEVICE_HOLD, "identity-unknown");
	refuse("root", PKI_DEVICE_RETIRE, "identity-unknown");
}
