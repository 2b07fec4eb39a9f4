#include "formats/torchscript/format.h"

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <fmt/format.h>

#include "formats/pytorch/archive.h"
#include "formats/pytorch/assembler.h"
#include "formats/pytorch/danger.h"
#include "formats/pytorch/module_walk.h"
#include "formats/torchscript/classes.h"
#include "model/sections.h"
#include "wire/zip.h"

#include "weigh/error.h"

namespace weigh {

using namespace pytorch;  // NOLINT(google-build-using-namespace): the objects are torch's

namespace {

constexpr std::string_view kConstants = "(constants)";

// One of the archive's pickles with its storages.
class ScriptPickle final : public Archive {
 public:
  ScriptPickle(const ZipDirectory& zip, const std::string& folder, std::string_view name, Source& source,
               const Limits& limits)
      : zip_(zip), folder_(folder + std::string(name) + "/"), other_(folder + "tensors/") {
    const std::string path = folder + std::string(name) + ".pkl";
    const ZipEntry* entry = zip.find(path);
    if (entry == nullptr) throw Error(ErrorKind::corrupt, source.label(), fmt::format("holds no '{}'", path));
    bytes_ = zip.read(*entry);
    label_ = source.label() + "/" + path;
    pickle_ = std::make_unique<pickle::Pickle>(label_, bytes_, limits);
    refuse_dangerous(pickle_->globals(), source.label());
  }

  Value root() const override { return pickle_->root(); }
  std::string_view form() const override { return "zip"; }
  std::optional<std::uint64_t> storage_bytes(std::string_view key) const override {
    const ZipEntry* entry = storage(key);
    return entry == nullptr ? std::nullopt : std::optional(entry->size);
  }
  std::optional<std::uint64_t> storage_offset(std::string_view key) const override {
    const ZipEntry* entry = storage(key);
    if (entry == nullptr || !entry->is_stored()) return std::nullopt;
    return zip_.data_offset(*entry);
  }

 private:
  const ZipEntry* storage(std::string_view key) const {
    const ZipEntry* entry = zip_.find(folder_ + std::string(key));
    return entry != nullptr ? entry : zip_.find(other_ + std::string(key));
  }

  const ZipDirectory& zip_;
  std::string folder_;
  std::string other_;
  std::string label_;
  std::string bytes_;
  std::unique_ptr<pickle::Pickle> pickle_;
};

// "__torch__.models Net"; "__torch__ Net" where the class was defined in the program itself.
bool is_of_a_script_class(Value value) {
  const std::string_view global = class_of(value);
  return global.starts_with("__torch__.") || global.starts_with("__torch__ ");
}

class ScriptTree {
 public:
  ScriptTree(Assembler& assembler, torchscript::Classes& classes)
      : assembler_(assembler), model_(assembler.model()), classes_(classes) {}

  void add(Value root) {
    pytorch::walk_depth_first(Open{root, 0, 0},
                              [this](const Open& open, std::vector<Open>& children) { add_one(open, children); });
  }

 private:
  struct Open {
    Value value;
    Index index;
    std::uint32_t depth;
  };

  void add_one(const Open& open, std::vector<Open>& children) {
    const auto [seen, is_new] = seen_.emplace(open.value.identity(), open.index);
    Module& module = model_.modules[open.index];
    const std::string_view global = class_of(open.value);
    module.type = model_.keep(short_class_name(global));
    const Entries attributes = attributes_of(open.value);
    const Value training = pickle::find(attributes, "training");
    if (training.is(Kind::boolean)) module.mode = training.boolean() ? Mode::train : Mode::eval;
    if (!is_new) {
      module.alias_of = seen->second;
      return;
    }
    if (open.depth >= assembler_.limits().module_depth)
      throw Error(ErrorKind::limit, model_.source,
                  fmt::format("nests modules deeper than {} (limit module_depth)", assembler_.limits().module_depth));
    const torchscript::ScriptClass* known = classes_.find(global);
    if (known == nullptr) note_missing(global, open.index);
    for (const auto& [key, value] : attributes)
      if (key.is(Kind::string)) add_attribute(open, known, key.text(), value, children);
  }

  void add_attribute(const Open& open, const torchscript::ScriptClass* known, std::string_view name, Value value,
                     std::vector<Open>& children) {
    if (is_tensor(value)) {
      add_tensor(open.index, known, name, value);
    } else if (is_module(value)) {
      assembler_.check_length(open.index, name);
      children.push_back({value, assembler_.builder().add_child(open.index, name), open.depth + 1});
    } else if (is_of_a_script_class(value)) {
      model_.notes.push_back({"unknown-class", model_.path_of(open.index, name),
                              fmt::format("is a '{}', which is no module; tensors in it are not counted",
                                          dotted(class_of(value)).substr(0, 200))});
    }
  }

  // Where the code does not tell, what has attributes is taken for one.
  bool is_module(Value value) {
    if (!is_of_a_script_class(value) || !value.is(Kind::object)) return false;
    if (const torchscript::ScriptClass* known = classes_.find(class_of(value))) return known->is_module;
    return is_mapping(value.object().state());
  }

  void add_tensor(Index module, const torchscript::ScriptClass* known, std::string_view name, Value value) {
    assembler_.check_length(module, name);
    std::optional<Role> role;
    if (known != nullptr) {
      if (known->parameters.contains(name)) {
        role = Role::parameter;
      } else if (known->buffers.contains(name)) {
        role = Role::buffer;
      } else {
        model_.notes.push_back(
            {"loose-tensor", model_.path_of(module, name),
             fmt::format("is an attribute of {} bytes, neither parameter nor buffer; it is not counted",
                         assembler_.stored_bytes(value))});
        return;
      }
    }
    assembler_.add_to_module(value, name, module, role);
  }

  void note_missing(std::string_view global, Index module) {
    if (!missing_.insert(std::string(global)).second) return;
    model_.notes.push_back({"missing-code", model_.path_of(module),
                            fmt::format("is a '{}', of which the archive holds no code; which of its tensors are "
                                        "parameters is inferred",
                                        dotted(global).substr(0, 200))});
  }

  Assembler& assembler_;
  Model& model_;
  torchscript::Classes& classes_;
  std::unordered_map<const void*, Index> seen_;
  std::set<std::string> missing_;
};

// What torch::save of C++ makes of an optimizer: modules without code, "state" and "param_groups". In Python no module
// can have such attributes and nothing else.
bool is_optimizer(Value root) {
  const Entries attributes = attributes_of(root);
  const auto is_script_object = [&](std::string_view name) {
    const Value value = pickle::find(attributes, name);
    return value.is(Kind::object) && is_of_a_script_class(value);
  };
  return is_script_object("state") && is_script_object("param_groups");
}

// Tensors by the objects that hold them. Numbers of groups and their members, "param_groups/size", are tensors, too.
void add_optimizer(const Archive& archive, const ReadOptions& options, Model& model) {
  Model unused;
  Assembler assembler(unused, archive, options);
  Section section = optimizer_state();
  std::vector<Value> open = {archive.root()};
  std::unordered_set<const void*> seen;
  while (!open.empty()) {
    const Value value = open.back();
    open.pop_back();
    if (!seen.insert(value.identity()).second) continue;
    for (const auto& [key, held] : attributes_of(value)) {
      if (is_tensor(held)) {
        if (key.is(Kind::string) && key.text().ends_with("/size")) continue;
        ++section.tensors;
        section.bytes += assembler.stored_bytes(held);
      } else if (is_of_a_script_class(held)) {
        open.push_back(held);
      }
    }
  }
  model.sections.push_back(section);
}

// Tensors that the code refers to. Freezing turns parameters into constants, of which nothing else is recorded.
void add_constants(const Archive& archive, const ReadOptions& options, Model& model) {
  Assembler assembler(model, archive, options);
  Index module = kNone;
  std::size_t position = 0;
  std::size_t count = 0;
  for (Value value : sequence_items(archive.root())) {
    const std::string name = fmt::format("c{}", position++);
    if (!is_tensor(value)) continue;
    if (module == kNone) module = assembler.builder().add_child(0, kConstants);
    assembler.add_to_module(value, name, module, Role::buffer);
    ++count;
  }
  if (count == 0) return;
  model.notes.push_back({"constants", std::string(kConstants),
                         fmt::format("are the constants of the code ({}), counted as buffers; a frozen module's "
                                     "parameters are among them",
                                     count)});
}

void describe(const ZipDirectory& zip, const std::string& folder, Model& model) {
  for (const char* fact : {"version", "byteorder"}) {
    const ZipEntry* entry = zip.find(folder + fact);
    if (entry == nullptr || entry->size >= 16) continue;
    std::string text = zip.read(*entry);
    while (!text.empty() && text.back() == '\n') text.pop_back();
    if (text != "little") model.metadata.emplace_back(fact, text);
  }
}

}  // namespace

bool matches_torchscript(Glance& glance) { return glance.zip_kind() == ZipKind::script; }

void read_torchscript(Source& source, const ReadOptions& options, Model& model) {
  model.format = "TorchScript";
  const ZipDirectory zip(source, options.limits);
  const std::optional<std::string> folder = folder_of(zip, "data.pkl");
  if (!folder) throw Error(ErrorKind::unsupported, source.label(), "is no TorchScript archive: it has no data.pkl");
  const ScriptPickle data(zip, *folder, "data", source, options.limits);
  if (!is_of_a_script_class(data.root())) {
    throw Error(ErrorKind::corrupt, source.label(),
                fmt::format("'{}data.pkl' holds no TorchScript module; is it from another program?", *folder));
  }
  model.kind = zip.find(*folder + "bytecode.pkl") != nullptr ? "module, with bytecode" : "module";
  describe(zip, *folder, model);
  if (is_optimizer(data.root())) {
    model.kind = "optimizer state";
    return add_optimizer(data, options, model);
  }
  torchscript::Classes classes(zip, *folder, options.limits);
  Assembler assembler(model, data, options);
  ScriptTree(assembler, classes).add(data.root());
  model.architecture = model.modules[0].type;
  const ScriptPickle constants(zip, *folder, "constants", source, options.limits);
  add_constants(constants, options, model);
  if (!options.locations) return;
  model.files = {source.label()};
  model.locations.resize(model.tensors.size());
}

}  // namespace weigh
