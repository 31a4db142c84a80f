#ifndef PKI_CA_CONFIG_H
#define PKI_CA_CONFIG_H

/* pki.conf, one typed table: pki.conf(5). */

#include "base/settings.h"

PKI_BEGIN_DECLS

typedef enum pki_crl_form {
	PKI_CRL_FULL,           /* one CRL, no IDP: every validator reads it */
	PKI_CRL_PARTITIONED,    /* by issuance, and a complete one */
} pki_crl_form;

typedef struct pki_config {
	/* Defaults for new CAs; a CA keeps what it was made with. */
	int      crl_form;
	int64_t  crl_partition_size;    /* certificates in one partition */
	char    *base_url;              /* "http://pki.example" */

	int64_t  crl_life;              /* nextUpdate - thisUpdate, seconds */
	int64_t  root_crl_life;
	int64_t  crl_backdate;
	int64_t  crl_refresh;           /* a list this old is made anew */
	int64_t  expiry_warning;        /* status warns this long before */
	bool     self_check;            /* verify each signature made */
} pki_config;

extern const pki_setting pki_config_settings[];
extern const size_t pki_config_setting_count;

/* What pki_settings_load returns. */
PKI_CHECKED pki_code pki_config_load(const char *path, pki_config **out,
    pki_err *err);
void pki_config_free(pki_config *config);
PKI_DEFINE_CLEANUP(pki_config)

/* A commented pki.conf with these defaults, appended to out. */
void pki_config_print(const char *base_url, pki_crl_form form, pki_buf *out);

/* "http://host[:port][/path]", no final slash, printable, <= 128. */
PKI_CHECKED pki_code pki_base_url_check(const char *url, pki_err *err);

PKI_END_DECLS

#endif
