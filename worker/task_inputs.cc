#include "worker/task_inputs.h"

#include <fcntl.h>

#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "storage/atomic_file.h"
#include "storage/file_io.h"
#include "storage/status_macros.h"
#include "worker/local_attempt.h"

namespace makeover {
namespace {

constexpr size_t kIndexHeadBytesMax = 4 << 20;  // Holds the names of 40,000 shards.

absl::Status Link(const std::string& target, const std::string& link) {
  std::error_code error;
  std::filesystem::remove(link, error);
  std::filesystem::create_symlink(std::filesystem::absolute(target), link, error);
  return error ? ErrnoStatus(error.value(), absl::StrCat("linking ", link)) : absl::OkStatus();
}

// Another dataset, size or window: another cache.
std::string PixelKey(const v1::DatasetContent& dataset, const FaceWindow& window) {
  return absl::StrCat(dataset.digest(), "-", FaceWindowKey(window));
}

// One task's inputs in the making.
class Inputs {
 public:
  Inputs(const WorkFolder& folder, Cache& cache, const FetchBlob& fetch)
      : folder_(folder), cache_(cache), fetch_(fetch) {}

  absl::Status Blob(const v1::Blob& blob, const std::string& link) {
    MK_ASSIGN_OR_RETURN(Cache::Pin pin, fetch_(blob));
    MK_RETURN_IF_ERROR(Link(pin.path(), link));
    result_.pins.push_back(std::move(pin));
    return absl::OkStatus();
  }

  absl::Status Dataset(const v1::DatasetContent& dataset) {
    MK_RETURN_IF_ERROR(Blob(dataset.index(), folder_.index()));
    MK_ASSIGN_OR_RETURN(const std::vector<std::string> names, ShardNames());
    if (names.size() != static_cast<size_t>(dataset.shards_size())) {
      return absl::DataLossError(absl::StrCat("the dataset's index names ", names.size(),
                                              " shards, but it has ", dataset.shards_size()));
    }
    MK_RETURN_IF_ERROR(MakeFolders(folder_.shards()));
    for (int i = 0; i < dataset.shards_size(); ++i) {
      MK_RETURN_IF_ERROR(Blob(dataset.shards(i), folder_.shards() + "/" + names[i]));
    }
    return absl::OkStatus();
  }

  absl::Status Train(const v1::TrainWork& work, const FaceWindow& window) {
    MK_RETURN_IF_ERROR(Blob(work.spec().source_rows(), folder_.source_rows()));
    MK_RETURN_IF_ERROR(Blob(work.spec().target_rows(), folder_.target_rows()));
    const v1::Blob& checkpoint =
        work.checkpoint().digest().empty() ? work.spec().resume_from() : work.checkpoint();
    if (!checkpoint.digest().empty()) {
      MK_RETURN_IF_ERROR(Blob(checkpoint, folder_.checkpoint()));
    }
    MK_RETURN_IF_ERROR(Blob(work.dataset().index(), folder_.index()));
    return Pixels(work.dataset(), window);
  }

  absl::Status Evaluate(const v1::EvaluateWork& work, const FaceWindow& window) {
    MK_RETURN_IF_ERROR(Blob(work.spec().checkpoint(), folder_.checkpoint()));
    MK_RETURN_IF_ERROR(Blob(work.dataset().index(), folder_.index()));
    return Pixels(work.dataset(), window);
  }

  absl::Status Preview(const v1::PreviewWork& work) {
    std::string rows;
    for (const uint32_t row : work.spec().rows()) absl::StrAppend(&rows, row, "\n");
    MK_RETURN_IF_ERROR(WriteFileAtomically(folder_.rows(), rows));
    return Dataset(work.dataset());
  }

  absl::Status Convert(const v1::ConvertWork& work) {
    MK_RETURN_IF_ERROR(Blob(work.spec().checkpoint(), folder_.checkpoint()));
    return Blob(work.input(), folder_.input());
  }

  TaskInputs Take() { return std::move(result_); }

 private:
  // The dataset's pixel cache, or what it is made from.
  absl::Status Pixels(const v1::DatasetContent& dataset, const FaceWindow& window) {
    auto pixels = cache_.FindPixels(PixelKey(dataset, window));
    if (!pixels.has_value()) return Dataset(dataset);
    MK_RETURN_IF_ERROR(Link(pixels->path(), folder_.pixels()));
    result_.pins.push_back(*std::move(pixels));
    result_.pixels_ready = true;
    return absl::OkStatus();
  }

  // The first line of the index tells how many names follow (worker/ENGINE.md).
  absl::StatusOr<std::vector<std::string>> ShardNames() {
    const absl::Status bad = absl::DataLossError("the dataset's index cannot be read");
    MK_ASSIGN_OR_RETURN(const FileDescriptor file, OpenFile(folder_.index(), O_RDONLY));
    std::string head;
    MK_RETURN_IF_ERROR(ReadAt(file.get(), 0, kIndexHeadBytesMax, folder_.index(), &head));
    const std::vector<std::string> lines = absl::StrSplit(head, '\n');
    const std::vector<std::string> first = absl::StrSplit(lines[0], ' ');
    size_t count = 0;
    if (first.size() < 4 || first[0] != "makeover-index" || !absl::SimpleAtoi(first[3], &count) ||
        count + 1 > lines.size()) {
      return bad;
    }
    std::vector<std::string> names(lines.begin() + 1, lines.begin() + 1 + count);
    for (const std::string& name : names) {
      if (name.empty() || name[0] == '.' || absl::StrContains(name, "/")) return bad;
    }
    return names;
  }

  const WorkFolder& folder_;
  Cache& cache_;
  const FetchBlob& fetch_;
  TaskInputs result_;
};

}  // namespace

FaceWindow PixelWindow(const v1::TaskSpec& spec) {
  const auto& settings = spec.has_evaluate() ? spec.evaluate().spec().train().settings()
                                             : spec.train().spec().settings();
  const Outcome<FaceWindow> window = FaceWindowOf({settings.begin(), settings.end()});
  return window.ok() ? *window : FaceWindow();
}

absl::StatusOr<TaskInputs> PrepareInputs(const v1::TaskSpec& spec, const WorkFolder& folder,
                                         Cache& cache, const FetchBlob& fetch) {
  MK_RETURN_IF_ERROR(MakeFolders(folder.dir()));
  Inputs inputs(folder, cache, fetch);
  switch (spec.work_case()) {
    case v1::TaskSpec::kPrepare:
      MK_RETURN_IF_ERROR(inputs.Dataset(spec.prepare().dataset()));
      break;
    case v1::TaskSpec::kTrain:
      MK_RETURN_IF_ERROR(inputs.Train(spec.train(), PixelWindow(spec)));
      break;
    case v1::TaskSpec::kConvert:
      MK_RETURN_IF_ERROR(inputs.Convert(spec.convert()));
      break;
    case v1::TaskSpec::kEvaluate:
      MK_RETURN_IF_ERROR(inputs.Evaluate(spec.evaluate(), PixelWindow(spec)));
      break;
    case v1::TaskSpec::kPreview:
      MK_RETURN_IF_ERROR(inputs.Preview(spec.preview()));
      break;
    case v1::TaskSpec::WORK_NOT_SET:
      return absl::UnimplementedError(
          "this worker does not know such tasks: update mkworker to the coordinator's version");
  }
  return inputs.Take();
}

absl::StatusOr<Cache::Pin> KeepPixelCache(const v1::TaskSpec& spec, const WorkFolder& folder,
                                          Cache& cache) {
  const v1::DatasetContent& dataset = spec.has_train()      ? spec.train().dataset()
                                      : spec.has_evaluate() ? spec.evaluate().dataset()
                                                            : spec.prepare().dataset();
  MK_ASSIGN_OR_RETURN(Cache::Pin pin,
                      cache.KeepPixels(PixelKey(dataset, PixelWindow(spec)), folder.new_pixels()));
  MK_RETURN_IF_ERROR(Link(pin.path(), folder.pixels()));
  return pin;
}

v1::Failure TransferFailure(const absl::Status& status) {
  const std::string message(status.message());
  switch (status.code()) {
    case absl::StatusCode::kResourceExhausted:
      return MakeFailure(v1::Failure::STORAGE, "DISK_FULL", message,
                         "Free some space; the task goes on by itself.");
    case absl::StatusCode::kOutOfRange:
      return MakeFailure(v1::Failure::STORAGE, "CACHE_FULL", message,
                         "Start mkworker with a larger --cache-bytes.");
    case absl::StatusCode::kNotFound:
      return MakeFailure(v1::Failure::TASK, "BLOB_MISSING", message,
                         "`mkctl admin verify` tells what else is missing.");
    case absl::StatusCode::kDataLoss:
      return MakeFailure(v1::Failure::TASK, "BLOB_SPOILED", message,
                         "`mkctl admin verify` tells what else is spoiled.");
    default:
      return MakeFailure(v1::Failure::WORKER, "TRANSFER_FAILED", message,
                         "Look at this worker's log and network.");
  }
}

}  // namespace makeover
