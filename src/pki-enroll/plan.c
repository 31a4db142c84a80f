#include "pki-enroll/plan.h"

#include <string.h>

/* ---- the key ---- */

/*
 * Ours if it is among those that are wanted, else the first of them; of those
 * that sign as is wanted.
 */
static pki_code
choose_key(const plan_wish *wish, const pki_csrattrs *wanted,
    pki_key_type *out, pki_err *err)
{
	uint32_t fit = 0;

	for (const pki_choice *row = pki_key_type_names; row->name != NULL;
	    row++) {
		pki_key_type type = (pki_key_type)row->code;

		if ((wanted->key_types == 0 ? type == wish->key_type ||
		    wanted->signature != NULL :
		    (wanted->key_types >> type & 1) != 0) &&
		    (wanted->signature == NULL ||
		    wanted->signature == pki_sigalg_for(type)) &&
		    pki_key_type_available(type))
			fit |= UINT32_C(1) << type;
	}
	if (fit == 0)
		return pki_refuse(err, PKI_DENIED, "csrattrs",
		    "a key and a signature that can be made here",
		    "the server wants %s%s", wanted->signature == NULL ?
		    "a type of key that is not to be had" :
		    wanted->signature->name,
		    wanted->key_types != 0 && wanted->signature != NULL ?
		    " by a key that does not sign so" : "");
	*out = wish->key_type;
	if ((fit >> *out & 1) == 0)
		*out = (pki_key_type)__builtin_ctz(fit);
	return PKI_OK;
}

/* ---- names ---- */

/* Our value of a type, behind those that were taken before. */
static const char *
own_value(const pki_name *subject, pki_name_type type, size_t skip)
{
	for (size_t i = 0; i < pki_name_count(subject); i++) {
		const pki_name_part *part = pki_name_at(subject, i);

		if (part->type == type && skip-- == 0)
			return part->value;
	}
	return NULL;
}

static pki_code
follow_subject(const plan_wish *wish, const pki_csrattrs *wanted,
    pki_name **out, pki_err *err)
{
	pki_name_part parts[PKI_CSRATTRS_PARTS];
	size_t taken[PKI_NAME_COMMON_NAME + 1] = { 0 };

	if (wanted->subject_count == 0)
		return pki_name_copy(wish->subject, out, err);
	for (size_t i = 0; i < wanted->subject_count; i++) {
		const pki_csrattrs_part *part = &wanted->subject[i];

		parts[i] = (pki_name_part){ part->type, part->value };
		if (part->value[0] == '\0')
			parts[i].value = own_value(wish->subject, part->type,
			    taken[part->type]++);
		if (parts[i].value == NULL)
			return pki_refuse(err, PKI_DENIED, "csrattrs",
			    "a subject with all that the server wants",
			    "no %s in ours", pki_name_type_short(part->type));
	}
	return pki_name_build(parts, wanted->subject_count, out, err);
}

static bool
has_address(const pki_altnames *names)
{
	for (size_t i = 0; i < pki_altnames_count(names); i++)
		if (pki_altnames_at(names, i)->type == PKI_ALT_IP)
			return true;
	return false;
}

/* Ours, and those that the server adds. */
static pki_code
follow_alt_names(const plan_wish *wish, const pki_csrattrs *wanted,
    pki_altnames **out, pki_err *err)
{
	PKI_AUTO(pki_altnames) names = NULL;
	bool fill_in = (wanted->to_fill_in & PKI_CSRATTRS_ALT_NAMES) != 0;
	pki_code rc = PKI_OK;

	if ((fill_in && pki_altnames_count(wish->alt_names) == 0) ||
	    (wanted->ip_wanted && !has_address(wish->alt_names)))
		return pki_refuse(err, PKI_DENIED, "csrattrs",
		    "alternative names as the server wants them",
		    "no %s in ours", wanted->ip_wanted ? "address" : "name");
	if (pki_altnames_count(wish->alt_names) != 0)
		rc = pki_altnames_copy(wish->alt_names, &names, err);
	else if (pki_altnames_count(wanted->alt_names) != 0 &&
	    (names = pki_altnames_new()) == NULL)
		rc = pki_fail_memory(err);
	for (size_t i = 0; rc == PKI_OK &&
	    i < pki_altnames_count(wanted->alt_names); i++) {
		const pki_altname *name = pki_altnames_at(wanted->alt_names,
		    i);

		rc = pki_altnames_add(names, name->type, name->text, err);
	}
	if (rc == PKI_OK)
		*out = PKI_TAKE(names);
	return rc;
}

static pki_code
copy_names(const plan_wish *wish, enroll_plan *out, pki_err *err)
{
	pki_code rc = pki_name_copy(wish->subject, &out->subject, err);

	if (rc == PKI_OK && pki_altnames_count(wish->alt_names) != 0)
		rc = pki_altnames_copy(wish->alt_names, &out->alt_names, err);
	return rc;
}

pki_code
plan_make(const plan_wish *wish, const pki_csrattrs *wanted, enroll_plan *out,
    pki_err *err)
{
	static const pki_csrattrs nothing;
	enroll_plan made = { .subject = NULL };
	pki_code rc;

	wanted = wanted != NULL ? wanted : &nothing;
	rc = choose_key(wish, wanted, &made.key_type, err);
	if (rc == PKI_OK && wish->names == PLAN_SAME) {
		rc = copy_names(wish, &made, err);
	} else if (rc == PKI_OK) {
		rc = follow_subject(wish, wanted, &made.subject, err);
		if (rc == PKI_OK)
			rc = follow_alt_names(wish, wanted, &made.alt_names,
			    err);
	}
	made.key_usage = wanted->key_usage;
	made.ext_usage = wanted->ext_usage & ~(uint32_t)PKI_EKU_OTHER;
	/* RFC 7894, 4: the newer attribute, if the server knows it. */
	made.linking = wanted->challenges &
	    (1u << PKI_CSR_IDENTITY_LINKING);
	if (made.linking == 0)
		made.linking = wanted->challenges &
		    (1u << PKI_CSR_CHALLENGE_PASSWORD);
	if (rc == PKI_OK)
		*out = made;
	else
		plan_clear(&made);
	return rc;
}

void
plan_clear(enroll_plan *plan)
{
	pki_name_free(plan->subject);
	pki_altnames_free(plan->alt_names);
	plan->subject = NULL;
	plan->alt_names = NULL;
}

pki_csr_plan
plan_request(const enroll_plan *plan)
{
	return (pki_csr_plan){
		.subject = plan->subject, .alt_names = plan->alt_names,
		.key_usage = plan->key_usage, .ext_usage = plan->ext_usage,
	};
}

/* ---- the answer ---- */

static pki_code
find_leaf(const pki_pubkey *key, const est_certs *certs, const pki_cert **out,
    pki_err *err)
{
	const pki_cert *found = NULL;

	for (size_t i = 0; i < certs->count; i++) {
		if (!pki_digest_equal(pki_pubkey_digest(key),
		    pki_pubkey_digest(pki_cert_key(certs->certs[i]))))
			continue;
		if (found != NULL)
			return pki_refuse(err, PKI_DENIED, "answer-key",
			    "one certificate for our key", "several");
		found = certs->certs[i];
	}
	if (found == NULL)
		return pki_refuse(err, PKI_DENIED, "answer-key",
		    "a certificate for our key", "%zu for other keys",
		    certs->count);
	*out = found;
	return PKI_OK;
}

static bool
has_part(const pki_name *name, const pki_name_part *wanted)
{
	for (size_t i = 0; i < pki_name_count(name); i++) {
		const pki_name_part *part = pki_name_at(name, i);

		if (part->type == wanted->type &&
		    pki_text_equal_nocase(part->value, wanted->value))
			return true;
	}
	return false;
}

/* A CA may add to what was asked for, and takes nothing away. */
static pki_code
check_names(const enroll_plan *plan, const pki_cert *cert, pki_err *err)
{
	const pki_altnames *names = pki_cert_alt_names(cert);

	for (size_t i = 0; i < pki_name_count(plan->subject); i++) {
		const pki_name_part *part = pki_name_at(plan->subject, i);

		if (!has_part(pki_cert_subject(cert), part))
			return pki_refuse(err, PKI_DENIED, "answer-names",
			    "a certificate with what was asked for",
			    "one without %s=%s",
			    pki_name_type_short(part->type), part->value);
	}
	for (size_t i = 0; i < pki_altnames_count(plan->alt_names); i++) {
		const pki_altname *name = pki_altnames_at(plan->alt_names, i);

		if (names == NULL || !pki_altnames_has(names, name))
			return pki_refuse(err, PKI_DENIED, "answer-names",
			    "a certificate with what was asked for",
			    "one without %s:%s",
			    pki_alt_type_name(name->type), name->text);
	}
	return PKI_OK;
}

static pki_code
check_validity(const pki_cert *cert, int64_t now, pki_err *err)
{
	char when[PKI_TIME_TEXT];

	if (pki_cert_not_after(cert) < now)
		return pki_refuse(err, PKI_DENIED, "answer-validity",
		    "a certificate that is valid now", "one until %s",
		    pki_time_format(pki_cert_not_after(cert), when));
	if (pki_cert_not_before(cert) > now)
		return pki_refuse(err, PKI_CLOCK, "answer-validity",
		    "a certificate that is valid now", "one from %s on",
		    pki_time_format(pki_cert_not_before(cert), when));
	return PKI_OK;
}

pki_code
plan_check_answer(const enroll_plan *plan, const pki_pubkey *key,
    const est_certs *certs, int64_t now, const pki_cert **out, pki_err *err)
{
	const pki_cert *leaf = NULL;
	pki_code rc;

	rc = find_leaf(key, certs, &leaf, err);
	if (rc == PKI_OK && pki_cert_is_ca(leaf))
		rc = pki_refuse(err, PKI_DENIED, "answer-names",
		    "a certificate of a device", "one of a CA");
	if (rc == PKI_OK)
		rc = check_names(plan, leaf, err);
	if (rc == PKI_OK)
		rc = check_validity(leaf, now, err);
	if (rc == PKI_OK)
		*out = leaf;
	return rc;
}
