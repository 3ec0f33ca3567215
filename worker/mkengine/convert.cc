#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <utility>

#include "storage/picture_bytes.h"
#include "storage/picture_listing.h"
#include "worker/engine/error.h"
#include "worker/engine/file.h"
#include "worker/mkengine/command.h"
#include "worker/mkengine/converter.h"
#include "worker/mkengine/face_geometry.h"
#include "worker/mkengine/face_options.h"
#include "worker/mkengine/manifest.h"
#include "worker/mkengine/progress.h"
#include "worker/mkengine/requests.h"
#include "worker/mkengine/result_files.h"

namespace makeover {
namespace {

namespace fs = std::filesystem;
using engine::EngineError;
using engine::ErrorClass;

// A picture to convert: where it is, and its name under OUT.
struct Job {
  std::string source;
  std::string file;
};

[[noreturn]] void Refuse(const std::string& code, const std::string& message,
                         const std::string& advice) {
  throw EngineError(ErrorClass::kUser, code, message, advice);
}

// Without links, "." and ".."; empty where there is nothing.
std::string RealPath(const std::string& path) {
  const std::unique_ptr<char, void (*)(void*)> real(realpath(path.c_str(), nullptr), std::free);
  return real == nullptr ? "" : real.get();
}

bool IsIn(const std::string& path, const std::string& folder) {
  return path == folder || path.rfind(folder + "/", 0) == 0;
}

// Takes out what lies in OUT: results are no sources.
void LeaveOutResults(const std::string& dir, const std::string& out,
                     std::vector<std::string>* files) {
  const std::string results = RealPath(out);
  if (results.empty() || IsIn(RealPath(dir), results)) return;
  std::map<std::string, bool> known;  // by folder
  const auto is_result = [&](const std::string& file) {
    const std::string folder = dir + "/" + file.substr(0, file.rfind('/') + 1);
    const auto [found, is_new] = known.emplace(folder, false);
    if (is_new) found->second = IsIn(RealPath(folder), results);
    return found->second;
  };
  files->erase(std::remove_if(files->begin(), files->end(), is_result), files->end());
}

// In the order of their names.
void ListPictures(const std::string& dir, bool recursive, const std::string& out,
                  std::vector<Job>* jobs) {
  constexpr int kFoldersInFolders = 16;  // enough for anyone, and an end for links that lead back
  Outcome<Listing> found = ListTree(dir, recursive ? kFoldersInFolders : 0);
  if (!found.ok())
    Refuse("unreadable_folder", "The pictures cannot be listed: " + found.message() + ".", "");
  if (!found->unusable.empty()) {
    std::fprintf(stderr, "mkengine: %zu in %s left out: their names are not UTF-8; rename them\n",
                 found->unusable.size(), dir.c_str());
  }
  LeaveOutResults(dir, out, &found->pictures);
  std::sort(found->pictures.begin(), found->pictures.end());
  for (const std::string& file : found->pictures) jobs->push_back({dir + "/" + file, file});
}

std::vector<Job> ListJobs(const std::vector<std::string>& paths, bool recursive,
                          const std::string& out) {
  std::vector<Job> jobs;
  for (const std::string& path : paths) {
    if (!fs::exists(path))
      Refuse("no_such_path", "There is no " + path + ".", "Give files or folders of pictures.");
    if (!fs::is_directory(path)) {
      jobs.push_back({path, fs::path(path).filename().string()});
    } else {
      ListPictures(path, recursive, out, &jobs);
    }
  }
  if (jobs.empty())
    Refuse("no_pictures", "There is no picture to convert.",
           "Try --recursive for folders in folders.");
  std::set<std::string> names;
  for (const Job& job : jobs) {
    if (!names.insert(job.file).second) {
      Refuse("same_name", "Two pictures would both become " + job.file + ".",
             "Convert them into folders of their own.");
    }
  }
  return jobs;
}

std::string OutOf(const Arguments& arguments) {
  if (arguments.Has("--out")) return arguments.Text("--out");
  if (arguments.operands().size() != 1)
    throw UsageError("mkengine convert needs --out DIR for more than one PATH.");
  std::string path = arguments.operands()[0];
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path + "-makeover";
}

struct Counts {
  int64_t converted = 0;
  int64_t failed = 0;
  int64_t skipped = 0;
};

// By hand: files and folders into a folder.
class FolderConversion {
 public:
  FolderConversion(std::vector<Job> jobs, std::string out, std::string settings,
                   const Surroundings& around)
      : jobs_(std::move(jobs)),
        out_(std::move(out)),
        settings_(std::move(settings)),
        around_(around),
        manifest_((engine::MakeFolder(out_), out_ + "/manifest.jsonl")),
        progress_("files", static_cast<int64_t>(jobs_.size()), around) {
    for (size_t i = 0; i < jobs_.size(); ++i) RequireReplaceable(i);
    for (size_t i = 0; i < jobs_.size(); ++i) {
      if (manifest_.IsDone(jobs_[i].file, jobs_[i].source, Output(i), settings_)) {
        Skip(jobs_[i].file);
      } else {
        todo_.push_back(i);
      }
    }
  }

  ConvertInput Input() const {
    return {static_cast<int64_t>(todo_.size()), [this](int64_t i) { return At(i).file; },
            [this](int64_t i) { return engine::ReadFile(At(i).source, kPictureBytesMax); }};
  }

  // For each picture, on the thread that calls ConvertPictures.
  void Finished(Converted picture) {
    const size_t job = todo_[static_cast<size_t>(picture.index)];
    const auto bytes = static_cast<int64_t>(picture.bytes.size());
    if (picture.reason.empty()) {
      // After a kill in between, the output is known to be ours.
      if (!manifest_.Knows(jobs_[job].file))
        manifest_.Add(Line(job, picture, "it was interrupted"));
      picture.reason = Write(Output(job), picture.bytes);
    }
    picture.bytes.clear();
    written_.push_back({job, bytes, std::move(picture)});
    if (written_.size() >= kTogetherMax || around_.seconds() - settled_ >= kTogetherSeconds)
      Settle();
  }

  Counts Finish() {
    Settle();
    std::vector<std::string> files;
    for (const Job& job : jobs_) files.push_back(job.file);
    manifest_.Finish(files);
    return counts_;
  }

 private:
  // So many results, or those of so long, get their names together.
  static constexpr size_t kTogetherMax = 64;
  static constexpr double kTogetherSeconds = 1;

  struct Written {
    size_t job;
    int64_t bytes;
    Converted picture;  // without its bytes
  };

  void Settle() {
    const std::vector<std::string> reasons = results_.Settle();
    size_t result = 0;
    for (Written& one : written_) {
      if (one.picture.reason.empty()) one.picture.reason = reasons[result++];
      Record(one);
    }
    written_.clear();
    settled_ = around_.seconds();
  }

  void Record(const Written& written) {
    const std::string& reason = written.picture.reason;
    ++(reason.empty() ? counts_.converted : counts_.failed);
    Json line = Line(written.job, written.picture, reason);
    EmitFile(line);
    if (reason.empty()) {
      line.Set("bytes", written.bytes);
      line.Set("source", StampOf(jobs_[written.job].source));
      line.Set("settings", settings_);
    }
    manifest_.Add(std::move(line));
    progress_.Report(counts_.converted + counts_.failed + counts_.skipped);
  }

  const Job& At(int64_t i) const { return jobs_[todo_[static_cast<size_t>(i)]]; }
  std::string Output(size_t job) const { return out_ + "/" + jobs_[job].file; }

  // A result replaces only what an earlier conversion has made, and never a source.
  void RequireReplaceable(size_t job) const {
    std::error_code error;
    if (!fs::exists(fs::symlink_status(Output(job), error))) return;
    const bool is_source = fs::equivalent(Output(job), jobs_[job].source, error);
    if (!is_source && manifest_.Knows(jobs_[job].file)) return;
    Refuse("would_replace",
           "The result of " + jobs_[job].source + " would replace " + Output(job) + ", which " +
               (is_source ? "is that picture itself." : "no conversion has made."),
           "Choose another folder with --out.");
  }

  Json Line(size_t job, const Converted& picture, const std::string& reason) const {
    return Json::Object{{"file", jobs_[job].file},
                        {"status", reason.empty() ? "converted" : "failed"},
                        {"reason", reason},
                        {"faces", picture.faces},
                        {"seconds", picture.seconds}};
  }

  std::string Write(const std::string& path, const std::string& bytes) {
    engine::MakeFolder(fs::path(path).parent_path().string());
    return results_.Write(path, bytes);
  }

  void Skip(const std::string& file) {
    ++counts_.skipped;
    EmitFile(Json::Object{{"file", file},
                          {"status", "skipped"},
                          {"reason", "it is done already"},
                          {"faces", 0},
                          {"seconds", 0.0}});
  }

  void EmitFile(const Json& line) const {
    Json event = Json::Object{{"event", "file"}};
    for (const auto& [key, value] : line.AsObject()) event.Set(key, value);
    around_.events->Emit(event);
  }

  const std::vector<Job> jobs_;
  const std::string out_;
  const std::string settings_;  // what a finished picture was made with
  const Surroundings& around_;
  Manifest manifest_;
  Progress progress_;
  std::vector<size_t> todo_;
  ResultFiles results_;
  std::vector<Written> written_;  // wait for their names, but for those that failed
  double settled_ = 0;            // when, by the monotonic clock
  Counts counts_;
};

int ConvertFolder(const Arguments& arguments, const ConvertOptions& options,
                  engine::FaceNetwork* network, Pool* pool, const Surroundings& around) {
  const std::string model = arguments.Text("--model");
  std::string settings = model + "@" + std::to_string(network->step()) + " of " + StampOf(model) +
                         " strength " + Json(options.strength).Write();
  if (arguments.Has("--window")) settings += " window " + arguments.Text("--window");
  const std::string out = OutOf(arguments);
  FolderConversion conversion(ListJobs(arguments.operands(), arguments.Has("--recursive"), out),
                              out, settings, around);
  ConvertPictures(conversion.Input(), options, network, pool,
                  [&](Converted picture) { conversion.Finished(std::move(picture)); });
  const Counts counts = conversion.Finish();
  if (around.stop()) {
    around.events->Emit(Json::Object{{"event", "stopped"}});
    return kExitStopped;
  }
  around.events->Emit(Json::Object{{"event", "done"},
                                   {"converted", counts.converted},
                                   {"failed", counts.failed},
                                   {"skipped", counts.skipped}});
  return counts.failed > 0 ? kExitFailed : kExitDone;
}

}  // namespace

int RunConvert(const Arguments& arguments, const Surroundings& around) {
  if (!arguments.Has("--model")) throw UsageError("mkengine convert needs --model FILE.");
  if (arguments.Has("--requests") != arguments.operands().empty()) {
    throw UsageError("mkengine convert needs PATH..., or --requests and no path.");
  }
  static_cast<void>(arguments.Choice("--align", "none", {"none"}));
  ConvertOptions options = {
      arguments.Number("--strength", 1, 0, 1), {}, around.seconds, around.stop};
  const auto batch_size = static_cast<int>(arguments.Integer("--batch-size", 0, 1, 4096));
  const engine::Compute compute = ComputeOf(arguments);
  engine::FaceNetwork network(
      arguments.Text("--model"), compute,
      batch_size > 0 ? std::vector<int>{batch_size} : engine::FaceNetwork::BatchSizesFor(compute),
      around.seconds);
  const FaceWindow window = FaceWindowOfModel(arguments, network.config());
  options.geometry = GeometryOf(window);
  EmitStart("convert", compute, around);
  Pool pool(compute.threads);
  if (arguments.Has("--requests"))
    return ServeRequests(STDIN_FILENO, options, &network, &pool, around);
  return ConvertFolder(arguments, options, &network, &pool, around);
}

}  // namespace makeover
