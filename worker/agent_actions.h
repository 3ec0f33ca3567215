#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "makeover/v1/workers.pb.h"
#include "worker/lease_id.h"

namespace makeover {

// What the agent wants done. Whoever runs the agent (the daemon, a simulation) does each in its own
// time and tells the agent what became of it.

using ChildId = uint64_t;  // From 1, never used twice.

enum class ChildKind { kPrepare, kTrain, kConvert, kPreview, kEvaluate };

// Bring the task's blobs into its work folder. Answer: OnInputsReady.
struct FetchInputs {
  LeaseId lease;
  v1::TaskSpec spec;
};

// The prepare child made the pixel cache: keep it under its dataset. Answer: OnInputsReady.
struct KeepPixels {
  LeaseId lease;
  v1::TaskSpec spec;
};

// Start a child for the task. Answers: OnChildEvent for each of its lines, then OnChildExit, which
// comes also when it could not be started.
struct StartChild {
  ChildId child = 0;
  ChildKind kind = ChildKind::kPrepare;
  LeaseId lease;
  v1::TaskSpec spec;
};

// Write the task's request to a convert child. Answer: its events.
struct SendRequest {
  ChildId child = 0;
  LeaseId lease;
};

// SIGTERM, or SIGKILL.
struct SignalChild {
  ChildId child = 0;
  bool kill = false;
};

// What a preview child draws, in its work folder.
inline constexpr char kPreviewFile[] = "preview.png";

// What an evaluation child writes there.
inline constexpr char kEvaluationSheetFile[] = "evaluation.png";
inline constexpr char kEvaluationFiguresFile[] = "evaluation.json";

// Store a file (or bytes, where path is empty) at the coordinator; afterwards the file may go. A
// relative path begins in the attempt's work folder.
// Answer: OnUploaded.
struct Upload {
  LeaseId lease;
  uint64_t ticket = 0;
  std::string path;
  std::string bytes;
};

// Report until it is answered. Answer: OnReported. At most one per lease is under way.
struct Report {
  v1::ReportTaskRequest request;  // Without worker and identity.
};

// Nothing of this attempt is needed any more: end its transfers, remove its folder.
struct Forget {
  LeaseId lease;
};

using Action = std::variant<FetchInputs, KeepPixels, StartChild, SendRequest, SignalChild, Upload,
                            Report, Forget>;
using Actions = std::vector<Action>;

// How a child ended.
struct ChildExit {
  int code = -1;            // Of exit(); -1 where a signal ended it.
  int signal = 0;           // 0: none.
  std::string start_error;  // Not empty: it could not be started, and why.
  std::string last_log;     // The end of its stderr.
};

struct InputsReady {
  bool ok = false;
  v1::Failure failure;        // Unless ok.
  bool pixels_ready = false;  // The pixel cache of its dataset is there.
};

struct Uploaded {
  bool ok = false;
  v1::Failure failure;  // Unless ok.
  v1::Blob blob;
};

enum class Reported {
  kAccepted,
  kStale,  // The attempt has ended for the coordinator: nothing of it counts any more.
};

}  // namespace makeover
