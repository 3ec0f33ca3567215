#include "client/session.h"

#include <pwd.h>
#include <unistd.h>

#include "proto/channel.h"
#include "storage/status_macros.h"

namespace makeover {

absl::Status Session::Connect() {
  MK_ASSIGN_OR_RETURN(server_, ResolveServer(server_option_, environment_));
  interrupt_ = std::make_unique<Interrupt>();  // before gRPC's threads
  const std::shared_ptr<grpc::Channel> channel = MakeChannel(server_);
  datasets_ = v1::DatasetService::NewStub(channel);
  jobs_ = v1::JobService::NewStub(channel);
  models_ = v1::ModelService::NewStub(channel);
  workers_ = v1::WorkerService::NewStub(channel);
  blobs_ = v1::BlobService::NewStub(channel);
  admin_ = v1::AdminService::NewStub(channel);
  return absl::OkStatus();
}

std::string Session::Owner() const {
  if (const passwd* entry = getpwuid(getuid()); entry != nullptr) return entry->pw_name;
  return environment_("USER").value_or("unknown");
}

}  // namespace makeover
