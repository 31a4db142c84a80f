#include "pki-estd/enclosure.h"

#include <stdio.h>
#include <stdlib.h>

#define ALL (1u << PKI_SANDBOX_PARENT | 1u << PKI_SANDBOX_WORKER | \
    1u << PKI_SANDBOX_ISSUER)
#define PARENT (1u << PKI_SANDBOX_PARENT)
#define ISSUER (1u << PKI_SANDBOX_ISSUER)

/*
 * The parent's list holds what programs need to start, and what the other two
 * have, for they start below it.
 */
static const struct fixed_path {
	unsigned           roles;
	const char        *path;
	pki_sandbox_access access;
} fixed_paths[] = {
	{ PARENT, "/usr", PKI_SANDBOX_RUN },
	{ PARENT, "/lib", PKI_SANDBOX_RUN },
	{ PARENT, "/lib64", PKI_SANDBOX_RUN },
	{ PARENT, "/etc", PKI_SANDBOX_READ },
	{ PARENT, "/proc", PKI_SANDBOX_READ },
	{ PARENT, "/sys/devices/system/cpu", PKI_SANDBOX_READ },
	{ ALL, "/dev/urandom", PKI_SANDBOX_READ },
	{ ALL, "/dev/null", PKI_SANDBOX_WRITE },
	{ ISSUER, "/etc/localtime", PKI_SANDBOX_READ },
};

/* What does not exist needs no rule: it stays forbidden. */
static void
add(enclosure *out, const char *path, pki_sandbox_access access)
{
	if (path != NULL && out->count < ENCLOSURE_MAX &&
	    pki_file_exists(path))
		out->paths[out->count++] = (pki_sandbox_path){ path, access };
}

void
enclosure_list(pki_sandbox_role role, const estd_options *options,
    const char *program, enclosure *out)
{
	out->count = 0;
	for (size_t i = 0; i < PKI_COUNT(fixed_paths); i++)
		if ((fixed_paths[i].roles & 1u << role) != 0)
			add(out, fixed_paths[i].path, fixed_paths[i].access);
	if (role == PKI_SANDBOX_WORKER) {
		if (pki_path_join(out->room, options->state_dir, "public",
		    NULL) == PKI_OK)
			add(out, out->room, PKI_SANDBOX_READ);
		return;
	}
	add(out, options->state_dir, PKI_SANDBOX_WRITE);
	add(out, options->conf_dir, PKI_SANDBOX_READ);
	/* The folder: an editor puts another file in the file's place. */
	if (pki_path_dir(out->room, options->conf_path, NULL) == PKI_OK)
		add(out, out->room, PKI_SANDBOX_READ);
	if (role != PKI_SANDBOX_PARENT)
		return;
	add(out, getenv("CREDENTIALS_DIRECTORY"), PKI_SANDBOX_READ);
	add(out, program, PKI_SANDBOX_RUN);
}

/* ---- --check ---- */

/* All that a start would read. */
static pki_code
check_files(const estd_options *options, pki_err *err)
{
	const pki_ca_options wanted = {
		.state_dir = options->state_dir,
		.conf_dir = options->conf_dir,
	};
	PKI_AUTO(estd_config) config = NULL;
	PKI_AUTO(pki_ca) ca = NULL;
	const pki_profiles *profiles;
	pki_code rc = estd_options_load(options, &config, err);

	if (rc == PKI_OK)
		rc = pki_ca_open(&wanted, &ca, err);
	if (rc == PKI_OK)
		rc = pki_ca_profiles(ca, &profiles, err);
	return rc;
}

pki_code
enclosure_check(const estd_options *options, pki_err *err)
{
	PKI_AUTO(pki_buf) text = pki_buf_new();
	pki_sandbox sandboxes[PKI_SANDBOX_ROLES];
	pki_code rc = check_files(options, err);
	bool good = true;

	for (int role = 0; role < PKI_SANDBOX_ROLES && rc == PKI_OK; role++) {
		enclosure files;

		enclosure_list((pki_sandbox_role)role, options, NULL, &files);
		rc = pki_sandbox_try((pki_sandbox_role)role, files.paths,
		    files.count, &sandboxes[role], err);
		good = good && rc == PKI_OK &&
		    pki_sandbox_is_good(&sandboxes[role]);
	}
	if (rc != PKI_OK)
		return rc;
	if (options->format == ESTD_JSON)
		pki_sandbox_add_json(sandboxes, PKI_SANDBOX_ROLES, text);
	else
		pki_sandbox_add_text(sandboxes, PKI_SANDBOX_ROLES, text);
	rc = pki_buf_check(text, err);
	if (rc != PKI_OK)
		return rc;
	fputs(pki_buf_text(text), stdout);
	if (fflush(stdout) != 0)
		return pki_fail_errno(err, "standard output");
	return good ? PKI_OK : pki_fail(err, PKI_SYSTEM,
	    "a needed step of the sandbox does not hold");
}
