#include "ca/public-files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/lock.h"
#include "base/text.h"
#include "x509/crl.h"
#include "x509/pem.h"

#define PUBLIC_MODE 0644
#define BLOCK 65536

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

void
pki_public_sweep(pki_ca *ca, const pki_authority *authority)
{
	char path[PKI_PATH_MAX];
	pki_code rc = pki_ca_path(ca, path, NULL, "public/crl/%s",
	    authority->name);

	if (rc == PKI_OK)
		rc = pki_dir_sweep(path, NULL);
	/* A folder that cannot be swept will not be written either. */
	(void)rc;
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
	return put(ca, file, der, err);
}

pki_code
pki_public_put_twin(pki_ca *ca, const char *file, pki_bytes der, pki_err *err)
{
	PKI_AUTO(pki_buf) pem = pki_buf_new();
	char twin[PKI_PATH_MAX];
	pki_code rc;

	pki_pem_add(pem, PKI_PEM_CRL, der);
	rc = pki_buf_check(pem, err);
	if (rc == PKI_OK)
		rc = pem_twin(file, twin, err);
	return rc == PKI_OK ? put(ca, twin, pki_buf_bytes(pem), err) : rc;
}

static pki_code
read_blocks(int fd, const char *path, const pki_sink *sink, pki_err *err)
{
	uint8_t block[BLOCK];
	ssize_t got;
	pki_code rc = PKI_OK;

	do {
		got = read(fd, block, sizeof(block));
		if (got < 0 && errno != EINTR)
			return pki_fail_errno(err, "read %s", path);
		if (got > 0)
			rc = sink->put(sink->arg,
			    pki_bytes_of(block, (size_t)got), err);
	} while (rc == PKI_OK && got != 0);
	return rc;
}

pki_code
pki_public_stream(pki_ca *ca, const char *file, const pki_sink *sink,
    pki_err *err)
{
	char path[PKI_PATH_MAX];
	pki_code rc = pki_ca_path(ca, path, err, "public/%s", file);
	int fd;

	if (rc != PKI_OK)
		return rc;
	/* Not to wait for who writes, should it be a pipe. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 && errno == ENOENT)
		return pki_fail(err, PKI_NOT_FOUND, "%s does not exist", path);
	if (fd < 0)
		return pki_fail_errno(err, "open %s", path);
	rc = read_blocks(fd, path, sink, err);
	close(fd);
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

/* A chain.pem being written. */
struct chain {
	pki_ca              *ca;
	const pki_authority *publisher; /* its twins count, not its DER files */
	pki_file_new        *out;
};

/* Two pki_sinks: octets of PEM to the chain, and of DER to become PEM. */
static pki_code
put_pem(void *arg, pki_bytes bytes, pki_err *err)
{
	return pki_file_write(arg, bytes, err);
}

static pki_code
put_der(void *arg, pki_bytes bytes, pki_err *err)
{
	return pki_pem_put(arg, bytes, err);
}

static pki_code
add_der(const struct chain *chain, const char *file, pki_err *err)
{
	const pki_sink to_chain = { put_pem, chain->out };
	PKI_AUTO(pki_pem_writer) pem = NULL;
	pki_sink to_pem = { .put = put_der };
	pki_code rc = pki_pem_begin(PKI_PEM_CRL, &to_chain, &pem, err);

	to_pem.arg = pem;
	if (rc == PKI_OK)
		rc = pki_public_stream(chain->ca, file, &to_pem, err);
	return rc == PKI_OK ? pki_pem_end(pem, err) : rc;
}

/* Append one CRL; one not published yet is left out. */
static pki_code
add_crl(const struct chain *chain, const pki_authority *authority,
    int64_t scope, pki_err *err)
{
	char file[PKI_PATH_MAX];
	pki_crl_place place;
	pki_code rc;

	rc = pki_crl_file(authority, scope, file, err);
	if (rc == PKI_OK)
		rc = pki_public_place(chain->ca, file, &place, err);
	if (rc == PKI_OK)
		rc = authority == chain->publisher ?
		    pki_file_write_from(chain->out, place.twin, err) :
		    add_der(chain, file, err);
	return rc == PKI_NOT_FOUND ? PKI_OK : rc;
}

/*
 * All CRLs of one CA that a broker may be given together: partitions and the
 * complete list of one CA never mix, since the latter would speak for leaves
 * of an absent partition.
 */
static pki_code
add_crls(const struct chain *chain, const pki_authority *authority,
    pki_err *err)
{
	int64_t scope, last = -1;
	pki_code rc = PKI_OK;

	if (authority->crl_form == PKI_CRL_FULL)
		return add_crl(chain, authority, PKI_SCOPE_COMPLETE, err);
	rc = pki_store_last_partition(chain->ca->store, authority->id, &last,
	    err);
	for (scope = 0; rc == PKI_OK && scope <= last; scope++)
		rc = add_crl(chain, authority, scope, err);
	return rc;
}

static pki_code
put_chain(pki_ca *ca, const pki_authority *authority,
    const pki_authority *publisher, pki_err *err)
{
	PKI_AUTO(pki_file_new) file = NULL;
	struct chain chain = { .ca = ca, .publisher = publisher };
	char path[PKI_PATH_MAX];
	pki_authority *parent;
	pki_code rc;

	rc = pki_authority_get(ca, authority->parent, &parent, err);
	if (rc == PKI_OK)
		rc = pki_ca_path(ca, path, err, "public/crl/%s/chain.pem",
		    authority->name);
	if (rc == PKI_OK)
		rc = pki_file_begin(path, PUBLIC_MODE, PKI_FILE_REPLACE,
		    &file, err);
	chain.out = file;
	if (rc == PKI_OK)
		rc = add_crls(&chain, authority, err);
	if (rc == PKI_OK && parent != authority)
		rc = add_crls(&chain, parent, err);
	return rc == PKI_OK ? pki_file_commit(file, err) : rc;
}

struct below {
	pki_ca              *ca;
	const pki_authority *authority;
};

/* Under the lock of the CA below, whose publisher writes the same file. */
static pki_code
lock_and_put_chain(pki_ca *ca, const pki_authority *authority,
    const pki_authority *publisher, pki_err *err)
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
	rc = put_chain(ca, authority, publisher, err);
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
		return put_chain(below->ca, authority, authority, err);
	return rc == PKI_OK ? lock_and_put_chain(below->ca, authority,
	    below->authority, err) : rc;
}

pki_code
pki_public_put_chains(pki_ca *ca, const pki_authority *authority,
    pki_err *err)
{
	struct below below = { ca, authority };

	return pki_store_each_ca(ca->store, put_chain_of, &below, err);
}
