#include "coordinator/errors.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "coordinator/job_messages.h"
#include "coordinator/limits.h"
#include "storage/filter.h"

namespace makeover::errors {
namespace {

// " Did you mean A or B?", or nothing.
std::string DidYouMean(absl::string_view name, const std::vector<std::string>& known) {
  const std::vector<std::string> nearest = NearestNames(std::string(name), known);
  return nearest.empty() ? "" : absl::StrCat(" Did you mean ", absl::StrJoin(nearest, " or "), "?");
}

// " Did you mean A or B? Known are: ..." or what to do where there is none.
std::string Known(absl::string_view name, const std::vector<std::string>& known,
                  absl::string_view if_none) {
  if (known.empty()) return absl::StrCat(" ", if_none);
  return absl::StrCat(DidYouMean(name, known), " Known are: ", absl::StrJoin(known, ", "), ".");
}

}  // namespace

absl::Status NoSuchDataset(absl::string_view name, const std::vector<std::string>& known) {
  return absl::NotFoundError(
      absl::StrCat("There is no dataset \"", name, "\".",
                   Known(name, known, "Import one: mkctl datasets import NAME DIR.")));
}

absl::Status NoDataset() {
  return absl::FailedPreconditionError(
      "There is no dataset yet to train on. Import one: mkctl datasets import NAME DIR.");
}

absl::Status WhichDataset(const std::vector<std::string>& known) {
  return absl::InvalidArgumentError(absl::StrCat(
      "There are ", known.size(),
      " datasets: say which one with --dataset. They are: ", absl::StrJoin(known, ", "), "."));
}

absl::Status OtherAttributes(absl::string_view name) {
  return absl::AlreadyExistsError(absl::StrCat(
      "There is a dataset \"", name, "\" already, with other attributes or from another folder. ",
      "Choose another name, or delete that one: mkctl datasets delete ", name, "."));
}

absl::Status DatasetNotImporting(const Dataset& dataset) {
  return absl::FailedPreconditionError(absl::StrCat(
      "The import of dataset \"", dataset.name, "\" has ended, so that no pictures can be added. ",
      "Import into another name, or delete this one: mkctl datasets delete ", dataset.name, "."));
}

absl::Status DatasetNotUsable(const Dataset& dataset) {
  if (dataset.state == DatasetState::kImporting) {
    return absl::FailedPreconditionError(absl::StrCat(
        "The import of dataset \"", dataset.name, "\" has not ended. Let it go on: mkctl datasets ",
        "import ", dataset.name, " DIR goes on where it stopped."));
  }
  return absl::FailedPreconditionError(absl::StrCat("Dataset \"", dataset.name,
                                                    "\" cannot be used: ", dataset.failure.message,
                                                    " ", dataset.failure.advice));
}

absl::Status NotTheNextShard(const Dataset& dataset, uint32_t shard) {
  return absl::FailedPreconditionError(absl::StrCat(
      "Shard ", shard, " of dataset \"", dataset.name, "\" is not the next one, which is ",
      dataset.shards, ", and is not the same as one that is stored. Has the folder changed since ",
      "the import began? Delete the dataset and import it again: mkctl datasets delete ",
      dataset.name, "."));
}

absl::Status ShardsMissing(const Dataset& dataset, uint32_t announced) {
  return absl::FailedPreconditionError(
      absl::StrCat("Dataset \"", dataset.name, "\" has ", dataset.shards, " shards stored and ",
                   announced, " were announced: import it again, which adds what is missing."));
}

absl::Status EmptyDataset(absl::string_view name) {
  return absl::FailedPreconditionError(
      absl::StrCat("Dataset \"", name, "\" has no pictures: import a folder that has some."));
}

absl::Status DatasetInUse(absl::string_view name, JobId job) {
  return absl::FailedPreconditionError(
      absl::StrCat("Dataset \"", name, "\" is in use by job ", job,
                   ": wait for its end, or cancel it first: mkctl jobs cancel ", job, "."));
}

absl::Status DatasetChanged(absl::string_view name) {
  return absl::FailedPreconditionError(absl::StrCat(
      "Dataset \"", name, "\" is not the one that the job's pictures were chosen from: it was ",
      "deleted, and others were imported under its name. Submit a new job, which chooses from ",
      "these."));
}

absl::Status PreparedByAnother(absl::string_view name, JobId job) {
  return absl::FailedPreconditionError(absl::StrCat(
      "Job ", job, " does not prepare dataset \"", name, "\" any more: it was retried before, or ",
      "the dataset was imported anew. See how it stands: mkctl datasets show ", name, "."));
}

absl::Status BadItem(absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("A row of the shard is not valid: ", why,
                                                 " Import with an mkctl of the same ",
                                                 "version as the coordinator."));
}

absl::Status BlobMissing(absl::string_view what, absl::string_view digest) {
  return absl::FailedPreconditionError(absl::StrCat("The bytes of ", what, " (", digest,
                                                    ") are not stored here: upload them first, ",
                                                    "or run the command again, which does so."));
}

absl::Status BadDigest(absl::string_view digest) {
  return absl::InvalidArgumentError(absl::StrCat(
      "\"", digest.substr(0, 80), "\" is not a SHA-256: give 64 lower-case hexadecimal digits."));
}

absl::Status BlobTooBig(int64_t size) {
  return absl::InvalidArgumentError(
      absl::StrCat("A blob of ", size, " bytes cannot be stored: its size must be between 0 and ",
                   kBlobBytesMax, " bytes. Split it."));
}

absl::Status DiskTooFull(int64_t needed, int64_t free) {
  return absl::ResourceExhaustedError(absl::StrCat(
      "The coordinator's disk is too full: ", needed >> 20, " MiB are to be stored and ",
      free >> 20, " MiB are free, of which ", kFreeBytesMin >> 20,
      " MiB are kept. Make room there (mkctl admin gc; mkctl datasets delete), then try again."));
}

absl::Status UploadElsewhere() {
  return absl::AbortedError(
      "Another upload of the same bytes is under way: ask again what is stored, then go on there.");
}

absl::Status NoFirstMessage() {
  return absl::InvalidArgumentError(
      "An upload begins with a message that has the blob's digest and size.");
}

absl::Status NoSuchJob(JobId id) {
  return absl::NotFoundError(
      absl::StrCat("There is no job ", id, ": \"mkctl jobs list\" shows the jobs."));
}

absl::Status JobHasEnded(JobId id, JobState state, absl::string_view verb) {
  return absl::FailedPreconditionError(absl::StrCat(
      "Job ", id, " has ended (", StateName(state), ") and cannot be ", verb, ". ",
      state == JobState::kSucceeded ? absl::StrCat("See it: mkctl jobs show ", id, ".")
                                    : absl::StrCat("Begin it anew: mkctl jobs retry ", id, ".")));
}

absl::Status NothingToRetry(JobId id) {
  return absl::FailedPreconditionError(
      absl::StrCat("Job ", id, " SUCCEEDED: there is nothing to retry. Submit a new one instead."));
}

absl::Status TooLateToRetry(JobId id) {
  return absl::FailedPreconditionError(
      absl::StrCat("Job ", id, " cannot be retried: what it worked on is not stored any more, ",
                   "because it ended too long ago. Submit a new job instead."));
}

absl::Status ManyWaysToChoose() {
  return absl::InvalidArgumentError(
      "Pictures are chosen in more than one way: give either --filter, or --source and --target, "
      "or --preset.");
}

absl::Status HalfAPair() {
  return absl::InvalidArgumentError(
      "--source and --target belong together: give both, or --filter alone, which is the target.");
}

absl::Status NoSelection() {
  return absl::InvalidArgumentError(
      "It is not said what faces should become: give --filter (for instance --filter attractive), "
      "or --source and --target, or --preset.");
}

absl::Status UnknownPreset(absl::string_view preset) {
  return absl::InvalidArgumentError(
      absl::StrCat("There is no preset \"", preset, "\": use mtf, ftm, ftf or mtm."));
}

absl::Status TooFewPictures(absl::string_view dataset, uint32_t sources, uint32_t targets) {
  return absl::FailedPreconditionError(absl::StrCat(
      "Too few pictures of dataset \"", dataset, "\" match: ", sources, " on the source side and ",
      targets, " on the target side, and each side needs at least ", kPicturesPerSideMin,
      ". Choose a wider filter, try --no-clean, or import more pictures."));
}

absl::Status NothingMatches(absl::string_view dataset, absl::string_view filter) {
  return absl::FailedPreconditionError(
      absl::StrCat("No picture of dataset \"", dataset, "\" matches \"", filter,
                   "\": choose a wider filter; mkctl datasets show ", dataset, " has the counts."));
}

absl::Status NothingToJudgeBy(absl::string_view dataset) {
  return absl::FailedPreconditionError(absl::StrCat(
      "Dataset \"", dataset, "\" has no attributes, so no judge can learn any and nothing can be ",
      "measured: import a folder that has an attribute file or a folder per class, or train ",
      "without --evaluate-every."));
}

absl::Status OtherFilters(absl::string_view dataset, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("The model's faces cannot be told in dataset \"", dataset, "\": ", why));
}

absl::Status BadSetting(absl::string_view setting) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", setting, "\" is not a setting: write --set key=value, where the key is ",
                   "letters, digits, '_', '-' and '.'. \"mkengine train --help\" names the keys."));
}

absl::Status NoSuchSetting(absl::string_view key, const std::vector<std::string>& known) {
  return absl::InvalidArgumentError(absl::StrCat("There is no setting '", key, "'.",
                                                 DidYouMean(key, known),
                                                 " `mkengine train --help` lists the settings."));
}

absl::Status NoSuchRecipe(absl::string_view recipe, const std::vector<std::string>& known) {
  return absl::InvalidArgumentError(
      absl::StrCat("There is no recipe '", recipe, "'.", DidYouMean(recipe, known),
                   " The recipes are: ", absl::StrJoin(known, ", "), "."));
}

absl::Status BadSettingValue(absl::string_view key, absl::string_view value,
                             absl::string_view values) {
  return absl::InvalidArgumentError(
      absl::StrCat("The setting ", key, " cannot be '", value, "'. Give it ", values, "."));
}

absl::Status StepsAndTime() {
  return absl::InvalidArgumentError(
      "Both --steps and --time are given, and they may disagree: give one of them.");
}

absl::Status GivenTwice(absl::string_view flag, absl::string_view setting) {
  return absl::InvalidArgumentError(absl::StrCat(
      flag, " and --set ", setting, " are the same setting, given twice: give one of them."));
}

absl::Status BadNumber(absl::string_view flag, absl::string_view setting) {
  return absl::InvalidArgumentError(absl::StrCat("--set ", setting, " has no number that ", flag,
                                                 " takes, which is the same setting."));
}

absl::Status OutOfBounds(absl::string_view what, double value, double least, double most) {
  return absl::InvalidArgumentError(
      absl::StrFormat("%s is %.15g: use a value from %.15g to %.15g.", what, value, least, most));
}

absl::Status NoInput() {
  return absl::InvalidArgumentError("The conversion has no pictures: give at least one shard.");
}

absl::Status UnknownAlign(absl::string_view align) {
  return absl::InvalidArgumentError(
      absl::StrCat("--align ", align, " is not known: use --align none, with faces that are ",
                   "aligned as CelebA's."));
}

absl::Status RequestIdReused(JobId id) {
  return absl::InvalidArgumentError(absl::StrCat(
      "This request_id made job ", id, ", which is of another kind: use a new request_id."));
}

absl::Status TooManyFollowers() {
  return absl::ResourceExhaustedError(absl::StrCat(
      kFollowersMax, " commands follow jobs or logs already, which is the most that ",
      "the coordinator serves at once: end one, or ask now and then with mkctl jobs ", "show."));
}

absl::Status NoSuchModel(absl::string_view name, const std::vector<std::string>& known) {
  return absl::NotFoundError(absl::StrCat("There is no model \"", name, "\".",
                                          Known(name, known, "Train one: mkctl submit-train.")));
}

absl::Status NoModel() {
  return absl::NotFoundError(
      "There is no finished model yet. Train one (mkctl submit-train), or name one that is still "
      "in training with --model: mkctl models list shows them.");
}

absl::Status NoSuchStep(absl::string_view model, uint32_t step,
                        const std::vector<uint32_t>& steps) {
  return absl::NotFoundError(absl::StrCat(
      "\"", model, "\" has no checkpoint at step ", step, ". ",
      steps.empty() ? "It has none yet: wait for its first."
                    : absl::StrCat("It has them at: ", absl::StrJoin(steps, ", "), ".")));
}

absl::Status NoBest(absl::string_view model) {
  return absl::FailedPreconditionError(
      absl::StrCat("The training of model \"", model, "\" has not been evaluated, so none of its ",
                   "checkpoints is the best: name a step, or train with --evaluate-every."));
}

absl::Status NoCheckpointYet(absl::string_view model, JobId job) {
  return absl::FailedPreconditionError(
      absl::StrCat("Model \"", model, "\" has no checkpoint yet: wait for the first one of job ",
                   job, ", which comes after about five minutes (mkctl jobs watch ", job, ")."));
}

absl::Status ModelExists(absl::string_view name) {
  return absl::AlreadyExistsError(absl::StrCat("There is a model \"", name,
                                               "\" already: choose another name, or delete that ",
                                               "one: mkctl models delete ", name, "."));
}

absl::Status ModelInTraining(absl::string_view name, JobId job) {
  return absl::FailedPreconditionError(absl::StrCat("Model \"", name, "\" is in training by job ",
                                                    job, ": cancel that first: mkctl jobs cancel ",
                                                    job, "."));
}

absl::Status ModelInUse(absl::string_view name, JobId job) {
  return absl::FailedPreconditionError(
      absl::StrCat("Model \"", name, "\" is in use by job ", job,
                   ": wait for its end, or cancel it: mkctl jobs cancel ", job, "."));
}

absl::Status NoSuchWorker(absl::string_view name, const std::vector<std::string>& known) {
  return absl::NotFoundError(absl::StrCat("There is no worker \"", name, "\".",
                                          Known(name, known, "Start one: mkworker.")));
}

absl::Status BadRegistration(absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("The worker cannot register: ", why,
                                                 " Use an mkworker of the coordinator's version."));
}

absl::Status StaleLease(JobId job, uint32_t task, uint32_t attempt) {
  return absl::AbortedError(absl::StrCat("Attempt ", attempt, " of task ", task, " of job ", job,
                                         " is not this worker's: stop it."));
}

absl::Status TooMany(absl::string_view what, size_t count, size_t most) {
  return absl::InvalidArgumentError(
      absl::StrCat(count, " ", what, " are too many for one call: send at most ", most, "."));
}

}  // namespace makeover::errors
