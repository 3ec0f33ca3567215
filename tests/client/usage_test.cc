#include "client/usage.h"

#include <gtest/gtest.h>

#include "client/command.h"

namespace makeover {
namespace {

// What is said about a command line that cannot be understood, or "" if it can.
std::string Said(const std::string& line) {
  CLI::App app("", "mkctl");
  Choice choice;
  std::string server;
  app.fallthrough();
  app.require_subcommand(1);
  app.add_option("--server", server);
  AddStatusCommand(app, choice);
  AddTrainCommand(app, choice);
  AddJobCommands(app, choice);
  AddAdminCommands(app, choice);
  try {
    app.parse(line);
  } catch (const CLI::ParseError& error) {
    return ExplainUsage(app, error);
  }
  return "";
}

TEST(ExplainUsage, NothingToSay) {
  EXPECT_EQ(Said("status"), "");
  EXPECT_EQ(Said("jobs show 1 --server a:1"), "");
}

TEST(ExplainUsage, AMisspeltCommand) {
  const std::string said = Said("statu");
  EXPECT_EQ(said.rfind("mkctl has no command \"statu\"; did you mean status", 0), 0u) << said;
  EXPECT_NE(said.find("\"mkctl --help\" shows how it is used."), std::string::npos);
  EXPECT_EQ(Said("jobs lst").rfind("mkctl jobs has no command \"lst\"; did you mean list", 0), 0u);
  EXPECT_EQ(Said("--server a:1 stats").rfind("mkctl has no command \"stats\"; did you", 0), 0u);
}

TEST(ExplainUsage, NoCommand) {
  EXPECT_EQ(
      Said("admin"),
      "mkctl admin needs a command: backup, verify, gc. \"mkctl admin --help\" shows how it is "
      "used.");
  EXPECT_EQ(Said("").rfind("mkctl needs a command: status, ", 0), 0u);
}

TEST(ExplainUsage, AMisspeltOption) {
  const std::string said = Said("submit-train --fliter x");
  EXPECT_EQ(said.rfind("mkctl submit-train has no option --fliter; did you mean --filter", 0), 0u)
      << said;
  EXPECT_EQ(Said("status --sever=a")
                .rfind("mkctl status has no option --sever; did you mean --server", 0),
            0u);
}

TEST(ExplainUsage, TooMuchAndTooLittle) {
  EXPECT_EQ(Said("jobs show"),
            "mkctl jobs show: J is required. \"mkctl jobs show --help\" shows how it is used.");
  EXPECT_EQ(Said("jobs show 1 2").rfind("mkctl jobs show does not take \"2\".", 0), 0u);
}

TEST(ExplainUsage, OptionsThatDoNotGoTogether) {
  EXPECT_NE(Said("submit-train --filter a --preset mtf"), "");
  EXPECT_NE(Said("submit-train --filter a --source b --target c"), "");
  EXPECT_NE(Said("submit-train --source b"), "");
  EXPECT_NE(Said("submit-train --steps 5 --time 2h"), "");
  EXPECT_NE(Said("submit-train --steps 0"), "");
  EXPECT_NE(Said("submit-train --preset mft"), "");
  EXPECT_NE(Said("submit-train --dry-run --follow"), "");
  EXPECT_EQ(Said("submit-train --source b --target c --set a=1 --set b=2"), "");
}

}  // namespace
}  // namespace makeover
