#include "ca/ca.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/ca/ca-sample.h"

/* No CA yet: tests make it. */
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

TestSuite(ca_init, .init = set_up, .fini = tear_down, .timeout = 60);
TestSuite(ca_init_check, .init = set_up, .fini = tear_down, .timeout = 60);
TestSuite(ca_open, .init = set_up, .fini = tear_down, .timeout = 60);

static void
init_and_open(void)
{
	assert_ok(pki_ca_init(&setup, &t.err), &t.err);
	t.ca = reopen_ca(&t);
}

static const struct place {
	const char *name;
	mode_t      mode;
} layout[] = {
	{ ".", S_IFDIR | 0711 },
	{ "ca.db", S_IFREG | 0600 },
	{ "write.lock", S_IFREG | 0600 },
	{ "floor", S_IFREG | 0600 },
	{ "pki.conf", S_IFREG | 0644 },
	{ "templates", S_IFDIR | 0755 },
	{ "templates/auditor.conf", S_IFREG | 0644 },
	{ "keys", S_IFDIR | 0700 },
	{ "keys/root.key", S_IFREG | 0600 },
	{ "keys/issuing.key", S_IFREG | 0600 },
	{ "public", S_IFDIR | 0755 },
	{ "public/ca", S_IFDIR | 0755 },
	{ "public/ca/root.cer", S_IFREG | 0644 },
	{ "public/ca/root-chain.pem", S_IFREG | 0644 },
	{ "public/ca/issuing.cer", S_IFREG | 0644 },
	{ "public/ca/issuing-chain.pem", S_IFREG | 0644 },
	{ "public/crl", S_IFDIR | 0755 },
	{ "public/crl/root", S_IFDIR | 0755 },
	{ "public/crl/root/full.crl", S_IFREG | 0644 },
	{ "public/crl/root/full.pem", S_IFREG | 0644 },
	{ "public/crl/root/chain.pem", S_IFREG | 0644 },
	{ "public/crl/issuing", S_IFDIR | 0755 },
	{ "public/crl/issuing/full.crl", S_IFREG | 0644 },
	{ "public/crl/issuing/full.pem", S_IFREG | 0644 },
	{ "public/crl/issuing/chain.pem", S_IFREG | 0644 },
};

static void
expect_layout(void)
{
	for (size_t i = 0; i < PKI_COUNT(layout); i++) {
		char path[PKI_PATH_MAX];
		struct stat st = { 0 };

		state_path(&t, layout[i].name, path);
		cr_expect_eq(lstat(path, &st), 0, "%s", path);
		cr_expect_eq(st.st_mode, layout[i].mode, "%s: %06o",
		    layout[i].name, st.st_mode);
	}
	cr_expect_not(has_file(&t, "init.unfinished"));
	cr_expect_not(has_file(&t, "templates.new"));
}

Test(ca_init, gives_every_file_exactly_its_mode_under_every_umask)
{
	umask(0);
	assert_ok(pki_ca_init(&setup, &t.err), &t.err);
	expect_layout();
	remove_dir(t.state);
	umask(077);
	assert_ok(pki_ca_init(&setup, &t.err), &t.err);
	expect_layout();
	umask(022);
}

Test(ca_init, makes_a_root_and_an_issuing_ca_as_the_templates_state)
{
	PKI_AUTO(pki_cert) root = NULL;
	PKI_AUTO(pki_cert) issuing = NULL;

	init_and_open();
	root = get_ca_cert(&t, "root");
	issuing = get_ca_cert(&t, "issuing");
	cr_assert_str_eq(pki_name_common_name(pki_cert_subject(root)),
	    "Test Root CA");
	cr_assert_str_eq(pki_name_common_name(pki_cert_subject(issuing)),
	    "Test Issuing CA");
	assert_ok(pki_cert_check_issuer(root, root, &t.err), &t.err);
	assert_ok(pki_cert_check_issuer(issuing, root, &t.err), &t.err);
	cr_assert(pki_cert_is_ca(root) && pki_cert_is_ca(issuing));
	cr_assert_eq(pki_cert_path_len(root), 1);
	cr_assert_eq(pki_cert_path_len(issuing), 0);
	cr_assert_eq(pki_cert_not_after(root) - pki_cert_not_before(root),
	    20 * PKI_YEAR - 1);
	cr_assert_eq(pki_cert_not_after(issuing) -
	    pki_cert_not_before(issuing), 10 * PKI_YEAR - 1);
	cr_assert_null(pki_cert_crl_url(root));
	cr_assert_str_eq(pki_cert_crl_url(issuing),
	    "http://pki.test/crl/root/full.crl");
}

static pki_code
check_crl_order(pki_bytes der, void *arg, pki_err *err)
{
	PKI_AUTO(pki_crl) crl = NULL;
	const char **names = arg;
	pki_code rc = pki_crl_parse(der, 1 << 20, &crl, err);

	if (rc != PKI_OK)
		return rc;
	cr_expect_str_eq(pki_name_common_name(pki_crl_issuer(crl)), names[0]);
	names[0] = names[1];
	names[1] = NULL;
	return PKI_OK;
}

Test(ca_init, publishes_both_crls_and_the_chain_of_them)
{
	const char *names[] = { "Test Issuing CA", "Test Root CA" };
	PKI_AUTO(pki_crl) root = NULL;
	PKI_AUTO(pki_crl) issuing = NULL;
	PKI_AUTO(pki_buf) chain = NULL;

	init_and_open();
	root = get_crl(&t, "crl/root/full.crl");
	issuing = get_crl(&t, "crl/issuing/full.crl");
	cr_assert_eq(pki_crl_count(root) + pki_crl_count(issuing), 0);
	cr_assert_eq(pki_crl_next_update(root) - pki_crl_this_update(root),
	    PKI_YEAR);
	cr_assert_eq(pki_crl_next_update(issuing) -
	    pki_crl_this_update(issuing), 7 * PKI_DAY);
	chain = get_file(&t, "public/crl/issuing/chain.pem");
	assert_ok(pki_pem_each(pki_buf_bytes(chain), PKI_PEM_CRL, 1 << 20,
	    check_crl_order, names, &t.err), &t.err);
	cr_assert_null(names[0]);
}

Test(ca_init, can_keep_settings_apart_from_the_state)
{
	char conf[PKI_PATH_MAX], file[PKI_PATH_MAX];

	assert_ok(pki_path_join(conf, t.dir, "conf", &t.err), &t.err);
	setup.options.conf_dir = conf;
	assert_ok(pki_ca_init(&setup, &t.err), &t.err);
	cr_assert_not(has_file(&t, "pki.conf"));
	cr_assert_not(has_file(&t, "templates"));
	assert_ok(pki_path_join(file, conf, "templates/auditor.conf", &t.err),
	    &t.err);
	cr_assert(pki_file_exists(file));
	assert_ok(pki_ca_open(&setup.options, &t.ca, &t.err), &t.err);
	pki_cert_free(issue_meter(&t, "meter-1"));
}

Test(ca_init, leaves_settings_and_templates_that_are_there_alone)
{
	PKI_AUTO(pki_buf) conf = NULL;

	cr_assert_eq(mkdir(t.state, 0711), 0);
	put_file(&t, "pki.conf", "base-url = \"http://kept.test\";\n");
	setup.base_url = NULL;
	init_and_open();
	conf = get_file(&t, "pki.conf");
	cr_assert_str_eq(pki_buf_text(conf),
	    "base-url = \"http://kept.test\";\n");
	pki_buf_free(PKI_TAKE(conf));
	cr_assert_str_eq(pki_ca_config(t.ca)->base_url, "http://kept.test");
}

Test(ca_init, refuses_a_second_time)
{
	pki_digest before, after;

	assert_ok(pki_ca_init(&setup, &t.err), &t.err);
	before = dir_digest(t.state);
	assert_refused(pki_ca_init(&setup, &t.err), PKI_EXISTS, &t.err, NULL);
	after = dir_digest(t.state);
	cr_assert(pki_digest_equal(&before, &after));
}

Test(ca_init, refuses_the_rest_of_a_ca)
{
	static const char *const rests[] = {
		"ca.db", "floor", "keys", "public", "ca.db-wal",
	};

	for (size_t i = 0; i < PKI_COUNT(rests); i++) {
		cr_assert_eq(mkdir(t.state, 0711), 0);
		put_file(&t, rests[i], "");
		cr_expect_eq(pki_ca_init(&setup, &t.err), PKI_EXISTS, "%s",
		    rests[i]);
		cr_expect_not_null(strstr(t.err.msg, rests[i]));
		cr_expect_not(has_file(&t, "pki.conf"));
		remove_dir(t.state);
	}
}

Test(ca_open, refuses_an_init_that_was_cut_off_and_init_completes_it)
{
	pki_ca_options options = test_options(&t);
	char keys[PKI_PATH_MAX];
	pki_ca *ca = NULL;

	cr_assert_eq(mkdir(t.state, 0711), 0);
	put_file(&t, "init.unfinished", "");
	put_file(&t, "ca.db", "half");
	put_file(&t, "ca.db-wal", "half");
	put_file(&t, "floor", "half");
	state_path(&t, "keys", keys);
	cr_assert_eq(mkdir(keys, 0700), 0);
	put_file(&t, "keys/root.key", "half");
	put_file(&t, "keys/stray.key", "half");
	state_path(&t, "templates.new", keys);
	cr_assert_eq(mkdir(keys, 0700), 0);
	assert_refused(pki_ca_open(&options, &ca, &t.err), PKI_DENIED, &t.err,
	    NULL);
	cr_assert_not_null(strstr(t.err.msg, "run init again"));
	cr_assert_null(ca);
	init_and_open();
	expect_layout();
	cr_assert_not(has_file(&t, "keys/stray.key"));
	pki_cert_free(issue_meter(&t, "meter-1"));
}

Test(ca_open, says_when_there_is_no_ca)
{
	pki_ca_options options = test_options(&t);
	pki_ca *ca = NULL;

	assert_refused(pki_ca_open(&options, &ca, &t.err), PKI_NOT_FOUND,
	    &t.err, NULL);
	cr_assert_eq(mkdir(t.state, 0711), 0);
	assert_refused(pki_ca_open(&options, &ca, &t.err), PKI_NOT_FOUND,
	    &t.err, NULL);
	cr_assert_not_null(strstr(t.err.msg, t.state));
}

Test(ca_open, refuses_a_foreign_owner)
{
	pki_ca_options options = test_options(&t);
	pki_ca *ca = NULL;

	if (geteuid() != 0)
		cr_skip_test("only root can give directories away");
	assert_ok(pki_ca_init(&setup, &t.err), &t.err);
	cr_assert_eq(chown(t.state, 65534, 65534), 0);
	assert_refused(pki_ca_open(&options, &ca, &t.err), PKI_DENIED, &t.err,
	    "file-owner");
	assert_refused(pki_ca_init(&setup, &t.err), PKI_DENIED, &t.err,
	    "file-owner");
}

Test(ca_open, refuses_a_database_of_a_newer_version)
{
	pki_ca_options options = test_options(&t);
	pki_ca *ca = NULL;

	assert_ok(pki_ca_init(&setup, &t.err), &t.err);
	run_sql(&t, "PRAGMA user_version = 99");
	assert_refused(pki_ca_open(&options, &ca, &t.err), PKI_DENIED, &t.err,
	    "store-version");
}

Test(ca_open, refuses_a_pki_conf_that_does_not_read)
{
	pki_ca_options options = test_options(&t);
	pki_ca *ca = NULL;

	assert_ok(pki_ca_init(&setup, &t.err), &t.err);
	put_file(&t, "pki.conf", "base-url = \"https://pki.test\";\n");
	assert_refused(pki_ca_open(&options, &ca, &t.err), PKI_BAD_INPUT,
	    &t.err, "base-url");
	put_file(&t, "pki.conf", "colour = \"blue\";\n");
	assert_refused(pki_ca_open(&options, &ca, &t.err), PKI_BAD_INPUT,
	    &t.err, NULL);
	cr_assert_not_null(strstr(t.err.msg, "pki.conf:1"));
}

/* What an init that fails may leave. */
static void
expect_settings_only(const char *dir)
{
	DIR *folder = opendir(dir);
	const struct dirent *entry;

	while (folder != NULL && (entry = readdir(folder)) != NULL)
		cr_expect(entry->d_name[0] == '.' ||
		    strcmp(entry->d_name, "pki.conf") == 0 ||
		    strcmp(entry->d_name, "templates") == 0, "left: %s",
		    entry->d_name);
	if (folder != NULL)
		closedir(folder);
}

static pki_code
no_passphrase(void *arg, const char *what, pki_buf **out, pki_err *err)
{
	(void)arg;
	(void)out;
	return pki_refuse(err, PKI_DENIED, "passphrase", "one", "%s", what);
}

Test(ca_init, that_fails_half_way_leaves_settings_only_and_can_be_repeated)
{
	static const pki_passphrase none = { no_passphrase, NULL };

	setup.issuing_passphrase = &none;
	assert_refused(pki_ca_init(&setup, &t.err), PKI_DENIED, &t.err,
	    "passphrase");
	expect_settings_only(t.state);
	setup.offline_root = vault;
	assert_refused(pki_ca_init(&setup, &t.err), PKI_DENIED, &t.err,
	    "passphrase");
	expect_settings_only(t.state);
	expect_settings_only(vault);
	setup.issuing_passphrase = NULL;
	setup.offline_root = NULL;
	init_and_open();
	expect_layout();
}

/* Another init begins while the first one asks for its passphrase. */
static pki_code
begin_another(void *arg, const char *what, pki_buf **out, pki_err *err)
{
	(void)arg;
	(void)what;
	setup.issuing_passphrase = NULL;
	cr_expect_eq(pki_ca_init(&setup, &t.err), PKI_BUSY, "%s", t.err.msg);
	cr_expect(has_file(&t, "keys/root.key"));
	*out = pki_buf_copy(PKI_BYTES_TEXT("secret"));
	return pki_buf_check(*out, err);
}

Test(ca_init, refuses_to_begin_beside_another_one)
{
	static const pki_passphrase other = { begin_another, NULL };
	pki_ca_setup first = setup;

	first.issuing_passphrase = &other;
	assert_ok(pki_ca_init(&first, &t.err), &t.err);
	expect_layout();
}

static int
init_as_nobody(void *arg)
{
	(void)arg;
	return pki_ca_init(&setup, &t.err) == PKI_SYSTEM &&
	    strstr(t.err.msg, t.state) != NULL ? 0 : 1;
}

Test(ca_init, in_a_read_only_directory_says_which)
{
	cr_assert_eq(chmod(t.dir, 0555), 0);
	cr_assert_eq(run_as_nobody(init_as_nobody, NULL), 0);
	cr_assert_eq(chmod(t.dir, 0755), 0);
	cr_assert_not(pki_file_exists(t.state));
}

Test(ca_init, refuses_a_path_that_is_too_long)
{
	char dir[PKI_PATH_MAX - 100];

	memset(dir, 'd', sizeof(dir));
	dir[sizeof(dir) - 1] = '\0';
	for (size_t i = 0; i < sizeof(dir) - 1; i += 2)
		dir[i] = '/';
	setup.options.state_dir = dir;
	assert_refused(pki_ca_init(&setup, &t.err), PKI_BAD_INPUT, &t.err,
	    NULL);
}

/* What is found before anything is written. */
static const struct slip {
	const char  *display_name, *base_url, *templates_dir;
	pki_key_type root_key;
	pki_code     code;
	const char  *rule;
} slips[] = {
	{ "Test", "ftp://pki.test", TEMPLATES_DIR, PKI_KEY_P256,
	    PKI_BAD_INPUT, "base-url" },
	{ "Test", "https://pki.test", TEMPLATES_DIR, PKI_KEY_P256,
	    PKI_BAD_INPUT, "base-url" },
	{ "Test", "http://pki.test/", TEMPLATES_DIR, PKI_KEY_P256,
	    PKI_BAD_INPUT, "base-url" },
	{ "Test", "http://", TEMPLATES_DIR, PKI_KEY_P256,
	    PKI_BAD_INPUT, "base-url" },
	{ "Test", "http://pki test", TEMPLATES_DIR, PKI_KEY_P256,
	    PKI_BAD_INPUT, "base-url" },
	{ "Test", NULL, TEMPLATES_DIR, PKI_KEY_RSA2048,
	    PKI_DENIED, "key-type" },
	{ "a name of sixty-four characters or more, with the title behind it",
	    NULL, TEMPLATES_DIR, PKI_KEY_P256, PKI_BAD_INPUT, "name" },
	{ "new\nline", NULL, TEMPLATES_DIR, PKI_KEY_P256,
	    PKI_BAD_INPUT, "name" },
	{ "Test", NULL, NULL, PKI_KEY_P256, PKI_NOT_FOUND, "" },
	{ "Test", NULL, "/nowhere", PKI_KEY_P256, PKI_NOT_FOUND, "" },
	{ "Test", NULL, "/", PKI_KEY_P256, PKI_NOT_FOUND, "profile" },
};

Test(ca_init_check, finds_slips_before_anything_is_written)
{
	for (size_t i = 0; i < PKI_COUNT(slips); i++) {
		setup.display_name = slips[i].display_name;
		setup.base_url = slips[i].base_url;
		setup.templates_dir = slips[i].templates_dir;
		setup.root_key = slips[i].root_key;
		cr_expect_eq(pki_ca_init_check(&setup, &t.err), slips[i].code,
		    "row %zu: %s", i, t.err.msg);
		cr_expect_str_eq(t.err.rule, slips[i].rule, "row %zu: %s", i,
		    t.err.msg);
		cr_expect_eq(pki_ca_init(&setup, &t.err), slips[i].code);
		cr_expect_not(pki_file_exists(t.state), "row %zu", i);
	}
}

Test(ca_init_check, writes_nothing_when_all_is_well)
{
	assert_ok(pki_ca_init_check(&setup, &t.err), &t.err);
	cr_assert_not(pki_file_exists(t.state));
}
