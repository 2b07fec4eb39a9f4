#include "formats/torchscript/classes.h"

#include <algorithm>

namespace weigh::torchscript {
namespace {

// Names in quotes.
void add_names(std::string_view list, std::set<std::string, std::less<>>& names) {
  for (std::size_t open = list.find('"'); open != list.npos; open = list.find('"')) {
    list.remove_prefix(open + 1);
    const std::size_t close = list.find('"');
    if (close == list.npos) return;
    names.emplace(list.substr(0, close));
    list.remove_prefix(close + 1);
  }
}

}  // namespace

const ScriptClass* Classes::find(std::string_view global) {
  const std::string module(global.substr(0, global.find(' ')));
  if (files_.insert(module).second) read_file(module);
  const auto found = classes_.find(global);
  return found == classes_.end() ? nullptr : &found->second;
}

void Classes::read_file(const std::string& module) {
  std::string path = module;
  std::replace(path.begin(), path.end(), '.', '/');
  const ZipEntry* entry = zip_.find(std::string(folder_) + "code/" + path + ".py");
  if (entry == nullptr || entry->size > limits_.script_code_bytes) return;
  scan(zip_.read(*entry), module);
}

void Classes::scan(std::string_view text, const std::string& module) {
  constexpr std::string_view kClass = "class ";
  constexpr std::string_view kParameters = "  __parameters__ = [";
  constexpr std::string_view kBuffers = "  __buffers__ = [";
  ScriptClass* current = nullptr;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.starts_with(kClass)) {
      const std::size_t bracket = std::min(line.find('('), line.size());
      const std::string name(line.substr(kClass.size(), bracket - std::min(bracket, kClass.size())));
      current = &classes_[module + " " + name];
      current->is_module = line.substr(bracket).starts_with("(Module)");
    } else if (current != nullptr && line.starts_with(kParameters)) {
      add_names(line.substr(kParameters.size()), current->parameters);
    } else if (current != nullptr && line.starts_with(kBuffers)) {
      add_names(line.substr(kBuffers.size()), current->buffers);
    }
  }
}

}  // namespace weigh::torchscript
