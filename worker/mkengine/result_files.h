// Pictures that get their names together: to put each on disk by itself takes as long as converting
// it.
#pragma once

#include <string>
#include <vector>

namespace makeover {

// Not thread-safe. What was not settled is gone with the object.
class ResultFiles {
 public:
  ResultFiles() = default;
  ~ResultFiles();
  ResultFiles(const ResultFiles&) = delete;
  ResultFiles& operator=(const ResultFiles&) = delete;

  // Writes to `path` + ".part". Returns the empty string, or a sentence that says why not; then
  // nothing is left behind.
  std::string Write(const std::string& path, const std::string& bytes);

  // Puts all that was written on disk, gives them their names, and puts their folders on disk.
  // For each in the order of Write the empty string, or a sentence that says why it is not there.
  std::vector<std::string> Settle();

 private:
  std::vector<std::string> paths_;  // written, not named yet
};

}  // namespace makeover
