#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/tensorboard_event.pb.h"
#include "storage/file_io.h"

namespace makeover {

// CRC-32C (Castagnoli), as in RFC 3720.
uint32_t Crc32c(std::string_view bytes);

// One record of a TFRecord file: length (8 bytes), its masked CRC-32C (4), the bytes, their masked
// CRC-32C (4), all little-endian. The mask rotates the sum and adds a constant, so that sums of
// bytes that contain sums stay good.
std::string TfRecord(std::string_view bytes);

// A TensorBoard event file that grows: TFRecords of events. One writer at a time; not thread-safe.
class EventFile {
 public:
  // Opens the file, or makes it with its first record, of `wall_time_seconds`. What a crash has cut
  // off at the end is removed. FAILED_PRECONDITION: another process writes it. DATA_LOSS: it is no
  // event file or is damaged. Else errors as ErrnoStatus.
  static absl::StatusOr<EventFile> Open(const std::string& path, double wall_time_seconds);

  // By step and tag: a scalar's value; of a picture nothing but that it is there.
  using Values = std::map<std::pair<int64_t, std::string>, std::optional<float>>;
  const Values& values() const { return values_; }
  bool Has(const std::string& tag, int64_t step) const { return values_.contains({step, tag}); }

  absl::Status Append(const tensorboard::Event& event);

  // Says in the file that the run has begun again at this step: what it has of that step and of
  // later ones counts no more. (TensorBoard drops it; the bytes stay.)
  absl::Status BeginAgainAt(int64_t step, double wall_time_seconds);

  // What was appended survives loss of power.
  absl::Status Sync() const { return SyncFd(file_.get(), path_); }

 private:
  EventFile(std::string path, FileDescriptor file)
      : path_(std::move(path)), file_(std::move(file)) {}
  absl::Status Lock() const;
  absl::Status Load();
  absl::Status CutOffAt(int64_t bytes) const;
  void Take(const tensorboard::Event& event);
  absl::Status Damaged(int64_t at) const;

  std::string path_;
  FileDescriptor file_;
  Values values_;
  bool empty_ = true;
};

}  // namespace makeover
