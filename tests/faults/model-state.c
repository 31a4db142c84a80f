/* The model by itself, and the store seen as one. */
#include "tests/faults/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *
model_name(int name, char out[MODEL_NAME_TEXT])
{
	snprintf(out, MODEL_NAME_TEXT, "d-%d", name);
	return out;
}

void
model_choose(const struct model *model, struct step *step, unsigned *seed)
{
	unsigned verb = (unsigned)rand_r(seed) % VERB_COUNT;
	unsigned pick = (unsigned)rand_r(seed);

	memset(step, 0, sizeof(*step));
	step->verb = model->names == 0 ? VERB_ISSUE : (enum verb)verb;
	step->target = pick % (model->count + (model->count == 0));
	/* A revoked one cannot be revoked again. */
	if (step->verb == VERB_REVOKE &&
	    model->certs[step->target].status != PKI_CERT_GOOD)
		step->verb = VERB_ISSUE;
	if (step->verb == VERB_ISSUE)
		step->name = model->names;
	else if (model->names > 0)
		step->name = (int)(pick % (unsigned)model->names);
}

static void
add_cert(struct model *model, const pki_serial *serial, int name, int status)
{
	if (model->count == MODEL_CERTS)
		fail("the model is full", NULL);
	model->certs[model->count++] = (struct model_cert){
		.serial = *serial, .name = name, .status = status,
	};
}

void
model_apply(struct model *model, const struct step *step)
{
	size_t i;

	/* One row for what was done, and one for each certificate it ended. */
	model->log_rows++;
	switch (step->verb) {
	case VERB_REPLACE:
		for (i = 0; i < model->count; i++) {
			if (model->certs[i].name != step->name ||
			    model->certs[i].status != PKI_CERT_GOOD)
				continue;
			model->certs[i].status = PKI_CERT_REVOKED;
			model->log_rows++;
		}
		add_cert(model, &step->serial, step->name, PKI_CERT_GOOD);
		break;
	case VERB_ISSUE:
		model->names++;
		add_cert(model, &step->serial, step->name, PKI_CERT_GOOD);
		break;
	case VERB_RENEW:
		add_cert(model, &step->serial, step->name, PKI_CERT_GOOD);
		break;
	case VERB_REVOKE:
		model->certs[step->target].status = PKI_CERT_REVOKED;
		break;
	default:
		/* A number that a cut attempt has taken is not used again. */
		if (step->number <= model->crl_number)
			fail("a CRL number that does not grow", NULL);
		model->crl_number = step->number;
		break;
	}
}

static int
compare_certs(const void *a, const void *b)
{
	const struct model_cert *x = a, *y = b;

	return pki_serial_compare(&x->serial, &y->serial);
}

static const struct model_cert *
find_cert(const struct model *model, const pki_serial *serial)
{
	size_t i;

	for (i = 0; i < model->count; i++)
		if (pki_serial_equal(&model->certs[i].serial, serial))
			return &model->certs[i];
	return NULL;
}

static void
sort_certs(const struct model *model, struct model_cert *out)
{
	memcpy(out, model->certs, model->count * sizeof(*out));
	qsort(out, model->count, sizeof(*out), compare_certs);
}

bool
model_equal(const struct model *a, const struct model *b)
{
	static struct model_cert x[MODEL_CERTS], y[MODEL_CERTS];
	size_t i;

	if (a->count != b->count || a->log_rows != b->log_rows ||
	    a->crl_number != b->crl_number || a->names != b->names)
		return false;
	sort_certs(a, x);
	sort_certs(b, y);
	for (i = 0; i < a->count; i++)
		if (!pki_serial_equal(&x[i].serial, &y[i].serial) ||
		    x[i].name != y[i].name || x[i].status != y[i].status)
			return false;
	return true;
}

bool
model_find_result(const struct model *model, const struct model *store,
    struct step *step)
{
	size_t found = 0, i;

	if (step->verb == VERB_REVOKE)
		return true;
	step->number = store->crl_number;
	if (step->verb == VERB_PUBLISH)
		return step->number > model->crl_number;
	for (i = 0; i < store->count; i++) {
		if (find_cert(model, &store->certs[i].serial) != NULL)
			continue;
		step->serial = store->certs[i].serial;
		found++;
	}
	return found == 1;
}

static pki_code
observe_cert(const pki_cert_row *row, void *arg, pki_err *err)
{
	struct model *model = arg;
	int name;

	(void)err;
	if (sscanf(row->identity, "d-%d", &name) != 1)
		fail("a name that nobody has asked for", NULL);
	add_cert(model, &row->serial, name, row->status);
	return PKI_OK;
}

static pki_code
observe_identity(const pki_identity_row *row, void *arg, pki_err *err)
{
	struct model *model = arg;
	int name;

	(void)err;
	model->names += sscanf(row->name, "d-%d", &name) == 1;
	return PKI_OK;
}

void
model_observe(pki_ca *ca, const char *state, struct model *out)
{
	PKI_AUTO(pki_store) store = NULL;
	PKI_AUTO(pki_buf) hold = pki_buf_new();
	char url[PKI_PATH_MAX + 8];
	pki_audit_head head;
	pki_ca_row row;
	pki_err err;

	out->count = 0;
	out->names = 0;
	snprintf(url, sizeof(url), "sqlite:%s", state);
	must(pki_store_open(url, &store, &err), "open", &err);
	must(pki_store_get_ca(store, "issuing", &row, hold, &err), "CA", &err);
	must(pki_store_last_crl_number(store, row.id, &out->crl_number, &err),
	    "CRL number", &err);
	must(pki_store_each_identity(store, 0, observe_identity, out, &err),
	    "names", &err);
	must(pki_ca_each_cert(ca, "issuing", NULL, observe_cert, out, &err),
	    "certificates", &err);
	must(pki_audit_get_head(ca, &head, &err), "log", &err);
	out->log_rows = head.size;
}
