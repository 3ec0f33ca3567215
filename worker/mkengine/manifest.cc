#include "worker/mkengine/manifest.h"

#include <sys/stat.h>

#include <filesystem>
#include <set>
#include <sstream>
#include <utility>

#include "worker/engine/file.h"

namespace makeover {

std::string StampOf(const std::string& path) {
  struct stat info = {};
  if (stat(path.c_str(), &info) != 0) return "";
  return std::to_string(info.st_size) + " " + std::to_string(info.st_mtim.tv_sec) + "." +
         std::to_string(info.st_mtim.tv_nsec);
}

Manifest::Manifest(std::string path) : path_(std::move(path)) {
  if (!std::filesystem::exists(path_)) return;
  std::istringstream text(engine::ReadFile(path_));
  std::string line;
  while (std::getline(text, line)) {
    Json json;
    std::string error;
    if (Json::Parse(line, &json, &error) && !json.Text("file").empty())
      lines_[json.Text("file")] = json;
  }
}

bool Manifest::IsDone(const std::string& file, const std::string& source, const std::string& output,
                      const std::string& settings) const {
  const auto found = lines_.find(file);
  if (found == lines_.end() || found->second.Text("status") != "converted") return false;
  struct stat info = {};
  return stat(output.c_str(), &info) == 0 && found->second.Integer("bytes", -1) == info.st_size &&
         found->second.Text("source") == StampOf(source) &&
         found->second.Text("settings") == settings;
}

void Manifest::Add(Json line) {
  engine::AppendToFile(path_, line.Write() + "\n");
  const std::string file = line.Text("file");
  lines_[file] = std::move(line);
}

void Manifest::Finish(const std::vector<std::string>& files) {
  std::string text;
  std::set<std::string> written;
  const auto write = [&](const std::string& file) {
    const auto found = lines_.find(file);
    if (found != lines_.end() && written.insert(file).second) text += found->second.Write() + "\n";
  };
  for (const std::string& file : files) write(file);
  for (const auto& [file, line] : lines_) write(file);
  engine::WriteFileAtomically(path_, text);
}

}  // namespace makeover
