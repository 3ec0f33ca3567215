#include "client/deal_devices.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "client/child.h"
#include "client/exit_status.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

const google::protobuf::Value& FieldOf(const google::protobuf::Struct& object, const char* key) {
  const auto found = object.fields().find(key);
  return found == object.fields().end() ? google::protobuf::Value::default_instance()
                                        : found->second;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> DealDevices(const std::string& devices, int workers,
                                                     const ProbeDevices& probe) {
  const auto count = static_cast<size_t>(workers);
  if (count == 1) return std::vector<std::string>{devices};
  std::vector<std::string> named;
  if (devices == "auto") {
    MK_ASSIGN_OR_RETURN(named, probe());
  } else if (devices != "cpu") {
    named = absl::StrSplit(devices, ',');
  }
  if (named.empty()) return std::vector<std::string>(count, "cpu");
  if (named.size() < count) {
    return absl::InvalidArgumentError(absl::StrCat(
        "There are ", count, " workers for ", named.size(), " devices (", absl::StrJoin(named, ","),
        "): name at least one for each with --devices, or cpu for all."));
  }
  std::vector<std::vector<std::string>> dealt(count);
  for (size_t i = 0; i < named.size(); ++i) dealt[i % count].push_back(named[i]);
  std::vector<std::string> texts;
  for (const auto& one : dealt) texts.push_back(absl::StrJoin(one, ","));
  return texts;
}

absl::StatusOr<std::vector<std::string>> ProbeCudaDevices(const std::string& engine) {
  absl::StatusOr<Child> child = Child::Start({engine, "probe"});
  if (!child.ok()) return AsLocalError(child.status());
  std::vector<std::string> devices;
  std::string last;
  const int status = child->ReadToEnd([&](const std::string& line) {
    last = line;
    for (std::string& name : CudaDevicesIn(line)) devices.push_back(std::move(name));
  });
  if (status == 0) return devices;
  return absl::FailedPreconditionError(
      absl::StrCat("\"", engine, " probe\", which finds this machine's devices, ended with status ",
                   status, ": ", last, ". Name them with --devices."));
}

std::vector<std::string> CudaDevicesIn(const std::string& line) {
  std::vector<std::string> names;
  google::protobuf::Struct probe;
  if (!google::protobuf::util::JsonStringToMessage(line, &probe).ok()) return names;
  for (const auto& device : FieldOf(probe, "devices").list_value().values()) {
    if (FieldOf(device.struct_value(), "kind").string_value() != "cuda") continue;
    names.push_back(FieldOf(device.struct_value(), "name").string_value());
  }
  return names;
}

}  // namespace makeover
