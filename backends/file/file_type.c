/* SPDX-License-Identifier: MIT */
#include "backends/file/file_type.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include <sndfile.h>

/* 4 GiB, less what may stand around the samples: the sizes in these headers have 32 bits. */
#define SIZE_32_BYTES (UINT64_C(0xffffffff) - 0xffff)

static const struct rondo__file_type types[] = {
    {"wav", SF_FORMAT_WAV, SIZE_32_BYTES, false},
    {"aif", SF_FORMAT_AIFF, SIZE_32_BYTES, false},
    {"aiff", SF_FORMAT_AIFF, SIZE_32_BYTES, false},
    {"flac", SF_FORMAT_FLAC, 0, false},
    {"ogg", SF_FORMAT_OGG, 0, true},
    {"w64", SF_FORMAT_W64, 0, false},
    {"rf64", SF_FORMAT_RF64, 0, false},
    {"caf", SF_FORMAT_CAF, 0, false},
    {"au", SF_FORMAT_AU, SIZE_32_BYTES, false},
    {"raw", SF_FORMAT_RAW | SF_ENDIAN_CPU, 0, true},
};

const struct rondo__file_type *
rondo__file_type_find(const char *name)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (strcasecmp(types[i].name, name) == 0)
            return &types[i];
    return NULL;
}

const struct rondo__file_type *
rondo__file_type_of_path(const char *path)
{
    const char *dot = strrchr(path, '.');

    return dot == NULL ? NULL : rondo__file_type_find(dot + 1);
}

int
rondo__file_subtype(const struct rondo__file_type *type, enum rondo_sample_format stored,
                    enum rondo_sample_format *sample)
{
    const bool is_24_bit = stored == RONDO_S24_PACKED || stored == RONDO_S24_IN_32;

    *sample = is_24_bit ? RONDO_S32 : stored;
    if (type->major == SF_FORMAT_OGG)
        return SF_FORMAT_VORBIS;
    if (stored == RONDO_S16)
        return SF_FORMAT_PCM_16;
    if (is_24_bit)
        return SF_FORMAT_PCM_24;
    if (type->major == SF_FORMAT_FLAC)
        return 0;
    return stored == RONDO_S32 ? SF_FORMAT_PCM_32 : SF_FORMAT_FLOAT;
}

uint32_t
rondo__file_stored_bytes(int format)
{
    if ((format & SF_FORMAT_TYPEMASK) == SF_FORMAT_FLAC)
        return 0;
    switch (format & SF_FORMAT_SUBMASK) {
    case SF_FORMAT_PCM_S8:
    case SF_FORMAT_PCM_U8:
    case SF_FORMAT_ULAW:
    case SF_FORMAT_ALAW:
        return 1;
    case SF_FORMAT_PCM_16:
        return 2;
    case SF_FORMAT_PCM_24:
        return 3;
    case SF_FORMAT_PCM_32:
    case SF_FORMAT_FLOAT:
        return 4;
    case SF_FORMAT_DOUBLE:
        return 8;
    default:
        return 0;
    }
}

bool
rondo__file_is_float(int format)
{
    switch (format & SF_FORMAT_SUBMASK) {
    case SF_FORMAT_FLOAT:
    case SF_FORMAT_DOUBLE:
    case SF_FORMAT_VORBIS:
    case SF_FORMAT_OPUS:
    case SF_FORMAT_MPEG_LAYER_I:
    case SF_FORMAT_MPEG_LAYER_II:
    case SF_FORMAT_MPEG_LAYER_III:
        return true;
    default:
        return false;
    }
}

enum rondo_sample_format
rondo__file_sample(int format)
{
    if (rondo__file_is_float(format))
        return RONDO_F32;
    switch (format & SF_FORMAT_SUBMASK) {
    case SF_FORMAT_PCM_24:
    case SF_FORMAT_PCM_32:
    case SF_FORMAT_ALAC_20:
    case SF_FORMAT_ALAC_24:
    case SF_FORMAT_ALAC_32:
    case SF_FORMAT_DWVW_24:
    case SF_FORMAT_DWVW_N:
        return RONDO_S32;
    default:
        /* 8 and 16 bit, and the codecs whose decoders yield 16: u-law, A-law, ADPCM, GSM, G.72x. */
        return RONDO_S16;
    }
}

bool
rondo__file_can_be_read(int format)
{
    const int major = format & SF_FORMAT_TYPEMASK;

    return major != SF_FORMAT_SDS &&
           !(major == SF_FORMAT_PAF && (format & SF_FORMAT_SUBMASK) == SF_FORMAT_PCM_24);
}
