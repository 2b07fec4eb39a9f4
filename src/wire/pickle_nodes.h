// Where the nodes of a pickle live, until it is destroyed. Addresses never change, and nothing is destroyed
// recursively: nodes refer to each other by plain pointers.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "wire/pickle.h"

namespace weigh::pickle {

struct Pickle::Nodes {
  std::deque<std::vector<Value>> lists;
  std::deque<std::vector<std::pair<Value, Value>>> dicts;
  std::deque<Object> objects;
  std::vector<std::string_view> global_names;

  // A copy of the items of a tuple; null for none.
  const Value* keep(std::span<const Value> items) {
    if (items.empty()) return nullptr;
    if (chunk_left_ < items.size()) {
      chunk_left_ = std::max(kChunk, items.size());
      chunk_ = chunks_.emplace_back(std::make_unique<Value[]>(chunk_left_)).get();
    }
    Value* place = chunk_;
    std::copy(items.begin(), items.end(), place);
    chunk_ += items.size();
    chunk_left_ -= items.size();
    return place;
  }

  // Text that had to be changed, so that it is no longer in the stream.
  std::string_view own(std::string text) { return texts_.emplace_back(std::move(text)); }

  // "module name", one copy however often it is named.
  std::string_view intern_global(std::string_view module, std::string_view name) {
    joined_.assign(module).append(1, ' ').append(name);
    auto [place, is_new] = globals_.insert(joined_);
    if (is_new) global_names.push_back(*place);
    return *place;
  }

 private:
  static constexpr std::size_t kChunk = 4096;
  std::vector<std::unique_ptr<Value[]>> chunks_;
  Value* chunk_ = nullptr;
  std::size_t chunk_left_ = 0;
  std::deque<std::string> texts_;
  std::unordered_set<std::string> globals_;
  std::string joined_;
};

}  // namespace weigh::pickle
