#include "proto/names.h"

#include <gtest/gtest.h>

#include <string>

namespace makeover {
namespace {

TEST(IsName, LettersDigitsAndThreeSigns) {
  for (const std::string name : {"a", "Z", "0", "smile-2", "a.b_c-D", "9lives"}) {
    EXPECT_TRUE(IsName(name)) << name;
  }
  EXPECT_TRUE(IsName(std::string(kNameBytesMax, 'a')));
}

TEST(IsName, NothingThatCouldBeAPathOrAnOption) {
  for (const std::string name :
       {"", ".", "..", "-a", "_a", ".a", "a/b", "a b", "a@b", "a\n", "ä", "a:b"}) {
    EXPECT_FALSE(IsName(name)) << name;
  }
  EXPECT_FALSE(IsName(std::string(kNameBytesMax + 1, 'a')));
  EXPECT_FALSE(IsName(std::string("a\0b", 3)));
}

TEST(CheckName, SaysWhatWhyAndWhatToDo) {
  EXPECT_TRUE(CheckName("model", "smile").ok());
  const absl::Status bad = CheckName("dataset", "my faces");
  EXPECT_EQ(bad.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(bad.message(),
            "\"my faces\" cannot be the name of a dataset: use letters, digits, '.', '_' and '-', "
            "begin with a letter or digit, at most 64 characters.");
}

TEST(ModelRef, ReadsAndWrites) {
  const auto newest = ParseModelRef("smile");
  ASSERT_TRUE(newest.ok());
  EXPECT_EQ(newest->name, "smile");
  EXPECT_FALSE(newest->step.has_value());
  EXPECT_EQ(FormatModelRef(*newest), "smile");

  const auto at = ParseModelRef("smile@2000");
  ASSERT_TRUE(at.ok());
  EXPECT_EQ(at->step, 2000u);
  EXPECT_EQ(FormatModelRef(*at), "smile@2000");

  const auto best = ParseModelRef("smile@best");
  ASSERT_TRUE(best.ok());
  EXPECT_TRUE(best->best);
  EXPECT_FALSE(best->step.has_value());
  EXPECT_EQ(FormatModelRef(*best), "smile@best");
}

TEST(ModelRef, RefusesWhatIsNone) {
  for (const char* text :
       {"", "@5", "a@", "a@x", "a@-1", "a@5x", "a@b@5", "a@4294967296", "a@ 5"}) {
    const auto ref = ParseModelRef(text);
    ASSERT_FALSE(ref.ok()) << text;
    EXPECT_EQ(ref.status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
  EXPECT_EQ(ParseModelRef("a@x").status().message(),
            "In \"a@x\" the part after @, \"x\", is not a step: write a number.");
}

TEST(CheckpointRef, JobAndStep) {
  const auto newest = ParseCheckpointRef("12");
  ASSERT_TRUE(newest.ok());
  EXPECT_EQ(newest->job, 12u);
  EXPECT_FALSE(newest->step.has_value());
  const auto at = ParseCheckpointRef("12@2000");
  ASSERT_TRUE(at.ok());
  EXPECT_EQ(at->job, 12u);
  EXPECT_EQ(at->step, 2000u);
  for (const char* text : {"", "@5", "0@5", "12@", "12@x", "12@best", "smile@5"}) {
    EXPECT_FALSE(ParseCheckpointRef(text).ok()) << text;
  }
}

TEST(JobId, ANumberFromOne) {
  EXPECT_EQ(ParseJobId("1").value(), 1u);
  EXPECT_EQ(ParseJobId("4294967295").value(), 4294967295u);
  for (const char* text : {"", "0", "-1", "+1", "1x", " 1", "4294967296", "smile"}) {
    const auto id = ParseJobId(text);
    ASSERT_FALSE(id.ok()) << text;
    EXPECT_EQ(id.status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
  EXPECT_EQ(ParseJobId("smile").status().message(),
            "\"smile\" is not a job: a job's id is a number, and \"mkctl jobs list\" shows them.");
}

}  // namespace
}  // namespace makeover
