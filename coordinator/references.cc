#include "coordinator/references.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "coordinator/limits.h"
#include "makeover/v1/jobs.pb.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

constexpr int kSweepTriesMax = 1'000;

absl::StatusOr<std::set<std::string>> LiveDigests(const Catalog& catalog, TimeMs now) {
  return catalog.LiveDigests(now - kEndedKeptMs, DigestsInSpec);
}

absl::StatusOr<BlobStore::SweepResult> SweepOnce(const Backend& backend, int64_t grace_seconds) {
  BlobStore::SweepResult result;
  MK_RETURN_IF_ERROR(backend.coordinator.Run([&](const View& view) -> absl::StatusOr<Edit> {
    // What was decided in this round is not in the catalog yet: sweep in a round of its own.
    if (!NothingToCommit(view.pending)) return absl::AbortedError("The coordinator is busy.");
    MK_ASSIGN_OR_RETURN(const std::set<std::string> live, LiveDigests(view.catalog, view.now));
    MK_ASSIGN_OR_RETURN(
        result,
        backend.blobs.Sweep([&](const std::string& digest) { return live.count(digest) > 0; },
                            absl::Now(), absl::Seconds(grace_seconds)));
    return Edit{};
  }));
  return result;
}

absl::StatusOr<std::vector<std::string>> NamedAndMissing(const Backend& backend) {
  MK_ASSIGN_OR_RETURN(const std::set<std::string> live,
                      LiveDigests(backend.catalog, backend.coordinator.NowMs()));
  std::vector<std::string> missing;
  for (const std::string& digest : live) {
    if (!backend.blobs.Has(digest)) missing.push_back(digest);
  }
  return missing;
}

// What was swept between two looks, because its record went, is not missing.
absl::StatusOr<std::vector<std::string>> MissingBlobs(const Backend& backend) {
  MK_ASSIGN_OR_RETURN(const std::vector<std::string> first, NamedAndMissing(backend));
  if (first.empty()) return first;
  MK_ASSIGN_OR_RETURN(const std::vector<std::string> second, NamedAndMissing(backend));
  std::vector<std::string> both;
  std::set_intersection(first.begin(), first.end(), second.begin(), second.end(),
                        std::back_inserter(both));
  return both;
}

}  // namespace

std::vector<std::string> DigestsInSpec(const Job& job) {
  std::vector<std::string> digests;
  const auto add = [&digests](const v1::Blob& blob) {
    if (!blob.digest().empty()) digests.push_back(blob.digest());
  };
  if (job.kind == JobKind::kTrain) {
    v1::TrainSpec spec;
    spec.ParseFromString(job.spec);
    add(spec.source_rows());
    add(spec.target_rows());
    add(spec.resume_from());
  }
  if (job.kind == JobKind::kConvert) {
    v1::ConvertSpec spec;
    spec.ParseFromString(job.spec);
    add(spec.checkpoint());
  }
  if (job.kind == JobKind::kEvaluate) {
    v1::EvaluateSpec spec;
    spec.ParseFromString(job.spec);
    add(spec.checkpoint());
  }
  return digests;
}

absl::StatusOr<BlobStore::SweepResult> SweepBlobs(const Backend& backend, int64_t grace_seconds) {
  absl::StatusOr<BlobStore::SweepResult> result;
  for (int i = 0; i < kSweepTriesMax; ++i) {
    result = SweepOnce(backend, grace_seconds);
    if (!absl::IsAborted(result.status())) break;
  }
  return result;
}

absl::StatusOr<std::vector<std::string>> VerifyEverything(
    const Backend& backend, const std::function<bool(const VerifyProgress&)>& report) {
  MK_ASSIGN_OR_RETURN(std::vector<std::string> problems, backend.catalog.CheckIntegrity());
  MK_ASSIGN_OR_RETURN(const std::vector<std::string> stored, backend.blobs.List());
  MK_ASSIGN_OR_RETURN(const std::vector<std::string> missing, MissingBlobs(backend));
  for (const std::string& digest : missing) {
    problems.push_back(absl::StrCat("Blob ", digest, " is missing, though a record names it."));
  }
  VerifyProgress progress{.blobs_done = 0, .blobs_total = static_cast<uint32_t>(stored.size())};
  for (const std::string& digest : stored) {
    if (!report(progress)) return absl::CancelledError("Nobody waits for the verdict any more.");
    const absl::Status verified = backend.blobs.Verify(digest);
    // Swept meanwhile: then nothing refers to it.
    if (!verified.ok() && !absl::IsNotFound(verified)) {
      problems.emplace_back(verified.message());
    }
    ++progress.blobs_done;
  }
  report(progress);
  return problems;
}

}  // namespace makeover
