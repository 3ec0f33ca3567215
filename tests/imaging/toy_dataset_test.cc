#include "worker/imaging/toy_dataset.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <vector>

#include "worker/imaging/codec.h"
#include "worker/imaging/toy_attributes.h"

namespace makeover {
namespace {

namespace fs = std::filesystem;

std::string Content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> Lines(const fs::path& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

// Every file under the folder: its name and what is in it.
std::map<std::string, std::string> Contents(const fs::path& dir) {
  std::map<std::string, std::string> contents;
  for (const auto& entry : fs::recursive_directory_iterator(dir)) {
    if (entry.is_regular_file()) contents[fs::relative(entry, dir)] = Content(entry);
  }
  return contents;
}

class ToyDataset : public testing::Test {
 protected:
  void SetUp() override {
    dir_ = testing::TempDir() + "/toy_" +
           testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(dir_);
  }
  void TearDown() override { fs::remove_all(dir_); }

  fs::path dir_;
};

TEST_F(ToyDataset, HasCelebAsLayout) {
  ASSERT_TRUE(WriteToyDataset(dir_, {.count = 40, .seed = 1}));
  const std::vector<std::string> lines = Lines(dir_ / "list_attr_celeba.txt");
  ASSERT_EQ(lines.size(), 42U);
  EXPECT_EQ(lines[0], "40");
  EXPECT_EQ(lines[1].substr(0, 34), "5_o_Clock_Shadow Arched_Eyebrows A");
  EXPECT_EQ(lines[1].substr(lines[1].size() - 7), " Young ");
  for (size_t i = 2; i < lines.size(); ++i) {
    ASSERT_EQ(lines[i].size(), 10 + 40 * 3U) << lines[i];
    std::istringstream words(lines[i]);
    std::string name, value;
    words >> name;
    int values = 0;
    for (; words >> value; ++values) ASSERT_TRUE(value == "1" || value == "-1");
    EXPECT_EQ(values, kToyAttributeCount);
    const Picture picture = ReadPicture(dir_ / "img_align_celeba" / name);
    EXPECT_EQ(picture.width, 178);
    EXPECT_EQ(picture.height, 218);
  }
  EXPECT_EQ(lines[2].substr(0, 10), "000001.jpg");
  EXPECT_EQ(Contents(dir_).size(), 44U) << "no temporary file is left";
  const std::vector<std::string> landmarks = Lines(dir_ / "list_landmarks_align_celeba.txt");
  ASSERT_EQ(landmarks.size(), 42U);
  EXPECT_EQ(landmarks[1].substr(0, 21), "lefteye_x lefteye_y r");
}

TEST_F(ToyDataset, PartitionsShareNoIdentity) {
  ASSERT_TRUE(WriteToyDataset(dir_, {.count = 200, .seed = 3}));
  std::map<std::string, int> partition_of;
  std::map<int, int> sizes;
  for (const std::string& line : Lines(dir_ / "list_eval_partition.txt")) {
    const int partition = std::stoi(line.substr(11));
    partition_of[line.substr(0, 10)] = partition;
    ++sizes[partition];
  }
  EXPECT_EQ(sizes, (std::map<int, int>{{0, 160}, {1, 20}, {2, 20}}));
  std::map<int, std::set<int>> partitions_of_person;
  std::map<int, int> pictures;
  for (const std::string& line : Lines(dir_ / "identity_CelebA.txt")) {
    const int identity = std::stoi(line.substr(11));
    partitions_of_person[identity].insert(partition_of.at(line.substr(0, 10)));
    ++pictures[identity];
  }
  int several = 0;
  for (const auto& [identity, partitions] : partitions_of_person) {
    EXPECT_EQ(partitions.size(), 1U) << identity;
    several += pictures[identity] > 1 ? 1 : 0;
  }
  EXPECT_GT(several, 15);
}

TEST_F(ToyDataset, SameSeedSameBytesWithAnyNumberOfThreads) {
  ASSERT_TRUE(WriteToyDataset(dir_ / "a", {.count = 30, .seed = 5, .threads = 1}));
  ASSERT_TRUE(WriteToyDataset(dir_ / "b", {.count = 30, .seed = 5, .threads = 4}));
  ASSERT_TRUE(WriteToyDataset(dir_ / "c", {.count = 30, .seed = 6, .threads = 1}));
  EXPECT_EQ(Contents(dir_ / "a"), Contents(dir_ / "b"));
  EXPECT_NE(Content(dir_ / "a/img_align_celeba/000001.jpg"),
            Content(dir_ / "c/img_align_celeba/000001.jpg"));
}

TEST_F(ToyDataset, ProgressCountsAndCanStop) {
  std::vector<int> seen;
  ASSERT_TRUE(
      WriteToyDataset(dir_ / "a", {.count = 60, .seed = 1, .threads = 2}, [&](int done, int total) {
        seen.push_back(done);
        return total == 60;
      }));
  EXPECT_EQ(seen, (std::vector<int>{25, 50, 60}));
  EXPECT_FALSE(WriteToyDataset(dir_ / "b", {.count = 60, .seed = 1, .threads = 2},
                               [](int, int) { return false; }));
  EXPECT_FALSE(fs::exists(dir_ / "b/list_attr_celeba.txt"));
}

std::string Refusal(const fs::path& dir, int count) {
  try {
    WriteToyDataset(dir, {.count = count, .seed = 1});
    return "";
  } catch (const std::runtime_error& error) {
    return error.what();
  }
}

TEST_F(ToyDataset, SaysWhatIsWrong) {
  EXPECT_NE(Refusal(dir_, 0).find("between 1 and 999999"), std::string::npos);
  fs::create_directories(dir_);
  std::ofstream(dir_ / "file") << "x";
  EXPECT_NE(Refusal(dir_ / "file", 1).find("cannot make the folder"), std::string::npos);
}

TEST_F(ToyDataset, FullDiskIsSaid) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  fs::create_directories(dir_ / "img_align_celeba");
  fs::create_symlink("/dev/full", dir_ / "img_align_celeba/000001.jpg.part");
  const std::string reason = Refusal(dir_, 1);
  EXPECT_NE(reason.find("No space left"), std::string::npos) << reason;
  EXPECT_FALSE(fs::exists(dir_ / "img_align_celeba/000001.jpg"));
  EXPECT_FALSE(fs::exists(dir_ / "list_attr_celeba.txt"));
}

}  // namespace
}  // namespace makeover
