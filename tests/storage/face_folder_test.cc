#include "storage/face_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "storage/filter.h"
#include "tests/storage/temp_dir.h"

namespace makeover {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kAttributes[] =
    "3\n"
    "Male Smiling Young \n"
    "000001.jpg  1 -1  1\n"
    "000002.jpg -1  1 -1\n"
    "000003.jpg  1  1  1\n";

class FaceFolderTest : public testing::Test {
 protected:
  void AddPictures(const std::vector<std::string>& names,
                   const std::string& where = "img_align_celeba/") {
    for (const std::string& name : names) WriteText(dir_ / (where + name), "not read");
  }
  void AddThree() { AddPictures({"000001.jpg", "000002.jpg", "000003.jpg"}); }
  void AddTable(const std::string& text, const std::string& name = "list_attr_celeba.txt") {
    WriteText(dir_ / name, text);
  }
  FaceFolder Read() {
    Outcome<FaceFolder> folder = ReadFaceFolder(dir_.path());
    EXPECT_TRUE(folder.ok()) << folder.message();
    return folder.ok() ? *std::move(folder) : FaceFolder();
  }
  std::string Error() {
    const Outcome<FaceFolder> folder = ReadFaceFolder(dir_.path());
    EXPECT_FALSE(folder.ok());
    return folder.message();
  }
  static std::vector<std::string> Files(const FaceFolder& folder) {
    std::vector<std::string> files;
    for (const FaceItem& item : folder.items) files.push_back(item.file);
    return files;
  }
  static std::vector<uint64_t> Bits(const FaceFolder& folder) {
    std::vector<uint64_t> bits;
    for (const FaceItem& item : folder.items) bits.push_back(item.attributes);
    return bits;
  }

  TempDir dir_;
};

TEST_F(FaceFolderTest, ReadsCelebasLayout) {
  AddThree();
  AddTable(kAttributes);
  AddTable("000001.jpg 0\n000002.jpg 1\n000003.jpg 2\n", "list_eval_partition.txt");
  AddTable("000001.jpg 2880\r\n000002.jpg 9295\r\n000003.jpg 17\r\n", "identity_CelebA.txt");
  const FaceFolder folder = Read();
  EXPECT_EQ(folder.pictures, dir_ / "img_align_celeba");
  EXPECT_THAT(folder.attributes, ElementsAre("Male", "Smiling", "Young"));
  EXPECT_THAT(Files(folder), ElementsAre("000001.jpg", "000002.jpg", "000003.jpg"));
  EXPECT_THAT(Bits(folder), ElementsAre(5, 2, 7));
  EXPECT_EQ(folder.items[2].partition, 2);
  EXPECT_EQ(folder.items[1].identity, 9295);
  EXPECT_THAT(folder.warnings, IsEmpty());
}

TEST_F(FaceFolderTest, ReadsPicturesBesideTheAttributeFile) {
  AddPictures({"000001.jpg", "000002.jpg", "000003.jpg"}, "");
  AddTable(kAttributes);
  const FaceFolder folder = Read();
  EXPECT_EQ(folder.pictures, dir_.path());
  EXPECT_THAT(Bits(folder), ElementsAre(5, 2, 7));
}

TEST_F(FaceFolderTest, KeepsTheAttributeFilesOrder) {
  AddPictures({"a.jpg", "b.jpg"});
  AddTable("2\nMale\nb.jpg 1\na.jpg -1\n");
  EXPECT_THAT(Files(Read()), ElementsAre("b.jpg", "a.jpg"));
}

TEST_F(FaceFolderTest, ReadsCrlfAndByteOrderMark) {
  AddThree();
  std::string text = "\xEF\xBB\xBF";
  for (const char c : std::string(kAttributes)) text += c == '\n' ? "\r\n" : std::string(1, c);
  AddTable(text);
  const FaceFolder folder = Read();
  EXPECT_THAT(folder.attributes, ElementsAre("Male", "Smiling", "Young"));
  EXPECT_THAT(Bits(folder), ElementsAre(5, 2, 7));
}

TEST_F(FaceFolderTest, ReadsCsvCopies) {
  AddPictures({"000001.jpg", "000002.jpg"}, "img_align_celeba/img_align_celeba/");
  AddTable("image_id,Male,Blond Hair\n000001.jpg,1,-1\n000002.jpg,-1,1\n", "list_attr_celeba.csv");
  AddTable("image_id,partition\r\n000001.jpg,0\r\n000002.jpg,2\r\n", "list_eval_partition.csv");
  const FaceFolder folder = Read();
  EXPECT_THAT(folder.attributes, ElementsAre("Male", "Blond_Hair"));
  EXPECT_THAT(Bits(folder), ElementsAre(1, 2));
  EXPECT_EQ(folder.items[1].partition, 2);
}

TEST_F(FaceFolderTest, ReadsCsvWithAnEmptyFirstCellAndZeros) {
  AddPictures({"000001.jpg", "000002.jpg"});
  AddTable(",Male,Young\n000001.jpg,1,0\n000002.jpg,0,1\n", "list_attr_celeba.csv");
  EXPECT_THAT(Bits(Read()), ElementsAre(1, 2));
}

TEST_F(FaceFolderTest, ReadsTheOfficialArchivesFolders) {
  AddPictures({"000001.jpg", "000002.jpg", "000003.jpg"}, "Img/img_align_celeba/");
  AddTable(kAttributes, "Anno/list_attr_celeba.txt");
  AddTable("000003.jpg 2\n000002.jpg 1\n000001.jpg 0\n", "Eval/list_eval_partition.txt");
  const FaceFolder folder = Read();
  EXPECT_THAT(Bits(folder), ElementsAre(5, 2, 7));
  EXPECT_EQ(folder.items[2].partition, 2);
}

TEST_F(FaceFolderTest, AFolderPerClassIsAnAttributeEach) {
  AddPictures({"b.jpg", "a.PNG"}, "trainA/");
  AddPictures({"c.jpeg"}, "train B/inner/");
  AddPictures({"loose.webp"}, "");
  WriteText(dir_ / "empty class/readme.txt", "no picture");
  WriteText(dir_ / ".hidden/x.jpg", "no");
  const FaceFolder folder = Read();
  EXPECT_THAT(folder.attributes, ElementsAre("train_B", "trainA"));
  EXPECT_THAT(Files(folder),
              ElementsAre("loose.webp", "train B/inner/c.jpeg", "trainA/a.PNG", "trainA/b.jpg"));
  EXPECT_THAT(Bits(folder), ElementsAre(0, 1, 2, 2));
}

TEST_F(FaceFolderTest, PicturesAloneHaveNoAttributesAndAWarning) {
  AddPictures({"b.jpg", "a.jpg"}, "");
  const FaceFolder folder = Read();
  EXPECT_THAT(folder.attributes, IsEmpty());
  EXPECT_THAT(Files(folder), ElementsAre("a.jpg", "b.jpg"));
  EXPECT_THAT(folder.warnings, ElementsAre(HasSubstr("no list_attr_celeba.txt")));
}

TEST_F(FaceFolderTest, CelebaWithoutItsAttributeFileHasAWarning) {
  AddThree();
  const FaceFolder folder = Read();
  EXPECT_EQ(folder.items.size(), 3u);
  EXPECT_THAT(folder.warnings, ElementsAre(HasSubstr("have no attributes")));
}

TEST_F(FaceFolderTest, ARowWithoutItsPictureIsLeftOutWithAWarning) {
  AddPictures({"000001.jpg", "000003.jpg"});
  AddTable(kAttributes);
  const FaceFolder folder = Read();
  EXPECT_THAT(Bits(folder), ElementsAre(5, 7));
  EXPECT_THAT(folder.warnings, ElementsAre(HasSubstr("1 row (000002.jpg)")));
}

TEST_F(FaceFolderTest, APictureWithoutItsRowIsLeftOutWithAWarning) {
  AddThree();
  AddPictures({"000004.jpg", "000005.jpg", "000006.jpg", "000007.jpg"});
  AddTable(kAttributes);
  const FaceFolder folder = Read();
  EXPECT_EQ(folder.items.size(), 3u);
  EXPECT_THAT(folder.warnings,
              ElementsAre(HasSubstr("4 pictures (000004.jpg, 000005.jpg, 000006.jpg, ...)")));
}

TEST_F(FaceFolderTest, APictureWithoutPartitionIsKept) {
  AddThree();
  AddTable(kAttributes);
  AddTable("000001.jpg 0\n", "list_eval_partition.txt");
  const FaceFolder folder = Read();
  EXPECT_EQ(folder.items[1].partition, -1);
  EXPECT_THAT(folder.warnings, ElementsAre(HasSubstr("2 pictures (000002.jpg, 000003.jpg)")));
}

TEST_F(FaceFolderTest, NamesThatNoIndexCanHoldAreLeftOut) {
  AddPictures({"good.jpg", "new\nline.jpg", "latin\xE9.jpg", "gr\xC3\xBC\xC3\x9F.jpg"}, "");
  const FaceFolder folder = Read();
  EXPECT_THAT(Files(folder), ElementsAre("good.jpg", "gr\xC3\xBC\xC3\x9F.jpg"));
  EXPECT_THAT(folder.warnings, testing::Contains(HasSubstr("2 pictures or folders were left out")));
}

TEST_F(FaceFolderTest, RefusesFoldersWithoutPictures) {
  EXPECT_THAT(Error(), HasSubstr("is empty"));
  WriteText(dir_ / "notes.txt", "x");
  EXPECT_THAT(Error(), HasSubstr("no picture was found"));
  AddTable(kAttributes);
  EXPECT_THAT(Error(), HasSubstr("no picture was found"));
  EXPECT_THAT(ReadFaceFolder(dir_ / "none").message(), HasSubstr("does not exist"));
  EXPECT_THAT(ReadFaceFolder(dir_ / "notes.txt").message(), HasSubstr("is a file"));
}

TEST_F(FaceFolderTest, RefusesClassesBeyondTheBound) {
  for (int i = 0; i < 64; ++i) AddPictures({"a.jpg"}, "class" + std::to_string(i) + "/");
  EXPECT_EQ(Read().attributes.size(), 64u);
  AddPictures({"a.jpg"}, "one more/");
  EXPECT_THAT(Error(), HasSubstr("more than 64 folders"));
}

TEST_F(FaceFolderTest, RefusesClassesThatAFilterCannotTellApart) {
  AddPictures({"a.jpg"}, "blond hair/");
  AddPictures({"a.jpg"}, "Blond_Hair/");
  EXPECT_THAT(Error(), HasSubstr("differ only in case"));
}

struct BadTable {
  std::string text;
  std::vector<std::string> words;
};

class BadAttributeFile : public testing::TestWithParam<BadTable> {};

TEST_P(BadAttributeFile, IsRefusedWithASentence) {
  TempDir dir;
  for (const char* name : {"000001.jpg", "000002.jpg"}) WriteText(dir / name, "");
  WriteText(dir / "list_attr_celeba.txt", GetParam().text);
  const Outcome<FaceFolder> folder = ReadFaceFolder(dir.path());
  ASSERT_FALSE(folder.ok());
  EXPECT_THAT(folder.message(), HasSubstr("list_attr_celeba.txt"));
  for (const std::string& word : GetParam().words) EXPECT_THAT(folder.message(), HasSubstr(word));
}

INSTANTIATE_TEST_SUITE_P(
    Files, BadAttributeFile,
    testing::ValuesIn(std::vector<BadTable>{
        {"", {"is empty"}},
        {"<!DOCTYPE html><html><title>Google Drive</title></html>", {"web page", "download"}},
        {"\n  <html>", {"web page"}},
        {std::string("2\nMale\n\0\0", 9), {"not a text file"}},
        {"Male Young\n000001.jpg 1 1\n", {"line 1", "the number of pictures", "\"Male Young\""}},
        {"2\n", {"line 1", "names of the attributes are missing"}},
        {"2\nMale Young\n", {"no rows"}},
        {"202599\nMale Young\n000001.jpg 1 1\n", {"says 202599", "1 rows", "truncated"}},
        {"1\nMale\n000001.jpg 1\n000002.jpg 1\n", {"says 1 pictures", "2 rows", "true number"}},
        {"2\nMale Young\n000001.jpg 1 1\n000002.jpg 1",
         {"line 4", "2 values", "found 1", "cut off"}},
        {"2\nMale Young\n000001.jpg 1 1\n000002.jpg 1 -", {"line 4", "Young", "\"-\""}},
        {"2\nMale Young\n000001.jpg 1\n000002.jpg 1 1\n", {"line 3", "found 1", "correct the row"}},
        {"2\nMale Young\n000001.jpg 1 1 1\n000002.jpg 1 1\n", {"line 3", "found 3"}},
        {"2\nMale Young\n000001.jpg 1 yes\n000002.jpg 1 1\n", {"line 3", "Young", "\"yes\""}},
        {"2\nMale Young\n000001.jpg 1 2\n000002.jpg 1 1\n", {"line 3", "\"2\""}},
        {"2\nMale male\n000001.jpg 1 1\n000002.jpg 1 1\n", {"line 2", "\"male\" stands twice"}},
        {"2\n1 -1\n000001.jpg 1 1\n", {"line 2", "found the number 1"}},
        {"2\nMale\n000001.jpg 1\n000001.jpg 1\n", {"000001.jpg has two rows"}},
        {"1\nMale\n000009.jpg 1\n", {"none of its 1 rows"}},
        {"image_id,Male\n000001.jpg,1\n000002.jpg", {"line 3", "cut off"}},
        {"image_id\n000001.jpg\n", {"line 1"}},
    }));

TEST_F(FaceFolderTest, RefusesMoreThan64Attributes) {
  AddThree();
  std::string names;
  for (int i = 0; i < 65; ++i) names += "name" + std::to_string(i) + " ";
  AddTable("1\n" + names + "\n");
  EXPECT_THAT(Error(), HasSubstr("65 attributes; at most 64"));
}

TEST_F(FaceFolderTest, RefusesBadNumbers) {
  AddThree();
  AddTable(kAttributes);
  AddTable("000001.jpg 0\n000002.jpg 3\n", "list_eval_partition.txt");
  EXPECT_THAT(Error(), HasSubstr("list_eval_partition.txt, line 2: expected a number from 0 to 2"));
  AddTable("000001.jpg 0\n000002.jp", "list_eval_partition.txt");
  EXPECT_THAT(Error(), HasSubstr("line 2: expected the name of a picture and a number"));
  AddTable("<html>", "list_eval_partition.txt");
  EXPECT_THAT(Error(), HasSubstr("web page"));
  AddTable("000001.jpg 0\n", "list_eval_partition.txt");
  AddTable("000001.jpg 99999999999\n", "identity_CelebA.txt");
  EXPECT_THAT(Error(), HasSubstr("identity_CelebA.txt, line 1"));
}

// The whole of CelebA: 202,599 rows of 40 attributes.
TEST_F(FaceFolderTest, ReadsAsManyRowsAsCelebaHas) {
  constexpr int kRows = 202599;
  std::string text = std::to_string(kRows) + "\n";
  for (int i = 0; i < 40; ++i) text += "Name" + std::to_string(i) + " ";
  text += "\n";
  char name[16];
  for (int row = 0; row < kRows; ++row) {
    std::snprintf(name, sizeof name, "%06d.jpg", row + 1);
    text += name;
    for (int i = 0; i < 40; ++i) text += (row >> (i % 17) & 1) != 0 ? "  1" : " -1";
    text += "\n";
  }
  AddTable(text);
  AddPictures({"000001.jpg", "202599.jpg"});
  const FaceFolder folder = Read();
  EXPECT_THAT(Files(folder), ElementsAre("000001.jpg", "202599.jpg"));
  EXPECT_EQ(folder.items[1].attributes & 0x1ffff, (kRows - 1u) & 0x1ffff);
}

// What awk, which shares nothing with the reader, counts in an attribute file.
int CountWithAwk(const std::string& file, const std::string& program) {
  const std::string command = "awk 'NR==2{for(i=1;i<=NF;++i)c[$i]=i+1} NR>2&&" + program +
                              "{++n} END{print n+0}' '" + file + "'";
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  int count = -1;
  if (pipe == nullptr || std::fscanf(pipe.get(), "%d", &count) != 1) return -1;
  return count;
}

TEST(CelebaSampleTest, FilterCountsEqualAwks) {
  const std::optional<std::string> sample = CelebaSample();
  if (!sample) GTEST_SKIP() << "no CelebA folder; name one in MAKEOVER_CELEBA";
  const Outcome<FaceFolder> folder = ReadFaceFolder(*sample);
  ASSERT_TRUE(folder.ok()) << folder.message();
  const struct {
    const char* expression;
    const char* awk;
  } cases[] = {
      {"*", "1"},
      {"attractive", "$c[\"Attractive\"]==1"},
      {"male=false", "$c[\"Male\"]==-1"},
      {"male & !blurry & !eyeglasses",
       "$c[\"Male\"]==1&&$c[\"Blurry\"]==-1&&$c[\"Eyeglasses\"]==-1"},
      {"attractive & !eyeglasses & (young | smiling)",
       "$c[\"Attractive\"]==1&&$c[\"Eyeglasses\"]==-1&&($c[\"Young\"]==1||$c[\"Smiling\"]==1)"},
      {"5 o clock shadow or not (blond hair and young)",
       "($c[\"5_o_Clock_Shadow\"]==1||!($c[\"Blond_Hair\"]==1&&$c[\"Young\"]==1))"},
  };
  for (const auto& [expression, awk] : cases) {
    const Outcome<Filter> filter = ParseFilter(expression, folder->attributes);
    ASSERT_TRUE(filter.ok()) << filter.message();
    const auto count =
        std::count_if(folder->items.begin(), folder->items.end(),
                      [&](const FaceItem& item) { return filter->Matches(item.attributes); });
    EXPECT_EQ(count, CountWithAwk(*sample + "/list_attr_celeba.txt", awk)) << expression;
  }
}

}  // namespace
}  // namespace makeover
