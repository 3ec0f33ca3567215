#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "makeover/v1/workers.pb.h"
#include "worker/agent_actions.h"
#include "worker/engine_event.h"
#include "worker/lease_id.h"

namespace makeover {

// One attempt on this worker: what it has come to, and what of it the coordinator has not yet
// acknowledged. Uploads go one after the other, in the order of the events; a report names only
// blobs that are stored; the outcome goes with the last report. A value.
class LocalAttempt {
 public:
  enum class Phase {
    kFetching,
    kWaiting,    // Inputs are there; its device, or another child, is not free yet.
    kPreparing,  // A child makes the pixel cache that another will read.
    kRunning,
    kStopping,   // SIGTERM is sent.
    kUploading,  // The outcome is known; uploads and reports are outstanding.
  };

  explicit LocalAttempt(v1::TaskSpec spec) : spec(std::move(spec)) {}

  LeaseId lease() const { return FromProto(spec.lease()); }
  bool IsTrain() const { return spec.has_train(); }
  bool IsConvert() const { return spec.has_convert(); }
  bool IsPrepare() const { return spec.has_prepare(); }
  // Its child reads the dataset's pixel cache.
  bool NeedsPixels() const { return spec.has_train() || spec.has_evaluate(); }
  bool concluded() const { return outcome_.has_value(); }
  // As heartbeats and logs name it.
  const char* PhaseName() const;

  // Events of its child.
  void AddMetrics(const EngineEvent& event);
  void AddFile(const EngineEvent& event);
  void AddQuarantined(const EngineEvent& event);
  void SetProgress(const EngineEvent& event);
  void QueueSample(const EngineEvent& event) { uploads_.push_back({What::kSample, event}); }
  void QueueCheckpoint(const EngineEvent& event) { uploads_.push_back({What::kCheckpoint, event}); }
  void QueueOutput(const EngineEvent& event) { uploads_.push_back({What::kOutput, event}); }
  void QueueOutputFile(const std::string& path);
  void QueueManifest() { uploads_.push_back({What::kManifest, {}}); }
  void QueueManifestFile(const std::string& path);
  // The step that a training has come to; of an evaluation it is its model's, and no progress.
  void CountStep(uint32_t step);
  // How many pictures or faces it had, once that is known.
  void CountPictures(uint32_t count);
  // Its pictures are converted once more, from the first.
  void RestartFiles();

  // Settles how it ends; what is queued still goes first. The first word counts, but a failure
  // replaces a success whose results could not be stored.
  void Conclude(v1::Outcome::Kind kind);
  void Fail(v1::Failure failure);

  // The next upload to begin, if one is due. `ticket` becomes its name.
  std::optional<Upload> NextUpload(uint64_t ticket);
  // Returns false for an unknown ticket.
  bool OnUploaded(uint64_t ticket, const Uploaded& result);

  // The next report to begin, if one is due: metrics alone wait until interval_ms have passed.
  std::optional<Report> NextReport(int64_t now_ms, int64_t interval_ms);
  // Returns true when this was the last word.
  bool OnReportAccepted();
  // When NextReport is worth asking again; INT64_MAX: only after another input.
  int64_t ReportDueMs(int64_t interval_ms) const;

  v1::TaskSpec spec;
  Phase phase = Phase::kFetching;
  ChildId child = 0;  // 0: none.
  bool pixels_ready = false;
  bool stopping = false;  // Nobody wants it any more, or its lease has passed.
  v1::Progress progress;

 private:
  enum class What { kSample, kCheckpoint, kOutput, kManifest };
  struct PendingUpload {
    What what;
    EngineEvent event;
  };

  void FillOutcome(v1::Outcome* outcome) const;
  bool HasUrgentNews() const;

  std::string manifest_;
  uint32_t files_done_ = 0;
  uint32_t files_failed_ = 0;
  v1::Blob output_blob_;
  v1::Blob manifest_blob_;
  std::vector<v1::Quarantined> quarantined_;

  std::deque<PendingUpload> uploads_;  // The first may be under way.
  uint64_t upload_ticket_ = 0;         // 0: none under way.
  v1::ReportTaskRequest news_;         // Not reported yet.
  bool report_under_way_ = false;
  bool last_report_ = false;  // The one under way has the outcome.
  int64_t reported_ms_ = INT64_MIN / 2;
  std::optional<v1::Outcome> outcome_;
};

// A Failure of the wire.
v1::Failure MakeFailure(v1::Failure::Class failure_class, std::string code, std::string message,
                        std::string advice);

}  // namespace makeover
