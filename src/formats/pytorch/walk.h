// A walk over everything that a pickle built, each shared node once and without recursion.
#pragma once

#include <unordered_set>
#include <vector>

#include "formats/pytorch/python.h"

namespace weigh::pytorch {

template <class Visit>
void for_each_node(Value root, Visit&& visit) {
  std::unordered_set<const void*> seen;
  std::vector<Value> open = {root};
  while (!open.empty()) {
    Value value = open.back();
    open.pop_back();
    const void* identity = value.identity();
    if (identity != nullptr && !seen.insert(identity).second) continue;
    visit(value);
    auto push_pairs = [&](Entries pairs) {
      for (const auto& [key, held] : pairs) {
        open.push_back(held);
        open.push_back(key);
      }
    };
    if (value.is(Kind::object)) {
      const pickle::Object& object = value.object();
      for (Value part : {object.callable(), object.arguments(), object.keywords(), object.state()})
        open.push_back(part);
      open.insert(open.end(), object.items().begin(), object.items().end());
      push_pairs(object.entries());
    } else {
      open.insert(open.end(), value.items().begin(), value.items().end());
      push_pairs(value.entries());
    }
  }
}

}  // namespace weigh::pytorch
