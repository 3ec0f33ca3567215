#include "coordinator/dataset_index.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "storage/atomic_file.h"
#include "storage/file_io.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

constexpr size_t kBufferBytes = 1 << 20;

// Lines for a file, in pieces that are not too small.
class Lines {
 public:
  explicit Lines(AtomicFile file) : file_(std::move(file)) {}

  absl::Status Add(absl::string_view line) {
    absl::StrAppend(&buffer_, line, "\n");
    return buffer_.size() < kBufferBytes ? absl::OkStatus() : Flush();
  }

  absl::Status Commit() {
    MK_RETURN_IF_ERROR(Flush());
    return file_.Commit();
  }

 private:
  absl::Status Flush() {
    MK_RETURN_IF_ERROR(file_.Append(buffer_));
    buffer_.clear();
    return absl::OkStatus();
  }

  AtomicFile file_;
  std::string buffer_;
};

std::string RowOf(const Item& item) {
  return absl::StrFormat("%d %d %d %016x %d %d %s", item.shard, item.offset, item.size,
                         item.attributes, item.partition, item.identity, item.name);
}

absl::Status WriteIndex(const Catalog& catalog, const Dataset& dataset, Lines& lines) {
  MK_ASSIGN_OR_RETURN(const std::vector<Shard> shards, catalog.ListShards(dataset.id));
  std::string head = absl::StrCat("makeover-index 1 ", dataset.items, " ", shards.size());
  for (const std::string& attribute : dataset.attributes) absl::StrAppend(&head, " ", attribute);
  MK_RETURN_IF_ERROR(lines.Add(head));
  for (const Shard& shard : shards) {
    MK_RETURN_IF_ERROR(lines.Add(absl::StrCat(shard.blob.digest, ".tar")));
  }
  return catalog.ForEachItem(
      dataset.id, [&](uint32_t /*row*/, const Item& item) { return lines.Add(RowOf(item)); });
}

}  // namespace

absl::StatusOr<BlobRef> StoreIndex(const Catalog& catalog, BlobStore& blobs, const Dataset& dataset,
                                   const std::string& temporary) {
  MK_RETURN_IF_ERROR(MakeFolders(FolderOf(temporary)));
  MK_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::Create(temporary));
  Lines lines(std::move(file));
  MK_RETURN_IF_ERROR(WriteIndex(catalog, dataset, lines));
  MK_RETURN_IF_ERROR(lines.Commit());
  MK_ASSIGN_OR_RETURN(const int64_t size, FileSize(temporary));
  MK_ASSIGN_OR_RETURN(const std::string digest, blobs.TakeFile(temporary));
  return BlobRef{digest, size};
}

}  // namespace makeover
