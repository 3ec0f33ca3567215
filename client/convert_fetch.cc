#include "client/convert_fetch.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client/exit_status.h"
#include "client/transfer.h"
#include "storage/file_io.h"
#include "storage/sha256.h"
#include "storage/status_macros.h"
#include "storage/tar.h"

namespace makeover {
namespace {

constexpr int64_t kManifestBytesMax = 64 << 20;
constexpr const char* kShardFile = ".makeover-shard.tar";
constexpr const char* kTemporaryPrefix = ".makeover-tmp-";

absl::Status WriteSynced(const std::string& path, const std::string& content) {
  MK_ASSIGN_OR_RETURN(const FileDescriptor file, OpenFile(path, O_WRONLY | O_CREAT | O_TRUNC));
  MK_RETURN_IF_ERROR(WriteAll(file.get(), content, path));
  return SyncFd(file.get(), path);
}

// Beside it, with a short name however long its own is.
std::string TemporaryFor(const std::string& path, size_t number) {
  return absl::StrCat(path.substr(0, path.rfind('/') + 1), kTemporaryPrefix, number);
}

bool IsLeftover(const std::string& name) {
  absl::string_view rest = name;
  if (absl::ConsumePrefix(&rest, kTemporaryPrefix)) {
    return !rest.empty() && std::all_of(rest.begin(), rest.end(), absl::ascii_isdigit);
  }
  return absl::ConsumePrefix(&rest, kShardFile) && (rest.empty() || rest.front() == '.');
}

void RemoveLeftovers(const std::string& folder) {
  std::vector<std::filesystem::path> leftovers;
  std::error_code error;
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end;
       it.increment(error)) {
    if (IsLeftover(it->path().filename().string())) leftovers.push_back(it->path());
  }
  for (const std::filesystem::path& path : leftovers) unlink(path.c_str());
}

}  // namespace

ConvertFetcher::ConvertFetcher(Session& session, const std::string& out,
                               const client::ConvertState& state, Manifest& manifest)
    : session_(session), out_(out), state_(state), manifest_(manifest) {
  for (const Shard& shard : state.shards()) {
    if (IsHere(shard)) fetched_.insert(shard.digest());
  }
}

absl::Status ConvertFetcher::FetchFinished() {
  MK_ASSIGN_OR_RETURN(const v1::ListTasksResponse tasks, ListTasks());
  for (const v1::Task& task : tasks.tasks()) {
    if (task.state() != v1::Task::SUCCEEDED || fetched_.contains(task.input().digest())) continue;
    const Shard* shard = FindShard(task.input().digest());
    if (shard == nullptr) continue;
    MK_RETURN_IF_ERROR(Fetch(*shard, task));
    fetched_.insert(shard->digest());
  }
  return absl::OkStatus();
}

absl::Status ConvertFetcher::RecordUnfinished(const v1::Job& job) {
  std::vector<client::ManifestLine> lines;
  for (const Shard& shard : state_.shards()) {
    if (fetched_.contains(shard.digest())) continue;
    for (const client::ConvertState::File& file : shard.files()) {
      client::ManifestLine line = Line(file);
      line.set_status("failed");
      line.set_reason(
          job.failure().message().empty()
              ? absl::StrCat("job ", job.id(), " ended ", v1::Job::State_Name(job.state()))
              : job.failure().message());
      lines.push_back(std::move(line));
    }
  }
  return lines.empty() ? absl::OkStatus() : AsLocalError(manifest_.Append(lines));
}

absl::StatusOr<v1::ListTasksResponse> ConvertFetcher::ListTasks() {
  v1::ListTasksRequest request;
  request.set_id(state_.job());
  return CallPatiently(session_, session_.jobs(), &v1::JobService::StubInterface::ListTasks,
                       request);
}

// An earlier run may have fetched it.
bool ConvertFetcher::IsHere(const Shard& shard) const {
  return std::all_of(shard.files().begin(), shard.files().end(), [this](const auto& file) {
    const client::ManifestLine* line = manifest_.Find(file.name());
    if (line == nullptr || line->job() != state_.job()) return false;
    return line->status() == "failed" ||
           IsConverted(*line, out_, state_.checkpoint(), state_.strength(), file.sha256());
  });
}

absl::Status ConvertFetcher::Fetch(const Shard& shard, const v1::Task& task) {
  MK_ASSIGN_OR_RETURN(const std::string manifest,
                      DownloadToString(session_, task.manifest(), kManifestBytesMax));
  const std::string tar = absl::StrCat(out_, "/", kShardFile);
  MK_RETURN_IF_ERROR(DownloadToFile(session_, task.output(), tar, ""));
  MK_RETURN_IF_ERROR(AsLocalError(NoteBegun(shard)));
  absl::StatusOr<std::vector<client::ManifestLine>> lines = Extract(shard, tar, manifest);
  unlink(tar.c_str());
  if (!lines.ok()) return AsLocalError(lines.status());
  MK_RETURN_IF_ERROR(AsLocalError(Settle()));
  return AsLocalError(manifest_.Append(*lines));
}

// Without a job: nobody takes these lines for what became of the pictures in it.
absl::Status ConvertFetcher::NoteBegun(const Shard& shard) {
  std::vector<client::ManifestLine> lines;
  for (const client::ConvertState::File& file : shard.files()) {
    if (manifest_.Find(file.name()) != nullptr) continue;
    client::ManifestLine& line = lines.emplace_back();
    line.set_file(file.name());
    line.set_status("failed");
    line.set_reason("it was interrupted");
  }
  return lines.empty() ? absl::OkStatus() : manifest_.Append(lines);
}

// Names of the tar and of its manifest are only looked up, never followed: a file is written under
// the name that we gave to it.
absl::StatusOr<std::vector<client::ManifestLine>> ConvertFetcher::Extract(
    const Shard& shard, const std::string& tar, const std::string& manifest) {
  Outcome<std::vector<TarMember>> members = ReadTarIndex(tar);
  if (!members.ok()) return absl::DataLossError(members.message());
  std::map<std::string, TarMember> by_name;
  for (const TarMember& member : *members) by_name[member.name] = member;
  placed_.clear();
  std::map<std::string, client::ManifestLine> told;
  for (const client::ManifestLine& line : ParseManifestLines(manifest)) told[line.file()] = line;

  std::vector<client::ManifestLine> lines;
  for (const client::ConvertState::File& file : shard.files()) {
    client::ManifestLine line = Line(file);
    line.MergeFrom(told[file.name()]);
    line.set_file(file.name());
    const auto member = by_name.find(file.name());
    if (member == by_name.end()) {
      if (line.status() != "skipped") line.set_status("failed");
      if (line.reason().empty()) line.set_reason("the worker sent no picture back");
    } else {
      Outcome<std::string> content = ReadTarMember(tar, member->second);
      if (!content.ok()) return absl::DataLossError(content.message());
      line.set_status("converted");
      MK_RETURN_IF_ERROR(Place(line, *content));
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

absl::Status ConvertFetcher::Place(client::ManifestLine& line, const std::string& content) {
  const std::string path = absl::StrCat(out_, "/", line.file());
  const std::string temporary = TemporaryFor(path, placed_.size());
  MK_RETURN_IF_ERROR(MakeFolders(FolderOf(path)));
  MK_RETURN_IF_ERROR(WriteSynced(temporary, content));
  line.set_size(static_cast<uint32_t>(content.size()));
  line.set_sha256(Sha256Hex(content));
  placed_.push_back({temporary, path});
  return absl::OkStatus();
}

// Gives the pictures their names, then flushes each folder once.
absl::Status ConvertFetcher::Settle() {
  std::set<std::string> folders;
  for (const Placed& one : placed_) {
    if (rename(one.temporary.c_str(), one.path.c_str()) != 0) {
      return ErrnoStatus(errno, "naming " + one.path);
    }
    folders.insert(FolderOf(one.path));
  }
  placed_.clear();
  for (const std::string& folder : folders) MK_RETURN_IF_ERROR(SyncFolder(folder));
  return absl::OkStatus();
}

client::ManifestLine ConvertFetcher::Line(const client::ConvertState::File& file) const {
  client::ManifestLine line;
  line.set_file(file.name());
  line.set_model(state_.model());
  line.set_checkpoint(state_.checkpoint());
  line.set_strength(state_.strength());
  line.set_job(state_.job());
  line.set_source_sha256(file.sha256());
  return line;
}

const ConvertFetcher::Shard* ConvertFetcher::FindShard(const std::string& digest) const {
  for (const Shard& shard : state_.shards()) {
    if (shard.digest() == digest) return &shard;
  }
  return nullptr;
}

void RemoveConvertLeftovers(const std::string& out, const Manifest& manifest) {
  std::set<std::string> folders = {out};
  for (const std::string& file : manifest.Files()) folders.insert(FolderOf(out + "/" + file));
  for (const std::string& folder : folders) RemoveLeftovers(folder);
}

}  // namespace makeover
