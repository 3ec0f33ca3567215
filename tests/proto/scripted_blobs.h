#pragma once

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "makeover/v1/blobs.grpc.pb.h"
#include "proto/channel.h"
#include "proto/credentials.h"
#include "proto/server_limits.h"

namespace makeover {

// A blob service with one blob in memory that breaks off where a test says. Each entry of `plan` is
// for one stream, in order; without an entry a stream is served whole.
class ScriptedBlobs : public v1::BlobService::Service {
 public:
  struct Break {
    int64_t after_bytes = 0;  // of this stream
    grpc::Status status;      // OK: an early end that claims to be one
    bool stall = false;       // instead of ending: silence until the client gives up
  };

  void Plan(std::vector<Break> plan) {
    const std::lock_guard lock(mutex_);
    plan_.assign(plan.begin(), plan.end());
  }

  // What is stored, and what ReadBlob hands out.
  std::string bytes;
  bool complete = false;
  std::string extra;             // ReadBlob sends this behind the blob
  grpc::Status verdict;          // of a WriteBlob that got all bytes
  grpc::Status query_status;     // of QueryBlob
  std::vector<int64_t> offsets;  // where each stream began
  int queries = 0;

  grpc::Status QueryBlob(grpc::ServerContext*, const v1::QueryBlobRequest*,
                         v1::QueryBlobResponse* response) override {
    ++queries;
    response->set_complete(complete);
    response->set_stored_bytes(static_cast<int64_t>(bytes.size()));
    return query_status;
  }

  grpc::Status WriteBlob(grpc::ServerContext* context,
                         grpc::ServerReader<v1::WriteBlobRequest>* reader,
                         v1::WriteBlobResponse* response) override {
    const std::optional<Break> stop = NextBreak();
    v1::WriteBlobRequest request;
    int64_t taken = 0;
    int64_t size = 0;
    for (bool first = true; reader->Read(&request); first = false) {
      if (first) {
        offsets.push_back(request.offset());
        size = request.blob().size();
        bytes.resize(static_cast<size_t>(request.offset()));
      }
      const int64_t room = stop ? stop->after_bytes - taken : INT64_MAX;
      const std::string part =
          request.data().substr(0, static_cast<size_t>(std::min<int64_t>(
                                       room, static_cast<int64_t>(request.data().size()))));
      bytes += part;
      taken += static_cast<int64_t>(part.size());
      if (stop && taken >= stop->after_bytes) {
        response->set_stored_bytes(static_cast<int64_t>(bytes.size()));
        return End(*stop, *context);
      }
    }
    if (context->IsCancelled()) return grpc::Status::CANCELLED;
    complete = static_cast<int64_t>(bytes.size()) == size && verdict.ok();
    response->set_stored_bytes(static_cast<int64_t>(bytes.size()));
    return verdict;
  }

  grpc::Status ReadBlob(grpc::ServerContext* context, const v1::ReadBlobRequest* request,
                        grpc::ServerWriter<v1::ReadBlobResponse>* writer) override {
    const std::optional<Break> stop = NextBreak();
    offsets.push_back(request->offset());
    const std::string all = bytes + extra;
    if (request->offset() > static_cast<int64_t>(all.size())) {
      return {grpc::StatusCode::OUT_OF_RANGE, "beyond the end"};
    }
    int64_t at = request->offset();
    const int64_t end = std::min<int64_t>(static_cast<int64_t>(all.size()),
                                          stop ? at + stop->after_bytes : INT64_MAX);
    for (bool first = true; at < end; first = false) {
      constexpr int64_t kPart = 1000;
      v1::ReadBlobResponse response;
      if (first) response.set_size(static_cast<int64_t>(bytes.size()));
      response.set_data(
          all.substr(static_cast<size_t>(at), static_cast<size_t>(std::min(kPart, end - at))));
      at += static_cast<int64_t>(response.data().size());
      writer->Write(response);
    }
    return stop ? End(*stop, *context) : grpc::Status::OK;
  }

 private:
  std::optional<Break> NextBreak() {
    const std::lock_guard lock(mutex_);
    if (plan_.empty()) return {};
    Break next = plan_.front();
    plan_.pop_front();
    return next;
  }

  static grpc::Status End(const Break& stop, grpc::ServerContext& context) {
    while (stop.stall && !context.IsCancelled()) std::this_thread::yield();
    return stop.status;
  }

  std::mutex mutex_;
  std::deque<Break> plan_;  // guarded by mutex_
};

// A server on a free port with one service.
class LocalServer {
 public:
  explicit LocalServer(grpc::Service& service, const std::string& address = "127.0.0.1:0") {
    grpc::ServerBuilder builder;
    builder.AddListeningPort(address, MakeServerCredentials(), &port_);
    ApplyServerLimits(builder);
    builder.RegisterService(&service);
    server_ = builder.BuildAndStart();
  }
  ~LocalServer() {
    if (server_ != nullptr) server_->Shutdown(std::chrono::system_clock::now());
  }
  LocalServer(const LocalServer&) = delete;
  LocalServer& operator=(const LocalServer&) = delete;

  bool runs() const { return server_ != nullptr; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  std::shared_ptr<grpc::Channel> Channel() const { return MakeChannel(address()); }

 private:
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace makeover
