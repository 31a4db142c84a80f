#include "tests/lib/ca/renew-sample.h"

void
put_node_template(struct test_ca *t, const char *est)
{
	PKI_AUTO(pki_buf) text = pki_buf_new();

	pki_buf_add_format(text, "name = \"node\";\nca = \"issuing\";\n"
	    "kind = \"end-entity\";\nvalidity = \"90d\";\n"
	    "key: { types = [ \"p256\" ]; usage = [ \"digital-signature\" ]; "
	    "extended-usage = [ \"client-auth\" ]; };\n"
	    "subject: { organization = \"Example Ltd\"; };\n"
	    "alt-names: { allow = [ \"dns:*.example\", \"ip:10.0.0.0/8\" ]; "
	    "};\nissue: { by = [ \"operator\", \"est\" ]; };\n"
	    "est: { %s };\n", est);
	put_file(t, "templates/node.conf", pki_buf_text(text));
	restart_ca(t);
}

pki_buf *
make_renewal(const struct node *node, const struct renewal *how)
{
	EVP_PKEY *key = how->key != NULL ? how->key : node->other;
	const struct csr_recipe recipe = {
		.signer = how->signer != NULL ? how->signer : key, .key = key,
		.subject = how->subject != NULL ? how->subject :
		    NODE_SUBJECT,
		.attributes = how->attributes != NULL ? how->attributes :
		    NODE_NAMES(NODE_HOST NODE_ADDRESS),
	};
	pki_buf *der = pki_buf_new();

	cr_assert(csr_make(&recipe, der));
	return der;
}

void
fresh_node(struct test_ca *t, struct node *node, const char *est)
{
	pki_issue_request request = {
		.profile = "node", .who = test_requester,
	};
	PKI_AUTO(pki_buf) der = NULL;
	PKI_AUTO(pki_csr) csr = NULL;

	fresh_ca(t);
	put_node_template(t, est);
	node->key = EVP_EC_gen("P-256");
	node->other = EVP_EC_gen("P-256");
	der = make_renewal(node, &(struct renewal){ .key = node->key });
	assert_ok(pki_csr_parse(pki_buf_bytes(der), &csr, &t->err), &t->err);
	assert_ok(pki_issue_request_from_csr(csr, &request, &t->err),
	    &t->err);
	node->cert = issue_with(t, &request);
	cr_assert_not_null(node->cert, "%s", t->err.msg);
}

void
drop_node(struct test_ca *t, struct node *node)
{
	EVP_PKEY_free(node->key);
	EVP_PKEY_free(node->other);
	pki_cert_free(node->cert);
	drop_ca(t);
}

pki_code
renew_by(struct test_ca *t, const pki_credential *credential, pki_bytes octets,
    const struct renewal *how, pki_issued **out)
{
	pki_issue_request request = {
		.profile = how->label, .who = { PKI_BY_EST, "test" },
		.evidence.binding = how->binding,
	};
	PKI_AUTO(pki_issued) issued = NULL;
	PKI_AUTO(pki_csr) csr = NULL;
	pki_code rc = pki_csr_parse(octets, &csr, &t->err);

	if (rc != PKI_OK)
		return rc;
	pki_issue_request_renew(credential, &request);
	rc = pki_issue_request_from_csr(csr, &request, &t->err);
	if (rc == PKI_OK)
		rc = pki_ca_issue(t->ca, &request, &issued, &t->err);
	if (rc == PKI_OK && out != NULL)
		*out = PKI_TAKE(issued);
	return rc;
}

pki_code
renew(struct test_ca *t, const struct node *node, const struct renewal *how,
    pki_issued **out)
{
	PKI_AUTO(pki_credential) credential = NULL;
	PKI_AUTO(pki_buf) der = make_renewal(node, how);
	pki_code rc = pki_ca_check_credential(t->ca, pki_cert_der(node->cert),
	    PKI_CREDENTIAL_RENEWS, &credential, &t->err);

	return rc == PKI_OK ? renew_by(t, credential, pki_buf_bytes(der), how,
	    out) : rc;
}

int64_t
count_certs(const struct test_ca *t)
{
	return ask_sql(t, "SELECT count(*) FROM cert");
}
