// OUT/manifest.jsonl: a line per input picture, and the memory of what is done.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "worker/engine/json.h"

namespace makeover {

// Not thread-safe.
class Manifest {
 public:
  // Reads what an earlier run left; damaged lines, such as the last of a killed run, are passed
  // over.
  explicit Manifest(std::string path);

  // Whether an earlier run converted this very input (by its size and time) with these settings,
  // and its output still has the size that it had then.
  bool IsDone(const std::string& file, const std::string& source, const std::string& output,
              const std::string& settings) const;

  // Whether an earlier run has written, or begun to write, this picture's output.
  bool Knows(const std::string& file) const { return lines_.count(file) > 0; }

  // Notes a picture, at once in the file; its last line counts.
  void Add(Json line);

  // Replaces the file by one line per picture, in the order of the names given; what else it held
  // is kept behind.
  void Finish(const std::vector<std::string>& files);

 private:
  std::string path_;
  std::map<std::string, Json> lines_;  // by file
};

// Size and time of change of a file as text; empty where there is none.
std::string StampOf(const std::string& path);

}  // namespace makeover
