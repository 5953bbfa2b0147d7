/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "commands.h"

static const struct {
    const char *name;
    const char *help;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"demo", "capture a recording or a device into a new file, and check the copy", command_demo},
    {"backends", "list what device strings can begin with, and their parameters", command_backends},
};

#define COMMANDS (sizeof commands / sizeof commands[0])

static void
print_usage(FILE *to)
{
    fprintf(to, "usage: rondo COMMAND [ARGUMENT...]\n\n");
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(to, "  %-10s %s\n", commands[i].name, commands[i].help);
    fprintf(to, "\nrondo COMMAND --help tells more.\n");
}

int
main(int argc, char **argv)
{
    if (argc < 2) {
        print_usage(stderr);
        return 2;
    }
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 2, argv + 2);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        print_usage(stdout);
        return 0;
    }
    fprintf(stderr, "rondo: there is no command '%s'\n", argv[1]);
    print_usage(stderr);
    return 2;
}
