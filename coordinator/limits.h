// Every bound that the coordinator keeps to.
#pragma once

#include <cstdint>

namespace makeover {

inline constexpr int64_t kBlobBytesMax = int64_t{16} << 30;
inline constexpr int64_t kFreeBytesMin = int64_t{64} << 20;  // An upload leaves this much free.
inline constexpr size_t kReadChunkBytes = 512 << 10;         // Of ReadBlob, logs and backups.
inline constexpr int kFindMissingDigestsMax = 4'096;

inline constexpr int kShardRowsMax = 16'384;  // Rows in a call of AddShard.
inline constexpr int kShardsPerDatasetMax = 65'536;
inline constexpr uint32_t kRowsPerDatasetMax = 50'000'000;
inline constexpr int kPictureNameBytesMax = 1'024;

inline constexpr uint32_t kPicturesPerSideMin = 32;  // Of a training; also the held-out samples.
inline constexpr int kConvertShardsMax = 16'384;
inline constexpr int kSettingsMax = 256;
inline constexpr int kSettingBytesMax = 1'024;
inline constexpr uint32_t kPreviewPicturesDefault = 40;
inline constexpr uint32_t kPreviewPicturesMax = 400;
inline constexpr uint32_t kGpusMax = 64;
inline constexpr double kSeedMax = 9e15;                    // Exact in a JSON number.
inline constexpr uint64_t kDrawnSeedMask = 0xffff'ffffULL;  // Short enough to be typed again.
inline constexpr uint32_t kStepsMax = 100'000'000;
inline constexpr double kTimeSecondsMax = 9'999'999;  // 115 days.
inline constexpr uint32_t kBatchSizeMin = 2;          // Normalisation needs more than one picture.
inline constexpr uint32_t kBatchSizeMax = 4'096;
inline constexpr uint32_t kOwnerBytesMax = 256;
inline constexpr int kRequestIdBytesMax = 128;

inline constexpr uint32_t kJobsPageDefault = 1'000;
inline constexpr uint32_t kStatusJobsDefault = 10;
inline constexpr uint32_t kMetricsDefault = 10'000;
inline constexpr uint32_t kQuarantinedDefault = 1'000;
inline constexpr uint32_t kAttemptsShown = 100;

inline constexpr int kCheckpointsKept = 2;  // Of each training, beside the tagged ones.
inline constexpr int kDevicesPerWorkerMax = 256;
inline constexpr int kReportRecordsMax = 10'000;  // Of each kind in one report.
inline constexpr int64_t kAttemptLogBytesMax = int64_t{64} << 20;

// Streams that follow a job hold a thread each; so do uploads and downloads.
inline constexpr int kFollowersMax = 64;
inline constexpr int kServerThreadsMax = 256;
inline constexpr int64_t kWatchIntervalMs = 250;  // Between two messages of one WatchJob.

inline constexpr int64_t kGarbageGraceSeconds = 24 * 3'600;
// Of jobs that have ended: results that a person fetches, and what a retry would need.
inline constexpr int64_t kEndedKeptMs = int64_t{30} * 24 * 3'600'000;
inline constexpr int64_t kSweepIntervalMs = 3'600'000;
inline constexpr int64_t kUpkeepRetryMs = 1'000;    // After a full disk.
inline constexpr int64_t kShutdownGraceMs = 2'000;  // Calls under way end by themselves so long.
inline constexpr int64_t kBlobBytesAgeMs = 30'000;  // So old may the shown size of the store be.

}  // namespace makeover
