#include "ca/audit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ca/audit-line.h"
#include "ca/record.h"
#include "x509/digest.h"

/* One more than an event has: it says that there were more. */
#define MEMBERS_MAX 24

pki_code
pki_audit_leaf(pki_bytes line, pki_digest *out, pki_err *err)
{
	const pki_bytes pieces[] = { PKI_BYTES_TEXT("\x00"), line };

	return pki_digest_of_all(pieces, PKI_COUNT(pieces), out, err);
}

static pki_code
hash_node(const pki_digest *left, const pki_digest *right, pki_digest *out,
    pki_err *err)
{
	const pki_bytes pieces[] = {
		PKI_BYTES_TEXT("\x01"),
		pki_digest_bytes(left), pki_digest_bytes(right),
	};

	return pki_digest_of_all(pieces, PKI_COUNT(pieces), out, err);
}

pki_code
pki_audit_tree_add(pki_audit_tree *tree, const pki_digest *leaf, pki_err *err)
{
	pki_digest node = *leaf;
	int64_t carry;
	pki_code rc;

	/* Like adding one to a binary number: full subtrees merge. */
	for (carry = tree->size; carry & 1; carry >>= 1) {
		if (tree->count == 0)
			return pki_fail(err, PKI_DAMAGED,
			    "audit tree: size and frontier disagree");
		rc = hash_node(&tree->frontier[tree->count - 1], &node, &node,
		    err);
		if (rc != PKI_OK)
			return rc;
		tree->count--;
	}
	if (tree->count == PKI_COUNT(tree->frontier))
		return pki_fail(err, PKI_DAMAGED, "audit tree: full");
	tree->frontier[tree->count++] = node;
	tree->size++;
	return PKI_OK;
}

pki_code
pki_audit_tree_root(const pki_audit_tree *tree, pki_digest *out, pki_err *err)
{
	pki_digest node;
	pki_code rc = PKI_OK;
	size_t i;

	if (tree->count == 0)
		return pki_digest_of(pki_bytes_of(NULL, 0), out, err);
	node = tree->frontier[tree->count - 1];
	for (i = tree->count - 1; i-- > 0 && rc == PKI_OK;)
		rc = hash_node(&tree->frontier[i], &node, &node, err);
	*out = node;
	return rc;
}

static const char *
requester_text(const pki_requester *who, char *out, size_t room)
{
	static const char *const doors[] = {
		[PKI_BY_OPERATOR] = "operator", [PKI_BY_EST] = "est",
	};
	char name[128];

	snprintf(out, room, "%s:%s", doors[who->how],
	    pki_text_escape(pki_bytes_text(who->name), name, sizeof(name)));
	return out;
}

/* Members of an event, in no order. */
struct members {
	pki_audit_member at[MEMBERS_MAX];
	size_t           count;
};

static void
add_text(struct members *members, const char *key, const char *text)
{
	if (text != NULL && members->count < MEMBERS_MAX)
		members->at[members->count++] = (pki_audit_member){
			.key = key, .text = text,
		};
}

static void
add_number(struct members *members, const char *key, int64_t number)
{
	if (members->count < MEMBERS_MAX)
		members->at[members->count++] = (pki_audit_member){
			.key = key, .number = number,
		};
}

/* The row's octets, in an empty buffer. */
static pki_code
print_event(const pki_audit_event *event, int64_t seq, int64_t at,
    pki_buf *out, pki_err *err)
{
	char who[160], when[PKI_TIME_TEXT], serial[PKI_SERIAL_TEXT];
	const pki_audit_detail *detail = event->details;
	struct members members = { .count = 0 };

	add_number(&members, "seq", seq);
	add_text(&members, "time", pki_time_format(at, when));
	add_text(&members, "action", event->action);
	add_text(&members, "by", requester_text(event->who, who, sizeof(who)));
	add_text(&members, "ca", event->ca);
	add_text(&members, "name", event->name);
	if (event->serial != NULL)
		add_text(&members, "serial",
		    pki_serial_format(event->serial, serial));
	for (; detail != NULL && detail->key != NULL; detail++) {
		if (detail->text != NULL)
			add_text(&members, detail->key, detail->text);
		else
			add_number(&members, detail->key, detail->number);
	}
	if (members.count == MEMBERS_MAX)
		return pki_fail(err, PKI_USAGE, "too many audit details");
	return pki_audit_line_add(out, members.at, members.count, err);
}

pki_code
pki_audit_append(pki_ca *ca, const pki_audit_event *event, pki_err *err)
{
	PKI_AUTO(pki_buf) line = pki_buf_new();
	pki_audit_tree tree;
	pki_audit_row row;
	pki_code rc = pki_buf_check(line, err);

	if (rc == PKI_OK)
		rc = pki_store_get_audit_tree(ca->store, &tree, err);
	if (rc != PKI_OK)
		return rc;
	row.seq = tree.size;
	row.at = event->at != 0 ? event->at : pki_clock_now(ca->clock);
	rc = print_event(event, row.seq, row.at, line, err);
	if (rc != PKI_OK)
		return rc;
	row.line = pki_buf_text(line);
	rc = pki_audit_leaf(pki_buf_bytes(line), &row.leaf, err);
	if (rc == PKI_OK)
		rc = pki_audit_tree_add(&tree, &row.leaf, err);
	if (rc == PKI_OK)
		rc = pki_store_put_audit(ca->store, &row, &tree, err);
	return rc == PKI_OK ? PKI_OK : pki_wrap(err, rc, "audit");
}

pki_code
pki_audit_get_head(pki_ca *ca, pki_audit_head *out, pki_err *err)
{
	pki_audit_tree tree;
	pki_code rc = pki_store_get_audit_tree(ca->store, &tree, err);

	if (rc != PKI_OK)
		return rc;
	out->size = tree.size;
	return pki_audit_tree_root(&tree, &out->root, err);
}

const char *
pki_audit_head_format(const pki_audit_head *head,
    char out[PKI_AUDIT_HEAD_TEXT])
{
	char root[PKI_DIGEST_TEXT];

	snprintf(out, PKI_AUDIT_HEAD_TEXT, "%" PRId64 ":%s", head->size,
	    pki_digest_format(&head->root, root));
	return out;
}

pki_code
pki_audit_head_parse(const char *text, pki_audit_head *out, pki_err *err)
{
	PKI_AUTO(pki_buf) root = NULL;
	const char *colon = strchr(text, ':');
	char size[24];

	if (colon == NULL || (size_t)(colon - text) >= sizeof(size) ||
	    pki_hex_parse(colon + 1, sizeof(out->root.octets), &root,
	    NULL) != PKI_OK || root->len != sizeof(out->root.octets))
		return pki_fail(err, PKI_BAD_INPUT, "audit head '%s': wants "
		    "SIZE:ROOT as 'pki-ctl audit head' prints it", text);
	snprintf(size, sizeof(size), "%.*s", (int)(colon - text), text);
	memcpy(out->root.octets, root->data, sizeof(out->root.octets));
	return pki_number_parse(size, 0, INT64_MAX, &out->size, err);
}

pki_code
pki_audit_each(pki_ca *ca, int64_t first, pki_audit_visitor *visit, void *arg,
    pki_err *err)
{
	return pki_store_each_audit(ca->store, first, visit, arg, err);
}
