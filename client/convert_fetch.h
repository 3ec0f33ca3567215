#pragma once

#include <set>
#include <string>

#include "absl/status/status.h"
#include "client/convert_manifest.h"
#include "client/session.h"

namespace makeover {

// Brings the finished shards of a conversion into its output folder. A picture appears under its
// name whole, durable and only then in the manifest as converted; that it was begun stands there
// before, so that after a kill in between it is known to be ours. Not thread-safe.
class ConvertFetcher {
 public:
  // What the references mean has to outlive the object.
  ConvertFetcher(Session& session, const std::string& out, const client::ConvertState& state,
                 Manifest& manifest);

  // Fetches every shard that is finished and not here yet. DATA_LOSS; errors of transfers and of
  // the disk.
  absl::Status FetchFinished();

  // After the job has ended: writes a line for each file of the shards that did not succeed.
  absl::Status RecordUnfinished(const v1::Job& job);

  size_t shards_fetched() const { return fetched_.size(); }

 private:
  using Shard = client::ConvertState::Shard;
  struct Placed {
    std::string temporary;
    std::string path;
  };

  absl::StatusOr<v1::ListTasksResponse> ListTasks();
  bool IsHere(const Shard& shard) const;
  absl::Status Fetch(const Shard& shard, const v1::Task& task);
  absl::Status NoteBegun(const Shard& shard);
  absl::StatusOr<std::vector<client::ManifestLine>> Extract(const Shard& shard,
                                                            const std::string& tar,
                                                            const std::string& manifest);
  absl::Status Place(client::ManifestLine& line, const std::string& content);
  absl::Status Settle();
  client::ManifestLine Line(const client::ConvertState::File& file) const;
  const Shard* FindShard(const std::string& digest) const;

  Session& session_;
  const std::string& out_;
  const client::ConvertState& state_;
  Manifest& manifest_;
  std::set<std::string> fetched_;  // digests of input shards
  std::vector<Placed> placed_;     // written, not renamed yet
};

// Removes what a killed run left in the folders of the output that the manifest knows: pictures
// under temporary names, and shards.
void RemoveConvertLeftovers(const std::string& out, const Manifest& manifest);

}  // namespace makeover
