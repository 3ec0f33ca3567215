#include "worker/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "storage/atomic_file.h"
#include "storage/file_io.h"
#include "storage/sha256.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

constexpr char kBlobs[] = "blobs/";
constexpr char kPartial[] = "partial/";
constexpr char kPixels[] = "pixels/";
constexpr size_t kReadBytes = 1 << 20;

// Continues the digest over what an earlier download left.
absl::Status HashPrefix(int fd, int64_t size, const std::string& path, Sha256* hash) {
  std::string bytes;
  for (int64_t offset = 0; offset < size; offset += static_cast<int64_t>(bytes.size())) {
    MK_RETURN_IF_ERROR(ReadAt(fd, offset, kReadBytes, path, &bytes));
    if (bytes.empty()) return absl::DataLossError(absl::StrCat(path, " became shorter"));
    hash->Update(bytes);
  }
  return absl::OkStatus();
}

absl::Status Truncate(int fd, int64_t size, const std::string& path) {
  if (ftruncate(fd, size) == 0 && lseek(fd, size, SEEK_SET) == size) return absl::OkStatus();
  return ErrnoStatus(errno, absl::StrCat("truncating ", path));
}

}  // namespace

Cache::Pin::~Pin() {
  if (cache_ != nullptr) cache_->Unpin(name_);
}

std::string Cache::Pin::path() const { return cache_->PathOf(name_); }

absl::StatusOr<std::unique_ptr<Cache>> Cache::Open(const std::string& dir, int64_t bytes_max) {
  std::unique_ptr<Cache> cache(new Cache(dir, bytes_max));
  for (const char* part : {kBlobs, kPartial, kPixels}) {
    MK_RETURN_IF_ERROR(MakeFolders(cache->PathOf(std::string(absl::StripSuffix(part, "/")))));
  }
  MK_RETURN_IF_ERROR(cache->Scan());
  return cache;
}

// The times of the files keep the order of use over a restart.
absl::Status Cache::Scan() {
  std::vector<std::pair<std::filesystem::file_time_type, std::string>> found;
  for (const char* part : {kBlobs, kPartial, kPixels}) {
    std::error_code error;
    for (const auto& file : std::filesystem::directory_iterator(PathOf(part), error)) {
      if (!file.is_regular_file(error)) continue;
      found.emplace_back(file.last_write_time(error), part + file.path().filename().string());
    }
    if (error) return ErrnoStatus(error.value(), absl::StrCat("reading ", PathOf(part)));
  }
  std::sort(found.begin(), found.end());
  absl::MutexLock lock(&mutex_);
  for (const auto& [time, name] : found) {
    MK_ASSIGN_OR_RETURN(const int64_t size, FileSize(PathOf(name)));
    entries_[name] = Entry{size, 0, false, ++uses_};
    bytes_ += size;
  }
  return MakeRoom(0);
}

int64_t Cache::bytes() const {
  absl::MutexLock lock(&mutex_);
  return bytes_;
}

absl::StatusOr<Cache::Pin> Cache::Get(const std::string& digest, int64_t size,
                                      const Download& download) {
  if (!IsDigest(digest) || size < 0) {
    return absl::InvalidArgumentError(absl::StrCat("\"", digest, "\" names no blob"));
  }
  {
    absl::MutexLock lock(&mutex_);
    const auto free = [&] { return !busy_.contains(digest); };
    mutex_.Await(absl::Condition(&free));
    busy_.insert(digest);
  }
  absl::StatusOr<Pin> pin = GetAlone(digest, size, download);
  absl::MutexLock lock(&mutex_);
  busy_.erase(digest);
  return pin;
}

absl::StatusOr<Cache::Pin> Cache::GetAlone(const std::string& digest, int64_t size,
                                           const Download& download) {
  const std::string name = kBlobs + digest;
  if (Verify(digest, size)) {
    if (auto pin = PinIfThere(name)) return *std::move(pin);
  }
  {
    absl::MutexLock lock(&mutex_);
    // From here on the partial file is counted by what is reserved.
    if (const auto it = entries_.find(kPartial + digest); it != entries_.end()) {
      bytes_ -= it->second.size;
      entries_.erase(it);
    }
    MK_RETURN_IF_ERROR(MakeRoom(size));
    reserved_ += size;
  }
  const absl::Status filled = Fill(digest, size, download);
  absl::MutexLock lock(&mutex_);
  reserved_ -= size;
  if (filled.ok()) return Add(name, size);
  if (absl::IsDataLoss(filled)) unlink(PathOf(kPartial + digest).c_str());
  NotePartial(digest);
  return filled;
}

// False where it is missing or spoiled; then it is removed.
bool Cache::Verify(const std::string& digest, int64_t size) {
  const std::string name = kBlobs + digest;
  {
    absl::MutexLock lock(&mutex_);
    const auto it = entries_.find(name);
    if (it == entries_.end()) return false;
    if (it->second.verified) return true;
    ++it->second.pins;
  }
  const absl::StatusOr<int64_t> found_size = FileSize(PathOf(name));
  const bool right_size = found_size.ok() && *found_size == size;
  const absl::StatusOr<std::string> found = right_size ? Sha256OfFile(PathOf(name)) : "";
  const bool good = found.ok() && *found == digest;
  absl::MutexLock lock(&mutex_);
  Entry& entry = entries_[name];
  --entry.pins;
  entry.verified = good;
  if (!good) Remove(name);
  return good;
}

absl::Status Cache::Fill(const std::string& digest, int64_t size, const Download& download) {
  const std::string path = PathOf(kPartial + digest);
  MK_ASSIGN_OR_RETURN(FileDescriptor file, OpenFile(path, O_RDWR | O_CREAT));
  MK_ASSIGN_OR_RETURN(int64_t offset, FileSize(path));
  if (offset > size) offset = 0;
  MK_RETURN_IF_ERROR(Truncate(file.get(), offset, path));
  Sha256 hash;
  MK_RETURN_IF_ERROR(HashPrefix(file.get(), offset, path, &hash));
  const int64_t resumed_at = offset;
  if (offset < size) {
    MK_RETURN_IF_ERROR(download(offset, [&](absl::string_view bytes) {
      hash.Update(bytes);
      offset += static_cast<int64_t>(bytes.size());
      if (offset > size) return absl::DataLossError(absl::StrCat(digest, " is longer than said"));
      return WriteAll(file.get(), bytes, path);
    }));
  }
  if (offset != size || hash.Finish() != digest) {
    unlink(path.c_str());
    // What an earlier process left may have been spoiled: once more, from the beginning.
    if (resumed_at > 0) return Fill(digest, size, download);
    return absl::DataLossError(
        absl::StrCat("what was downloaded as ", digest, " does not have this SHA-256"));
  }
  MK_RETURN_IF_ERROR(SyncFd(file.get(), path));
  return RenameDurably(path, PathOf(kBlobs + digest));
}

absl::Status Cache::MakeRoom(int64_t bytes) {
  while (bytes_ + reserved_ + bytes > bytes_max_) {
    auto oldest = entries_.end();
    for (auto it = entries_.begin(); it != entries_.end(); ++it) {
      if (it->second.pins > 0) continue;
      if (oldest == entries_.end() || it->second.last_use < oldest->second.last_use) oldest = it;
    }
    if (oldest == entries_.end()) {
      return absl::OutOfRangeError(absl::StrCat(
          "the worker's cache of ", bytes_max_, " bytes has no room for ", bytes, " more, since ",
          bytes_ + reserved_, " are in use: start mkworker with a larger --cache-bytes"));
    }
    Remove(std::string(oldest->first));
  }
  return absl::OkStatus();
}

std::optional<Cache::Pin> Cache::PinIfThere(const std::string& name) {
  absl::MutexLock lock(&mutex_);
  const auto it = entries_.find(name);
  if (it == entries_.end()) return std::nullopt;
  ++it->second.pins;
  it->second.last_use = ++uses_;
  return Pin(this, name);
}

Cache::Pin Cache::Add(const std::string& name, int64_t size) {
  entries_[name] = Entry{size, 1, true, ++uses_};
  bytes_ += size;
  return Pin(this, name);
}

void Cache::Remove(const std::string& name) {
  const auto it = entries_.find(name);
  if (it == entries_.end()) return;
  bytes_ -= it->second.size;
  entries_.erase(it);
  unlink(PathOf(name).c_str());
}

void Cache::NotePartial(const std::string& digest) {
  const std::string name = kPartial + digest;
  const absl::StatusOr<int64_t> size = FileSize(PathOf(name));
  if (!size.ok()) return;
  entries_[name] = Entry{*size, 0, false, ++uses_};
  bytes_ += *size;
}

void Cache::Unpin(const std::string& name) {
  absl::MutexLock lock(&mutex_);
  const auto it = entries_.find(name);
  if (it == entries_.end()) return;
  --it->second.pins;
  utimensat(AT_FDCWD, PathOf(name).c_str(), nullptr, 0);
}

std::optional<Cache::Pin> Cache::FindPixels(const std::string& key) {
  return PinIfThere(kPixels + key);
}

absl::StatusOr<Cache::Pin> Cache::KeepPixels(const std::string& key, const std::string& path) {
  const std::string name = kPixels + key;
  if (auto pin = PinIfThere(name)) return *std::move(pin);
  MK_ASSIGN_OR_RETURN(const int64_t size, FileSize(path));
  absl::MutexLock lock(&mutex_);
  MK_RETURN_IF_ERROR(MakeRoom(size));
  MK_RETURN_IF_ERROR(RenameDurably(path, PathOf(name)));
  // Another may have come first; its file was replaced by one with the same pixels.
  if (const auto it = entries_.find(name); it != entries_.end()) {
    ++it->second.pins;
    return Pin(this, name);
  }
  return Add(name, size);
}

}  // namespace makeover
