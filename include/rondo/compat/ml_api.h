/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Base types and global result codes of the Magic Leap C API, as far as its audio part needs them.
 *
 * Names, values and layouts are those of API level 30; text and code are rondo's own.
 */
#ifndef RONDO_COMPAT_ML_API_H
#define RONDO_COMPAT_ML_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define ML_EXTERN_C_BEGIN extern "C" {
#define ML_EXTERN_C_END   }
#else
#define ML_EXTERN_C_BEGIN
#define ML_EXTERN_C_END
#endif

#ifdef __cplusplus
#define RONDO_COMPAT_ASSERT(condition, text) static_assert(condition, text)
#else
#define RONDO_COMPAT_ASSERT(condition, text) _Static_assert(condition, text)
#endif

/* What the API puts around its declarations; all of it is empty or plain on Linux. */
#define ML_API
#define ML_CALL
#define ML_STATIC_INLINE static inline
#ifdef ML_NO_DEPRECATION_WARNING
#define ML_DEPRECATED
#define ML_DEPRECATED_MSG(msg)
#else
#define ML_DEPRECATED          __attribute__((deprecated))
#define ML_DEPRECATED_MSG(msg) __attribute__((deprecated(msg)))
#endif

ML_EXTERN_C_BEGIN

/** Stands for an object of the API. */
typedef uint64_t MLHandle;

/** The handle that stands for nothing. A macro: an enumerator of this value is not standard C. */
#define ML_INVALID_HANDLE ((MLHandle)0xFFFFFFFFFFFFFFFFull)

/** Whether a handle is not ML_INVALID_HANDLE; says nothing about whether its object exists. */
ML_STATIC_INLINE bool
MLHandleIsValid(MLHandle handle)
{
    return handle != ML_INVALID_HANDLE;
}

/** Nanoseconds. */
typedef int64_t MLTime;

/** Bytes of MLVersion's build identification. */
#define MLVersion_BuildIdMaxLength 128

/** A version. */
typedef struct MLVersion {
    uint32_t major;
    uint32_t minor;
    uint32_t revision;
    char build_id[MLVersion_BuildIdMaxLength];
} MLVersion;

/** Result of a call: MLResult_Ok, or a code of an enum below or of another header of the API. */
typedef int32_t MLResult;

/** The upper half of a result: which part of the API it belongs to. Global codes have prefix 0. */
#define MLRESULT_PREFIX(val) ((int32_t)((uint32_t)(val) << 16))

/** Prefixes of the parts of the API that exist here. */
typedef enum MLResultAPIPrefix {
    MLResultAPIPrefix_Global = MLRESULT_PREFIX(0),
    MLResultAPIPrefix_Audio = MLRESULT_PREFIX(0x9e11),
    MLResultAPIPrefix_Ensure32Bits = 0x7FFFFFFF
} MLResultAPIPrefix;

/** Result codes that every part of the API may return. */
typedef enum MLResultGlobal {
    MLResult_Ok = 0,
    MLResult_Pending = 1,
    MLResult_Timeout = 2,
    MLResult_Locked = 3,
    MLResult_UnspecifiedFailure = 4,
    MLResult_InvalidParam = 5,
    MLResult_AllocFailed = 6,
    MLResult_PermissionDenied = 7,
    MLResult_NotImplemented = 8,
    MLResult_ClientLimitExceeded = 9,
    MLResult_PoseNotFound = 10,
    MLResult_IncompatibleSKU = 11,
    MLResult_PerceptionSystemNotStarted = 12,
    MLResult_IllegalState = 13,
    MLResult_LicenseError = 14,
    MLResult_InvalidTimestamp = 15,
    MLResult_Ensure32Bits = 0x7FFFFFFF
} MLResultGlobal;

/**
 * Name of a global result code, such as "MLResult_Ok".
 *
 * @return static text; "Unknown" for anything else, codes of the audio part among it
 * @rt     wait-free
 */
ML_API const char *ML_CALL MLGlobalGetResultString(MLResult result_code);

/** MLGlobalGetResultString(), under its older name. */
ML_STATIC_INLINE const char *
MLGetResultString(MLResult result_code)
{
    return MLGlobalGetResultString(result_code);
}

ML_EXTERN_C_END

#endif
