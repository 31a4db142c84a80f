#include "pki-ctl/certs.h"

#include <stdlib.h>
#include <string.h>

#define FILE_PREFIX "file:"
#define WHOLE_SERIAL 20
#define DER_SEQUENCE 0x30
#define CERT_FILE_MAX (64 * 1024)       /* PEM with text around */

const struct print_column certs_columns[CERTS_COLUMNS] = {
	{ .key = "name", .width = 16 },
	{ .key = "serial", .width = 40 },
	{ .key = "profile", .width = 10, .spare = 2 },
	{ .key = "state", .kind = PRINT_STATE, .width = 7 },
	{ .key = "expires", .kind = PRINT_TIME, .width = 20, .spare = 3 },
	{ .key = "expires-in", .kind = PRINT_SPAN, .width = 10, .spare = 1 },
	{ .key = "ca", .json_only = true },
	{ .key = "id", .kind = PRINT_NUMBER, .json_only = true },
};

pki_code
certs_print_row(print_doc *doc, const pki_cert_row *row, int64_t now,
    pki_err *err)
{
	char serial[PKI_SERIAL_TEXT];
	const struct print_value values[CERTS_COLUMNS] = {
		{ .text = row->identity },
		{ .text = pki_serial_format(&row->serial, serial) },
		{ .text = row->profile },
		{ .text = pki_cert_state(row, now) },
		{ .number = row->not_after },
		{ .number = row->not_after - now },
		{ .text = row->ca },
		{ .number = row->id },
	};

	return print_row(doc, values, err);
}

found_certs *
found_certs_new(void)
{
	return calloc(1, sizeof(found_certs));
}

static void
free_cert(struct found_cert *cert)
{
	if (cert == NULL)
		return;
	free(cert->ca);
	free(cert->identity);
	free(cert->profile);
	pki_buf_free(cert->der);
	free(cert);
}

void
found_certs_free(found_certs *certs)
{
	size_t i;

	if (certs == NULL)
		return;
	for (i = 0; i < certs->count; i++)
		free_cert(certs->items[i]);
	free(certs->items);
	free(certs);
}

/* A copy that owns what it points to, or NULL. */
static struct found_cert *
copy_row(const pki_cert_row *row)
{
	struct found_cert *cert = calloc(1, sizeof(*cert));

	if (cert == NULL)
		return NULL;
	cert->row = *row;
	cert->ca = pki_text_copy(row->ca);
	cert->identity = pki_text_copy(row->identity);
	cert->profile = pki_text_copy(row->profile);
	cert->der = pki_buf_copy(row->der);
	if (cert->ca == NULL || cert->identity == NULL ||
	    cert->profile == NULL || cert->der == NULL) {
		free_cert(cert);
		return NULL;
	}
	cert->row.ca = cert->ca;
	cert->row.identity = cert->identity;
	cert->row.profile = cert->profile;
	cert->row.der = pki_buf_bytes(cert->der);
	return cert;
}

static bool
has_row(const found_certs *certs, int64_t id)
{
	size_t i;

	for (i = 0; i < certs->count; i++)
		if (certs->items[i] != NULL && certs->items[i]->row.id == id)
			return true;
	return false;
}

/* Make room for one more item, and say where it goes. */
static pki_code
grow(found_certs *certs, struct found_cert ***out, pki_err *err)
{
	struct found_cert **more = realloc(certs->items,
	    (certs->count + 1) * sizeof(struct found_cert *));

	if (more == NULL)
		return pki_fail_memory(err);
	certs->items = more;
	*out = &more[certs->count];
	return PKI_OK;
}

static pki_code
add_cert(const pki_cert_row *row, void *arg, pki_err *err)
{
	found_certs *certs = arg;
	struct found_cert **at = NULL;
	pki_code rc;

	/* An id may fit twice: as a name and as a serial. */
	if (has_row(certs, row->id))
		return PKI_OK;
	rc = grow(certs, &at, err);
	if (rc != PKI_OK)
		return rc;
	*at = copy_row(row);
	if (*at == NULL)
		return pki_fail_memory(err);
	certs->count++;
	return PKI_OK;
}

pki_code
certs_move(found_certs *from, size_t i, found_certs *to, pki_err *err)
{
	struct found_cert **at = NULL;
	pki_code rc;

	if (has_row(to, from->items[i]->row.id))
		return PKI_OK;
	rc = grow(to, &at, err);
	if (rc != PKI_OK)
		return rc;
	*at = PKI_TAKE(from->items[i]);
	to->count++;
	return PKI_OK;
}

static pki_code
is_asked_for(const pki_ca_info *info, void *arg, pki_err *err)
{
	const char **id = arg;

	(void)err;
	/* Any code ends the walk. */
	return strcmp(info->row->name, *id) == 0 ? PKI_EXISTS : PKI_OK;
}

/* What was probably meant; "" when nobody knows. */
static const char *
explain_id(struct session *s, const char *id)
{
	size_t len = strlen(id);
	bool digits = strspn(id, "0123456789abcdefABCDEF") == len;

	if (pki_file_exists(id))
		return "; for the certificate in that file put 'file:' in "
		    "front";
	if (pki_ca_each(s->ca, is_asked_for, &id, NULL) == PKI_EXISTS)
		return "; this CA's certificate is on record where the key of "
		    "its issuer is";
	if (digits && len < 8)
		return "; the end of a serial has 8 digits or more";
	if (digits && len % 2 != 0)
		return "; the end of a serial has an even number of digits";
	return "";
}

pki_code
certs_find(struct session *s, const char *id, found_certs *out)
{
	pki_code rc = pki_ca_find(s->ca, id, add_cert, out, s->err);

	return rc != PKI_NOT_FOUND ? rc : pki_fail(s->err, rc,
	    "no certificate on record is called '%s'%s", id,
	    explain_id(s, id));
}

/* A pki_pem_visitor: the first one counts, the others need only be PEM. */
static pki_code
parse_first(pki_bytes der, void *arg, pki_err *err)
{
	pki_cert **out = arg;

	return *out != NULL ? PKI_OK : pki_cert_parse(der, out, err);
}

pki_code
certs_read_file(struct session *s, const char *path, pki_cert **out)
{
	PKI_AUTO(pki_buf) file = NULL;
	PKI_AUTO(pki_cert) cert = NULL;
	pki_code rc;

	rc = session_read(s, path, CERT_FILE_MAX, &file);
	if (rc != PKI_OK)
		return rc;
	if (file->len != 0 && file->data[0] == DER_SEQUENCE)
		rc = pki_cert_parse(pki_buf_bytes(file), &cert, s->err);
	else
		rc = pki_pem_each(pki_buf_bytes(file), PKI_PEM_CERT,
		    PKI_CERT_MAX, parse_first, &cert, s->err);
	if (rc != PKI_OK)
		return pki_wrap(s->err, rc, "%s", path);
	*out = PKI_TAKE(cert);
	return PKI_OK;
}

pki_code
certs_resolve_id(struct session *s, const char *id, char out[CERTS_ID_MAX])
{
	PKI_AUTO(pki_cert) cert = NULL;
	char text[PKI_DIGEST_TEXT];
	pki_code rc;

	if (strncmp(id, FILE_PREFIX, sizeof(FILE_PREFIX) - 1) != 0)
		return pki_text_format(out, CERTS_ID_MAX, s->err, "%s", id);
	rc = certs_read_file(s, id + sizeof(FILE_PREFIX) - 1, &cert);
	if (rc != PKI_OK)
		return rc;
	/* Our serials are unique, and there is an index of them. */
	if (pki_cert_serial(cert)->len == WHOLE_SERIAL)
		return pki_text_format(out, CERTS_ID_MAX, s->err, "serial:%s",
		    pki_serial_format(pki_cert_serial(cert), text));
	return pki_text_format(out, CERTS_ID_MAX, s->err, "sha256:%s",
	    pki_digest_format(pki_cert_digest(cert), text));
}
