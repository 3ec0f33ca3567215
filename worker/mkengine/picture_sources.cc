#include "worker/mkengine/picture_sources.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "storage/picture_bytes.h"
#include "worker/engine/error.h"
#include "worker/engine/file.h"

namespace makeover {
namespace {

using engine::EngineError;
using engine::ErrorClass;

// Open shards. Reads by offset, so threads may share it.
class Shards {
 public:
  Shards(const DatasetIndex& index, const std::string& dir) {
    for (const std::string& name : index.shards) {
      const std::string path = dir + "/" + name;
      files_.push_back(open(path.c_str(), O_RDONLY | O_CLOEXEC));
      if (files_.back() < 0) {
        const std::string why = std::strerror(errno);
        Close();
        throw EngineError(ErrorClass::kUser, "missing_shard",
                          "Cannot read the shard " + path + ": " + why + ".",
                          "Give --shards the folder with all shards of the index.");
      }
    }
  }
  ~Shards() { Close(); }
  Shards(const Shards&) = delete;
  Shards& operator=(const Shards&) = delete;

  std::string Read(const IndexRow& row) const {
    if (row.size > kPictureBytesMax)
      throw EngineError(ErrorClass::kUser, "too_big", "The file is too big.", "");
    std::string bytes(static_cast<size_t>(row.size), '\0');
    const int fd = files_[static_cast<size_t>(row.shard)];
    size_t at = 0;
    while (at < bytes.size()) {
      const ssize_t n =
          pread(fd, bytes.data() + at, bytes.size() - at, row.offset + static_cast<int64_t>(at));
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0)
        throw EngineError(ErrorClass::kTask, "short_shard", "The shard ends before it.", "");
      at += static_cast<size_t>(n);
    }
    return bytes;
  }

 private:
  void Close() {
    for (const int fd : files_) {
      if (fd >= 0) close(fd);
    }
  }

  std::vector<int> files_;
};

}  // namespace

FaceFolder OpenFolder(const std::string& dir) {
  Outcome<FaceFolder> folder = ReadFaceFolder(dir);
  if (!folder.ok()) throw EngineError(ErrorClass::kUser, "bad_folder", folder.message(), "");
  for (const std::string& warning : folder->warnings)
    std::fprintf(stderr, "mkengine: %s\n", warning.c_str());
  return *std::move(folder);
}

PictureList PicturesOf(FaceFolder folder) {
  auto shared = std::make_shared<const FaceFolder>(std::move(folder));
  const auto item = [shared](int64_t row) -> const FaceItem& {
    return shared->items[static_cast<size_t>(row)];
  };
  return {static_cast<int64_t>(shared->items.size()),
          [item](int64_t row) { return item(row).file; },
          [shared, item](int64_t row) {
            return engine::ReadFile(shared->pictures + "/" + item(row).file, kPictureBytesMax);
          },
          [](int64_t) { return true; }};
}

PictureList PicturesOf(DatasetIndex index, const std::string& shards_dir) {
  auto shared = std::make_shared<const DatasetIndex>(std::move(index));
  auto shards = std::make_shared<const Shards>(*shared, shards_dir);
  const auto item = [shared](int64_t row) -> const IndexRow& {
    return shared->rows[static_cast<size_t>(row)];
  };
  return {static_cast<int64_t>(shared->rows.size()), [item](int64_t row) { return item(row).name; },
          [shards, item](int64_t row) { return shards->Read(item(row)); },
          [](int64_t) { return true; }};
}

std::string FolderFingerprint(const FaceFolder& folder) {
  uint64_t hash = 0xCBF29CE484222325ULL;  // FNV-1a: against mistakes, not against malice
  const auto add = [&hash](const void* data, size_t size) {
    for (size_t i = 0; i < size; ++i)
      hash = (hash ^ static_cast<const uint8_t*>(data)[i]) * 0x100000001B3ULL;
  };
  for (const FaceItem& item : folder.items) {
    struct stat info = {};
    stat((folder.pictures + "/" + item.file).c_str(), &info);
    add(item.file.data(), item.file.size());
    add(&info.st_size, sizeof info.st_size);
    add(&info.st_mtim.tv_sec, sizeof info.st_mtim.tv_sec);
    add(&info.st_mtim.tv_nsec, sizeof info.st_mtim.tv_nsec);
  }
  return std::to_string(folder.items.size()) + " " + std::to_string(hash);
}

}  // namespace makeover
