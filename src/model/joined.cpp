#include "model/joined.h"

#include <string>
#include <utility>

#include <fmt/format.h>

#include "weigh/error.h"

namespace weigh {
namespace {

// Facts of each part that are worth more than all the rest.
constexpr std::size_t kMostFacts = 64;

Index shifted(Index index, Index by) { return index == kNone ? kNone : index + by; }

// The module or tensor that a note speaks of, followed down from the root; its names may hold dots.
bool is_path(const Model& model, std::string_view path) {
  Index module = 0;
  for (;;) {
    for (Index i = model.modules[module].first_tensor; i != kNone; i = model.tensors[i].next)
      if (model.tensors[i].name == path) return true;
    Index child = model.modules[module].first_child;
    for (; child != kNone; child = model.modules[child].next) {
      const std::string_view name = model.modules[child].name;
      if (path == name) return true;
      if (path.starts_with(name) && path.substr(name.size()).starts_with('.')) break;
    }
    if (child == kNone) return false;
    path.remove_prefix(model.modules[child].name.size() + 1);
    module = child;
  }
}

}  // namespace

void Joined::add(Model part, std::string_view name, std::string_view type) {
  if (part.tensors.size() > limits_.tensors - model_.tensors.size())
    throw Error(ErrorKind::limit, model_.source, fmt::format("holds more than {} tensors", limits_.tensors));
  for (Note& note : part.notes) {
    if (note.place == part.source) note.place.clear();
    const char* between = note.place.empty() ? "" : is_path(part, note.place) ? "." : "/";
    model_.notes.push_back(
        {std::move(note.code), fmt::format("{}{}{}", name, between, note.place), std::move(note.message)});
  }
  const Index root = add_root(name, part.modules[0].type.empty() ? type : part.modules[0].type);
  model_.adopt_text(part);
  const Shift shift{root, static_cast<Index>(model_.tensors.size()), static_cast<Index>(model_.extents.size()),
                    static_cast<Index>(model_.symbols.size()), static_cast<Index>(model_.files.size())};
  add_modules(part, root, shift);
  add_tensors(part, shift);
  add_sections(part, name, shift);
  add_facts(part, name);
  add_config(part.config);
  model_.source_bytes += part.source_bytes;
}

void Joined::add_unknown(std::string_view name, std::string_view type) {
  const Index root = add_root(name, type);
  Tensor tensor;
  tensor.name = "?";
  tensor.module = root;
  tensor.rank = Tensor::kUnknownRank;
  tensor.state = State::missing;
  model_.modules[root].first_tensor = model_.modules[root].last_tensor = static_cast<Index>(model_.tensors.size());
  model_.tensors.push_back(tensor);
  add_section({model_.modules[root].name, SectionKind::model, root});
}

Index Joined::add_root(std::string_view name, std::string_view type) {
  const auto root = static_cast<Index>(model_.modules.size());
  Module& whole = model_.modules[0];
  (whole.last_child == kNone ? whole.first_child : model_.modules[whole.last_child].next) = root;
  whole.last_child = root;
  Module module;
  module.name = model_.keep(name);
  module.type = model_.keep(type);
  module.parent = 0;
  model_.modules.push_back(module);
  ++parts_;
  return root;
}

// The part's root is there already; its number is the part's shift.
void Joined::add_modules(Model& part, Index root, const Shift& shift) {
  for (std::size_t i = 0; i < part.modules.size(); ++i) {
    Module module = part.modules[i];
    for (Index Module::*index :
         {&Module::parent, &Module::first_child, &Module::last_child, &Module::next, &Module::alias_of})
      module.*index = shifted(module.*index, shift.modules);
    for (Index Module::*index : {&Module::first_tensor, &Module::last_tensor})
      module.*index = shifted(module.*index, shift.tensors);
    if (i > 0) {
      model_.modules.push_back(module);
      continue;
    }
    module.name = model_.modules[root].name;
    module.type = model_.modules[root].type;
    module.parent = 0;
    module.next = kNone;
    model_.modules[root] = module;
  }
  if (part.runs.empty() && model_.runs.empty()) return;
  model_.runs.resize(shift.modules);
  std::move(part.runs.begin(), part.runs.end(), std::back_inserter(model_.runs));
  model_.runs.resize(model_.modules.size());
}

void Joined::add_tensors(Model& part, const Shift& shift) {
  for (Tensor tensor : part.tensors) {
    tensor.module += shift.modules;
    tensor.next = shifted(tensor.next, shift.tensors);
    tensor.tied_to = shifted(tensor.tied_to, shift.tensors);
    tensor.first_extent += shift.extents;
    model_.tensors.push_back(tensor);
  }
  for (Extent extent : part.extents) {
    const bool has_name = !extent.is_known() && extent.symbol() != kNameless;
    model_.extents.push_back(has_name ? Extent::unknown(extent.symbol() + shift.symbols) : extent);
  }
  for (Symbol symbol : part.symbols) model_.symbols.push_back({symbol.name, symbol.layer + shift.modules});
  for (const auto& [extent, elements] : part.nested_elements)
    model_.nested_elements.emplace_back(extent + shift.extents, elements);
  if (part.locations.empty() && model_.locations.empty()) return;
  model_.locations.resize(shift.tensors);
  for (Location& location : part.locations) {
    location.file = shifted(location.file, shift.files);
    model_.locations.push_back(std::move(location));
  }
  model_.locations.resize(model_.tensors.size());
  std::move(part.files.begin(), part.files.end(), std::back_inserter(model_.files));
}

void Joined::add_section(Section section) {
  if (parts_ == 1 && model_.sections.size() == 1 && model_.sections[0].root == 0) {
    model_.sections[0] = section;  // the one that every model begins with
    return;
  }
  if (model_.sections.size() >= limits_.sections)
    throw Error(ErrorKind::limit, model_.source,
                fmt::format("holds more than {} sections (limit sections)", limits_.sections));
  model_.sections.push_back(section);
}

void Joined::add_sections(const Model& part, std::string_view name, const Shift& shift) {
  for (Section section : part.sections) {
    section.name = model_.keep(section.name.empty() ? std::string(name) : fmt::format("{}/{}", name, section.name));
    section.root = shifted(section.root, shift.modules);
    add_section(section);
  }
}

void Joined::add_facts(Model& part, std::string_view name) {
  for (auto& [key, value] : part.metadata)
    if (model_.metadata.size() < kMostFacts && key != "format")  // of safetensors: "pt"
      model_.metadata.emplace_back(fmt::format("{}.{}", name, key), std::move(value));
}

// What is said of packed weights and of experts is taken from the one part that says it: it is looked at wherever the
// weights are. Where several parts say it, and differ, none is believed.
void Joined::add_config(const Config& config) {
  QuantizationConfig& quantization = model_.config.quantization;
  const QuantizationConfig& packed = config.quantization;
  if (packed.bits != 0 || packed.group_size != 0) {
    const bool is_first = quantization.bits == 0 && quantization.group_size == 0;
    const bool is_same = quantization.bits == packed.bits && quantization.group_size == packed.group_size;
    quantization = is_first || is_same ? packed : QuantizationConfig();
  }
}

}  // namespace weigh
