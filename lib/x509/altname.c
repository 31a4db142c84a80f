#include "x509/altname.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "x509/altname-text.h"
#include "x509/der.h"

#define CLASS_CONTEXT 0x80
#define NUMBER_MASK 0x1f

struct pki_altnames {
	pki_altname *items;
	size_t       count, room;
};

pki_altnames *
pki_altnames_new(void)
{
	return calloc(1, sizeof(pki_altnames));
}

/* The texts are ours: pki_altname shows them to callers as const. */
static void
free_text(const char *text)
{
	free((void *)(uintptr_t)text);
}

void
pki_altnames_free(pki_altnames *names)
{
	if (names == NULL)
		return;
	for (size_t i = 0; i < names->count; i++)
		free_text(names->items[i].text);
	free(names->items);
	free(names);
}

size_t
pki_altnames_count(const pki_altnames *names)
{
	return names == NULL ? 0 : names->count;
}

const pki_altname *
pki_altnames_at(const pki_altnames *names, size_t i)
{
	return i < pki_altnames_count(names) ? &names->items[i] : NULL;
}

bool
pki_altnames_has(const pki_altnames *names, const pki_altname *name)
{
	for (size_t i = 0; i < pki_altnames_count(names); i++)
		if (names->items[i].type == name->type &&
		    strcmp(names->items[i].text, name->text) == 0)
			return true;
	return false;
}

/* No list holds a name twice, so one direction is enough. */
bool
pki_altnames_equal(const pki_altnames *a, const pki_altnames *b)
{
	if (pki_altnames_count(a) != pki_altnames_count(b))
		return false;
	for (size_t i = 0; i < pki_altnames_count(a); i++)
		if (!pki_altnames_has(b, &a->items[i]))
			return false;
	return true;
}

static bool
make_room(pki_altnames *names)
{
	size_t room = names->room == 0 ? 4 : names->room * 2;
	pki_altname *items;

	if (names->count < names->room)
		return true;
	items = reallocarray(names->items, room, sizeof(*items));
	if (items == NULL)
		return false;
	names->items = items;
	names->room = room;
	return true;
}

/* text is canonical. */
static pki_code
append(pki_altnames *names, pki_alt_type type, const char *text, pki_err *err)
{
	pki_altname name = { type, text };

	if (pki_altnames_has(names, &name))
		return PKI_OK;
	if (!make_room(names) || (name.text = pki_text_copy(text)) == NULL)
		return pki_fail_memory(err);
	names->items[names->count++] = name;
	return PKI_OK;
}

pki_code
pki_altnames_copy(const pki_altnames *names, pki_altnames **out, pki_err *err)
{
	PKI_AUTO(pki_altnames) copy = pki_altnames_new();
	pki_code rc = PKI_OK;

	if (copy == NULL)
		return pki_fail_memory(err);
	for (size_t i = 0; rc == PKI_OK && i < pki_altnames_count(names); i++)
		rc = append(copy, names->items[i].type, names->items[i].text,
		    err);
	if (rc == PKI_OK)
		*out = PKI_TAKE(copy);
	return rc;
}

static pki_code
add_checked(pki_altnames *names, const pki_alt_kind *kind, pki_bytes text,
    pki_err *err)
{
	int len = text.len > 255 ? 255 : (int)text.len;
	char canonical[PKI_ALT_TEXT_ROOM];

	if (!kind->canonicalize(text, canonical))
		return pki_refuse(err, PKI_BAD_INPUT, "alt-name",
		    kind->accepts, "%s:%.*s%s", kind->name, len,
		    (const char *)text.data, text.len > 0 &&
		    memchr(text.data, '\0', text.len) != NULL ?
		    " with a NUL" : "");
	return append(names, kind->type, canonical, err);
}

pki_code
pki_altnames_add(pki_altnames *names, pki_alt_type type, const char *text,
    pki_err *err)
{
	return add_checked(names, pki_alt_kind_of(type), pki_bytes_text(text),
	    err);
}

pki_code
pki_altnames_add_text(pki_altnames *names, const char *text, pki_err *err)
{
	const char *colon = strchr(text, ':');
	const pki_alt_kind *kind = NULL;

	if (colon != NULL)
		kind = pki_alt_kind_named(pki_bytes_of(text,
		    (size_t)(colon - text)));
	if (kind == NULL)
		return pki_refuse(err, PKI_BAD_INPUT, "alt-name",
		    "dns:NAME, ip:ADDRESS, uri:URI, email:ADDRESS", "%s",
		    text);
	return add_checked(names, kind, pki_bytes_text(colon + 1), err);
}

/* GeneralName's choices by number, for those that we refuse. */
static const char *const refused_kinds[] = {
	[0] = "otherName", [3] = "x400Address", [4] = "directoryName",
	[5] = "ediPartyName", [8] = "registeredID",
};

static pki_code
refuse_kind(uint8_t tag, pki_err *err)
{
	size_t number = tag & NUMBER_MASK;
	const char *kind = "another choice";

	if ((tag & CLASS_CONTEXT) != 0 &&
	    number < PKI_COUNT(refused_kinds) && refused_kinds[number] != NULL)
		kind = refused_kinds[number];
	return pki_refuse(err, PKI_BAD_INPUT, "alt-name",
	    "dns, ip, uri, email", "%s (tag 0x%02x)", kind, tag);
}

static pki_code
read_name(pki_der *list, pki_altnames *names, pki_err *err)
{
	char text[PKI_ALT_TEXT_ROOM];
	const pki_alt_kind *kind;
	pki_bytes content;
	uint8_t tag;
	pki_code rc;

	rc = pki_der_read_any(list, &tag, &content, NULL, err);
	if (rc != PKI_OK)
		return rc;
	kind = pki_alt_kind_of((unsigned)tag ^ CLASS_CONTEXT);
	if (kind == NULL)
		return refuse_kind(tag, err);
	if (kind->type != PKI_ALT_IP)
		return add_checked(names, kind, content, err);
	if (!pki_alt_ip_text(content, text))
		return pki_refuse(err, PKI_BAD_INPUT, "alt-name",
		    "4 or 16 octets", "an address of %zu octets", content.len);
	return append(names, PKI_ALT_IP, text, err);
}

pki_code
pki_altnames_parse(pki_bytes der, pki_altnames **out, pki_err *err)
{
	pki_der outer = pki_der_from(der, "subjectAltName"), list;
	PKI_AUTO(pki_altnames) names = NULL;
	pki_code rc;

	rc = pki_der_check(der, "subjectAltName", err);
	if (rc == PKI_OK)
		rc = pki_der_enter(&outer, PKI_DER_SEQUENCE, &list, err);
	if (rc != PKI_OK)
		return rc;
	/* SIZE (1..MAX): RFC 5280, 4.2.1.6. */
	if (pki_der_at_end(&list))
		return pki_refuse(err, PKI_BAD_INPUT, "alt-name",
		    "one name or more", "an empty list");
	names = pki_altnames_new();
	if (names == NULL)
		return pki_fail_memory(err);
	while (!pki_der_at_end(&list)) {
		rc = read_name(&list, names, err);
		if (rc != PKI_OK)
			return rc;
	}
	*out = PKI_TAKE(names);
	return PKI_OK;
}

/* The canonical text of IPv6 has colons, that of IPv4 has none. */
static size_t
count_octets(const pki_altname *name)
{
	if (name->type != PKI_ALT_IP)
		return strlen(name->text);
	return strchr(name->text, ':') != NULL ? 16 : 4;
}

static size_t
count_content(const pki_altnames *names)
{
	size_t len = 0;

	for (size_t i = 0; i < pki_altnames_count(names); i++)
		len += pki_der_size(count_octets(&names->items[i]));
	return len;
}

size_t
pki_altnames_size(const pki_altnames *names)
{
	return pki_der_size(count_content(names));
}

pki_code
pki_altnames_encode(const pki_altnames *names, pki_buf *out, pki_err *err)
{
	uint8_t octets[16];

	pki_der_add_header(out, PKI_DER_SEQUENCE, count_content(names));
	for (size_t i = 0; i < pki_altnames_count(names); i++) {
		const pki_altname *name = &names->items[i];
		pki_bytes value = pki_bytes_text(name->text);

		if (name->type == PKI_ALT_IP)
			value = pki_bytes_of(octets,
			    pki_alt_ip_octets(name->text, octets));
		pki_der_add(out, (uint8_t)PKI_DER_CONTEXT_PRIMITIVE(
		    name->type), value);
	}
	return pki_buf_check(out, err);
}

void
pki_altnames_print(const pki_altnames *names, pki_buf *out)
{
	for (size_t i = 0; i < pki_altnames_count(names); i++)
		pki_buf_add_format(out, "%s%s:%s", i == 0 ? "" : ", ",
		    pki_alt_type_name(names->items[i].type),
		    names->items[i].text);
}

const char *
pki_alt_type_name(pki_alt_type type)
{
	return pki_alt_kind_of(type)->name;
}
