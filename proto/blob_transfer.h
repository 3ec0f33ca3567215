#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "makeover/v1/blobs.grpc.pb.h"

namespace makeover {

// Bytes of one message of a transfer.
inline constexpr size_t kTransferChunkBytes = 512 << 10;
// Back-off between attempts while no byte gets through: doubled from the first to the second.
inline constexpr std::chrono::milliseconds kTransferBackoffFirst{100};
inline constexpr std::chrono::milliseconds kTransferBackoffMax{2'000};

// How long, and who watches.
struct TransferOptions {
  // A broken connection is mended until then; afterwards the last error is returned.
  std::chrono::system_clock::time_point deadline;
  // Called after every message with the bytes that the other side has (upload) or that the sink
  // has taken (download), counted from the beginning of the blob. Returns whether to go on: false
  // ends the transfer with CANCELLED. May be empty. Called from the thread of the call.
  std::function<bool(int64_t bytes_done)> progress = {};
  // Ends the waiting between two attempts, and so the transfer, with CANCELLED.
  std::stop_token stop = {};
  // The back-off's bounds.
  std::chrono::milliseconds backoff_first = kTransferBackoffFirst;
  std::chrono::milliseconds backoff_max = kTransferBackoffMax;
};

// Fills `size` bytes at `data` from `offset` of the blob.
using BlobReader = std::function<absl::Status(int64_t offset, char* data, size_t size)>;

// Takes the next bytes of a download, in order, each once.
using BlobSink = std::function<absl::Status(std::string_view data)>;

// Stores a blob on the other side, going on where an earlier upload stopped. Returns at once if it
// is stored already. Errors: those of WriteBlob (DATA_LOSS: the bytes do not have this digest;
// RESOURCE_EXHAUSTED: the disk is full), those of `read`, UNAVAILABLE or DEADLINE_EXCEEDED after
// the deadline, CANCELLED. Touches no disk. Thread-safe as far as `read` is.
absl::Status UploadBlob(v1::BlobService::StubInterface& stub, const std::string& digest,
                        int64_t size, const BlobReader& read, const TransferOptions& options);

// Hands the bytes of a blob from `offset` to its end to `sink` and returns the size of the whole
// blob. When the connection breaks it goes on behind the last byte that `sink` took. The caller
// verifies the digest. Errors: those of ReadBlob (NOT_FOUND) and of `sink`, OUT_OF_RANGE if the
// blob is shorter than `offset`, DATA_LOSS if more bytes come than the blob has, and as above.
absl::StatusOr<int64_t> DownloadBlob(v1::BlobService::StubInterface& stub,
                                     const std::string& digest, int64_t offset,
                                     const BlobSink& sink, const TransferOptions& options);

// May the same transfer succeed a moment later?
bool IsTransient(const absl::Status& status);

}  // namespace makeover
