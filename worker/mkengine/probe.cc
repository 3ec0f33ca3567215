#include "worker/engine/compute.h"
#include "worker/engine/config.h"
#include "worker/engine/json.h"
#include "worker/engine/version.h"
#include "worker/mkengine/command.h"

namespace makeover {

CommandHelp ProbeHelp() {
  return {"probe",
          "Prints this machine's devices, the versions, and the settings of trainings, as one JSON "
          "object",
          "",
          {{"--threads", "N", "of the processor; 0 (default) takes all"}},
          {"mkengine probe"},
          ""};
}

namespace {

Json Words(const std::vector<std::string>& words) {
  Json list{Json::Array()};
  for (const std::string& word : words) list.Append(word);
  return list;
}

// What `train --set` takes, for whoever checks it long before a training begins.
Json Settings() {
  Json list{Json::Array()};
  for (const engine::SettingHelp& setting :
       engine::DescribeSettings(engine::RecipeNames().front())) {
    list.Append(Json::Object{{"name", setting.name},
                             {"kind", setting.kind},
                             {"min", setting.min},
                             {"max", setting.max},
                             {"words", Words(setting.words)},
                             {"values", setting.values}});
  }
  return list;
}

}  // namespace

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
                                  {"torchVersion", engine::TorchVersion()},
                                  {"recipes", Words(engine::RecipeNames())},
                                  {"settings", Settings()}};
  // One object in either form: whoever asks wants to read it by program.
  Events(true).Emit(probe);
  if (arguments.Has("--events")) around.events->Emit(Json::Object{{"event", "done"}});
  return kExitDone;
}

}  // namespace makeover
