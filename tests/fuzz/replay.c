// SPDX-License-Identifier: ISC
// Runs a fuzzer over the files of a corpus, without libFuzzer: replay CORPUS...
#include "fuzz.h"

#include "base/mem.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned replayed;

static void replay_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct str data = {0};
	char buf[4096];
	size_t n;

	require(f);
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		str_addn(&data, buf, n);
	require(!ferror(f));
	fclose(f);
	printf("%s\n", path); // the last one named is the one that failed
	fflush(stdout);

	// A copy of exactly that size, so that reading past its end is noticed.
	uint8_t *copy = xmalloc(data.len);

	for (size_t i = 0; i < data.len; i++)
		copy[i] = (uint8_t)data.data[i];
	LLVMFuzzerTestOneInput(copy, data.len);
	free(copy);
	str_fini(&data);
	replayed++;
}

static void replay_folder(const char *path)
{
	struct dirent **entries;
	int count = scandir(path, &entries, NULL, alphasort);

	require(count >= 0);
	for (int i = 0; i < count; i++) {
		struct str file = {0};

		str_addf(&file, "%s/%s", path, entries[i]->d_name);
		if (entries[i]->d_type == DT_REG)
			replay_file(str_c(&file));
		str_fini(&file);
		free(entries[i]);
	}
	free(entries);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		replay_folder(argv[i]);
	require(replayed > 0);
	printf("%u inputs\n", replayed);
	return 0;
}
