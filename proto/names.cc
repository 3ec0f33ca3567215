#include "proto/names.h"

#include <algorithm>
#include <charconv>

#include "absl/strings/str_cat.h"

namespace makeover {
namespace {

bool IsAlphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool IsNameCharacter(char c) { return IsAlphanumeric(c) || c == '.' || c == '_' || c == '-'; }

std::optional<uint32_t> ParseNumber(std::string_view text) {
  uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return {};
  return number;
}

struct Halves {
  std::string_view before;
  std::optional<std::string_view> after;
};

Halves SplitAt(std::string_view text) {
  const size_t at = text.rfind('@');
  if (at == std::string_view::npos) return {text, {}};
  return {text.substr(0, at), text.substr(at + 1)};
}

absl::StatusOr<std::optional<uint32_t>> ParseStep(std::string_view text, const Halves& halves) {
  if (!halves.after) return std::optional<uint32_t>();
  const std::optional<uint32_t> step = ParseNumber(*halves.after);
  if (step) return step;
  return absl::InvalidArgumentError(
      absl::StrCat("In \"", std::string(text), "\" the part after @, \"",
                   std::string(*halves.after), "\", is not a step: write a number."));
}

}  // namespace

bool IsName(std::string_view name) {
  return !name.empty() && name.size() <= kNameBytesMax && IsAlphanumeric(name.front()) &&
         std::all_of(name.begin(), name.end(), IsNameCharacter);
}

absl::Status CheckName(std::string_view what, std::string_view name) {
  if (IsName(name)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "\"", std::string(name), "\" cannot be the name of a ", std::string(what),
      ": use letters, digits, '.', '_' and '-', begin with a letter or digit, at most ",
      kNameBytesMax, " characters."));
}

absl::StatusOr<ModelRef> ParseModelRef(std::string_view text) {
  const Halves halves = SplitAt(text);
  if (absl::Status named = CheckName("model", halves.before); !named.ok()) return named;
  if (halves.after == "best") return ModelRef{std::string(halves.before), {}, true};
  const auto step = ParseStep(text, halves);
  if (!step.ok()) return step.status();
  return ModelRef{std::string(halves.before), *step};
}

std::string FormatModelRef(const ModelRef& ref) {
  if (ref.best) return absl::StrCat(ref.name, "@best");
  return ref.step ? absl::StrCat(ref.name, "@", *ref.step) : ref.name;
}

absl::StatusOr<CheckpointRef> ParseCheckpointRef(std::string_view text) {
  const Halves halves = SplitAt(text);
  const auto job = ParseJobId(halves.before);
  if (!job.ok()) return job.status();
  const auto step = ParseStep(text, halves);
  if (!step.ok()) return step.status();
  return CheckpointRef{*job, *step};
}

absl::StatusOr<uint32_t> ParseJobId(std::string_view text) {
  const std::optional<uint32_t> id = ParseNumber(text);
  if (id && *id > 0) return *id;
  return absl::InvalidArgumentError(absl::StrCat("\"", std::string(text),
                                                 "\" is not a job: a job's id is a number, and "
                                                 "\"mkctl jobs list\" shows them."));
}

}  // namespace makeover
