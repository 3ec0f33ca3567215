#include "storage/rows.h"

#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"

namespace makeover {
namespace {

constexpr size_t kDeviceFields = 5;

std::optional<std::string> TakeString(absl::string_view* text) {
  const size_t colon = text->find(':');
  size_t length = 0;
  if (colon == absl::string_view::npos || !absl::SimpleAtoi(text->substr(0, colon), &length)) {
    return std::nullopt;
  }
  text->remove_prefix(colon + 1);
  if (length > text->size()) return std::nullopt;
  std::string taken(text->substr(0, length));
  text->remove_prefix(length);
  return taken;
}

}  // namespace

std::string EncodeStrings(const std::vector<std::string>& strings) {
  std::string text;
  for (const std::string& string : strings) absl::StrAppend(&text, string.size(), ":", string);
  return text;
}

std::vector<std::string> DecodeStrings(const std::string& text) {
  std::vector<std::string> strings;
  absl::string_view rest = text;
  while (!rest.empty()) {
    std::optional<std::string> string = TakeString(&rest);
    if (!string) break;
    strings.push_back(*std::move(string));
  }
  return strings;
}

std::string EncodeDevices(const std::vector<Device>& devices) {
  std::vector<std::string> fields;
  for (const Device& device : devices) {
    fields.insert(fields.end(), {device.name, device.kind, device.description,
                                 absl::StrCat(device.memory_bytes), device.bf16 ? "1" : "0"});
  }
  return EncodeStrings(fields);
}

std::vector<Device> DecodeDevices(const std::string& text) {
  const std::vector<std::string> fields = DecodeStrings(text);
  std::vector<Device> devices;
  for (size_t i = 0; i + kDeviceFields <= fields.size(); i += kDeviceFields) {
    Device device{fields[i], fields[i + 1], fields[i + 2], 0, fields[i + 4] == "1"};
    if (!absl::SimpleAtoi(fields[i + 3], &device.memory_bytes)) device.memory_bytes = 0;
    devices.push_back(std::move(device));
  }
  return devices;
}

// 17 digits give back the same double.
std::string EncodeValues(const std::map<std::string, double>& values) {
  std::vector<std::string> fields;
  for (const auto& [name, value] : values) {
    fields.push_back(name);
    fields.push_back(absl::StrFormat("%.17g", value));
  }
  return EncodeStrings(fields);
}

std::map<std::string, double> DecodeValues(const std::string& text) {
  const std::vector<std::string> fields = DecodeStrings(text);
  std::map<std::string, double> values;
  for (size_t i = 0; i + 2 <= fields.size(); i += 2) {
    double value = 0;
    if (absl::SimpleAtod(fields[i + 1], &value)) values[fields[i]] = value;
  }
  return values;
}

std::string UpsertSql(const std::string& table, const std::string& key,
                      const std::vector<std::string>& columns) {
  const std::vector<std::string> marks(columns.size(), "?");
  const auto take_new = [](std::string* out, const std::string& column) {
    absl::StrAppend(out, column, " = excluded.", column);
  };
  return absl::StrCat("INSERT INTO ", table, " (", absl::StrJoin(columns, ", "), ") VALUES (",
                      absl::StrJoin(marks, ", "), ") ON CONFLICT (", key, ") DO UPDATE SET ",
                      absl::StrJoin(columns, ", ", take_new));
}

std::string SelectSql(const std::string& table, const std::vector<std::string>& columns,
                      const std::string& clauses) {
  return absl::StrCat("SELECT ", absl::StrJoin(columns, ", "), " FROM ", table, " ", clauses);
}

}  // namespace makeover
