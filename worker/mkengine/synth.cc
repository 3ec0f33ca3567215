#include <stdexcept>

#include "worker/engine/compute.h"
#include "worker/engine/error.h"
#include "worker/imaging/toy_dataset.h"
#include "worker/mkengine/command.h"
#include "worker/mkengine/progress.h"

namespace makeover {

int RunSynth(const Arguments& arguments, const Surroundings& around) {
  if (arguments.operands().size() != 1)
    throw UsageError("mkengine synth needs one folder to write to.");
  ToyDatasetOptions options;
  options.count = static_cast<int>(arguments.Integer("--count", options.count, 1, 999999));
  options.seed = static_cast<uint64_t>(arguments.Integer("--seed", 1, 0, INT64_MAX));
  options.threads =
      static_cast<int>(arguments.Integer("--threads", engine::UsableProcessors(), 1, 1024));
  EmitStart("synth", {"cpu", engine::Precision::kFp32, options.threads}, around);
  Progress progress("pictures", options.count, around);
  bool whole = false;
  try {
    whole = WriteToyDataset(arguments.operands()[0], options, [&](int done, int /*total*/) {
      progress.Report(done);
      return !around.stop();
    });
  } catch (const std::runtime_error& error) {
    throw engine::EngineError(engine::ErrorClass::kUser, "synth", error.what(), "");
  }
  around.events->Emit(whole ? Json::Object{{"event", "done"}, {"pictures", options.count}}
                            : Json::Object{{"event", "stopped"}});
  return whole ? kExitDone : kExitStopped;
}

}  // namespace makeover
