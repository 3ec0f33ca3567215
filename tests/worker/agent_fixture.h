#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "worker/agent.h"

namespace makeover {

// Builders of what an agent hears, and readers of what it says.

inline v1::TaskSpec MakeSpec(const LeaseId& lease, const std::string& device) {
  v1::TaskSpec spec;
  *spec.mutable_lease() = ToProto(lease);
  if (!device.empty()) spec.add_devices(device);
  return spec;
}

inline v1::TaskSpec TrainTask(const LeaseId& lease, const std::string& device = "cpu") {
  v1::TaskSpec spec = MakeSpec(lease, device);
  spec.mutable_train()->mutable_dataset()->set_digest("d1");
  return spec;
}

inline v1::TaskSpec ConvertTask(const LeaseId& lease, const std::string& model = "m1",
                                const std::string& device = "cpu") {
  v1::TaskSpec spec = MakeSpec(lease, device);
  spec.mutable_convert()->mutable_spec()->mutable_checkpoint()->set_digest(model);
  return spec;
}

inline v1::TaskSpec EvaluateTask(const LeaseId& lease) {
  v1::TaskSpec spec = MakeSpec(lease, "cpu");
  spec.mutable_evaluate()->mutable_dataset()->set_digest("d1");
  return spec;
}

inline v1::TaskSpec PrepareTask(const LeaseId& lease) {
  v1::TaskSpec spec = MakeSpec(lease, "");
  spec.mutable_prepare()->mutable_dataset()->set_digest("d1");
  return spec;
}

inline v1::TaskSpec PreviewTask(const LeaseId& lease) {
  v1::TaskSpec spec = MakeSpec(lease, "");
  spec.mutable_preview();
  return spec;
}

inline v1::HeartbeatResponse Wanted(std::vector<v1::TaskSpec> specs, uint64_t version = 7) {
  v1::HeartbeatResponse response;
  response.set_wanted_version(version);
  for (v1::TaskSpec& spec : specs) *response.add_wanted() = std::move(spec);
  return response;
}

inline EngineEvent Event(EngineEvent::Kind kind, uint32_t step = 0) {
  EngineEvent event;
  event.kind = kind;
  event.step = step;
  event.path = "/out/" + std::to_string(step);
  return event;
}

inline EngineEvent OfRequest(EngineEvent::Kind kind, const LeaseId& lease) {
  EngineEvent event = Event(kind);
  event.request = ToString(lease);
  event.status = "converted";
  event.output = "/out/" + event.request + ".tar";
  event.manifest_line = "{\"file\":\"a.jpg\"}";
  return event;
}

inline InputsReady Ready(bool pixels = true) { return {true, {}, pixels}; }

inline Uploaded Stored(const std::string& digest) {
  Uploaded uploaded;
  uploaded.ok = true;
  uploaded.blob.set_digest(digest);
  return uploaded;
}

template <typename Kind>
std::vector<Kind> All(const Actions& actions) {
  std::vector<Kind> found;
  for (const Action& action : actions) {
    if (const Kind* one = std::get_if<Kind>(&action)) found.push_back(*one);
  }
  return found;
}

// The only action of its kind. Fails the test by throwing where there is another number of them.
template <typename Kind>
Kind Only(const Actions& actions) {
  const std::vector<Kind> found = All<Kind>(actions);
  if (found.size() != 1) {
    throw std::runtime_error("expected one action of this kind, found " +
                             std::to_string(found.size()));
  }
  return found[0];
}

}  // namespace makeover
