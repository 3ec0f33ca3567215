// What every command of mkengine is: a table of its options and a function. Those that need a
// picture library have two bodies: this folder's, and in a build without OpenCV those of
// without_pictures.cc, which say so.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "worker/engine/compute.h"
#include "worker/mkengine/command_line.h"
#include "worker/mkengine/events.h"

namespace makeover {

// What a command takes from main: the only place that reads a clock and hears signals.
struct Surroundings {
  Events* events;
  std::function<double()> seconds;  // monotonic
  std::function<bool()> stop;       // SIGTERM or SIGINT came
};

enum ExitStatus { kExitDone = 0, kExitFailed = 1, kExitUsage = 2, kExitStopped = 3 };

// Returns an exit status, or throws UsageError or EngineError.
using CommandBody = int (*)(const Arguments& arguments, const Surroundings& around);

struct Command {
  CommandHelp help;
  CommandBody run;
};

CommandHelp ProbeHelp();
CommandHelp TrainHelp();
CommandHelp ConvertHelp();
CommandHelp PrepareHelp();
CommandHelp SynthHelp();
CommandHelp GridHelp();
CommandHelp ExportHelp();
CommandHelp BenchHelp();
CommandHelp EvaluateHelp();

int RunProbe(const Arguments& arguments, const Surroundings& around);
int RunTrain(const Arguments& arguments, const Surroundings& around);
int RunConvert(const Arguments& arguments, const Surroundings& around);
int RunPrepare(const Arguments& arguments, const Surroundings& around);
int RunSynth(const Arguments& arguments, const Surroundings& around);
int RunGrid(const Arguments& arguments, const Surroundings& around);
int RunExport(const Arguments& arguments, const Surroundings& around);
int RunBench(const Arguments& arguments, const Surroundings& around);
int RunEvaluate(const Arguments& arguments, const Surroundings& around);

// --device, --precision, --threads: their rows in a command's help, and their meaning. `precision`
// holds where the option is absent.
std::vector<Option> ComputeOptions();
engine::Compute ComputeOf(const Arguments& arguments, const std::string& precision = "auto");

// Throws UsageError where the file that an option says to write is one of those that others say to
// read.
void RequireOwnFile(const Arguments& arguments, const std::string& written,
                    const std::vector<std::string>& read);

// Throws UsageError where the folder of the file that an option says to write is not there.
void RequireFolderOf(const Arguments& arguments, const std::string& written);

// --threads alone, for work on pictures: as many as the processor has where none are given.
int ThreadsOf(const Arguments& arguments);

// The event `start`.
void EmitStart(const std::string& command, const engine::Compute& compute,
               const Surroundings& around);

}  // namespace makeover
