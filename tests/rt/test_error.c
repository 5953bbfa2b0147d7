/* SPDX-License-Identifier: MIT */
/*
 * Errors are named in real time: a table, also for what is no error of rondo.
 */
#include <errno.h>
#include <string.h>

#include <rondo/error.h>

#include "rt/realtime.h"

static void
name_errors(void *context)
{
    (void)context;
    RT_REQUIRE(strcmp(RT_CALL(rondo_error_name)(-EPIPE), "EPIPE") == 0);
    RT_REQUIRE(RT_CALL(rondo_error_meaning)(-EPIPE)[0] != '\0');
    RT_REQUIRE(RT_CALL(rondo_error_name)(12345)[0] != '\0');
    RT_REQUIRE(RT_CALL(rondo_error_meaning)(12345)[0] != '\0');
}

int
main(void)
{
    static const struct rt_case cases[] = {
        {.name = "errors_have_names", .realtime = name_errors},
    };

    return rt_run(cases, 1);
}
