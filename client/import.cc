#include "client/import.h"

#include <sys/stat.h>

#include <thread>

#include "absl/strings/str_cat.h"
#include "client/bounded_queue.h"
#include "client/follow.h"
#include "client/progress.h"
#include "client/shard_builder.h"
#include "client/transfer.h"
#include "client/units.h"
#include "proto/names.h"
#include "storage/file_io.h"
#include "storage/picture_bytes.h"
#include "storage/status_macros.h"
#include "storage/tar.h"

namespace makeover {
namespace {

using DatasetStub = v1::DatasetService::StubInterface;

constexpr size_t kShardsAhead = 1;
constexpr size_t kWarningsShown = 20;
constexpr uint32_t kQuarantinedShown = 20;

absl::StatusOr<FaceFolder> ReadFolder(const std::string& dir) {
  struct stat info {};
  if (stat(dir.c_str(), &info) != 0) {
    return absl::NotFoundError(
        absl::StrCat("There is no folder ", dir, ": give the path of a folder with pictures."));
  }
  Outcome<FaceFolder> folder = ReadFaceFolder(dir);
  if (!folder.ok()) return absl::FailedPreconditionError(folder.message());
  return *std::move(folder);
}

// Reads pictures and packs them, ahead of who takes the shards.
class Packer {
 public:
  explicit Packer(const FaceFolder& folder)
      : folder_(folder), shards_(kShardsAhead), thread_([this] { Run(); }) {}

  ~Packer() {
    shards_.Close();
    thread_.join();
  }

  std::optional<BuiltShard> Next() { return shards_.Pop(); }

  // REQUIRES: Next gave nothing.
  const std::vector<std::string>& left_out() const { return left_out_; }

 private:
  void Run() {
    for (const FaceItem& item : folder_.items) {
      const absl::StatusOr<std::string> bytes = Read(item);
      if (!bytes.ok()) {
        left_out_.push_back(std::string(bytes.status().message()));
        continue;
      }
      if (builder_.IsFullFor(item, bytes->size()) && !shards_.Push(builder_.Finish())) return;
      builder_.Add(item, *bytes);
    }
    if (!builder_.empty()) shards_.Push(builder_.Finish());
    shards_.Close();
  }

  absl::StatusOr<std::string> Read(const FaceItem& item) const {
    const std::string path = absl::StrCat(folder_.pictures, "/", item.file);
    if (!IsSafeTarName(item.file)) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, " is left out: its name cannot be kept."));
    }
    MK_ASSIGN_OR_RETURN(const int64_t size, FileSize(path));
    if (size > kPictureBytesMax) {
      return absl::InvalidArgumentError(absl::StrCat(
          path, " is left out: it has ", FormatSize(size), ", more than a picture may have."));
    }
    return ReadFile(path);
  }

  const FaceFolder& folder_;
  ShardBuilder builder_{ShardBounds{}};
  std::vector<std::string> left_out_;
  BoundedQueue<BuiltShard> shards_;
  std::thread thread_;  // last: uses the others
};

// One import in its course.
class Import {
 public:
  Import(Session& session, const ImportOptions& options, const FaceFolder& folder)
      : session_(session),
        options_(options),
        folder_(folder),
        line_(stderr, session.out.error_terminal(), false) {}

  absl::StatusOr<v1::Dataset> Run() {
    const Interrupt::Scope scope(session_.interrupt(), nullptr);
    MK_RETURN_IF_ERROR(Begin());
    Packer packer(folder_);
    while (std::optional<BuiltShard> shard = packer.Next()) {
      MK_RETURN_IF_ERROR(Store(*shard));
    }
    line_.Clear();
    Warn(packer.left_out());
    MK_RETURN_IF_ERROR(CheckCount());
    return Finish();
  }

  // The import found a dataset that was finished before.
  bool was_there() const { return dataset_.state() != v1::Dataset::IMPORTING; }

  void Warn(const std::vector<std::string>& sentences) {
    for (size_t i = 0; i < sentences.size() && i < kWarningsShown; ++i) {
      session_.out.Warn(sentences[i]);
    }
    if (sentences.size() > kWarningsShown) {
      session_.out.Warn(absl::StrCat("... and ", sentences.size() - kWarningsShown, " more."));
    }
  }

 private:
  absl::Status Begin() {
    v1::CreateDatasetRequest request;
    request.set_name(options_.name);
    request.set_owner(session_.Owner());
    for (const std::string& attribute : folder_.attributes) request.add_attributes(attribute);
    MK_ASSIGN_OR_RETURN(v1::CreateDatasetResponse created,
                        Call(session_.datasets(), &DatasetStub::CreateDataset, request));
    dataset_ = created.dataset();
    stored_.assign(created.stored_shards().begin(), created.stored_shards().end());
    if (!was_there() && !stored_.empty()) {
      session_.out.Note(absl::StrCat("Going on with the import that was broken off: ",
                                     Plural(static_cast<int64_t>(stored_.size()), "shard"),
                                     stored_.size() == 1 ? " is stored." : " are stored."));
    }
    return absl::OkStatus();
  }

  absl::Status Store(const BuiltShard& shard) {
    if (next_ < stored_.size()) {
      if (stored_[next_].digest() != shard.digest) return Different();
    } else if (was_there()) {
      return Different();
    } else {
      MK_RETURN_IF_ERROR(Send(shard));
    }
    ++next_;
    done_ += shard.items.size();
    Show(0);
    return absl::OkStatus();
  }

  absl::Status Send(const BuiltShard& shard) {
    const double files_per_byte =
        static_cast<double>(shard.items.size()) / static_cast<double>(shard.tar.size());
    MK_RETURN_IF_ERROR(UploadBytes(session_, shard.digest, shard.tar, [&](int64_t bytes) {
      Show(static_cast<double>(bytes) * files_per_byte);
    }));
    v1::AddShardRequest request;
    request.set_dataset(options_.name);
    request.set_shard(static_cast<uint32_t>(next_));
    request.mutable_blob()->set_digest(shard.digest);
    request.mutable_blob()->set_size(static_cast<int64_t>(shard.tar.size()));
    request.mutable_items()->Assign(shard.items.begin(), shard.items.end());
    return CallPatiently(session_, session_.datasets(), &DatasetStub::AddShard, request).status();
  }

  absl::Status CheckCount() const {
    if (next_ == 0) {
      return absl::FailedPreconditionError(
          absl::StrCat("Not one picture of ", folder_.pictures,
                       " could be read, see above; nothing is imported."));
    }
    return next_ < stored_.size() ? Different() : absl::OkStatus();
  }

  absl::Status Different() const {
    if (was_there()) {
      return absl::AlreadyExistsError(absl::StrCat(
          "There is a dataset ", options_.name, " of other pictures (",
          Plural(dataset_.items(), "picture"),
          "); import under another name, or delete it first with \"mkctl datasets delete ",
          options_.name, "\"."));
    }
    return absl::FailedPreconditionError(absl::StrCat(
        "The folder has changed since the import of ", options_.name, " was broken off: shard ",
        next_, " would differ. Delete the half one with \"mkctl datasets delete ", options_.name,
        "\" and import again."));
  }

  absl::StatusOr<v1::Dataset> Finish() {
    if (was_there()) return dataset_;
    v1::FinishImportRequest request;
    request.set_dataset(options_.name);
    request.set_shards(static_cast<uint32_t>(next_));
    return CallPatiently(session_, session_.datasets(), &DatasetStub::FinishImport, request);
  }

  void Show(double files_of_this_shard) {
    ProgressView view;
    view.label = "import " + options_.name;
    view.done = static_cast<double>(done_) + files_of_this_shard;
    view.total = static_cast<double>(folder_.items.size());
    view.unit = "files";
    rate_.Update(view.done, RateMeter::Clock::now());
    view.rate_per_second = rate_.per_second();
    view.eta_seconds = rate_.EtaSeconds(view.total);
    line_.Update(view);
  }

  Session& session_;
  const ImportOptions& options_;
  const FaceFolder& folder_;
  ProgressLine line_;
  RateMeter rate_;
  v1::Dataset dataset_;
  std::vector<v1::Blob> stored_;
  size_t next_ = 0;  // shard
  size_t done_ = 0;  // files
};

absl::Status ShowQuarantined(Session& session, const v1::Dataset& dataset) {
  if (dataset.quarantined() == 0) return absl::OkStatus();
  v1::ListQuarantinedRequest request;
  request.set_dataset(dataset.name());
  request.set_limit(kQuarantinedShown);
  MK_ASSIGN_OR_RETURN(const v1::ListQuarantinedResponse bad,
                      Call(session.datasets(), &DatasetStub::ListQuarantined, request));
  for (const auto& picture : bad.pictures()) {
    session.out.Warn(absl::StrCat(picture.name(), " is set aside: ", picture.reason()));
  }
  if (dataset.quarantined() > kQuarantinedShown) {
    session.out.Warn(absl::StrCat("... and ", dataset.quarantined() - kQuarantinedShown, " more."));
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::Dataset> GetDataset(Session& session, const std::string& name) {
  v1::GetDatasetRequest request;
  request.set_name(name);
  return Call(session.datasets(), &DatasetStub::GetDataset, request);
}

void EmitDataset(const Session& session, const v1::Dataset& dataset, bool was_there) {
  session.out.Emit(dataset, {dataset.name()}, [&](const Painter& painter, bool) {
    return absl::StrCat("Dataset ", dataset.name(), was_there ? " is there already: " : ": ",
                        Plural(dataset.items(), "picture"), ", ", dataset.attributes_size(),
                        " attributes, ", FormatSize(dataset.size()), ", ",
                        painter.State(v1::Dataset::State_Name(dataset.state())), ".\n");
  });
}

void HintTraining(const Session& session, const v1::Dataset& dataset) {
  std::string filter = dataset.attributes().empty() ? "EXPRESSION" : dataset.attributes(0);
  for (const std::string& attribute : dataset.attributes()) {
    if (attribute == "Smiling") filter = "smiling";
  }
  session.out.Hint(
      {{absl::StrCat("mkctl datasets show ", dataset.name()), "its attributes, counted"},
       {absl::StrCat("mkctl datasets preview ", dataset.name(), " --filter '", filter,
                     "' -o preview.png"),
        "a contact sheet"},
       {absl::StrCat("mkctl submit-train --dataset ", dataset.name(), " --filter '", filter,
                     "' --follow"),
        "train a model"}});
}

// Waits until the dataset is READY.
CommandResult FollowPreparation(Session& session, const v1::Dataset& imported, bool was_there) {
  if (imported.state() == v1::Dataset::PREPARING && imported.prepare_job() > 0) {
    MK_ASSIGN_OR_RETURN(const Followed followed,
                        FollowJob(session, imported.prepare_job(), FollowOptions{}));
    if (followed.detached || followed.job.state() != v1::Job::SUCCEEDED) {
      return EndOfFollowing(session, followed, false);
    }
  }
  MK_ASSIGN_OR_RETURN(const v1::Dataset dataset, GetDataset(session, imported.name()));
  MK_RETURN_IF_ERROR(ShowQuarantined(session, dataset));
  EmitDataset(session, dataset, was_there);
  HintTraining(session, dataset);
  return dataset.state() == v1::Dataset::READY ? ExitStatus::kDone : ExitStatus::kFailed;
}

}  // namespace

CommandResult ImportDataset(Session& session, const ImportOptions& options) {
  MK_RETURN_IF_ERROR(CheckName("dataset", options.name));
  MK_ASSIGN_OR_RETURN(const FaceFolder folder, ReadFolder(options.dir));
  absl::StatusOr<v1::Dataset> dataset;
  bool was_there = false;
  {
    Import import(session, options, folder);
    import.Warn(folder.warnings);
    dataset = import.Run();
    was_there = import.was_there();
  }
  if (absl::IsCancelled(dataset.status())) {
    session.out.Note("Stopped. The same command goes on where this one ended.");
    return ExitStatus::kInterrupted;
  }
  if (!dataset.ok()) return dataset.status();
  if (!options.detach) return FollowPreparation(session, *dataset, was_there);
  EmitDataset(session, *dataset, was_there);
  session.out.Hint(
      {{absl::StrCat("mkctl jobs watch ", dataset->prepare_job()), "follow the preparation"},
       {absl::StrCat("mkctl datasets show ", options.name), "is it READY?"}});
  return dataset->state() == v1::Dataset::PREPARING ? ExitStatus::kDetached : ExitStatus::kDone;
}

}  // namespace makeover
