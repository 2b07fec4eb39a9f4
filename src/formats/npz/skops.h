// schema.json of a skops archive, which keeps estimators of scikit-learn: a tree of nodes
//
//   {"__class__": "MLPClassifier", "__module__": …, "__loader__": "ObjectNode", "content": node, …}
//   DictNode: "content" is an object, a node for each key   ListNode, TupleNode: an array of nodes
//   NdArrayNode: "file" is the archive's entry; an array that has two names has one entry
//
// What begins with an underscore an estimator keeps to itself: an optimizer's moments, copies, random numbers.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "weigh/limits.h"

namespace weigh {

struct SkopsSchema {
  std::string type;                                       // class of the estimator
  std::map<std::string, std::string, std::less<>> paths;  // by entry: "coefs_.0"; public names before others
};

// `label` is what errors name. Throws Error where it is no JSON.
SkopsSchema read_skops_schema(const std::string& label, const std::string& text, const Limits& limits);

// Whether an estimator keeps it to itself: "_optimizer.ms.0".
bool is_private_to_estimator(std::string_view path);

}  // namespace weigh
