#include "client/convert_pack.h"

#include "absl/strings/str_cat.h"
#include "client/progress.h"
#include "client/transfer.h"
#include "client/units.h"
#include "storage/file_io.h"
#include "storage/picture_bytes.h"
#include "storage/sha256.h"
#include "storage/status_macros.h"
#include "storage/tar.h"

namespace makeover {
namespace {

class ConvertPacker {
 public:
  ConvertPacker(Session& session, size_t total)
      : session_(session), total_(total), line_(stderr, session.out.error_terminal(), false) {}

  absl::Status Add(const ConvertInput& input) {
    const absl::StatusOr<std::string> bytes = Read(input.path);
    if (!bytes.ok()) {
      client::ManifestLine& line = packed_.unreadable.emplace_back();
      line.set_file(input.name);
      line.set_status("failed");
      line.set_reason(std::string(bytes.status().message()));
      return absl::OkStatus();
    }
    if (IsFullFor(bytes->size())) MK_RETURN_IF_ERROR(Flush());
    tar_ += TarHeader(input.name, bytes->size());
    tar_ += *bytes;
    tar_.append(TarPaddingBytes(bytes->size()), '\0');
    client::ConvertState::File& file = *shard_.add_files();
    file.set_name(input.name);
    file.set_sha256(Sha256Hex(*bytes));
    return absl::OkStatus();
  }

  absl::StatusOr<PackedInputs> Finish() {
    MK_RETURN_IF_ERROR(Flush());
    return std::move(packed_);
  }

 private:
  static absl::StatusOr<std::string> Read(const std::string& path) {
    MK_ASSIGN_OR_RETURN(const int64_t size, FileSize(path));
    if (size > kPictureBytesMax) {
      return absl::InvalidArgumentError(
          absl::StrCat("it has ", FormatSize(size), ", more than a picture may have"));
    }
    return ReadFile(path);
  }

  bool IsFullFor(size_t bytes) const {
    return shard_.files_size() >= kConvertShardFiles ||
           (shard_.files_size() > 0 && tar_.size() + bytes > kConvertShardBytes);
  }

  absl::Status Flush() {
    if (shard_.files().empty()) return absl::OkStatus();
    tar_ += TarEnd();
    shard_.set_digest(Sha256Hex(tar_));
    shard_.set_size(static_cast<int64_t>(tar_.size()));
    MK_RETURN_IF_ERROR(UploadBytes(session_, shard_.digest(), tar_));
    done_ += shard_.files_size();
    Show();
    packed_.shards.push_back(std::move(shard_));
    shard_.Clear();
    tar_.clear();
    return absl::OkStatus();
  }

  void Show() {
    rate_.Update(static_cast<double>(done_), RateMeter::Clock::now());
    const auto total = static_cast<double>(total_);
    line_.Update({"upload", static_cast<double>(done_), total, "files", rate_.per_second(),
                  rate_.EtaSeconds(total), ""});
  }

  Session& session_;
  const size_t total_;
  ProgressLine line_;
  RateMeter rate_;
  int done_ = 0;
  std::string tar_;
  client::ConvertState::Shard shard_;
  PackedInputs packed_;
};

}  // namespace

absl::StatusOr<PackedInputs> PackAndUpload(Session& session,
                                           const std::vector<ConvertInput>& inputs) {
  const Interrupt::Scope scope(session.interrupt(), nullptr);
  ConvertPacker packer(session, inputs.size());
  for (const ConvertInput& input : inputs) {
    if (session.interrupt().requested()) return absl::CancelledError("");
    MK_RETURN_IF_ERROR(packer.Add(input));
  }
  return packer.Finish();
}

}  // namespace makeover
