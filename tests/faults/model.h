#ifndef TESTS_MODEL_H
#define TESTS_MODEL_H

/*
 * What the store should hold, in the simplest words: certificates with a name
 * and a state, and how many rows the log has.
 */

#include "tests/faults/fault.h"

#define MODEL_CERTS 4096
#define MODEL_NAMES 4096

enum verb {
	VERB_ISSUE,             /* for a new name */
	VERB_RENEW,             /* for a known one: the others stay */
	VERB_REPLACE,           /* for a known one: the others are revoked */
	VERB_REVOKE,
	VERB_PUBLISH,
	VERB_COUNT,
};

struct model_cert {
	pki_serial serial;
	int        name;
	int        status;
};

struct model {
	struct model_cert certs[MODEL_CERTS];
	size_t            count;
	int               names;        /* "d-0" to one less */
	int64_t           log_rows;
	int64_t           crl_number;
};

/* What is to be done, and what came of it. */
struct step {
	enum verb  verb;
	int        name;                /* of the first three */
	size_t     target;              /* of revoke: a place in certs */
	pki_serial serial;              /* the result of the first three */
	int64_t    number;              /* the result of publish */
};

/* A step that is possible now. */
void model_choose(const struct model *model, struct step *step,
    unsigned *seed);
void model_apply(struct model *model, const struct step *step);
bool model_equal(const struct model *a, const struct model *b);
/*
 * The result of a step, from a store in which it was done: the one serial
 * that is new, or a greater number.  False: there is no such.
 */
bool model_find_result(const struct model *model, const struct model *store,
    struct step *step);

/* Read the store as if it were a model.  Ends the test when it cannot. */
void model_observe(pki_ca *ca, const char *state, struct model *out);

#define MODEL_NAME_TEXT 16
const char *model_name(int name, char out[MODEL_NAME_TEXT]);

#endif
