#ifndef PKI_ESTD_OPTIONS_H
#define PKI_ESTD_OPTIONS_H

/* What the command line says; all three processes read the same one. */

#include "pki-estd/config.h"

typedef enum estd_role {
	ESTD_PARENT,
	ESTD_WORKER,
	ESTD_ISSUER,
	ESTD_CHECK,             /* look, serve nothing */
} estd_role;

typedef enum estd_format {
	ESTD_TABLE,
	ESTD_JSON,
} estd_format;

typedef struct estd_options {
	estd_role   role;
	const char *state_dir;
	const char *conf_dir;           /* pki.conf and templates */
	const char *dir;                /* both of them, or NULL */
	const char *conf;               /* pki-estd.conf, or NULL */
	estd_format format;
	char        conf_path[PKI_PATH_MAX];
} estd_options;

/*
 * Settings of options->conf_path.  When that is the place where they lie
 * unless one says otherwise, there need not be any.
 */
PKI_CHECKED pki_code estd_options_load(const estd_options *options,
    estd_config **out, pki_err *err);

#endif
