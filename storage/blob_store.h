#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "storage/file_io.h"
#include "storage/sha256.h"

namespace makeover {

// One upload under way. What was appended stays on disk when the object or the process ends, even
// by kill -9, and the next upload of the same digest goes on there. Not thread-safe. Outlived by
// its BlobStore.
class BlobUpload {
 public:
  ~BlobUpload();
  BlobUpload(BlobUpload&&) noexcept;
  BlobUpload& operator=(BlobUpload&&) = delete;

  // Bytes that are stored: where to go on.
  int64_t offset() const { return offset_; }

  // kInvalidArgument: more than the announced size. kResourceExhausted: the disk is full.
  absl::Status Append(absl::string_view bytes);

  // Makes the blob appear in the store, durably. kFailedPrecondition: bytes are missing; they can
  // still be appended. kDataLoss: the bytes do not have the digest; they are dropped.
  // kResourceExhausted. REQUIRES: no call follows that succeeded.
  absl::Status Finish();

 private:
  friend class BlobStore;
  BlobUpload() = default;

  std::string digest_;
  std::string partial_;  // the file that grows
  std::string final_;
  bool verified_ = false;  // the hash is finished, and right
  bool shared_ = true;     // false: a file of this upload alone, removed with it
  int64_t size_ = 0;
  int64_t offset_ = 0;
  FileDescriptor file_;
  Sha256 hash_;
};

// Reads one blob; deleting it meanwhile does not disturb.
class BlobReader {
 public:
  int64_t size() const { return size_; }

  // Up to `bytes_max` bytes from `offset`; fewer only at the end. Thread-safe.
  absl::StatusOr<std::string> Read(int64_t offset, size_t bytes_max) const;

 private:
  friend class BlobStore;
  BlobReader(FileDescriptor file, int64_t size, std::string digest);

  FileDescriptor file_;
  int64_t size_;
  std::string digest_;
};

// Everything big, named by its SHA-256: DIR/blobs/ab/ab12..., and DIR/incoming/ab12... while it
// arrives.
//
// A blob that Has says is there was verified when it arrived and survives kill -9 and loss of
// power. Thread-safe. One process owns DIR (see FileLock). Errors as ErrnoStatus, and
// kInvalidArgument for what is no digest.
class BlobStore {
 public:
  // Makes the folders. What private uploads left behind is removed; what can be resumed stays.
  static absl::StatusOr<std::unique_ptr<BlobStore>> Open(const std::string& dir);

  bool Has(absl::string_view digest) const;
  absl::StatusOr<int64_t> Size(absl::string_view digest) const;  // bytes; kNotFound

  // Bytes that an upload can go on from: the size of what arrived, 0 if nothing did. Of a stored
  // blob: its size.
  absl::StatusOr<int64_t> StoredBytes(absl::string_view digest) const;

  // Goes on with an upload, or begins it. `size`: bytes, 0 or more. Hashes what is there already.
  // While another upload of the digest is under way, this one begins at 0, in a file of its own:
  // both may finish. kAlreadyExists: the blob is stored (its age begins anew, so that a sweep
  // spares it for a grace period).
  absl::StatusOr<BlobUpload> BeginUpload(absl::string_view digest, int64_t size);

  // Stores bytes that are at hand; fine if they are stored already. Returns their digest.
  absl::StatusOr<std::string> Put(absl::string_view bytes);

  // Stores a file, by renaming it where it lies in the same file system; its name is gone then.
  // Returns its digest.
  absl::StatusOr<std::string> TakeFile(const std::string& path);

  absl::StatusOr<BlobReader> OpenRead(absl::string_view digest) const;  // kNotFound
  absl::StatusOr<std::string> ReadAll(absl::string_view digest) const;  // kNotFound

  // Where the blob lies, for programs that read files. It need not exist.
  std::string PathOf(absl::string_view digest) const;

  // Reads and hashes it. kNotFound. kDataLoss: the bytes do not have the digest.
  absl::Status Verify(absl::string_view digest) const;

  // Begins the blob's age anew, so that a sweep spares it for a grace period. kNotFound.
  absl::Status Touch(absl::string_view digest);

  absl::Status Delete(absl::string_view digest);          // fine if it is not there
  absl::StatusOr<std::vector<std::string>> List() const;  // sorted

  struct SweepResult {
    uint32_t deleted = 0;
    int64_t bytes = 0;
  };
  // Deletes blobs and broken-off uploads that are older than `grace` at `now` (by the files' times,
  // which are the system's) and for which `is_live` is false. Nothing for which it is true is ever
  // deleted.
  absl::StatusOr<SweepResult> Sweep(const std::function<bool(const std::string& digest)>& is_live,
                                    absl::Time now, absl::Duration grace);

  // Bytes free for this store's file system.
  absl::StatusOr<int64_t> FreeBytes() const;

 private:
  explicit BlobStore(std::string dir);
  std::string PartialOf(absl::string_view digest) const;
  absl::StatusOr<std::string> MakePlace(absl::string_view digest) const;
  absl::Status OpenPartial(BlobUpload* upload);
  absl::Status ResumePartial(BlobUpload* upload);

  const std::string dir_;
  // Between a sweep's look at a file's age and its deletion, nobody makes the file young again.
  mutable std::mutex ages_;
};

}  // namespace makeover
