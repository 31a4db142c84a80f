#include "pki-estd/config.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

TestSuite(estd_config_load, .timeout = 30);
TestSuite(estd_place_parse, .timeout = 30);

static pki_code
load(const char *text, estd_config **out, pki_err *err)
{
	char path[] = "/tmp/pki-estd-test.XXXXXX";
	int fd = mkstemp(path);
	pki_code rc;

	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	rc = estd_config_load(path, out, err);
	unlink(path);
	return rc;
}

Test(estd_config_load, has_defaults)
{
	PKI_AUTO(estd_config) config = NULL;
	limits_options limits;
	pki_err err;

	cr_assert_eq(load("", &config, &err), PKI_OK, "%s", err.msg);
	cr_expect_str_eq(config->listen, ":443");
	cr_expect_eq(config->most, 10000);
	cr_expect_eq(config->head_s, 10);
	limits = estd_config_limits(config);
	cr_expect_eq(limits.rate[LIMITS_TOKEN].burst, 30);
	cr_expect_eq(limits.rate[LIMITS_TOKEN].every_ms, 2000);
}

Test(estd_config_load, reads_proxies_as_keys)
{
	PKI_AUTO(estd_config) config = NULL;
	limits_address keys[ESTD_PROXIES_MAX];
	pki_err err;

	cr_assert_eq(load("proxies = [ \"192.0.2.1\", \"2001:db8::1\" ];",
	    &config, &err), PKI_OK, "%s", err.msg);
	cr_assert_eq(estd_config_proxies(config, keys), 2);
	cr_expect_eq(keys[0].octets[0], 4);
	cr_expect_eq(keys[1].octets[0], 6);
}

Test(estd_config_load, no_tries_is_no_limit)
{
	PKI_AUTO(estd_config) config = NULL;
	pki_err err;

	cr_assert_eq(load("limit: { tries-per-token = 0; };", &config, &err),
	    PKI_OK);
	cr_expect_eq(estd_config_limits(config).rate[LIMITS_TOKEN].burst, 0);
}

static const char *const refused[] = {
	"port = 443;", "listen = \"localhost:443\";", "listen = \"443\";",
	"threads = 65;", "limit: { connections = 0; };",
	"deadline: { head = \"0s\"; };", "deadline: { head = 10; };",
	"proxies = [ \"balancer\" ];", "status-listen = \":0\";",
};

Test(estd_config_load, refuses_what_it_does_not_know)
{
	for (size_t i = 0; i < PKI_COUNT(refused); i++) {
		estd_config *config = NULL;
		pki_err err;

		cr_expect_eq(load(refused[i], &config, &err), PKI_BAD_INPUT,
		    "%s", refused[i]);
	}
}

static const struct {
	const char *text, *host;
	unsigned    port;       /* 0: refused */
} places[] = {
	{ ":443", "", 443 },
	{ "192.0.2.1:1", "192.0.2.1", 1 },
	{ "[2001:db8::1]:65535", "2001:db8::1", 65535 },
	{ "2001:db8::1:443", "", 0 }, { "[192.0.2.1]:443", "", 0 },
	{ "[]:443", "", 0 }, { "[", "", 0 }, { "[:443", "", 0 },
	{ "", "", 0 }, { ":", "", 0 }, { ":0", "", 0 }, { ":65536", "", 0 },
	{ ":+1", "", 0 }, { "a.example:443", "", 0 },
};

Test(estd_place_parse, takes_addresses_only)
{
	for (size_t i = 0; i < PKI_COUNT(places); i++) {
		estd_place place = { .port = 0 };
		pki_err err;
		pki_code rc = estd_place_parse(places[i].text, &place, &err);

		cr_expect_eq(rc == PKI_OK, places[i].port != 0, "'%s'",
		    places[i].text);
		cr_expect_eq(place.port, places[i].port);
		cr_expect_str_eq(place.host, places[i].host);
	}
}
