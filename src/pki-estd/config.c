#include "pki-estd/config.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define AT(field) offsetof(estd_config, field)
#define PLACE_WANTS "address:port, [address]:port or :port"

const pki_setting estd_config_settings[] = {
	{
		.name = "listen", .type = PKI_SET_TEXT,
		.offset = AT(listen), .fallback = ":443",
		.wants = PLACE_WANTS,
	},
	{
		.name = "status-listen", .type = PKI_SET_TEXT,
		.offset = AT(status_listen), .fallback = "127.0.0.1:9180",
		.wants = PLACE_WANTS,
	},
	{
		.name = "threads", .type = PKI_SET_INT,
		.offset = AT(threads), .fallback = "0",
		.wants = "a number, 1 to 64, or 0 for one per core",
		.min = 0, .max = 64,
	},
	{
		.name = "proxies", .type = PKI_SET_LIST,
		.offset = AT(proxies), .fallback = "[]",
		.wants = "a list of at most 16 addresses",
		.min = 0, .max = ESTD_PROXIES_MAX,
	},
	{
		.name = "identity", .type = PKI_SET_TEXT,
		.offset = AT(identity), .fallback = "est-server",
		.wants = "the server's name in its certificate",
	},
	{
		.name = "names", .type = PKI_SET_LIST,
		.offset = AT(names), .fallback = "[]",
		.wants = "a list of at most 16 of dns:NAME and ip:ADDRESS",
		.min = 0, .max = PKI_SERVE_HOSTS_MAX,
	},
	{
		.name = "default-profile", .type = PKI_SET_TEXT,
		.offset = AT(default_profile), .fallback = "",
		.wants = "the name of a profile",
	},
	{
		.name = "approval-retry", .type = PKI_SET_DURATION,
		.offset = AT(approval_s), .fallback = "1m",
		.wants = "a duration, 1s to 7d", .min = 1, .max = 604800,
	},
	{
		.name = "limit.connections", .type = PKI_SET_INT,
		.offset = AT(most), .fallback = "10000",
		.wants = "a number of connections, 1 to 60000",
		.min = 1, .max = 60000,
	},
	{
		.name = "limit.connections-per-address", .type = PKI_SET_INT,
		.offset = AT(most_per_address), .fallback = "64",
		.wants = "a number of connections, 1 to 60000",
		.min = 1, .max = 60000,
	},
	{
		.name = "limit.tries", .type = PKI_SET_INT,
		.offset = AT(tries_all), .fallback = "60000",
		.wants = "a number per minute, 1 to 60000, or 0 for no limit",
		.min = 0, .max = 60000,
	},
	{
		.name = "limit.tries-per-address", .type = PKI_SET_INT,
		.offset = AT(tries_address), .fallback = "600",
		.wants = "a number per minute, 1 to 60000, or 0 for no limit",
		.min = 0, .max = 60000,
	},
	{
		.name = "limit.tries-per-token", .type = PKI_SET_INT,
		.offset = AT(tries_token), .fallback = "30",
		.wants = "a number per minute, 1 to 60000, or 0 for no limit",
		.min = 0, .max = 60000,
	},
	{
		.name = "deadline.head", .type = PKI_SET_DURATION,
		.offset = AT(head_s), .fallback = "10s",
		.wants = "a duration, 1s to 5m", .min = 1, .max = 300,
	},
	{
		.name = "deadline.body", .type = PKI_SET_DURATION,
		.offset = AT(body_s), .fallback = "30s",
		.wants = "a duration, 1s to 5m", .min = 1, .max = 300,
	},
	{
		.name = "deadline.reply", .type = PKI_SET_DURATION,
		.offset = AT(reply_s), .fallback = "30s",
		.wants = "a duration, 1s to 5m", .min = 1, .max = 300,
	},
	{
		.name = "deadline.idle", .type = PKI_SET_DURATION,
		.offset = AT(idle_s), .fallback = "10s",
		.wants = "a duration, 1s to 5m", .min = 1, .max = 300,
	},
};
const size_t estd_config_setting_count = PKI_COUNT(estd_config_settings);

void
estd_config_free(estd_config *config)
{
	if (config == NULL)
		return;
	pki_settings_clear(estd_config_settings, estd_config_setting_count,
	    config);
	free(config);
}

static pki_code
bad_place(const char *text, pki_err *err)
{
	return pki_refuse(err, PKI_BAD_INPUT, "place", PLACE_WANTS, "%s",
	    text);
}

static bool
read_address(const char *text, struct sockaddr_storage *out, socklen_t *len)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
		memcpy(out, &v4, sizeof(v4));
		*len = sizeof(v4);
	} else if (inet_pton(AF_INET6, text, &v6.sin6_addr) == 1) {
		memcpy(out, &v6, sizeof(v6));
		*len = sizeof(v6);
	} else
		return false;
	return true;
}

/* IPv6 stands in brackets, IPv4 does not. */
static bool
is_host(const char *host, bool brackets)
{
	struct sockaddr_storage address;
	socklen_t len;

	return host[0] == '\0' ? !brackets :
	    read_address(host, &address, &len) &&
	    (address.ss_family == AF_INET6) == brackets;
}

pki_code
estd_place_parse(const char *text, estd_place *out, pki_err *err)
{
	const char *colon = strrchr(text, ':');
	estd_place place = { .port = 0 };
	bool brackets = text[0] == '[';
	size_t skip = brackets ? 1 : 0, len;
	int64_t port;

	if (colon == NULL ||
	    pki_number_parse(colon + 1, 1, 65535, &port, NULL) != PKI_OK)
		return bad_place(text, err);
	len = (size_t)(colon - text);
	if (brackets && (len < 2 || text[len - 1] != ']'))
		return bad_place(text, err);
	len -= 2 * skip;
	if (len >= sizeof(place.host))
		return bad_place(text, err);
	memcpy(place.host, text + skip, len);
	place.port = (uint16_t)port;
	if (!is_host(place.host, brackets))
		return bad_place(text, err);
	*out = place;
	return PKI_OK;
}

static pki_code
check(const estd_config *config, pki_err *err)
{
	estd_place place;
	pki_code rc = estd_place_parse(config->listen, &place, err);

	if (rc != PKI_OK)
		return pki_wrap(err, rc, "listen");
	rc = estd_place_parse(config->status_listen, &place, err);
	if (rc != PKI_OK)
		return pki_wrap(err, rc, "status-listen");
	for (size_t i = 0; i < config->proxies.count; i++) {
		struct sockaddr_storage address;
		socklen_t len;

		if (!read_address(config->proxies.items[i], &address, &len))
			return pki_refuse(err, PKI_BAD_INPUT, "proxies",
			    "an IPv4 or IPv6 address", "%s",
			    config->proxies.items[i]);
	}
	return PKI_OK;
}

pki_code
estd_config_load(const char *path, estd_config **out, pki_err *err)
{
	PKI_AUTO(estd_config) config = calloc(1, sizeof(*config));
	pki_code rc;

	if (config == NULL)
		return pki_fail_memory(err);
	rc = pki_settings_load(path, estd_config_settings,
	    estd_config_setting_count, config, NULL, err);
	if (rc != PKI_OK)
		return rc;
	rc = check(config, err);
	if (rc != PKI_OK)
		return pki_wrap(err, rc, "%s", path);
	*out = PKI_TAKE(config);
	return PKI_OK;
}

pki_code
estd_config_defaults(estd_config **out, pki_err *err)
{
	PKI_AUTO(estd_config) config = calloc(1, sizeof(*config));
	pki_code rc;

	if (config == NULL)
		return pki_fail_memory(err);
	rc = pki_settings_parse(pki_bytes_of(NULL, 0), "defaults",
	    estd_config_settings, estd_config_setting_count, config, err);
	if (rc == PKI_OK)
		*out = PKI_TAKE(config);
	return rc;
}

/* A whole minute's tries may come at once. */
static limits_rate
per_minute(int64_t tries)
{
	return (limits_rate){
		.burst = (unsigned)tries,
		.every_ms = tries == 0 ? 1 : (unsigned)(60000 / tries),
	};
}

limits_options
estd_config_limits(const estd_config *config)
{
	return (limits_options){
		.rate = {
			[LIMITS_ALL] = per_minute(config->tries_all),
			[LIMITS_ADDRESS] = per_minute(config->tries_address),
			[LIMITS_TOKEN] = per_minute(config->tries_token),
		},
		.places = ESTD_PLACES,
	};
}

size_t
estd_config_proxies(const estd_config *config, limits_address *out)
{
	size_t n = 0;

	for (size_t i = 0; i < config->proxies.count; i++) {
		struct sockaddr_storage address;
		socklen_t len;

		if (read_address(config->proxies.items[i], &address, &len))
			out[n++] = limits_address_of(
			    (const struct sockaddr *)&address, len);
	}
	return n;
}
