#include "pki-enroll/conf.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/support.h"

TestSuite(conf, .timeout = 60);

#define LEAST "server = \"https://est.example\";\ndevice = \"meter-0042\";\n"
#define NO_DEVICE "server = \"https://est.example\";\n"

static pki_code
parse(const char *text, enroll_conf **out, pki_err *err)
{
	return enroll_conf_parse("meter", pki_bytes_text(text), "meter.conf",
	    out, err);
}

Test(conf, needs_a_server_and_a_device_and_no_more)
{
	PKI_AUTO(enroll_conf) conf = NULL;
	pki_err err;

	assert_ok(parse(LEAST, &conf, &err), &err);
	cr_expect_str_eq(conf->name, "meter");
	cr_expect_str_eq(conf->dir, "/var/lib/pki-enroll/meter");
	cr_expect_str_empty(conf->label);
	cr_expect_eq(conf->key_type, PKI_KEY_P256);
	cr_expect_eq(conf->rekey, ENROLL_REKEY_ALWAYS);
	cr_expect_eq(conf->renew_ppm, 666666);
	cr_expect_eq(conf->grace_s, 30 * PKI_DAY);
	cr_expect_eq(conf->retry_min_s, 60);
	cr_expect_eq(conf->retry_max_s, 2 * PKI_DAY);
	cr_expect_eq(conf->retry_per_hour, 12);
	cr_expect_eq(conf->mode, 0600);
	cr_expect_eq(conf->owner, geteuid());
	cr_expect_eq(conf->group, getegid());
	cr_expect_eq(conf->probe.count, 0);
}

Test(conf, reads_all_of_it)
{
	PKI_AUTO(enroll_conf) conf = NULL;
	pki_err err;

	assert_ok(parse(
	    "server = \"https://[2001:db8::1]:8443\"; label = \"meters.v2\";\n"
	    "directory = \"/srv/m\"; anchors = \"/etc/ca.pem\";\n"
	    "fingerprint = \"AB:" "ababababababababababababababababababababab"
	    "abababababababababab" "\";\n"
	    "subject = [ \"O=Example\", \"CN=meter-0042\" ];\n"
	    "names = [ \"dns:m.example\", \"ip:192.0.2.1\" ];\n"
	    "key = \"ed25519\"; rekey = \"never\";\n"
	    "token-file = \"/etc/token\"; user = \"meter\";\n"
	    "renew-at = \"75%\"; grace = \"0s\"; timeout = \"5s\";\n"
	    "retry: { least = \"2s\"; most = \"2s\"; per-hour = 60; };\n"
	    "probe = [ \"/bin/probe\", \"-v\", \"-v\", \"\" ];\n"
	    "on-renewed = [ \"/bin/a\" ]; on-failed = [ \"/bin/b\" ];\n"
	    "command-timeout = \"1h\";\n"
	    "files: { owner = \"root\"; group = \"daemon\"; mode = \"0640\"; };"
	    "\n", &conf, &err), &err);
	cr_expect_str_eq(conf->server, "https://[2001:db8::1]:8443");
	cr_expect_eq(conf->pin.octets[0], 0xab);
	cr_expect_eq(conf->pin.octets[31], 0xab);
	cr_expect_eq(conf->renew_ppm, 750000);
	cr_expect_eq(conf->rekey, ENROLL_REKEY_NEVER);
	cr_assert_eq(conf->probe.count, 4);
	cr_expect_str_eq(conf->probe.items[2], "-v");
	cr_expect_eq(conf->owner, 0);
	cr_expect_eq(conf->group, 1);
	cr_expect_eq(conf->mode, 0640);
}

Test(conf, what_to_ask_for_comes_out_of_it)
{
	PKI_AUTO(enroll_conf) device = NULL;
	PKI_AUTO(enroll_conf) subject = NULL;
	PKI_AUTO(pki_name) name = NULL;
	PKI_AUTO(pki_altnames) none = NULL;
	PKI_AUTO(pki_name) long_name = NULL;
	PKI_AUTO(pki_altnames) names = NULL;
	PKI_AUTO(pki_buf) text = pki_buf_new();
	pki_err err;

	assert_ok(parse(LEAST, &device, &err), &err);
	assert_ok(enroll_conf_subject(device, &name, &none, &err), &err);
	cr_expect_str_eq(pki_name_common_name(name), "meter-0042");
	cr_expect_null(none);
	assert_ok(parse(NO_DEVICE "subject = [ \"O=a=b\", \"serialNumber=7\","
	    " \"CN=x\" ]; names = [ \"dns:x.example\" ];", &subject, &err),
	    &err);
	assert_ok(enroll_conf_subject(subject, &long_name, &names, &err),
	    &err);
	pki_name_print(long_name, text);
	cr_expect_str_eq(pki_buf_text(text), "O=a=b,serialNumber=7,CN=x");
	cr_expect_eq(pki_altnames_count(names), 1);
}

/* Each with the line it stands on. */
static const struct bad {
	const char *text, *msg;
} bad[] = {
	{ "device = \"x\";", "meter.conf: server: missing" },
	{ NO_DEVICE, "meter.conf: device: missing, wants either a device" },
	{ LEAST "subject = [ \"CN=x\" ];", "conf:2: device: bad value 'mete" },
	{ LEAST "labell = \"x\";", "conf:3: labell: unknown setting, perhaps" },
	{ LEAST "grace = 3;", "conf:3: grace: found a number" },
	{ LEAST "grace = \"11y\";", "conf:3: grace: out of range" },
	{ LEAST "retry: { per-hour = 61; };", "conf:3: retry.per-hour: out" },
	{ LEAST "retry: {\nleast = \"2h\";\nmost = \"1h\"; };",
	    "conf:5: retry.most: bad value '1h'" },
	{ LEAST "renew-at = \"1/11\";", "conf:3: renew-at: bad value '1/11'" },
	{ LEAST "renew-at = \"91%\";", "conf:3: renew-at: bad value '91%'" },
	{ LEAST "renew-at = \"50%x\";", "conf:3: renew-at: bad value" },
	{ LEAST "renew-at = \"0.5\";", "conf:3: renew-at: bad value" },
	{ LEAST "renew-at = \"1/0\";", "conf:3: renew-at: bad value" },
	{ LEAST "key = \"rsa1024\";", "conf:3: key: unknown value" },
	{ LEAST "label = \"a/b\";", "conf:3: label: bad value 'a/b'" },
	{ LEAST "label = \"..\";", "conf:3: label: bad value '..'" },
	{ LEAST "label = \"cacerts\";", "conf:3: label: bad value" },
	{ LEAST "directory = \"m\";", "conf:3: directory: bad value 'm'" },
	{ LEAST "anchors = \"m\";", "conf:3: anchors: bad value 'm'" },
	{ LEAST "token-file = \"m\";", "conf:3: token-file: bad value 'm'" },
	{ LEAST "probe = [ \"true\" ];", "conf:3: probe: bad value 'true'" },
	{ LEAST "on-failed = [ \"x\" ];", "conf:3: on-failed: bad value 'x'" },
	{ LEAST "on-renewed = \"/bin/sh -c x\";", "conf:3: on-renewed: found" },
	{ LEAST "fingerprint = \"abcd\";", "conf:3: fingerprint: bad value" },
	{ LEAST "user = \"a:b\";", "conf:3: user: bad value 'a:b'" },
	{ LEAST "names = [ \"x\" ];", "conf:3: names: bad value" },
	{ LEAST "names = [ \"dns:-\" ];", "conf:3: names: bad value" },
	{ LEAST "files: { owner = \"no-such-user\"; };",
	    "conf:3: files.owner: bad value 'no-such-user'" },
	{ LEAST "files: { group = \"no-such-group\"; };",
	    "conf:3: files.group: bad value 'no-such-group'" },
	{ LEAST "files: { mode = \"0644\"; };", "conf:3: files.mode: unknown" },
	{ NO_DEVICE "device = \"a b\";", "conf:2: device: bad value 'a b'" },
	{ NO_DEVICE "subject = [ \"X=b\" ];", "conf:2: subject: bad value" },
	{ NO_DEVICE "subject = [ \"CN=\" ];", "conf:2: subject: bad value" },
	{ NO_DEVICE "subject = [ \"CN\" ];", "conf:2: subject: bad value" },
};

Test(conf, refuses_with_file_and_line)
{
	for (size_t i = 0; i < PKI_COUNT(bad); i++) {
		enroll_conf *conf = NULL;
		pki_err err = { .code = PKI_OK };

		cr_expect_eq(parse(bad[i].text, &conf, &err), PKI_BAD_INPUT,
		    "%s", bad[i].text);
		cr_expect_null(conf);
		cr_expect_not_null(strstr(err.msg, bad[i].msg),
		    "%s, wanted %s", err.msg, bad[i].msg);
		cr_expect_str_eq(err.rule, "setting");
	}
}

static const struct server {
	const char *url;
	bool        good;
} servers[] = {
	{ "https://est.example", true },
	{ "https://localhost:8443", true },
	{ "https://192.0.2.1", true },
	{ "https://[::1]:1", true },
	{ "http://est.example", false },
	{ "https://", false },
	{ "https://:443", false },
	{ "https://est.example:0", false },
	{ "https://est.example:65536", false },
	{ "https://est.example:", false },
	{ "https://est.example/", false },
	{ "https://est.example/.well-known/est", false },
	{ "https://user@est.example", false },
	{ "https://est.example?x", false },
	{ "https://*.example.com", false },
	{ "https://[::1", false },
	{ "https://[]", false },
	{ "https://::1", false },
	{ "https://est example", false },
};

Test(conf, a_server_is_https_host_and_port)
{
	for (size_t i = 0; i < PKI_COUNT(servers); i++) {
		PKI_AUTO(enroll_conf) conf = NULL;
		char text[256];
		pki_err err;

		snprintf(text, sizeof(text), "server = \"%s\"; device = "
		    "\"m\";", servers[i].url);
		cr_expect_eq(parse(text, &conf, &err), servers[i].good ?
		    PKI_OK : PKI_BAD_INPUT, "%s", servers[i].url);
	}
}

static void
write_file(const char *dir, const char *name, const char *text)
{
	char path[PKI_PATH_MAX];
	pki_err err;

	assert_ok(pki_path_join(path, dir, name, &err), &err);
	assert_ok(pki_file_replace(path, pki_bytes_text(text), 0644, &err),
	    &err);
}

Test(conf, names_are_those_of_the_files)
{
	char dir[PKI_PATH_MAX], path[PKI_PATH_MAX];
	pki_text_list names;
	pki_err err;

	temp_dir(dir);
	write_file(dir, "b.conf", LEAST);
	write_file(dir, "a.conf", LEAST);
	write_file(dir, ".c.conf", LEAST);
	write_file(dir, "token", "secret");
	assert_ok(enroll_conf_names(dir, &names, &err), &err);
	cr_assert_eq(names.count, 2);
	cr_expect_str_eq(names.items[0], "a");
	cr_expect_str_eq(names.items[1], "b");
	pki_text_list_clear(&names);
	/* One that is not there has no files, one of others is not read. */
	assert_ok(pki_path_join(path, dir, "none", &err), &err);
	assert_ok(enroll_conf_names(path, &names, &err), &err);
	cr_expect_eq(names.count, 0);
	cr_assert_eq(chmod(dir, 0777), 0);
	assert_refused(enroll_conf_names(dir, &names, &err), PKI_DENIED, &err,
	    "file-mode");
	remove_dir(dir);
}

Test(conf, a_file_is_called_after_its_certificate)
{
	PKI_AUTO(enroll_conf) conf = NULL;
	char dir[PKI_PATH_MAX], path[PKI_PATH_MAX];
	pki_err err;

	temp_dir(dir);
	write_file(dir, "gateway-1.conf", LEAST);
	write_file(dir, "gateway 1.conf", LEAST);
	write_file(dir, "gateway-1.txt", LEAST);
	assert_ok(pki_path_join(path, dir, "gateway-1.conf", &err), &err);
	assert_ok(enroll_conf_load(path, &conf, &err), &err);
	cr_expect_str_eq(conf->name, "gateway-1");
	cr_assert_eq(chmod(path, 0666), 0);
	assert_refused(enroll_conf_load(path, &conf, &err), PKI_DENIED, &err,
	    "file-mode");
	assert_ok(pki_path_join(path, dir, "gateway 1.conf", &err), &err);
	assert_refused(enroll_conf_load(path, &conf, &err), PKI_BAD_INPUT,
	    &err, "conf-name");
	assert_ok(pki_path_join(path, dir, "gateway-1.txt", &err), &err);
	assert_refused(enroll_conf_load(path, &conf, &err), PKI_BAD_INPUT,
	    &err, "conf-name");
	assert_ok(pki_path_join(path, dir, "no.conf", &err), &err);
	assert_refused(enroll_conf_load(path, &conf, &err), PKI_NOT_FOUND,
	    &err, NULL);
	remove_dir(dir);
}
