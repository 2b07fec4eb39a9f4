// A hash table of numbers that stand for things kept elsewhere: entries, names, modules. Four bytes a place, no
// allocation per element, for tables of a million.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

namespace weigh {

class FlatIndex {
 public:
  static constexpr std::uint32_t kNone = 0xFFFF'FFFF;

  // The number with this hash of which `is_it(number)` holds; kNone where there is none.
  template <class IsIt>
  std::uint32_t find(std::size_t hash, IsIt&& is_it) const {
    if (places_.empty()) return kNone;
    for (std::size_t place = first_place(hash); places_[place] != kNone; place = next_place(place))
      if (is_it(places_[place])) return places_[place];
    return kNone;
  }

  // Adds a number that is not there yet. `hash_of(number)` tells the hash of any number in the table.
  template <class HashOf>
  void insert(std::uint32_t number, HashOf&& hash_of) {
    if (2 * (count_ + 1) > places_.size()) {
      std::vector<std::uint32_t> old(places_.empty() ? 64 : 2 * places_.size(), kNone);
      old.swap(places_);
      for (std::uint32_t each : old)
        if (each != kNone) put(each, hash_of(each));
    }
    put(number, hash_of(number));
    ++count_;
  }

 private:
  void put(std::uint32_t number, std::size_t hash) {
    std::size_t place = first_place(hash);
    while (places_[place] != kNone) place = next_place(place);
    places_[place] = number;
  }
  std::size_t first_place(std::size_t hash) const { return hash & (places_.size() - 1); }
  std::size_t next_place(std::size_t place) const { return (place + 1) & (places_.size() - 1); }

  std::vector<std::uint32_t> places_;  // open addressing; the size is a power of two, at most half are taken
  std::size_t count_ = 0;
};

inline std::size_t hash_of(std::string_view text) { return std::hash<std::string_view>{}(text); }

}  // namespace weigh
