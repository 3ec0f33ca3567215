#include "worker/mkengine/command_line.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace makeover {
namespace {

CommandHelp Help() {
  return {"train",
          "Trains",
          "DIR",
          {{"--steps", "N", "steps"},
           {"--set", "K=V", "setting", true},
           {"--quiet", "", "a switch"},
           {"-o", "F", "form"}},
          {"mkengine train x"},
          ""};
}

Arguments Parse(const std::vector<std::string>& words) { return Arguments::Parse(Help(), words); }

std::string Refusal(const std::vector<std::string>& words) {
  try {
    Parse(words);
    return "";
  } catch (const UsageError& error) {
    return error.what();
  }
}

TEST(CommandLineTest, ReadsOptionsAndOperands) {
  const Arguments arguments = Parse(
      {"a", "--steps", "5", "--set=x=1", "--set", "y=2", "--quiet", "-o", "json", "--", "-b"});
  EXPECT_EQ(arguments.operands(), (std::vector<std::string>{"a", "-b"}));
  EXPECT_EQ(arguments.Integer("--steps", 0, 0, 10), 5);
  EXPECT_EQ(arguments.All("--set"), (std::vector<std::string>{"x=1", "y=2"}));
  EXPECT_TRUE(arguments.Has("--quiet"));
  EXPECT_EQ(arguments.Text("-o"), "json");
}

TEST(CommandLineTest, MistakesAreNamed) {
  EXPECT_NE(Refusal({"--step", "5"}).find("Did you mean --steps"), std::string::npos);
  EXPECT_NE(Refusal({"--steps"}).find("needs a value"), std::string::npos);
  EXPECT_NE(Refusal({"--steps", "1", "--steps", "2"}).find("twice"), std::string::npos);
  EXPECT_NE(Refusal({"--quiet=1"}).find("no value"), std::string::npos);
  CommandHelp none = Help();
  none.operands.clear();
  EXPECT_THROW(Arguments::Parse(none, {"x"}), UsageError);
}

TEST(CommandLineTest, NumbersAreChecked) {
  EXPECT_THROW(Parse({"--steps", "5x"}).Integer("--steps", 0, 0, 10), UsageError);
  EXPECT_THROW(Parse({"--steps", "11"}).Integer("--steps", 0, 0, 10), UsageError);
  EXPECT_THROW(Parse({"--steps", "nan"}).Number("--steps", 0, 0, 10), UsageError);
  EXPECT_EQ(Parse({}).Integer("--steps", 3, 0, 10), 3);
}

TEST(CommandLineTest, DurationsHaveUnits) {
  const auto seconds = [](const std::string& text) {
    return Parse({"--steps", text}).Duration("--steps", 0);
  };
  EXPECT_EQ(seconds("90"), 90);
  EXPECT_EQ(seconds("20m"), 1200);
  EXPECT_EQ(seconds("1.5h"), 5400);
  EXPECT_THROW(seconds("h"), UsageError);
  EXPECT_THROW(seconds("-3s"), UsageError);
  EXPECT_THROW(seconds("5y"), UsageError);
}

TEST(CommandLineTest, HelpNamesEverything) {
  const std::string help = HelpOfCommand(Help());
  for (const char* word : {"--steps N", "--set K=V", "--quiet", "mkengine train x", "--help"}) {
    EXPECT_NE(help.find(word), std::string::npos) << word;
  }
}

}  // namespace
}  // namespace makeover
