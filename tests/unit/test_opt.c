// SPDX-License-Identifier: ISC
#include "cli/opt.h"

#include "unit.h"

#include <errno.h>
#include <jansson.h>

struct shared {
	const char *name;
	bool on;
};

struct config {
	bool flag;
	unsigned count;
	const char *text;
	struct strlist list;
	uint64_t number;
	uint64_t any;
	uint64_t mode;
	uint64_t size;
	uint64_t time;
	int choice;
	const char *maybe;
	struct shared shared;
};

static const char *const colours[] = {"red", "green", "blue", NULL};

static const struct opt shared_opts[] = {
	{"name", 'n', OPT_STRING, OPT_AT(struct shared, name, const char *), "NAME", "name it"},
	{"on", 0, OPT_FLAG, OPT_AT(struct shared, on, bool), NULL, "turn it on"},
	{0},
};

static const struct opt opts[] = {
	{"flag", 'f', OPT_FLAG, OPT_AT(struct config, flag, bool), NULL, "a flag"},
	{"verbose", 'v', OPT_COUNT, OPT_AT(struct config, count, unsigned), NULL, "count"},
	{"text", 't', OPT_STRING, OPT_AT(struct config, text, const char *), "TEXT", "a text"},
	{"list", 'l', OPT_LIST, OPT_AT(struct config, list, struct strlist), "WORD", "words"},
	{"number", 'u', OPT_UINT, OPT_AT(struct config, number, uint64_t), "N", "a number",
		.min = 1, .max = 100},
	{"any", 0, OPT_UINT, OPT_AT(struct config, any, uint64_t), "N", "any number"},
	{"mode", 0, OPT_OCTAL, OPT_AT(struct config, mode, uint64_t), "OCTAL", "a mode",
		.max = 0777},
	{"size", 's', OPT_SIZE, OPT_AT(struct config, size, uint64_t), "SIZE", "a size", .min = 1,
		.max = 1 << 20},
	{"timeout", 'w', OPT_DURATION, OPT_AT(struct config, time, uint64_t), "TIME", "a time",
		.min = 1, .max = 60000},
	{"colour", 'c', OPT_CHOICE, OPT_AT(struct config, choice, int), "COLOUR", "a choice",
		.choices = colours},
	{"maybe", 'm', OPT_STRING, OPT_AT(struct config, maybe, const char *), "WORD",
		"an optional argument", .implied = "implied"},
	{0},
};

static const struct opt_group groups[] = {
	{"All types", opts, 0},
	{"Shared", shared_opts, offsetof(struct config, shared)},
	{0},
};

static const char *const conflicts[][2] = {{"flag", "name"}, {"text", "list"}, {NULL, NULL}};

// Stands for what a table cannot say.
static int check_count(void *config, int argc, char **argv, struct str *err)
{
	const struct config *c = config;

	(void)argv;
	if (c->count != 5)
		return 0;
	str_addf(err, "five is too verbose for %d operands", argc);
	return -EINVAL;
}

static const struct config defaults = {.text = "default", .number = 42, .choice = 2};
static const char *const examples[] = {"sockctl demo --flag", "sockctl demo -v", NULL};

static const struct cmd demo = {
	.name = "demo",
	.summary = "Show every type of option",
	.operands = "HOST [PORT]",
	.min_operands = 0,
	.max_operands = 2,
	.config_size = sizeof(struct config),
	.defaults = &defaults,
	.groups = groups,
	.conflicts = conflicts,
	.examples = examples,
	.check = check_count,
};

// One parse and what came of it.
struct outcome {
	struct config config;
	struct str err;
	char *argv[32];
	int argc;
	int first;
	enum opt_result result;
};

static void parse(struct outcome *o, const struct cmd *cmd, const char *const *words, size_t n)
{
	*o = (struct outcome){.argc = (int)n + 1};
	assert_true(n + 2 < ARRAY_SIZE(o->argv));
	o->argv[0] = (char *)cmd->name;
	for (size_t i = 0; i < n; i++)
		o->argv[i + 1] = (char *)words[i];
	memset(&o->config, 0xa5, sizeof(o->config)); // what was there before must not matter
	o->result = opt_parse(cmd, &o->config, o->argc, o->argv, &o->first, &o->err);
	if (o->result == OPT_RUN)
		opt_check(cmd, &o->config, o->argc, o->argv, o->first, &o->err);
	o->result = o->result == OPT_RUN && o->err.len ? OPT_BAD : o->result;
}

#define PARSE_CMD(o, cmd, ...) \
	parse(o, cmd, (const char *const[]){__VA_ARGS__}, \
		sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))
#define PARSE(o, ...) PARSE_CMD(o, &demo, __VA_ARGS__)

static void done(struct outcome *o)
{
	opt_fini(&demo, &o->config);
	str_fini(&o->err);
}

// Checks that the last word of these is refused in these words.
#define assert_refused(message, ...) \
	do { \
		struct outcome o_; \
		PARSE(&o_, __VA_ARGS__); \
		assert_string_equal(str_c(&o_.err), message); \
		assert_int_equal(o_.result, OPT_BAD); \
		done(&o_); \
	} while (0)

// Checks that FIELD of the config becomes VALUE.
#define assert_stored(field, value, ...) \
	do { \
		struct outcome o_; \
		PARSE(&o_, __VA_ARGS__); \
		assert_string_equal(str_c(&o_.err), ""); \
		assert_int_equal(o_.result, OPT_RUN); \
		assert_int_equal(o_.config.field, value); \
		done(&o_); \
	} while (0)

#define assert_stored_text(field, value, ...) \
	do { \
		struct outcome o_; \
		PARSE(&o_, __VA_ARGS__); \
		assert_int_equal(o_.result, OPT_RUN); \
		assert_string_equal(o_.config.field, value); \
		done(&o_); \
	} while (0)

static void test_defaults(void **state)
{
	struct outcome o;

	(void)state;
	PARSE(&o, "host");
	assert_int_equal(o.result, OPT_RUN);
	assert_string_equal(o.config.text, "default");
	assert_int_equal(o.config.number, 42);
	assert_int_equal(o.config.choice, 2);
	assert_false(o.config.flag);
	assert_null(o.config.maybe);
	assert_int_equal(o.config.list.count, 0);
	assert_int_equal(o.argc - o.first, 1);
	assert_string_equal(o.argv[o.first], "host");
	done(&o);
}

static void test_each_type(void **state)
{
	(void)state;
	assert_stored(flag, true, "--flag");
	assert_stored(flag, true, "-f");
	assert_stored(count, 3, "-vv", "--verbose");
	assert_stored_text(text, "a b", "--text", "a b");
	assert_stored_text(text, "a=b", "--text=a=b");
	assert_stored_text(text, "", "--text=");
	assert_stored_text(text, "", "--text", "");
	assert_stored_text(text, "last", "-t", "first", "-tlast");
	assert_stored(number, 1, "--number=1");
	assert_stored(number, 100, "-u100");
	assert_stored(any, UINT64_MAX, "--any", "18446744073709551615");
	assert_stored(mode, 0660, "--mode=0660");
	assert_stored(mode, 0777, "--mode=777");
	assert_stored(size, 65536, "--size=64k");
	assert_stored(size, 1 << 20, "-s1M");
	assert_stored(time, 500, "--timeout", "0.5");
	assert_stored(time, 250, "-w250ms");
	assert_stored(time, 60000, "-w", "1m");
	assert_stored(choice, 0, "--colour", "red");
	assert_stored(choice, 2, "-cblue");
	assert_stored_text(shared.name, "it", "-n", "it");
	assert_stored(shared.on, true, "--on");
}

static void test_list(void **state)
{
	struct outcome o;

	(void)state;
	PARSE(&o, "-l", "one", "--list=two", "host", "-lthree", "-l", "one");
	assert_int_equal(o.result, OPT_RUN);
	assert_int_equal(o.config.list.count, 4);
	assert_string_equal(o.config.list.items[0], "one");
	assert_string_equal(o.config.list.items[1], "two");
	assert_string_equal(o.config.list.items[2], "three");
	assert_string_equal(o.config.list.items[3], "one");
	done(&o);
}

static void test_optional_argument(void **state)
{
	struct outcome o;

	(void)state;
	assert_stored_text(maybe, "implied", "--maybe");
	assert_stored_text(maybe, "implied", "-m");
	assert_stored_text(maybe, "word", "--maybe=word");
	assert_stored_text(maybe, "word", "-mword");
	assert_stored_text(maybe, "", "--maybe=");

	PARSE(&o, "--maybe", "host"); // the next word is an operand
	assert_string_equal(o.config.maybe, "implied");
	assert_string_equal(o.argv[o.first], "host");
	done(&o);
}

static void test_bundles(void **state)
{
	struct outcome o;

	(void)state;
	PARSE(&o, "-fvvu7", "-vtx", "host");
	assert_int_equal(o.result, OPT_RUN);
	assert_true(o.config.flag);
	assert_int_equal(o.config.count, 3);
	assert_int_equal(o.config.number, 7);
	assert_string_equal(o.config.text, "x");
	assert_int_equal(o.argc - o.first, 1);
	done(&o);
}

static void test_operands(void **state)
{
	struct outcome o;

	(void)state;
	PARSE(&o, "host", "--flag", "port", "-v");
	assert_int_equal(o.result, OPT_RUN);
	assert_int_equal(o.argc - o.first, 2);
	assert_string_equal(o.argv[o.first], "host");
	assert_string_equal(o.argv[o.first + 1], "port");
	assert_true(o.config.flag);
	done(&o);

	PARSE(&o, "-v", "--", "--flag", "-v");
	assert_int_equal(o.result, OPT_RUN);
	assert_false(o.config.flag);
	assert_int_equal(o.config.count, 1);
	assert_int_equal(o.argc - o.first, 2);
	assert_string_equal(o.argv[o.first], "--flag");
	assert_string_equal(o.argv[o.first + 1], "-v");
	done(&o);

	PARSE(&o, "-"); // a word, not an option
	assert_int_equal(o.result, OPT_RUN);
	assert_string_equal(o.argv[o.first], "-");
	done(&o);

	assert_refused("one word too many: 'c\\x1b'; expected HOST [PORT]", "a", "b", "c\x1b");
}

static void test_operand_counts(void **state)
{
	struct cmd cmd = demo;
	struct outcome o;

	(void)state;
	cmd.min_operands = 1;
	PARSE_CMD(&o, &cmd, "-v");
	assert_int_equal(o.result, OPT_BAD);
	assert_string_equal(str_c(&o.err), "expected HOST [PORT]; 'sockctl demo --help' explains");
	done(&o);

	cmd.max_operands = -1;
	PARSE_CMD(&o, &cmd, "1", "2", "3", "4", "5", "6");
	assert_int_equal(o.result, OPT_RUN);
	assert_int_equal(o.argc - o.first, 6);
	done(&o);

	cmd.operands = NULL;
	cmd.min_operands = cmd.max_operands = 0;
	PARSE_CMD(&o, &cmd, "extra");
	assert_int_equal(o.result, OPT_BAD);
	assert_string_equal(
		str_c(&o.err), "one word too many: 'extra'; 'sockctl demo --help' explains");
	done(&o);
}

// Options after the first operand belong to it: it is a program.
static void test_options_first(void **state)
{
	struct cmd cmd = demo;
	struct outcome o;

	(void)state;
	cmd.options_first = true;
	cmd.max_operands = -1;
	PARSE_CMD(&o, &cmd, "-v", "prog", "-v", "--no-such-option");
	assert_int_equal(o.result, OPT_RUN);
	assert_int_equal(o.config.count, 1);
	assert_int_equal(o.argc - o.first, 3);
	assert_string_equal(o.argv[o.first + 2], "--no-such-option");
	done(&o);
}

static void test_ranges(void **state)
{
	(void)state;
	assert_refused("--number: '0' is out of range: 1 to 100", "--number=0");
	assert_refused("--number: '101' is out of range: 1 to 100", "-u", "101");
	assert_refused("--number: '99999999999999999999' is out of range: 1 to 100",
		"--number=99999999999999999999");
	assert_refused("--any: '18446744073709551616' is too large", "--any=18446744073709551616");
	assert_refused("--mode: '1000' is out of range: 00 to 0777", "--mode=1000");
	assert_refused("--size: '0' is out of range: 1 to 1M", "--size=0");
	assert_refused("--size: '2M' is out of range: 1 to 1M", "--size=2M");
	assert_refused("--timeout: '0' is out of range: 1ms to 60s", "-w0");
	assert_refused("--timeout: '61' is out of range: 1ms to 60s", "-w", "61");
}

static void test_forms(void **state)
{
	(void)state;
	assert_refused("--number: '' is not a whole number", "--number=");
	assert_refused("--number: '-5' is not a whole number", "--number", "-5");
	assert_refused("--number: '7\\x1b' is not a whole number", "--number", "7\x1b");
	assert_refused("--mode: '888' is not an octal number such as 0660", "--mode=888");
	assert_refused("--size: '1T' is not a size such as 512, 64k, 1M or 2G", "--size=1T");
	assert_refused("--timeout: 'soon' is not a time such as 5, 0.5, 500ms or 2m", "-w", "soon");
	assert_refused("--colour: 'pink' is none of red, green, blue", "-c", "pink");
	assert_refused("--colour: 'RED' is none of red, green, blue", "-c", "RED");
}

static void test_unknown(void **state)
{
	(void)state;
	assert_refused("no option '--tiemout'; did you mean '--timeout'?", "--tiemout=5");
	assert_refused("no option '--hlep'; did you mean '--help'?", "--hlep");
	assert_refused("no option '--bandwidth'; 'sockctl demo --help' lists them", "--bandwidth");
	assert_refused("no option '--\\x1b[2J'; 'sockctl demo --help' lists them", "--\x1b[2J");
	assert_refused("no option '--'; 'sockctl demo --help' lists them", "--=x");
	assert_refused("no option '-z'; 'sockctl demo --help' lists them", "-z");
	assert_refused("no option '-z'; 'sockctl demo --help' lists them", "-fvz");
	assert_refused("no option '-:'; 'sockctl demo --help' lists them", "-:");
	assert_refused("no option '-?'; 'sockctl demo --help' lists them", "-?");
	assert_refused("no option '-\\xff'; 'sockctl demo --help' lists them", "-\xff");
	assert_refused("no option '-\\x01'; 'sockctl demo --help' lists them", "-\x01");
}

// A name that is added later must not break scripts, so only whole names count.
static void test_abbreviations(void **state)
{
	(void)state;
	assert_refused("no option '--tim'; did you mean '--timeout'?", "--tim=5");
	assert_refused("no option '--tim'; did you mean '--timeout'?", "--tim", "5");
	assert_refused("no option '--tim'; did you mean '--timeout'?", "--tim");
	assert_refused("no option '--fla'; did you mean '--flag'?", "--fla");
	assert_refused("no option '--fla'; did you mean '--flag'?", "--fla=1");
	assert_refused("no option '--may'; did you mean '--maybe'?", "--may");
	assert_refused("no option '--hel'; did you mean '--help'?", "--hel");
	assert_refused("no option '--hel'; did you mean '--help'?", "--hel=x");
	assert_refused("no option '--t'; 'sockctl demo --help' lists them", "--t", "x");
	assert_refused("no option '--tim'; did you mean '--timeout'?", "host", "--tim", "5", "-v");
}

static void test_arguments(void **state)
{
	(void)state;
	assert_refused("--text needs TEXT", "--text");
	assert_refused("--text needs TEXT", "-t");
	assert_refused("--number needs N", "-fu");
	assert_refused("--flag takes no argument", "--flag=yes");
	assert_refused("--verbose takes no argument", "--verbose=");
	assert_refused("--help takes no argument", "--help=x");
}

static void test_conflicts(void **state)
{
	(void)state;
	assert_refused("--flag and --name exclude each other; give one of them", "-f", "-n", "x");
	assert_refused("--text and --list exclude each other; give one of them", "-l1", "--text=x");
	assert_stored(flag, true, "-f", "--flag", "-l1"); // repeating one is no conflict
}

static void test_check(void **state)
{
	(void)state;
	assert_refused("five is too verbose for 2 operands", "-vvvvv", "a", "b");
}

static void test_help_wins(void **state)
{
	struct outcome o;

	(void)state;
	PARSE(&o, "--help");
	assert_int_equal(o.result, OPT_HELP);
	done(&o);
	PARSE(&o, "-vh");
	assert_int_equal(o.result, OPT_HELP);
	done(&o);
	PARSE(&o, "a", "b", "c", "-f", "-n", "x", "--help"); // before operands and conflicts
	assert_int_equal(o.result, OPT_HELP);
	done(&o);
	PARSE(&o, "--", "--help");
	assert_int_equal(o.result, OPT_RUN);
	done(&o);
}

static void test_help_text(void **state)
{
	struct str s = {0};

	(void)state;
	opt_help(&demo, &s);
	assert_non_null(strstr(str_c(&s), "Usage: sockctl demo [OPTION]... HOST [PORT]\n"
					  "Show every type of option.\n"));
	assert_non_null(strstr(str_c(&s), "\nAll types:\n  -f, --flag                  a flag\n"));
	assert_non_null(strstr(str_c(&s), "\n  -u, --number N              a number\n"));
	assert_non_null(strstr(str_c(&s), "\n  -m, --maybe[=WORD]          an optional"));
	assert_non_null(strstr(str_c(&s), "\n      --any N                 any number\n"));
	assert_non_null(strstr(str_c(&s), "\nShared:\n"));
	assert_non_null(strstr(str_c(&s), "\nExamples:\n  sockctl demo --flag\n"));
	str_fini(&s);
}

// Long names go on a line of their own, long texts are broken at blanks.
static void test_help_wraps(void **state)
{
	static const struct opt wide[] = {
		{"a-name-that-leaves-no-room-beside-it", 0, OPT_FLAG,
			OPT_AT(struct config, flag, bool), NULL,
			"a text of more than fifty characters, which is where the line has to end"},
		{"solid", 0, OPT_FLAG, OPT_AT(struct config, flag, bool), NULL,
			"12345678901234567890123456789012345678901234567890"
			"12345678901234567890123456789012345678901234567890"},
		{0},
	};
	static const struct opt_group wide_groups[] = {{"Wide", wide, 0}, {0}};
	struct cmd cmd = demo;
	struct str s = {0};

	(void)state;
	cmd.groups = wide_groups;
	opt_help(&cmd, &s);
	assert_non_null(strstr(str_c(&s),
		"      --a-name-that-leaves-no-room-beside-it\n"
		"                              a text of more than fifty characters, which is\n"
		"                              where the line has to end\n"));
	for (const char *line = str_c(&s); *line; line = strchr(line, '\n') + 1)
		assert_in_range(strcspn(line, "\n"), 0, 80);
	str_fini(&s);
}

static void test_dump(void **state)
{
	struct str s = {0};
	size_t lines = 0;

	(void)state;
	opt_dump(&demo, &s);
	for (const char *line = str_c(&s); *line; line += strcspn(line, "\n") + 1) {
		json_t *j = json_loads(line, JSON_DISABLE_EOF_CHECK, NULL);

		assert_non_null(j);
		assert_string_equal(json_string_value(json_object_get(j, "command")), "demo");
		lines++;
		json_decref(j);
	}
	assert_int_equal(lines, 13);
	str_fini(&s);
}

static void count_faults(const struct opt *faulty, const char *expected)
{
	const struct opt_group g[] = {{"Faulty", faulty, 0}, {0}};
	struct cmd cmd = demo;
	struct str s = {0};

	cmd.groups = g;
	cmd.conflicts = NULL;
	opt_check_table(&cmd, &s);
	assert_string_equal(str_c(&s), expected);
	str_fini(&s);
}

static void test_table_faults(void **state)
{
	static const struct opt twice[] = {
		{"one", 'o', OPT_FLAG, 0, NULL, "text"},
		{"one", 0, OPT_FLAG, 0, NULL, "text"},
		{"two", 'o', OPT_FLAG, 0, NULL, "text"},
		{"help", 'h', OPT_FLAG, 0, NULL, "text"},
		{0},
	};
	static const struct opt ill_described[] = {
		{"mute", 0, OPT_FLAG, 0, NULL, NULL},
		{"empty", 0, OPT_FLAG, 0, NULL, ""},
		{"stop", 0, OPT_FLAG, 0, NULL, "Full."},
		{"meta", 0, OPT_FLAG, 0, "ARG", "text"},
		{"bare", 0, OPT_UINT, 0, NULL, "text"},
		{"unchosen", 0, OPT_CHOICE, 0, "ARG", "text"},
		{"range", 0, OPT_UINT, 0, "N", "text", .min = 5, .max = 4},
		{0},
	};
	static const char *const unknown[][2] = {{"flag", "flagg"}, {NULL, NULL}};
	struct cmd cmd = demo;
	struct str s = {0};

	(void)state;
	count_faults(twice, "demo: --one: declared twice\n"
			    "demo: --two: its letter is taken\n"
			    "demo: --help: declared twice\n"
			    "demo: --help: its letter is taken\n");
	count_faults(ill_described, "demo: --mute: help is missing or ends in a full stop\n"
				    "demo: --empty: help is missing or ends in a full stop\n"
				    "demo: --stop: help is missing or ends in a full stop\n"
				    "demo: --meta: needs a metavariable only with an argument\n"
				    "demo: --bare: needs a metavariable only with an argument\n"
				    "demo: --unchosen: needs choices only as a choice\n"
				    "demo: --range: its range is empty\n");

	cmd.conflicts = unknown;
	opt_check_table(&cmd, &s);
	assert_str_becomes(&s, "demo: --flagg: in a pair but not declared\n");
	opt_check_table(&demo, &s);
	assert_str_becomes(&s, "");
	str_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_each_type),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_optional_argument),
		cmocka_unit_test(test_bundles),
		cmocka_unit_test(test_operands),
		cmocka_unit_test(test_operand_counts),
		cmocka_unit_test(test_options_first),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_abbreviations),
		cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_conflicts),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_help_wins),
		cmocka_unit_test(test_help_text),
		cmocka_unit_test(test_help_wraps),
		cmocka_unit_test(test_dump),
		cmocka_unit_test(test_table_faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
