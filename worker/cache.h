#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"

namespace makeover {

// A bounded folder of what can be fetched or made again: blobs by digest, pixel caches by key.
//
//   blobs/DIGEST     verified when it arrived, and once more by each process that finds it there
//   partial/DIGEST   the beginning of a download that was broken off; it goes on from there
//   pixels/KEY       made by `mkengine prepare`
//
// Together they stay within bytes_max: the least recently used are removed, but never what is
// pinned. A process that is killed leaves nothing wrong under a final name. Thread-safe; one
// process at a time. Errors as ErrnoStatus (storage/file_io.h).
class Cache {
 public:
  // Keeps one file in place and on disk. Movable; must not outlive the cache.
  class Pin {
   public:
    Pin(Cache* cache, std::string name) : cache_(cache), name_(std::move(name)) {}
    ~Pin();
    Pin(Pin&& other) noexcept : cache_(std::exchange(other.cache_, nullptr)), name_(other.name_) {}
    Pin& operator=(Pin&& other) noexcept {
      std::swap(cache_, other.cache_);
      std::swap(name_, other.name_);
      return *this;
    }
    std::string path() const;

   private:
    Cache* cache_;
    std::string name_;
  };
  using Sink = std::function<absl::Status(absl::string_view bytes)>;
  // Hands the blob's bytes from `offset` on to the sink, in order.
  using Download = std::function<absl::Status(int64_t offset, const Sink& sink)>;

  // Makes the folder, or takes over what an earlier process left in it.
  static absl::StatusOr<std::unique_ptr<Cache>> Open(const std::string& dir, int64_t bytes_max);

  // The blob, downloaded if it is not here; of several callers one downloads. kDataLoss: what came
  // does not have this digest or size. kResourceExhausted: the disk is full. kOutOfRange: what is
  // pinned leaves no room in bytes_max. Else the errors of `download`; what had come is kept.
  absl::StatusOr<Pin> Get(const std::string& digest, int64_t size, const Download& download);

  std::optional<Pin> FindPixels(const std::string& key);
  // Moves a file in. REQUIRES: `path` is on the same file system. Errors as Get.
  absl::StatusOr<Pin> KeepPixels(const std::string& key, const std::string& path);

  int64_t bytes() const;  // Of all files in it.

 private:
  struct Entry {
    int64_t size = 0;
    int pins = 0;
    bool verified = false;
    uint64_t last_use = 0;
  };

  Cache(std::string dir, int64_t bytes_max) : dir_(std::move(dir)), bytes_max_(bytes_max) {}

  std::string PathOf(const std::string& name) const { return dir_ + "/" + name; }
  absl::Status Scan();
  bool Verify(const std::string& digest, int64_t size);
  absl::StatusOr<Pin> GetAlone(const std::string& digest, int64_t size, const Download& download);
  absl::Status Fill(const std::string& digest, int64_t size, const Download& download);
  absl::Status MakeRoom(int64_t bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::optional<Pin> PinIfThere(const std::string& name);
  Pin Add(const std::string& name, int64_t size) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Remove(const std::string& name) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void NotePartial(const std::string& digest) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Unpin(const std::string& name);

  const std::string dir_;
  const int64_t bytes_max_;
  mutable absl::Mutex mutex_;
  std::map<std::string, Entry> entries_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> busy_ ABSL_GUARDED_BY(mutex_);  // Digests that a caller works on.
  int64_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t reserved_ ABSL_GUARDED_BY(mutex_) = 0;  // For downloads under way.
  uint64_t uses_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace makeover
