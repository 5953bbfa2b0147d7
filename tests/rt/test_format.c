/* SPDX-License-Identifier: MIT */
/*
 * The arithmetic of formats in real time.
 */
#include <rondo/format.h>

#include "rt/realtime.h"

static void
reckon(void *context)
{
    const struct rondo_format format = {RONDO_S24_PACKED, 6, 44100};
    size_t bytes = 0;

    (void)context;
    RT_REQUIRE(RT_CALL(rondo_format_check)(&format) == 0);
    RT_REQUIRE(RT_CALL(rondo_sample_bytes)(format.sample) == 3);
    RT_REQUIRE(RT_CALL(rondo_sample_name)(format.sample)[0] == 's');
    RT_REQUIRE(RT_CALL(rondo_frame_bytes)(&format) == 18);
    RT_REQUIRE(RT_CALL(rondo_frames_to_bytes)(441, 18, &bytes) == 0 && bytes == 7938);
    RT_REQUIRE(RT_CALL(rondo_bytes_to_frames)(7938, 18) == 441);
    RT_REQUIRE(RT_CALL(rondo_ns_to_frames)(10000000, 44100) == 441);
    RT_REQUIRE(RT_CALL(rondo_frames_to_ns)(441, 44100) == 10000000);
}

int
main(void)
{
    static const struct rt_case cases[] = {
        {.name = "formats_are_arithmetic", .realtime = reckon},
    };

    return rt_run(cases, 1);
}
