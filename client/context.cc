#include "client/context.h"

#include <charconv>
#include <cstdlib>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "storage/atomic_file.h"
#include "storage/file_io.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

std::string HomeFolder(const Environment& environment, const char* variable,
                       const char* below_home) {
  const std::optional<std::string> folder = environment(variable);
  // The XDG specification tells to pass over a relative path.
  if (folder && absl::StartsWith(*folder, "/")) return *folder;
  return absl::StrCat(environment("HOME").value_or(""), "/", below_home);
}

// The value of a line `server = "..."`, or nothing for another line.
std::optional<std::string> ServerOfLine(absl::string_view line) {
  line = absl::StripAsciiWhitespace(line);
  if (!absl::ConsumePrefix(&line, "server")) return {};
  line = absl::StripLeadingAsciiWhitespace(line);
  if (!absl::ConsumePrefix(&line, "=")) return {};
  line = absl::StripLeadingAsciiWhitespace(line);
  if (!absl::ConsumePrefix(&line, "\"")) return {};
  const size_t end = line.find('"');
  if (end == absl::string_view::npos) return {};
  return std::string(line.substr(0, end));
}

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

struct Candidate {
  std::string address;
  std::string origin;
};

Candidate FindServer(const std::string& option, const Environment& environment) {
  if (!option.empty()) return {option, "--server"};
  if (const auto variable = environment("MKCTL_SERVER"); variable && !variable->empty()) {
    return {*variable, "MKCTL_SERVER"};
  }
  const std::string path = ContextPath(environment);
  if (const auto text = ReadFile(path); text.ok()) {
    if (const auto server = ServerOfContext(*text)) return {*server, path};
  }
  return {std::string(kDefaultServer), "the default"};
}

}  // namespace

std::optional<std::string> ProcessEnvironment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) return {};
  return std::string(value);
}

std::string ContextPath(const Environment& environment) {
  return HomeFolder(environment, "XDG_CONFIG_HOME", ".config") + "/makeover/config.toml";
}

std::string DefaultDataDir(const Environment& environment) {
  return HomeFolder(environment, "XDG_DATA_HOME", ".local/share") + "/makeover";
}

std::optional<std::string> ServerOfContext(std::string_view text) {
  for (const absl::string_view line : absl::StrSplit(View(text), '\n')) {
    if (auto server = ServerOfLine(line)) return server;
  }
  return {};
}

std::string ContextWithServer(std::string_view text, std::string_view server) {
  const std::string line = absl::StrCat("server = \"", View(server), "\"");
  std::vector<std::string> lines = absl::StrSplit(View(text), '\n');
  bool replaced = false;
  for (std::string& one : lines) {
    if (!ServerOfLine(one)) continue;
    one = line;
    replaced = true;
  }
  if (replaced) return absl::StrJoin(lines, "\n");
  return absl::StrCat("# Where mkctl finds its coordinator; written by \"mkctl up\".\n", line, "\n",
                      View(text));
}

absl::Status CheckAddress(std::string_view address, bool any_port) {
  const size_t colon = address.rfind(':');
  int port = -1;
  if (colon != std::string_view::npos && colon > 0) {
    const std::string_view digits = address.substr(colon + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error != std::errc() || end != digits.data() + digits.size()) port = -1;
  }
  if (port >= (any_port ? 0 : 1) && port <= 65535) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("\"", View(address),
                                                 "\" is not an address: write HOST:PORT, such as ",
                                                 View(kDefaultServer), "."));
}

absl::StatusOr<std::string> ResolveServer(const std::string& option,
                                          const Environment& environment) {
  const Candidate found = FindServer(option, environment);
  const absl::Status good = CheckAddress(found.address);
  if (good.ok()) return found.address;
  return absl::InvalidArgumentError(
      absl::StrCat(good.message(), " It comes from ", found.origin, "."));
}

absl::Status SaveContext(const Environment& environment, std::string_view server) {
  const std::string path = ContextPath(environment);
  MK_RETURN_IF_ERROR(MakeFolders(FolderOf(path)));
  const auto before = ReadFile(path);
  return WriteFileAtomically(path, ContextWithServer(before.ok() ? *before : "", server));
}

}  // namespace makeover
