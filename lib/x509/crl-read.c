#include "x509/crl-read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "x509/crl-parts.h"
#include "x509/der.h"

/* What stands before, behind or between the entries is no longer than this. */
#define PART_MAX 16384
#define WINDOW 65536

struct pki_crl_reader {
	int        fd;
	uint64_t   size;
	pki_crl    crl;                 /* without entries */
	pki_buf   *head, *tail, *end;   /* which it borrows from */
	uint64_t   tbs_at, tbs_end;
	uint64_t   list_at, list_end;   /* the entries; equal: none */

	uint64_t   window_at;           /* of what is read ahead */
	size_t     window_len, next;    /* next: within the window */
	pki_serial last;
	int64_t    count;
	uint8_t    window[WINDOW];
};

void
pki_crl_reader_free(pki_crl_reader *reader)
{
	if (reader == NULL)
		return;
	close(reader->fd);
	pki_name_free(reader->crl.issuer);
	free(reader->crl.idp_url);
	pki_buf_free(reader->head);
	pki_buf_free(reader->tail);
	pki_buf_free(reader->end);
	free(reader);
}

int64_t
pki_crl_reader_this_update(const pki_crl_reader *reader)
{
	return reader->crl.this_update;
}

int64_t
pki_crl_reader_next_update(const pki_crl_reader *reader)
{
	return reader->crl.next_update;
}

int64_t
pki_crl_reader_number(const pki_crl_reader *reader)
{
	return reader->crl.number;
}

uint64_t
pki_crl_reader_entry_octets(const pki_crl_reader *reader)
{
	return reader->list_end - reader->list_at;
}

/* All of len octets at this place; a file that shrank is refused. */
static pki_code
read_at(const pki_crl_reader *reader, uint64_t at, uint8_t *out, size_t len,
    pki_err *err)
{
	while (len > 0) {
		ssize_t got = pread(reader->fd, out, len, (off_t)at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return pki_fail_errno(err, "read a CRL");
		if (got == 0)
			return pki_refuse(err, PKI_BAD_INPUT, "der",
			    "a whole CRL", "a file that was cut");
		out += got;
		at += (uint64_t)got;
		len -= (size_t)got;
	}
	return PKI_OK;
}

/* The octets from at to end, in a buffer of their own. */
static pki_code
read_part(const pki_crl_reader *reader, uint64_t at, uint64_t end,
    pki_buf **out, pki_err *err)
{
	PKI_AUTO(pki_buf) part = pki_buf_new();
	uint8_t *room;
	pki_code rc;

	if (end - at > PART_MAX)
		return pki_refuse(err, PKI_BAD_INPUT, "crl",
		    "less beside the entries", "%llu octets of one part",
		    (unsigned long long)(end - at));
	room = part == NULL ? NULL : pki_buf_reserve(part, (size_t)(end - at));
	if (room == NULL)
		return pki_fail_memory(err);
	rc = read_at(reader, at, room, (size_t)(end - at), err);
	if (rc != PKI_OK)
		return rc;
	part->len = (size_t)(end - at);
	*out = PKI_TAKE(part);
	return PKI_OK;
}

/* Where der stands in the file, when its octets are those up to end. */
static uint64_t
position(const pki_der *der, uint64_t end)
{
	return end - der->rest.len;
}

/* SEQUENCE { tbs, the rest }: find where tbs begins and ends. */
static pki_code
read_frame(pki_crl_reader *reader, pki_der *der, pki_err *err)
{
	uint64_t end = der->rest.len;
	size_t len;
	pki_code rc = pki_der_read_header(der, PKI_DER_SEQUENCE, &len, err);

	if (rc == PKI_OK && position(der, end) + len != reader->size)
		return pki_refuse(err, PKI_BAD_INPUT, "der",
		    "one DER element and no more",
		    "a file cut short, or with more behind it");
	reader->tbs_at = position(der, end);
	if (rc == PKI_OK)
		rc = pki_der_read_header(der, PKI_DER_SEQUENCE, &len, err);
	if (rc != PKI_OK)
		return rc;
	reader->tbs_end = position(der, end) + len;
	if (reader->tbs_end > reader->size)
		return pki_refuse(err, PKI_BAD_INPUT, "der", "strict DER",
		    PKI_CRL_WHAT ": truncated");
	return PKI_OK;
}

static pki_code
read_end(pki_crl_reader *reader, pki_err *err)
{
	pki_signed *frame = &reader->crl.frame;
	pki_code rc = read_part(reader, reader->tbs_end, reader->size,
	    &reader->end, err);
	pki_der der;

	if (rc != PKI_OK)
		return rc;
	der = pki_der_from(pki_buf_bytes(reader->end), PKI_CRL_WHAT);
	rc = pki_der_read_any(&der, NULL, NULL, &frame->algorithm, err);
	/* Nobody else takes it apart; the inner one is the same octets. */
	if (rc == PKI_OK)
		rc = pki_der_check(frame->algorithm, PKI_CRL_WHAT, err);
	if (rc == PKI_OK)
		rc = pki_der_read_bits(&der, &frame->signature, err);
	if (rc == PKI_OK)
		rc = pki_der_finish(&der, err);
	return rc;
}

/* revokedCertificates, if it is there: only where it begins and ends. */
static pki_code
find_list(pki_crl_reader *reader, pki_der *der, uint64_t end, pki_err *err)
{
	size_t len = 0;
	pki_code rc = PKI_OK;

	if (pki_der_next_is(der, PKI_DER_SEQUENCE)) {
		rc = pki_der_read_header(der, PKI_DER_SEQUENCE, &len, err);
		/* RFC 5280, 5.1.2.6. */
		if (rc == PKI_OK && len == 0)
			return pki_refuse(err, PKI_BAD_INPUT, "crl",
			    "no list where nothing is revoked",
			    "an empty list");
	}
	reader->list_at = position(der, end);
	reader->list_end = reader->list_at + len;
	if (rc == PKI_OK && reader->list_end > reader->tbs_end)
		return pki_refuse(err, PKI_BAD_INPUT, "der", "strict DER",
		    PKI_CRL_WHAT ": truncated");
	return rc;
}

static pki_code
read_tail(pki_crl_reader *reader, pki_err *err)
{
	pki_code rc = read_part(reader, reader->list_end, reader->tbs_end,
	    &reader->tail, err);
	pki_der der;

	if (rc != PKI_OK)
		return rc;
	der = pki_der_from(pki_buf_bytes(reader->tail), PKI_CRL_WHAT);
	rc = pki_crl_read_extensions(&reader->crl, &der, err);
	return rc == PKI_OK ? pki_der_finish(&der, err) : rc;
}

static pki_code
read_parts(pki_crl_reader *reader, pki_err *err)
{
	uint64_t end = reader->size < PART_MAX ? reader->size : PART_MAX;
	pki_code rc = read_part(reader, 0, end, &reader->head, err);
	pki_der der;

	if (rc != PKI_OK)
		return rc;
	der = pki_der_from(pki_buf_bytes(reader->head), PKI_CRL_WHAT);
	rc = read_frame(reader, &der, err);
	if (rc == PKI_OK)
		rc = read_end(reader, err);
	/* What belongs to the end is not read as a part of the head. */
	if (rc == PKI_OK && end > reader->tbs_end) {
		der.rest.len -= (size_t)(end - reader->tbs_end);
		end = reader->tbs_end;
	}
	if (rc == PKI_OK)
		rc = pki_crl_read_head(&reader->crl, &der, err);
	if (rc == PKI_OK)
		rc = find_list(reader, &der, end, err);
	return rc == PKI_OK ? read_tail(reader, err) : rc;
}

pki_code
pki_crl_reader_open(int fd, pki_crl_reader **out, pki_err *err)
{
	PKI_AUTO(pki_crl_reader) reader = malloc(sizeof(*reader));
	struct stat st;
	pki_code rc;

	if (reader == NULL) {
		close(fd);
		return pki_fail_memory(err);
	}
	/* The window need not be cleared. */
	memset(reader, 0, offsetof(pki_crl_reader, window));
	reader->fd = fd;
	reader->crl.number = -1;
	if (fstat(fd, &st) != 0)
		return pki_fail_errno(err, "look at a CRL");
	reader->size = (uint64_t)st.st_size;
	rc = read_parts(reader, err);
	if (rc != PKI_OK)
		return pki_wrap(err, rc, PKI_CRL_WHAT);
	pki_crl_reader_rewind(reader);
	*out = PKI_TAKE(reader);
	return PKI_OK;
}

static pki_code
verify_mapped(const pki_crl_reader *reader, const pki_cert *issuer,
    const pki_sigalg *algorithm, pki_err *err)
{
	void *map = mmap(NULL, reader->tbs_end, PROT_READ, MAP_PRIVATE,
	    reader->fd, 0);
	pki_bytes tbs;
	pki_code rc;

	if (map == MAP_FAILED)
		return pki_fail_errno(err, "map a CRL");
	tbs = pki_bytes_of((const uint8_t *)map + reader->tbs_at,
	    reader->tbs_end - reader->tbs_at);
	rc = pki_pubkey_verify(pki_cert_key(issuer), algorithm, tbs,
	    reader->crl.frame.signature, err);
	munmap(map, reader->tbs_end);
	return rc;
}

/* The octets of a block at this place that belong to the TBSCertList. */
static pki_bytes
signed_part(const pki_crl_reader *reader, uint64_t at, pki_bytes block)
{
	uint64_t end = at + block.len;
	uint64_t from = at > reader->tbs_at ? at : reader->tbs_at;
	uint64_t to = end < reader->tbs_end ? end : reader->tbs_end;

	if (from >= to)
		return pki_bytes_of(NULL, 0);
	return pki_bytes_of(block.data + (from - at), to - from);
}

static pki_code
pass_over(pki_crl_reader *reader, pki_verifying *verifying,
    const pki_sink *tap, pki_err *err)
{
	pki_code rc = PKI_OK;
	uint64_t at;

	for (at = 0; rc == PKI_OK && at < reader->size; at += WINDOW) {
		uint64_t len = reader->size - at;
		pki_bytes block, part;

		block = pki_bytes_of(reader->window, len < WINDOW ? len :
		    WINDOW);
		rc = read_at(reader, at, reader->window, block.len, err);
		part = signed_part(reader, at, block);
		if (rc == PKI_OK && verifying != NULL && part.len > 0)
			rc = pki_verifying_add(verifying, part, err);
		if (rc == PKI_OK && tap != NULL)
			rc = tap->put(tap->arg, block, err);
	}
	pki_crl_reader_rewind(reader);
	return rc;
}

pki_code
pki_crl_reader_copy(pki_crl_reader *reader, const pki_sink *tap, pki_err *err)
{
	return pass_over(reader, NULL, tap, err);
}

pki_code
pki_crl_reader_verify(pki_crl_reader *reader, const pki_cert *issuer,
    const pki_sink *tap, pki_err *err)
{
	PKI_AUTO(pki_verifying) verifying = NULL;
	const pki_crl *crl = &reader->crl;
	const pki_sigalg *algorithm;
	pki_code rc;

	rc = pki_signed_check_names(crl->issuer, crl->authority_key_id, issuer,
	    err);
	if (rc == PKI_OK)
		rc = pki_signed_algorithm(&crl->frame, &algorithm, err);
	if (rc != PKI_OK)
		return rc;
	if (!pki_sigalg_streams(algorithm)) {
		rc = verify_mapped(reader, issuer, algorithm, err);
		return rc == PKI_OK && tap != NULL ?
		    pass_over(reader, NULL, tap, err) : rc;
	}
	rc = pki_pubkey_verify_begin(pki_cert_key(issuer), algorithm,
	    &verifying, err);
	if (rc == PKI_OK)
		rc = pass_over(reader, verifying, tap, err);
	if (rc == PKI_OK)
		rc = pki_verifying_end(verifying, crl->frame.signature, err);
	return rc;
}

void
pki_crl_reader_rewind(pki_crl_reader *reader)
{
	reader->window_at = reader->list_at;
	reader->window_len = reader->next = 0;
	reader->last = (pki_serial){ 0 };
	reader->count = 0;
}

/* Read ahead, unless a whole entry is surely there. */
static pki_code
fill(pki_crl_reader *reader, pki_err *err)
{
	uint64_t at = reader->window_at + reader->next;
	uint64_t rest = reader->list_end - at;
	size_t len = rest < WINDOW ? (size_t)rest : WINDOW;

	if (reader->window_len - reader->next >= PART_MAX ||
	    reader->window_at + reader->window_len == reader->list_end)
		return PKI_OK;
	reader->window_at = at;
	reader->window_len = len;
	reader->next = 0;
	return read_at(reader, at, reader->window, len, err);
}

pki_code
pki_crl_reader_next(pki_crl_reader *reader, pki_crl_entry *out, bool *more,
    pki_err *err)
{
	pki_crl_entry entry = { .reason = PKI_REASON_UNSPECIFIED };
	char serial[PKI_SERIAL_TEXT];
	pki_code rc;
	pki_der der;

	*more = reader->window_at + reader->next < reader->list_end;
	if (!*more)
		return PKI_OK;
	rc = fill(reader, err);
	if (rc != PKI_OK)
		return rc;
	der = pki_der_from(pki_bytes_of(reader->window + reader->next,
	    reader->window_len - reader->next), PKI_CRL_WHAT);
	rc = pki_crl_read_entry(&der, &entry, err);
	if (rc == PKI_OK && pki_serial_compare(&reader->last,
	    &entry.serial) >= 0)
		rc = pki_refuse(err, PKI_BAD_INPUT, "crl",
		    "entries in ascending order", "serial %s after %s",
		    pki_serial_format(&entry.serial, serial), "a greater one");
	reader->count++;
	if (rc != PKI_OK)
		return pki_wrap(err, rc, PKI_CRL_WHAT ": entry %lld",
		    (long long)reader->count);
	reader->next = reader->window_len - der.rest.len;
	reader->last = entry.serial;
	*out = entry;
	return PKI_OK;
}

/* The octets of the next entry, if it is of the usual size and read ahead. */
static size_t
next_octets(const pki_crl_reader *reader)
{
	size_t rest = reader->window_len - reader->next;
	const uint8_t *at = reader->window + reader->next;

	if (rest < 4 || at[0] != PKI_DER_SEQUENCE || at[1] >= 0x80 ||
	    (size_t)at[1] + 2 > rest)
		return 0;
	return (size_t)at[1] + 2;
}

/* The serial of an entry that begins there, for the order of the next. */
static void
note_serial(pki_crl_reader *reader, const uint8_t *entry)
{
	pki_serial serial = { .len = entry[3] };

	if (serial.len > sizeof(serial.octets) || serial.len + 4 > entry[1] + 2)
		return;
	memcpy(serial.octets, entry + 4, serial.len);
	reader->last = serial;
}

pki_code
pki_crl_reader_skip_same(pki_crl_reader *a, pki_crl_reader *b, pki_err *err)
{
	const uint8_t *same = NULL;
	pki_code rc = PKI_OK;
	size_t len;

	for (;;) {
		rc = fill(a, err);
		if (rc == PKI_OK)
			rc = fill(b, err);
		len = rc == PKI_OK ? next_octets(a) : 0;
		if (len == 0 || len != next_octets(b) ||
		    memcmp(a->window + a->next, b->window + b->next, len) != 0)
			break;
		same = b->window + b->next;
		a->next += len;
		b->next += len;
		a->count++;
		b->count++;
		note_serial(a, same);
	}
	if (same != NULL)
		b->last = a->last;
	return rc;
}
