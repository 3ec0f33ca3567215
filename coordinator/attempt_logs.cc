#include "coordinator/attempt_logs.h"

#include <fcntl.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "coordinator/limits.h"
#include "storage/file_io.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

std::string FolderOfJob(const std::string& dir, JobId job) {
  return absl::StrFormat("%s/%06d", dir, job);
}

}  // namespace

absl::Status AttemptLogs::Append(const LeaseKey& lease, int64_t offset, absl::string_view data) {
  const std::string folder = FolderOfJob(dir_, lease.job);
  const std::string path = absl::StrFormat("%s/%05d-%05d.log", folder, lease.task, lease.attempt);
  absl::MutexLock lock(&mutex_);
  MK_RETURN_IF_ERROR(MakeFolders(folder));
  MK_ASSIGN_OR_RETURN(const FileDescriptor file, OpenFile(path, O_WRONLY | O_CREAT | O_APPEND));
  MK_ASSIGN_OR_RETURN(const int64_t size, FileSize(path));
  if (offset > size) {
    return absl::OutOfRangeError(
        absl::StrCat("The log has ", size, " bytes: send it on from there."));
  }
  data.remove_prefix(std::min<size_t>(static_cast<size_t>(size - offset), data.size()));
  const int64_t room = std::max<int64_t>(kAttemptLogBytesMax - size, 0);
  return WriteAll(file.get(), data.substr(0, static_cast<size_t>(room)), path);
}

std::vector<std::string> AttemptLogs::PathsOf(JobId job) const {
  std::vector<std::string> paths;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(FolderOfJob(dir_, job), error)) {
    paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace makeover
