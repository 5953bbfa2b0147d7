/* SPDX-License-Identifier: MIT */
#include <rondo/stream.h>

int
main()
{
    rondo_stream_config config = RONDO_STREAM_CONFIG_INIT;
    rondo_stream *stream = nullptr;

    config.clock = rondo_clock_offline();
    if (rondo_stream_open(&stream, "null:", &config) != 0 || rondo_stream_start(stream) != 0 ||
        rondo_stream_wait(stream, -1) <= 0)
        return 1;
    rondo_stream_close(stream);
    return 0;
}
