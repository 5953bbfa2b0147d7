/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Geometric types of the Magic Leap C API. The audio input functions use none of them; the header
 * is here because programs include it by name.
 */
#ifndef RONDO_COMPAT_ML_TYPES_H
#define RONDO_COMPAT_ML_TYPES_H

#include "ml_api.h"

/* Unnamed structures are standard in C11 and an extension of every compiler in C++. */
#if defined(__clang__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wpedantic"
#elif defined(__GNUC__) && defined(__cplusplus)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#endif

/** A vector; three ways to name its floats. */
typedef struct MLVec3f {
    union {
        struct {
            float x, y, z;
        };
        struct {
            float x, y, z;
        } xyz;
        float values[3];
    };
} MLVec3f;

/** A rotation; two ways to name its floats. */
typedef struct MLQuaternionf {
    union {
        struct {
            float x, y, z, w;
        };
        float values[4];
    };
} MLQuaternionf;

#if defined(__clang__)
#pragma clang diagnostic pop
#elif defined(__GNUC__) && defined(__cplusplus)
#pragma GCC diagnostic pop
#endif

#endif
