#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/convert_state.pb.h"
#include "makeover/v1/jobs.pb.h"

namespace makeover {

// OUT/manifest.jsonl: while a conversion runs lines are appended, later ones count; at its end it
// is written anew with one line per input. A line that was torn by a crash is passed over.
class Manifest {
 public:
  // An absent file is an empty manifest. Errors of reading.
  static absl::StatusOr<Manifest> Load(const std::string& out);

  // The newest line of a file, or null. Valid until the next change.
  const client::ManifestLine* Find(const std::string& file) const;

  // The files of all lines.
  std::vector<std::string> Files() const;

  // Adds lines, durably.
  absl::Status Append(const std::vector<client::ManifestLine>& lines);

  // Replaces the file by these lines, atomically.
  absl::Status Rewrite(const std::vector<client::ManifestLine>& lines);

 private:
  explicit Manifest(std::string path) : path_(std::move(path)) {}
  void Take(const client::ManifestLine& line) { lines_[line.file()] = line; }

  std::string path_;
  bool torn_ = false;  // the file does not end with a line feed
  std::map<std::string, client::ManifestLine> lines_;
};

// Lines of JSON, bad ones left out.
std::vector<client::ManifestLine> ParseManifestLines(std::string_view text);
std::string FormatManifestLine(const client::ManifestLine& line);  // with its line feed

// Is the output of this line there, whole, and made in this way from this source? Reads the output.
bool IsConverted(const client::ManifestLine& line, const std::string& out,
                 const std::string& checkpoint, double strength, const std::string& source_sha256);

// The state of the conversion under way; NOT_FOUND if there is none, or none that can be read.
absl::StatusOr<client::ConvertState> LoadConvertState(const std::string& out);
absl::Status SaveConvertState(const std::string& out, const client::ConvertState& state);
void RemoveConvertState(const std::string& out);

// Whether a cluster's job of the state's number is the state's: a conversion with its checkpoint
// and strength, of its shards.
bool IsJobOf(const client::ConvertState& state, const v1::Job& job,
             const v1::ListTasksResponse& tasks);

}  // namespace makeover
