#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "storage/atomic_file.h"
#include "storage/blob_store.h"
#include "storage/status_macros.h"

namespace makeover {

BlobUpload::BlobUpload(BlobUpload&&) noexcept = default;

BlobUpload::~BlobUpload() {
  if (!shared_ && file_.is_open()) unlink(partial_.c_str());
}

absl::Status BlobUpload::Append(absl::string_view bytes) {
  if (static_cast<int64_t>(bytes.size()) > size_ - offset_) {
    return absl::InvalidArgumentError(absl::StrCat("blob ", digest_, ": more than the announced ",
                                                   size_, " bytes arrived; send it again"));
  }
  const absl::Status written = WriteAll(file_.get(), bytes, partial_);
  if (!written.ok()) {
    // A part may be written: the file and the hash must agree again.
    if (ftruncate(file_.get(), offset_) == 0) lseek(file_.get(), offset_, SEEK_SET);
    return written;
  }
  hash_.Update(bytes);
  offset_ += static_cast<int64_t>(bytes.size());
  return absl::OkStatus();
}

absl::Status BlobUpload::Finish() {
  if (offset_ != size_) {
    return absl::FailedPreconditionError(absl::StrCat("blob ", digest_, ": ", offset_, " of ",
                                                      size_, " bytes arrived; go on from there"));
  }
  if (!verified_ && hash_.Finish() != digest_) {
    unlink(partial_.c_str());
    file_.Close();
    return absl::DataLossError(
        absl::StrCat("blob ", digest_,
                     ": the bytes that arrived have another SHA-256; they were "
                     "damaged on the way: send it again"));
  }
  verified_ = true;
  MK_RETURN_IF_ERROR(SyncFd(file_.get(), partial_));
  MK_RETURN_IF_ERROR(RenameDurably(partial_, final_));
  file_.Close();  // only now: until then, the lock keeps others from writing into the file
  return absl::OkStatus();
}

}  // namespace makeover
