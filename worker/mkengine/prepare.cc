#include <sys/resource.h>

#include "worker/mkengine/command.h"
#include "worker/mkengine/face_options.h"
#include "worker/mkengine/picture_sources.h"
#include "worker/mkengine/pictures.h"

namespace makeover {
namespace {

PictureList Source(const Arguments& arguments) {
  const bool dataset = arguments.Has("--index") && arguments.Has("--shards");
  if (dataset && arguments.operands().empty()) {
    return PicturesOf(ReadIndex(arguments.Text("--index")), arguments.Text("--shards"));
  }
  if (arguments.operands().size() != 1 || arguments.Has("--index") || arguments.Has("--shards")) {
    throw UsageError(
        "mkengine prepare needs a folder of pictures, or --index FILE with --shards DIR.");
  }
  return PicturesOf(OpenFolder(arguments.operands()[0]));
}

// A picture that decodes to more than its header says shall fail alone, not take the machine's
// memory.
void LimitMemory(int threads) {
  const rlim_t bytes_max = (rlim_t{4} << 30) + static_cast<rlim_t>(threads) * (rlim_t{1} << 30);
  const rlimit limit = {bytes_max, bytes_max};
  setrlimit(RLIMIT_DATA, &limit);
}

}  // namespace

CommandHelp PrepareHelp() {
  std::vector<Option> options = {{"--index", "FILE", "instead of DIR: the dataset's index"},
                                 {"--shards", "DIR", "with --index: the folder of its shards"},
                                 {"--out", "FILE", "the pixel cache to write (needed)"},
                                 {"--threads", "N", "default: as many as the processor has"}};
  for (const Option& option : FaceOptions()) options.push_back(option);
  return {"prepare",
          "Decodes a dataset once into a pixel cache for training",
          "DIR",
          options,
          {"mkengine prepare celeba --out celeba.pixels",
           "mkengine prepare --index d.index --shards shards --out d.pixels --events"},
          "A picture that cannot be decoded is left out and named with its reason.\n"};
}

int RunPrepare(const Arguments& arguments, const Surroundings& around) {
  RequirePictures();
  if (!arguments.Has("--out")) throw UsageError("mkengine prepare needs --out FILE.");
  const int threads = ThreadsOf(arguments);
  const FaceWindow window = FaceWindowOf(arguments);
  const PictureList pictures = Source(arguments);
  LimitMemory(threads);
  EmitStart("prepare", {"cpu", engine::Precision::kFp32, threads}, around);
  const Prepared prepared =
      PreparePixels(pictures, window, arguments.Text("--out"), threads, around);
  if (prepared.stopped) {
    around.events->Emit(Json::Object{{"event", "stopped"}});
    return kExitStopped;
  }
  around.events->Emit(Json::Object{
      {"event", "done"}, {"rows", prepared.rows}, {"quarantined", prepared.quarantined}});
  return kExitDone;
}

}  // namespace makeover
