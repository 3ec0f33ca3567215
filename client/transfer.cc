#include "client/transfer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/exit_status.h"
#include "client/progress.h"
#include "client/units.h"
#include "storage/atomic_file.h"
#include "storage/file_io.h"
#include "storage/sha256.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

absl::Status WrongDigest(const v1::Blob& blob) {
  return absl::DataLossError(
      absl::StrCat("What arrived is not the blob ", blob.digest(),
                   ": its bytes were damaged on the way or on the "
                   "coordinator's disk; \"mkctl admin verify\" checks that."));
}

// The file that a download grows in, opened at its end.
struct PartFile {
  FileDescriptor file;
  int64_t bytes = 0;
};

absl::StatusOr<PartFile> OpenPart(const std::string& path, int64_t bytes_max) {
  PartFile part;
  MK_ASSIGN_OR_RETURN(part.file, OpenFile(path, O_WRONLY | O_CREAT));
  const off_t end = lseek(part.file.get(), 0, SEEK_END);
  if (end >= 0 && end <= bytes_max) part.bytes = end;
  if (ftruncate(part.file.get(), part.bytes) != 0 ||
      lseek(part.file.get(), part.bytes, SEEK_SET) != part.bytes) {
    return ErrnoStatus(errno, "going on in " + path);
  }
  return part;
}

absl::Status Fetch(Session& session, const v1::Blob& blob, const std::string& path,
                   const std::string& label) {
  absl::StatusOr<PartFile> opened = OpenPart(path, blob.size());
  if (!opened.ok()) return AsLocalError(opened.status());
  const PartFile& part = *opened;
  ProgressLine line(stderr, session.out.error_terminal(), label.empty());
  RateMeter rate;
  const auto progress = [&](int64_t done) {
    rate.Update(static_cast<double>(done), RateMeter::Clock::now());
    line.Update({label, static_cast<double>(done), static_cast<double>(blob.size()), "B",
                 rate.per_second(), rate.EtaSeconds(static_cast<double>(blob.size())), ""});
  };
  const auto sink = [&](std::string_view data) {
    return AsLocalError(WriteAll(part.file.get(), {data.data(), data.size()}, path));
  };
  const Interrupt::Scope scope(session.interrupt(), nullptr);
  MK_RETURN_IF_ERROR(DownloadBlob(session.blobs(), blob.digest(), part.bytes, sink,
                                  PatientTransfer(session, progress))
                         .status());
  return AsLocalError(SyncFd(part.file.get(), path));
}

// Gives what was fetched its name, if it is what it should be.
absl::Status Settle(const v1::Blob& blob, const std::string& part, const std::string& path) {
  const absl::StatusOr<std::string> digest = Sha256OfFile(part);
  if (!digest.ok()) return AsLocalError(digest.status());
  if (*digest != blob.digest()) return WrongDigest(blob);
  return AsLocalError(RenameDurably(part, path));
}

// The other side may still have the rest; no error of this machine's disk has these codes.
bool BrokeOff(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsCancelled(status);
}

}  // namespace

absl::Status CheckCanBeWritten(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, " is a folder: name the file to write, such as ", path, "/FILE."));
  }
  const std::string folder = absl::StrCat(FolderOf(path), "/.");
  if (access(folder.c_str(), W_OK | X_OK) == 0) return absl::OkStatus();
  return AsLocalError(ErrnoStatus(errno, absl::StrCat("writing ", path)));
}

TransferOptions PatientTransfer(Session& session, std::function<void(int64_t)> progress) {
  TransferOptions options;
  options.deadline = session.Now() + kTransferPatience;
  options.stop = session.interrupt().stop_token();
  options.progress = [&session, progress = std::move(progress)](int64_t done) {
    if (progress) progress(done);
    return !session.interrupt().requested();
  };
  return options;
}

absl::Status UploadBytes(Session& session, const std::string& digest, std::string_view bytes,
                         std::function<void(int64_t)> progress) {
  const auto read = [bytes](int64_t offset, char* data, size_t size) {
    std::memcpy(data, bytes.data() + offset, size);
    return absl::OkStatus();
  };
  return UploadBlob(session.blobs(), digest, static_cast<int64_t>(bytes.size()), read,
                    PatientTransfer(session, std::move(progress)));
}

absl::Status DownloadToFile(Session& session, const v1::Blob& blob, const std::string& path,
                            const std::string& label) {
  MK_RETURN_IF_ERROR(CheckCanBeWritten(path));
  const std::string part = absl::StrCat(path, ".part-", blob.digest().substr(0, 12));
  absl::Status status = Fetch(session, blob, part, label);
  if (status.ok()) status = Settle(blob, part, path);
  if (!status.ok() && !BrokeOff(status)) unlink(part.c_str());
  return status;
}

absl::StatusOr<std::string> DownloadToString(Session& session, const v1::Blob& blob,
                                             int64_t bytes_max) {
  if (blob.size() > bytes_max) {
    return absl::ResourceExhaustedError(absl::StrCat("The blob ", blob.digest(), " has ",
                                                     FormatSize(blob.size()), ", more than the ",
                                                     FormatSize(bytes_max), " that it may have."));
  }
  std::string bytes;
  const auto sink = [&](std::string_view data) {
    bytes.append(data);
    return bytes.size() <= static_cast<size_t>(blob.size()) ? absl::OkStatus() : WrongDigest(blob);
  };
  MK_RETURN_IF_ERROR(
      DownloadBlob(session.blobs(), blob.digest(), 0, sink, PatientTransfer(session, nullptr))
          .status());
  if (Sha256Hex(bytes) != blob.digest()) return WrongDigest(blob);
  return bytes;
}

}  // namespace makeover
