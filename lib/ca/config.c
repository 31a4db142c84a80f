#include "ca/config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define AT(field) offsetof(pki_config, field)

static const pki_choice crl_forms[] = {
	{ "full", PKI_CRL_FULL },
	{ "partitioned", PKI_CRL_PARTITIONED },
	{ NULL, 0 },
};

const pki_setting pki_config_settings[] = {
	{
		.name = "base-url", .type = PKI_SET_TEXT,
		.offset = AT(base_url), .fallback = "http://pki.example",
		.wants = "http://host[:port][/path] without a final slash",
	},
	{
		.name = "expiry-warning", .type = PKI_SET_DURATION,
		.offset = AT(expiry_warning), .fallback = "30d",
		.wants = "a duration such as 30d",
		.min = PKI_HOUR, .max = 10 * PKI_YEAR,
	},
	{
		.name = "self-check", .type = PKI_SET_BOOL,
		.offset = AT(self_check), .fallback = "true",
		.wants = "true or false",
	},
	{
		.name = "crl.form", .type = PKI_SET_CHOICE,
		.offset = AT(crl_form), .fallback = "full",
		.wants = "full or partitioned", .choices = crl_forms,
	},
	{
		.name = "crl.partition-size", .type = PKI_SET_INT,
		.offset = AT(crl_partition_size), .fallback = "5000",
		.wants = "a number of certificates, 100 to 1000000",
		.min = 100, .max = 1000000,
	},
	{
		.name = "crl.life", .type = PKI_SET_DURATION,
		.offset = AT(crl_life), .fallback = "7d",
		.wants = "a duration, 1h to 90d",
		.min = PKI_HOUR, .max = 90 * PKI_DAY,
	},
	{
		.name = "crl.root-life", .type = PKI_SET_DURATION,
		.offset = AT(root_crl_life), .fallback = "1y",
		.wants = "a duration, 1d to 2y",
		.min = PKI_DAY, .max = 2 * PKI_YEAR,
	},
	{
		.name = "crl.refresh", .type = PKI_SET_DURATION,
		.offset = AT(crl_refresh), .fallback = "1h",
		.wants = "a duration, 1m to 90d",
		.min = PKI_MINUTE, .max = 90 * PKI_DAY,
	},
	{
		.name = "crl.backdate", .type = PKI_SET_DURATION,
		.offset = AT(crl_backdate), .fallback = "60s",
		.wants = "a duration, 0s to 1h", .min = 0, .max = PKI_HOUR,
	},
};
const size_t pki_config_setting_count = PKI_COUNT(pki_config_settings);

void
pki_config_free(pki_config *config)
{
	if (config == NULL)
		return;
	pki_settings_clear(pki_config_settings, pki_config_setting_count,
	    config);
	free(config);
}

pki_code
pki_base_url_check(const char *url, pki_err *err)
{
	static const char prefix[] = "http://";
	static const char allowed[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	    "-._~:/[]";
	const char *rest = url + sizeof(prefix) - 1;
	size_t len = strlen(url);

	/* Not https: who checks a CRL over TLS needs a CRL for that first. */
	if (strncmp(url, prefix, sizeof(prefix) - 1) == 0 &&
	    rest[0] != '\0' && rest[0] != '/' && url[len - 1] != '/' &&
	    len <= 128 && rest[strspn(rest, allowed)] == '\0')
		return PKI_OK;
	return pki_refuse(err, PKI_BAD_INPUT, "base-url",
	    "http://host[:port][/path] without a final slash, at most 128",
	    "%s", url);
}

pki_code
pki_config_load(const char *path, pki_config **out, pki_err *err)
{
	PKI_AUTO(pki_config) config = calloc(1, sizeof(*config));
	pki_code rc;

	if (config == NULL)
		return pki_fail_memory(err);
	rc = pki_settings_load(path, pki_config_settings,
	    pki_config_setting_count, config, NULL, err);
	if (rc != PKI_OK)
		return rc;
	rc = pki_base_url_check(config->base_url, err);
	if (rc != PKI_OK)
		return pki_wrap(err, rc, "%s", path);
	*out = PKI_TAKE(config);
	return PKI_OK;
}

void
pki_config_print(const char *base_url, pki_crl_form form, pki_buf *out)
{
	pki_buf_add_format(out,
	    "# Settings of this CA; pki.conf(5) explains each.\n"
	    "\n"
	    "# base-url, crl.form and crl.partition-size are defaults for new\n"
	    "# CAs: a CA that exists keeps what it was made with.\n"
	    "base-url = \"%s\";\n"
	    "\n"
	    "crl:\n"
	    "{\n"
	    "\tform = \"%s\";\n"
	    "\tlife = \"7d\";           # nextUpdate after thisUpdate\n"
	    "\troot-life = \"1y\";      # the root's key is rarely at hand\n"
	    "};\n"
	    "\n"
	    "# status warns this long before something expires.\n"
	    "expiry-warning = \"30d\";\n",
	    base_url, crl_forms[form].name);
}
