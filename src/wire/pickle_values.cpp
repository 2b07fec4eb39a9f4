#include <algorithm>

#include "wire/pickle.h"

namespace weigh::pickle {

std::span<const Value> Value::items() const {
  switch (kind_) {
    case Kind::tuple:
    case Kind::persistent: return {tuple_, size_};
    case Kind::list:
    case Kind::set: return *list_;
    default: return {};
  }
}

Entries Value::entries() const { return kind_ == Kind::dict ? Entries(*dict_) : Entries(); }

const void* Value::identity() const {
  switch (kind_) {
    case Kind::tuple:
    case Kind::persistent: return tuple_;
    case Kind::list:
    case Kind::set: return list_;
    case Kind::dict: return dict_;
    case Kind::object: return object_;
    default: return nullptr;
  }
}

Value find(Entries entries, std::string_view key) {
  auto found = std::find_if(entries.rbegin(), entries.rend(),
                            [&](const auto& pair) { return pair.first.is(Kind::string) && pair.first.text() == key; });
  return found == entries.rend() ? Value() : found->second;
}

}  // namespace weigh::pickle
