#include "ca/crl-list.h"

#include <errno.h>
#include <fcntl.h>

#include "ca/public-files.h"
#include "x509/digest.h"

void
pki_crl_list_of_reader(pki_crl_list *list, pki_crl_reader *reader)
{
	*list = (pki_crl_list){
		.number = pki_crl_reader_number(reader),
		.this_update = pki_crl_reader_this_update(reader),
		.next_update = pki_crl_reader_next_update(reader),
		.reader = reader,
	};
	pki_crl_reader_rewind(reader);
}

void
pki_crl_list_of_crl(pki_crl_list *list, const pki_crl *crl)
{
	*list = (pki_crl_list){
		.number = pki_crl_number(crl),
		.this_update = pki_crl_this_update(crl),
		.next_update = pki_crl_next_update(crl),
		.crl = crl,
	};
}

void
pki_crl_list_clear(pki_crl_list *list)
{
	pki_crl_reader_free(list->own_reader);
	pki_crl_free(list->own_crl);
	*list = (pki_crl_list){ 0 };
}

void
pki_crl_list_rewind(pki_crl_list *list)
{
	list->next = 0;
	if (list->reader != NULL)
		pki_crl_reader_rewind(list->reader);
}

int64_t
pki_crl_list_expiry(const pki_crl_list *list, int64_t now)
{
	return list->this_update < now ? list->this_update : now;
}

uint64_t
pki_crl_list_octets(const pki_crl_list *list)
{
	return list->reader == NULL ? 0 :
	    pki_crl_reader_entry_octets(list->reader);
}

pki_code
pki_crl_list_skip_same(pki_crl_list *a, pki_crl_list *b, pki_err *err)
{
	if (a->reader == NULL || b->reader == NULL)
		return PKI_OK;
	return pki_crl_reader_skip_same(a->reader, b->reader, err);
}

pki_code
pki_crl_list_next(pki_crl_list *list, pki_crl_entry *out, bool *more,
    pki_err *err)
{
	if (list->reader != NULL)
		return pki_crl_reader_next(list->reader, out, more, err);
	*more = list->next < pki_crl_count(list->crl);
	if (*more)
		*out = *pki_crl_at(list->crl, list->next++);
	return PKI_OK;
}

/* Every entry can be read, so that no later walk finds out that it cannot. */
static pki_code
walk(pki_crl_reader *reader, pki_err *err)
{
	pki_crl_entry entry;
	bool more = true;
	pki_code rc = PKI_OK;

	while (rc == PKI_OK && more)
		rc = pki_crl_reader_next(reader, &entry, &more, err);
	return rc;
}

/* A pki_sink. */
static pki_code
put_hash(void *arg, pki_bytes bytes, pki_err *err)
{
	return pki_hashing_add(arg, bytes, err);
}

/* All of it, verified by its issuer; NULL: only read. */
static pki_code
hash(pki_crl_reader *reader, const pki_cert *issuer, pki_digest *out,
    pki_err *err)
{
	PKI_AUTO(pki_hashing) hashing = NULL;
	pki_sink tap = { .put = put_hash };
	pki_code rc = pki_hashing_new(&hashing, err);

	tap.arg = hashing;
	if (rc == PKI_OK)
		rc = issuer == NULL ? pki_crl_reader_copy(reader, &tap, err) :
		    pki_crl_reader_verify(reader, issuer, &tap, err);
	return rc == PKI_OK ? pki_hashing_end(hashing, out, err) : rc;
}

static pki_code
verify(pki_crl_reader *reader, const pki_crl_origin *origin,
    pki_digest *digest, pki_err *err)
{
	pki_code rc;

	if (origin->recorded == NULL)
		return hash(reader, origin->issuer, digest, err);
	rc = hash(reader, NULL, digest, err);
	/* What is on record was verified before it came there. */
	if (rc != PKI_OK || pki_digest_equal(origin->recorded, digest))
		return rc;
	return pki_crl_reader_verify(reader, origin->issuer, NULL, err);
}

static pki_code
open_reader(const char *path, const pki_crl_origin *origin,
    pki_crl_reader **out, pki_digest *digest, pki_err *err)
{
	PKI_AUTO(pki_crl_reader) reader = NULL;
	pki_code rc;
	int fd;

	/* Not to wait for who writes, should it be a pipe. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 && errno == ENOENT)
		return pki_fail(err, PKI_NOT_FOUND, "%s does not exist", path);
	if (fd < 0)
		return pki_fail_errno(err, "open %s", path);
	rc = pki_crl_reader_open(fd, &reader, err);
	if (rc == PKI_OK)
		rc = verify(reader, origin, digest, err);
	if (rc == PKI_OK)
		*out = PKI_TAKE(reader);
	return rc;
}

static pki_code
parse_whole(const char *path, const pki_cert *issuer, pki_crl **out,
    pki_err *err)
{
	PKI_AUTO(pki_buf) text = NULL;
	PKI_AUTO(pki_crl) crl = NULL;
	pki_code rc = pki_file_read(path, PKI_PUBLISHED_MAX, PKI_FILE_ANY,
	    &text, err);

	if (rc == PKI_OK)
		rc = pki_crl_parse(pki_buf_bytes(text), PKI_PUBLISHED_MAX,
		    &crl, err);
	if (rc == PKI_OK)
		rc = pki_crl_check_issuer(crl, issuer, err);
	if (rc == PKI_OK)
		*out = PKI_TAKE(crl);
	return rc;
}

static void
own_reader(pki_crl_list *list, pki_crl_reader *reader,
    const pki_digest *digest)
{
	pki_crl_list_of_reader(list, reader);
	list->own_reader = reader;
	list->digest = *digest;
}

static pki_code
fail_damaged(pki_code rc, const char *path, pki_err *err)
{
	if (rc == PKI_BAD_INPUT || rc == PKI_DENIED)
		return pki_wrap(err, PKI_DAMAGED, "%s", path);
	return rc;
}

pki_code
pki_crl_list_open_unread(pki_crl_list *list, const char *path,
    const pki_crl_origin *origin, pki_err *err)
{
	pki_crl_reader *reader;
	pki_digest digest;
	pki_code rc = open_reader(path, origin, &reader, &digest, err);

	if (rc == PKI_OK)
		own_reader(list, reader, &digest);
	return fail_damaged(rc, path, err);
}

pki_code
pki_crl_list_open(pki_crl_list *list, const char *path,
    const pki_crl_origin *origin, pki_err *err)
{
	PKI_AUTO(pki_crl_reader) reader = NULL;
	PKI_AUTO(pki_crl) crl = NULL;
	pki_digest digest;
	pki_code rc = open_reader(path, origin, &reader, &digest, err);

	if (rc == PKI_OK)
		rc = walk(reader, err);
	if (rc == PKI_OK) {
		own_reader(list, PKI_TAKE(reader), &digest);
		return PKI_OK;
	}
	/* Signed by it, but in another order? */
	if (rc == PKI_BAD_INPUT)
		rc = parse_whole(path, origin->issuer, &crl, err);
	if (rc != PKI_OK)
		return fail_damaged(rc, path, err);
	rc = pki_digest_of(pki_crl_der(crl), &digest, err);
	if (rc != PKI_OK)
		return rc;
	pki_crl_list_of_crl(list, crl);
	list->own_crl = PKI_TAKE(crl);
	list->digest = digest;
	return PKI_OK;
}
