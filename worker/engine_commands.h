#pragma once

#include <string>

#include "makeover/v1/workers.pb.h"
#include "worker/agent_actions.h"
#include "worker/engine_process.h"
#include "worker/work_folder.h"

namespace makeover {

// What a decoder may allocate: a picture that unpacks to more fails with its process, not with the
// machine. Measured need: below 1 GiB for each thread.
inline constexpr uint64_t kDecoderDataBytesMax = uint64_t{16} << 30;

struct EngineSettings {
  std::string program;  // mkengine.
  int threads = 0;      // 0: the engine decides.
  std::string judges;   // The folder in which judges are kept; small files, one or two a dataset.
};

// The command line of a child, as worker/ENGINE.md describes it. The inputs are in `folder` by
// then (worker/task_inputs.h).
EngineCommand MakeEngineCommand(ChildKind kind, const v1::TaskSpec& spec, const WorkFolder& folder,
                                const EngineSettings& settings);

// The line that asks a convert child for this attempt's shard.
std::string ConvertRequestLine(const LeaseId& lease, const WorkFolder& folder);

}  // namespace makeover
