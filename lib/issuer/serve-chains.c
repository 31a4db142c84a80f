#include "issuer/serve-parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

void
pki_chains_free(pki_chains *chains)
{
	size_t i;

	if (chains == NULL)
		return;
	for (i = 0; i < chains->count; i++)
		pki_cert_free(chains->items[i].cert);
	free(chains);
}

static pki_code
keep(const pki_ca_info *info, void *arg, pki_err *err)
{
	pki_chains *chains = arg;
	PKI_AUTO(pki_cert) cert = NULL;
	pki_code rc;

	if (chains->count == PKI_CHAINS_MAX)
		return pki_fail(err, PKI_USAGE, "more than %d CAs",
		    PKI_CHAINS_MAX);
	rc = pki_cert_parse(info->row->der, &cert, err);
	if (rc == PKI_OK)
		rc = pki_text_format(chains->items[chains->count].name,
		    sizeof(chains->items[0].name), err, "%s", info->row->name);
	if (rc == PKI_OK)
		rc = pki_text_format(chains->items[chains->count].parent,
		    sizeof(chains->items[0].parent), err, "%s",
		    info->row->parent);
	if (rc != PKI_OK)
		return rc;
	chains->items[chains->count].revoked = info->revoked;
	chains->items[chains->count++].cert = PKI_TAKE(cert);
	return PKI_OK;
}

pki_code
pki_chains_load(pki_ca *ca, pki_chains **out, pki_err *err)
{
	PKI_AUTO(pki_chains) chains = calloc(1, sizeof(*chains));
	pki_code rc;

	if (chains == NULL)
		return pki_fail_memory(err);
	rc = pki_ca_each(ca, keep, chains, err);
	if (rc == PKI_OK)
		*out = PKI_TAKE(chains);
	return rc;
}

static size_t
find(const pki_chains *chains, const char *name)
{
	size_t i;

	for (i = 0; i < chains->count; i++)
		if (strcmp(chains->items[i].name, name) == 0)
			return i;
	return PKI_CHAINS_MAX;
}

static bool
is_root(const pki_chains *chains, size_t i)
{
	return strcmp(chains->items[i].name, chains->items[i].parent) == 0;
}

/* Which ones lead from a CA to its root; a loop ends, as the rest does. */
static size_t
walk(const pki_chains *chains, const char *ca, size_t out[PKI_CHAINS_MAX])
{
	size_t i = find(chains, ca), n = 0;

	while (i != PKI_CHAINS_MAX && n < chains->count) {
		out[n++] = i;
		if (is_root(chains, i))
			break;
		i = find(chains, chains->items[i].parent);
	}
	return n;
}

size_t
pki_chains_path(const pki_chains *chains, const char *ca,
    pki_bytes out[PKI_CHAINS_MAX])
{
	size_t at[PKI_CHAINS_MAX];
	size_t i, n = walk(chains, ca, at), count = 0;

	for (i = 0; i < n; i++)
		if (!is_root(chains, at[i]))
			out[count++] = pki_cert_der(chains->items[at[i]].cert);
	return count;
}

/* The same subject as one of the chain: a rollover (RFC 7030, 4.1.3). */
static bool
is_namesake(const pki_chains *chains, size_t i, const size_t *at, size_t n)
{
	const pki_name *name = pki_cert_subject(chains->items[i].cert);
	size_t k;

	for (k = 0; k < n; k++)
		if (at[k] == i || (!chains->items[i].revoked &&
		    pki_name_match(name,
		    pki_cert_subject(chains->items[at[k]].cert))))
			return true;
	return false;
}

size_t
pki_chains_set(const pki_chains *chains, const char *ca,
    pki_bytes out[PKI_CHAINS_MAX])
{
	size_t at[PKI_CHAINS_MAX];
	size_t i, n = walk(chains, ca, at), count = 0;

	for (i = 0; i < chains->count; i++)
		if (is_namesake(chains, i, at, n))
			out[count++] = pki_cert_der(chains->items[i].cert);
	return count;
}

static size_t
add_hints(const pki_chains *chains, bool roots, pki_bytes *out, size_t count,
    size_t max)
{
	size_t i;

	for (i = 0; i < chains->count && count < max; i++)
		if (!chains->items[i].revoked &&
		    is_root(chains, i) == roots)
			out[count++] = pki_cert_der(chains->items[i].cert);
	return count;
}

size_t
pki_chains_hints(const pki_chains *chains, pki_bytes *out, size_t max)
{
	size_t count = add_hints(chains, false, out, 0, max);

	return add_hints(chains, true, out, count, max);
}
