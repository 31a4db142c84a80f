/* How rows are kept with all that they point to. */
#include "store/row.h"

#include <stdlib.h>
#include <string.h>

static void
pack_text(pki_buf *bytes, const char *text)
{
	pki_buf_add_text(bytes, text);
	pki_buf_add_byte(bytes, '\0');
}

/* The text at *data; *data moves behind it. */
static const char *
point_text(const uint8_t **data)
{
	const char *text = (const char *)*data;

	*data += strlen(text) + 1;
	return text;
}

static void
pack_ca(pki_buf *bytes, const void *row)
{
	const pki_ca_row *ca = row;

	pki_buf_add(bytes, ca->der);
	pack_text(bytes, ca->name);
	pack_text(bytes, ca->parent);
	pack_text(bytes, ca->key_ref);
	pack_text(bytes, ca->base_url);
}

static void
point_ca(void *row, const uint8_t *data)
{
	pki_ca_row *ca = row;

	ca->der.data = data;
	data += ca->der.len;
	ca->name = point_text(&data);
	ca->parent = point_text(&data);
	ca->key_ref = point_text(&data);
	ca->base_url = point_text(&data);
}

static void
pack_profile(pki_buf *bytes, const void *row)
{
	const pki_profile_row *profile = row;

	pki_buf_add(bytes, profile->text);
	pack_text(bytes, profile->name);
}

static void
point_profile(void *row, const uint8_t *data)
{
	pki_profile_row *profile = row;

	profile->text.data = data;
	data += profile->text.len;
	profile->name = point_text(&data);
}

static void
pack_identity(pki_buf *bytes, const void *row)
{
	const pki_identity_row *identity = row;

	pack_text(bytes, identity->name);
	pack_text(bytes, identity->profile);
	pack_text(bytes, identity->groups);
	pack_text(bytes, identity->tags);
	pack_text(bytes, identity->notes);
}

static void
point_identity(void *row, const uint8_t *data)
{
	pki_identity_row *identity = row;

	identity->name = point_text(&data);
	identity->profile = point_text(&data);
	identity->groups = point_text(&data);
	identity->tags = point_text(&data);
	identity->notes = point_text(&data);
}

static void
pack_token(pki_buf *bytes, const void *row)
{
	const pki_token_row *token = row;

	pack_text(bytes, token->name);
	pack_text(bytes, token->profile);
	pack_text(bytes, token->identity);
	pack_text(bytes, token->use.ca);
}

static void
point_token(void *row, const uint8_t *data)
{
	pki_token_row *token = row;

	token->name = point_text(&data);
	token->profile = point_text(&data);
	token->identity = point_text(&data);
	token->use.ca = point_text(&data);
	token->use.token = token->name;
}

static void
pack_approval(pki_buf *bytes, const void *row)
{
	const pki_approval_row *approval = row;

	pack_text(bytes, approval->name);
	pack_text(bytes, approval->profile);
	pack_text(bytes, approval->names);
	pack_text(bytes, approval->decided_by);
	pack_text(bytes, approval->identity);
}

static void
point_approval(void *row, const uint8_t *data)
{
	pki_approval_row *approval = row;

	approval->name = point_text(&data);
	approval->profile = point_text(&data);
	approval->names = point_text(&data);
	approval->decided_by = point_text(&data);
	approval->identity = point_text(&data);
}

static void
pack_host(pki_buf *bytes, const void *row)
{
	pack_text(bytes, ((const pki_host_row *)row)->name);
}

static void
point_host(void *row, const uint8_t *data)
{
	((pki_host_row *)row)->name = point_text(&data);
}

static void
pack_cert(pki_buf *bytes, const void *row)
{
	const pki_cert_row *cert = row;

	pki_buf_add(bytes, cert->der);
	pack_text(bytes, cert->ca);
	pack_text(bytes, cert->identity);
	pack_text(bytes, cert->profile);
}

static void
point_cert(void *row, const uint8_t *data)
{
	pki_cert_row *cert = row;

	cert->der.data = data;
	data += cert->der.len;
	cert->ca = point_text(&data);
	cert->identity = point_text(&data);
	cert->profile = point_text(&data);
}

static void
pack_audit(pki_buf *bytes, const void *row)
{
	pack_text(bytes, ((const pki_audit_row *)row)->line);
}

static void
point_audit(void *row, const uint8_t *data)
{
	((pki_audit_row *)row)->line = point_text(&data);
}

const pki_row_kind pki_row_ca = {
	"CA", sizeof(pki_ca_row), pack_ca, point_ca,
};
const pki_row_kind pki_row_profile = {
	"profile", sizeof(pki_profile_row), pack_profile, point_profile,
};
const pki_row_kind pki_row_identity = {
	"identity", sizeof(pki_identity_row), pack_identity, point_identity,
};
const pki_row_kind pki_row_pubkey = {
	"public key", sizeof(pki_pubkey_row), NULL, NULL,
};
const pki_row_kind pki_row_token = {
	"token", sizeof(pki_token_row), pack_token, point_token,
};
const pki_row_kind pki_row_approval = {
	"approval", sizeof(pki_approval_row), pack_approval, point_approval,
};
const pki_row_kind pki_row_host = {
	"host", sizeof(pki_host_row), pack_host, point_host,
};
const pki_row_kind pki_row_cert = {
	"certificate", sizeof(pki_cert_row), pack_cert, point_cert,
};
const pki_row_kind pki_row_crl = {
	"CRL", sizeof(pki_crl_row), NULL, NULL,
};
const pki_row_kind pki_row_audit = {
	"audit", sizeof(pki_audit_row), pack_audit, point_audit,
};

pki_code
pki_row_hold(const pki_row_kind *kind, void *row, pki_buf *hold, pki_err *err)
{
	pki_code rc;

	pki_buf_cut(hold, 0);
	if (kind->pack == NULL)
		return PKI_OK;
	kind->pack(hold, row);
	rc = pki_buf_check(hold, err);
	if (rc == PKI_OK)
		kind->point(row, hold->data);
	return rc;
}

pki_page *
pki_page_new(const pki_row_kind *kind)
{
	PKI_AUTO(pki_page) page = calloc(1, sizeof(*page));

	if (page == NULL)
		return NULL;
	page->kind = kind;
	page->rows = malloc(PKI_PAGE_ROWS * kind->size);
	page->starts = malloc(PKI_PAGE_ROWS * sizeof(*page->starts));
	page->bytes = pki_buf_new();
	if (page->rows == NULL || page->starts == NULL || page->bytes == NULL)
		return NULL;
	return PKI_TAKE(page);
}

void
pki_page_free(pki_page *page)
{
	if (page == NULL)
		return;
	pki_buf_free(page->bytes);
	free(page->starts);
	free(page->rows);
	free(page);
}

void
pki_page_clear(pki_page *page)
{
	page->count = 0;
	pki_buf_cut(page->bytes, 0);
}

bool
pki_page_is_full(const pki_page *page)
{
	return page->count == PKI_PAGE_ROWS;
}

pki_code
pki_page_add(pki_page *page, const void *row, pki_err *err)
{
	page->starts[page->count] = page->bytes->len;
	if (page->kind->pack != NULL)
		page->kind->pack(page->bytes, row);
	memcpy(page->rows + page->count * page->kind->size, row,
	    page->kind->size);
	page->count++;
	return pki_buf_check(page->bytes, err);
}

const void *
pki_page_row(pki_page *page, size_t i)
{
	void *row = page->rows + i * page->kind->size;

	if (page->kind->point != NULL)
		page->kind->point(row, page->bytes->data + page->starts[i]);
	return row;
}
