#include "formats/tensorflow/object_graph.h"

#include <algorithm>

#include <fmt/format.h>

#include "wire/protobuf.h"

#include "weigh/error.h"

namespace weigh::tensorflow {
namespace {

class Reader {
 public:
  Reader(const std::string& label, std::string_view bytes, const Limits& limits)
      : label_(label), size_(bytes.size()), bytes_(label, bytes), limits_(limits) {}

  ObjectGraph read() {
    ProtoMessage graph(bytes_, 0, size_, "TrackableObjectGraph");
    while (graph.next()) {
      if (graph.number() != 1) continue;
      count();
      objects_.push_back(read_object(graph.message("TrackableObject")));
    }
    for (const TrackedObject& object : objects_) {
      for (const auto& [node, name] : object.children) check(node);
      for (const Index node : object.slots) check(node);
    }
    return std::move(objects_);
  }

 private:
  void count() {
    if (++things_ > limits_.tracked_objects) {
      throw Error(ErrorKind::limit, label_,
                  fmt::format("has a graph of more than {} objects and names (limit tracked_objects)",
                              limits_.tracked_objects));
    }
  }

  void check(Index node) const {
    if (node < objects_.size()) return;
    throw Error(ErrorKind::corrupt, label_,
                fmt::format("the graph of objects names object {}, but there are {}", node, objects_.size()));
  }

  TrackedObject read_object(ProtoMessage message) {
    TrackedObject object;
    while (message.next()) {
      if (message.number() < 1 || message.number() > 3) continue;
      count();
      if (message.number() == 1) {
        auto& child = object.children.emplace_back();
        ProtoMessage reference = message.message("ObjectReference");
        while (reference.next()) {
          if (reference.number() == 1) child.first = node(reference.varint());
          if (reference.number() == 2) child.second = text(reference);
        }
      } else if (message.number() == 2) {
        Attribute& attribute = object.attributes.emplace_back();
        ProtoMessage tensor = message.message("SerializedTensor");
        while (tensor.next()) {
          if (tensor.number() == 1) attribute.name = text(tensor);
          if (tensor.number() == 2) attribute.full_name = text(tensor);
          if (tensor.number() == 3) attribute.key = text(tensor);
        }
      } else {
        ProtoMessage slot = message.message("SlotVariableReference");
        Index own = 0;
        while (slot.next())
          if (slot.number() == 3) own = node(slot.varint());
        object.slots.push_back(own);
      }
    }
    return object;
  }

  static Index node(std::uint64_t number) { return number < kNone ? static_cast<Index>(number) : kNone; }
  std::string text(const ProtoMessage& message) const { return message.text(limits_.name_bytes, "name_bytes"); }

  const std::string& label_;
  std::uint64_t size_;
  ProtoBytes bytes_;
  const Limits& limits_;
  ObjectGraph objects_;
  std::uint64_t things_ = 0;
};

// One with slot variables, or one that counts its steps and has a rate of learning.
bool is_optimizer(const TrackedObject& object) {
  const auto has = [&](std::initializer_list<std::string_view> names) {
    return std::any_of(object.children.begin(), object.children.end(), [&](const auto& child) {
      return std::find(names.begin(), names.end(), child.second) != names.end();
    });
  };
  return !object.slots.empty() || (has({"iter", "_iterations", "iterations"}) &&
                                   has({"learning_rate", "_learning_rate", "_current_learning_rate"}));
}

}  // namespace

ObjectGraph read_object_graph(const std::string& label, std::string_view bytes, const Limits& limits) {
  return Reader(label, bytes, limits).read();
}

std::vector<Reached> reach(const ObjectGraph& graph) {
  std::vector<Reached> reached;
  if (graph.empty()) return reached;
  std::vector<bool> closed(graph.size());
  for (const TrackedObject& object : graph)
    for (const Index slot : object.slots) closed[slot] = true;
  reached.push_back({});
  closed[0] = true;
  for (std::size_t i = 0; i < reached.size(); ++i) {
    const Reached from = reached[i];
    if (i > 0 && is_optimizer(graph[from.node])) continue;
    for (const auto& [node, name] : graph[from.node].children) {
      if (closed[node]) continue;
      closed[node] = true;
      reached.push_back({node, static_cast<Index>(i), name, from.depth + 1});
    }
  }
  return reached;
}

std::string path_of(const std::vector<Reached>& reached, std::size_t index) {
  std::vector<std::string_view> names;
  for (; reached[index].above != kNone; index = reached[index].above) names.push_back(reached[index].name);
  std::string path;
  for (auto name = names.rbegin(); name != names.rend(); ++name) path += (path.empty() ? "" : "/") + std::string(*name);
  return path;
}

}  // namespace weigh::tensorflow
