/* SPDX-License-Identifier: MIT */
/*
 * Runs a fuzz target over inputs, without libFuzzer: so that whatever was once found stays a test.
 *
 *   replay_TARGET [-v] FILE-OR-FOLDER...
 *
 * Each file once, and the empty input. If one of them ends the program, its name is told.
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz/check.h"

/* One input may take as long. */
#define INPUT_SECONDS 60

static const char *volatile running = "the empty input";
static bool tells_each;
static unsigned count;

/* The address, undefined-behaviour and thread sanitizers have it. */
extern void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));
#pragma weak LLVMFuzzerInitialize

static void
tell(const char *text)
{
    if (write(STDERR_FILENO, text, strlen(text)) < 0)
        return; /* nobody listens */
}

static void
tell_running(void)
{
    tell("replay: it was ");
    tell(running);
    tell("\n");
}

static void
on_signal(int number)
{
    tell(number == SIGALRM ? "replay: it takes too long\n" : "");
    tell_running();
    signal(number, SIG_DFL);
    raise(number);
}

static void
run(const char *name, const void *data, size_t size)
{
    running = name;
    if (tells_each)
        printf("%s, %zu bytes\n", name, size);
    alarm(INPUT_SECONDS);
    LLVMFuzzerTestOneInput(data, size);
    alarm(0);
    count++;
}

/* In memory of exactly its size, so that each step beyond it shows. */
static void
run_file(const char *path, size_t size)
{
    unsigned char *const data = malloc(size == 0 ? 1 : size);
    FILE *const file = fopen(path, "rb");

    if (data == NULL || file == NULL || fread(data, 1, size, file) != size) {
        fprintf(stderr, "replay: cannot read %s\n", path);
        exit(2);
    }
    fclose(file);
    run(path, data, size);
    free(data);
}

static int
is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void
run_path(const char *path)
{
    struct dirent **entries;
    struct stat status;
    int found;

    if (stat(path, &status) != 0) {
        fprintf(stderr, "replay: %s: %s\n", path, strerror(errno));
        exit(2);
    }
    if (!S_ISDIR(status.st_mode)) {
        run_file(path, (size_t)status.st_size);
        return;
    }
    found = scandir(path, &entries, is_visible, alphasort);
    for (int i = 0; i < found; i++) {
        char below[4096];

        snprintf(below, sizeof below, "%s/%s", path, entries[i]->d_name);
        run_path(below);
        free(entries[i]);
    }
    if (found >= 0)
        free(entries);
}

int
main(int argc, char **argv)
{
    static const int fatal[] = {SIGABRT, SIGALRM, SIGBUS, SIGFPE, SIGILL, SIGSEGV};

    if (__sanitizer_set_death_callback != NULL)
        __sanitizer_set_death_callback(tell_running);
    for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++) {
        struct sigaction before;

        /* A sanitizer that watches a signal tells more. */
        if (sigaction(fatal[i], NULL, &before) == 0 && before.sa_handler == SIG_DFL)
            signal(fatal[i], on_signal);
    }
    if (LLVMFuzzerInitialize != NULL)
        LLVMFuzzerInitialize(&argc, &argv);
    run("the empty input", "", 0);
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-v") == 0)
            tells_each = true;
        else
            run_path(argv[i]);
    }
    running = "behind the last input"; /* leaks are found at the end */
    printf("replay: %u inputs\n", count);
    return 0;
}
