#include "client/output.h"

#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "makeover/v1/jobs.pb.h"

namespace makeover {
namespace {

std::string Emitted(OutputForm form) {
  v1::ListJobsResponse jobs;
  jobs.add_jobs()->set_id(7);
  const Output output(form, Terminal{}, Terminal{});
  testing::internal::CaptureStdout();
  output.Emit(jobs, {"7"},
              [](const Painter&, bool wide) { return std::string(wide ? "wide\n" : "table\n"); });
  return testing::internal::GetCapturedStdout();
}

TEST(Output, EachForm) {
  EXPECT_EQ(Emitted(OutputForm::kTable), "table\n");
  EXPECT_EQ(Emitted(OutputForm::kWide), "wide\n");
  EXPECT_EQ(Emitted(OutputForm::kName), "7\n");
  EXPECT_EQ(Emitted(OutputForm::kJson).rfind("{\n \"jobs\": [\n  {\n   \"id\": 7,", 0), 0u);
}

TEST(Output, JsonHasZerosAndEmptyLists) {
  const std::string json = ToJson(v1::ListJobsResponse());
  EXPECT_NE(json.find("\"jobs\": []"), std::string::npos) << json;
  const std::string job = ToJson(v1::Job());
  for (const char* field :
       {"\"id\": 0", "\"filesDone\": 0", "\"filesFailed\": 0", "\"filesSkipped\": 0",
        "\"checkpoints\": []", "\"samples\": []", "\"attempts\": 0", "\"owner\": \"\"",
        "\"priority\": 0", "\"step\": 0", "\"kind\": \"KIND_UNSPECIFIED\""}) {
    EXPECT_NE(job.find(field), std::string::npos) << field;
  }
}

TEST(Output, JsonHasNullForWhatIsNotSet) {
  v1::Job job;
  job.mutable_progress()->set_unit("steps");
  job.mutable_evaluate()->mutable_train()->set_seed(7);
  const std::string json = ToJson(job);
  for (const char* field : {"startTime", "endTime", "failure", "losses"}) {
    EXPECT_NE(json.find(absl::StrCat(",\n \"", field, "\": null")), std::string::npos) << json;
  }
  EXPECT_EQ(json.find("\"progress\": null"), std::string::npos);
  v1::Job read;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(json, &read).ok()) << json;
  EXPECT_EQ(read.SerializeAsString(), job.SerializeAsString());
}

TEST(Output, WordsGoToStderr) {
  const Output output(OutputForm::kJson, Terminal{}, Terminal{});
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  output.Note("a note\x1b[2J");
  output.Warn("careful");
  output.Hint({{"mkctl a", "one"}, {"mkctl longer", "two"}});
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_EQ(said.find('\x1b'), std::string::npos);
  EXPECT_NE(said.find("warning: careful\n"), std::string::npos);
  EXPECT_NE(said.find("Next:\n  mkctl a        # one\n  mkctl longer   # two\n"), std::string::npos)
      << said;
}

TEST(Output, HintsOnANarrowTerminalDoNotWrap) {
  Terminal terminal;
  terminal.moving = true;
  terminal.columns = 30;
  testing::internal::CaptureStderr();
  Output(OutputForm::kTable, Terminal{}, terminal).Hint({{"mkctl 1234", "purpose 12345"}});
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "Next:\n  mkctl 1234   # purpose 12345\n");
  testing::internal::CaptureStderr();
  Output(OutputForm::kTable, Terminal{}, terminal).Hint({{"mkctl 1234", "purpose 123456"}});
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "Next:\n  # purpose 123456\n  mkctl 1234\n");
}

TEST(SecondsSince, OfATimestamp) {
  const std::chrono::system_clock::time_point now{std::chrono::milliseconds(10'500)};
  google::protobuf::Timestamp time;
  EXPECT_EQ(SecondsSince(time, now), -1);
  time.set_seconds(8);
  EXPECT_DOUBLE_EQ(SecondsSince(time, now), 2.5);
  time.set_seconds(11);
  EXPECT_EQ(SecondsSince(time, now), 0) << "a clock that runs ahead";
  EXPECT_EQ(FormatTime(google::protobuf::Timestamp()), "");
}

}  // namespace
}  // namespace makeover
