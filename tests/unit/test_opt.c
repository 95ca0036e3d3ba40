// SPDX-License-Identifier: ISC
#include "cli/opt.h"

#include "demo.h"
#include "unit.h"

// One parse and what came of it.
struct outcome {
	struct demo_config config;
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
	assert_refused(
		"no option '--bandwidth'; 'sockctl demo --help=all' lists them", "--bandwidth");
	assert_refused("no option '--\\x1b[2J'; 'sockctl demo --help=all' lists them", "--\x1b[2J");
	assert_refused("no option '--'; 'sockctl demo --help=all' lists them", "--=x");
	assert_refused("no option '-z'; 'sockctl demo --help=all' lists them", "-z");
	assert_refused("no option '-z'; 'sockctl demo --help=all' lists them", "-fvz");
	assert_refused("no option '-:'; 'sockctl demo --help=all' lists them", "-:");
	assert_refused("no option '-?'; 'sockctl demo --help=all' lists them", "-?");
	assert_refused("no option '-\\xff'; 'sockctl demo --help=all' lists them", "-\xff");
	assert_refused("no option '-\\x01'; 'sockctl demo --help=all' lists them", "-\x01");
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
	assert_refused("no option '--t'; 'sockctl demo --help=all' lists them", "--t", "x");
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
	assert_string_equal(str_c(&o.err), "");
	PARSE(&o, "--help=group", "--nosuch");
	assert_int_equal(o.result, OPT_HELP);
	assert_string_equal(str_c(&o.err), "group");
	done(&o);
	PARSE(&o, "--", "--help");
	assert_int_equal(o.result, OPT_RUN);
	done(&o);
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
