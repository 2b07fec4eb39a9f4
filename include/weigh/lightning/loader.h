// Where batches come from: any range (a std::vector, a generator with begin() and end()), or a pointer to one, such as
// what torch::data::make_data_loader returns.
//
//   trainer.fit(net, batches);                                            a range, not copied
//   trainer.fit(net, torch::data::make_data_loader(data.map(stack), 64)); a pointer to one, which is kept
#pragma once

#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "weigh/lightning/batch.h"

namespace weigh::lightning {

class Loader {
 public:
  Loader() = default;
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;
  virtual ~Loader() = default;

  // How many batches a pass has; nothing where the range does not tell.
  virtual std::optional<std::int64_t> size() const = 0;
  // Begins a pass.
  virtual void start() = 0;
  // Whether the pass is over.
  virtual bool is_done() = 0;
  // The batch at hand.
  virtual AnyBatch batch() = 0;
  // Goes on to the next one.
  virtual void advance() = 0;
  // Lets go of a pass that is not over, and of what works for it.
  virtual void stop() = 0;
};

namespace detail {

template <class Source>
concept PointerLike = requires(Source& source) {
  (*source).begin();
  (*source).end();
};

template <class Source>
concept RangeOrPointer = PointerLike<Source> || requires(Source& source) {
  source.begin();
  source.end();
};

template <class Source>
auto first_of(Source& source) {
  if constexpr (PointerLike<Source>) {
    return (*source).begin();
  } else if constexpr (RangeOrPointer<Source>) {
    return source.begin();
  }
}

template <class Batch, class Source>
concept GivesBatches = !RangeOrPointer<Source> || requires(Source & source) {
  Batch(*first_of(source));
};

// `Held` is a range or a pointer to one, by value or by reference.
template <class Batch, class Held>
class RangeLoader : public Loader {
 public:
  template <class Source>
  explicit RangeLoader(Source&& source) : held_(std::forward<Source>(source)) {}

  std::optional<std::int64_t> size() const override {
    if constexpr (requires(Range & range) { std::size(range); }) {
      return static_cast<std::int64_t>(std::size(const_cast<RangeLoader*>(this)->range()));
    } else {
      return std::nullopt;
    }
  }
  void start() override {
    stop();
    position_.emplace(range().begin());
    end_.emplace(range().end());
  }
  bool is_done() override { return *position_ == *end_; }
  AnyBatch batch() override { return {std::make_shared<Batch>(**position_), &typeid(Batch)}; }
  void advance() override { ++*position_; }
  void stop() override {
    position_.reset();
    end_.reset();
  }

 private:
  static auto& range_in(std::remove_reference_t<Held>& held) {
    if constexpr (PointerLike<std::remove_reference_t<Held>>) {
      return *held;
    } else {
      return held;
    }
  }
  auto& range() { return range_in(held_); }
  using Range = std::remove_reference_t<decltype(range_in(std::declval<std::remove_reference_t<Held>&>()))>;

  Held held_;
  std::optional<decltype(std::declval<Range&>().begin())> position_;
  std::optional<decltype(std::declval<Range&>().end())> end_;
};

template <class Batch, class Source>
std::unique_ptr<Loader> make_loader(Source&& source) {
  if constexpr (std::is_same_v<std::decay_t<Source>, std::nullptr_t>) {
    return nullptr;
  } else {
    static_assert(
        RangeOrPointer<Source>,
        "a loader is a range of batches (it has begin() and end()) or a pointer to one, such as a std::vector "
        "of batches or what torch::data::make_data_loader returns");
    static_assert(GivesBatches<Batch, Source>,
                  "the loader gives other batches than the Batch of the LightningModule<Batch>; a data set without "
                  ".map(torch::data::transforms::Stack<>()) gives std::vectors of examples");
    return std::make_unique<RangeLoader<Batch, Source>>(std::forward<Source>(source));  // T& stays T&, T&& becomes T
  }
}

}  // namespace detail
}  // namespace weigh::lightning
