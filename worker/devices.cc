#include "worker/devices.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/notification.h"
#include "storage/status_macros.h"
#include "worker/engine/json.h"
#include "worker/engine_process.h"

namespace makeover {
namespace {

v1::Device DeviceOf(const Json& json) {
  v1::Device device;
  device.set_name(json.Text("name"));
  device.set_kind(json.Text("kind"));
  device.set_description(json.Text("description"));
  device.set_memory_bytes(json.Integer("memoryBytes"));
  device.set_bf16(json.Bool("bf16"));
  return device;
}

void AddWords(const Json& json, const char* key,
              google::protobuf::RepeatedPtrField<std::string>* to) {
  const Json* words = json.Find(key);
  if (words == nullptr || !words->is_array()) return;
  for (const Json& word : words->AsArray()) {
    if (word.is_string()) *to->Add() = word.AsString();
  }
}

v1::EngineAbilities AbilitiesOf(const Json& probe) {
  v1::EngineAbilities abilities;
  AddWords(probe, "recipes", abilities.mutable_recipes());
  const Json* settings = probe.Find("settings");
  if (settings == nullptr || !settings->is_array()) return abilities;
  for (const Json& json : settings->AsArray()) {
    v1::EngineSetting& setting = *abilities.add_settings();
    setting.set_name(json.Text("name"));
    setting.set_kind(json.Text("kind"));
    setting.set_min(json.Number("min"));
    setting.set_max(json.Number("max"));
    setting.set_values(json.Text("values"));
    AddWords(json, "words", setting.mutable_words());
  }
  return abilities;
}

void AppendName(std::string* out, const v1::Device& device) { absl::StrAppend(out, device.name()); }

}  // namespace

absl::StatusOr<Probe> ParseProbe(absl::string_view line) {
  Json json;
  std::string error;
  if (!Json::Parse(std::string_view(line.data(), line.size()), &json, &error)) {
    return absl::InvalidArgumentError(absl::StrCat("mkengine probe printed no JSON: ", error));
  }
  Probe probe;
  probe.version = json.Text("version");
  probe.engine = AbilitiesOf(json);
  const Json* devices = json.Find("devices");
  if (devices == nullptr || !devices->is_array() || devices->AsArray().empty()) {
    return absl::InvalidArgumentError("mkengine probe named no devices");
  }
  for (const Json& device : devices->AsArray()) probe.devices.push_back(DeviceOf(device));
  return probe;
}

absl::StatusOr<Probe> ProbeEngine(const std::string& engine) {
  std::string printed;
  ChildExit exit;
  absl::Notification ended;
  EngineCallbacks callbacks;
  callbacks.line = [&](absl::string_view line) {
    if (printed.empty()) printed = std::string(line);
  };
  callbacks.log = [](absl::string_view) {};
  callbacks.exit = [&](const ChildExit& result) {
    exit = result;
    ended.Notify();
  };
  MK_ASSIGN_OR_RETURN(const auto process, EngineProcess::Start({engine, {"probe"}, 0}, callbacks));
  ended.WaitForNotification();
  if (exit.code != 0) {
    return absl::UnavailableError(absl::StrCat(engine, " probe failed (status ", exit.code,
                                               ", signal ", exit.signal, "): ", exit.last_log,
                                               ". Name the engine with --engine PATH."));
  }
  return ParseProbe(printed);
}

absl::StatusOr<std::vector<v1::Device>> ChooseDevices(const std::vector<v1::Device>& found,
                                                      const std::string& wanted) {
  std::vector<v1::Device> chosen;
  if (wanted == "auto") {
    std::copy_if(found.begin(), found.end(), std::back_inserter(chosen),
                 [](const v1::Device& device) { return device.kind() == "cuda"; });
    return chosen.empty() ? found : chosen;
  }
  const std::vector<std::string> names = absl::StrSplit(wanted, ',');
  for (const std::string& name : names) {
    const auto it = std::find_if(found.begin(), found.end(),
                                 [&](const v1::Device& device) { return device.name() == name; });
    if (it == found.end()) {
      return absl::InvalidArgumentError(absl::StrCat("There is no device \"", name,
                                                     "\" on this machine. Choose from: auto, ",
                                                     absl::StrJoin(found, ", ", AppendName), "."));
    }
    chosen.push_back(*it);
  }
  return chosen;
}

}  // namespace makeover
