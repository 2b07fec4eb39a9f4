#include "formats/tensorflow/assembler.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "bytes/digits.h"
#include "bytes/shown.h"
#include "formats/common/slash_path.h"
#include "model/roles.h"

#include "weigh/error.h"

namespace weigh::tensorflow {
namespace {

constexpr std::string_view kValue = "/.ATTRIBUTES/VARIABLE_VALUE";
constexpr std::string_view kAttributes = "/.ATTRIBUTES/";
constexpr std::string_view kSlot = "/.OPTIMIZER_SLOT/";
constexpr std::string_view kAverage = "/ExponentialMovingAverage";
constexpr std::string_view kCounter = "save_counter";

constexpr std::size_t kMostNotes = 100;

// What optimizers of TensorFlow 1 append to the name of the variable that they keep state for, also as "_1".
constexpr std::array<std::string_view, 16> kStates = {
    "Adam",   "Momentum", "RMSProp", "Adagrad", "Adadelta", "Ftrl", "AdamW", "AdaMax",
    "adam_m", "adam_v",   "LARS",    "lamb_m",  "lamb_v",   "vr",   "vc",    "AdafactorOptimizer"};

bool is_state_name(std::string_view name) {
  const std::size_t line = name.rfind('_');
  if (line != std::string_view::npos && is_number(name.substr(line + 1))) name = name.substr(0, line);
  return std::find(kStates.begin(), kStates.end(), name) != kStates.end();
}

std::string_view last_of(std::string_view path) { return path.substr(path.rfind('/') + 1); }

RequiresGrad grad_of(std::optional<bool> trainable) {
  if (!trainable) return RequiresGrad::not_recorded;
  return *trainable ? RequiresGrad::yes : RequiresGrad::no;
}

// Keras lists what it trains and what it does not, which is the truth of layers that are frozen.
std::vector<std::optional<bool>> trainable_of(const ObjectGraph& graph, const SavedModel* saved) {
  std::vector<std::optional<bool>> trainable(graph.size());
  if (saved != nullptr && saved->trainable.size() == graph.size()) trainable = saved->trainable;
  for (const auto& [list, name] : graph[0].children) {
    if (name != "trainable_variables" && name != "non_trainable_variables") continue;
    for (const auto& [node, number] : graph[list].children) trainable[node] = name == "trainable_variables";
  }
  return trainable;
}

}  // namespace

void Assembler::run(const SavedModel* saved) {
  if (bundle_.shard_count() > 1) model_.kind += fmt::format(", {} shards", bundle_.shard_count());
  if (bundle_.is_big_endian()) model_.metadata.emplace_back("byteorder", "big");
  note_missing();
  if (options_.locations)
    for (std::uint64_t i = 0; i < bundle_.shard_count(); ++i) model_.files.push_back(bundle_.shard_name(i));
  const Entry* graph = bundle_.find(kObjectGraphKey);
  std::optional<std::string> bytes;
  if (graph != nullptr && graph->is_text())
    bytes = bundle_.text(*graph, options_.limits.sstable_block_bytes, "sstable_block_bytes");
  const ObjectGraph objects =
      bytes ? read_object_graph(bundle_.shard_name(graph->shard), *bytes, options_.limits) : ObjectGraph();
  if (objects.empty()) {
    add_by_names();
  } else {
    add_by_objects(objects, saved);
  }
  if (state_.tensors > 0) model_.sections.push_back(state_);
}

void Assembler::add_by_objects(const ObjectGraph& graph, const SavedModel* saved) {
  const std::vector<std::optional<bool>> trainable = trainable_of(graph, saved);
  const std::vector<Reached> reached = reach(graph);
  std::vector<bool> done(bundle_.entries().size());
  std::vector<bool> is_reached(graph.size());
  std::uint64_t path_bytes = 0;
  const auto each_entry = [&](Index node, auto&& visit) {
    for (const Attribute& attribute : graph[node].attributes) {
      const Entry* entry = bundle_.find(attribute.key);
      if (entry == nullptr) continue;
      const auto index = static_cast<std::size_t>(entry - bundle_.entries().data());
      if (!done[index]) visit(*entry, attribute);
      done[index] = true;
    }
  };
  for (std::size_t i = 0; i < reached.size(); ++i) {
    const Reached& one = reached[i];
    is_reached[one.node] = true;
    if (graph[one.node].attributes.empty()) continue;
    if (one.depth > options_.limits.module_depth) {
      throw Error(
          ErrorKind::limit, model_.source,
          fmt::format("has objects that lie more than {} deep (limit module_depth)", options_.limits.module_depth));
    }
    const std::string path = path_of(reached, i);
    path_bytes += path.size();  // long names that many objects lie below
    if (path_bytes > options_.limits.sstable_bytes) {
      throw Error(ErrorKind::limit, model_.source,
                  fmt::format("the ways to its objects have more than {} bytes (limit sstable_bytes)",
                              options_.limits.sstable_bytes));
    }
    each_entry(one.node, [&](const Entry& entry, const Attribute& attribute) {
      if (path == kCounter) return;
      add(entry, attribute.name == "VARIABLE_VALUE" ? path : path + "/" + attribute.name, grad_of(trainable[one.node]),
          attribute.full_name);
    });
  }
  for (Index node = 0; node < graph.size(); ++node) {
    if (is_reached[node]) continue;
    each_entry(node, [&](const Entry& entry, const Attribute&) {
      ++state_.tensors;
      state_.bytes += entry.size;
    });
  }
  add_rest(done);
}

void Assembler::add_by_names() { add_rest(std::vector<bool>(bundle_.entries().size())); }

void Assembler::add_rest(const std::vector<bool>& done) {
  for (std::size_t i = 0; i < done.size(); ++i) {
    const Entry& entry = bundle_.entries()[i];
    if (done[i] || entry.name == kObjectGraphKey) continue;
    std::string_view name = entry.name;
    if (name.ends_with(kValue)) name.remove_suffix(kValue.size());
    if (name == kCounter || add_as_state(entry) || add_as_copy(entry)) continue;
    add(entry, std::string(name), RequiresGrad::not_recorded);
  }
}

// By its name alone: "net/w/.OPTIMIZER_SLOT/optimizer/m/…", "optimizer/_variables/2/…", "layer/kernel/Adam".
bool Assembler::add_as_state(const Entry& entry) {
  const std::string_view name = entry.name;
  bool is_state = name.find(kSlot) != std::string_view::npos;
  is_state |=
      name.ends_with(kValue) && name.starts_with("optimizer/") && !name.starts_with("optimizer/_trainable_variables/");
  is_state |= entry.shape.empty() && (name == "beta1_power" || name == "beta2_power");
  if (const std::size_t slash = name.rfind('/'); !is_state && slash != std::string_view::npos) {
    const Entry* of = is_state_name(name.substr(slash + 1)) ? bundle_.find(name.substr(0, slash)) : nullptr;
    is_state = of != nullptr;
  }
  if (!is_state) return false;
  ++state_.tensors;
  state_.bytes += entry.size;
  return true;
}

bool Assembler::add_as_copy(const Entry& entry) {
  if (!entry.name.ends_with(kAverage)) return false;
  const std::string of = entry.name.substr(0, entry.name.size() - kAverage.size());
  if (bundle_.find(of) == nullptr) return false;
  if (averages_ == kNone) {
    averages_ = builder_.add_child(0, kAverage.substr(1));
    Section section;
    section.name = model_.modules[averages_].name;
    section.kind = SectionKind::copy;
    section.root = averages_;
    model_.sections.push_back(section);
  }
  add(entry, std::string(kAverage.substr(1)) + "/" + of, RequiresGrad::not_recorded);
  return true;
}

void Assembler::add(const Entry& entry, const std::string& path, RequiresGrad requires_grad,
                    const std::string& full_name) {
  if (entry.is_text()) {
    const bool is_variable = entry.name.ends_with(kValue) || entry.name.find(kAttributes) == std::string::npos;
    if (is_variable) note("not-numbers", path, "holds text; it is not counted");
    return;
  }
  if (entry.dtype == DType::unknown) {
    note("unknown-dtype", path,
         fmt::format("is of TensorFlow's type {}, which is not known; its bytes are those in the file", entry.type));
  }
  const bool is_named = full_name.find('/') != std::string::npos;
  Tensor tensor;
  tensor.dtype = entry.dtype;
  tensor.rank = static_cast<std::uint8_t>(entry.shape.size());
  tensor.stored_bytes = entry.size;
  tensor.requires_grad = requires_grad;
  infer_role(last_of(is_named ? full_name : path), entry.dtype, entry.shape).give_to(tensor);
  // A single number that is not trained counts something: the total of a metric.
  const bool is_metric = requires_grad == RequiresGrad::no || path.find("/metrics/") != std::string::npos;
  if (entry.shape.empty() && is_metric) KnownRole{Role::buffer, Evidence::derived}.give_to(tensor);
  // Keras' exports hold each variable twice, under two objects of one name.
  const std::tuple key(full_name, entry.crc, entry.size);
  if (const auto twin = by_full_name_.find(key); is_named && twin != by_full_name_.end()) {
    const Tensor& other = model_.tensors[twin->second];
    if (other.dtype == tensor.dtype && other.rank == tensor.rank &&
        std::equal(entry.shape.begin(), entry.shape.end(), model_.shape_begin(other))) {
      tensor.tied_to = twin->second;
      tensor.stored_apart = true;
    }
  }
  std::string name = is_named && tensor.tied_to == kNone ? dotted(full_name) : dotted(path);
  if (builder_.find(name) != kNone) name = dotted(path);
  Index index = kNone;
  if (builder_.find(name) == kNone) {
    index = builder_.add_by_path(tensor, name, entry.shape);
  } else {
    tensor.name = entry.name;
    index = builder_.add_to_module(tensor, entry.shape);
  }
  if (is_named && tensor.tied_to == kNone) by_full_name_.emplace(key, index);
  if (options_.locations) locate(entry);
}

void Assembler::locate(const Entry& entry) {
  const bool is_plain = !entry.is_in_slices && !bundle_.is_big_endian() && bits(entry.dtype) >= 8;
  model_.locations.push_back({is_plain ? static_cast<Index>(entry.shard) : kNone, is_plain ? entry.offset : 0, {}});
}

void Assembler::note_missing() {
  const std::vector<std::string> missing = bundle_.missing_shards();
  if (missing.empty()) return;
  std::string names = missing[0];
  if (missing.size() > 1) names += fmt::format(" and {} more", missing.size() - 1);
  model_.notes.push_back(
      {"missing-shard", names,
       fmt::format("{} not there, of {}; the index tells what {} hold{}", missing.size() == 1 ? "is" : "are",
                   bundle_.shard_count(), missing.size() == 1 ? "it" : "they", missing.size() == 1 ? "s" : "")});
}

void Assembler::note(const char* code, std::string_view place, std::string message) {
  if (notes_++ < kMostNotes)
    model_.notes.push_back({code, std::string(place.substr(0, kShownText)), std::move(message)});
}

}  // namespace weigh::tensorflow
