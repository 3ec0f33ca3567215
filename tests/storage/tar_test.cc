#include "storage/tar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "tests/storage/temp_dir.h"

namespace makeover {
namespace {

using testing::HasSubstr;

int Shell(const std::string& command) { return std::system(command.c_str()); }

std::string LongName() { return std::string(90, 'd') + "/" + std::string(60, 'n') + ".jpg"; }

const std::vector<std::pair<std::string, std::string>>& Files() {
  static const auto* files = new std::vector<std::pair<std::string, std::string>>{
      {"a.jpg", "content of a"},
      {"empty.jpg", ""},
      {"sub/folder/b.png", std::string(512, 'b')},
      {"gr\xC3\xBC\xC3\x9F with blank.jpg", std::string(513, 'c')},
      {std::string(100, 'x'), "just fits"},
      {"y/" + std::string(99, 'y'), "does not fit"},
      {LongName(), std::string(5000, 'z')},
  };
  return *files;
}

class TarTest : public testing::Test {
 protected:
  std::vector<TarMember> WriteTar() {
    TarWriter writer(tar_);
    for (const auto& [name, content] : Files()) EXPECT_EQ(writer.Add(name, content), "");
    EXPECT_EQ(writer.Finish(), "");
    return writer.members();
  }
  void ExpectFiles(const std::vector<TarMember>& members) {
    ASSERT_EQ(members.size(), Files().size());
    for (const TarMember& member : members) {
      const auto found = std::find_if(Files().begin(), Files().end(),
                                      [&](const auto& file) { return file.first == member.name; });
      ASSERT_NE(found, Files().end()) << member.name;
      EXPECT_EQ(*ReadTarMember(tar_, member), found->second);
    }
  }

  TempDir dir_;
  const std::string tar_ = dir_ / "test.tar";
};

TEST_F(TarTest, ReadsWhatItWrote) {
  const std::vector<TarMember> written = WriteTar();
  const auto index = ReadTarIndex(tar_);
  ASSERT_TRUE(index.ok()) << index.message();
  EXPECT_EQ(*index, written);
  ExpectFiles(*index);
}

TEST_F(TarTest, EqualMembersGiveEqualBytes) {
  WriteTar();
  const std::string first = ReadText(tar_);
  std::filesystem::remove(tar_);
  WriteTar();
  EXPECT_EQ(ReadText(tar_), first);
}

TEST_F(TarTest, SystemTarReadsOurs) {
  WriteTar();
  const std::string out = dir_ / "out";
  std::filesystem::create_directory(out);
  ASSERT_EQ(Shell("tar -C '" + out + "' -xf '" + tar_ + "'"), 0);
  for (const auto& [name, content] : Files())
    EXPECT_EQ(ReadText(out + "/" + name), content) << name;
}

class SystemTar : public TarTest, public testing::WithParamInterface<std::string> {};

TEST_P(SystemTar, OursReadsIt) {
  for (const auto& [name, content] : Files()) WriteText(dir_ / ("in/" + name), content);
  std::filesystem::create_symlink("a.jpg", dir_ / "in/link.jpg");
  ASSERT_EQ(
      Shell("tar -C '" + (dir_ / "in") + "' --format=" + GetParam() + " -cf '" + tar_ + "' ."), 0);
  const auto index = ReadTarIndex(tar_);
  ASSERT_TRUE(index.ok()) << index.message();
  ExpectFiles(*index);
}

INSTANTIATE_TEST_SUITE_P(Formats, SystemTar, testing::Values("ustar", "pax", "gnu"));

TEST_F(TarTest, FindsEveryTruncation) {
  WriteTar();
  const std::string whole = ReadText(tar_);
  for (size_t bytes = 0; bytes < whole.size() - 1024; bytes += 300) {
    WriteText(tar_, whole.substr(0, bytes));
    const auto index = ReadTarIndex(tar_);
    ASSERT_FALSE(index.ok()) << bytes;
    EXPECT_THAT(index.message(), HasSubstr("truncated"));
  }
}

TEST_F(TarTest, RefusesWhatIsNoTar) {
  WriteText(tar_, std::string(2048, 'x'));
  EXPECT_THAT(ReadTarIndex(tar_).message(), HasSubstr("not a tar"));
  EXPECT_THAT(ReadTarIndex(dir_ / "none").message(), HasSubstr("cannot be opened"));
  WriteTar();
  std::string damaged = ReadText(tar_);
  damaged[3] ^= 1;
  WriteText(tar_, damaged);
  EXPECT_THAT(ReadTarIndex(tar_).message(), HasSubstr("damaged"));
}

TEST_F(TarTest, RefusesNamesThatLeadOut) {
  for (const char* name :
       {"../x", "/etc/passwd", "a/../b", "a//b", "a/", "./a", ".", "", "a\nb", "a\\b"}) {
    EXPECT_FALSE(IsSafeTarName(name)) << name;
    EXPECT_NE(TarWriter(dir_ / "other.tar").Add(name, "x"), "") << name;
    WriteText(tar_, TarHeader(name, 0) + TarEnd());
    if (std::string_view(name) == "./a") continue;  // `tar -cf x.tar .` writes such names
    EXPECT_FALSE(ReadTarIndex(tar_).ok()) << name;
  }
  EXPECT_TRUE(IsSafeTarName("..a/b..c/...")) << "dots alone are no harm";
  const std::string hostile = "../" + std::string(150, 'h');
  WriteText(tar_, TarHeader(hostile, 0) + TarEnd());
  EXPECT_FALSE(ReadTarIndex(tar_).ok()) << "a long name in a pax header";
}

TEST_F(TarTest, ASizeBeyondTheFileIsATruncation) {
  WriteText(tar_, TarHeader("a", kTarMemberBytesMax) + TarEnd());
  EXPECT_THAT(ReadTarIndex(tar_).message(), HasSubstr("cut off"));
  EXPECT_FALSE(ReadTarMember(tar_, {"a", 512, uint64_t{1} << 62}).ok());
  EXPECT_FALSE(ReadTarMember(tar_, {"a", ~uint64_t{0}, 512}).ok());
}

}  // namespace
}  // namespace makeover
