#include "coordinator/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>

#include <chrono>
#include <filesystem>
#include <system_error>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "coordinator/admin_service.h"
#include "coordinator/agent_service.h"
#include "coordinator/backend.h"
#include "coordinator/blob_service.h"
#include "coordinator/dataset_service.h"
#include "coordinator/job_service.h"
#include "coordinator/limits.h"
#include "coordinator/model_service.h"
#include "coordinator/references.h"
#include "coordinator/worker_service.h"
#include "proto/credentials.h"
#include "proto/server_limits.h"
#include "storage/atomic_file.h"
#include "storage/file_lock.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

absl::Status CheckAddress(const ServerOptions& options) {
  if (options.insecure || IsLoopback(options.listen)) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "Refusing to listen on ", options.listen, ": other machines could reach it, and everything ",
      "goes over the wire as plain text, without any authentication. Listen on 127.0.0.1:PORT "
      "(and ",
      "reach it through ssh -L), or say --insecure if everybody on that network may do "
      "everything."));
}

// "HOST" of "HOST:PORT".
std::string HostOf(const std::string& address) { return address.substr(0, address.rfind(':')); }

absl::Status PortTaken(const std::string& listen) {
  return absl::UnavailableError(
      absl::StrCat("Cannot listen on ", listen, ": the port is taken, or the address is not this ",
                   "machine's. Stop the other process, or choose another port with --listen; port ",
                   "0 takes a free one."));
}

// What a killed process left of backups and indexes. What cannot be removed does no harm.
void EmptyTemporaryFolder(const std::string& data_dir) {
  std::error_code ignored;
  std::filesystem::remove_all(absl::StrCat(data_dir, "/tmp"), ignored);
}

}  // namespace

// Declared in the order in which they depend on each other.
struct Server::Parts {
  Parts(ServerOptions options_in, FileLock lock_in, std::unique_ptr<Catalog> catalog_in,
        std::unique_ptr<BlobStore> blobs_in)
      : options(std::move(options_in)),
        lock(std::move(lock_in)),
        catalog(std::move(catalog_in)),
        blobs(std::move(blobs_in)),
        logs(absl::StrCat(options.data_dir, "/logs")) {}

  absl::Status StartCoordinator();
  absl::Status Listen();
  void SweepNowAndThen();
  void Stop();

  const ServerOptions options;
  FileLock lock;
  std::unique_ptr<Catalog> catalog;
  std::unique_ptr<BlobStore> blobs;
  AttemptLogs logs;
  ProgressBoard board;
  WatchHub hub;
  EngineRules engines;
  std::unique_ptr<Coordinator> coordinator;
  std::unique_ptr<Backend> backend;
  std::vector<std::unique_ptr<grpc::Service>> services;
  std::unique_ptr<grpc::Server> grpc_server;
  std::string address;
  absl::Notification stopping;
  std::thread sweeper;
};

absl::Status Server::Parts::StartCoordinator() {
  CoordinatorOptions coordinator_options{
      .scheduler = options.scheduler, .clock = options.clock, .on_fatal = options.on_fatal};
  MK_ASSIGN_OR_RETURN(
      coordinator, Coordinator::Start(catalog.get(), &board, &hub, std::move(coordinator_options)));
  backend = std::make_unique<Backend>(Backend{.coordinator = *coordinator,
                                              .catalog = *catalog,
                                              .blobs = *blobs,
                                              .board = board,
                                              .hub = hub,
                                              .logs = logs,
                                              .engines = engines,
                                              .data_dir = options.data_dir,
                                              .random = options.random});
  services.push_back(std::make_unique<AdminServiceImpl>(*backend));
  services.push_back(std::make_unique<AgentServiceImpl>(*backend));
  services.push_back(std::make_unique<BlobServiceImpl>(*blobs));
  services.push_back(std::make_unique<DatasetServiceImpl>(*backend));
  services.push_back(std::make_unique<JobServiceImpl>(*backend));
  services.push_back(std::make_unique<ModelServiceImpl>(*backend));
  services.push_back(std::make_unique<WorkerServiceImpl>(*backend));
  return absl::OkStatus();
}

absl::Status Server::Parts::Listen() {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(options.listen, MakeServerCredentials(), &port);
  ApplyServerLimits(builder);
  grpc::ResourceQuota quota("coordinator");
  quota.SetMaxThreads(kServerThreadsMax);
  builder.SetResourceQuota(quota);
  builder.SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
  for (const auto& service : services) builder.RegisterService(service.get());
  grpc_server = builder.BuildAndStart();
  if (grpc_server == nullptr || port == 0) return PortTaken(options.listen);
  address = absl::StrCat(HostOf(options.listen), ":", port);
  sweeper = std::thread([this] { SweepNowAndThen(); });
  return WriteFileAtomically(absl::StrCat(options.data_dir, "/address"),
                             absl::StrCat(address, "\n"));
}

void Server::Parts::SweepNowAndThen() {
  while (!stopping.WaitForNotificationWithTimeout(absl::Milliseconds(kSweepIntervalMs))) {
    // A sweep that failed is made up for by the next one.
    (void)SweepBlobs(*backend, kGarbageGraceSeconds);
  }
}

void Server::Parts::Stop() {
  if (stopping.HasBeenNotified()) return;
  stopping.Notify();
  hub.Close();
  if (coordinator != nullptr) coordinator->Stop();
  if (grpc_server != nullptr) {
    grpc_server->Shutdown(std::chrono::system_clock::now() +
                          std::chrono::milliseconds(kShutdownGraceMs));
  }
  if (sweeper.joinable()) sweeper.join();
}

absl::StatusOr<std::unique_ptr<Server>> Server::Start(ServerOptions options) {
  MK_RETURN_IF_ERROR(CheckAddress(options));
  MK_ASSIGN_OR_RETURN(FileLock lock, FileLock::Acquire(options.data_dir));
  EmptyTemporaryFolder(options.data_dir);
  MK_ASSIGN_OR_RETURN(std::unique_ptr<Catalog> catalog,
                      Catalog::Open(absl::StrCat(options.data_dir, "/catalog.db")));
  MK_ASSIGN_OR_RETURN(std::unique_ptr<BlobStore> blobs, BlobStore::Open(options.data_dir));
  auto parts = std::make_unique<Parts>(std::move(options), std::move(lock), std::move(catalog),
                                       std::move(blobs));
  std::unique_ptr<Server> server(new Server(std::move(parts)));
  MK_RETURN_IF_ERROR(server->parts_->StartCoordinator());
  MK_RETURN_IF_ERROR(server->parts_->Listen());
  return server;
}

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Server::~Server() { Stop(); }

const std::string& Server::address() const { return parts_->address; }

void Server::Stop() { parts_->Stop(); }

}  // namespace makeover
