#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

namespace makeover {

// A fresh folder that goes away with the object.
class TempDir {
 public:
  TempDir() {
    std::string pattern = (std::filesystem::temp_directory_path() / "mkstorage-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

inline void WriteText(const std::string& path, const std::string& text) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

inline std::string ReadText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// A folder of real CelebA faces, where there is one: $MAKEOVER_CELEBA, else
// ../shared/data/celeba-sample beside the sources.
inline std::optional<std::string> CelebaSample() {
  const char* named = std::getenv("MAKEOVER_CELEBA");
  const std::string path =
      named != nullptr ? named : MAKEOVER_SOURCE_DIR "/../shared/data/celeba-sample";
  if (!std::filesystem::exists(path + "/list_attr_celeba.txt")) return std::nullopt;
  return path;
}

}  // namespace makeover
