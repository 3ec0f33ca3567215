#include "absl/strings/str_cat.h"
#include "client/command.h"
#include "client/session.h"
#include "client/worker_view.h"
#include "proto/names.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

using WorkerStub = v1::WorkerService::StubInterface;

void EmitWorker(const Session& session, const v1::Worker& worker) {
  session.out.Emit(worker, {worker.name()}, [&](const Painter& painter, bool) {
    return WorkerDetail(worker, session.Now(), painter);
  });
}

CommandResult List(Session& session) {
  MK_ASSIGN_OR_RETURN(const v1::ListWorkersResponse all,
                      Call(session.workers(), &WorkerStub::ListWorkers, v1::ListWorkersRequest()));
  std::vector<std::string> names;
  for (const v1::Worker& worker : all.workers()) names.push_back(worker.name());
  session.out.Emit(all, names, [&](const Painter& painter, bool wide) {
    return WorkerTable({all.workers().begin(), all.workers().end()}, session.Now(), painter, wide);
  });
  return ExitStatus::kDone;
}

// Get, drain and resume: a name in, the worker out.
template <typename Request>
absl::StatusOr<v1::Worker> CallByName(Session& session, const std::string& name,
                                      grpc::Status (WorkerStub::*method)(grpc::ClientContext*,
                                                                         const Request&,
                                                                         v1::Worker*)) {
  MK_RETURN_IF_ERROR(CheckName("worker", name));
  Request request;
  request.set_name(name);
  return Call(session.workers(), method, request);
}

CommandResult Show(Session& session, const std::string& name) {
  MK_ASSIGN_OR_RETURN(const v1::Worker worker, CallByName(session, name, &WorkerStub::GetWorker));
  EmitWorker(session, worker);
  return ExitStatus::kDone;
}

CommandResult Drain(Session& session, const std::string& name) {
  MK_ASSIGN_OR_RETURN(const v1::Worker worker, CallByName(session, name, &WorkerStub::DrainWorker));
  EmitWorker(session, worker);
  session.out.Hint({{"mkctl workers show " + name, "is it DRAINED?"},
                    {"mkctl workers resume " + name, "let it take work again"},
                    {"mkctl workers remove " + name, "forget it, once it is drained"}});
  return ExitStatus::kDone;
}

CommandResult Resume(Session& session, const std::string& name) {
  MK_ASSIGN_OR_RETURN(const v1::Worker worker,
                      CallByName(session, name, &WorkerStub::ResumeWorker));
  EmitWorker(session, worker);
  session.out.Hint({{"mkctl workers list", "all workers"}, {"mkctl status", "the cluster"}});
  return ExitStatus::kDone;
}

CommandResult Remove(Session& session, const std::string& name) {
  MK_RETURN_IF_ERROR(CheckName("worker", name));
  v1::RemoveWorkerRequest request;
  request.set_name(name);
  MK_ASSIGN_OR_RETURN(const google::protobuf::Empty done,
                      Call(session.workers(), &WorkerStub::RemoveWorker, request));
  session.out.Emit(done, {name}, [&](const Painter&, bool) {
    return absl::StrCat("Worker ", name, " is removed.\n");
  });
  session.out.Hint({{"mkctl workers list", "who is left"}});
  return ExitStatus::kDone;
}

void AddByName(CLI::App& workers, Choice& choice, const std::string& verb,
               const std::string& description,
               CommandResult (*body)(Session& session, const std::string& name)) {
  CLI::App* command = AddCommand(workers, verb, description, "mkctl workers " + verb + " worker-1");
  auto name = std::make_shared<std::string>();
  command->add_option("W", *name, "The worker's name")->required();
  Runs(command, choice, [name, body](Session& session) { return body(session, *name); });
}

}  // namespace

void AddWorkerCommands(CLI::App& app, Choice& choice) {
  CLI::App* workers = AddNoun(app, "workers", "The machines that do the work");
  Runs(AddCommand(*workers, "list", "Lists workers", "mkctl workers list -o wide"), choice, List);
  AddByName(*workers, choice, "show", "Shows a worker with its devices", Show);
  AddByName(*workers, choice, "drain", "Lets a worker finish or hand over, and take nothing new",
            Drain);
  AddByName(*workers, choice, "resume", "Lets a drained or cordoned worker take work again",
            Resume);
  AddByName(*workers, choice, "remove", "Forgets a worker that runs nothing", Remove);
}

}  // namespace makeover
