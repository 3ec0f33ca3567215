#include "worker/mkengine/requests.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>
#include <vector>

#include "storage/tar.h"
#include "worker/engine/error.h"
#include "worker/engine/file.h"
#include "worker/mkengine/progress.h"

namespace makeover {
namespace {

using engine::EngineError;
using engine::ErrorClass;

// Lines of a pipe. A signal ends the wait for one.
class LineReader {
 public:
  explicit LineReader(int fd) : fd_(fd) {}

  // False at the end of the input, or where `stop` says so.
  bool Next(const std::function<bool()>& stop, std::string* line) {
    while (true) {
      const size_t end = buffer_.find('\n');
      if (end != std::string::npos) {
        *line = buffer_.substr(0, end);
        buffer_.erase(0, end + 1);
        return true;
      }
      if (stop() || !Fill(stop)) return false;
    }
  }

 private:
  bool Fill(const std::function<bool()>& stop) {
    // A signal between the question and the wait would be missed without the time limit.
    constexpr int kWaitMs = 200;
    pollfd waiting = {fd_, POLLIN, 0};
    const int ready = poll(&waiting, 1, kWaitMs);
    if (ready <= 0) return !stop();
    char bytes[4096];
    const ssize_t n = read(fd_, bytes, sizeof bytes);
    if (n < 0 && errno == EINTR) return true;
    if (n <= 0) return false;
    buffer_.append(bytes, static_cast<size_t>(n));
    return true;
  }

  int fd_;
  std::string buffer_;
};

struct Request {
  std::string id;
  std::string input;
  std::string output;
};

Request ParseRequest(const std::string& line) {
  Json json;
  std::string error;
  const bool ok = Json::Parse(line, &json, &error);
  const Request request = {json.Text("request"), json.Text("input"), json.Text("output")};
  if (!ok || request.id.empty() || request.input.empty() || request.output.empty()) {
    throw EngineError(ErrorClass::kUser, "bad_request",
                      "A line on stdin is no request: " + line.substr(0, 200) + ".",
                      R"(Write {"request": "1", "input": "in.tar", "output": "out.tar"}.)");
  }
  return request;
}

void RequireWritten(const std::string& failure) {
  if (failure.empty()) return;
  throw EngineError(ErrorClass::kStorage, "tar", failure,
                    "Free some space; the conversion is tried again.");
}

// Flushes the tar and gives it its name.
void Publish(const std::string& partial, const std::string& path) {
  const int fd = open(partial.c_str(), O_RDONLY | O_CLOEXEC);
  const bool ok = fd >= 0 && fsync(fd) == 0 && std::rename(partial.c_str(), path.c_str()) == 0;
  if (fd >= 0) close(fd);
  if (!ok) RequireWritten("Cannot write " + path + ".");
}

// Returns false where a signal cut it short; then there is no output.
bool Serve(const Request& request, const ConvertOptions& options, engine::FaceNetwork* network,
           Pool* pool, const Surroundings& around) {
  const Outcome<std::vector<TarMember>> members = ReadTarIndex(request.input);
  if (!members.ok())
    throw EngineError(ErrorClass::kTask, "bad_tar", members.message(), "Send the input again.");
  const auto member = [&](int64_t i) -> const TarMember& {
    return (*members)[static_cast<size_t>(i)];
  };
  const ConvertInput input = {
      static_cast<int64_t>(members->size()), [&](int64_t i) { return member(i).name; },
      [&](int64_t i) {
        Outcome<std::string> bytes = ReadTarMember(request.input, member(i));
        if (!bytes.ok()) throw EngineError(ErrorClass::kTask, "tar", bytes.message(), "");
        return *std::move(bytes);
      }};
  const std::string partial = request.output + ".partial";
  TarWriter writer(partial);
  Progress progress("files", input.count, around);
  int64_t converted = 0;
  int64_t failed = 0;
  ConvertPictures(input, options, network, pool, [&](const Converted& picture) {
    const bool ok = picture.reason.empty();
    ++(ok ? converted : failed);
    if (ok) RequireWritten(writer.Add(member(picture.index).name, picture.bytes));
    around.events->Emit(Json::Object{{"event", "file"},
                                     {"request", request.id},
                                     {"file", member(picture.index).name},
                                     {"status", ok ? "converted" : "failed"},
                                     {"reason", picture.reason},
                                     {"faces", picture.faces},
                                     {"seconds", picture.seconds}});
    progress.Report(converted + failed);
  });
  if (converted + failed < input.count) {
    unlink(partial.c_str());
    return false;
  }
  RequireWritten(writer.Finish());
  Publish(partial, request.output);
  around.events->Emit(Json::Object{{"event", "request_done"},
                                   {"request", request.id},
                                   {"converted", converted},
                                   {"failed", failed},
                                   {"output", request.output}});
  return true;
}

}  // namespace

int ServeRequests(int input_fd, const ConvertOptions& options, engine::FaceNetwork* network,
                  Pool* pool, const Surroundings& around) {
  LineReader reader(input_fd);
  std::string line;
  int64_t served = 0;
  while (reader.Next(around.stop, &line)) {
    Request request;
    try {
      request = ParseRequest(line);
      if (!Serve(request, options, network, pool, around)) break;
      ++served;
    } catch (const EngineError& error) {
      unlink((request.output + ".partial").c_str());
      around.events->Error(error, request.id);
    }
  }
  if (around.stop()) {
    around.events->Emit(Json::Object{{"event", "stopped"}});
    return kExitStopped;
  }
  around.events->Emit(Json::Object{{"event", "done"}, {"requests", served}});
  return kExitDone;
}

}  // namespace makeover
