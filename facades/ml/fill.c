/* SPDX-License-Identifier: MIT */
/*
 * The device thread's part: from the device's memory straight into the program's buffer, one copy
 * or one conversion.
 *
 * When the next buffer is not empty, frames are dropped: a buffer that is full or lent is never
 * touched. Only under the offline clock, where the device can wait, they are left to it instead.
 */
#include "facades/ml/input.h"

#include <string.h>

#include "facades/ml/mute.h"

/* Add to a counter that only this thread writes. */
static void
count(RONDO_ATOMIC(uint64_t) * counter, uint64_t more)
{
    /* relaxed, both: one writer; who reads wants the number alone. */
    rondo_store_relaxed(counter, rondo_load_relaxed(counter) + more);
}

static uint32_t
least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/*
 * Make frames of our format from the device's. Returns how many, at most out_frames, and in *used
 * how many of the device's frames it took.
 */
static uint32_t
convert(struct rondo__ml_input *input, const unsigned char *in, uint32_t in_frames, uint32_t *used,
        void *out, uint32_t out_frames)
{
    uint32_t made;

    if (input->converter == NULL) {
        made = least(in_frames, out_frames);
        memcpy(out, in, (size_t)made * input->frame_bytes);
        *used = made;
        return made;
    }
    in_frames = least(in_frames, input->device_frames_max);
    made = rondo_converter_process(input->converter, in, in_frames, used, out, out_frames);
    /* Whatever the converter says, this loop ends. */
    if (made == 0 && *used == 0)
        *used = in_frames;
    return made;
}

/* Drop frames. The converter hears them all the same, so that what comes next is undisturbed. */
static uint32_t
drop(struct rondo__ml_input *input, const unsigned char *in, uint32_t in_frames)
{
    uint32_t used = in_frames;
    uint32_t made = in_frames;

    if (input->converter != NULL)
        made = convert(input, in, in_frames, &used, input->waste, RONDO__ML_WASTE_FRAMES);
    count(&input->frames_dropped, made);
    return used;
}

/* Hand the buffer that is being filled to the program. */
static void
hand_over(struct rondo__ml_input *input, struct rondo__ml_run *run)
{
    run->room.frames = 0;
    rondo_double_buffer_release_full(&run->buffers);
    count(&input->buffers_filled, 1);
    /* PAIR-ANNOUNCE release: the buffer is full before its callback is due. relaxed load: ours. */
    rondo_store_release(&run->filled, rondo_load_relaxed(&run->filled) + 1);
    /* Enters the kernel only if the announcer sleeps. */
    if (input->callback != NULL)
        sem_post(&input->wake);
}

void
rondo__ml_run_init(struct rondo__ml_input *input, struct rondo__ml_run *run)
{
    const size_t bytes = input->memory.size_bytes / 2;
    unsigned char *const memory = input->memory.data;

    /* Cannot fail: the sizes were checked when the memory was made. */
    (void)rondo_double_buffer_init(&run->buffers, memory + (run == &input->runs[1] ? bytes : 0),
                                   input->buffer_frames, input->frame_bytes);
    run->room = (struct rondo_span){0};
    run->room_filled = 0;
    /* relaxed, all: published with the run. */
    rondo_store_relaxed_u32(&run->over, 0);
    rondo_store_relaxed_u32(&run->consumer, 0);
    rondo_store_relaxed(&run->filled, 0);
}

uint32_t
rondo__ml_fill(struct rondo_stream *stream, struct rondo_span span, void *context)
{
    struct rondo__ml_input *const input = context;
    struct rondo__ml_run *const run = rondo__ml_input_run(input);
    const bool muted = rondo__ml_mic_is_muted();
    uint32_t taken = 0;

    (void)stream;
    if (run == NULL)
        return span.frames;
    while (taken < span.frames) {
        const unsigned char *const in =
            (const unsigned char *)span.data + (size_t)taken * input->device_frame_bytes;
        unsigned char *out;
        uint32_t made, used = 0;

        if (run->room.frames == 0) {
            run->room = rondo_double_buffer_get_empty(&run->buffers);
            run->room_filled = 0;
        }
        if (run->room.frames == 0) {
            if (input->offline)
                break;
            taken += drop(input, in, span.frames - taken);
            continue;
        }
        out = (unsigned char *)run->room.data + (size_t)run->room_filled * input->frame_bytes;
        made = convert(input, in, span.frames - taken, &used, out,
                       run->room.frames - run->room_filled);
        if (muted)
            memset(out, 0, (size_t)made * input->frame_bytes);
        taken += used;
        run->room_filled += made;
        if (run->room_filled == run->room.frames)
            hand_over(input, run);
    }
    return taken;
}
