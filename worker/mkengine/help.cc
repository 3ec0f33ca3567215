// The help of the commands that a build without OpenCV has in name only.
#include "worker/mkengine/command.h"
#include "worker/mkengine/face_options.h"

namespace makeover {

CommandHelp SynthHelp() {
  return {"synth",
          "Draws toy faces in CelebA's layout, for trying things without a download",
          "DIR",
          {{"--count", "N", "pictures; default 2000"},
           {"--seed", "S", "default 1; the same seed gives the same bytes"},
           {"--threads", "N", "default: as many as the processor has"}},
          {"mkengine synth toys --count 500 --seed 7"},
          ""};
}

CommandHelp GridHelp() {
  return {"grid",
          "Draws rows of a dataset as one contact sheet",
          "",
          {{"--index", "FILE", "the dataset's index (needed)"},
           {"--shards", "DIR", "the folder of its shards (needed)"},
           {"--rows", "FILE", "one row number a line (needed)"},
           {"--out", "FILE.png", "the sheet to write (needed)"}},
          {"mkengine grid --index d.index --shards shards --rows first.txt --out sheet.png"},
          ""};
}

CommandHelp ConvertHelp() {
  std::vector<Option> options = {
      {"--model", "FILE", "a checkpoint of `mkengine train` (needed)"},
      {"--out", "DIR", "default: PATH-makeover"},
      {"--strength", "S", "0 (as it was) to 1 (default)"},
      {"--recursive", "", "also the folders in folders"},
      {"--align", "A", "none (default): the pictures lie as CelebA's aligned ones do"},
      {"--batch-size", "N", "faces at once; default: what is measured to be fastest"},
      {"--requests", "", "read requests from stdin, see worker/ENGINE.md"},
      {"--size", "WxH", "the model has its own; another one is refused"},
      {"--window", "X,Y,WxH",
       "the face's place in the aligned 178x218 frame, or full; default: as in the training"},
  };
  for (const Option& option : ComputeOptions()) options.push_back(option);
  return {"convert",
          "Converts pictures with a trained makeover",
          "PATH...",
          options,
          {"mkengine convert photos --model run/checkpoints/step040000.safetensors --out made",
           "mkengine convert a.jpg b.png --model m.safetensors --out made --strength 0.7"},
          "OUT gets the same tree and names, and manifest.jsonl with a line per picture. Run "
          "again, it does only what\n"
          "is not done yet. A bad picture fails alone; then the exit status is 1.\n"};
}

}  // namespace makeover
