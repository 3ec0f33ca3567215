#include "client/convert_manifest.h"

#include <fcntl.h>
#include <google/protobuf/util/json_util.h>
#include <unistd.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client/exit_status.h"
#include "storage/atomic_file.h"
#include "storage/file_io.h"
#include "storage/sha256.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

constexpr const char* kManifestFile = "/manifest.jsonl";
constexpr const char* kStateFile = "/.makeover-job.json";

std::string ToLine(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  std::string json;
  (void)google::protobuf::util::MessageToJsonString(message, &json, options);
  return json + "\n";
}

bool FromJson(absl::string_view text, google::protobuf::Message& message) {
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  return google::protobuf::util::JsonStringToMessage({text.data(), text.size()}, &message, options)
      .ok();
}

}  // namespace

std::vector<client::ManifestLine> ParseManifestLines(std::string_view text) {
  std::vector<client::ManifestLine> lines;
  for (const absl::string_view one :
       absl::StrSplit(absl::string_view(text.data(), text.size()), '\n')) {
    client::ManifestLine line;
    if (!one.empty() && FromJson(one, line) && !line.file().empty()) lines.push_back(line);
  }
  return lines;
}

std::string FormatManifestLine(const client::ManifestLine& line) { return ToLine(line); }

absl::StatusOr<Manifest> Manifest::Load(const std::string& out) {
  Manifest manifest(out + kManifestFile);
  const absl::StatusOr<std::string> text = ReadFile(manifest.path_);
  if (absl::IsNotFound(text.status())) return manifest;
  if (!text.ok()) return AsLocalError(text.status());
  for (const client::ManifestLine& line : ParseManifestLines(*text)) manifest.Take(line);
  manifest.torn_ = !text->empty() && text->back() != '\n';
  return manifest;
}

const client::ManifestLine* Manifest::Find(const std::string& file) const {
  const auto found = lines_.find(file);
  return found == lines_.end() ? nullptr : &found->second;
}

std::vector<std::string> Manifest::Files() const {
  std::vector<std::string> files;
  for (const auto& [file, line] : lines_) files.push_back(file);
  return files;
}

absl::Status Manifest::Append(const std::vector<client::ManifestLine>& lines) {
  std::string text = torn_ ? "\n" : "";
  for (const client::ManifestLine& line : lines) {
    text += FormatManifestLine(line);
    Take(line);
  }
  MK_ASSIGN_OR_RETURN(const FileDescriptor file, OpenFile(path_, O_WRONLY | O_CREAT | O_APPEND));
  MK_RETURN_IF_ERROR(WriteAll(file.get(), text, path_));
  torn_ = false;
  return SyncFd(file.get(), path_);
}

absl::Status Manifest::Rewrite(const std::vector<client::ManifestLine>& lines) {
  std::string text;
  lines_.clear();
  for (const client::ManifestLine& line : lines) {
    text += FormatManifestLine(line);
    Take(line);
  }
  torn_ = false;
  return WriteFileAtomically(path_, text);
}

bool IsConverted(const client::ManifestLine& line, const std::string& out,
                 const std::string& checkpoint, double strength, const std::string& source_sha256) {
  if (line.status() != "converted" || line.checkpoint() != checkpoint ||
      line.strength() != strength || line.source_sha256() != source_sha256) {
    return false;
  }
  const std::string path = absl::StrCat(out, "/", line.file());
  const absl::StatusOr<int64_t> size = FileSize(path);
  if (!size.ok() || *size != line.size()) return false;
  const absl::StatusOr<std::string> digest = Sha256OfFile(path);
  return digest.ok() && *digest == line.sha256();
}

absl::StatusOr<client::ConvertState> LoadConvertState(const std::string& out) {
  MK_ASSIGN_OR_RETURN(const std::string text, ReadFile(out + kStateFile));
  client::ConvertState state;
  if (!FromJson(text, state) || state.request_id().empty()) {
    return absl::NotFoundError("The state of the conversion cannot be read.");
  }
  return state;
}

absl::Status SaveConvertState(const std::string& out, const client::ConvertState& state) {
  return AsLocalError(WriteFileAtomically(out + kStateFile, ToLine(state)));
}

void RemoveConvertState(const std::string& out) { unlink((out + kStateFile).c_str()); }

bool IsJobOf(const client::ConvertState& state, const v1::Job& job,
             const v1::ListTasksResponse& tasks) {
  const bool same_work = job.kind() == v1::Job::CONVERT &&
                         job.convert().checkpoint().digest() == state.checkpoint() &&
                         job.convert().strength() == state.strength();
  return same_work &&
         std::equal(state.shards().begin(), state.shards().end(), tasks.tasks().begin(),
                    tasks.tasks().end(),
                    [](const client::ConvertState::Shard& shard, const v1::Task& task) {
                      return shard.digest() == task.input().digest();
                    });
}

}  // namespace makeover
