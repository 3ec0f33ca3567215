#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <string>
#include <vector>

#include "worker/engine/error.h"
#include "worker/engine/version.h"
#include "worker/engine/words.h"
#include "worker/mkengine/command.h"

namespace makeover {
namespace {

volatile std::sig_atomic_t stop_requested = 0;

void RequestStop(int /*signal*/) { stop_requested = 1; }

// Without SA_RESTART, so that a read that waits for input ends.
void HearSignals() {
  struct sigaction action = {};
  action.sa_handler = RequestStop;
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGINT, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

// Blocks over 32 MiB would come from mmap and go back to the system with every step, and the page
// faults would cost more than the arithmetic; the heap keeps them.
void KeepMemory() {
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, 2'000'000'000);
  mallopt(M_TOP_PAD, 64 << 20);
}

// Two things that libraries read from the environment before main, hence the second start.
//
// OpenMP's threads spin while they wait for each other. On processors that are shared with another
// program they then spin against the very thread they wait for: two trainings on two cores run five
// times slower together. But who sleeps at once is woken late, at each of a step's hundreds of
// layers: so they spin a little, a thousand rounds. OpenBLAS's spin too, and our products of
// matrices are too small for them.
//
// glibc's heap asks for huge pages where the system leaves that to programs: a step walks through
// hundreds of megabytes.
void StartInEnvironment(char** argv) {
  constexpr char kVariable[] = "OMP_WAIT_POLICY";
  const bool computes = argv[1] != nullptr && std::string(argv[1]) != "probe" &&
                        std::string(argv[1]).rfind('-', 0) != 0;
  if (!computes || std::getenv(kVariable) != nullptr) return;
  setenv("GOMP_SPINCOUNT", "1000", /*overwrite=*/0);
  setenv("OPENBLAS_NUM_THREADS", "1", /*overwrite=*/0);
  setenv("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1", /*overwrite=*/0);
  if (setenv(kVariable, "passive", 0) == 0) execv("/proc/self/exe", argv);
}

// A large dataset has more shards than the usual limit of 1,024 open files.
void AllowManyFiles() {
  rlimit files = {};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
}

double MonotonicSeconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::vector<Command> Commands() {
  return {{TrainHelp(), RunTrain},       {ConvertHelp(), RunConvert}, {PrepareHelp(), RunPrepare},
          {EvaluateHelp(), RunEvaluate}, {ExportHelp(), RunExport},   {SynthHelp(), RunSynth},
          {GridHelp(), RunGrid},         {BenchHelp(), RunBench},     {ProbeHelp(), RunProbe}};
}

int Usage(const std::string& message) {
  std::fprintf(stderr, "mkengine: %s\n", message.c_str());
  return kExitUsage;
}

// Commands with a choice of forms print what was asked for, and nothing else, on stdout.
bool PrintsItsOwn(const CommandHelp& help) {
  return std::any_of(help.options.begin(), help.options.end(),
                     [](const Option& option) { return option.name == "-o"; });
}

int RunCommand(const Command& command, const std::vector<std::string>& words) {
  CommandHelp help = command.help;
  help.options.push_back({"--events", "", "print events as JSON lines on stdout"});
  for (const std::string& word : words) {
    if (word == "--") break;
    if (word == "--help" || word == "-h") {
      std::fputs(HelpOfCommand(help).c_str(), stdout);
      return kExitDone;
    }
  }
  const Arguments arguments = Arguments::Parse(help, words);
  Events events(arguments.Has("--events"), PrintsItsOwn(help));
  const Surroundings around = {&events, MonotonicSeconds, [] { return stop_requested != 0; }};
  using engine::EngineError;
  using engine::ErrorClass;
  try {
    return command.run(arguments, around);
  } catch (const UsageError&) {
    throw;
  } catch (const EngineError& error) {
    events.Error(error);
  } catch (const std::bad_alloc&) {
    events.Error(EngineError(ErrorClass::kTask, "out_of_memory", "The memory does not suffice.",
                             "Choose a smaller --batch-size, or stop other programs."));
  } catch (const std::exception& error) {
    events.Error(EngineError(ErrorClass::kTask, "internal", error.what(),
                             "The log of the engine may say more."));
  }
  return kExitFailed;
}

int Main(const std::vector<std::string>& words) {
  const std::vector<Command> commands = Commands();
  std::vector<CommandHelp> helps;
  std::vector<std::string> names;
  for (const Command& command : commands) {
    helps.push_back(command.help);
    names.push_back(command.help.name);
  }
  const std::string name = words.empty() ? "--help" : words[0];
  if (name == "--help" || name == "-h" || name == "help") {
    std::fputs(HelpOfProgram(helps).c_str(), words.empty() ? stderr : stdout);
    return words.empty() ? kExitUsage : kExitDone;
  }
  if (name == "--version") {
    std::printf("mkengine %s\n", engine::kVersion);
    return kExitDone;
  }
  for (const Command& command : commands) {
    if (command.help.name != name) continue;
    try {
      return RunCommand(command, {words.begin() + 1, words.end()});
    } catch (const UsageError& error) {
      if (std::find(words.begin(), words.end(), "--events") == words.end()) {
        return Usage(error.what());
      }
      Events(true).Error(engine::EngineError(engine::ErrorClass::kUser, "usage", error.what(),
                                             "`mkengine " + name + " --help` lists the options."));
      return kExitUsage;
    }
  }
  return Usage("There is no command '" + name + "'." + engine::DidYouMean(name, names) +
               " `mkengine --help` lists them.");
}

}  // namespace
}  // namespace makeover

int main(int argc, char** argv) {
  makeover::StartInEnvironment(argv);
  makeover::HearSignals();
  makeover::KeepMemory();
  makeover::AllowManyFiles();
  return makeover::Main({argv + 1, argv + argc});
}
