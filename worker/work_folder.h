#pragma once

#include <string>

#include "worker/lease_id.h"

namespace makeover {

// The folder of one attempt, DATA_DIR/work/JOB-TASK-ATTEMPT: what its child reads and writes. It
// is gone when the attempt is, and what a killed daemon left is removed when the next one starts.
class WorkFolder {
 public:
  // `work_dir`: DATA_DIR/work.
  WorkFolder(const std::string& work_dir, const LeaseId& lease)
      : dir_(work_dir + "/" + ToString(lease)) {}

  const std::string& dir() const { return dir_; }
  std::string In(const std::string& name) const { return dir_ + "/" + name; }

  // Links into the cache, but for those that `mkengine prepare` writes.
  std::string index() const { return In("dataset.index"); }
  std::string shards() const { return In("shards"); }
  std::string pixels() const { return In("dataset.pixels"); }
  std::string new_pixels() const { return In("new.pixels"); }
  std::string source_rows() const { return In("source.rows"); }
  std::string target_rows() const { return In("target.rows"); }
  std::string rows() const { return In("preview.rows"); }
  std::string checkpoint() const { return In("checkpoint.safetensors"); }
  std::string input() const { return In("input.tar"); }
  // Written by the child.
  std::string output() const { return In("output.tar"); }
  std::string train_out() const { return In("train"); }
  // Its stderr.
  std::string log() const { return In("engine.log"); }

 private:
  std::string dir_;
};

}  // namespace makeover
