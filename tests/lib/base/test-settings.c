#include "base/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "base/clock.h"

/* A language with one setting of each type, and its struct. */
typedef struct sample {
	char         *name, *note;
	bool          fast;
	int64_t       size, free_size, life;
	int           colour;
	uint32_t      shapes;
	pki_text_list hosts;
} sample;

static const pki_choice colours[] = {
	{ "red", 4 }, { "green", 7 }, { NULL, 0 },
};

static const pki_choice shapes[] = {
	{ "circle", 0 }, { "square", 3 }, { NULL, 0 },
};

#define FIELD(member) .offset = offsetof(sample, member)

static const pki_setting table[] = {
	{ "name", PKI_SET_TEXT, FIELD(name), .min = 1, .max = 8,
	    .wants = "a short text" },
	{ "note", PKI_SET_TEXT, FIELD(note), .fallback = "none",
	    .wants = "a text" },
	{ "fast", PKI_SET_BOOL, FIELD(fast), .fallback = "true",
	    .wants = "true or false" },
	{ "size", PKI_SET_INT, FIELD(size), .fallback = "5", .min = -1,
	    .max = 10, .wants = "a number from -1 to 10" },
	{ "free-size", PKI_SET_INT, FIELD(free_size), .fallback = "0",
	    .wants = "a number" },
	{ "time.life", PKI_SET_DURATION, FIELD(life), .fallback = "90d",
	    .min = 60, .max = PKI_YEAR, .wants = "a duration such as \"90d\"" },
	{ "look.colour", PKI_SET_CHOICE, FIELD(colour), .fallback = "green",
	    .choices = colours, .wants = "one of red, green" },
	{ "look.shapes", PKI_SET_CHOICES, FIELD(shapes),
	    .fallback = "[ \"square\" ]", .choices = shapes, .max = 5,
	    .wants = "a list of shapes" },
	{ "look.hosts", PKI_SET_LIST, FIELD(hosts),
	    .fallback = "[ \"a\", \"b\" ]", .max = 3,
	    .wants = "a list of hosts" },
};

TestSuite(settings_parse, .timeout = 30);
TestSuite(settings_load, .timeout = 30);
TestSuite(settings_line, .timeout = 30);
TestSuite(settings_clear, .timeout = 30);

static pki_code
parse(pki_bytes text, sample *out, pki_err *err)
{
	memset(out, 0, sizeof(*out));
	return pki_settings_parse(text, "t.conf", table, PKI_COUNT(table), out,
	    err);
}

static void
clear(sample *s)
{
	pki_settings_clear(table, PKI_COUNT(table), s);
}

Test(settings_parse, reads_one_of_each_type)
{
	pki_err err = { 0 };
	sample s;

	cr_assert_eq(parse(PKI_BYTES_TEXT(
	    "# all of them\n"
	    "name = \"M\xc3\xbcller\";\n"
	    "note : \"\";\n"
	    "fast = false;\n"
	    "size = -1;\n"
	    "free-size = 5000000000L;\n"
	    "time: { life = \"2h\"; };\n"
	    "look = {\n"
	    "  colour = \"red\"; shapes = [ \"circle\", \"square\" ];\n"
	    "  hosts = [\n \"x\", // one\n \"y\" /* two */ ];\n"
	    "};\n"), &s, &err), PKI_OK, "%s", err.msg);
	cr_expect_str_eq(s.name, "M\xc3\xbcller");
	cr_expect_str_eq(s.note, "");
	cr_expect_not(s.fast);
	cr_expect_eq(s.size, -1);
	cr_expect_eq(s.free_size, INT64_C(5000000000));
	cr_expect_eq(s.life, 7200);
	cr_expect_eq(s.colour, 4);
	cr_expect_eq(s.shapes, 9u);
	cr_assert_eq(s.hosts.count, 2u);
	cr_expect_str_eq(s.hosts.items[0], "x");
	cr_expect_str_eq(s.hosts.items[1], "y");
	clear(&s);
}

Test(settings_parse, takes_what_is_not_given_from_the_table)
{
	pki_err err = { 0 };
	sample s;

	cr_assert_eq(parse(PKI_BYTES_TEXT("name = \"x\";"), &s, &err), PKI_OK,
	    "%s", err.msg);
	cr_expect_str_eq(s.note, "none");
	cr_expect(s.fast);
	cr_expect_eq(s.size, 5);
	cr_expect_eq(s.free_size, 0);
	cr_expect_eq(s.life, 90 * PKI_DAY);
	cr_expect_eq(s.colour, 7);
	cr_expect_eq(s.shapes, 8u);
	cr_assert_eq(s.hosts.count, 2u);
	cr_expect_str_eq(s.hosts.items[1], "b");
	clear(&s);
}

#define N "name = \"x\";\n"

static const struct bad {
	const char *text, *msg;
} bad[] = {
	/* names */
	{ N "fsat = true;", "t.conf:2: fsat: unknown setting, perhaps fast, "
	    "known here: name, note, fast, size, free-size, time, look" },
	{ N "xyzzy = 1;", "t.conf:2: xyzzy: unknown setting, "
	    "known here: name, note, fast, size, free-size, time, look" },
	{ N "look: { color = \"red\"; };", "t.conf:2: look.color: unknown "
	    "setting, perhaps look.colour, known here: colour, shapes, hosts" },
	{ N "hosts = [];", "t.conf:2: hosts: unknown setting, perhaps "
	    "look.hosts, known here: name, note, fast, size, free-size, time, "
	    "look" },
	{ N "look: { a: { b = 1; }; };", "t.conf:2: look.a: unknown setting, "
	    "known here: colour, shapes, hosts" },
	{ N "Name = \"y\";", "t.conf:2: Name: unknown setting, perhaps name, "
	    "known here: name, note, fast, size, free-size, time, look" },
	{ N "look = 5;", "t.conf:2: look: found a number, wants a group: "
	    "look: { ... };" },
	{ N "look = [];", "t.conf:2: look: found a list, wants a group: "
	    "look: { ... };" },
	{ "note = \"y\";", "t.conf: name: missing, wants a short text" },
	{ "", "t.conf: name: missing, wants a short text" },
	/* twice */
	{ N "size = 1;\nsize = 1;", "t.conf:3: duplicate setting name in "
	    "'size = 1;'" },
	{ N "time: { };\n  time: { life = \"2h\"; };", "t.conf:3: duplicate "
	    "setting name in 'time: { life = \"2h\"; };'" },
	/* types */
	{ "name = 5;", "t.conf:1: name: found a number, wants a short text" },
	{ "name = [ \"x\" ];", "t.conf:1: name: found a list, wants a short "
	    "text" },
	{ "name: { };", "t.conf:1: name: found a group, wants a short text" },
	{ N "fast = \"true\";", "t.conf:2: fast: found a text, wants true or "
	    "false" },
	{ N "fast = 1;", "t.conf:2: fast: found a number, wants true or "
	    "false" },
	{ N "size = \"5\";", "t.conf:2: size: found a text, wants a number "
	    "from -1 to 10" },
	{ N "size = 5.0;", "t.conf:2: size: found a fraction, wants a number "
	    "from -1 to 10" },
	{ N "time: { life = 90; };", "t.conf:2: time.life: found a number, "
	    "wants a duration such as \"90d\"" },
	{ N "look: { colour = true; };", "t.conf:2: look.colour: found true "
	    "or false, wants one of red, green" },
	{ N "look: { shapes = \"circle\"; };", "t.conf:2: look.shapes: found "
	    "a text, wants a list of shapes" },
	{ N "look: { shapes = ( \"circle\" ); };", "t.conf:2: look.shapes: "
	    "found a list in parentheses, wants a list of shapes" },
	{ N "look: { hosts = [ 1, 2 ]; };", "t.conf:2: look.hosts: found a "
	    "number, wants a list of hosts" },
	/* ranges */
	{ "name = \"\";", "t.conf:1: name: out of range: '0 octets', wants 1 "
	    "to 8 octets" },
	{ "name = \"123456789\";", "t.conf:1: name: out of range: '9 octets', "
	    "wants 1 to 8 octets" },
	{ N "size = 11;", "t.conf:2: size: out of range: '11', wants -1 to "
	    "10" },
	{ N "size = -2;", "t.conf:2: size: out of range: '-2', wants -1 to "
	    "10" },
	{ N "time: { life = \"59s\"; };", "t.conf:2: time.life: out of range: "
	    "'59s', wants 1m to 1y" },
	{ N "time: {\n life = \"366d\"; };", "t.conf:3: time.life: out of "
	    "range: '366d', wants 1m to 1y" },
	{ N "time: { life = \"90 d\"; };", "t.conf:2: time.life: no duration: "
	    "'90 d', wants a duration such as \"90d\"" },
	{ N "look: { hosts = [ \"a\", \"b\", \"c\", \"d\" ]; };",
	    "t.conf:2: look.hosts: out of range: '4 entries', wants 0 to 3 "
	    "entries" },
	/* values */
	{ N "look: { colour = \"blue\"; };", "t.conf:2: look.colour: unknown "
	    "value 'blue', wants one of red, green" },
	{ N "look: { colour = \"Red\"; };", "t.conf:2: look.colour: unknown "
	    "value 'Red', wants one of red, green" },
	{ N "look: { shapes = [ \"circle\",\n \"squre\" ]; };",
	    "t.conf:2: look.shapes: unknown value 'squre', wants a list of "
	    "circle, square" },
	{ N "look: { shapes = [ \"circle\", \"circle\" ]; };",
	    "t.conf:2: look.shapes: repeated 'circle', wants each entry "
	    "once" },
	{ N "look: { hosts = [ \"a\", \"a\" ]; };", "t.conf:2: look.hosts: "
	    "repeated 'a', wants each entry once" },
	{ N "look: { hosts = [ \"\" ]; };", "t.conf:2: look.hosts: empty "
	    "entry '', wants a list of hosts" },
	/* texts */
	{ N "note = \"a\\nb\";", "t.conf:2: note: text 'a\\x0ab', wants UTF-8 "
	    "without control characters" },
	{ N "note = \"\xff\";", "t.conf:2: note: text '\\xff', wants UTF-8 "
	    "without control characters" },
	{ N "note = \"\xc0\xaf\";", "t.conf:2: note: text '\\xc0\\xaf', wants "
	    "UTF-8 without control characters" },
	{ N "note = \"\xed\xa0\x80\";", "t.conf:2: note: text "
	    "'\\xed\\xa0\\x80', wants UTF-8 without control characters" },
	{ N "note = \"\xc2\x85\";", "t.conf:2: note: text '\\xc2\\x85', wants "
	    "UTF-8 without control characters" },
	{ N "note = \"\x7f\";", "t.conf:2: note: text '\\x7f', wants UTF-8 "
	    "without control characters" },
	{ N "note = \"\xe2\x82\";", "t.conf:2: note: text '\\xe2\\x82', wants "
	    "UTF-8 without control characters" },
	/* syntax, and what libconfig would take */
	{ N "size = ;", "t.conf:2: syntax error in 'size = ;'" },
	{ N "note = \"x;\n\n", "t.conf:2: a text that never ends, wants \"" },
	{ N "/* note\n\n", "t.conf:2: a comment that never ends, wants */" },
	{ N "/* note *\nsize = 3; /* size */\n", "t.conf:3: a comment within "
	    "a comment, wants */ before it" },
	{ N "size \"5\";", "t.conf:2: a text that belongs to no setting, wants "
	    "name = in front" },
	{ N "size = 5, \"x\";", "t.conf:2: a text that belongs to no setting, "
	    "wants name = in front" },
	{ N "size 5;", "t.conf:2: syntax error in 'size 5;'" },
	{ N "look: { hosts = [ \"a\"\n\"b\" ]; };", "t.conf:3: two texts side "
	    "by side, wants a comma between them" },
	{ N "note = \"a\" /* c */ \"b\";", "t.conf:2: two texts side by side, "
	    "wants a comma between them" },
	{ N "size = 4294967297;", "t.conf:2: number '4294967297', wants "
	    "decimal digits, with a final L above 9 of them" },
	{ N "size = 0x5;", "t.conf:2: number '0x5', wants decimal digits, "
	    "with a final L above 9 of them" },
	{ N "size = 9999999999999999999L;", "t.conf:2: number "
	    "'9999999999999999999L', wants decimal digits, with a final L "
	    "above 9 of them" },
	{ N "@include \"/etc/hostname\"\n", "t.conf:2: @include, wants all "
	    "settings in one file" },
	{ N "/*\n\t @include \"x\"\n*/", "t.conf:3: @include, wants all "
	    "settings in one file" },
};

Test(settings_parse, names_file_line_setting_and_what_is_wanted)
{
	size_t i;

	for (i = 0; i < PKI_COUNT(bad); i++) {
		pki_err err = { 0 };
		sample s;

		cr_expect_eq(parse(pki_bytes_text(bad[i].text), &s, &err),
		    PKI_BAD_INPUT, "row %zu: %s", i, bad[i].text);
		cr_expect_str_eq(err.msg, bad[i].msg, "row %zu: '%s'", i,
		    err.msg);
		cr_expect_str_eq(err.rule, "setting", "row %zu", i);
		clear(&s);
	}
}

Test(settings_parse, gives_value_and_accepted_apart)
{
	pki_err err = { 0 };
	sample s;

	cr_assert_eq(parse(PKI_BYTES_TEXT(N "look: { colour = \"blue\"; };"),
	    &s, &err), PKI_BAD_INPUT);
	cr_expect_str_eq(err.value, "blue");
	cr_expect_str_eq(err.accepts, "one of red, green");
	clear(&s);
}

Test(settings_parse, refuses_a_nul)
{
	pki_err err = { 0 };
	sample s;

	cr_assert_eq(parse(PKI_BYTES_TEXT(N "size = 3;\0 junk"), &s, &err),
	    PKI_BAD_INPUT);
	cr_expect_str_eq(err.msg, "t.conf: a NUL octet, wants text");
	clear(&s);
}

static size_t
fill(char *out, size_t room, const char *front, char c, size_t count,
    const char *back)
{
	size_t len = strlen(front);

	cr_assert(len + count + strlen(back) < room);
	memcpy(out, front, len);
	memset(out + len, c, count);
	strcpy(out + len + count, back);
	return len + count + strlen(back);
}

Test(settings_parse, bounds_the_size_of_a_file)
{
	static char text[70000];
	pki_err err = { 0 };
	size_t len;
	sample s;

	len = fill(text, sizeof(text), N, '#', 65536 - strlen(N), "");
	cr_expect_eq(parse(pki_bytes_of(text, len), &s, &err), PKI_OK, "%s",
	    err.msg);
	clear(&s);
	len = fill(text, sizeof(text), N, '#', 65537 - strlen(N), "");
	cr_expect_eq(parse(pki_bytes_of(text, len), &s, &err), PKI_BAD_INPUT);
	cr_expect_str_eq(err.msg,
	    "t.conf: 65537 octets, wants at most 65536");
	clear(&s);
}

Test(settings_parse, bounds_the_length_of_a_text)
{
	static char text[2000];
	pki_err err = { 0 };
	size_t len;
	sample s;

	len = fill(text, sizeof(text), N "note = \"", 'a', 1000, "\";");
	cr_expect_eq(parse(pki_bytes_of(text, len), &s, &err), PKI_OK, "%s",
	    err.msg);
	clear(&s);
	len = fill(text, sizeof(text), N "note = \"", 'a', 1001, "\";");
	cr_expect_eq(parse(pki_bytes_of(text, len), &s, &err), PKI_BAD_INPUT);
	cr_expect_str_eq(err.accepts, "at most 1000 octets");
	clear(&s);
}

Test(settings_parse, survives_deep_nesting)
{
	static char text[60000];
	pki_err err = { 0 };
	size_t len;
	sample s;

	len = fill(text, sizeof(text), N "note = ", '(', 50000, "");
	cr_expect_eq(parse(pki_bytes_of(text, len), &s, &err), PKI_BAD_INPUT);
	cr_expect_str_eq(err.rule, "setting");
	clear(&s);
}

Test(settings_parse, works_without_a_report)
{
	size_t i;

	for (i = 0; i < PKI_COUNT(bad); i++) {
		sample s;

		cr_expect_eq(parse(pki_bytes_text(bad[i].text), &s, NULL),
		    PKI_BAD_INPUT, "row %zu", i);
		clear(&s);
	}
}

Test(settings_parse, ends_cleanly_at_any_cut_of_a_file)
{
	static const char whole[] =
	    "name = \"x\"; /* c */\nsize = 3; # c\n"
	    "look: { shapes = [ \"circle\" ]; hosts = [ \"a\", \"b\\\"\" ]; };";
	size_t i;

	for (i = 0; i < sizeof(whole); i++) {
		pki_err err = { 0 };
		sample s;
		pki_code rc = parse(pki_bytes_of(whole, i), &s, &err);

		cr_expect(rc == PKI_OK || rc == PKI_BAD_INPUT, "%zu", i);
		clear(&s);
	}
}

static void
write_file(const char *path, const char *text, mode_t mode)
{
	FILE *file = fopen(path, "w");

	cr_assert_not_null(file);
	fputs(text, file);
	cr_assert_eq(fclose(file), 0);
	cr_assert_eq(chmod(path, mode), 0);
}

Test(settings_load, reads_a_file_and_gives_its_text)
{
	char dir[] = "/tmp/test-settings-XXXXXX", path[64];
	PKI_AUTO(pki_buf) text = NULL;
	pki_err err = { 0 };
	sample s = { 0 };

	cr_assert_not_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/a.conf", dir);
	write_file(path, N, 0644);
	cr_expect_eq(pki_settings_load(path, table, PKI_COUNT(table), &s,
	    &text, &err), PKI_OK, "%s", err.msg);
	cr_expect_str_eq(s.name, "x");
	cr_expect_str_eq(pki_buf_text(text), N);
	clear(&s);
	unlink(path);
	rmdir(dir);
}

Test(settings_load, says_the_path_that_was_given)
{
	char dir[] = "/tmp/test-settings-XXXXXX", path[64], expected[160];
	pki_err err = { 0 };
	sample s = { 0 };

	cr_assert_not_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/a.conf", dir);
	write_file(path, N "size = 11;\n", 0644);
	cr_expect_eq(pki_settings_load(path, table, PKI_COUNT(table), &s, NULL,
	    &err), PKI_BAD_INPUT);
	snprintf(expected, sizeof(expected),
	    "%s:2: size: out of range: '11', wants -1 to 10", path);
	cr_expect_str_eq(err.msg, expected);
	clear(&s);
	unlink(path);
	rmdir(dir);
}

Test(settings_load, refuses_a_missing_file_and_one_that_others_may_write)
{
	char dir[] = "/tmp/test-settings-XXXXXX", path[64];
	pki_err err = { 0 };
	sample s = { 0 };

	cr_assert_not_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/a.conf", dir);
	cr_expect_eq(pki_settings_load(path, table, PKI_COUNT(table), &s, NULL,
	    &err), PKI_NOT_FOUND);
	write_file(path, N, 0666);
	cr_expect_eq(pki_settings_load(path, table, PKI_COUNT(table), &s, NULL,
	    &err), PKI_DENIED);
	clear(&s);
	unlink(path);
	rmdir(dir);
}

Test(settings_line, finds_where_a_setting_stands)
{
	static const char text[] =
	    "# first\nname = \"x\";\nlook:\n{\n  /* two\n lines */\n"
	    "  hosts = [ \"a\",\n  \"b\" ];\n};\nsize = 3;";
	static const struct { const char *name; unsigned line; } rows[] = {
		{ "name", 2 }, { "look", 3 }, { "look.hosts", 7 },
		{ "size", 10 }, { "look.colour", 0 }, { "note", 0 },
	};
	size_t i;

	for (i = 0; i < PKI_COUNT(rows); i++)
		cr_expect_eq(pki_settings_line(PKI_BYTES_TEXT(text),
		    rows[i].name), rows[i].line, "%s", rows[i].name);
	cr_expect_eq(pki_settings_line(PKI_BYTES_TEXT("= ;"), "name"), 0u);
}

Test(settings_clear, may_be_called_twice)
{
	sample s;

	cr_assert_eq(parse(PKI_BYTES_TEXT(N), &s, NULL), PKI_OK);
	clear(&s);
	cr_expect_null(s.name);
	cr_expect_null(s.hosts.items);
	cr_expect_eq(s.hosts.count, 0u);
	clear(&s);
}
