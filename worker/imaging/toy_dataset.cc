#include "worker/imaging/toy_dataset.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <mutex>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <vector>

#include "worker/imaging/atomic_file.h"
#include "worker/imaging/codec.h"
#include "worker/imaging/toy_faces.h"
#include "worker/imaging/toy_random.h"

namespace makeover {
namespace {

constexpr int kCountMax = 999'999;  // six digits in a file's name
constexpr int kPicturesPerPerson = 8;
constexpr int kProgressEvery = 25;

struct Row {
  int identity = 0;  // from 1
  int partition = 0;
};

std::string FileName(int index) {
  char name[16];
  std::snprintf(name, sizeof(name), "%06d.jpg", index + 1);
  return name;
}

// Runs of 80, 10 and 10 %, as CelebA cuts its list; each partition has persons of its own, who come
// in no order.
std::vector<Row> PlanRows(int count, uint64_t seed) {
  const int ends[3] = {static_cast<int>(int64_t{count} * 8 / 10),
                       static_cast<int>(int64_t{count} * 9 / 10), count};
  std::vector<Row> rows;
  rows.reserve(static_cast<size_t>(count));
  int first_identity = 1;
  for (int partition = 0; partition < 3; ++partition) {
    const int size = ends[partition] - static_cast<int>(rows.size());
    const int persons = std::max(1, size / kPicturesPerPerson);
    for (int i = 0; i < size; ++i) {
      ToyRandom random(seed, 3, rows.size());
      rows.push_back({first_identity + random.Below(persons), partition});
    }
    first_identity += persons;
  }
  return rows;
}

ToyFace FaceOf(uint64_t seed, const Row& row, int index) {
  return MakeToyFace(seed, MakeToyPerson(seed, row.identity), index);
}

// Draws the pictures with several threads; the first exception stops all.
class Painter {
 public:
  Painter(std::string dir, const ToyDatasetOptions& options, const std::vector<Row>& rows,
          const ToyProgress& progress)
      : dir_(std::move(dir)), options_(options), rows_(rows), progress_(progress) {}

  // False where progress stopped it.
  bool Paint() {
    const int threads = std::clamp(options_.threads, 1, options_.count);
    {
      std::vector<std::jthread> helpers;
      for (int i = 1; i < threads; ++i) helpers.emplace_back([this] { Work(); });
      Work();
    }
    if (error_) std::rethrow_exception(error_);
    return !stopped_;
  }

 private:
  void Work() {
    try {
      for (int index = next_++; index < options_.count && !stopped_; index = next_++) {
        PaintOne(index);
        Report();
      }
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!error_) error_ = std::current_exception();
      stopped_ = true;
    }
  }

  void PaintOne(int index) {
    const ToyFace face = FaceOf(options_.seed, rows_[static_cast<size_t>(index)], index);
    const std::vector<uint8_t> bytes = EncodePicture(DrawToyFace(face), PictureFormat::kJpeg);
    const std::string problem = WriteFileAtomically(dir_ + "/" + FileName(index), bytes);
    if (!problem.empty()) throw std::runtime_error(problem);
  }

  void Report() {
    const std::lock_guard lock(mutex_);
    ++done_;
    if (!progress_ || (done_ % kProgressEvery != 0 && done_ != options_.count)) return;
    if (!progress_(done_, options_.count)) stopped_ = true;
  }

  const std::string dir_;
  const ToyDatasetOptions& options_;
  const std::vector<Row>& rows_;
  const ToyProgress& progress_;
  std::atomic<int> next_{0};
  std::atomic<bool> stopped_{false};
  std::mutex mutex_;
  int done_ = 0;              // under mutex_
  std::exception_ptr error_;  // under mutex_
};

// CelebA's form: the names end with a blank; a positive has two blanks before it, so that the
// columns stand in line.
std::string AttributeHead(int count) {
  std::string text = std::to_string(count) + "\n";
  for (const char* name : kToyAttributeNames) text += std::string(name) + " ";
  return text + "\n";
}

std::string AttributeRow(const std::string& name, ToyAttributes attributes) {
  std::string text = name;
  for (int i = 0; i < kToyAttributeCount; ++i) {
    text += attributes.has(static_cast<ToyAttribute>(i)) ? "  1" : " -1";
  }
  return text + "\n";
}

std::string LandmarkHead(int count) {
  return std::to_string(count) +
         "\nlefteye_x lefteye_y righteye_x righteye_y nose_x nose_y leftmouth_x leftmouth_y "
         "rightmouth_x rightmouth_y\n";
}

std::string LandmarkRow(const std::string& name, const ToyLandmarks& landmarks) {
  std::string text = name;
  for (const int value : landmarks) {
    char column[16];
    std::snprintf(column, sizeof(column), " %4d", value);
    text += column;
  }
  return text + "\n";
}

void WriteList(const std::string& path, const std::string& text) {
  const std::string problem = WriteFileAtomically(path, text);
  if (!problem.empty()) throw std::runtime_error(problem);
}

void WriteLists(const std::string& dir, uint64_t seed, const std::vector<Row>& rows) {
  const auto count = static_cast<int>(rows.size());
  std::string attributes = AttributeHead(count), landmarks = LandmarkHead(count);
  std::string partitions, identities;
  for (int i = 0; i < count; ++i) {
    const Row& row = rows[static_cast<size_t>(i)];
    const ToyFace face = FaceOf(seed, row, i);
    const std::string name = FileName(i);
    attributes += AttributeRow(name, face.attributes);
    landmarks += LandmarkRow(name, LandmarksOf(face));
    partitions += name + " " + std::to_string(row.partition) + "\n";
    identities += name + " " + std::to_string(row.identity) + "\n";
  }
  WriteList(dir + "/list_landmarks_align_celeba.txt", landmarks);
  WriteList(dir + "/list_eval_partition.txt", partitions);
  WriteList(dir + "/identity_CelebA.txt", identities);
  WriteList(dir + "/list_attr_celeba.txt", attributes);
}

}  // namespace

bool WriteToyDataset(const std::string& dir, const ToyDatasetOptions& options,
                     const ToyProgress& progress) {
  if (options.count < 1 || options.count > kCountMax) {
    throw std::runtime_error("the number of pictures must lie between 1 and " +
                             std::to_string(kCountMax));
  }
  const std::string pictures = dir + "/img_align_celeba";
  std::error_code error;
  std::filesystem::create_directories(pictures, error);
  if (error) {
    throw std::runtime_error("cannot make the folder " + pictures + ": " + error.message() +
                             "; choose one that can be written");
  }
  const std::vector<Row> rows = PlanRows(options.count, options.seed);
  if (!Painter(pictures, options, rows, progress).Paint()) return false;
  WriteLists(dir, options.seed, rows);
  return true;
}

}  // namespace makeover
