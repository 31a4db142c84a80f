#include "ca/crl-draft.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/relay.h"
#include "ca/sign.h"
#include "x509/der.h"
#include "x509/digest.h"
#include "x509/pem.h"

#define PUBLIC_MODE 0644
#define BLOCK 65536

struct pki_crl_draft {
	const pki_authority *authority;
	pki_file_new        *der, *pem;
	pki_relay           *entries;   /* to der, until the list ends */
	pki_crl_writer      *writer;
	pki_crl_reader      *reader;
	size_t               list_at;   /* where the entries begin */
};

void
pki_crl_draft_free(pki_crl_draft *draft)
{
	if (draft == NULL)
		return;
	pki_crl_reader_free(draft->reader);
	pki_crl_writer_free(draft->writer);
	pki_relay_free(draft->entries);
	pki_file_new_free(draft->der);
	pki_file_new_free(draft->pem);
	free(draft);
}

/* A pki_sink, for entries and for PEM. */
static pki_code
put_file(void *arg, pki_bytes bytes, pki_err *err)
{
	return pki_file_write(arg, bytes, err);
}

/* What stands before the entries, but for the header of the whole. */
static pki_code
make_start(pki_crl_draft *draft, uint64_t octets, pki_buf **out, pki_err *err)
{
	PKI_AUTO(pki_buf) start = pki_buf_new();
	pki_code rc = pki_buf_check(start, err);

	if (rc == PKI_OK)
		rc = pki_crl_add_start(draft->writer, octets, start, err);
	if (rc == PKI_OK)
		*out = PKI_TAKE(start);
	return rc;
}

/*
 * The octets of the header of the whole.  It states the length of a signature
 * that may not be made yet, and an ECDSA signature varies by some octets.
 */
static size_t
outer_octets(const pki_crl_draft *draft, uint64_t tbs, size_t signature)
{
	const pki_sigalg *algorithm =
	    pki_signer_algorithm(draft->authority->signer);
	uint64_t content = tbs + algorithm->identifier.len +
	    pki_der_size(1 + signature);

	return pki_der_size(content) - content;
}

static size_t
longest_signature(const pki_crl_draft *draft)
{
	return pki_pubkey_signature_max(
	    pki_signer_key(draft->authority->signer));
}

/* The octets of the TBSCertList that begins so. */
static uint64_t
tbs_octets(const pki_crl_draft *draft, const pki_buf *start, uint64_t entries)
{
	return start->len + entries + pki_crl_tail(draft->writer).len;
}

/* Leave room for what can be said when all entries are there. */
static pki_code
leave_gap(pki_crl_draft *draft, uint64_t likely, pki_err *err)
{
	PKI_AUTO(pki_buf) start = NULL;
	static const uint8_t nothing[16];
	pki_code rc = make_start(draft, likely, &start, err);

	if (rc != PKI_OK)
		return rc;
	draft->list_at = start->len + outer_octets(draft,
	    tbs_octets(draft, start, likely), longest_signature(draft));
	rc = pki_file_write(draft->der, pki_bytes_of(nothing,
	    draft->list_at - start->len), err);
	return rc == PKI_OK ? pki_file_write(draft->der, pki_buf_bytes(start),
	    err) : rc;
}

pki_code
pki_crl_draft_begin(const pki_crl_place *place, const pki_authority *authority,
    const pki_crl_fields *fields, uint64_t likely, pki_crl_draft **out,
    pki_err *err)
{
	PKI_AUTO(pki_crl_draft) draft = calloc(1, sizeof(*draft));
	pki_sink sink = { .put = put_file };
	pki_code rc;

	if (draft == NULL)
		return pki_fail_memory(err);
	draft->authority = authority;
	rc = pki_file_begin(place->path, PUBLIC_MODE, PKI_FILE_REPLACE,
	    &draft->der, err);
	if (rc == PKI_OK)
		rc = pki_file_begin(place->twin, PUBLIC_MODE, PKI_FILE_REPLACE,
		    &draft->pem, err);
	sink.arg = draft->der;
	if (rc == PKI_OK)
		rc = pki_relay_begin(&sink, &draft->entries, err);
	if (rc == PKI_OK) {
		sink = pki_relay_sink(draft->entries);
		rc = pki_crl_begin(fields, &sink, &draft->writer, err);
	}
	/* Nothing is on its way yet. */
	if (rc == PKI_OK)
		rc = leave_gap(draft, likely, err);
	if (rc == PKI_OK)
		*out = PKI_TAKE(draft);
	return rc;
}

pki_code
pki_crl_draft_add(pki_crl_draft *draft, const pki_crl_entry *entry,
    pki_err *err)
{
	return pki_crl_add(draft->writer, entry, err);
}

/* The TBSCertList in the file. */
struct place {
	size_t   at;
	uint64_t len;
};

/* End the list, and write what stands before it. */
static pki_code
end_list(pki_crl_draft *draft, struct place *tbs, pki_err *err)
{
	uint64_t entries = pki_crl_entry_octets(draft->writer);
	PKI_AUTO(pki_buf) start = NULL;
	size_t list_at;
	pki_code rc = pki_crl_end(draft->writer, err);

	if (rc == PKI_OK)
		rc = pki_relay_end(draft->entries, err);
	if (rc == PKI_OK)
		rc = pki_file_write(draft->der, pki_crl_tail(draft->writer),
		    err);
	if (rc == PKI_OK)
		rc = make_start(draft, entries, &start, err);
	if (rc != PKI_OK)
		return rc;
	tbs->len = tbs_octets(draft, start, entries);
	tbs->at = outer_octets(draft, tbs->len, longest_signature(draft));
	list_at = tbs->at + start->len;
	rc = pki_file_move(draft->der, (off_t)draft->list_at, (off_t)list_at,
	    err);
	return rc == PKI_OK ? pki_file_patch(draft->der, (off_t)tbs->at,
	    pki_buf_bytes(start), err) : rc;
}

/* By a key that takes its message as a whole. */
static pki_code
sign_map(const pki_crl_draft *draft, int fd, const struct place *tbs,
    pki_buf *out, pki_err *err)
{
	void *map = mmap(NULL, tbs->at + tbs->len, PROT_READ, MAP_PRIVATE, fd,
	    0);
	pki_bytes message;
	pki_code rc;

	if (map == MAP_FAILED)
		return pki_fail_errno(err, "map a CRL");
	message = pki_bytes_of((const uint8_t *)map + tbs->at, tbs->len);
	rc = pki_sign_crl_whole(draft->authority->signer, message, out, err);
	munmap(map, tbs->at + tbs->len);
	return rc;
}

static pki_code
sign_pieces(pki_signing *signing, int fd, const struct place *tbs,
    pki_buf *out, pki_err *err)
{
	uint8_t block[BLOCK];
	uint64_t done = 0;
	pki_code rc = PKI_OK;

	while (rc == PKI_OK && done < tbs->len) {
		uint64_t rest = tbs->len - done;
		ssize_t got = pread(fd, block, rest < BLOCK ? rest : BLOCK,
		    (off_t)(tbs->at + done));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return pki_fail_errno(err, "read a CRL");
		rc = pki_signing_add(signing, pki_bytes_of(block, (size_t)got),
		    err);
		done += (uint64_t)got;
	}
	return rc == PKI_OK ? pki_signing_end(signing, out, err) : rc;
}

static pki_code
make_signature(const pki_crl_draft *draft, const struct place *tbs,
    pki_buf *out, pki_err *err)
{
	PKI_AUTO(pki_signing) signing = NULL;
	int fd = -1;
	pki_code rc;

	pki_file_start_sync(draft->der);
	rc = pki_sign_crl_begin(draft->authority->signer, &signing, err);
	if (rc == PKI_OK)
		rc = pki_file_reopen(draft->der, &fd, err);
	if (rc != PKI_OK)
		return rc;
	rc = signing != NULL ? sign_pieces(signing, fd, tbs, out, err) :
	    sign_map(draft, fd, tbs, out, err);
	close(fd);
	return rc;
}

pki_code
pki_crl_draft_sign(pki_crl_draft *draft, pki_err *err)
{
	const pki_sigalg *algorithm =
	    pki_signer_algorithm(draft->authority->signer);
	PKI_AUTO(pki_buf) signature = pki_buf_new();
	PKI_AUTO(pki_buf) header = pki_buf_new();
	PKI_AUTO(pki_buf) end = pki_buf_new();
	struct place tbs;
	pki_code rc = end_list(draft, &tbs, err);

	if (rc == PKI_OK)
		rc = make_signature(draft, &tbs, signature, err);
	if (rc != PKI_OK)
		return rc;
	pki_buf_add(end, algorithm->identifier);
	pki_der_add_bits(end, pki_buf_bytes(signature));
	pki_der_add_header(header, PKI_DER_SEQUENCE, tbs.len + end->len);
	rc = pki_buf_check(end, err);
	if (rc == PKI_OK)
		rc = pki_buf_check(header, err);
	if (rc == PKI_OK)
		rc = pki_file_write(draft->der, pki_buf_bytes(end), err);
	if (rc == PKI_OK)
		rc = pki_file_move(draft->der, (off_t)tbs.at,
		    (off_t)header->len, err);
	return rc == PKI_OK ? pki_file_patch(draft->der, 0,
	    pki_buf_bytes(header), err) : rc;
}

int64_t
pki_crl_draft_entries(const pki_crl_draft *draft)
{
	return pki_crl_entries(draft->writer);
}

/* Where the octets go that are read back. */
struct copy {
	pki_hashing *hashing;
	pki_sink     pem;       /* aside: it takes as long as all the rest */
};

static pki_code
put_copy(void *arg, pki_bytes bytes, pki_err *err)
{
	struct copy *copy = arg;
	pki_code rc = pki_hashing_add(copy->hashing, bytes, err);

	return rc == PKI_OK ? copy->pem.put(copy->pem.arg, bytes, err) : rc;
}

/* A pki_sink. */
static pki_code
put_pem(void *arg, pki_bytes bytes, pki_err *err)
{
	return pki_pem_put(arg, bytes, err);
}

/* Verify the whole as it is in the file, with a copy in PEM. */
static pki_code
read_back(pki_crl_draft *draft, pki_hashing *hashing, pki_pem_writer *pem,
    pki_err *err)
{
	const pki_sink to_pem = { put_pem, pem };
	PKI_AUTO(pki_relay) relay = NULL;
	struct copy copy = { .hashing = hashing };
	const pki_sink tap = { put_copy, &copy };
	pki_code rc;
	int fd;

	rc = pki_file_reopen(draft->der, &fd, err);
	if (rc == PKI_OK)
		rc = pki_crl_reader_open(fd, &draft->reader, err);
	if (rc == PKI_OK)
		rc = pki_relay_begin(&to_pem, &relay, err);
	if (rc != PKI_OK)
		return rc;
	copy.pem = pki_relay_sink(relay);
	rc = pki_crl_reader_verify(draft->reader, draft->authority->cert, &tap,
	    err);
	return rc == PKI_OK ? pki_relay_end(relay, err) : rc;
}

pki_code
pki_crl_draft_verify(pki_crl_draft *draft, pki_digest *digest, pki_err *err)
{
	const pki_sink pem_sink = { put_file, draft->pem };
	PKI_AUTO(pki_hashing) hashing = NULL;
	PKI_AUTO(pki_pem_writer) pem = NULL;
	pki_code rc;

	rc = pki_hashing_new(&hashing, err);
	if (rc == PKI_OK)
		rc = pki_pem_begin(PKI_PEM_CRL, &pem_sink, &pem, err);
	if (rc == PKI_OK)
		rc = read_back(draft, hashing, pem, err);
	if (rc == PKI_OK)
		rc = pki_pem_end(pem, err);
	pki_file_start_sync(draft->pem);
	if (rc == PKI_OK)
		rc = pki_hashing_end(hashing, digest, err);
	return rc == PKI_OK ? rc : pki_wrap(err, rc, "self-check");
}

pki_crl_reader *
pki_crl_draft_reader(pki_crl_draft *draft)
{
	return draft->reader;
}

pki_code
pki_crl_draft_sync(pki_crl_draft *draft, pki_err *err)
{
	pki_code rc = pki_file_sync(draft->der, err);

	return rc == PKI_OK ? pki_file_sync(draft->pem, err) : rc;
}

pki_code
pki_crl_draft_commit_twin(pki_crl_draft *draft, pki_err *err)
{
	return pki_file_commit(draft->pem, err);
}

pki_code
pki_crl_draft_commit(pki_crl_draft *draft, pki_err *err)
{
	return pki_file_commit(draft->der, err);
}
