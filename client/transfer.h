#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "client/session.h"
#include "makeover/v1/common.pb.h"
#include "proto/blob_transfer.h"

namespace makeover {

// A transfer outlives a coordinator that is away for this long.
inline constexpr std::chrono::minutes kTransferPatience{10};

// Options of a transfer that ends at Ctrl-C: `progress` may be empty.
TransferOptions PatientTransfer(Session& session, std::function<void(int64_t)> progress);

// Stores bytes under their digest.
absl::Status UploadBytes(Session& session, const std::string& digest, std::string_view bytes,
                         std::function<void(int64_t)> progress = nullptr);

// Whether a file can be written there, for commands that have much to do first. INVALID_ARGUMENT:
// it is a folder. NOT_FOUND, PERMISSION_DENIED: the folder that it would be in.
absl::Status CheckCanBeWritten(const std::string& path);

// Writes a blob to `path`, verified, whole or not at all, with a progress line under `label` (none
// if it is empty). The bytes go to "PATH.part-DIGEST" first. These stay only where the transfer
// broke off (Ctrl-C, or nobody answers): then the same call goes on there. DATA_LOSS: the bytes do
// not have the digest. As CheckCanBeWritten, before anything is transferred.
absl::Status DownloadToFile(Session& session, const v1::Blob& blob, const std::string& path,
                            const std::string& label);

// A small blob (at most `bytes_max`) as a string, verified. RESOURCE_EXHAUSTED: it is bigger.
absl::StatusOr<std::string> DownloadToString(Session& session, const v1::Blob& blob,
                                             int64_t bytes_max);

}  // namespace makeover
