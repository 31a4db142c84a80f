#include "policy/alt-pattern.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/ids.h"
#include "base/text.h"

#define PLACEHOLDER "{identity}"
/* A name that every kind of alternative name accepts in its place. */
#define SAMPLE "x"

static const char *
skip_kind(const char *text, pki_alt_type *type)
{
	static const pki_alt_type types[] = {
		PKI_ALT_EMAIL, PKI_ALT_DNS, PKI_ALT_URI, PKI_ALT_IP,
	};
	size_t i, len;

	for (i = 0; i < PKI_COUNT(types); i++) {
		len = strlen(pki_alt_type_name(types[i]));
		if (strncmp(text, pki_alt_type_name(types[i]), len) == 0 &&
		    text[len] == ':') {
			*type = types[i];
			return text + len + 1;
		}
	}
	return NULL;
}

/* An address, or the network around it. */
typedef struct network {
	int     family;
	uint8_t octets[16];
	long    bits;
} network;

static bool
parse_address(const char *text, network *out)
{
	*out = (network){ .family = AF_INET, .bits = 32 };
	if (inet_pton(AF_INET, text, out->octets) == 1)
		return true;
	*out = (network){ .family = AF_INET6, .bits = 128 };
	return inet_pton(AF_INET6, text, out->octets) == 1;
}

static bool
bit_of(const network *net, long i)
{
	return (net->octets[i / 8] >> (7 - i % 8) & 1) != 0;
}

static bool
parse_network(const char *text, network *out)
{
	char address[INET6_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	int64_t bits;
	long i;

	if (slash == NULL)
		return parse_address(text, out);
	if ((size_t)(slash - text) >= sizeof(address))
		return false;
	memcpy(address, text, (size_t)(slash - text));
	address[slash - text] = '\0';
	if (!parse_address(address, out) || pki_number_parse(slash + 1, 0,
	    out->bits, &bits, NULL) != PKI_OK)
		return false;
	/* 10.1.2.3/8 is a slip: of the address, or of the length? */
	for (i = (long)bits; i < out->bits; i++)
		if (bit_of(out, i))
			return false;
	out->bits = (long)bits;
	return true;
}

static bool
network_holds(const network *net, const network *address)
{
	long i;

	if (net->family != address->family)
		return false;
	for (i = 0; i < net->bits; i++)
		if (bit_of(net, i) != bit_of(address, i))
			return false;
	return true;
}

static bool
match_ip(const char *pattern, const char *text)
{
	network net, address;

	if (strcmp(pattern, "*") == 0)
		return true;
	return parse_network(pattern, &net) && parse_address(text, &address) &&
	    network_holds(&net, &address);
}

/* Each '*' stands for one character or more. */
static bool
match_filled(const char *pattern, const char *text)
{
	const char *star = NULL, *resume = NULL;

	while (*text != '\0') {
		if (*pattern == '*') {
			star = pattern++;
			resume = ++text;
		} else if (pki_text_lower(*pattern) == pki_text_lower(*text)) {
			pattern++;
			text++;
		} else if (star != NULL) {
			pattern = star + 1;
			text = ++resume;
		} else {
			return false;
		}
	}
	return *pattern == '\0';
}

bool
pki_alt_pattern_match(const char *pattern, const pki_altname *name)
{
	pki_alt_type type;
	const char *rest = skip_kind(pattern, &type);

	if (rest == NULL || type != name->type)
		return false;
	if (type == PKI_ALT_IP)
		return match_ip(rest, name->text);
	return type == PKI_ALT_DNS ? match_filled(rest, name->text) :
	    pki_pattern_match(rest, name->text);
}

bool
pki_alt_text_is_wildcard(const char *text)
{
	return strncmp(text, "dns:*.", 6) == 0;
}

bool
pki_altname_is_wildcard(const pki_altname *name)
{
	return name->type == PKI_ALT_DNS && strncmp(name->text, "*.", 2) == 0;
}

/* Append text with each occurrence of what replaced by with. */
static void
add_replaced(pki_buf *out, const char *text, const char *what,
    const char *with)
{
	const char *found;

	while ((found = strstr(text, what)) != NULL) {
		pki_buf_add(out, pki_bytes_of(text, (size_t)(found - text)));
		pki_buf_add_text(out, with);
		text = found + strlen(what);
	}
	pki_buf_add_text(out, text);
}

void
pki_alt_expand(const char *pattern, const char *identity, pki_buf *out)
{
	add_replaced(out, pattern, PLACEHOLDER, identity);
}

/* Can some name be made from it?  True when memory is out: asked later. */
static bool
can_match(const char *pattern, const char *for_star)
{
	PKI_AUTO(pki_buf) expanded = pki_buf_new();
	PKI_AUTO(pki_buf) sample = pki_buf_new();
	PKI_AUTO(pki_altnames) names = pki_altnames_new();

	if (expanded == NULL || sample == NULL || names == NULL)
		return true;
	pki_alt_expand(pattern, SAMPLE, expanded);
	add_replaced(sample, pki_buf_text(expanded), "*", for_star);
	return pki_altnames_add_text(names, pki_buf_text(sample), NULL) ==
	    PKI_OK;
}

/* A brace is only good in {identity}. */
static bool
has_stray_brace(const char *text)
{
	while ((text = strpbrk(text, "{}")) != NULL) {
		if (strncmp(text, PLACEHOLDER, strlen(PLACEHOLDER)) != 0)
			return true;
		text += strlen(PLACEHOLDER);
	}
	return false;
}

static const char *
common_fault(const char *pattern, pki_alt_type *type)
{
	const char *rest = skip_kind(pattern, type);

	if (rest == NULL)
		return "dns:, ip:, uri: or email: in front";
	if (*rest == '\0')
		return "a name after the colon";
	if (!pki_text_is_printable(pki_bytes_text(rest)) ||
	    strchr(rest, ' ') != NULL)
		return "printable ASCII without spaces";
	if (has_stray_brace(rest))
		return "no placeholder but " PLACEHOLDER;
	if (*type == PKI_ALT_IP && strchr(rest, '{') != NULL)
		return "no placeholder in an address";
	return NULL;
}

const char *
pki_alt_pattern_fault(const char *pattern)
{
	pki_alt_type type = PKI_ALT_DNS;
	const char *fault = common_fault(pattern, &type);
	const char *rest = strchr(pattern, ':');
	network net;

	if (fault != NULL)
		return fault;
	rest++;
	switch (type) {
	case PKI_ALT_IP:
		if (strcmp(rest, "*") == 0 || parse_network(rest, &net))
			return NULL;
		return "ip:*, an address, or a network such as 10.0.0.0/8";
	case PKI_ALT_DNS:
		return can_match(pattern, SAMPLE) ? NULL :
		    "letters, digits, - . and *, as in dns:*.example.com";
	case PKI_ALT_EMAIL:
		return can_match(pattern, SAMPLE) ||
		    can_match(pattern, "x@x.example") ? NULL :
		    "a pattern such as email:*@example.com";
	case PKI_ALT_URI:
		return can_match(pattern, SAMPLE) ||
		    can_match(pattern, "urn:x:x") ? NULL :
		    "a pattern such as uri:urn:example:*";
	}
	return NULL;
}

const char *
pki_alt_always_fault(const char *pattern)
{
	pki_alt_type type = PKI_ALT_DNS;
	const char *fault = common_fault(pattern, &type);
	const char *star = strrchr(pattern, '*');

	if (fault != NULL)
		return fault;
	if (star != NULL && !(pki_alt_text_is_wildcard(pattern) &&
	    star == pattern + strlen("dns:")))
		return "a whole name without *, such as dns:" PLACEHOLDER;
	/* A star can only be the wildcard's own: it stays. */
	return can_match(pattern, "*") ? NULL :
	    "a whole name such as dns:" PLACEHOLDER " or ip:10.0.0.1";
}
