#include "client/table.h"

#include <gtest/gtest.h>

#include "client/terminal.h"

namespace makeover {
namespace {

TEST(Table, AlignsColumns) {
  Table table({{"ID", Table::Align::kRight}, {"NAME"}, {"SIZE", Table::Align::kRight}, {"WHAT"}});
  table.AddRow({"7", "a", "1,000", "x"});
  table.AddRow({"12345", "long-name", "1"});
  EXPECT_EQ(table.ToString(Painter(false)),
            "   ID  NAME        SIZE  WHAT\n"
            "    7  a          1,000  x\n"
            "12345  long-name      1\n");
}

TEST(Table, ColoursTakeNoRoom) {
  const Painter painter(true);
  Table table({{"STATE"}, {"N"}});
  table.AddRow({painter.State("RUNNING"), "1"});
  table.AddRow({"HELD-LONGER", "2"});
  EXPECT_EQ(table.ToString(painter),
            "\x1b[1mSTATE\x1b[0m        \x1b[1mN\x1b[0m\n"
            "\x1b[36mRUNNING\x1b[0m      1\n"
            "HELD-LONGER  2\n");
}

TEST(Table, WideCharactersTakeTwoColumns) {
  Table table({{"NAME"}, {"N"}});
  table.AddRow({"顔", "1"});
  table.AddRow({"é", "2"});
  table.AddRow({"e\u0301", "3"});  // with a combining accent
  EXPECT_EQ(table.ToString(Painter(false)), "NAME  N\n顔    1\né     2\ne\u0301     3\n");
}

TEST(Table, OneColumnGivesWayToTheTerminal) {
  Table table({{"ID"}, {"WHAT", Table::Align::kLeft, true}, {"AGE"}});
  table.AddRow({"1", "a long description", "2h ago"});
  table.AddRow({"2", "short", "1m ago"});
  EXPECT_EQ(table.ToString(Painter(false, 25)),
            "ID  WHAT           AGE\n"
            "1   a long descr…  2h ago\n"
            "2   short          1m ago\n");
  EXPECT_EQ(table.ToString(Painter(false, 30)), table.ToString(Painter(false)));
  EXPECT_NE(table.ToString(Painter(false, 5)).find("a long de…  2h ago\n"), std::string::npos);
}

TEST(KeyValues, BelowEachOther) {
  KeyValues lines;
  lines.Add("Job", "12");
  lines.Add("Nothing", "");
  lines.Add("Failure", "one\ntwo");
  EXPECT_EQ(lines.ToString(Painter(false)),
            "Job:      12\n"
            "Failure:  one\n"
            "          two\n");
}

TEST(DisplayWidth, CountsWhatIsSeen) {
  EXPECT_EQ(DisplayWidth(""), 0);
  EXPECT_EQ(DisplayWidth("abc"), 3);
  EXPECT_EQ(DisplayWidth("äöü"), 3);
  EXPECT_EQ(DisplayWidth("日本語"), 6);
  EXPECT_EQ(DisplayWidth("\x1b[31mred\x1b[0m"), 3);
  EXPECT_EQ(DisplayWidth("😀"), 2);
  EXPECT_EQ(DisplayWidth("\xff\xfe"), 2);
}

TEST(CutToWidth, NeverWiderThanAsked) {
  EXPECT_EQ(CutToWidth("abcdef", 6), "abcdef");
  EXPECT_EQ(CutToWidth("abcdef", 5), "abcd…");
  EXPECT_EQ(CutToWidth("äöüß", 3), "äö…");
  EXPECT_EQ(CutToWidth("日本語", 5), "日本…");
  EXPECT_EQ(CutToWidth("日本語", 4), "日…");
  EXPECT_EQ(CutToWidth("abc", 1), "…");
  for (int columns = 1; columns < 12; ++columns) {
    EXPECT_LE(DisplayWidth(CutToWidth("a日b本cäd語ef", columns)), columns) << columns;
  }
}

TEST(Harmless, NoEscapesGetThrough) {
  EXPECT_EQ(Harmless("a\x1b[2Jb\r\x07\x7f"), "a?[2Jb???");
  EXPECT_EQ(Harmless("two\nlines\tand ä"), "two\nlines\tand ä");
  EXPECT_EQ(Harmless("\u009b2J\u0085\u00a0\u00df"), "?2J?\u00a0\u00df");
  EXPECT_EQ(Harmless("\xC2"), "\xC2");
}

TEST(ValidUtf8, OtherBytesBecomeQuestionMarks) {
  EXPECT_EQ(ValidUtf8("aä日😀"), "aä日😀");
  EXPECT_EQ(ValidUtf8("a\xff"
                      "b"),
            "a?b");
  EXPECT_EQ(ValidUtf8("\xc3"), "?");
  EXPECT_EQ(ValidUtf8("\xe6\x97x"), "?x");
  EXPECT_EQ(ValidUtf8("\x80\x80\x80\x80\x80\x80"), "??");
}

TEST(Painter, ColoursOnlyWhereAsked) {
  EXPECT_EQ(Painter(false).State("FAILED"), "FAILED");
  EXPECT_EQ(Painter(true).State("FAILED"), "\x1b[31mFAILED\x1b[0m");
  EXPECT_EQ(Painter(true).State("SUCCEEDED"), "\x1b[32mSUCCEEDED\x1b[0m");
  EXPECT_EQ(Painter(true).State("QUEUED"), "QUEUED");
  EXPECT_EQ(Painter(true).Bold(""), "");
}

}  // namespace
}  // namespace makeover
