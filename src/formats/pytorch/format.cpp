#include "formats/pytorch/format.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "formats/common/glance.h"
#include "formats/pytorch/archive.h"
#include "formats/pytorch/metadata.h"
#include "formats/pytorch/module_tree.h"
#include "formats/pytorch/open.h"
#include "formats/pytorch/sections.h"
#include "formats/pytorch/state_dict.h"
#include "model/sections.h"

#include "weigh/error.h"

namespace weigh {

using namespace pytorch;  // NOLINT(google-build-using-namespace): this file is that namespace's front

namespace {

class Reading {
 public:
  Reading(const Archive& archive, const ReadOptions& options, Model& model)
      : archive_(archive), model_(model), limits_(options.limits), assembler_(model, archive, options) {}

  void run() {
    contents_ = find_parts(archive_.root(), model_.source, limits_);
    for (const std::string& name : contents_.unknown_classes)
      model_.notes.push_back(
          {"unknown-class", name, "is a class that is not known; its objects were kept by name, none was made"});
    std::erase_if(contents_.found, [this](const Found& found) { return is_metrics(found); });
    describe_checkpoint(archive_.root(), model_);
    const std::ptrdiff_t models = count(pytorch::Part::state_dict) + count(pytorch::Part::module);
    if (models == 0) {
      add_loose_tensors();
    } else if (is_by_module()) {
      add_modules();
    } else {
      for (const Found& found : contents_.found) add_part(found, models > 1);
      note_loose_tensors();
    }
    assembler_.share_shapes_of_ties();
    assembler_.note_parts();
    model_.kind = kind(models);
    if (archive_.form() != "zip") model_.kind += fmt::format(", {}", archive_.form());
  }

 private:
  std::ptrdiff_t count(pytorch::Part part) const {
    return std::count_if(contents_.found.begin(), contents_.found.end(),
                         [&](const Found& f) { return f.part == part; });
  }

  // Scores by file name, as callbacks keep them: names like a state dict's, but no weights.
  bool is_metrics(const Found& found) {
    if (found.part != pytorch::Part::state_dict || found.name.empty()) return false;
    const Entries entries = mapping_entries(found.value);
    return std::all_of(entries.begin(), entries.end(), [this](const auto& entry) {
      return !is_tensor(entry.second) || assembler_.is_scalar(entry.second);
    });
  }

  // HQQ keeps a dictionary for each module, by the module's path: they are one model.
  bool is_by_module() const {
    const auto is_module = [](const Found& found) {
      const Entries entries = mapping_entries(found.value);
      return found.part == pytorch::Part::state_dict && !found.name.empty() &&
             found.name.find('/') == found.name.npos &&
             std::none_of(entries.begin(), entries.end(), [](const auto& entry) {
               return entry.first.is(Kind::string) && entry.first.text().find('.') != std::string_view::npos;
             });
    };
    const std::vector<Found>& found = contents_.found;
    return found.size() > 1 && std::all_of(found.begin(), found.end(), is_module) &&
           std::any_of(found.begin(), found.end(), [](const Found& f) { return f.name.find('.') != f.name.npos; });
  }

  void add_modules() {
    for (const Found& found : contents_.found) {
      assembler_.check_length(0, found.name);
      add_state_dict(assembler_, found.value, assembler_.builder().module(found.name));
    }
  }

  void add_part(const Found& found, bool is_one_of_several) {
    if (found.part == pytorch::Part::tensor) return;
    if (found.part == pytorch::Part::optimizer) return add_optimizer(found);
    Section section;
    section.name = model_.keep(found.name);
    if (is_one_of_several) {
      std::string path = found.name.empty() ? "?" : found.name;
      std::replace(path.begin(), path.end(), '.', '_');  // a section is one step of the tree, whatever its key
      section.root = assembler_.builder().module(path);
    }
    const std::size_t at = model_sections_++ == 0 ? 0 : model_.sections.size();
    if (at == 0) {
      model_.sections[0] = section;
    } else {
      if (model_.sections.size() >= limits_.sections)
        throw Error(ErrorKind::limit, model_.source,
                    fmt::format("holds more than {} sections (limit sections)", limits_.sections));
      model_.sections.push_back(section);
    }
    if (found.part == pytorch::Part::module) {
      add_module_tree(assembler_, found.value, section.root);
      if (!is_one_of_several) model_.architecture = model_.modules[0].type;
    } else {
      add_state_dict(assembler_, found.value, section.root);
    }
  }

  void add_optimizer(const Found& found) {
    Section section = optimizer_state(model_.keep(found.name));
    for (const Found& part :
         find_parts(pickle::find(mapping_entries(found.value), "state"), model_.source, limits_).found) {
      for (const auto& [key, value] : part.part == pytorch::Part::tensor ? Entries() : mapping_entries(part.value))
        if (is_tensor(value)) weigh_optimizer_tensor(section, value);
      if (part.part == pytorch::Part::tensor) weigh_optimizer_tensor(section, part.value);
    }
    model_.sections.push_back(section);
  }

  void weigh_optimizer_tensor(Section& section, Value tensor) {
    ++section.tensors;
    section.bytes += assembler_.stored_bytes(tensor);
  }

  // A file without a state dict or module: its tensors under the keys that lead to them.
  void add_loose_tensors() {
    for (const Found& found : contents_.found) {
      if (found.part == pytorch::Part::optimizer) {
        add_optimizer(found);
      } else {
        std::string path = found.name.empty() ? "tensor" : found.name;
        std::replace(path.begin(), path.end(), '/', '.');
        assembler_.check_length(0, path);
        assembler_.add_by_path(found.value, path);
      }
    }
  }

  // Beside a model, a checkpoint may hold single tensors (metrics, buffers of callbacks): they are no part of it.
  void note_loose_tensors() {
    for (const Found& found : contents_.found) {
      if (found.part != pytorch::Part::tensor || assembler_.is_scalar(found.value)) continue;
      model_.notes.push_back({"loose-tensor", found.name,
                              fmt::format("is a tensor of {} bytes outside of any state dict; it is not counted",
                                          assembler_.stored_bytes(found.value))});
    }
  }

  std::string kind(std::ptrdiff_t models) const {
    if (is_lightning_checkpoint(archive_.root())) return "Lightning checkpoint";
    if (is_by_module()) return "state dicts of modules";
    const bool root_is_the_part = contents_.found.size() == 1 && contents_.found[0].name.empty();
    if (models == 0) {
      if (model_.tensors.empty() && count(pytorch::Part::optimizer) > 0) return "optimizer state";
      return root_is_the_part ? "tensor" : "tensors";
    }
    if (!root_is_the_part) return "checkpoint";
    return contents_.found[0].part == pytorch::Part::module ? "pickled module" : "state dict";
  }

  const Archive& archive_;
  Model& model_;
  const Limits& limits_;
  Assembler assembler_;
  Contents contents_;
  int model_sections_ = 0;
};

void note_uninitialised(Model& model) {
  for (const Tensor& tensor : model.tensors) {
    if (tensor.state != State::uninitialised) continue;
    const char* what = tensor.role == Role::parameter ? "parameter" : "buffer";
    model.notes.push_back(
        {"uninitialized", model.path_of(tensor),
         fmt::format("is a {} that is not initialised yet; run one forward before saving, or give an example "
                     "input, to know it",
                     what)});
  }
}

}  // namespace

bool matches_pytorch(Glance& glance) {
  return glance.zip_kind() == ZipKind::saved || looks_like_legacy(glance.head()) || looks_like_tar(glance.head());
}

void read_pytorch(Source& source, const ReadOptions& options, Model& model) {
  model.format = "PyTorch";
  std::unique_ptr<Archive> archive = open_archive(source, options.limits);
  archive->describe(model);
  Reading(*archive, options, model).run();
  note_uninitialised(model);
  if (!options.locations) return;
  model.files = {source.label()};
  model.locations.resize(model.tensors.size());
}

}  // namespace weigh
