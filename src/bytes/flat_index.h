// A hash table of numbers that stand for things kept elsewhere: entries, names, modules. Eight bytes a place, no
// allocation per element, for tables of a million; half of a hash is kept beside each number, so that what differs is
// mostly told without looking at the thing itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "bytes/hash.h"

namespace weigh {

class FlatIndex {
 public:
  static constexpr std::uint32_t kNone = 0xFFFF'FFFF;

  void reserve(std::size_t count) {
    std::size_t size = 64;
    while (size < 2 * count) size *= 2;
    if (size > places_.size()) rehash(size);
  }

  // The number with this hash of which `is_it(number)` holds; kNone where there is none.
  template <class IsIt>
  std::uint32_t find(std::uint64_t hash, IsIt&& is_it) const {
    if (places_.empty()) return kNone;
    const auto tag = static_cast<std::uint32_t>(hash >> 32);
    for (std::size_t i = first(tag); places_[i].number != kNone; i = next(i))
      if (places_[i].tag == tag && is_it(places_[i].number)) return places_[i].number;
    return kNone;
  }

  // Adds a number that is not there yet.
  void insert(std::uint32_t number, std::uint64_t hash) {
    if (2 * (count_ + 1) > places_.size()) rehash(places_.empty() ? 64 : 2 * places_.size());
    put({number, static_cast<std::uint32_t>(hash >> 32)});
    ++count_;
  }

 private:
  struct Place {
    std::uint32_t number = kNone;
    std::uint32_t tag = 0;
  };
  void rehash(std::size_t size) {
    std::vector<Place> old(size);
    old.swap(places_);
    for (Place place : old)
      if (place.number != kNone) put(place);
  }
  void put(Place place) {
    std::size_t i = first(place.tag);
    while (places_[i].number != kNone) i = next(i);
    places_[i] = place;
  }
  std::size_t first(std::uint32_t tag) const { return tag & (places_.size() - 1); }
  std::size_t next(std::size_t i) const { return (i + 1) & (places_.size() - 1); }

  std::vector<Place> places_;  // open addressing; the size is a power of two, at most half are taken
  std::size_t count_ = 0;
};

}  // namespace weigh
