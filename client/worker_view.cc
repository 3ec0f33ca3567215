#include "client/worker_view.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/output.h"
#include "client/table.h"
#include "client/units.h"

namespace makeover {
namespace {

std::string DeviceNames(const v1::Worker& worker) {
  std::vector<std::string> names;
  for (const v1::Device& device : worker.devices()) names.push_back(device.name());
  return absl::StrJoin(names, ",");
}

std::string RunningText(const v1::RunningTask& task) {
  const v1::Progress& progress = task.progress();
  std::string text = absl::StrCat("job ", task.lease().job(), " ", task.phase());
  if (progress.total() > 0) {
    absl::StrAppend(&text, " ", FormatCount(static_cast<int64_t>(progress.done())), "/",
                    FormatCount(static_cast<int64_t>(progress.total())), " ", progress.unit());
  }
  return text;
}

std::string RunningTexts(const v1::Worker& worker, const char* separator) {
  std::vector<std::string> texts;
  for (const v1::RunningTask& task : worker.running()) texts.push_back(RunningText(task));
  return texts.empty() ? "idle" : absl::StrJoin(texts, separator);
}

std::string DeviceLine(const v1::Device& device) {
  std::string line = absl::StrCat(device.name(), "  ", device.description());
  if (device.memory_bytes() > 0) absl::StrAppend(&line, ", ", FormatSize(device.memory_bytes()));
  if (device.bf16()) absl::StrAppend(&line, ", bf16");
  return Harmless(line);
}

}  // namespace

std::string WorkerTable(const std::vector<v1::Worker>& workers,
                        std::chrono::system_clock::time_point now, const Painter& painter,
                        bool wide) {
  std::vector<Table::Column> columns = {
      {"NAME"}, {"STATE"}, {"DEVICES"}, {"SEEN"}, {"RUNS", Table::Align::kLeft, true}};
  if (wide) {
    columns.insert(columns.end(), {{"DONE", Table::Align::kRight},
                                   {"FAILED", Table::Align::kRight},
                                   {"VERSION"},
                                   {"REASON"}});
  }
  Table table(std::move(columns));
  for (const v1::Worker& worker : workers) {
    std::vector<std::string> row = {
        worker.name(), painter.State(v1::Worker::State_Name(worker.state())), DeviceNames(worker),
        FormatAge(SecondsSince(worker.last_seen_time(), now)), RunningTexts(worker, "; ")};
    if (wide) {
      row.insert(row.end(),
                 {absl::StrCat(worker.tasks_succeeded()), absl::StrCat(worker.tasks_failed()),
                  worker.version(), Harmless(worker.reason())});
    }
    table.AddRow(std::move(row));
  }
  return table.empty() ? "There are no workers; start one with \"mkworker --coordinator "
                         "HOST:PORT\".\n"
                       : table.ToString(painter);
}

std::string WorkerDetail(const v1::Worker& worker, std::chrono::system_clock::time_point now,
                         const Painter& painter) {
  KeyValues lines;
  lines.Add("Worker", worker.name());
  lines.Add("State", painter.State(v1::Worker::State_Name(worker.state())));
  lines.Add("Reason", Harmless(worker.reason()));
  std::vector<std::string> devices;
  for (const v1::Device& device : worker.devices()) devices.push_back(DeviceLine(device));
  lines.Add("Devices", absl::StrJoin(devices, "\n"));
  lines.Add("Runs", RunningTexts(worker, "\n"));
  lines.Add("Tasks", absl::StrCat(worker.tasks_succeeded(), " succeeded, ", worker.tasks_failed(),
                                  " failed"));
  lines.Add("Registered", FormatTime(worker.register_time()));
  lines.Add("Last seen", FormatAge(SecondsSince(worker.last_seen_time(), now)));
  lines.Add("Version", worker.version());
  return lines.ToString(painter);
}

}  // namespace makeover
