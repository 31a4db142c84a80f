#include "ca/ca.h"

#include <stdio.h>
#include <string.h>

#include "tests/lib/ca/ca-sample.h"

static struct test_ca t;
static pki_ca_setup setup;
static char vault[PKI_PATH_MAX];

static void
set_up(void)
{
	memset(&t, 0, sizeof(t));
	test_clock_init(&t.clock);
	temp_dir(t.dir);
	assert_ok(pki_path_join(t.state, t.dir, "ca", &t.err), &t.err);
	assert_ok(pki_path_join(vault, t.dir, "vault", &t.err), &t.err);
	setup = test_setup(&t);
}

static void
tear_down(void)
{
	drop_ca(&t);
}

TestSuite(ca_init_keys, .init = set_up, .fini = tear_down, .timeout = 120);
TestSuite(ca_init_offline, .init = set_up, .fini = tear_down, .timeout = 60);

static void
init_and_open(void)
{
	assert_ok(pki_ca_init(&setup, &t.err), &t.err);
	t.ca = reopen_ca(&t);
}

/* A meter's certificate verifies up to the root. */
static void
expect_working_ca(void)
{
	PKI_AUTO(pki_cert) root = get_ca_cert(&t, "root");
	PKI_AUTO(pki_cert) issuing = get_ca_cert(&t, "issuing");
	PKI_AUTO(pki_cert) meter = issue_meter(&t, "meter-1");
	const pki_cert *const chain[] = { issuing }, *const roots[] = { root };
	const pki_chain question = {
		.chain = chain, .chain_count = 1,
		.roots = roots, .root_count = 1,
		.at = TEST_BEGIN, .usage = PKI_EKU_CLIENT_AUTH,
	};

	assert_ok(pki_cert_verify(meter, &question, &t.err), &t.err);
	publish(&t, "issuing");
}

Test(ca_init_keys, may_be_of_every_type_that_the_templates_list)
{
	static const pki_key_type types[] = {
		PKI_KEY_P256, PKI_KEY_P384, PKI_KEY_P521, PKI_KEY_ED25519,
		PKI_KEY_RSA3072,
	};

	for (size_t i = 0; i < PKI_COUNT(types); i++) {
		setup.root_key = types[i];
		setup.issuing_key = types[i];
		init_and_open();
		expect_working_ca();
		pki_ca_free(t.ca);
		t.ca = NULL;
		remove_dir(t.state);
	}
}

Test(ca_init_keys, may_differ_in_type)
{
	setup.root_key = PKI_KEY_P384;
	setup.issuing_key = PKI_KEY_ED25519;
	init_and_open();
	expect_working_ca();
}

/* Says the same thing whenever it is asked, and counts. */
struct said {
	const char *text;
	int         count;
	char        what[128];
};

static pki_code
say(void *arg, const char *what, pki_buf **out, pki_err *err)
{
	struct said *said = arg;

	said->count++;
	snprintf(said->what, sizeof(said->what), "%s", what);
	*out = pki_buf_copy(pki_bytes_text(said->text));
	return pki_buf_check(*out, err);
}

static struct said root_said = { .text = "root secret" };
static struct said issuing_said = { .text = "issuing secret" };
static const pki_passphrase root_pass = { say, &root_said };
static const pki_passphrase issuing_pass = { say, &issuing_said };

static void
init_encrypted(void)
{
	setup.root_passphrase = &root_pass;
	setup.issuing_passphrase = &issuing_pass;
	assert_ok(pki_ca_init(&setup, &t.err), &t.err);
}

static void
open_with(const pki_passphrase *passphrase)
{
	pki_ca_options options = test_options(&t);

	pki_ca_free(PKI_TAKE(t.ca));
	options.passphrase = passphrase;
	assert_ok(pki_ca_open(&options, &t.ca, &t.err), &t.err);
}

Test(ca_init_keys, are_encrypted_on_disk_when_there_are_passphrases)
{
	PKI_AUTO(pki_buf) root = NULL;
	PKI_AUTO(pki_buf) issuing = NULL;

	init_encrypted();
	root = get_file(&t, "keys/root.key");
	issuing = get_file(&t, "keys/issuing.key");
	cr_assert(pki_key_is_encrypted(pki_buf_bytes(root)));
	cr_assert(pki_key_is_encrypted(pki_buf_bytes(issuing)));
}

Test(ca_init_keys, sign_with_the_right_passphrase_asked_for_once)
{
	init_encrypted();
	issuing_said.count = 0;
	open_with(&issuing_pass);
	cr_assert_eq(issuing_said.count, 0);
	pki_cert_free(issue_meter(&t, "meter-1"));
	pki_cert_free(issue_meter(&t, "meter-2"));
	publish(&t, "issuing");
	cr_assert_eq(issuing_said.count, 1);
	open_with(&root_pass);
	publish(&t, "root");
}

static void
expect_no_passphrase(void)
{
	PKI_AUTO(pki_issued) issued = NULL;
	struct test_request r;

	fresh_request(&r, "auditor", "meter-1");
	assert_refused(pki_ca_issue(t.ca, &r.request, &issued, &t.err),
	    PKI_DENIED, &t.err, "passphrase");
	assert_refused(pki_ca_publish(t.ca, "issuing", &test_requester, NULL,
	    NULL, &t.err), PKI_DENIED, &t.err, "passphrase");
	drop_request(&r);
}

Test(ca_init_keys, refuse_a_wrong_passphrase_and_none)
{
	struct said wrong_said = { .text = "wrong" };
	const pki_passphrase wrong = { say, &wrong_said };

	init_encrypted();
	open_with(&wrong);
	expect_no_passphrase();
	open_with(NULL);
	expect_no_passphrase();
}

Test(ca_init_keys, need_no_passphrase_to_look_and_to_revoke)
{
	PKI_AUTO(pki_cert) cert = NULL;
	pki_audit_head head;

	init_encrypted();
	open_with(&issuing_pass);
	cert = issue_meter(&t, "meter-1");
	open_with(NULL);
	cr_assert_eq(revoke_cert(&t, cert, PKI_REASON_SUPERSEDED), 1);
	assert_ok(pki_audit_verify(t.ca, NULL, &head, NULL, NULL, &t.err),
	    &t.err);
}

struct seen_cas {
	char keys[64];
};

static pki_code
see_ca(const pki_ca_info *info, void *arg, pki_err *err)
{
	struct seen_cas *seen = arg;
	size_t used = strlen(seen->keys);

	(void)err;
	snprintf(seen->keys + used, sizeof(seen->keys) - used, "%s:%d ",
	    info->row->name, info->has_key);
	return PKI_OK;
}

Test(ca_init_offline, leaves_only_certificate_and_crl_of_the_root_here)
{
	PKI_AUTO(pki_crl) crl = NULL;
	struct seen_cas seen = { "" };

	setup.offline_root = vault;
	init_and_open();
	cr_assert_not(has_file(&t, "keys/root.key"));
	cr_assert(has_file(&t, "public/ca/root.cer"));
	cr_assert(has_file(&t, "public/crl/root/full.pem"));
	crl = get_crl(&t, "crl/root/full.crl");
	cr_assert_eq(pki_crl_number(crl), 1);
	assert_ok(pki_ca_each(t.ca, see_ca, &seen, &t.err), &t.err);
	cr_assert_str_eq(seen.keys, "root:0 issuing:1 ");
	expect_working_ca();
	assert_refused(pki_ca_publish(t.ca, "root", &test_requester, NULL,
	    NULL, &t.err), PKI_DENIED, &t.err, "ca-state");
}

Test(ca_init_offline, keeps_the_root_with_its_key_and_records_there)
{
	pki_audit_head head;
	struct test_ca root;

	setup.offline_root = vault;
	init_and_open();
	root = t;
	snprintf(root.state, sizeof(root.state), "%s", vault);
	root.ca = reopen_ca(&root);
	cr_assert(has_file(&root, "keys/root.key"));
	cr_assert_not(has_file(&root, "keys/issuing.key"));
	cr_assert_not(has_file(&root, "init.unfinished"));
	assert_ok(pki_audit_verify(root.ca, NULL, &head, NULL, NULL, &t.err),
	    &t.err);
	assert_ok(pki_audit_verify(t.ca, NULL, &head, NULL, NULL, &t.err),
	    &t.err);
	publish(&root, "root");
	pki_ca_free(root.ca);
}

Test(ca_init_offline, refuses_the_same_directory_and_one_with_a_ca)
{
	setup.offline_root = t.state;
	assert_refused(pki_ca_init(&setup, &t.err), PKI_BAD_INPUT, &t.err,
	    NULL);
	setup.offline_root = NULL;
	assert_ok(pki_ca_init(&setup, &t.err), &t.err);
	setup.offline_root = t.state;
	setup.options.state_dir = vault;
	assert_refused(pki_ca_init(&setup, &t.err), PKI_EXISTS, &t.err, NULL);
	cr_assert_not(pki_file_exists(vault));
}
