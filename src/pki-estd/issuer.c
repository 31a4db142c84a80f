#include "pki-estd/issuer.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pki-estd/enclosure.h"
#include "pki-estd/log.h"

/* systemd's name for the passphrase of issuing keys. */
#define CREDENTIAL "issuing-passphrase"
#define CREDENTIAL_MAX 1024
#define HOST_MAX 260

typedef struct issuer {
	const estd_options *options;
	pki_sandbox         sandbox;
	pki_buf            *secret;
	estd_config        *config;     /* what the settings borrow from */
	char                host[HOST_MAX];
	const char         *hosts[1];
} issuer;

/* ---- the passphrase ---- */

static pki_code
get_passphrase(void *arg, const char *what, pki_buf **out, pki_err *err)
{
	const pki_buf *secret = ((issuer *)arg)->secret;

	if (secret == NULL)
		return pki_refuse(err, PKI_DENIED, "passphrase",
		    "the credential " CREDENTIAL, "no passphrase for %s",
		    what);
	*out = pki_buf_copy(pki_buf_bytes(secret));
	return *out == NULL ? pki_fail_memory(err) : PKI_OK;
}

/* One line; *out stays NULL when there is no such credential. */
static pki_code
read_credential(pki_buf **out, pki_err *err)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	char path[PKI_PATH_MAX];
	pki_code rc;

	if (folder == NULL)
		return PKI_OK;
	rc = pki_path_join(path, folder, CREDENTIAL, err);
	if (rc != PKI_OK || !pki_file_exists(path))
		return rc;
	rc = pki_file_read(path, CREDENTIAL_MAX, PKI_FILE_ANY, out, err);
	if (rc == PKI_OK && (*out)->len > 0 &&
	    (*out)->data[(*out)->len - 1] == '\n')
		pki_buf_cut(*out, (*out)->len - 1);
	return rc;
}

/* ---- the process ---- */

/* The first that the parent says. */
static pki_code
receive_link(int *out, pki_err *err)
{
	struct pollfd parent = { PKI_CONTROL_FD, POLLIN, 0 };
	pki_control control;
	pki_code rc;

	do {
		if (poll(&parent, 1, -1) < 0)
			return pki_fail_errno(err, "poll");
		rc = pki_control_receive(PKI_CONTROL_FD, &control, out, err);
	} while (rc == PKI_BUSY);
	if (rc == PKI_OK && control != PKI_CONTROL_LINK)
		rc = pki_fail(err, PKI_BAD_INPUT, "the parent says '%s'",
		    pki_control_name(control));
	return rc;
}

/* The host's own name, for who has not said any. */
static pki_code
find_host(issuer *self, pki_err *err)
{
	static const char kind[] = "dns:";
	const size_t skip = sizeof(kind) - 1;

	memcpy(self->host, kind, skip);
	if (gethostname(self->host + skip, sizeof(self->host) - skip - 1) !=
	    0)
		return pki_fail_errno(err, "the host's name");
	self->hosts[0] = self->host;
	return PKI_OK;
}

/* For pki_serve_options.reread. */
static pki_code
read_settings(void *arg, pki_serve_settings *out, pki_err *err)
{
	issuer *self = arg;
	estd_config *config;
	pki_code rc = estd_options_load(self->options, &config, err);

	if (rc != PKI_OK)
		return rc;
	estd_config_free(self->config);
	self->config = config;
	*out = (pki_serve_settings){
		.identity = config->identity,
		.hosts = (const char *const *)config->names.items,
		.host_count = config->names.count,
		.default_profile = config->default_profile[0] == '\0' ?
		    NULL : config->default_profile,
		.approval_s = (unsigned)config->approval_s,
	};
	if (out->host_count == 0) {
		out->hosts = self->hosts;
		out->host_count = 1;
	}
	return PKI_OK;
}

static pki_code
on_opened(void *arg, pki_err *err)
{
	return pki_sandbox_seal(&((issuer *)arg)->sandbox, err);
}

static void
on_note(void *arg, const char *event, const pki_err *err)
{
	(void)arg;
	if (err == NULL)
		log_event(event, NULL, 0);
	else
		log_event(event, &LOG_AS_TEXT("reason", err->msg), 1);
}

/* All up to the point where pki_serve() opens the CA. */
static pki_code
begin(issuer *self, int *link, pki_err *err)
{
	enclosure files;
	pki_code rc = pki_sandbox_begin(PKI_SANDBOX_ISSUER, &self->sandbox,
	    err);

	if (rc == PKI_OK)
		rc = pki_child_begin(err);
	if (rc == PKI_OK)
		rc = pki_crypto_begin(err);
	if (rc == PKI_OK)
		rc = read_credential(&self->secret, err);
	if (rc == PKI_OK)
		rc = find_host(self, err);
	if (rc != PKI_OK)
		return rc;
	enclosure_list(PKI_SANDBOX_ISSUER, self->options, NULL, &files);
	rc = pki_sandbox_enclose(&self->sandbox, files.paths, files.count,
	    err);
	return rc == PKI_OK ? receive_link(link, err) : rc;
}

static pki_code
run_issuer(issuer *self, pki_err *err)
{
	const pki_passphrase passphrase = { get_passphrase, self };
	pki_serve_options serving = {
		.ca = {
			.state_dir = self->options->state_dir,
			.conf_dir = self->options->conf_dir,
			.passphrase = &passphrase,
		},
		.control_fd = PKI_CONTROL_FD, .build = PACKAGE_VERSION,
		.reread = read_settings, .opened = on_opened,
		.note = on_note, .arg = self,
	};
	pki_code rc = begin(self, &serving.link_fd, err);

	if (rc == PKI_OK)
		rc = read_settings(self, &serving.settings, err);
	return rc == PKI_OK ? pki_serve(&serving, err) : rc;
}

pki_code
issuer_run(const estd_options *options, pki_err *err)
{
	issuer self = { .options = options };
	pki_code rc = run_issuer(&self, err);

	pki_buf_free(self.secret);
	estd_config_free(self.config);
	return rc;
}
