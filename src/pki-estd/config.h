#ifndef PKI_ESTD_CONFIG_H
#define PKI_ESTD_CONFIG_H

/* pki-estd.conf, one typed table: pki-estd.conf(5). */

#include "pki-estd/limits.h"

typedef struct estd_config {
	char         *listen;           /* "host:port", host "" for any */
	char         *status_listen;
	int64_t       threads;          /* 0: as many as there are cores */
	pki_text_list proxies;          /* addresses */

	/* The issuer's: pki_serve_settings. */
	char         *identity;
	pki_text_list names;            /* of the server; [] = the host's */
	char         *default_profile;  /* "": none */
	int64_t       approval_s;

	int64_t       most;             /* connections */
	int64_t       most_per_address;
	int64_t       tries_all;        /* per minute; 0: no limit */
	int64_t       tries_address;
	int64_t       tries_token;

	int64_t       head_s, body_s, reply_s, idle_s;
} estd_config;

extern const pki_setting estd_config_settings[];
extern const size_t estd_config_setting_count;

/* What pki_settings_load returns, and PKI_BAD_INPUT for a bad address. */
PKI_CHECKED pki_code estd_config_load(const char *path, estd_config **out,
    pki_err *err);
/* What an empty file says.  PKI_NO_MEMORY. */
PKI_CHECKED pki_code estd_config_defaults(estd_config **out, pki_err *err);
void estd_config_free(estd_config *config);
PKI_DEFINE_CLEANUP(estd_config)

#define ESTD_PLACES 65536       /* of limits: 1 MiB */

/* The rates of limits.h. */
limits_options estd_config_limits(const estd_config *config);

/* proxies as keys; out has room for all.  Returns how many. */
size_t estd_config_proxies(const estd_config *config, limits_address *out);
#define ESTD_PROXIES_MAX 16

#define ESTD_HOST_MAX 64

typedef struct estd_place {
	char     host[ESTD_HOST_MAX];   /* an address; "" for any */
	uint16_t port;
} estd_place;

/*
 * "192.0.2.1:443", "[2001:db8::1]:443" or ":443".  PKI_BAD_INPUT.  Names are
 * not looked up: what is listened on is not DNS's to say.
 */
PKI_CHECKED pki_code estd_place_parse(const char *text, estd_place *out,
    pki_err *err);

#endif
