#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace makeover {

inline constexpr std::string_view kDefaultServer = "127.0.0.1:7760";

// The value of an environment variable, or nothing.
using Environment = std::function<std::optional<std::string>(const char* name)>;
std::optional<std::string> ProcessEnvironment(const char* name);

// $XDG_CONFIG_HOME/makeover/config.toml, else below ~/.config.
std::string ContextPath(const Environment& environment);

// $XDG_DATA_HOME/makeover, else ~/.local/share/makeover.
std::string DefaultDataDir(const Environment& environment);

// The `server` of a context file's text (TOML: `server = "HOST:PORT"`), or nothing.
std::optional<std::string> ServerOfContext(std::string_view text);

// The same text with this server; other lines stay.
std::string ContextWithServer(std::string_view text, std::string_view server);

// HOST:PORT with a port from 1 (0 if `any_port`) to 65535. INVALID_ARGUMENT with a sentence.
absl::Status CheckAddress(std::string_view address, bool any_port = false);

// Which coordinator: the option if not empty, else MKCTL_SERVER, else the context file, else
// kDefaultServer. INVALID_ARGUMENT with a sentence that names the source.
absl::StatusOr<std::string> ResolveServer(const std::string& option,
                                          const Environment& environment);

// Writes the server into the context file, atomically, with its folder.
absl::Status SaveContext(const Environment& environment, std::string_view server);

}  // namespace makeover
