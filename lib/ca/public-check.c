#include "ca/public-check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/lock.h"
#include "base/text.h"
#include "ca/due.h"
#include "ca/public-files.h"
#include "x509/digest.h"
#include "x509/pem.h"

/* A file that should hold just what is put into it. */
struct expected {
	int  fd;                /* -1: there is none */
	bool same;
};

static void
open_expected(struct expected *file, const char *path)
{
	file->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	file->same = file->fd >= 0;
}

static ssize_t
read_some(int fd, uint8_t *out, size_t len)
{
	ssize_t got;

	do {
		got = read(fd, out, len);
	} while (got < 0 && errno == EINTR);
	return got;
}

static void
expect(struct expected *file, pki_bytes bytes)
{
	uint8_t block[4096];
	size_t done = 0;

	while (file->same && done < bytes.len) {
		size_t rest = bytes.len - done;
		ssize_t got = read_some(file->fd, block,
		    rest < sizeof(block) ? rest : sizeof(block));

		file->same = got > 0 &&
		    memcmp(block, bytes.data + done, (size_t)got) == 0;
		done += got > 0 ? (size_t)got : 0;
	}
}

/* Is it the same, up to its end? */
static bool
close_expected(struct expected *file)
{
	uint8_t one;

	file->same = file->same && read_some(file->fd, &one, 1) == 0;
	if (file->fd >= 0)
		close(file->fd);
	return file->same;
}

/* One CA's files; each CRL passes once. */
struct check {
	pki_ca              *ca;
	const pki_authority *authority;
	pki_public_state    *out;
	struct expected      chain;
};

static void
note_behind(const struct check *check, const char *file)
{
	if (check->out->behind++ == 0)
		snprintf(check->out->file, sizeof(check->out->file), "%s",
		    file);
}

/* Where the octets of one CRL go. */
struct pass {
	pki_hashing     *hashing;
	pki_pem_writer  *pem;
	struct expected *twin, *chain;          /* or NULL */
};

static pki_code
pass_pem(void *arg, pki_bytes bytes, pki_err *err)
{
	struct pass *pass = arg;

	(void)err;
	if (pass->twin != NULL)
		expect(pass->twin, bytes);
	if (pass->chain != NULL)
		expect(pass->chain, bytes);
	return PKI_OK;
}

static pki_code
pass_der(void *arg, pki_bytes bytes, pki_err *err)
{
	struct pass *pass = arg;
	pki_code rc = pki_hashing_add(pass->hashing, bytes, err);

	return rc == PKI_OK ? pki_pem_put(pass->pem, bytes, err) : rc;
}

static pki_code
pass_file(const struct check *check, const char *file, struct pass *pass,
    pki_digest *out, pki_err *err)
{
	PKI_AUTO(pki_hashing) hashing = NULL;
	PKI_AUTO(pki_pem_writer) pem = NULL;
	const pki_sink to_pem = { pass_pem, pass };
	const pki_sink to_both = { pass_der, pass };
	pki_code rc = pki_hashing_new(&hashing, err);

	if (rc == PKI_OK)
		rc = pki_pem_begin(PKI_PEM_CRL, &to_pem, &pem, err);
	pass->hashing = hashing;
	pass->pem = pem;
	if (rc == PKI_OK)
		rc = pki_public_stream(check->ca, file, &to_both, err);
	if (rc == PKI_OK)
		rc = pki_pem_end(pem, err);
	return rc == PKI_OK ? pki_hashing_end(hashing, out, err) : rc;
}

/* A broker's chain holds partitions, or else the complete list. */
static bool
is_for_chain(const pki_authority *authority, int64_t scope)
{
	return (authority->crl_form == PKI_CRL_FULL) ==
	    (scope == PKI_SCOPE_COMPLETE);
}

static pki_code
check_own(struct check *check, int64_t scope, pki_err *err)
{
	struct expected twin;
	struct pass pass = { .twin = &twin };
	char file[PKI_PATH_MAX];
	pki_crl_place place;
	pki_digest digest;
	pki_crl_row row;
	pki_code rc, recorded;

	if (is_for_chain(check->authority, scope))
		pass.chain = &check->chain;
	recorded = pki_store_get_crl(check->ca->store, check->authority->id,
	    scope, &row, err);
	if (recorded != PKI_OK && recorded != PKI_NOT_FOUND)
		return recorded;
	rc = pki_crl_file(check->authority, scope, file, err);
	if (rc == PKI_OK)
		rc = pki_public_place(check->ca, file, &place, err);
	if (rc != PKI_OK)
		return rc;
	open_expected(&twin, place.twin);
	rc = pass_file(check, file, &pass, &digest, err);
	if (!close_expected(&twin) && rc == PKI_OK)
		note_behind(check, place.twin + strlen(check->ca->state_dir) +
		    sizeof("/public"));
	if (rc == PKI_NOT_FOUND || (rc == PKI_OK && (recorded != PKI_OK ||
	    !pki_digest_equal(&digest, &row.digest))))
		note_behind(check, file);
	return rc == PKI_NOT_FOUND ? PKI_OK : rc;
}

/* Of the CA above only what its chain says of it counts here. */
static pki_code
check_parent(struct check *check, const pki_authority *parent, int64_t scope,
    pki_err *err)
{
	struct pass pass = { .chain = &check->chain };
	char file[PKI_PATH_MAX];
	pki_digest digest;
	pki_code rc;

	if (!is_for_chain(parent, scope))
		return PKI_OK;
	rc = pki_crl_file(parent, scope, file, err);
	if (rc == PKI_OK)
		rc = pass_file(check, file, &pass, &digest, err);
	return rc == PKI_NOT_FOUND ? PKI_OK : rc;
}

static pki_code
find_last(pki_ca *ca, const pki_authority *authority, int64_t *out,
    pki_err *err)
{
	*out = -1;
	return authority->crl_form == PKI_CRL_FULL ? PKI_OK :
	    pki_store_last_partition(ca->store, authority->id, out, err);
}

static pki_code
check_crls(struct check *check, pki_err *err)
{
	pki_authority *parent;
	int64_t scope, last;
	pki_code rc;

	rc = find_last(check->ca, check->authority, &last, err);
	for (scope = PKI_SCOPE_COMPLETE; rc == PKI_OK && scope <= last; scope++)
		rc = check_own(check, scope, err);
	if (rc == PKI_OK)
		rc = pki_authority_get(check->ca, check->authority->parent,
		    &parent, err);
	if (rc != PKI_OK || parent == check->authority)
		return rc;
	rc = find_last(check->ca, parent, &last, err);
	for (scope = PKI_SCOPE_COMPLETE; rc == PKI_OK && scope <= last; scope++)
		rc = check_parent(check, parent, scope, err);
	return rc;
}

pki_code
pki_public_check_locked(pki_ca *ca, const pki_authority *authority,
    pki_public_state *out, pki_err *err)
{
	struct check check = { .ca = ca, .authority = authority, .out = out };
	char file[PKI_PATH_MAX], path[PKI_PATH_MAX];
	pki_code rc;

	*out = (pki_public_state){ .behind = 0 };
	rc = pki_text_format(file, sizeof(file), err, "crl/%s/chain.pem",
	    authority->name);
	if (rc == PKI_OK)
		rc = pki_ca_path(ca, path, err, "public/%s", file);
	if (rc != PKI_OK)
		return rc;
	open_expected(&check.chain, path);
	rc = check_crls(&check, err);
	if (!close_expected(&check.chain) && rc == PKI_OK)
		note_behind(&check, file);
	return rc;
}

static pki_code
take_lock(pki_ca *ca, const pki_authority *authority, pki_lock **out,
    pki_err *err)
{
	PKI_AUTO(pki_lock) lock = NULL;
	char path[PKI_PATH_MAX];
	pki_code rc = pki_ca_path(ca, path, err, "public/%s.lock",
	    authority->name);

	if (rc == PKI_OK)
		rc = pki_lock_open(path, &lock, err);
	if (rc == PKI_OK)
		rc = pki_lock_take(lock, PKI_PUBLISH_WAIT_MS, err);
	if (rc == PKI_OK)
		*out = PKI_TAKE(lock);
	return rc;
}

pki_code
pki_public_check(pki_ca *ca, const pki_authority *authority,
    pki_public_state *out, pki_err *err)
{
	PKI_AUTO(pki_lock) lock = NULL;
	pki_code rc = pki_public_check_locked(ca, authority, out, err);

	if (rc != PKI_OK || out->behind == 0 ||
	    take_lock(ca, authority, &lock, NULL) != PKI_OK)
		return rc;
	rc = pki_public_check_locked(ca, authority, out, err);
	pki_lock_drop(lock);
	return rc;
}

static pki_code
repair_twin(pki_ca *ca, const pki_authority *authority, int64_t scope,
    pki_err *err)
{
	PKI_AUTO(pki_buf) der = NULL;
	char file[PKI_PATH_MAX], path[PKI_PATH_MAX];
	pki_code rc = pki_crl_file(authority, scope, file, err);

	if (rc == PKI_OK)
		rc = pki_ca_path(ca, path, err, "public/%s", file);
	if (rc == PKI_OK)
		rc = pki_file_read(path, PKI_PUBLISHED_MAX, PKI_FILE_OURS,
		    &der, err);
	if (rc == PKI_OK)
		rc = pki_public_put_twin(ca, file, pki_buf_bytes(der), err);
	return rc == PKI_NOT_FOUND ? PKI_OK : rc;
}

static pki_code
repair(pki_ca *ca, const pki_authority *authority, pki_err *err)
{
	int64_t scope, last;
	pki_code rc = find_last(ca, authority, &last, err);

	for (scope = PKI_SCOPE_COMPLETE; rc == PKI_OK && scope <= last; scope++)
		rc = repair_twin(ca, authority, scope, err);
	return rc == PKI_OK ? pki_public_put_chains(ca, authority, err) : rc;
}

pki_code
pki_public_repair(pki_ca *ca, const pki_authority *authority, pki_err *err)
{
	PKI_AUTO(pki_lock) lock = NULL;
	pki_public_state state;
	pki_code rc = pki_public_check_locked(ca, authority, &state, err);

	if (rc != PKI_OK || state.behind == 0)
		return rc;
	rc = take_lock(ca, authority, &lock, err);
	if (rc != PKI_OK)
		return rc;
	rc = repair(ca, authority, err);
	pki_lock_drop(lock);
	return rc;
}

pki_code
pki_ca_crl_repair(pki_ca *ca, const char *name, pki_err *err)
{
	pki_authority *authority;
	pki_code rc = pki_authority_get(ca, name, &authority, err);

	if (rc == PKI_OK)
		rc = pki_public_repair(ca, authority, err);
	return rc == PKI_OK ? PKI_OK :
	    pki_wrap(err, rc, "published files of '%s'", name);
}
