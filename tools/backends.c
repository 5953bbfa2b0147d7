/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include <rondo/backend.h>

#include "commands.h"

int
command_backends(int argc, char **argv)
{
    const struct rondo_backend_ops *backend;

    (void)argv;
    if (argc > 0) {
        printf("usage: rondo backends\n");
        return 2;
    }
    printf(
        "A device is BACKEND:ADDRESS, with parameters as in file:take.wav?loop=1&clock=offline\n");
    for (uint32_t index = 0; (backend = rondo_backend_list(index)) != NULL; index++) {
        printf("\n%s: %s\n", backend->name, backend->summary);
        for (const struct rondo_backend_parameter *parameter = backend->parameters;
             parameter != NULL && parameter->key != NULL; parameter++)
            printf("  %-10s %s\n", parameter->key, parameter->help);
        printf("  %-10s real (default) or offline: as fast as frames are taken or given\n",
               "clock");
    }
    return 0;
}
