/*
 * A device that asks for its first certificate, as EST would have it:
 *
 *	ask STATE-DIR PROFILE NAME TOKEN CSR
 *
 * Prints "issued SERIAL" or "again SERIAL", or what the error's code, rule and
 * value are.
 */
#include <stdio.h>
#include <string.h>

#include "pki.h"

static pki_code
ask(char **argv, pki_issued **out, pki_err *err)
{
	const pki_ca_options options = { .state_dir = argv[1] };
	PKI_AUTO(pki_ca) ca = NULL;
	PKI_AUTO(pki_csr) csr = NULL;
	PKI_AUTO(pki_buf) text = NULL;
	pki_token_parts token;
	pki_issue_request request = {
		.profile = argv[2], .identity = argv[3],
		.who = { PKI_BY_EST, "ask" },
	};
	pki_code rc = pki_ca_open(&options, &ca, err);

	if (rc == PKI_OK)
		rc = pki_file_read(argv[5], 1 << 16, PKI_FILE_ANY, &text,
		    err);
	if (rc == PKI_OK)
		rc = pki_csr_parse(pki_buf_bytes(text), &csr, err);
	if (rc == PKI_OK)
		rc = pki_token_parse(pki_bytes_text(argv[4]), &token, err);
	if (rc == PKI_OK)
		rc = pki_issue_request_from_csr(csr, &request, err);
	if (rc != PKI_OK)
		return rc;
	request.evidence.kind = PKI_EVIDENCE_TOKEN;
	request.evidence.token = token.id;
	request.evidence.secret = pki_bytes_text(token.secret);
	return pki_ca_issue(ca, &request, out, err);
}

int
main(int argc, char **argv)
{
	PKI_AUTO(pki_issued) issued = NULL;
	char serial[PKI_SERIAL_TEXT];
	pki_err err = { 0 };
	pki_code rc;

	if (argc != 6)
		return 2;
	rc = ask(argv, &issued, &err);
	if (rc != PKI_OK)
		printf("%s %s %s\n", pki_code_name(rc), err.rule, err.value);
	else
		printf("%s %s\n", issued->again ? "again" : "issued",
		    pki_serial_format(pki_cert_serial(issued->cert), serial));
	return rc != PKI_OK;
}
