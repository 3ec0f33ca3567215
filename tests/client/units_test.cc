#include "client/units.h"

#include <gtest/gtest.h>

#include <cmath>

#include "client/request_id.h"

namespace makeover {
namespace {

TEST(FormatDuration, TwoUnitsAtMost) {
  EXPECT_EQ(FormatDuration(0), "0s");
  EXPECT_EQ(FormatDuration(0.44), "0.4s");
  EXPECT_EQ(FormatDuration(8.4), "8s");
  EXPECT_EQ(FormatDuration(59.6), "1m00s");
  EXPECT_EQ(FormatDuration(125), "2m05s");
  EXPECT_EQ(FormatDuration(5400), "1h30m");
  EXPECT_EQ(FormatDuration(3 * 86400 + 4 * 3600 + 59), "3d04h");
  EXPECT_EQ(FormatDuration(-1), "-");
  EXPECT_EQ(FormatDuration(NAN), "-");
  EXPECT_EQ(FormatDuration(INFINITY), "-");
}

TEST(FormatAge, OneUnit) {
  EXPECT_EQ(FormatAge(-1), "just now");
  EXPECT_EQ(FormatAge(1.9), "just now");
  EXPECT_EQ(FormatAge(40), "40s ago");
  EXPECT_EQ(FormatAge(5 * 60 + 59), "5m ago");
  EXPECT_EQ(FormatAge(3 * 3600), "3h ago");
  EXPECT_EQ(FormatAge(47 * 3600), "47h ago");
  EXPECT_EQ(FormatAge(12 * 86400), "12d ago");
}

TEST(FormatSize, Powers) {
  EXPECT_EQ(FormatSize(0), "0 B");
  EXPECT_EQ(FormatSize(1023), "1023 B");
  EXPECT_EQ(FormatSize(1024), "1.0 KiB");
  EXPECT_EQ(FormatSize(1536), "1.5 KiB");
  EXPECT_EQ(FormatSize(64 << 20), "64.0 MiB");
  EXPECT_EQ(FormatSize((1 << 20) - 1), "1.0 MiB");  // never "1024.0 KiB"
}

TEST(FormatCount, GroupsOfThree) {
  EXPECT_EQ(FormatCount(0), "0");
  EXPECT_EQ(FormatCount(999), "999");
  EXPECT_EQ(FormatCount(1000), "1,000");
  EXPECT_EQ(FormatCount(202599), "202,599");
  EXPECT_EQ(FormatCount(-1000), "-1,000");
  EXPECT_EQ(FormatCount(-100), "-100");
}

TEST(FormatFigure, ThreeDigits) {
  EXPECT_EQ(FormatFigure(0.834), "0.83");
  EXPECT_EQ(FormatFigure(12.54), "12.5");
  EXPECT_EQ(FormatFigure(341.4), "341");
  EXPECT_EQ(FormatFigure(3412), "3,412");
  EXPECT_EQ(FormatRate(12.5, "files"), "12.5 files/s");
}

TEST(Plural, OneAndMany) {
  EXPECT_EQ(Plural(1, "file"), "1 file");
  EXPECT_EQ(Plural(0, "file"), "0 files");
  EXPECT_EQ(Plural(1200, "file"), "1,200 files");
}

TEST(ParseDuration, WhatAPersonWrites) {
  EXPECT_EQ(ParseDuration("90s").value(), 90);
  EXPECT_EQ(ParseDuration("20m").value(), 1200);
  EXPECT_EQ(ParseDuration("2h").value(), 7200);
  EXPECT_EQ(ParseDuration("1h30m").value(), 5400);
  EXPECT_EQ(ParseDuration("1.5h").value(), 5400);
  EXPECT_EQ(ParseDuration("1d").value(), 86400);
  EXPECT_EQ(ParseDuration("45").value(), 45);
  EXPECT_EQ(ParseDuration("2min").value(), 120);
}

TEST(ParseDuration, RefusesTheRest) {
  for (const char* text :
       {"", "h", "-1s", "1x", "1h-5m", "1 h", "nan", "inf", "1e3", "400d", "1h30x"}) {
    const auto seconds = ParseDuration(text);
    ASSERT_FALSE(seconds.ok()) << text;
    EXPECT_EQ(seconds.status().code(), absl::StatusCode::kInvalidArgument);
  }
  EXPECT_EQ(ParseDuration("soon").status().message(),
            "\"soon\" is not a time: write 90s, 20m, 2h or 1h30m, at most a year.");
}

TEST(RandomRequestId, HasItsFormAndDiffers) {
  const std::string one = RandomRequestId();
  EXPECT_EQ(one.size(), 32u);
  EXPECT_EQ(one.find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_NE(one, RandomRequestId());
}

}  // namespace
}  // namespace makeover
