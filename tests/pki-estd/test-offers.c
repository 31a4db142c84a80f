#include <criterion/criterion.h>

#include "pki-estd/offers.h"

TestSuite(offers, .timeout = 20);

static const uint8_t der[] = { 0x30, 0x03, 0x02, 0x01, 0x05 };

static pki_message
of_set(pki_message_type type, uint64_t generation)
{
	pki_message message = pki_message_of(type);

	pki_message_put_number(&message, PKI_TAG_GENERATION, generation);
	return message;
}

static pki_message
of_label(pki_message_type type, uint64_t generation, const char *label)
{
	pki_message message = of_set(type, generation);

	pki_message_put_text(&message, PKI_TAG_LABEL, label);
	pki_message_put_number(&message, PKI_TAG_WIDTH, 0);
	return message;
}

static offers_table *
make_offers(tls_store **tls)
{
	offers_table *offers = NULL;

	cr_assert_eq(tls_new(tls, NULL), PKI_OK);
	cr_assert_eq(offers_new(*tls, &offers, NULL), PKI_OK);
	return offers;
}

/* A set that lacks one thing is not used, and leaves nothing behind. */
Test(offers, are_refused_without_a_certificate_of_the_server)
{
	pki_message labels = of_set(PKI_MESSAGE_LABELS, 1);
	tls_store *tls;
	offers_table *offers = make_offers(&tls);
	pki_err err;

	cr_expect_eq(offers_take(offers, &labels, &err), PKI_BAD_INPUT);
	cr_expect(strstr(err.msg, "certificate") != NULL);
	cr_expect_not(offers_known(offers));
	offers_free(offers);
	tls_free(tls);
}

Test(offers, are_refused_with_a_label_that_lacks_an_answer)
{
	pki_message key = of_set(PKI_MESSAGE_TLS, 1);
	pki_message certs = of_label(PKI_MESSAGE_CACERTS, 1, "meter");
	pki_message labels = of_set(PKI_MESSAGE_LABELS, 1);
	tls_store *tls;
	offers_table *offers = make_offers(&tls);
	pki_err err;

	pki_message_put(&key, PKI_TAG_KEY, pki_bytes_of(der, sizeof(der)));
	pki_message_add(&key, pki_bytes_of(der, sizeof(der)));
	pki_message_put(&certs, PKI_TAG_CMS, pki_bytes_of(der, sizeof(der)));
	pki_message_add(&labels, pki_bytes_text("meter"));
	cr_expect_eq(offers_take(offers, &key, &err), PKI_OK);
	cr_expect_eq(offers_take(offers, &certs, &err), PKI_OK);
	cr_expect_eq(offers_take(offers, &labels, &err), PKI_BAD_INPUT);
	cr_expect(strstr(err.msg, "label") != NULL, "%s", err.msg);
	cr_expect_not(offers_is_label(offers, pki_bytes_text("meter")));
	offers_free(offers);
	tls_free(tls);
}

Test(offers, are_refused_with_a_bad_key_and_do_not_mix_generations)
{
	pki_message key = of_set(PKI_MESSAGE_TLS, 1);
	pki_message empty = of_set(PKI_MESSAGE_LABELS, 1);
	pki_message later = of_set(PKI_MESSAGE_LABELS, 2);
	tls_store *tls;
	offers_table *offers = make_offers(&tls);
	pki_buf *text = NULL;

	pki_message_put(&key, PKI_TAG_KEY, pki_bytes_of(der, sizeof(der)));
	pki_message_add(&key, pki_bytes_of(der, sizeof(der)));
	cr_expect_eq(offers_take(offers, &key, NULL), PKI_OK);
	cr_expect_eq(offers_take(offers, &empty, NULL), PKI_CRYPTO);
	cr_expect_eq(offers_take(offers, &key, NULL), PKI_OK);
	cr_expect_eq(offers_take(offers, &later, NULL), PKI_BAD_INPUT);
	cr_expect_eq(offers_get(offers, pki_bytes_text("meter"),
	    OFFERS_CACERTS, &text, NULL, NULL), PKI_NOT_FOUND);
	offers_free(offers);
	tls_free(tls);
}
