#include "client/context.h"

#include <gtest/gtest.h>

#include <map>

#include "client/exit_status.h"
#include "tests/client/temp_folder.h"

namespace makeover {
namespace {

Environment With(std::map<std::string, std::string> values) {
  return [values = std::move(values)](const char* name) -> std::optional<std::string> {
    const auto found = values.find(name);
    if (found == values.end()) return {};
    return found->second;
  };
}

TEST(Context, WhereItsFilesLie) {
  EXPECT_EQ(ContextPath(With({{"HOME", "/h"}, {"XDG_CONFIG_HOME", "/x"}})),
            "/x/makeover/config.toml");
  EXPECT_EQ(ContextPath(With({{"HOME", "/h"}})), "/h/.config/makeover/config.toml");
  EXPECT_EQ(ContextPath(With({{"HOME", "/h"}, {"XDG_CONFIG_HOME", "relative"}})),
            "/h/.config/makeover/config.toml");
  EXPECT_EQ(DefaultDataDir(With({{"HOME", "/h"}})), "/h/.local/share/makeover");
  EXPECT_EQ(DefaultDataDir(With({{"XDG_DATA_HOME", "/d"}})), "/d/makeover");
}

TEST(ServerOfContext, ReadsTheLine) {
  EXPECT_EQ(ServerOfContext("server = \"a:1\"\n"), "a:1");
  EXPECT_EQ(ServerOfContext("# server = \"no:1\"\n\n  server=\"b:2\" # why\n"), "b:2");
  EXPECT_EQ(ServerOfContext("servers = \"a:1\"\n"), std::nullopt);
  EXPECT_EQ(ServerOfContext("server = a:1\n"), std::nullopt);
  EXPECT_EQ(ServerOfContext("server = \"a:1\n"), std::nullopt);
  EXPECT_EQ(ServerOfContext(""), std::nullopt);
}

TEST(ContextWithServer, OtherLinesStay) {
  EXPECT_EQ(ContextWithServer("# mine\nserver = \"a:1\"\ncolour = 1\n", "b:2"),
            "# mine\nserver = \"b:2\"\ncolour = 1\n");
  const std::string fresh = ContextWithServer("", "b:2");
  EXPECT_EQ(ServerOfContext(fresh), "b:2");
  EXPECT_EQ(ServerOfContext(ContextWithServer("colour = 1\n", "b:2")), "b:2");
}

TEST(CheckAddress, HostAndPort) {
  for (const char* address : {"localhost:7760", "127.0.0.1:1", "[::1]:65535", "a.b.c:80"}) {
    EXPECT_TRUE(CheckAddress(address).ok()) << address;
  }
  for (const char* address :
       {"", ":", ":80", "host", "host:", "host:x", "host:0", "host:65536", "host:-1", "host:80x"}) {
    EXPECT_FALSE(CheckAddress(address).ok()) << address;
  }
  EXPECT_TRUE(CheckAddress("host:0", true).ok());
}

TEST(ResolveServer, OptionThenEnvironmentThenFileThenDefault) {
  const TempFolder home;
  const auto config = std::make_pair(std::string("XDG_CONFIG_HOME"), home.path());
  EXPECT_EQ(ResolveServer("", With({config})).value(), kDefaultServer);
  ASSERT_TRUE(SaveContext(With({config}), "file:1").ok());
  EXPECT_EQ(ResolveServer("", With({config})).value(), "file:1");
  EXPECT_EQ(ResolveServer("", With({config, {"MKCTL_SERVER", "variable:2"}})).value(),
            "variable:2");
  EXPECT_EQ(ResolveServer("", With({config, {"MKCTL_SERVER", ""}})).value(), "file:1");
  EXPECT_EQ(ResolveServer("option:3", With({config, {"MKCTL_SERVER", "variable:2"}})).value(),
            "option:3");
}

TEST(ResolveServer, NamesTheSourceOfABadAddress) {
  const TempFolder home;
  home.Write("makeover/config.toml", "server = \"bad\"\n");
  const Environment environment = With({{"XDG_CONFIG_HOME", home.path()}});
  EXPECT_EQ(ResolveServer("", environment).status().message(),
            "\"bad\" is not an address: write HOST:PORT, such as 127.0.0.1:7760. It comes from " +
                home.path() + "/makeover/config.toml.");
  EXPECT_EQ(ResolveServer("x", environment).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(ExitStatus, OfEveryError) {
  EXPECT_EQ(ExitStatusOf(absl::OkStatus()), ExitStatus::kDone);
  EXPECT_EQ(ExitStatusOf(absl::InvalidArgumentError("")), ExitStatus::kUsage);
  EXPECT_EQ(ExitStatusOf(absl::FailedPreconditionError("")), ExitStatus::kRefused);
  EXPECT_EQ(ExitStatusOf(absl::AlreadyExistsError("")), ExitStatus::kRefused);
  EXPECT_EQ(ExitStatusOf(absl::ResourceExhaustedError("")), ExitStatus::kRefused);
  EXPECT_EQ(ExitStatusOf(absl::UnavailableError("")), ExitStatus::kUnreachable);
  EXPECT_EQ(ExitStatusOf(absl::DeadlineExceededError("")), ExitStatus::kUnreachable);
  EXPECT_EQ(ExitStatusOf(absl::NotFoundError("")), ExitStatus::kNotFound);
  EXPECT_EQ(ExitStatusOf(absl::CancelledError("")), ExitStatus::kInterrupted);
  EXPECT_EQ(ExitStatusOf(absl::DataLossError("")), ExitStatus::kFailed);
  EXPECT_EQ(ExitStatusOf(absl::InternalError("")), ExitStatus::kFailed);
}

TEST(ExitStatus, ALocalErrorIsNeverUnreachable) {
  EXPECT_EQ(ExitStatusOf(AsLocalError(absl::UnavailableError("disk"))), ExitStatus::kRefused);
  EXPECT_EQ(AsLocalError(absl::NotFoundError("x")), absl::NotFoundError("x"));
  EXPECT_TRUE(AsLocalError(absl::OkStatus()).ok());
}

}  // namespace
}  // namespace makeover
