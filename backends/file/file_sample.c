/* SPDX-License-Identifier: MIT */
#include "backends/file/file_sample.h"

#include <math.h>

static double
clip(double value, double min, double max)
{
    /* NaN is silence. */
    if (!(value >= min))
        return value < min ? min : 0.0;
    return value > max ? max : value;
}

void
rondo__file_s32_to_s16(int16_t *to, const int32_t *from, size_t samples)
{
    for (size_t i = 0; i < samples; i++)
        to[i] = from[i] > INT32_MAX - 0x8000 ? INT16_MAX : (int16_t)((from[i] + 0x8000) >> 16);
}

void
rondo__file_f64_to_s16(int16_t *to, const double *from, size_t samples)
{
    for (size_t i = 0; i < samples; i++)
        to[i] = (int16_t)clip(floor(from[i] * 0x1p15 + 0.5), INT16_MIN, INT16_MAX);
}

void
rondo__file_f64_to_s32(int32_t *to, const double *from, size_t samples)
{
    for (size_t i = 0; i < samples; i++)
        to[i] = (int32_t)clip(floor(from[i] * 0x1p31 + 0.5), INT32_MIN, INT32_MAX);
}

void
rondo__file_s16_to_f64(double *to, const int16_t *from, size_t samples)
{
    for (size_t i = 0; i < samples; i++)
        to[i] = from[i] * 0x1p-15;
}

void
rondo__file_s32_to_f64(double *to, const int32_t *from, size_t samples)
{
    for (size_t i = 0; i < samples; i++)
        to[i] = from[i] * 0x1p-31;
}
