/* SPDX-License-Identifier: MIT */
/*
 * Sequences of all calls of the microphone API, with inputs on null: and file: under the virtual and
 * the offline clock, beside callbacks that do what they must not be hurt by.
 *
 * An input that polls on a virtual clock has a model that knows each buffer and each sample of it: time
 * brings periods, periods fill buffers, what finds none is dropped. Of an input under the offline
 * clock it is known which samples come next, not when. An input with a callback is only held to the
 * documented codes, for the callback may stop and destroy it at any moment.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rondo/clock.h>
#include <rondo/format.h>
#include <rondo/handle.h>
#include <rondo/ml.h>

#include "ml_audio.h"

#include "fuzz/check.h"
#include "fuzz/input.h"
#include "fuzz/surroundings.h"

#define OPERATIONS_MAX 120u
#define SLOTS          18u /* two more than there can be */
#define INPUTS_MAX     16u

/* Buffers up to this size have their samples checked; callbacks are quiet after so many calls. */
#define CHECKED_FRAMES_MAX 8000u
#define CALLBACKS_MAX      40u

#define FILE_FRAMES 1500u
#define SILENCE     UINT32_MAX

enum clock_choice {
    BY_STRING, /* as the device string says */
    VIRTUAL,
    OFFLINE
};

/* A microphone. */
struct microphone {
    const char *address;        /* behind the folder if it begins with '+' */
    uint32_t channels, rate_hz; /* of the file; 0: as asked */
    bool loops, is_bad;
};

static const struct microphone microphones[] = {
    {"null:", 0, 0, false, false},
    {"null:?rate=44100&channels=5", 0, 0, false, false},
    {"+1-48000.wav", 1, 48000, false, false},
    {"+2-48000.wav", 2, 48000, false, false},
    {"+2-48000.wav?loop=1", 2, 48000, true, false},
    {"+6-48000.wav", 6, 48000, false, false},
    {"+1-16000.wav", 1, 16000, false, false},
    {"+3-44100.wav", 3, 44100, false, false}, /* converted, whatever is asked */
    {"nowhere:", 0, 0, false, true},
    {"null:x", 0, 0, false, true},
    {"", 0, 0, false, false}, /* null: */
};

/* The files by the flavour that they fit. */
static const struct microphone *const matching[] = {&microphones[6], &microphones[2],
                                                    &microphones[3], &microphones[5]};

/* One of the two buffers of an input's model. */
struct buffer {
    uint32_t first[CHECKED_FRAMES_MAX]; /* which frame of the device, or SILENCE */
};

struct slot {
    MLHandle handle;
    bool is_alive; /* as far as we know; exact unless it calls back */
    bool calls_back;
    uint8_t temper; /* what its callback does */
    /* what it is */
    uint32_t channels, rate_hz, buffer_frames, period_frames;
    const struct microphone *microphone;
    enum rondo_clock_kind clock;
    bool is_exact;    /* samples are the device's */
    bool is_modelled; /* virtual, exact, polls: everything is known */
    /* where it is */
    bool is_playing;
    bool ended_itself;                  /* destroyed by its own callback */
    uint64_t start_ns, pos;             /* the device */
    uint64_t begun, full, taken, freed; /* buffers of this run */
    uint32_t room_filled;
    uint64_t filled_in_all, dropped;
    const uint8_t *held[2]; /* by taken % 2 */
    struct buffer *buffers[2];
    /* the callback's */
    atomic_uint calls, inside;
    atomic_bool is_gone;
};

static struct slot slots[SLOTS];

static struct {
    struct rondo_clock *clock;
    uint64_t now_ns;
    const struct microphone *microphone;
    enum clock_choice choice;
    bool denies;
    bool matches; /* each input gets the file that fits it */
    bool is_muted;
    bool may_be_muted;  /* a callback mutes and unmutes: nothing is known of samples */
    bool was_muted;     /* in this run */
    bool may_be_fewer;  /* a callback destroys or creates inputs */
    MLHandle foreign;   /* alive, and of another kind */
    unsigned listening; /* the current mute callback; 0: none */
    unsigned registrations;
    uint64_t mute_changes; /* since */
} world;

/* ---- what the devices yield ---- */

static int16_t
sample_at(uint32_t frame, uint32_t channel)
{
    return (int16_t)(frame * 7 + channel * 1000 + 1);
}

static uint32_t
frame_at(const struct slot *slot, uint64_t pos)
{
    if (slot->microphone->channels == 0)
        return SILENCE;
    if (slot->microphone->loops)
        return (uint32_t)(pos % FILE_FRAMES);
    return pos < FILE_FRAMES ? (uint32_t)pos : SILENCE;
}

static void
check_frame(const struct slot *slot, const uint8_t *data, uint32_t index, uint32_t frame)
{
    for (uint32_t channel = 0; channel < slot->channels; channel++) {
        int16_t sample;

        memcpy(&sample, data + 2 * ((size_t)index * slot->channels + channel), sizeof sample);
        FUZZ_CHECK_EQUAL(sample, frame == SILENCE ? 0 : sample_at(frame, channel));
    }
}

/* ---- the model of an input ---- */

/* A period of the device's frames has come. */
static void
feed_period(struct slot *slot)
{
    uint32_t left = slot->period_frames;

    while (left > 0) {
        uint32_t some = slot->buffer_frames - slot->room_filled;

        if (slot->begun == slot->full) {
            if (slot->begun - slot->freed == 2) { /* both are full or held */
                slot->dropped += left;
                slot->pos += left;
                return;
            }
            slot->begun++;
            slot->room_filled = 0;
            some = slot->buffer_frames;
        }
        some = some < left ? some : left;
        for (uint32_t i = 0; i < some && slot->buffer_frames <= CHECKED_FRAMES_MAX; i++)
            slot->buffers[slot->full % 2]->first[slot->room_filled + i] =
                world.is_muted ? SILENCE : frame_at(slot, slot->pos + i);
        slot->room_filled += some;
        slot->pos += some;
        left -= some;
        if (slot->room_filled == slot->buffer_frames) {
            slot->full++;
            slot->filled_in_all++;
        }
    }
}

static void
advance(uint64_t ns)
{
    world.now_ns += ns;
    FUZZ_CHECK_EQUAL(rondo_clock_advance(world.clock, ns), 0);
    for (unsigned i = 0; i < SLOTS; i++) {
        struct slot *const slot = &slots[i];
        uint64_t due;

        if (!slot->is_alive || !slot->is_playing || !slot->is_modelled)
            continue;
        due = rondo_ns_to_frames(world.now_ns - slot->start_ns, slot->rate_hz);
        while (slot->pos + slot->period_frames <= due)
            feed_period(slot);
    }
}

/* The samples of a buffer that is held. Exact inputs only. */
static void
check_buffer(const struct slot *slot, uint64_t number)
{
    const uint8_t *const data = slot->held[number % 2];

    if (slot->buffer_frames > CHECKED_FRAMES_MAX || world.may_be_muted)
        return;
    for (uint32_t i = 0; i < slot->buffer_frames; i++) {
        if (slot->is_modelled)
            check_frame(slot, data, i, slot->buffers[number % 2]->first[i]);
        else if (slot->clock == RONDO_CLOCK_OFFLINE && !world.was_muted)
            check_frame(slot, data, i, frame_at(slot, number * slot->buffer_frames + i));
    }
}

/* ---- callbacks ---- */

static void
check_code(MLResult result)
{
    FUZZ_CHECK(result == MLResult_Ok || result == MLAudioResult_HandleNotFound ||
               result == MLAudioResult_BufferNotReady || result == MLResult_PermissionDenied);
}

/* A start on another thread may end the buffer's life meanwhile: no thread sanitizer here. */
__attribute__((no_sanitize("thread"))) static void
read_all(const MLAudioBuffer *buffer)
{
    volatile uint8_t sum = 0;

    for (uint32_t i = 0; i < buffer->size; i++)
        sum = (uint8_t)(sum + buffer->ptr[i]);
}

static void
get_and_release(MLHandle handle, bool releases)
{
    MLAudioBuffer buffer = {(uint8_t *)&buffer, 77};
    const MLResult result = MLAudioGetInputBuffer(handle, &buffer);

    FUZZ_CHECK(result == MLResult_Ok || result == MLAudioResult_BufferNotReady ||
               result == MLAudioResult_HandleNotFound);
    FUZZ_CHECK((result == MLResult_Ok) == (buffer.ptr != NULL && buffer.size > 0));
    if (result == MLResult_Ok)
        read_all(&buffer);
    if (releases)
        check_code(MLAudioReleaseInputBuffer(handle));
}

static void
create_and_destroy(void)
{
    const MLAudioBufferFormat format = {1, 48000, 16, 16, MLAudioSampleFormat_Int, 0};
    MLHandle handle = 0;
    const MLResult result = MLAudioCreateInputFromMicCapture(MLAudioMicCaptureType_VoiceCapture,
                                                             &format, 0, NULL, NULL, &handle);

    FUZZ_CHECK(MLHandleIsValid(handle) == (result == MLResult_Ok));
    if (result != MLResult_Ok)
        return;
    FUZZ_CHECK(MLAudioStartInput(handle) == MLResult_Ok || world.denies);
    FUZZ_CHECK_EQUAL(MLAudioDestroyInput(handle), MLResult_Ok);
}

static void
on_buffer(MLHandle handle, void *context)
{
    struct slot *const slot = context;
    const unsigned call = atomic_fetch_add(&slot->calls, 1);

    FUZZ_CHECK(!atomic_load(&slot->is_gone)); /* destroy has returned */
    FUZZ_CHECK_EQUAL(atomic_fetch_add(&slot->inside, 1), 0);
    FUZZ_CHECK(handle == slot->handle);
    if (call < CALLBACKS_MAX) {
        switch (slot->temper % 8) {
        case 0:
            break;
        case 1:
            get_and_release(handle, true);
            break;
        case 2:
            get_and_release(handle, false);
            break;
        case 3:
            check_code(MLAudioStopInput(handle));
            break;
        case 4:
            check_code(MLAudioStopInput(handle));
            check_code(MLAudioStartInput(handle));
            get_and_release(handle, true);
            break;
        case 5:
            get_and_release(handle, call % 2 == 0);
            if (call >= slot->temper / 8u % 4)
                check_code(MLAudioDestroyInput(handle));
            break;
        case 6:
            get_and_release(handle, true);
            check_code(MLAudioSetMicMute(call % 2 == 0));
            break;
        default:
            get_and_release(handle, true);
            if (call < 2)
                create_and_destroy();
            break;
        }
    }
    atomic_fetch_sub(&slot->inside, 1);
}

/* Mute callbacks: one context for each registration. */
#define LISTENERS 8u

static struct {
    atomic_uint calls;
    atomic_bool value, has_value;
} listeners[LISTENERS];

static void
on_mute(bool is_muted, void *context)
{
    const unsigned number = (unsigned)(uintptr_t)context;

    FUZZ_CHECK(number > 0 && number < LISTENERS);
    /* Once for each change: no value twice in a row. */
    if (atomic_exchange(&listeners[number].has_value, true))
        FUZZ_CHECK(atomic_load(&listeners[number].value) != is_muted);
    atomic_store(&listeners[number].value, is_muted);
    atomic_fetch_add(&listeners[number].calls, 1);
}

/* ---- operations ---- */

static void
configure(const struct microphone *microphone, enum clock_choice choice)
{
    struct rondo_ml_config config = RONDO_ML_CONFIG_INIT;
    char device[400];

    snprintf(device, sizeof device, "%s", microphone->address);
    if (microphone->address[0] == '+')
        snprintf(device, sizeof device, "file:%s/%s", fuzz_folder(), microphone->address);
    if (choice == BY_STRING && !microphone->is_bad && device[0] != '\0')
        snprintf(device + strlen(device), sizeof device - strlen(device), "%cclock=offline",
                 strchr(device, '?') != NULL ? '&' : '?');
    config.mic = device;
    config.deny_record_audio = world.denies;
    config.clock = choice == OFFLINE                        ? rondo_clock_offline()
                   : choice == VIRTUAL || device[0] == '\0' ? world.clock
                                                            : NULL;
    FUZZ_CHECK_EQUAL(rondo_ml_configure(&config), 0);
    memset(device, '#', sizeof device); /* it was copied */
    world.microphone = microphone;
    world.choice = microphone->address[0] == '\0' && choice == BY_STRING ? VIRTUAL : choice;
}

static void
do_configure(struct fuzz_input *input)
{
    static const enum clock_choice choices[] = {VIRTUAL, VIRTUAL, OFFLINE, BY_STRING};
    struct rondo_ml_config bad = RONDO_ML_CONFIG_INIT;
    const uint8_t choice = fuzz_byte(input);

    if (choice >= 240) {
        bad.size = fuzz_count(input, bad.size) | 1;
        FUZZ_CHECK_EQUAL(rondo_ml_configure(&bad), -EINVAL);
        return;
    }
    world.denies = choice % 16 == 15;
    world.matches = choice % 2 == 0;
    configure(&FUZZ_PICK(input, microphones), FUZZ_PICK(input, choices));
}

static unsigned
count_alive(void)
{
    unsigned count = 0;

    for (unsigned i = 0; i < SLOTS; i++)
        count += slots[i].is_alive;
    return count;
}

struct flavour {
    int32_t type;
    uint32_t channels, rate_hz;
};

/* What create must say, by the table of the documentation; `frames` receives a buffer's. */
static MLResult
expected_of_create(const struct flavour *flavour, const MLAudioBufferFormat *format, uint32_t bytes,
                   uint32_t *frames)
{
    const uint32_t frame_bytes = 2 * (flavour != NULL ? flavour->channels : 1);
    const uint32_t min_frames = flavour != NULL ? (flavour->rate_hz + 119) / 120 : 0;

    if (flavour == NULL)
        return MLResult_InvalidParam;
    if (world.denies)
        return MLResult_PermissionDenied;
    if (format->sample_format != MLAudioSampleFormat_Int)
        return MLAudioResult_InvalidSampleFormat;
    if (format->bits_per_sample != 16)
        return MLAudioResult_InvalidBitsPerSample;
    if (format->valid_bits_per_sample != 16)
        return MLAudioResult_InvalidValidBits;
    if (format->channel_count != flavour->channels)
        return MLAudioResult_InvalidChannelCount;
    if (format->samples_per_second != flavour->rate_hz)
        return MLAudioResult_InvalidSampleRate;
    *frames = bytes == 0 ? 8 * min_frames : bytes / frame_bytes;
    if (bytes != 0 && bytes < min_frames * frame_bytes)
        return MLAudioResult_InvalidBufferSize;
    if (bytes > 32u << 20 || count_alive() >= INPUTS_MAX)
        return MLResult_AllocFailed;
    /* Two runs of two buffers, each run on a cache line of its own. */
    if ((2 * (uint64_t)*frames * frame_bytes + 63) / 64 * 64 * 2 > FUZZ_FILE_BYTES_MAX)
        return MLResult_AllocFailed;
    return world.microphone->is_bad ? MLAudioResult_InternalConfigError : MLResult_Ok;
}

/* Spoil one field of a format. */
static void
spoil(MLAudioBufferFormat *format, struct fuzz_input *input)
{
    switch (fuzz_below(input, 6)) {
    case 0:
        format->channel_count = (uint32_t)fuzz_edge(input, format->channel_count);
        break;
    case 1:
        format->samples_per_second = (uint32_t)fuzz_edge(input, format->samples_per_second);
        break;
    case 2:
        format->bits_per_sample = (uint32_t)fuzz_edge(input, 16);
        break;
    case 3:
        format->valid_bits_per_sample = (uint32_t)fuzz_edge(input, 16);
        break;
    case 4:
        format->sample_format = (MLAudioSampleFormat)(fuzz_byte(input) & 3);
        break;
    default:
        format->channel_format = (MLAudioChannelFormat)fuzz_below(input, 0x7fffffff);
        break;
    }
}

static void
begin_slot(struct slot *slot, const struct flavour *flavour, uint32_t frames)
{
    const struct microphone *const microphone = world.microphone;

    slot->is_alive = true;
    slot->pos = slot->begun = slot->full = slot->taken = slot->freed = 0;
    slot->filled_in_all = slot->dropped = 0;
    slot->room_filled = 0;
    slot->channels = flavour->channels;
    slot->rate_hz = flavour->rate_hz;
    slot->buffer_frames = frames;
    slot->period_frames = flavour->rate_hz / 100;
    slot->microphone = microphone;
    slot->clock = world.choice == VIRTUAL ? RONDO_CLOCK_VIRTUAL : RONDO_CLOCK_OFFLINE;
    slot->is_exact = microphone->channels == 0 || (microphone->channels == flavour->channels &&
                                                   microphone->rate_hz == flavour->rate_hz);
    slot->is_modelled = slot->is_exact && slot->clock == RONDO_CLOCK_VIRTUAL && !slot->calls_back;
    for (int i = 0; i < 2; i++) {
        slot->buffers[i] = calloc(1, sizeof *slot->buffers[i]);
        FUZZ_CHECK(slot->buffers[i] != NULL);
    }
}

static void
end_slot(struct slot *slot)
{
    for (int i = 0; i < 2; i++) {
        free(slot->buffers[i]);
        slot->buffers[i] = NULL;
    }
    slot->is_alive = false;
    slot->is_playing = false;
}

static void
do_create(struct slot *slot, struct fuzz_input *input)
{
    static const struct flavour flavours[] = {{MLAudioMicCaptureType_VoiceComm, 1, 16000},
                                              {MLAudioMicCaptureType_VoiceCapture, 1, 48000},
                                              {MLAudioMicCaptureType_WorldCapture, 2, 48000},
                                              {MLAudioMicCaptureType_RawMicsAndAECRef, 6, 48000}};
    const uint8_t choice = fuzz_byte(input);
    const struct flavour *flavour = &flavours[choice & 3];
    int32_t type = flavour->type;
    MLAudioBufferFormat format = {
        flavour->channels,           flavour->rate_hz, 16, 16, MLAudioSampleFormat_Int,
        MLAudioChannelFormat_Default};
    uint32_t bytes = 0;
    uint32_t frames = 0;
    MLResult expected;
    MLResult result;

    if (slot->is_alive || slot->ended_itself) /* its callback may still need it */
        return;
    if (choice & 4)
        bytes = fuzz_count(input, flavour->rate_hz / 120 * 2 * flavour->channels);
    if (choice & 8)
        bytes = (uint32_t)fuzz_edge(input, bytes);
    if ((choice & 0x30) == 0x30)
        spoil(&format, input);
    slot->calls_back = (choice & 0x40) != 0;
    if (slot->calls_back)
        slot->temper = fuzz_byte(input);
    if ((choice & 0xb0) == 0x80) {
        type = (int32_t)fuzz_edge(input, 0);
        flavour = NULL;
        for (unsigned i = 0; i < 4; i++)
            if (flavours[i].type == type)
                flavour = &flavours[i];
    }
    if (world.matches)
        configure(matching[choice & 3], world.choice);
    expected = expected_of_create(flavour, &format, bytes, &frames);
    if ((choice & 0xb0) == 0xa0) { /* a pointer is missing */
        FUZZ_CHECK_EQUAL(MLAudioCreateInputFromMicCapture((MLAudioMicCaptureType)type, &format,
                                                          bytes, on_buffer, slot, NULL),
                         MLResult_InvalidParam);
        FUZZ_CHECK_EQUAL(MLAudioCreateInputFromMicCapture((MLAudioMicCaptureType)type, NULL, bytes,
                                                          on_buffer, slot, &slot->handle),
                         MLResult_InvalidParam);
        FUZZ_CHECK(slot->handle == ML_INVALID_HANDLE);
        return;
    }
    slot->handle = 0;
    atomic_store(&slot->calls, 0);
    atomic_store(&slot->is_gone, false);
    result =
        MLAudioCreateInputFromMicCapture((MLAudioMicCaptureType)type, &format, bytes,
                                         slot->calls_back ? on_buffer : NULL, slot, &slot->handle);
    if (!world.may_be_fewer || result != MLResult_AllocFailed)
        FUZZ_CHECK_EQUAL(result, world.may_be_fewer && expected == MLResult_AllocFailed ? result
                                                                                        : expected);
    FUZZ_CHECK((result == MLResult_Ok) == MLHandleIsValid(slot->handle));
    FUZZ_CHECK(slot->handle != 0);
    if (result != MLResult_Ok)
        return;
    for (unsigned i = 0; i < SLOTS; i++)
        FUZZ_CHECK(&slots[i] == slot || slots[i].handle != slot->handle);
    begin_slot(slot, flavour, frames);
    if (slot->calls_back) {
        world.may_be_fewer |= slot->temper % 8 == 5 || slot->temper % 8 == 7;
        world.may_be_muted |= slot->temper % 8 == 6;
    }
}

static void
do_create_other(struct fuzz_input *input)
{
    const MLAudioBufferFormat format = {2, 48000, 16, 16, MLAudioSampleFormat_Int, 0};
    MLResult (*const create)(const MLAudioBufferFormat *, uint32_t, MLAudioBufferCallback, void *,
                             MLHandle *) = fuzz_bool(input) ? MLAudioCreateInputFromVirtualCapture
                                                            : MLAudioCreateInputFromMixedCapture;
    MLHandle handle = 5;

    FUZZ_CHECK_EQUAL(create(&format, fuzz_count(input, 1600), NULL, NULL, &handle),
                     MLAudioResult_NotImplemented);
    FUZZ_CHECK(handle == ML_INVALID_HANDLE);
    FUZZ_CHECK_EQUAL(create(NULL, 0, on_buffer, NULL, &handle), MLResult_InvalidParam);
    FUZZ_CHECK_EQUAL(create(&format, 0, on_buffer, NULL, NULL), MLResult_InvalidParam);
}

static void
do_destroy(struct slot *slot)
{
    const MLResult result = MLAudioDestroyInput(slot->handle);

    if (slot->calls_back && slot->is_alive)
        FUZZ_CHECK(result == MLResult_Ok ||
                   (result == MLAudioResult_HandleNotFound && slot->temper % 8 == 5));
    else
        FUZZ_CHECK_EQUAL(result, slot->is_alive ? MLResult_Ok : MLAudioResult_HandleNotFound);
    if (!slot->is_alive)
        return;
    slot->ended_itself = result != MLResult_Ok;
    if (!slot->ended_itself) {
        FUZZ_CHECK_EQUAL(atomic_load(&slot->inside), 0);
        atomic_store(&slot->is_gone, true);
    }
    end_slot(slot);
}

static void
do_start(struct slot *slot)
{
    const MLResult result = MLAudioStartInput(slot->handle);

    if (!slot->is_alive) {
        FUZZ_CHECK_EQUAL(result, MLAudioResult_HandleNotFound);
    } else if (slot->calls_back) {
        check_code(result);
        FUZZ_CHECK(result != MLAudioResult_BufferNotReady);
    } else {
        FUZZ_CHECK_EQUAL(result, world.denies ? MLResult_PermissionDenied : MLResult_Ok);
        if (slot->is_playing || world.denies)
            return;
        slot->is_playing = true;
        slot->start_ns = world.now_ns;
        slot->pos = slot->begun = slot->full = slot->taken = slot->freed = 0;
        slot->room_filled = 0;
    }
}

static void
do_stop(struct slot *slot)
{
    const MLResult result = MLAudioStopInput(slot->handle);

    if (slot->calls_back && slot->is_alive)
        FUZZ_CHECK(result == MLResult_Ok || result == MLAudioResult_HandleNotFound);
    else
        FUZZ_CHECK_EQUAL(result, slot->is_alive ? MLResult_Ok : MLAudioResult_HandleNotFound);
    slot->is_playing = false;
}

static void
do_state(struct slot *slot)
{
    MLAudioState state = MLAudioState_Paused;
    const MLResult result = MLAudioGetInputState(slot->handle, &state);

    FUZZ_CHECK_EQUAL(MLAudioGetInputState(slot->handle, NULL), MLResult_InvalidParam);
    if (!slot->is_alive) {
        FUZZ_CHECK_EQUAL(result, MLAudioResult_HandleNotFound);
    } else if (slot->calls_back) {
        FUZZ_CHECK(result == MLAudioResult_HandleNotFound || state != MLAudioState_Paused);
    } else {
        FUZZ_CHECK_EQUAL(result, MLResult_Ok);
        FUZZ_CHECK_EQUAL(state, slot->is_playing ? MLAudioState_Playing : MLAudioState_Stopped);
    }
}

/* Whether its callback gets and releases, which one thread may at a time. */
static bool
is_consumed_elsewhere(const struct slot *slot)
{
    return slot->is_alive && slot->calls_back && slot->temper % 8 != 0 && slot->temper % 8 != 3;
}

/* Get a buffer, if it can be; @p waits: until it can. */
static void
do_get(struct slot *slot, bool waits)
{
    const struct timespec little = {0, 20000};
    const int64_t deadline_ns = fuzz_now_ns() + FUZZ_DEADLINE_NS;
    const uint64_t held = slot->taken - slot->freed;
    MLAudioBuffer buffer = {(uint8_t *)&buffer, 77};
    MLResult result;

    FUZZ_CHECK_EQUAL(MLAudioGetInputBuffer(slot->handle, NULL), MLResult_InvalidParam);
    if (is_consumed_elsewhere(slot))
        return;
    result = MLAudioGetInputBuffer(slot->handle, &buffer);
    if (!slot->is_alive) {
        FUZZ_CHECK_EQUAL(result, MLAudioResult_HandleNotFound);
    } else if (slot->calls_back) {
        check_code(result);
    } else if (!slot->is_playing || held == 2) {
        FUZZ_CHECK_EQUAL(result, MLAudioResult_BufferNotReady);
    } else if (slot->is_modelled) {
        FUZZ_CHECK_EQUAL(result,
                         slot->taken < slot->full ? MLResult_Ok : MLAudioResult_BufferNotReady);
    } else if (slot->clock == RONDO_CLOCK_OFFLINE) { /* it comes as soon as the device can */
        while (waits && result == MLAudioResult_BufferNotReady && fuzz_now_ns() < deadline_ns) {
            nanosleep(&little, NULL);
            result = MLAudioGetInputBuffer(slot->handle, &buffer);
        }
        FUZZ_CHECK(result == MLResult_Ok || (result == MLAudioResult_BufferNotReady && !waits));
    } else {
        FUZZ_CHECK(result == MLResult_Ok || result == MLAudioResult_BufferNotReady);
    }
    if (result != MLResult_Ok) {
        FUZZ_CHECK(buffer.ptr == NULL && buffer.size == 0);
        return;
    }
    FUZZ_CHECK_EQUAL(buffer.size, slot->buffer_frames * slot->channels * 2);
    if (slot->calls_back)
        return;
    slot->held[slot->taken % 2] = buffer.ptr;
    if (slot->is_exact)
        check_buffer(slot, slot->taken);
    slot->taken++;
}

static void
do_release(struct slot *slot)
{
    const bool holds = slot->taken > slot->freed;
    MLResult result;

    if (is_consumed_elsewhere(slot))
        return;
    /* Nobody has touched it, not even a stop. */
    if (slot->is_alive && !slot->calls_back && holds && slot->is_exact)
        check_buffer(slot, slot->freed);
    result = MLAudioReleaseInputBuffer(slot->handle);
    if (!slot->is_alive) {
        FUZZ_CHECK_EQUAL(result, MLAudioResult_HandleNotFound);
    } else if (slot->calls_back) {
        check_code(result);
    } else {
        FUZZ_CHECK_EQUAL(result, holds ? MLResult_Ok : MLAudioResult_BufferNotReady);
        slot->freed += holds;
    }
}

static void
do_latency(struct slot *slot)
{
    float latency_ms = -1;
    const MLResult result = MLAudioGetBufferedInputLatency(slot->handle, &latency_ms);

    FUZZ_CHECK_EQUAL(MLAudioGetBufferedInputLatency(slot->handle, NULL), MLResult_InvalidParam);
    if (!slot->is_alive)
        FUZZ_CHECK_EQUAL(result, MLAudioResult_HandleNotFound);
    else if (!slot->calls_back)
        FUZZ_CHECK_EQUAL(result, MLResult_Ok);
    if (result == MLResult_Ok) { /* a buffer and a period of 10 ms */
        const float buffer_ms = 1e3f * (float)slot->buffer_frames / (float)slot->rate_hz;

        FUZZ_CHECK(latency_ms > buffer_ms + 9 && latency_ms < buffer_ms + 11);
    }
}

static void
do_stats(struct slot *slot)
{
    struct rondo_ml_input_stats stats;
    const int result = rondo_ml_query_input_stats(slot->handle, &stats);

    FUZZ_CHECK_EQUAL(rondo_ml_query_input_stats(slot->handle, NULL), -EINVAL);
    if (!slot->is_alive)
        FUZZ_CHECK_EQUAL(result, -ESTALE);
    else if (!slot->calls_back)
        FUZZ_CHECK_EQUAL(result, 0);
    if (result != 0)
        return;
    FUZZ_CHECK(stats.bit_exact == slot->is_exact);
    if (!slot->is_modelled)
        return;
    FUZZ_CHECK_EQUAL(stats.buffers_filled, slot->filled_in_all);
    FUZZ_CHECK_EQUAL(stats.frames_dropped, slot->dropped);
    FUZZ_CHECK_EQUAL(stats.xruns, 0);
    FUZZ_CHECK_EQUAL(stats.device_rate_hz, slot->rate_hz);
    FUZZ_CHECK_EQUAL(stats.device_channels, slot->channels);
    FUZZ_CHECK_EQUAL(stats.device_length_frames,
                     slot->microphone->channels == 0 || slot->microphone->loops ? 0 : FILE_FRAMES);
}

static void
do_defaults(struct fuzz_input *input)
{
    const uint32_t channels = (uint32_t)fuzz_edge(input, 2);
    const uint32_t rate_hz = fuzz_bool(input) ? 48000 : (uint32_t)fuzz_edge(input, 16000);
    MLAudioBufferFormat format;
    uint32_t recommended = 0;
    uint32_t min = 0;
    const MLResult result =
        MLAudioGetBufferedInputDefaults(channels, rate_hz, &format, &recommended, &min);

    FUZZ_CHECK_EQUAL(MLAudioGetBufferedInputDefaults(channels, rate_hz, NULL, &recommended, &min),
                     MLResult_InvalidParam);
    FUZZ_CHECK_EQUAL(MLAudioGetBufferedInputDefaults(channels, rate_hz, &format, NULL, NULL),
                     result);
    if (channels != 1 && channels != 2 && channels != 6) {
        FUZZ_CHECK_EQUAL(result, MLAudioResult_InvalidChannelCount);
    } else if (rate_hz != 16000 && rate_hz != 48000) {
        FUZZ_CHECK_EQUAL(result, MLAudioResult_InvalidSampleRate);
    } else {
        FUZZ_CHECK_EQUAL(result, MLResult_Ok);
        FUZZ_CHECK_EQUAL(min, (rate_hz + 119) / 120 * 2 * channels);
        FUZZ_CHECK_EQUAL(recommended, 8 * min);
        FUZZ_CHECK_EQUAL(format.channel_count, channels);
        FUZZ_CHECK_EQUAL(format.samples_per_second, rate_hz);
    }
}

static void
do_mute(struct fuzz_input *input)
{
    const bool mutes = fuzz_bool(input);
    bool is_muted = !world.is_muted;

    FUZZ_CHECK_EQUAL(MLAudioSetMicMute(mutes),
                     world.denies ? MLResult_PermissionDenied : MLResult_Ok);
    FUZZ_CHECK_EQUAL(MLAudioGetMicMute(NULL), MLResult_InvalidParam);
    FUZZ_CHECK_EQUAL(MLAudioGetMicMute(&is_muted),
                     world.denies ? MLResult_PermissionDenied : MLResult_Ok);
    if (world.denies)
        return;
    FUZZ_CHECK(is_muted == mutes || world.may_be_muted);
    world.mute_changes += world.is_muted != mutes;
    world.is_muted = mutes;
    world.was_muted |= mutes;
}

/* All changes since the registration are told. */
static void
check_told(void)
{
    const int64_t deadline_ns = fuzz_now_ns() + FUZZ_DEADLINE_NS;
    const struct timespec little = {0, 20000};

    if (world.listening == 0 || world.may_be_muted)
        return;
    while (atomic_load(&listeners[world.listening].calls) < world.mute_changes &&
           fuzz_now_ns() < deadline_ns)
        nanosleep(&little, NULL);
    FUZZ_CHECK_EQUAL(atomic_load(&listeners[world.listening].calls), world.mute_changes);
    if (world.mute_changes > 0)
        FUZZ_CHECK(atomic_load(&listeners[world.listening].value) == world.is_muted);
}

static void
do_listen(struct fuzz_input *input)
{
    const uint8_t choice = fuzz_byte(input);
    const unsigned number =
        choice & 1 && world.registrations + 1 < LISTENERS ? world.registrations + 1 : 0;
    MLResult result;

    if (choice & 2)
        check_told();
    result = MLAudioSetMicMuteCallback(number != 0 ? on_mute : NULL, (void *)(uintptr_t)number);
    FUZZ_CHECK_EQUAL(result, world.denies ? MLResult_PermissionDenied : MLResult_Ok);
    if (world.denies)
        return;
    world.listening = number;
    world.registrations += number != 0;
    world.mute_changes = 0;
}

static void
check_unknown(MLHandle handle)
{
    MLAudioBuffer buffer;
    MLAudioState state;
    float latency;

    for (unsigned i = 0; i < SLOTS; i++)
        if (slots[i].handle == handle)
            return; /* it may be alive */
    FUZZ_CHECK_EQUAL(MLAudioStartInput(handle), MLAudioResult_HandleNotFound);
    FUZZ_CHECK_EQUAL(MLAudioStopInput(handle), MLAudioResult_HandleNotFound);
    FUZZ_CHECK_EQUAL(MLAudioGetInputState(handle, &state), MLAudioResult_HandleNotFound);
    FUZZ_CHECK_EQUAL(MLAudioGetInputBuffer(handle, &buffer), MLAudioResult_HandleNotFound);
    FUZZ_CHECK(buffer.ptr == NULL && buffer.size == 0);
    FUZZ_CHECK_EQUAL(MLAudioReleaseInputBuffer(handle), MLAudioResult_HandleNotFound);
    FUZZ_CHECK_EQUAL(MLAudioGetBufferedInputLatency(handle, &latency),
                     MLAudioResult_HandleNotFound);
    FUZZ_CHECK_EQUAL(MLAudioDestroyInput(handle), MLAudioResult_HandleNotFound);
}

static void
do_foreign(struct fuzz_input *input)
{
    switch (fuzz_below(input, 4)) {
    case 0:
        check_unknown(0);
        break;
    case 1:
        check_unknown(ML_INVALID_HANDLE);
        break;
    case 2:
        check_unknown(world.foreign);
        break;
    default:
        check_unknown(fuzz_edge(input, slots[fuzz_below(input, SLOTS)].handle));
        break;
    }
}

static void
do_text(struct fuzz_input *input)
{
    const MLResult code = (MLResult)fuzz_edge(input, (uint64_t)MLAudioResult_NotImplemented);
    const char *const text = MLAudioGetResultString(code);

    FUZZ_CHECK(text != NULL && text[0] != '\0');
    FUZZ_CHECK(MLGlobalGetResultString(code) != NULL);
}

/* The same from a thread that has never called anything. */
static void *
use_elsewhere(void *context)
{
    struct slot *const slot = context;

    if (slot->temper & 1)
        rondo_ml_prepare_thread();
    do_get(slot, false);
    do_release(slot);
    do_state(slot);
    return NULL;
}

static void
do_elsewhere(struct slot *slot, struct fuzz_input *input)
{
    pthread_t thread;

    if (!slot->calls_back)
        slot->temper = fuzz_byte(input);
    FUZZ_CHECK(pthread_create(&thread, NULL, use_elsewhere, slot) == 0);
    pthread_join(thread, NULL);
}

/* ---- a run ---- */

static void
operate(struct fuzz_input *input)
{
    const uint8_t choice = fuzz_byte(input);
    struct slot *const slot = &slots[choice >> 5 == 7 ? fuzz_below(input, SLOTS) : choice >> 5 & 3];

    switch (choice & 31) {
    case 0:
    case 1:
    case 2:
        do_create(slot, input);
        break;
    case 3:
        do_destroy(slot);
        break;
    case 4:
    case 5:
    case 6:
        do_start(slot);
        break;
    case 7:
        do_stop(slot);
        break;
    case 8:
        do_state(slot);
        break;
    case 9:
    case 10:
    case 11:
        do_get(slot, false);
        break;
    case 12:
    case 13:
        do_get(slot, true);
        break;
    case 14:
    case 15:
    case 16:
        do_release(slot);
        break;
    case 17:
    case 18:
    case 19:
        advance(fuzz_byte(input) * UINT64_C(2500000));
        break;
    case 20: /* about a number of periods */
        advance(fuzz_below(input, 16) * UINT64_C(10000000) + fuzz_below(input, 3));
        break;
    case 21:
        advance(fuzz_count(input, 10000) % 1000000 * UINT64_C(1000));
        break;
    case 22:
        do_configure(input);
        break;
    case 23:
        do_mute(input);
        break;
    case 24:
        do_listen(input);
        break;
    case 25:
        do_latency(slot);
        break;
    case 26:
        do_stats(slot);
        break;
    case 27:
        do_defaults(input);
        break;
    case 28:
        do_foreign(input);
        break;
    case 29:
        do_elsewhere(slot, input);
        break;
    case 30:
        do_text(input);
        break;
    default:
        do_create_other(input);
        break;
    }
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const uint32_t files[][2] = {{1, 16000}, {1, 48000}, {2, 48000}, {6, 48000}, {3, 44100}};
    static int16_t samples[FILE_FRAMES * 6];
    static unsigned char wav[44 + sizeof samples];

    (void)argc;
    (void)argv;
    fuzz_confine();
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char name[64];

        for (uint32_t frame = 0; frame < FILE_FRAMES; frame++)
            for (uint32_t channel = 0; channel < files[i][0]; channel++)
                samples[frame * files[i][0] + channel] = sample_at(frame, channel);
        snprintf(name, sizeof name, "+%u-%u.wav", files[i][0], files[i][1]);
        fuzz_folder_store(name, wav, fuzz_wav(wav, samples, files[i][0], files[i][1], FILE_FRAMES));
    }
    rondo_ml_prepare_thread();
    return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int something;
    struct fuzz_input input = {data, size};
    const struct fuzz_census before = fuzz_census();
    void *removed = NULL;

    memset((void *)slots, 0, sizeof slots);
    memset((void *)listeners, 0, sizeof listeners);
    memset(&world, 0, sizeof world);
    FUZZ_CHECK_EQUAL(rondo_clock_virtual_create(&world.clock), 0);
    FUZZ_CHECK_EQUAL(rondo_handle_insert(&world.foreign, RONDO_HANDLE_USER, &something), 0);
    configure(&microphones[0], VIRTUAL);
    do_configure(&input);
    for (unsigned i = 0; i < OPERATIONS_MAX && fuzz_has_more(&input); i++)
        operate(&input);

    check_told();
    for (unsigned i = 0; i < SLOTS; i++)
        do_destroy(&slots[i]);
    world.denies = false;
    configure(&microphones[0], VIRTUAL);
    FUZZ_CHECK_EQUAL(MLAudioSetMicMuteCallback(NULL, NULL), MLResult_Ok);
    fuzz_census_check(&before); /* callbacks that were still at work are through */
    FUZZ_CHECK_EQUAL(MLAudioSetMicMute(false), MLResult_Ok);
    FUZZ_CHECK_EQUAL(rondo_ml_configure(NULL), 0);
    FUZZ_CHECK_EQUAL(rondo_clock_destroy(world.clock), 0);
    FUZZ_CHECK_EQUAL(rondo_handle_remove(world.foreign, RONDO_HANDLE_USER, &removed), 0);
    fuzz_census_check(&before);
    return 0;
}
