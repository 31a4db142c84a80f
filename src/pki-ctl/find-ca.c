#include "pki-ctl/find-ca.h"

#include <string.h>

struct search {
	const char          *name;
	pki_ca_info_visitor *visit;
	void                *arg;
	bool                 found;
	pki_buf             *known;
};

static pki_code
look_at(const pki_ca_info *info, void *arg, pki_err *err)
{
	struct search *search = arg;

	pki_buf_add_format(search->known, "%s%s",
	    search->known->len == 0 ? "" : ", ", info->row->name);
	if (strcmp(info->row->name, search->name) != 0)
		return PKI_OK;
	search->found = true;
	return search->visit(info, search->arg, err);
}

pki_code
find_ca(struct session *s, const char *name, pki_ca_info_visitor *visit,
    void *arg)
{
	PKI_AUTO(pki_buf) known = pki_buf_new();
	struct search search = {
		.name = name, .visit = visit, .arg = arg, .known = known,
	};
	pki_code rc;

	rc = pki_buf_check(known, s->err);
	if (rc == PKI_OK)
		rc = pki_ca_each(s->ca, look_at, &search, s->err);
	if (rc != PKI_OK || search.found)
		return rc;
	return pki_refuse(s->err, PKI_NOT_FOUND, "ca", pki_buf_text(known),
	    "%s", name);
}
