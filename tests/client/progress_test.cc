#include "client/progress.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <string>

namespace makeover {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

ProgressView Training() {
  ProgressView view;
  view.label = "job 12 RUNNING";
  view.done = 450;
  view.total = 1000;
  view.unit = "steps";
  view.rate_per_second = 12.5;
  view.eta_seconds = 44;
  view.note = "G 0.712  D 0.303  pixel 0.0412";
  return view;
}

std::string Render(const ProgressView& view, int columns) {
  return RenderProgress(view, columns, Painter(false));
}

TEST(RenderBar, FillsUp) {
  EXPECT_EQ(RenderBar(0, 12), "[>         ]");
  EXPECT_EQ(RenderBar(0.5, 12), "[=====>    ]");
  EXPECT_EQ(RenderBar(1, 12), "[==========]");
  EXPECT_EQ(RenderBar(7, 12), "[==========]");
  EXPECT_EQ(RenderBar(-1, 12), "[>         ]");
}

TEST(RenderProgress, AllOfItWhereThereIsRoom) {
  EXPECT_EQ(Render(Training(), 200),
            "job 12 RUNNING  [============>               ]   45%  450/1,000 steps  eta 44s  "
            "12.5 steps/s  G 0.712  D 0.303  pixel 0.0412");
}

TEST(RenderProgress, AtEightyColumnsABarRemains) {
  EXPECT_EQ(Render(Training(), 79),
            "job 12 RUNNING  [======>        ]   45%  450/1,000 steps  eta 44s  12.5 steps/s");
}

TEST(RenderProgress, TheLeastWeightyGoesFirst) {
  EXPECT_EQ(Render(Training(), 60), "job 12 RUNNING  [====>     ]   45%  450/1,000 steps  eta 44s");
  EXPECT_EQ(Render(Training(), 52), "job 12 RUNNING  [====>      ]   45%  450/1,000 steps");
  EXPECT_EQ(Render(Training(), 45), "job 12 RUNNING   45%  450/1,000 steps");
  EXPECT_EQ(Render(Training(), 20), "job 12 RUNNING   45…");
}

TEST(RenderProgress, NeverTooWide) {
  for (int columns = 1; columns < 150; ++columns) {
    EXPECT_LE(DisplayWidth(Render(Training(), columns)), columns) << columns;
  }
}

TEST(RenderProgress, AnUnknownTotalHasNoBar) {
  ProgressView view = Training();
  view.total = 0;
  view.eta_seconds = -1;
  view.note.clear();
  EXPECT_EQ(Render(view, 100), "job 12 RUNNING  450 steps  12.5 steps/s");
}

TEST(RenderProgress, BytesAreSizes) {
  const ProgressView view{"download", 512 << 10, 1 << 20, "B", 1 << 20, 0.5, ""};
  EXPECT_EQ(
      Render(view, 100),
      "download  [==============>             ]   50%  512.0 KiB/1.0 MiB  eta 0.5s  1.0 MiB/s");
}

TEST(RenderProgress, TheEndHasNoEta) {
  ProgressView view = Training();
  view.done = 1000;
  EXPECT_EQ(Render(view, 200).find("eta"), std::string::npos);
}

TEST(RateMeter, FollowsTheRate) {
  RateMeter meter;
  const RateMeter::Clock::time_point start{};
  meter.Update(0, start);
  EXPECT_EQ(meter.per_second(), 0);
  EXPECT_LT(meter.EtaSeconds(100), 0);
  meter.Update(10, start + seconds(1));
  EXPECT_DOUBLE_EQ(meter.per_second(), 10);
  EXPECT_DOUBLE_EQ(meter.EtaSeconds(110), 10);
  for (int i = 2; i <= 60; ++i) meter.Update(10 + 20 * (i - 1), start + seconds(i));
  EXPECT_NEAR(meter.per_second(), 20, 0.1);
}

TEST(RateMeter, PassesOverNewsOfTheSameMoment) {
  RateMeter meter;
  const RateMeter::Clock::time_point start{};
  meter.Update(0, start);
  meter.Update(5, start + milliseconds(1));
  EXPECT_EQ(meter.per_second(), 0);
  meter.Update(10, start + seconds(1));
  EXPECT_DOUBLE_EQ(meter.per_second(), 10);
}

// What a progress line writes.
class ProgressLineTest : public testing::Test {
 protected:
  ~ProgressLineTest() override { std::fclose(stream_); }

  std::string Written() {
    std::fflush(stream_);
    std::string text(static_cast<size_t>(std::ftell(stream_)), '\0');
    std::rewind(stream_);
    const size_t read = std::fread(text.data(), 1, text.size(), stream_);
    text.resize(read);
    return text;
  }

  std::FILE* stream_ = std::tmpfile();
  const ProgressLine::Clock::time_point start_{};
};

TEST_F(ProgressLineTest, MovesOnATerminal) {
  {
    ProgressLine line(stream_, Terminal{true, false, 80}, false);
    line.UpdateAt({"x", 1, 2, "files", 0, -1, ""}, start_);
    line.UpdateAt({"x", 2, 2, "files", 0, -1, ""}, start_ + milliseconds(99));  // too soon
    line.UpdateAt({"y", 2, 2, "files", 0, -1, ""}, start_ + milliseconds(100));
  }
  EXPECT_EQ(Written(),
            "\rx  [==============>             ]   50%  1/2 files\x1b[K"
            "\ry  [============================]  100%  2/2 files\x1b[K"
            "\r\x1b[K");
}

TEST_F(ProgressLineTest, ALineNowAndThenElsewhere) {
  {
    ProgressLine line(stream_, Terminal{}, false);
    line.UpdateAt({"x", 0, 4, "files", 0, -1, ""}, start_);
    line.UpdateAt({"x", 1, 4, "files", 0, -1, ""}, start_ + seconds(9));
    line.UpdateAt({"x", 2, 4, "files", 0, -1, ""}, start_ + seconds(10));
    line.UpdateAt({"x", 3, 4, "files", 0, -1, ""}, start_ + seconds(19));
  }
  EXPECT_EQ(Written(), "x   50%  2/4 files\n");
}

TEST_F(ProgressLineTest, QuietIsQuiet) {
  {
    ProgressLine line(stream_, Terminal{true, true, 80}, true);
    line.UpdateAt({"x", 1, 2, "files", 0, -1, ""}, start_);
  }
  EXPECT_EQ(Written(), "");
}

}  // namespace
}  // namespace makeover
