// What is said of a model beside its rows: numbers and what they are of, in words.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "render/units.h"

#include "weigh/summary.h"
#include "weigh/token_cache.h"

namespace weigh {

// "1.026 T" "parameters". Either may be empty.
struct Figure {
  std::string number;
  std::string words;

  std::string text() const { return number + (number.empty() || words.empty() ? "" : " ") + words; }
};

// The last part of its source, which may be a path; its class where it has none.
std::string short_name(const Model& model);

// What a headline tells: its name, format, architecture, how many tensors, that not all are initialised.
std::vector<std::string> headline_texts(const Summary& summary, bool unicode = true);

// Parameters, whether they are trained, buffers, bytes, FLOPs.
std::vector<Figure> total_facts(const Summary& summary, NumberStyle style);
// What a token uses of a mixture of experts.
std::optional<Figure> active_fact(const Summary& summary, NumberStyle style);
// How many bits a weight takes with its scales, what is stored twice, what is not told.
std::vector<Figure> packed_facts(const Summary& summary, NumberStyle style);
// Parts that a token of text does not pass.
std::vector<Figure> apart_facts(const Summary& summary, NumberStyle style);
// Keys and values; "" where nothing is known of them.
std::string cache_text(const Model& model, const CacheQuestion& question, NumberStyle style);
// "LORA for q_proj, v_proj of org/base, rank 8, alpha 16: adds 1,024 to its 20.2 K parameters"; "" of what is none.
std::string adapter_text(const Summary& summary, NumberStyle style);
// Averages and optimizer states.
std::vector<std::string> section_texts(const Model& model, NumberStyle style);
// "2 tensors are not initialised yet; what is known of them:", and what to do about it. Requires: there are some.
std::string uninitialized_text(const Summary& summary);
std::string_view remedy(const Summary& summary);
// Recorded facts that are short enough to be worth showing.
std::vector<std::string> metadata_texts(const Model& model, bool unicode);

// Packed weights by what they mean, all else by its dtype; most bytes first.
struct ElementShare {
  std::string_view name;
  Count elements;
  std::uint64_t bytes = 0;
};
std::vector<ElementShare> element_shares(const Totals& totals);

}  // namespace weigh
