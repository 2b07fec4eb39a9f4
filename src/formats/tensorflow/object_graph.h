// The objects of a checkpoint and what they are to each other, as tf.train.Checkpoint and SavedModels keep them beside
// the tensors, under the key "_CHECKPOINTABLE_OBJECT_GRAPH". A protocol buffer:
//
//   TrackableObjectGraph   1 [TrackableObject]; the first is the root
//   TrackableObject        1 [child: 1 node, 2 name], 2 [attribute: 1 name, 2 full name, 3 key in the checkpoint],
//                          3 [slot variable: 1 node of its original, 2 name, 3 its own node]
//
// Keys are shortest paths, so that a model's own weights may stand below its optimizer; the graph tells better.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weigh/limits.h"
#include "weigh/model.h"

namespace weigh::tensorflow {

inline constexpr std::string_view kObjectGraphKey = "_CHECKPOINTABLE_OBJECT_GRAPH";

struct Attribute {
  std::string name;       // "VARIABLE_VALUE"
  std::string full_name;  // "stem/kernel", or "Variable" where nobody named it
  std::string key;
};

struct TrackedObject {
  std::vector<std::pair<Index, std::string>> children;
  std::vector<Attribute> attributes;
  std::vector<Index> slots;  // nodes of its slot variables: it is an optimizer
};

using ObjectGraph = std::vector<TrackedObject>;

// `label` is named in messages. Throws Error.
ObjectGraph read_object_graph(const std::string& label, std::string_view bytes, const Limits& limits);

// Nodes that are the model: those that the root reaches without passing an optimizer, in the order of the ways there.
struct Reached {
  Index node = 0;
  Index above = kNone;    // in the list
  std::string_view name;  // in the one above
  std::uint32_t depth = 0;
};
std::vector<Reached> reach(const ObjectGraph& graph);
// "model/layers/0/kernel"
std::string path_of(const std::vector<Reached>& reached, std::size_t index);

}  // namespace weigh::tensorflow
