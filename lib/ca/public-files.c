#include "ca/public-files.h"

#include <dirent.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/lock.h"
#include "base/text.h"
#include "x509/crl.h"
#include "x509/pem.h"

#define PUBLIC_MODE 0644

static pki_code
put(pki_ca *ca, const char *file, pki_bytes bytes, pki_err *err)
{
	char path[PKI_PATH_MAX];
	pki_code rc = pki_ca_path(ca, path, err, "public/%s", file);

	if (rc != PKI_OK)
		return rc;
	return pki_file_replace(path, bytes, PUBLIC_MODE, err);
}

pki_code
pki_public_make(pki_ca *ca, const pki_authority *authority, pki_err *err)
{
	const char *const folders[][2] = {
		{ "ca", "" }, { "crl", "" }, { "crl/", authority->name },
	};
	PKI_AUTO(pki_buf) chain = pki_buf_new();
	char path[PKI_PATH_MAX], file[PKI_PATH_MAX];
	pki_code rc = PKI_OK;
	size_t i;

	for (i = 0; i < PKI_COUNT(folders) && rc == PKI_OK; i++) {
		rc = pki_ca_path(ca, path, err, "public/%s%s", folders[i][0],
		    folders[i][1]);
		if (rc == PKI_OK)
			rc = pki_dir_make(path, 0755, err);
	}
	if (rc == PKI_OK)
		rc = pki_text_format(file, sizeof(file), err, "ca/%s.cer",
		    authority->name);
	if (rc == PKI_OK)
		rc = put(ca, file, pki_cert_der(authority->cert), err);
	if (rc == PKI_OK)
		rc = pki_text_format(file, sizeof(file), err,
		    "ca/%s-chain.pem", authority->name);
	if (rc == PKI_OK)
		rc = pki_ca_export(ca, authority->name, PKI_EXPORT_CHAIN,
		    chain, err);
	if (rc == PKI_OK)
		rc = put(ca, file, pki_buf_bytes(chain), err);
	return rc;
}

/* "crl/issuing/full.crl" to "crl/issuing/full.pem". */
static pki_code
pem_twin(const char *file, char out[PKI_PATH_MAX], pki_err *err)
{
	return pki_text_format(out, PKI_PATH_MAX, err, "%.*s.pem",
	    (int)(strlen(file) - strlen(".crl")), file);
}

/* ".full.crl.1234-0.tmp", as pki_file_begin() calls them. */
static bool
is_temporary(const char *name)
{
	static const char end[] = ".tmp";
	size_t len = strlen(name);

	return name[0] == '.' && len > sizeof(end) &&
	    strcmp(name + len - (sizeof(end) - 1), end) == 0;
}

void
pki_public_sweep(pki_ca *ca, const pki_authority *authority)
{
	char path[PKI_PATH_MAX];
	const struct dirent *entry;
	DIR *dir;

	/* A folder that cannot be swept will not be written either. */
	if (pki_ca_path(ca, path, NULL, "public/crl/%s", authority->name) !=
	    PKI_OK || (dir = opendir(path)) == NULL)
		return;
	while ((entry = readdir(dir)) != NULL)
		if (is_temporary(entry->d_name))
			unlinkat(dirfd(dir), entry->d_name, 0);
	closedir(dir);
}

pki_code
pki_public_place(pki_ca *ca, const char *file, pki_crl_place *out,
    pki_err *err)
{
	char twin[PKI_PATH_MAX];
	pki_code rc = pem_twin(file, twin, err);

	if (rc == PKI_OK)
		rc = pki_ca_path(ca, out->path, err, "public/%s", file);
	if (rc == PKI_OK)
		rc = pki_ca_path(ca, out->twin, err, "public/%s", twin);
	return rc;
}

pki_code
pki_public_put_crl(pki_ca *ca, const char *file, pki_bytes der, pki_err *err)
{
	PKI_AUTO(pki_buf) pem = pki_buf_new();
	char twin[PKI_PATH_MAX];
	pki_code rc;

	pki_pem_add(pem, PKI_PEM_CRL, der);
	rc = pki_buf_check(pem, err);
	if (rc == PKI_OK)
		rc = pem_twin(file, twin, err);
	if (rc == PKI_OK)
		rc = put(ca, file, der, err);
	if (rc == PKI_OK)
		rc = put(ca, twin, pki_buf_bytes(pem), err);
	return rc;
}

pki_code
pki_public_read_crl(pki_ca *ca, const pki_authority *authority, pki_crl **out,
    pki_err *err)
{
	PKI_AUTO(pki_buf) text = NULL;
	PKI_AUTO(pki_crl) crl = NULL;
	char file[PKI_PATH_MAX], path[PKI_PATH_MAX];
	pki_code rc;

	rc = pki_crl_file(authority, PKI_SCOPE_COMPLETE, file, err);
	if (rc == PKI_OK)
		rc = pki_ca_path(ca, path, err, "public/%s", file);
	if (rc == PKI_OK)
		rc = pki_file_read(path, PKI_PUBLISHED_MAX, PKI_FILE_OURS,
		    &text, err);
	if (rc != PKI_OK)
		return rc;
	rc = pki_crl_parse(pki_buf_bytes(text), PKI_PUBLISHED_MAX, &crl, err);
	if (rc == PKI_OK)
		rc = pki_crl_check_issuer(crl, authority->cert, err);
	if (rc != PKI_OK)
		return pki_wrap(err, rc == PKI_NO_MEMORY ? rc : PKI_DAMAGED,
		    "%s", path);
	*out = PKI_TAKE(crl);
	return PKI_OK;
}

pki_code
pki_public_lists(pki_ca *ca, const pki_authority *authority,
    const pki_serial *serial, bool *out, pki_err *err)
{
	PKI_AUTO(pki_crl) crl = NULL;
	pki_code rc = pki_public_read_crl(ca, authority, &crl, err);

	*out = rc == PKI_OK && pki_crl_find(crl, serial) != NULL;
	return rc == PKI_NOT_FOUND ? PKI_OK : rc;
}

/* Append the PEM twin of one CRL; one not published yet is left out. */
static pki_code
add_twin(pki_ca *ca, const pki_authority *authority, int64_t scope,
    pki_file_new *out, pki_err *err)
{
	char file[PKI_PATH_MAX];
	pki_crl_place place;
	pki_code rc;

	rc = pki_crl_file(authority, scope, file, err);
	if (rc == PKI_OK)
		rc = pki_public_place(ca, file, &place, err);
	if (rc == PKI_OK)
		rc = pki_file_write_from(out, place.twin, err);
	return rc == PKI_NOT_FOUND ? PKI_OK : rc;
}

/*
 * All CRLs of one CA that a broker may be given together: partitions and the
 * complete list of one CA never mix, since the latter would speak for leaves
 * of an absent partition.
 */
static pki_code
add_crls(pki_ca *ca, const pki_authority *authority, pki_file_new *out,
    pki_err *err)
{
	int64_t scope, last = -1;
	pki_code rc = PKI_OK;

	if (authority->crl_form == PKI_CRL_FULL)
		return add_twin(ca, authority, PKI_SCOPE_COMPLETE, out, err);
	rc = pki_store_last_partition(ca->store, authority->id, &last, err);
	for (scope = 0; rc == PKI_OK && scope <= last; scope++)
		rc = add_twin(ca, authority, scope, out, err);
	return rc;
}

static pki_code
put_chain(pki_ca *ca, const pki_authority *authority, pki_err *err)
{
	PKI_AUTO(pki_file_new) chain = NULL;
	char path[PKI_PATH_MAX];
	pki_authority *parent;
	pki_code rc;

	rc = pki_authority_get(ca, authority->parent, &parent, err);
	if (rc == PKI_OK)
		rc = pki_ca_path(ca, path, err, "public/crl/%s/chain.pem",
		    authority->name);
	if (rc == PKI_OK)
		rc = pki_file_begin(path, PUBLIC_MODE, PKI_FILE_REPLACE,
		    &chain, err);
	if (rc == PKI_OK)
		rc = add_crls(ca, authority, chain, err);
	if (rc == PKI_OK && parent != authority)
		rc = add_crls(ca, parent, chain, err);
	return rc == PKI_OK ? pki_file_commit(chain, err) : rc;
}

struct below {
	pki_ca              *ca;
	const pki_authority *authority;
};

/* Under the lock of the CA below, whose publisher writes the same file. */
static pki_code
lock_and_put_chain(pki_ca *ca, const pki_authority *authority, pki_err *err)
{
	PKI_AUTO(pki_lock) lock = NULL;
	char path[PKI_PATH_MAX];
	pki_code rc;

	rc = pki_ca_path(ca, path, err, "public/%s.lock", authority->name);
	if (rc == PKI_OK)
		rc = pki_lock_open(path, &lock, err);
	if (rc == PKI_OK)
		rc = pki_lock_take(lock, PKI_PUBLISH_WAIT_MS, err);
	if (rc != PKI_OK)
		return rc;
	rc = put_chain(ca, authority, err);
	pki_lock_drop(lock);
	return rc;
}

static pki_code
put_chain_of(const pki_ca_row *row, void *arg, pki_err *err)
{
	const struct below *below = arg;
	pki_authority *authority;
	pki_code rc;

	if (strcmp(row->name, below->authority->name) != 0 &&
	    strcmp(row->parent, below->authority->name) != 0)
		return PKI_OK;
	rc = pki_authority_get(below->ca, row->name, &authority, err);
	if (rc == PKI_OK && authority == below->authority)
		return put_chain(below->ca, authority, err);
	return rc == PKI_OK ? lock_and_put_chain(below->ca, authority, err) :
	    rc;
}

pki_code
pki_public_put_chains(pki_ca *ca, const pki_authority *authority,
    pki_err *err)
{
	struct below below = { ca, authority };

	return pki_store_each_ca(ca->store, put_chain_of, &below, err);
}
