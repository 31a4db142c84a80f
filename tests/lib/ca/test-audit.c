#include "ca/audit.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "ca/record.h"
#include "tests/lib/ca/ca-sample.h"

TestSuite(audit_tree, .timeout = 30);
TestSuite(audit_head, .timeout = 30);

/* The reference vectors of Certificate Transparency. */
static const pki_bytes inputs[] = {
	PKI_BYTES_TEXT(""),
	PKI_BYTES_TEXT("\x00"),
	PKI_BYTES_TEXT("\x10"),
	PKI_BYTES_TEXT("\x20\x21"),
	PKI_BYTES_TEXT("\x30\x31"),
	PKI_BYTES_TEXT("\x40\x41\x42\x43"),
	PKI_BYTES_TEXT("\x50\x51\x52\x53\x54\x55\x56\x57"),
	PKI_BYTES_TEXT("\x60\x61\x62\x63\x64\x65\x66\x67"
	    "\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f"),
};
static const char *const roots[] = {
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
	"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
	"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
	"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
	"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
	"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
	"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
	"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};

Test(audit_tree, has_the_known_roots_of_rfc_6962)
{
	pki_audit_tree tree = { 0 };
	char text[PKI_DIGEST_TEXT];
	pki_digest leaf, root;
	pki_err err;

	for (size_t i = 0; i < PKI_COUNT(roots); i++) {
		assert_ok(pki_audit_tree_root(&tree, &root, &err), &err);
		cr_expect_str_eq(pki_digest_format(&root, text), roots[i],
		    "%zu leaves", i);
		cr_expect_eq(tree.size, (int64_t)i);
		if (i == PKI_COUNT(inputs))
			break;
		assert_ok(pki_audit_leaf(inputs[i], &leaf, &err), &err);
		assert_ok(pki_audit_tree_add(&tree, &leaf, &err), &err);
	}
}

/* RFC 6962, 2.1, as it is written there. */
static pki_digest
hash_range(const pki_digest *leaves, size_t count)
{
	pki_digest left, right, node;
	size_t split = 1;
	pki_err err;

	if (count == 1)
		return leaves[0];
	while (split * 2 < count)
		split *= 2;
	left = hash_range(leaves, split);
	right = hash_range(leaves + split, count - split);
	assert_ok(pki_digest_of_all((const pki_bytes[]){
	    PKI_BYTES_TEXT("\x01"), pki_digest_bytes(&left),
	    pki_digest_bytes(&right) }, 3, &node, &err), &err);
	return node;
}

Test(audit_tree, agrees_with_the_definition_at_every_size)
{
	pki_digest leaves[200], root, want;
	pki_audit_tree tree = { 0 };
	pki_err err;

	for (size_t i = 0; i < PKI_COUNT(leaves); i++) {
		assert_ok(pki_audit_leaf(pki_bytes_of(&i, sizeof(i)),
		    &leaves[i], &err), &err);
		assert_ok(pki_audit_tree_add(&tree, &leaves[i], &err), &err);
		assert_ok(pki_audit_tree_root(&tree, &root, &err), &err);
		want = hash_range(leaves, i + 1);
		cr_assert(pki_digest_equal(&root, &want), "%zu leaves", i + 1);
	}
}

Test(audit_tree, reports_a_frontier_that_does_not_fit_its_size)
{
	pki_audit_tree tree = { .size = 3, .count = 1 };
	pki_digest leaf = { { 0 } };
	pki_err err;

	assert_refused(pki_audit_tree_add(&tree, &leaf, &err), PKI_DAMAGED,
	    &err, NULL);
}

Test(audit_head, reads_what_it_prints)
{
	pki_audit_head head = { .size = 42 }, back;
	char text[PKI_AUDIT_HEAD_TEXT];
	pki_err err;

	for (size_t i = 0; i < sizeof(head.root.octets); i++)
		head.root.octets[i] = (uint8_t)(i * 9);
	pki_audit_head_format(&head, text);
	cr_assert_eq(strncmp(text, "42:000912", 9), 0, "%s", text);
	assert_ok(pki_audit_head_parse(text, &back, &err), &err);
	cr_assert(same_head(head, back));
}

#define ROOT64 "e3b0c44298fc1c149afbf4c8996fb924" \
	"27ae41e4649b934ca495991b7852b855"

Test(audit_head, refuses_every_other_form)
{
	static const char *const bad[] = {
		"", ":", "7", "7:", ":" ROOT64, "7:abcd", "-1:" ROOT64,
		"x:" ROOT64, "7:" ROOT64 "00", "7:" ROOT64 " ", "7::" ROOT64,
		" 7:" ROOT64, "99999999999999999999:" ROOT64,
		"1234567890123456789012345:" ROOT64, ROOT64 ":7",
	};

	for (size_t i = 0; i < PKI_COUNT(bad); i++) {
		pki_audit_head head;
		pki_err err;

		cr_expect_eq(pki_audit_head_parse(bad[i], &head, &err),
		    PKI_BAD_INPUT, "'%s'", bad[i]);
	}
}

static struct test_ca t;

static void
set_up(void)
{
	fresh_ca(&t);
}

static void
tear_down(void)
{
	drop_ca(&t);
}

TestSuite(audit_append, .init = set_up, .fini = tear_down, .timeout = 60);

/* Each row's sequence, time and leaf. */
static pki_code
check_row(const pki_audit_row *row, void *arg, pki_err *err)
{
	int64_t *next = arg;
	const char *time = NULL;
	char text[PKI_TIME_TEXT];
	pki_digest leaf;
	json_int_t seq = -1;
	json_t *line = json_loads(row->line, JSON_REJECT_DUPLICATES, NULL);

	cr_expect_eq(row->seq, (*next)++);
	cr_expect_eq(json_unpack(line, "{s:I, s:s}", "seq", &seq, "time",
	    &time), 0, "%s", row->line);
	cr_expect_eq(seq, row->seq);
	cr_expect_str_eq(time, pki_time_format(row->at, text));
	cr_expect(pki_text_is_printable(pki_bytes_text(row->line)));
	json_decref(line);
	assert_ok(pki_audit_leaf(pki_bytes_text(row->line), &leaf, err), err);
	cr_expect(pki_digest_equal(&leaf, &row->leaf));
	return PKI_OK;
}

Test(audit_append, makes_a_gapless_sequence_of_json_lines)
{
	PKI_AUTO(pki_cert) cert = issue_meter(&t, "meter-1");
	int64_t next = 0;

	pass(&t, PKI_DAY);
	revoke_cert(&t, cert, PKI_REASON_SUPERSEDED);
	publish(&t, "issuing");
	assert_ok(pki_audit_each(t.ca, 0, check_row, &next, &t.err), &t.err);
	cr_assert_eq(next, 8);
	cr_assert_eq(head_of(&t).size, 8);
	next = 6;
	assert_ok(pki_audit_each(t.ca, 6, check_row, &next, &t.err), &t.err);
	cr_assert_eq(next, 8);
}

Test(audit_append, changes_the_head_with_every_action)
{
	pki_audit_head before = head_of(&t), after;
	PKI_AUTO(pki_cert) cert = issue_meter(&t, "meter-1");

	after = head_of(&t);
	cr_assert_eq(after.size, before.size + 1);
	cr_assert_not(pki_digest_equal(&before.root, &after.root));
	before = after;
	revoke_cert(&t, cert, PKI_REASON_SUPERSEDED);
	after = head_of(&t);
	cr_assert_eq(after.size, before.size + 1);
	cr_assert_not(pki_digest_equal(&before.root, &after.root));
}

static pki_code
keep_line(const pki_audit_row *row, void *arg, pki_err *err)
{
	return pki_text_format(arg, 1024, err, "%s", row->line);
}

Test(audit_append, escapes_who_asked)
{
	PKI_AUTO(pki_cert) cert = NULL;
	struct test_request r;
	char line[1024] = "";

	fresh_request(&r, "auditor", "meter-1");
	r.request.who.name = "eve\n\"\\\xff";
	cert = issue_with(&t, &r.request);
	cr_assert_not_null(cert);
	assert_ok(pki_audit_each(t.ca, head_of(&t).size - 1, keep_line, line,
	    &t.err), &t.err);
	cr_assert_not_null(strstr(line,
	    "\"by\":\"operator:eve\\\\x0a\\\"\\\\\\\\\\\\xff\""), "%s", line);
	drop_request(&r);
}
