#include <google/protobuf/struct.pb.h>
#include <unistd.h>

#include <cstdio>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "client/command.h"
#include "client/follow.h"
#include "client/job_fetch.h"
#include "client/job_view.h"
#include "client/session.h"
#include "client/table.h"
#include "proto/blob_transfer.h"
#include "proto/names.h"
#include "storage/status_macros.h"

namespace makeover {
namespace {

using JobStub = v1::JobService::StubInterface;

std::vector<std::string> Ids(const google::protobuf::RepeatedPtrField<v1::Job>& jobs) {
  std::vector<std::string> ids;
  for (const v1::Job& job : jobs) ids.push_back(absl::StrCat(job.id()));
  return ids;
}

void EmitJob(const Session& session, const v1::Job& job) {
  session.out.Emit(job, {absl::StrCat(job.id())}, [&](const Painter& painter, bool) {
    return JobDetail(job, session.Now(), painter);
  });
}

CommandResult List(Session& session, uint32_t limit) {
  MK_ASSIGN_OR_RETURN(const v1::ListJobsResponse all, FetchJobs(session, limit));
  session.out.Emit(all, Ids(all.jobs()), [&](const Painter& painter, bool wide) {
    return JobTable({all.jobs().begin(), all.jobs().end()}, session.Now(), painter, wide);
  });
  return ExitStatus::kDone;
}

CommandResult Show(Session& session, const std::string& text) {
  MK_ASSIGN_OR_RETURN(const v1::Job job, FetchJob(session, text));
  EmitJob(session, job);
  return ExitStatus::kDone;
}

CommandResult Follow(Session& session, const std::string& text, bool quiet) {
  MK_ASSIGN_OR_RETURN(const uint32_t id, ParseJobId(text));
  FollowOptions options;
  options.quiet = quiet;
  MK_ASSIGN_OR_RETURN(const Followed followed, FollowJob(session, id, options));
  const OutputForm form = session.out.form();
  if (form == OutputForm::kJson || form == OutputForm::kName) EmitJob(session, followed.job);
  return EndOfFollowing(session, followed, quiet);
}

// {"lines": [...]}: JSON strings are UTF-8, so other bytes become '?'.
google::protobuf::Struct LinesOf(const std::string& text) {
  google::protobuf::Struct all;
  auto* lines = (*all.mutable_fields())["lines"].mutable_list_value();
  if (text.empty()) return all;
  const std::vector<std::string> split = absl::StrSplit(absl::StripSuffix(text, "\n"), '\n');
  for (const std::string& line : split) {
    lines->add_values()->set_string_value(ValidUtf8(line));
  }
  return all;
}

// What an engine wrote, to stdout: into a file or a pipe byte by byte; on a terminal, a dumb one
// too, line by line and harmless.
class LogPrinter {
 public:
  void Print(const std::string& bytes) {
    if (!on_terminal_) return Write(bytes);
    line_ += bytes;
    const size_t whole = line_.rfind('\n') + 1;
    Write(Harmless(ValidUtf8(line_.substr(0, whole))));
    line_.erase(0, whole);
  }

  void Finish() const { Write(Harmless(ValidUtf8(line_))); }

 private:
  static void Write(const std::string& bytes) {
    std::fwrite(bytes.data(), 1, bytes.size(), stdout);
    std::fflush(stdout);
  }

  const bool on_terminal_ = isatty(STDOUT_FILENO) != 0;
  std::string line_;  // that has no end yet
};

CommandResult Logs(Session& session, const std::string& text, bool follow) {
  v1::ReadLogsRequest request;
  MK_ASSIGN_OR_RETURN(const uint32_t id, ParseJobId(text));
  request.set_id(id);
  request.set_follow(follow);
  grpc::ClientContext context;
  const auto stream = session.jobs().ReadLogs(&context, request);
  const bool as_json = session.out.form() == OutputForm::kJson;
  v1::ReadLogsResponse response;
  LogPrinter printer;
  std::string all;  // as JSON alone
  while (stream->Read(&response)) {
    if (as_json) {
      all += response.data();
    } else {
      printer.Print(response.data());
    }
  }
  printer.Finish();
  MK_RETURN_IF_ERROR(FromGrpcStatus(stream->Finish()));
  if (as_json) session.out.Emit(LinesOf(all), {}, nullptr);
  return ExitStatus::kDone;
}

std::string MetricTable(const v1::ListMetricsResponse& all, const Painter& painter) {
  std::set<std::string> names;
  for (const v1::Metric& metric : all.metrics()) {
    for (const auto& [name, value] : metric.values()) names.insert(name);
  }
  std::vector<Table::Column> columns = {{"STEP", Table::Align::kRight}};
  for (const std::string& name : names) columns.push_back({name, Table::Align::kRight});
  Table table(std::move(columns));
  for (const v1::Metric& metric : all.metrics()) {
    std::vector<std::string> row = {absl::StrCat(metric.step())};
    for (const std::string& name : names) {
      const auto value = metric.values().find(name);
      row.push_back(value == metric.values().end() ? "" : absl::StrFormat("%.5g", value->second));
    }
    table.AddRow(std::move(row));
  }
  return table.empty() ? "There are no metrics yet.\n" : table.ToString(painter);
}

CommandResult Metrics(Session& session, const std::string& text, uint32_t after_step) {
  MK_ASSIGN_OR_RETURN(const uint32_t id, ParseJobId(text));
  MK_ASSIGN_OR_RETURN(const v1::ListMetricsResponse all, FetchMetrics(session, id, after_step));
  std::vector<std::string> steps;
  for (const v1::Metric& metric : all.metrics()) steps.push_back(absl::StrCat(metric.step()));
  session.out.Emit(all, steps,
                   [&](const Painter& painter, bool) { return MetricTable(all, painter); });
  return ExitStatus::kDone;
}

CommandResult Explain(Session& session, const std::string& text) {
  v1::ExplainJobRequest request;
  MK_ASSIGN_OR_RETURN(const uint32_t id, ParseJobId(text));
  request.set_id(id);
  MK_ASSIGN_OR_RETURN(const v1::ExplainJobResponse answer,
                      Call(session.jobs(), &JobStub::ExplainJob, request));
  session.out.Emit(answer, {absl::StrCat(id)}, [&](const Painter& painter, bool) {
    std::string page = absl::StrCat("Job ", id, " is ", painter.State(JobStateName(answer.job())),
                                    answer.reasons().empty() ? ".\n" : ", because:\n");
    for (const auto& reason : answer.reasons()) {
      absl::StrAppend(&page, "  * ", Harmless(reason.what()), "\n");
      if (!reason.change().empty()) {
        absl::StrAppend(&page, "    ", painter.Dim("-> " + Harmless(reason.change())), "\n");
      }
    }
    return page;
  });
  return ExitStatus::kDone;
}

// Cancel, pause, resume and retry: a job in, the job out, a sentence, the next commands.
template <typename Request>
CommandResult Change(Session& session, const std::string& text,
                     grpc::Status (JobStub::*method)(grpc::ClientContext*, const Request&,
                                                     v1::Job*),
                     const std::vector<Output::Next>& next) {
  Request request;
  MK_ASSIGN_OR_RETURN(const uint32_t id, ParseJobId(text));
  request.set_id(id);
  MK_ASSIGN_OR_RETURN(const v1::Job job, Call(session.jobs(), method, request));
  session.out.Emit(job, {absl::StrCat(job.id())}, [&](const Painter& painter, bool) {
    return absl::StrCat("Job ", job.id(), " is ", painter.State(JobStateName(job)), ".\n");
  });
  std::vector<Output::Next> commands = next;
  for (Output::Next& one : commands) absl::StrAppend(&one.command, " ", job.id());
  session.out.Hint(commands);
  return ExitStatus::kDone;
}

// Adds a command that takes one job. The returned text is alive as long as the command.
std::shared_ptr<std::string> TakesJob(CLI::App* command) {
  auto job = std::make_shared<std::string>();
  command->add_option("J", *job, "The job's number")->required();
  return job;
}

void AddReading(CLI::App& jobs, Choice& choice) {
  CLI::App* list = AddCommand(jobs, "list", "Lists jobs, the newest first",
                              "mkctl jobs list --limit 20 -o wide");
  auto limit = std::make_shared<uint32_t>(0);
  list->add_option("--limit", *limit, "At most so many; 0: all");
  Runs(list, choice, [limit](Session& session) { return List(session, *limit); });

  CLI::App* show = AddCommand(jobs, "show", "Shows a job with its attempts", "mkctl jobs show 12");
  Runs(show, choice, [job = TakesJob(show)](Session& session) { return Show(session, *job); });

  CLI::App* metrics = AddCommand(jobs, "metrics", "Prints a training's metrics by step",
                                 "mkctl jobs metrics 12 -o json");
  auto after = std::make_shared<uint32_t>(0);
  metrics->add_option("--after-step", *after, "Only what comes after this step");
  Runs(metrics, choice, [job = TakesJob(metrics), after](Session& session) {
    return Metrics(session, *job, *after);
  });

  CLI::App* explain =
      AddCommand(jobs, "explain", "Says why a job is where it is", "mkctl jobs explain 12");
  Runs(explain, choice,
       [job = TakesJob(explain)](Session& session) { return Explain(session, *job); });
}

void AddFollowing(CLI::App& jobs, Choice& choice) {
  CLI::App* watch = AddCommand(jobs, "watch", "Follows a job on one moving line until it ends",
                               "mkctl jobs watch 12");
  Runs(watch, choice,
       [job = TakesJob(watch)](Session& session) { return Follow(session, *job, false); });

  CLI::App* wait =
      AddCommand(jobs, "wait", "Waits quietly until a job ends; exit status 0 if it SUCCEEDED",
                 "mkctl jobs wait 12 && mkctl models list");
  Runs(wait, choice,
       [job = TakesJob(wait)](Session& session) { return Follow(session, *job, true); });

  CLI::App* logs =
      AddCommand(jobs, "logs", "Prints what the engine wrote", "mkctl jobs logs 12 -f");
  auto follow = std::make_shared<bool>(false);
  logs->add_flag("-f,--follow", *follow, "Go on until the job ends");
  Runs(logs, choice,
       [job = TakesJob(logs), follow](Session& session) { return Logs(session, *job, *follow); });
}

void AddChanging(CLI::App& jobs, Choice& choice) {
  CLI::App* cancel =
      AddCommand(jobs, "cancel", "Ends a job; its checkpoints and finished files stay",
                 "mkctl jobs cancel 12");
  Runs(cancel, choice, [job = TakesJob(cancel)](Session& session) {
    return Change(
        session, *job, &JobStub::CancelJob,
        {{"mkctl jobs show", "see how it ended"}, {"mkctl jobs retry", "start it again"}});
  });
  CLI::App* pause =
      AddCommand(jobs, "pause", "Saves and stops a job until it is resumed", "mkctl jobs pause 12");
  Runs(pause, choice, [job = TakesJob(pause)](Session& session) {
    return Change(
        session, *job, &JobStub::PauseJob,
        {{"mkctl jobs resume", "go on where it stopped"}, {"mkctl jobs show", "look at it"}});
  });
  CLI::App* resume = AddCommand(jobs, "resume", "Lets a paused job go on", "mkctl jobs resume 12");
  Runs(resume, choice, [job = TakesJob(resume)](Session& session) {
    return Change(session, *job, &JobStub::ResumeJob, {{"mkctl jobs watch", "follow it"}});
  });
  CLI::App* retry =
      AddCommand(jobs, "retry", "Lets a HELD job go on, or starts a FAILED or CANCELLED one again",
                 "mkctl jobs retry 12");
  Runs(retry, choice, [job = TakesJob(retry)](Session& session) {
    return Change(session, *job, &JobStub::RetryJob, {{"mkctl jobs watch", "follow it"}});
  });
}

}  // namespace

void AddJobCommands(CLI::App& app, Choice& choice) {
  CLI::App* jobs = AddNoun(app, "jobs", "Trainings, conversions and what prepares them");
  AddReading(*jobs, choice);
  AddFollowing(*jobs, choice);
  AddChanging(*jobs, choice);
  AddTensorboardCommand(*jobs, choice);
}

}  // namespace makeover
