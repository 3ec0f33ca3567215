#include "worker/engine/compute.h"
#include "worker/engine/json.h"
#include "worker/engine/version.h"
#include "worker/mkengine/command.h"

namespace makeover {

CommandHelp ProbeHelp() {
  return {"probe",
          "Prints this machine's devices, their precisions and the versions, as one JSON object",
          "",
          {{"--threads", "N", "of the processor; 0 (default) takes all"}},
          {"mkengine probe"},
          ""};
}

int RunProbe(const Arguments& arguments, const Surroundings& around) {
  const auto threads = static_cast<int>(arguments.Integer("--threads", 0, 0, 1024));
  const engine::Compute compute = engine::ChooseCompute("cpu", "auto", threads);
  Json devices{Json::Array()};
  for (const engine::DeviceInfo& device : engine::ListDevices()) {
    devices.Append(Json::Object{{"name", device.name},
                                {"kind", device.kind},
                                {"description", device.description},
                                {"memoryBytes", device.memory_bytes},
                                {"bf16", device.bf16}});
  }
  const Json probe = Json::Object{{"event", "probe"},
                                  {"devices", devices},
                                  {"threads", compute.threads},
                                  {"version", engine::kVersion},
                                  {"torchVersion", engine::TorchVersion()}};
  // One object in either form: whoever asks wants to read it by program.
  Events(true).Emit(probe);
  if (arguments.Has("--events")) around.events->Emit(Json::Object{{"event", "done"}});
  return kExitDone;
}

}  // namespace makeover
