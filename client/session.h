#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/context.h"
#include "client/interrupt.h"
#include "client/output.h"
#include "makeover/v1/admin.grpc.pb.h"
#include "makeover/v1/blobs.grpc.pb.h"
#include "makeover/v1/datasets.grpc.pb.h"
#include "makeover/v1/jobs.grpc.pb.h"
#include "makeover/v1/models.grpc.pb.h"
#include "makeover/v1/workers.grpc.pb.h"
#include "proto/status.h"

namespace makeover {

// A call that is not a stream is answered within this.
inline constexpr std::chrono::seconds kCallTimeout{60};

// What one run of mkctl works with: the connection, made when first asked for, and the output. Its
// methods are for the thread of the command; the stubs are thread-safe.
class Session {
 public:
  // `server`: what --server said, may be empty.
  Session(std::string server, const Output& output, Environment environment)
      : server_option_(std::move(server)), out(output), environment_(std::move(environment)) {}

  // Settles the address and makes the channel. Before the first stub, once. INVALID_ARGUMENT.
  absl::Status Connect();

  const std::string& server() const { return server_; }
  const Environment& environment() const { return environment_; }

  v1::DatasetService::StubInterface& datasets() { return *datasets_; }
  v1::JobService::StubInterface& jobs() { return *jobs_; }
  v1::ModelService::StubInterface& models() { return *models_; }
  v1::WorkerService::StubInterface& workers() { return *workers_; }
  v1::BlobService::StubInterface& blobs() { return *blobs_; }
  v1::AdminService::StubInterface& admin() { return *admin_; }

  // REQUIRES: Connect() was called.
  Interrupt& interrupt() { return *interrupt_; }

  std::chrono::system_clock::time_point Now() const { return std::chrono::system_clock::now(); }

  // The user's login name, as jobs carry it.
  std::string Owner() const;

 private:
  const std::string server_option_;
  std::string server_;

 public:
  const Output& out;

 private:
  const Environment environment_;
  std::unique_ptr<Interrupt> interrupt_;
  std::unique_ptr<v1::DatasetService::StubInterface> datasets_;
  std::unique_ptr<v1::JobService::StubInterface> jobs_;
  std::unique_ptr<v1::ModelService::StubInterface> models_;
  std::unique_ptr<v1::WorkerService::StubInterface> workers_;
  std::unique_ptr<v1::BlobService::StubInterface> blobs_;
  std::unique_ptr<v1::AdminService::StubInterface> admin_;
};

// One call: Call(session.jobs(), &v1::JobService::StubInterface::GetJob, request).
template <typename Service, typename Request, typename Response>
absl::StatusOr<Response> Call(Service& stub,
                              grpc::Status (Service::*method)(grpc::ClientContext*, const Request&,
                                                              Response*),
                              const Request& request) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kCallTimeout);
  Response response;
  const grpc::Status status = (stub.*method)(&context, request, &response);
  if (!status.ok()) return FromGrpcStatus(status);
  return response;
}

// The same, but outlives a coordinator that is away for kCallPatience: for the middle of long work,
// when it has answered before. Only for methods that may be called twice. Ends at Ctrl-C.
inline constexpr std::chrono::minutes kCallPatience{5};
inline constexpr std::chrono::milliseconds kCallRetryInterval{500};
template <typename Service, typename Request, typename Response>
absl::StatusOr<Response> CallPatiently(Session& session, Service& stub,
                                       grpc::Status (Service::*method)(grpc::ClientContext*,
                                                                       const Request&, Response*),
                                       const Request& request) {
  const auto deadline = session.Now() + kCallPatience;
  const Interrupt::Scope scope(session.interrupt(), nullptr);
  while (true) {
    absl::StatusOr<Response> response = Call(stub, method, request);
    if (response.ok() || response.status().code() != absl::StatusCode::kUnavailable) {
      return response;
    }
    if (session.Now() >= deadline) return response;
    if (!session.interrupt().Sleep(kCallRetryInterval)) return absl::CancelledError("");
  }
}

}  // namespace makeover
