// A folder of a test's own, removed at its end.
#pragma once

#include <ftw.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace makeover::engine {

class Scratch {
 public:
  Scratch() {
    std::string name = testing::TempDir() + "/engine-XXXXXX";
    if (mkdtemp(name.data()) == nullptr) ADD_FAILURE() << "cannot make " << name;
    path_ = name;
  }
  // Not by std::filesystem, of which LibTorch 2.x may bring another version.
  ~Scratch() {
    const auto remove_one = [](const char* path, const struct stat* /*info*/, int /*kind*/,
                               struct FTW* /*place*/) { return std::remove(path); };
    constexpr int kDescriptors = 16;
    nftw(path_.c_str(), remove_one, kDescriptors, FTW_DEPTH | FTW_PHYS);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace makeover::engine
