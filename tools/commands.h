/* SPDX-License-Identifier: MIT */
/**
 * @file
 * The commands of the `rondo` program: each gets its own arguments, without its name, and returns
 * the exit status: 0 it worked, 1 it did not, 2 it was called wrongly.
 */
#ifndef TOOLS_COMMANDS_H
#define TOOLS_COMMANDS_H

int command_demo(int argc, char **argv);
int command_backends(int argc, char **argv);

#endif
