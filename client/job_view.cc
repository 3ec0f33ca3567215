#include "client/job_view.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "client/output.h"
#include "client/table.h"
#include "client/units.h"

namespace makeover {
namespace {

constexpr int kDescriptionColumns = 60;
constexpr int kAttemptsShown = 10;

double Seconds(const google::protobuf::Timestamp& time) {
  return static_cast<double>(time.seconds()) + time.nanos() * 1e-9;
}

// From start to end, or to now.
double RunSeconds(const v1::Job& job, TimePoint now) {
  if (!job.has_start_time()) return -1;
  if (job.has_end_time()) {
    return std::max(0.0, Seconds(job.end_time()) - Seconds(job.start_time()));
  }
  return SecondsSince(job.start_time(), now);
}

std::string ShortProgress(const v1::Job& job) {
  const v1::Progress& progress = job.progress();
  if (progress.total() <= 0) return progress.done() > 0 ? FormatCount(progress.done()) : "";
  return absl::StrFormat("%3.0f%%", 100 * std::min(1.0, progress.done() / progress.total()));
}

std::string Eta(const v1::Job& job) {
  if (job.state() != v1::Job::RUNNING || job.progress().eta_seconds() <= 0) return "";
  return FormatDuration(job.progress().eta_seconds());
}

std::string LossesText(const v1::Job& job) {
  if (!job.has_losses() || job.step() == 0) return "";
  const v1::Losses& losses = job.losses();
  return absl::StrFormat("G %.3f  D %.3f  pixel %.4f", losses.generator(), losses.discriminator(),
                         losses.pixel());
}

std::string FilesText(const v1::Job& job) {
  std::string text = absl::StrCat(FormatCount(job.files_done()), " converted");
  if (job.files_failed() > 0) absl::StrAppend(&text, ", ", job.files_failed(), " failed");
  if (job.files_skipped() > 0) absl::StrAppend(&text, ", ", job.files_skipped(), " skipped");
  return text;
}

std::string WithAge(const google::protobuf::Timestamp& time, TimePoint now) {
  if (time.seconds() == 0) return "";
  return absl::StrCat(FormatTime(time), " (", FormatAge(SecondsSince(time, now)), ")");
}

std::string ProgressText(const v1::Job& job) {
  const v1::Progress& progress = job.progress();
  if (progress.total() <= 0 && progress.done() <= 0) return "";
  ProgressView view = JobProgress(job);
  view.label.clear();
  view.note.clear();
  if (job.state() != v1::Job::RUNNING) view.eta_seconds = -1;
  return RenderProgress(view, 100, Painter(false));
}

void AddTrain(const v1::Job& job, KeyValues& lines) {
  const v1::TrainSpec& train = job.train();
  lines.Add("Model", job.model());
  lines.Add("Dataset", train.dataset());
  lines.Add("Source", absl::StrCat(SideText(train.source()), "  (",
                                   Plural(train.source_count(), "picture"), ")"));
  lines.Add("Target", absl::StrCat(SideText(train.target()), "  (",
                                   Plural(train.target_count(), "picture"), ")"));
  const std::string length =
      train.steps() > 0 ? Plural(train.steps(), "step") : FormatDuration(train.time_seconds());
  lines.Add("Training", absl::StrCat("recipe ", train.recipe(), ", ", length, ", batch size ",
                                     train.batch_size(), ", seed ", train.seed()));
  lines.Add("Settings", absl::StrJoin(train.settings(), " "));
  lines.Add("Step", job.step() > 0 ? FormatCount(job.step()) : "");
  lines.Add("Losses", LossesText(job));
}

void AddResults(const v1::Job& job, KeyValues& lines) {
  std::vector<std::string> steps;
  for (const v1::Checkpoint& checkpoint : job.checkpoints()) {
    std::string text = absl::StrCat(checkpoint.step());
    if (!checkpoint.tags().empty()) {
      absl::StrAppend(&text, " (", absl::StrJoin(checkpoint.tags(), ", "), ")");
    }
    steps.push_back(std::move(text));
  }
  lines.Add("Checkpoints", steps.empty() ? "" : "steps " + absl::StrJoin(steps, ", "));
  if (!job.samples().empty()) {
    lines.Add("Samples", absl::StrCat(job.samples_size(), ", the newest at step ",
                                      job.samples(job.samples_size() - 1).step()));
  }
}

void AddConvert(const v1::Job& job, KeyValues& lines) {
  const v1::ConvertSpec& convert = job.convert();
  lines.Add("Model", absl::StrCat(convert.model(), "@", convert.step()));
  lines.Add("Strength", absl::StrFormat("%g", convert.strength()));
  lines.Add("Files", FilesText(job));
}

void AddFailure(const v1::Job& job, const Painter& painter, KeyValues& lines) {
  const std::string text = FailureText(job.failure());
  lines.Add("Failure", text.empty() ? "" : painter.Red(text));
}

std::string AttemptTable(const v1::Job& job, TimePoint now, const Painter& painter) {
  Table table({{"TASK", Table::Align::kRight},
               {"ATTEMPT", Table::Align::kRight},
               {"WORKER"},
               {"DEVICES"},
               {"STARTED"},
               {"RAN", Table::Align::kRight},
               {"OUTCOME"}});
  for (int i = std::max(0, job.attempt_history_size() - kAttemptsShown);
       i < job.attempt_history_size(); ++i) {
    const v1::Attempt& attempt = job.attempt_history(i);
    const double ran = attempt.has_end_time()
                           ? Seconds(attempt.end_time()) - Seconds(attempt.start_time())
                           : SecondsSince(attempt.start_time(), now);
    std::string outcome = painter.State(attempt.outcome());
    if (!attempt.failure().code().empty()) absl::StrAppend(&outcome, " ", attempt.failure().code());
    table.AddRow({absl::StrCat(attempt.task()), absl::StrCat(attempt.attempt()), attempt.worker(),
                  absl::StrJoin(attempt.devices(), ","),
                  FormatAge(SecondsSince(attempt.start_time(), now)), FormatDuration(ran),
                  outcome});
  }
  return table.empty() ? "" : absl::StrCat("\n", table.ToString(painter));
}

std::vector<Table::Column> Columns(bool wide) {
  std::vector<Table::Column> columns = {{"ID", Table::Align::kRight},
                                        {"KIND"},
                                        {"STATE"},
                                        {"DONE", Table::Align::kRight},
                                        {"ETA", Table::Align::kRight},
                                        {"AGE"},
                                        {"RAN", Table::Align::kRight}};
  if (wide) {
    columns.insert(columns.end(), {{"OWNER"},
                                   {"PRIORITY", Table::Align::kRight},
                                   {"ATTEMPTS", Table::Align::kRight},
                                   {"TASKS", Table::Align::kRight}});
  }
  columns.push_back({"WHAT", Table::Align::kLeft, true});
  return columns;
}

}  // namespace

std::string JobStateName(const v1::Job& job) {
  if (job.pausing() && job.state() == v1::Job::RUNNING) return "PAUSING";
  return v1::Job::State_Name(job.state());
}

std::string JobKindName(v1::Job::Kind kind) {
  return absl::AsciiStrToLower(v1::Job::Kind_Name(kind));
}

std::string JobTable(const std::vector<v1::Job>& jobs, TimePoint now, const Painter& painter,
                     bool wide) {
  Table table(Columns(wide));
  for (const v1::Job& job : jobs) {
    std::vector<std::string> row = {absl::StrCat(job.id()),
                                    JobKindName(job.kind()),
                                    painter.State(JobStateName(job)),
                                    ShortProgress(job),
                                    Eta(job),
                                    FormatAge(SecondsSince(job.create_time(), now)),
                                    FormatDuration(RunSeconds(job, now))};
    if (wide) {
      row.insert(row.end(),
                 {Harmless(job.owner()), absl::StrCat(job.priority()), absl::StrCat(job.attempts()),
                  absl::StrCat(job.tasks_done(), "/", job.tasks())});
    }
    const std::string what = Harmless(job.description());
    row.push_back(wide ? what : CutToWidth(what, kDescriptionColumns));
    table.AddRow(std::move(row));
  }
  return table.empty() ? "There are no jobs.\n" : table.ToString(painter);
}

std::string JobDetail(const v1::Job& job, TimePoint now, const Painter& painter) {
  KeyValues lines;
  lines.Add("Job", absl::StrCat(job.id(), "  ", Harmless(job.description())));
  lines.Add("Kind", JobKindName(job.kind()));
  lines.Add("State", painter.State(JobStateName(job)));
  lines.Add("Owner", Harmless(job.owner()));
  lines.Add("Priority", absl::StrCat(job.priority()));
  lines.Add("After", job.after_job() > 0 ? absl::StrCat("job ", job.after_job()) : "");
  lines.Add("Created", WithAge(job.create_time(), now));
  lines.Add("Started", WithAge(job.start_time(), now));
  lines.Add("Ended", WithAge(job.end_time(), now));
  lines.Add("Ran", job.has_start_time() ? FormatDuration(RunSeconds(job, now)) : "");
  lines.Add("Progress", ProgressText(job));
  if (job.kind() == v1::Job::TRAIN) AddTrain(job, lines);
  if (job.kind() == v1::Job::CONVERT) AddConvert(job, lines);
  if (job.kind() == v1::Job::PREPARE || job.kind() == v1::Job::PREVIEW ||
      job.kind() == v1::Job::EVALUATE) {
    lines.Add("Dataset", job.dataset());
  }
  AddResults(job, lines);
  if (job.tasks() > 1) {
    lines.Add("Tasks", absl::StrCat(job.tasks_done(), " of ", job.tasks(), " done"));
  }
  AddFailure(job, painter, lines);
  return lines.ToString(painter) + AttemptTable(job, now, painter);
}

std::string SideText(const std::string& filter) {
  constexpr absl::string_view kAndMore = "(*) & ";
  if (filter.empty() || filter == "*") return "everybody";
  absl::string_view rest = filter;
  if (absl::ConsumePrefix(&rest, kAndMore)) return absl::StrCat("everybody & ", rest);
  return Harmless(filter);
}

ProgressView JobProgress(const v1::Job& job) {
  const v1::Progress& progress = job.progress();
  ProgressView view;
  view.label = absl::StrCat("job ", job.id(), " ", JobStateName(job));
  view.done = progress.done();
  view.total = progress.total();
  view.unit = progress.unit();
  view.rate_per_second = job.state() == v1::Job::RUNNING ? progress.rate_per_second() : 0;
  view.eta_seconds = job.state() == v1::Job::RUNNING && progress.rate_per_second() > 0
                         ? progress.eta_seconds()
                         : -1;
  if (job.kind() == v1::Job::TRAIN) view.note = LossesText(job);
  if (job.kind() == v1::Job::CONVERT && job.files_failed() > 0) {
    view.note = absl::StrCat(job.files_failed(), " failed");
  }
  return view;
}

std::string FailureText(const v1::Failure& failure) {
  std::string text = failure.code();
  if (!failure.message().empty()) {
    absl::StrAppend(&text, text.empty() ? "" : ": ", failure.message());
  }
  if (!failure.advice().empty()) absl::StrAppend(&text, text.empty() ? "" : "\n", failure.advice());
  return Harmless(text);
}

std::string JobSummary(const v1::Job& job) {
  std::string text = absl::StrCat("Job ", job.id(), " ", JobStateName(job));
  if (IsTerminal(job.state()) && job.has_start_time()) {
    absl::StrAppend(&text, " after ",
                    FormatDuration(Seconds(job.end_time()) - Seconds(job.start_time())));
  }
  if (job.kind() == v1::Job::TRAIN && job.step() > 0) {
    absl::StrAppend(&text, " at step ", FormatCount(job.step()));
  }
  absl::StrAppend(&text, ".");
  const std::string failure = FailureText(job.failure());
  if (!failure.empty()) absl::StrAppend(&text, " ", failure);
  return text;
}

bool IsTerminal(v1::Job::State state) {
  return state == v1::Job::SUCCEEDED || state == v1::Job::FAILED || state == v1::Job::CANCELLED;
}

}  // namespace makeover
